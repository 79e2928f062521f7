"""XMLBIF 0.3, the Interchange Format in XML: reader and writer."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .base import Format
from .content import NetworkContent, check_discrete, content_of
from .text import digits, inner_text, numbers_in, xml_root, xml_text


def read_xmlbif(raw: bytes) -> NetworkContent:
    """Read content from the bytes of an XMLBIF file."""
    root = xml_root(raw)
    variables = [(inner_text(variable, "NAME"), variable) for variable in root.iterfind("NETWORK/VARIABLE")]
    kinds = [(name, variable.get("TYPE", "nature")) for name, variable in variables]
    check_discrete((name, kind) for name, kind in kinds if kind != "nature")
    tables = [(inner_text(definition, "FOR"), definition) for definition in root.iterfind("NETWORK/DEFINITION")]
    return content_of(
        inner_text(root, "NETWORK/NAME"),
        {name: tuple((item.text or "").strip() for item in variable.iter("OUTCOME")) for name, variable in variables},
        {name: tuple((item.text or "").strip() for item in table.iter("GIVEN")) for name, table in tables},
        {name: numbers_in(inner_text(table, "TABLE")) for name, table in tables},
    )


def write_xmlbif(content: NetworkContent) -> str:
    """Write content as an XMLBIF file."""
    root = ET.Element("BIF", VERSION="0.3")
    inner = ET.SubElement(root, "NETWORK")
    ET.SubElement(inner, "NAME").text = content.name
    for node in content.nodes:
        variable = ET.SubElement(inner, "VARIABLE", TYPE="nature")
        ET.SubElement(variable, "NAME").text = node.name
        for state in node.states:
            ET.SubElement(variable, "OUTCOME").text = state
    for node in content.nodes:
        definition = ET.SubElement(inner, "DEFINITION")
        ET.SubElement(definition, "FOR").text = node.name
        for parent in node.parents:
            ET.SubElement(definition, "GIVEN").text = parent
        ET.SubElement(definition, "TABLE").text = digits(content.tables[node.name])
    return xml_text(root)


XMLBIF = Format("XMLBIF", (".xmlbif", ".xml", ".bifxml"), read_xmlbif, write_xmlbif)
