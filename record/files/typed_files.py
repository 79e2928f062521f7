"""Columns of files that know types, by the libraries that read them, which are imported when one is met."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from ...common.limits import excess

#: Name of a column, and its values.
Column = tuple[str, Iterable[object]]

#: What a cell of a typed file takes of the memory as text, and cells that are read at once where they are counted.
_BYTES_A_CELL, _CELLS_AT_ONCE = 100, 10**6
_STATA_EPOCH = np.datetime64("1960-01-01", "D")


def parquet_columns(data: bytes) -> list[Column]:
    """Columns of a Parquet file.

    Parameters
    ----------
    data
        Content of the file.

    Returns
    -------
    list of tuple of str and Iterable
        Name and values of each column; a name may stand twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data))
    parts, columns = range(file.metadata.num_row_groups), range(file.metadata.num_columns)
    sizes = [file.metadata.row_group(part).column(column) for part in parts for column in columns]
    _refuse(_BYTES_A_CELL * sum(one.num_values for one in sizes) + sum(one.total_uncompressed_size for one in sizes))
    # Few texts may stand in many rows: they are held once until it is known what all would take.
    texts = [
        field.name for field in file.schema_arrow if pa.types.is_string(field.type) or pa.types.is_binary(field.type)
    ]
    coded = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts).read()
    _refuse(sum(_text_bytes(column) for column in coded.columns if pa.types.is_dictionary(column.type)))
    table = file.read()
    return [
        (name, column.to_numpy() if _is_single(column.type) else column.to_pylist())
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]


def stata_columns(data: bytes) -> list[Column]:
    """Columns of a Stata file, labels in place of the numbers they label.

    Parameters
    ----------
    data
        Content of the file.

    Returns
    -------
    list of tuple of str and Iterable
        Name and values of each column; months and years are text, since no day is known of them.

    Raises
    ------
    ValueError
        If the file cannot be read; or if dates are of weeks, quarters or half-years.
    """
    # No cell has less than a byte.
    if excess(_BYTES_A_CELL * len(data), ""):
        # The stubs know of no pieces.
        reader: Any = pd.read_stata(io.BytesIO(data), convert_categoricals=False, chunksize=10_000)
        with reader as pieces:
            cells = 0
            for piece in pieces:
                cells += piece.size
                _refuse(_BYTES_A_CELL * cells)
    table = cast("pd.DataFrame", pd.read_stata(io.BytesIO(data)))
    numbers = cast("pd.DataFrame", pd.read_stata(io.BytesIO(data), convert_dates=False, convert_categoricals=False))
    return [
        (str(name), _stata_dates(str(name), column, raw) if column.dtype.kind == "M" else _values(column))
        for (name, column), (_, raw) in zip(table.items(), numbers.items(), strict=True)
    ]


def spss_columns(data: bytes) -> list[Column]:
    """Columns of an SPSS file, labels in place of the numbers they label.

    Parameters
    ----------
    data
        Content of the file.

    Returns
    -------
    list of tuple of str and Iterable
        Name and values of each column.

    Raises
    ------
    ImportError
        If pyreadstat is not installed.
    """
    # pandas takes its own time to say that it is not there.
    import pyreadstat

    # The reader takes nothing but the name of a file.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.sav")
        path.write_bytes(data)
        _, said = pyreadstat.read_sav(path, metadataonly=True)
        width = max(said.number_columns or 0, 1)
        if said.number_rows is None:
            # A header may leave open how many rows follow.
            cells = 0
            once = max(_CELLS_AT_ONCE // width, 1)
            pieces: Any = pyreadstat.read_file_in_chunks(pyreadstat.read_sav, path, chunksize=once)
            for piece, _ in pieces:
                cells += len(piece) * width
                _refuse(_BYTES_A_CELL * cells)
        else:
            _refuse(_BYTES_A_CELL * said.number_rows * width)
        table = pd.read_spss(path)
    return [(str(name), _values(column)) for name, column in table.items()]


def _refuse(size: float) -> None:
    if complaint := excess(size, "its cells"):
        raise ValueError(complaint)


def _text_bytes(column: Any) -> int:
    """Bytes of all texts of a column that holds each of them once."""
    from pyarrow import compute

    pc: Any = compute  # whose functions are made when it is imported
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary)
        total += pc.sum(pc.take(lengths, chunk.indices)).as_py() or 0
    return total


def _values(column: pd.Series) -> Iterable[object]:
    return column.to_numpy(dtype=object) if column.dtype != np.float32 else column.to_numpy()


def _is_single(kind: object) -> bool:
    """Whether values are floats of single precision, of which a list would make doubles with digits of chance."""
    import pyarrow as pa

    return kind in (pa.float16(), pa.float32())


# What a number of Stata counts -> the date it says, for those whose span a text can name.
_UNITS: dict[Literal["ms", "D", "M", "Y"], Callable[[np.ndarray], np.ndarray]] = {
    "ms": lambda numbers: _STATA_EPOCH.astype("M8[ms]") + numbers.astype("m8[ms]"),
    "D": lambda numbers: _STATA_EPOCH + numbers.astype("m8[D]"),
    "M": lambda numbers: _STATA_EPOCH.astype("M8[M]") + numbers.astype("m8[M]"),
    "Y": lambda numbers: numbers.astype("U").astype("M8[Y]"),
}


def _stata_dates(name: str, dates: pd.Series, numbers: pd.Series) -> list[object]:
    """Dates as exactly as the file knows them: pandas makes the first day of a month out of the month."""
    known = dates.notna().to_numpy()
    first_days = dates.to_numpy("M8[ms]")[known]
    counted = numbers.to_numpy(np.float64)[known].astype(np.int64)
    for unit, dated in _UNITS.items():
        exact = dated(counted)
        if np.array_equal(exact.astype("M8[ms]"), first_days):
            shown = iter(np.datetime_as_string(exact, unit="s" if unit == "ms" else unit))
            return [str(next(shown)).removesuffix("T00:00:00") if filled else None for filled in known]
    example = np.datetime_as_string(first_days[0], unit="D")
    raise ValueError(f"column {name} holds weeks, quarters or half-years; write text such as {example}")
