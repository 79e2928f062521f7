"""Influence of single crises and guarantees: what an answer would be if the record did not hold them.

A draw of the fit weighs one over the probability that it gives to the unit that is left out; the weights are smoothed
and their shape says whether they can be trusted (Pareto-smoothed importance sampling, as in leave-one-out: Vehtari,
Gelman and Gabry 2017, doi 10.1007/s11222-016-9696-4). Effects that only the unit speaks of, such as that of a guarantee
all of whose cases are left out, are integrated out. A unit whose weights fail can be left out of a fit of its own.

Blocks of a fit are independent a posteriori, with a unit or without it. So each has weights of its own, which are far
more even than those of all together, and moves the answer by what its draws say while the tables of the other blocks
stay at their means. The moves are added up: what two blocks move only together is left out, which is small where each
moves little, and nothing where a question rests on one block.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, counted, shown
from ...common.show import Shown, View
from ...common.tasks.mapping import mapped
from ...models.cases.encode import CASE_ID, Cases
from ...models.errors import DataError
from ...models.inference.tables import DrawnNetwork, Maker
from ...models.posterior import Posterior
from ...models.questions.answers import joint_distribution
from ...models.questions.evidence import resolve_evidence
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.refit import blocks_of, blocks_with, cases_of, without_cases
from ...models.sampling.scoring import members_inside, row_scores, scored_draws
from ...models.store import draws_tree
from ...record.cases import as_case_table
from ...record.files.load import TableOrFile
from ..summaries.importance import good_k, leave_out_weights, likelihood_efficiency
from ..summaries.likelihood_words import Lexicon, load_lexicon
from ..summaries.summary import summarise
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
    mean
        Its mean.
    move
        From the answer with all cases to this one.
    mcse
        Monte Carlo standard error of the move, as far as the weights make it.
    word_changes
        Whether another likelihood word holds of it; never of a difference, of which no word is said.
    """

    mean: float
    move: float
    mcse: float
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
        Shape of the weights, of the block where it is largest; NaN where it was left out of a fit of its own.
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

    def sure_move(self, label: str) -> float:
        """How far an answer moves at least, two standard errors of the computation allowed for."""
        answer = self.answers[label]
        return max(abs(answer.move) - 2 * answer.mcse, 0.0)

    @property
    def refitted(self) -> bool:
        """Whether it was left out of a fit of its own."""
        return bool(np.isnan(self.pareto_k))


@dataclass(frozen=True, repr=False)
class Influence(Shown):
    """Answers without each unit in turn.

    Parameters
    ----------
    before
        Label of the question -> mean answer with all cases.
    units
        The one that surely moves the first question most comes first.
    good_k
        The largest shape of weights that is trusted at this number of draws.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, chance_of, fit
    >>> cases = pd.DataFrame({"kept": ["yes"] * 6 + ["no"], "case_id": list("abcdefg")})
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), cases, seed=1)
    >>> found = influence(posterior, chance_of("kept", "yes"), cases, seed=1, by=["case"])
    >>> len(found.units), round(found.good_k, 1)
    (7, 0.7)
    """

    before: Mapping[str, float]
    units: tuple[UnitInfluence, ...]
    good_k: float

    def ranked(self, label: str) -> tuple[UnitInfluence, ...]:
        """Units, the one that surely moves a question most first: the errors of the computation are allowed for."""
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
        ``mcse``, ``word_changes``, ``pareto_k``, ``trusted``, ``refitted``.
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
                "mcse": answer.mcse,
                "word_changes": answer.word_changes,
                "pareto_k": unit.pareto_k,
                "trusted": unit.trusted,
                "refitted": unit.refitted,
            }
            for unit in self.units
            for label, answer in unit.answers.items()
        ]
        return pd.DataFrame(rows)

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["before", "without"], points=["move"])

    def _view(self) -> View:
        said = f"Answers without each of {len(self.units)} units of the record"
        notes = [f"Weights of {len(self.untrusted)} cannot be trusted."] if self.untrusted else []
        return View(said, table=self.table.set_index(["unit", "question"]) if self.units else None, notes=notes)

    def __str__(self) -> str:
        return self.table.head(10).round(3).to_string(index=False)


def influence(
    posterior: Posterior,
    asked: Quantity | Mapping[str, Quantity],
    cases: TableOrFile,
    *,
    seed: int,
    by: Iterable[str] = UNITS,
    refit: int = 0,
    lexicon: Lexicon | None = None,
    client: Any = None,
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
        The cases of the fit, in its order, or their file.
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
    client
        A `distributed.Client` of Dask, whose workers do those fits.
    progress
        As in `servanda.models.fit`, of the parts of the fit and of those fits.

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

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, chance_of, fit
    >>> cases = pd.DataFrame({"kept": ["yes"] * 6 + ["no"], "case_id": list("abcdefg")})
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), cases, seed=1)
    >>> found = influence(posterior, chance_of("kept", "yes"), cases, seed=1, by=["case"])
    >>> found.units[0].unit
    '6'
    """
    questions = {"answer": asked} if isinstance(asked, Quantity) else dict(asked)
    check_quantities(posterior.network, questions)
    table, coded = as_case_table(cases), cases_of(posterior)
    _check_cases(coded, table)
    units = {kind: _units(table, kind) for kind in by}
    nodes = frozenset().union(*(question.nodes(posterior.network) for question in questions.values()))
    fitted = _Fitted.of(posterior, coded, nodes)
    words = lexicon or load_lexicon()
    told = {
        label: _Told(question, float(question.draws(posterior).mean()), fitted.by_block(question), words)
        for label, question in questions.items()
    }
    with shown(progress) as tell:
        weighed = counted(tell, "weighing the draws without each unit", len(units) * len(fitted.blocks))
        found = [unit for kind, own in units.items() for unit in _by_weights(fitted, told, kind, own, seed, weighed)]
    first = next(iter(questions))
    bad = sorted((unit for unit in found if not unit.trusted), key=lambda unit: -abs(unit.answers[first].move))
    place = {label: at for at, label in enumerate(coded.labels)}
    again = bad[: max(refit, 0)]
    rows = [[place[label] for label in unit.cases] for unit in again]
    tasks = [partial(_refitted, posterior, coded, told, nodes, own, seed + n) for n, own in enumerate(rows, start=1)]
    with shown(progress) as tell:
        # Each takes all processors for its chains.
        every = mapped(tasks, workers=1, client=client, progress=tell, what="refitting")
    for unit, answers in zip(again, every, strict=True):
        found[found.index(unit)] = replace(unit, pareto_k=np.nan, trusted=True, answers=answers)
    return Influence({label: one.before for label, one in told.items()}, _ranked(found, first), fitted.good_k)


def _refitted(
    posterior: Posterior,
    coded: Cases,
    told: Mapping[str, _Told],
    nodes: frozenset[str],
    rows: list[int],
    seed: int,
    _: Progress,
) -> dict[str, WithoutIt]:
    """Answers under a fit that has not seen some rows."""
    again = without_cases(posterior, rows, nodes, seed=seed)
    inside = np.isin(np.arange(len(coded)), rows).astype(int)
    answers = {}
    for label, one in told.items():
        after = summarise(one.without(one.gone(coded, inside).get(1, ())).draws(again))
        answers[label] = one.moved(after.mean - one.before, after.mcse)
    return answers


def _ranked(units: Iterable[UnitInfluence], label: str) -> tuple[UnitInfluence, ...]:
    return tuple(sorted(units, key=lambda unit: (-unit.sure_move(label), -abs(unit.answers[label].move))))


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
class _Told:
    """One question, with the answer that all cases give.

    Parameters
    ----------
    question
        What is asked.
    before
        Mean answer.
    by_block
        Answer as each block alone varies, from `_Fitted.by_block`.
    lexicon
        Words of probabilities.
    """

    question: Quantity
    before: float
    by_block: np.ndarray
    lexicon: Lexicon

    def gone(self, coded: Cases, unit: np.ndarray) -> dict[int, tuple[str, ...]]:
        """Unit -> groups whose member in the question has no case outside of it."""
        found: dict[int, tuple[str, ...]] = {}
        for group, member in self.question.members.items():
            levels = coded.levels.get(group, ())
            whose = members_inside(coded.members[group], unit).get(levels.index(member)) if member in levels else None
            if whose is not None:
                found[whose] = (*found.get(whose, ()), group)
        return found

    def without(self, groups: Collection[str]) -> Quantity:
        """The question about members of some groups that are not seen."""
        members = {name: member for name, member in self.question.members.items() if name not in groups}
        return replace(self.question, members=members)

    def moved(self, move: float, mcse: float) -> WithoutIt:
        """The answer after a move, and the error of that."""
        mean, word = self.before + move, self.lexicon.band
        changes = self.question.is_probability and word(mean) != word(self.before)
        return WithoutIt(mean, move, mcse, changes)


@dataclass(frozen=True)
class _Fitted:
    """A fit as its units are left out of it: scored draws, block by block.

    Parameters
    ----------
    whole, scored
        The fit, and the same with the draws that are scored.
    coded
        Its cases.
    blocks
        Those that a question rests on.
    """

    whole: Posterior
    scored: Posterior
    coded: Cases
    blocks: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, posterior: Posterior, coded: Cases, nodes: Collection[str]) -> _Fitted:
        some = scored_draws(*posterior.sizes.values())
        draws = posterior.draws.isel(draw=some)
        scored = Posterior(posterior.network, draws_tree({"posterior": draws}), posterior.priors)
        return cls(posterior, scored, coded, tuple(block for block in blocks_of(posterior) if {*nodes} & {*block}))

    @property
    def good_k(self) -> float:
        """The largest shape of weights that is trusted at the number of scored draws."""
        return good_k(self.scored.sizes["chain"] * self.scored.sizes["draw"])

    def weights(self, block: tuple[str, ...], units: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights of a block's draws without each unit, shape (units, samples), and their shapes."""
        log_p = row_scores(blocks_with(self.whole, block), units, seed=seed).log_p
        return leave_out_weights(log_p, efficiency=likelihood_efficiency(log_p))

    def by_block(self, question: Quantity) -> np.ndarray:
        """Answer as each block alone varies, the tables of all others at their means, shape (blocks, samples)."""
        found = np.zeros((len(self.blocks), self.scored.sizes["chain"] * self.scored.sizes["draw"]))
        for sign, side in question.sides:
            asked = resolve_evidence(self.scored, (side.target,), side.given, side.do, side.members)
            chosen = [self.scored.network[side.target].index(state) for state in side.states]
            still = {name: _mean_table(asked.system, name) for name in asked.system.makers}
            for at, block in enumerate(self.blocks):
                makers = {name: maker if name in block else still[name] for name, maker in asked.system.makers.items()}
                answer = joint_distribution(replace(asked, system=replace(asked.system, makers=makers))).values
                found[at] += sign * answer[..., chosen].sum(axis=-1).ravel()
        return found


def _mean_table(system: DrawnNetwork, name: str) -> Maker:
    """What makes a node's table in every draw: the mean over all draws, each time the same."""
    made: dict[Any, np.ndarray] = {}

    def maker(values: Mapping[str, np.ndarray], fixed: Mapping[str, int], members: Mapping[str, int]) -> np.ndarray:
        key = (tuple(sorted(fixed.items())), tuple(sorted(members.items())))
        if key not in made:
            made[key] = system.makers[name](system.values, fixed, members).mean(axis=-1, keepdims=True)
        samples = next(iter(values.values())).shape[-1]
        return np.repeat(made[key], samples, axis=-1)

    return maker


def _by_weights(
    fitted: _Fitted, told: Mapping[str, _Told], kind: str, units: np.ndarray, seed: int, tell: Callable[[int], None]
) -> list[UnitInfluence]:
    """Influence of units by weights of the draws; told is each block that is done."""
    names, unit = np.unique(units.astype(str), return_inverse=True)
    by_block = []
    for block in fitted.blocks:
        by_block.append(fitted.weights(block, units, seed))
        tell(1)
    weights, shapes = zip(*by_block, strict=True)
    k = np.max(shapes, axis=0)
    moves = {label: _moves(fitted, one, unit, weights) for label, one in told.items()}
    labels = np.array(fitted.coded.labels, dtype=object)
    found = []
    for at, name in enumerate(names):
        answers = {label: one.moved(*map(float, moves[label][:, at])) for label, one in told.items()}
        trusted = bool(k[at] < fitted.good_k)
        found.append(UnitInfluence(kind, str(name), tuple(labels[unit == at]), float(k[at]), trusted, answers))
    return found


def _moves(fitted: _Fitted, told: _Told, unit: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """How far leaving out each unit moves an answer, and the error of that, shape (2, units)."""
    moves, gone = _weighed(weights, told.by_block), told.gone(fitted.coded, unit)
    named = told.question.draws(fitted.scored).values.mean() if gone else 0.0
    for at, groups in gone.items():
        unseen = told.without(groups)
        apart = unseen.draws(fitted.scored).values.mean() - named
        moves[:, at] = _weighed([own[at : at + 1] for own in weights], fitted.by_block(unseen))[:, 0] + (apart, 0.0)
    return moves


def _weighed(weights: Sequence[np.ndarray], by_block: np.ndarray) -> np.ndarray:
    """Sum over blocks of the moves of their means under weights, and its error, shape (2, units)."""
    means = [own @ x for own, x in zip(weights, by_block, strict=True)]
    moves = sum(mean - x.mean() for mean, x in zip(means, by_block, strict=True))
    # Of a ratio of means, by the delta method, as if the draws were independent.
    variances = sum(
        (own**2 * (x - mean[:, None]) ** 2).sum(axis=1) for own, mean, x in zip(weights, means, by_block, strict=True)
    )
    return np.stack([moves, np.sqrt(variances)])
