"""Contrasts: closed forms and the same draw on both sides."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from servanda.analysis import contrast, probability


def test_difference_and_ratio_are_taken_draw_by_draw(lawn):
    effect = contrast(lawn, "wet", {"sprinkler": "off"}, {"sprinkler": "on"}, {"rain": "no"})
    before = probability(lawn, "wet", {"rain": "no"}, {"sprinkler": "off"})
    after = probability(lawn, "wet", {"rain": "no"}, {"sprinkler": "on"})
    np.testing.assert_allclose(effect["difference"], after - before)
    np.testing.assert_allclose(effect["ratio"], after / before)


def test_probability_of_increase_is_that_of_two_betas(keeping):
    effect = contrast(keeping, "kept", {"backers": "few"}, {"backers": "many"})
    grid = np.linspace(0, 1, 20001)
    many, few = beta(1 + 9, 1 + 3), beta(1 + 4, 1 + 6)
    exact = float(np.trapezoid(many.pdf(grid) * few.cdf(grid), grid))
    assert float(effect["probability_of_increase"].sel(kept="yes")) == pytest.approx(exact, abs=0.01)


def test_no_change_raises_nothing(keeping):
    effect = contrast(keeping, "kept", {"backers": "few"}, {"backers": "few"})
    assert float(np.abs(effect["difference"]).max()) == 0
    assert effect["probability_of_increase"].values.tolist() == [0.5, 0.5]
