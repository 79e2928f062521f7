"""Influence of single crises and guarantees: what an answer would be if the record did not hold them.

A draw of the fit weighs one over the probability that it gives to the unit that is left out; the weights are smoothed
and their shape says whether they can be trusted (Pareto-smoothed importance sampling, as in leave-one-out: Vehtari,
Gelman and Gabry 2017, doi 10.1007/s11222-016-9696-4). Effects that only the unit speaks of, such as that of a guarantee
all of whose cases are left out, are integrated out. A unit whose weights fail can be left out of a fit of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ...common.progress import Progress, followed
from ...models.cases.encode import CASE_ID, Cases
from ...models.errors import DataError
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.refit import blocks_of, blocks_with, cases_of, picked_blocks, without_cases
from ...models.sampling.scoring import members_inside, row_scores, scored_draws
from ..summaries.importance import (
    good_k,
    leave_out_weights,
    likelihood_efficiency,
    systematic_picks,
    weighted_quantiles,
)
from ..summaries.likelihood_words import Lexicon, load_lexicon
from ..summaries.summary import INTERVAL
from ..summaries.units import units_of

if TYPE_CHECKING:
    import pandas as pd

#: What is left out in turn, where it is not said otherwise.
UNITS = ("crisis", "guarantee")


@dataclass(frozen=True)
class WithoutIt:
    """An answer without a unit.

    Parameters
    ----------
    mean, lower, upper
        Mean and ends of the equal-tailed interval.
    move
        From the answer with all cases to this one.
    word_changes
        Whether another likelihood word holds of it; never of a difference, of which no word is said.
    """

    mean: float
    lower: float
    upper: float
    move: float
    word_changes: bool


@dataclass(frozen=True)
class UnitInfluence:
    """Answers without one unit.

    Parameters
    ----------
    kind, unit
        What it is (a crisis, a guarantee), and its name.
    cases
        Names of its cases.
    pareto_k
        Shape of the weights; NaN where it was left out of a fit of its own.
    trusted
        Whether the weights can be trusted, or it was left out of a fit of its own.
    answers
        Label of the question -> answer without the unit.
    """

    kind: str
    unit: str
    cases: tuple[str, ...]
    pareto_k: float
    trusted: bool
    answers: Mapping[str, WithoutIt]

    @property
    def refitted(self) -> bool:
        """Whether it was left out of a fit of its own."""
        return bool(np.isnan(self.pareto_k))


@dataclass(frozen=True)
class Influence:
    """Answers without each unit in turn.

    Parameters
    ----------
    before
        Label of the question -> mean answer with all cases.
    units
        The one that moves the first question most comes first.
    good_k
        The largest shape of weights that is trusted at this number of draws.
    interval
        Share of the draws in the intervals.
    """

    before: Mapping[str, float]
    units: tuple[UnitInfluence, ...]
    good_k: float
    interval: float = INTERVAL

    def ranked(self, label: str) -> tuple[UnitInfluence, ...]:
        """Units, the one that moves a question most first."""
        return _ranked(self.units, label)

    @property
    def word_changes(self) -> tuple[UnitInfluence, ...]:
        """Units without any one of which another likelihood word holds of some answer."""
        return tuple(unit for unit in self.units if any(answer.word_changes for answer in unit.answers.values()))

    @property
    def untrusted(self) -> tuple[UnitInfluence, ...]:
        """Units whose weights cannot be trusted, and that were not left out of a fit of their own."""
        return tuple(unit for unit in self.units if not unit.trusted)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a unit and question.

        Columns: ``kind``, ``unit``, ``cases`` (their number), ``question``, ``before``, ``without``, ``move``,
        ``lower``, ``upper``, ``word_changes``, ``pareto_k``, ``trusted``, ``refitted``.
        """
        import pandas as pd

        rows = [
            {
                "kind": unit.kind,
                "unit": unit.unit,
                "cases": len(unit.cases),
                "question": label,
                "before": self.before[label],
                "without": answer.mean,
                "move": answer.move,
                "lower": answer.lower,
                "upper": answer.upper,
                "word_changes": answer.word_changes,
                "pareto_k": unit.pareto_k,
                "trusted": unit.trusted,
                "refitted": unit.refitted,
            }
            for unit in self.units
            for label, answer in unit.answers.items()
        ]
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        return self.table.head(10).round(3).to_string(index=False)


def influence(
    posterior: Posterior,
    asked: Quantity | Mapping[str, Quantity],
    cases: pd.DataFrame,
    *,
    seed: int,
    by: Iterable[str] = UNITS,
    refit: int = 0,
    lexicon: Lexicon | None = None,
    interval: float = INTERVAL,
    progress: bool | Progress | None = None,
) -> Influence:
    """Answers without each unit of the record, one at a time: all its rows go, and with them what they say of anything.

    What a question describes stays as it is, also where it was counted in the record (such as past defections). A
    member that the question names and of whom only the unit tells is one that is not seen once the unit is left out.

    Parameters
    ----------
    posterior
        From `servanda.models.fit` or a file.
    asked
        From `servanda.analysis.chance_of`; or label -> question for several, the answer and its change, say.
    cases
        The cases of the fit, in its order.
    seed
        Of the integration over effects, and of fits.
    by
        Columns that say what is left out together (``guarantee`` stands for ``guarantee_id``); ``case`` leaves out row
        by row.
    refit
        At most so many of the units whose weights fail are left out of a fit of their own, those first that seem to
        move the first question most. The others are marked as not trusted.
    lexicon
        Whose likelihood words may change; that of ICD 203 by default.
    interval
        Share of the draws in the intervals, in (0, 1).
    progress
        As in `servanda.models.fit`, of those fits.

    Returns
    -------
    Influence
        From as many draws as are scored (`servanda.models.sampling.scoring.MOST_DRAWS`).

    Raises
    ------
    QueryError
        Listing what is wrong with each question.
    DataError
        If the posterior was not made by `fit`, `cases` are not those of the fit, or a column is missing or has blanks.
    """
    questions = {"answer": asked} if isinstance(asked, Quantity) else dict(asked)
    check_quantities(posterior.network, questions)
    coded = cases_of(posterior)
    _check_cases(coded, cases)
    words = lexicon or load_lexicon()
    ways = [_Asked.of(posterior, label, question, coded, words, interval) for label, question in questions.items()]
    nodes = frozenset().union(*(question.nodes(posterior.network) for question in questions.values()))
    found = [unit for kind in by for unit in _by_weights(posterior, ways, nodes, _units(cases, kind), kind, seed)]
    first = next(iter(questions))
    bad = [unit for unit in _ranked(found, first) if not unit.trusted][: max(refit, 0)]
    place = {label: at for at, label in enumerate(coded.labels)}
    for number, unit in enumerate(followed(bad, "refitting", progress), start=1):
        rows = np.array([place[label] for label in unit.cases])
        again = without_cases(posterior, rows, nodes, seed=seed + number)
        answers = {way.label: way.of_draws(again, rows, way.before) for way in ways}
        found[found.index(unit)] = replace(unit, pareto_k=np.nan, trusted=True, answers=answers)
    draws = int(np.prod([*ways[0].draws.shape]))
    return Influence({way.label: way.before for way in ways}, _ranked(found, first), good_k(draws), interval)


def _ranked(units: Iterable[UnitInfluence], label: str) -> tuple[UnitInfluence, ...]:
    return tuple(sorted(units, key=lambda unit: -abs(unit.answers[label].move)))


def _check_cases(coded: Cases, cases: pd.DataFrame) -> None:
    """Raise where a table does not hold the cases of a fit in their order."""
    what = None
    if len(cases) != len(coded):
        what = f"are {len(cases)}, where the fit has {len(coded)}"
    elif CASE_ID in cases.columns and tuple(cases[CASE_ID].astype(str)) != coded.labels:
        what = "have other names, or another order, than those of the fit"
    if what is not None:
        raise_faults("influence", [Fault("cases", f"{what}; give the table that was fitted")], DataError)


def _units(cases: pd.DataFrame, kind: str) -> np.ndarray:
    found = units_of(cases, kind)
    return np.arange(len(cases)).astype(str) if found is None else found


@dataclass(frozen=True)
class _Asked:
    """One question, answered with all members that it names and without those that may go.

    Parameters
    ----------
    label
        What it is called.
    question
        What is asked.
    before
        Mean answer with all cases.
    draws
        Of the answer, as they are scored, shape (chains, draws).
    posterior, coded
        Of whom it is asked, and the cases of the fit.
    lexicon
        Words of probabilities; None of a difference.
    interval
        Share of the draws in the interval.
    """

    label: str
    question: Quantity
    before: float
    draws: np.ndarray
    posterior: Posterior
    coded: Cases
    lexicon: Lexicon | None
    interval: float

    @classmethod
    def of(
        cls, posterior: Posterior, label: str, question: Quantity, coded: Cases, lexicon: Lexicon, interval: float
    ) -> _Asked:
        whole = question.draws(posterior).transpose("chain", "draw").values
        kept = whole[:, scored_draws(*whole.shape)]
        words = lexicon if question.is_probability else None
        return cls(label, question, float(whole.mean()), kept, posterior, coded, words, interval)

    def gone(self, unit: np.ndarray) -> dict[int, tuple[str, ...]]:
        """Unit -> groups whose member in the question has no case outside of it."""
        found: dict[int, tuple[str, ...]] = {}
        for group, member in self.question.members.items():
            levels = self.coded.levels.get(group, ())
            inside = members_inside(self.coded.members[group], unit)
            whose = inside.get(levels.index(member)) if member in levels else None
            if whose is not None:
                found[whose] = (*found.get(whose, ()), group)
        return found

    def without(self, groups: Sequence[str]) -> Quantity:
        """The question about members of some groups that are not seen."""
        members: dict[str, Any] = {name: one for name, one in self.question.members.items() if name not in groups}
        return replace(self.question, members=members)

    def weighed(self, weights: np.ndarray, groups: Sequence[str] = ()) -> WithoutIt:
        """The answer under weights of the scored draws, shape (chains * draws,), members of some groups not seen."""
        x = self.draws
        if groups:
            whole = self.without(groups).draws(self.posterior).transpose("chain", "draw").values
            x = whole[:, scored_draws(*whole.shape)]
        # The same draws on both sides, so that the error of thinning them falls out of the difference.
        move = float(weights @ x.ravel() - self.draws.mean())
        return self._said(x, weights.reshape(x.shape), move)

    def of_draws(self, again: Posterior, rows: np.ndarray, before: float) -> WithoutIt:
        """The answer of draws that have not seen some rows; `before` is that of draws that have."""
        unit = np.isin(np.arange(len(self.coded)), rows).astype(int)
        x = self.without(self.gone(unit).get(1, ())).draws(again).values
        return self._said(x, np.full(x.shape, 1 / x.size), float(x.mean()) - before)

    def _said(self, x: np.ndarray, share: np.ndarray, move: float) -> WithoutIt:
        ends = weighted_quantiles(x, share, [(1 - self.interval) / 2, (1 + self.interval) / 2])
        mean = self.before + move
        other = self.lexicon is not None and self.lexicon.band(mean) != self.lexicon.band(self.before)
        return WithoutIt(mean, float(ends[0]), float(ends[1]), move, other)


def _by_weights(
    posterior: Posterior, ways: Sequence[_Asked], nodes: frozenset[str], units: np.ndarray, kind: str, seed: int
) -> list[UnitInfluence]:
    """Influence of units by weights of the draws.

    Where the weights of all blocks together fail, each block has weights of its own, which are more even, and its draws
    are picked by them: blocks are independent a posteriori, with a unit or without it.
    """
    rng = np.random.default_rng(seed)
    blocks = [block for block in blocks_of(posterior) if nodes & {*block}]
    scores = [row_scores(blocks_with(posterior, block), units, seed=seed).log_p for block in blocks]
    names, unit = np.unique(units.astype(str), return_inverse=True)
    weights, pareto_k = _weights(np.sum(scores, axis=0))
    most_k = good_k(weights.shape[1])
    bad = np.flatnonzero(~(pareto_k < most_k))
    apart = [_weights(own[..., bad]) for own in scores] if len(bad) else []
    labels = np.array(ways[0].coded.labels, dtype=object)
    kept = np.arange(posterior.draws["chain"].size * posterior.draws["draw"].size).reshape(*posterior.sizes.values())
    kept = kept[:, scored_draws(*kept.shape)].ravel()
    gone = {way.label: way.gone(unit) for way in ways}
    found = []
    for at, name in enumerate(names):
        rows, k = np.flatnonzero(unit == at), float(pareto_k[at])
        if at in bad:
            place = int(np.flatnonzero(bad == at)[0])
            k = max(float(own[place]) for _, own in apart)
            picks = {
                block: kept[rng.permutation(systematic_picks(own[place], rng))]
                for block, (own, _) in zip(blocks, apart, strict=True)
            }
            picked = picked_blocks(posterior, picks)
            answers = {way.label: way.of_draws(picked, rows, float(way.draws.mean())) for way in ways}
        else:
            answers = {way.label: way.weighed(weights[at], gone[way.label].get(at, ())) for way in ways}
        found.append(UnitInfluence(kind, str(name), tuple(labels[rows]), k, bool(k < most_k), answers))
    return found


def _weights(log_p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return leave_out_weights(log_p, efficiency=likelihood_efficiency(log_p))
