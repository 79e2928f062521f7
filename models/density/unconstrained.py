"""Parameters as one vector of real numbers: where each stands, and the way back to its own scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..cases.encode import Cases
from ..cases.patterns import Patterns
from ..families.base import counts
from ..families.pooled import rows_from_units, units_from_rows
from ..network.network import Network
from ..network.parameters import network_parameters, parameter_coords, rows_learned, stored_table
from ..parameters.distributions import POSITIVE, REAL, SIMPLEX, UNIT
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorSet

#: Codes of the transforms, as the loops know them. The last two are those of rows with a prior that is learned: rows
#: that are unknowns, and rows that are integrated out.
AS_IS, LOG, LOGITS, ZERO_SUM, LOGIT, POOLED, POOLED_OUT = range(7)

STANDARD = Prior.of("normal", mu=0.0, sigma=1.0)


@dataclass(frozen=True)
class Layout:
    """Where each parameter of a block stands.

    Parameters
    ----------
    start, shapes
        Parameter (and ``node.group.unit``, the effects of a group's members in units of their spread) -> place of
        its first value, and shape.
    segments
        For each parameter: transform, prior, first unknown, first value, rows, the one or two sizes of a row, and the
        places of the two values that its learned scale follows from, -1 without one; of rows with a learned prior the
        places of the concentration and of the average; shape (parameters, 9).
    numbers
        Numbers of the prior of each value, and the unit of its learned scale; of a cell of rows with a learned prior
        its counted cases; shape (values, 4).
    size, values
        How many unknowns, and how many values they make.
    constant
        What the log density adds whatever the values are.
    scaled
        Parameter with a learned scale -> the parameter, its prior and the coordinates of its dims. Its unknowns stand
        for numbers as the prior states them.
    pooled
        Table whose rows have a learned prior -> what they follow from.
    """

    start: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    segments: np.ndarray
    numbers: np.ndarray
    size: int
    values: int
    constant: float
    scaled: Mapping[str, tuple[Parameter, Prior, Mapping[str, tuple[str, ...]]]]
    pooled: Mapping[str, PooledRows]

    def constrain(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Bring draws back to the parameters' own scales.

        Parameters
        ----------
        x
            Shape (..., size).

        Returns
        -------
        dict
            Parameter -> shape (..., *dims).
        """
        found: dict[str, np.ndarray] = {}
        for (name, shape), (transform, _, first, value, rows, one, two, *_) in zip(
            self.shapes.items(), self.segments.tolist(), strict=True
        ):
            if transform == POOLED_OUT:
                continue
            way = TRANSFORMS[transform]
            units = x[..., first : first + way.size(rows, one, two)]
            if name in self.pooled:
                units = units.reshape((*x.shape[:-1], *shape[:-1], one - 1))
                found[name] = rows_from_units(units, self.pooled[name].alpha(found), np)
                continue
            own = way.back(units, rows, one, two)
            if transform == ZERO_SUM:
                own = own + self.numbers[value : value + rows * one * two, 0].reshape(rows, one, two)
            found[name] = own.reshape((*x.shape[:-1], *shape))
            if name in self.scaled:
                parameter, prior, coords = self.scaled[name]
                found[name] = parameter.stretched(found[name], prior, coords, found)
        return found

    def unconstrain(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the unknowns that stand for some values: the inverse of `constrain`.

        Parameters
        ----------
        values
            Parameter -> shape (..., *dims).

        Returns
        -------
        ndarray
            Shape (..., size).
        """
        parts = []
        for (name, shape), (transform, _, _, value, rows, one, two, *_) in zip(
            self.shapes.items(), self.segments.tolist(), strict=True
        ):
            if transform == POOLED_OUT:
                continue
            own = values[name]
            if name in self.pooled:
                own = units_from_rows(own, self.pooled[name].alpha(values))
                parts.append(own.reshape((*own.shape[: own.ndim - len(shape)], -1)))
                continue
            if name in self.scaled:
                parameter, prior, coords = self.scaled[name]
                own = parameter.as_stated(own, prior, coords, values)
            own = own.reshape((*own.shape[: own.ndim - len(shape)], rows, one, two))
            if transform == ZERO_SUM:
                own = own - self.numbers[value : value + rows * one * two, 0].reshape(rows, one, two)
            free = TRANSFORMS[transform].there(own)
            parts.append(free.reshape((*free.shape[:-3], -1)))
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True)
class PooledRows:
    """What the rows of a table with a learned prior follow from.

    Parameters
    ----------
    row_alpha
        Parameter -> shape (..., *dims) to the Dirichlet numbers of every row before its cases, dims (..., states).
    counted
        Complete cases of each cell, shape (*parents, states).
    touched
        Whether a missing cell bears on them, so that they cannot be integrated out.
    follows
        Names of the concentration and the average row.
    """

    row_alpha: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    counted: np.ndarray
    touched: bool
    follows: tuple[str, str]

    def alpha(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Dirichlet numbers of each row with its complete cases, shape (..., *parents, states)."""
        before = self.row_alpha(values)
        room = tuple(1 for _ in self.counted.shape[:-1])
        return before.reshape((*before.shape[:-1], *room, before.shape[-1])) + self.counted


def _pooled_rows(network: Network, patterns: Patterns, nodes: tuple[str, ...]) -> dict[str, PooledRows]:
    pooled = {}
    for name in rows_learned(network, nodes):
        family, local, cells = network.family(name), network.local(name), patterns.complete[name]
        follows = family.pooled_by(local)
        assert follows is not None  # noqa: S101  `has_gradient` said so
        counted = counts(cells.codes, cells.counts, network.shape(name))
        alpha = partial(family.row_alpha, local=local)
        pooled[stored_table(network, name)] = PooledRows(alpha, counted, name in patterns.touched, follows)
    return pooled


def make_layout(
    network: Network, cases: Cases, patterns: Patterns, priors: PriorSet | None, nodes: tuple[str, ...]
) -> Layout:
    """Lay out the parameters of some nodes, group effects in units of their spread and rows that are learned included.

    Rows with a learned prior that no missing cell touches have a place for their values, and no unknowns.
    """
    coords = parameter_coords(network, cases.levels)
    wanted: list[tuple[str, Parameter | None, Prior, tuple[int, ...]]] = [
        (p.name, p, p.prior(priors), tuple(len(coords[dim]) for dim in p.dims))
        for p in network_parameters(network, nodes)
    ]
    wanted += [
        (f"{name}.{group.name}.unit", None, STANDARD, (len(cases.levels[group.name]),))
        for name in nodes
        for group in network[name].groups
    ]
    start, shapes, segments, numbers, scaled = {}, {}, [], [], {}
    size = values = 0
    learned = [math.prod(network.shape(name)) for name in rows_learned(network, nodes)]
    one_place = sum((math.prod(shape) for *_, shape in wanted), start=sum(learned))
    constant = 0.0
    for name, parameter, prior, shape in wanted:
        start[name], shapes[name] = values, shape
        transform = ZERO_SUM if parameter and parameter.zero_sum else OF_SUPPORT[prior.support]
        rows, one, two = _rows_of(shape, transform, parameter)
        kind, known = prior.kind, prior.resolved(parameter.states(coords) if parameter else None, name)
        if transform == ZERO_SUM:
            known = kind.on_zero_sum(**known)
        free = TRANSFORMS[transform].size(rows, one, two)
        own, more = kind.loop_numbers(shape, free, **known)
        unit, follows = 1.0, (-1, -1)
        if parameter and (scale := parameter.scaled_by):
            # Where there is nothing to divide, the share is the one that stands after the last value.
            share = one_place if scale.shares is None else start[scale.shares] + scale.place
            unit, follows = scale.unit, (start[scale.r2], share)
            scaled[name] = (parameter, prior, coords)
        segments.append((transform, kind.loop_code, size, values, rows, one, two, *follows))
        numbers.append(np.column_stack([own, np.full(len(own), unit)]))
        constant += more + _jacobian_constant(transform, rows, one)
        size += free
        values += math.prod(shape)
    pooled = _pooled_rows(network, patterns, nodes)
    for name, rows_of in pooled.items():
        start[name], shapes[name] = values, rows_of.counted.shape
        transform, one = POOLED if rows_of.touched else POOLED_OUT, rows_of.counted.shape[-1]
        rows = math.prod(rows_of.counted.shape[:-1])
        follows = tuple(start[other] for other in rows_of.follows)
        segments.append((transform, -1, size, values, rows, one, 1, *follows))
        own = np.zeros((rows_of.counted.size, 4))
        own[:, 0] = rows_of.counted.ravel()
        numbers.append(own)
        size += TRANSFORMS[transform].size(rows, one, 1)
        values += rows_of.counted.size
    return Layout(
        start,
        shapes,
        np.array(segments, np.int64).reshape(-1, 9),
        np.concatenate([np.zeros((0, 4)), *numbers]),
        size,
        values,
        constant,
        scaled,
        pooled,
    )


def _rows_of(shape: tuple[int, ...], transform: int, parameter: Parameter | None) -> tuple[int, int, int]:
    """Rows of a parameter and the sizes of each: a simplex lies along the last axis, sums are zero along the last."""
    if transform == LOGITS:
        return math.prod(shape[:-1]), shape[-1], 1
    if transform == ZERO_SUM and parameter and parameter.zero_sum == 2:
        return math.prod(shape[:-2]), shape[-2], shape[-1]
    if transform == ZERO_SUM:
        return math.prod(shape[:-1]), 1, shape[-1]
    return math.prod(shape), 1, 1


def _free(size: int) -> int:
    """Unknowns along an axis that sums to zero; an axis of one is not constrained."""
    return max(size - 1, 1)


def _jacobian_constant(transform: int, rows: int, one: int) -> float:
    # d softmax(u, -sum u) / du has the determinant K times the product of the probabilities.
    return rows * math.log(one) if transform == LOGITS else 0.0


def simplex_of(u: np.ndarray) -> np.ndarray:
    """Softmax of the numbers and minus their sum, along the last axis."""
    whole = np.concatenate([u, -u.sum(axis=-1, keepdims=True)], axis=-1)
    weight = np.exp(whole - whole.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def zero_sum_of(z: np.ndarray, axis: int) -> np.ndarray:
    """Give n - 1 numbers an n-th so that they add up to zero, by a map that keeps lengths."""
    moved = np.moveaxis(z, axis, -1)
    size = moved.shape[-1] + 1
    total = moved.sum(axis=-1, keepdims=True)
    whole = np.concatenate([moved - total / (math.sqrt(size) + size), -total / math.sqrt(size)], axis=-1)
    return np.moveaxis(whole, -1, axis)


def _back_zero_sum(x: np.ndarray, rows: int, one: int, two: int) -> np.ndarray:
    z = x.reshape((*x.shape[:-1], rows, _free(one), _free(two)))
    z = zero_sum_of(z, -1) if two > 1 else z
    return zero_sum_of(z, -2) if one > 1 else z


def _free_of_simplex(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        log = np.log(p)
    return (log - log.mean(axis=-2, keepdims=True))[..., :-1, :]


def free_of_zero_sum(whole: np.ndarray, axis: int) -> np.ndarray:
    """Give the n - 1 numbers of which `zero_sum_of` makes `whole`; an axis of one stays."""
    size = whole.shape[axis]
    if size == 1:
        return whole
    moved = np.moveaxis(whole, axis, -1)
    first, last = moved[..., :-1], moved[..., -1:]
    # The map there keeps lengths, so that the way back is its transpose.
    free = first - first.sum(axis=-1, keepdims=True) / (math.sqrt(size) + size) - last / math.sqrt(size)
    return np.moveaxis(free, -1, axis)


@dataclass(frozen=True)
class Transform:
    """Way between the unknowns and the rows of a parameter.

    Parameters
    ----------
    size
        Rows, and the sizes of each -> how many unknowns stand for them.
    back
        Unknowns, shape (..., size), with rows and sizes -> values.
    there
        Values, shape (..., rows, one, two) -> unknowns.
    """

    size: Callable[[int, int, int], int]
    back: Callable[[np.ndarray, int, int, int], np.ndarray]
    there: Callable[[np.ndarray], np.ndarray]


#: Code -> transform.
TRANSFORMS: Mapping[int, Transform] = {
    AS_IS: Transform(lambda rows, *_: rows, lambda x, *_: x, lambda values: values),
    LOG: Transform(lambda rows, *_: rows, lambda x, *_: np.exp(x), np.log),
    LOGITS: Transform(
        lambda rows, one, _: rows * (one - 1),
        lambda x, rows, one, _: simplex_of(x.reshape((*x.shape[:-1], rows, one - 1))),
        _free_of_simplex,
    ),
    LOGIT: Transform(
        lambda rows, *_: rows, lambda x, *_: 1 / (1 + np.exp(-x)), lambda values: np.log(values) - np.log1p(-values)
    ),
    ZERO_SUM: Transform(
        lambda rows, one, two: rows * _free(one) * _free(two),
        _back_zero_sum,
        lambda values: free_of_zero_sum(free_of_zero_sum(values, -2), -1),
    ),
    # Their way there and back needs the parameters that they follow from: see `PooledRows`.
    POOLED: Transform(lambda rows, one, _: rows * (one - 1), lambda x, *_: x, lambda values: values),
    POOLED_OUT: Transform(lambda *_: 0, lambda x, *_: x, lambda values: values),
}
#: Support -> code of the transform that reaches all of it.
OF_SUPPORT: Mapping[str, int] = {REAL: AS_IS, POSITIVE: LOG, SIMPLEX: LOGITS, UNIT: LOGIT}
