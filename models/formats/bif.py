"""BIF, the Interchange Format of Bayesian networks: reader and writer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import product

import numpy as np

from ...common.errors import Fault
from .base import Format, NameRule
from .content import NetworkContent, check_discrete, content_of
from .text import QuotedText, digits, numbers_in

_COMMENT = r"(?s:/\*.*?\*/)|//[^\n]*"
_NETWORK = re.compile(r"\bnetwork\s+([^\s{]+)\s*\{")
_VARIABLE = re.compile(r"\bvariable\s+([^{}]+?)\s*\{[^{}]*?\btype\s+(\w+)\s*(?:\[\s*\d+\s*\]\s*\{([^}]*)\})?")
_PROBABILITY = re.compile(r"\bprobability\s*\(([^)]*)\)\s*\{([^}]*)\}")
_ROW = re.compile(r"\(([^)]*)\)([^;()]*);")
#: The whole table, or the row of the states of parents that have none of their own.
_KEYWORD = re.compile(r"(?:^|(?<=;))\s*(table|default)\b([^;]*);")


def read_bif(raw: bytes) -> NetworkContent:
    """Read content from the bytes of a BIF file."""
    text = QuotedText(raw, _COMMENT)
    variables = [(text.word(name), kind, states) for name, kind, states in _VARIABLE.findall(text.plain)]
    check_discrete((name, kind) for name, kind, _ in variables if kind != "discrete")
    states = {name: text.words(marks, "," if "," in marks else r"\s+") for name, _, marks in variables}
    parents: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, np.ndarray] = {}
    for head, body in _PROBABILITY.findall(text.plain):
        # Old files have no bar between the node and its parents.
        name, *given = text.words(head, r"[|,]" if "|" in head else r"[\s,]+")
        parents[name] = tuple(given)
        if all(axis in states for axis in (*given, name)):
            numbers[name] = _table(text, body, [states[parent] for parent in given], len(states[name]))
    title = _NETWORK.search(text.plain)
    return content_of(text.word(title[1]) if title else None, states, parents, numbers)


def _table(text: QuotedText, body: str, given: list[tuple[str, ...]], size: int) -> np.ndarray:
    """Put the rows of a block in order; a row that is not there stays missing."""
    whole = {keyword: numbers_in(numbers) for keyword, numbers in _KEYWORD.findall(body)}
    if "table" in whole:
        flat = whole["table"]  # here the node itself varies slowest
        return flat if flat.size % size else flat.reshape(size, -1).T.ravel()
    rows = np.full((*map(len, given), size), np.nan)
    if "default" in whole:
        rows[...] = _row(whole["default"], size, "default")
    for marks, numbers in _ROW.findall(body):
        row = text.words(marks, "," if "," in marks or len(given) == 1 else r"\s+")
        shown = f"({', '.join(row)})"
        if len(row) != len(given) or any(state not in own for state, own in zip(row, given, strict=True)):
            raise ValueError(f"the row {shown} names other states than those of the parents")
        place = tuple(own.index(state) for state, own in zip(row, given, strict=True))
        rows[place] = _row(numbers_in(numbers), size, shown)
    return rows.ravel()


def _row(numbers: np.ndarray, size: int, shown: str) -> np.ndarray:
    if numbers.size != size:
        raise ValueError(f"the row {shown} has {numbers.size} numbers for {size} states")
    return numbers


def write_bif(content: NetworkContent) -> str:
    """Write content as a BIF file."""
    # In quotes the name may be a word of the format, such as `network`.
    blocks = [f'network "{content.name}" {{\n}}\n']
    for node in content.nodes:
        states = f"[ {len(node.states)} ] {{ {', '.join(node.states)} }}"
        blocks.append(f"variable {node.name} {{\n  type discrete {states};\n}}\n")
    for node in content.nodes:
        rows = content.tables[node.name].reshape(-1, len(node.states))
        if node.parents:
            head = f"{node.name} | {', '.join(node.parents)}"
            given = product(*(content.states[parent] for parent in node.parents))
            lines = [f"({', '.join(states)}) {digits(row, ', ')}" for states, row in zip(given, rows, strict=True)]
        else:
            head, lines = node.name, [f"table {digits(rows, ', ')}"]
        body = "".join(f"  {line};\n" for line in lines)
        blocks.append(f"probability ( {head} ) {{\n{body}}}\n")
    return "".join(blocks)


def _more_faults(content: NetworkContent) -> Iterator[Fault]:
    for name, count in Counter(node.name.lower() for node in content.nodes).items():
        if count > 1:
            twins = ", ".join(node.name for node in content.nodes if node.name.lower() == name)
            yield Fault(f"nodes {twins}", "differ only in capitals, which readers of BIF do not tell apart; rename one")
    for node in content.nodes:
        if len(node.states) == 1 and " " in node.states[0]:
            yield Fault(f"node {node.name}", "its only state has a space and would be read as two; rename it")


BIF = Format(
    "BIF",
    (".bif",),
    read_bif,
    write_bif,
    network_name=NameRule(
        re.compile(r"(?!.*(?:variable|probability))[\w-]+"),
        "letters, digits, _ and -, without 'variable' and 'probability'",
    ),
    node_name=NameRule(re.compile(r'[^\s{}()\[\]|,;"/]+'), 'text without spaces, {}()[]|,;" and /'),
    state_name=NameRule(
        re.compile(r'(?!.*(?://|/\*))[^{}()\[\]|,;"]+'),
        'text without {}()[]|,;" and the marks of comments, // and /*',
    ),
    more_faults=_more_faults,
)
