"""Contrasts: closed forms and the same draw on both sides."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import beta

from servanda.analysis import contrast, probability
from servanda.analysis.summaries.summary import summary_table
from servanda.models import Arrow, Network, Node, Posterior, QueryError


def test_difference_and_ratio_are_taken_draw_by_draw(lawn):
    effect = contrast(lawn, "wet", {"sprinkler": "off"}, {"sprinkler": "on"}, {"rain": "no"})
    before = probability(lawn, "wet", {"rain": "no"}, {"sprinkler": "off"})
    after = probability(lawn, "wet", {"rain": "no"}, {"sprinkler": "on"})
    np.testing.assert_allclose(effect["difference"], after - before)
    np.testing.assert_allclose(effect["ratio"], after / before)


def share_above(margin: float) -> tuple[float, float]:
    """P(many - few >= margin) and P(few - many >= margin), of independent Betas, by quadrature."""
    grid = np.linspace(0, 1, 20001)
    many, few = beta(1 + 9, 1 + 3), beta(1 + 4, 1 + 6)
    rises, falls = many.pdf(grid) * few.cdf(grid - margin), few.pdf(grid) * many.cdf(grid - margin)
    return float(np.trapezoid(rises, grid)), float(np.trapezoid(falls, grid))


@pytest.mark.parametrize("margin", [0.0, 0.05, 0.3])
def test_gain_and_loss_are_those_of_two_betas(keeping, margin):
    effect = contrast(keeping, "kept", {"backers": "few"}, {"backers": "many"}, margin=margin)
    kept, broken = effect.sel(kept="yes"), effect.sel(kept="no")
    gain, loss = share_above(margin)
    assert float(kept["gain"]) == pytest.approx(gain, abs=0.012)
    assert float(kept["loss"]) == pytest.approx(loss, abs=0.012)
    assert float(kept["within"]) == pytest.approx(1 - gain - loss, abs=0.015)
    # What one of two states gains the other loses.
    assert float(broken["loss"]) == pytest.approx(float(kept["gain"]))
    assert effect.attrs["margin"] == margin


def test_the_margin_is_five_points_unless_stated(keeping):
    base, change = {"backers": "few"}, {"backers": "many"}
    xr.testing.assert_identical(
        contrast(keeping, "kept", base, change), contrast(keeping, "kept", base, change, margin=0.05)
    )
    worth = contrast(keeping, "kept", base, change).attrs["worth"].splitlines()
    assert [line.split(":")[0] for line in worth] == ["no", "yes"]
    assert "points or more" in worth[1]


def test_no_change_is_neither_gain_nor_loss(keeping):
    base = {"backers": "few"}
    effect = contrast(keeping, "kept", base, base)
    assert float(np.abs(effect["difference"]).max()) == 0
    assert effect["within"].values.tolist() == [1.0, 1.0]
    assert effect["gain"].values.tolist() == effect["loss"].values.tolist() == [0.0, 0.0]
    # Where any change matters, none at all is shared out.
    least = contrast(keeping, "kept", base, base, margin=0)
    assert least["gain"].values.tolist() == least["loss"].values.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("margin", [-0.01, 1.0, float("nan"), float("inf"), "wide", None])
def test_a_margin_is_a_change_of_probability(keeping, margin):
    what = f"margin: is {margin!r}; give a change of probability from 0 up to 1, such as 0.05 for five points"
    with pytest.raises(QueryError, match=re.escape(what)):
        contrast(keeping, "kept", {"backers": "few"}, {"backers": "many"}, margin=margin)


def test_a_contrast_says_on_what_condition_it_is_an_effect(keeping):
    effect = contrast(keeping, "kept", {"backers": "few"}, {"backers": "many"})
    said = "P(kept | do(backers)) is identified, if the network holds every common cause, without adjustment."
    assert effect.attrs["identification"] == said


def test_a_target_may_have_the_name_of_the_dim_of_cases():
    states = ("no", "yes")
    network = Network((Node("a", states), Node("case", states, (Arrow("a"),))))
    tables = {
        "a": xr.DataArray([0.5, 0.5], dims="a"),
        "case": xr.DataArray([[0.8, 0.2], [0.1, 0.9]], dims=("a", "case")),
    }
    posterior = Posterior.from_tables(network, tables)
    rows = pd.DataFrame(index=["first", "second"])
    both = rows.assign(a=["no", "yes"])
    answer = probability(posterior, "case", both)
    np.testing.assert_allclose(summary_table(answer)["mean"], [[0.8, 0.2], [0.1, 0.9]])
    effect = contrast(posterior, "case", {"a": "no"}, {"a": "yes"})
    np.testing.assert_allclose(effect["difference"].squeeze(), [-0.7, 0.7])
