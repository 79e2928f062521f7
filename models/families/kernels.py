"""The loops that NumPy cannot do in a pass: compiled by Numba at their first use, and kept between processes."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...common.compiling import compiled
from .unseen import Mixture

#: Stands for an infinite exp(cutpoint): large enough for a probability of nothing, small enough to be multiplied.
_FAR = 1e75
#: The same of odds that are multiplied by no more than an effect of one member.
_FAR_STEP = 1e250
#: Its logarithm's like: beyond it an exponential is cut off.
_LARGE = 300.0
#: Draws that are averaged together: they need about as many points, and all that is held of them stays in the cache.
_BLOCK = 32
#: Configurations from which on a grid of the logarithm of their odds is worth making, and its step.
_MANY, _STEP = 256, 0.1
#: Draws of many cases that are gone through side by side: as many as one line of a cache holds.
_LINE = 8
#: Step between the knots of a curve over eta: between them it is right to within 1e-12 of itself.
_KNOTS = 1 / 16


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


def _add_mixed_states(  # noqa: C901  one loop for Numba
    weights: np.ndarray,
    far: np.ndarray,
    near: np.ndarray,
    cuts: np.ndarray,
    pairs: np.ndarray,
    counts: np.ndarray,
    total: np.ndarray,
) -> None:
    """Add up states averaged over pairs of points; `total` has as many places as configurations, or one for all."""
    outer, inner, samples = weights.shape
    last, each = len(cuts), total.shape[1] > 1
    odds, below, above = np.empty((last, _BLOCK)), np.empty((last, _BLOCK)), np.empty((last, _BLOCK))
    for block in range(len(counts)):
        start = block * _BLOCK
        size = min(_BLOCK, samples - start)
        for one in range(outer):
            for other in range(inner):
                place = one * inner + other if each else 0
                for edge in range(last):
                    for i in range(size):
                        draw = start + i
                        odds[edge, i] = min(far[one, draw] * near[other, draw] * cuts[edge, draw], _FAR)
                        below[edge, i], above[edge, i] = 0.0, 0.0
                    for pair in range(counts[block]):
                        for i in range(size):
                            draw, z = start + i, odds[edge, i]
                            share = 1.0 / (1.0 + z * (pairs[pair, 3, draw] + z))
                            below[edge, i] += share * z * (pairs[pair, 2, draw] + pairs[pair, 0, draw] * z)
                            above[edge, i] += share * (pairs[pair, 0, draw] + pairs[pair, 1, draw] * z)
                for i in range(size):
                    weight = weights[one, other, start + i]
                    total[0, place, start + i] += weight * below[0, i]
                    total[last, place, start + i] += weight * above[last - 1, i]
                for edge in range(1, last):
                    for i in range(size):
                        between = max(1.0 - below[edge - 1, i] - above[edge, i], 0.0)
                        total[edge, place, start + i] += weights[one, other, start + i] * between


def _add_steps(  # noqa: C901  one loop for Numba
    weights: np.ndarray,
    far: np.ndarray,
    near: np.ndarray,
    moves: np.ndarray,
    masses: np.ndarray,
    counts: np.ndarray,
    total: np.ndarray,
) -> None:
    """Add up states reached step by step, averaged over points; `total` has places as in `_add_mixed_states`."""
    outer, steps, samples = far.shape
    inner, each = len(near), total.shape[1] > 1
    odds, ends, reached = np.empty((steps, _BLOCK)), np.empty((steps + 1, _BLOCK)), np.empty(_BLOCK)
    for block in range(len(counts)):
        start = block * _BLOCK
        size = min(_BLOCK, samples - start)
        for one in range(outer):
            for other in range(inner):
                place = one * inner + other if each else 0
                ends[:] = 0.0
                for step in range(steps):
                    for i in range(size):
                        odds[step, i] = min(far[one, step, start + i] * near[other, step, start + i], _FAR_STEP)
                for point in range(counts[block]):
                    for i in range(size):
                        reached[i] = masses[point, start + i]
                    for step in range(steps):
                        for i in range(size):
                            z = odds[step, i] * moves[point, start + i]
                            share = reached[i] / (1.0 + z)
                            ends[step, i] += share * z
                            reached[i] = share
                    for i in range(size):
                        ends[steps, i] += reached[i]
                for state in range(steps + 1):
                    for i in range(size):
                        total[state, place, start + i] += weights[one, other, start + i] * ends[state, i]


def _lay_on_grid(
    weights: np.ndarray, far: np.ndarray, near: np.ndarray, first: np.ndarray, step: float, laid: np.ndarray
) -> None:
    """Share the weight of each configuration among the four points of a grid about its logarithm of the odds.

    By the weights of cubic interpolation, so that a smooth function summed over the grid is what it is when summed over
    the configurations.
    """
    outer, inner, samples = weights.shape
    for start in range(0, samples, _BLOCK):
        stop = min(start + _BLOCK, samples)
        for one in range(outer):
            for other in range(inner):
                for draw in range(start, stop):
                    at = (far[one, draw] + near[other, draw] - first[draw]) / step
                    place = int(at)
                    u, weight = at - place, weights[one, other, draw]
                    laid[place - 1, draw] -= weight * u * (u - 1.0) * (u - 2.0) / 6.0
                    laid[place, draw] += weight * (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0
                    laid[place + 1, draw] -= weight * (u + 1.0) * u * (u - 2.0) / 2.0
                    laid[place + 2, draw] += weight * (u + 1.0) * u * (u - 1.0) / 6.0


def _add_cases(  # noqa: C901  one loop for Numba
    weights: np.ndarray,
    eta: np.ndarray,
    open_: np.ndarray,
    cuts: np.ndarray,
    apart: np.ndarray,
    moves: np.ndarray,
    below: np.ndarray,
    above: np.ndarray,
    counts: np.ndarray,
    step: float,
    total: np.ndarray,
) -> None:
    """Add up, for every case, the states of a cumulative logit over its configurations, averaged over points.

    Each state has a curve over eta. Where there are more pairs of a case and a configuration than knots, the curves are
    laid out as quintics between knots, from values and two derivatives at each: with p the chance to be above the
    state's lower edge and q that to be below its upper one, a point's curve f is a multiple of p q, f' is f (q - p) and
    f'' is f ((q - p)^2 - p (1 - p) - q (1 - q)).
    """
    states, cases, samples = total.shape
    configurations, whole = len(open_), weights.shape[1] > 1
    x = np.empty(_LINE)
    p, q = np.ones((states + 1, _LINE)), np.ones((states + 1, _LINE))
    ends, sums = np.empty((2, states, 3, _LINE)), np.empty((states, _LINE))
    first, steps = np.empty(_LINE), np.empty(_LINE, np.int64)
    for block in range(len(counts)):
        start = block * _LINE
        size = min(_LINE, samples - start)
        for i in range(size):
            first[i] = eta[:, start + i].min() + open_[:, start + i].min()
            steps[i] = int((eta[:, start + i].max() + open_[:, start + i].max() - first[i]) / step) + 1
        knots = steps[:size].max() + 1
        many = configurations * cases > 2 * knots
        stride = knots * states * 6
        laid = np.empty(size * stride if many else 0)
        for place in range(knots if many else configurations * cases):
            case, one = place // configurations, place % configurations
            for i in range(size):
                x[i] = first[i] + place * step if many else eta[case, start + i] + open_[one, start + i]
            ends[0] = ends[1]
            ends[1] = 0.0
            for side in range(2):
                for pair in range(counts[block]):
                    for edge in range(states - 1):
                        for i in range(size):
                            a = moves[pair, start + i]
                            z = min(math.exp(min(cuts[edge, start + i] - x[i], _LARGE)), _FAR)
                            z *= a if side else 1.0 / a
                            p[edge + 1, i] = 1.0 / (1.0 + z)
                            q[edge + 1, i] = z * p[edge + 1, i]
                    for state in range(states):
                        for i in range(size):
                            mass = below[pair, start + i] if side else above[pair, start + i]
                            lower = p[state, i]
                            upper = q[state + 1, i] if state < states - 1 else 1.0
                            f = mass * apart[state, start + i] * lower * upper
                            d = upper - lower
                            ends[1, state, 0, i] += f
                            ends[1, state, 1, i] += f * d
                            ends[1, state, 2, i] += f * (d * d - lower * (1.0 - lower) - upper * (1.0 - upper))
            if not many:
                for state in range(states):
                    for i in range(size):
                        weight = weights[one, case if whole else 0, start + i]
                        total[state, case, start + i] += weight * ends[1, state, 0, i]
                continue
            for state in range(states if place else 0):
                for i in range(size):
                    f, d, s = ends[0, state, 0, i], ends[0, state, 1, i] * step, ends[0, state, 2, i] * step * step
                    g, e, t = ends[1, state, 0, i], ends[1, state, 1, i] * step, ends[1, state, 2, i] * step * step
                    at = i * stride + ((place - 1) * states + state) * 6
                    laid[at] = f
                    laid[at + 1] = d
                    laid[at + 2] = 0.5 * s
                    laid[at + 3] = 10.0 * (g - f) - 6.0 * d - 4.0 * e - 1.5 * s + 0.5 * t
                    laid[at + 4] = 15.0 * (f - g) + 8.0 * d + 7.0 * e + 1.5 * s - t
                    laid[at + 5] = 6.0 * (g - f) - 3.0 * d - 3.0 * e - 0.5 * s + 0.5 * t
        for case in range(cases if many else 0):
            sums[:] = 0.0
            for one in range(configurations):
                for i in range(size):
                    weight = weights[one, case if whole else 0, start + i]
                    u = (eta[case, start + i] + open_[one, start + i] - first[i]) / step
                    knot = min(int(u), knots - 2)
                    u -= knot
                    at = i * stride + knot * states * 6
                    for state in range(states):
                        c = at + 6 * state
                        high = (laid[c + 5] * u + laid[c + 4]) * u + laid[c + 3]
                        sums[state, i] += weight * (((high * u + laid[c + 2]) * u + laid[c + 1]) * u + laid[c])
            for state in range(states):
                for i in range(size):
                    total[state, case, start + i] += sums[state, i]


@cache
def _compiled(loop: Any) -> Any:
    import numba

    # Our threads share the work, so the loop lets go of the interpreter; a division by zero is infinite, as in NumPy.
    return compiled(lambda keep: numba.njit(nogil=True, cache=keep, error_model="numpy")(loop))


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
    loop = _add_three_states if len(total) == 3 else _add_states
    _compiled(loop)(*(np.ascontiguousarray(array) for array in tables), total)
    return total


def mixed_states(far: np.ndarray, near: np.ndarray, cuts: np.ndarray, mixed: Mixture) -> np.ndarray:
    """Probabilities of the states of a cumulative logit, averaged over the points of an effect.

    Parameters
    ----------
    far, near, cuts
        As in `sum_states`.
    mixed
        What is averaged over.

    Returns
    -------
    ndarray
        Shape (1 + cutpoints, outer configurations * inner configurations, samples).

    Examples
    --------
    >>> from servanda.models.families.unseen import Mixture
    >>> even = Mixture(np.array([[1.0]]), np.array([[0.5]]), np.array([[0.5]]))
    >>> mixed_states(np.ones((1, 1)), np.ones((1, 1)), np.array([[1.0]]), even)[..., 0].tolist()
    [[0.5], [0.5]]
    """
    total = np.zeros((len(cuts) + 1, len(far) * len(near), cuts.shape[-1]))
    weights = np.ones((len(far), len(near), cuts.shape[-1]))
    _add_mixed(weights, far, near, cuts, mixed, total)
    return total


def sum_mixed_states(
    weights: np.ndarray, far: np.ndarray, near: np.ndarray, cuts: np.ndarray, mixed: Mixture
) -> np.ndarray:
    """Weighted sums over all configurations of what `mixed_states` gives, shape (1 + cutpoints, samples).

    Of many configurations the weights are laid on a grid first, which is right to within 3e-7 of their sum.
    """
    total = np.zeros((len(cuts) + 1, 1, cuts.shape[-1]))
    if len(far) * len(near) > _MANY:
        with np.errstate(divide="ignore"):
            logs = np.log(far), np.log(near)
        first = logs[0].min(axis=0) + logs[1].min(axis=0) - _STEP
        cells = float((logs[0].max(axis=0) + logs[1].max(axis=0) - first).max()) / _STEP + 4
        if 2 * cells < len(far) * len(near):
            laid = np.zeros((int(cells), cuts.shape[-1]))
            parts = (np.ascontiguousarray(array) for array in (weights, *logs, first))
            _compiled(_lay_on_grid)(*parts, _STEP, laid)
            odds = np.exp(first + _STEP * np.arange(len(laid))[:, None])
            weights, far, near = laid[None], np.ones_like(first)[None], odds
    _add_mixed(weights, far, near, cuts, mixed, total)
    return total[:, 0]


def sum_cases(
    weights: np.ndarray, eta: np.ndarray, open_: np.ndarray, cuts: np.ndarray, mixed: Mixture | None = None
) -> np.ndarray:
    """Weighted sums over the configurations of many cases of the probabilities of the states of a cumulative logit.

    Parameters
    ----------
    weights
        Shape (configurations, cases, samples), or (configurations, 1, samples) for the same in all cases.
    eta
        What each case adds up, shape (cases, samples).
    open_
        What each configuration of its open parents adds to that, shape (configurations, samples).
    cuts
        Cutpoints, shape (cutpoints, samples), ascending.
    mixed
        What is averaged over; nothing by default.

    Returns
    -------
    ndarray
        Shape (1 + cutpoints, cases, samples), right to within 1e-12 of the sum of the weights.

    Examples
    --------
    >>> sum_cases(np.full((2, 1, 1), 0.5), np.zeros((1, 1)), np.array([[-1.0], [1.0]]), np.zeros((1, 1)))[:, 0, 0]
    array([0.5, 0.5])
    """
    samples = cuts.shape[-1]
    if mixed is None:
        mixed = Mixture(np.zeros((1, samples)), *np.full((2, 1, samples), 0.5))
    apart = np.ones((len(cuts) + 1, samples))
    with np.errstate(invalid="ignore"):
        # Two cutpoints infinitely far out on the same side have nothing between them.
        apart[1:-1] = np.nan_to_num(-np.expm1(cuts[:-1] - cuts[1:]))
    total = np.zeros((len(cuts) + 1, len(eta), samples))
    points = (np.exp(mixed.shifts), mixed.below, mixed.above, _weighty_pairs(mixed, _LINE))
    tables = (weights, eta, open_, cuts, apart, *points)
    _compiled(_add_cases)(*(np.ascontiguousarray(array) for array in tables), _KNOTS, total)
    return total


def step_states(far: np.ndarray, near: np.ndarray, mixed: Mixture | None = None) -> np.ndarray:
    """Probabilities of states that are reached step by step, averaged over the points of an effect on all steps.

    Parameters
    ----------
    far, near
        Their products are the odds of ending at a step rather than going further, shape (configurations, steps,
        samples).
    mixed
        What is averaged over; nothing by default.

    Returns
    -------
    ndarray
        Shape (1 + steps, outer configurations * inner configurations, samples).

    Examples
    --------
    Of what comes to each of two steps, one half and then three quarters go further:

    >>> step_states(np.ones((1, 2, 1)), np.array([[[1.0], [1 / 3]]]))[..., 0].tolist()
    [[0.5], [0.125], [0.375]]
    """
    _, steps, samples = far.shape
    total = np.zeros((steps + 1, len(far) * len(near), samples))
    _add_all_steps(np.ones((len(far), len(near), samples)), far, near, mixed, total)
    return total


def sum_step_states(weights: np.ndarray, far: np.ndarray, near: np.ndarray, mixed: Mixture | None = None) -> np.ndarray:
    """Weighted sums over all configurations of what `step_states` gives, shape (1 + steps, samples)."""
    total = np.zeros((far.shape[1] + 1, 1, far.shape[-1]))
    _add_all_steps(weights, far, near, mixed, total)
    return total[:, 0]


def _add_all_steps(
    weights: np.ndarray, far: np.ndarray, near: np.ndarray, mixed: Mixture | None, total: np.ndarray
) -> None:
    samples = far.shape[-1]
    moves = masses = np.ones((1, samples))
    counts = np.ones(len(range(0, samples, _BLOCK)), int)
    if mixed is not None:
        # A pair of points stands together, so that those without a weight are still at the end.
        moves = np.stack([np.exp(mixed.shifts), np.exp(-mixed.shifts)], axis=1).reshape(-1, samples)
        masses = np.stack([mixed.below, mixed.above], axis=1).reshape(-1, samples)
        counts = 2 * _weighty_pairs(mixed)
    tables = (weights, far, near, moves, masses, counts)
    _compiled(_add_steps)(*(np.ascontiguousarray(array) for array in tables), total)


def _add_mixed(
    weights: np.ndarray, far: np.ndarray, near: np.ndarray, cuts: np.ndarray, mixed: Mixture, total: np.ndarray
) -> None:
    tables = (weights, far, near, np.minimum(cuts, _FAR), _pairs(mixed), _weighty_pairs(mixed))
    _compiled(_add_mixed_states)(*(np.ascontiguousarray(array) for array in tables), total)


def _weighty_pairs(mixed: Mixture, together: int = _BLOCK) -> np.ndarray:
    """How many pairs of points each block of draws needs."""
    # Up to the last pair with a weight: a supposed case may leave none to the pairs before it.
    weighty = (mixed.below > 0) | (mixed.above > 0)
    last = np.where(weighty.any(axis=0), len(weighty) - weighty[::-1].argmax(axis=0), 0)
    return np.maximum.reduceat(last, np.arange(0, last.size, together))


def _pairs(mixed: Mixture) -> np.ndarray:
    """Numbers that stand for a pair of points, shape (pairs, 4, samples): its two fractions are one.

    With z = exp(c - eta) and a = exp(u), w / (1 + z a) + w' / (1 + z / a) is
    (w + w' + z (w / a + w' a)) / (1 + z (a + 1 / a) + z^2), w being the weight of an effect of -u.
    """
    a, own, its = np.exp(mixed.shifts), mixed.below, mixed.above
    return np.stack([own + its, own / a + its * a, own * a + its / a, a + 1.0 / a], axis=1)
