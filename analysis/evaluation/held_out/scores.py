"""Scores of forecasts, and gains of one forecaster over another with errors by cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ....models.seeds import generator

#: States of the outcome -> columns of a question: all of them, the first or not, the last or not.
Question = Callable[[np.ndarray], np.ndarray]


def all_states(p: np.ndarray) -> np.ndarray:
    """Every state for itself."""
    return p


def broken_or_not(p: np.ndarray) -> np.ndarray:
    """The first state (broken), and all others together."""
    return np.stack([p[..., 0], p[..., 1:].sum(axis=-1)], axis=-1)


def in_full_or_not(p: np.ndarray) -> np.ndarray:
    """The last state (kept in full), and all others together."""
    return np.stack([p[..., -1], p[..., :-1].sum(axis=-1)], axis=-1)


#: What is asked of an outcome.
QUESTIONS: Mapping[str, Question] = {"states": all_states, "broken": broken_or_not, "full": in_full_or_not}


@dataclass(frozen=True)
class Gain:
    """Gain in score a case over another forecaster, and its standard error."""

    value: float
    error: float


def log_score(p: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Logarithm of the probability of what happened; more is better.

    Parameters
    ----------
    p
        Shape (..., states).
    outcome
        Ones where a state came true, shape (..., states).

    Examples
    --------
    >>> log_score(np.array([0.2, 0.8]), np.array([0, 1])).round(3).item()
    -0.223
    """
    with np.errstate(divide="ignore"):
        return np.log((p * outcome).sum(axis=-1))


def brier_score(p: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Sum of squared errors over the states, with the sign turned so that more is better.

    For two states it is twice the squared error of one.

    Examples
    --------
    >>> brier_score(np.array([0.2, 0.8]), np.array([0, 1])).round(3).item()
    -0.08
    """
    return -((p - outcome) ** 2).sum(axis=-1)


def area_under_curve(p: np.ndarray, event: np.ndarray) -> float:
    """Chance that an event was given a higher probability than a non-event, ties counting half; NaN without both.

    Examples
    --------
    >>> area_under_curve(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 0, 1, 1]))
    0.875
    """
    from scipy.stats import rankdata

    event = event.astype(bool)
    events, others = int(event.sum()), int((~event).sum())
    if not events or not others:
        return float("nan")
    return float((rankdata(p)[event].sum() - events * (events + 1) / 2) / (events * others))


def clustered_mean(x: np.ndarray, clusters: np.ndarray) -> Gain:
    """Mean over cases, and its standard error when cases of one cluster are not independent.

    Deviations from the mean are summed within each cluster, and the sums squared: the sandwich estimator for a mean,
    with the correction G / (G - 1) for G clusters. NaN for a single cluster.

    Parameters
    ----------
    x
        Shape (cases,).
    clusters
        Number of each case's cluster, from 0.

    Examples
    --------
    >>> clustered_mean(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]))
    Gain(value=0.5, error=0.5)
    """
    mean = float(x.mean())
    sums = np.bincount(clusters, x - mean)
    number = len(sums)
    if number < 2:
        return Gain(mean, float("nan"))
    return Gain(mean, float(np.sqrt((sums**2).sum() * number / (number - 1)) / len(x)))


def flipped_share(x: np.ndarray, clusters: np.ndarray, permutations: int, seed: int) -> float:
    """Permutation test of a gain: share of sign flips whose mean is as high as the one that was seen.

    If neither forecaster were better, the difference within a cluster might as well have had the other sign. The seen
    signs count as one of the flips.

    Examples
    --------
    >>> flipped_share(np.array([1.0, 1.0, 1.0, -3.0]), np.array([0, 1, 2, 3]), 999, seed=1)
    0.566
    """
    sums = np.bincount(clusters, x)
    signs = generator(seed).choice([-1.0, 1.0], (permutations, len(sums)))
    as_high = (signs @ sums >= sums.sum() - 1e-12 * np.abs(sums).sum()).sum()
    return float((1 + as_high) / (1 + permutations))
