"""Exact inference for all draws at once: a plan's steps, done in NumPy on chunks of draws and cases.

For each posterior draw the network is an ordinary discrete network. The draw is a batch index of every product and
every sum, so no loop runs over draws; chunks are as large as a processor's cache, and all processors take part.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from itertools import product
from string import ascii_letters
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault
from ..families import FAMILIES
from ..families.base import namespace
from ..families.table import DIRICHLET
from .plan import HUGE, KINDS, WORTH_ABSORBING, Plan, make_plan
from .question import CapacityError, Form, ImpossibleEvidenceError, Question, evidence_nodes
from .tables import Evidence, System, make_tables, varying

if TYPE_CHECKING:
    from ..posterior import Posterior

#: Bytes that a query may hold at once, unless the caller says otherwise.
MEMORY_LIMIT = 2 * 10**9
#: Cells that a chunk may hold: what stays in a processor's cache is several times faster ...
_CELLS_AT_ONCE = 2**19
#: Weights of a huge table are gone through once, so that a cache gains little.
_WEIGHTS_AT_ONCE = 2**24
#: ... but a step should do so many operations, or starting it costs more than doing it.
_WORTH_A_CALL = 2**17
#: Draws of a chunk at the least, where there are as many, so that the innermost loop is worth starting.
_FEWEST_DRAWS = 16
#: Operations from which on more than one thread is worthwhile: below, they wait for each other's interpreter.
_WORTH_A_THREAD = 3e7
#: A family that makes its table from effects calls NumPy so many times.
_CALLS_OF_A_FAMILY = 100
#: An answer is held as it is made, as it is put together from groups of cases, and as it is handed out.
_COPIES_OF_AN_ANSWER = 3
#: Sums of products below this are done again with every table rescaled on the way.
_SMALL = 1e-250
#: Axes of a table, and whether it differs between cases.
Operand = tuple[tuple[str, ...], bool]
#: Makes the result of a step from its equation and its operands.
StepMaker = Callable[..., np.ndarray]
#: Labels of cases and draws in einsum's equations.
_CASE, _DRAW = "Y", "Z"
_LETTERS = [letter for letter in ascii_letters if letter not in (_CASE, _DRAW)]


@dataclass(frozen=True, eq=False)
class Equations:
    """What einsum is told: one equation for each step, and for each table that a derivative is handed down to.

    Parameters
    ----------
    cased
        For every table of the plan, whether it differs between cases.
    forward
        One equation for each step.
    slopes
        Table -> axes of its derivative, and whether that differs between cases.
    backward
        For each step, operand number -> equation of its derivative, made of the step's and the other operand.
    readouts
        Node -> equation of its marginal, made of a table and its derivative.
    """

    cased: tuple[bool, ...]
    forward: tuple[str, ...]
    slopes: Mapping[int, Operand]
    backward: tuple[Mapping[int, str], ...]
    readouts: Mapping[str, str]


@lru_cache(maxsize=1024)
def equations(plan: Plan, cased: tuple[bool, ...]) -> Equations:
    """Write a plan's steps as equations for einsum.

    Parameters
    ----------
    cased
        For every table that no step makes, whether it differs between cases.
    """
    own = list(cased)
    forward = []
    for step in plan.steps:
        own.append(any(own[number] for number in step.operands))
        inputs = [(plan.axes[number], own[number]) for number in step.operands]
        forward.append(_equation(inputs, (step.axes, own[-1])))
    # A derivative has no axis along which its table was summed by itself: it is constant there.
    slopes: dict[int, Operand] = {len(plan.axes) - 1: ((), False)}
    backward: list[Mapping[int, str]] = []
    for place in reversed(range(len(plan.steps))):
        handed = {}
        operands = plan.steps[place].operands
        for number in operands:
            if number in plan.wanted:
                inputs = [slopes[plan.inputs + place]]
                inputs += [(plan.axes[other], own[other]) for other in operands if other != number]
                reached = {axis for axes, _ in inputs for axis in axes}
                axes = tuple(axis for axis in plan.axes[number] if axis in reached)
                slopes[number] = (axes, any(flag for _, flag in inputs))
                handed[number] = _equation(inputs, slopes[number])
        backward.insert(0, handed)
    readouts = {}
    for name, number in plan.readouts:
        inputs = [(plan.axes[number], own[number]), slopes[number]]
        readouts[name] = _equation(inputs, ((name,), any(flag for _, flag in inputs)))
    return Equations(tuple(own), tuple(forward), slopes, tuple(backward), readouts)


def _equation(inputs: Sequence[Operand], output: Operand) -> str:
    found = dict.fromkeys(axis for axes, _ in inputs for axis in axes)
    if len(found) > len(_LETTERS):
        what = f"needs a table of {len(found)} nodes at once; give more evidence or ask for fewer nodes"
        raise CapacityError("question", [Fault("", what)])
    letter = dict(zip(found, _LETTERS, strict=False))

    def term(axes: tuple[str, ...], cased: bool) -> str:  # noqa: FBT001
        return f"{''.join(letter[axis] for axis in axes)}{_CASE if cased else ''}{_DRAW}"

    return f"{','.join(term(*operand) for operand in inputs)}->{term(*output)}"


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
    system: System,
    form: Form,
    evidence: Evidence,
    kind: str = "conditional",
    *,
    memory: int = MEMORY_LIMIT,
    contracted: Contracted | None = None,
    at_once: int = 0,
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

    Raises
    ------
    CapacityError
        Before anything is allocated, if even one draw would not fit.
    """
    states = [len(system.network[name].states) for name in form.targets]
    answer = math.prod(states) if KINDS[kind].joint else sum(states)
    workers = 1 if contracted else processors()
    # Families sum case by case and outside of what is compiled, which pays for the largest tables only.
    absorb = HUGE if contracted or evidence.cases is not None else WORTH_ABSORBING
    plan, chunks, workers = prepare(
        system, form, evidence, kind, answer=answer, memory=memory, workers=workers, at_once=at_once, absorb=absorb
    )
    told = equations(plan, varying(plan, system, evidence))
    batch = batch_shape(system, evidence)
    joint = np.empty((*(plan.sizes[axis] for axis in plan.targets), *batch))
    names = (*(name for name, _ in plan.readouts), *(name for name in plan.sliced if name in plan.read))
    marginals = {name: np.empty((plan.sizes[name], *batch)) for name in names}
    logs = np.zeros(batch)

    def work(chunk: Chunk) -> None:
        cases, draws = chunk
        spot = (..., draws) if cases is None else (..., cases, draws)
        part = sums(plan, told, system.part(draws), evidence.part(cases, draws), contracted)
        joint[spot] = part.joint
        logs[spot] = 0.0 if part.logs is None else part.logs
        for name, values in part.marginals.items():
            marginals[name][spot] = values

    in_parallel(work, chunks, workers)
    return Sums(joint, logs if logs.any() else None, marginals)


#: Cases, or None where there is no dim for them, and draws that are worked on together.
Chunk = tuple[slice | None, slice]


def prepare(
    system: System,
    form: Form,
    evidence: Evidence,
    kind: str,
    *,
    answer: int,
    memory: int,
    workers: int | None = None,
    at_once: int = 0,
    absorb: int = HUGE,
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
    plan = make_plan(system.network, form, kind, limit, absorb)
    units, cells = system.samples * cases, max(1, plan.cells)
    at_once = at_once or (_WEIGHTS_AT_ONCE if plan.absorbed else _CELLS_AT_ONCE)
    few = plan.flops * units < _WORTH_A_THREAD
    workers = 1 if few else max(1, min(workers or processors(), limit // cells, units))
    made = sum(_CALLS_OF_A_FAMILY for name in plan.kept if system.network[name].family not in DIRICHLET)
    calls = plan.slices * (len(plan.steps) * (3 if plan.readouts else 1) + made + 1)
    worthwhile = int(_WORTH_A_CALL * calls / max(plan.flops, 1.0))
    together = min(limit // (workers * cells), max(_FEWEST_DRAWS, at_once // cells, worthwhile))
    # No processor shall wait for another at the end.
    together = max(1, min(together, math.ceil(units / workers)))
    return plan, list(_chunks(system.samples, evidence.cases, together)), workers


def processors() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chunks(samples: int, cases: int | None, together: int) -> Iterator[Chunk]:
    draws = min(samples, together)
    rows = max(1, together // draws)
    for start in range(0, samples, draws):
        for first in range(0, cases or 1, rows):
            stop = min(first + rows, cases or 1)
            yield (None if cases is None else slice(first, stop)), slice(start, min(start + draws, samples))


def in_parallel(work: Callable[[Chunk], None], chunks: Sequence[Chunk], workers: int) -> None:
    """Work on every chunk. NumPy lets go of the interpreter inside its loops, so threads use all processors."""
    if len(chunks) == 1 or workers == 1:
        for chunk in chunks:
            work(chunk)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, chunks))


def batch_shape(system: System, evidence: Evidence) -> tuple[int, ...]:
    """Sizes of the dims of cases, where there is one, and of draws."""
    return (system.samples,) if evidence.cases is None else (evidence.cases, system.samples)


def sums(plan: Plan, told: Equations, system: System, evidence: Evidence, contracted: Contracted | None = None) -> Sums:
    """Contract one chunk, once more with rescaling where the numbers became too small for their kind.

    Parameters
    ----------
    contracted
        What to do in place of `contract`.
    """

    def over_slices(*, rescale: bool) -> Sums:
        if plan.absorbed:
            return _absorbing(plan, told, system, evidence, rescale=rescale)
        return _over_slices(plan, told, system, evidence, contracted or contract, rescale=rescale)

    found = over_slices(rescale=False)
    whole = _whole(found.joint, np.empty(batch_shape(system, evidence)))
    fine = whole.min(initial=1.0) > _SMALL and np.isfinite(whole).all()
    return found if fine else over_slices(rescale=True)


def _over_slices(
    plan: Plan, told: Equations, system: System, evidence: Evidence, contracted: Contracted, *, rescale: bool
) -> Sums:
    """Add up what each slice gives."""
    batch = batch_shape(system, evidence)
    read = [name for name in plan.sliced if name in plan.read]

    def part(states: Mapping[str, int]) -> Sums:
        tables = make_tables(plan, system, evidence.with_states(states))
        found = contracted(plan, told, tables, batch, rescale=rescale)
        # Rescaled derivatives have each a scale of their own; slices can be added once all have that of the joint.
        own = {n: _brought_to(found.joint, v) for n, v in found.marginals.items()} if rescale else found.marginals
        return replace(found, marginals={**own, **{n: _at(found.joint, states[n], plan.sizes[n]) for n in read}})

    return reduce(_added, map(part, slices(plan)))


def contract(
    plan: Plan,
    told: Equations,
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
    found, logs = forward(plan, told, tables, batch, rescale=rescale, keep=bool(plan.readouts), step=step)
    shape = (*(plan.sizes[axis] for axis in plan.targets), *batch)
    if not found:
        return Sums(np.ones(shape), logs, {})
    joint = namespace(found[-1]).broadcast_to(_spread(found[-1], told.cased[-1], batch), shape)
    if not plan.readouts:
        return Sums(joint, logs, {})
    return Sums(joint, logs, _backward(plan, told, found, batch, rescale=rescale, step=step))


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
    told: Equations,
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
    for each, equation in zip(plan.steps, told.forward, strict=True):
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
    top = table.max(axis=tuple(range(axes)))
    top = xp.where(top > 0, top, 1.0)
    return table / top, top


def _backward(
    plan: Plan,
    told: Equations,
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
            values = step(told.readouts[name], found[number], slopes[number])
            marginals[name] = _spread(values, told.cased[number] or told.slopes[number][1], batch)

    read(last)
    for place in reversed(range(len(plan.steps))):
        result, operands = plan.inputs + place, plan.steps[place].operands
        for number, equation in told.backward[place].items():
            others = (found[other] for other in operands if other != number)
            slope = step(equation, slopes[result], *others)
            slopes[number] = _rescaled(slope, len(told.slopes[number][0]))[0] if rescale else slope
            read(number)
            if number < plan.inputs:
                del slopes[number]
        slopes.pop(result, None)
    return marginals


def _absorbing(plan: Plan, told: Equations, system: System, evidence: Evidence, *, rescale: bool) -> Sums:
    """Give the large table its weights, slice by slice, and let its family sum it."""
    if evidence.cases is not None:
        alone = equations(plan, (False,) * plan.inputs)
        each = [
            _absorbing(plan, alone, system, evidence.case(number), rescale=rescale) for number in range(evidence.cases)
        ]
        logs = np.stack([found.logs for found in each if found.logs is not None]) if rescale else None
        return Sums(np.stack([found.joint for found in each], axis=-2), logs, {})
    node = system.network[str(plan.absorbed)]
    family: Any = FAMILIES[node.family]
    batch = batch_shape(system, evidence)
    # One place for the weights of every slice: asking for fresh memory each time costs as much as filling it.
    room = np.empty((*(plan.sizes[axis] for axis in plan.axes[-1]), *batch)) if plan.steps else None

    def part(states: Mapping[str, int]) -> Sums:
        now = evidence.with_states(states)
        tables = make_tables(plan, system, now)
        found, logs = forward(plan, told, tables, batch, rescale=rescale, keep=False, out=room)
        weights = found[-1] if found else np.ones(batch)
        joint = np.zeros((*(plan.sizes[axis] for axis in plan.targets), *batch))
        # The target's own axis stays whole; axes of other targets take the state of this slice.
        spot = tuple(states.get(axis, slice(None)) for axis in plan.targets)
        joint[spot] = family.weighted_sum(system.values, now.fixed, now.members, node, system.network, weights)
        return Sums(joint, logs, {})

    return reduce(_added, map(part, slices(plan)))


def evidence_of(question: Question, members: Mapping[str, int]) -> Evidence:
    """What a question in state numbers takes as known."""
    return Evidence(question.fixed, dict(members), {})


def conditional(
    posterior: Posterior, question: Question, members: Mapping[str, int], *, memory: int = MEMORY_LIMIT
) -> np.ndarray:
    """P(targets | evidence) under the interventions, for every draw.

    Returns
    -------
    ndarray
        Shape (draws, *targets).

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw, naming evidence that already conflicts by itself.
    """
    values = distribution(System.of(posterior), question.form, evidence_of(question, members), memory=memory)
    return np.moveaxis(values, -1, 0)


def evidence_probability(
    posterior: Posterior, question: Question, members: Mapping[str, int], *, memory: int = MEMORY_LIMIT
) -> np.ndarray:
    """P(evidence) under the interventions, for every draw, shape (draws,)."""
    logs = log_evidence(System.of(posterior), question.form, evidence_of(question, members), memory=memory)
    return np.exp(logs)


#: Does what `solve` does.
Solver = Callable[..., Sums]


def distribution(
    system: System, form: Form, evidence: Evidence, *, memory: int = MEMORY_LIMIT, solver: Solver = solve
) -> np.ndarray:
    """P(targets | evidence) for every draw and case, shape (*targets, samples) or (*targets, cases, samples).

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    joint = solver(system, form, evidence, "conditional", memory=memory).joint
    total = joint.sum(axis=tuple(range(len(form.targets))))
    possible = total > 0
    if system.zeros.intersection(evidence_nodes(system.network, form)):
        # Only a table with a zero in it can forbid evidence that pruning set aside.
        possible = possible & (log_evidence(system, form, evidence, memory=memory, solver=solver) > -np.inf)
    check_possible(system, form, evidence, possible, memory)
    joint /= total
    return joint


def all_marginals(
    system: System, form: Form, evidence: Evidence, *, memory: int = MEMORY_LIMIT, solver: Solver = solve
) -> dict[str, np.ndarray]:
    """P(target | evidence) of every target, in one pass up and one down.

    Returns
    -------
    dict
        Node -> shape (states, samples) or (states, cases, samples).

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    found = solver(system, form, evidence, "marginals", memory=memory)
    check_possible(system, form, evidence, found.joint > 0, memory)
    for values in found.marginals.values():
        values /= values.sum(axis=0)
    return dict(found.marginals)


def log_evidence(
    system: System, form: Form, evidence: Evidence, *, memory: int = MEMORY_LIMIT, solver: Solver = solve
) -> np.ndarray:
    """Logarithm of P(evidence) for every draw and case, shape (samples,) or (cases, samples)."""
    asked = Form((), form.given, form.do, form.likely)
    found = solver(system, asked, evidence, "evidence", memory=memory)
    with np.errstate(divide="ignore"):
        logs = np.log(found.joint)
    return logs if found.logs is None else logs + found.logs


def check_possible(system: System, form: Form, evidence: Evidence, possible: np.ndarray, memory: int) -> None:
    """Raise where the evidence is not possible in some draw of some case.

    Raises
    ------
    ImpossibleEvidenceError
        Naming a part of the evidence that conflicts by itself.
    """
    if not possible.all():
        spot = tuple(int(number) for number in np.argwhere(~possible)[0])
        raise ImpossibleEvidenceError("question", [Fault(*_conflict(system, form, evidence, spot, memory))])


def _conflict(system: System, form: Form, evidence: Evidence, spot: tuple[int, ...], memory: int) -> tuple[str, str]:
    """Name a minimal part of the evidence that is impossible by itself (dropping any of it makes it possible)."""
    one = system.part(slice(spot[-1], spot[-1] + 1))
    known = evidence.part(None, slice(spot[-1], spot[-1] + 1))
    known = known.case(spot[0]) if evidence.cases is not None else known
    where = "given" if evidence.rows is None else f"given, case {evidence.rows[spot[0]] + 1}"
    given, likely = list(form.given), list(form.likely)
    for names in (given, likely):
        for name in list(names):
            names.remove(name)
            fewer = Form((), tuple(given), form.do, tuple(likely))
            held = {n: known.fixed[n] for n in (*given, *form.do)}
            weights = {n: known.weights[n] for n in likely}
            if log_evidence(one, fewer, Evidence(held, known.members, weights), memory=memory).item() > -np.inf:
                names.append(name)
    network = system.network
    told = [f"{name} = {network[name].states[known.fixed[name]]}" for name in sorted(given)]
    told += [f"the weights on {name}" for name in sorted(likely)]
    named = ", ".join(told)
    return where, f"has probability zero: {named} cannot hold together" if len(
        told
    ) > 1 else f"has probability zero: {named}"
