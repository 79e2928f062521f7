"""Parameters as one vector of real numbers: where each stands, and the way back to its own scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases.encode import Cases
from ..network.network import Network
from ..network.parameters import network_parameters, parameter_coords
from ..parameters.parameter import Parameter
from ..parameters.prior import POSITIVE, REAL, SIMPLEX, Prior, PriorSet

#: Codes of the transforms and of the prior densities, as the loops know them.
AS_IS, LOG, LOGITS, ZERO_SUM = range(4)
NORMAL, STUDENT_T, HALF_NORMAL, EXPONENTIAL, LOGNORMAL, DIRICHLET = range(6)

UNIT = Prior.of("normal", mu=0.0, sigma=1.0)


@dataclass(frozen=True)
class Layout:
    """Where each parameter of a block stands.

    Parameters
    ----------
    start, shapes
        Parameter (and ``node.group.unit``, the effects of a group's members in units of their spread) -> place of
        its first value, and shape.
    segments
        For each parameter: transform, prior, first unknown, first value, rows, and the one or two sizes of a row;
        shape (parameters, 7).
    numbers
        Numbers of the prior of each value, shape (values, 3).
    size, values
        How many unknowns, and how many values they make.
    constant
        What the log density adds whatever the values are.
    """

    start: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    segments: np.ndarray
    numbers: np.ndarray
    size: int
    values: int
    constant: float

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
        found = {}
        for (name, shape), (transform, _, first, value, rows, one, two) in zip(
            self.shapes.items(), self.segments.tolist(), strict=True
        ):
            size = _SIZES[transform](rows, one, two)
            own = _BACK[transform](x[..., first : first + size], rows, one, two)
            if transform == ZERO_SUM:
                own = own + self.numbers[value : value + rows * one * two, 0].reshape(rows, one, two)
            found[name] = own.reshape((*x.shape[:-1], *shape))
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
        for (name, shape), (transform, _, _, value, rows, one, two) in zip(
            self.shapes.items(), self.segments.tolist(), strict=True
        ):
            own = values[name].reshape((*values[name].shape[: values[name].ndim - len(shape)], rows, one, two))
            if transform == ZERO_SUM:
                own = own - self.numbers[value : value + rows * one * two, 0].reshape(rows, one, two)
            free = _THERE[transform](own)
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
        (f"{name}.{group.name}.unit", None, UNIT, (len(cases.levels[group.name]),))
        for name in nodes
        for group in network[name].groups
    ]
    start, shapes, segments, numbers = {}, {}, [], []
    size = values = 0
    constant = 0.0
    for name, parameter, prior, shape in wanted:
        start[name], shapes[name] = values, shape
        transform = ZERO_SUM if parameter and parameter.zero_sum else _TRANSFORMS[prior.support]
        rows, one, two = _rows_of(shape, transform, parameter)
        states = parameter.states(coords) if parameter else None
        known = prior.resolved(states, name)
        if transform == LOGITS:
            known = {"alpha": prior.alpha(shape, states, name)}
        if transform == ZERO_SUM:
            known = {"mu": known["mu"] - np.mean(known["mu"]), "sigma": np.max(known["sigma"])}
        make = _dirichlet if transform == LOGITS else _PRIORS[prior.distribution]
        own, more = make(known, shape, rows * _SIZES[transform](1, one, two))
        code = DIRICHLET if transform == LOGITS else _CODES[prior.distribution]
        segments.append((transform, code, size, values, rows, one, two))
        numbers.append(own)
        constant += more + _jacobian_constant(transform, rows, one)
        size += _SIZES[transform](rows, one, two)
        values += math.prod(shape)
    return Layout(
        start,
        shapes,
        np.array(segments, np.int64).reshape(-1, 7),
        np.concatenate([np.zeros((0, 3)), *numbers]),
        size,
        values,
        constant,
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


_TRANSFORMS: Mapping[str, int] = {REAL: AS_IS, POSITIVE: LOG, SIMPLEX: LOGITS}
_SIZES: Mapping[int, Callable[[int, int, int], int]] = {
    AS_IS: lambda rows, one, two: rows,  # noqa: ARG005
    LOG: lambda rows, one, two: rows,  # noqa: ARG005
    LOGITS: lambda rows, one, two: rows * (one - 1),  # noqa: ARG005
    ZERO_SUM: lambda rows, one, two: rows * _free(one) * _free(two),
}


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


_BACK: Mapping[int, Callable[[np.ndarray, int, int, int], np.ndarray]] = {
    AS_IS: lambda x, rows, one, two: x,  # noqa: ARG005
    LOG: lambda x, rows, one, two: np.exp(x),  # noqa: ARG005
    LOGITS: lambda x, rows, one, two: simplex_of(x.reshape((*x.shape[:-1], rows, one - 1))),  # noqa: ARG005
    ZERO_SUM: _back_zero_sum,
}


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


_THERE: Mapping[int, Callable[[np.ndarray], np.ndarray]] = {
    AS_IS: lambda values: values,
    LOG: np.log,
    LOGITS: _free_of_simplex,
    ZERO_SUM: lambda values: free_of_zero_sum(free_of_zero_sum(values, -2), -1),
}


def _columns(shape: tuple[int, ...], *numbers: Any) -> np.ndarray:
    table = np.zeros((math.prod(shape), 3))
    for column, number in enumerate(numbers):
        table[:, column] = np.broadcast_to(number, shape).ravel()
    return table


def _normal(known: Mapping[str, Any], shape: tuple[int, ...], free: int) -> tuple[np.ndarray, float]:
    own = _columns(shape, known["mu"], known["sigma"])
    # Along axes that sum to zero there are fewer unknowns than values, all of one sigma.
    return own, -free * (float(np.mean(np.log(own[:, 1]))) + 0.5 * math.log(2 * math.pi))


def _student_t(known: Mapping[str, Any], shape: tuple[int, ...], free: int) -> tuple[np.ndarray, float]:  # noqa: ARG001
    own = _columns(shape, known["mu"], known["sigma"], known["nu"])
    half = [math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi) for nu in own[:, 2]]
    return own, float(np.sum(half) - np.log(own[:, 1]).sum())


def _half_normal(known: Mapping[str, Any], shape: tuple[int, ...], free: int) -> tuple[np.ndarray, float]:  # noqa: ARG001
    own = _columns(shape, 0.0, known["sigma"])
    return own, float(0.5 * np.log(2 / np.pi) * len(own) - np.log(own[:, 1]).sum())


def _exponential(known: Mapping[str, Any], shape: tuple[int, ...], free: int) -> tuple[np.ndarray, float]:  # noqa: ARG001
    own = _columns(shape, known["lam"])
    return own, float(np.log(own[:, 0]).sum())


def _lognormal(known: Mapping[str, Any], shape: tuple[int, ...], free: int) -> tuple[np.ndarray, float]:
    return _normal(known, shape, free)


def _dirichlet(known: Mapping[str, Any], shape: tuple[int, ...], free: int) -> tuple[np.ndarray, float]:  # noqa: ARG001
    rows = known["alpha"].reshape(-1, shape[-1])
    constant = sum(math.lgamma(alpha.sum()) - sum(map(math.lgamma, alpha)) for alpha in rows)
    return _columns(shape, known["alpha"]), constant


_CODES: Mapping[str, int] = {
    "normal": NORMAL,
    "student_t": STUDENT_T,
    "half_normal": HALF_NORMAL,
    "exponential": EXPONENTIAL,
    "lognormal": LOGNORMAL,
}
#: Prior numbers, shape, unknowns -> a row of numbers for each value, and the constant of the log density.
_PRIORS: Mapping[str, Callable[[Mapping[str, Any], tuple[int, ...], int], tuple[np.ndarray, float]]] = {
    "normal": _normal,
    "student_t": _student_t,
    "half_normal": _half_normal,
    "exponential": _exponential,
    "lognormal": _lognormal,
}
