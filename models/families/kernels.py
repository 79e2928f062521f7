"""The loops that NumPy cannot do in a pass: compiled by Numba at their first use, and kept between processes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import cheb2poly

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
#: Length of a piece of a curve over eta, and the nodes of a polynomial there: right to within 1e-12 of itself.
_PIECE, _NODES = 0.5, 9
#: Cases whose weights are gone through draw by draw.
_CASES = 64


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
    curve: np.ndarray,
    shares: np.ndarray,
    turns: np.ndarray,
    cuts: np.ndarray,
    apart: np.ndarray,
    moves: np.ndarray,
    masses: np.ndarray,
    counts: np.ndarray,
    nodes: np.ndarray,
    fit: np.ndarray,
    total: np.ndarray,
) -> None:
    """Add up, for every case, the states of a cumulative logit over its configurations, averaged over points.

    Each state has a curve over eta. Where there are more pairs of a case and a configuration than it takes to lay the
    curves out, each is laid out piece by piece as the polynomial through its values at Chebyshev nodes: its poles lie
    pi away from the real line, so that nine are enough for half a unit. What a configuration leaves to be averaged
    (`shares` at `turns`) is put into the curves then, one for each of its distributions.
    """
    states, cases, samples = total.shape
    configurations, whole, (curves, folds, _) = len(open_), weights.shape[1] > 1, shares.shape
    groups, folded = (states + 3) // 4, folds > 1 or curves > 1
    x, first, low = np.empty(_LINE), np.empty(_LINE), np.empty(_LINE)
    p, q, odds = np.ones((states, _LINE)), np.ones((states, _LINE)), np.empty((states, _LINE))
    found, knots, shift = np.empty((states, _LINE)), np.empty((curves, groups, _NODES, 4)), np.empty(configurations)
    for block in range(len(counts)):
        start = block * _LINE
        size = min(_LINE, samples - start)
        reach, most = 0.0, 0.0
        for i in range(size):
            at = start + i
            low[i] = eta[:, at].min() + open_[:, at].min()
            wide = eta[:, at].max() + open_[:, at].max() - low[i]
            first[i] = low[i] + turns[:, at].min()
            reach, most = max(reach, wide), max(most, low[i] + wide + turns[:, at].max() - first[i])
        pieces, own = int(most / _PIECE) + 1, int(reach / _PIECE) + 1
        many = configurations * cases * folds > pieces * _NODES
        # Four states stand side by side, so that a processor works on them at once.
        laid = np.zeros((size, groups, pieces * _NODES if many else 0, 4))
        for place in range(pieces * _NODES if many else configurations * cases * folds):
            piece, node = place // _NODES, place % _NODES
            case, rest = place // (configurations * folds), place % (configurations * folds)
            one, fold = rest // folds, rest % folds
            for i in range(size):
                if many:
                    x[i] = first[i] + (piece + 0.5 + 0.5 * nodes[node]) * _PIECE
                else:
                    x[i] = eta[case, start + i] + open_[one, start + i] + turns[fold, start + i]
            for edge in range(states - 1):
                for i in range(size):
                    odds[edge, i] = min(math.exp(min(cuts[edge, start + i] - x[i], _LARGE)), _FAR)
            found[:] = 0.0
            for pair in range(2 * counts[block]):
                for edge in range(states - 1):
                    for i in range(size):
                        z = odds[edge, i] * moves[pair, start + i]
                        share = 1.0 / (1.0 + z)
                        p[edge + 1, i] = share
                        q[edge, i] = z * share
                for state in range(states):
                    for i in range(size):
                        found[state, i] += masses[pair, start + i] * p[state, i] * q[state, i]
            for state in range(states):
                for i in range(size):
                    if many:
                        value = apart[state, start + i] * found[state, i]
                        for power in range(_NODES):
                            laid[i, state // 4, piece * _NODES + power, state % 4] += fit[power, node] * value
                    else:
                        weight = weights[one, case if whole else 0, start + i] * shares[curve[one], fold, start + i]
                        total[state, case, start + i] += weight * apart[state, start + i] * found[state, i]
        if not many:
            continue
        ready = laid.reshape((size, 1, groups, -1))
        if folded:
            ready = np.zeros((size, curves, groups, own * _NODES * 4))
            for i in range(size):
                for piece in range(own):
                    knots[:] = 0.0
                    for node in range(_NODES):
                        for fold in range(folds):
                            t = (low[i] + turns[fold, start + i] - first[i]) / _PIECE + piece + 0.5 + 0.5 * nodes[node]
                            spot = min(int(t), pieces - 1)
                            u = 2.0 * (t - spot) - 1.0
                            for group in range(groups):
                                flat, top = laid[i, group], (spot + 1) * _NODES - 1
                                a0, a1, a2, a3 = flat[top, 0], flat[top, 1], flat[top, 2], flat[top, 3]
                                for _ in range(_NODES - 1):
                                    top -= 1
                                    a0 = a0 * u + flat[top, 0]
                                    a1 = a1 * u + flat[top, 1]
                                    a2 = a2 * u + flat[top, 2]
                                    a3 = a3 * u + flat[top, 3]
                                for each in range(curves):
                                    share, knot = shares[each, fold, start + i], knots[each, group, node]
                                    knot[0] += share * a0
                                    knot[1] += share * a1
                                    knot[2] += share * a2
                                    knot[3] += share * a3
                    for each in range(curves):
                        for group in range(groups):
                            line = ready[i, each, group, piece * _NODES * 4 : (piece + 1) * _NODES * 4]
                            for power in range(_NODES):
                                a0, a1, a2, a3 = 0.0, 0.0, 0.0, 0.0
                                for node in range(_NODES):
                                    share, knot = fit[power, node], knots[each, group, node]
                                    a0 += share * knot[0]
                                    a1 += share * knot[1]
                                    a2 += share * knot[2]
                                    a3 += share * knot[3]
                                line[4 * power], line[4 * power + 1] = a0, a1
                                line[4 * power + 2], line[4 * power + 3] = a2, a3
            pieces = own
        # So many cases at a time that their weights, of which a line of memory has some draws, stay in the cache.
        for begin in range(0, cases, _CASES):
            for i in range(size):
                base = low[i] if folded else first[i]
                for one in range(configurations):
                    shift[one] = (open_[one, start + i] - base) / _PIECE
                for group in range(groups):
                    for case in range(begin, min(begin + _CASES, cases)):
                        whose, own_eta = case if whole else 0, eta[case, start + i] / _PIECE
                        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
                        for one in range(configurations):
                            t = own_eta + shift[one]
                            spot = min(int(t), pieces - 1)
                            u = 2.0 * (t - spot) - 1.0
                            flat = ready[i, curve[one], group]
                            top = 4 * _NODES * spot + 4 * (_NODES - 1)
                            a0, a1, a2, a3 = flat[top], flat[top + 1], flat[top + 2], flat[top + 3]
                            for _ in range(_NODES - 1):
                                top -= 4
                                a0 = a0 * u + flat[top]
                                a1 = a1 * u + flat[top + 1]
                                a2 = a2 * u + flat[top + 2]
                                a3 = a3 * u + flat[top + 3]
                            weight = weights[one, whose, start + i]
                            s0 += weight * a0
                            s1 += weight * a1
                            s2 += weight * a2
                            s3 += weight * a3
                        sums = (s0, s1, s2, s3)
                        for state in range(min(4, states - 4 * group)):
                            total[4 * group + state, case, start + i] += sums[state]


@cache
def _compiled(loop: Any) -> Any:
    import numba

    # Our threads share the work, so the loop lets go of the interpreter; a division by zero is infinite, as in NumPy.
    # A product and a sum may be rounded together.
    fast: Any = {"contract"}
    return compiled(lambda keep: numba.njit(nogil=True, cache=keep, error_model="numpy", fastmath=fast)(loop))


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


@dataclass(frozen=True)
class Folded:
    """What each configuration of many cases leaves to be averaged: a parent that hangs on one of its parents alone.

    Parameters
    ----------
    curve
        Which of the distributions each configuration has, shape (configurations,).
    shares
        The distributions, shape (distributions, states of the parent, samples).
    effects
        What each of its states adds to eta, shape (states of the parent, samples).
    """

    curve: np.ndarray
    shares: np.ndarray
    effects: np.ndarray


def sum_cases(
    weights: np.ndarray,
    eta: np.ndarray,
    open_: np.ndarray,
    cuts: np.ndarray,
    mixed: Mixture | None = None,
    folded: Folded | None = None,
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
    folded
        A further open parent, which has no part in the configurations; none by default.

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
    if folded is None:
        folded = Folded(np.zeros(len(open_), int), np.ones((1, 1, samples)), np.zeros((1, samples)))
    apart = np.ones((len(cuts) + 1, samples))
    with np.errstate(invalid="ignore"):
        # Two cutpoints infinitely far out on the same side have nothing between them.
        apart[1:-1] = np.nan_to_num(-np.expm1(cuts[:-1] - cuts[1:]))
    total = np.zeros((len(cuts) + 1, len(eta), samples))
    points = (*_single_points(mixed), _weighty_pairs(mixed, _LINE))
    tables = (weights, eta, open_, folded.curve, folded.shares, folded.effects, cuts, apart, *points, *_nodes())
    _compiled(_add_cases)(*(np.ascontiguousarray(array) for array in tables), total)
    return total


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev nodes between -1 and 1, and what makes coefficients of powers of the values there."""
    angles = math.pi * (np.arange(_NODES) + 0.5) / _NODES
    # Values to a Chebyshev series, by the orthogonality of cosines; that to powers.
    series = np.cos(np.arange(_NODES)[:, None] * angles) * np.where(np.arange(_NODES) > 0, 2, 1)[:, None] / _NODES
    powers = [np.pad(own := cheb2poly(row), (0, _NODES - len(own))) for row in np.eye(_NODES)]
    return np.cos(angles), np.transpose(powers) @ series


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
        moves, masses = _single_points(mixed)
        counts = 2 * _weighty_pairs(mixed)
    tables = (weights, far, near, moves, masses, counts)
    _compiled(_add_steps)(*(np.ascontiguousarray(array) for array in tables), total)


def _add_mixed(
    weights: np.ndarray, far: np.ndarray, near: np.ndarray, cuts: np.ndarray, mixed: Mixture, total: np.ndarray
) -> None:
    tables = (weights, far, near, np.minimum(cuts, _FAR), _pairs(mixed), _weighty_pairs(mixed))
    _compiled(_add_mixed_states)(*(np.ascontiguousarray(array) for array in tables), total)


def _single_points(mixed: Mixture) -> tuple[np.ndarray, np.ndarray]:
    """What an effect at each point multiplies exp(-eta) by, and its weight, shape (points, samples)."""
    # A pair of points stands together, so that those without a weight are still at the end.
    moves = np.stack([np.exp(mixed.shifts), np.exp(-mixed.shifts)], axis=1).reshape(-1, mixed.shifts.shape[-1])
    return moves, np.stack([mixed.below, mixed.above], axis=1).reshape(moves.shape)


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
