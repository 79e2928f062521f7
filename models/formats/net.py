"""NET, the format of Hugin: reader and writer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ...common.errors import Fault
from .base import Format, NameRule
from .content import ROUNDED, UNREAD, NetworkContent, check_kind, content_of, other_kind
from .text import Block, QuotedText, Statement, at_line, digits, given_once, read_numbers

_COMMENT = r"%[^\n]*"
_KNOWN = ("net", "node", "discrete", "chance", "potential")
#: Values that say what the network is; the others are for the screen.
_SAID = frozenset({"name", "states", "data"})
_OTHER = frozenset({"continuous", "decision", "utility", "function"})
_OBJECTS = frozenset({"class", "instance"})
_NODE = re.compile(r"(?:(?:discrete|chance)\s+)*(?:node\s+)?([^\s{}()|]+)")
_GIVEN = re.compile(r"\(([^()|]*)\|?([^()|]*)\)")
_VALUE = re.compile(r"([\w-]+)\s*=(.*)", re.DOTALL)


def read_net(raw: bytes) -> NetworkContent:
    """Read content from the bytes of a NET file.

    Potentials are what counts or percentages leave of them where a table holds nothing else; see `_counted`.
    """
    text = QuotedText(raw, _COMMENT)
    blocks, faults = text.blocks(), []
    check_kind(fault for block in blocks for fault in _block_faults(text, block))
    heads = [block for block in blocks if block.keyword == "net"]
    said = given_once((("", block.line, _values(text, block, faults)) for block in heads), "net", faults)
    nodes = ((_NODE.fullmatch(block.head), block) for block in blocks if block.keyword in _KNOWN[1:4])
    named = given_once(((head[1], block.line, block) for head, block in nodes if head), "node", faults)
    states = {name: _states(text, block, faults) for name, block in named.items()}
    found = given_once(_potentials(text, blocks, faults), "potential", faults)
    numbers = {name: _data(text, block, faults) for name, (_, block) in found.items()}
    return content_of(
        text.word(said.get("", {}).get("name", Statement("", 1)).text),
        states,
        {name: given for name, (given, _) in found.items()},
        numbers,
        faults,
        [name for name, table in numbers.items() if name in states and _counted(table, len(states[name]))],
    )


def _block_faults(text: QuotedText, block: Block) -> Iterator[Fault]:
    words = block.head.split()
    kinds = [word for word in words[:-1] if word in _OTHER]
    if kinds:
        yield other_kind(words[-1], kinds[0])
    elif block.keyword in _OBJECTS:
        what = f"holds '{text.shown(block.head)}': this is an object-oriented network, and only plain ones can be read"
        yield at_line(block.line, "", f"{what}; unfold its instances in Hugin and save that as .net")
    elif block.keyword not in _KNOWN or (block.keyword in _KNOWN[1:4] and not _NODE.fullmatch(block.head)):
        yield text.unknown(block, "NET", ("net", "node", "discrete node", "potential"))


def _values(text: QuotedText, block: Block, faults: list[Fault]) -> dict[str, Statement]:
    """Give the values of a block by name."""
    where, found = text.shown(block.head), []
    for one in block.statements:
        if value := _VALUE.fullmatch(one.text):
            found.append((value[1], one.line, Statement(value[2].strip(), one.line)))
        else:
            what = f"holds '{text.shown(one.text)}', which is not known there; expected name = value;"
            faults.append(at_line(one.line, where, what))
    given_once((one for one in found if one[0] in _SAID), f"{where},", faults)
    return {name: value for name, _, value in reversed(found)}


def _states(text: QuotedText, block: Block, faults: list[Fault]) -> tuple[str, ...]:
    values = _values(text, block, faults)
    return text.words(values["states"].text.strip("()"), r"[\s,]+") if "states" in values else ()


def _potentials(
    text: QuotedText, blocks: list[Block], faults: list[Fault]
) -> Iterator[tuple[str, int, tuple[tuple[str, ...], Block]]]:
    for block in blocks:
        if block.keyword == "potential":
            head = _GIVEN.fullmatch(block.subject)
            names = text.words(head[1], r"[\s,]+") if head else ()
            if head and len(names) == 1:
                yield names[0], block.line, (text.words(head[2], r"[\s,]+"), block)
            else:
                what = "is not of one node, given its parents or without; only such can be read"
                faults.append(at_line(block.line, text.shown(block.head), what))


def _data(text: QuotedText, block: Block, faults: list[Fault]) -> np.ndarray:
    where, values = text.shown(block.head), _values(text, block, faults)
    if "data" in values:
        return read_numbers(values["data"].text, values["data"].line, where, faults)
    holds = f"; it holds {', '.join(values)}: let Hugin make the table of it" if values else ""
    faults.append(at_line(block.line, where, f"has no data{holds}"))
    return UNREAD


def _counted(numbers: np.ndarray, size: int) -> bool:
    """Whether a table holds counts, or percentages.

    Hugin scales every potential. Here only what can be nothing else is scaled however far from one it adds up: whole
    numbers with a row above one and none below, and rows that all add up to a hundred within rounding.
    """
    if not (numbers.size and size) or numbers.size % size:
        return False
    sums = numbers.reshape(-1, size).sum(axis=1)
    whole = bool((numbers == numbers.round()).all() and sums.min() >= 1 and sums.max() > 1)
    return bool((numbers >= 0).all()) and (whole or bool((abs(sums - 100) <= 100 * ROUNDED).all()))


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
