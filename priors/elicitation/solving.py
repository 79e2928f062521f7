"""Numbers of priors for which statements hold: least squares of misfits, with a weak pull back to where each was."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...models.network.parameters import network_parameters
from ...models.parameters.prior import Prior
from .smooth_draws import SmoothDraws
from .statements import Asked, Questions, Statement, chances_of

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.parameters.parameter import Parameter
    from ...models.parameters.prior_set import PriorSet

#: What is allowed as a misfit counts as much as a move by so many spreads would, were it squared and added to the rest.
_WEIGHT, _PULL = 5.0, 0.05
#: A first search looks at quantiles on scales that do not end, in few draws; so much on these counts as one.
_ROUGH, _DRAWS_FEW = 0.1, 2**8
#: What is missed by less than what counts as one is near enough. So often at most are slopes taken anew, and only while
#: that lowers the sum of squares by more than this share.
_NEAR, _ANEW, _GAIN = 1.0, 6, 0.01
#: Steps by which slopes are taken, the shares of the draws over which moves are averaged, twice, and how many times as
#: long they are made then, so that they pass many draws.
_STEP, _AROUND, _LONGER = 0.02, (0.1, 0.05), 10.0
#: A number that moves all points by less than this share of what is allowed, in a large move, stays where it is.
_IDLE = 0.01
#: Slopes of more numbers than this are taken anew only where some number has moved by more than this.
_MANY, _FAR = 8, 0.3
#: Steps of a search.
_TRIES = 60
#: A second start has spreads so much smaller and counts so much larger, as logarithms.
_TIGHT = 1.5
#: Cells that draws under several vectors may hold at once.
_MOST_CELLS = 2**25
#: What numbers are rounded to, in digits that count.
_DIGITS = 4
#: So many priors are kept while slopes are taken.
_KEPT = 4000

#: Label -> what is to be added to each point, by a bias of the draws.
Biases = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class FreeNumber:
    """Numbers of a prior that may change, on a scale where one is a large move.

    `log` numbers are multiplied by exp(theta); others are moved by theta times `unit`. `states` has one for each number
    where they may differ by state, and `is_spread` says that they are how wide the prior is.
    """

    parameter: str
    number: str
    states: tuple[str, ...]
    start: np.ndarray
    log: bool
    unit: np.ndarray
    is_spread: bool

    @property
    def size(self) -> int:
        """Number of numbers."""
        return self.start.size

    @property
    def tight(self) -> np.ndarray:
        """The move to a prior that is surer of itself."""
        return np.full(self.size, (-_TIGHT if self.is_spread else _TIGHT) if self.log else 0.0)

    def at(self, theta: np.ndarray) -> np.ndarray:
        """The numbers after a move."""
        moved = self.start * np.exp(theta) if self.log else self.start + theta * self.unit
        return np.where(theta == 0, self.start, moved)


def _free_numbers(parameter: Parameter, prior: Prior, coords: Mapping[str, tuple[str, ...]]) -> Iterable[FreeNumber]:
    states = parameter.states(coords)
    kind, numbers = prior.kind, prior.resolved(states, parameter.name)
    for number, values in numbers.items():
        # What counts of means of effects that sum to zero both ways is nothing: a single number cancels.
        if number in kind.fixed or (parameter.zero_sum > 1 and number in kind.by_state):
            continue
        apart = bool(states) and number in kind.by_state
        shape = (len(states),) if apart or values.ndim else ()
        start = np.broadcast_to(values, shape).ravel()
        log = number in kind.positive
        unit = np.ones(1) if log else np.broadcast_to(numbers.get(kind.spread, np.ones(1)), shape or (1,)).ravel()
        named = states if shape else ()
        yield FreeNumber(parameter.name, number, named, start, log, unit, is_spread=number == kind.spread)


@dataclass(frozen=True)
class Solver:
    """Finds numbers of priors for which statements hold.

    Parameters
    ----------
    draws
        Draws that follow the priors smoothly.
    base
        Parameter -> prior to start from, of all parameters that the statements depend on.
    free
        What may change.
    statements
        Label -> all statements.
    questions
        What they speak of.
    """

    draws: SmoothDraws
    base: Mapping[str, Prior]
    free: Sequence[FreeNumber]
    statements: Mapping[str, Statement]
    questions: Questions
    _made: dict[tuple[str, bool, bytes], Prior] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        network: Network,
        base: PriorSet,
        statements: Mapping[str, Statement],
        parameters: Collection[str] | None,
        draws: SmoothDraws,
    ) -> Solver:
        """Let the named parameters change, or all of the nodes whose probabilities are spoken of."""
        targets = frozenset().union(*(s.targets for s in statements.values()))
        of_targets = network_parameters(network, [name for name in network.names if name in targets])
        chosen = {parameter.name for parameter in of_targets} if parameters is None else set(parameters)
        free = [parameter for name, parameter in draws.parameters.items() if name in chosen]
        numbers = [one for p in free for one in _free_numbers(p, p.prior(base), draws.coords)]
        priors = {name: p.prior(base) for name, p in draws.parameters.items()}
        questions = Questions(draws.first(1).at([priors]))
        return cls(draws, priors, numbers, dict(statements), questions)

    @cached_property
    def edges(self) -> np.ndarray:
        """Where each free number begins and ends in the vector that is solved for."""
        return np.cumsum([0, *(number.size for number in self.free)])

    @property
    def size(self) -> int:
        """Number of numbers that may change."""
        return int(self.edges[-1])

    def priors(self, theta: np.ndarray, *, rounded: bool = False) -> dict[str, Prior]:
        """Parameter -> prior after a move, of all parameters that the statements depend on."""
        changed = {name: self._prior(name, theta[start:stop], rounded) for name, (start, stop) in self._spans.items()}
        return {**self.base, **changed}

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """Where the free numbers of each parameter, which stand together, begin and end."""
        spans: dict[str, tuple[int, int]] = {}
        for free, start, stop in zip(self.free, self.edges[:-1].tolist(), self.edges[1:].tolist(), strict=True):
            spans[free.parameter] = (spans.get(free.parameter, (start, stop))[0], stop)
        return spans

    def _prior(self, parameter: str, theta: np.ndarray, rounded: bool) -> Prior:  # noqa: FBT001
        """Prior of one parameter after a move; most are made already, as slopes move one number at a time."""
        key = (parameter, rounded, theta.tobytes())
        if key not in self._made:
            if len(self._made) > _KEPT:
                self._made.clear()
            before, start = self.base[parameter], 0
            numbers = dict(before.numbers)
            for free in self.free:
                if free.parameter != parameter:
                    continue
                own = theta[start : start + free.size]
                start += free.size
                if own.any():
                    values = [_rounded(value) for value in free.at(own)] if rounded else free.at(own).tolist()
                    numbers[free.number] = tuple(zip(free.states, values, strict=True)) if free.states else values[0]
            self._made[key] = Prior(before.distribution, tuple(numbers.items()))
        return self._made[key]

    def asked(self, statements: Mapping[str, Statement], thetas: Sequence[np.ndarray]) -> Asked:
        """Draws after moves, a chain for each, that some statements are held against."""
        values = self.draws.values([self.priors(theta) for theta in thetas])
        return Asked(self.questions, chances_of(statements.values()), values, len(thetas))

    @cached_property
    def few(self) -> Solver:
        """The same with few draws, for a first search."""
        return self if self.draws.size <= _DRAWS_FEW else replace(self, draws=self.draws.first(_DRAWS_FEW))

    @cached_property
    def sensitive(self) -> np.ndarray:
        """Mask of the numbers that some statement depends on."""
        zero, everything = np.zeros(self.size), np.ones(self.size, bool)
        search = _Search(self.few, self.statements, None, rough=False)
        return np.abs(search.slopes(zero, everything)).max(axis=0, initial=0.0) > _IDLE * _WEIGHT

    def solved(
        self, statements: Mapping[str, Statement], *, start: np.ndarray | None = None, biases: Biases | None = None
    ) -> np.ndarray:
        """The smallest moves found for which some of the statements hold, as nearly as they can.

        Without a start, quantiles are brought near first, from the base and, if that fails, from one that is surer of
        itself.
        """
        if not self.size or not self.sensitive.any():
            return np.zeros(self.size)
        fine = _Search(self, statements, biases, rough=False)
        if start is not None:
            return fine.end(start, self.sensitive)
        best, least = np.zeros(self.size), math.inf
        tight = np.concatenate([number.tight for number in self.free])
        for begin in (np.zeros(self.size), np.where(self.sensitive, tight, 0.0)):
            near = _Search(self.few, statements, biases, rough=True).end(begin, self.sensitive)
            theta = fine.end(near, self.sensitive)
            worst = self.worst(theta, statements, biases)
            if worst < least:
                best, least = theta, worst
            if least <= 1:
                break
        return best

    def worst(self, theta: np.ndarray, statements: Mapping[str, Statement], biases: Biases | None = None) -> float:
        """The largest misfit of some statements, as a share of what is allowed."""
        asked = self.asked(statements, [theta])
        found = achieved(statements, asked)
        if biases is not None:
            found = {label: points + biases[label] for label, points in found.items()}
        return worst_misfit(statements, found, asked)


def achieved(statements: Mapping[str, Statement], asked: Asked) -> dict[str, np.ndarray]:
    """Label -> points of each statement in draws of one chain."""
    return {label: s.achieved(s.draws(asked))[0] for label, s in statements.items()}


def worst_misfit(statements: Mapping[str, Statement], found: Mapping[str, np.ndarray], asked: Asked) -> float:
    """The largest misfit of points that were found in draws of one chain, as a share of what is allowed."""
    return max(
        float(np.abs((found[label] - s.asked) / s.allowed(s.denominator(asked))).max())
        for label, s in statements.items()
    )


@dataclass(frozen=True)
class _Search:
    """Misfits of some statements as a function of moves; `rough` ones on scales that do not end."""

    solver: Solver
    statements: Mapping[str, Statement]
    biases: Biases | None
    rough: bool

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """Label -> what a misfit of each point is multiplied by; that of ratios as they are at the start."""
        start = self.solver.asked(self.statements, [np.zeros(self.solver.size)])
        return {label: _WEIGHT / s.allowed(s.denominator(start)) for label, s in self.statements.items()}

    def misfits(self, thetas: np.ndarray) -> np.ndarray:
        """Weighed misfits, shape (vectors, points)."""
        return np.concatenate([self._points(label, x) for label, x in self._draws(thetas).items()], axis=1)

    def _draws(self, thetas: np.ndarray) -> dict[str, np.ndarray]:
        """Label -> draws of what each statement speaks of, shape (vectors, draws)."""
        together = max(1, _MOST_CELLS // self.solver.draws.cells)
        parts = [
            self.solver.asked(self.statements, list(thetas[start : start + together]))
            for start in range(0, len(thetas), together)
        ]
        return {label: np.concatenate([s.draws(asked) for asked in parts]) for label, s in self.statements.items()}

    def _points(self, label: str, x: np.ndarray) -> np.ndarray:
        """Weighed misfits of one statement in draws of what it speaks of, shape (vectors, points)."""
        s = self.statements[label]
        if self.rough:
            return s.apart(x) / _ROUGH
        off = s.achieved(x) - s.asked + (0.0 if self.biases is None else self.biases[label])
        return off * self.weights[label]

    @cached_property
    def in_few(self) -> _Search:
        """The same in few draws, which tell slopes well enough."""
        return replace(self, solver=self.solver.few)

    def slopes(self, theta: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Slopes of the misfits, shape (points, free numbers).

        A quantile is taken to move as the draws around it do on average: which draw stands just there is chance.
        """
        from scipy.ndimage import uniform_filter1d

        steps = _STEP * np.eye(self.solver.size)[free]
        found = []
        for label, x in self._draws(np.concatenate([theta[None], theta + steps])).items():
            order = np.argsort(x[0])
            start, moves = x[0][order], (x[1:] - x[0])[:, order]
            for share in _AROUND:
                moves = uniform_filter1d(moves, max(1, round(share * x.shape[1])), axis=1, mode="nearest")
            points = self._points(label, np.concatenate([start[None], start + _LONGER * moves]))
            found.append((points[1:] - points[0]) / (_LONGER * _STEP))
        return np.concatenate(found, axis=1).T

    def end(self, begin: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Where a search that begins somewhere ends.

        Slopes are taken in few draws. Of many free numbers they cost much, and follow from what short steps find; where
        that ends they are taken anew, until all is near or nothing is gained.
        """
        from scipy.optimize import least_squares

        def full(moved: np.ndarray) -> np.ndarray:
            theta = np.zeros(self.solver.size)
            theta[free] = moved
            return theta

        def misses(x: np.ndarray) -> np.ndarray:
            return np.concatenate([self.misfits(full(x)[None])[0], _PULL * x])

        def slopes(x: np.ndarray) -> np.ndarray:
            return np.vstack([self.in_few.slopes(full(x), free), _PULL * np.eye(x.size)])

        x, cost = begin[free], math.inf
        far, anew = (_FAR, _ANEW) if x.size > _MANY else (0.0, 1)
        for _ in range(anew):
            secant: Any = _Secant(misses, slopes, far)
            found = least_squares(secant.value, x, jac=secant.slopes_at, ftol=1e-2, xtol=3e-3, max_nfev=_TRIES)
            x, gained = found.x, cost - found.cost
            if np.abs(found.fun[: -x.size]).max() <= _NEAR or gained <= _GAIN * found.cost:
                break
            cost = found.cost
        return full(x)


class _Secant:
    """A function and its slopes, which nearby follow from what its values tell (Broyden 1965†)."""

    def __init__(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        slopes: Callable[[np.ndarray], np.ndarray],
        far: float,
    ) -> None:
        self.function, self.anew, self.far = function, slopes, far
        self.last: tuple[np.ndarray, np.ndarray] | None = None
        self.taken: np.ndarray | None = None
        self.slopes = np.zeros((0, 0))

    def value(self, x: np.ndarray) -> np.ndarray:
        """Value at a point; a step that was tried teaches the slopes, taken or not."""
        value = self.function(x)
        if self.last is not None and self.taken is not None and np.any(step := x - self.last[0]):
            self.slopes = self.slopes + np.outer(value - self.last[1] - self.slopes @ step, step) / (step @ step)
        self.last = (x.copy(), value)
        return value

    def slopes_at(self, x: np.ndarray) -> np.ndarray:
        """Slopes, taken anew far from where they were."""
        if self.taken is None or np.abs(x - self.taken).max() > self.far:
            self.taken, self.slopes = x.copy(), self.anew(x)
        return self.slopes


def _rounded(value: float) -> float:
    return value if value == 0 or not math.isfinite(value) else float(f"{value:.{_DIGITS}g}")
