r"""Network files of other tools: BIF, XMLBIF, XDSL and NET, read and written with every state name intact.

What these formats hold is nodes, states, arrows and one table a node. None holds the family of a node, whether its
states are ordered, the reason of an arrow, a label, a coding or an effect of actors: a network that was written and
read again has `table` nodes without them.

===========  ==========================  =====================================  =====================================
format       suffix                      names of nodes                         names of states
===========  ==========================  =====================================  =====================================
BIF          ``.bif``                    no spaces, no ``{}()[]|,;"``, and not  no ``{}()[]|,;"``; a space only where
                                         two that differ only in capitals       the node has another state
XMLBIF       ``.xml .xmlbif .bifxml``    any                                    any
XDSL         ``.xdsl``                   no spaces                              any
NET          ``.net``                    ASCII letters, digits and ``_``        ASCII without ``"``
===========  ==========================  =====================================  =====================================

*Any* is printable text that neither begins nor ends with a space. Probabilities keep every digit in all four. Some
tools take less than a format can hold: several read a BIF state only if it is a word or a whole number (not ``1-2``),
and GeNIe wants identifiers as the names of states in XDSL.

pgmpy's own readers and writers are not used: they split quoted states at spaces, rewrite states of XMLBIF, round the
numbers of NET and XDSL, and take seconds to load. That pgmpy and pyAgrum read the same from these files is tested.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path, PurePath
from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
import xarray as xr

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.files import written_whole
from ..network.network import Network
from ..node import Arrow, Node
from ..posterior import Posterior
from .pgmpy import scaled_to_one


class FormatError(InputError):
    """A network file that cannot be read, or a network that a format cannot hold."""


class NetworkFile(NamedTuple):
    """What a network file holds.

    Parameters
    ----------
    network
        Structure and states; every node is a `table`.
    tables
        Node -> table, dims parents then node, labelled with the states.
    rows_scaled
        Node -> how far from one its worst row was, for nodes with rows that were scaled to add up to one.
    """

    network: Network
    tables: dict[str, xr.DataArray]
    rows_scaled: dict[str, float]


def read_network_file(path: str | os.PathLike[str]) -> NetworkFile:
    """Read a network with its tables; the suffix says the format, and ``.gz`` after it that it is compressed.

    Parameters
    ----------
    path
        A file whose name ends in ``.bif``, ``.xmlbif`` (or ``.xml``, ``.bifxml``), ``.xdsl`` or ``.net``.

    Returns
    -------
    NetworkFile
        Network, tables and which rows were scaled. The network has the name that the file gives, or else the
        file's own name.

    Raises
    ------
    FormatError
        If there is no such file, its suffix or its content is of no known format, a node is not discrete, or a
        row adds up to something further from one than rounding explains (0.01).

    Examples
    --------
    >>> from pathlib import Path
    >>> written = Path("lawn.net").write_text('''
    ... net { }
    ... node rain { states = ("no" "a little"); }
    ... potential (rain) { data = (0.8 0.2); }
    ... ''')
    >>> network, tables, rows_scaled = read_network_file("lawn.net")
    >>> network.name, network["rain"].states, tables["rain"].values.tolist(), rows_scaled
    ('lawn', ('no', 'a little'), [0.8, 0.2], {})
    """
    title, form = _format_of(path)
    raw = _bytes_of(path)
    try:
        content = form.reader(raw)
        network = _network_of(content, _plain(path).stem)
        tables, off = scaled_to_one(_tables_of(content, network))
    except InputError as error:
        raise FormatError(str(path), error.faults) from error
    except (ValueError, ET.ParseError) as error:
        raise FormatError(str(path), [Fault("", f"is no {title} file, or is damaged: {error}")]) from error
    return NetworkFile(network, tables, off)


def write_network_file(network: Network, tables: Mapping[str, xr.DataArray], path: str | os.PathLike[str]) -> None:
    """Write a network with its tables, whole or not at all; the suffix says the format.

    Parameters
    ----------
    network
        Its nodes, states and arrows are written; see the module for what no format holds.
    tables
        Node -> table with dims parents and node, in any order, without draws.
    path
        A file whose name ends in ``.bif``, ``.xmlbif`` (or ``.xml``, ``.bifxml``), ``.xdsl`` or ``.net``, and in
        ``.gz`` after that if it shall be compressed.

    Raises
    ------
    FormatError
        If the suffix is not known, a name cannot stand in the format, the tables hold several draws, or the file
        cannot be written.
    DataError
        If the tables are not those of the network.

    Examples
    --------
    >>> network = Network((Node("backers", ("none", "1-2", "3+")),), name="lone")
    >>> tables = {"backers": xr.DataArray([0.5, 0.25, 0.25], dims="backers")}
    >>> write_network_file(network, tables, "lone.xmlbif")
    >>> read_network_file("lone.xmlbif").network == network
    True
    """
    title, form = _format_of(path)
    single = Posterior.from_tables(network, tables)
    faults = [*_draw_faults(single), *_name_faults(network, title, form)]
    raise_faults(str(path), faults, FormatError)
    arrays = {name: single.table(name).isel(chain=0, draw=0).values for name in network.names}
    raw = form.writer(network, arrays).encode("utf-8")
    try:
        with written_whole(path) as temporary:
            # Without a time in its head the same network gives the same file.
            temporary.write_bytes(gzip.compress(raw, mtime=0) if _compressed(path) else raw)
    except OSError as error:
        raise FormatError(str(path), [Fault("", f"cannot be written ({error.strerror or error})")]) from error


def _draw_faults(posterior: Posterior) -> Iterator[Fault]:
    draws = int(np.prod(list(posterior.sizes.values())))
    if draws > 1:
        yield Fault("tables", f"hold {draws} draws, a file holds one; give their mean over chain and draw")


# Formats and their names


@dataclass(frozen=True)
class _Rule:
    """Which names can stand in a format, as a pattern and in words."""

    pattern: re.Pattern[str]
    words: str

    def allows(self, name: str) -> bool:
        return name.isprintable() and name == name.strip() and self.pattern.fullmatch(name) is not None


@dataclass(frozen=True)
class _Content:
    """What a file says, as yet unchecked: its network's name, and by node the states, parents and numbers.

    Numbers are flat, as `Network.shape` says: the first parent varies slowest, the node itself fastest.
    """

    title: str | None
    states: Mapping[str, tuple[str, ...]]
    parents: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Format:
    """How to read and write one format, and what names it can hold.

    `more` finds what no rule about a single name can say.
    """

    suffixes: tuple[str, ...]
    reader: Callable[[bytes], _Content]
    writer: Callable[[Network, Mapping[str, np.ndarray]], str]
    title: _Rule
    node: _Rule
    state: _Rule
    more: Callable[[Network], Iterator[Fault]] = lambda _: iter(())


def _compressed(path: str | os.PathLike[str]) -> bool:
    return PurePath(path).suffix.lower() == ".gz"


def _plain(path: str | os.PathLike[str]) -> PurePath:
    return PurePath(path).with_suffix("") if _compressed(path) else PurePath(path)


def _format_of(path: str | os.PathLike[str]) -> tuple[str, _Format]:
    suffix = _plain(path).suffix.lower()
    for title, form in FORMATS.items():
        if suffix in form.suffixes:
            return title, form
    known = [known for form in FORMATS.values() for known in form.suffixes]
    has = f"has the suffix '{suffix}', which is of no known format" if suffix else "has no suffix, so no format"
    meant = nearest(suffix, known) if suffix else ""
    hint = meant if meant.startswith("; did") else ""
    raise FormatError(str(path), [Fault("", f"{has}{hint}; known are {', '.join(known)}, with .gz or without")])


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    try:
        raw = Path(path).read_bytes()
        return gzip.decompress(raw) if _compressed(path) else raw
    except FileNotFoundError as error:
        raise FormatError(str(path), [Fault("", "there is no such file")]) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(str(path), [Fault("", f"is not compressed with gzip, or is cut off ({error})")]) from error
    except OSError as error:
        raise FormatError(str(path), [Fault("", f"cannot be read ({error.strerror or error})")]) from error


def _name_faults(network: Network, title: str, form: _Format) -> Iterator[Fault]:
    def cannot(what: str, rule: _Rule) -> str:
        return f"{what} cannot stand in a {title} file; expected {rule.words}; rename it or write .xmlbif"

    if not form.title.allows(network.name):
        yield Fault("network", cannot(f"the name {network.name!r}", form.title))
    for node in network.nodes:
        if not form.node.allows(node.name):
            yield Fault(f"node {node.name}", cannot("this name", form.node))
        for state in node.states:
            if not form.state.allows(state):
                yield Fault(f"node {node.name}", cannot(f"the state {state!r}", form.state))
    yield from form.more(network)


# From content to network


def _network_of(content: _Content, stem: str) -> Network:
    states, parents, numbers = content.states, content.parents, content.numbers
    faults = [] if states else [Fault("", "holds no node with states; is it of the format that its suffix says?")]
    for name in states:
        unknown = [parent for parent in parents.get(name, ()) if parent not in states]
        faults += [Fault(f"node {name}", f"has an undeclared parent '{p}'{nearest(p, states)}") for p in unknown]
        if name not in numbers:
            faults.append(Fault(f"node {name}", "has no table of probabilities"))
        elif not unknown:
            sizes = [len(states[axis]) for axis in (*parents.get(name, ()), name)]
            if numbers[name].size != np.prod(sizes):
                shown = " x ".join(map(str, sizes))
                faults.append(Fault(f"node {name}", f"has a table of {numbers[name].size} numbers; expected {shown}"))
    faults += [Fault(f"table {name}", f"no such node{nearest(name, states)}") for name in numbers if name not in states]
    raise_faults("file", faults, FormatError)
    nodes = tuple(Node(name, own, tuple(map(Arrow, parents.get(name, ())))) for name, own in states.items())
    return Network(nodes, name=content.title or stem)


def _tables_of(content: _Content, network: Network) -> dict[str, xr.DataArray]:
    return {
        name: xr.DataArray(
            content.numbers[name].reshape(network.shape(name)),
            dims=network.axes(name),
            coords={axis: list(network[axis].states) for axis in network.axes(name)},
        )
        for name in network.names
    }


def _only_discrete(kinds: Iterable[tuple[str, str]]) -> None:
    """Refuse a file with other nodes, given as name and kind."""
    faults = [
        Fault(f"node {name}", f"is of kind '{kind}'; only discrete nodes with a table can be read")
        for name, kind in kinds
    ]
    raise_faults("file", faults, FormatError)


# Numbers and words


def _numbers(text: str) -> np.ndarray:
    return np.array([float(number) for number in re.sub(r"[(),]", " ", text).split()])


def _digits(numbers: np.ndarray, separator: str = " ") -> str:
    """Write numbers so that the very same doubles are read."""
    return separator.join(map(repr, numbers.ravel().tolist()))


class _Text:
    """A text whose quoted strings stand aside, so that nothing in them is taken for a part of the format.

    Parameters
    ----------
    raw
        The file.
    comment
        Pattern of a comment; a quote in a comment begins no string.
    """

    def __init__(self, raw: bytes, comment: str) -> None:
        self._strings: list[str] = []
        self.plain = re.sub(rf'"([^"]*)"|(?:{comment})', self._aside, raw.decode("utf-8-sig"))

    def _aside(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return " "
        self._strings.append(found[1])
        return f'"{len(self._strings) - 1}"'

    def word(self, mark: str) -> str:
        """Give a name as it was written, without quotes."""
        mark = mark.strip()
        return self._strings[int(mark[1:-1])] if mark.startswith('"') else mark

    def words(self, marks: str, separators: str) -> tuple[str, ...]:
        return tuple(self.word(mark) for mark in re.split(separators, marks) if mark.strip())


# BIF

_BIF_TITLE = re.compile(r"\bnetwork\s+([^\s{]+)\s*\{")
_BIF_VARIABLE = re.compile(r"\bvariable\s+([^{}]+?)\s*\{[^{}]*?\btype\s+(\w+)\s*(?:\[\s*\d+\s*\]\s*\{([^}]*)\})?")
_BIF_PROBABILITY = re.compile(r"\bprobability\s*\(([^)]*)\)\s*\{([^}]*)\}")
_BIF_ROW = re.compile(r"\(([^)]*)\)([^;()]*);")
#: The whole table, or the row of the states of parents that have none of their own.
_BIF_KEYWORD = re.compile(r"(?:^|(?<=;))\s*(table|default)\b([^;]*);")


def _read_bif(raw: bytes) -> _Content:
    text = _Text(raw, r"(?s:/\*.*?\*/)|//[^\n]*")
    variables = [(text.word(name), kind, states) for name, kind, states in _BIF_VARIABLE.findall(text.plain)]
    _only_discrete((name, kind) for name, kind, _ in variables if kind != "discrete")
    states = {name: text.words(marks, "," if "," in marks else r"\s+") for name, _, marks in variables}
    parents: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, np.ndarray] = {}
    for head, body in _BIF_PROBABILITY.findall(text.plain):
        # Old files have no bar between the node and its parents.
        name, *given = text.words(head, r"[|,]" if "|" in head else r"[\s,]+")
        parents[name] = tuple(given)
        if all(axis in states for axis in (*given, name)):
            numbers[name] = _bif_table(text, body, [states[parent] for parent in given], len(states[name]))
    title = _BIF_TITLE.search(text.plain)
    return _Content(text.word(title[1]) if title else None, states, parents, numbers)


def _bif_table(text: _Text, body: str, given: list[tuple[str, ...]], size: int) -> np.ndarray:
    """Put the rows of a block in order; a row that is not there stays missing."""
    whole = {keyword: _numbers(numbers) for keyword, numbers in _BIF_KEYWORD.findall(body)}
    if "table" in whole:
        flat = whole["table"]  # here the node itself varies slowest
        return flat if flat.size % size else flat.reshape(size, -1).T.ravel()
    rows = np.full((*map(len, given), size), np.nan)
    if "default" in whole:
        rows[...] = _bif_row(whole["default"], size, "default")
    for marks, numbers in _BIF_ROW.findall(body):
        row = text.words(marks, "," if "," in marks or len(given) == 1 else r"\s+")
        shown = f"({', '.join(row)})"
        if len(row) != len(given) or any(state not in own for state, own in zip(row, given, strict=True)):
            raise ValueError(f"the row {shown} names other states than those of the parents")
        place = tuple(own.index(state) for state, own in zip(row, given, strict=True))
        rows[place] = _bif_row(_numbers(numbers), size, shown)
    return rows.ravel()


def _bif_row(numbers: np.ndarray, size: int, shown: str) -> np.ndarray:
    if numbers.size != size:
        raise ValueError(f"the row {shown} has {numbers.size} numbers for {size} states")
    return numbers


def _write_bif(network: Network, tables: Mapping[str, np.ndarray]) -> str:
    # In quotes the name may be a word of the format, such as `network`.
    blocks = [f'network "{network.name}" {{\n}}\n']
    for node in network.nodes:
        states = f"[ {len(node.states)} ] {{ {', '.join(node.states)} }}"
        blocks.append(f"variable {node.name} {{\n  type discrete {states};\n}}\n")
    for node in network.nodes:
        rows = tables[node.name].reshape(-1, len(node.states))
        if node.parents:
            head = f"{node.name} | {', '.join(node.parent_names)}"
            given = product(*(network[parent].states for parent in node.parent_names))
            lines = [f"({', '.join(states)}) {_digits(row, ', ')}" for states, row in zip(given, rows, strict=True)]
        else:
            head, lines = node.name, [f"table {_digits(rows, ', ')}"]
        body = "".join(f"  {line};\n" for line in lines)
        blocks.append(f"probability ( {head} ) {{\n{body}}}\n")
    return "".join(blocks)


def _bif_faults(network: Network) -> Iterator[Fault]:
    for name, count in Counter(node.name.lower() for node in network.nodes).items():
        if count > 1:
            twins = ", ".join(node.name for node in network.nodes if node.name.lower() == name)
            yield Fault(f"nodes {twins}", "differ only in capitals, which readers of BIF do not tell apart; rename one")
    for node in network.nodes:
        if len(node.states) == 1 and " " in node.states[0]:
            yield Fault(f"node {node.name}", "its only state has a space and would be read as two; rename it")


# XMLBIF


def _read_xmlbif(raw: bytes) -> _Content:
    root = ET.fromstring(raw)  # noqa: S314  expat itself bounds what entities may grow to
    variables = [(_inner(variable, "NAME"), variable) for variable in root.iterfind("NETWORK/VARIABLE")]
    kinds = [(name, variable.get("TYPE", "nature")) for name, variable in variables]
    _only_discrete((name, kind) for name, kind in kinds if kind != "nature")
    tables = [(_inner(definition, "FOR"), definition) for definition in root.iterfind("NETWORK/DEFINITION")]
    return _Content(
        root.findtext("NETWORK/NAME", "").strip(),
        {name: tuple((item.text or "").strip() for item in variable.iter("OUTCOME")) for name, variable in variables},
        {name: tuple((item.text or "").strip() for item in table.iter("GIVEN")) for name, table in tables},
        {name: _numbers(_inner(table, "TABLE")) for name, table in tables},
    )


def _inner(element: ET.Element, tag: str) -> str:
    return element.findtext(tag, "").strip()


def _write_xmlbif(network: Network, tables: Mapping[str, np.ndarray]) -> str:
    root = ET.Element("BIF", VERSION="0.3")
    inner = ET.SubElement(root, "NETWORK")
    ET.SubElement(inner, "NAME").text = network.name
    for node in network.nodes:
        variable = ET.SubElement(inner, "VARIABLE", TYPE="nature")
        ET.SubElement(variable, "NAME").text = node.name
        for state in node.states:
            ET.SubElement(variable, "OUTCOME").text = state
    for node in network.nodes:
        definition = ET.SubElement(inner, "DEFINITION")
        ET.SubElement(definition, "FOR").text = node.name
        for parent in node.parent_names:
            ET.SubElement(definition, "GIVEN").text = parent
        ET.SubElement(definition, "TABLE").text = _digits(tables[node.name])
    return _xml(root)


def _xml(root: ET.Element) -> str:
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


# XDSL


def _read_xdsl(raw: bytes) -> _Content:
    root = ET.fromstring(raw)  # noqa: S314  expat itself bounds what entities may grow to
    nodes = [(node.get("id", ""), node) for node in root.iterfind("nodes/*")]
    _only_discrete((name, node.tag) for name, node in nodes if node.tag != "cpt")
    return _Content(
        root.get("id"),
        {name: tuple(state.get("id", "") for state in node.iter("state")) for name, node in nodes},
        {name: tuple(_inner(node, "parents").split()) for name, node in nodes},
        {name: _numbers(_inner(node, "probabilities")) for name, node in nodes},
    )


def _write_xdsl(network: Network, tables: Mapping[str, np.ndarray]) -> str:
    root = ET.Element("smile", version="1.0", id=network.name, numsamples="10000", discsamples="10000")
    nodes = ET.SubElement(root, "nodes")
    genie = ET.SubElement(ET.SubElement(root, "extensions"), "genie", version="1.0", app="Servanda", name=network.name)
    for place, node in enumerate(network.nodes):
        cpt = ET.SubElement(nodes, "cpt", id=node.name)
        for state in node.states:
            ET.SubElement(cpt, "state", id=state)
        if node.parents:
            ET.SubElement(cpt, "parents").text = " ".join(node.parent_names)
        ET.SubElement(cpt, "probabilities").text = _digits(tables[node.name])
        # Where GeNIe draws the node: four in a line, parents first.
        box = ET.SubElement(genie, "node", id=node.name)
        ET.SubElement(box, "name").text = node.name  # some tools take this for the id
        ET.SubElement(box, "interior", color="ffffff")
        ET.SubElement(box, "outline", color="000080")
        ET.SubElement(box, "font", color="000000", name="Arial", size="8")
        left, top = 150 * (place % 4) + 20, 100 * (place // 4) + 20
        ET.SubElement(box, "position").text = f"{left} {top} {left + 110} {top + 50}"
    return _xml(root)


# NET

_NET_OTHER = re.compile(r"\b(continuous|decision|utility|function)\s+(?:node\s+|chance\s+)?(\w+)\s*\{")
_NET_TITLE = re.compile(r"\bnet\b[^{]*\{[^}]*?\bname\s*=\s*([^;\s]+)\s*;")
_NET_NODE = re.compile(r"\bnode\s+([\w-]+)\s*\{[^}]*?\bstates\s*=\s*\(([^)]*)\)\s*;[^}]*\}")
_NET_POTENTIAL = re.compile(r"\bpotential\s*\(([^)|]*)\|?([^)]*)\)\s*\{[^}]*?\bdata\s*=([^;}]*);[^}]*\}")


def _read_net(raw: bytes) -> _Content:
    text = _Text(raw, r"%[^\n]*")
    _only_discrete((name, kind) for kind, name in _NET_OTHER.findall(text.plain))
    potentials = [
        (name.strip(), tuple(given.split()), data) for name, given, data in _NET_POTENTIAL.findall(text.plain)
    ]
    title = _NET_TITLE.search(text.plain)
    return _Content(
        text.word(title[1]) if title else None,
        {name: text.words(marks, r"[\s,]+") for name, marks in _NET_NODE.findall(text.plain)},
        {name: given for name, given, _ in potentials},
        {name: _numbers(data) for name, _, data in potentials},
    )


def _write_net(network: Network, tables: Mapping[str, np.ndarray]) -> str:
    blocks = [f'net {{\n  name = "{network.name}";\n}}\n']
    for node in network.nodes:
        states = " ".join(f'"{state}"' for state in node.states)
        blocks.append(f"node {node.name} {{\n  states = ({states});\n}}\n")
    for node in network.nodes:
        given = f" | {' '.join(node.parent_names)}" if node.parents else ""
        blocks.append(f"potential ({node.name}{given}) {{\n  data = {_nested(tables[node.name])};\n}}\n")
    return "".join(blocks)


def _nested(table: np.ndarray) -> str:
    inner = _digits(table) if table.ndim == 1 else "".join(map(_nested, table))
    return f"({inner})"


_ANY = _Rule(re.compile(r".+"), "printable text without a space at its ends")
_NO_SPACE = _Rule(re.compile(r"\S+"), "printable text without spaces")
_WORD = _Rule(
    re.compile(r"(?!.*(?:variable|probability))[\w-]+"),
    "letters, digits, _ and -, without 'variable' and 'probability'",
)
_BIF_NODE = _Rule(re.compile(r'[^\s{}()\[\]|,;"/]+'), 'text without spaces, {}()[]|,;" and /')
_BIF_STATE = _Rule(
    re.compile(r'(?!.*(?://|/\*))[^{}()\[\]|,;"]+'), 'text without {}()[]|,;" and the marks of comments, // and /*'
)
_IDENTIFIER = _Rule(
    re.compile(r"(?!(?:net|node|potential|data)$)[A-Za-z_][A-Za-z0-9_]*"),
    "ASCII letters, digits and _, not a digit first, and no keyword (net, node, potential, data)",
)
_QUOTED = _Rule(re.compile(r"[\x20\x21\x23-\x7e]+"), 'printable ASCII without "')

#: Title -> format. A format is one entry here.
FORMATS: Mapping[str, _Format] = {
    "BIF": _Format((".bif",), _read_bif, _write_bif, _WORD, _BIF_NODE, _BIF_STATE, _bif_faults),
    "XMLBIF": _Format((".xmlbif", ".xml", ".bifxml"), _read_xmlbif, _write_xmlbif, _ANY, _ANY, _ANY),
    "XDSL": _Format((".xdsl",), _read_xdsl, _write_xdsl, _ANY, _NO_SPACE, _ANY),
    "NET": _Format((".net",), _read_net, _write_net, _QUOTED, _IDENTIFIER, _QUOTED),
}
