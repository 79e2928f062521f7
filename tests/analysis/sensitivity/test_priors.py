"""Answers under other priors, by weights: judged by closed forms and by fits under those priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from servanda.analysis import chance_of, compare_priors, direction, flip_point, power_scaling, probability
from servanda.analysis.sensitivity.reweighted import log_prior_ratio
from servanda.analysis.summaries.importance import psis_loo, smoothed, weighted_quantiles, weighted_summary
from servanda.models import Arrow, Group, Network, Node, Posterior, Prior, PriorError, PriorSet, QueryError, fit

COUNT = Node("guarantors", ("1", "2", "5"), values=(1, 2, 5), ordered=True)
KEPT = Node(
    "kept",
    ("no", "partly", "yes"),
    (Arrow("guarantors"), Arrow("watched")),
    family="ordinal",
    ordered=True,
    groups=(Group("guarantee", "guarantee_id"),),
)
WATCHED = Node("watched", ("no", "yes"), ordered=True)
NETWORK = Network((COUNT, WATCHED, KEPT), name="small")
QUESTIONS = {
    **{f"kept, {g}": chance_of("kept", "yes", do={"guarantors": g}) for g in ("1", "2", "5")},
    **{f"kept, watched, {g}": chance_of("kept", "yes", {"watched": "yes"}, {"guarantors": g}) for g in ("1", "2", "5")},
    "broken": chance_of("kept", "no"),
    "not wholly": chance_of("kept", ["no", "partly"], {"guarantors": "2"}),
    "five, not one": chance_of("kept", "yes", do={"guarantors": "5"}, against={"guarantors": "1"}),
    "watching": chance_of("kept", "yes", do={"watched": "yes"}, against={"watched": "no"}),
}


def prior(name, mu=0.0, sigma=0.7, watching=0.0, base=1.0, table=1.0):
    entries = {
        "*": Prior.of("normal", mu=0.0, sigma=1.0),
        "*.table": Prior.of("dirichlet", alpha=table),
        "*.steps": Prior.of("dirichlet", alpha=1.0),
        "*.baseline": Prior.of("dirichlet", alpha=base),
        "*.*_sd": Prior.of("half_normal", sigma=0.5),
        "kept.guarantors": Prior.of("normal", mu=mu, sigma=sigma),
        "kept.watched": Prior.of("normal", mu=watching, sigma=0.7),
    }
    return PriorSet.from_mapping(entries, name=name)


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(3)
    count = rng.choice(["1", "2", "5"], 120)
    watched = rng.choice(["no", "yes"], 120)
    score = 0.4 * np.log(count.astype(float)) + 0.5 * (watched == "yes") + rng.logistic(size=120)
    kept = np.array(["no", "partly", "yes"])[np.digitize(score, [0.0, 1.0])]
    guarantee = [f"g{number // 3}" for number in range(120)]
    return pd.DataFrame({"guarantors": count, "watched": watched, "kept": kept, "guarantee_id": guarantee})


@pytest.fixture(scope="module")
def posterior(cases):
    return fit(NETWORK, cases, prior("base"), seed=1)


OTHERS = [
    prior("helps", mu=0.5),
    prior("hurts", mu=-0.4, sigma=0.6),
    prior("watched", watching=0.6),
    prior("sure", base=3.0),
    prior("even tables", mu=0.2, table=4.0),
]


@pytest.fixture(scope="module")
def compared(posterior):
    return compare_priors(posterior, OTHERS, QUESTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("other", OTHERS, ids=lambda one: one.name)
def test_reweighted_answers_are_those_of_a_fit(other, cases, compared):
    fitted = fit(NETWORK, cases, other, seed=2)
    for label, question in QUESTIONS.items():
        found = compared.answers[label][other.name]
        assert found.pareto_k < 0.7
        assert not found.refitted
        there = weighted_summary(question.draws(fitted).values, None)
        error = np.hypot(found.summary.mcse, there.mcse)
        assert abs(found.summary.mean - there.mean) < 4 * error, label
        assert found.summary.sd == pytest.approx(there.sd, rel=0.15)


@pytest.mark.slow
def test_fits_again_where_weights_fail_and_says_so(posterior, cases):
    certain = prior("certain", mu=-1.5, sigma=0.02)
    found = compare_priors(posterior, [certain], {"effect": QUESTIONS["five, not one"]}, scores=False)
    answer = found.answers["effect"]["certain"]
    assert answer.refitted == ("kept",)
    assert answer.weights is None
    assert found.table.loc[("effect", "certain"), "how"] == "refitted"
    assert "Fitted again, as weights could not be trusted: certain (kept)" in found.verdict
    fitted = fit(NETWORK, cases, certain, seed=1)
    assert answer.summary.mean == pytest.approx(float(QUESTIONS["five, not one"].draws(fitted).mean()), abs=1e-12)
    left = compare_priors(posterior, [certain], {"effect": QUESTIONS["five, not one"]}, scores=False, refit=False)
    assert left.table.loc[("effect", "certain"), "how"] == "not trusted"
    assert "Not to be trusted, k too large: certain" in left.verdict


def test_tables_are_drawn_exactly_again(posterior, compared):
    """A question that depends on a table only has the Dirichlet posterior of the other prior."""
    asked = {"watched": chance_of("watched", "yes")}
    found = compare_priors(posterior, [OTHERS[4]], asked, scores=False).answers["watched"]["even tables"]
    yes = int((posterior.tree["observed_data"]["watched"] == 1).sum())
    exact = stats.beta(4 + yes, 4 + 120 - yes)
    assert found.weights is None
    assert found.summary.mean == pytest.approx(exact.mean(), abs=4 * found.summary.mcse)
    assert found.summary.sd == pytest.approx(exact.std(), rel=0.05)


def test_what_a_question_does_not_depend_on_weighs_nothing(posterior):
    asked = {"guarantors": chance_of("guarantors", "5")}
    found = compare_priors(posterior, [prior("far", mu=-9.0, sigma=0.01)], asked, scores=False)
    assert found.answers["guarantors"]["far"].weights is None
    assert found.table.loc[("guarantors", "far"), "shift"] == 0.0


def test_the_base_has_no_shift_and_comes_first(compared):
    table = compared.table
    assert (table.xs("base", level="prior")["shift"] == 0).all()
    assert list(compared.titles) == ["base", *(one.name for one in OTHERS)]
    row = table.loc[("five, not one", "helps")]
    start = table.loc[("five, not one", "base")]
    assert row["shift"] == pytest.approx((row["mean"] - start["mean"]) / start["sd"])
    assert row["word"] == ""
    assert table.loc[("kept, 5", "base"), "word"] != ""


def test_stacking_weights_and_scores(compared):
    scores = compared.scores
    assert scores["weight"].sum() == pytest.approx(1)
    assert scores.loc["base", "difference"] == 0.0
    assert compared.unit == "guarantee"
    assert scores["elpd"].max() < 0


@pytest.mark.slow
def test_scores_are_those_of_a_fit_under_the_prior(cases, compared):
    other = OTHERS[0]
    fitted = fit(NETWORK, cases, other, seed=1)
    there = compare_priors(fitted, [], {"kept": QUESTIONS["broken"]}).scores.loc["helps", "elpd"]
    assert compared.scores.loc["helps", "elpd"] == pytest.approx(there, abs=0.5)


def test_leaving_out_under_weights_is_exact_where_it_can_be_known():
    """A coin of Beta(a, b): leaving out one throw of n under a prior Beta(c, d), from draws under Beta(1, 1)."""
    rng = np.random.default_rng(1)
    heads, tails = 6, 4
    p = rng.beta(1 + heads, 1 + tails, (4, 5000))
    ratio = stats.beta(3, 2).logpdf(p) - stats.beta(1, 1).logpdf(p)
    log_p = np.stack([np.log(p), np.log1p(-p)], axis=-1)
    found = psis_loo(log_p, ratio)
    exact = np.log([(3 + heads - 1) / (5 + 9), (2 + tails - 1) / (5 + 9)])
    np.testing.assert_allclose(found.elpd, exact, atol=0.01)


def test_weights_of_a_beta_posterior():
    rng = np.random.default_rng(2)
    p = rng.beta(7, 5, (4, 5000))
    weights = smoothed(stats.beta(3, 2).logpdf(p))
    exact = stats.beta(9, 6)
    found = weighted_summary(p, weights)
    assert found.mean == pytest.approx(exact.mean(), abs=4 * found.mcse)
    assert (found.lower, found.upper) == pytest.approx(exact.ppf([0.05, 0.95]), abs=0.01)
    # How much more likely the data are under Beta(3, 2) than under Beta(1, 1), by beta functions.
    from scipy.special import betaln

    apart = betaln(9, 6) - betaln(3, 2) - betaln(7, 5)
    assert weights.log_mean == pytest.approx(apart, abs=0.02)


def test_equal_ratios_weigh_all_alike():
    found = smoothed(np.full((2, 50), -3.0))
    assert found.pareto_k == -np.inf
    assert found.effective == pytest.approx(100)
    np.testing.assert_allclose(found.values, 0.01)


def test_weighted_quantiles_of_equal_weights():
    x = np.random.default_rng(1).normal(size=1001)
    found = weighted_quantiles(x, np.full(1001, 1 / 1001), [0.05, 0.5])
    np.testing.assert_allclose(found, np.quantile(x, [0.05, 0.5], method="hazen"))


def test_ratio_of_priors_is_that_of_their_densities(posterior):
    ratio = log_prior_ratio(posterior, OTHERS[0], ["kept"])
    slope = posterior.draws["kept.guarantors"].values
    expected = stats.norm(0.5, 0.7).logpdf(slope) - stats.norm(0, 0.7).logpdf(slope)
    np.testing.assert_allclose(ratio, expected, atol=1e-10)


def test_flip_on_a_known_path():
    """Towards a Dirichlet(1, 5) a coin of 6 and 4 is Beta(1 + 4t + 6, 1 + 4): where P(p > 1/2) passes 0.9 is known."""
    from scipy.optimize import brentq

    network = Network((Node("kept", ("no", "yes")),))
    flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    sure = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[1.0, 5.0])}, name="sure")
    coin = fit(network, pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4}), flat, seed=1, draws=5000)
    found = flip_point(coin, sure, chance_of("kept", "yes"), verdict=direction(0.5, sure=0.9))
    exact = brentq(lambda t: stats.beta(7 + 4 * t, 5).sf(0.5) - 0.9, 0, 1)
    (flip,) = found.flips
    assert flip.at == pytest.approx(exact, abs=0.03)
    assert (flip.before, flip.after) == ("unsettled", "above 0.5")
    assert flip.trusted
    assert "flips at" in found.verdict
    assert found.table["mean"].iloc[-1] == pytest.approx(11 / 16, abs=0.01)
    units = (replace(found, is_difference=change).plot().axes[0].get_ylabel() for change in (False, True))
    assert [*units] == ["probability", "difference in probability"]
    assert found.table["pareto_k"].iloc[0] == -np.inf
    assert "inf" not in repr(found)


def test_no_flip_is_said():
    network = Network((Node("kept", ("no", "yes")),))
    flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    near = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.1)}, name="near")
    coin = fit(network, pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4}), flat, seed=1)
    found = flip_point(coin, near, chance_of("kept", "yes"))
    assert found.flips == ()
    assert found.verdict == "From flat to near the verdict stays “likely”."


@pytest.mark.slow
def test_far_ends_are_fitted(posterior):
    certain = prior("certain", mu=-1.5, sigma=0.05)
    found = flip_point(posterior, certain, QUESTIONS["five, not one"], verdict=direction(), steps=10)
    assert {0.0, 1.0} <= set(found.fitted)
    assert found.table["verdict"].iloc[-1] == "below 0"
    assert found.flips


def test_power_scaling_is_that_of_arviz(posterior):
    """Of one parameter in a network without latent cells ArviZ computes the same, shape aside."""
    import arviz

    question = {"slope": QUESTIONS["five, not one"]}
    found = power_scaling(posterior, question, powers=(0.8, 1.25))
    tree = posterior.tree.copy()
    draws = QUESTIONS["five, not one"].draws(posterior)
    tree["posterior"] = draws.drop_vars([name for name in draws.coords if name not in ("chain", "draw")]).to_dataset(
        name="x"
    )
    theirs = arviz.psense(tree, group="prior", group_var_names=["kept.guarantors"], alphas=(0.8, 1.25))
    ours = found.table.loc[("slope", "kept.guarantors"), "sensitivity"]
    assert ours == pytest.approx(float(theirs["x"]), rel=0.05)
    assert found.table.loc[("slope", "kept.guarantors"), "pareto_k"] < 0.7


def test_flat_tables_do_not_break_power_scaling(posterior):
    found = power_scaling(posterior, {"watched": chance_of("watched", "yes")})
    assert found.table.loc[("watched", "prior"), "sensitivity"] == 0.0
    assert found.table.loc[("watched", "likelihood"), "sensitivity"] > 0.05
    assert found.diagnoses["watched"] == "the answer hardly depends on the prior"


def test_leaning_names_the_prior_that_matters(cases):
    strong = fit(NETWORK, cases, prior("strong", mu=-2.0, sigma=0.1), seed=1, draws=500)
    found = power_scaling(strong, {"effect": QUESTIONS["five, not one"]})
    assert found.leaning("effect").index[0] == "kept.guarantors"
    assert found.diagnoses["effect"].startswith("prior and data disagree")


def test_shows_itself(compared):
    assert "<table" in compared._repr_html_()
    assert len(compared._repr_html_()) < 20_000
    assert "shift" in str(compared)
    figure = compared.plot()
    assert len(figure.axes) == 2


BAD = {
    "no question": ({}, "questions: questions: there are none"),
    "no such node": ({"q": chance_of("kapt", "yes")}, "question q, target kapt: no such node; did you mean 'kept'?"),
    "no such state": ({"q": chance_of("kept", "yess")}, "question q: kept has no state 'yess'; did you mean 'yes'?"),
}


@pytest.mark.parametrize(("asked", "message"), BAD.values(), ids=BAD.keys())
def test_bad_questions(posterior, asked, message):
    with pytest.raises(QueryError) as caught:
        compare_priors(posterior, [OTHERS[0]], asked)
    assert message in str(caught.value)


def test_bad_priors(posterior):
    wrong = PriorSet.from_mapping({"kept.guarantors": Prior.of("normal", mu=0, sigma=1)}, name="thin")
    with pytest.raises(PriorError, match=r"thin, watched\.table: the set has no prior for this parameter"):
        compare_priors(posterior, [wrong], QUESTIONS)
    with pytest.raises(PriorError, match="base: is the name of two sets; rename one"):
        compare_priors(posterior, [replace(OTHERS[0], name="base")], QUESTIONS)


def test_a_posterior_without_priors(posterior):
    bare = Posterior.from_tables(
        Network((Node("kept", ("no", "yes")),)), {"kept": posterior.table("watched").rename(watched="kept")}
    )
    with pytest.raises(PriorError, match="has no prior set to weigh against; fit the network with one"):
        compare_priors(bare, [OTHERS[0]], {"kept": chance_of("kept", "yes")})


def test_same_priors_cannot_flip(posterior):
    with pytest.raises(PriorError, match="so nothing can flip"):
        flip_point(posterior, replace(prior("base"), name="copy"), QUESTIONS["broken"])


def test_bad_powers(posterior):
    with pytest.raises(QueryError, match="must be one below and one above 1"):
        power_scaling(posterior, {"q": QUESTIONS["broken"]}, powers=(1.1, 1.2))


def test_quantity_is_the_probability_asked(posterior):
    one = QUESTIONS["not wholly"]
    there = probability(posterior, "kept", {"guarantors": "2"}).sel(kept=["no", "partly"]).sum("kept")
    np.testing.assert_allclose(one.draws(posterior), there)
    assert one.words(NETWORK) == "P(kept = no or partly | guarantors = 2)"
    assert one.nodes(NETWORK) == {"kept", "watched"}
