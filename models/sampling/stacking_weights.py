"""Weights of a mixture of forecasters, from how they did."""

from __future__ import annotations

import numpy as np

#: Expectation maximisation ends after so many steps, or where one gains less than this share of the score.
_MOST_STEPS, _GAIN = 100_000, 1e-13


def stacking_weights(log_p: np.ndarray, counts: np.ndarray | None = None, *, concentration: float = 1.0) -> np.ndarray:
    """Weights of the mixture that predicts best.

    With the log predictive densities of units left out these are stacking weights (Yao and others 2018, doi
    10.1214/17-BA1091), which unlike ArviZ's take counted cases.

    Parameters
    ----------
    log_p
        What each forecaster gave to what came about, as a logarithm; shape (units, forecasters).
    counts
        How many cases each unit stands for, shape (units,).
    concentration
        Of a symmetric Dirichlet prior of the weights, 1 or more; above 1 it pulls towards equal ones, as if each
        forecaster had been right alone ``concentration - 1`` times.

    Returns
    -------
    ndarray
        Shape (forecasters,), adds up to one.

    Examples
    --------
    >>> stacking_weights(np.log(np.array([[0.9, 0.5], [0.9, 0.5], [0.8, 0.5]]))).round(3)
    array([1., 0.])
    >>> stacking_weights(np.log(np.array([[0.9, 0.5], [0.9, 0.5], [0.8, 0.5]])), concentration=2.0).round(3)
    array([0.664, 0.336])
    """
    size = log_p.shape[1]
    counts = np.ones(len(log_p)) if counts is None else np.asarray(counts, float)
    density = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    weights, before = np.full(size, 1 / size), -np.inf
    for _ in range(_MOST_STEPS):
        mixed = density @ weights
        with np.errstate(divide="ignore", invalid="ignore"):
            penalty = (concentration - 1) * np.log(weights).sum() if concentration > 1 else 0.0
        value = float(counts @ np.log(mixed) + penalty)
        if value - before <= _GAIN * abs(value):
            break
        before = value
        # Expectation maximisation: each unit is shared out to who gave it a chance; the prior adds its own units.
        weights = weights * (density.T @ (counts / mixed)) + concentration - 1
        weights /= weights.sum()
    return weights
