"""Tables as text: which mark separates the cells of a CSV, and the cells themselves."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ...common.errors import Fault, InputError
from ...common.limits import excess, excess_of_columns
from .values import trimmed

if TYPE_CHECKING:
    import _csv

Record = tuple[int, tuple[str, ...]]

#: Mark -> what it is called; the mark of a plain CSV first.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
#: What a table takes of the memory, measured at a million rows of the record: for each letter, and for each cell.
_BYTES_A_LETTER, _BYTES_A_CELL = 4, 50
EMPTY = "is empty; expected a header and at least one row"
EXPECTED = "expected commas, semicolons, tabs or bars"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SAID = re.compile(r"\s*\"?sep=(.)\"?[,;\t|]*\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Records:
    r"""Records of a text, split into cells.

    Parameters
    ----------
    header
        The cells of the first record that is not empty.
    body
        The others as long as the header, each with the line it begins on.
    faults
        One for each record that is longer or shorter.

    Examples
    --------
    >>> records("name", "a;b\n1;2").body
    [(2, ('1', '2'))]
    """

    header: tuple[str, ...]
    body: list[Record]
    faults: tuple[Fault, ...]


def records(name: str, text: str) -> Records:
    r"""Records of a text with separators: commas, semicolons, tabs or bars, as its header shows.

    A first line ``sep=;``, which Excel writes and reads, says it too.

    Parameters
    ----------
    name
        Of the file, for messages.
    text
        Its content.

    Returns
    -------
    Records
        Without those that hold no text; blanks around cells are dropped.

    Raises
    ------
    InputError
        If the text holds nothing, if quotes do not close, or if two separators would do equally well.

    Examples
    --------
    >>> records("a.csv", "sep=|\na|b\n1|2,5\n").body
    [(3, ('1', '2,5'))]
    """
    mark, skip = _mark(name, text)
    return _split(name, text, mark, skip)


def header_of(name: str, text: str) -> list[str]:
    r"""Cells of the header of a text with separators; none where it has no header.

    Raises
    ------
    InputError
        As `records`, but for what stands below the header.

    Examples
    --------
    >>> header_of("a.csv", "a;b\n1;2\n")
    ['a', 'b']
    """
    mark, skip = _mark(name, text)
    return [trimmed(cell) for cell in _header(name, text, mark, skip)]


def _mark(name: str, text: str) -> tuple[str, int]:
    """What separates the cells, and how many lines say it."""
    said = _SAID.fullmatch(text.split("\n", 1)[0])
    if said and said[1] not in SEPARATORS:
        raise InputError(name, [Fault.at(1, "", f"says that {said[1]!r} separates its cells; {EXPECTED}")])
    if said:
        return said[1], 1
    likely = [mark for mark in SEPARATORS if len(_header(name, text, mark)) > 1]
    if len(likely) < 2:
        return (likely[0] if likely else ","), 0
    tried = {mark: _split_or_none(name, text, mark) for mark in likely}
    whole = [mark for mark, found in tried.items() if found and not found.faults]
    if len(whole) > 1:
        marks = " or ".join(SEPARATORS[mark] for mark in whole)
        what = f"its cells may be separated by {marks}; say which by a first line such as 'sep={whole[0]}'"
        raise InputError(name, [Fault("", what)])
    return (whole or likely)[0], 0


def _lines(text: str) -> Iterator[str]:
    # Line by line, so that the text is not held a second time.
    return (found[0] for found in _LINE.finditer(text))


def _header(name: str, text: str, mark: str, skip: int = 0) -> list[str]:
    """Give the cells of the first record with text; none where it cannot be split so."""

    def lines() -> Iterator[str]:
        for line in islice(_lines(text), skip, None):
            # Before as many cells are made.
            if complaint := excess_of_columns(line.count(mark) + 1):
                raise InputError(name, [Fault("", complaint)])
            yield line

    try:
        return next((cells for cells in _reader(lines(), mark) if any(map(trimmed, cells))), [])
    except csv.Error:
        return []


def _reader(lines: Iterator[str], mark: str) -> _csv.Reader:
    return csv.reader(lines, delimiter=mark, strict=True)


def _split_or_none(name: str, text: str, mark: str) -> Records | None:
    try:
        return _split(name, text, mark)
    except InputError:
        return None


def _split(name: str, text: str, mark: str, skip: int = 0) -> Records:
    if complaint := excess(
        _BYTES_A_LETTER * len(text) + _BYTES_A_CELL * (text.count(mark) + text.count("\n")), "its cells"
    ):
        raise InputError(name, [Fault("", complaint)])
    reader = _reader(_lines(text), mark)
    found: list[Record] = []
    try:
        found.extend(record for record in _numbered(reader, lambda: reader.line_num) if any(record[1]))
    except csv.Error as error:
        what = f"not readable as CSV ({error}); check the quotes"
        raise InputError(name, [Fault.at(reader.line_num, "", _by_blanks(text) or what)]) from None
    found = [record for record in found if record[0] > skip]
    if not found:
        raise InputError(name, [Fault("", EMPTY)])
    (_, header), *body = found
    if len(header) == 1 and _by_blanks(text):
        raise InputError(name, [Fault("", _by_blanks(text))])
    fitting = [record for record in body if len(record[1]) == len(header)]
    return Records(header, fitting, tuple(_length_faults(header, body, mark)))


def _length_faults(header: tuple[str, ...], body: list[Record], mark: str) -> Iterator[Fault]:
    if body and all(len(cells) == len(header) + 1 for _, cells in body):
        what = (
            f"has {len(header)} cells, and every row has one more, as R's write.table leaves the names of rows without "
            "a header; write row.names = FALSE, or name the first column"
        )
        yield Fault.at(1, "", what)
        return
    for line, cells in body:
        if len(cells) != len(header):
            what = f"has {len(cells)} cells where the header has {len(header)}; check {SEPARATORS[mark]} and quotes"
            yield Fault.at(line, "", what)


def _by_blanks(text: str) -> str:
    """Say that a text without separators is split by blanks, as R's write.table does it; empty text if it is not."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    width = len(lines[0]) if lines else 0
    rows = {len(line) - width for line in lines[1:]}
    if width > 1 and rows in ({0}, {1}) and not any(mark in text for mark in SEPARATORS):
        return f"its cells look separated by blanks; {EXPECTED} (in R: write.csv)"
    return ""


def _numbered(reader: Iterator[list[str]], line_of: Callable[[], int]) -> Iterator[Record]:
    """Pair each record with the line it begins on; a quoted cell may run over several lines."""
    start = line_of() + 1
    trim = _Trimmed().__getitem__
    for record in reader:
        yield start, tuple(map(trim, record))
        start = line_of() + 1


class _Trimmed(dict[str, str]):
    """Text -> the same without blanks around it; each is held once, since most cells say what another said."""

    def __missing__(self, text: str) -> str:
        return self.setdefault(text, trimmed(text))
