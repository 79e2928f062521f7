"""What `ordinal`, `sequential` and `softmax` share: effects of parents and of groups, added up, and their shrinkage.

A node with the option `shrinkage` learns one scale for the effects of all its parents (the R2D2 prior: Zhang, Naughton,
Bondell and Reich 2022†, JASA 117; Yanchenko, Bondell and Reich 2024† for generalised linear models; as brms documents
its `R2D2` prior). A logit is a threshold on a latent variable whose logistic noise has the variance pi^2 / 3. Of its
whole variance the parents explain the share ``<node>.r2`` together, and each of them its share of that in
``<node>.shares``: the effect of parent j, over the states of which each weighs the same, has the variance
pi^2 / 3 * r2 / (1 - r2) * share_j. That is what the spread that a prior states is multiplied to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ...common.errors import nearest
from ..names import node_dim
from ..node import Arrow, Local
from ..parameters.distributions import POSITIVE, REAL, SIMPLEX, UNIT
from ..parameters.learned_scale import LearnedScale
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import GROUP_SPREAD
from .base import Family, flat_index, flatten_tail, namespace, one_hot, take
from .rows import Book
from .terms import TERMS, Piece, acting, term_axes, term_of
from .unseen import INTEGRATED, TYPICAL, group_name, member_effects, spread_name, unit_name

BASELINE = Prior.of("dirichlet", alpha=1.0)
GROUP_SD = Prior.of("half_normal", sigma=0.7)
#: Configurations that are summed together, about.
_TOGETHER = 200
#: Option of a node that learns one scale for the effects of all its parents.
SHRINKAGE = "shrinkage"
#: Default share of the latent variation that parents explain: a quarter on average, above a half in one case of ten.
EXPLAINED = Prior.of("beta", alpha=1.25, beta=3.75)
#: Default division among them: a few of them explain most.
DIVIDED = Prior.of("dirichlet", alpha=0.5)
#: Variance of the logistic distribution.
NOISE = math.pi**2 / 3


@dataclass(frozen=True)
class Shrinkage:
    """How the effects of a node's parents share one learned scale; nothing of the kind without the option.

    Parameters
    ----------
    local
        The node and its parents.
    variances
        Parent -> variance of its effect over its states under the default priors; those of which it is above 0.
    """

    local: Local
    variances: Mapping[str, float]

    @classmethod
    def of(cls, local: Local, variances: Mapping[str, float]) -> Shrinkage:
        """Take the parents that act, with the variances of their effects, where the node states the option."""
        asked = local.node.option(SHRINKAGE) is True
        return cls(local, {name: variance for name, variance in variances.items() if asked and variance > 0})

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Coordinates of the dim of the shares, where there is more than one."""
        return {f"{self.local.name}_parent": tuple(self.variances)} if len(self.variances) > 1 else {}

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Share of the variation that is explained, and its division among the parents."""
        title = self.local.node.title
        doc = f"share of the variation of {title}, on the latent logit scale, that its parents explain together"
        whole = (Parameter(self._r2, (), UNIT, EXPLAINED, doc=doc),) if self.variances else ()
        doc = f"share of what the parents of {title} explain that each of them does"
        return (*whole, *(Parameter(self._shares, (dim,), SIMPLEX, DIVIDED, doc=doc) for dim in self.coords))

    def scaled(self, parent: str, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        """The parameters of a parent's term, those of free sign with the learned scale."""
        if parent not in self.variances:
            return parameters
        place, shares = list(self.variances).index(parent), self._shares if self.coords else None
        scale = LearnedScale(math.sqrt(NOISE / self.variances[parent]), self._r2, shares, place)
        return tuple(replace(p, scaled_by=scale) if p.support == REAL else p for p in parameters)

    @property
    def _r2(self) -> str:
        return explained_name(self.local.name)

    @property
    def _shares(self) -> str:
        return f"{self.local.name}.shares"


def explained_name(node: str) -> str:
    """Name of the share of a node's latent variation that its parents explain."""
    return f"{node}.r2"


def shrinkage_faults(local: Local) -> list[str]:
    """Say what is wrong with the option."""
    stated = local.node.option(SHRINKAGE, default=False)
    return [] if isinstance(stated, bool) else [f"options.{SHRINKAGE} is true or false, not {stated!r}"]


class OrderedRegression(Family):
    """Ordered states with effects that add up on a logit scale: what `ordinal` and `sequential` have in common."""

    #: Name of the family, for what is wrong with a node.
    name: ClassVar[str]
    sums_itself: ClassVar[bool] = True
    has_terms: ClassVar[bool] = True

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that a node may state."""
        return (SHRINKAGE,)

    def coords(self, local: Local) -> Mapping[str, tuple[str, ...]]:
        """Parents among which what is explained is divided."""
        return term_shrinkage(local).coords

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be of this family."""
        faults = [*term_faults(local), *shrinkage_faults(local)]
        if not local.node.ordered:
            faults.append(f"family '{self.name}' needs ordered states; set ordered = true")
        if len(local.states) < 2:
            faults.append(f"family '{self.name}' needs two states or more")
        return faults

    def summing_order(self, local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Free parents, split in two: those summed one configuration at a time, and those summed together."""
        return balanced_order(local, fixed)

    def in_loops(self, local: Local) -> bool:
        """Whether the compiled loops know its rows: where every term is a sum of pieces."""
        return has_pieces(local)


def baseline_name(local: Local) -> str:
    """Name of the probabilities of the average case."""
    return f"{local.name}.baseline"


def baseline_parameter(local: Local) -> Parameter:
    """Declare the probabilities of the states where every effect is zero."""
    doc = f"probability of each state of {local.node.title} for the average case (all effects zero)"
    return Parameter(baseline_name(local), (node_dim(local.name),), SIMPLEX, BASELINE, doc=doc)


def group_parameters(local: Local) -> tuple[Parameter, ...]:
    """Declare the spread of each group's effects."""
    return tuple(
        Parameter(
            spread_name(local, group.name),
            (),
            POSITIVE,
            GROUP_SD,
            doc=f"spread of the effects of {group.name} on {local.node.title}, on the logit scale",
            role=GROUP_SPREAD,
        )
        for group in local.node.groups
    )


def term_faults(local: Local, terms: Mapping[str, Any] = TERMS) -> list[str]:
    """Say which arrows cannot act as stated."""
    faults = []
    for arrow in local.arrows:
        name = term_of(local, arrow)
        if name not in terms:
            faults.append(f"unknown term '{name}' for '{arrow.parent}'{nearest(name, terms)}")
        elif problem := terms[name].fault(local, arrow):
            faults.append(problem)
    return faults


def term_shrinkage(local: Local) -> Shrinkage:
    """How the effects of all terms share one scale, where the node states that they do."""
    variances = {arrow.parent: TERMS[term_of(local, arrow)].variance(local, arrow) for arrow in local.arrows}
    return Shrinkage.of(local, variances)


def term_parameters(local: Local) -> tuple[Parameter, ...]:
    """Declare the parameters of all terms, after those of their scale where they share one."""
    shrinkage = term_shrinkage(local)
    effects = [shrinkage.scaled(a.parent, TERMS[term_of(local, a)].parameters(local, a)) for a in local.arrows]
    return (*shrinkage.parameters, *(parameter for term in effects for parameter in term))


def effect_table(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    """Effects of one arrow, dims (..., *term_axes(arrow))."""
    return TERMS[term_of(local, arrow)].effect(values, local, arrow)


def case_predictor(
    values: Mapping[str, Any],
    codes: np.ndarray,
    members: Mapping[str, np.ndarray],
    local: Local,
    xp: ModuleType,
) -> Any:
    """Sum of all effects for coded cases, shape (..., cases)."""
    total = parents_predictor(values, codes, local, xp)
    for group in local.node.groups:
        total = total + take(xp, values[group_name(local, group.name)], members[group.name])
    return total


def parents_predictor(values: Mapping[str, Any], codes: np.ndarray, local: Local, xp: ModuleType) -> Any:
    """Sum of the effects of parents for coded cases, shape (..., cases).

    All effects of parents stand in one vector and a constant matrix of zeros and ones picks them: one product
    to compile and to differentiate, where picking term by term makes dozens of small ones.
    """
    column = {axis: place for place, axis in enumerate(local.axes)}
    effects, picks = [], []
    for arrow in acting(local):
        axes = term_axes(arrow)
        shape = tuple(len(local[axis].states) for axis in axes)
        effects.append(flatten_tail(effect_table(values, local, arrow), len(axes)))
        picks.append(one_hot(flat_index(codes[:, [column[axis] for axis in axes]], shape), int(np.prod(shape))))
    total: Any = np.zeros(len(codes))
    if effects:
        total = xp.concatenate(effects, axis=-1) @ np.concatenate(picks, axis=1).T
    return total


def case_columns(columns: Sequence[Mapping[str, Any]], codes: np.ndarray, local: Local, xp: ModuleType) -> Any:
    """Sum of the effects of parents for coded cases, one column for each step or state, shape (..., cases, columns).

    As in `case_predictor`, one constant matrix picks them all. One column of zeros where no parent does anything.

    Parameters
    ----------
    columns
        Parameters as each column has them, shape (..., *own).
    """
    column = {axis: place for place, axis in enumerate(local.axes)}
    effects, picks = [], []
    for arrow in acting(local):
        axes = term_axes(arrow)
        shape = local.sizes(axes)
        tables = [flatten_tail(effect_table(own, local, arrow), len(axes)) for own in columns]
        effects.append(xp.stack(tables, axis=-1))
        picks.append(one_hot(flat_index(codes[:, [column[axis] for axis in axes]], shape), int(np.prod(shape))))
    if not effects:
        return np.zeros((len(codes), 1))
    return np.concatenate(picks, axis=1) @ xp.concatenate(effects, axis=-2)


def effect_slices(
    values: Mapping[str, np.ndarray],
    fixed: Mapping[str, int],
    members: Mapping[str, int],
    local: Local,
) -> tuple[Any, list[tuple[tuple[str, ...], np.ndarray]]]:
    """Effects after slicing: what is fixed adds up to one number a draw, the rest stays a small table each.

    Members that are integrated out have no part in it; see `servanda.models.families.unseen.mixture`.

    Parameters
    ----------
    values
        Dims (..., samples).

    Returns
    -------
    constant
        Shape (samples,), or 0.
    slices
        Free parents and their effects, shape (*free parents, samples).
    """
    own = {name: value for name, value in values.items() if name.startswith(f"{local.name}.")}
    leading = {name: _draws_first(value) for name, value in own.items()}
    constant: Any = 0.0
    slices = []
    acts = acting(local)
    still = [arrow.parent for arrow in local.arrows if arrow not in acts and arrow.parent not in fixed]
    for arrow in acts:
        axes = term_axes(arrow)
        picks = tuple(fixed.get(axis, slice(None)) for axis in axes)
        effects = _draws_last(effect_table(leading, local, arrow)[(slice(None), *picks)])
        free = tuple(axis for axis in axes if axis not in fixed)
        if free:
            slices.append((free, effects))
        else:
            constant = constant + effects
    if still:
        some = next(iter(own.values()))
        shapes = {name: (len(local[name].states), some.shape[-1]) for name in still}
        slices += [((name,), namespace(some).zeros(shape)) for name, shape in shapes.items()]
    return constant + member_effects(values, members, local), slices


@dataclass(frozen=True)
class CaseEffects:
    """Effects in several cases that differ in one number a draw: what is open does the same in all of them.

    Parameters
    ----------
    rows
        Which cases they are.
    settled
        Sum of the effects of all that is fixed, shape (cases, samples).
    slices
        Free parents and their effects, shape (*free parents, samples).
    members
        Group effect -> member number, `INTEGRATED` for those that are averaged over in these cases.
    """

    rows: np.ndarray
    settled: np.ndarray
    slices: list[tuple[tuple[str, ...], np.ndarray]]
    members: Mapping[str, int]


def case_effects(
    values: Mapping[str, np.ndarray],
    fixed: Mapping[str, Any],
    members: Mapping[str, Any],
    local: Local,
    cases: int,
) -> Iterator[CaseEffects]:
    """Effects of several cases with the same free parents, sorted by what the open ones do.

    Parameters
    ----------
    fixed, members
        State and member numbers: one for all cases, or an array of one for each.
    """
    own = {name: value for name, value in values.items() if name.startswith(f"{local.name}.")}
    leading = {name: _draws_first(value) for name, value in own.items()}
    samples = next(iter(own.values())).shape[-1]
    settled, tied, left = np.zeros((cases, samples)), dict[str, np.ndarray](), []
    for arrow in acting(local):
        axes, effects = term_axes(arrow), _draws_last(effect_table(leading, local, arrow))
        if fixed.keys() >= {*axes}:
            settled += effects[tuple(fixed[axis] for axis in axes)]
        else:
            left.append((axes, effects))
            tied |= {axis: np.broadcast_to(fixed[axis], cases) for axis in axes if axis in fixed}
    whose = {group.name: np.broadcast_to(members[group.name], cases) for group in local.node.groups}
    for name, numbers in whose.items():
        effects = values[group_name(local, name)]
        settled += np.where((numbers >= 0)[:, None], effects[np.maximum(numbers, 0)], 0.0)
    columns = [*tied.values(), *(numbers == INTEGRATED for numbers in whose.values())]
    kinds, which = np.unique(np.column_stack([np.zeros(cases, int), *columns]), axis=0, return_inverse=True)
    for number in range(len(kinds)):
        rows = np.flatnonzero(which.ravel() == number)
        here = {axis: int(states[rows[0]]) for axis, states in tied.items()}
        slices = []
        for axes, effects in left:
            picks = tuple(here.get(axis, slice(None)) for axis in axes)
            slices.append((tuple(axis for axis in axes if axis not in here), effects[picks]))
        averaged = {n: INTEGRATED if numbers[rows[0]] == INTEGRATED else TYPICAL for n, numbers in whose.items()}
        yield CaseEffects(rows, settled[rows], slices, averaged)


def added_up(
    slices: Sequence[tuple[tuple[str, ...], np.ndarray]], axes: tuple[str, ...], local: Local, samples: int
) -> np.ndarray:
    """Sum of the effects of some parents for all their configurations, shape (configurations, samples)."""
    total = np.zeros((*local.sizes(axes), samples))
    for own, effects in slices:
        total += spread_over(effects, own, axes)
    return total.reshape(-1, samples)


def slice_axes(local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Free parents of each of the slices that `effect_slices` gives, in their order."""
    acts = acting(local)
    axes = (tuple(axis for axis in term_axes(arrow) if axis not in fixed) for arrow in acts)
    still = (a.parent for a in local.arrows if a not in acts and a.parent not in fixed)
    return (*(free for free in axes if free), *((name,) for name in still))


def _draws_first(array: Any) -> Any:
    return array.transpose((array.ndim - 1, *range(array.ndim - 1)))


def _draws_last(array: Any) -> Any:
    return array.transpose((*range(1, array.ndim), 0))


def spread_over(effects: np.ndarray, own: tuple[str, ...], axes: tuple[str, ...]) -> np.ndarray:
    """Line up effects of dims (*own, samples) with dims (*axes, samples) for broadcasting."""
    ordered = sorted(own, key=axes.index)
    moved = effects.transpose((*(own.index(axis) for axis in ordered), len(own))).copy()
    shape = tuple(moved.shape[ordered.index(axis)] if axis in own else 1 for axis in axes)
    return moved.reshape((*shape, moved.shape[-1]))


def balanced_order(local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Free parents, split in two: those summed one configuration at a time, and those summed together.

    Parents whose effects depend on each other stay on one side.
    """
    free = [name for name in local.parent_names if name not in fixed]
    tied = [{arrow.parent, arrow.by} & set(free) for arrow in local.arrows if arrow.by]
    parts: list[set[str]] = []
    for name in free:
        part = {name}.union(*(pair for pair in tied if name in pair))
        joined = [other for other in parts if other & part]
        parts = [other for other in parts if other not in joined] + [part.union(*joined)]
    parts.sort(key=lambda part: -_size(local, part))
    # As many configurations on one side as on the other make the fewest products, up to what a cache holds.
    enough = min(_TOGETHER, math.sqrt(_size(local, free)))
    inner: set[str] = set()
    while parts and _size(local, inner) < enough:
        inner |= parts.pop(0)
    return tuple(n for n in free if n not in inner), tuple(n for n in free if n in inner)


def _size(local: Local, names: Iterable[str]) -> int:
    return math.prod(len(local[name].states) for name in names)


def odds_of(
    slices: list[tuple[tuple[str, ...], np.ndarray]], axes: tuple[str, ...], local: Local, samples: int, xp: Any
) -> Any:
    """exp(-effects) of some parents for all their configurations, shape (configurations, samples)."""
    shape = (*(len(local[axis].states) for axis in axes), samples)
    factors = [spread_over(xp.exp(-effects), own, axes) for own, effects in slices]
    odds = reduce(lambda one, other: one * other, sorted(factors, key=lambda factor: factor.size), xp.ones(samples))
    return xp.broadcast_to(odds, shape).reshape(-1, samples)


def softplus(x: Any, xp: ModuleType) -> Any:
    """Logarithm of 1 + exp(x), without overflow."""
    # NumPy's logaddexp takes three times as long; with PyTensor, the kinks at 0 would spoil the gradient there.
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))) if xp is np else xp.logaddexp(0.0, x)


def has_pieces(local: Local) -> bool:
    """Whether every term of a node is a sum of pieces, as the compiled loops need it."""
    return all(TERMS[term_of(local, arrow)].pieces for arrow in local.arrows)


#: From an arrow, a piece of its term and the number of a column to the pieces that this column gains.
Columns = Callable[[Arrow, Piece, int], Iterable[Piece]]


def _as_it_is(arrow: Arrow, piece: Piece, column: int) -> tuple[Piece, ...]:  # noqa: ARG001
    return (piece,)


def write_effects(
    local: Local, book: Book, columns: int = 1, in_column: Columns = _as_it_is
) -> Callable[[np.ndarray, Mapping[str, np.ndarray]], np.ndarray]:
    """Write down the effects of a node's parents and members, and tell which of them each row adds up.

    Parameters
    ----------
    columns
        Effects that stand side by side for each state of a parent and each member: one, or one for each step or state
        of the node.
    in_column
        What a column has of a piece; all of it by default. Members have the same effect in all columns.

    Returns
    -------
    callable
        The `picks` of a `servanda.models.families.rows.RowWriter`.
    """
    place = {axis: number for number, axis in enumerate(local.axes)}
    parts: list[tuple[int, list[int], tuple[int, ...]]] = []
    for arrow in local.arrows:
        axes = term_axes(arrow)
        shape = local.sizes(axes)
        first = book.room(math.prod(shape) * columns)
        write = TERMS[term_of(local, arrow)].pieces
        assert write is not None  # noqa: S101  `has_pieces` said so
        for whole in write(local, arrow):
            for column in range(columns):
                for piece in in_column(arrow, whole, column):
                    factors = [book.start[name] + offset for name, offset in piece.factors]
                    exponent = None if piece.exponent is None else book.start[piece.exponent]
                    book.add(first + piece.effect * columns + column, piece.coefficient, factors, piece.rate, exponent)
        parts.append((first, [place[axis] for axis in axes], shape))
    groups = []
    for group in local.node.groups:
        name = unit_name(local, group.name)
        units, spread, size = book.start[name], book.start[spread_name(local, group.name)], book.shapes[name][0]
        out = book.integrated.get(name, np.zeros(size, bool))
        # All that are integrated out pick one more effect, which is nothing.
        first = book.room((size + int(out.any())) * columns)
        for member in range(size):
            for column in range(columns):
                book.add(first + member * columns + column, 1.0, (units + member, spread))
        groups.append((group.name, first, np.where(out, size, np.cumsum(~out) - 1)))

    def picks(codes: np.ndarray, members: Mapping[str, np.ndarray]) -> np.ndarray:
        found = [first + flat_index(codes[:, own], shape) * columns for first, own, shape in parts]
        found += [first + own[members[name]] * columns for name, first, own in groups]
        return np.column_stack([np.zeros((len(codes), 0), np.int64), *found])

    return picks
