"""From a file of any size to counted patterns: equal cases are coded and counted once, in one pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ...common.progress import Progress, shown
from ..errors import DataError
from ..network.network import Network
from ..network.toml import as_network
from ..node import Node, as_text
from .encode import (
    BLANK_MEMBER,
    DATA_SET,
    MISSING,
    SHOWN,
    Cases,
    bad_cells,
    coder,
    data_column,
    missing_group,
    named_once,
    needed_columns,
    table_faults,
    unused_columns,
)
from .files import open_cases

if TYPE_CHECKING:
    import pyarrow as pa

#: Distinct patterns waiting to be merged.
WAITING = 1 << 20
#: Columns of a counted table: the first row that shows a pattern, and how many do.
TALLY = ("row", "count")


def count_cases(
    network: Network | str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    unobserved: str | Iterable[str] = (),
    strict: bool = False,
    progress: bool | Progress | None = None,
) -> Cases:
    r"""Read the cases of a Parquet or CSV file, or of a folder of Parquet files, as counted patterns.

    What a cell means is as in `encode`; in CSV every cell is text, and only an empty one is missing. The file is
    read batch by batch, and memory follows the number of distinct patterns.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file: it gives states and codings.
    path
        The file; the ending of its name says what it is. Columns that no node needs are not read, but for
        `data_set`, which says from which data set a case comes.
    unobserved, strict
        As in `encode`.
    progress
        As in `servanda.models.fit`. Rows read are told of Parquet, which says how many there are; CSV would have to be
        read once more for that.

    Returns
    -------
    Cases
        One case for each distinct pattern, in the order in which they first appear, with how many rows show it. A
        pattern is named after the first row that does (1 is the first row of the file).

    Raises
    ------
    NetworkError
        As `servanda.models.load_network`.
    DataError
        If it cannot be read; or listing every node without a column, and every cell that is no state, by row number
        and column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "days.csv")
    ...     _ = path.write_text("day,rain\nMon,yes\nTue,no\nWed,yes\n")
    ...     cases = count_cases(network, path)
    >>> cases.labels, cases.codes["rain"], cases.weights
    (('1', '2'), array([1, 0]), array([2, 1]))
    """
    network = as_network(network).with_latent(unobserved)
    columns, batches, total = open_cases(path, needed_columns(network))
    nodes = {node.name: _NodeColumn(node) for node in network.nodes if data_column(node) in columns}
    groups = {name: _GroupColumn(column) for name, column in network.group_columns.items() if column in columns}
    sets = _GroupColumn(DATA_SET)
    named = DATA_SET not in map(data_column, network.nodes)
    with shown(progress) as tell:
        counted, rows = _count(
            _told(_noting(batches, sets) if named else batches, total, tell),
            {f"node {n}": c for n, c in nodes.items()} | {f"group {n}": c for n, c in groups.items()},
        )
    faults = table_faults(network, columns, rows, strict=strict)
    faults += [fault for column in nodes.values() for fault in column.faults()]
    for name, column in network.group_columns.items():
        faults += groups[name].faults() if name in groups else [missing_group(name, column, columns)]
    raise_faults(str(path), faults, DataError)
    counted = counted.sort_by(TALLY[0])
    codes = {
        name: counted[f"node {name}"].to_numpy() if name in nodes else np.full(len(counted), MISSING)
        for name in network.names
    }
    members, levels = {}, {}
    for name, column in groups.items():
        # Members were numbered as they came; from here on by name.
        levels[name] = tuple(sorted(column.known))
        place = {member: number for number, member in enumerate(levels[name])}
        numbers = np.array([place[member] for member in column.known])
        members[name] = numbers[counted[f"group {name}"].to_numpy()]
    labels = tuple(map(str, counted[TALLY[0]].to_pylist()))
    unused = unused_columns(network, columns)
    return Cases(codes, members, levels, labels, counted[TALLY[1]].to_numpy(), named_once(sets.known), unused)


def _told(batches: Iterator[pa.RecordBatch], total: int, progress: Progress) -> Iterator[pa.RecordBatch]:
    """Hand on every batch, and tell how many rows were read, where it is known how many there are."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        if total:
            progress("reading cases", done, total)


def _noting(batches: Iterator[pa.RecordBatch], sets: _GroupColumn) -> Iterator[pa.RecordBatch]:
    """Hand on every batch, and remember the data sets that its cases come from."""
    for batch in batches:
        if sets.name in batch.schema.names:
            sets.code(batch.column(sets.name), np.arange(len(batch)))
        yield batch


class _NodeColumn:
    """Codes a node's cells batch by batch, and remembers those that are no state."""

    def __init__(self, node: Node) -> None:
        self.name = data_column(node)
        self._code = coder(node)
        self._bad: dict[Any, _Seen] = {}

    def code(self, cells: pa.Array, numbers: np.ndarray) -> np.ndarray:
        values, places = _distinct(cells)
        coded = np.full(len(values) + 1, MISSING)
        for place, value in enumerate(values):
            if _is_blank(value):
                continue
            try:
                coded[place] = self._code(value)
            except ValueError as error:
                self._bad.setdefault(value, _Seen(str(error))).add(numbers[places == place])
        return coded[places]

    def faults(self) -> list[Fault]:
        return [bad_cells(seen.rows, seen.total, self.name, seen.what) for seen in self._bad.values() if seen.total]


class _GroupColumn:
    """Numbers a group's members as they come, and remembers cells that name none."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known: dict[str, int] = {}
        self._blank = _Seen(BLANK_MEMBER)

    def code(self, cells: pa.Array, numbers: np.ndarray) -> np.ndarray:
        values, places = _distinct(cells)
        coded = np.full(len(values) + 1, MISSING)
        for place, value in enumerate(values):
            if not _is_null(value):
                coded[place] = self.known.setdefault(as_text(value), len(self.known))
        members = coded[places]
        self._blank.add(numbers[members == MISSING])
        return members

    def faults(self) -> list[Fault]:
        blank = self._blank
        return [bad_cells(blank.rows, blank.total, self.name, blank.what)] if blank.total else []


class _Seen:
    """How often something was seen, and the first rows that showed it."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.total = 0
        self.rows: list[int] = []

    def add(self, rows: np.ndarray) -> None:
        self.total += len(rows)
        self.rows += rows[: SHOWN - len(self.rows)].tolist()


def _distinct(cells: pa.Array) -> tuple[list[Any], np.ndarray]:
    """Give the distinct values of a column, and the place of each cell among them (one past the last: null)."""
    import pyarrow as pa

    encoded: Any = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    return values, encoded.indices.cast(pa.int64()).fill_null(len(values)).to_numpy(zero_copy_only=False)


def _is_blank(value: Any) -> bool:
    return _is_null(value) or (isinstance(value, str) and not value.strip())


def _is_null(value: Any) -> bool:
    # As for a data frame, NaN is a cell without a value; nothing else differs from itself.
    return value is None or value != value


def _count(
    batches: Iterator[pa.RecordBatch], columns: Mapping[str, _NodeColumn | _GroupColumn]
) -> tuple[pa.Table, int]:
    """Code every batch, and count equal rows: a column of numbers for each of `columns`, the first row, the count."""
    import pyarrow as pa

    rows = 0
    found = [_merged([], list(columns))]
    for batch in batches:
        numbers = np.arange(rows + 1, rows + 1 + len(batch))
        coded = {name: column.code(batch.column(column.name), numbers) for name, column in columns.items()}
        one = pa.table({**coded, TALLY[0]: numbers, TALLY[1]: np.ones(len(batch), np.int64)})
        found.append(_merged([one], list(columns)))
        rows += len(batch)
        if sum(map(len, found)) > max(WAITING, 2 * len(found[0])):
            found = [_merged(found, list(columns))]
    return _merged(found, list(columns)), rows


def _merged(tables: list[pa.Table], keys: list[str]) -> pa.Table:
    """Count equal rows of coded tables as one."""
    import pyarrow as pa

    empty = pa.schema([(name, pa.int64()) for name in [*keys, *TALLY]]).empty_table()
    grouped = pa.concat_tables([empty, *tables]).group_by(keys).aggregate([(TALLY[0], "min"), (TALLY[1], "sum")])
    return grouped.rename_columns({f"{TALLY[0]}_min": TALLY[0], f"{TALLY[1]}_sum": TALLY[1]}).select(empty.column_names)
