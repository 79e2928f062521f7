"""Weights of draws, where the smoothing of their tail has nothing to hold on to."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.analysis.summaries.importance import array_stats, smoothed


def test_a_tail_that_is_all_but_one_draw_is_cut_in_silence():
    """ArviZ's quantiles of such a tail are no numbers; the weights stay what they are: one draw has all of it."""
    log_ratio = -20_000 * np.random.default_rng(0).standard_exponential((4, 1000))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow encountered in expm1"):
        array_stats().psislw(-log_ratio.ravel(), r_eff=1.0)
    with np.errstate(all="raise", under="ignore"):
        found = smoothed(log_ratio)
    weights = np.exp(found.log)
    assert found.pareto_k > 0.7
    assert weights.sum() == pytest.approx(1)
    assert np.all(np.isfinite(weights))
    assert weights.max() == weights[np.unravel_index(log_ratio.argmax(), log_ratio.shape)]
