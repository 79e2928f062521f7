"""Calibration of forecasts of an event: reliability without bins, bands of chance, and recalibration.

Reliability is that of CORP: the forecasts are regressed on the events by isotonic regression (pool adjacent violators),
and a mean score S falls into miscalibration, discrimination and uncertainty, S = MCB - DSC + UNC (Dimitriadis, Gneiting
and Jordan 2021, doi 10.1073/pnas.2016191118).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....models.seeds import generator

#: Probabilities closer to 0 or 1 have no finite logarithm of their odds.
_EDGE = 1e-12
#: Newton steps after which a recalibration has no finite answer.
_STEPS = 50


@dataclass(frozen=True)
class Decomposition:
    """Parts of a mean score (less is better): miscalibration, discrimination, and the uncertainty of the events."""

    mcb: float
    dsc: float
    unc: float


@dataclass(frozen=True)
class Reliability:
    """Reliability curve with a consistency band.

    Parameters
    ----------
    p
        Forecasts in order, shape (cases,).
    recalibrated
        Share of events at each, by isotonic regression.
    low, high
        Where the curve would lie if every forecast were right, at each forecast by itself.
    level
        How often it would lie there.
    """

    p: np.ndarray
    recalibrated: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float


@dataclass(frozen=True)
class Recalibration:
    """Logistic regression of an event on the log-odds it was given: slope 1 and intercept 0 are right.

    A slope below 1 tells of forecasts that are too bold.
    """

    slope: float
    slope_error: float
    intercept: float
    intercept_error: float


def recalibrated(p: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Share of events at each forecast, by isotonic regression.

    Examples
    --------
    >>> recalibrated(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 1, 0, 1]))
    array([0. , 0.5, 0.5, 1. ])
    """
    from sklearn.isotonic import isotonic_regression

    # Equal forecasts are one forecast of the mean of their events.
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    shares = np.bincount(place, event) / counts
    return isotonic_regression(shares, sample_weight=counts.astype(float))[place]


def squared_error(p: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Brier score of one event; less is better."""
    return (p - event) ** 2


def log_loss(p: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability of what happened; less is better."""
    with np.errstate(divide="ignore"):
        return -np.log(np.where(event.astype(bool), p, 1 - p))


def decomposition(
    p: np.ndarray, event: np.ndarray, score: Callable[[np.ndarray, np.ndarray], np.ndarray] = squared_error
) -> Decomposition:
    """Miscalibration, discrimination and uncertainty of a mean score.

    Parameters
    ----------
    p, event
        Forecast of each case and whether the event came, shape (cases,).
    score
        `squared_error` or `log_loss`, or another proper score of which less is better.

    Examples
    --------
    >>> decomposition(np.array([0.25, 0.25, 0.75, 0.75]), np.array([0, 0, 1, 1]))
    Decomposition(mcb=0.0625, dsc=0.25, unc=0.25)
    """
    seen = float(score(p, event).mean())
    right = float(score(recalibrated(p, event), event).mean())
    climate = float(score(np.full(len(p), event.mean()), event).mean())
    return Decomposition(seen - right, climate - right, climate)


def reliability(
    p: np.ndarray, event: np.ndarray, *, resamples: int = 500, level: float = 0.9, seed: int
) -> Reliability:
    """Reliability curve of forecasts, with the band in which it would lie if they were right.

    The band is one of consistency, around the diagonal: events are drawn from the forecasts themselves and the curve is
    fitted to each such draw. It holds at each forecast by itself, so that of a right forecaster some points fall
    outside.
    """
    order = np.argsort(p, kind="stable")
    p, event = p[order], event[order]
    rng = generator(seed)
    curves = np.array([recalibrated(p, rng.random(len(p)) < p) for _ in range(resamples)])
    low, high = np.quantile(curves, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Reliability(p, recalibrated(p, event), low, high, level)


def recalibration(p: np.ndarray, event: np.ndarray, clusters: np.ndarray) -> Recalibration:
    """Calibration slope and intercept, with standard errors by cluster.

    Maximum likelihood by Newton's method, and the sandwich estimator with scores summed within clusters and the
    correction G / (G - 1). NaN where nothing is told: all forecasts alike, all events alike, or no finite maximum.
    """
    q = np.clip(p, _EDGE, 1 - _EDGE)
    x = np.column_stack([np.ones(len(q)), np.log(q) - np.log1p(-q)])
    y = event.astype(float)
    groups = np.unique(clusters).size
    nothing = Recalibration(*[float("nan")] * 4)
    if np.ptp(x[:, 1]) < 1e-9 or np.ptp(y) == 0 or groups < 2:
        return nothing
    beta = np.zeros(2)
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-x @ beta))
        information = (x * (fitted * (1 - fitted))[:, None]).T @ x
        if np.linalg.cond(information) > 1e12:
            return nothing
        step = np.linalg.solve(information, x.T @ (y - fitted))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    else:
        return nothing
    scores = np.zeros((clusters.max() + 1, 2))
    np.add.at(scores, clusters, x * (y - fitted)[:, None])
    bread = np.linalg.inv(information)
    covariance = bread @ (scores.T @ scores) @ bread * groups / (groups - 1)
    errors = np.sqrt(np.diag(covariance))
    return Recalibration(float(beta[1]), float(errors[1]), float(beta[0]), float(errors[0]))
