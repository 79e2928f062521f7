"""Weights of a mixture of forecasters, from how they did."""

from __future__ import annotations

import numpy as np


def mixture_weights(log_p: np.ndarray, counts: np.ndarray | None = None, *, concentration: float = 1.0) -> np.ndarray:
    """Weights of the mixture that foretells best.

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
    >>> mixture_weights(np.log(np.array([[0.9, 0.5], [0.9, 0.5], [0.8, 0.5]]))).round(3)
    array([1., 0.])
    >>> mixture_weights(np.log(np.array([[0.9, 0.5], [0.9, 0.5], [0.8, 0.5]])), concentration=2.0).round(3)
    array([0.664, 0.336])
    """
    from scipy.optimize import minimize

    density = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    share = np.ones(len(log_p)) if counts is None else counts / np.mean(counts)
    total, size = len(log_p) if counts is None else float(np.sum(counts)), log_p.shape[1]
    pull = (concentration - 1) / total
    least = 0.0 if pull == 0 else 1e-12

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        mixed = density @ weights
        slope = -(share[:, None] * density / mixed[:, None]).mean(axis=0)
        value = -float((share * np.log(mixed)).mean())
        if pull:
            safe = np.maximum(weights, least)
            value, slope = value - pull * float(np.log(safe).sum()), slope - pull / safe
        return value, slope

    found = minimize(
        loss,
        np.full(size, 1 / size),
        jac=True,
        method="SLSQP",
        bounds=[(least, 1.0)] * size,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    weights = np.clip(found.x, 0.0, None)
    return weights / weights.sum()
