"""From a file, CSV or Parquet, to cells of plain text; nothing is judged here but the file itself."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from pathlib import Path
from types import NoneType

from ...common.errors import Fault, InputError, raise_faults

FilePath = str | os.PathLike[str]
Row = tuple[str, ...]

DATA = Path(__file__).parents[1] / "data"

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as 'CSV UTF-8'",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"%PDF": "a PDF; give the table as CSV or Parquet",
}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_EMPTY = "is empty; expected a header and at least one row"
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class Cells:
    """The text of a table, and where each row stood.

    Parameters
    ----------
    name
        Name of the file.
    columns
        The header.
    rows
        The cells, one tuple a row, as long as `columns`; a missing cell is empty text.
    lines
        The line of the file on which each row begins, the header being line 1. For Parquet, the number
        of the row plus one, as it would be in a CSV.
    faults
        Rows that could not be read and were left out.

    Examples
    --------
    >>> Cells("a.csv", ("x",), (("1",),), (2,)).rows
    (('1',),)
    """

    name: str
    columns: Row
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    faults: tuple[Fault, ...] = ()


def shipped(name: str) -> Path:
    """Path of a file that ships with the record.

    Parameters
    ----------
    name
        File name, e.g. ``guarantees.csv``.

    Returns
    -------
    Path
        Where it stands.

    Examples
    --------
    >>> shipped("crises.csv").name
    'crises.csv'
    """
    return DATA / name


def read_bytes(path: FilePath) -> bytes:
    """Content of a whole file, as bytes.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bytes
        Its content, at least one byte.

    Raises
    ------
    InputError
        If there is no such file, if it is a folder, unreadable or empty.

    Examples
    --------
    >>> read_bytes("nowhere.csv")
    Traceback (most recent call last):
    servanda.common.errors.InputError: nowhere.csv: there is no such file; check the path
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise _refusal(path, "there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise _refusal(path, "is a folder; give the path of a file in it") from error
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror or error})") from error
    if not data.strip():
        raise _refusal(path, _EMPTY)
    return data


def read_cells(path: FilePath) -> Cells:
    """Cells of a CSV or Parquet file, as text.

    Surrounding blanks of a cell are dropped, as are rows without any text and columns without a name.

    Parameters
    ----------
    path
        The file. Parquet is recognised by its content or its ending; all else is read as CSV in UTF-8,
        with or without a byte order mark.

    Returns
    -------
    Cells
        At least one row.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, has another encoding, or holds no rows.

    Examples
    --------
    >>> read_cells(shipped("crises.csv")).columns
    ('case_id', 'crisis')
    """
    data = read_bytes(path)
    is_parquet = data.startswith(b"PAR1") or Path(path).suffix.lower() in {".parquet", ".pq"}
    cells = _tidy((_parquet if is_parquet else _csv)(path, data))
    if not (cells.rows or cells.faults):
        raise _refusal(path, "has a header but no rows")
    return cells


def decoded(path: FilePath, data: bytes) -> str:
    """Text of a file in UTF-8.

    Parameters
    ----------
    path
        For the message only.
    data
        The content.

    Returns
    -------
    str
        The text, without a byte order mark.

    Raises
    ------
    InputError
        If the bytes are not UTF-8, with the line and the likely encoding.

    Examples
    --------
    >>> decoded("a.csv", b"a,b")
    'a,b'
    """
    foreign = next((what for magic, what in _FOREIGN.items() if data.startswith(magic)), None)
    if foreign:
        raise _refusal(path, f"is {foreign}")
    if data.startswith(_UTF16) or b"\x00" in data[:1000]:
        raise _refusal(path, "is not UTF-8 text; it looks like UTF-16: save it as 'CSV UTF-8'")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = (
            f"not UTF-8 text (byte 0x{data[error.start]:02X}); it looks like Windows-1252 or Latin-1: "
            "save it as 'CSV UTF-8'"
        )
        raise _refusal(path, what, line) from error


@singledispatch
def as_text(value: object) -> str:
    """Text of a cell of a Parquet file, as a CSV would hold it.

    Parameters
    ----------
    value
        A number, text, date, truth value or None.

    Returns
    -------
    str
        Its text; empty for a missing value.

    Examples
    --------
    >>> as_text(1990.0), as_text(None), as_text(True)
    ('1990', '', '1')
    """
    return str(value)


@as_text.register
def _(value: NoneType) -> str:  # noqa: ARG001
    return ""


@as_text.register
def _(value: bool) -> str:  # noqa: FBT001
    return str(int(value))


@as_text.register
def _(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else repr(value)


@as_text.register
def _(value: dt.date) -> str:
    return value.isoformat()


@as_text.register
def _(value: dt.datetime) -> str:
    is_day = value.time() == dt.time()
    return (value.date() if is_day else value).isoformat()


def _refusal(path: FilePath, what: str, line: int = 0) -> InputError:
    return InputError(Path(path).name or str(path), [Fault.at(line, "", what)])


def _numbered(reader: Iterator[list[str]], line_of: Callable[[], int]) -> Iterator[tuple[int, list[str]]]:
    """Pair each record with the line it begins on; a quoted cell may run over several lines."""
    start = line_of() + 1
    for record in reader:
        yield start, [cell.strip() for cell in record]
        start = line_of() + 1


def _csv(path: FilePath, data: bytes) -> Cells:
    reader = csv.reader(io.StringIO(decoded(path, data), newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    try:
        records.extend(item for item in _numbered(reader, lambda: reader.line_num) if any(item[1]))
    except csv.Error as error:
        raise _refusal(path, f"not readable as CSV ({error}); check the quotes", reader.line_num) from error
    if not records:
        raise _refusal(path, _EMPTY)
    header, *body = records
    columns = tuple(header[1])
    _refuse_separator(path, columns)
    fitting = [(line, tuple(record)) for line, record in body if len(record) == len(columns)]
    faults = [
        Fault.at(line, "", f"has {len(record)} cells where the header has {len(columns)}; check commas and quotes")
        for line, record in body
        if len(record) != len(columns)
    ]
    return Cells(
        Path(path).name,
        columns,
        tuple(row for _, row in fitting),
        tuple(line for line, _ in fitting),
        tuple(faults),
    )


def _refuse_separator(path: FilePath, columns: Row) -> None:
    used = next((word for mark, word in _SEPARATORS.items() if mark in columns[0]), None)
    if used and len(columns) == 1:
        raise _refusal(path, f"its cells are separated by {used}; expected commas")


def _parquet(path: FilePath, data: bytes) -> Cells:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError) as error:
        # Arrow's messages run over several lines; the first says what is wrong.
        reason = str(error).splitlines()[0].rstrip(".")
        raise _refusal(path, f"cannot be read as Parquet ({reason})") from error
    columns = [[as_text(value).strip() for value in column.to_pylist()] for column in table.columns]
    rows = list(zip(*columns, strict=True))
    kept = [(number, row) for number, row in enumerate(rows, start=2) if any(row)]
    return Cells(
        Path(path).name,
        tuple(table.column_names),
        tuple(row for _, row in kept),
        tuple(number for number, _ in kept),
    )


def _tidy(cells: Cells) -> Cells:
    """Drop columns without a name: a spare comma, or an index that another program wrote."""
    keep = [at for at, name in enumerate(cells.columns) if name and not _PANDAS_INDEX.fullmatch(name)]
    names = tuple(cells.columns[at] for at in keep)
    twice = (Fault.at(1, name, "is named twice in the header; rename or drop one") for name in _repeated(names))
    raise_faults(cells.name, twice)
    rows = tuple(tuple(row[at] for at in keep) for row in cells.rows)
    return replace(cells, columns=names, rows=rows)


def _repeated(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return [name for name in dict.fromkeys(listed) if listed.count(name) > 1]
