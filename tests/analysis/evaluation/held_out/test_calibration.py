"""Calibration, judged by model-diagnostics and by an optimiser."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from servanda.analysis.evaluation.held_out.calibration import (
    decomposition,
    log_loss,
    recalibrated,
    recalibration,
    reliability,
    squared_error,
)


def forecasts(cases=300, seed=1, slope=1.0):
    rng = np.random.default_rng(seed)
    p = np.round(expit(rng.normal(0, 1.2, cases)), 2).clip(0.01, 0.99)
    return p, (rng.random(cases) < expit(slope * logit(p))).astype(float)


@pytest.mark.parametrize("slope", [1.0, 0.3])
@pytest.mark.parametrize("score", [squared_error, log_loss])
def test_decomposition_is_that_of_model_diagnostics(score, slope):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from model_diagnostics.scoring import LogLoss, SquaredError, decompose

    p, event = forecasts(slope=slope)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = decompose(event, p, scoring_function={squared_error: SquaredError, log_loss: LogLoss}[score]())
    own = decomposition(p, event, score)
    assert own.mcb == pytest.approx(theirs["miscalibration"][0], abs=1e-9)
    assert own.dsc == pytest.approx(theirs["discrimination"][0], abs=1e-9)
    assert own.unc == pytest.approx(theirs["uncertainty"][0], abs=1e-9)
    assert own.mcb - own.dsc + own.unc == pytest.approx(score(p, event).mean())


def test_equal_forecasts_are_recalibrated_alike():
    p, event = forecasts()
    curve = recalibrated(p, event)
    assert all(np.ptp(curve[p == value]) == 0 for value in np.unique(p))
    assert (np.diff(curve[np.argsort(p, kind="stable")]) >= -1e-12).all()


def test_slope_and_intercept_are_the_likeliest():
    p, event = forecasts(slope=0.5)
    found = recalibration(p, event, np.arange(300))

    def loss(beta):
        q = expit(beta[0] + beta[1] * logit(p))
        return -np.log(np.where(event == 1, q, 1 - q)).sum()

    best = minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x
    assert (found.intercept, found.slope) == (pytest.approx(best[0], abs=1e-5), pytest.approx(best[1], abs=1e-5))


def test_error_of_the_slope_is_its_spread_over_drawn_clusters():
    """Each case stands four times in its cluster, so that the error is that of a quarter of the cases."""
    rng = np.random.default_rng(4)
    slopes, told = [], []
    for _ in range(300):
        p = expit(rng.normal(0, 1.2, 400))
        event = (rng.random(400) < p).astype(float)
        found = recalibration(np.repeat(p, 4), np.repeat(event, 4), np.repeat(np.arange(400), 4))
        slopes.append(found.slope)
        told.append(found.slope_error)
    assert np.mean(slopes) == pytest.approx(1, abs=0.04)
    assert np.mean(told) == pytest.approx(np.std(slopes), rel=0.12)


@pytest.mark.parametrize(
    ("p", "event"),
    [([0.4] * 6, [0, 1, 0, 1, 0, 1]), ([0.1, 0.2, 0.3, 0.4], [0, 0, 0, 0]), ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])],
)
def test_what_cannot_be_told_is_nan(p, event):
    assert np.isnan(recalibration(np.array(p), np.array(event), np.arange(len(p))).slope)


def test_right_forecasts_lie_in_their_band_and_bold_ones_do_not():
    """The band holds at each forecast by itself: nine in ten of right ones, whatever the whole curve does."""
    inside = []
    for seed in range(15):
        p, event = forecasts(200, seed)
        curve = reliability(p, event, seed=seed, resamples=200)
        inside.append(((curve.low <= curve.recalibrated) & (curve.recalibrated <= curve.high)).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.06)
    p, event = forecasts(1000, 1, slope=0.2)
    curve = reliability(p, event, seed=1, resamples=200)
    assert ((curve.low <= curve.recalibrated) & (curve.recalibrated <= curve.high)).mean() < 0.6
