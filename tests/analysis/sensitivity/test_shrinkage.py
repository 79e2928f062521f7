"""Sensitivity of a node that learns one scale for its effects: densities given that scale, judged by SciPy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from servanda.analysis import chance_of, compare_priors, explained_share, power_scaling
from servanda.analysis.sensitivity.bayes_factor import bayes_factor, block_questions
from servanda.analysis.sensitivity.power_scaling import _scaled
from servanda.analysis.sensitivity.reweighted import log_prior_ratio, reweighted_fit
from servanda.models import Arrow, Network, Node, Prior, PriorSet, fit
from servanda.models.density.density import make_density
from servanda.models.density.marginal_likelihood import log_marginal_likelihood
from servanda.models.sampling.refit import inputs_of

NODES = (
    Node("pair", ("no", "yes"), ordered=True),
    Node("other", ("no", "yes"), ordered=True),
    Node("y", ("no", "yes"), (Arrow("pair"), Arrow("other")), "ordinal", ordered=True, options=(("shrinkage", True),)),
)
NETWORK = Network(NODES)
STATED = {
    "*.table": Prior.of("dirichlet", alpha=1.0),
    "*.baseline": Prior.of("dirichlet", alpha=1.0),
    "y.r2": Prior.of("beta", alpha=2.0, beta=3.0),
    "y.shares": Prior.of("dirichlet", alpha=2.0),
    "y.pair": Prior.of("normal", mu=0.0, sigma=1.0),
    "y.other": Prior.of("normal", mu=0.0, sigma=1.0),
}
BASE = PriorSet.from_mapping(STATED, name="base")
QUESTIONS = {"chance": chance_of("y", "yes", {"pair": "yes", "other": "no"}), "explained": explained_share("y")}


def changed(name, **priors):
    return PriorSet.from_mapping(STATED | {f"y.{key}": prior for key, prior in priors.items()}, name=name)


def cases(rows, seed=1):
    rng = np.random.default_rng(seed)
    pair, other = rng.integers(0, 2, (2, rows))
    y = (rng.random(rows) < 1 / (1 + np.exp(-(2.0 * pair - 1.0)))).astype(int)
    states = np.array(["no", "yes"])
    return pd.DataFrame({"pair": states[pair], "other": states[other], "y": states[y]})


@pytest.fixture(scope="module")
def posterior():
    return fit(NETWORK, cases(40), BASE, seed=1, draws=2000, target_accept=0.95)


def scales(posterior):
    """sqrt(pi^2 / 3 r2 / (1 - r2) share / variance): of two states half apart the variance is a quarter."""
    r2 = posterior.draws["y.r2"].values[..., None]
    return np.sqrt(math.pi**2 / 3 * r2 / (1 - r2) * posterior.draws["y.shares"].values * 4)


def test_the_stored_log_prior_is_given_the_scale(posterior):
    found = posterior.tree["log_prior"].to_dataset()
    scale = scales(posterior)
    for place, name in enumerate(("y.pair", "y.other")):
        judge = stats.norm(0, scale[..., place]).logpdf(posterior.draws[name].values)
        np.testing.assert_allclose(found[name].values, judge, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found["y.r2"].values, stats.beta(2, 3).logpdf(posterior.draws["y.r2"].values), rtol=1e-8)


def test_the_ratio_of_two_priors_is_given_the_scale(posterior):
    other = changed(
        "other", pair=Prior.of("student_t", nu=3.0, mu=0.5, sigma=2.0), r2=Prior.of("beta", alpha=1, beta=9)
    )
    scale, pair = scales(posterior)[..., 0], posterior.draws["y.pair"].values
    expected = stats.t(3, 0.5, 2 * scale).logpdf(pair) - stats.norm(0, scale).logpdf(pair)
    r2 = posterior.draws["y.r2"].values
    expected += stats.beta(1, 9).logpdf(r2) - stats.beta(2, 3).logpdf(r2)
    np.testing.assert_allclose(log_prior_ratio(posterior, other, ["y"]), expected, rtol=1e-8, atol=1e-8)


def test_weights_reach_what_a_fit_under_the_other_prior_finds(posterior):
    less = changed("less", r2=Prior.of("beta", alpha=1.5, beta=6.0), pair=Prior.of("normal", mu=0.2, sigma=1.2))
    found = compare_priors(posterior, [less], QUESTIONS, refit=False).table
    judge = fit(NETWORK, cases(40), less, seed=2, draws=2000, target_accept=0.95)
    for label, question in QUESTIONS.items():
        row = found.loc[(label, "less")]
        assert row["mean"] == pytest.approx(float(question.draws(judge).mean()), abs=0.03), label


def test_the_bayes_factor_is_that_of_the_marginal_likelihoods(posterior):
    other = changed("other", r2=Prior.of("beta", alpha=1.0, beta=6.0))
    moved = reweighted_fit(posterior, other, block_questions(posterior, other), refit=True)
    found = bayes_factor(posterior, other, moved)
    logs = []
    for priors, fitted in (
        (BASE, posterior),
        (other, fit(NETWORK, cases(40), other, seed=3, draws=2000, target_accept=0.95)),
    ):
        run = inputs_of(fitted, priors)
        density = make_density(NETWORK, run.cases, run.patterns, priors, ("y",))
        values = {name: x.values.reshape((-1, *x.shape[2:])) for name, x in fitted.draws.items()}
        unknowns = density.layout.unconstrain(values)
        order = np.random.default_rng(4).permutation(len(unknowns))[:3000]
        logs.append(log_marginal_likelihood(density, unknowns[order], seed=5).log)
    assert found.trusted
    assert found.log == pytest.approx(logs[1] - logs[0], abs=0.1)


def test_power_scaling_tells_what_leans_on_the_share(posterior):
    found = power_scaling(posterior, QUESTIONS).table
    assert found["trusted"].all()
    assert {"prior", "likelihood", "y.r2", "y.shares", "y.pair", "y.other", "y.baseline"} == {
        component for label, component in found.index if label == "explained"
    }
    own = found.loc["explained", "sensitivity"].drop(["prior", "likelihood"])
    assert own.idxmax() == "y.r2"
    assert found.loc[("chance", "y.r2"), "sensitivity"] < own["y.r2"]


def test_a_power_of_the_prior_of_an_effect_leaves_its_scale():
    """Without data the prior of the effect as stated is scaled, and r2 keeps its beta distribution."""
    bare = fit(NETWORK, cases(40)[:0].reindex([0]), BASE, seed=1, draws=4000, thin=4, target_accept=0.95)
    r2 = bare.draws["y.r2"].values.ravel()
    assert r2.mean() == pytest.approx(0.4, abs=0.01)
    below, above = _scaled(bare, ("y",), (0.8, 1.25))["y.pair"]
    for weights in (below, above):
        assert float(weights.mean(r2.reshape(4, -1))) == pytest.approx(r2.mean(), abs=0.01)
    standard = bare.draws["y.pair"].values / scales(bare)[..., 0]
    assert float(above.mean(standard**2)) == pytest.approx(1 / 1.25, abs=0.04)
    assert float(below.mean(standard**2)) == pytest.approx(1 / 0.8, abs=0.06)


def test_no_likelihood_word_is_said_of_a_share(posterior):
    found = compare_priors(posterior, [changed("less", r2=Prior.of("beta", alpha=1.5, beta=4.0))], QUESTIONS).table
    assert (found.loc["explained", "word"] == "").all()
    assert (found.loc["chance", "word"] != "").all()
