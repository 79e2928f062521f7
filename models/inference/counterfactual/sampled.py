"""Counterfactuals by Monte Carlo: hidden nodes drawn within each draw of the posterior, and only those coupled.

The exact answer needs a table over everything that is hidden in both worlds at once. Here the hidden nodes are drawn
from what the case showed (abduction), their copies follow from the coupled rows of these cases alone (action and
prediction), and the last copy is not drawn but averaged (Rao and Blackwell). What was seen of a node whose table is
too large to be multiplied weighs the cases instead of drawing them (likelihood weighting: Fung and Chang 1990†), so
that the answer is a ratio of means. The error is found by the jackknife (Tukey 1958†; Miller 1974†, Biometrika 61(1))
over batches, which also takes away the bias that ratios have in the first order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from ..contract import MEMORY_LIMIT
from ..most_probable import DRAWN, Chosen, sample_above
from ..plan import make_plan
from ..question import Form, relevant
from ..tables import DrawnNetwork, Evidence
from .couplings import COUPLINGS
from .twin import Twin

#: Batches of cases whose answers are compared: enough to tell the error to within a fifth.
BATCHES = 16
#: Cells of a table from which on the rows of single cases are made rather than the table.
_WORTH_MAKING = 4096
#: Share of the whole below which a sum is nothing but what rounding has left.
_NOTHING = 1e-9
#: Multiplications a draw that are spent on drawing from what the case showed, before it is taken as a weight.
_WORTH_DRAWING = 10_000
#: Seconds that a case takes for each arrow that it is looked up along: measured, and rounded up.
_A_LOOK = 3e-8


@dataclass(frozen=True)
class Abduction:
    """How the cases are drawn that explain what was seen.

    Parameters
    ----------
    form
        What cases are drawn from; what was seen besides counts as done.
    weighed
        Nodes whose probability of what was seen weighs a case.
    hidden
        Nodes to be drawn, parents first.
    copied
        Nodes whose copies follow, parents first.
    """

    form: Form
    weighed: tuple[str, ...]
    hidden: tuple[str, ...]
    copied: tuple[str, ...]

    @classmethod
    def of(cls, twin: Twin, form: Form) -> Abduction:
        """Plan the answer to a question of both worlds: draw from as much of what was seen as can be multiplied."""
        both, copied = twin.system.network, twin.copied(form)
        copies = set(twin.names(twin.reached))
        needed = [name for name in relevant(both, form) if name not in copies]
        linked = {axis for name in (*needed, *twin.names(copied)) for axis in both.axes(name)}
        hidden = tuple(name for name in both.names if name in linked - copies and name not in form.fixed)
        own = {name: prod(len(both[a].states) for a in both.axes(name) if a not in form.fixed) for name in form.given}
        light = sorted((name for name in needed if name in form.given), key=lambda name: own[name])
        weighed = []
        while True:
            rest = tuple(name for name in form.given if name not in light)
            drawing = Form((), tuple(light), rest)
            plan = make_plan(both, drawing, "choice")
            if not light or max(plan.flops, plan.cells) <= _WORTH_DRAWING:
                return cls(drawing, tuple(weighed), hidden, copied)
            weighed.append(light.pop())

    def seconds(self, twin: Twin) -> float:
        """Time that one case of one draw takes: an estimate."""
        network = twin.system.network
        one = sum(len(network.axes(name)) for name in (*self.hidden, *self.weighed))
        return _A_LOOK * (one + 3 * sum(len(network.axes(name)) for name in self.copied))


def sampled_sums(
    twin: Twin,
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    *,
    size: int,
    rng: np.random.Generator,
    memory: int = MEMORY_LIMIT,
) -> np.ndarray:
    """P(targets in the other world, what was seen) of one case in every draw, by Monte Carlo and up to a factor.

    Parameters
    ----------
    twin
        Both worlds.
    system
        The world that was seen, with the draws to answer for.
    form
        Its targets by the names that they have in the twin network, a copy among them; `given` is what was seen.
    evidence
        Of one case, no member of a group integrated out.
    size
        Cases in each draw, a multiple of `BATCHES`.

    Returns
    -------
    ndarray
        Shape (BATCHES, *targets, samples), one estimate from each batch. The factor is the probability of what the
        cases were drawn from, `Abduction.form`.

    Raises
    ------
    ImpossibleEvidenceError
        If what the cases are drawn from has probability zero in some draw.
    """
    abduction = Abduction.of(twin, form)
    cases = _Cases(system, evidence, size, rng, {})
    if abduction.form.given:
        cases.states.update(sample_above(system, abduction.form, evidence, size=size, rng=rng, memory=memory))
    for name in abduction.hidden:
        if name not in cases.states:
            cases.states[name] = cases.draw(cases.rows(name, cases.here))
    weighed = (cases.rows(name, cases.here)[evidence.fixed[name]] for name in abduction.weighed)
    weights = reduce(np.multiply, weighed, np.ones((size, system.samples)))
    *before, last = abduction.copied
    there = {**cases.here, **twin.do}
    for name in before:
        there[name] = cases.draw(cases.copy_rows(twin, name, there))
    # The last copy is a target, since nothing that is asked for hangs on it: it is averaged, not drawn.
    shares = weights * cases.copy_rows(twin, last, there)
    place = form.targets.index(twin.names((last,))[0])
    originals = dict(zip(twin.names(twin.reached), twin.reached, strict=True))
    others = [name for name in form.targets if originals.get(name) != last]
    drawn = [there[originals[name]] if name in originals else cases.here[name] for name in others]
    sums = _tallied(shares, drawn, [len(twin.system.network[name].states) for name in others])
    return np.moveaxis(sums, -2, 1 + place) * (BATCHES / size)


@dataclass(frozen=True)
class _Cases:
    """Cases that are being drawn, `size` in every draw.

    Parameters
    ----------
    states
        Node -> state number, shape (size, samples); drawn so far.
    """

    system: DrawnNetwork
    evidence: Evidence
    size: int
    rng: np.random.Generator
    states: Chosen

    @property
    def here(self) -> dict[str, Any]:
        """State of every node in the world that was seen: of what was seen one number, of the others as drawn."""
        return {**self.states, **self.evidence.fixed}

    def draw(self, rows: np.ndarray) -> np.ndarray:
        """A state number for each case, shape (size, samples)."""
        return DRAWN.pick(rows, self.rng.random(rows.shape[1:]))

    def rows(self, name: str, states: Mapping[str, Any]) -> np.ndarray:
        """Distribution of a node given the states of its parents, shape (states, size, samples)."""
        system, own = self.system, self.system.network[name]
        codes = {parent: states[parent] for parent in own.parent_names}
        members = {group: self.evidence.members[group] for group in system.groups[name]}
        free = [parent for parent, code in codes.items() if np.ndim(code)]
        sizes = [len(system.network[parent].states) for parent in free]
        shape = (len(own.states), self.size, system.samples)
        if free and prod(sizes) * len(own.states) > _WORTH_MAKING:
            return system.network.family(name).rows(system.values, codes, members, system.network.local(name))
        fixed = {parent: int(code) for parent, code in codes.items() if parent not in free}
        table = system.makers[name](system.values, fixed, members)
        if not free:
            return np.broadcast_to(table[:, None], shape)
        place = np.ravel_multi_index(tuple(np.asarray(codes[parent]) for parent in free), sizes)
        place = place * table[(0,) * len(free)].size + np.arange(system.samples)
        cells = table.ravel()
        return np.stack([cells.take(place + state * system.samples) for state in range(len(own.states))])

    def copy_rows(self, twin: Twin, name: str, there: Mapping[str, Any]) -> np.ndarray:
        """Distribution of a node's copy given the node, its parents and theirs, shape (states, size, samples)."""
        own, its = (self.rows(name, states) for states in (self.here, there))
        count, *shape = own.shape
        seen = np.ravel(self.here[name])
        row = COUPLINGS[twin.couplings[name]](own.reshape(count, 1, -1), its.reshape(1, count, -1), seen)
        return row.reshape(count, *shape)


def _tallied(shares: np.ndarray, others: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """Sums over the cases of each batch, by the states of some nodes, shape (BATCHES, *sizes, states, samples).

    Parameters
    ----------
    shares
        Of each state of one node, shape (states, cases, samples).
    others
        State numbers of the other nodes, shape (cases, samples) each.
    sizes
        How many states they have.
    """
    states, cases, samples = shares.shape
    if not others:
        return np.moveaxis(shares.reshape(states, BATCHES, -1, samples).sum(axis=2), 0, 1)
    batch = np.repeat(np.arange(BATCHES), cases // BATCHES)[:, None]
    whole = (BATCHES, *sizes, samples)
    place = np.ravel_multi_index((batch, *others, np.arange(samples)), whole).ravel()
    sums = [np.bincount(place, own.ravel(), minlength=prod(whole)).reshape(whole) for own in shares]
    return np.stack(sums, axis=-2)


def without_each(sums: np.ndarray, targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Distributions by all batches, and by all but each.

    Parameters
    ----------
    sums
        Shape (BATCHES, *targets, ...), as `sampled_sums` gives them, or linear combinations of these.
    targets
        How many dims of it are targets.

    Returns
    -------
    replicates
        Shape (1 + BATCHES, *targets, ...).
    enough
        Where every one of them rests on a case that agrees with what was seen, shape (...); elsewhere they are zero.
    """
    total = sums.sum(axis=0)
    parts = np.concatenate([total[None], np.maximum(total - sums, 0.0)])
    mass = parts.sum(axis=tuple(range(1, 1 + targets)), keepdims=True)
    some = mass > _NOTHING * mass[:1]
    enough = some.all(axis=tuple(range(1 + targets)))
    return np.divide(parts, mass, out=np.zeros_like(parts), where=some & enough), enough


def estimate(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best estimate and its standard error, from all cases and from all but each batch.

    Parameters
    ----------
    replicates
        Shape (1 + BATCHES, ...), as `without_each` gives them.

    Examples
    --------
    Of a mean, the jackknife gives the mean and its error:

    >>> x = np.arange(16.0)
    >>> value, error = estimate(np.array([x.mean(), *((x.sum() - x) / 15)]))
    >>> round(float(value), 9), round(float(error), 9) == round(float(x.std(ddof=1) / 4), 9)
    (7.5, True)
    """
    whole, parts = replicates[0], replicates[1:]
    mean = parts.mean(axis=0)
    error = np.sqrt((BATCHES - 1) / BATCHES * ((parts - mean) ** 2).sum(axis=0))
    return BATCHES * whole - (BATCHES - 1) * mean, error
