"""Counterfactuals as asked for: closed forms, names, tables of cases, errors."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import counterfactual, probability
from servanda.models import ImpossibleEvidenceError, Posterior, QueryError, load_network
from servanda.models.inference.counterfactual import sampled
from servanda.models.inference.question import CapacityError
from servanda.models.sampling.prior_draws import prior_draws


def test_a_promise_broken_by_few_backers_would_have_been_kept_by_many_in_closed_form(keeping):
    """Two states: both couplings move as few cases as they can, so P(yes' | no) = max(0, q - p) / (1 - p)."""
    answer = counterfactual(keeping, "kept", observed={"backers": "few", "kept": "no"}, do={"backers": "many"})
    table = keeping.table("kept")
    p, q = (table.sel(kept="yes", backers=state) for state in ("few", "many"))
    expected = (q - p).clip(min=0) / (1 - p)
    np.testing.assert_allclose(answer.sel(kept="yes"), expected, atol=1e-12)
    assert answer.dims == ("chain", "draw", "kept")
    assert answer.attrs["question"] == ("P(kept | do(backers = many)) for the case seen: backers = few, kept = no")
    assert answer.attrs["coupling"] == "gumbel"
    for coupling in ("rank", "gumbel"):
        again = counterfactual(
            keeping, "kept", {"backers": "few", "kept": "no"}, {"backers": "many"}, coupling=coupling
        )
        np.testing.assert_allclose(again, answer, atol=1e-12)


def test_what_the_change_does_not_reach_stays_as_it_was(lawn):
    answer = counterfactual(lawn, "rain", observed={"wet": "wet"}, do={"sprinkler": "off"})
    np.testing.assert_allclose(answer, probability(lawn, "rain", {"wet": "wet"}), atol=1e-12)
    assert answer.attrs["coupling"] == "gumbel"


def test_a_table_of_cases(lawn):
    frame = pd.DataFrame({"wet": ["wet", "dry", None], "sprinkler": ["off", None, "off"]}, index=list("abc"))
    answer = counterfactual(lawn, "wet", observed=frame, do={"sprinkler": "on"})
    assert answer.dims == ("chain", "draw", "case", "wet")
    for label, row in frame.iterrows():
        alone = counterfactual(lawn, "wet", observed=row.dropna().to_dict(), do={"sprinkler": "on"})
        np.testing.assert_allclose(answer.sel(case=label), alone, atol=1e-12)


def test_the_question_this_was_built_for():
    """Had the broken promise stood under snapback: the rank coupling of an ordinal node is its latent variable's."""
    posterior = prior_draws(load_network("guarantee"), seed=2, draws=20, levels={"actor": ("IRN", "USA")})
    seen = {"role": "guarantor", "era": "after_1991", "obligation": "restrain", "regime": "democracy"}
    seen |= {"price": "words", "forces_there": "yes", "capability_change": "same"}
    seen |= {"years_since_signing": "5-19"}
    seen |= {"past_defections": "1-2", "guarantors": "6+"}
    seen |= {"enforcement": "none", "monitoring": "intrusive", "compliance": "defected"}
    answer = counterfactual(posterior, "compliance", seen, {"enforcement": "snapback"}, actor="USA", guarantee="(new)")
    assert answer.attrs["coupling"] == "rank"  # monitoring follows enforcement, and is ordered too
    fixed = {name: state for name, state in seen.items() if name not in ("compliance", "enforcement", "monitoring")}
    watched = posterior.network["monitoring"].states
    table = posterior.table("compliance", fixed, actor="USA", guarantee="(new)").cumsum("compliance")
    before = table.sel(enforcement="none", monitoring="intrusive", compliance="defected")
    own = posterior.table("monitoring")
    low = own.sel(enforcement="none").cumsum("monitoring")
    high = own.sel(enforcement="snapback").cumsum("monitoring")
    total = xr.zeros_like(before)
    start = low.sel(monitoring=watched[-2])  # it was watched as closely as can be: the top of the quantiles
    for place, state in enumerate(watched):
        upper = high.sel(monitoring=state)
        lower = high.sel(monitoring=watched[place - 1]) if place else xr.zeros_like(upper)
        share = (np.minimum(upper, 1) - np.maximum(lower, start)).clip(min=0) / (1 - start)
        after = table.sel(enforcement="snapback", monitoring=state, compliance="defected")
        total = total + share * (np.minimum(after, before) / before)
    np.testing.assert_allclose(answer.sel(compliance="defected"), total, atol=1e-9)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((["wett"], {}, {"rain": "yes"}), "target wett: no such node; did you mean 'wet'?"),
        ((["wet"], {"rain": "maybe"}, {"rain": "yes"}), "given rain: has no state 'maybe'; known: no, yes"),
        ((["wet"], {}, {"rain": "maybe"}), "do rain: has no state 'maybe'; known: no, yes"),
        ((["rain"], {}, {"rain": "yes"}), "target rain: is itself given or set; ask for a node that is not"),
        ((["wet"], {"wet": "dry"}, {}), "do: sets nothing; say what would have been otherwise, or ask"),
        (
            (["cloudy"], {"cloudy": "no"}, {"rain": "yes"}),
            r"target cloudy: is seen, and not reached by do\(rain\): it stays as it was",
        ),
    ],
)
def test_each_fault_says_what_to_do(lawn, asked, message):
    with pytest.raises(QueryError, match=message):
        counterfactual(lawn, *asked)


SEEN = {"role": "guarantor", "era": "after_1991", "obligation": "restrain", "regime": "democracy", "price": "words"}
SEEN |= {"past_defections": "1-2", "guarantors": "6+", "enforcement": "none", "compliance": "defected"}


@pytest.fixture(scope="module")
def shipped():
    return prior_draws(load_network("guarantee"), seed=2, draws=30, levels={"actor": ("IRN", "USA")})


@pytest.mark.parametrize("weighed", [False, True])
def test_a_sampled_answer_is_within_its_error_of_the_exact_one(shipped, weighed, monkeypatch):
    """Actor and guarantee are unseen: both are integrated out, the same in both worlds."""
    monkeypatch.setattr(sampled, "_WORTH_DRAWING", 0 if weighed else 10_000)
    had = {"enforcement": "snapback"}
    exact = counterfactual(shipped, "compliance", SEEN, had)
    assert exact.attrs["method"] == "exact in every draw"
    assert "standard_error" not in exact.attrs
    found = counterfactual(shipped, "compliance", SEEN, had, method="sampled", size=640, seed=3)
    error, of_mean = found.attrs["standard_error"], found.attrs["standard_error_of_mean"]
    assert found.attrs["method"].startswith("sampled: ")
    assert f"standard error {error:.2g} in a draw, {of_mean:.2g} of the mean" in found.attrs["method"]
    np.testing.assert_allclose(found.sum("compliance"), 1, rtol=1e-12)
    off = found - exact
    assert float(np.abs(off.mean(("chain", "draw"))).max()) < 4 * of_mean
    assert 0.5 * error < float(np.sqrt((off**2).mean(("chain", "draw"))).max()) < 1.5 * error < 0.03


def test_a_case_with_two_nodes_seen_is_sampled_and_says_how_far_to_trust_it(shipped):
    told = []
    asked = ("compliance", {"role": "guarantor", "compliance": "defected"}, {"enforcement": "snapback"})
    who = {"actor": "USA", "guarantee": "(new)"}
    found = counterfactual(shipped, *asked, **who, progress=lambda *what: told.append(what))
    assert found.attrs["method"].startswith("sampled: 512 cases in each draw (seed 0); Monte Carlo standard error 0.01")
    assert told[0] == ("counterfactual, about 1 s", 0, 1)
    assert told[-1] == ("counterfactual, about 1 s", 1, 1)
    xr.testing.assert_equal(found, counterfactual(shipped, *asked, **who))
    other = counterfactual(shipped, *asked, **who, seed=1)
    off = np.abs((other - found).mean(("chain", "draw"))).max()
    assert 0 < float(off) < 5 * found.attrs["standard_error_of_mean"]


def test_what_would_take_hours_is_refused_before_it_starts(shipped):
    asked = ("compliance", {"role": "guarantor", "compliance": "defected"}, {"enforcement": "snapback"})
    with pytest.raises(CapacityError, match="would take about 7 minutes, and 60 s are allowed") as caught:
        counterfactual(shipped, *asked, actor="USA", guarantee="(new)", method="exact", most_seconds=60)
    advice = "let it be sampled (method='sampled'); say what the case showed of enforcement, obligation, price; "
    assert advice in str(caught.value)
    with pytest.raises(CapacityError, match="about 3 minutes, and 5 s are allowed; draw fewer cases"):
        counterfactual(shipped, *asked, size=2_000_000, most_seconds=5)
    with pytest.raises(CapacityError, match="bytes at the least, and 40,000 are allowed; ask for fewer nodes"):
        counterfactual(shipped, *asked, memory=40_000)


def test_tables_of_cases_and_interventions_by_lot_are_sampled_too(lawn):
    frame = pd.DataFrame({"wet": ["wet", "dry", None], "sprinkler": ["off", None, "off"]}, index=list("abc"))
    had = {"rain": {"no": 0.3, "yes": 0.7}}
    exact = counterfactual(lawn, ["wet", "cloudy"], frame, had)
    found = counterfactual(lawn, ["wet", "cloudy"], frame, had, method="sampled", size=256)
    assert found.dims == exact.dims
    error = found.attrs["standard_error"]
    assert float(np.sqrt(((found - exact) ** 2).mean(("chain", "draw"))).max()) < 1.3 * error
    assert float(np.abs((found - exact).mean(("chain", "draw"))).max()) < 4 * found.attrs["standard_error_of_mean"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "sample"}, "method: there is none named 'sample'; did you mean 'sampled'?"),
        ({"size": 3}, "size: must be a whole number of 32 or more, not 3"),
        ({"seed": 0.5}, "seed: must be a whole number of 0 or more, not 0.5"),
    ],
)
def test_a_way_that_cannot_be_is_refused(lawn, how, message):
    with pytest.raises(QueryError, match=re.escape(message)):
        counterfactual(lawn, "wet", {}, {"rain": "yes"}, **how)


def test_sampling_names_an_impossible_case_and_says_where_it_sees_too_little(lawn, monkeypatch):
    monkeypatch.setattr(sampled, "_WORTH_DRAWING", 0)
    tables = {name: lawn.draws[f"{name}.table"].copy(deep=True) for name in lawn.network.names}
    tables["rain"].loc[{"cloudy": "no"}] = [1.0, 0.0]
    tables["cloudy"][:] = [1.0, 0.0]
    asked = ("wet", {"rain": "yes"}, {"sprinkler": "on"})
    with pytest.raises(ImpossibleEvidenceError, match="has probability zero: rain = yes"):
        counterfactual(Posterior.from_tables(lawn.network, tables), *asked, method="sampled")
    tables["rain"].loc[{"cloudy": "yes"}] = [0.0, 1.0]
    tables["cloudy"][:] = [1 - 1e-9, 1e-9]
    rare = Posterior.from_tables(lawn.network, tables)
    asked = (["wet", "cloudy"], {"rain": "yes"}, {"sprinkler": "on"})
    with pytest.raises(CapacityError, match="too few of the cases drawn agree with what was seen; raise size, or ask"):
        counterfactual(rare, *asked, method="sampled")


def test_an_unknown_coupling_and_an_impossible_case(lawn):
    with pytest.raises(QueryError, match=r"coupling: there is none named 'gumble'; did you mean 'gumbel'\?"):
        counterfactual(lawn, "wet", {}, {"rain": "yes"}, coupling="gumble")
    tables = {name: lawn.draws[f"{name}.table"].copy(deep=True) for name in lawn.network.names}
    tables["rain"].loc[{"cloudy": "no"}] = [1.0, 0.0]
    strict = Posterior.from_tables(lawn.network, tables)
    with pytest.raises(ImpossibleEvidenceError, match="cloudy = no, rain = yes cannot hold together"):
        counterfactual(strict, "wet", {"cloudy": "no", "rain": "yes"}, {"rain": "no"})
