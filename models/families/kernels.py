"""The one loop that NumPy cannot do in a pass: compiled by Numba at its first use, and kept between processes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

#: Stands for an infinite exp(cutpoint): large enough for a probability of nothing, small enough to be multiplied.
_FAR = 1e75


def _add_states(
    weights: np.ndarray,
    far: np.ndarray,
    near: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    between: np.ndarray,
    total: np.ndarray,
) -> None:
    outer, inner, samples = weights.shape
    last = total.shape[0] - 1
    for one in range(outer):
        for other in range(inner):
            for state in range(last):
                for draw in range(samples):
                    odds = far[one, draw] * near[other, draw]
                    sides = (1.0 + lower[state, draw] * odds) * (1.0 + upper[state, draw] * odds)
                    total[state, draw] += weights[one, other, draw] * between[state, draw] * odds / sides
            for draw in range(samples):
                odds = far[one, draw] * near[other, draw]
                total[last, draw] += weights[one, other, draw] / (1.0 + lower[last, draw] * odds)


def _add_three_states(
    weights: np.ndarray,
    far: np.ndarray,
    near: np.ndarray,
    lower: np.ndarray,  # noqa: ARG001
    upper: np.ndarray,
    between: np.ndarray,
    total: np.ndarray,
) -> None:
    """Do the same for the commonest number of states with one division in place of three."""
    outer, inner, samples = weights.shape
    for one in range(outer):
        for other in range(inner):
            for draw in range(samples):
                odds = far[one, draw] * near[other, draw]
                first, second = 1.0 + upper[0, draw] * odds, 1.0 + upper[1, draw] * odds
                share = weights[one, other, draw] / (first * second)
                total[0, draw] += share * second * upper[0, draw] * odds
                total[1, draw] += share * between[1, draw] * odds
                total[2, draw] += share * first


@cache
def _compiled(states: int) -> Any:
    import numba

    # Our threads share the work, so the loop lets go of the interpreter; a division by zero is infinite, as in NumPy.
    compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
    return compiled(_add_three_states if states == 3 else _add_states)


def sum_states(weights: np.ndarray, far: np.ndarray, near: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Weighted sums, over all configurations, of the probabilities of the states of a cumulative logit.

    With o = far * near = exp(-eta) and c = exp(cutpoint), P(y = s) = o (c' - c) / ((1 + o c)(1 + o c')) between two
    cutpoints: a product, where the difference of two cumulative probabilities would lose small numbers.

    Parameters
    ----------
    weights
        Shape (outer configurations, inner configurations, samples).
    far, near
        Shape (configurations, samples).
    cuts
        Shape (cutpoints, samples), ascending.

    Returns
    -------
    ndarray
        Shape (1 + cutpoints, samples).

    Examples
    --------
    >>> sum_states(np.full((2, 3, 1), 0.5), np.ones((2, 1)), np.ones((3, 1)), np.array([[1.0], [2.0]])).round(3)
    array([[1.5],
           [0.5],
           [1. ]])
    """
    cuts = np.minimum(cuts, _FAR)
    lower = np.concatenate([np.zeros_like(cuts[:1]), cuts])
    total = np.zeros_like(lower)
    tables = (weights, far, near, lower, cuts, np.diff(lower, axis=0))
    _compiled(len(total))(*(np.ascontiguousarray(array) for array in tables), total)
    return total
