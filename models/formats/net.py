"""NET, the format of Hugin: reader and writer."""

from __future__ import annotations

import re

import numpy as np

from .base import Format, NameRule
from .content import NetworkContent, check_discrete, content_of
from .text import QuotedText, digits, numbers_in

_COMMENT = r"%[^\n]*"
_OTHER = re.compile(r"\b(continuous|decision|utility|function)\s+(?:node\s+|chance\s+)?(\w+)\s*\{")
_NETWORK = re.compile(r"\bnet\b[^{]*\{[^}]*?\bname\s*=\s*([^;\s]+)\s*;")
_NODE = re.compile(r"\bnode\s+([\w-]+)\s*\{[^}]*?\bstates\s*=\s*\(([^)]*)\)\s*;[^}]*\}")
_POTENTIAL = re.compile(r"\bpotential\s*\(([^)|]*)\|?([^)]*)\)\s*\{[^}]*?\bdata\s*=([^;}]*);[^}]*\}")


def read_net(raw: bytes) -> NetworkContent:
    """Read content from the bytes of a NET file."""
    text = QuotedText(raw, _COMMENT)
    check_discrete((name, kind) for kind, name in _OTHER.findall(text.plain))
    potentials = [(name.strip(), tuple(given.split()), data) for name, given, data in _POTENTIAL.findall(text.plain)]
    title = _NETWORK.search(text.plain)
    return content_of(
        text.word(title[1]) if title else None,
        {name: text.words(marks, r"[\s,]+") for name, marks in _NODE.findall(text.plain)},
        {name: given for name, given, _ in potentials},
        {name: numbers_in(data) for name, _, data in potentials},
    )


def write_net(content: NetworkContent) -> str:
    """Write content as a NET file."""
    blocks = [f'net {{\n  name = "{content.name}";\n}}\n']
    for node in content.nodes:
        states = " ".join(f'"{state}"' for state in node.states)
        blocks.append(f"node {node.name} {{\n  states = ({states});\n}}\n")
    for node in content.nodes:
        given = f" | {' '.join(node.parents)}" if node.parents else ""
        data = _nested(content.tables[node.name])
        blocks.append(f"potential ({node.name}{given}) {{\n  data = {data};\n}}\n")
    return "".join(blocks)


def _nested(table: np.ndarray) -> str:
    inner = digits(table) if table.ndim == 1 else "".join(map(_nested, table))
    return f"({inner})"


_QUOTED = NameRule(re.compile(r"[\x20\x21\x23-\x7e]+"), 'printable ASCII without "')

NET = Format(
    "NET",
    (".net",),
    read_net,
    write_net,
    network_name=_QUOTED,
    node_name=NameRule(
        re.compile(r"(?!(?:net|node|potential|data)$)[A-Za-z_][A-Za-z0-9_]*"),
        "ASCII letters, digits and _, not a digit first, and no keyword (net, node, potential, data)",
    ),
    state_name=_QUOTED,
)
