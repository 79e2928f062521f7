"""Parameters as one vector of real numbers: where each stands, and the way back to its own scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.encode import Cases
from ..network.network import Network
from ..network.parameters import network_parameters, parameter_coords
from ..parameters.distributions import POSITIVE, REAL, SIMPLEX, UNIT
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorSet

#: Codes of the transforms, as the loops know them.
AS_IS, LOG, LOGITS, ZERO_SUM, LOGIT = range(5)

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
        places of the two values that its learned scale follows from, -1 without one; shape (parameters, 9).
    numbers
        Numbers of the prior of each value, and the unit of its learned scale; shape (values, 4).
    size, values
        How many unknowns, and how many values they make.
    constant
        What the log density adds whatever the values are.
    scaled
        Parameter with a learned scale -> the parameter, its prior and the coordinates of its dims. Its unknowns stand
        for numbers as the prior states them.
    """

    start: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    segments: np.ndarray
    numbers: np.ndarray
    size: int
    values: int
    constant: float
    scaled: Mapping[str, tuple[Parameter, Prior, Mapping[str, tuple[str, ...]]]]

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
            way = TRANSFORMS[transform]
            own = way.back(x[..., first : first + way.size(rows, one, two)], rows, one, two)
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
            own = values[name]
            if name in self.scaled:
                parameter, prior, coords = self.scaled[name]
                own = parameter.as_stated(own, prior, coords, values)
            own = own.reshape((*own.shape[: own.ndim - len(shape)], rows, one, two))
            if transform == ZERO_SUM:
                own = own - self.numbers[value : value + rows * one * two, 0].reshape(rows, one, two)
            free = TRANSFORMS[transform].there(own)
            parts.append(free.reshape((*free.shape[:-3], -1)))
        return np.concatenate(parts, axis=-1)


def make_layout(network: Network, cases: Cases, priors: PriorSet | None, nodes: tuple[str, ...]) -> Layout:
    """Lay out the parameters of some nodes, group effects in units of their spread included."""
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
    one_place = sum(math.prod(shape) for *_, shape in wanted)
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
    return Layout(
        start,
        shapes,
        np.array(segments, np.int64).reshape(-1, 9),
        np.concatenate([np.zeros((0, 4)), *numbers]),
        size,
        values,
        constant,
        scaled,
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
}
#: Support -> code of the transform that reaches all of it.
OF_SUPPORT: Mapping[str, int] = {REAL: AS_IS, POSITIVE: LOG, SIMPLEX: LOGITS, UNIT: LOGIT}
