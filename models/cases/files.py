"""Files of cases, read batch by batch: Parquet, a folder of it, or CSV."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault, nearest, raise_faults
from ..errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows read at a time.
BATCH = 1 << 18
#: What a file holds -> the pieces in which it is read.
PIECES: Mapping[str, Callable[[Any], list[Any]]] = {
    "parquet": lambda fragment: fragment.split_by_row_group(),
    "csv": lambda fragment: [fragment],
}
#: Ending of a file's name -> what it holds; a folder holds Parquet files.
FORMATS: Mapping[str, str] = {".parquet": "parquet", ".pq": "parquet", "": "parquet", ".csv": "csv"}


def open_cases(path: str | os.PathLike[str], wanted: Sequence[str]) -> tuple[list[str], Iterator[pa.RecordBatch], int]:
    """Names of a file's columns, the batches of those that are wanted and there, and how many rows it has.

    Parameters
    ----------
    path
        The file, or a folder of Parquet files; the ending of its name says what it is.
    wanted
        Names of the columns that are read. In CSV their cells are text, and only an empty one is missing.

    Returns
    -------
    columns : list of str
    batches : iterator of pyarrow.RecordBatch
    rows : int
        0 of CSV, which does not say.

    Raises
    ------
    DataError
        If it cannot be read, or a file of a folder lacks a wanted column that the first has.
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.dataset as ds

    place = Path(path)
    kind = FORMATS.get(place.suffix.lower())
    if not place.exists():
        raise DataError(str(path), [Fault("", "there is no such file")])
    if kind is None:
        endings = ", ".join(ending for ending in FORMATS if ending)
        raise DataError(str(path), [Fault("", f"has an ending that says nothing of its format; expected {endings}")])
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    formats = {"parquet": ds.ParquetFileFormat, "csv": lambda: ds.CsvFileFormat(convert_options=convert)}
    unreadable = f"cannot be read as {kind}"
    try:
        dataset = ds.dataset(place, format=formats[kind]())
        # Of Parquet this reads the ends of the files.
        total = dataset.count_rows() if kind == "parquet" else 0
    except (pa.ArrowException, OSError) as error:
        raise _refusal(path, unreadable, error) from None
    columns = list(dataset.schema.names)
    raise_faults(str(path), _unlike(dataset, wanted), DataError)

    def batches() -> Iterator[pa.RecordBatch]:
        # A row group at a time, so that memory stays that of one: a scan of a whole file is read as fast as it can be,
        # and waits in memory until it is counted.
        needed = [name for name in dict.fromkeys(wanted) if name in columns]
        try:
            for fragment in dataset.get_fragments():
                for part in PIECES[kind](fragment):
                    yield from part.to_batches(
                        schema=dataset.schema, columns=needed, batch_size=BATCH, batch_readahead=2
                    )
        except (pa.ArrowException, OSError) as error:
            raise _refusal(path, unreadable, error) from None

    return columns, batches(), total


def _unlike(dataset: Any, wanted: Sequence[str]) -> Iterator[Fault]:
    """Say which files of a folder lack a column that the first has: their cells would count as blank."""
    needed = [name for name in wanted if name in dataset.schema.names]
    for fragment in dataset.get_fragments():
        there = fragment.physical_schema.names
        for name in (one for one in needed if one not in there):
            unused = [column for column in there if column not in needed]
            what = f"has no column '{name}', which the first file has{nearest(name, unused)}"
            yield Fault(f"file {Path(fragment.path).name}", what)


def _refusal(path: str | os.PathLike[str], what: str, error: Exception) -> DataError:
    # Arrow's messages run over several lines; the first says what is wrong.
    return DataError(str(path), [Fault("", f"{what} ({str(error).splitlines()[0].rstrip('.')})")])
