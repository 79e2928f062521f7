"""Panels as true mixtures, judged by SciPy's densities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from servanda.analysis import chance_of
from servanda.models import Network, Node, Prior, PriorError, PriorSet, fit, load_network
from servanda.priors import (
    LinearPool,
    leave_one_expert_out,
    linear_pool,
    load_prior,
    logarithmic_pool,
    prior_predictive,
)

COIN = Network((Node("kept", ("no", "yes")),), name="coin")
LOW = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[18, 3])}, name="low")
HIGH = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[2, 14])}, name="high")
TWO = {"low": LOW, "high": HIGH}
LOW_BETA, HIGH_BETA = stats.beta(3, 18), stats.beta(14, 2)


def modes(x, bins=20):
    """How many separate peaks of a histogram stand out."""
    counts = np.histogram(x, bins=bins, range=(0, 1))[0]
    high = counts > counts.max() / 5
    return int(np.sum(np.diff(np.concatenate([[0], high.astype(int)])) == 1))


def test_experts_stand_beside_their_pool_in_one_figure():
    weights = {"low": 0.25, "high": 0.75}
    figure = linear_pool(COIN, TWO, weights).plot(chance_of("kept", "yes"), seed=1, labels={"pool": "all"})
    low, high, pool = figure.axes[0].get_lines()
    assert [line.get_label() for line in (low, high, pool)] == ["low (0.25)", "high (0.75)", "all"]
    x = pool.get_xdata()
    np.testing.assert_allclose(pool.get_ydata(), 0.25 * low.get_ydata() + 0.75 * high.get_ydata(), atol=1e-12)
    # Kernels widen a density, most at an end where it falls to nothing: it is the beta to a tenth of its height.
    exact = LOW_BETA.pdf(x)
    np.testing.assert_allclose(low.get_ydata(), exact, atol=0.1 * exact.max())
    assert np.trapezoid(pool.get_ydata(), x) == pytest.approx(1.0, abs=0.01)


def test_the_linear_pool_of_opposed_experts_has_two_modes_and_the_logarithmic_one():
    linear = prior_predictive(COIN, linear_pool(COIN, TWO), seed=1).table("kept").sel(kept="yes").values.ravel()
    logarithmic = prior_predictive(COIN, logarithmic_pool(COIN, TWO), seed=1).table("kept").sel(kept="yes").values
    assert (modes(linear), modes(logarithmic.ravel())) == (2, 1)
    grid = np.linspace(0, 1, 2001)
    mixture = 0.5 * LOW_BETA.pdf(grid) + 0.5 * HIGH_BETA.pdf(grid)
    assert np.sum(np.diff(np.sign(np.diff(mixture))) < 0) == 2


@pytest.mark.parametrize("weight", [0.5, 0.2, 0.0])
def test_draws_of_the_prior_predictive_are_of_the_mixture(weight):
    panel = linear_pool(COIN, TWO, {"low": weight, "high": 1 - weight})
    posterior = prior_predictive(COIN, panel, seed=3, draws=5000)
    x = posterior.table("kept").sel(kept="yes").values.ravel()

    def cdf(p):
        return weight * LOW_BETA.cdf(p) + (1 - weight) * HIGH_BETA.cdf(p)

    assert stats.kstest(x, cdf).pvalue > 1e-3
    # Exchangeable: the first half is a sample of the same mixture.
    assert stats.kstest(x[:2500], cdf).pvalue > 1e-3
    assert posterior.provenance["weights"] == {"low": weight, "high": 1 - weight}


def test_a_seed_is_a_sample_of_a_panel():
    panel = linear_pool(COIN, TWO)
    once, again, other = (prior_predictive(COIN, panel, seed=s, draws=50).draws for s in (1, 1, 2))
    assert once.identical(again)
    assert not once.equals(other)


def test_the_density_is_the_weighted_mean_of_the_experts():
    panel = linear_pool(COIN, TWO, {"low": 0.3, "high": 0.7})
    p = np.linspace(0.01, 0.99, 50)
    cells = np.stack([1 - p, p], axis=-1)[None]
    draws = xr.Dataset({"kept.table": (("chain", "draw", "kept"), cells)})
    expected = 0.3 * LOW_BETA.pdf(p) + 0.7 * HIGH_BETA.pdf(p)
    np.testing.assert_allclose(np.exp(panel.log_density(draws))[0], expected, rtol=1e-10)


def test_the_experts_of_a_mixture_are_right_or_wrong_as_a_whole():
    """Two coins: a mixture of whole sets makes them dependent, which separate mixtures would not."""
    network = Network((Node("kept", ("no", "yes")), Node("seen", ("no", "yes"))))
    posterior = prior_predictive(network, linear_pool(network, TWO), seed=2)
    kept, seen = (posterior.table(name).sel({name: "yes"}).values.ravel() for name in network.names)
    assert np.corrcoef(kept, seen)[0, 1] > 0.8


def test_without_an_expert_the_others_weigh_more():
    experts = TWO | {"flat": load_prior("flat")}
    panel = linear_pool(COIN, experts, {"low": 0.5, "high": 0.25, "flat": 0.25})
    others = panel.without("low")
    assert isinstance(others, LinearPool)
    assert others.weights == {"high": 0.5, "flat": 0.5}
    assert others.name == "panel without low"
    left = leave_one_expert_out(COIN, experts, dict(panel.weights), pool=logarithmic_pool)
    assert {expert: sets.name for expert, sets in left.items()} == {name: f"without {name}" for name in experts}
    direct = logarithmic_pool(COIN, {"low": LOW, "high": HIGH}, {"low": 2 / 3, "high": 1 / 3}, name="without flat")
    np.testing.assert_allclose(
        left["flat"]["kept.table"].resolved(("no", "yes"))["alpha"],
        direct["kept.table"].resolved(("no", "yes"))["alpha"],
    )


def test_panels_that_make_no_sense():
    panel = linear_pool(COIN, TWO, {"low": 1.0, "high": 0.0})
    with pytest.raises(PriorError, match="there is no expert 'hihg'; did you mean 'high'"):
        panel.without("hihg")
    with pytest.raises(PriorError, match="all are on low, so that nothing is left without"):
        panel.without("low")
    with pytest.raises(PriorError, match="must be two or more to be pooled"):
        panel.without("high")
    with pytest.raises(PriorError, match=r"add up to 1\.5; they must add up to 1"):
        linear_pool(COIN, TWO, {"low": 1.0, "high": 0.5})
    with pytest.raises(PriorError, match=r"expert odd, kept\.table: the set has no prior for this parameter"):
        linear_pool(COIN, TWO | {"odd": PriorSet(())})


def test_panels_of_another_kind():
    with pytest.raises(
        PriorError, match=r"expert a: must be a PriorSet, not a int; servanda\.priors\.load_prior gives"
    ):
        linear_pool(COIN, {"a": 3, "b": LOW})
    with pytest.raises(PriorError, match="experts: must be a mapping by name of expert, not a list"):
        linear_pool(COIN, [LOW, HIGH])
    with pytest.raises(PriorError, match="weights: must be a mapping by name of expert, not a list"):
        linear_pool(COIN, TWO, [0.5, 0.5])
    with pytest.raises(PriorError, match="experts: must be three or more, so that a panel is left without each"):
        leave_one_expert_out(COIN, TWO)
    with pytest.raises(PriorError, match="pool: must be linear_pool or logarithmic_pool, not 'linear'"):
        leave_one_expert_out(COIN, TWO | {"flat": load_prior("flat")}, pool="linear")


def test_a_fit_takes_no_mixture():
    message = (
        r"fit: priors: is no prior set but a LinearPool; fit under one set; for a panel as a mixture, give that fit "
        r"and the pool to servanda\.analysis\.ask_panel"
    )
    with pytest.raises(PriorError, match=message):
        fit(COIN, pd.DataFrame({"kept": ["yes", "no"]}), linear_pool(COIN, TWO), seed=1)


def test_shipped_views_make_a_panel():
    network = load_network("guarantee")
    views = {name: load_prior(name) for name in ("institutionalist", "realist", "cheap_talk")}
    posterior = prior_predictive(network, linear_pool(network, views), seed=1, draws=300)
    sd = posterior.draws["compliance.guarantors"].std("draw").values
    assert np.all(sd > 0.2)
    assert str(linear_pool(network, views)).startswith("panel: 0.333333 institutionalist + ")
