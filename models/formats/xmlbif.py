"""XMLBIF 0.3, the Interchange Format in XML: reader and writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

import numpy as np

from ...common.errors import Fault
from .base import Format
from .content import UNREAD, NetworkContent, check_kind, content_of, other_kind
from .text import XmlFile, at_line, digits, given_once, read_numbers, xml_text

#: What files call a variable that is left to chance.
_CHANCE = frozenset({"nature", "chance", "discrete"})
_VARIABLE = ("NAME", "OUTCOME", "PROPERTY")
_DEFINITION = ("FOR", "GIVEN", "TABLE", "PROPERTY")


def read_xmlbif(raw: bytes) -> NetworkContent:
    """Read content from the bytes of an XMLBIF file."""
    file, strange, faults = XmlFile(raw), [], []
    network = _network(file, strange, faults)
    parts = [(variable, file.children(variable, _VARIABLE, strange)) for variable in network["VARIABLE"]]
    named = [(file.text_once(part["NAME"], "a variable, its", faults), variable, part) for variable, part in parts]
    for name, variable, _ in named:
        if variable.get("TYPE", "nature").lower() not in _CHANCE:
            strange.append(other_kind(name, variable.get("TYPE", "")))
    definitions = [(element, file.children(element, _DEFINITION, strange)) for element in network["DEFINITION"]]
    check_kind(strange)
    found = ((name, file.line(variable), _texts(part["OUTCOME"])) for name, variable, part in named)
    states = given_once(found, "VARIABLE", faults)
    tables = given_once(_tables(file, definitions, faults), "DEFINITION", faults)
    title = file.text_once(network["NAME"], "the network, its", faults)
    return content_of(
        title,
        states,
        {name: given for name, (given, _) in tables.items()},
        {name: numbers for name, (_, numbers) in tables.items()},
        faults,
    )


def _network(file: XmlFile, strange: list[Fault], faults: list[Fault]) -> dict[str, list[ET.Element]]:
    """Give the parts of the one network of a file."""
    known = ("NAME", "VARIABLE", "DEFINITION", "PROPERTY")
    if file.root.tag.upper() != "BIF":
        raise ValueError(f"it begins with <{file.root.tag}>; expected <BIF>")
    networks = file.children(file.root, ("NETWORK",), strange)["NETWORK"]
    given_once((("", file.line(network), network) for network in networks), "NETWORK", faults)
    return file.children(networks[0], known, strange) if networks else {tag: [] for tag in known}


def _tables(
    file: XmlFile, definitions: list[tuple[ET.Element, dict[str, list[ET.Element]]]], faults: list[Fault]
) -> Iterator[tuple[str, int, tuple[tuple[str, ...], np.ndarray]]]:
    for element, part in definitions:
        line = file.line(element)
        if len(part["FOR"]) != 1:
            names = _texts(part["FOR"])
            what = f"is for {', '.join(names) or 'no node'}; expected one node, given its parents"
            faults.append(at_line(line, "DEFINITION", what))
            yield from ((name, line, ((), UNREAD)) for name in names[:1])
            continue
        where = f"DEFINITION {_texts(part['FOR'])[0]}"
        text = file.text_once(part["TABLE"], f"{where}, its", faults)
        row = file.line(part["TABLE"][0]) if part["TABLE"] else line
        yield _texts(part["FOR"])[0], line, (_texts(part["GIVEN"]), read_numbers(text, row, where, faults))


def _texts(elements: Iterable[ET.Element]) -> tuple[str, ...]:
    return tuple((element.text or "").strip() for element in elements)


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
