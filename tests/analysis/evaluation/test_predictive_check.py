"""What draws imply for the record's summaries, judged by beta-binomial closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from servanda.analysis import record_summaries
from servanda.models import Arrow, Group, Network, Node, Prior, PriorSet, QueryError, encode, fit, load_network
from servanda.priors import linear_pool, load_prior, prior_predictive
from servanda.record import load_guarantees

SIDE = Node("side", ("a", "b"))
PACT = Network((SIDE, Node("kept", ("no", "partly", "yes"), (Arrow("side"),))), name="pact")
PRIORS = PriorSet.from_mapping(
    {"side.table": Prior.of("dirichlet", alpha=[3, 1]), "kept.table": Prior.of("dirichlet", alpha=[1, 0.5, 2])},
    name="pact",
)
RECORD = pd.DataFrame(
    {
        "side": ["a"] * 20 + ["b"] * 10 + [None] * 5,
        "kept": ["yes"] * 14 + ["no"] * 6 + ["partly"] * 6 + ["no"] * 2 + [None] * 2 + ["yes"] * 5,
    }
)


@pytest.fixture(scope="module")
def believed():
    return prior_predictive(PACT, PRIORS, seed=1, draws=8000)


def test_shares_are_beta_binomial(believed):
    found = record_summaries(believed, RECORD, "kept", "yes", by=["side"], seed=2).summaries
    for state, total, seen in (("a", 20, 14), ("b", 8, 0)):
        summary = found["side", state]
        assert (summary.cases, summary.seen) == (total, seen / total)
        judge = stats.betabinom(total, 2, 1.5)
        counts = np.bincount(np.rint(summary.implied * total).astype(int), minlength=total + 1)
        expected = judge.pmf(np.arange(total + 1)) * len(summary.implied)
        assert stats.chisquare(counts, expected).pvalue > 1e-3
        assert summary.below == pytest.approx(judge.cdf(seen) - judge.pmf(seen) / 2, abs=0.02)


def test_several_states_count_together(believed):
    found = record_summaries(believed, RECORD, "kept", ["partly", "yes"], by=["side"], seed=2)
    summary = found.summaries["side", "b"]
    assert summary.seen == 6 / 8
    assert summary.implied.mean() == pytest.approx(2.5 / 3.5, abs=0.02)
    assert found.outcome == "share of kept = partly or yes"


def test_cases_without_an_outcome_are_left_out_and_blank_cells_summed(believed):
    found = record_summaries(believed, RECORD, "kept", "yes", by=["side"], seed=2).summaries
    whole = found["all", ""]
    assert whole.cases == 33
    assert whole.seen == 19 / 33
    blank = RECORD.iloc[30:]
    summary = record_summaries(believed, blank, "kept", "yes", seed=3).summaries["all", ""]
    # Mean over both sides, each as likely as the prior of `side` says: the mean is that of one row.
    assert summary.implied.mean() == pytest.approx(2 / 3.5, abs=0.02)


def test_counted_cases_weigh_what_they_stand_for(believed, tmp_path):
    RECORD.iloc[:20].to_csv(tmp_path / "cases.csv", index=False)
    from servanda.models import count_cases

    counted = count_cases(PACT, tmp_path / "cases.csv")
    assert len(counted) == 2
    summary = record_summaries(believed, counted, "kept", "yes", seed=2).summaries["all", ""]
    assert (summary.cases, summary.seen) == (20, 0.7)
    judge = stats.betabinom(20, 2, 1.5)
    assert summary.implied.std() * 20 == pytest.approx(judge.std(), rel=0.05)


ACTORS = Network(
    (Node("kept", ("no", "yes"), (), family="ordinal", ordered=True, groups=(Group("actor", "obligor"),)),),
    name="actors",
)


def test_cases_of_one_actor_go_together():
    """All cases of an actor share its effect, so that their share spreads more than one made of strangers."""
    priors = PriorSet.from_mapping(
        {"kept.baseline": Prior.of("dirichlet", alpha=[500, 500]), "kept.actor_sd": Prior.of("half_normal", sigma=2.0)}
    )
    record = pd.DataFrame({"kept": ["yes", "no"] * 20})
    spreads = {}
    for name, obligors in {"one": ["A"] * 40, "many": [f"S{n}" for n in range(40)]}.items():
        cases = record.assign(obligor=obligors)
        believed = prior_predictive(ACTORS, priors, seed=1, draws=3000, cases=cases)
        assert believed.levels["actor"] == tuple(sorted(set(obligors)))
        spreads[name] = record_summaries(believed, cases, "kept", "yes", seed=1).summaries["all", ""].implied.std()
    assert spreads["one"] > 2 * spreads["many"]


def test_of_a_fit_it_is_a_posterior_predictive_check():
    posterior = fit(PACT, RECORD.dropna(), PRIORS, seed=1)
    summary = record_summaries(posterior, RECORD.dropna(), "kept", "yes", by=["side"], seed=1).summaries["side", "a"]
    judge = stats.betabinom(20, 2 + 14, 1.5 + 6)
    assert summary.implied.mean() == pytest.approx(judge.mean() / 20, abs=0.01)
    assert summary.implied.std() == pytest.approx(judge.std() / 20, rel=0.05)


def test_a_panel_has_its_summaries_too():
    opposed = {
        name: PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=list(alpha))})
        for name, alpha in {"low": (80, 10, 10), "high": (10, 10, 80)}.items()
    }
    network = Network((Node("kept", ("no", "partly", "yes")),))
    cases = pd.DataFrame({"kept": ["yes"] * 20})
    believed = prior_predictive(network, linear_pool(network, opposed), seed=1, cases=cases)
    implied = record_summaries(believed, cases, "kept", "yes", seed=1).summaries["all", ""].implied
    assert np.mean((implied > 0.35) & (implied < 0.55)) < 0.1
    assert 0.4 < np.mean(implied > 0.5) < 0.6


def test_the_shipped_record(tmp_path):
    network, cases = load_network("guarantee"), load_guarantees()
    believed = prior_predictive(network, load_prior("literature"), seed=1, draws=300, cases=cases)
    found = record_summaries(believed, cases, "compliance", "complied", by=["role", "era", "guarantors"], seed=1)
    coded = encode(network, cases)
    for state, number in zip(network["role"].states, range(2), strict=True):
        rows = coded.codes["role"] == number
        assert found.summaries["role", state].seen == pytest.approx((cases["outcome"][rows] == "complied").mean())
    assert "12 summaries of the record" in found.verdict
    assert "<table" in found._repr_html_()
    assert found.verdict in str(found)
    found.plot().savefig(tmp_path / "summaries.svg")


def test_what_is_off_is_named(believed):
    record = pd.DataFrame({"side": ["a"] * 400, "kept": ["partly"] * 400})
    found = record_summaries(believed, record, "kept", "partly", by=["side"], seed=1)
    assert found.verdict.endswith("outside of what is implied (90 %): all cases, side = a.")


def test_a_seed_is_a_result(believed):
    one, again, other = (record_summaries(believed, RECORD, "kept", "yes", seed=s).table for s in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


WRONG = {
    "target": (("kpet", "yes"), {}, "target: there is no node 'kpet'; did you mean 'kept'?"),
    "state": (("kept", "yse"), {}, "target kept: has no state 'yse'; did you mean 'yes'?"),
    "by": (("kept", "yes"), {"by": ["sied"]}, "by: there is no node 'sied'; did you mean 'side'?"),
    "no state": (("kept", []), {}, "states: name one at least"),
    "twice": (("kept", ["yes", "yes"]), {}, "states: are named twice: yes, yes"),
    "itself": (("kept", "yes"), {"by": ["kept"]}, "by kept: follows from kept, so that splitting by it says nothing"),
    "after": (("side", "a"), {"by": ["kept"]}, "by kept: follows from side"),
}


@pytest.mark.parametrize(("asked", "more", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_summarised(believed, asked, more, message):
    with pytest.raises(QueryError) as caught:
        record_summaries(believed, RECORD, *asked, seed=1, **more)
    assert message in str(caught.value)


def test_a_record_without_outcomes(believed):
    with pytest.raises(QueryError, match="target kept: is missing in every case"):
        record_summaries(believed, RECORD.assign(kept=None), "kept", "yes", seed=1)


def test_draws_that_do_not_know_the_record_s_actors():
    believed = prior_predictive(ACTORS, load_prior("flat"), seed=1, draws=20)
    cases = pd.DataFrame({"kept": ["yes"], "obligor": ["A"]})
    with pytest.raises(
        QueryError, match="actor: the draws do not hold A; give these cases to prior_predictive, or take a fit of them"
    ):
        record_summaries(believed, cases, "kept", "yes", seed=1)
