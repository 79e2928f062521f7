"""The check of a file of any of the record's kinds, known by its columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..common.errors import Fault, InputError
from ..common.files import path_text
from .backers import counts_that_differ, load_backers
from .cases import load_guarantees
from .crises import load_crises
from .files.actors import RecordWarning, Scheme, spelling_remarks
from .files.codebook import NO_SOURCE, TABLES, Table
from .files.load import TableOrFile, as_table
from .files.read import FilePath, read_cells, read_columns
from .second_coding import load_second_coding
from .sources import Source, load_sources
from .track import load_track_record

_ALIKE_ENOUGH = 0.3


@dataclass(frozen=True)
class CheckedFile:
    """File that passed its check.

    Parameters
    ----------
    name
        Name of the file.
    table
        What it is: a table of the record, or ``sources``.
    rows
        How many rows or entries it has.
    remarks
        What its owner may want to know; none of it is a fault.

    Examples
    --------
    >>> CheckedFile("mine.csv", "guarantees", 3, ()).table
    'guarantees'
    """

    name: str
    table: str
    rows: int
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Context:
    cases: TableOrFile | None
    sources: FilePath | Mapping[str, Source] | None
    missing: str | Sequence[str]
    countries: Scheme | None


def check_file(
    path: FilePath,
    *,
    cases: TableOrFile | None = None,
    sources: FilePath | Mapping[str, Source] | None = None,
    missing: str | Sequence[str] = (),
    countries: Scheme | None = None,
) -> CheckedFile:
    """Verdict on a file of any of the record's kinds, recognised by its columns.

    Parameters
    ----------
    path
        A file with a table of the record (see `read_table`), or a BibTeX file (``.bib``).
    cases
        For backers, crises and a second coding, the cases they speak of, from `load_guarantees`, or their file;
        None for the shipped ones.
    sources
        For guarantees and track records, a bibliography to look the source keys up in; None to leave
        them unchecked.
    missing, countries
        Texts that stand for a missing cell in the file, and how it writes actors, see `load_guarantees`.

    Returns
    -------
    CheckedFile
        What the file is, and remarks.

    Raises
    ------
    InputError
        With every fault, its row and its column; or when the file is no table of the record.

    Examples
    --------
    >>> from servanda.record.files.read import shipped
    >>> checked = check_file(shipped("track_record.csv"))
    >>> checked.table, checked.rows
    ('track_record', 155)
    """
    name = Path(path_text(path)).name
    if Path(path).suffix.lower() == ".bib":
        return CheckedFile(name, "sources", len(load_sources(path)), ())
    table = _recognised(path)
    context = _Context(cases, sources, missing, countries)
    with warnings.catch_warnings():
        # What a loader warns of is a remark here.
        warnings.simplefilter("ignore", RecordWarning)
        frame = _LOADERS[table.name](path, context)
    remarks = (
        *_spelling(frame, table),
        *_own_columns(frame, table),
        *_REMARKS.get(table.name, _no_remarks)(frame, context),
    )
    return CheckedFile(name, table.name, len(frame), remarks)


def _recognised(path: FilePath) -> Table:
    columns = set(read_columns(path))

    def likeness(table: Table) -> float:
        expected = set(table.required) | (columns & {*table.names, *table.derived})
        return len(columns & expected) / len(columns | expected)

    best = max(TABLES.values(), key=likeness)
    if likeness(best) < _ALIKE_ENOUGH:
        # What is wrong with the file itself comes first.
        columns = set(read_cells(path).columns)
        kinds = ", ".join(TABLES)
        found = ", ".join(sorted(columns)[:12])
        what = f"its columns ({found}) are those of no table of the record; expected one of {kinds}"
        raise InputError(Path(path).name, [Fault("", what)])
    return best


# A new table is one line here.
_LOADERS: Mapping[str, Callable[[FilePath, _Context], pd.DataFrame]] = {
    "guarantees": lambda path, given: load_guarantees(
        path, sources=given.sources, missing=given.missing, countries=given.countries
    ),
    "track_record": lambda path, given: load_track_record(
        path, sources=given.sources, missing=given.missing, countries=given.countries
    ),
    "second_coding": lambda path, given: load_second_coding(path, cases=given.cases, missing=given.missing),
    "backers": lambda path, given: load_backers(
        path, cases=given.cases, missing=given.missing, countries=given.countries
    ),
    "crises": lambda path, given: load_crises(path, cases=given.cases, missing=given.missing),
}


def _spelling(frame: pd.DataFrame, table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.kind == "actor":
            yield from spelling_remarks(frame[column.name], column.name)


def _own_columns(frame: pd.DataFrame, table: Table) -> tuple[str, ...]:
    own = [str(name) for name in frame if name not in {*table.names, *table.derived}]
    return (f"columns unknown to the codebook, kept as text: {', '.join(own)}",) if own else ()


def _no_remarks(_frame: pd.DataFrame, _context: _Context) -> tuple[str, ...]:
    return ()


def _source_remarks(_frame: pd.DataFrame, context: _Context) -> tuple[str, ...]:
    return () if context.sources is not None else ("source keys were not checked: no bibliography was given",)


def _case_remarks(frame: pd.DataFrame, context: _Context) -> tuple[str, ...]:
    doubted = frame["doubted"].tolist().count(True)
    in_doubt = (f"{doubted} of {len(frame)} cases are doubted",) if doubted else ()
    bare = frame["sourced"].tolist().count(False)
    unsourced = f"{bare} of {len(frame)} cases rest on no source (key {NO_SOURCE}): a draft for review"
    return (*_source_remarks(frame, context), *in_doubt, *((unsourced,) if bare else ()))


def _backer_remarks(frame: pd.DataFrame, context: _Context) -> tuple[str, ...]:
    cases = as_table(context.cases, load_guarantees)
    differ = counts_that_differ(frame, cases)["case_id"].tolist()
    bare = len(set(cases["case_id"]) - set(frame["case_id"]))
    told = f"another number of backers than guarantors counts, in {len(differ)} cases: {', '.join(differ)}"
    no_list = f"{bare} of {len(cases)} cases have no list of backers"
    return (*((told,) if differ else ()), *((no_list,) if bare else ()))


_REMARKS: Mapping[str, Callable[[pd.DataFrame, _Context], tuple[str, ...]]] = {
    "guarantees": _case_remarks,
    "track_record": _source_remarks,
    "backers": _backer_remarks,
}
