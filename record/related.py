"""Tables that say more about the cases: what they share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from ..common.errors import Fault, InputError, nearest
from .cases import known_cases, load_guarantees
from .files.load import Rule, rows


def cases_or_shipped(cases: pd.DataFrame | None) -> pd.DataFrame:
    """Give `cases`, or the shipped ones when there are none.

    Parameters
    ----------
    cases
        From `load_guarantees`, or None.

    Returns
    -------
    DataFrame
        One row a case.

    Examples
    --------
    >>> len(cases_or_shipped(None))
    212
    """
    return load_guarantees() if cases is None else cases


def known_ids(cases: pd.DataFrame) -> Rule:
    """Make the rule that every ``case_id`` is one of `cases`.

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
    >>> rule = known_ids(load_guarantees())
    >>> [fault.what for fault in rule(pd.DataFrame({"case_id": ["bav_1871"]}, index=[2]))]
    ["'bav_1871' is no case; did you mean 'bav_1870'?"]
    """
    ids = dict.fromkeys(cases["case_id"])

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        for line, row in rows(frame):
            name = row.get("case_id", "")
            if name and name not in ids:
                yield Fault.at(line, "case_id", f"{name!r} is no case{nearest(name, ids)}")

    return rule


def every_case(cases: pd.DataFrame) -> Rule:
    """Make the rule that no case is left out.

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


def of_known_cases(table: pd.DataFrame, cases: pd.DataFrame, as_of: str | dt.date | None) -> pd.DataFrame:
    """Keep the rows of the cases known on a day.

    Parameters
    ----------
    table
        Has a ``case_id``.
    cases
        From `load_guarantees`, not cut by a date.
    as_of
        See `load_guarantees`; None keeps all.

    Returns
    -------
    DataFrame
        The rows, in order, numbered from 0.

    Raises
    ------
    InputError
        When no case, or none in `table`, was known by then.

    Examples
    --------
    >>> len(of_known_cases(load_guarantees(), load_guarantees(), "1845"))
    2
    """
    if as_of is None:
        return table
    kept = table.loc[table["case_id"].isin(known_cases(cases, as_of)["case_id"])].reset_index(drop=True)
    if kept.empty:
        raise InputError("as_of", [Fault("", f"no case of this table was known by {as_of}; give a later day")])
    return kept
