"""Leaving out by weights and by refits, judged by closed forms; weights by ArviZ."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import betaln

from servanda.analysis import compare_models, compare_theories, suppose
from servanda.analysis.evaluation import compared
from servanda.analysis.evaluation.compared import block_marginal_likelihood
from servanda.analysis.evaluation.leave_one_out import LeftOut, leave_one_out
from servanda.analysis.evaluation.models import Comparison
from servanda.analysis.summaries.pseudo_bma import pseudo_bma_weights
from servanda.analysis.summaries.units import units_of
from servanda.models import Arrow, DataError, Network, NetworkError, Node, Prior, PriorSet, QueryError, encode, fit
from servanda.models.sampling import blocks
from servanda.models.sampling.blocks import fit_block
from servanda.models.sampling.stacking_weights import stacking_weights
from servanda.models.theories.theories import THEORIES

RAIN = Network((Node("rain", ("no", "yes")),), name="rain")


def rainy(no, yes):
    return pd.DataFrame({"rain": ["no"] * no + ["yes"] * yes})


def test_leaving_out_single_rows_is_the_predictive_of_the_rest():
    block = fit_block(RAIN, rainy(12, 8), None, "rain", seed=1, draws=4000)
    found = leave_one_out(block, "rain", seed=1)
    assert found.refitted == found.untrusted == ()
    np.testing.assert_allclose(found.elpd[:12], np.log(12 / 21), atol=0.01)
    np.testing.assert_allclose(found.elpd[12:], np.log(8 / 21), atol=0.01)
    assert found.total == pytest.approx(12 * np.log(12 / 21) + 8 * np.log(8 / 21), abs=0.1)


def test_what_weights_cannot_do_a_refit_does():
    """All wet days as one unit: its weights are powers of the chance of rain, too heavy in the tail near none.

    Of p^-4 under Beta(5, 31) the tail falls with the exponent -5/4, so that its shape parameter is 0.8.
    """
    frame, units = rainy(30, 4), np.array([f"dry {day}" for day in range(30)] + ["wet"] * 4)
    block = fit_block(RAIN, frame, None, "rain", seed=2)
    told = []
    found = leave_one_out(block, "rain", units, seed=3, progress=lambda *now: told.append(now))
    assert found.refitted == ("wet",)
    assert found.untrusted == ()
    assert told == [("refitting", 0, 1), ("refitting", 1, 1)]
    wet = found.units.index("wet")
    assert np.isnan(found.pareto_k[wet])
    # Four wet days after thirty dry ones.
    assert found.elpd[wet] == pytest.approx(betaln(5, 31) - betaln(1, 31), abs=0.25)
    untouched = leave_one_out(block, "rain", units, seed=3, refits=0)
    assert untouched.untrusted == ("wet",)
    assert untouched.pareto_k[wet] == pytest.approx(0.8, abs=0.2)


def test_counted_cases_are_left_out_one_by_one():
    counted = replace(encode(RAIN, rainy(1, 1)), counts=np.array([120, 80]))
    blocks = [fit_block(RAIN, cases, None, "rain", seed=4, draws=2000) for cases in (counted, rainy(120, 80))]
    few, many = (leave_one_out(block, "rain", seed=1) for block in blocks)
    assert few.elpd.shape == (2,)
    assert few.counts.tolist() == [120, 80]
    assert few.total == pytest.approx(many.total, abs=0.05)


@pytest.fixture(scope="module")
def forecasts():
    """ArviZ's LOO of three forecasters of sixty wet or dry days."""
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 2, 60)
    log_p = {}
    for name, p in {"low": 0.35, "half": 0.5, "high": 0.8}.items():
        draws = np.clip(rng.normal(p, 0.03, (2, 1000, 60)), 0.01, 0.99)
        log_p[name] = np.log(np.where(truth == 1, draws, 1 - draws))
    return {
        name: az.loo(
            xr.DataTree.from_dict(
                {
                    "log_likelihood": xr.Dataset({"y": (("chain", "draw", "unit"), array)}),
                    "posterior": xr.Dataset({"y": (("chain", "draw", "unit"), np.exp(array))}),
                }
            ),
            pointwise=True,
        )
        for name, array in log_p.items()
    }


@pytest.mark.parametrize(
    ("method", "weigh"),
    [("stacking", stacking_weights), ("BB-pseudo-BMA", partial(pseudo_bma_weights, seed=1, replicates=20_000))],
)
def test_weights_are_those_of_arviz(forecasts, method, weigh):
    theirs = az.compare(forecasts, method=method, round_to="none")["weight"]
    ours = weigh(np.column_stack([one.elpd_i.values for one in forecasts.values()]))
    # ArviZ has a thousand replicates of the bootstrap, and so an error of its own.
    for name, weight in zip(forecasts, ours, strict=True):
        assert weight == pytest.approx(float(theirs[name]), abs=2e-3 if method == "stacking" else 0.03)


def test_pseudo_bma_of_two_units_is_an_integral():
    """The share of the first unit is uniform, so that the weight is the mean of a logistic function over it."""
    elpd = np.array([[-0.2, -1.7], [-1.1, -0.4]])
    share = np.linspace(0, 1, 100_001)
    apart = 2 * (share * (elpd[0, 0] - elpd[0, 1]) + (1 - share) * (elpd[1, 0] - elpd[1, 1]))
    exact = np.trapezoid(1 / (1 + np.exp(-apart)), share)
    assert pseudo_bma_weights(elpd, seed=2, replicates=50_000)[0] == pytest.approx(exact, abs=0.004)


def test_pseudo_bma_counts_cases():
    elpd = np.log(np.array([[0.9, 0.5], [0.3, 0.5], [0.1, 0.9]]))
    often = pseudo_bma_weights(elpd, np.array([7, 4, 0]), seed=1, replicates=20_000)
    repeated = pseudo_bma_weights(np.repeat(elpd[:2], [7, 4], axis=0), seed=1, replicates=20_000)
    np.testing.assert_allclose(often, repeated, atol=0.01)
    np.testing.assert_array_equal(often, pseudo_bma_weights(elpd, np.array([7, 4, 0]), seed=1, replicates=20_000))


def test_two_near_equal_models_share_the_weight_over_draws_of_the_record():
    """The same units drawn again with replacement: stacking gives all to one model or to the other, as it falls."""
    rng = np.random.default_rng(12)
    base = rng.normal(-0.9, 0.4, 110)
    elpd = np.column_stack([base, base + rng.normal(0, 0.02, 110)])
    again = [elpd[rng.integers(0, 110, 110)] for _ in range(12)]
    stacked = np.array([stacking_weights(one)[0] for one in again])
    shared = np.array([pseudo_bma_weights(one, seed=1, replicates=500)[0] for one in again])
    assert shared.min() > 0.3
    assert shared.max() < 0.7
    assert ((stacked < 0.01) | (stacked > 0.99)).mean() > 0.5
    assert stacked.std() > 4 * shared.std()


def test_stacking_counts_cases():
    elpd = np.log(np.array([[0.9, 0.2], [0.1, 0.8]]))
    often = stacking_weights(elpd, np.array([7, 3]))
    np.testing.assert_allclose(often, stacking_weights(np.repeat(elpd, [7, 3], axis=0)), atol=1e-5)


def left(elpd):
    elpd = np.asarray(elpd, float)
    return LeftOut(
        tuple(map(str, range(len(elpd)))), elpd, np.full(len(elpd), 0.2), (), (), np.ones(len(elpd), int), 0.7
    )


def a_comparison(**elpds):
    found = {name: left(elpd) for name, elpd in elpds.items()}
    even = dict.fromkeys(found, 1 / len(found))
    return Comparison("kept", "guarantee", {name: name.title() for name in found}, found, even, {}, {})


def test_differences_have_the_error_of_a_sum_of_pairs():
    rng = np.random.default_rng(7)
    one, other = rng.normal(-0.6, 0.2, (2, 50))
    apart, error = a_comparison(one=one, other=other).difference("one", "other")
    assert apart == pytest.approx((one - other).sum())
    assert error == pytest.approx(np.sqrt(50) * np.std(one - other, ddof=1))


def test_the_verdict_says_what_can_be_told_apart():
    rng = np.random.default_rng(8)
    base = rng.normal(-0.6, 0.1, 60)
    found = a_comparison(near=base - 0.01, best=base, far=base - 0.3)
    assert found.best == "best"
    assert found.told_apart("best", "far")
    assert not found.told_apart("best", "near")
    assert found.verdict == (
        "Leaving out guarantees one at a time, “Best” foretells kept best. "
        "The record cannot tell it apart from “Near”; it can from “Far”."
    )
    assert a_comparison(a=base, b=base - 0.01).verdict.endswith("apart from “B”, that is, from none of the others.")
    assert a_comparison(a=base, b=base - 0.3).verdict.endswith("tells it apart from all the others: “B”.")
    assert list(found.table.index) == ["best", "near", "far"]
    assert found.table["apart"].tolist() == [False, False, True]
    assert "Near" in found._repr_html_()
    assert "cannot tell" in str(found)


def test_the_figure_shows_every_model():
    base = np.random.default_rng(9).normal(-0.6, 0.1, 40)
    figure = a_comparison(first=base, second=base - 0.3).plot()
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["First", "Second"]


COUNT = Node("guarantors", ("1", "2", "5"), values=(1, 2, 5), ordered=True)
KEPT = Node("kept", ("no", "yes"), (Arrow("guarantors"),), family="ordinal", ordered=True)
PACT = Network((COUNT, KEPT), name="pact")


def pacts(effect, rows, seed):
    rng = np.random.default_rng(seed)
    k = rng.choice([1, 2, 5], rows)
    p = 1 / (1 + np.exp(-effect * (np.log(k) - np.log(10) / 3)))
    return pd.DataFrame({"guarantors": k.astype(str), "kept": np.where(rng.random(rows) < p, "yes", "no")})


def test_a_true_effect_is_found_and_a_false_one_is_not_invented():
    settings = {"theories": ["none", "log"], "node": "kept", "unit": "case", "seed": 1, "draws": 400, "chains": 2}
    found = compare_theories(PACT, pacts(1.5, 300, seed=1), **settings)
    assert found.best == "log"
    assert found.told_apart("log", "none")
    assert found.weights["log"] > 0.9
    assert found.table.loc["none", "bayes_factor"] < 1e-4
    none = compare_theories(PACT, pacts(0.0, 300, seed=2), **settings)
    assert not none.told_apart("log", "none")


@pytest.mark.parametrize("processors", [1, 3])
def test_models_at_work_at_once_have_the_numbers_that_each_has_alone(processors, monkeypatch):
    monkeypatch.setattr(blocks, "processors", lambda: processors)
    frame, told = pacts(1.0, 60, seed=5), []
    networks = {name: THEORIES[name].apply(PACT, "kept", "guarantors") for name in ("none", "log", "saturating")}
    settings = {"node": "kept", "unit": "case", "seed": 1}
    short = {"draws": 60, "tune": 100, "chains": 2, "thin": 1}
    found = compare_models(networks, frame, **settings, **short, progress=lambda *what: told.append(what))
    assert told == [("comparing", done, 3) for done in range(4)]
    assert [*found.left_out] == [*networks]
    for name, network in networks.items():
        alone = leave_one_out(fit_block(network, frame, None, "kept", seed=1, **short), "kept", seed=1)
        np.testing.assert_array_equal(found.left_out[name].elpd, alone.elpd)


def test_a_model_that_was_fitted_is_not_fitted_again(monkeypatch):
    """The draws of the fit itself, thinned though they are, where network, cases, priors and sizes are the same."""
    frame, fitted, sampled = pacts(1.0, 60, seed=5), [], compared.sampled_block
    monkeypatch.setattr(blocks, "processors", lambda: 1)
    monkeypatch.setattr(compared, "sampled_block", lambda run, *how: fitted.append(run.network) or sampled(run, *how))
    other = THEORIES["none"].apply(PACT, "kept", "guarantors")
    how = {"node": "kept", "unit": "case", "seed": 1, "draws": 300, "tune": 100, "chains": 2, "thin": 1}
    posterior = fit(PACT, frame, seed=7, draws=300, tune=100, chains=2)
    found = compare_models({"own": PACT, "other": other}, frame, posterior=posterior, **how)
    assert fitted == [other]
    block = fit_block(PACT, frame, None, "kept", seed=7, draws=300, tune=100, chains=2)
    np.testing.assert_array_equal(found.left_out["own"].elpd, leave_one_out(block, "kept", seed=1).elpd)
    again = block_marginal_likelihood(block, seed=1)
    assert found.log_marginal_likelihood["own"] == pytest.approx(again.log)
    assert found.marginal_likelihood_error["own"] == pytest.approx(again.error, rel=1e-6)
    flat, tight = Prior.of("dirichlet", alpha=1.0), Prior.of("normal", mu=0.0, sigma=0.1)
    tighter = PriorSet.from_mapping({"*.table": flat, "*.baseline": flat, "*.steps": flat, "*.guarantors": tight})
    supposed = suppose(posterior, {"kept": posterior.network["kept"].states[-1]}, seed=1)
    for changed in ({"cases": frame.iloc[1:]}, {"priors": tighter}, {"draws": 200}, {"posterior": supposed}):
        fitted.clear()
        compare_models({"own": PACT, "other": other}, **{"cases": frame, "posterior": posterior, **how, **changed})
        assert len(fitted) == 2


def test_what_a_comparison_refuses():
    frame = pacts(0.0, 20, seed=3)
    with pytest.raises(QueryError, match="there is none called 'lgo'; did you mean 'log'"):
        compare_theories(PACT, frame, theories=["none", "lgo"], node="kept", seed=1)
    with pytest.raises(QueryError, match="theory rival_backer: needs the column 'rival_backer'"):
        compare_theories(PACT, frame, theories=["none", "rival_backer"], node="kept", seed=1)
    with pytest.raises(NetworkError, match="guarantors"):
        compare_theories(RAIN, rainy(3, 3), theories=["none", "log"], node="rain", seed=1)
    with pytest.raises(QueryError, match="two or more to compare"):
        compare_models({"one": PACT}, frame, node="kept", seed=1)
    with pytest.raises(QueryError, match="model other: has no node 'kept'"):
        compare_models({"one": PACT, "other": RAIN}, frame, node="kept", seed=1)
    narrow = Network((COUNT, replace(KEPT, states=("no", "partly", "yes"))))
    with pytest.raises(QueryError, match="model other: has other states of 'kept'"):
        compare_models({"one": PACT, "other": narrow}, frame, node="kept", seed=1)


def test_units_are_columns():
    frame = pd.DataFrame({"guarantee_id": ["a", "a", None], "crisis": ["x", "y", "y"]})
    assert units_of(frame, "case") is None
    assert units_of(frame, "crisis").tolist() == ["x", "y", "y"]
    with pytest.raises(DataError, match="case 3, column guarantee_id: is blank"):
        units_of(frame, "guarantee")
    with pytest.raises(DataError, match=r"column crises: is missing; .*did you mean 'crisis'"):
        units_of(frame, "crises")


def test_a_network_is_compared_with_itself_less_an_arrow_under_one_set():
    """Where the outcome follows its parent, the arrow is missed; where it is a coin, it is not."""
    rain, soil = (
        Node("rain", ("no", "yes")),
        Node("soil", ("dry", "wet"), (Arrow("rain"),), family="ordinal", ordered=True),
    )
    lawn = Network((rain, soil), name="lawn")
    simplex, normal = Prior.of("dirichlet", alpha=1.0), Prior.of("normal", mu=0, sigma=2)
    priors = PriorSet.from_mapping(
        {"rain.table": simplex, "soil.baseline": simplex, "soil.rain": normal}, name="garden"
    )
    rivals = [lawn, lawn.without_arrow("rain", "soil")]
    rng = np.random.default_rng(2)
    wet = rng.random(120) < 0.5
    followed, coin = np.where(rng.random(120) < 0.9, wet, ~wet), rng.random(120) < 0.5
    quick = {"node": "soil", "unit": "case", "seed": 1, "draws": 250, "tune": 250, "chains": 2, "bayes_factors": False}
    for soil_is, apart in ((followed, True), (coin, False)):
        frame = pd.DataFrame({"rain": np.where(wet, "yes", "no"), "soil": np.where(soil_is, "wet", "dry")})
        found = compare_models(rivals, frame, priors, **quick)
        assert found.told_apart("lawn", "lawn without rain -> soil") == apart
        assert not apart or found.verdict == (
            "Leaving out cases one at a time, “lawn” foretells soil best."
            " The record tells it apart from all the others: “lawn without rain -> soil”."
        )
