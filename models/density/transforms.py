"""Ways between a vector of real numbers and parameters on their own scales, one for each kind of parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..families.pooled import rows_from_units, units_from_rows
from ..parameters.distributions import POSITIVE, REAL, SIMPLEX, UNIT

#: Codes of the transforms, as the loops know them. The last two are those of rows with a prior that is learned: rows
#: that are unknowns, and rows that are integrated out.
AS_IS, LOG, RAMP, LOGITS, STICKS, ZERO_SUM, LOGIT, POOLED, POOLED_OUT = range(9)
#: Columns of the numbers of a value: the middle of effects that sum to zero, and the unit of what goes along a ramp.
MIDDLE, SCALE = 0, 2
#: Steps of Newton's method, which ends in fewer.
_STEPS = 20


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


def ramp(x: np.ndarray) -> np.ndarray:
    """Smooth way from all numbers to those above zero: the integral of the normal distribution function.

    To the right it is `x` itself; to the left it falls as the normal density does. A number whose density is above zero
    at zero has a tail to the left that is no longer than a normal variable's, where its logarithm has one as long as an
    exponential variable's, which a sampler walks slowly.

    Examples
    --------
    >>> ramp(np.array([-3.0, 0.0, 3.0])).round(4)
    array([4.0000e-04, 3.9890e-01, 3.0004e+00])
    """
    from scipy.special import ndtr

    return x * ndtr(x) + np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def free_of_ramp(values: np.ndarray) -> np.ndarray:
    """The inverse of `ramp`."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore"):
        log = np.log(values)
        x = np.where(values < 0.3, -np.sqrt(np.maximum(-2 * log - math.log(2 * math.pi), 0.0)), values)
        # The logarithm of the ramp is curved one way, so that Newton's steps come to it from one side.
        for _ in range(_STEPS):
            found = ramp(x)
            x = x - (np.log(found) - log) * found / ndtr(x)
    return x


def _free(size: int) -> int:
    """Unknowns along an axis that sums to zero; an axis of one is not constrained."""
    return max(size - 1, 1)


def _back_zero_sum(x: np.ndarray, rows: int, one: int, two: int, numbers: np.ndarray) -> np.ndarray:
    z = x.reshape((*x.shape[:-1], rows, _free(one), _free(two)))
    z = zero_sum_of(z, -1) if two > 1 else z
    whole = zero_sum_of(z, -2) if one > 1 else z
    return whole + numbers[:, MIDDLE].reshape(whole.shape[-3:])


def _free_of_centred(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    apart = values - numbers[:, MIDDLE].reshape(values.shape[-3:])
    return free_of_zero_sum(free_of_zero_sum(apart, -2), -1)


def _alpha_of(rows: int, numbers: np.ndarray) -> np.ndarray:
    return numbers[:, 0].reshape(rows, -1)


def _free_of_simplex(p: np.ndarray, _: np.ndarray) -> np.ndarray:
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
        Unknowns, shape (..., size), with rows, sizes and the numbers of each value -> values.
    there
        Values, shape (..., rows, one, two), with the numbers of each -> unknowns.
    """

    size: Callable[[int, int, int], int]
    back: Callable[[np.ndarray, int, int, int, np.ndarray], np.ndarray]
    there: Callable[[np.ndarray, np.ndarray], np.ndarray]


#: Code -> transform.
TRANSFORMS: Mapping[int, Transform] = {
    AS_IS: Transform(lambda rows, *_: rows, lambda x, *_: x, lambda values, _: values),
    LOG: Transform(lambda rows, *_: rows, lambda x, *_: np.exp(x), lambda values, _: np.log(values)),
    RAMP: Transform(
        lambda rows, *_: rows,
        lambda x, _rows, _one, _two, numbers: numbers[:, SCALE] * ramp(x),
        lambda values, numbers: free_of_ramp(values / numbers[:, SCALE].reshape(-1, 1, 1)),
    ),
    LOGITS: Transform(
        lambda rows, one, _: rows * (one - 1),
        lambda x, rows, one, *_: simplex_of(x.reshape((*x.shape[:-1], rows, one - 1))),
        _free_of_simplex,
    ),
    STICKS: Transform(
        lambda rows, one, _: rows * (one - 1),
        lambda x, rows, one, _, numbers: rows_from_units(
            x.reshape((*x.shape[:-1], rows, one - 1)), _alpha_of(rows, numbers), np
        ),
        lambda values, numbers: units_from_rows(values[..., 0], _alpha_of(values.shape[-3], numbers))[..., None],
    ),
    LOGIT: Transform(
        lambda rows, *_: rows,
        lambda x, *_: 1 / (1 + np.exp(-x)),
        lambda values, _: np.log(values) - np.log1p(-values),
    ),
    ZERO_SUM: Transform(
        lambda rows, one, two: rows * _free(one) * _free(two),
        _back_zero_sum,
        _free_of_centred,
    ),
    # Their way there and back needs the parameters that they follow from: see `unconstrained.PooledRows`.
    POOLED: Transform(lambda rows, one, _: rows * (one - 1), lambda x, *_: x, lambda values, _: values),
    POOLED_OUT: Transform(lambda *_: 0, lambda x, *_: x, lambda values, _: values),
}
#: Support -> code of the transform that reaches all of it.
OF_SUPPORT: Mapping[str, int] = {REAL: AS_IS, POSITIVE: LOG, SIMPLEX: LOGITS, UNIT: LOGIT}
