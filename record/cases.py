"""The cases: one obligor under one guarantee at one test."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..common.errors import Fault, InputError
from .disputed import load_disputed
from .ex_ante import ex_ante_rule
from .files.actors import Scheme, converted, same_actor, warn_of_spelling
from .files.codebook import CRISES, GREAT_POWERS, GUARANTEES, NO_SOURCE, OUTCOME
from .files.dates import as_day, earliest, latest, span_or_none
from .files.load import TableOrFile, as_table, load_table, rows
from .files.read import FilePath, read_table
from .history import PastCase, past_defections
from .sources import Source, known_sources

#: Name of the shipped record, as a prior set's `based_on` has it.
DATA_SET = "servanda-guarantees"
_PAST = "obligor_past_defections"
#: What past defections are counted from.
COUNTED = ("obligor", "guarantee_id", "tested_year", "outcome_year", "outcome")
#: What together is one case, whatever it is called.
_ONE_CASE = ("guarantee_id", "obligor", "tested")
_DAYS_A_YEAR = 365.2425


def load_guarantees(
    path: FilePath | None = None,
    *,
    as_of: str | dt.date | None = None,
    sources: FilePath | Mapping[str, Source] | None = None,
    missing: str | Sequence[str] = (),
    countries: Scheme | None = None,
) -> pd.DataFrame:
    """Cases of guarantees put to the test, checked against the codebook.

    Parameters
    ----------
    path
        A file with the codebook's columns (CSV, Parquet, Stata or SPSS, see `read_table`); None for the shipped
        record. In your own file ``obligor_past_defections``, ``crisis`` and the columns of the day before (from
        ``leadership_change`` to ``ex_ante_note``) may be left out, and columns of your own may be added.
    as_of
        Keep only what was known on this day: ``YYYY``, ``YYYY-MM`` (their last day), ``YYYY-MM-DD`` or a
        date. A case is known when its test had begun, read at its earliest, and its outcome year is not
        later than the year of `as_of`. An ``ended`` that may lie after the day is blanked, and past
        defections are counted again from the cases that are left.
    sources
        A BibTeX file, or what `load_sources` gives, that must hold every key in ``sources``. The
        shipped record is held to its own bibliography; your own file is not checked if this is None.
    missing
        Texts that stand for a missing cell in your file, such as ``("NA", ".")``. What looks like such a code and
        was not declared is a fault.
    countries
        How your file writes obligors: ``cow`` (numbers or letters of Correlates of War), ``gw`` (of Gleditsch and
        Ward), ``iso3`` (in any case) or ``name`` (in one of several languages). They become the record's codes;
        other words, such as the name of an organisation, stay. None takes them as they are.

    Returns
    -------
    DataFrame
        One row a case (416 in the shipped record), in the order of the file. Besides the codebook's
        columns: ``tested_year`` (int), ``tested_from`` (first day the test may have begun, datetime64),
        ``years_since_signing`` (float, years from ``signed`` to ``tested``, both read at their earliest, and never
        below 0), ``crisis`` (the shock a case belongs to; in your own file without it, the guarantee and the year),
        ``sourced`` (bool: a source is named; False for the 204 cases coded from general knowledge, a draft for
        review) and ``doubted`` (bool: confidence is low, or sections 8 or 11 of the codebook dispute the row,
        see `load_disputed`). Dates are text as in the file, levels are categorical and ordered where the
        codebook orders them, counts are Int64 with missing values. ``attrs["data_sets"]`` names the shipped record.
        ``stakes`` and ``power_ratio`` were judged afterwards: they describe, and are no parent of anything that
        predicts. What could be known the day before stands in the eight columns from ``leadership_change`` to
        ``ally_interest`` (codebook, section 13).

    Raises
    ------
    InputError
        With every fault of the file, its row and its column; a case that stands twice under two names is one. Or
        when no case was known by `as_of`.

    Warns
    -----
    RecordWarning
        Where your file writes one actor in several ways, or otherwise than the record, and so makes several of it.

    Examples
    --------
    >>> cases = load_guarantees()
    >>> len(cases), cases["guarantee_id"].nunique()
    (416, 273)
    >>> int(load_guarantees(as_of="1914")["outcome_year"].max())
    1914
    """
    as_shipped = path is None and sources is None and not missing and countries is None
    cases = _shipped() if as_shipped else _judged(path, sources, missing, countries)
    if path is not None:
        warn_of_spelling(cases["obligor"], "obligor")
    spoken_for = _spoken_for(cases)
    if as_of is not None:
        cases = known_cases(cases, as_of)
    counted = past_defections(_past_cases(cases), spoken_for)
    cases = _with_crisis(cases.assign(**{_PAST: pd.array(counted, dtype="Int64")}), path)
    own = [str(name) for name in cases if name not in {*GUARANTEES.names, *GUARANTEES.derived}]
    cases = cases.loc[:, [*GUARANTEES.names, *own, *GUARANTEES.derived]]
    if path is None:
        # So that a prior that was made from the record is refused with it; see `servanda.models.fit`.
        cases.attrs["data_sets"] = [DATA_SET]
    return cases


def as_case_table(cases: Any, as_of: str | dt.date | None = None) -> Any:
    """Table of cases as it was given, or read from a file: by the codebook where it is laid out by it, else as it is.

    Parameters
    ----------
    cases
        A table of any kind, or the path of a file.
    as_of
        The day as of which a file is read that is laid out by the codebook; nothing else says what was known when.

    Returns
    -------
    DataFrame
        Of a file; a table that was given stays what it is.

    Raises
    ------
    InputError
        As `load_guarantees` and `read_table`.

    Examples
    --------
    >>> as_case_table({"kept": ["yes"]})
    {'kept': ['yes']}
    """
    return as_table(cases, partial(_by_its_layout, as_of))


def _by_its_layout(as_of: str | dt.date | None, path: FilePath | None) -> pd.DataFrame:
    if path is None:
        return load_guarantees(as_of=as_of)
    frame = read_table(path)
    if in_layout(frame):
        return load_guarantees(path, as_of=as_of)
    # A fault then names the file.
    frame.attrs["source"] = Path(path).name
    return frame


def in_layout(table: pd.DataFrame) -> bool:
    """Whether a table has more than half of the columns that the codebook requires of guarantees.

    Examples
    --------
    >>> in_layout(load_guarantees()), in_layout(pd.DataFrame({"case_id": ["a"]}))
    (True, False)
    """
    required = GUARANTEES.required
    return 2 * len(set(table.columns).intersection(required)) > len(required)


def _judged(
    path: FilePath | None,
    sources: FilePath | Mapping[str, Source] | None = None,
    missing: str | Sequence[str] = (),
    countries: Scheme | None = None,
) -> pd.DataFrame:
    rules = [_same_case, _dates_in_order, _past_agrees, _day_before, known_sources(path, sources)]
    convert = partial(converted, column="obligor", scheme=countries, date="tested")
    return _derived(load_table(path, GUARANTEES, rules, missing=missing, convert=convert))


@cache
def _shipped() -> pd.DataFrame:
    """Shipped cases of all years, judged once: nothing changes the file while a program runs."""
    return _judged(None)


def known_cases(cases: pd.DataFrame, as_of: str | dt.date) -> pd.DataFrame:
    """Cases known on a day, with the ends that lay ahead blanked.

    Parameters
    ----------
    cases
        From `load_guarantees`.
    as_of
        See `load_guarantees`.

    Returns
    -------
    DataFrame
        The known rows, in order, numbered from 0. Past defections stand as they were.

    Raises
    ------
    InputError
        When no case was known by then.

    Examples
    --------
    >>> known_cases(load_guarantees(), "1830")["case_id"].tolist()
    ['prt_1826_gbr', 'm_treaty_of_london_for_the_pac_1827_gbr']
    """
    day = as_day(as_of)
    known_from = [*map(_known_from, cases["tested_from"], cases["outcome_year"])]
    known = cases.loc[[first <= day for first in known_from]].reset_index(drop=True)
    if known.empty:
        first = min(known_from)
        raise InputError(
            "as_of",
            [Fault("", f"no case was known by {day}; the first is known from {first}: give a later day")],
        )
    ended = known["ended"]
    ahead = [isinstance(text, str) and latest(text) > day for text in ended]
    return known.assign(ended=ended.mask(pd.Series(ahead, index=known.index)))


def past_defections_of(cases: TableOrFile, actor: str, year: int) -> int | None:
    """Past defections of an actor, as a case tested in `year` would carry them.

    Parameters
    ----------
    cases
        What `load_guarantees` gives, cut to what is known, or a file that it reads.
    actor
        Obligor, as the record codes it.
    year
        Year of the supposed test.

    Returns
    -------
    int or None
        Distinct guarantees broken from 20 years to one year before; None where the record holds no case of an
        actor that is no great power, and so is silent about its past.

    Examples
    --------
    >>> past_defections_of(load_guarantees(as_of="2019-04-25"), "PRK", 2019)
    4
    """
    cases = as_table(cases, load_guarantees)
    rows_of_actor = cases["obligor"].tolist().count(actor)
    asked = PastCase(actor, "", year, year, defected=False)
    spoken_for = GREAT_POWERS | ({actor} if rows_of_actor > 1 else set())
    # The supposed case must not make an actor with a single row look like one the file knows.
    counted = past_defections([*_past_cases(cases), asked], spoken_for)[-1]
    return counted if actor in spoken_for else None


def recount_past(cases: pd.DataFrame, known: np.ndarray) -> pd.DataFrame:
    """Count past defections again from some of the cases, as if no other had been coded.

    Parameters
    ----------
    cases
        What `load_guarantees` gives. Cases without the columns of the count are given back as they are.
    known
        Whether each case may be counted, shape (cases,).

    Returns
    -------
    DataFrame
        Every row with the count that the known cases give: of an actor with a single known case that is no great power
        the file would be silent, and so is the count.

    Examples
    --------
    >>> cases = load_guarantees(as_of="1914")
    >>> int(recount_past(cases, np.zeros(len(cases), bool))["obligor_past_defections"].max())
    0
    """
    if not {_PAST, *COUNTED} <= set(cases.columns):
        return cases
    obligors = cases["obligor"].to_numpy(object)
    appearances = Counter(obligors[known])
    spoken_for = _spoken_for(cases) | {name for name, count in appearances.items() if count > 1}
    facts = [
        replace(case, defected=case.defected and bool(counts))
        for case, counts in zip(_past_cases(cases), known, strict=True)
    ]
    counted = [
        count if name in spoken_for else None
        for name, count in zip(obligors, past_defections(facts, spoken_for), strict=True)
    ]
    return cases.assign(**{_PAST: pd.array(counted, dtype="Int64")})


def _known_from(tested_from: pd.Timestamp, outcome_year: int) -> dt.date:
    return max(tested_from.date(), dt.date(int(outcome_year), 1, 1))


def _derived(cases: pd.DataFrame) -> pd.DataFrame:
    first_days = [earliest(text) for text in cases["tested"]]
    ages = [(day - earliest(text)).days / _DAYS_A_YEAR for day, text in zip(first_days, cases["signed"], strict=True)]
    disputed = cases["case_id"].isin(load_disputed()["case_id"])
    return cases.assign(
        tested_year=[day.year for day in first_days],
        # Microseconds reach back to the year 1; nanoseconds only to 1677.
        tested_from=pd.Series(first_days, index=cases.index).astype("datetime64[us]"),
        # Of partial dates the test may seem to lie before the signing.
        years_since_signing=np.maximum(ages, 0.0),
        sourced=[any(key.strip() != NO_SOURCE for key in keys.split(";")) for keys in cases["sources"]],
        doubted=disputed | (cases["confidence"] == "low"),
    )


def _with_crisis(cases: pd.DataFrame, path: FilePath | None) -> pd.DataFrame:
    if path is None:
        shocks = load_table(None, CRISES)
        crisis_of = dict(zip(shocks["case_id"], shocks["crisis"], strict=True))
        return cases.assign(crisis=[crisis_of[name] for name in cases["case_id"]])
    own = cases["guarantee_id"] + "_" + cases["tested_year"].astype("str")
    return cases.assign(crisis=cases["crisis"].fillna(own))


def _spoken_for(cases: pd.DataFrame) -> frozenset[str]:
    """Name the actors whose single row may carry a count: the great powers and those given one."""
    single = ~cases["obligor"].duplicated(keep=False)
    return GREAT_POWERS | frozenset(cases.loc[single & cases[_PAST].notna(), "obligor"])


def _past_cases(cases: pd.DataFrame) -> Iterator[PastCase]:
    facts = cases[list(COUNTED)]
    for obligor, guarantee, tested, ended, outcome in facts.itertuples(index=False):
        yield PastCase(obligor, guarantee, int(tested), int(ended), defected=outcome == "defected")


def _same_case(frame: pd.DataFrame) -> Iterator[Fault]:
    """Find cases that stand twice: they would count twice."""
    if not set(_ONE_CASE) <= set(frame.columns):
        return
    first: dict[tuple[str, ...], tuple[int, str]] = {}
    for line, row in rows(frame, ("case_id", *_ONE_CASE)):
        case = (row["guarantee_id"], same_actor(row["obligor"]), row["tested"])
        name = row.get("case_id", "")
        before, other = first.setdefault(case, (line, name))
        # The same case_id is the fault of another rule.
        if all(case) and before != line and name != other:
            what = (
                f"{name!r} is the case {other!r} of row {before} again: guarantee_id, obligor and tested are the same, "
                "and it would count twice; drop one of the rows, or give the later test its own date"
            )
            yield Fault.at(line, "case_id", what)


def _dates_in_order(frame: pd.DataFrame) -> Iterator[Fault]:
    names = ("signed", "tested", "ended", "outcome_year")
    for line, row in rows(frame, names):
        signed, tested, ended, outcome = (span_or_none(row.get(name, "")) for name in names)
        if tested is None:
            continue
        # Partial dates contradict each other only when no reading of them is in order.
        if signed and signed[0] > tested[1]:
            yield Fault.at(line, "signed", f"{row['signed']!r} lies after the test ({row['tested']!r})")
        if outcome and outcome[1] < tested[0]:
            yield Fault.at(line, "outcome_year", f"{row['outcome_year']!r} lies before the test ({row['tested']!r})")
        if ended and ended[1] < tested[0]:
            yield Fault.at(line, "ended", f"{row['ended']!r} lies before the test ({row['tested']!r})")


_day_before = ex_ante_rule(lambda row: row.get("obligor", ""))


def _past_agrees(frame: pd.DataFrame) -> Iterator[Fault]:
    """Compare stated past defections with the count; a count over bad cells would mislead."""
    if _PAST not in frame:
        return
    found = [_past_case_or_none(row) for _, row in rows(frame, ("tested", *COUNTED))]
    if None in found:
        return
    sound = [case for case in found if case is not None]
    counted = past_defections(sound, frozenset(case.obligor for case in sound))
    for line, stated, count in zip(frame.index, frame[_PAST], counted, strict=True):
        if stated.isdigit() and int(stated) != count:
            what = (
                f"{stated!r} contradicts the file, which holds {count} (codebook, section 5): "
                "correct it or drop the column"
            )
            yield Fault.at(line, _PAST, what)


def _past_case_or_none(row: Mapping[str, str]) -> PastCase | None:
    tested, ended = span_or_none(row.get("tested", "")), span_or_none(row.get("outcome_year", ""))
    names = row.get("obligor"), row.get("guarantee_id")
    if tested is None or ended is None or not all(names) or row.get("outcome") not in OUTCOME:
        return None
    obligor, guarantee = (str(name) for name in names)
    return PastCase(obligor, guarantee, tested[0].year, ended[0].year, defected=row["outcome"] == "defected")
