"""Rivals that a network must beat: plain forecasts from the same columns, with settings that are fixed once.

All see the states of the network's other nodes, a missing cell as a state of its own, and never who the actor is or
under which guarantee. Where a strength is chosen, it is by folds of the training rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....models.cases.encode import MISSING
from .folds import Sample

#: Cases that the base rate counts for in an era's rate, and in the forecast of a learner that might else say never.
WORTH, FLOOR_WORTH = 4.0, 1.0
#: The node that tells eras, and the first year of each for networks without it.
ERA = "era"
ERAS = (-9999, 1945, 1992)
#: Inverse strengths of the ridge, most trees of the boosting, and inner folds by which either is chosen.
STRENGTHS, TREES, INNER = tuple(np.logspace(-3, 1, 9).tolist()), 100, 5


def base_rate(sample: Sample) -> np.ndarray:
    """Shares of the states in the training rows, half a case added to each."""
    shares = _shares(sample.outcomes, sample.states)
    return np.tile(shares, (len(sample.split.held_out), 1))


def era_rate(sample: Sample) -> np.ndarray:
    """Shares within the era, drawn to the base rate as by four cases more."""
    era = _eras(sample)
    training, held_out = era[sample.split.training], era[sample.split.held_out]
    base = _shares(sample.outcomes, sample.states)
    counts = np.zeros((era.max() + 2, sample.states))
    np.add.at(counts, (training, sample.outcomes), 1.0)
    rates = (counts + WORTH * base) / (counts.sum(axis=1, keepdims=True) + WORTH)
    return rates[held_out]


def ridge_logit(sample: Sample) -> np.ndarray:
    """Multinomial logit with a ridge, its strength chosen by inner folds of the same units."""
    from sklearn.linear_model import LogisticRegression

    def model(strength: float) -> Any:
        return LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200)

    x, outcomes = _columns(sample), sample.outcomes
    training = x[sample.split.training]
    loss = np.zeros(len(STRENGTHS))
    for some, others in _inner_folds(sample):
        if len(np.unique(outcomes[some])) > 1:
            fitted = [model(strength).fit(training[some], outcomes[some]) for strength in STRENGTHS]
            p = [(each.classes_, each.predict_proba(training[others])) for each in fitted]
            loss += _losses(p, outcomes[some], outcomes[others], sample.states)
    return _learned(sample, model(STRENGTHS[int(loss.argmin())]), x)


def boosting(sample: Sample) -> np.ndarray:
    """Gradient boosting: trees of depth 2 at rate 0.05, up to 100, as many as inner folds of the same units ask for."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    def model(trees: int) -> Any:
        return HistGradientBoostingClassifier(
            learning_rate=0.05,
            max_iter=trees,
            max_depth=2,
            min_samples_leaf=10,
            random_state=sample.seed % 2**32,
        )

    x, outcomes = _columns(sample), sample.outcomes
    training = x[sample.split.training]
    loss = np.zeros(TREES)
    for some, others in _inner_folds(sample):
        if len(np.unique(outcomes[some])) > 1:
            fitted = model(TREES).fit(training[some], outcomes[some])
            p = [(fitted.classes_, each) for each in fitted.staged_predict_proba(training[others])]
            loss += _losses(p, outcomes[some], outcomes[others], sample.states)
    return _learned(sample, model(1 + int(loss.argmin())), x)


def random_forest(sample: Sample) -> np.ndarray:
    """Forest of 500 trees, five cases in a leaf."""
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(500, min_samples_leaf=5, n_jobs=1, random_state=sample.seed % 2**32)
    return _learned(sample, model, _columns(sample))


@dataclass(frozen=True)
class Rival:
    """Plain forecast that a network is held against."""

    title: str
    forecast: Callable[[Sample], np.ndarray]

    @property
    def identity(self) -> str:
        """Its title: settings are fixed, and stand in this module."""
        return f"rival {self.title}"

    def __call__(self, sample: Sample) -> np.ndarray:
        """Forecast, shape (held-out cases, states)."""
        return self.forecast(sample)


BASE, ERA_RATE = "base_rate", "era_rate"
#: Name -> rival; the base rate is what gains are counted from.
RIVALS: Mapping[str, Rival] = {
    BASE: Rival("base rate", base_rate),
    ERA_RATE: Rival("rate of the era", era_rate),
    "ridge_logit": Rival("ridge logit", ridge_logit),
    "boosting": Rival("gradient boosting", boosting),
    "random_forest": Rival("random forest", random_forest),
}


def _eras(sample: Sample) -> np.ndarray:
    if ERA in sample.network:
        return sample.cases.codes[ERA]  # -1, where it is missing, is the last row of the counts.
    return np.searchsorted(ERAS, np.asarray(sample.years), side="right") - 1


def _shares(outcomes: np.ndarray, states: int) -> np.ndarray:
    counts = np.bincount(outcomes, minlength=states) + 0.5
    return counts / counts.sum()


def _columns(sample: Sample) -> np.ndarray:
    """States of all other nodes as columns of zeros and ones, a missing cell as one more state."""
    parts = []
    for node in sample.network.nodes:
        codes = sample.cases.codes[node.name]
        if node.name != sample.node and (codes != MISSING).any():
            parts.append(np.eye(len(node.states) + 1)[codes])
    if not parts:
        return np.zeros((len(sample.cases), 1))
    x = np.concatenate(parts, axis=1)
    return x[:, x.any(axis=0)]


def _inner_folds(sample: Sample) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Folds of the training rows by the same units, from which a strength is chosen; none if there is one unit."""
    from sklearn.model_selection import GroupKFold

    units = sample.units[sample.split.training]
    folds = min(INNER, len(np.unique(units)))
    if folds > 1:
        chosen = GroupKFold(folds, shuffle=True, random_state=sample.seed % 2**32)
        yield from chosen.split(np.zeros((len(units), 1)), groups=units)


def _losses(
    forecasts: Sequence[tuple[np.ndarray, np.ndarray]], seen: np.ndarray, outcomes: np.ndarray, states: int
) -> np.ndarray:
    """Minus the summed log score of each of some forecasts, given as classes and their probabilities."""
    p = np.array([_all_states(classes, own, seen, states) for classes, own in forecasts])
    return -np.log(p[:, np.arange(len(outcomes)), outcomes]).sum(axis=1)


def _learned(sample: Sample, model: Any, x: np.ndarray) -> np.ndarray:
    outcomes = sample.outcomes
    if len(np.unique(outcomes)) < 2:
        return base_rate(sample)
    model.fit(x[sample.split.training], outcomes)
    return _all_states(model.classes_, model.predict_proba(x[sample.split.held_out]), outcomes, sample.states)


def _all_states(classes: np.ndarray, own: np.ndarray, outcomes: np.ndarray, states: int) -> np.ndarray:
    """Probabilities of all states, the base rate mixed in as by one case, so that none is impossible."""
    p = np.zeros((len(own), states))
    p[:, classes] = own
    return (len(outcomes) * p + FLOOR_WORTH * _shares(outcomes, states)) / (len(outcomes) + FLOOR_WORTH)
