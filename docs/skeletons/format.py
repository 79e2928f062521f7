"""LINES, FILL IN whose format it is and where it is described: reader and writer.

The file of a network of two nodes, so that the skeleton runs; FILL IN your own:

    network lawn;
    rain: no, a little = 0.8, 0.2;
    wet | rain: no, yes = 0.9, 0.1, 0.5, 0.5;
    end;
"""

# How to use this file: copy it to models/formats/, fill in from top to bottom, and add its name to FORMATS in
# models/formats/files.py and its suffix to HELD, OTHERS and CANNOT in tests/models/formats/test_files.py. The tests
# then hold your format to the same promises as the others: every name and every digit comes back, and a file that is
# damaged, cut off or of another format is refused. If pgmpy or pyAgrum read the format, add it to PGMPY and EASY too.
#
# Do not put here: opening and compressing of files, names of files, networks, checks that parents are nodes, that
# tables have the right size or that rows add up to one. All of that is done for every format alike.

from __future__ import annotations

import re

from ...common.errors import Fault
from .base import Format, NameRule
from .content import NetworkContent, check_discrete, content_of
from .text import decoded, digits, given_once, numbers_in

_NETWORK = re.compile(r"network (?P<name>.*)")
_NODE = re.compile(r"(?P<name>[^|:]*)(?:\|(?P<parents>[^:]*))?:(?P<states>[^=]*)=(?P<numbers>.*)")


def read_lines(raw: bytes) -> NetworkContent:
    """Read content from the bytes of a LINES file."""
    # Raise ValueError for what is not of this format or is cut off: whoever calls this says which file it is.
    *statements, rest = (statement.strip() for statement in decoded(raw).split(";"))
    if rest or statements[-1:] != ["end"]:
        raise ValueError("it does not end with 'end;'")
    title, nodes = _NETWORK.fullmatch(statements[0]), [_NODE.fullmatch(line) for line in statements[1:-1]]
    if title is None or not all(nodes):
        raise ValueError("expected 'network' with a name, and a line for each node")
    # What is said twice is a fault that names both lines; text of blocks or XML has them from `text.py`.
    faults: list[Fault] = []
    lines = enumerate(nodes, start=2)
    found = given_once(((node["name"].strip(), line, node) for line, node in lines if node), "node", faults)
    # Kinds of nodes that cannot be read: in this format a continuous node has no states.
    check_discrete((name, "continuous") for name, node in found.items() if not node["states"].strip())
    # Numbers are flat, the first parent varies slowest, the node itself fastest: put them in this order if need be.
    return content_of(
        title["name"],
        {name: _words(node["states"]) for name, node in found.items()},
        {name: _words(node["parents"] or "") for name, node in found.items()},
        {name: numbers_in(node["numbers"]) for name, node in found.items()},
        faults,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def write_lines(content: NetworkContent) -> str:
    """Write content as a LINES file."""
    lines = [f"network {content.name};\n"]
    for node in content.nodes:
        given = f" | {', '.join(node.parents)}" if node.parents else ""
        # `digits` gives back the very same doubles; no rounding here.
        numbers = digits(content.tables[node.name], ", ")
        lines.append(f"{node.name}{given}: {', '.join(node.states)} = {numbers};\n")
    return "".join([*lines, "end;\n"])


#: FILL IN: what would be lost or taken for a part of the format. Spaces at the ends never come back and are refused.
_PLAIN = NameRule(re.compile(r"[^|:=;,]+"), "text without |:=;,")

LINES = Format("LINES", (".lines",), read_lines, write_lines, _PLAIN, _PLAIN, _PLAIN)
