"""One state for every node: the most probable explanation of the evidence, or samples, for all draws at once.

Both go through a plan's steps once, and then back: where a step summed (or maximised) nodes away, their states are
chosen given those already chosen (Dawid 1992†). The next best are found by splitting what is left beside the best into
parts, one for each node, and taking the best of each (Lawler 1972†; Nilsson 1998†); what ties is counted on the way
forward. The best states of some nodes, the others summed out, are read from their joint distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from itertools import count as counter
from typing import Any

import numpy as np

from ...common.progress import Progress, part_of, silent
from .answers import check_possible, distribution, log_evidence
from .contract import MEMORY_LIMIT, Chunk, batch_shape, forward, in_parallel, prepare, slices
from .equations import Equations, write_equations
from .plan import Plan
from .question import Form, evidence_nodes
from .tables import DrawnNetwork, Evidence, make_tables, varying

#: Node -> state number, shape (samples of the network, cases, draws), without the dim of cases where there is none.
Chosen = dict[str, np.ndarray]
#: Chooses a row: takes weights of shape (rows, ...) and uniform numbers of shape (...), gives row numbers.
Pick = Callable[[np.ndarray, Any], np.ndarray]


def _likeliest(weights: np.ndarray, uniform: Any) -> np.ndarray:  # noqa: ARG001
    return weights.argmax(axis=0)


def _drawn(weights: np.ndarray, uniform: Any) -> np.ndarray:
    """Rows in proportion to their weight; one of weight zero is drawn only where all are, which is found out later."""
    # Along the outermost axis, adding whole rows takes a fifth of what NumPy's own running sum does.
    edges = np.stack([*accumulate(weights)])
    return np.minimum((edges <= uniform * edges[-1]).sum(axis=0), len(weights) - 1)


@dataclass(frozen=True)
class Chooser:
    """Rule by which states are chosen: how nodes are removed on the way forward, and chosen on the way back."""

    maximise: bool
    pick: Pick


#: Probabilities that differ by no more than this share are called equal: round-off is some ten thousand times less.
EQUAL = 1e-11

#: Numbers held for each node and sample: its state, its uniform number, and as much while both are worked with.
_HELD_FOR_A_NODE = 2
LIKELIEST = Chooser(maximise=True, pick=_likeliest)
DRAWN = Chooser(maximise=False, pick=_drawn)


def most_probable(
    system: DrawnNetwork, form: Form, evidence: Evidence, *, memory: int = MEMORY_LIMIT
) -> tuple[Chosen, np.ndarray]:
    """The joint state of all free nodes that is most probable given the evidence, for every draw and case.

    Returns
    -------
    states
        Node -> state number, shape (samples,) or (cases, samples).
    logs
        Logarithm of P(states, evidence), of the same shape.

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    states, logs = best_few(system, form, evidence, 1, memory=memory)
    return {name: chosen[0] for name, chosen in states.items()}, logs[0]


def best_few(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    count: int,
    *,
    memory: int = MEMORY_LIMIT,
    progress: Progress = silent,
) -> tuple[Chosen, np.ndarray]:
    """The most probable joint states of all free nodes given the evidence, the best first, for every draw and case.

    Each but the first takes as many passes as there are free nodes; progress is told of all passes together.

    Returns
    -------
    states
        Node -> state number, shape (count, samples) or (count, cases, samples); -1 where there are fewer states.
    logs
        Logarithm of P(states, evidence), of the same shape; minus infinity where there are fewer.

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    free = tuple(name for name in system.network.names if name not in form.fixed)
    form = replace(form, targets=free)
    nobody: dict[str, np.ndarray] = {}
    passes, passed = 1 + (count - 1) * len(free), counter()

    def choose(form: Form, evidence: Evidence) -> tuple[Chosen, np.ndarray]:
        return _choose(system, form, evidence, LIKELIEST, nobody, memory, part_of(progress, next(passed), passes))

    states, logs = choose(form, evidence)
    check_possible(system, form, evidence, logs > -np.inf, memory)
    if count == 1:
        return states, logs[None]
    sizes = {name: len(system.network[name].states) for name in free}
    limited = replace(form, likely=tuple(dict.fromkeys((*form.likely, *free))))

    def best_within(masks: Mapping[str, np.ndarray]) -> tuple[Chosen, np.ndarray]:
        weights = {name: mask * _with_cases(evidence.weights.get(name, 1.0), mask) for name, mask in masks.items()}
        part = replace(evidence, weights={**evidence.weights, **weights})
        return choose(limited, part)

    parts = [_Part({name: np.ones((size, *logs.shape), bool) for name, size in sizes.items()}, states, logs)]
    found: list[tuple[Chosen, np.ndarray]] = []
    while True:
        best, parts = _taken_out(parts)
        none = best.logs == -np.inf
        found.append(({name: np.where(none, -1, best.states[name][0]) for name in free}, best.logs))
        if len(found) == count:
            break
        masks = dict(best.masks)
        for name, size in sizes.items():
            chosen = np.arange(size).reshape(-1, *(1 for _ in logs.shape)) == best.states[name]
            own = {**masks, name: masks[name] & ~chosen}
            others, values = best_within(own)
            parts.append(_Part(own, others, np.where(none, -np.inf, values)))
            masks[name] = masks[name] & chosen
    ranked = {name: np.stack([one[name] for one, _ in found]) for name in free}
    return ranked, np.stack([values for _, values in found])


@dataclass(frozen=True)
class _Part:
    """Some of the joint states, in every draw and case: those that the masks let through, and the best of them.

    Parameters
    ----------
    masks
        Node -> which of its states, shape (states, *batch).
    states
        Node -> state number, shape (1, *batch).
    logs
        Shape batch.
    """

    masks: Mapping[str, np.ndarray]
    states: Chosen
    logs: np.ndarray


def _taken_out(parts: Sequence[_Part]) -> tuple[_Part, list[_Part]]:
    """The part with the best state in each draw and case, and what is left of all of them without it."""
    logs = np.stack([part.logs for part in parts])
    first = logs.argmax(axis=0)

    def picked(arrays: Sequence[np.ndarray]) -> np.ndarray:
        whole = np.stack(arrays)
        return np.take_along_axis(whole, np.broadcast_to(first, (1, *whole.shape[1:])), axis=0)[0]

    names = parts[0].masks
    best = _Part(
        {name: picked([part.masks[name] for part in parts]) for name in names},
        {name: picked([part.states[name] for part in parts]) for name in names},
        picked([part.logs for part in parts]),
    )
    left = [replace(part, logs=np.where(first == place, -np.inf, part.logs)) for place, part in enumerate(parts)]
    return best, left


def _with_cases(weights: Any, mask: np.ndarray) -> Any:
    """Weights of shape (states, samples) where there may be cases between."""
    return weights[:, None] if np.ndim(weights) == 2 and mask.ndim == 3 else weights


def count_best(system: DrawnNetwork, form: Form, evidence: Evidence, *, memory: int = MEMORY_LIMIT) -> np.ndarray:
    """Number of joint states of all free nodes that are as probable as the best, shape (samples,) or (cases, samples).

    Probabilities within a share of `EQUAL` of each other count as equal.
    """
    form = replace(form, targets=tuple(name for name in system.network.names if name not in form.fixed))
    # Each table has one of counts beside it.
    plan, chunks, workers = prepare(system, form, evidence, "choice", answer=2, memory=memory // 2)
    equations = write_equations(plan, varying(plan, system, evidence))
    counts = np.empty(batch_shape(system, evidence))

    def work(chunk: Chunk) -> None:
        cases, draws = chunk
        spot = (..., draws) if cases is None else (..., cases, draws)
        own, known = system.part(draws), evidence.part(cases, draws)
        counted = [_Counted.of(plan, equations, own, known.with_states(states)) for states in slices(plan)]
        logs = np.stack([one.logs for one in counted])
        equal = logs >= logs.max(axis=0) - EQUAL
        counts[spot] = np.where(equal, np.stack([one.counts for one in counted]), 0).sum(axis=0)

    in_parallel(work, chunks, workers)
    return counts


@dataclass(frozen=True)
class _Counted:
    """The largest product of the cells of some tables, as a logarithm, and how many products are as large."""

    logs: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, plan: Plan, equations: Equations, system: DrawnNetwork, evidence: Evidence) -> _Counted:
        """Go through the steps of a plan with numbers of states beside the products."""
        batch = batch_shape(system, evidence)
        found = list(make_tables(plan, system, evidence))
        counts: list[Any] = [np.ones_like(table) for table in found]
        logs: Any = np.zeros(batch)
        for step, equation in zip(plan.steps, equations.forward, strict=True):
            whole, gone = _multiplied(equation, *(found[number] for number in step.operands))
            many, _ = _multiplied(equation, *(counts[number] for number in step.operands))
            over = tuple(range(gone))
            best = whole.max(axis=over)
            counts.append(np.where(whole >= best * (1 - EQUAL), many, 0).sum(axis=over))
            top = best.max(axis=tuple(range(len(step.axes))))
            top = np.where(top > 0, top, 1.0)
            found.append(best / top)
            logs = logs + np.log(top)
        with np.errstate(divide="ignore"):
            logs = logs + (np.log(found[-1]) if found else 0.0)
        return cls(np.broadcast_to(logs, batch), np.broadcast_to(counts[-1] if found else 1.0, batch))


def most_probable_of(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    count: int,
    *,
    memory: int = MEMORY_LIMIT,
    progress: Progress = silent,
) -> tuple[Chosen, np.ndarray, np.ndarray]:
    """The most probable joint states of the targets, all other nodes summed out, the best first (marginal MAP).

    Returns
    -------
    states, logs
        As `best_few` gives them.
    ties
        Number of joint states as probable as the best.

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    CapacityError
        If the joint distribution of the targets would not fit.
    """
    if not form.targets:
        logs = log_evidence(system, form, evidence, memory=memory)
        beyond = np.full((count - 1, *logs.shape), -np.inf)
        return {}, np.concatenate([logs[None], beyond]), np.ones(logs.shape)
    joint = distribution(system, form, evidence, memory=memory, progress=progress)
    sizes = joint.shape[: len(form.targets)]
    flat = joint.reshape((-1, *joint.shape[len(sizes) :]))
    order = np.argsort(-flat, axis=0, kind="stable")[:count]
    chances = np.take_along_axis(flat, order, axis=0)
    lacking = ((0, count - len(order)), *((0, 0) for _ in flat.shape[1:]))
    chances = np.pad(chances, lacking)
    numbers = np.unravel_index(np.pad(order, lacking), sizes)
    states = {name: np.where(chances > 0, own, -1) for name, own in zip(form.targets, numbers, strict=True)}
    with np.errstate(divide="ignore"):
        logs = np.log(chances) + log_evidence(system, form, evidence, memory=memory)
    return states, logs, (flat >= flat.max(axis=0) * (1 - EQUAL)).sum(axis=0)


def sample(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    *,
    size: int,
    rng: np.random.Generator,
    memory: int = MEMORY_LIMIT,
) -> Chosen:
    """Draw the joint state of all free nodes given the evidence, `size` times for every draw and case.

    Nodes that the evidence bears on are drawn backwards through the plan; those below them follow, each from its
    own table, so that their tables are never multiplied.

    Returns
    -------
    dict
        Node -> state number, shape (size, samples) or (size, cases, samples).

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    batch = (size, *batch_shape(system, evidence))
    free = [name for name in system.network.names if name not in form.fixed]
    above = replace(form, targets=())
    prepare(system, above, evidence, "choice", answer=_HELD_FOR_A_NODE * len(free) * size, memory=memory)
    uniform = {name: rng.random(batch) for name in free}
    states, logs = _choose(system, above, evidence, DRAWN, uniform, memory)
    check_possible(system, above, evidence, logs > -np.inf, memory)
    known = {name: np.broadcast_to(_lined_up(number), batch) for name, number in evidence.fixed.items()}
    for name in free:
        if name not in states:
            states[name] = _from_own_table(system, name, known | states, evidence, uniform[name])
    return {name: states[name] for name in free}


def sample_above(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    *,
    size: int,
    rng: np.random.Generator,
    memory: int = MEMORY_LIMIT,
) -> Chosen:
    """Draw the joint state of the free nodes above the evidence alone, as `sample` does."""
    above = replace(form, targets=())
    batch = (size, *batch_shape(system, evidence))
    free = [name for name in evidence_nodes(system.network, above) if name not in form.fixed]
    states, logs = _choose(system, above, evidence, DRAWN, {name: rng.random(batch) for name in free}, memory)
    check_possible(system, above, evidence, logs > -np.inf, memory)
    return states


def _lined_up(number: Any) -> np.ndarray:
    """A number for each case, in a dim before that of draws."""
    return np.asarray(number)[..., None] if np.ndim(number) else np.asarray(number)


def _choose(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    chooser: Chooser,
    uniform: Mapping[str, np.ndarray],
    memory: int,
    progress: Progress = silent,
) -> tuple[Chosen, np.ndarray]:
    size = len(next(iter(uniform.values()))) if uniform else 1
    held = _HELD_FOR_A_NODE * len(system.network.names) * size
    plan, chunks, workers = prepare(system, form, evidence, "choice", answer=held, memory=memory)
    equations = write_equations(plan, varying(plan, system, evidence))
    batch = batch_shape(system, evidence)
    free = {axis for axes in plan.axes for axis in axes} | set(plan.sliced)
    states = {name: np.zeros((size, *batch), np.int32) for name in plan.sizes if name in free}
    logs = np.zeros(batch)

    def work(chunk: Chunk) -> None:
        cases, draws = chunk
        spot = (..., draws) if cases is None else (..., cases, draws)
        given = {name: numbers[spot] for name, numbers in uniform.items()}
        chosen, part = _in_chunk(plan, equations, system.part(draws), evidence.part(cases, draws), chooser, given, size)
        logs[spot] = part
        for name, values in chosen.items():
            states[name][spot] = values

    in_parallel(work, chunks, workers, progress)
    return states, logs


def _in_chunk(
    plan: Plan,
    equations: Equations,
    system: DrawnNetwork,
    evidence: Evidence,
    chooser: Chooser,
    uniform: Mapping[str, np.ndarray],
    size: int,
) -> tuple[Chosen, np.ndarray]:
    """Choose a slice by its weight, then the states within it."""
    batch = batch_shape(system, evidence)
    step = _maximised if chooser.maximise else np.einsum

    def gone_through(states: Mapping[str, int]) -> tuple[list[Any], np.ndarray]:
        tables = make_tables(plan, system, evidence.with_states(states))
        found, logs = forward(plan, equations, tables, batch, rescale=True, step=step)
        with np.errstate(divide="ignore"):
            return found, np.broadcast_to(np.log(found[-1]) if found else 0.0, batch) + logs

    options = list(slices(plan))
    if len(options) == 1:
        found, logs = gone_through({})
        return _backtrack(plan, equations, found, chooser, uniform, (size, *batch)), logs
    weights = np.stack([gone_through(states)[1] for states in options])
    top = weights.max(axis=0)
    relative = np.exp(weights - np.where(top > -np.inf, top, 0.0))
    taken = chooser.pick(np.repeat(relative[:, None], size, axis=1), uniform.get(plan.sliced[0]))
    chosen: Chosen = {}
    for number, states in enumerate(options):
        here = taken == number
        if here.any():
            found, _ = gone_through(states)
            within: Chosen = _backtrack(plan, equations, found, chooser, uniform, (size, *batch))
            within |= {name: np.full((size, *batch), state) for name, state in states.items()}
            chosen = {name: np.where(here, values, chosen.get(name, 0)) for name, values in within.items()}
    return chosen, top if chooser.maximise else top + np.log(relative.sum(axis=0))


def _maximised(equation: str, *operands: np.ndarray) -> np.ndarray:
    """Take the largest product where `einsum` would add them up."""
    whole, gone = _multiplied(equation, *operands)
    return whole.max(axis=tuple(range(gone)))


def _multiplied(equation: str, *operands: np.ndarray) -> tuple[np.ndarray, int]:
    """Products before `einsum` adds them up, the axes that it adds up in front, and how many these are."""
    inputs, output = equation.split("->")
    gone = "".join(dict.fromkeys(letter for letter in inputs if letter not in (*output, ",")))
    return np.einsum(f"{inputs}->{gone}{output}", *operands), len(gone)


def _backtrack(
    plan: Plan,
    equations: Equations,
    found: Sequence[np.ndarray],
    chooser: Chooser,
    uniform: Mapping[str, np.ndarray],
    batch: tuple[int, ...],
) -> Chosen:
    """Go back through the steps and choose the nodes that each removed, given those chosen before."""
    states: Chosen = {}
    for place in reversed(range(len(plan.steps))):
        step = plan.steps[place]
        gone = [axis for axis in plan.sizes if _is_removed(axis, step.operands, step.axes, plan)]
        if not gone:
            continue
        weights: Any = 1.0
        for number in step.operands:
            weights = weights * _gathered(found[number], plan, number, equations.cased[number], gone, states, batch)
        sizes = [plan.sizes[axis] for axis in gone]
        weights = np.broadcast_to(weights, (*sizes, *batch)).reshape((-1, *batch))
        rows = chooser.pick(weights, uniform.get(gone[0]))
        states |= dict(zip(gone, np.unravel_index(rows, sizes), strict=True))
    return states


def _is_removed(axis: str, operands: Sequence[int], axes: tuple[str, ...], plan: Plan) -> bool:
    return axis not in axes and any(axis in plan.axes[number] for number in operands)


def _gathered(
    table: np.ndarray,
    plan: Plan,
    number: int,
    cased: bool,  # noqa: FBT001
    gone: Sequence[str],
    states: Mapping[str, np.ndarray],
    batch: tuple[int, ...],
) -> np.ndarray:
    """Cells of a table at the states chosen so far, shape (*gone, *batch), of size one where it has no such axis."""
    dims = len(gone) + len(batch)
    index: list[Any] = []
    for axis in plan.axes[number]:
        if axis in gone:
            shape = [1] * dims
            shape[gone.index(axis)] = plan.sizes[axis]
            index.append(np.arange(plan.sizes[axis]).reshape(shape))
        else:
            index.append(states[axis])
    if cased:
        index.append(np.arange(batch[-2])[:, None])
    return table[(*index, np.arange(batch[-1]))]


def _from_own_table(
    system: DrawnNetwork, name: str, states: Mapping[str, np.ndarray], evidence: Evidence, uniform: np.ndarray
) -> np.ndarray:
    """Draw a node given its parents, each distinct state of these at once."""
    network = system.network
    parents = network[name].parent_names
    groups = system.groups[name]
    whose = [np.broadcast_to(_lined_up(evidence.members[group]), uniform.shape) for group in groups]
    draws = np.broadcast_to(np.arange(system.samples), uniform.shape).ravel()
    codes = np.stack([*(states[parent] for parent in parents), *whose, np.zeros(uniform.shape, int)], axis=-1)
    distinct, inverse = np.unique(codes.reshape(len(draws), -1), axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    bounds = np.searchsorted(inverse.ravel()[order], np.arange(len(distinct) + 1))
    own = {key: array for key, array in system.values.items() if key.startswith(f"{name}.")}
    chosen = np.empty(len(draws), np.int32)
    for row, start, stop in zip(distinct, bounds[:-1], bounds[1:], strict=True):
        rows = order[start:stop]
        fixed = dict(zip(parents, map(int, row), strict=False))
        members = dict(zip(groups, map(int, row[len(parents) :]), strict=False))
        # Of a few draws of all the parameters, or of one row of the table for all draws, the smaller is copied.
        few = len(rows) < system.samples
        values = {key: array[..., draws[rows]] for key, array in own.items()} if few else own
        table = system.makers[name](values, fixed, members)
        chosen[rows] = _drawn(table if few else table[..., draws[rows]], uniform.ravel()[rows])
    return chosen.reshape(uniform.shape)
