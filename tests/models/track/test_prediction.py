"""Prediction of the next event, by quadrature over each draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from servanda.models import fit_track, load_track_settings
from servanda.models.track.prediction import Occasion, plain_reliability, predict

SETTINGS = load_track_settings()


@pytest.fixture(scope="module")
def track():
    days = ["2001-01-01", "2003-06-01", "2004-01-01", "2006-01-01", "2007-01-01"]
    rows = {
        "actor": list("AABBA"),
        "agreement": list("xyxyx"),
        "event": ["complied", "defected", "partial", "complied", "complied"],
        "date": days,
        "finding_by": "IAEA",
    }
    return fit_track(pd.DataFrame(rows), seed=3, draws=12, tune=200, chains=1, thin=1)


def by_hand(track, draw: int, mean: float, sd: float, c: np.ndarray) -> np.ndarray:
    """Chance of each reading in one draw, the predictor being normal."""
    width = float(track.draws["partly_width"][0, draw])
    over = (mean - 9 * sd, mean + 9 * sd)
    kept, least = (quad(lambda x, d=d: expit(x + d) * norm.pdf(x, mean, sd), *over)[0] for d in (0.0, width))
    q = c * np.array([1 - least, least - kept, kept]) + (1 - c) / 3
    return q / q.sum()


@pytest.mark.parametrize("actor", ["A", "new"])
@pytest.mark.parametrize("agreement", ["y", "new"])
@pytest.mark.parametrize("before", [None, 2])
def test_a_prediction_integrates_what_a_fit_leaves_open(track, actor, agreement, before):
    time, gap, c = 39.5, 0.3, plain_reliability(SETTINGS, "self-announced")
    d = track.draws
    expected = []
    for draw in range(12):
        at = {name: float(d[name][0, draw]) for name in ("population_mean", "actor_sd", "path_sd", "path_years")}
        mean, variance = at["population_mean"], at["actor_sd"] ** 2 + at["path_sd"] ** 2
        if actor == "A":
            own = float(d["actor_mean"].sel(actor="A")[0, draw])
            last = int(np.flatnonzero(track.data.point_actor == 0)[-1])
            rho = np.exp(-(time - track.data.point_time[last]) / at["path_years"])
            mean = own + rho * (float(d["theta"][0, draw, last]) - own)
            variance = at["path_sd"] ** 2 * (1 - rho**2)
        if agreement == "y":
            mean += float(d["agreement_effect"].sel(agreement="y")[0, draw])
        else:
            variance += float(d["agreement_sd"][0, draw]) ** 2
        p = by_hand(track, draw, mean, np.sqrt(variance), c)
        repeat = np.exp(-gap / float(d["repeat_years"][0, draw])) if before is not None else 0.0
        expected.append(repeat * np.eye(3)[before or 0] + (1 - repeat) * p)
    known = {} if before is None else {"before": before, "gap": gap}
    found = predict(track, Occasion(actor, agreement, time, "self-announced", **known))
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=2e-3)
    assert found.sum() == pytest.approx(1)
