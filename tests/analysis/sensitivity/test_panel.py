"""Answers of panels, judged by mixtures of betas in closed form and by integration on a grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import betaln, expit, logit, logsumexp

from servanda.analysis import ask_panel, chance_of
from servanda.analysis.sensitivity.bayes_factor import bridge
from servanda.models import Arrow, Network, Node, Posterior, Prior, PriorError, PriorSet, QueryError, fit
from servanda.priors import linear_pool

COIN = Network((Node("kept", ("no", "yes")),), name="coin")
ALPHAS = {"low": (16.0, 4.0), "high": (3.0, 15.0), "even": (1.0, 1.0)}
WEIGHTS = {"low": 0.5, "high": 0.3, "even": 0.2}
EXPERTS = {
    name: PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=list(alpha))}, name=name)
    for name, alpha in ALPHAS.items()
}
CASES = pd.DataFrame({"kept": ["yes"] * 9 + ["no"] * 6})
KEPT = {"kept": chance_of("kept", "yes")}


@pytest.fixture(scope="module")
def coin():
    posterior = fit(COIN, CASES, EXPERTS["even"], seed=1, draws=4000)
    return posterior, ask_panel(posterior, linear_pool(COIN, EXPERTS, WEIGHTS), KEPT)


def coin_shares(weights):
    raw = {e: w * np.exp(betaln(ALPHAS[e][1] + 9, ALPHAS[e][0] + 6) - betaln(*ALPHAS[e])) for e, w in weights.items()}
    return {expert: value / sum(raw.values()) for expert, value in raw.items()}


def coin_betas():
    return {expert: stats.beta(yes + 9, no + 6) for expert, (no, yes) in ALPHAS.items()}


def test_experts_gain_what_the_data_say_for_them(coin):
    _, found = coin
    for expert, share in coin_shares(WEIGHTS).items():
        assert found.shares[expert] == pytest.approx(share, rel=1e-9)
    weights = found.weights
    assert weights["before"].to_dict() == WEIGHTS
    assert np.all(weights["error"] == 0)
    assert weights["trusted"].all()


def test_the_answer_is_the_mixture_of_the_experts_posteriors(coin):
    _, found = coin
    shares, betas = coin_shares(WEIGHTS), coin_betas()
    mean = sum(shares[e] * betas[e].mean() for e in shares)
    second = sum(shares[e] * (betas[e].var() + betas[e].mean() ** 2) for e in shares)
    row = found.table.loc[("kept", "panel")]
    assert row["mean"] == pytest.approx(mean, abs=0.005)
    assert row["sd"] == pytest.approx(np.sqrt(second - mean**2), rel=0.03)

    def quantile(level):
        return brentq(lambda p: sum(shares[e] * betas[e].cdf(p) for e in shares) - level, 0.001, 0.999)

    assert row["lower"] == pytest.approx(quantile(0.05), abs=0.01)
    assert row["upper"] == pytest.approx(quantile(0.95), abs=0.01)
    between = sum(shares[e] * (betas[e].mean() - mean) ** 2 for e in shares)
    assert row["disagreement"] == pytest.approx(between / (second - mean**2), abs=0.02)


def test_disagreement_widens_the_interval(coin):
    _, found = coin
    mixed, alone = found.answers["kept"]["panel"], found.answers["kept"]["low"]
    assert alone.disagreement == 0.0
    assert mixed.summary.sd > np.sqrt(mixed.within)
    assert mixed.summary.sd**2 == pytest.approx(mixed.within + mixed.between)


def test_without_an_expert_it_is_the_panel_of_the_others(coin):
    posterior, found = coin
    others = ask_panel(posterior, linear_pool(COIN, EXPERTS, WEIGHTS).without("low"), KEPT)
    row, direct = found.table.loc[("kept", "without low")], others.table.loc[("kept", "panel")]
    np.testing.assert_allclose(
        row[["mean", "lower", "upper", "sd"]].to_list(), direct[["mean", "lower", "upper", "sd"]].to_list()
    )


def test_what_it_says_and_shows(coin, tmp_path):
    _, found = coin
    assert "The data move the experts' weights: low 0.50 to " in found.verdict
    assert "Experts disagree most about “kept”" in found.verdict
    assert "One expert's absence moves most: without " in found.verdict
    assert "Nothing was fitted again." in found.verdict
    assert "<table" in found._repr_html_()
    assert found.verdict in str(found)
    assert list(found.titles) == ["panel", *EXPERTS]
    without = found.table.loc[("kept", "without high"), "mean"]
    assert found.absences["kept"]["high"] == without
    found.plot().savefig(tmp_path / "panel.svg")


# A regression, where weights and fits made again do the work

FEW = Node("few", ("1", "5"), ordered=True, values=(1, 5))
PACT = Network(
    (FEW, Node("kept", ("no", "yes"), (Arrow("few", term="log"),), family="ordinal", ordered=True)), name="pact"
)
REST = {"few.table": Prior.of("dirichlet", alpha=1.0), "kept.baseline": Prior.of("dirichlet", alpha=[2.0, 3.0])}
SLOPES = {"helps": (0.8, 0.3), "hurts": (-0.8, 0.3), "nothing": (0.0, 0.01)}
VIEWS = {
    name: PriorSet.from_mapping(REST | {"kept.few": Prior.of("normal", mu=mu, sigma=sigma)}, name=name)
    for name, (mu, sigma) in SLOPES.items()
}
WIDE = PriorSet.from_mapping(REST | {"kept.few": Prior.of("normal", mu=0.0, sigma=1.0)}, name="wide")
COUNTS = {("1", "no"): 12, ("1", "yes"): 10, ("5", "no"): 7, ("5", "yes"): 13}


@pytest.fixture(scope="module")
def pact():
    rows = [(few, kept) for (few, kept), number in COUNTS.items() for _ in range(number)]
    posterior = fit(PACT, pd.DataFrame(rows, columns=["few", "kept"]), WIDE, seed=3)
    gain = chance_of("kept", "yes", do={"few": "5"}, against={"few": "1"})
    return posterior, ask_panel(
        posterior, linear_pool(PACT, VIEWS), {"five": chance_of("kept", "yes", {"few": "5"}), "gain": gain}
    )


def on_a_grid(mu, sigma):
    """Log marginal likelihood of the outcomes, and the mean of P(kept | five), by integration."""
    share, slope = np.meshgrid(np.linspace(0.001, 0.999, 800), np.linspace(-4, 4, 1601), indexing="ij")
    half = np.log(5) / 2
    log_p = stats.beta(3, 2).logpdf(share) + stats.norm(mu, sigma).logpdf(slope)
    for few, sign in (("1", -1), ("5", 1)):
        eta = logit(share) + sign * half * slope
        log_p += COUNTS[few, "yes"] * np.log(expit(eta)) + COUNTS[few, "no"] * np.log(expit(-eta))
    five = expit(logit(share) + half * slope)
    weight = np.exp(log_p - log_p.max())
    return float(logsumexp(log_p)), float((weight * five).sum() / weight.sum())


def test_the_evidence_is_that_of_integration(pact):
    posterior, found = pact
    base, _ = on_a_grid(0.0, 1.0)
    for expert, (mu, sigma) in SLOPES.items():
        exact = on_a_grid(mu, sigma)[0] - base
        ratio = found.bayes_factors[expert]
        assert ratio.log == pytest.approx(exact, abs=max(4 * ratio.error, 0.02)), expert
        assert ratio.error < 0.2, expert
    # At least one of them was out of reach of weights, so that the bridge was crossed.
    assert found.refitted
    assert posterior.priors.name == "wide"


def test_means_are_those_of_integration(pact):
    _, found = pact
    for expert, numbers in SLOPES.items():
        row = found.table.loc[("five", expert)]
        assert row["mean"] == pytest.approx(on_a_grid(*numbers)[1], abs=4 * row["mcse"] + 1e-3), expert
    shares = {expert: np.exp(on_a_grid(*numbers)[0]) for expert, numbers in SLOPES.items()}
    total = sum(shares.values())
    mean = sum(share / total * on_a_grid(*SLOPES[expert])[1] for expert, share in shares.items())
    # The experts' weights have an error of their own.
    assert found.table.loc[("five", "panel"), "mean"] == pytest.approx(mean, abs=0.02)


def test_without_refits_what_cannot_be_trusted_is_marked(pact):
    posterior, _ = pact
    found = ask_panel(
        posterior, linear_pool(PACT, VIEWS), {"five": chance_of("kept", "yes", {"few": "5"})}, refit=False
    )
    assert not found.table.loc[("five", "nothing"), "trusted"]
    assert not found.weights.loc["nothing", "trusted"]
    assert "nothing (weights of kept cannot be trusted" in found.verdict
    assert found.refitted == {}


def test_it_does_not_matter_under_which_view_the_fit_was_made(pact):
    posterior, found = pact
    rows = [(few, kept) for (few, kept), number in COUNTS.items() for _ in range(number)]
    other = fit(PACT, pd.DataFrame(rows, columns=["few", "kept"]), VIEWS["helps"], seed=4)
    again = ask_panel(other, linear_pool(PACT, VIEWS), {"five": chance_of("kept", "yes", {"few": "5"})})
    assert again.bayes_factors["helps"].log == 0.0
    for expert in VIEWS:
        here, there = (r.bayes_factors[expert].log - r.bayes_factors["hurts"].log for r in (again, found))
        errors = [r.bayes_factors[name].error for r in (again, found) for name in (expert, "hurts")]
        assert here == pytest.approx(there, abs=4 * np.linalg.norm(errors) + 1e-9), expert
    assert posterior.network == other.network


def test_the_bridge_between_two_normals():
    """Unnormalised N(0, 1) and 3 N(4, 0.5^2): masses 1 and 3, which overlap little."""
    rng = np.random.default_rng(2)

    def ratio(x):
        return np.log(3) + stats.norm(4, 0.5).logpdf(x) - stats.norm(0, 1).logpdf(x)

    log, error = bridge(ratio(rng.normal(0, 1, (4, 4000))), ratio(rng.normal(4, 0.5, (4, 2000))))
    assert log == pytest.approx(np.log(3), abs=4 * error)
    assert error < 0.5


def test_progress_is_told(coin):
    posterior, _ = coin
    steps = []
    ask_panel(posterior, linear_pool(COIN, EXPERTS), KEPT, progress=lambda *step: steps.append(step))
    assert steps[0] == ("asking the panel", 0, 3)
    assert steps[-1] == ("asking the panel", 3, 3)


def test_an_expert_of_weight_zero_is_heard_but_not_counted(coin):
    posterior, _ = coin
    found = ask_panel(posterior, linear_pool(COIN, EXPERTS, {"low": 0.0, "high": 0.5, "even": 0.5}), KEPT)
    assert found.shares["low"] == 0.0
    assert ("kept", "low") in found.table.index


def test_what_cannot_be_asked(coin):
    posterior, _ = coin
    pool = linear_pool(COIN, EXPERTS)
    with pytest.raises(PriorError, match=r"pool: must be a pool from servanda\.priors\.linear_pool, not a PriorSet"):
        ask_panel(posterior, EXPERTS["low"], KEPT)
    with pytest.raises(QueryError, match="question kept, target kpet: no such node"):
        ask_panel(posterior, pool, {"kept": chance_of("kpet", "yes")})
    without = Posterior(posterior.network, posterior.tree, None, posterior.provenance)
    with pytest.raises(PriorError, match="posterior: has no prior set to weigh against"):
        ask_panel(without, pool, KEPT)
    named = linear_pool(COIN, {"panel": EXPERTS["low"], "high": EXPERTS["high"]})
    with pytest.raises(PriorError, match="expert panel: has a name that the table needs; rename it"):
        ask_panel(posterior, named, KEPT)
    elsewhere = linear_pool(PACT, VIEWS)
    with pytest.raises(PriorError, match=r"expert helps, kept\.baseline: no such parameter in network coin"):
        ask_panel(posterior, elsewhere, KEPT)


def test_weights_can_be_kept_as_stated(coin):
    posterior, _ = coin
    found = ask_panel(posterior, linear_pool(COIN, EXPERTS, WEIGHTS), KEPT, update=False)
    assert found.shares == WEIGHTS
    mean = sum(WEIGHTS[expert] * one.mean() for expert, one in coin_betas().items())
    assert found.table.loc[("kept", "panel"), "mean"] == pytest.approx(mean, abs=0.005)
    assert "The experts weigh what was stated." in found.verdict


def test_a_bridge_that_nobody_crosses_says_so():
    rng = np.random.default_rng(1)
    _, error = bridge(rng.normal(-1000, 1, (4, 100)), rng.normal(1000, 1, (4, 100)))
    assert error == np.inf


FAR = {
    "yes": {"kept.few": Prior.of("normal", mu=3.0, sigma=0.1), "few.table": Prior.of("dirichlet", alpha=1.0)},
    "other": {"kept.few": Prior.of("normal", mu=3.0, sigma=0.1), "few.table": Prior.of("dirichlet", alpha=2.0)},
}


@pytest.mark.parametrize("which", FAR)
def test_views_far_from_the_record_are_reached_over_fits_between(pact, which):
    """The record is nine standard deviations of this view away from it."""
    posterior, _ = pact
    far = PriorSet.from_mapping(REST | FAR[which], name="far")
    found = ask_panel(
        posterior,
        linear_pool(PACT, {"far": far, "helps": VIEWS["helps"]}),
        {"five": chance_of("kept", "yes", {"few": "5"})},
    )
    exact = on_a_grid(3.0, 0.1)[0] - on_a_grid(0.0, 1.0)[0]
    if which == "other":
        exact += betaln(2 + 22, 2 + 20) - betaln(2, 2) - betaln(1 + 22, 1 + 20) + betaln(1, 1)
    ratio = found.bayes_factors["far"]
    assert ratio.trusted
    assert ratio.log == pytest.approx(exact, abs=4 * ratio.error + 0.02)


def test_unrelated_priors_of_another_kind_do_not_stop_the_bridge():
    network = Network(
        (*PACT.nodes, Node("seen", ("no", "yes"), (Arrow("few", term="saturating"),), family="ordinal", ordered=True))
    )
    rest = REST | {"seen.baseline": Prior.of("dirichlet", alpha=1.0), "seen.few": Prior.of("normal", mu=0, sigma=1)}
    rates = {"wide": Prior.of("lognormal", mu=0, sigma=0.5), "far": Prior.of("exponential", lam=1.0)}
    slopes = {"wide": Prior.of("normal", mu=0.0, sigma=1.0), "far": Prior.of("normal", mu=3.0, sigma=0.1)}
    wide, far = (
        PriorSet.from_mapping(rest | {"kept.few": slopes[n], "seen.few.rate": rates[n]}, name=n) for n in slopes
    )
    rows = [(few, kept, "yes") for (few, kept), number in COUNTS.items() for _ in range(number)]
    posterior = fit(network, pd.DataFrame(rows, columns=["few", "kept", "seen"]), wide, seed=3)
    same = PriorSet.from_mapping(
        {e.parameter: e.prior for e in far.entries} | {"seen.few.rate": rates["wide"]}, name="same"
    )
    found = ask_panel(
        posterior, linear_pool(network, {"far": far, "same": same}), {"five": chance_of("kept", "yes", {"few": "5"})}
    )
    exact = on_a_grid(3.0, 0.1)[0] - on_a_grid(0.0, 1.0)[0]
    assert found.bayes_factors["same"].log == pytest.approx(exact, abs=4 * found.bayes_factors["same"].error + 0.02)
    # The other differs by what the rate alone adds, which is little here.
    assert found.bayes_factors["far"].log == pytest.approx(exact, abs=2.0)


def test_renaming_of_states_that_nobody_saw_leaves_the_evidence_open():
    mood = Node("mood", ("low", "high"), anchored_by="smile")
    signs = [Node(name, ("no", "yes"), (Arrow("mood"),)) for name in ("smile", "song", "dance")]
    network = Network((mood, *signs), name="party")
    base = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    sure = PriorSet.from_mapping(
        {"*": Prior.of("dirichlet", alpha=1.0), "smile.table": Prior.of("confusion", right=3, near=1, far=1)},
        name="sure",
    )
    rng = np.random.default_rng(1)
    high = rng.random(25) < 0.5
    frame = pd.DataFrame(
        {name: np.where(rng.random(25) < np.where(high, 0.8, 0.2), "yes", "no") for name in ("smile", "song", "dance")}
    )
    posterior = fit(network, frame, base, seed=1, draws=300)
    found = ask_panel(posterior, linear_pool(network, {"flat": base, "sure": sure}), {"song": chance_of("song", "yes")})
    assert "the states of mood, which nobody saw, may be renamed" in found.bayes_factors["sure"].doubt
    assert "How much the data speak for an expert is not settled: sure (" in found.verdict
