"""Who stood behind each commitment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from ..common.errors import Fault
from .files.actors import Scheme, converted, warn_of_spelling
from .files.codebook import BACKERS
from .files.load import Rule, TableOrFile, rows
from .files.read import FilePath
from .related import load_related

# The last year of the capability data; later tests carry its values.
LAST_CINC = 2022


def load_backers(
    path: FilePath | None = None,
    *,
    as_of: str | dt.date | None = None,
    cases: TableOrFile | None = None,
    missing: str | Sequence[str] = (),
    countries: Scheme | None = None,
) -> pd.DataFrame:
    """Backers of each commitment: who stood behind it, the obligor included.

    Parameters
    ----------
    path
        A file, see `read_table`; None for the shipped one.
    as_of
        Keep only the cases known on this day, see `load_guarantees`.
    cases
        The cases it speaks of, from `load_guarantees` and not cut by a date, or their file; None for the
        shipped ones. A case need
        have no list: 204 of the shipped ones have none yet.
    missing, countries
        Texts that stand for a missing cell in your file, and how it writes backers, see `load_guarantees`.

    Returns
    -------
    DataFrame
        One row a case and backer (912 in the shipped record, for 212 cases). ``is_obligor`` and
        ``p5`` are bool, ``cinc`` is a share of the world from 0 to 1.

    Raises
    ------
    InputError
        With every fault of the file; or when no case was known by `as_of`.

    Warns
    -----
    RecordWarning
        Where your file writes one actor in several ways, or otherwise than the record.

    Examples
    --------
    >>> backers = load_backers()
    >>> len(backers), int(backers["is_obligor"].sum())
    (912, 212)
    """
    convert = partial(converted, column="backer", scheme=countries, date="cinc_year")
    rules = [_one_obligor, _each_backer]
    backers = load_related(path, BACKERS, rules, as_of=as_of, cases=cases, missing=missing, convert=convert)
    if path is not None:
        warn_of_spelling(backers["backer"], "backer")
    return backers


def counts_that_differ(backers: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Cases whose list of backers is not as long as their count of guarantors.

    Parameters
    ----------
    backers
        From `load_backers`.
    cases
        From `load_guarantees`.

    Returns
    -------
    DataFrame
        ``case_id``, ``listed`` and ``guarantors`` where there is a list and the two differ. It is no fault: some
        lists cannot be completed by name (seven in the shipped record).

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> len(counts_that_differ(load_backers(), load_guarantees()))
    7
    """
    listed = backers["case_id"].value_counts().reindex(cases["case_id"]).astype("Int64").array
    both = cases[["case_id"]].assign(listed=listed, guarantors=cases["guarantors"])
    return both.loc[(both["listed"] != both["guarantors"]) & both["listed"].notna()].reset_index(drop=True)


@dataclass(frozen=True)
class _Case:
    obligor: str
    beneficiaries: frozenset[str]
    tested_year: int


def _case_table(cases: pd.DataFrame) -> dict[str, _Case]:
    facts = cases[["case_id", "obligor", "beneficiary", "tested_year"]]
    return {
        name: _Case(obligor, frozenset(part.strip() for part in beneficiary.split(";")), int(year))
        for name, obligor, beneficiary, year in facts.itertuples(index=False)
    }


def _is_yes(text: str | None) -> bool:
    return (text or "").lower() in {"1", "true"}


def _one_obligor(cases: pd.DataFrame) -> Rule:
    known = _case_table(cases)

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        if not {"case_id", "backer", "is_obligor"} <= set(frame.columns):
            return
        marked: dict[str, list[tuple[int, str]]] = {name: [] for name in frame["case_id"] if name in known}
        for line, row in rows(frame):
            if row["case_id"] in known and _is_yes(row["is_obligor"]):
                marked[row["case_id"]].append((line, row["backer"]))
        for name, found in marked.items():
            yield from _obligor_faults(name, known[name].obligor, found)

    return rule


def _obligor_faults(name: str, obligor: str, found: list[tuple[int, str]]) -> Iterator[Fault]:
    if not found:
        yield Fault("", f"case {name!r} has no obligor row; expected one for {obligor!r}")
    for line, backer in found:
        if backer != obligor:
            yield Fault.at(line, "backer", f"{backer!r} is not the obligor of {name!r}; expected {obligor!r}")
    for line, _ in found[1:]:
        yield Fault.at(line, "is_obligor", f"is the second obligor of {name!r}; expected one")


def _each_backer(cases: pd.DataFrame) -> Rule:
    known = _case_table(cases)

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        for line, row in rows(frame):
            for name, complaint in _ROW_RULES.items():
                what = complaint(row, known.get(row.get("case_id", "")))
                if what:
                    yield Fault.at(line, name, what)

    return rule


def _no_beneficiary(row: Mapping[str, str], case: _Case | None) -> str:
    listed = case is not None and row.get("backer", "") in case.beneficiaries
    return f"{row['backer']!r} is the beneficiary of the case, who does not count as a backer" if listed else ""


def _tie_fits(row: Mapping[str, str], _case: _Case | None) -> str:
    is_obligor, tie = _is_yes(row.get("is_obligor")), row.get("tie", "")
    if is_obligor and tie:
        return f"{tie!r} stands on an obligor row; leave it empty"
    return "" if is_obligor or tie or "tie" not in row else "is empty; only an obligor has no tie"


def _share_of_state(row: Mapping[str, str], _case: _Case | None) -> str:
    foreign = row.get("cinc") and row.get("kind") in {"organisation", "non_state"}
    return f"{row['cinc']!r} stands on a backer that is no state; leave it empty" if foreign else ""


def _year_of_share(row: Mapping[str, str], case: _Case | None) -> str:
    share, year = row.get("cinc", ""), row.get("cinc_year", "")
    if bool(share) != bool(year) and {"cinc", "cinc_year"} <= set(row):
        return "must be given where cinc is, and nowhere else"
    if case is None or not year.isdigit():
        return ""
    expected = min(case.tested_year, LAST_CINC)
    # A newer release of the capability data may reach the test itself.
    if expected <= int(year) <= case.tested_year:
        return ""
    return f"{year!r} is not the year of the test; expected {expected}"


def _seat_of_state(row: Mapping[str, str], _case: _Case | None) -> str:
    foreign = _is_yes(row.get("p5")) and row.get("kind") in {"organisation", "non_state"}
    return "is 1 on a backer that is no state; expected 0" if foreign else ""


# What must hold within a row of backers.csv, by the column that a message names.
_ROW_RULES: Mapping[str, Callable[[Mapping[str, str], _Case | None], str]] = {
    "backer": _no_beneficiary,
    "tie": _tie_fits,
    "cinc": _share_of_state,
    "cinc_year": _year_of_share,
    "p5": _seat_of_state,
}
