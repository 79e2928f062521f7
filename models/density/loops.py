"""The loops of `servanda.models.density.density`, compiled by Numba at their first use and kept between processes.

Importing this module imports Numba. Each step forward has its step back: it takes the slope of the density in what
the step forward made, and adds to the slope in what that was made from (reverse accumulation). Probabilities have a
slope in their logarithm as well, so that nothing is divided by one near zero; a number from 0 to 1 by itself has one in
its log-odds in that place.
"""

from __future__ import annotations

from math import erfc, exp, expm1, lgamma, log, log1p, pi, sqrt
from typing import Any

import numpy as np

from ..families.rows import BEFORE_EFFECTS, BETA_BINOMIAL, CELL, CONTINUATION_RATIO, CUMULATIVE_LOGIT, HIGHEST
from ..parameters.distributions import BETA, EXPONENTIAL, HALF_NORMAL, LOGNORMAL, NORMAL, STUDENT_T
from .addresses import DENSITY, integers_at, reals_at, told, view
from .jit import at, called_by_nutpie, entry, inside, inside_at_once, inside_in_any_order
from .program import SPAN, SPAN_END, SPREAD, Program
from .transforms import AS_IS, LOG, LOGIT, LOGITS, MIDDLE, POOLED, RAMP, SCALE, STICKS, ZERO_SUM

#: Exponents this far from zero, and products of two of their exponentials, are numbers still.
_IN_RANGE = 300.0
#: Column of a prior's numbers: the unit of a scale that is learned.
_UNIT = 3
#: Points of an effect that is integrated out: so many either side of zero (a processor takes them by eights), so far
#: apart in units of its spread. Where that is too coarse the distance is halved up to `_FINEST` times.
_POINTS, _STEP, _FINEST = 8, 0.69, 5
#: Largest distance for each unit of the narrowest factor, and for the nearest pole: either misses by 1e-5 at most.
_NARROW, _FROM_POLES = 1.2, 1.4
#: Steps to where a member's effect is most likely, at the most, and what is near enough to it: the square of the slope
#: times what cases can add to the curvature. A draw is exact wherever they end.
_TOWARDS, _NEAR, _TRIES = 60, 0.3, 1_000_000


@entry
def log_density(x: Any, program: Any, gradient: Any) -> Any:
    """Log density at `x` but for its constant; its gradient is written to `gradient`."""
    values = np.ones(len(program.numbers) + 1)
    logs = np.zeros(len(values))
    slope, log_slope = np.zeros(len(values)), np.zeros(len(values))
    gradient[:] = 0.0
    total = _parameters(x, program.segments, program.numbers, values, logs, log_slope, gradient)

    effects, effect_slope = np.zeros(program.effects), np.zeros(program.effects)
    _effects(program.factors, program.coefficients, program.pairs, values, effects)

    rows = len(program.states)
    log_p, weights = np.zeros(rows), program.counts.copy()
    # What a step back needs of a row: of a cumulative logit the slopes in both cutpoints, of a continuation ratio that
    # of each step, of the highest that in the logarithm of staying below, of a beta-binomial those in the log-odds of a
    # member and of the correlation, else the probabilities.
    widest = 2
    for node in range(len(program.nodes)):
        widest = max(widest, program.nodes[node, 6])
    kept = np.empty((rows, widest))
    cuts = np.empty((len(program.nodes), widest + 1))
    for node in range(len(program.nodes)):
        _rows(program, node, values, logs, effects, cuts[node], log_p, kept)
        if program.nodes[node, SPAN_END] > program.nodes[node, SPAN]:
            total += _integrated_rows(program, node, values, effects, cuts[node], kept, slope)
    for row in range(rows):
        if weights[row] > 0.0:
            total += weights[row] * log_p[row]
    total += _sum_holes(program, log_p, weights)

    for node in range(len(program.nodes)):
        _rows_back(program, node, values, logs, weights, kept, effect_slope, log_slope)
    _effects_back(program.factors, program.coefficients, program.pairs, values, effect_slope, slope)
    _parameters_back(x, program.segments, program.numbers, values, logs, slope, log_slope, gradient)
    return total


@inside
def _parameters(x: Any, segments: Any, numbers: Any, values: Any, logs: Any, log_slope: Any, gradient: Any) -> Any:
    """From unknowns to parameters, with their prior densities and the Jacobians."""
    total = 0.0
    for segment in range(len(segments)):
        kind, _, _, value, rows, one, two, r2, _ = segments[segment]
        if kind >= POOLED:  # rows with a learned prior
            total += _pooled_rows(x, segments[segment], numbers, values, logs)
            continue
        total += _as_stated(x, segments[segment], numbers, values, logs, log_slope, gradient)
        if r2 >= 0:
            scale = _learned_scale(segments[segment], numbers, logs)
            for place in range(value, value + rows * one * two):
                values[place] = numbers[place, MIDDLE] + scale * (values[place] - numbers[place, MIDDLE])
    return total


@inside
def _as_stated(x: Any, segment: Any, numbers: Any, values: Any, logs: Any, log_slope: Any, gradient: Any) -> Any:
    """One parameter as its prior states it, before a learned scale stretches it."""
    kind, prior, first, value, rows, one, two, _, _ = segment
    total = 0.0
    if kind == LOGITS:
        for row in range(rows):
            total += _simplex(x, first + row * (one - 1), one, numbers, value + row * one, values, logs, log_slope)
        return total
    if kind == STICKS:
        for row in range(rows):
            total += _known_sticks(x, first + row * (one - 1), one, numbers, value + row * one, values, logs)
        return total
    if kind == ZERO_SUM:
        return _zero_sums(x, first, rows, one, two, numbers, value, values, gradient)
    for k in range(rows):
        own = x[first + k]
        if kind == AS_IS:
            values[value + k] = own
            total += _real_prior(prior, own, numbers[value + k], first + k, gradient)
        elif kind == LOG:
            values[value + k] = exp(own)
            total += _positive_prior(prior, own, numbers[value + k], first + k, gradient)
        elif kind == RAMP:
            height, _ = _ramp(own)
            values[value + k] = numbers[value + k, SCALE] * height
            total += _prior_from_zero(prior, own, first + k, gradient)
        else:
            values[value + k], logs[value + k] = 1.0 / (1.0 + exp(-own)), own
            total += _unit_prior(prior, own, numbers[value + k], first + k, gradient)
    return total


@inside
def _learned_scale(segment: Any, numbers: Any, logs: Any) -> Any:
    """By how much a parameter is stretched from the middle of its prior."""
    value, r2, share = segment[3], segment[7], segment[8]
    return numbers[value, _UNIT] * exp(0.5 * (logs[r2] + logs[share]))


@inside
def _learned_scale_back(segment: Any, numbers: Any, values: Any, logs: Any, slope: Any, log_slope: Any) -> None:
    _, _, _, value, rows, one, two, r2, share = segment
    scale, in_log = _learned_scale(segment, numbers, logs), 0.0
    for place in range(value, value + rows * one * two):
        in_log += slope[place] * (values[place] - numbers[place, MIDDLE])
        slope[place] *= scale
    # The logarithm of the scale is half the log-odds of the one and half the logarithm of the other.
    log_slope[r2] += 0.5 * in_log
    log_slope[share] += 0.5 * in_log


@inside
def _real_prior(prior: Any, x: Any, numbers: Any, place: Any, gradient: Any) -> Any:
    apart = (x - numbers[0]) / numbers[1]
    if prior == NORMAL:
        gradient[place] -= apart / numbers[1]
        return -0.5 * apart * apart
    if prior == STUDENT_T:
        nu = numbers[2]
        gradient[place] -= (nu + 1.0) * apart / (nu + apart * apart) / numbers[1]
        return -0.5 * (nu + 1.0) * log1p(apart * apart / nu)
    return np.nan


@inside
def _positive_prior(prior: Any, x: Any, numbers: Any, place: Any, gradient: Any) -> Any:
    """Density of exp(x) and the Jacobian x, with the slope in x."""
    if prior == LOGNORMAL:
        apart = (x - numbers[0]) / numbers[1]
        gradient[place] -= apart / numbers[1]
        return -0.5 * apart * apart  # the density's 1 / exp(x) and the Jacobian cancel
    return np.nan


@inside
def _ramp(x: Any) -> Any:
    """Value of `transforms.ramp` and its slope, the normal distribution function."""
    slope = 0.5 * erfc(-x / sqrt(2.0))
    return x * slope + _normal_density(x), slope


@inside
def _normal_density(x: Any) -> Any:
    return exp(-0.5 * x * x) / sqrt(2.0 * pi)


@inside
def _prior_from_zero(prior: Any, x: Any, place: Any, gradient: Any) -> Any:
    """Density of the ramp at x, in its prior's unit, and the Jacobian, with the slope in x."""
    height, slope = _ramp(x)
    gradient[place] += _normal_density(x) / slope
    if prior == HALF_NORMAL:
        gradient[place] -= height * slope
        return log(slope) - 0.5 * height * height
    if prior == EXPONENTIAL:
        gradient[place] -= slope
        return log(slope) - height
    return np.nan


@inside
def _unit_prior(prior: Any, x: Any, numbers: Any, place: Any, gradient: Any) -> Any:
    """Density of the logistic function of x and its Jacobian, with the slope in x."""
    if prior == BETA:
        small = exp(-abs(x))
        above = 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)
        gradient[place] += numbers[0] - (numbers[0] + numbers[1]) * above
        # alpha log p + beta log(1 - p): the Jacobian p (1 - p) makes up for the ones that the density takes away.
        log_p, _ = _log_logistic(x)
        return numbers[0] * log_p + numbers[1] * (log_p - x)
    return np.nan


@inside
def _simplex(x: Any, first: Any, size: Any, alpha: Any, value: Any, values: Any, logs: Any, log_slope: Any) -> Any:
    last = 0.0
    for k in range(size - 1):
        last -= x[first + k]
    top = last
    for k in range(size - 1):
        top = max(top, x[first + k])
    mass = exp(last - top)
    for k in range(size - 1):
        mass += exp(x[first + k] - top)
    norm = top + log(mass)
    total = 0.0
    for k in range(size):
        place = value + k
        logs[place] = (x[first + k] if k < size - 1 else last) - norm
        values[place] = exp(logs[place])
        # The Dirichlet's alpha - 1, and 1 of the Jacobian.
        log_slope[place] += alpha[place, 0]
        total += alpha[place, 0] * logs[place]
    return total


@inside
def _pooled_rows(x: Any, segment: Any, numbers: Any, values: Any, logs: Any) -> Any:
    """Rows of a table that shrink to their average, and what is known of them: their complete cases, counted.

    Gives the Dirichlet-multinomial of the counted cases and, of rows that are unknowns, their density given these.
    """
    kind, _, first, value, rows, size, _, weight, average = segment
    concentration, alpha, total = values[weight], np.empty(size), 0.0
    for row in range(rows):
        place, cases = value + row * size, 0.0
        for k in range(size):
            alpha[k] = concentration * values[average + k]
            counted = numbers[place + k, 0]
            if counted > 0.0:
                total += lgamma(alpha[k] + counted) - lgamma(alpha[k])
                cases += counted
                alpha[k] += counted
        if cases > 0.0:
            total += lgamma(concentration) - lgamma(concentration + cases)
        if kind == POOLED:
            total += _sticks(x, first + row * (size - 1), alpha, place, values, logs)
    return total


@inside
def _sticks(x: Any, first: Any, alpha: Any, place: Any, values: Any, logs: Any) -> Any:
    """Break a row off stick by stick, as `servanda.models.families.pooled.rows_from_units` does."""
    left, total = 0.0, 0.0
    for k in range(len(alpha) - 1):
        one, rest = alpha[k], alpha[k + 1 :].sum()
        odds, steep, _, _, _, _, _ = _bent(x[first + k], one, rest)
        taken, _ = _log_logistic(odds)
        kept = taken - odds
        total += one * taken + rest * kept + lgamma(one + rest) - lgamma(one) - lgamma(rest) + log(steep)
        logs[place + k] = left + taken
        values[place + k] = exp(logs[place + k])
        left += kept
    logs[place + len(alpha) - 1] = left
    values[place + len(alpha) - 1] = exp(left)
    return total


@inside
def _known_sticks(x: Any, first: Any, size: Any, numbers: Any, place: Any, values: Any, logs: Any) -> Any:
    """Break off a row whose Dirichlet numbers are known; its density but for their constant."""
    left, total = 0.0, 0.0
    for k in range(size - 1):
        one, rest = numbers[place + k, 0], numbers[place + k, 1]
        odds, steep, _ = _known_bend(x[first + k], numbers[place + k])
        taken, _ = _log_logistic(odds)
        kept = taken - odds
        total += one * taken + rest * kept + log(steep)
        logs[place + k] = left + taken
        values[place + k] = exp(logs[place + k])
        left += kept
    logs[place + size - 1] = left
    values[place + size - 1] = exp(left)
    return total


@inside
def _known_sticks_back(
    x: Any, first: Any, size: Any, numbers: Any, place: Any, values: Any, slope: Any, log_slope: Any, gradient: Any
) -> None:
    # From the last stick: what its row's further states have in their logarithms, all of which it moves.
    further = log_slope[place + size - 1] + slope[place + size - 1] * values[place + size - 1]
    for k in range(size - 2, -1, -1):
        own = log_slope[place + k] + slope[place + k] * values[place + k]
        odds, steep, turn = _known_bend(x[first + k], numbers[place + k])
        _, not_taken = _log_logistic(odds)
        in_odds = (own + numbers[place + k, 0]) * not_taken - (further + numbers[place + k, 1]) * (1.0 - not_taken)
        gradient[first + k] += in_odds * steep + turn
        further += own


@inside
def _known_bend(x: Any, numbers: Any) -> Any:
    """Log-odds of a stick, their steepness in the unknown, and the slope of its logarithm."""
    one, rest, below, above = numbers
    falls = 1.0 / (1.0 + exp(x))
    soft = max(-x, 0.0) + log1p(exp(-abs(x)))
    steep = above + (below - above) * falls
    odds = log((one + 0.5) / (rest + 0.5)) + above * x - (below - above) * soft
    return odds, steep, (above - below) * falls * (1.0 - falls) / steep


@inside
def _bent(x: Any, one: Any, rest: Any) -> Any:
    """Log-odds of a stick and their steepness in the unknown, with the slopes of both.

    Of the log-odds the slopes in the two Dirichlet numbers; of the logarithm of the steepness these, and that in the
    unknown.
    """
    below = sqrt(1.0 / one + 1.0 / (one * one) + 1.0 / (rest + 1.0))
    above = sqrt(1.0 / rest + 1.0 / (rest * rest) + 1.0 / (one + 1.0))
    falls = 1.0 / (1.0 + exp(x))
    soft = max(-x, 0.0) + log1p(exp(-abs(x)))
    odds = log((one + 0.5) / (rest + 0.5)) + above * x - (below - above) * soft
    steep = above + (below - above) * falls
    below_one = -0.5 * (1.0 / (one * one) + 2.0 / (one * one * one)) / below
    below_rest = -0.5 / ((rest + 1.0) * (rest + 1.0)) / below
    above_one = -0.5 / ((one + 1.0) * (one + 1.0)) / above
    above_rest = -0.5 * (1.0 / (rest * rest) + 2.0 / (rest * rest * rest)) / above
    return (
        odds,
        steep,
        1.0 / (one + 0.5) + above_one * (x + soft) - below_one * soft,
        -1.0 / (rest + 0.5) + above_rest * (x + soft) - below_rest * soft,
        (above_one * (1.0 - falls) + below_one * falls) / steep,
        (above_rest * (1.0 - falls) + below_rest * falls) / steep,
        (above - below) * falls * (1.0 - falls) / steep,
    )


@inside
def _pooled_rows_back(
    x: Any, segment: Any, numbers: Any, values: Any, slope: Any, log_slope: Any, gradient: Any
) -> None:
    kind, _, first, value, rows, size, _, weight, average = segment
    concentration, alpha, alpha_slope = values[weight], np.empty(size), np.empty(size)
    for row in range(rows):
        place, cases = value + row * size, 0.0
        for k in range(size):
            prior, counted = concentration * values[average + k], numbers[place + k, 0]
            alpha[k], alpha_slope[k] = prior + counted, 0.0
            if counted > 0.0:
                cases += counted
                alpha_slope[k] = _digamma(prior + counted) - _digamma(prior)
        if cases > 0.0:
            slope[weight] += _digamma(concentration) - _digamma(concentration + cases)
        if kind == POOLED:
            start = first + row * (size - 1)
            _sticks_back(x, start, alpha, place, values, slope, log_slope, alpha_slope, gradient)
        for k in range(size):
            slope[weight] += alpha_slope[k] * values[average + k]
            slope[average + k] += alpha_slope[k] * concentration


@inside
def _sticks_back(
    x: Any,
    first: Any,
    alpha: Any,
    place: Any,
    values: Any,
    slope: Any,
    log_slope: Any,
    alpha_slope: Any,
    gradient: Any,
) -> None:
    size = len(alpha)
    # From the last stick: what its row's further states have in their logarithms, all of which it moves.
    further = log_slope[place + size - 1] + slope[place + size - 1] * values[place + size - 1]
    rest = alpha[size - 1]
    for k in range(size - 2, -1, -1):
        one, own = alpha[k], log_slope[place + k] + slope[place + k] * values[place + k]
        odds, steep, odds_one, odds_rest, steep_one, steep_rest, turn = _bent(x[first + k], one, rest)
        taken, not_taken = _log_logistic(odds)
        whole = _digamma(one + rest)
        in_odds = (own + one) * not_taken - (further + rest) * (1.0 - not_taken)
        gradient[first + k] += in_odds * steep + turn
        alpha_slope[k] += in_odds * odds_one + steep_one + taken + whole - _digamma(one)
        in_rest = in_odds * odds_rest + steep_rest + taken - odds + whole - _digamma(rest)
        for j in range(k + 1, size):
            alpha_slope[j] += in_rest
        further += own
        rest += one


@inside
def _digamma(x: Any) -> Any:
    """Slope of the logarithm of the gamma function: its asymptotic series from 10 on, the recurrence below."""
    found = 0.0
    while x < 10.0:
        found -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    return found + log(x) - 0.5 / x - series


@inside
def _zero_sums(
    x: Any, first: Any, rows: Any, one: Any, two: Any, numbers: Any, value: Any, values: Any, gradient: Any
) -> Any:
    free_one, free_two = max(one - 1, 1), max(two - 1, 1)
    wide = np.empty((free_one, two))
    total = 0.0
    for row in range(rows):
        start, place = first + row * free_one * free_two, value + row * one * two
        for k in range(free_one * free_two):
            apart = x[start + k] / numbers[place, 1]
            gradient[start + k] -= apart / numbers[place, 1]
            total -= 0.5 * apart * apart
        for k in range(free_one):
            _stretch(x[start + k * free_two : start + (k + 1) * free_two], wide[k])
        block = values[place : place + one * two].reshape((one, two))
        for k in range(two):
            _stretch(wide[:, k], block[:, k])
        for k in range(one * two):
            values[place + k] += numbers[place + k, 0]
    return total


@inside
def _stretch(free: Any, whole: Any) -> None:
    """Give n - 1 numbers an n-th so that they add up to zero, as `unconstrained.zero_sum_of` does."""
    size = len(whole)
    if size == 1:
        whole[0] = free[0]
        return
    total = free.sum()
    for k in range(size - 1):
        whole[k] = free[k] - total / (sqrt(size) + size)
    whole[size - 1] = -total / sqrt(size)


@inside
def _stretch_back(slope: Any, free: Any) -> None:
    size = len(slope)
    if size == 1:
        free[0] = slope[0]
        return
    shift = slope[: size - 1].sum() / (sqrt(size) + size) + slope[size - 1] / sqrt(size)
    for k in range(size - 1):
        free[k] = slope[k] - shift


@inside
def _parameters_back(
    x: Any, segments: Any, numbers: Any, values: Any, logs: Any, slope: Any, log_slope: Any, gradient: Any
) -> None:
    # Backwards: what a scale follows from stands before what it stretches.
    for segment in range(len(segments) - 1, -1, -1):
        kind, _, first, value, rows, one, two, r2, _ = segments[segment]
        if kind >= POOLED:  # rows with a learned prior
            _pooled_rows_back(x, segments[segment], numbers, values, slope, log_slope, gradient)
            continue
        if r2 >= 0:
            _learned_scale_back(segments[segment], numbers, values, logs, slope, log_slope)
        if kind in (LOGITS, STICKS):
            for row in range(rows):
                start, place = first + row * (one - 1), value + row * one
                if kind == LOGITS:
                    _simplex_back(values, slope, log_slope, place, one, gradient, start)
                else:
                    _known_sticks_back(x, start, one, numbers, place, values, slope, log_slope, gradient)
        elif kind == ZERO_SUM:
            _zero_sums_back(slope[value : value + rows * one * two].reshape((rows, one, two)), gradient, first)
        else:
            _alone_back(x, segments[segment], numbers, values, slope, log_slope, gradient)


@inside
def _alone_back(x: Any, segment: Any, numbers: Any, values: Any, slope: Any, log_slope: Any, gradient: Any) -> None:
    """From the slopes of numbers that stand by themselves to those in their unknowns."""
    kind, _, first, value, rows, _, _, _, _ = segment
    for k in range(rows):
        if kind == RAMP:
            _, rises = _ramp(x[first + k])
            gradient[first + k] += slope[value + k] * numbers[value + k, SCALE] * rises
        else:
            gradient[first + k] += _slope_back(kind, values[value + k], slope[value + k], log_slope[value + k])


@inside
def _slope_back(kind: Any, value: Any, slope: Any, log_slope: Any) -> Any:
    """Slope in the unknown of a number that stands by itself."""
    if kind == LOGIT:
        return slope * value * (1.0 - value) + log_slope
    return slope * value if kind == LOG else slope


@inside
def _simplex_back(values: Any, slope: Any, log_slope: Any, place: Any, size: Any, gradient: Any, first: Any) -> None:
    total = 0.0
    for k in range(place, place + size):
        log_slope[k] += slope[k] * values[k]
        total += log_slope[k]
    last = log_slope[place + size - 1] - values[place + size - 1] * total
    for k in range(size - 1):
        gradient[first + k] += log_slope[place + k] - values[place + k] * total - last


@inside
def _zero_sums_back(slope: Any, gradient: Any, first: Any) -> None:
    rows, one, two = slope.shape
    free_one, free_two = max(one - 1, 1), max(two - 1, 1)
    wide, free = np.empty((free_one, two)), np.empty(free_two)
    for row in range(rows):
        for k in range(two):
            _stretch_back(slope[row, :, k], wide[:, k])
        for k in range(free_one):
            _stretch_back(wide[k], free)
            start = first + (row * free_one + k) * free_two
            for j in range(free_two):
                gradient[start + j] += free[j]


@inside
def _effects(factors: Any, coefficients: Any, pairs: Any, values: Any, effects: Any) -> None:
    for piece in range(len(factors)):
        effect, one, two, three, exponent = factors[piece]
        part = coefficients[piece, 0] * values[one] * values[two] * values[three]
        if coefficients[piece, 1] != 0.0:
            part *= exp(coefficients[piece, 1] * values[exponent])
        effects[effect] += part
    single = len(effects) - len(pairs)
    for pair in range(len(pairs)):
        effects[single + pair] = effects[pairs[pair, 0]] + effects[pairs[pair, 1]]


@inside
def _effects_back(factors: Any, coefficients: Any, pairs: Any, values: Any, effect_slope: Any, slope: Any) -> None:
    single = len(effect_slope) - len(pairs)
    for pair in range(len(pairs) - 1, -1, -1):
        part = effect_slope[single + pair]
        effect_slope[pairs[pair, 0]] += part
        effect_slope[pairs[pair, 1]] += part
    for piece in range(len(factors)):
        effect, one, two, three, exponent = factors[piece]
        weight = coefficients[piece, 0] * effect_slope[effect]
        if coefficients[piece, 1] != 0.0:
            weight *= exp(coefficients[piece, 1] * values[exponent])
            slope[exponent] += coefficients[piece, 1] * weight * values[one] * values[two] * values[three]
        slope[one] += weight * values[two] * values[three]
        slope[two] += weight * values[one] * values[three]
        slope[three] += weight * values[one] * values[two]


@inside
def _rows(program: Any, node: Any, values: Any, logs: Any, effects: Any, cuts: Any, log_p: Any, kept: Any) -> None:
    kind, base, size = program.nodes[node, 0], program.nodes[node, 5], program.nodes[node, 6]
    if kind == CELL:
        _table_rows(program, node, logs, log_p)
    elif kind == CUMULATIVE_LOGIT:
        _cutpoints(values, base, size, cuts)
        _ordinal_rows(program, node, cuts, effects, log_p, kept)
    elif kind == CONTINUATION_RATIO:
        _step_cutpoints(logs, base, size, cuts)
        _sequential_rows(program, node, cuts, effects, log_p, kept)
    elif kind == HIGHEST:
        _highest_rows(program, node, values, log_p, kept)
    elif kind == BETA_BINOMIAL:
        _number_rows(program, node, logs, effects, log_p, kept)
    else:
        _softmax_rows(program, node, values, logs, effects, log_p, kept)


@inside
def _rows_back(
    program: Any, node: Any, values: Any, logs: Any, weights: Any, kept: Any, effect_slope: Any, log_slope: Any
) -> None:
    kind, base, size = program.nodes[node, 0], program.nodes[node, 5], program.nodes[node, 6]
    cut_slope = np.zeros(size + 1)
    if kind == CELL:
        _table_rows_back(program, node, weights, log_slope)
    elif kind == CUMULATIVE_LOGIT:
        _ordinal_rows_back(program, node, weights, kept, effect_slope, cut_slope)
        _cutpoints_back(values, base, size, cut_slope, log_slope)
    elif kind == CONTINUATION_RATIO:
        _sequential_rows_back(program, node, weights, kept, effect_slope, cut_slope)
        _step_cutpoints_back(logs, base, size, cut_slope, log_slope)
    elif kind == HIGHEST:
        _highest_rows_back(program, node, values, weights, kept, log_slope)
    elif kind == BETA_BINOMIAL:
        _number_rows_back(program, node, weights, kept, effect_slope, log_slope)
    else:
        _softmax_rows_back(program, node, weights, kept, effect_slope, log_slope)


@inside
def _table_rows(program: Any, node: Any, logs: Any, log_p: Any) -> None:
    _, first, last, place = program.nodes[node, :4]
    for row in range(first, last):
        log_p[row] = logs[program.picks[place + row - first]]


@inside
def _table_rows_back(program: Any, node: Any, weights: Any, log_slope: Any) -> None:
    _, first, last, place = program.nodes[node, :4]
    for row in range(first, last):
        log_slope[program.picks[place + row - first]] += weights[row]


@inside
def _cutpoints(values: Any, base: Any, size: Any, cuts: Any) -> None:
    """Logits of the running sum of the baseline; each tail is summed from its own end, where it is small."""
    below = 0.0
    for k in range(size - 1):
        below += values[base + k]
        above = 0.0
        for j in range(size - 1, k, -1):
            above += values[base + j]
        cuts[k + 1] = log(below) - log(above)


@inside
def _cutpoints_back(values: Any, base: Any, size: Any, cut_slope: Any, log_slope: Any) -> None:
    below = 0.0
    for k in range(size - 1):
        below += values[base + k]
        above = 0.0
        for j in range(size - 1, k, -1):
            above += values[base + j]
        for j in range(size):
            part = values[base + j] / below if j <= k else -values[base + j] / above
            log_slope[base + j] += cut_slope[k + 1] * part


@inside
def _log_logistic(x: Any) -> Any:
    """Logarithm of the logistic function, and its slope, from one exponential."""
    small = exp(-abs(x))
    log_p = -log1p(small)
    return (log_p, small / (1.0 + small)) if x >= 0.0 else (x + log_p, 1.0 / (1.0 + small))


@inside
def _edges(cuts: Any, size: Any, odds: Any, gaps: Any, shares: Any) -> Any:
    """Exponentials of the cutpoints, and how far out the farthest is.

    Of a state between two cutpoints c and c' `gaps` gets the logarithm of 1 - c / c', and `shares` what the slopes in
    both have of it.
    """
    far = 0.0
    for k in range(1, size):
        far = max(far, abs(cuts[k]))
        odds[k] = exp(cuts[k])
    for k in range(1, size - 1):
        ratio = exp(cuts[k] - cuts[k + 1])
        gaps[k], shares[k] = log1p(-ratio), ratio / (1.0 - ratio)
    return far


@inside
def _ordinal_rows(program: Any, node: Any, cuts: Any, effects: Any, log_p: Any, kept: Any) -> None:
    """Cumulative logit; `kept` gets the slopes in the upper and in the lower cutpoint.

    With o = exp(-eta) and c = exp(cutpoint), P(y = s) = o (c' - c) / ((1 + o c)(1 + o c')): one exponential and one
    logarithm a row. Where these would leave the range of numbers, logarithms are taken factor by factor.
    """
    first, last, size = program.nodes[node, 1], program.nodes[node, 2], program.nodes[node, 6]
    odds, gaps, shares = np.empty(size + 1), np.zeros(size), np.zeros(size)
    far = _edges(cuts, size, odds, gaps, shares)
    for row in range(first, last):
        eta = _added(program, node, row, effects)
        state = program.states[row]
        if abs(eta) + far < _IN_RANGE:
            found, upper, lower = _between(state, size, eta, cuts, odds)
        else:
            found, upper, lower = _far_between(state, size, eta, cuts)
        if 0 < state < size - 1:
            found, upper, lower = found + gaps[state], upper + shares[state], lower - shares[state]
        log_p[row], kept[row, 0], kept[row, 1] = found, upper, lower


@inside_at_once
def _added(program: Any, node: Any, row: Any, effects: Any) -> Any:
    """What the effects of a row add up to."""
    width, eta = program.nodes[node, 4], 0.0
    start = program.nodes[node, 3] + (row - program.nodes[node, 1]) * width
    for k in range(start, start + width):
        eta += effects[at(program.picks[at(k)])]
    return eta


@inside
def _halvings(cases: Any, spread: Any) -> Any:
    """How many times the distance between two points is halved for a member of so many cases, up to `_FINEST`.

    The trapezoidal rule misses the integral of a normal density by 2 exp(-2 (pi s / h)^2) with s its standard
    deviation, and that of a logistic function by the exponential of -2 pi times the distance of its poles, pi / spread,
    over h (Trefethen and Weideman 2014†). No case says more of a logit than a half, and few come near it.
    """
    level, step = 0, _STEP
    narrow = 1.0 + 0.4 * cases * spread * spread
    while level < _FINEST and (step * step * narrow > _NARROW * _NARROW or step * spread > _FROM_POLES):
        level, step = level + 1, 0.5 * step
    return level


@inside
def _population(level: Any, spread: Any, z: Any, turned: Any, mass: Any) -> Any:
    """Points of a standard normal population, exp(-effect) there, and their weights; gives how many points they are."""
    half, step = _POINTS << level, _STEP / (1 << level)
    total = 0.0
    for q in range(2 * half):
        z[q] = (q - half + 0.5) * step
        turned[q] = exp(-spread * z[q])
        mass[q] = exp(-0.5 * z[q] * z[q])
        total += mass[q]
    for q in range(2 * half):
        mass[q] /= total
    return 2 * half


@inside
def _integrated_rows(program: Any, node: Any, values: Any, effects: Any, cuts: Any, kept: Any, slope: Any) -> Any:
    """Cumulative logit of rows whose member is integrated out, one factor for each member; `kept` as for other rows.

    A member's effect is summed over points by the trapezoidal rule. The slope in a row is its average over the points,
    each weighing as much as it has of the sum.
    """
    size, sd = program.nodes[node, 6], program.nodes[node, SPREAD]
    spread, most, largest = values[sd], 0, 0
    first, last = program.nodes[node, SPAN], program.nodes[node, SPAN_END]
    odds, gaps, shares = np.empty(size + 1), np.zeros(size), np.zeros(size)
    far = _edges(cuts, size, odds, gaps, shares)
    for span in range(first, last):
        most = max(most, program.spans[span, 1] - program.spans[span, 0])
        largest = max(largest, program.spans[span, 2])
    points = 2 * (_POINTS << _halvings(largest, spread))
    reach = far + spread * _STEP * _POINTS
    z, turned, mass, like = np.empty(points), np.empty(points), np.empty(points), np.empty(points)
    above, below = np.empty(most * points), np.empty(most * points)
    total, in_spread, level, number = 0.0, 0.0, -1, 0
    for span in range(first, last):
        row, end, cases = program.spans[span, 0], program.spans[span, 1], program.spans[span, 2]
        wanted = _halvings(cases, spread)
        if wanted != level:
            level, number = wanted, _population(wanted, spread, z, turned, mass)
        out = 0.0
        for one in range(row, end):
            kept[one, 0] = _added(program, node, one, effects)
            out = max(out, abs(kept[one, 0]))
        if cases == 1 and out + reach < _IN_RANGE:
            state, against = program.states[row], exp(-kept[row, 0])
            upper = against * odds[state + 1] if state < size - 1 else 0.0
            lower = against * odds[state] if state > 0 else 0.0
            found, high, low, turn = _alone(state < size - 1, upper, lower, turned, mass, z, number)
            total += log(found) + gaps[state] + (cuts[state + 1] - kept[row, 0] if state < size - 1 else 0.0)
            in_spread -= turn / found
            kept[row, 0], kept[row, 1] = high / found + shares[state], low / found - shares[state]
            continue
        if (out + reach) * cases < _IN_RANGE:
            total += _near_factors(program, row, end, size, kept, cuts, odds, turned, mass, number, above, below, like)
        else:
            total += _far_factors(program, row, end, size, spread, kept, cuts, z, mass, number, above, below, like)
        found = _sum(like, number)
        total += log(found)
        for one in range(row, end):
            state, times = program.states[one], program.counts[one]
            high, low, turn = _sums_of_slopes(like, z, number, (one - row) * number, above, below)
            total += times * gaps[state]
            in_spread -= times * turn / found
            kept[one, 0], kept[one, 1] = high / found + shares[state], low / found - shares[state]
    slope[sd] += in_spread
    return total


@inside_in_any_order
def _alone(edge: Any, upper: Any, lower: Any, turned: Any, mass: Any, z: Any, number: Any) -> Any:
    """Sum over the points of a member with one row, and the sums of its slopes: most members have no more."""
    found, high, low, turn = 0.0, 0.0, 0.0, 0.0
    if edge:
        for q in range(number):
            over, under = 1.0 + upper * turned[at(q)], 1.0 + lower * turned[at(q)]
            both = 1.0 / (over * under)
            above, below = both * under, both * over
            like = mass[at(q)] * turned[at(q)] * both
            found += like
            high += like * above
            low += like * (below - 1.0)
            turn += like * z[at(q)] * (above + (below - 1.0))
    else:
        for q in range(number):
            below = 1.0 / (1.0 + lower * turned[at(q)])
            like = mass[at(q)] * below
            found += like
            low += like * (below - 1.0)
            turn += like * z[at(q)] * (below - 1.0)
    return found, high, low, turn


@inside_in_any_order
def _below_an_edge(
    upper: Any, lower: Any, turned: Any, number: Any, start: Any, above: Any, below: Any, like: Any
) -> None:
    """Logistic functions of a row's two edges at each point; `like` is multiplied by them, see `_between`."""
    for q in range(number):
        over, under = 1.0 + upper * turned[at(q)], 1.0 + lower * turned[at(q)]
        both = 1.0 / (over * under)
        above[at(start + q)], below[at(start + q)] = both * under, both * over
        like[at(q)] *= turned[at(q)] * both


@inside_in_any_order
def _above_all_edges(lower: Any, turned: Any, number: Any, start: Any, above: Any, below: Any, like: Any) -> None:
    for q in range(number):
        below[at(start + q)] = 1.0 / (1.0 + lower * turned[at(q)])
        above[at(start + q)] = 0.0
        like[at(q)] *= below[at(start + q)]


@inside_in_any_order
def _once_more(edge: Any, turned: Any, number: Any, start: Any, above: Any, below: Any, like: Any) -> None:
    """Multiply `like` by the same again, for another case of the row."""
    if edge:
        for q in range(number):
            like[at(q)] *= turned[at(q)] * above[at(start + q)] * below[at(start + q)]
    else:
        for q in range(number):
            like[at(q)] *= below[at(start + q)]


@inside_in_any_order
def _sum(like: Any, number: Any) -> Any:
    total = 0.0
    for q in range(number):
        total += like[at(q)]
    return total


@inside_in_any_order
def _sums_of_slopes(like: Any, z: Any, number: Any, start: Any, above: Any, below: Any) -> Any:
    """Slopes of a row in the upper and in the lower cutpoint, and less its slope in the spread, over all points."""
    high, low, turn = 0.0, 0.0, 0.0
    for q in range(number):
        upper, lower = like[at(q)] * above[at(start + q)], like[at(q)] * (below[at(start + q)] - 1.0)
        high += upper
        low += lower
        turn += z[at(q)] * (upper + lower)
    return high, low, turn


@inside_at_once
def _near_factors(
    program: Any,
    row: Any,
    end: Any,
    size: Any,
    kept: Any,
    cuts: Any,
    odds: Any,
    turned: Any,
    mass: Any,
    number: Any,
    above: Any,
    below: Any,
    like: Any,
) -> Any:
    """Write what all rows of a member have at each point; gives the logarithm of what all points share."""
    total = 0.0
    for q in range(number):
        like[q] = mass[q]
    for one in range(row, end):
        eta, state, times = kept[one, 0], program.states[one], program.counts[one]
        against, start = exp(-eta), (one - row) * number
        lower = against * odds[state] if state > 0 else 0.0
        if state < size - 1:
            _below_an_edge(against * odds[state + 1], lower, turned, number, start, above, below, like)
            total += times * (cuts[state + 1] - eta)
        else:
            _above_all_edges(lower, turned, number, start, above, below, like)
        while times > 1.0:
            times -= 1.0
            _once_more(state < size - 1, turned, number, start, above, below, like)
    return total


@inside
def _far_factors(
    program: Any,
    row: Any,
    end: Any,
    size: Any,
    spread: Any,
    kept: Any,
    cuts: Any,
    z: Any,
    mass: Any,
    number: Any,
    above: Any,
    below: Any,
    like: Any,
) -> Any:
    """The same as `_near_factors`, by logarithms."""
    top = -np.inf
    for q in range(number):
        like[q] = log(mass[q])
        for one in range(row, end):
            found, upper, lower = _far_between(program.states[one], size, kept[one, 0] + spread * z[q], cuts)
            like[q] += program.counts[one] * found
            above[(one - row) * number + q], below[(one - row) * number + q] = upper, 1.0 + lower
        top = max(top, like[q])
    for q in range(number):
        like[q] = exp(like[q] - top)
    return top


@inside
def _between(state: Any, size: Any, eta: Any, cuts: Any, odds: Any) -> Any:
    """Log of logistic(upper) logistic(-lower), with its slopes in the two cutpoints."""
    against = exp(-eta)
    log_p, sides, upper_slope, lower_slope = 0.0, 1.0, 0.0, 0.0
    if state < size - 1:
        upper = 1.0 + against * odds[state + 1]
        upper_slope, sides, log_p = 1.0 / upper, upper, cuts[state + 1] - eta
    if state > 0:
        lower = 1.0 + against * odds[state]
        lower_slope, sides = 1.0 / lower - 1.0, sides * lower
    return log_p - log(sides), upper_slope, lower_slope


@inside
def _far_between(state: Any, size: Any, eta: Any, cuts: Any) -> Any:
    log_p, upper_slope, lower_slope = 0.0, 0.0, 0.0
    if state < size - 1:
        log_p, upper_slope = _log_logistic(cuts[state + 1] - eta)
    if state > 0:
        over, slope = _log_logistic(eta - cuts[state])
        log_p, lower_slope = log_p + over, -slope
    return log_p, upper_slope, lower_slope


@inside
def _ordinal_rows_back(program: Any, node: Any, weights: Any, kept: Any, effect_slope: Any, cut_slope: Any) -> None:
    _, first, _, place, width, _, _, last = program.nodes[node, :8]
    for row in range(first, last):
        state = program.states[row]
        upper, lower = weights[row] * kept[row, 0], weights[row] * kept[row, 1]
        cut_slope[state + 1] += upper
        cut_slope[state] += lower
        start = place + (row - first) * width
        for k in range(start, start + width):
            effect_slope[at(program.picks[at(k)])] -= upper + lower


@inside
def _step_cutpoints(logs: Any, base: Any, size: Any, cuts: Any) -> None:
    """Logits of the continuation ratios of the baseline: a state against all above it, whose sum begins at the top."""
    above = logs[base + size - 1]
    for k in range(size - 2, -1, -1):
        cuts[k] = logs[base + k] - above
        above = _log_sum(above, logs[base + k])


@inside
def _step_cutpoints_back(logs: Any, base: Any, size: Any, cut_slope: Any, log_slope: Any) -> None:
    above = logs[base + size - 1]
    for k in range(size - 2, -1, -1):
        log_slope[base + k] += cut_slope[k]
        for j in range(k + 1, size):
            log_slope[base + j] -= cut_slope[k] * exp(logs[base + j] - above)
        above = _log_sum(above, logs[base + k])


@inside
def _log_sum(one: Any, other: Any) -> Any:
    return max(one, other) + log1p(exp(-abs(one - other)))


@inside
def _sequential_rows(program: Any, node: Any, cuts: Any, effects: Any, log_p: Any, kept: Any) -> None:
    """Continuation-ratio logit; `kept` gets the slope in what each step that was asked adds up."""
    _, first, last, place, width, _, size = program.nodes[node, :7]
    for row in range(first, last):
        start = place + (row - first) * width
        state = program.states[row]
        log_p[row] = 0.0
        for s in range(min(state + 1, size - 1)):
            eta = -cuts[s]
            for k in range(start, start + width):
                eta += effects[program.picks[k] + s]
            # Up from the step, or for good at it.
            part, slope = _log_logistic(eta if s < state else -eta)
            log_p[row] += part
            kept[row, s] = slope if s < state else -slope


@inside
def _sequential_rows_back(program: Any, node: Any, weights: Any, kept: Any, effect_slope: Any, cut_slope: Any) -> None:
    _, first, last, place, width, _, size = program.nodes[node, :7]
    for row in range(first, last):
        start = place + (row - first) * width
        for s in range(min(program.states[row] + 1, size - 1)):
            part = weights[row] * kept[row, s]
            cut_slope[s] -= part
            for k in range(start, start + width):
                effect_slope[program.picks[k] + s] += part


@inside
def _softmax_rows(program: Any, node: Any, values: Any, logs: Any, effects: Any, log_p: Any, kept: Any) -> None:
    """Multinomial logit; `kept` gets the probabilities.

    Exponentials are taken of the effects, which are few, and multiplied in the rows, which are many; where products
    could leave the range of numbers, exponentials are taken of the sums.
    """
    _, first, last, place, width, base, size = program.nodes[node, :7]
    single = effects[: len(effects) - len(program.pairs)]
    odds = np.exp(single)
    far = 0.0
    for effect in single:
        far = max(far, abs(effect))
    in_range = far * width < _IN_RANGE
    for row in range(first, last):
        start = place + (row - first) * width
        own = logs[base + program.states[row]]
        for k in range(start, start + width):
            own += effects[program.picks[k] + program.states[row]]
        picks = program.picks[start : start + width]
        top = 0.0 if in_range else _far_scores(logs[base : base + size], picks, effects, kept[row])
        if in_range:
            for s in range(size):
                kept[row, s] = values[base + s]
                for pick in picks:
                    kept[row, s] *= odds[pick + s]
        mass = kept[row, :size].sum()
        log_p[row] = own - top - log(mass)
        for s in range(size):
            kept[row, s] /= mass


@inside
def _far_scores(logs: Any, picks: Any, effects: Any, weights: Any) -> Any:
    """Write exp(score - top) of each state, and give the top."""
    top = -np.inf
    for s in range(len(logs)):
        weights[s] = logs[s]
        for pick in picks:
            weights[s] += effects[pick + s]
        top = max(top, weights[s])
    for s in range(len(logs)):
        weights[s] = exp(weights[s] - top)
    return top


@inside
def _softmax_rows_back(program: Any, node: Any, weights: Any, kept: Any, effect_slope: Any, log_slope: Any) -> None:
    _, first, last, place, width, base, size = program.nodes[node, :7]
    for row in range(first, last):
        start = place + (row - first) * width
        for s in range(size):
            part = -weights[row] * kept[row, s]
            if s == program.states[row]:
                part += weights[row]
            log_slope[base + s] += part
            for k in range(start, start + width):
                effect_slope[program.picks[k] + s] += part


@inside
def _highest_rows(program: Any, node: Any, values: Any, log_p: Any, kept: Any) -> None:
    """The highest of what causes bring about; `kept` gets the slope in the logarithm of all staying below.

    With F the running sum of what one cause brings about, P(y = s) is the product of F(s) over causes times one less
    the product of F(s - 1) / F(s); the logarithms of both are taken once for each cause and state.
    """
    _, first, last, place, width, _, size = program.nodes[node, :7]
    at_most, below = np.ones(len(values)), np.empty(len(values))
    for row in range(first, last):
        state, start = program.states[row], place + (row - first) * width
        reached, missed = 0.0, 0.0
        for push in program.picks[start : start + width]:
            if push >= 0:
                if at_most[push] > 0.0:  # a logarithm of a probability is not: this one has not been taken yet
                    _log_reached(values, push, size, at_most, below)
                reached += at_most[push + state]
                missed += below[push + state]
        log_p[row], kept[row, 0] = reached, 0.0
        if state > 0:
            log_p[row] += log(-expm1(missed))
            kept[row, 0] = -1.0 / expm1(-missed)


@inside
def _log_reached(values: Any, push: Any, size: Any, at_most: Any, below: Any) -> None:
    """Logarithms of F(s) and of F(s - 1) / F(s)."""
    lower = 0.0
    for place in range(push, push + size):
        reached = lower + values[place]
        share = values[place] / reached
        at_most[place] = log(reached)
        below[place] = log1p(-share) if share < 0.5 else log(lower / reached)
        lower = reached


@inside
def _highest_rows_back(program: Any, node: Any, values: Any, weights: Any, kept: Any, log_slope: Any) -> None:
    _, first, last, place, width, _, size = program.nodes[node, :7]
    reached, missed, seen = np.zeros(len(values)), np.zeros(len(values)), np.zeros(len(values), np.bool_)
    for row in range(first, last):
        state, start = program.states[row], place + (row - first) * width
        for push in program.picks[start : start + width]:
            if push >= 0:
                seen[push] = True
                reached[push + state] += weights[row]
                missed[push + state] += weights[row] * kept[row, 0]
    for push in range(len(values)):
        if not seen[push]:
            continue
        lower = 0.0
        for s in range(push, push + size):
            total = lower + values[s]
            log_slope[s] += (reached[s] - missed[s]) * values[s] / total
            for j in range(push, s):
                log_slope[j] += (reached[s] + missed[s] * values[s] / lower) * values[j] / total
            lower = total


@inside
def _number_rows(program: Any, node: Any, logs: Any, effects: Any, log_p: Any, kept: Any) -> None:
    """How many of some members act; `kept` gets the slopes in the log-odds of one member and of their correlation.

    As in `servanda.models.families.collective`: with a_i = q (1 - rho) + i rho, b_i the same of 1 - q, and
    c_i = 1 - rho + i rho, P(y of k) is k! / prod_{i<k} c_i times prod_{i<y} a_i / y! times prod_{i<k-y} b_i / (k-y)!.
    """
    _, first, last, place, width, base = program.nodes[node, :6]
    largest = 0
    for row in range(first, last):
        largest = max(largest, program.picks[place + (row - first) * width])
    acts, fails = np.empty((largest + 1, 3)), np.empty((largest + 1, 3))
    for row in range(first, last):
        start = place + (row - first) * width
        odds = logs[base]
        for k in range(start + BEFORE_EFFECTS, start + width):
            odds += effects[program.picks[k]]
        members, fewest, most, rho = program.picks[start : start + BEFORE_EFFECTS]
        if fewest > most:  # more than there are cannot act
            log_p[row], kept[row, 0], kept[row, 1] = -np.inf, 0.0, 0.0
            continue
        together = logs[rho] if rho >= 0 else -np.inf
        _runs(odds, together, members, acts)
        _runs(-odds, together, members, fails)
        log_p[row], kept[row, 0], kept[row, 1] = _among(members, fewest, most, acts, fails)
        whole, slope = _whole(together, members)
        log_p[row] += whole
        kept[row, 1] += slope


@inside
def _runs(odds: Any, together: Any, members: Any, runs: Any) -> None:
    """Log of prod_{i<n} a_i / n! for each n, with its slopes in the log-odds of a and in those of the correlation."""
    log_q, no_q = _log_logistic(odds)
    log_apart, rho = _log_logistic(-together)
    q, apart = exp(log_q), exp(log_apart)
    runs[0] = 0.0
    for i in range(members):
        if i == 0 or rho == 0.0:
            part, in_odds, in_rho = log_q + log_apart, no_q, -rho
        else:
            a = q * apart + i * rho
            part, in_odds, in_rho = log(a), q * no_q * apart / a, (i - q) * rho * apart / a
        runs[i + 1, 0] = runs[i, 0] + part - log(i + 1.0)
        runs[i + 1, 1] = runs[i, 1] + in_odds
        runs[i + 1, 2] = runs[i, 2] + in_rho


@inside
def _among(members: Any, fewest: Any, most: Any, acts: Any, fails: Any) -> Any:
    """Logarithm of the sum over the numbers that may act, with its slopes."""
    top = -np.inf
    for y in range(fewest, most + 1):
        top = max(top, acts[y, 0] + fails[members - y, 0])
    mass, in_odds, in_rho = 0.0, 0.0, 0.0
    for y in range(fewest, most + 1):
        part = exp(acts[y, 0] + fails[members - y, 0] - top)
        mass += part
        in_odds += part * (acts[y, 1] - fails[members - y, 1])
        in_rho += part * (acts[y, 2] + fails[members - y, 2])
    return top + log(mass), in_odds / mass, in_rho / mass


@inside
def _whole(together: Any, members: Any) -> Any:
    """Log of k! / prod_{i<k} c_i, with its slope in the log-odds of the correlation."""
    log_apart, rho = _log_logistic(-together)
    apart = exp(log_apart)
    log_p, slope = 0.0, 0.0
    for i in range(members):
        if i == 0 or rho == 0.0:
            log_p += log(i + 1.0) - log_apart
            slope += rho
        else:
            c = apart + i * rho
            log_p += log((i + 1.0) / c)
            slope -= (i - 1.0) * rho * apart / c
    return log_p, slope


@inside
def _number_rows_back(program: Any, node: Any, weights: Any, kept: Any, effect_slope: Any, log_slope: Any) -> None:
    _, first, last, place, width, base = program.nodes[node, :6]
    for row in range(first, last):
        start = place + (row - first) * width
        part, rho = weights[row] * kept[row, 0], program.picks[start + BEFORE_EFFECTS - 1]
        log_slope[base] += part
        if rho >= 0:
            log_slope[rho] += weights[row] * kept[row, 1]
        for k in range(start + BEFORE_EFFECTS, start + width):
            effect_slope[program.picks[k]] += part


@inside
def _sum_holes(program: Any, log_p: Any, weights: Any) -> Any:
    """Sum over the completions of missing cells; to the weight of a row each gives its share of the sum."""
    total = 0.0
    for part in range(len(program.incomplete)):
        begin, nodes, tally, distinct, completions = program.incomplete[part]
        rows = program.completed[begin : begin + nodes * distinct * completions].reshape((nodes, distinct, completions))
        joint = np.empty(completions)
        for pattern in range(distinct):
            joint[:] = 0.0
            for node in range(nodes):
                for completion in range(completions):
                    joint[completion] += log_p[rows[node, pattern, completion]]
            top = joint.max()
            mass = 0.0
            for completion in range(completions):
                joint[completion] = exp(joint[completion] - top)
                mass += joint[completion]
            count = program.pattern_counts[tally + pattern]
            total += count * (top + log(mass))
            for node in range(nodes):
                for completion in range(completions):
                    weights[rows[node, pattern, completion]] += count / mass * joint[completion]
    return total


@entry
def draw_members(x: Any, program: Any, node: Any, rng: Any, units: Any) -> None:
    """Draw the effects of members that are integrated out, in units of their spread, given each draw of the rest.

    The density of such an effect is log-concave, and its logarithm at least as curved as a standard normal one's. So it
    lies below a normal density of that spread that touches it anywhere, which is drawn from until a draw is accepted:
    exact wherever it touches, and quick where that is near the top.
    """
    size, sd = program.nodes[node, 6], program.nodes[node, SPREAD]
    values, logs = np.ones(len(program.numbers) + 1), np.zeros(len(program.numbers) + 1)
    unused, gradient = np.zeros(len(values)), np.zeros(x.shape[1])
    effects, cuts, eta = np.zeros(program.effects), np.empty(size + 1), np.empty(len(program.states))
    for draw in range(len(x)):
        _parameters(x[draw], program.segments, program.numbers, values, logs, unused, gradient)
        effects[:] = 0.0
        _effects(program.factors, program.coefficients, program.pairs, values, effects)
        _cutpoints(values, program.nodes[node, 5], size, cuts)
        for span in range(program.nodes[node, SPAN], program.nodes[node, SPAN_END]):
            for row in range(program.spans[span, 0], program.spans[span, 1]):
                eta[row] = _added(program, node, row, effects)
            units[draw, program.spans[span, 3]] = _unit_drawn(program, size, span, eta, cuts, values[sd], rng)


@inside
def _unit_drawn(program: Any, size: Any, span: Any, eta: Any, cuts: Any, spread: Any, rng: Any) -> Any:
    # The slope falls all along, and is zero no farther out than what the cases can push: Newton's steps, kept between.
    low, high, touch = -spread * program.spans[span, 2], spread * program.spans[span, 2], 0.0
    most = 0.5 * spread * high
    top, rises, bends = _unit_density(program, size, span, eta, cuts, spread, touch)
    for _ in range(_TOWARDS):
        if rises * rises * most < _NEAR:
            break
        if rises > 0.0:
            low = touch
        else:
            high = touch
        step = touch + rises / bends
        touch = step if low < step < high else 0.5 * (low + high)
        top, rises, bends = _unit_density(program, size, span, eta, cuts, spread, touch)
    for _ in range(_TRIES):
        away = rises + rng.standard_normal()
        found, _, _ = _unit_density(program, size, span, eta, cuts, spread, touch + away)
        if log(rng.random()) <= found - top - away * (rises - 0.5 * away):
            return touch + away
    return np.nan  # only where the density is no number


@inside
def _unit_density(program: Any, size: Any, span: Any, eta: Any, cuts: Any, spread: Any, unit: Any) -> Any:
    """Log density of a member's effect but for what does not depend on it, its slope, and how much it is curved."""
    found, rises, bends = -0.5 * unit * unit, -unit, 1.0
    for row in range(program.spans[span, 0], program.spans[span, 1]):
        log_p, upper, lower = _far_between(program.states[row], size, eta[row] + spread * unit, cuts)
        times = program.counts[row]
        found += times * log_p
        rises -= times * spread * (upper + lower)
        bends += times * spread * spread * (upper * (1.0 - upper) - lower * (1.0 + lower))
    return found, rises, bends


@called_by_nutpie(DENSITY, error_model="numpy")
def density_for_nutpie(size: Any, x: Any, gradient: Any, value: Any, facts: Any) -> Any:
    """`log_density` as nutpie calls it, without the interpreter; `facts` are the addresses of a program."""
    table = view(facts, (14, 3), np.int64)
    program = Program(
        integers_at(table[0]),
        reals_at(table[1]),
        integers_at(table[2]),
        reals_at(table[3]),
        integers_at(table[4]),
        integers_at(table[5])[0],
        integers_at(table[6])[0],
        reals_at(table[7])[0],
        integers_at(table[8]),
        integers_at(table[9])[0],
        reals_at(table[10])[0],
        integers_at(table[11]),
        integers_at(table[12]),
        table[13, 0],
    )
    slopes = view(gradient, (size,))
    return told(value, log_density(view(x, (size,)), program, slopes), slopes)
