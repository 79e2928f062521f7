"""The second coding of the cases, made without sight of the first, and the two side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from ..common.errors import Fault, raise_faults
from .cases import load_guarantees
from .ex_ante import ex_ante_rule
from .files.codebook import EX_ANTE, SECOND_CODING
from .files.dates import as_day, span_or_none
from .files.load import Rule, TableOrFile, as_table, rows
from .files.read import FilePath
from .related import load_related

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
#: What stands before the name of a column that the second coder filled.
PREFIX = "second_"
#: What is of no use beside the first coding.
_NOT_BESIDE = ("case_id", "note", "ex_ante_note")
#: What a coder who knew the outcome cannot tell again.
_GIVEN_AWAY = ("outcome", "outcome_year", "confidence")
#: What speaks of one coding only, or of one coder.
_NOT_COMPARED = ("case_id", "outcome_year", "confidence", "note", "ex_ante_confidence", "ex_ante_note")


def load_second_coding(
    path: FilePath | None = None,
    *,
    as_of: str | dt.date | None = None,
    cases: TableOrFile | None = None,
    missing: str | Sequence[str] = (),
) -> pd.DataFrame:
    """Second coding of the cases, made without sight of the first.

    Parameters
    ----------
    path
        A file, see `read_table`; None for the shipped one.
    as_of
        Keep only the cases known on this day, see `load_guarantees`.
    cases
        The cases it speaks of, from `load_guarantees` and not cut by a date; None for the shipped ones.
    missing
        Texts that stand for a missing cell in your file, see `load_guarantees`.

    Returns
    -------
    DataFrame
        One row a case, typed as in `load_guarantees`, with ``blind`` (bool): False for the 20 cases
        whose outcome the rules gave away, which have no place in a figure of agreement on the outcome. The columns
        of the day before were coded without sight of any outcome, in these cases too.

    Raises
    ------
    InputError
        With every fault of the file; or when no case was known by `as_of`.

    Examples
    --------
    >>> int(load_second_coding()["blind"].sum())
    396
    """
    coded = load_related(
        path, SECOND_CODING, [_outcome_after_test, _day_before], as_of=as_of, cases=cases, missing=missing
    )
    return coded.assign(blind=~coded["case_id"].isin(NOT_BLIND))


def with_second_coding(
    cases: TableOrFile, second: TableOrFile | None = None, *, as_of: str | dt.date | None = None
) -> pd.DataFrame:
    """Cases with their second coding beside the first.

    Parameters
    ----------
    cases
        From `load_guarantees`, or their file; a cut by a date stands, since only the second codings of these cases are
        taken.
    second
        From `load_second_coding`, or its file; None for the shipped one. Without a column ``blind`` all of it is blind.
    as_of
        The day that `cases` was cut to. A second coder may date an outcome otherwise than the first: one of a later
        year is left blank.

    Returns
    -------
    DataFrame
        The cases, with ``second_outcome``, ``second_confidence`` and the like for every column coded twice, and
        ``second_blind`` (boolean). A case that was not coded again is blank in all of them. A case whose outcome
        the second coder knew (``second_blind`` False) is blank in ``second_outcome``, ``second_outcome_year`` and
        ``second_confidence``: it is no reading of its own. Its other columns were coded without sight of the first
        coding, and stand.

    Raises
    ------
    InputError
        When `second` lacks a column, repeats a case, or codes none of the cases; when `cases` has such columns already.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> cases = with_second_coding(load_guarantees(as_of="2019-04-25"))
    >>> cases[["outcome", "second_outcome", "second_blind"]].iloc[[182, 183]].to_dict("list")
    {'outcome': ['complied', 'partial'], 'second_outcome': [nan, 'partial'], 'second_blind': [False, True]}
    """
    cases, second = as_table(cases, load_guarantees), as_table(second, load_second_coding)
    raise_faults("second coding", _pairing_faults(cases, second))
    coded = [name for name in SECOND_CODING.names if name in second and name not in _NOT_BESIDE]
    blind = second["blind"] if "blind" in second else second["case_id"].notna()
    hidden = ~blind.astype("bool")
    if as_of is not None and "outcome_year" in second:
        hidden |= second["outcome_year"] > as_day(as_of).year
    kept = second[["case_id", *coded]].assign(blind=blind.astype("boolean"))
    if "outcome_year" in coded:
        kept = kept.assign(outcome_year=kept["outcome_year"].astype("Int64"))
    kept = kept.assign(**{name: kept[name].mask(hidden) for name in _GIVEN_AWAY if name in coded})
    kept = kept.rename(columns={name: f"{PREFIX}{name}" for name in (*coded, "blind")})
    return cases.merge(kept, on="case_id", how="left", validate="many_to_one")


def coder_agreement(cases: TableOrFile, second: TableOrFile | None = None) -> pd.DataFrame:
    """Agreement of the two codings, column by column: share of cases coded alike, and Cohen's kappa.

    Kappa is (a - e) / (1 - e), with the share a of cases coded alike and the share e that two coders would code alike
    by chance who use each level as often as these two did.

    Parameters
    ----------
    cases
        From `load_guarantees`, or their file; agreement is over these cases.
    second
        From `load_second_coding`, or its file; None for the shipped one.

    Returns
    -------
    DataFrame
        Indexed by ``column``: ``cases`` compared, ``share`` and ``kappa`` (missing where both coders use one level
        only). A case counts where both coders filled the column, on the outcome only where the second was blind. In
        the columns of the day before a blank is a code of its own (nobody is confronted, no state), and a case
        counts where both coders filled any of them.

    Raises
    ------
    InputError
        As `with_second_coding`.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> coder_agreement(load_guarantees()).loc[["outcome", "regime", "price"]].round(2)
             cases  share  kappa
    column
    outcome    396   0.90   0.85
    regime     416   0.97   0.96
    price      416   0.97   0.96
    """
    beside = with_second_coding(cases, second)
    names = [name for name in SECOND_CODING.names if name not in _NOT_COMPARED and f"{PREFIX}{name}" in beside]
    codes = {name: _codes(beside, name) for name in names if name in beside}
    day_before = [column.name for column in EX_ANTE if column.name in codes]
    then = _any_filled(codes, day_before, beside.index)
    found = {
        name: _alike(both.loc[then] if name in day_before else both.loc[(both != "").all(axis=1)])
        for name, both in codes.items()
    }
    table = pd.DataFrame.from_dict(found, orient="index", columns=["cases", "share", "kappa"])
    return table.rename_axis("column").astype({"cases": "int64", "share": "float64", "kappa": "float64"})


def _codes(beside: pd.DataFrame, name: str) -> pd.DataFrame:
    """Codes of a column by both coders, as text; empty where there is none."""
    first, second = (beside[column].astype("string").fillna("") for column in (name, f"{PREFIX}{name}"))
    return pd.DataFrame({"first": first, "second": second})


def _any_filled(codes: Mapping[str, pd.DataFrame], names: list[str], index: pd.Index) -> pd.Series:
    """Whether each case has a code of both coders in any of some columns."""
    filled = pd.DataFrame(data=False, index=index, columns=["first", "second"])
    for name in names:
        filled |= codes[name] != ""
    return filled.all(axis=1)


def _alike(both: pd.DataFrame) -> tuple[int, float, float]:
    if both.empty:
        return 0, float("nan"), float("nan")
    share = float(np.mean((both["first"] == both["second"]).to_numpy()))
    used = pd.DataFrame({coder: both[coder].value_counts(normalize=True) for coder in both}).fillna(0)
    chance = float(np.dot(used["first"].to_numpy(), used["second"].to_numpy()))
    return len(both), share, (share - chance) / (1 - chance) if chance < 1 else float("nan")


def _pairing_faults(cases: pd.DataFrame, second: pd.DataFrame) -> Iterator[Fault]:
    for name in ("case_id", "outcome", "confidence"):
        if name not in second:
            yield Fault(f"column {name}", "is missing; give what load_second_coding returns")
    there = [str(name) for name in cases if str(name).startswith(PREFIX)]
    if there:
        yield Fault(f"column {there[0]}", "is in the cases already; give them as load_guarantees returns them")
    if "case_id" not in cases:
        yield Fault("cases, column case_id", "is missing; give what load_guarantees returns")
    elif "case_id" in second:
        ids = second["case_id"]
        twice = ids[ids.duplicated()].tolist()
        if twice:
            yield Fault("column case_id", f"holds case '{twice[0]}' twice; keep one row of it")
        if set(ids).isdisjoint(cases["case_id"]):
            yield Fault("column case_id", "holds none of the cases; load the second coding that belongs to them")


def _day_before(cases: pd.DataFrame) -> Rule:
    obligors = dict(zip(cases["case_id"], cases["obligor"], strict=True))
    return ex_ante_rule(lambda row: obligors.get(row.get("case_id", ""), ""))


def _outcome_after_test(cases: pd.DataFrame) -> Rule:
    tested = dict(zip(cases["case_id"], cases["tested_year"], strict=True))

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        for line, row in rows(frame, ("outcome_year", "case_id")):
            outcome, test = span_or_none(row.get("outcome_year", "")), tested.get(row.get("case_id", ""))
            if outcome and test and outcome[0].year < test:
                what = f"{row['outcome_year']!r} lies before the test of the case ({test})"
                yield Fault.at(line, "outcome_year", what)

    return rule
