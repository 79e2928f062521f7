"""The way of every table: read, judge column by column and rule by rule, then type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial

import pandas as pd

from ...common.errors import Fault, raise_faults
from .codebook import Table
from .read import FilePath, frame_of, read_cells, shipped
from .schema import column_faults, typed, whole_numbers

Rule = Callable[[pd.DataFrame], Iterable[Fault]]
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
    frame, unknown = convert(whole_numbers(frame_of(cells), table))
    unread = {(fault.line, fault.where) for fault in cells.faults}
    faults = [*cells.faults, *unknown]
    # A cell that could not be read is empty, which is no fault besides.
    faults += [fault for fault in column_faults(frame, table) if (fault.line, fault.where) not in unread]
    # A row that could not be split into cells is not in the frame, and counts over the rest would mislead.
    for rule in () if cells.faults else (partial(_repeated, table=table), *rules):
        faults.extend(rule(frame))
    raise_faults(cells.name, faults)
    return typed(frame, table)


def rows(frame: pd.DataFrame) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a frame of text, each with its line.

    Parameters
    ----------
    frame
        Text, indexed by line.

    Yields
    ------
    tuple of int and dict
        The line and its cells by column.

    Examples
    --------
    >>> list(rows(pd.DataFrame({"x": ["1"]}, index=[2])))
    [(2, {'x': '1'})]
    """
    names = [str(name) for name in frame.columns]
    # A column at a time: pandas takes as long for each cell of text as Python for a row.
    columns = [frame.iloc[:, place].tolist() for place in range(len(names))]
    for line, values in zip(frame.index.tolist(), zip(*columns, strict=True), strict=bool(names)):
        yield line, dict(zip(names, values, strict=True))


def _repeated(frame: pd.DataFrame, table: Table) -> Iterator[Fault]:
    if not set(table.key) <= set(frame.columns):
        return
    first: dict[tuple[str, ...], int] = {}
    for line, row in rows(frame):
        key = tuple(row[name] for name in table.key)
        if all(key) and first.setdefault(key, line) != line:
            named = ", ".join(map(repr, key))
            place = table.key[0] if len(table.key) == 1 else ""
            yield Fault.at(line, place, f"repeats the {table.row} of row {first[key]} ({named}); each may stand once")
