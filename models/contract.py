"""Exact inference for all draws at once: prune, slice by evidence, find an order, contract in chunks of draws.

For each posterior draw the network is an ordinary discrete network, and P(targets, evidence) is a sum of
products of its tables (Zhang and Poole 1996; Dechter 1999). The sum is one tensor contraction in which the
draw is a batch index, so no loop runs over draws.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.errors import Fault, InputError, nearest, raise_faults
from .check import QueryError
from .families import FAMILIES
from .families.table import table_name

if TYPE_CHECKING:
    from .network import Network
    from .posterior import Posterior

#: Bytes that a query may hold at once, unless the caller says otherwise.
MEMORY_LIMIT = 2 * 10**9
#: Cells of the largest table for one draw, beyond which it is summed slice by slice.
_CELLS = 16_384
#: Cells of the largest table for the draws of one chunk: what stays in a processor's cache is several times faster.
_CELLS_AT_ONCE = 2**21
#: Draws of a chunk at the least, so that the innermost loop is worth starting.
_FEWEST_DRAWS = 16
#: Tables made while one is built, counted in units of the largest.
_WORKING_COPIES = 6


class CapacityError(InputError):
    """A question whose tables would not fit the stated memory."""


class ImpossibleEvidenceError(InputError):
    """Evidence that has probability zero."""


@dataclass(frozen=True)
class Question:
    """What is asked of a network, in state numbers.

    Parameters
    ----------
    targets
        Nodes whose joint distribution is wanted.
    given
        Observed node -> state number.
    do
        Node set by intervention -> state number.
    """

    targets: tuple[str, ...]
    given: tuple[tuple[str, int], ...] = ()
    do: tuple[tuple[str, int], ...] = ()

    @property
    def fixed(self) -> dict[str, int]:
        """Everything that has one state only."""
        return dict(self.given) | dict(self.do)


@dataclass(frozen=True)
class Plan:
    """How a question is answered: which tables, in what order, how large.

    Parameters
    ----------
    targets
        Axes of the answer, after the draw.
    kept
        Nodes whose tables take part; the others are barren or cut off by the evidence.
    sliced
        Nodes summed outside the contraction, one state at a time, so that the largest table stays small.
    axes
        Kept node -> free axes of its table.
    path
        Pairs of tables in the order they are contracted (opt_einsum's form).
    largest
        Cells of the largest table, a draw.
    flops
        Multiplications and additions, a draw.
    absorbed
        A node whose table is too large to be made: its family sums it with weights that the other tables give.
    """

    targets: tuple[str, ...]
    kept: tuple[str, ...]
    sliced: tuple[str, ...]
    axes: tuple[tuple[str, ...], ...]
    path: tuple[tuple[int, ...], ...]
    largest: int
    flops: float
    states: Mapping[str, int] = field(repr=False, hash=False, compare=False)
    absorbed: str | None = None

    def explain(self, samples: int = 1) -> str:
        """Say in words what will be done for a number of draws.

        Examples
        --------
        >>> from servanda.models import load_network
        >>> from servanda.models.contract import Question, make_plan
        >>> plan = make_plan(load_network("guarantee"), Question(("era",)))
        >>> print(plan.explain(4000).splitlines()[0])
        tables kept: era
        """
        lines = [
            f"tables kept: {', '.join(self.kept)}",
            f"summed state by state: {', '.join(self.sliced) or 'none'}",
            f"order: {' '.join(str(step) for step in self.path)}",
            f"largest table: {self.largest:,} cells a draw, {8 * self.largest * samples:,} bytes for {samples:,} draws",
            f"operations: {self.flops * samples:.3g}",
        ]
        return "\n".join(lines)


def check_question(
    network: Network,
    targets: tuple[str, ...],
    given: Mapping[str, Any],
    do: Mapping[str, Any],
    *,
    targets_needed: bool = True,
) -> Question:
    """Turn names into numbers.

    Raises
    ------
    QueryError
        Listing unknown nodes and states, with the nearest; nodes both given and done; targets that are given.
    """
    faults: list[Fault] = []
    numbers = {kind: _numbers(network, kind, stated, faults) for kind, stated in (("given", given), ("do", do))}
    if targets_needed and not targets:
        faults.append(Fault("target", "none is asked for"))
    for name in targets:
        if name not in network:
            faults.append(Fault(f"target {name}", f"no such node{nearest(name, network.names)}"))
        elif name in given or name in do:
            faults.append(Fault(f"target {name}", "is itself given or set; ask for a node that is not"))
    if len(set(targets)) < len(targets):
        faults.append(Fault("target", f"is named twice: {', '.join(targets)}"))
    both = sorted(set(given) & set(do))
    faults += [Fault(f"node {name}", "is both given (observed) and done (set); choose one") for name in both]
    raise_faults("question", faults, QueryError)
    return Question(targets, tuple(sorted(numbers["given"].items())), tuple(sorted(numbers["do"].items())))


def _numbers(network: Network, kind: str, stated: Mapping[str, Any], faults: list[Fault]) -> dict[str, int]:
    """State numbers of one kind of evidence; what is unknown is added to the faults."""
    numbers = {}
    for name, state in stated.items():
        if name not in network:
            faults.append(Fault(f"{kind} {name}", f"no such node{nearest(name, network.names)}"))
            continue
        try:
            numbers[name] = network[name].index(state)
        except QueryError as error:
            faults += [Fault(f"{kind} {name}", fault.what) for fault in error.faults]
    return numbers


def relevant(network: Network, question: Question) -> tuple[str, ...]:
    """Nodes whose tables the answer depends on.

    Barren nodes (no target or evidence below them) sum to one. Of the rest, a node that the evidence separates
    from the targets only scales all answers alike and is dropped (Shachter 1998, requisite nodes).
    """
    done = dict(question.do)
    cut = network.without_parents(done) if done else network
    given = dict(question.given)
    above = cut.ancestors((*question.targets, *given))
    names = [name for name in network.names if name in above and name not in done]
    # Tables as sets of free axes; those linked to a target, directly or through others, matter.
    free = {name: {axis for axis in cut.axes(name) if axis not in given and axis not in done} for name in names}
    linked, waiting = set(question.targets), set(question.targets)
    kept: set[str] = set()
    while waiting:
        axis = waiting.pop()
        for name in names:
            if name not in kept and axis in free[name]:
                kept.add(name)
                waiting |= free[name] - linked
                linked |= free[name]
    return tuple(name for name in names if name in kept)


def evidence_nodes(network: Network, question: Question) -> tuple[str, ...]:
    """Nodes whose tables the probability of the evidence depends on."""
    done = dict(question.do)
    cut = network.without_parents(done) if done else network
    above = cut.ancestors(dict(question.given))
    return tuple(name for name in network.names if name in above and name not in done)


@lru_cache(maxsize=256)
def make_plan(network: Network, question: Question, *, joint: bool = False) -> Plan:
    """Plan a question; plans of equal structure and shape of question are made once.

    Parameters
    ----------
    joint
        Keep every table above the evidence, so that the contraction gives P(targets, evidence) and not a
        multiple of it.
    """
    wanted = set(relevant(network, question)) if question.targets else set()
    if joint:
        wanted |= set(evidence_nodes(network, question))
    names = tuple(name for name in network.names if name in wanted)
    fixed = question.fixed
    sizes = {name: len(network[name].states) for name in network.names}
    axes = tuple(tuple(axis for axis in network.axes(name) if axis not in fixed) for name in names)
    sliced: tuple[str, ...] = ()
    if huge := _absorbable(network, names, axes, sizes):
        return _absorbing(network, question, names, axes, sizes, huge)
    while True:
        left = tuple(tuple(axis for axis in own if axis not in sliced) for own in axes)
        path, largest, flops = _order(left, question.targets, sizes)
        if largest <= _CELLS or not (widest := _next_slice(left, sizes, question.targets)):
            break
        sliced = (*sliced, widest)
    slices = math.prod(sizes[axis] for axis in sliced)
    return Plan(question.targets, names, sliced, left, path, largest, flops * slices, sizes)


def _absorbable(
    network: Network, names: tuple[str, ...], axes: tuple[tuple[str, ...], ...], sizes: Mapping[str, int]
) -> str | None:
    """A node whose table is huge, stands below all other tables, and need not be made to be summed."""
    for name, own in zip(names, axes, strict=True):
        others = [axis for other, table in zip(names, axes, strict=True) if other != name for axis in table]
        huge = math.prod(sizes[axis] for axis in own) > 4 * _CELLS
        if huge and name not in others and hasattr(FAMILIES[network[name].family], "weighted_sum"):
            return name
    return None


def _absorbing(
    network: Network,
    question: Question,
    names: tuple[str, ...],
    axes: tuple[tuple[str, ...], ...],
    sizes: Mapping[str, int],
    huge: str,
) -> Plan:
    """Plan the weights of the huge table: a contraction of the others that keeps all its parents."""
    family: Any = FAMILIES[network[huge].family]
    others = tuple(name for name in names if name != huge)
    tables = tuple(own for name, own in zip(names, axes, strict=True) if name != huge)
    own = axes[names.index(huge)]
    # Other targets are gone through state by state, and summing goes slice by slice from the slowest axes on.
    sliced = tuple(name for name in question.targets if name != huge)
    while True:
        fixed = dict.fromkeys((*question.fixed, *sliced), 0)
        order = tuple(axis for side in family.summing_order(network[huge], network, fixed) for axis in side)
        if math.prod(sizes[axis] for axis in order) <= _CELLS:
            break
        sliced = (*sliced, order[0])
    left = tuple(tuple(axis for axis in table if axis not in sliced) for table in tables)
    path, largest, flops = _order(left, order, sizes)
    slices = math.prod(sizes[axis] for axis in sliced)
    cells = math.prod(sizes[axis] for axis in own)
    return Plan(question.targets, others, sliced, left, path, largest, flops * slices + 4.0 * cells, sizes, huge)


def _order(
    axes: tuple[tuple[str, ...], ...], targets: tuple[str, ...], sizes: Mapping[str, int]
) -> tuple[tuple[tuple[int, ...], ...], int, float]:
    """Find the order of contraction; give it with the cells of its largest table and its operations."""
    import opt_einsum

    if not axes:
        return (), 1, 0.0
    letters = {axis: opt_einsum.get_symbol(place) for place, axis in enumerate(sizes)}
    inputs = ["".join(letters[axis] for axis in own) for own in axes]
    shapes = [tuple(sizes[axis] for axis in own) for own in axes]
    equation = f"{','.join(inputs)}->{''.join(letters[axis] for axis in targets)}"
    method = "dp" if len(axes) <= 14 else "greedy"
    path, info = opt_einsum.contract_path(equation, *shapes, shapes=True, optimize=method)
    largest = max(*(math.prod(shape) for shape in shapes), int(info.largest_intermediate))
    return tuple(tuple(step) for step in path), largest, float(info.opt_cost)


def _next_slice(axes: tuple[tuple[str, ...], ...], sizes: Mapping[str, int], targets: tuple[str, ...]) -> str | None:
    """The axis of the largest table that most other tables share: summed state by state, it shrinks them all."""
    table = max(axes, key=lambda own: math.prod(sizes[axis] for axis in own))
    options = [axis for axis in table if axis not in targets]
    return max(options, key=lambda axis: (sum(axis in own for own in axes), sizes[axis])) if options else None


def answer(
    posterior: Posterior,
    question: Question,
    members: Mapping[str, int],
    *,
    memory: int = MEMORY_LIMIT,
    joint: bool = False,
) -> np.ndarray:
    """Contract the tables of every draw.

    Parameters
    ----------
    posterior, question
        Of whom, and what.
    members
        Group effect -> member number.
    memory
        Bytes that may be held at once.
    joint
        Whether the result shall be P(targets, evidence) rather than a multiple of it.

    Returns
    -------
    ndarray
        Shape (draws, *targets), not normalised.

    Raises
    ------
    CapacityError
        Before anything is allocated, if even one draw would not fit.
    """
    plan = make_plan(posterior.network, question, joint=joint)
    samples = posterior.sizes["chain"] * posterior.sizes["draw"]
    shape = tuple(plan.states[axis] for axis in plan.targets)
    workers = max(1, min(os.cpu_count() or 1, samples))
    per_draw = 8 * plan.largest * _WORKING_COPIES
    held = 8 * samples * math.prod(shape)
    if held + per_draw > memory:
        what = (
            f"needs {held + per_draw:,} bytes at the least ({plan.largest:,} cells in its largest table), "
            f"and {memory:,} are allowed; give more evidence, ask for fewer nodes, or raise the limit"
        )
        raise CapacityError("question", [Fault("", what)])
    workers = max(1, min(workers, (memory - held) // per_draw))
    chunk = int(
        max(
            1,
            min((memory - held) // (workers * per_draw), max(_FEWEST_DRAWS, _CELLS_AT_ONCE // plan.largest)),
        )
    )
    result = np.empty((*shape, samples))

    def work(start: int) -> None:
        stop = min(start + chunk, samples)
        values = {name: array[..., start:stop] for name, array in posterior.values.items()}
        result[..., start:stop] = _contract(plan, posterior.network, question, values, members)

    starts = range(0, samples, chunk)
    if len(starts) == 1 or workers == 1:
        for start in starts:
            work(start)
    else:
        # NumPy lets go of the interpreter inside its loops, so threads use all cores.
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, starts))
    return np.moveaxis(result, -1, 0)


def _contract(
    plan: Plan,
    network: Network,
    question: Question,
    values: Mapping[str, np.ndarray],
    members: Mapping[str, int],
) -> np.ndarray:
    """Contract one chunk of draws, slice by slice; shape (*targets, draws)."""
    if plan.absorbed:
        return _contract_absorbing(plan, network, question, values, members)
    total: Any = 0.0
    for states in product(*(range(plan.states[axis]) for axis in plan.sliced)):
        fixed = question.fixed | dict(zip(plan.sliced, states, strict=True))
        tables = _tables(plan, network, fixed, values, members)
        total = total + _sum_of_products(tables, plan, plan.targets)
    return total


def _contract_absorbing(
    plan: Plan,
    network: Network,
    question: Question,
    values: Mapping[str, np.ndarray],
    members: Mapping[str, int],
) -> np.ndarray:
    """Give the huge table its weights, slice by slice, and let its family sum it."""
    node = network[str(plan.absorbed)]
    family: Any = FAMILIES[node.family]
    samples = next(iter(values.values())).shape[-1]
    total = np.zeros((*(plan.states[axis] for axis in plan.targets), samples))
    for states in product(*(range(plan.states[axis]) for axis in plan.sliced)):
        now = dict(zip(plan.sliced, states, strict=True))
        fixed = question.fixed | now
        order = tuple(axis for side in family.summing_order(node, network, fixed) for axis in side)
        tables = _tables(plan, network, fixed, values, members)
        weights = np.ascontiguousarray(_sum_of_products(tables, plan, order))
        # The target's own axis stays whole; axes of other targets take the state of this slice.
        cell = tuple(now.get(axis, slice(None)) for axis in plan.targets)
        total[cell] += family.weighted_sum(values, fixed, members, node, network, weights)
    return total


def _tables(
    plan: Plan,
    network: Network,
    fixed: Mapping[str, int],
    values: Mapping[str, np.ndarray],
    members: Mapping[str, int],
) -> list[np.ndarray]:
    return [FAMILIES[network[name].family].table(values, fixed, members, network[name], network) for name in plan.kept]


def _sum_of_products(tables: list[np.ndarray], plan: Plan, targets: tuple[str, ...]) -> np.ndarray:
    """Follow the plan's path pair by pair, draws innermost throughout; shape (*targets, draws)."""
    if not tables:
        return np.ones(())
    operands = list(zip(tables, plan.axes, strict=True))
    for step in plan.path:
        taken = [operands.pop(number) for number in sorted(step, reverse=True)]
        needed = {axis for _, own in operands for axis in own} | set(targets)
        found = {axis for _, own in taken for axis in own}
        kept = targets if not operands else tuple(axis for axis in plan.states if axis in found & needed)
        # einsum knows 52 labels, a network has any number of nodes: label the axes of this step alone.
        label = {axis: number + 1 for number, axis in enumerate(sorted(found))}
        inputs = [part for table, own in taken for part in (table, [*(label[axis] for axis in own), 0])]
        operands.append((np.einsum(*inputs, [*(label[axis] for axis in kept), 0], order="C"), kept))
    return operands[0][0]


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
    weights = answer(posterior, question, members, memory=memory)
    total = weights.reshape(len(weights), -1).sum(axis=1)
    if not np.all(total > 0) or not _possible(posterior, question, members, memory):
        raise ImpossibleEvidenceError("question", [Fault("given", _conflict(posterior, question, members, memory))])
    return weights / total.reshape((-1, *(1 for _ in question.targets)))


def evidence_probability(
    posterior: Posterior, question: Question, members: Mapping[str, int], *, memory: int = MEMORY_LIMIT
) -> np.ndarray:
    """P(evidence) under the interventions, for every draw, shape (draws,)."""
    asked = Question((), question.given, question.do)
    if not question.given:
        return np.ones(posterior.sizes["chain"] * posterior.sizes["draw"])
    return answer(posterior, asked, members, memory=memory, joint=True)


def _possible(posterior: Posterior, question: Question, members: Mapping[str, int], memory: int) -> bool:
    """Whether evidence that pruning set aside is possible; only tables with a zero in them can forbid it."""
    zeros = [name for name in posterior.network.names if _has_zero(posterior, name)]
    if not question.given or not set(zeros) & set(evidence_nodes(posterior.network, question)):
        return True
    return bool(np.all(evidence_probability(posterior, question, members, memory=memory) > 0))


def _has_zero(posterior: Posterior, name: str) -> bool:
    values = posterior.values.get(table_name(posterior.network[name]))
    return values is not None and bool(values.min() == 0)


def _conflict(posterior: Posterior, question: Question, members: Mapping[str, int], memory: int) -> str:
    """Name a minimal part of the evidence that is impossible by itself (dropping any of it makes it possible)."""
    given = dict(question.given)
    for name in list(given):
        fewer = {other: state for other, state in given.items() if other != name}
        asked = Question((), tuple(sorted(fewer.items())), question.do)
        if not np.all(evidence_probability(posterior, asked, members, memory=memory) > 0):
            given = fewer
    network = posterior.network
    named = ", ".join(f"{name} = {network[name].states[state]}" for name, state in given.items())
    return f"has probability zero: {named} cannot hold together" if len(given) > 1 else f"has probability zero: {named}"
