"""Columns of files that know types, by the libraries that read them, which are imported when one is met."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pandas as pd

#: Name of a column, and its values.
Column = tuple[str, Iterable[object]]

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

    table = pq.ParquetFile(pa.BufferReader(data)).read()
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
    # The reader takes nothing but the name of a file.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.sav")
        path.write_bytes(data)
        table = pd.read_spss(path)
    return [(str(name), _values(column)) for name, column in table.items()]


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
