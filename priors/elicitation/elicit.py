"""From statements about probabilities to priors of parameters: solved for, checked on fresh draws, never silent.

A prior set to start from is changed as little as the statements allow: least squares of the misfits, and a weak pull
back to where each number was. PreliZ fits one distribution to what is said of that very quantity; here what is said is
of probabilities that many parameters make together, which it does not take, so the solving is done by SciPy.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, shown
from ...common.show import Shown, View
from ...models.errors import PriorError, QueryError, wrong_kinds
from ...models.network.network import Network
from ...models.network.parameters import check_priors, network_parameters, parameter_coords
from ...models.network.toml import as_network
from ...models.parameters.prior import Prior
from ...models.parameters.prior_set import PriorEntry, PriorSet
from ...models.seeds import seed_sequence
from ..diff import PriorDiff, prior_diff
from ..files.load import Priors, as_priors
from .figure import Panel, elicitation_figure
from .smooth_draws import SmoothDraws
from .solving import Biases, Solver, achieved, worst_misfit
from .statements import Asked, Questions, Statement, chances_of

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure

#: Draws that are solved on: many where the case is described in full, fewer where other nodes are summed over.
_DRAWS, _DRAWS_SUMMED = 2**11, 2**8
#: Draws that priors are judged by, of seeds of their own.
_JUDGES, _JUDGES_SUMMED = 2**14, 2**13
#: So often at most priors are solved for, each time with the bias seen in the last; a misfit of less than this share of
#: what is allowed is left alone.
_ROUNDS, _GOOD = 3, 1 / 3
#: Combinations of states from which on summing over them takes long.
_SLOW = 1e5
#: A misfit of up to so many times what is allowed is told as small: statements are missed by a little, not denied.
_SLIGHT = 2.5
#: Numbers that moved by less than this share of a spread go back to where they were, if all is said as well.
_STILL = 0.02


class MisfitWarning(UserWarning):
    """Priors that do not say what was asked of them.

    Examples
    --------
    >>> import warnings
    >>> from servanda.models import Network, Node, chance_of
    >>> from servanda.priors import quantiles
    >>> flat, yes = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}), chance_of("kept", "yes")
    >>> with warnings.catch_warnings(record=True) as heard:
    ...     warnings.simplefilter("always")
    ...     both = {"low": quantiles(yes, {0.5: 0.2}), "high": quantiles(yes, {0.5: 0.6})}
    ...     found = elicit(Network((Node("kept", ("no", "yes")),)), flat, both, seed=1)
    >>> found.met, heard[0].category is MisfitWarning
    (False, True)
    """


@dataclass(frozen=True, repr=False)
class Elicited(Shown):
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
    denominators
        Label -> median of what is divided by, for ratios.
    contradictions
        Sets of labels for which no priors were found that say them together, and none of which can be spared from its
        set. For a set of one none were found that say it by itself.

    Examples
    --------
    >>> from servanda.models import Network, Node, chance_of
    >>> from servanda.priors import kept
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> asked = {"memory": kept(chance_of("kept", "yes"), 7, 10)}
    >>> found = elicit(Network((Node("kept", ("no", "yes")),)), flat, asked, seed=1)
    >>> found.met, list(found.statements)
    (True, ['memory'])
    """

    priors: PriorSet
    base: PriorSet
    statements: Mapping[str, Statement]
    network: Network
    said: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray]
    denominators: Mapping[str, float]
    contradictions: tuple[tuple[str, ...], ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a point: ``asked``, ``achieved``, ``before`` (under the base), ``misfit``, ``allowed``, ``met``."""
        import pandas as pd

        rows = []
        for label, s in self.statements.items():
            achieved, before = (s.achieved(x[label][None])[0] for x in (self.said, self.before))
            misfits, allowed = achieved - s.asked, s.allowed(self.denominators[label])
            points = zip(s.points, s.asked, achieved, before, misfits, allowed, strict=True)
            rows += [(label, *point, abs(point[-2]) <= point[-1]) for point in points]
        columns = ["statement", "point", "asked", "achieved", "before", "misfit", "allowed", "met"]
        return pd.DataFrame(rows, columns=columns).set_index(["statement", "point"])

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        # How many times as likely one is as another is no probability.
        if any(s.against is not None for s in self.statements.values()):
            return printed_table(self.table)
        changes = [self.statements[str(label)].chance.is_difference for label, _ in self.table.index]
        percent = ["asked", "achieved", "before"]
        table = self.table.drop(columns="allowed")
        return printed_table(table, percent=percent, points=["misfit"], changes=changes, digits=1)

    @property
    def met(self) -> bool:
        """Whether the misfit of every point is allowed (see `Statement.allowed`)."""
        return bool(self.table["met"].all())

    @property
    def missed(self) -> tuple[str, ...]:
        """Labels of statements of which some point is missed by more than is allowed."""
        labels = self.table.index.get_level_values("statement")[~self.table["met"].to_numpy(bool)]
        return tuple(map(str, labels.unique()))

    @property
    def slightly(self) -> bool:
        """Whether something is missed, and all that is missed by little: by 2.5 times what is allowed at the most."""
        return not self.met and bool((self._shares <= _SLIGHT).all())

    @property
    def _shares(self) -> np.ndarray:
        """Misfit of each point as a share of what is allowed."""
        return np.abs(self.table["misfit"].to_numpy(float) / self.table["allowed"].to_numpy(float))

    @property
    def changes(self) -> PriorDiff:
        """Priors that changed, from what to what."""
        return prior_diff(replace(self.base, name=f"{self.base.name} (before)"), self.priors, self.network)

    @property
    def verdict(self) -> str:
        """Whether all is said as asked; else where not, and what contradicts what."""
        table, changed = self.table, len(self.changes)
        worst = int(np.argmax(self._shares))
        label, point = table.index[worst]
        off = f"{abs(float(table['misfit'].to_numpy(float)[worst])):.3f} (“{label}”, {point})"
        moved = f"{changed} prior{'' if changed == 1 else 's'} changed"
        if self.met:
            return f"All that was asked is said; the largest misfit is {off}. {moved}."
        if self.slightly:
            allowed = f"{float(table['allowed'].to_numpy(float)[worst]):.3f} is allowed"
            return f"Nearly all that was asked is said; the largest misfit is small, {off}: {allowed}. {moved}."
        said = [f"Not all that was asked is said: {', '.join(self.missed)}; the largest misfit is {off}. {moved}."]
        for labels in self.contradictions:
            first, *rest = (f"“{label}”" for label in labels)
            if rest:
                said.append(f"{first} contradicts {' with '.join(rest)}: no priors were found that say them together.")
            else:
                said.append(f"No priors were found that say {first}, even by itself.")
        return " ".join(said)

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of each statement: what is said now and was before, and what was asked.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``before``, ``now``, ``asked`` and ``missed``.
        """
        panels = [
            Panel(
                f"{label}\n{s.said}",
                s.chance.unit if s.against is None else "times as likely",
                self.said[label],
                self.before[label],
                s.values,
                s.levels,
                self.table.loc[[label], "met"].to_list(),
            )
            for label, s in self.statements.items()
        ]
        return elicitation_figure(panels, self.base.name, look)

    def _view(self) -> View:
        words = {label: f"{s.words(self.network)}: {s.said}" for label, s in self.statements.items()}
        return View(self.verdict, words, self.table, more={"what changed": self.changes.table})

    def __str__(self) -> str:
        return f"{self.table.round(3).to_string()}\n{self.verdict}"


def elicit(
    network: Network | str | os.PathLike[str],
    base: Priors,
    statements: Mapping[str, Statement],
    *,
    seed: int,
    name: str = "elicited",
    parameters: Collection[str] | None = None,
    source: str = "judgement",
    progress: bool | Progress | None = None,
) -> Elicited:
    """Solve for priors that say what an expert states, starting from a prior set and leaving as much of it as can be.

    It takes seconds where every parent of the node that is spoken of is given, and minutes where other nodes are summed
    over.

    Parameters
    ----------
    network
        Whose parameters: a network, its name or its file.
    base
        A prior for every parameter: a set, its name or its file.
    statements
        Label -> statement, from `quantiles`, `between`, `kept`, `times_as_likely` or `roulette`.
    seed
        Of the draws on which priors are solved for and judged.
    name
        Of the new set.
    parameters
        Those whose priors may change; by default all of the nodes whose probabilities are spoken of. A statement that
        is surer than the base narrows all of them, and so what they say of other cases; name a few to prevent that.
    source
        Of the new entries: whose statements they are.
    progress
        Called with what is done, and how many parts of it are done and to do.

    Returns
    -------
    Elicited
        The set in ``.priors``, what was asked, achieved and missed in ``.table``, and what changed in ``.changes``.

    Warns
    -----
    UserWarning
        If so many nodes are summed over that it takes minutes.
    MisfitWarning
        If some point is missed by more than is allowed, 0.01 of probability as a rule (see `Statement.allowed`). The
        result says which, and what contradicts what.

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
    from threadpoolctl import threadpool_limits

    network, base = as_network(network), as_priors(base)
    _check(network, base, statements, parameters)
    needed = frozenset().union(*(s.nodes(network) for s in statements.values()))
    targets = frozenset().union(*(s.targets for s in statements.values()))
    summed = any(s.nodes(network) - s.targets for s in statements.values())
    draws, judges = (_DRAWS_SUMMED, _JUDGES_SUMMED) if summed else (_DRAWS, _JUDGES)
    if summed and np.prod([len(network[node].states) for node in needed], dtype=float) > _SLOW:
        rest = [node for node in network.names if node in needed - targets]
        what = f"statements leave {', '.join(rest)} open, which are summed over at every step: this takes minutes"
        warnings.warn(f"{what}; describe the cases in full, or let few `parameters` change", UserWarning, stacklevel=2)
    solver = Solver.of(network, base, statements, parameters, SmoothDraws.of(network, needed, seed=seed, draws=draws))
    streams = seed_sequence(seed).generate_state(_ROUNDS + 1).tolist()

    @cache
    def judge(stream: int) -> SmoothDraws:
        return SmoothDraws.of(network, needed, seed=stream, draws=judges)

    def judged(theta: np.ndarray, smooth: SmoothDraws) -> Asked:
        values = smooth.values([solver.priors(theta, rounded=True)])
        return Asked(solver.questions, chances_of(statements.values()), values)

    steps = 1 + _ROUNDS + len(statements)
    # Matrices of a few dozen rows: threads would wait for each other longer than they work.
    with threadpool_limits(1), shown(progress) as tell:
        theta, biases, best, least = None, None, np.zeros(solver.size), np.inf
        for number in range(_ROUNDS):
            tell("eliciting", number, steps)
            theta = solver.solved(statements, start=theta, biases=biases)
            # Few draws have a bias, which other draws show: what is asked of the few is moved by it.
            there_now = judged(theta, judge(streams[number]))
            there, few = achieved(statements, there_now), achieved(statements, solver.asked(statements, [theta]))
            worst = worst_misfit(statements, there, there_now)
            if worst < least:
                best, least = theta, worst
            biases = {label: there[label] - few[label] for label in statements}
            if worst < _GOOD:
                break
        few_moved = np.where(np.abs(best) > _STILL, best, 0.0)
        there_now = judged(few_moved, judge(streams[0]))
        if worst_misfit(statements, achieved(statements, there_now), there_now) <= max(2 * _GOOD, least):
            best = few_moved
        last = judge(streams[-1])
        now, old = (judged(theta, last) for theta in (best, np.zeros(solver.size)))
        found = Elicited(
            _with_priors(base, solver.priors(best, rounded=True), name, network, statements, source),
            base,
            dict(statements),
            network,
            {label: s.draws(now)[0] for label, s in statements.items()},
            {label: s.draws(old)[0] for label, s in statements.items()},
            {label: s.denominator(now) for label, s in statements.items()},
            (),
        )
        if not found.met:
            if not found.slightly:
                cores = _contradictions(solver, statements, found.missed, biases, tell, steps)
                found = replace(found, contradictions=tuple(cores))
            warnings.warn(found.verdict, MisfitWarning, stacklevel=2)
        tell("eliciting", steps, steps)
        return found


def _with_priors(
    base: PriorSet,
    chosen: Mapping[str, Prior],
    name: str,
    network: Network,
    statements: Mapping[str, Statement],
    source: str,
) -> PriorSet:
    """The base with what changed."""
    before = {parameter.name: parameter.prior(base) for parameter in network_parameters(network)}
    changed = {parameter: prior for parameter, prior in chosen.items() if prior != before[parameter]}
    reason = "Elicited: " + "; ".join(f"{label} ({s.said})" for label, s in statements.items()) + "."
    kept = tuple(entry for entry in base.entries if entry.parameter not in changed)
    new = tuple(PriorEntry(parameter, prior, reason, source, "judgement") for parameter, prior in changed.items())
    about = f"From {base.name}, changed so that it says: "
    about += "; ".join(f"{label}: {s.words(network)}: {s.said}" for label, s in statements.items()) + "."
    return PriorSet((*kept, *new), name, f"Elicited from {base.name}", about, base.based_on)


def _check(
    network: Network, base: PriorSet, statements: Mapping[str, Statement], parameters: Collection[str] | None
) -> None:
    faults = wrong_kinds({"base": (base, PriorSet)})
    if not isinstance(statements, Mapping):
        faults.append(Fault("statements", f"must be label -> statement, not a {type(statements).__name__}"))
    raise_faults("elicitation", faults, PriorError)
    faults += wrong_kinds({f"statement {label}": (s, Statement) for label, s in statements.items()})
    raise_faults("elicitation", faults, PriorError)
    check_priors(network, base, parameter_coords(network))
    faults = [] if statements else [Fault("statements", "there are none")]
    for label, statement in statements.items():
        found = statement.faults(network)
        try:
            _ = found or _asked_twice(network, base, statement)
        except QueryError as error:
            found = list(error.faults)
        faults += [fault.within(f"statement {label}") for fault in found]
    known = [parameter.name for parameter in network_parameters(network)]
    faults += [
        Fault(f"parameter {name}", f"network {network.name} has none of this name{nearest(name, known)}")
        for name in parameters or ()
        if name not in known
    ]
    if parameters is not None and not parameters:
        faults.append(Fault("parameters", "name none that may change"))
    raise_faults("elicitation", faults, PriorError)


def _asked_twice(network: Network, base: PriorSet, statement: Statement) -> np.ndarray:
    """Draws of what a statement speaks of under the base, two of them, to see whether it can be asked at all."""
    few = SmoothDraws.of(network, statement.nodes(network), seed=0, draws=2)
    priors = {name: parameter.prior(base) for name, parameter in few.parameters.items()}
    return statement.draws(Asked(Questions(few.at([priors])), statement.chances, few.values([priors])))


def _contradictions(
    solver: Solver,
    statements: Mapping[str, Statement],
    missed: Collection[str],
    biases: Biases | None,
    progress: Progress,
    steps: int,
) -> Iterable[tuple[str, ...]]:
    """Find sets of statements that cannot hold together and from which none can be spared (a deletion filter)."""

    def misses(some: Mapping[str, Statement]) -> bool:
        # The priors that were found say the others together.
        if not set(missed) & set(some):
            return False
        return solver.worst(solver.solved(some, biases=biases), some, biases) > 1

    left = dict(statements)
    for number, label in enumerate(statements, start=_ROUNDS):
        progress("looking for what contradicts what", number, steps)
        if misses({label: statements[label]}):
            yield (label,)
            del left[label]
    while len(left) > 1 and misses(left):
        core = dict(left)
        for label in left:
            rest = {other: s for other, s in core.items() if other != label}
            if len(rest) > 1 and misses(rest):
                core = rest
        yield tuple(core)
        left = {label: s for label, s in left.items() if label not in core}


__all__ = ["Elicited", "MisfitWarning", "elicit"]
