"""Numbers, quoted words, blocks and XML, as the formats read and write them, each with the line where it stands."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.parsers import expat

import numpy as np

from ...common.encoding import UTF16, encoding_faults
from ...common.errors import Fault, raise_faults
from .content import UNREAD, FormatError

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def numbers_in(text: str) -> np.ndarray:
    """Read all numbers of a text, whatever brackets and commas stand between them.

    Raises
    ------
    ValueError
        Naming the first word that is no number.

    Examples
    --------
    >>> numbers_in("((0.5 0.5) (1e-3, .999))").tolist()
    [0.5, 0.5, 0.001, 0.999]
    """
    words = re.sub(r"[(),]", " ", text).split()
    for word in words:
        if not _NUMBER.fullmatch(word):
            raise ValueError(f"'{word}' is no number")
    return np.array([float(word) for word in words])


def read_numbers(text: str, line: int, where: str, faults: list[Fault]) -> np.ndarray:
    """Read all numbers of a piece of a file; what is no number is a fault, and the numbers are `UNREAD`."""
    try:
        return numbers_in(text)
    except ValueError as error:
        faults.append(at_line(line, where, str(error)))
        return UNREAD


def digits(numbers: np.ndarray, separator: str = " ") -> str:
    """Write numbers so that the very same doubles are read."""
    return separator.join(map(repr, numbers.ravel().tolist()))


def at_line(line: int, where: str, what: str) -> Fault:
    """Fault of a place in a file.

    Examples
    --------
    >>> str(at_line(3, "node rain", "has no states"))
    'line 3, node rain: has no states'
    """
    return Fault(f"line {line}, {where}" if where else f"line {line}", what, line)


def given_once[T](found: Iterable[tuple[str, int, T]], kind: str, faults: list[Fault]) -> dict[str, T]:
    """Give what a file says by name; what it says twice is a fault that names both lines.

    Parameters
    ----------
    found
        Name, line and what is said, in the order of the file.
    kind
        What it is, for the message.
    faults
        Grows by a fault for each repetition.

    Examples
    --------
    >>> faults = []
    >>> given_once([("rain", 2, "a"), ("wet", 4, "b"), ("rain", 9, "c")], "variable", faults)
    {'rain': 'a', 'wet': 'b'}
    >>> print(faults[0])
    line 9, variable rain: is given a second time, first in line 2; keep one of them
    """
    first: dict[str, tuple[int, T]] = {}
    for name, line, value in found:
        if name in first:
            what = f"is given a second time, first in line {first[name][0]}; keep one of them"
            faults.append(at_line(line, f"{kind} {name}".strip(), what))
        else:
            first[name] = (line, value)
    return {name: value for name, (_, value) in first.items()}


@dataclass(frozen=True)
class Statement:
    """A piece of a block that ends with a semicolon, and the line where it begins."""

    text: str
    line: int


@dataclass(frozen=True)
class Block:
    """A piece of a file with a head, and statements in braces.

    Parameters
    ----------
    head
        What stands before the braces; of a piece without braces, all of it.
    line
        Where it begins.
    statements
        What stands in the braces.
    """

    head: str
    line: int
    statements: tuple[Statement, ...] = ()

    @property
    def keyword(self) -> str:
        """First word of the head."""
        return re.match(r"\w*", self.head)[0]  # pyright: ignore[reportOptionalSubscript]  it matches nothing at least

    @property
    def subject(self) -> str:
        """Head without its first word."""
        return self.head[len(self.keyword) :].strip()


class QuotedText:
    r"""A text whose quoted strings stand aside, so that nothing in them is taken for a part of the format.

    Parameters
    ----------
    raw
        The file.
    comment
        Pattern of a comment; a quote in a comment begins no string. A group ``unclosed`` is one that has no end.

    Raises
    ------
    FormatError
        If it is not UTF-8, with the line and the likely encoding.
    ValueError
        If a comment has no end, with the line where it begins.

    Examples
    --------
    >>> text = QuotedText(b'node rain { states = ("no" "a little"); } % in "millimetres"', r"%[^\n]*")
    >>> text.plain
    'node rain { states = ("0" "1"); }  '
    >>> text.words('"0" "1"', " ")
    ('no', 'a little')
    >>> text.blocks()
    [Block(head='node rain', line=1, statements=(Statement(text='states = ("0" "1")', line=1),))]
    """

    def __init__(self, raw: bytes, comment: str) -> None:
        self._strings: list[str] = []
        self.plain = re.sub(rf'"([^"]*)"|(?:{comment})', self._aside, decoded(raw))
        self._ends = [end.start() for end in re.finditer("\n", self.plain)]  # of lines; a file may have many rows

    def _aside(self, found: re.Match[str]) -> str:
        lines = "\n" * found[0].count("\n")  # what comes after it stays in its line
        if found.lastgroup == "unclosed":
            line = found.string.count("\n", 0, found.start()) + 1
            raise ValueError(f"the comment of line {line} is not closed")
        if found[1] is None:
            return " " + lines
        self._strings.append(found[1])
        return f'"{len(self._strings) - 1}"{lines}'

    def word(self, mark: str) -> str:
        """Give a name as it was written, without quotes."""
        mark = mark.strip()
        return self._strings[int(mark[1:-1])] if re.fullmatch(r'"\d+"', mark) else mark

    def words(self, marks: str, separators: str) -> tuple[str, ...]:
        """Give the names between `separators`, a pattern."""
        return tuple(self.word(mark) for mark in re.split(separators, marks) if mark.strip())

    def shown(self, marks: str) -> str:
        """Give a piece of the text as it was written, on one line and not too long."""
        whole = re.sub(r'"(\d+)"', lambda mark: f'"{self._strings[int(mark[1])]}"', marks)
        return re.sub(r"(?s)^(.{60}).+", r"\1...", " ".join(whole.split()))

    def line(self, place: int) -> int:
        """Line of a place in `plain`."""
        return bisect_left(self._ends, place) + 1

    def blocks(self) -> list[Block]:
        """Give the blocks of the file, and what stands between them as blocks without statements.

        Raises
        ------
        ValueError
            If braces do not close, or close what is not open.
        """
        found: list[Block] = []
        head: Statement | None = None
        body: list[Statement] = []
        for piece, mark in self._pieces():
            if mark == "{":
                head, body = piece, []
            elif head is None:
                found += [Block(piece.text, piece.line)] if piece.text else []
            else:
                body += [piece] if piece.text else []
                if mark == "}":
                    found.append(Block(head.text, head.line, tuple(body)))
                    head = None
        return found

    def _pieces(self) -> Iterator[tuple[Statement, str]]:
        """Cut the text at semicolons and at the braces of blocks, each piece with the mark that ends it."""
        start, opened = 0, []
        for mark in re.finditer(r"[{};]", self.plain):
            if mark[0] == "{":
                opened.append(self.line(mark.start()))
            elif mark[0] == "}":
                if not opened:
                    raise ValueError(f"line {self.line(mark.start())} closes a brace that was not opened")
                opened.pop()
            # A brace within a statement belongs to it.
            if len(opened) < 1 or (len(opened) == 1 and mark[0] != "}"):
                yield self._piece(start, mark.start()), mark[0]
                start = mark.end()
        if opened:
            raise ValueError(f"the brace of line {opened[0]} is not closed")
        yield self._piece(start, len(self.plain)), ""

    def _piece(self, start: int, end: int) -> Statement:
        text = self.plain[start:end]
        return Statement(text.strip(), self.line(start + len(text) - len(text.lstrip())))

    def unknown(self, block: Block, title: str, known: Iterable[str]) -> Fault:
        """Fault of a block that the reader of a format does not know."""
        what = f"holds '{self.shown(block.head)}', which is no part of a {title} file that can be read"
        return at_line(block.line, "", f"{what}; known are {', '.join(known)}")


def decoded(raw: bytes) -> str:
    """Text of a file in UTF-8, without a byte order mark.

    Raises
    ------
    FormatError
        If the bytes are not UTF-8, with the line and the likely encoding.

    Examples
    --------
    >>> decoded(b"net { }")
    'net { }'
    """
    raise_faults("file", encoding_faults(raw), FormatError)
    return raw.decode("utf-8-sig")


class XmlFile:
    """XML in whatever encoding it names, with the line of every element and without prefixes of namespaces.

    Parameters
    ----------
    raw
        The file.

    Raises
    ------
    FormatError
        If it names no encoding and is not UTF-8.
    ValueError
        If it is not XML.

    Examples
    --------
    >>> file = XmlFile(b'<x:BIF xmlns:x="http://x"><NETWORK/></x:BIF>')
    >>> file.root.tag, file.line(file.root[0])
    ('BIF', 1)
    """

    def __init__(self, raw: bytes) -> None:
        self._lines: dict[ET.Element, int] = {}
        builder = ET.TreeBuilder()
        parser = expat.ParserCreate()  # expat itself bounds what entities may grow to
        parser.buffer_text = True
        parser.CharacterDataHandler = builder.data
        parser.EndElementHandler = builder.end

        def start(tag: str, attributes: dict[str, str]) -> None:
            self._lines[builder.start(tag.rpartition(":")[2], attributes)] = parser.CurrentLineNumber

        # The end is not asked what it ends, so its prefix may stay.
        parser.StartElementHandler = start
        if not raw.startswith(UTF16) and b"encoding" not in raw[:200]:
            raise_faults("file", encoding_faults(raw), FormatError)
        try:
            parser.Parse(raw, True)  # noqa: FBT003  expat takes no keyword
        except (expat.ExpatError, LookupError) as error:
            raise ValueError(str(error)) from None
        self.root = builder.close()

    def line(self, element: ET.Element) -> int:
        """Line on which an element begins."""
        return self._lines[element]

    def children(
        self, element: ET.Element, known: Mapping[str, str] | Iterable[str], faults: list[Fault]
    ) -> dict[str, list[ET.Element]]:
        """Give the children of an element by tag, whatever its capitals; one that is not known is a fault."""
        names = list(known)
        found: dict[str, list[ET.Element]] = {name: [] for name in names}
        for child in element:
            tag = next((name for name in names if name.lower() == child.tag.lower()), None)
            if tag is None:
                what = f"holds <{child.tag}>, which cannot be read; known there are {', '.join(names)}"
                faults.append(at_line(self.line(child), f"<{element.tag}>", what))
            else:
                found[tag].append(child)
        return found

    def text_once(self, elements: Iterable[ET.Element], where: str, faults: list[Fault]) -> str:
        """Give the text of the one element of a kind, without space around it; empty where there is none."""
        said = ((element.tag, self.line(element), "".join(element.itertext()).strip()) for element in elements)
        return next(iter(given_once(said, where, faults).values()), "")


def xml_text(root: ET.Element) -> str:
    """Write XML, indented."""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
