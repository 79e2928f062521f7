"""The marginal likelihood of a block by bridge sampling, for Bayes factors.

Meng and Wong (1996, Statistica Sinica 6:831-860)† with a normal proposal fitted to one half of the draws and used on
the other, as Gronau and others (2017, Journal of Mathematical Psychology 81:80-97)† describe it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .density import Density

#: The estimate is iterated until it moves by less than this.
_STILL = 1e-10
_MOST_ROUNDS = 1000


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
    rng = np.random.default_rng(seed)
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
    log = float(np.median(ours))
    for _ in range(_MOST_ROUNDS):
        above, below = _numerator(theirs - log, share), _denominator(ours - log, share)
        if not (above.any() and below.any()):  # the proposal and the draws do not meet
            return MarginalLikelihood(log, float("inf"))
        moved = log + float(np.log(above.mean()) - np.log(below.mean()))
        still, log = abs(moved - log) < _STILL, moved
        if still:
            break
    above, below = _numerator(theirs - log, share), _denominator(ours - log, share)
    # Squared errors of the two means, each relative to its mean (delta method).
    error = above.var() / above.mean() ** 2 / len(above) + below.var() / below.mean() ** 2 / (count / 2)
    return MarginalLikelihood(log, float(np.sqrt(error)))


def _numerator(ratio: np.ndarray, share: float) -> np.ndarray:
    """exp(r) / (s exp(r) + 1 - s)."""
    return 1.0 / (share + (1 - share) * np.exp(np.clip(-ratio, None, 700.0)))


def _denominator(ratio: np.ndarray, share: float) -> np.ndarray:
    """1 / (s exp(r) + 1 - s)."""
    return 1.0 / (share * np.exp(np.clip(ratio, None, 700.0)) + 1 - share)
