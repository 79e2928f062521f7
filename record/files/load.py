"""The way of every table: read, judge column by column and rule by rule, then type."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import repeat

import pandas as pd

from ...common.errors import Fault, raise_faults
from .codebook import Table
from .read import FilePath, frame_of, read_cells, shipped
from .schema import column_faults, typed, whole_numbers

#: A table, or the file that it stands in.
type TableOrFile = pd.DataFrame | FilePath
Rule = Callable[[pd.DataFrame], Iterable[Fault]]
#: Rows whose cells are made Python's texts at once, which take several times the memory of those of a frame.
_AT_ONCE = 1 << 15
#: From a frame of text to one that is written otherwise, and what could not be.
Convert = Callable[[pd.DataFrame], tuple[pd.DataFrame, list[Fault]]]


def as_it_is(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """A frame without any change.

    Examples
    --------
    >>> as_it_is(pd.DataFrame({"x": ["1"]}))[1]
    []
    """
    return frame, []


def as_table(table: TableOrFile | None, load: Callable[[FilePath | None], pd.DataFrame]) -> pd.DataFrame:
    """Table given as a value, or loaded from the file that is named; None is the shipped one.

    Parameters
    ----------
    table
        What a user gave; a table of another kind stays what it is.
    load
        The loader of such tables, such as `servanda.record.load_guarantees`.

    Raises
    ------
    InputError
        As `load`.

    Examples
    --------
    >>> from servanda.record import load_track_record
    >>> len(as_table(None, load_track_record)), len(as_table(pd.DataFrame({"actor": ["A"]}), load_track_record))
    (155, 1)
    """
    return load(table) if table is None or isinstance(table, str | os.PathLike) else table


def load_table(
    path: FilePath | None,
    table: Table,
    rules: Sequence[Rule] = (),
    *,
    missing: str | Sequence[str] = (),
    convert: Convert = as_it_is,
) -> pd.DataFrame:
    """Typed table of the record; a faulty file is refused with all its faults.

    Parameters
    ----------
    path
        A file, see `read_cells`; None for the shipped one.
    table
        What it should be.
    rules
        Functions that look at more than one cell. They get the cells as text, indexed by line, and may
        meet missing columns and bad cells: those are reported elsewhere.
    missing
        Texts that stand for a missing cell in this file.
    convert
        Writes cells otherwise before anything is judged.

    Returns
    -------
    DataFrame
        See `servanda.record.files.schema.typed`.

    Raises
    ------
    InputError
        With every fault, its row and its column.

    Examples
    --------
    >>> from servanda.record.files.codebook import CRISES
    >>> load_table(None, CRISES).shape
    (416, 2)
    """
    if path is None and not rules and not missing and convert is as_it_is:
        return _shipped_as_it_is(table).copy()
    return _judged(path, table, rules, missing, convert)


@cache
def _shipped_as_it_is(table: Table) -> pd.DataFrame:
    """Shipped table without rules of its own, read once: nothing changes it while a program runs."""
    return _judged(None, table, (), (), as_it_is)


def _judged(
    path: FilePath | None, table: Table, rules: Sequence[Rule], missing: str | Sequence[str], convert: Convert
) -> pd.DataFrame:
    cells = read_cells(shipped(f"{table.name}.csv") if path is None else path, missing)
    name, unreadable, frame = cells.name, cells.faults, frame_of(cells)
    # What was read is not held beside the frame, which may be large.
    del cells
    frame, unknown = convert(whole_numbers(frame, table))
    unread = {(fault.line, fault.where) for fault in unreadable}
    faults = [*unreadable, *unknown]
    # A cell that could not be read is empty, which is no fault besides.
    faults += [fault for fault in column_faults(frame, table) if (fault.line, fault.where) not in unread]
    # A row that could not be split into cells is not in the frame, and counts over the rest would mislead.
    for rule in () if unreadable else (partial(_repeated, table=table), *rules):
        faults.extend(rule(frame))
    raise_faults(name, faults)
    return typed(frame, table)


def rows(frame: pd.DataFrame, names: Iterable[str] | None = None) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a frame of text, each with its line.

    Parameters
    ----------
    frame
        Text, indexed by line.
    names
        Columns that are asked for, where they are in the frame; all by default. Each costs time.

    Yields
    ------
    tuple of int and dict
        The line and its cells by column.

    Examples
    --------
    >>> list(rows(pd.DataFrame({"x": ["1"]}, index=[2])))
    [(2, {'x': '1'})]
    """
    held = frame if names is None else frame[[name for name in names if name in frame]]
    keys = [str(name) for name in held.columns]
    for start in range(0, len(held), _AT_ONCE):
        part = held.iloc[start : start + _AT_ONCE]
        # A column at a time: pandas takes as long for each cell of text as Python for a row.
        columns = [part.iloc[:, place].tolist() for place in range(len(keys))]
        cells = zip(*columns, strict=True) if keys else repeat(())
        for line, values in zip(part.index.tolist(), cells, strict=bool(keys)):
            yield line, dict(zip(keys, values, strict=True))


def _repeated(frame: pd.DataFrame, table: Table) -> Iterator[Fault]:
    if not set(table.key) <= set(frame.columns):
        return
    first: dict[tuple[str, ...], int] = {}
    for line, row in rows(frame, table.key):
        key = tuple(row[name] for name in table.key)
        if all(key) and first.setdefault(key, line) != line:
            named = ", ".join(map(repr, key))
            place = table.key[0] if len(table.key) == 1 else ""
            yield Fault.at(line, place, f"repeats the {table.row} of row {first[key]} ({named}); each may stand once")
