"""R-hat, effective sizes and Monte Carlo errors of many numbers at once are those that ArviZ gives of each."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models.diagnostics import mean_error, mean_size, mixing

#: Name -> draws made of independent ones, shape (chains, draws, numbers).
KINDS = {
    "independent": lambda x: x,
    "a walk": lambda x: x.cumsum(axis=1),
    "taking turns": lambda x: x * (-1.0) ** np.arange(x.shape[1])[:, None] + 0.1 * x,
    "ties": np.round,
    "two values": lambda x: (x > 0).astype(float),
    "chains apart": lambda x: x + np.arange(len(x))[:, None, None],
    "heavy tails": lambda x: np.exp(3 * x),
    "tiny": lambda x: 1e-12 * x,
}


def arviz(x, tails):
    """ESS of bulk, tail and mean, R-hat, and the error of the mean of one number."""
    axes = {"chain_axis": 0, "draw_axis": 1}
    with np.errstate(all="ignore"):
        return (
            array_stats.ess(x, method="bulk", **axes),
            array_stats.ess(x, method="tail", prob=tails, **axes),
            array_stats.ess(x, method="mean", **axes),
            array_stats.rhat(x, **axes),
            array_stats.mcse(x, method="mean", **axes),
        )


def ours(x, tails):
    mixed = mixing(x, tails)
    return np.array([mixed.bulk, mixed.tail, mean_size(x), mixed.rhat, mean_error(x)]).T


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 5),
    st.one_of(st.integers(1, 12), st.integers(13, 120)),
    st.sampled_from([(0.05, 0.95), (0.25, 0.8)]),
    st.integers(0, 2**32 - 1),
)
def test_each_is_that_of_arviz(kind, chains, draws, tails, seed):
    x = KINDS[kind](np.random.default_rng(seed).normal(size=(chains, draws, 3)))
    found = ours(x, tails)
    for cell in range(x.shape[2]):
        if np.ptp(x[..., cell]):
            np.testing.assert_allclose(found[cell], arviz(x[..., cell], tails), rtol=1e-10, atol=0)


@pytest.mark.parametrize("draws", [1000, 1001])
def test_more_numbers_than_are_looked_at_together(draws):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4, draws, 70)) + 0.05 * rng.normal(size=(4, draws, 70)).cumsum(axis=1)
    found = ours(x, (0.05, 0.95))
    for cell in (0, 64, 65, 69):
        np.testing.assert_allclose(found[cell], arviz(x[..., cell], (0.05, 0.95)), rtol=1e-10)


def test_a_draw_that_is_no_number_spoils_its_own_number_only():
    x = np.random.default_rng(1).normal(size=(4, 100, 3))
    clean = ours(x, (0.05, 0.95))
    x[2, 17, 1] = np.nan
    found = ours(x, (0.05, 0.95))
    assert np.isnan(found[1]).all()
    assert np.isnan(arviz(x[..., 1], (0.05, 0.95))).all()
    np.testing.assert_array_equal(found[[0, 2]], clean[[0, 2]])


def test_constants_among_others():
    x = np.random.default_rng(1).normal(size=(4, 101, 3))
    x[..., 1] = 0.3
    found = ours(x, (0.05, 0.95))
    np.testing.assert_allclose(found[0], arviz(x[..., 0], (0.05, 0.95)), rtol=1e-10)
    # ArviZ splits the chains first too, and so counts without the draw in the middle.
    assert found[1, :3].tolist() == [400.0, 400.0, 400.0]
    assert np.isnan(found[1, 3])
    assert found[1, 4] == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_allclose(found[1, :3], arviz(x[..., 1], (0.05, 0.95))[:3])


def test_none_of_no_numbers():
    assert ours(np.empty((4, 100, 0)), (0.05, 0.95)).shape == (0, 5)
