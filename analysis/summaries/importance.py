"""Draws with importance weights: smoothing them, summaries under them, and leaving out one unit by them.

The largest weights are smoothed by a generalised Pareto distribution, whose shape k says whether they can be trusted
(Vehtari and others 2024, Pareto smoothed importance sampling, JMLR 25(72)†).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...models.diagnostics import mean_error, mean_size
from .summary import INTERVAL, array_stats

if TYPE_CHECKING:
    import pandas as pd

#: Weights with a larger shape are not trusted; with few draws even smaller ones are not.
MOST_K = 0.7


@dataclass(frozen=True)
class ImportanceWeights:
    """Weights of draws.

    Parameters
    ----------
    log
        Their logarithms, smoothed, adding up to one as weights; shape (chains, draws).
    pareto_k
        Shape of their tail; minus infinity where all weigh the same.
    log_mean
        Logarithm of the mean of the raw weights: how much more likely the new prior makes the data than the old, if
        both densities are normalised.
    """

    log: np.ndarray
    pareto_k: float
    log_mean: float

    @cached_property
    def values(self) -> np.ndarray:
        """The weights, shape (chains, draws)."""
        return np.exp(self.log)

    def mean(self, x: np.ndarray) -> float:
        """Weighted mean of draws, shape (chains, draws)."""
        return float((self.values * x).sum())

    @property
    def trusted(self) -> bool:
        """Whether the shape of the tail is below `MOST_K` and what so many draws allow."""
        return self.pareto_k < good_k(self.log.size)

    @property
    def effective(self) -> float:
        """Kish's effective number of draws."""
        return float(1.0 / (self.values**2).sum())


def good_k(draws: int) -> float:
    """The largest shape that is trusted at a number of draws: min(1 - 1 / log10(draws), 0.7).

    Examples
    --------
    >>> good_k(4000), round(good_k(500), 2)
    (0.7, 0.63)
    """
    return min(1 - 1 / math.log10(draws), MOST_K) if draws > 10 else 0.0


def without_idle_k(table: pd.DataFrame) -> pd.DataFrame:
    """Table as it is shown: the shape is blank where draws are not weighted, of which it is minus infinity.

    Examples
    --------
    >>> import pandas as pd
    >>> without_idle_k(pd.DataFrame({"pareto_k": [-np.inf, 0.3]}))["pareto_k"].tolist()
    [nan, 0.3]
    """
    return table.assign(pareto_k=table["pareto_k"].replace(-np.inf, np.nan))


def smoothed(log_ratio: np.ndarray) -> ImportanceWeights:
    """Pareto-smoothed weights of draws.

    Parameters
    ----------
    log_ratio
        Logarithms of the raw weights, shape (chains, draws).

    Returns
    -------
    ImportanceWeights
        Equal ones, exactly, where the ratio is the same in all draws (a flat prior against itself): nothing is
        smoothed then, which ArviZ's own functions refuse.

    Examples
    --------
    >>> smoothed(np.zeros((2, 100))).pareto_k
    -inf
    """
    from scipy.special import logsumexp

    size = log_ratio.size
    log_mean = float(np.asarray(logsumexp(log_ratio))) - math.log(size)
    if np.ptp(log_ratio) <= 1e-9 * max(1.0, float(np.abs(log_ratio).max())):
        return ImportanceWeights(np.full(log_ratio.shape, -math.log(size)), -math.inf, log_mean)
    ratio = np.exp(log_ratio - log_ratio.max())
    efficiency = min(1.0, relative_efficiency(ratio)) if np.ptp(ratio) else 1.0
    log, k = _pareto_smoothed(log_ratio.ravel(), efficiency)
    return ImportanceWeights(log.reshape(log_ratio.shape), float(k), log_mean)


def _pareto_smoothed(log_ratio: np.ndarray, efficiency: float) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of smoothed weights, adding up to one along the last axis, and the shape of each tail."""
    from scipy.special import logsumexp

    # ArviZ's function is made for leave-one-out and takes the logarithm of the likelihood, not of the weight.
    # Of a tail that is all but one draw a quantile may be no number any more: it is cut at the largest weight then.
    with np.errstate(over="ignore"):
        log, k = array_stats().psislw(-log_ratio, r_eff=efficiency)
    return np.asarray(log, float) - logsumexp(log, axis=-1, keepdims=True), np.asarray(k, float)


def relative_efficiency(x: np.ndarray) -> float:
    """Effective share of draws of shape (chains, draws) for their mean."""
    return float(mean_size(x[..., None])[0]) / x.size


def likelihood_efficiency(log_p: np.ndarray) -> float:
    """Relative efficiency of draws for the likelihoods of units, on average; 1 of one chain, of which nobody can tell.

    Parameters
    ----------
    log_p
        Log-probability of each unit, shape (chains, draws, units).
    """
    chains, draws, _ = log_p.shape
    return float(mean_size(np.exp(log_p)).mean()) / (chains * draws) if chains > 1 else 1.0


def leave_out_weights(log_p: np.ndarray, *, efficiency: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Pareto-smoothed weights of draws with each unit left out in turn: a draw weighs one over what it gives the unit.

    Parameters
    ----------
    log_p
        Log-probability of each unit, shape (chains, draws, units).
    efficiency
        Relative efficiency of the draws, which says how much of the tail is smoothed.

    Returns
    -------
    weights
        Adding up to one for each unit, shape (units, chains * draws), chains one after another.
    pareto_k
        Shape of each tail, shape (units,); minus infinity where all draws give a unit the same.
    """
    flat = np.moveaxis(log_p, -1, 0).reshape(log_p.shape[-1], -1)
    weights = np.full(flat.shape, 1 / flat.shape[1])
    pareto_k = np.full(len(flat), -np.inf)
    # The smoothing refuses what is the same in all draws.
    apart = np.flatnonzero(np.ptp(flat, axis=1) > 1e-9 * np.maximum(1.0, np.abs(flat).max(axis=1)))
    if len(apart):
        log, pareto_k[apart] = _pareto_smoothed(-flat[apart], efficiency)
        weights[apart] = np.exp(log)
    return weights, pareto_k


@dataclass(frozen=True)
class WeightedSummary:
    """A number in weighted draws.

    Parameters
    ----------
    mean, sd, lower, upper
        Of the weighted draws; the interval has equal tails.
    mcse
        Monte Carlo standard error of the mean, weights and autocorrelation included.
    """

    mean: float
    sd: float
    lower: float
    upper: float
    mcse: float
    interval: float = INTERVAL


def weighted_summary(x: np.ndarray, weights: ImportanceWeights | None, interval: float = INTERVAL) -> WeightedSummary:
    """Summary of draws, weighted or not.

    Parameters
    ----------
    x
        Shape (chains, draws).
    weights
        None weighs all alike.
    interval
        Share between the ends.
    """
    share = draw_shares(x, weights)
    mean = float((share * x).sum())
    sd = math.sqrt(max(float((share * (x - mean) ** 2).sum()), 0.0))
    lower, upper = weighted_quantiles(x, share, [(1 - interval) / 2, (1 + interval) / 2])
    # Of a ratio of means, by the delta method: the error of the mean of what each draw adds.
    added = x.size * share * (x - mean)
    flat = np.ptp(added) == 0 or x.shape[1] < 4
    mcse = 0.0 if flat else float(mean_error(added[..., None])[0])
    return WeightedSummary(mean, sd, float(lower), float(upper), mcse, interval)


def draw_shares(x: np.ndarray, weights: ImportanceWeights | None) -> np.ndarray:
    """Shares of draws, adding up to one: all alike without weights."""
    return np.full(x.shape, 1 / x.size) if weights is None else weights.values


def weighted_quantiles(x: np.ndarray, share: np.ndarray, levels: Collection[float]) -> np.ndarray:
    """Quantiles of weighted draws, linear between the middles of their shares.

    Examples
    --------
    >>> weighted_quantiles(np.array([1.0, 2.0, 3.0]), np.array([0.25, 0.5, 0.25]), [0.5])
    array([2.])
    """
    order = np.argsort(x, axis=None)
    sorted_x, sorted_share = x.ravel()[order], share.ravel()[order]
    middles = np.cumsum(sorted_share) - sorted_share / 2
    return np.interp(list(levels), middles / sorted_share.sum(), sorted_x)


@dataclass(frozen=True)
class PredictiveScores:
    """Log predictive densities of units, each left out in turn.

    Parameters
    ----------
    elpd
        Log predictive density of each unit, shape (units,).
    pareto_k
        Shape of the weights of each unit.
    """

    elpd: np.ndarray
    pareto_k: np.ndarray


def psis_loo(log_p: np.ndarray, log_ratio: np.ndarray | None = None, *, efficiency: float = 1.0) -> PredictiveScores:
    """Leave-one-out by Pareto-smoothed weights, of draws that may have weights already.

    Parameters
    ----------
    log_p
        Log-probability of each unit, shape (chains, draws, units).
    log_ratio
        Logarithm of the raw weight of each draw, shape (chains, draws); all alike by default. The weights of a unit's
        absence and those of the draws multiply.
    efficiency
        Relative efficiency of the draws, which says how much of the tail is smoothed.
    """
    from scipy.special import logsumexp

    flat = np.moveaxis(log_p, -1, 0).reshape(log_p.shape[-1], -1)
    log, k = _pareto_smoothed(-flat if log_ratio is None else log_ratio.ravel() - flat, efficiency)
    return PredictiveScores(np.asarray(logsumexp(log + flat, axis=1)), k)


def paired_difference(one: np.ndarray, other: np.ndarray, counts: np.ndarray | None = None) -> tuple[float, float]:
    """Sum over units of the differences of two models' scores, and its standard error.

    Parameters
    ----------
    one, other
        Score of each unit, shape (units,).
    counts
        How many cases each unit stands for; one by default.
    """
    apart = one - other
    counts = np.ones(len(apart)) if counts is None else counts
    number = float(counts.sum())
    mean = float((counts * apart).sum()) / number
    spread = float((counts * (apart - mean) ** 2).sum()) / max(number - 1, 1.0)
    return mean * number, float(np.sqrt(number * spread))
