"""From a file, CSV, Parquet, Stata or SPSS, to cells of plain text; nothing is judged here but the file itself."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ...common.encoding import encoding_faults
from ...common.errors import Fault, InputError, raise_faults
from ...common.files import regular_bytes
from ...common.frames import repeated
from ...common.limits import excess_of_columns, excess_of_text, unpacked
from .delimited import EMPTY, header_of, records
from .typed_files import Column, parquet_columns, spss_columns, stata_columns
from .values import as_text, trimmed

FilePath = str | os.PathLike[str]
Row = tuple[str, ...]

DATA = Path(__file__).parents[1] / "data"

_GZIP = b"\x1f\x8b"
# What a file begins with that is no table of ours -> what it is, and the way out.
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as 'CSV UTF-8'",
    b"%PDF": "a PDF; give the table as CSV or Parquet",
    b"BZh": "compressed with bzip2; unpack it first",
    b"\xfd7zXZ": "compressed with xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it first",
    b"RDX": "an R data file; write the table with write.csv or haven::write_dta",
    b"X\n\x00\x00": "an R data file; write the table with write.csv or haven::write_dta",
    b"ARROW1": "an Arrow (Feather) file; write the table as Parquet or CSV",
    b"FEA1": "an Arrow (Feather) file; write the table as Parquet or CSV",
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xea\x81\x60": "a SAS file; export it as CSV",
    b"HEADER RECORD*******": "a SAS transport file; export it as CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\x89HDF": "an HDF5 or netCDF file; write the table as Parquet or CSV",
    b"\x80\x04\x95": "a pickle, which is never opened, since it can run code; write the table as Parquet or CSV",
    b"\x80\x05\x95": "a pickle, which is never opened, since it can run code; write the table as Parquet or CSV",
    b"<!DOCTYPE": "a web page; save the table as 'CSV UTF-8'",
    b"<html": "a web page; save the table as 'CSV UTF-8'",
    b'{"': "JSON; give the table as CSV or Parquet",
    b"[{": "JSON; give the table as CSV or Parquet",
}
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?")


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
        The line of the file on which each row begins, the header being line 1. For Parquet, Stata and SPSS, the
        number of the row plus one, as it would be in a CSV.
    faults
        Rows and cells that could not be read; the rows were left out, the cells are empty.

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
        data = regular_bytes(path)
    except FileNotFoundError:
        raise _refusal(path, "there is no such file; check the path") from None
    except IsADirectoryError:
        raise _refusal(path, "is a folder; give the path of a file in it") from None
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror or error})") from None
    if not data.strip():
        raise _refusal(path, EMPTY)
    return data


def read_cells(path: FilePath, missing: str | Sequence[str] = ()) -> Cells:
    """Cells of a CSV, Parquet, Stata or SPSS file, as text.

    Blanks and invisible marks around a cell are dropped, as are rows without any text and columns without a name.

    Parameters
    ----------
    path
        The file. What is neither Parquet, nor Stata, nor SPSS by its content or its ending is read as CSV in
        UTF-8, with or without a byte order mark, with commas, semicolons, tabs or bars between its cells. Any of
        them but SPSS may be compressed with gzip.
    missing
        Texts that stand for a missing cell in this file, such as ``NA`` or ``-9``.

    Returns
    -------
    Cells
        At least one row.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, has another encoding, names a column twice, or holds no rows.

    Examples
    --------
    >>> read_cells(shipped("crises.csv")).columns
    ('case_id', 'crisis')
    """
    data = _unpacked(path, read_bytes(path))
    read = next((read for told, read in _TYPED.items() if told(path, data)), _csv)
    cells = _tidy(read(path, data))
    if not (cells.rows or cells.faults):
        raise _refusal(path, "has a header but no rows")
    return _without_codes(cells, missing)


def read_columns(path: FilePath) -> Row:
    """Names of the columns of a file that `read_cells` reads; of a CSV no more than its header is split.

    Raises
    ------
    InputError
        If the file cannot be read. What is wrong with its cells is said when they are read.

    Examples
    --------
    >>> read_columns(shipped("crises.csv"))
    ('case_id', 'crisis')
    """
    data = _unpacked(path, read_bytes(path))
    if any(told(path, data) for told in _TYPED):
        return read_cells(path).columns
    return tuple(name for name in header_of(_name(path), decoded(path, data)) if name)


def read_table(path: FilePath, missing: str | Sequence[str] = ()) -> pd.DataFrame:
    r"""Table of a file as it is, whatever its columns: CSV in its dialects, Parquet, Stata or SPSS.

    Parameters
    ----------
    path
        See `read_cells`. The ending does not matter, nor do capitals in it.
    missing
        Texts that stand for a missing cell in this file, such as ``("NA", ".")``; an empty cell always does. A
        number stands for all its spellings: ``-9`` for ``-9.0`` too.

    Returns
    -------
    DataFrame
        All cells as text, a missing one as a missing value, indexed by the line of the file (the header being line
        1). Whole numbers that a typed file stores as floats have no point; those of a CSV are as written. Labels of
        Stata and SPSS stand in place of the numbers they label. Rows without any text and columns without a name
        are left out.

    Raises
    ------
    InputError
        With every fault of the file: see `read_cells`; rows that are longer or shorter than the header; and cells
        that hold a list or other things that are neither text nor number.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mine.CSV")
    >>> _ = path.write_text("sep=;\nrain;wet\nyes;NA\nno;2\n")
    >>> read_table(path, missing="NA").fillna("").to_dict("list")
    {'rain': ['yes', 'no'], 'wet': ['', '2']}
    """
    cells = read_cells(path, missing)
    raise_faults(cells.name, cells.faults)
    frame = frame_of(cells)
    return frame.mask(frame == "")


def frame_of(cells: Cells) -> pd.DataFrame:
    """Cells as a DataFrame of text.

    Parameters
    ----------
    cells
        What was read.

    Returns
    -------
    DataFrame
        One row a row, all text, indexed by the line of the file.

    Examples
    --------
    >>> frame_of(Cells("a.csv", ("x",), (("1",),), (2,))).loc[2, "x"]
    '1'
    """
    index = pd.Index(cells.lines, name="line", dtype="int64")
    # A column at a time: of all cells at once pandas makes a second table of objects.
    columns = (pd.array([row[place] for row in cells.rows], dtype="str") for place in range(len(cells.columns)))
    return pd.DataFrame(dict(zip(cells.columns, columns, strict=True)), index=index, columns=list(cells.columns))


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
    # A line of a table is one of its rows.
    faults = encoding_faults(data, foreign=_FOREIGN, save_as="'CSV UTF-8'")
    raise_faults(_name(path), [Fault.at(fault.line, "", fault.what) for fault in faults])
    return data.decode("utf-8-sig")


def _refusal(path: FilePath, what: str) -> InputError:
    return InputError(_name(path), [Fault("", what)])


def _name(path: FilePath) -> str:
    return Path(path).name or str(path)


def _unpacked(path: FilePath, data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        content = unpacked(data)
    except (OSError, EOFError, zlib.error) as error:
        raise _refusal(path, f"cannot be unpacked with gzip ({error})") from None
    if complaint := excess_of_text(len(content)):
        raise _refusal(path, complaint)
    if not content.strip():
        raise _refusal(path, EMPTY)
    return content


def _csv(path: FilePath, data: bytes) -> Cells:
    found = records(_name(path), decoded(path, data))
    return Cells(
        _name(path),
        found.header,
        tuple(row for _, row in found.body),
        tuple(line for line, _ in found.body),
        found.faults,
    )


def _typed(path: FilePath, kind: str, columns: Callable[[], list[Column]]) -> Cells:
    """Read the columns of a file that knows types, whose library raises errors of its own."""
    try:
        found = columns()
    except ImportError as error:
        what = f"is a file of {kind}, and {error}; install it, or export the table as CSV"
        raise _refusal(path, what) from None
    except Exception as error:  # noqa: BLE001
        # What a foreign library meets in a broken file may be any error; none may end as a traceback.
        # Messages may run over several lines; the first says what is wrong.
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise _refusal(path, f"cannot be read as {kind} ({reason})") from None
    names = tuple(trimmed(str(name)) for name, _ in found)
    texts, faults = [], []
    for name, values in zip(names, (values for _, values in found), strict=True):
        cells = []
        for line, value in enumerate(values, start=2):
            try:
                cells.append(trimmed(as_text(value)))
            except ValueError as error:
                faults.append(Fault.at(line, name, str(error)))
                cells.append("")
        texts.append(cells)
    rows = [(line, row) for line, row in enumerate(zip(*texts, strict=True), start=2) if any(row)]
    return Cells(_name(path), names, tuple(row for _, row in rows), tuple(line for line, _ in rows), tuple(faults))


def _begins(*marks: bytes, endings: tuple[str, ...]) -> Callable[[FilePath, bytes], bool]:
    """Tell a kind of file by what it begins with, or by its ending."""
    packed = tuple(f"{ending}.gz" for ending in endings)

    def told(path: FilePath, data: bytes) -> bool:
        return data.startswith(marks) or Path(path).name.lower().endswith((*endings, *packed))

    return told


# A new kind of typed file is one line here and a function in `typed_files`.
_TYPED: dict[Callable[[FilePath, bytes], bool], Callable[[FilePath, bytes], Cells]] = {
    _begins(b"PAR1", endings=(".parquet", ".pq")): lambda path, data: _typed(
        path, "Parquet", lambda: parquet_columns(data)
    ),
    _begins(b"<stata_dta>", endings=(".dta",)): lambda path, data: _typed(path, "Stata", lambda: stata_columns(data)),
    _begins(b"$FL2", b"$FL3", endings=(".sav", ".zsav")): lambda path, data: _typed(
        path, "SPSS", lambda: spss_columns(data)
    ),
}


def _tidy(cells: Cells) -> Cells:
    """Drop columns without a name: a spare comma, or an index that another program wrote."""
    keep = [at for at, name in enumerate(cells.columns) if name and not _PANDAS_INDEX.fullmatch(name)]
    if complaint := excess_of_columns(len(keep)):
        raise _refusal(cells.name, complaint)
    names = tuple(cells.columns[at] for at in keep)
    twice = (Fault.at(1, name, "is named twice in the header; rename or drop one") for name in repeated(names))
    raise_faults(cells.name, twice)
    if len(keep) == len(cells.columns):
        return cells
    rows = tuple(tuple(row[at] for at in keep) for row in cells.rows)
    return replace(cells, columns=names, rows=rows)


def _without_codes(cells: Cells, missing: str | Sequence[str]) -> Cells:
    codes = {_value(as_text(code)) for code in ([missing] if isinstance(missing, str) else missing)}
    if not codes:
        return cells
    rows = tuple(tuple("" if _value(cell) in codes else cell for cell in row) for row in cells.rows)
    return replace(cells, rows=rows)


def _value(text: str) -> str | float:
    """Give the number that a text is, so that -9 is -9.0; else the text."""
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else text
