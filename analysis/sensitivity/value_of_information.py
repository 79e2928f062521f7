"""Value of information: how far an answer would move if more were known, averaged over what may be found.

Two kinds of news are asked about. A node of the case that is not described may be seen; and more cases of the kind may
be coded. Each possible finding weighs the draws by the probability that they give to it, and counts as often as all
draws together expect it: a preposterior analysis (Raiffa and Schlaifer 1961†, *Applied Statistical Decision Theory*).
So the answers after all findings, averaged, are the answer before them: news moves an answer, and cannot be expected to
move it one way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaln, xlogy

from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, followed, shown
from ...common.show import Shown, View
from ...models.errors import QueryError
from ...models.inference.contract import MEMORY_LIMIT
from ...models.posterior import Posterior
from ...models.questions.answers import joint_distribution
from ...models.questions.evidence import resolve_evidence
from ...models.questions.quantity import Quantity, check_quantities
from ...models.seeds import generator
from ..queries.suppose import another_member
from ..summaries.importance import weighted_quantiles
from ..summaries.summary import INTERVAL

if TYPE_CHECKING:
    import pandas as pd

#: Numbers of further cases that are asked about.
MORE = (1, 5, 20)
#: Up to so many ways in which further cases can come out, all are gone through; beyond, so many are simulated.
MOST_WAYS, SIMULATED = 2000, 1000
#: A node whose probabilities two alternatives change by more than this is moved by what is set.
_MOVED = 1e-9


@dataclass(frozen=True)
class SeenState:
    """One state of a node that is not described, if it were seen.

    Parameters
    ----------
    state
        The state.
    probability
        Of seeing it, over all draws (posterior predictive).
    answer
        Mean of the answer once it is seen.
    """

    state: str
    probability: float
    answer: float


@dataclass(frozen=True)
class NodeNews:
    """How far the answer moves once a node of the case is seen.

    Parameters
    ----------
    node
        The node.
    states
        Its states that can be seen, in their order.
    expected_move
        Absolute move of the mean answer, averaged over the states.
    """

    node: str
    states: tuple[SeenState, ...]
    expected_move: float


@dataclass(frozen=True)
class CaseNews:
    """How far the answer moves once more cases of the kind are coded.

    Parameters
    ----------
    cases
        How many.
    do
        What is set in them: of a difference, one alternative or the other.
    expected_move
        Absolute move of the mean answer, averaged over how the cases may come out.
    width
        Expected width of the interval afterwards.
    effective
        Expected effective number of draws afterwards (Kish); where it is small, the two above are rough.
    exact
        Whether all ways to come out were gone through, rather than simulated.
    """

    cases: int
    do: Mapping[str, Any]
    expected_move: float
    width: float
    effective: float
    exact: bool


@dataclass(frozen=True, repr=False)
class ValueOfInformation(Shown):
    """What news would do to an answer.

    Parameters
    ----------
    mean
        The answer as it stands: a probability, or a difference of two.
    width
        Width of its interval as it stands.
    nodes
        Nodes of the case that are not described, the one that moves the answer most first.
    moved
        Of a difference: nodes that are not described and that what is set moves. What is seen of them is part of the
        change and no news of it, so that they are left out.
    cases
        Further cases of the kind.
    interval
        Share of the draws in the interval.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior, chance_of
    >>> tables = {"kept": xr.DataArray([[[0.2, 0.8], [0.6, 0.4]]], dims=("chain", "draw", "kept"))}
    >>> posterior = Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), tables)
    >>> found = value_of_information(posterior, chance_of("kept", "yes"), seed=1, more=[1, 5])
    >>> [round(news.expected_move, 3) for news in found.cases]
    [0.08, 0.13]
    """

    mean: float
    width: float
    nodes: tuple[NodeNews, ...]
    moved: tuple[str, ...]
    cases: tuple[CaseNews, ...]
    interval: float = INTERVAL

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a state that may be seen: ``node``, ``state``, ``probability``, ``before``, ``after``, ``move``."""
        import pandas as pd

        rows = [
            (news.node, seen.state, seen.probability, self.mean, seen.answer, seen.answer - self.mean)
            for news in self.nodes
            for seen in news.states
        ]
        return pd.DataFrame(rows, columns=["node", "state", "probability", "before", "after", "move"])

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["probability", "before", "after"], points=["move"])

    @cached_property
    def cases_table(self) -> pd.DataFrame:
        """One row a number of further cases: ``cases``, ``do``, ``expected_move``, ``width``, ``effective``."""
        import pandas as pd

        columns = ["cases", "do", "expected_move", "width", "effective"]
        rows = [tuple(getattr(news, column) for column in columns) for news in self.cases]
        return pd.DataFrame(rows, columns=columns).assign(do=[_in_words(news.do) for news in self.cases])

    def _view(self) -> View:
        said = f"What news would do to {self.mean:.3f}, whose {self.interval:.0%} interval is {self.width:.3f} wide"
        return View(said, table=self.table.set_index(["node", "state"]), more={"further cases": self.cases_table})

    def __str__(self) -> str:
        return f"{self.table.round(3).to_string(index=False)}\n{self.cases_table.round(3).to_string(index=False)}"


def value_of_information(
    posterior: Posterior,
    asked: Quantity,
    *,
    seed: int,
    more: Iterable[int] = MORE,
    interval: float = INTERVAL,
    memory: int = MEMORY_LIMIT,
    progress: bool | Progress | None = None,
) -> ValueOfInformation:
    """How far an answer would move if an open node of the case were seen, or if more cases of the kind were coded.

    Of a difference it is the change that moves. Seeing a node is then news of both alternatives alike; nodes that what
    is set itself moves are left out. Further cases are the same described case under the same members that the question
    names; members that it does not name, such as the guarantee, are others, each case with one of its own.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or `servanda.analysis.suppose`.
    asked
        From `servanda.analysis.chance_of`.
    seed
        Of the simulation, where further cases can come out in more than `MOST_WAYS` ways; else nothing is random.
    more
        Numbers of further cases.
    interval
        Share of the draws in the interval whose width is told, in (0, 1).
    memory
        As in `servanda.analysis.probability`.
    progress
        Whether a bar shows how far it is, or what is told of it: how many numbers of further
        cases and how many nodes are done; see `servanda.common.progress.shown`.

    Returns
    -------
    ValueOfInformation

    Raises
    ------
    QueryError
        Listing every fault: of the question, one that is neither a probability nor a difference of two, numbers of
        cases below one.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Posterior
    >>> tables = {"kept": xr.DataArray([[[0.2, 0.8], [0.6, 0.4]]], dims=("chain", "draw", "kept"))}
    >>> posterior = Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), tables)
    >>> found = value_of_information(posterior, chance_of("kept", "yes"), seed=1, more=[1])
    >>> found.mean.__round__(2), [news.expected_move.__round__(3) for news in found.cases]
    (0.6, [0.08])
    """
    _check(posterior, asked)
    draws = _Draws.of(asked.draws(posterior).values, interval)
    with shown(progress) as tell:
        cases = more_cases(posterior, asked, more, seed=seed, interval=interval, memory=memory, progress=tell)
        nodes, moved = _nodes(posterior, asked, memory, tell)
    return ValueOfInformation(float(draws.x.mean()), draws.width(draws.alike), nodes, moved, cases, interval)


def more_cases(
    posterior: Posterior,
    asked: Quantity,
    more: Iterable[int] = MORE,
    *,
    seed: int,
    interval: float = INTERVAL,
    memory: int = MEMORY_LIMIT,
    progress: bool | Progress | None = None,
) -> tuple[CaseNews, ...]:
    """How far an answer would move if more cases of the kind were coded; see `value_of_information`.

    Returns
    -------
    tuple of CaseNews
        One a number; of a difference, first for the one alternative and then for the other.
    """
    _check(posterior, asked)
    numbers = tuple(more)
    faults = [Fault("more", f"is {number!r}; give 1 or more further cases") for number in numbers if not number >= 1]
    raise_faults("value of information", faults, QueryError)
    draws = _Draws.of(asked.draws(posterior).values, interval)
    kinds = [(side, _outcomes(posterior, side, memory)) for _, side in asked.sides]
    found = []
    for (side, shares), number in followed(
        [*product(kinds, numbers)], "asking what further cases would tell", progress
    ):
        counts, chance, exact = _ways(shares, number, seed)
        found.append(CaseNews(number, dict(side.do), *draws.expected(_log_chance(counts, shares), chance), exact))
    return tuple(found)


def _check(posterior: Posterior, asked: Quantity) -> None:
    check_quantities(posterior.network, {"asked": asked})
    if not (asked.is_probability or asked.is_difference):
        raise QueryError.of("asked", f"is a {asked.unit}; ask for a probability, or for a difference of two")


# Nodes of the case --------------------------------------------------------------------------------------------------


def open_nodes(posterior: Posterior, asked: Quantity) -> tuple[str, ...]:
    """Nodes that a question neither describes nor sets nor asks for, and that can be seen."""
    settled = {asked.target, *asked.given, *asked.do, *(asked.against or ())}
    return tuple(node.name for node in posterior.network.nodes if node.name not in settled and not node.latent)


def _nodes(
    posterior: Posterior, asked: Quantity, memory: int, progress: Progress
) -> tuple[tuple[NodeNews, ...], tuple[str, ...]]:
    """News of each open node, the greatest first; and the nodes that what is set moves."""
    found, moved = [], []
    for node in followed(open_nodes(posterior, asked), "asking what each open node would tell", progress):
        joints = [(sign, *_joint(posterior, side, node, memory)) for sign, side in asked.sides]
        _, _, first = joints[0]
        if any(np.abs(seen - first).max() > _MOVED for _, _, seen in joints):
            moved.append(node)
        else:
            found.append(_node_news(posterior.network[node].states, node, joints))
    return tuple(sorted(found, key=lambda news: -news.expected_move)), tuple(moved)


def _joint(posterior: Posterior, side: Quantity, node: str, memory: int) -> tuple[np.ndarray, np.ndarray]:
    """P(asked states, state of the node) and P(state of the node) in every draw, shape (samples, states) each."""
    target = posterior.network[side.target]
    question = resolve_evidence(posterior, (side.target, node), side.given, side.do, side.members)
    answer = joint_distribution(question, memory=memory).values
    joint = answer.reshape((-1, *answer.shape[-2:]))
    return joint[:, [target.index(state) for state in side.states]].sum(axis=1), joint.sum(axis=1)


def _node_news(states: tuple[str, ...], node: str, joints: list[tuple[float, np.ndarray, np.ndarray]]) -> NodeNews:
    chance = joints[0][2].mean(axis=0)
    possible = np.flatnonzero(chance > 0)
    # P(asked | seen) over all draws: of the sums, not the mean of each draw's own, since what is seen weighs the draws.
    after = sum(sign * joint.sum(axis=0)[possible] / seen.sum(axis=0)[possible] for sign, joint, seen in joints)
    before = sum(sign * joint.sum(axis=1).mean() for sign, joint, _ in joints)
    move = float(chance[possible] @ np.abs(after - before))
    seen = zip(possible, chance[possible], np.asarray(after), strict=True)
    return NodeNews(node, tuple(SeenState(states[at], float(p), float(answer)) for at, p, answer in seen), move)


# Further cases ------------------------------------------------------------------------------------------------------


def _outcomes(posterior: Posterior, side: Quantity, memory: int) -> np.ndarray:
    """P(outcome) of another case of the kind in every draw, shape (samples, states)."""
    named = {group for group, member in side.members.items() if member is not None}
    # A supposed case tells of this guarantee, not of the one under which another case stands.
    other = reduce(another_member, sorted({*posterior.members} - named), posterior)
    question = resolve_evidence(other, (side.target,), side.given, side.do, side.members)
    answer = joint_distribution(question, memory=memory).values
    return answer.reshape((-1, answer.shape[-1]))


def _ways(shares: np.ndarray, number: int, seed: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Ways in which so many cases can come out.

    Returns
    -------
    counts
        How many cases have each outcome, shape (ways, states).
    chance
        Of each way, over all draws, shape (ways,); it adds up to one.
    exact
        Whether these are all ways.
    """
    samples, states = shares.shape
    if math.comb(number + states - 1, states - 1) <= MOST_WAYS:
        counts = _all_counts(number, states)
        logs = _log_chance(counts, shares) + (gammaln(number + 1) - gammaln(counts + 1).sum(axis=1))[:, None]
        return counts, np.exp(logs).mean(axis=1), True
    rng = generator(seed)
    whose = np.resize(rng.permutation(samples), SIMULATED)
    # Rounding may leave the probabilities a hair from one, which NumPy refuses.
    drawn = rng.multinomial(number, shares[whose] / shares[whose].sum(axis=1, keepdims=True))
    counts, times = np.unique(drawn, axis=0, return_counts=True)
    return counts, times / SIMULATED, False


def _all_counts(number: int, states: int) -> np.ndarray:
    """All ways to put so many cases into so many states, shape (ways, states).

    Examples
    --------
    >>> _all_counts(2, 2).tolist()
    [[0, 2], [1, 1], [2, 0]]
    """
    # Where the bars stand among stars and bars says how many stars each state has.
    bars = np.array([*combinations(range(number + states - 1), states - 1)], int).reshape(-1, states - 1)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), number + states - 1)])
    return np.diff(edges, axis=1) - 1


def _log_chance(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Log-probability of each way in every draw, without the number of its orders; shape (ways, samples)."""
    return sum((xlogy(counts[:, [at]], shares[:, at]) for at in range(shares.shape[1])), np.zeros(()))


@dataclass(frozen=True)
class _Draws:
    """Draws of an answer in ascending order, and where each stood before."""

    x: np.ndarray
    order: np.ndarray
    interval: float

    @classmethod
    def of(cls, draws: np.ndarray, interval: float) -> _Draws:
        order = np.argsort(draws, axis=None, kind="stable")
        return cls(draws.ravel()[order], order, interval)

    @property
    def alike(self) -> np.ndarray:
        """Shares that weigh all draws alike."""
        return np.full(self.x.shape, 1 / self.x.size)

    def width(self, shares: np.ndarray) -> float:
        """Width of the interval under shares of the sorted draws that add up to one."""
        ends = weighted_quantiles(self.x, shares, [(1 - self.interval) / 2, (1 + self.interval) / 2])
        return float(ends[1] - ends[0])

    def expected(self, logs: np.ndarray, chance: np.ndarray) -> tuple[float, float, float]:
        """Expected absolute move of the mean, width of the interval and effective number of draws.

        Parameters
        ----------
        logs
            Log-weights of the draws after each finding, shape (findings, samples).
        chance
            Of each finding, shape (findings,).
        """
        possible = np.flatnonzero(chance > 0)
        total = np.zeros(3)
        mean = self.x.mean()
        for at in possible:
            weight = np.exp(logs[at, self.order] - logs[at].max())
            weight /= weight.sum()
            total += chance[at] * np.array([abs(weight @ self.x - mean), self.width(weight), 1 / (weight @ weight)])
        move, width, effective = map(float, total)
        return move, width, effective


def _in_words(do: Mapping[str, Any]) -> str:
    return ", ".join(f"{node} = {state}" for node, state in do.items()) or "nothing set"
