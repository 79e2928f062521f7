"""Tables that say more about the cases: the one way in which each is loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from ..common.errors import Fault, InputError, nearest
from .cases import known_cases, load_guarantees
from .files.codebook import Table
from .files.load import Convert, Rule, TableOrFile, as_it_is, as_table, load_table, rows
from .files.read import FilePath


def load_related(
    path: FilePath | None,
    table: Table,
    rules: Sequence[Callable[[pd.DataFrame], Rule]] = (),
    *,
    as_of: str | dt.date | None,
    cases: TableOrFile | None,
    missing: str | Sequence[str] = (),
    convert: Convert = as_it_is,
) -> pd.DataFrame:
    """Table with a ``case_id``, checked against the cases and cut to those known on a day.

    Parameters
    ----------
    path
        A file, see `read_table`; None for the shipped one.
    table
        What it should be.
    rules
        Each makes a rule of the cases, such as `every_case`. That every ``case_id`` is one of them is always held.
    as_of
        See `load_guarantees`; None keeps all.
    cases
        From `load_guarantees`, not cut by a date, or their file; None for the shipped ones.
    missing, convert
        See `load_table`.

    Returns
    -------
    DataFrame
        The rows in the order of the file, typed, numbered from 0.

    Raises
    ------
    InputError
        With every fault of the file; or when no case, or none in the table, was known by `as_of`.

    Examples
    --------
    >>> from servanda.record.files.codebook import CRISES
    >>> len(load_related(None, CRISES, [every_case], as_of="1845", cases=None))
    7
    """
    of_cases = as_table(cases, load_guarantees)
    judges = [rule_for(of_cases) for rule_for in (_known_ids, *rules)]
    loaded = load_table(path, table, judges, missing=missing, convert=convert)
    if as_of is None:
        return loaded
    kept = loaded.loc[loaded["case_id"].isin(known_cases(of_cases, as_of)["case_id"])].reset_index(drop=True)
    if kept.empty:
        raise InputError("as_of", [Fault("", f"no case of this table was known by {as_of}; give a later day")])
    return kept


def every_case(cases: pd.DataFrame) -> Rule:
    """Rule that no case is left out.

    Parameters
    ----------
    cases
        From `load_guarantees`, not cut by a date.

    Returns
    -------
    Rule
        For `servanda.record.files.load.load_table`.

    Examples
    --------
    >>> rule = every_case(load_guarantees().head(1))
    >>> [fault.what for fault in rule(pd.DataFrame({"case_id": ["x"]}, index=[2]))]
    ["case 'prt_1826_gbr' has no row; add one"]
    """

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        if "case_id" in frame:
            present = set(frame["case_id"])
            for name in cases["case_id"]:
                if name not in present:
                    yield Fault("", f"case {name!r} has no row; add one")

    return rule


def _known_ids(cases: pd.DataFrame) -> Rule:
    ids = dict.fromkeys(cases["case_id"])

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        for line, row in rows(frame, ("case_id",)):
            name = row.get("case_id", "")
            if name and name not in ids:
                yield Fault.at(line, "case_id", f"{name!r} is no case{nearest(name, ids)}")

    return rule
