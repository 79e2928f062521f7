"""Interventions by lot and soft evidence: judged by the mixture of the interventions to a state, and by enumeration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servanda.analysis import (
    chance_of,
    confounding,
    contrast,
    counterfactual,
    evidence_probability,
    marginals,
    most_probable,
    outcomes,
    probability,
    simulate,
    suppose,
)
from servanda.models import QueryError, load_network
from servanda.models.sampling.prior_draws import prior_draws

from ...models import makers


def shares(posterior, name, seed):
    states = posterior.network[name].states
    return dict(zip(states, np.random.default_rng(seed).dirichlet(np.ones(len(states))).tolist(), strict=True))


@settings(makers.repeatable, max_examples=60)
@given(st.data())
def test_a_node_set_by_lot_mixes_the_answers_of_its_states(data):
    network, seed = data.draw(makers.networks()), data.draw(makers.seeds)
    targets, seen, do = data.draw(makers.questions(network))
    assume(do)
    posterior = makers.posterior_of(network, makers.random_tables(network, seed))
    name = next(iter(do))
    lot = shares(posterior, name, seed)
    answer = probability(posterior, targets, seen, {**do, name: lot})
    whole = chance = 0.0
    for state, share in lot.items():
        hard = {**do, name: state}
        likely = share * evidence_probability(posterior, seen, hard)
        whole = whole + likely * probability(posterior, targets, seen, hard)
        chance = chance + likely
    xr.testing.assert_allclose(answer.drop_attrs(), (whole / chance).drop_attrs().transpose(*answer.dims), rtol=1e-9)
    xr.testing.assert_allclose(
        evidence_probability(posterior, seen, {**do, name: lot}).drop_attrs(), chance.drop_attrs(), rtol=1e-9
    )
    # All of the lot on one state is that state.
    state = next(iter(lot))
    sure = {name: dict.fromkeys(lot, 0.0) | {state: 1.0}}
    np.testing.assert_allclose(
        probability(posterior, targets, seen, do | sure), probability(posterior, targets, seen, do | {name: state})
    )


@pytest.fixture(scope="module")
def lot():
    return {"off": 0.3, "on": 0.7}


def mixed(lot, ask):
    """The mixture of an answer that no evidence bears on."""
    return sum(share * ask(state) for state, share in lot.items())


def test_every_query_takes_a_lot(lawn, lot):
    by_lot = {"sprinkler": lot}
    wet = mixed(lot, lambda state: probability(lawn, "wet", do={"sprinkler": state}).drop_attrs())
    found = marginals(lawn, do=by_lot)
    xr.testing.assert_allclose(found["p_wet"].drop_attrs(), wet)
    np.testing.assert_allclose(found["p_sprinkler"].sel(sprinkler="on"), 0.7)
    xr.testing.assert_allclose(found["p_cloudy"].drop_attrs(), probability(lawn, "cloudy").drop_attrs())
    xr.testing.assert_allclose(outcomes(lawn, "wet", do=by_lot).average.drop_attrs(), wet)
    effect = contrast(lawn, "wet", {"sprinkler": "off"}, by_lot)
    base = probability(lawn, "wet", do={"sprinkler": "off"}).drop_attrs()
    xr.testing.assert_allclose(effect["difference"].drop_attrs(), wet - base)
    assert effect.attrs["change"] == "P(wet | do(sprinkler ~ (off 0.3, on 0.7)))"
    asked = chance_of("wet", "wet", do=by_lot, against={"sprinkler": "off"})
    np.testing.assert_allclose(asked.draws(lawn), (wet - base).sel(wet="wet"))
    assert asked.nodes(lawn.network) == {"cloudy", "rain", "wet"}
    seen = {"sprinkler": "off", "wet": "dry"}
    xr.testing.assert_allclose(
        counterfactual(lawn, "wet", seen, by_lot).drop_attrs(),
        mixed(lot, lambda state: counterfactual(lawn, "wet", seen, {"sprinkler": state}).drop_attrs()),
    )
    learnt = suppose(lawn, {"wet": "wet"}, do=by_lot, seed=1)
    assert learnt.provenance["supposed"]["do"] == by_lot


def test_a_lot_with_evidence_of_several_cases(lawn, lot):
    cases = pd.DataFrame({"wet": ["wet", None, "dry"], "rain": [None, "no", "yes"]})
    found = probability(lawn, "cloudy", cases, {"sprinkler": lot})
    for place, row in cases.iterrows():
        alone = probability(lawn, "cloudy", row.dropna().to_dict(), {"sprinkler": lot})
        np.testing.assert_allclose(found.isel(case=place), alone, rtol=1e-12)


def test_whole_cases_under_a_lot_follow_the_answers(lawn, lot):
    names = ["cloudy", "sprinkler", "rain"]
    joint = probability(lawn, names, {"wet": "wet"}, {"sprinkler": lot})
    best = most_probable(lawn, {"wet": "wet"}, {"sprinkler": lot})
    np.testing.assert_allclose(best["probability"], joint.max(names), rtol=1e-10)
    drawn = simulate(lawn, {"wet": "wet"}, {"sprinkler": lot}, seed=4, size=2000)
    exact = joint.sum(["cloudy", "rain"]).sel(sprinkler="on")
    share = (drawn["sprinkler"] == "on").mean("sample")
    assert float((abs(share - exact) / np.sqrt(exact * (1 - exact) / 2000)).max()) < 4.5
    unconditional = simulate(lawn, do={"sprinkler": lot}, seed=4, size=2000)
    assert float((unconditional["sprinkler"] == "on").mean()) == pytest.approx(0.7, abs=0.01)


def test_a_lot_beside_members_that_nobody_has_seen():
    posterior = prior_draws(load_network("guarantee"), seed=1, draws=5, levels={"actor": ("PRK", "USA")})
    lot = shares(posterior, "enforcement", 3)
    case, who = {"role": "guarantor"}, {"actor": "USA"}
    found = probability(posterior, "compliance", case, {"enforcement": lot}, **who)
    hard = mixed(lot, lambda state: probability(posterior, "compliance", case, {"enforcement": state}, **who))
    np.testing.assert_allclose(found, hard, rtol=1e-6)


def test_what_is_wrong_with_a_lot_is_listed(lawn):
    lot = {"off": 0.3, "on": 0.6}
    with pytest.raises(QueryError) as error:
        probability(lawn, "wet", {"sprinkler": "on"}, {"sprinkler": lot, "rain": {"no": 1.0}, "rian": {"no": 1.0}})
    assert [str(fault.where) for fault in error.value.faults] == [
        "do sprinkler",
        "do rain",
        "do rian",
        "node sprinkler",
    ]
    assert "are probabilities that add up to 0.9; they must add up to 1" in str(error.value)
    assert "lacks a number for yes" in str(error.value)
    assert "is both given (observed) and done (set); choose one" in str(error.value)
    with pytest.raises(QueryError, match=r"do sprinkler: are probabilities that add up to 0\.9"):
        counterfactual(lawn, "wet", {}, {"sprinkler": lot})


# Soft evidence of whole cases ---------------------------------------------------------------------------------------


@settings(makers.repeatable, max_examples=40)
@given(st.data())
def test_the_most_probable_state_under_soft_evidence_is_the_largest_cell(data):
    network, seed = data.draw(makers.networks(5, 3)), data.draw(makers.seeds)
    targets, seen, do = data.draw(makers.questions(network))
    posterior = makers.posterior_of(network, makers.random_tables(network, seed))
    soft = {targets[0]: shares(posterior, targets[0], seed)}
    open_ = [name for name in network.names if name not in {**seen, **do}]
    joint = probability(posterior, open_, seen, do, soft=soft)
    best = most_probable(posterior, seen, do, soft=soft)
    np.testing.assert_allclose(best["probability"], joint.max(open_), rtol=1e-9)
    for draw in range(3):
        cell = {name: best[name].values[0, draw] for name in open_}
        np.testing.assert_allclose(joint[0, draw].sel(cell), best["probability"][0, draw], rtol=1e-9)


def test_cases_drawn_under_soft_evidence_have_its_distribution(lawn):
    soft = {"rain": {"no": 0.25, "yes": 0.75}, "sprinkler": {"off": 0.5, "on": 0.5}}
    drawn = simulate(lawn, {"wet": "wet"}, soft=soft, seed=2, size=2000)
    exact = probability(lawn, ["cloudy", "sprinkler", "rain"], {"wet": "wet"}, soft=soft)
    for name in ("cloudy", "sprinkler", "rain"):
        states = lawn.network[name].states
        own = exact.sum([other for other in exact.dims[2:] if other != name]).sel({name: states[1]})
        share = (drawn[name] == states[1]).mean("sample")
        assert float((abs(share - own) / np.sqrt(own * (1 - own) / 2000)).max()) < 4.5
    assert drawn.attrs["question"].endswith(
        "rain distributed (no 0.25, yes 0.75), sprinkler distributed (off 0.5, on 0.5))"
    )


def test_a_lot_is_refused_where_one_state_is_changed_to_another(lawn, lot):
    with pytest.raises(QueryError, match="do sprinkler: is set to a distribution; ask of one state against another"):
        confounding(lawn, "wet", {"sprinkler": "off"}, {"sprinkler": lot})
