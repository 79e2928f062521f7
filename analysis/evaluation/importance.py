"""What a posterior would be under other priors, by weights on its draws.

A posterior is its prior times the likelihood, so that under another prior a draw weighs the ratio of the two prior
densities. The largest weights are smoothed by a generalised Pareto distribution, whose shape k says whether they can be
trusted (Vehtari and others 2024, Pareto smoothed importance sampling, JMLR 25(72)†).

Nodes in different blocks are independent a posteriori, so a question takes the ratio of the blocks it depends on, and
of no others.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...models.sampling.pymc_model import network_parameters, parameter_coords
from ..summaries.summary import INTERVAL, array_stats

if TYPE_CHECKING:
    from ...models.parameters.prior_set import PriorSet
    from ...models.posterior import Posterior

#: Weights with a larger shape are not trusted; with few draws even smaller ones are not.
MOST_K = 0.7


@dataclass(frozen=True)
class Weights:
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


def smoothed(log_ratio: np.ndarray) -> Weights:
    """Smooth the weights of draws.

    Parameters
    ----------
    log_ratio
        Logarithms of the raw weights, shape (chains, draws).

    Returns
    -------
    Weights
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
        return Weights(np.full(log_ratio.shape, -math.log(size)), -math.inf, log_mean)
    core = array_stats()
    axes: dict[str, Any] = {"chain_axis": 0, "draw_axis": 1}
    ratio = np.exp(log_ratio - log_ratio.max())
    efficiency = min(1.0, float(core.ess(ratio, method="mean", relative=True, **axes))) if np.ptp(ratio) else 1.0
    # ArviZ's function is made for leave-one-out and takes the logarithm of the likelihood, not of the weight.
    log, k = core.psislw(-log_ratio.ravel(), r_eff=efficiency)
    log = np.asarray(log, float) - logsumexp(log)
    return Weights(log.reshape(log_ratio.shape), float(k), log_mean)


def log_prior_ratio(posterior: Posterior, priors: PriorSet, nodes: Collection[str]) -> np.ndarray:
    """Log of the prior density of some nodes' parameters under other priors, less that under the posterior's own.

    Parameters
    ----------
    posterior
        A fit.
    priors
        The others.
    nodes
        Whose parameters.

    Returns
    -------
    ndarray
        Shape (chains, draws).
    """
    coords = parameter_coords(posterior.network, posterior.levels)
    total = np.zeros(tuple(posterior.sizes.values()))
    for parameter in network_parameters(posterior.network, [n for n in posterior.network.names if n in nodes]):
        new, old = parameter.prior(priors), parameter.prior(posterior.priors)
        if new != old:
            x = posterior.draws[parameter.name].transpose("chain", "draw", *parameter.dims).values
            total += parameter.log_prior(x, new, coords) - parameter.log_prior(x, old, coords)
    return total


def changed_nodes(posterior: Posterior, priors: PriorSet) -> frozenset[str]:
    """Nodes for some parameter of which two sets state different priors."""
    return frozenset(
        name
        for name in posterior.network.names
        if any(
            parameter.prior(priors) != parameter.prior(posterior.priors)
            for parameter in network_parameters(posterior.network, [name])
        )
    )


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


def weighted_summary(x: np.ndarray, weights: Weights | None, interval: float = INTERVAL) -> WeightedSummary:
    """Summarise draws, weighted or not.

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
    mcse = 0.0 if flat else float(array_stats().mcse(added, method="mean", chain_axis=0, draw_axis=1))
    return WeightedSummary(mean, sd, float(lower), float(upper), mcse, interval)


def draw_shares(x: np.ndarray, weights: Weights | None) -> np.ndarray:
    """What each draw weighs, adding up to one: all alike without weights."""
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
class Foretold:
    """How well outcomes are foretold, each unit left out in turn.

    Parameters
    ----------
    elpd
        Log predictive density of each unit, shape (units,).
    pareto_k
        Shape of the weights of each unit.
    """

    elpd: np.ndarray
    pareto_k: np.ndarray


def left_out(log_p: np.ndarray, log_ratio: np.ndarray | None = None) -> Foretold:
    """Leave out each unit by Pareto-smoothed weights, of draws that may have weights already.

    Parameters
    ----------
    log_p
        Log-probability of each unit, shape (chains, draws, units).
    log_ratio
        Logarithm of the raw weight of each draw, shape (chains, draws); all alike by default. The weights of a unit's
        absence and those of the draws multiply.
    """
    from scipy.special import logsumexp

    flat = np.moveaxis(log_p, -1, 0).reshape(log_p.shape[-1], -1)
    # It takes the log density and turns it about itself.
    log, k = array_stats().psislw(flat if log_ratio is None else flat - log_ratio.ravel())
    log = log - logsumexp(log, axis=1, keepdims=True)
    return Foretold(np.asarray(logsumexp(log + flat, axis=1)), np.asarray(k, float))
