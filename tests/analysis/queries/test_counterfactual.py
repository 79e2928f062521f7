"""Counterfactuals as asked for: closed forms, names, tables of cases, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import counterfactual, probability
from servanda.models import ImpossibleEvidenceError, Posterior, QueryError, load_network
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


def test_an_unknown_coupling_and_an_impossible_case(lawn):
    with pytest.raises(QueryError, match=r"coupling: there is none named 'gumble'; did you mean 'gumbel'\?"):
        counterfactual(lawn, "wet", {}, {"rain": "yes"}, coupling="gumble")
    tables = {name: lawn.draws[f"{name}.table"].copy(deep=True) for name in lawn.network.names}
    tables["rain"].loc[{"cloudy": "no"}] = [1.0, 0.0]
    strict = Posterior.from_tables(lawn.network, tables)
    with pytest.raises(ImpossibleEvidenceError, match="cloudy = no, rain = yes cannot hold together"):
        counterfactual(strict, "wet", {"cloudy": "no", "rain": "yes"}, {"rain": "no"})
