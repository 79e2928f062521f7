"""From statements about probabilities to priors of parameters: solved for, checked on fresh draws, never silent.

A prior set to start from is changed as little as the statements allow: least squares of the misfits, and a weak pull
back to where each number was. PreliZ fits one distribution to what is said of that very quantity; here what is said is
of probabilities that many parameters make together, which it does not take, so the solving is done by SciPy.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.errors import Fault, nearest, raise_faults
from ..models.check import PriorError, QueryError
from ..models.compiler import check_priors, network_parameters, parameter_coords
from ..models.fitting import prior_draws
from ..models.prior import DISTRIBUTIONS, Prior, PriorEntry, PriorSet
from .inverse import SmoothDraws
from .statements import Statement

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..models.network import Network
    from ..models.parameter import Parameter
    from ..models.posterior import Posterior

#: A misfit of more than this, in probability, is told.
TOLERANCE = 0.01
#: Draws that are solved on: many where the case is described in full, fewer where other nodes are summed over.
_DRAWS, _DRAWS_SUMMED = 2**10, 2**9
#: Draws that priors are judged by, of seeds of their own.
_JUDGES, _JUDGES_SUMMED = 2**15, 2**13
#: So often at most priors are solved for, each time with the bias seen in the last.
_ROUNDS = 3
#: Misfits are weighed by this, and moves of numbers by the other: a move of one spread costs as much as a misfit of
#: 0.0001.
_WEIGHT, _PULL = 1 / 0.002, 0.05
#: Steps by which slopes are taken, as quantiles of draws have small kinks.
_STEP = 0.02
#: Numbers that moved by less than this share of a spread go back to where they were.
_STILL = 0.02
#: A number on which all points depend by less than this, in probability for a large move, stays where it is.
_IDLE = 1e-4
#: Steps of a search.
_TRIES = 20
#: Numbers that may differ by state.
_BY_STATE = {("normal", "mu"), ("student_t", "mu"), ("lognormal", "mu"), ("dirichlet", "alpha")}
#: Numbers that no statement is thought to be about.
_FIXED = {("student_t", "nu")}
#: What numbers are rounded to, in digits that count.
_DIGITS = 4

#: Called with what is done, and how many parts of it are done and to do.
Told = Callable[[str, int, int], None]


class MisfitWarning(UserWarning):
    """Priors that do not say what was asked of them."""


@dataclass(frozen=True)
class Elicited:
    """Priors that say what was asked of them, or what they say instead.

    Parameters
    ----------
    priors
        The set, with an entry for each parameter that had to change.
    base
        What it was started from.
    statements
        Label -> what was asked.
    network
        Whose parameters.
    said, before
        Label -> draws of what is spoken of under `priors` and under `base`, shape (draws,); not those that were solved
        on.
    units
        Label -> what a misfit of one is worth in probability.
    contradictions
        Sets of labels that cannot hold together, none of which can be spared from its set. A set of one cannot be said
        by any prior of the network by itself.
    """

    priors: PriorSet
    base: PriorSet
    statements: Mapping[str, Statement]
    network: Network
    said: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray]
    units: Mapping[str, float]
    contradictions: tuple[tuple[str, ...], ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a point: ``asked``, ``achieved``, ``before`` (under the base), ``misfit`` in probability, ``met``."""
        import pandas as pd

        rows = []
        for label, statement in self.statements.items():
            achieved, before = (statement.achieved(x[label][None])[0] for x in (self.said, self.before))
            misfits = (achieved - statement.asked) * self.units[label]
            points = zip(statement.points, statement.asked, achieved, before, misfits, strict=True)
            rows += [(label, *point, abs(point[-1]) <= _allowed(statement)) for point in points]
        columns = ["statement", "point", "asked", "achieved", "before", "misfit", "met"]
        return pd.DataFrame(rows, columns=columns).set_index(["statement", "point"])

    @property
    def met(self) -> bool:
        """Whether each point is within 0.01 of probability of what was asked; of chips half a chip, if that is more."""
        return bool(self.table["met"].all())

    @property
    def verdict(self) -> str:
        """Whether all is said as asked; else where not, and what contradicts what."""
        worst = float(np.abs(self.table["misfit"].to_numpy(float)).max())
        changed = sum(self.priors[p.name] != self.base[p.name] for p in network_parameters(self.network))
        moved = f"{changed} prior{'' if changed == 1 else 's'} changed"
        if self.met:
            return f"All that was asked is said, to within {worst:.3f} of probability; {moved}."
        missed = self.table.index.get_level_values("statement")[~self.table["met"].to_numpy(bool)]
        told = [f"Not all that was asked is said: {', '.join(dict.fromkeys(missed))} (by up to {worst:.3f}); {moved}."]
        for labels in self.contradictions:
            first, *rest = (f"“{label}”" for label in labels)
            if rest:
                told.append(f"{first} contradicts {' with '.join(rest)}: no prior of this form says them together.")
            else:
                told.append(f"{first} by itself is said by no prior of this form.")
        return " ".join(told)

    def plot(self) -> Figure:
        """What is said now and was before, and what was asked."""
        from .elicitation_figure import elicitation_figure

        return elicitation_figure(self)

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{label}: {s.words(self.network)}: {s.said}</li>" for label, s in self.statements.items())
        return f"<ul>{words}</ul><p>{self.verdict}</p>{self.table.round(3).to_html()}"

    def __str__(self) -> str:
        return f"{self.table.round(3).to_string()}\n{self.verdict}"


def elicit(
    network: Network,
    base: PriorSet,
    statements: Mapping[str, Statement],
    *,
    seed: int,
    name: str = "elicited",
    parameters: Collection[str] | None = None,
    source: str = "judgement",
    told: Told | None = None,
) -> Elicited:
    """Solve for priors that say what an expert states, starting from a prior set and leaving as much of it as can be.

    Parameters
    ----------
    network
        Whose parameters.
    base
        A prior for every parameter.
    statements
        Label -> statement, from `quantiles`, `between`, `kept`, `times_as_likely` or `roulette`.
    seed
        Of the draws on which priors are solved for and judged.
    name
        Of the new set.
    parameters
        Those whose priors may change; by default all of the nodes whose probabilities are spoken of.
    source
        Of the new entries: whose statements they are.
    told
        Called with what is done, and how many parts of it are done and to do.

    Returns
    -------
    Elicited
        The set in ``.priors``, and what was asked, achieved and missed in ``.table``.

    Warns
    -----
    MisfitWarning
        If some point is missed by more than 0.01 of probability. The result says which, and what contradicts what.

    Raises
    ------
    PriorError
        If there are no statements, one does not fit the network, the base does not, or `parameters` names none of it.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> from servanda.priors import kept
    >>> found = elicit(network, flat, {"memory": kept(chance_of("kept", "yes"), 7, 10)}, seed=1)
    >>> found.met
    True
    >>> {state: round(number) for state, number in dict(found.priors["kept.table"].numbers)["alpha"]}
    {'no': 4, 'yes': 8}
    """
    _check(network, base, statements, parameters)
    needed = frozenset().union(*(statement.nodes(network) for statement in statements.values()))
    summed = any(statement.nodes(network) - statement.targets for statement in statements.values())
    draws, judges = (_DRAWS_SUMMED, _JUDGES_SUMMED) if summed else (_DRAWS, _JUDGES)
    solver = _solver(network, base, statements, parameters, SmoothDraws.of(network, needed, seed=seed, draws=draws))
    streams = np.random.SeedSequence(seed).generate_state(_ROUNDS + 1).tolist()

    def judged(priors: PriorSet, stream: int) -> Posterior:
        smooth = SmoothDraws.of(network, needed, seed=stream, draws=judges)
        return smooth.at([{name: priors[name] for name in smooth.parameters}])

    steps = 1 + _ROUNDS + len(statements)
    told = told or (lambda *_: None)
    theta, biases, priors = None, None, base
    for number in range(_ROUNDS):
        told("eliciting", number, steps)
        theta = solver.solved(statements, start=theta, biases=biases)
        theta = np.where(np.abs(theta) > _STILL, theta, 0.0)
        priors = solver.priors(theta, base, name, statements, source)
        # Few draws have a bias, which other draws show: what is asked of the few is moved by it.
        shown, few = judged(priors, streams[number]), solver.posterior([theta])
        there = {label: s.achieved(s.draws(shown))[0] for label, s in statements.items()}
        if all(
            np.abs((there[label] - s.asked) * s.unit(shown)).max() < TOLERANCE / 3 for label, s in statements.items()
        ):
            break
        biases = {label: there[label] - s.achieved(s.draws(few))[0] for label, s in statements.items()}
    now, old = judged(priors, streams[-1]), judged(base, streams[-1])
    found = Elicited(
        priors,
        base,
        dict(statements),
        network,
        {label: s.draws(now)[0] for label, s in statements.items()},
        {label: s.draws(old)[0] for label, s in statements.items()},
        {label: s.unit(now) for label, s in statements.items()},
        (),
    )
    if not found.met:
        found = replace(found, contradictions=tuple(_contradictions(solver, statements, told, steps)))
        warnings.warn(found.verdict, MisfitWarning, stacklevel=2)
    told("eliciting", steps, steps)
    return found


def _check(
    network: Network, base: PriorSet, statements: Mapping[str, Statement], parameters: Collection[str] | None
) -> None:
    check_priors(network, base, parameter_coords(network))
    faults = [] if statements else [Fault("statements", "there are none")]
    few = prior_draws(network, base, seed=0, draws=2)
    for label, statement in statements.items():
        try:
            statement.draws(few)
        except QueryError as error:
            faults += [Fault(f"statement {label}, {fault.where}", fault.what) for fault in error.faults]
        except KeyError as error:
            faults.append(Fault(f"statement {label}", f"speaks of a state that its node does not have: {error}"))
    known = [parameter.name for parameter in network_parameters(network)]
    faults += [
        Fault(f"parameter {name}", f"network {network.name} has none of this name{nearest(name, known)}")
        for name in parameters or ()
        if name not in known
    ]
    if parameters is not None and not parameters:
        faults.append(Fault("parameters", "name none that may change"))
    raise_faults("elicitation", faults, PriorError)


@dataclass(frozen=True)
class _Knob:
    """Numbers of a prior that may change, on a scale where one is a large move.

    `log` numbers are multiplied by exp(theta); others are moved by theta times `unit`. `states` has one for each number
    where they may differ by state.
    """

    parameter: str
    number: str
    states: tuple[str, ...]
    start: np.ndarray
    log: bool
    unit: np.ndarray

    @property
    def size(self) -> int:
        return self.start.size

    def at(self, theta: np.ndarray) -> np.ndarray:
        """The numbers after a move."""
        moved = self.start * np.exp(theta) if self.log else self.start + theta * self.unit
        return np.where(theta == 0, self.start, moved)


def _knobs(parameter: Parameter, prior: Prior, coords: Mapping[str, tuple[str, ...]]) -> Iterable[_Knob]:
    states = parameter.states(coords)
    known, numbers = DISTRIBUTIONS[prior.distribution], prior.resolved(states, parameter.name)
    for number, values in numbers.items():
        if (prior.distribution, number) in _FIXED:
            continue
        spread = bool(states) and parameter.zero_sum < 2 and (prior.distribution, number) in _BY_STATE
        if parameter.zero_sum > 1 and number == "mu":
            continue
        shape = (len(states),) if spread or values.ndim else ()
        start = np.broadcast_to(values, shape).ravel()
        log = number in known.positive
        unit = np.ones(1) if log else np.broadcast_to(numbers.get("sigma", np.ones(1)), shape or (1,)).ravel()
        yield _Knob(parameter.name, number, states if shape else (), start, log, unit)


@dataclass(frozen=True)
class _Solver:
    """Finds numbers of priors for which statements hold."""

    draws: SmoothDraws
    base: Mapping[str, Prior]
    knobs: Sequence[_Knob]

    @cached_property
    def edges(self) -> np.ndarray:
        """Where each knob's numbers begin and end in the vector that is solved for."""
        return np.cumsum([0, *(knob.size for knob in self.knobs)])

    def chosen(self, theta: np.ndarray, *, rounded: bool = False) -> dict[str, Prior]:
        """Priors of the parameters that may change."""
        numbers = {name: dict(prior.numbers) for name, prior in self.base.items()}
        for knob, start, stop in zip(self.knobs, self.edges[:-1], self.edges[1:], strict=True):
            if np.any(theta[start:stop]):
                values = knob.at(theta[start:stop])
                values = np.array([_rounded(value) for value in values]) if rounded else values
                named = tuple(zip(knob.states, values.tolist(), strict=True)) if knob.states else float(values[0])
                numbers[knob.parameter][knob.number] = named
        return {name: Prior(self.base[name].distribution, tuple(own.items())) for name, own in numbers.items()}

    def priors(
        self, theta: np.ndarray, base: PriorSet, name: str, statements: Mapping[str, Statement], source: str
    ) -> PriorSet:
        """The base with what changed."""
        chosen = self.chosen(theta, rounded=True)
        changed = {parameter: prior for parameter, prior in chosen.items() if prior != self.base[parameter]}
        network = self.draws.network
        reason = "Elicited: " + "; ".join(f"{label} ({s.said})" for label, s in statements.items()) + "."
        kept = tuple(entry for entry in base.entries if entry.parameter not in changed)
        new = tuple(PriorEntry(parameter, prior, reason, source, "judgement") for parameter, prior in changed.items())
        about = f"From {base.name}, changed so that it says: "
        about += "; ".join(f"{label}: {s.words(network)}: {s.said}" for label, s in statements.items()) + "."
        return PriorSet((*kept, *new), name, f"Elicited from {base.name}", about, base.based_on)

    def posterior(self, thetas: Sequence[np.ndarray]) -> Posterior:
        """The draws that are solved on, a chain for each vector."""
        return self.draws.at([self.chosen(theta) for theta in thetas])

    def solved(
        self,
        statements: Mapping[str, Statement],
        *,
        start: np.ndarray | None = None,
        biases: Mapping[str, np.ndarray] | None = None,
    ) -> np.ndarray:
        """The smallest moves for which some of the statements hold, as nearly as they can.

        With a start, only what it moves is moved.
        """
        from scipy.optimize import least_squares

        size = int(self.edges[-1])
        begin = np.zeros(size) if start is None else start
        if not size:
            return begin
        first = self.posterior([begin])
        units = {label: s.unit(first) for label, s in statements.items()}

        def full(moved: np.ndarray, free: np.ndarray) -> np.ndarray:
            theta = np.zeros(size)
            theta[free] = moved
            return theta

        def misfits(thetas: Sequence[np.ndarray]) -> np.ndarray:
            """Weighed misfits, shape (vectors, points)."""
            posterior = self.posterior(thetas)
            found = []
            for label, s in statements.items():
                off = s.achieved(s.draws(posterior)) - s.asked + (0.0 if biases is None else biases[label])
                found.append(off * units[label] * _WEIGHT)
            return np.concatenate(found, axis=1)

        def slopes(theta: np.ndarray, free: np.ndarray) -> np.ndarray:
            steps = _STEP * np.eye(size)[free]
            both = misfits([*(theta + steps), *(theta - steps)])
            return ((both[: len(steps)] - both[len(steps) :]) / (2 * _STEP)).T

        def search(theta: np.ndarray, free: np.ndarray) -> np.ndarray:
            if not free.any():
                return np.zeros(size)
            jacobian: Any = lambda x: np.vstack([slopes(full(x, free), free), _PULL * np.eye(x.size)])  # noqa: E731
            found = least_squares(
                lambda x: np.concatenate([misfits([full(x, free)])[0], _PULL * x]),
                theta[free],
                jac=jacobian,
                ftol=1e-2,
                xtol=1e-3,
                max_nfev=_TRIES,
            )
            return full(found.x, free)

        # What no statement depends on stays where it is.
        free = np.abs(slopes(begin, np.ones(size, bool))).max(axis=0) > _IDLE * _WEIGHT if start is None else begin != 0
        return search(begin, free)

    def misses(self, statements: Mapping[str, Statement]) -> bool:
        """Whether some of the statements cannot be met together."""
        posterior = self.posterior([self.solved(statements)])
        return any(
            np.abs((s.achieved(s.draws(posterior)) - s.asked) * s.unit(posterior)).max() > _allowed(s)
            for s in statements.values()
        )


def _solver(
    network: Network,
    base: PriorSet,
    statements: Mapping[str, Statement],
    parameters: Collection[str] | None,
    smooth: SmoothDraws,
) -> _Solver:
    targets = frozenset().union(*(s.targets for s in statements.values()))
    of_targets = network_parameters(network, [name for name in network.names if name in targets])
    chosen = {parameter.name for parameter in of_targets} if parameters is None else set(parameters)
    free = [parameter for name, parameter in smooth.parameters.items() if name in chosen]
    knobs = [knob for parameter in free for knob in _knobs(parameter, base[parameter.name], smooth.coords)]
    return _Solver(smooth, {name: base[name] for name in smooth.parameters}, knobs)


def _contradictions(
    solver: _Solver, statements: Mapping[str, Statement], told: Told, steps: int
) -> Iterable[tuple[str, ...]]:
    """Find sets of statements that cannot hold together and from which none can be spared (a deletion filter)."""
    left = dict(statements)
    for number, label in enumerate(statements, start=_ROUNDS):
        told("looking for what contradicts what", number, steps)
        if not solver.misses({label: statements[label]}):
            continue
        yield (label,)
        del left[label]
    while len(left) > 1 and solver.misses(left):
        core = dict(left)
        for label in left:
            rest = {other: s for other, s in core.items() if other != label}
            if len(rest) > 1 and solver.misses(rest):
                core = rest
        yield tuple(core)
        left = {label: s for label, s in left.items() if label not in core}


def _allowed(statement: Statement) -> float:
    return max(TOLERANCE, statement.grain)


def _rounded(value: float) -> float:
    return value if value == 0 or not math.isfinite(value) else float(f"{value:.{_DIGITS}g}")


__all__ = ["Elicited", "MisfitWarning", "elicit"]
