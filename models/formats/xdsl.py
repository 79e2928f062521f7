"""XDSL, the format of GeNIe and SMILE: reader and writer."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .base import WITHOUT_SPACES, Format
from .content import NetworkContent, check_discrete, content_of
from .text import digits, inner_text, numbers_in, xml_root, xml_text


def read_xdsl(raw: bytes) -> NetworkContent:
    """Read content from the bytes of an XDSL file."""
    root = xml_root(raw)
    nodes = [(node.get("id", ""), node) for node in root.iterfind("nodes/*")]
    check_discrete((name, node.tag) for name, node in nodes if node.tag != "cpt")
    return content_of(
        root.get("id"),
        {name: tuple(state.get("id", "") for state in node.iter("state")) for name, node in nodes},
        {name: tuple(inner_text(node, "parents").split()) for name, node in nodes},
        {name: numbers_in(inner_text(node, "probabilities")) for name, node in nodes},
    )


def write_xdsl(content: NetworkContent) -> str:
    """Write content as an XDSL file, with a place for every node on GeNIe's screen."""
    root = ET.Element("smile", version="1.0", id=content.name, numsamples="10000", discsamples="10000")
    nodes = ET.SubElement(root, "nodes")
    genie = ET.SubElement(ET.SubElement(root, "extensions"), "genie", version="1.0", app="Servanda", name=content.name)
    for place, node in enumerate(content.nodes):
        cpt = ET.SubElement(nodes, "cpt", id=node.name)
        for state in node.states:
            ET.SubElement(cpt, "state", id=state)
        if node.parents:
            ET.SubElement(cpt, "parents").text = " ".join(node.parents)
        ET.SubElement(cpt, "probabilities").text = digits(content.tables[node.name])
        # Where GeNIe draws the node: four in a line, parents first.
        box = ET.SubElement(genie, "node", id=node.name)
        ET.SubElement(box, "name").text = node.name  # some tools take this for the id
        ET.SubElement(box, "interior", color="ffffff")
        ET.SubElement(box, "outline", color="000080")
        ET.SubElement(box, "font", color="000000", name="Arial", size="8")
        left, top = 150 * (place % 4) + 20, 100 * (place // 4) + 20
        ET.SubElement(box, "position").text = f"{left} {top} {left + 110} {top + 50}"
    return xml_text(root)


XDSL = Format("XDSL", (".xdsl",), read_xdsl, write_xdsl, node_name=WITHOUT_SPACES)
