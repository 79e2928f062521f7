"""How a question is answered: which tables, in what order they are multiplied and summed, how large they get.

P(targets, evidence) is a sum of products of tables (Zhang and Poole 1996†; Dechter 1999†), made pair by pair. The
same pairs, gone through backwards, give the derivative of the sum with respect to every table, and with it the
marginals of all nodes at once (Darwiche 2003†), the most probable explanation, or samples. A plan
depends on the structure and on the form of a question, not on states or numbers, and is made once for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import combinations

from ...common.errors import Fault
from ..network.network import Network
from .elimination import elimination_order
from .question import CapacityError, Form, evidence_nodes, relevant

Axes = tuple[str, ...]
#: Cells of a table from which on its family sums it rather than makes it, where the family can.
WORTH_ABSORBING = 64
#: The same where making it is preferred as long as it can be made.
HUGE = 65_536
#: Cells held for one draw up to which slicing is not thought of: they fit a processor's cache for several draws.
_COMFORTABLE = 16_384
#: Cells of a table from which on its family sums it by frequencies, where it can.
VAST = 20_000
#: Numbers that stand for one cell of a complex table: frequencies, mostly, times two.
_WAVES = 64
#: Slicing that costs no more than this in operations is done for the sake of the cache alone.
_FREE_OF_CHARGE = 1.25
#: Weights of a huge table that are made at once, a draw.
_ABSORBED = 131_072
#: More slices than this would take longer than anybody waits: the question is refused.
_MOST_SLICES = 10_000
#: Tables among which the pair with the smallest product is looked for.
_FEW = 10
#: A family makes its table in some steps; so many copies of it may stand beside each other.
_COPIES_WHILE_MADE = 3


@dataclass(frozen=True)
class Step:
    """One table, or the product of two, summed over the axes that no other table has.

    Parameters
    ----------
    operands
        Numbers of the tables: those of the nodes come first, then the result of each step.
    axes
        Axes of the result.
    """

    operands: tuple[int, ...]
    axes: Axes


@dataclass(frozen=True, eq=False)
class Plan:
    """How questions of one form are answered. Plans are made once for each form, and compared by identity.

    Parameters
    ----------
    kind
        A key of `KINDS`.
    targets
        Axes of the answer.
    kept
        Nodes whose tables take part; the others are barren or cut off by the evidence.
    weighted
        Nodes with virtual evidence: one table more for each, the vector of its weights.
    sliced
        Nodes that are not axes of any table: everything is done once for each of their states.
    axes
        Axes of every table: those of the nodes kept, of the weights, and of the result of each step.
    steps
        What is multiplied with what.
    read
        For marginals: the nodes wanted.
    readouts
        For marginals: node -> number of the smallest table that has it.
    sizes
        Node -> number of states.
    cells
        Cells held at once, a draw.
    flops
        Multiplications and additions, a draw.
    absorbed
        A node whose table is not made: its family sums it with weights that the other tables give.
    hanging
        A parent of that node, given its own parent alone or nothing: its family sums over it too, once for all cases.
    waves
        Axes of its effects at some frequencies, where the family sums it by these: tables beside those of the nodes.
    """

    kind: str
    targets: Axes
    kept: tuple[str, ...]
    weighted: tuple[str, ...]
    sliced: tuple[str, ...]
    axes: tuple[Axes, ...]
    steps: tuple[Step, ...]
    readouts: tuple[tuple[str, int], ...]
    sizes: Mapping[str, int] = field(repr=False)
    cells: int = 0
    flops: float = 0.0
    absorbed: str | None = None
    hanging: str | None = None
    waves: tuple[Axes, ...] = ()
    read: frozenset[str] = frozenset()

    @property
    def inputs(self) -> int:
        """Number of tables that are not made by a step."""
        return len(self.axes) - len(self.steps)

    @property
    def largest(self) -> int:
        """Cells of the largest table that is made, a draw."""
        return max((cells_of(axes, self.sizes) for axes in self.axes), default=1)

    @property
    def slices(self) -> int:
        """How often everything is done."""
        return cells_of(self.sliced, self.sizes)

    @cached_property
    def wanted(self) -> frozenset[int]:
        """Tables whose derivative leads to a readout: those read out themselves and those made of one."""
        found = {number for _, number in self.readouts}
        for place, step in enumerate(self.steps):
            if found.intersection(step.operands):
                found.add(self.inputs + place)
        return frozenset(found)

    def explain(self, samples: int = 1) -> str:
        """Say in words what will be done for a number of draws.

        Examples
        --------
        >>> from servanda.models import load_network
        >>> from servanda.models.inference.plan import make_plan
        >>> from servanda.models.inference.question import Form
        >>> plan = make_plan(load_network("guarantee"), Form(("era",)))
        >>> print(plan.explain(4000).splitlines()[0])
        tables kept: era
        """
        names = (*self.kept, *(f"evidence on {name}" for name in self.weighted))
        names += tuple(f"effect of {', '.join(axes)}" for axes in self.waves)
        order = ", ".join(
            f"{' x '.join(self._label(number, names) for number in step.operands)} -> ({', '.join(step.axes)})"
            for step in self.steps
        )
        lines = [
            f"tables kept: {', '.join(self.kept) or 'none'}",
            f"summed state by state: {', '.join(self.sliced) or 'none'}",
            f"order: {order or 'nothing to multiply'}",
            f"largest table: {self.largest:,} cells a draw, {8 * self.largest * samples:,} bytes for {samples:,} draws",
            f"held at once: {8 * self.cells:,} bytes a draw",
            f"operations: {self.flops * samples:.3g}",
        ]
        if self.absorbed:
            how = "summed by its family at some frequencies" if self.waves else "summed by its family"
            beside = f" (and the table of {self.hanging})" if self.hanging else ""
            lines.insert(1, f"{how}, never made: {self.absorbed}{beside}")
        return "\n".join(lines)

    def _label(self, number: int, names: tuple[str, ...]) -> str:
        return names[number] if number < self.inputs else f"({', '.join(self.axes[number])})"


def cells_of(axes: Axes, sizes: Mapping[str, int]) -> int:
    """Number of cells of a table."""
    return math.prod(sizes[axis] for axis in axes)


@lru_cache(maxsize=4096)
def make_plan(
    network: Network,
    form: Form,
    kind: str = "conditional",
    limit: int | None = None,
    absorb: int = WORTH_ABSORBING,
    *,
    several: bool = False,
) -> Plan:
    """Plan all questions of one form.

    Parameters
    ----------
    network, form
        What is asked of which network.
    kind
        A key of `KINDS`.
    limit
        Cells that may be held for one draw; None for any number.
    absorb
        Cells of a table from which on its family sums it, where that is possible.
    several
        Whether several cases are asked about at once.

    Raises
    ------
    CapacityError
        If no slicing brings the cells below the limit.
    """
    names, sizes, scopes = _scopes(network, form, kind)
    weighted = tuple(name for name in form.likely if kind != "conditional" or any(name in scope for scope in scopes))
    scopes += [(name,) for name in weighted]
    if kind in ("conditional", "evidence") and (
        huge := _absorbable(network, names, scopes, sizes, absorb, several=several)
    ):
        return _absorbing(network, form, kind, names, weighted, scopes, sizes, huge, limit, several=several)
    read = frozenset(form.targets) if KINDS[kind].backwards else frozenset()
    if read and (seen := _vast(network, form)) in form.given:
        # All at once at every frequency, since what is summed by these is a target's no more.
        others = tuple(name for name in names if name != seen)
        tables = [scope for place, scope in enumerate(scopes) if place >= len(names) or names[place] != seen]
        waves = network.family(seen).effect_axes(network.local(seen), dict.fromkeys(form.fixed, 0))
        own = Plan(kind, (), others, weighted, (), (), (), (), sizes, absorbed=seen, read=read)
        return _waving(own, tables, waves, limit)
    bare = Plan(kind, form.targets if KINDS[kind].joint else (), names, weighted, (), (), (), (), sizes, read=read)
    plan = _within(limit, lambda sliced: _filled(replace(bare, sliced=sliced), scopes))
    cheapest = plan.flops
    while plan.cells > _COMFORTABLE and (axis := _next_slice(plan)):
        finer = _filled(replace(plan, sliced=(*plan.sliced, axis)), scopes)
        if finer.flops > _FREE_OF_CHARGE * cheapest:
            break
        plan = finer
    return plan


def _scopes(network: Network, form: Form, kind: str) -> tuple[tuple[str, ...], dict[str, int], list[Axes]]:
    """Nodes whose tables take part, the number of states of every node, and the free axes of each table."""
    names = KINDS[kind].nodes(network, form)
    sizes = {name: len(network[name].states) for name in network.names}
    return names, sizes, [tuple(axis for axis in network.axes(name) if axis not in form.fixed) for name in names]


def _within(limit: int | None, make: Callable[[Axes], Plan]) -> Plan:
    """The plan with the fewest slices that holds no more cells than are allowed."""
    plan = make(())
    while limit is not None and plan.cells > limit:
        if not (axis := _next_slice(plan)) or plan.slices > _MOST_SLICES:
            raise CapacityError("question", [Fault("", _too_large(plan, limit))])
        plan = make((*plan.sliced, axis))
    return plan


def _too_large(plan: Plan, limit: int) -> str:
    return (
        f"needs {8 * plan.cells:,} bytes at the least ({plan.largest:,} cells in its largest table), "
        f"and {8 * limit:,} are allowed; give more evidence, ask for fewer nodes, or raise the limit"
    )


def _filled(plan: Plan, scopes: Sequence[Axes]) -> Plan:
    """Work out steps, readouts and costs of a plan whose slices are known."""
    sizes, sliced = plan.sizes, set(plan.sliced)
    left = [tuple(axis for axis in scope if axis not in sliced) for scope in scopes]
    targets = tuple(axis for axis in plan.targets if axis not in sliced)
    order = elimination_order(left, sizes, targets)
    axes, steps = contraction(left, sizes, targets, order)
    plan = replace(plan, axes=tuple(axes), steps=tuple(steps))
    plan = replace(plan, readouts=_readouts(plan))
    factor = 3 if KINDS[plan.kind].backwards else 1
    flops = factor * plan.slices * sum(2.0 * cells_of(_union(plan, step), sizes) for step in plan.steps)
    made = sum(cells_of(own, sizes) for own in left)
    making = made + (_COPIES_WHILE_MADE - 1) * max((cells_of(own, sizes) for own in left), default=0)
    return replace(plan, cells=max(making, KINDS[plan.kind].held(plan)), flops=flops + 4.0 * plan.slices * made)


def contraction(
    scopes: Sequence[Axes], sizes: Mapping[str, int], targets: Axes, order: Sequence[str]
) -> tuple[list[Axes], list[Step]]:
    """Turn an order of elimination into steps on pairs of tables.

    Returns
    -------
    axes
        Of the given tables, then of the result of each step.
    steps
        The last one gives the answer, its axes in the order of `targets`.
    """
    pool = _Pool(scopes, sizes, targets)
    for axis in order:
        # Small tables first, those of equal axes next to each other, so that products grow as late as they can.
        last = pool.fold(pool.having.get(axis, ()), 1)
        if last is not None and axis in pool.axes[last]:
            pool.join((last,))
    pool.fold(pool.live, 2)
    if len(pool.live) == 2 or any(pool.axes[number] != targets for number in pool.live):
        pool.join(tuple(sorted(pool.live, key=pool.size)), targets)
    return pool.axes, pool.steps


class _Pool:
    """Tables that wait for their step, while steps are being written down."""

    def __init__(self, scopes: Sequence[Axes], sizes: Mapping[str, int], targets: Axes) -> None:
        self.sizes, self.targets = sizes, targets
        self.axes: list[Axes] = []
        self.steps: list[Step] = []
        self.live: dict[int, None] = {}
        self.having: dict[str, dict[int, None]] = {}
        for scope in scopes:
            self._add(scope)

    def _add(self, axes: Axes) -> None:
        number = len(self.axes)
        self.axes.append(axes)
        self.live[number] = None
        for axis in axes:
            self.having.setdefault(axis, {})[number] = None

    def size(self, number: int) -> tuple[int, Axes]:
        return cells_of(self.axes[number], self.sizes), self.axes[number]

    def join(self, operands: tuple[int, ...], result: Axes | None = None) -> None:
        """Replace some tables by the sum of their product over the axes that no other table has."""
        for number in operands:
            del self.live[number]
            for axis in self.axes[number]:
                del self.having[axis][number]
        found = {axis for number in operands for axis in self.axes[number]}
        kept = tuple(axis for axis in self.sizes if axis in found and (axis in self.targets or self.having[axis]))
        self.steps.append(Step(operands, kept if result is None else result))
        self._add(self.steps[-1].axes)

    def fold(self, numbers: Iterable[int], left: int) -> int | None:
        """Join pairs of some tables until no more than `left` are left; give the last one.

        Of a few, the pair with the smallest product comes first; of many, the two smallest tables, which takes no
        search through all pairs.
        """
        bucket = sorted(numbers, key=self.size)
        while len(bucket) > left:
            pair = (bucket[0], bucket[1])
            if 2 < len(bucket) <= _FEW:
                pair = min(combinations(bucket, 2), key=self._product)
            self.join(pair)
            bucket = [len(self.axes) - 1, *(number for number in bucket if number not in pair)]
            bucket.sort(key=self.size)
        return bucket[0] if bucket else None

    def _product(self, pair: tuple[int, int]) -> int:
        return cells_of(tuple({axis for number in pair for axis in self.axes[number]}), self.sizes)


def _union(plan: Plan, step: Step) -> Axes:
    return tuple(dict.fromkeys(axis for number in step.operands for axis in plan.axes[number]))


def _readouts(plan: Plan) -> tuple[tuple[str, int], ...]:
    """For each node, the smallest table that has it; of equals the last, which is closest to the end."""
    best: dict[str, tuple[int, int]] = {}
    for number, axes in enumerate(plan.axes):
        rank = (cells_of(axes, plan.sizes), -number)
        for axis in plan.read.intersection(axes):
            best[axis] = min(best.get(axis, rank), rank)
    return tuple((axis, -best[axis][1]) for axis in plan.sizes if axis in best)


def _held_forwards(plan: Plan) -> int:
    """Cells at the worst moment when every table is dropped after its use."""
    sizes = plan.sizes
    now = sum(cells_of(axes, sizes) for axes in plan.axes[: plan.inputs])
    worst = now
    for step in plan.steps:
        now += cells_of(step.axes, sizes)
        worst = max(worst, now)
        now -= sum(cells_of(plan.axes[number], sizes) for number in step.operands)
    return worst


def _held_backwards(plan: Plan) -> int:
    """Cells at the worst moment when every table is kept, and derivatives are dropped after their use."""
    sizes = plan.sizes
    now = sum(cells_of(axes, sizes) for axes in plan.axes)
    worst = now
    for place in reversed(range(len(plan.steps))):
        handed = [number for number in plan.steps[place].operands if number in plan.wanted]
        now += sum(cells_of(plan.axes[number], sizes) for number in handed)
        worst = max(worst, now)
        if plan.inputs + place in plan.wanted:
            now -= cells_of(plan.steps[place].axes, sizes)
        now -= sum(cells_of(plan.axes[number], sizes) for number in handed if number < plan.inputs)
    return worst


def _held_choosing(plan: Plan) -> int:
    """Cells when every table is kept and each product stands whole before it is reduced."""
    kept = sum(cells_of(axes, plan.sizes) for axes in plan.axes)
    return kept + 2 * max((cells_of(_union(plan, step), plan.sizes) for step in plan.steps), default=0)


def _next_slice(plan: Plan) -> str | None:
    """The axis of the largest product that most tables share: done state by state, it shrinks them all."""
    own = max((_union(plan, step) for step in plan.steps), key=lambda axes: cells_of(axes, plan.sizes), default=())
    options = [axis for axis in own if axis not in plan.targets and plan.sizes[axis] > 1]
    shared = {axis: sum(axis in axes for axes in plan.axes) for axis in options}
    return max(options, key=lambda axis: (shared[axis], plan.sizes[axis])) if options else None


def _absorbable(
    network: Network,
    names: tuple[str, ...],
    scopes: Sequence[Axes],
    sizes: Mapping[str, int],
    absorb: int,
    *,
    several: bool = False,
) -> str | None:
    """The node with the largest table, if that is large, stands below all others, and need not be made to be summed."""
    found = {}
    for place, name in enumerate(names):
        others = {axis for other, scope in enumerate(scopes) if other != place for axis in scope}
        cells, family = cells_of(scopes[place], sizes), network.family(name)
        large = cells > absorb or (several and family.sums_cases)
        if large and name not in others and family.sums_itself:
            found[name] = cells
    return max(found, key=lambda name: found[name], default=None)


def _absorbing(
    network: Network,
    form: Form,
    kind: str,
    names: tuple[str, ...],
    weighted: tuple[str, ...],
    scopes: Sequence[Axes],
    sizes: Mapping[str, int],
    huge: str,
    limit: int | None,
    *,
    several: bool,
) -> Plan:
    """Plan the weights of the large table: a contraction of the others that keeps all its parents."""
    family, local = network.family(huge), network.local(huge)
    cells = cells_of(scopes[names.index(huge)], sizes)
    waves = family.effect_axes(local, dict.fromkeys(form.fixed, 0)) if cells > VAST else ()
    hanging = _hanging(network, form, names, scopes, huge) if several and not waves else None
    left_out: Axes = () if hanging is None else (hanging,)
    others = tuple(name for name in names if name not in (huge, *left_out))
    left = [place for place in range(len(scopes)) if place >= len(names) or names[place] in others]
    tables = [scopes[place] for place in left]
    if waves:
        return _waving(
            Plan(kind, form.targets, others, weighted, (), (), (), (), sizes, absorbed=huge), tables, waves, limit
        )
    # Other targets are gone through state by state, and summing goes slice by slice from the slowest axes on.
    sliced = tuple(name for name in form.targets if name != huge)
    most = math.inf if limit is None else limit
    while True:
        fixed = dict.fromkeys((*form.fixed, *sliced, *left_out), 0)
        order = tuple(axis for side in family.summing_order(local, fixed) for axis in side)
        plan = _filled(Plan(kind, order, others, weighted, sliced, (), (), (), sizes), tables)
        # The family holds some tables of its own beside the weights.
        plan = replace(plan, cells=_COPIES_WHILE_MADE * plan.cells + 8 * len(order))
        if cells_of(order, sizes) <= _ABSORBED and plan.cells <= most:
            return replace(plan, targets=form.targets, flops=plan.flops + 4.0 * cells, absorbed=huge, hanging=hanging)
        if not order or plan.slices > _MOST_SLICES:
            raise CapacityError("question", [Fault("", _too_large(plan, limit or 0))])
        sliced = (*sliced, order[0])


def _hanging(network: Network, form: Form, names: tuple[str, ...], scopes: Sequence[Axes], huge: str) -> str | None:
    """The largest parent of the large table that weights need no axis for, where its family sums many cases.

    Its own table knows one other open node at the most, which is a parent of the large table too; no other table knows
    it; and what it does adds up with what the others do, whatever the case.
    """
    family, local = network.family(huge), network.local(huge)
    if not family.sums_cases:
        return None
    effects = family.effect_axes(local, dict.fromkeys(form.fixed, 0))
    found = {}
    for place, name in enumerate(names):
        scope = scopes[place]
        near = [other for other, axes in enumerate(scopes) if name in axes]
        alone = near == sorted([place, names.index(huge)]) and name != huge
        apart = all(axes == (name,) for axes in effects if name in axes)
        plain = scope == network.axes(name) and len(scope) <= 2 and not network[name].groups
        if alone and apart and plain and {*scope} <= {*local.parent_names} - {*form.targets}:
            found[name] = len(network[name].states)
    return max(found, key=lambda name: found[name], default=None)


@lru_cache(maxsize=4096)
def is_vast(network: Network, form: Form) -> bool:
    """Whether all marginals at once need a table that is summed by frequencies when asked for node by node."""
    return _vast(network, form) not in ("", *form.given)


def _vast(network: Network, form: Form) -> str:
    """The node, if any, whose table is summed by frequencies where all marginals are asked for."""
    names, sizes, scopes = _scopes(network, form, "marginals")
    huge = _absorbable(network, names, scopes, sizes, VAST)
    if huge is None or not network.family(huge).effect_axes(network.local(huge), dict.fromkeys(form.fixed, 0)):
        return ""
    return huge


def _waving(plan: Plan, tables: Sequence[Axes], waves: tuple[Axes, ...], limit: int | None) -> Plan:
    """Plan the sums, at every frequency, of the product of the other tables and of what each arrow does."""
    rest = replace(plan, targets=tuple(name for name in plan.targets if name != plan.absorbed))

    def make(sliced: Axes) -> Plan:
        left = [tuple(axis for axis in axes if axis not in sliced) for axes in waves]
        free = tuple(axes for axes in left if axes)
        made = _filled(replace(rest, sliced=sliced, waves=free), [*tables, *free])
        return replace(made, cells=_WAVES * made.cells, flops=_WAVES * made.flops)

    return replace(_within(limit, make), targets=plan.targets)


@dataclass(frozen=True)
class Kind:
    """A kind of question.

    Parameters
    ----------
    nodes
        Nodes whose tables take part.
    held
        Cells held at once, a draw.
    joint
        Whether targets stay axes of the result.
    backwards
        Whether derivatives are taken, for the marginals of all targets.
    """

    nodes: Callable[[Network, Form], tuple[str, ...]]
    held: Callable[[Plan], int]
    joint: bool = False
    backwards: bool = False


def _answering(network: Network, form: Form) -> tuple[str, ...]:
    return relevant(network, form) if form.targets else ()


def _above(network: Network, form: Form) -> tuple[str, ...]:
    """Nodes above the targets or the evidence."""
    upstream = set(evidence_nodes(network, Form((), (*form.targets, *form.given), form.do, form.likely)))
    return tuple(name for name in network.names if name in upstream)


#: What can be planned; one line adds one.
KINDS: Mapping[str, Kind] = {
    "conditional": Kind(_answering, _held_forwards, joint=True),  # a multiple of P(targets | evidence)
    "evidence": Kind(_above, _held_forwards, joint=True),  # P(targets, evidence)
    "marginals": Kind(_above, _held_backwards, backwards=True),  # P(target, evidence) of every target
    "choice": Kind(_above, _held_choosing),  # one state for each node: the likeliest, or drawn
}
