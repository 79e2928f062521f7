"""Marginal likelihoods by bridge sampling, for Bayes factors.

Meng and Wong (1996, Statistica Sinica 6:831-860)†; of a block with a normal proposal fitted to one half of the draws
and used on the other, as Gronau and others (2017, Journal of Mathematical Psychology 81:80-97)† describe it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..seeds import generator
from .density import Density

#: So closely the balance of a bridge is found.
_CLOSE = 1e-10


@dataclass(frozen=True)
class MarginalLikelihood:
    """A marginal likelihood.

    Parameters
    ----------
    log
        Its natural logarithm.
    error
        Standard error of that logarithm, about, when draws are independent or counted by their effective number;
        infinite where too few draws leave no bridge.
    """

    log: float
    error: float


def log_marginal_likelihood(
    density: Density, x: np.ndarray, *, seed: int, effective: float | None = None
) -> MarginalLikelihood:
    """Logarithm of the integral of a density, estimated from draws of it.

    Parameters
    ----------
    density
        From `servanda.models.density.density.make_density`; its priors are proper, so that the integral exists.
    x
        Unknowns of the draws, shape (draws, size), in an order that mixes the chains.
    seed
        Of the proposal's draws.
    effective
        Effective number of the draws; all of them by default.

    Returns
    -------
    MarginalLikelihood

    Examples
    --------
    A table of one row, whose marginal likelihood is known:

    >>> import pandas as pd
    >>> from servanda.models import Network, Node, encode
    >>> from servanda.models.density.density import make_density
    >>> from servanda.models.cases.patterns import find_patterns
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> cases = encode(network, pd.DataFrame({"rain": ["no"] * 7 + ["yes"] * 3}))
    >>> density = make_density(network, cases, find_patterns(network, cases), None, ("rain",))
    >>> p = np.random.default_rng(1).beta(8, 4, 4000)
    >>> x = density.layout.unconstrain({"rain.table": np.stack([p, 1 - p], axis=-1)})
    >>> found = log_marginal_likelihood(density, x, seed=1)
    >>> round(found.log, 2), round(float(np.log(1 / 1320)), 2)
    (-7.19, -7.19)
    """
    x = x[np.all(np.isfinite(x), axis=1)]
    fitted, used = x[::2], x[1::2]
    mean = fitted.mean(axis=0)
    # Shrunk a little towards its diagonal, so that it can be inverted whatever the number of draws.
    spread = np.cov(fitted.T).reshape(x.shape[1], x.shape[1])
    spread = 0.99 * spread + 0.01 * np.diag(np.diag(spread))
    root = np.linalg.cholesky(spread)
    rng = generator(seed)
    unit = rng.standard_normal((len(used), x.shape[1]))
    proposed = mean + unit @ root.T

    def log_normal(points: np.ndarray) -> np.ndarray:
        away = np.linalg.solve(root, (points - mean).T)
        return -0.5 * (away**2).sum(axis=0) - np.log(np.diag(root)).sum() - 0.5 * x.shape[1] * np.log(2 * np.pi)

    def log_target(points: np.ndarray) -> np.ndarray:
        found = np.array([density(point)[0] for point in points])
        return np.where(np.isfinite(found), found, -np.inf)

    ours = log_target(used) - log_normal(used)
    theirs = log_target(proposed) - log_normal(proposed)
    count = effective or len(x)
    share = count / 2 / (count / 2 + len(proposed))
    if not np.isfinite(theirs).any():
        return MarginalLikelihood(float(np.median(ours)), float("inf"))
    log = bridge_log_ratio(theirs, ours, share)
    above, below = _numerator(theirs - log, share), _denominator(ours - log, share)
    if not (above.any() and below.any()):  # the proposal and the draws do not meet
        return MarginalLikelihood(log, float("inf"))
    # Squared errors of the two means, each relative to its mean (delta method).
    error = above.var() / above.mean() ** 2 / len(above) + below.var() / below.mean() ** 2 / (count / 2)
    return MarginalLikelihood(log, float(np.sqrt(error)))


def bridge_log_ratio(here: np.ndarray, there: np.ndarray, share: float) -> float:
    r"""Logarithm of the ratio of the integrals of two densities, by the optimal bridge between draws of both.

    With l the log ratio of the second density to the first and s the share of the second's draws, the ratio is
    s / (1 - s) e^c where (1 - s) mean_here expit(l - c) = s mean_there expit(c - l) (Meng and Wong 1996†; Bennett
    1976†).

    Parameters
    ----------
    here, there
        l in draws of the first and of the second density.
    share
        How many of the draws that count are of the second.

    Examples
    --------
    Of two normal densities, the second thrice as large:

    >>> rng = np.random.default_rng(1)
    >>> one, other = rng.normal(0, 1, 4000), rng.normal(1, 1, 4000)
    >>> round(float(np.exp(bridge_log_ratio(one - 0.5 + np.log(3), other - 0.5 + np.log(3), 0.5))), 1)
    3.0
    """
    from scipy.optimize import brentq
    from scipy.special import log_expit, logsumexp

    tilt = float(np.log(share) - np.log1p(-share))

    def log_mean(log: np.ndarray) -> float:
        return float(np.asarray(logsumexp(log))) - float(np.log(log.size))

    def unbalanced(c: float) -> float:
        return log_mean(log_expit(here - c)) - log_mean(log_expit(c - there)) - tilt

    finite = [x[np.isfinite(x)] for x in (here, there)]
    low, high = min(float(x.min()) for x in finite), max(float(x.max()) for x in finite)
    # Far outside of all ratios one of the means is that of its exponentials, so that the root lies within.
    reach = float(np.log(here.size) + np.log(there.size)) + abs(tilt) + 1.0
    solve: Any = brentq
    return float(solve(unbalanced, low - reach, high + reach, xtol=_CLOSE)) + tilt


def _numerator(ratio: np.ndarray, share: float) -> np.ndarray:
    """exp(r) / (s exp(r) + 1 - s)."""
    return 1.0 / (share + (1 - share) * np.exp(np.clip(-ratio, None, 700.0)))


def _denominator(ratio: np.ndarray, share: float) -> np.ndarray:
    """1 / (s exp(r) + 1 - s)."""
    return 1.0 / (share * np.exp(np.clip(ratio, None, 700.0)) + 1 - share)
