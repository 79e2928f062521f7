"""Exact inference for all draws at once: a plan's steps, done in NumPy on chunks of draws and cases.

For each posterior draw the network is an ordinary discrete network. The draw is a batch index of every product and
every sum, so no loop runs over draws; chunks are as large as a processor's cache, and all processors take part.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from ...common.errors import Fault
from ...common.progress import Progress, silent
from ...common.tasks.cluster import on_a_worker
from ..families.base import namespace
from ..families.unseen import INTEGRATED
from .equations import Equations, write_equations
from .frequencies import make_waves
from .plan import HUGE, KINDS, WORTH_ABSORBING, Plan, make_plan
from .question import CapacityError, Form
from .tables import DrawnNetwork, Evidence, hanging_table, make_tables, varying

#: Bytes that a query may hold at once, unless the caller says otherwise.
MEMORY_LIMIT = 2 * 10**9
#: Cells that a chunk may hold: what stays in a processor's cache is several times faster ...
_CELLS_AT_ONCE = 2**19
#: Weights of a huge table are gone through once, so that a cache gains little.
_WEIGHTS_AT_ONCE = 2**24
#: Weights of many cases are made, and summed at once.
_CASES_AT_ONCE = 2**22
#: ... but a step should do so many operations, or starting it costs more than doing it.
_WORTH_A_CALL = 2**17
#: Draws of a chunk at the least, where there are as many, so that the innermost loop is worth starting.
_FEWEST_DRAWS = 16
#: Operations from which on more than one thread is worthwhile: below, they wait for each other's interpreter.
_WORTH_A_THREAD = 3e7
#: A family that makes its table from effects calls NumPy so many times.
_CALLS_OF_A_FAMILY = 100
#: Averaging over unseen members takes a family about so many times as long.
_CALLS_WHERE_AVERAGED = 10
#: An answer is held as it is made, as it is put together from groups of cases, and as it is handed out.
_COPIES_OF_AN_ANSWER = 3
#: Sums of products below this are done again with every table rescaled on the way.
_SMALL = 1e-250
#: Makes the result of a step from its equation and its operands.
StepMaker = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Sums:
    """Sums of products of tables.

    Parameters
    ----------
    joint
        P(targets, evidence) or a multiple of it, shape (*targets, samples) or (*targets, cases, samples).
    logs
        Natural logarithm of what `joint` is to be multiplied by, where it would be too small a number; or None.
    marginals
        Node -> a multiple of P(node, evidence), shape (states, samples) or (states, cases, samples).
    """

    joint: np.ndarray
    logs: np.ndarray | None
    marginals: Mapping[str, np.ndarray]


#: Does what `contract` does.
Contracted = Callable[..., Sums]


def solve(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    kind: str = "conditional",
    *,
    memory: int = MEMORY_LIMIT,
    contracted: Contracted | None = None,
    at_once: int = 0,
    progress: Progress = silent,
) -> Sums:
    """Contract the tables of every draw and every case.

    Parameters
    ----------
    system, form, evidence
        Of whom, what, and what is known.
    kind
        A key of `servanda.models.inference.plan.KINDS`.
    memory
        Bytes that may be held at once.
    contracted
        What to do in place of `contract`; then chunks follow one another.
    at_once
        Cells of a chunk, where memory allows; a processor's cache decides by default.
    progress
        Told of chunks of draws and cases.

    Raises
    ------
    CapacityError
        Before anything is allocated, if even one draw would not fit.
    """
    states = [len(system.network[name].states) for name in form.targets]
    answer = math.prod(states) if KINDS[kind].joint else sum(states)
    workers = 1 if contracted else processors()
    # Families sum outside of what is compiled, and mostly case by case, which pays for the largest tables only.
    absorb = HUGE if contracted or evidence.cases is not None else WORTH_ABSORBING
    how: dict[str, Any] = {"answer": answer, "memory": memory, "workers": workers, "at_once": at_once}
    plan, chunks, workers = prepare(system, form, evidence, kind, **how, absorb=absorb, several=contracted is None)
    equations = write_equations(plan, varying(plan, system, evidence))
    batch = batch_shape(system, evidence)
    joint = np.empty((*(plan.sizes[axis] for axis in plan.targets), *batch))
    names = (*(name for name, _ in plan.readouts), *(name for name in plan.sliced if name in plan.read))
    marginals = {name: np.empty((plan.sizes[name], *batch)) for name in names}
    logs = np.zeros(batch)

    def work(chunk: Chunk) -> None:
        cases, draws = chunk
        spot = (..., draws) if cases is None else (..., cases, draws)
        part = sums(plan, equations, system.part(draws), evidence.part(cases, draws), contracted)
        joint[spot] = part.joint
        logs[spot] = 0.0 if part.logs is None else part.logs
        for name, values in part.marginals.items():
            marginals[name][spot] = values

    in_parallel(work, chunks, workers, progress)
    return Sums(joint, logs if logs.any() else None, marginals)


#: Cases, or None where there is no dim for them, and draws that are worked on together.
Chunk = tuple[slice | None, slice]


def prepare(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    kind: str,
    *,
    answer: int,
    memory: int,
    workers: int | None = None,
    at_once: int = 0,
    absorb: int = HUGE,
    several: bool = False,
) -> tuple[Plan, list[Chunk], int]:
    """Plan a question so that it fits the memory, and cut draws and cases into chunks.

    Parameters
    ----------
    answer
        Cells of the answer for one draw and case.
    workers
        Chunks that may be worked on at once at the most; as many as there are processors by default.
    at_once
        Cells of a chunk, where memory allows.
    absorb
        Cells of a table from which on its family sums it, where that is possible.
    several
        Whether it may sum any table that it can sum for all cases at once.

    Returns
    -------
    plan
    chunks
        Cases and draws that are worked on together.
    workers
        Chunks that may be worked on at once.
    """
    cases = evidence.cases or 1
    held = 8 * system.samples * cases * answer * _COPIES_OF_AN_ANSWER
    limit = (memory - held) // 8
    if limit < 1:
        what = f"needs {held:,} bytes at the least for its answer, and {memory:,} are allowed; ask for fewer nodes"
        raise CapacityError("question", [Fault("", f"{what}, draws or cases, or raise the limit")])
    plan = make_plan(system.network, form, kind, limit, absorb, several=several and evidence.cases is not None)
    units, cells = system.samples * cases, max(1, plan.cells)
    at_once = at_once or (_WEIGHTS_AT_ONCE if plan.absorbed else _CELLS_AT_ONCE)
    by_case = plan.absorbed is not None and evidence.cases is not None and not plan.waves
    if by_case:
        at_once = _CASES_AT_ONCE
    averaged = any(np.any(np.asarray(number) == INTEGRATED) for number in evidence.members.values())
    few = plan.flops * units * (_CALLS_WHERE_AVERAGED if averaged else 1) < _WORTH_A_THREAD
    workers = 1 if few else max(1, min(workers or processors(), limit // cells, units))
    made = sum(_CALLS_OF_A_FAMILY for name in plan.kept if not system.network.family(name).conjugate)
    calls = plan.slices * (len(plan.steps) * (3 if plan.readouts else 1) + made + 1)
    worthwhile = int(_WORTH_A_CALL * calls / max(plan.flops, 1.0))
    together = min(limit // (workers * cells), max(_FEWEST_DRAWS, at_once // cells, worthwhile))
    # No processor shall wait for another at the end.
    together = max(1, min(together, math.ceil(units / workers)))
    # A family that sums many cases does what they share once for each draw: few draws of many cases.
    fewest = min(_FEWEST_DRAWS, system.samples) if by_case else system.samples
    return plan, list(_chunks(system.samples, evidence.cases, together, fewest)), workers


def processors() -> int:
    """Number of processors that this process may use; one for a task on a worker of a cluster."""
    if on_a_worker():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chunks(samples: int, cases: int | None, together: int, most: int) -> Iterator[Chunk]:
    """Cut draws, then cases; at the most `most` draws, or more where all cases fit with them."""
    draws = min(samples, together, max(most, together // (cases or 1)))
    rows = max(1, together // draws)
    for start in range(0, samples, draws):
        for first in range(0, cases or 1, rows):
            stop = min(first + rows, cases or 1)
            yield (None if cases is None else slice(first, stop)), slice(start, min(start + draws, samples))


def in_parallel(
    work: Callable[[Chunk], None], chunks: Sequence[Chunk], workers: int, progress: Progress = silent
) -> None:
    """Work on every chunk. NumPy lets go of the interpreter inside its loops, so threads use all processors."""

    def run(results: Iterable[None]) -> None:
        for done, _ in enumerate(results, 1):
            progress("chunks", done, len(chunks))

    if len(chunks) == 1 or workers == 1:
        run(map(work, chunks))
        return
    with ThreadPoolExecutor(workers) as pool:
        run(pool.map(work, chunks))


def batch_shape(system: DrawnNetwork, evidence: Evidence) -> tuple[int, ...]:
    """Sizes of the dims of cases, where there is one, and of draws."""
    return (system.samples,) if evidence.cases is None else (evidence.cases, system.samples)


def sums(
    plan: Plan, equations: Equations, system: DrawnNetwork, evidence: Evidence, contracted: Contracted | None = None
) -> Sums:
    """Contract one chunk, once more with rescaling where the numbers became too small for their kind.

    Parameters
    ----------
    contracted
        What to do in place of `contract`.
    """

    def over_slices(*, rescale: bool) -> Sums:
        if plan.absorbed:
            return _absorbing(plan, equations, system, evidence, rescale=rescale)
        return _over_slices(plan, equations, system, evidence, contracted or contract, rescale=rescale)

    found = over_slices(rescale=False)
    whole = _whole(found.joint, np.empty(batch_shape(system, evidence)))
    fine = whole.min(initial=1.0) > _SMALL and np.isfinite(whole).all()
    return found if fine else over_slices(rescale=True)


def _over_slices(
    plan: Plan, equations: Equations, system: DrawnNetwork, evidence: Evidence, contracted: Contracted, *, rescale: bool
) -> Sums:
    """Add up what each slice gives."""
    batch = batch_shape(system, evidence)
    read = [name for name in plan.sliced if name in plan.read]

    def part(states: Mapping[str, int]) -> Sums:
        tables = make_tables(plan, system, evidence.with_states(states))
        found = contracted(plan, equations, tables, batch, rescale=rescale)
        # Rescaled derivatives have each a scale of their own; slices can be added once all have that of the joint.
        own = {n: _brought_to(found.joint, v) for n, v in found.marginals.items()} if rescale else found.marginals
        return replace(found, marginals={**own, **{n: _at(found.joint, states[n], plan.sizes[n]) for n in read}})

    return reduce(_added, map(part, slices(plan)))


def contract(
    plan: Plan,
    equations: Equations,
    tables: Sequence[Any],
    batch: tuple[int, ...],
    *,
    rescale: bool = False,
    step: StepMaker = np.einsum,
) -> Sums:
    """Go through the steps and, where marginals are asked for, back.

    Parameters
    ----------
    tables
        As `make_tables` gives them, of NumPy or of a library with the same functions.
    batch
        Sizes of cases and draws.
    rescale
        Divide every result by its largest cell, and keep the logarithms of these.
    step
        `numpy.einsum`, or the like.
    """
    found, logs = forward(plan, equations, tables, batch, rescale=rescale, keep=bool(plan.readouts), step=step)
    shape = (*(plan.sizes[axis] for axis in plan.targets), *batch)
    if not found:
        return Sums(np.ones(shape), logs, {})
    joint = namespace(found[-1]).broadcast_to(_spread(found[-1], equations.cased[-1], batch), shape)
    if not plan.readouts:
        return Sums(joint, logs, {})
    return Sums(joint, logs, _backward(plan, equations, found, batch, rescale=rescale, step=step))


def slices(plan: Plan) -> Iterator[dict[str, int]]:
    """States of the sliced nodes, one combination after another."""
    for states in product(*(range(plan.sizes[axis]) for axis in plan.sliced)):
        yield dict(zip(plan.sliced, states, strict=True))


def _spread(values: Any, cased: bool, batch: tuple[int, ...]) -> Any:  # noqa: FBT001
    """Give a dim of cases, where there is one, to what does not differ between them."""
    return values if cased or len(batch) == 1 else values[..., None, :]


def _brought_to(joint: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Scale a multiple of P(node, evidence) so that it adds up to `joint`."""
    total = values.sum(axis=0)
    return values * np.divide(joint, total, out=np.zeros_like(total), where=total > 0)


def _at_scale(joint: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Scale complex sums for each state so that they add up to `joint` at every frequency."""
    total = values.sum(axis=0)
    return values * np.divide(joint, total, out=np.zeros_like(joint), where=total != 0)


def _whole(joint: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Sum over all targets; `batch` has the shape of cases and draws."""
    return joint.reshape((-1, *batch.shape)).sum(axis=0)


def _at(values: np.ndarray, state: int, size: int) -> np.ndarray:
    """All of the sum falls to the state of this slice."""
    share = np.zeros((size, *values.shape))
    share[state] = values
    return share


def _added(one: Sums, other: Sums) -> Sums:
    if one.logs is None or other.logs is None:
        marginals = {name: one.marginals[name] + other.marginals[name] for name in one.marginals}
        return Sums(one.joint + other.joint, None, marginals)
    # A sum that is zero has no scale: its logarithm must not outweigh the other's.
    first, second = (
        np.where(_whole(joint, logs) > 0, logs, -np.inf)
        for joint, logs in ((one.joint, one.logs), (other.joint, other.logs))
    )
    logs = np.maximum(first, second)
    logs = np.where(logs > -np.inf, logs, 0.0)
    first, second = np.exp(first - logs), np.exp(second - logs)
    marginals = {name: one.marginals[name] * first + other.marginals[name] * second for name in one.marginals}
    return Sums(one.joint * first + other.joint * second, logs, marginals)


def forward(
    plan: Plan,
    equations: Equations,
    tables: Sequence[np.ndarray],
    batch: tuple[int, ...],
    *,
    rescale: bool = False,
    keep: bool = True,
    step: StepMaker = np.einsum,
    out: np.ndarray | None = None,
) -> tuple[list[Any], Any]:
    """Do the steps; see `contract`.

    Parameters
    ----------
    keep
        Whether tables are needed again after their use.
    out
        Where to write the result of the last step.

    Returns
    -------
    found
        All tables (None where they were let go); the last is the result.
    logs
        With `rescale`, the logarithm of what the result is to be multiplied by, shape `batch`.
    """
    found: list[Any] = list(tables)
    logs: Any = np.zeros(batch) if rescale else None
    for each, equation in zip(plan.steps, equations.forward, strict=True):
        where: dict[str, Any] = {"out": out} if out is not None and each is plan.steps[-1] else {}
        result = step(equation, *(found[number] for number in each.operands), **where)
        if rescale:
            result, top = _rescaled(result, len(each.axes))
            logs = logs + namespace(top).log(top)
        if not keep:
            for number in each.operands:
                found[number] = None
        found.append(result)
    return found, logs


def _rescaled(table: Any, axes: int) -> tuple[Any, Any]:
    """Divide by the largest cell of each draw and case; where all are zero, by one."""
    xp = namespace(table)
    top = abs(table).max(axis=tuple(range(axes)))
    top = xp.where(top > 0, top, 1.0)
    return table / top, top


def _backward(
    plan: Plan,
    equations: Equations,
    found: Sequence[Any],
    batch: tuple[int, ...],
    *,
    rescale: bool,
    step: StepMaker,
) -> dict[str, Any]:
    """Hand derivatives of the result down to every table that a marginal is read from."""
    last = len(plan.axes) - 1
    slopes: dict[int, Any] = {last: np.ones(batch[-1:])}
    readouts: dict[int, list[str]] = {}
    for name, number in plan.readouts:
        readouts.setdefault(number, []).append(name)
    marginals: dict[str, Any] = {}

    def read(number: int) -> None:
        for name in readouts.get(number, ()):
            values = step(equations.readouts[name], found[number], slopes[number])
            marginals[name] = _spread(values, equations.cased[number] or equations.slopes[number][1], batch)

    read(last)
    for place in reversed(range(len(plan.steps))):
        result, operands = plan.inputs + place, plan.steps[place].operands
        for number, equation in equations.backward[place].items():
            others = (found[other] for other in operands if other != number)
            slope = step(equation, slopes[result], *others)
            slopes[number] = _rescaled(slope, len(equations.slopes[number][0]))[0] if rescale else slope
            read(number)
            if number < plan.inputs:
                del slopes[number]
        slopes.pop(result, None)
    return marginals


def _absorbing(plan: Plan, equations: Equations, system: DrawnNetwork, evidence: Evidence, *, rescale: bool) -> Sums:
    """Give the large table its weights, slice by slice, and let its family sum it, in all cases at once."""
    batch, cases = batch_shape(system, evidence), evidence.cases
    name = str(plan.absorbed)
    family, local = system.network.family(name), system.network.local(name)
    if plan.waves:
        if cases is not None:
            return _wave_by_wave(plan, system, evidence, rescale=rescale)
        return reduce(
            _added, (_waving(plan, equations, system, evidence.with_states(s), rescale=rescale) for s in slices(plan))
        )
    # One place for the weights of every slice: asking for fresh memory each time costs as much as filling it.
    own = batch if plan.steps and equations.cased[-1] else batch[-1:]
    room = np.empty((*(plan.sizes[axis] for axis in plan.axes[-1]), *own)) if plan.steps else None

    def part(states: Mapping[str, int]) -> Sums:
        now = evidence.with_states(states)
        tables = make_tables(plan, system, now)
        found, logs = forward(plan, equations, tables, batch, rescale=rescale, keep=False, out=room)
        weights = found[-1] if found else np.ones(batch[-1:])
        joint = np.zeros((*(plan.sizes[axis] for axis in plan.targets), *batch))
        # The target's own axis stays whole; axes of other targets take the state of this slice.
        spot = tuple(states.get(axis, slice(None)) for axis in plan.targets)
        how = (system.values, now.fixed, now.members, local)
        if cases is None:
            joint[spot] = family.weighted_sum(*how, weights)
        else:
            weights = _spread(weights, bool(equations.cased) and equations.cased[-1], batch)
            left = None if plan.hanging is None else hanging_table(system, plan.hanging, now)
            joint[spot] = family.weighted_sums(*how, weights, cases, left)
        return Sums(joint, logs, {})

    return reduce(_added, map(part, slices(plan)))


def _wave_by_wave(plan: Plan, system: DrawnNetwork, evidence: Evidence, *, rescale: bool) -> Sums:
    """Sum by frequencies case by case, each of which has frequencies of its own."""
    alone = write_equations(plan, varying(plan, system, evidence.case(0)))
    each = [
        _absorbing(plan, alone, system, evidence.case(number), rescale=rescale) for number in range(evidence.cases or 0)
    ]
    logs = np.stack([found.logs for found in each if found.logs is not None]) if rescale else None
    marginals = {name: np.stack([found.marginals[name] for found in each], axis=-2) for name in each[0].marginals}
    return Sums(np.stack([found.joint for found in each], axis=-2), logs, marginals)


def _waving(plan: Plan, equations: Equations, system: DrawnNetwork, evidence: Evidence, *, rescale: bool) -> Sums:
    """Sum the other tables and the effects of the large one at every frequency; turn that into probabilities."""
    name = str(plan.absorbed)
    family, local = system.network.family(name), system.network.local(name)
    waves = make_waves(family.latent(system.values, evidence.fixed, evidence.members, local))
    tables = [*make_tables(plan, system, evidence), *waves.phases]
    batch = (waves.frequencies, system.samples)
    if plan.readouts:
        found = contract(plan, equations, tables, batch, rescale=rescale)
        whole, logs, marginals = found.joint, found.logs, found.marginals
    else:
        steps, logs = forward(plan, equations, tables, batch, rescale=rescale, keep=False)
        whole, marginals = steps[-1], {}
    if logs is not None:
        # All frequencies on the scale of the first, which is the whole, and what is read from them too.
        whole, logs = whole * np.exp(logs - logs[0]), logs[0]
        marginals = {own: _at_scale(whole, values) for own, values in marginals.items()}
    table = waves.states(whole)
    if name in evidence.fixed:
        state = evidence.fixed[name]
        read = {own: waves.states(values)[state] for own, values in marginals.items()}
        sliced = [own for own in plan.sliced if own in plan.read]
        read |= {own: _at(table[state], evidence.fixed[own], plan.sizes[own]) for own in sliced}
        return Sums(table[state], logs, read)
    return Sums(np.moveaxis(table, 0, plan.targets.index(name)), logs, {})
