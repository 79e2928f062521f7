"""Who stands behind a commitment, and not only how many: facts of each list of backers, and of a supposed list.

All facts are about the obligor and the others who stand with it at one test (codebook of backers):

====================  ======================================================================================
``capability``        sum of the shares of world capability (CINC) of all of them, the obligor included
``strongest_ratio``   share of the strongest other backer, in shares of the obligor; missing where it is alone
``strongest_backer``  the same in levels: none, weaker (below a half), equal (to twice), stronger
``rival_backer``      whether a rival of the obligor is among the others
``permanent_backer``  whether a permanent member of the Security Council is among the others; before 1945 a
                      major power
``organisation``      whether one of them, the obligor included, is an organisation
====================  ======================================================================================

Organisations, non-state actors and a few states have no capability in the data. Where one of them is on the list its
sum and its strongest member are not known, and the cells are missing: nobody counts as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..common.errors import Fault, raise_faults
from .backers import load_backers
from .cases import load_guarantees
from .files.codebook import ORGANISATIONS
from .files.load import TableOrFile, as_table

#: Levels of ``strongest_backer`` above none, and the ratio at which each begins: a factor of two either way is equal.
STRENGTHS: tuple[tuple[str, float], ...] = (("weaker", 0.0), ("equal", 0.5), ("stronger", 2.0))
#: Permanent members of the Security Council, and the year from which each sat (China: Beijing).
PERMANENT = {"FRA": 1945, "GBR": 1945, "RUS": 1945, "USA": 1945, "CHN": 1971}
COUNCIL = 1945
NO_YES = ("no", "yes")
LEVELS: dict[str, tuple[str, ...]] = {
    "strongest_backer": ("none", *(level for level, _ in STRENGTHS)),
    "rival_backer": NO_YES,
    "permanent_backer": NO_YES,
    "organisation": NO_YES,
}


@dataclass(frozen=True)
class Backer:
    """An actor as one on a list of backers; None where the record does not say.

    Parameters
    ----------
    name
        Its code.
    capability
        Share of world capability, from 0 to 1.
    rival
        Whether it is a rival of the obligor.
    permanent
        Whether it is a permanent member of the Security Council or, before 1945, a major power.
    organisation
        Whether it is an organisation.
    """

    name: str
    capability: float | None
    rival: bool | None
    permanent: bool | None
    organisation: bool


def facts_by_case(backers: pd.DataFrame | None = None) -> pd.DataFrame:
    """Facts of the backers of each case.

    Parameters
    ----------
    backers
        From `load_backers`; None for the shipped record.

    Returns
    -------
    DataFrame
        Indexed by ``case_id``, in the order of `backers`, with the columns of this module's table. Levels are
        categorical; missing where a capability is missing.

    Examples
    --------
    >>> facts_by_case().loc["lond1840_gbr", ["strongest_backer", "rival_backer", "permanent_backer"]].tolist()
    ['weaker', 'no', 'yes']
    """
    return _framed(_listed(load_backers() if backers is None else backers))


def _listed(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Facts of every case that has a list."""
    rows: dict[str, list[tuple[bool, Backer]]] = {}
    wanted = table[["case_id", "backer", "kind", "is_obligor", "p5", "tie", "cinc"]]
    for case, name, kind, own, p5, tie, cinc in wanted.itertuples(index=False):
        share = None if pd.isna(cinc) else float(cinc)
        member = Backer(name, share, tie == "rival_of_obligor", bool(p5), kind == "organisation")
        rows.setdefault(case, []).append((bool(own), member))
    return {
        case: _facts(next(one for own, one in listed if own), [one for own, one in listed if not own])[0]
        for case, listed in rows.items()
    }


def _alone(cases: pd.DataFrame, table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Facts of every case that has no list and needs none: its only guarantor is the obligor (codebook, section 4)."""
    bare = ~cases["case_id"].isin(table["case_id"]) & (cases["guarantors"] == 1).fillna(value=False)
    organisations = ORGANISATIONS.union(table["backer"][table["kind"] == "organisation"])
    return {
        case: _facts(Backer(obligor, None, None, None, obligor in organisations), [])[0]
        for case, obligor in cases.loc[bare, ["case_id", "obligor"]].itertuples(index=False)
    }


def _framed(facts: dict[str, dict[str, Any]]) -> pd.DataFrame:
    found = pd.DataFrame.from_dict(facts, orient="index").rename_axis("case_id")
    numbers = {name: pd.to_numeric(found[name]) for name in ("capability", "strongest_ratio")}
    levels = {name: pd.Categorical(found[name], list(known), ordered=True) for name, known in LEVELS.items()}
    return found.assign(**numbers, **levels)


def with_backers(cases: TableOrFile, backers: TableOrFile | None = None) -> pd.DataFrame:
    """Cases with the facts of their backers.

    Parameters
    ----------
    cases
        From `load_guarantees`, of any date, or their file.
    backers
        From `load_backers`, or their file; None for the shipped record. A case without a list whose count of guarantors
        is one has the obligor alone, of unknown capability; any other case without a list gets missing cells.

    Returns
    -------
    DataFrame
        `cases` with the columns that `facts_by_case` gives and with ``institution``: whether an organisation is on
        the list, or the commitment is a resolution of the Security Council. Columns of these names are replaced.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> with_backers(load_guarantees())["institution"].value_counts().to_dict()
    {'no': 331, 'yes': 47}
    """
    cases, table = as_table(cases, load_guarantees), as_table(backers, load_backers)
    derived = _framed({**_listed(table), **_alone(cases, table)}).reindex(cases["case_id"].to_numpy())
    added = {str(name): derived[str(name)].array for name in derived}
    inside = derived["organisation"].astype(object).to_numpy()
    resolved = (cases["legal_form"] == "unsc_resolution").to_numpy()
    institution = ["yes" if by_text else known for by_text, known in zip(resolved, inside, strict=True)]
    return cases.assign(**added, institution=pd.Categorical(institution, list(NO_YES), ordered=True))


def backer_facts(
    backers: Sequence[str],
    obligor: str,
    year: int,
    *,
    record: TableOrFile | None = None,
    cases: TableOrFile | None = None,
) -> dict[str, Any]:
    """Facts of a supposed list of backers, for a scenario.

    A capability is the latest that the record holds of that state at or before `year`. A rival is one coded so where
    the two last met in the record by then, whichever of them was the obligor. Permanent members are those of the
    Charter; before 1945, states last coded as a major power.

    Parameters
    ----------
    backers
        The others, as the record codes them, e.g. ``["CHN", "RUS"]``.
    obligor
        Whose promise it is.
    year
        Year of the supposed test.
    record, cases
        From `load_backers` and `load_guarantees`, or their files; None for the shipped ones.

    Returns
    -------
    dict
        The facts of this module's table, None where the record does not say; ``guarantors``, their number with the
        obligor; ``figures``: actor -> its capability and the year of that figure; ``unknown``: fact -> the actors for
        want of whom it is not known.

    Raises
    ------
    InputError
        If a backer is named twice, or is the obligor.

    Examples
    --------
    >>> facts = backer_facts(["CHN", "RUS"], "USA", 2019)
    >>> facts["guarantors"], facts["strongest_backer"], facts["rival_backer"], facts["permanent_backer"]
    (3, 'equal', 'yes', 'yes')
    >>> backer_facts(["MNG"], "USA", 2019)["unknown"]["capability"]
    ('MNG',)
    """
    raise_faults("backers", _list_faults(backers, obligor))
    memory = _Memory.of(as_table(record, load_backers), as_table(cases, load_guarantees), year)
    own, *others = (memory.backer(name, obligor) for name in (obligor, *backers))
    facts, unknown = _facts(own, others)
    figures = {name: memory.figures[name] for name in (obligor, *backers) if name in memory.figures}
    return {"guarantors": len(backers) + 1, **facts, "figures": figures, "unknown": unknown}


def known_backers(
    obligors: Sequence[str],
    year: int,
    *,
    record: TableOrFile | None = None,
    cases: TableOrFile | None = None,
) -> dict[str, tuple[Backer, ...]]:
    """Every actor that the record knows, as a backer of each of some obligors: what `backer_facts` goes by.

    Parameters
    ----------
    obligors
        Codes of those whose promise it may be; one that the record does not know is left out.
    year, record, cases
        As in `backer_facts`.

    Returns
    -------
    dict
        Obligor -> the actors by code, itself among them.

    Examples
    --------
    >>> known = {one.name: one for one in known_backers(["USA"], 2019)["USA"]}
    >>> known["CHN"].rival, known["CHN"].permanent, known["OAU"].capability
    (True, True, None)
    """
    backers, facts = as_table(record, load_backers), as_table(cases, load_guarantees)
    memory, known = _Memory.of(backers, facts, year), sorted({*backers["backer"], *facts["obligor"]})
    return {one: tuple(memory.backer(name, one) for name in known) for one in obligors if one in known}


def _list_faults(backers: Sequence[str], obligor: str) -> Iterator[Fault]:
    for name in sorted({name for name in backers if list(backers).count(name) > 1}):
        yield Fault(name, "is named twice; name each backer once")
    if obligor in backers:
        yield Fault(obligor, "is the obligor; name only the others")


@dataclass(frozen=True)
class _Memory:
    """What the record says of each actor, and of each pair, at the latest by some year."""

    figures: dict[str, tuple[float, int]]
    major: dict[str, bool]
    rivals: dict[frozenset[str], bool]
    organisations: frozenset[str]
    year: int

    @classmethod
    def of(cls, record: pd.DataFrame, cases: pd.DataFrame, year: int) -> _Memory:
        facts = cases[["case_id", "obligor", "tested_year"]]
        both = record[["case_id", "backer", "kind", "p5", "tie", "cinc", "cinc_year"]].merge(facts, "inner")
        known = both.loc[both["tested_year"] <= year].sort_values("tested_year", kind="stable")
        figures: dict[str, tuple[float, int]] = {}
        major: dict[str, bool] = {}
        met: dict[frozenset[str], tuple[int, bool]] = {}
        for row in known.to_dict("records"):
            name = row["backer"]
            if pd.notna(row["cinc"]):
                figures[name] = (float(row["cinc"]), int(row["cinc_year"]))
            major[name] = bool(row["p5"])
            if pd.notna(row["tie"]):
                pair, rival = frozenset({name, row["obligor"]}), row["tie"] == "rival_of_obligor"
                last, before = met.get(pair, (0, False))
                met[pair] = (row["tested_year"], rival or (before and last == row["tested_year"]))
        organisations = frozenset(record["backer"][record["kind"] == "organisation"])
        return cls(figures, major, {pair: rival for pair, (_, rival) in met.items()}, organisations, year)

    def backer(self, name: str, obligor: str) -> Backer:
        share = self.figures[name][0] if name in self.figures else None
        organisation = name in self.organisations
        if self.year >= COUNCIL or organisation:  # an organisation has no seat, nor was one a major power
            permanent = PERMANENT.get(name, self.year + 1) <= self.year
        else:
            permanent = self.major.get(name)
        return Backer(name, share, self.rivals.get(frozenset({name, obligor})), permanent, organisation)


def _facts(obligor: Backer, others: Sequence[Backer]) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Facts of a list, and for each that is not known the actors for want of whom it is not."""
    everyone = [obligor, *others]
    blank = tuple(one.name for one in everyone if one.capability is None)
    shares = [one.capability for one in others if one.capability is not None]
    whole, strongest, ratio = None, None if others else "none", None
    if not blank:
        whole = sum(shares, obligor.capability or 0.0)
        if others and obligor.capability:
            ratio = max(shares) / obligor.capability
            strongest = [level for level, least in STRENGTHS if ratio >= least][-1]
    rival, no_tie = _any(others, lambda one: one.rival)
    permanent, no_seat = _any(others, lambda one: one.permanent)
    organisation, _ = _any(everyone, lambda one: one.organisation)
    facts = {
        "capability": whole,
        "strongest_ratio": ratio,
        "strongest_backer": strongest,
        "rival_backer": rival,
        "permanent_backer": permanent,
        "organisation": organisation,
    }
    lacking = {
        "capability": blank,
        "strongest_ratio": blank if others else (),
        "strongest_backer": blank if others else (),
        "rival_backer": no_tie,
        "permanent_backer": no_seat,
    }
    return facts, {name: actors for name, actors in lacking.items() if actors}


def _any(listed: Sequence[Backer], fact: Callable[[Backer], bool | None]) -> tuple[str | None, tuple[str, ...]]:
    """Whether a fact holds of one of them at least, and if that is not known, of whom it is not."""
    answers = {one.name: fact(one) for one in listed}
    if any(answers.values()):
        return "yes", ()
    blank = tuple(name for name, answer in answers.items() if answer is None)
    return (None, blank) if blank else ("no", ())
