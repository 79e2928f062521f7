r"""R-hat, effective sample sizes and Monte Carlo errors of many numbers at once.

The numbers are ArviZ's own, by its own formulas (Vehtari and others 2021, doi 10.1214/20-BA1221), which goes through
them one at a time: a fit has hundreds. Here all are ranked, transformed and summed together, and nothing but NumPy and
two functions of SciPy is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Ranks are brought between 0 and 1 by this offset (Blom 1958†).
_OFFSET = 3 / 8
#: Fewer draws than this in a chain have no diagnostics.
_FEWEST = 4
#: Values that are looked at together: what they take fits in a processor's cache.
_TOGETHER = 2**18


@dataclass(frozen=True)
class Mixing:
    """How well the chains of some numbers mix.

    Parameters
    ----------
    bulk, tail
        Effective sample sizes, shape (numbers,).
    rhat
        The larger of the rank-normalised split R-hats of the draws and of their distances from the median, shape
        (numbers,); NaN for a single chain.
    """

    bulk: np.ndarray
    tail: np.ndarray
    rhat: np.ndarray


def mixing(x: np.ndarray, tails: tuple[float, float]) -> Mixing:
    """Bulk and tail effective sample sizes and R-hat of every number.

    Parameters
    ----------
    x
        Draws, shape (chains, draws, numbers).
    tails
        Quantiles whose effective sizes are those of the tails.

    Returns
    -------
    Mixing
        NaN where a draw is, and everywhere if a chain has fewer than four.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4, 500, 3)) + [[[0, 0, 0]], [[0, 0, 1]], [[0, 0, 2]], [[0, 0, 3]]]
    >>> mixing(x, (0.05, 0.95)).rhat.round(2)
    array([1.  , 1.  , 1.55])
    """
    return Mixing(*_by_parts(x, lambda part: _mixing(part, tails), 3))


def mean_size(x: np.ndarray) -> np.ndarray:
    """Effective sample size for the mean of every number.

    Parameters
    ----------
    x
        Draws, shape (chains, draws, numbers).

    Returns
    -------
    ndarray
        Shape (numbers,); NaN as in `mixing`.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4, 500, 2)).cumsum(axis=1)
    >>> (mean_size(x) < 20).all()
    np.True_
    """
    return _by_parts(x, lambda part: (_effective(_split(part)),), 1)[0]


def mean_error(x: np.ndarray) -> np.ndarray:
    """Monte Carlo standard error of the mean of every number.

    Parameters
    ----------
    x
        Draws, shape (chains, draws, numbers).

    Returns
    -------
    ndarray
        Shape (numbers,), in units of the draws; NaN as in `mixing`.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4, 500, 1))
    >>> mean_error(x).round(3)
    array([0.023])
    """
    size = x.shape[0] * x.shape[1]
    return x.std(axis=(0, 1)) * np.sqrt(size / (size - 1) / mean_size(x)) if size > 1 else mean_size(x)


def _by_parts(x: np.ndarray, function: Callable[[np.ndarray], tuple[np.ndarray, ...]], results: int) -> np.ndarray:
    """What a function of draws, shape (numbers, chains, draws), gives of all numbers, some at a time."""
    chains, draws, numbers = x.shape
    found = np.full((results, numbers), np.nan)
    if draws < _FEWEST:
        return found
    together = max(1, _TOGETHER // (chains * draws))
    with np.errstate(all="ignore"):  # NaN is the answer where there is none
        for start in range(0, numbers, together):
            part = np.ascontiguousarray(np.moveaxis(x[..., start : start + together], 2, 0), float)
            found[:, start : start + together] = function(part)
    found[:, np.isnan(x).any(axis=(0, 1))] = np.nan
    return found


def _mixing(x: np.ndarray, tails: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    halves = _split(x)
    scaled, median = _normal_scores(halves)
    low, high = (
        _effective(_split((x <= quantile[:, None, None]).astype(float)))
        for quantile in np.quantile(x.reshape(len(x), -1), tails, axis=1)
    )
    rhat = np.full(len(x), np.nan)
    if x.shape[1] > 1:
        folded, _ = _normal_scores(np.abs(halves - median[:, None, None]))
        middle, spread = _rhat(scaled), _rhat(folded)
        rhat = np.where(spread > middle, spread, middle)
    return _effective(scaled), np.where(high < low, high, low), rhat


def _split(x: np.ndarray) -> np.ndarray:
    """The halves of each chain as chains; of an odd number of draws the one in the middle is left out."""
    half = x.shape[2] // 2
    return np.concatenate((x[..., :half], x[..., -half:]), axis=1)


def _normal_scores(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normal quantiles of the ranks of each number's draws, equal ones sharing theirs, and the median of the draws."""
    from scipy.special import ndtri

    flat = x.reshape(len(x), -1)
    size = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ascending = np.take_along_axis(flat, order, axis=1)
    places: np.ndarray = np.arange(size)
    differ = ascending[:, 1:] != ascending[:, :-1]
    if not differ.all():
        edge = np.ones((len(x), 1), bool)
        first = np.maximum.accumulate(np.where(np.hstack((edge, differ)), places, 0), axis=1)
        ends = np.where(np.hstack((differ, edge)), places, size)
        places = (first + np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]) / 2
    scores = np.empty_like(flat)
    np.put_along_axis(
        scores, order, np.broadcast_to(ndtri((places + 1 - _OFFSET) / (size + 1 - 2 * _OFFSET)), flat.shape), axis=1
    )
    # Half chains come in pairs, so that the number of draws is even.
    return scores.reshape(x.shape), (ascending[:, size // 2 - 1] + ascending[:, size // 2]) / 2


def _rhat(x: np.ndarray) -> np.ndarray:
    draws = x.shape[2]
    between = draws * x.mean(axis=2).var(axis=1, ddof=1)
    within = x.var(axis=2, ddof=1).mean(axis=1)
    return np.sqrt((between / within + draws - 1) / draws)


def _effective(x: np.ndarray) -> np.ndarray:
    """Effective size by Geyer's initial monotone sequence (Geyer 1992†, section 3.3), shape (numbers,)."""
    from scipy.fft import irfft, next_fast_len, rfft

    numbers, chains, draws = x.shape
    total = chains * draws
    length = next_fast_len(2 * draws)
    means = x.mean(axis=2)
    spectrum: Any = rfft(x - means[..., None], n=length, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance: Any = irfft(power, n=length, axis=1)
    covariance = covariance[:, :draws] / draws
    within = covariance[:, :1] * draws / (draws - 1)
    variance = covariance[:, 0] + (means.var(axis=1, ddof=1) if chains > 1 else 0.0)
    rho = 1 - (within - covariance) / variance[:, None]
    rho[:, 0] = 1.0
    # Sums of neighbours are positive until they are noise; from the first that is not, at the latest from the last
    # there is, nothing counts but that one's even lag.
    last = max(0, (draws - 3) // 2)
    pairs = rho[:, 0 : 2 * last + 2 : 2] + rho[:, 1 : 2 * last + 2 : 2]
    noise = ~(pairs > 0)
    noise[:, last] = True
    ends = noise.argmax(axis=1)
    falling = np.minimum.accumulate(pairs[:, : ends.max(initial=0)], axis=1)
    summed = np.where(np.arange(falling.shape[1]) < ends[:, None], falling, 0.0).sum(axis=1)
    rows = np.arange(numbers)
    even = rho[rows, 2 * ends]
    kept = np.where((even > 0) | (pairs[rows, ends] >= 0), even, 0.0)
    sizes = total / np.maximum(2 * summed + kept - 1, 1 / np.log10(total))
    sizes[np.isnan(rho[:, 1])] = np.nan
    return np.where(np.ptp(x, axis=(1, 2)) < np.finfo(float).resolution, total, sizes)


__all__ = ["Mixing", "mean_error", "mean_size", "mixing"]
