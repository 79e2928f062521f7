"""The second coding of the cases, made without sight of the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pandas as pd

from .codebook import SECOND_CODING
from .companions import cases_or_shipped, known_ids, of_known_cases
from .dates import span_or_none
from .findings import Finding
from .frames import column
from .load import Rule, load_table, repeated, rows
from .read import FilePath

# The coding rules name these cases and so gave their outcome away (codebook, section 10).
NOT_BLIND = (
    "ajp_1914_jpn",
    "bel_1914_gbr",
    "grc_1940_gbr",
    "abm_1983_rus",
    "abm_2002_usa",
    "twn_1979_usa",
    "os_2020_usa",
    "inf_2019_usa",
    "cfe_2007_rus",
    "newstart_2023_rus",
    "jcpoa_2018_usa",
    "jcpoa_2019_irn",
    "bud_2014_gbr",
    "bud_2014_usa",
    "bud_2022_gbr",
    "bud_2022_usa",
    "austria_1956_rus",
    "abacc_bra",
    "indpak_ind",
    "indpak_pak",
)


def load_second_coding(
    path: FilePath | None = None,
    *,
    as_of: str | dt.date | None = None,
    cases: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Load the second coding.

    Parameters
    ----------
    path
        A CSV or Parquet file; None for the shipped one.
    as_of
        Keep only the cases known on this day, see `load_guarantees`.
    cases
        The cases it speaks of, from `load_guarantees` and not cut by a date; None for the shipped ones.

    Returns
    -------
    DataFrame
        One row a case, typed as in `load_guarantees`, with ``blind`` (bool): False for the 20 cases
        whose outcome the rules gave away, which have no place in a figure of agreement on the outcome.

    Raises
    ------
    InputError
        With every fault of the file; or when no case was known by `as_of`.

    Examples
    --------
    >>> int(load_second_coding()["blind"].sum())
    192
    """
    of_cases = cases_or_shipped(cases)
    rules = [
        partial(repeated, columns=["case_id"], what="case"),
        known_ids(of_cases),
        _outcome_after_test(of_cases),
    ]
    coded = load_table(path, SECOND_CODING, rules)
    return of_known_cases(coded.assign(blind=~column(coded, "case_id").isin(NOT_BLIND)), of_cases, as_of)


def _outcome_after_test(cases: pd.DataFrame) -> Rule:
    tested = dict(zip(cases["case_id"], cases["tested_year"], strict=True))

    def rule(frame: pd.DataFrame) -> Iterator[Finding]:
        for line, row in rows(frame):
            outcome, test = span_or_none(row.get("outcome_year", "")), tested.get(row.get("case_id", ""))
            if outcome and test and outcome[0].year < test:
                what = f"{row['outcome_year']!r} lies before the test of the case ({test})"
                yield Finding(line, "outcome_year", what)

    return rule
