"""BIF, the Interchange Format of Bayesian networks: reader and writer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import product

import numpy as np

from ...common.errors import Fault
from .base import Format, NameRule
from .content import UNREAD, NetworkContent, check_kind, content_of, other_kind, too_large
from .text import Block, QuotedText, Statement, at_line, digits, given_once, read_numbers

# What has no end is taken as one piece, so that it is not looked for again from each of its marks.
_COMMENT = r"(?s:/\*.*?\*/)|//[^\n]*|(?P<unclosed>(?s:/\*.*))"
_KNOWN = ("network", "variable", "probability")
_TYPE = re.compile(r"type\s+(\w+)\s*(?:\[\s*(\d+)\s*\])?\s*(?:\{(.*)\})?", re.DOTALL)
_HEAD = re.compile(r"\((.*)\)", re.DOTALL)
_ROW = re.compile(r"\(([^()]*)\)(.*)", re.DOTALL)
#: The whole table, or the row of the states of parents that have none of their own.
_WHOLE = re.compile(r"(table|default)\b(.*)", re.DOTALL)


def read_bif(raw: bytes) -> NetworkContent:
    """Read content from the bytes of a BIF file."""
    text = QuotedText(raw, _COMMENT)
    blocks = text.blocks()
    strange = [text.unknown(block, "BIF", _KNOWN) for block in blocks if block.keyword not in _KNOWN]
    faults: list[Fault] = []
    heads, variables, tables = ([block for block in blocks if block.keyword == word] for word in _KNOWN)
    given_once((("", block.line, block) for block in heads), "network", faults)
    named = given_once(((text.word(block.subject), block.line, block) for block in variables), "variable", faults)
    states = {name: _states(text, name, block, strange) for name, block in named.items()}
    check_kind(strange)
    found = given_once(_heads(text, tables, faults), "probability", faults)
    numbers = {
        name: _table(text, block, [states[parent] for parent in given], states[name], faults)
        if all(axis in states for axis in (*given, name))
        else UNREAD
        for name, (given, block) in found.items()
    }
    title = text.word(heads[0].subject) if heads else None
    return content_of(title, states, {name: given for name, (given, _) in found.items()}, numbers, faults)


def _states(text: QuotedText, name: str, block: Block, faults: list[Fault]) -> tuple[str, ...]:
    where = f"variable {name}"
    said = [("", statement.line, statement) for statement in block.statements if statement.text.startswith("type")]
    others = [one for one in block.statements if not one.text.startswith(("type", "property"))]
    faults += [at_line(one.line, where, _not_known(text, one, "type and property")) for one in others]
    stated = given_once(said, f"the type of {where}", faults).get("")
    kind = _TYPE.fullmatch(stated.text) if stated else None
    if stated is None or kind is None:
        faults.append(
            at_line(stated.line if stated else block.line, where, "does not say 'type discrete [n] { ... };'")
        )
        return ()
    if kind[1] != "discrete":
        faults.append(other_kind(name, kind[1]))
        return ()
    found = text.words(kind[3] or "", "," if "," in (kind[3] or "") else r"\s+")
    if kind[2] and int(kind[2]) != len(found):
        what = f"says that it has {kind[2]} states and names {len(found)} ({', '.join(found)}); correct one of them"
        faults.append(at_line(stated.line, where, what))
    return found


def _heads(
    text: QuotedText, blocks: list[Block], faults: list[Fault]
) -> Iterator[tuple[str, int, tuple[tuple[str, ...], Block]]]:
    for block in blocks:
        head = _HEAD.fullmatch(block.subject)
        # Old files have no bar between the node and its parents.
        names = text.words(head[1], r"[|,]" if "|" in head[1] else r"[\s,]+") if head else ()
        if head and "," in head[1].partition("|")[0] and "|" in head[1]:
            what = "is of several variables together; only one given its parents can be read"
            faults.append(at_line(block.line, f"probability {text.shown(block.subject)}", what))
        if names:
            yield names[0], block.line, (names[1:], block)
        else:
            faults.append(at_line(block.line, "probability", "does not say of what; expected ( variable | parents )"))


#: Line and numbers of a row, and of a row with the states of the parents that it is for.
_Said = tuple[int, str]
_Row = tuple[int, tuple[str, ...], str]


def _table(
    text: QuotedText, block: Block, given: list[tuple[str, ...]], states: tuple[str, ...], faults: list[Fault]
) -> np.ndarray:
    """Put the rows of a block in order; the numbers are `UNREAD` where one cannot be read or is not there."""
    before, where, size = len(faults), f"probability {text.shown(block.subject)}", len(states)
    whole, rows = _said(text, block, len(given), where, faults)
    if "table" in whole:
        line, numbers = whole["table"]
        others = [row[0] for row in (*whole.values(), *rows.values()) if row[0] != line]
        if others:
            faults.append(at_line(others[0], where, f"has rows, and a whole table in line {line}; keep one of them"))
        flat = read_numbers(numbers, line, where, faults)
        return flat if flat.size % size else flat.reshape(size, -1).T.ravel()  # here the node itself varies slowest
    if complaint := too_large((*map(len, given), size)):
        faults.append(at_line(block.line, where, complaint))
        return UNREAD
    table, there = np.full((*map(len, given), size), np.nan), np.zeros([*map(len, given)], bool)
    if "default" in whole:
        table[...], there[...] = _row(*whole["default"], size, f"{where}, the default", faults), True
    for shown, (line, marks, numbers) in rows.items():
        if len(marks) != len(given) or any(state not in known for state, known in zip(marks, given, strict=True)):
            faults.append(at_line(line, f"{where}, the row {shown}", "names other states than those of the parents"))
        else:
            place = tuple(known.index(state) for state, known in zip(marks, given, strict=True))
            table[place], there[place] = _row(line, numbers, size, f"{where}, the row {shown}", faults), True
    if not there.all() and len(faults) == before:
        faults.append(at_line(block.line, where, _gaps(given, there)))
    return table.ravel() if len(faults) == before else UNREAD


def _said(
    text: QuotedText, block: Block, parents: int, where: str, faults: list[Fault]
) -> tuple[dict[str, _Said], dict[str, _Row]]:
    """Give the whole table and the default of a block, and its rows by what they are called."""
    whole, rows = [], []
    for one in block.statements:
        if keyword := _WHOLE.fullmatch(one.text):
            whole.append((keyword[1], one.line, (one.line, keyword[2])))
        elif row := _ROW.fullmatch(one.text):
            marks = text.words(row[1], "," if "," in row[1] or parents == 1 else r"\s+")
            rows.append((f"({', '.join(marks)})", one.line, (one.line, marks, row[2])))
        elif not one.text.startswith("property"):
            faults.append(at_line(one.line, where, _not_known(text, one, "table, default, rows and property")))
    return given_once(whole, f"{where}, the", faults), given_once(rows, f"{where}, the row", faults)


def _gaps(given: list[tuple[str, ...]], there: np.ndarray) -> str:
    if not given:
        return "has no table; add it"
    gaps = [f"({', '.join(row)})" for row, known in zip(product(*given), there.ravel(), strict=True) if not known]
    more = f" and {len(gaps) - 5} more" if len(gaps) > 5 else ""
    return f"has no row for {', '.join(gaps[:5])}{more}; add it"


def _row(line: int, text: str, size: int, where: str, faults: list[Fault]) -> np.ndarray | float:
    numbers = read_numbers(text, line, where, faults)
    if numbers.size != size and numbers is not UNREAD:
        faults.append(at_line(line, where, f"has {numbers.size} numbers for {size} states"))
    return numbers if numbers.size == size else np.nan


def _not_known(text: QuotedText, statement: Statement, known: str) -> str:
    return f"holds '{text.shown(statement.text)}', which is not known there; expected {known}"


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
    node_name=NameRule(
        re.compile(r'(?!.*(?://|/\*))[^\s{}()\[\]|,;"]+'),
        'text without spaces, {}()[]|,;" and the marks of comments, // and /*',
    ),
    state_name=NameRule(
        re.compile(r'(?!.*(?://|/\*))[^{}()\[\]|,;"]+'),
        'text without {}()[]|,;" and the marks of comments, // and /*',
    ),
    more_faults=_more_faults,
)
