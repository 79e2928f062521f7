"""Changes in a few numbers, judged by counting and by NumPy's own quantiles of repeated draws."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from servanda.analysis.summaries.change import change_shares, summarise_change

DRAWS = np.random.default_rng(2).normal(0.03, 0.1, 4001)


def test_a_change_is_counted_draw_by_draw():
    found = summarise_change(DRAWS, margin=0.07, interval=0.8)
    assert found.gain == sum(x >= 0.07 for x in DRAWS) / 4001
    assert found.loss == sum(x <= -0.07 for x in DRAWS) / 4001
    assert found.gain + found.within + found.loss == pytest.approx(1)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(DRAWS, [0.1, 0.9])))
    assert (found.quarter, found.three_quarters) == pytest.approx(tuple(np.quantile(DRAWS, [0.25, 0.75])))
    assert (found.mean, found.margin, found.interval) == (pytest.approx(DRAWS.mean()), 0.07, 0.8)


def test_the_margin_itself_counts_as_gain_and_as_loss():
    found = summarise_change(np.array([0.25, -0.25, 0.2499, -0.2499]), margin=0.25)
    assert (found.gain, found.within, found.loss) == (0.25, 0.5, 0.25)


def test_weighted_draws_are_as_draws_repeated():
    weights = np.random.default_rng(3).integers(1, 6, len(DRAWS))
    found, repeated = summarise_change(DRAWS, weights=weights), summarise_change(np.repeat(DRAWS, weights))
    for name in ("mean", "gain", "within", "loss"):
        assert getattr(found, name) == pytest.approx(getattr(repeated, name), abs=1e-12)
    for name in ("lower", "upper", "quarter", "three_quarters"):
        assert getattr(found, name) == pytest.approx(getattr(repeated, name), abs=0.002)


def test_a_mixture_has_its_own_quantiles_and_not_the_average_ones():
    """Half of a sure gain and half of a sure loss: nothing lies in between."""
    draws = np.concatenate([np.full(1000, 0.3), np.full(1000, -0.3)])
    found = summarise_change(draws, weights=np.full(2000, 0.5))
    assert (found.lower, found.upper, found.mean) == (-0.3, 0.3, pytest.approx(0))
    assert (found.gain, found.within, found.loss) == (pytest.approx(0.5), pytest.approx(0), pytest.approx(0.5))


def test_shares_keep_the_other_dims():
    draws = xr.DataArray([[[0.1, -0.1], [0.1, 0.0]]], dims=("chain", "draw", "kept"), coords={"kept": ["no", "yes"]})
    found = change_shares(draws)
    assert found["gain"].to_series().to_dict() == {"no": 1.0, "yes": 0.0}
    assert found["within"].to_series().to_dict() == {"no": 0.0, "yes": 0.5}
    assert found["loss"].to_series().to_dict() == {"no": 0.0, "yes": 0.5}


def test_a_change_is_said_in_numbers_and_without_a_likelihood_word():
    assert str(summarise_change(np.linspace(-0.2, 0.4, 3001), margin=0.1)) == (
        "+10 points [-17, +37]; a gain of 10 points or more 50%, less either way 33%, a loss of 10 or more 17%"
    )
