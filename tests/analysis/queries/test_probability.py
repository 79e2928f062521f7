"""Questions: judged by enumeration of the joint, closed forms and pgmpy."""

from __future__ import annotations

import itertools
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import beta

from servanda.analysis import (
    evidence_probability,
    explain,
    marginals,
    most_probable,
    probability,
    simulate,
    summarise,
    summary_table,
)
from servanda.models import (
    Arrow,
    CapacityError,
    ImpossibleEvidenceError,
    Network,
    Node,
    Posterior,
    QueryError,
    load_network,
)
from servanda.models.inference import contract
from servanda.models.sampling.prior_draws import prior_draws


def by_enumeration(posterior, target, given, do):
    network = posterior.network
    totals = np.zeros((*posterior.sizes.values(), len(network[target].states)))
    for states in itertools.product(*(network[name].states for name in network.names)):
        world = dict(zip(network.names, states, strict=True))
        if any(world[name] != state for name, state in {**given, **do}.items()):
            continue
        weight = np.ones(tuple(posterior.sizes.values()))
        for name in network.names:
            if name not in do:
                cell = {axis: world[axis] for axis in network.axes(name)}
                weight = weight * posterior.draws[f"{name}.table"].sel(cell).values
        totals[..., network[target].states.index(world[target])] += weight
    return totals / totals.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("target", "given", "do"),
    [
        ("wet", {}, {}),
        ("rain", {"wet": "wet"}, {}),
        ("cloudy", {"wet": "wet", "rain": "no"}, {}),
        ("wet", {"rain": "yes"}, {"sprinkler": "on"}),
        ("cloudy", {"wet": "dry"}, {"sprinkler": "on"}),
    ],
)
def test_probability_is_the_enumerated_joint_in_every_draw(lawn, target, given, do):
    answer = probability(lawn, target, given, do)
    assert answer.dims == ("chain", "draw", target)
    np.testing.assert_allclose(answer.values, by_enumeration(lawn, target, given, do), atol=1e-12)


def test_joint_targets_sum_to_their_margins(lawn):
    joint = probability(lawn, ["rain", "sprinkler"], {"wet": "wet"})
    for name, other in (("rain", "sprinkler"), ("sprinkler", "rain")):
        single = probability(lawn, name, {"wet": "wet"})
        np.testing.assert_allclose(joint.sum(other).transpose(*single.dims).values, single.values, atol=1e-12)


def test_marginals_hold_every_free_node(lawn):
    answers = marginals(lawn, {"wet": "wet"}, {"sprinkler": "on"})
    assert set(answers) == {"p_cloudy", "p_rain"}
    np.testing.assert_allclose(answers["p_rain"], probability(lawn, "rain", {"wet": "wet"}, {"sprinkler": "on"}))


def test_draws_of_all_cases_are_told_of_whichever_nodes_they_know(lawn, monkeypatch):
    """Two cases know one node, the third knows another; chunks of a group are told as its share of the whole."""
    cases = pd.DataFrame({"wet": ["wet", None, "dry"], "rain": [None, "no", None]})
    samples = lawn.sizes["chain"] * lawn.sizes["draw"]
    silent = marginals(lawn, cases, progress=False)
    monkeypatch.setattr(contract, "_chunks", lambda draws, rows, *_: cut(draws, rows))
    told = []
    xr.testing.assert_allclose(marginals(lawn, cases, progress=lambda *what: told.append(what)), silent, rtol=1e-12)
    shares = (0, 1, 2, 2, 5 / 2, 3, 3)
    assert told == [("answering", int(share * samples), 3 * samples) for share in shares]


def cut(draws, rows):
    """Two chunks: of draws."""
    whole = None if rows is None else slice(0, rows)
    return [(whole, slice(0, draws // 2)), (whole, slice(draws // 2, draws))]


def test_probability_of_the_evidence_is_the_sum_of_the_joint(lawn):
    joint = probability(lawn, ["wet", "rain"])
    wanted = joint.sel(wet="wet", rain="no")
    np.testing.assert_allclose(evidence_probability(lawn, {"wet": "wet", "rain": "no"}), wanted, atol=1e-12)
    everything = {"cloudy": "no", "sprinkler": "on", "rain": "no", "wet": "wet"}
    chain_rule = (
        lawn.table("cloudy").sel(cloudy="no")
        * lawn.table("sprinkler").sel(cloudy="no", sprinkler="on")
        * lawn.table("rain").sel(cloudy="no", rain="no")
        * lawn.table("wet").sel(sprinkler="on", rain="no", wet="wet")
    )
    np.testing.assert_allclose(evidence_probability(lawn, everything), chain_rule, atol=1e-12)


def test_a_fit_answers_with_the_closed_form_beta(keeping):
    answer = probability(keeping, "kept", {"backers": "many"}).sel(kept="yes")
    exact = beta(1 + 9, 1 + 3)
    found = summarise(answer)
    assert abs(found.mean - exact.mean()) < 4 * found.mcse
    assert abs(found.lower - exact.ppf(0.05)) < 0.01
    assert abs(found.upper - exact.ppf(0.95)) < 0.01
    assert found.rhat < 1.01


def test_pgmpy_answers_alike():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pgmpy announces removals of its own
        from pgmpy.inference import VariableElimination
        from pgmpy.utils import get_example_model

        model = get_example_model("asia")
        judge = VariableElimination(model).query(["lung"], {"xray": "yes", "smoke": "no"}, show_progress=False)
    answer = probability(Posterior.from_pgmpy(model), "lung", {"xray": "yes", "smoke": "no"})
    wanted = [judge.values[judge.name_to_no["lung"][state]] for state in answer.coords["lung"].values]
    np.testing.assert_allclose(answer.squeeze(), wanted, atol=1e-10)


def test_the_answer_says_what_was_asked(keeping):
    answer = probability(keeping, "kept", do={"backers": "many"})
    assert answer.attrs["question"] == "P(kept | do(backers = many))"
    assert "yes 0.7" in answer.attrs["answer"]
    assert "(mean, 90% interval)" in answer.attrs["answer"]


def test_summary_table_has_a_row_for_each_cell(keeping):
    table = summary_table(probability(keeping, ["kept", "backers"]))
    assert dict(table.sizes) == {"kept": 2, "backers": 2}
    assert float(table["mean"].sum()) == pytest.approx(1)


def test_explain_tells_tables_and_bytes(lawn):
    told = explain(lawn, "wet", {"cloudy": "no"})
    assert "tables kept: sprinkler, rain, wet" in told
    assert "bytes for 50 draws" in told


def test_all_wrong_names_come_at_once(lawn):
    with pytest.raises(QueryError) as error:
        probability(lawn, "wett", {"rain": "maybe", "sprinklr": "on", "cloudy": "no"}, {"cloudy": "yes"})
    assert str(error.value).splitlines() == [
        "question: 4 faults",
        "  given rain: has no state 'maybe'; known: no, yes",
        "  given sprinklr: no such node; did you mean 'sprinkler'?",
        "  target wett: no such node; did you mean 'wet'?",
        "  node cloudy: is both given (observed) and done (set); choose one",
    ]


def test_a_target_that_is_given_is_refused(lawn):
    with pytest.raises(QueryError, match="target rain: is itself given or set; ask for a node that is not"):
        probability(lawn, "rain", {"rain": "no"})


def test_an_effect_the_network_lacks_is_refused(lawn):
    with pytest.raises(QueryError, match="actor: network lawn has no effect of this name; it has none"):
        probability(lawn, "wet", actor="USA")


def test_impossible_evidence_names_what_conflicts(lawn):
    tables = {name: lawn.draws[f"{name}.table"].copy(deep=True) for name in lawn.network.names}
    tables["rain"].loc[{"cloudy": "no"}] = [1.0, 0.0]
    strict = Posterior.from_tables(lawn.network, tables)
    with pytest.raises(ImpossibleEvidenceError, match="cloudy = no, rain = yes cannot hold together"):
        probability(strict, "wet", {"cloudy": "no", "rain": "yes", "sprinkler": "on"})


def test_what_would_not_fit_is_refused_before_it_is_made(lawn):
    with pytest.raises(CapacityError, match=r"needs [\d,]+ bytes at the least .* and 10 are allowed"):
        probability(lawn, "wet", memory=10)


def test_a_table_of_evidence_is_answered_row_by_row(lawn):
    rows = [{"wet": "wet"}, {"wet": "dry", "rain": "no"}, {}, {"wet": "wet", "rain": "yes"}, {"wet": "wet"}]
    frame = pd.DataFrame(rows, index=list("abcde"), columns=["wet", "rain"])
    answer = probability(lawn, ["sprinkler", "cloudy"], frame)
    assert answer.dims == ("chain", "draw", "case", "sprinkler", "cloudy")
    chances = evidence_probability(lawn, frame, log=True)
    for label, seen in zip("abcde", rows, strict=True):
        np.testing.assert_allclose(answer.sel(case=label), probability(lawn, ["sprinkler", "cloudy"], seen), atol=1e-12)
        alone = evidence_probability(lawn, seen) if seen else xr.ones_like(chances.sel(case=label))
        np.testing.assert_allclose(np.exp(chances.sel(case=label)), alone, atol=1e-12)
    together = marginals(lawn, frame)
    assert set(together) == {"p_cloudy", "p_sprinkler", "p_rain", "p_wet"}
    np.testing.assert_array_equal(together["p_rain"].sel(case="d", rain="yes"), 1)
    np.testing.assert_allclose(together["p_rain"].sel(case="a"), probability(lawn, "rain", {"wet": "wet"}), atol=1e-12)
    assert set(marginals(lawn, frame[["wet"]].iloc[[0, 1]])) == {"p_cloudy", "p_sprinkler", "p_rain"}


def test_a_table_of_evidence_goes_with_interventions_and_weights(lawn):
    frame = pd.DataFrame({"wet": ["wet", None]})
    stated = {"do": {"sprinkler": "on"}, "virtual": {"cloudy": {"no": 1, "yes": 3}}}
    answer = probability(lawn, "rain", frame, **stated)
    for case, seen in enumerate(({"wet": "wet"}, {})):
        np.testing.assert_allclose(answer.sel(case=case), probability(lawn, "rain", seen, **stated), atol=1e-12)
    soft = probability(lawn, "rain", frame, soft={"cloudy": {"no": 0.3, "yes": 0.7}})
    alone = probability(lawn, "rain", {"wet": "wet"}, soft={"cloudy": {"no": 0.3, "yes": 0.7}})
    np.testing.assert_allclose(soft.sel(case=0), alone, atol=1e-10)


def test_a_table_of_evidence_may_hold_the_data_s_own_columns():
    network = load_network("guarantee")
    posterior = prior_draws(network, seed=1, draws=6, levels={"actor": ("PRK", "USA")})
    frame = pd.DataFrame({"tested_year": [1939, 2015], "role": ["guarantor", "principal"], "guarantors": ["2", 17]})
    frame["enforcement"], frame["obligation"], frame["price"] = "none", "defend", ["war_equal", "war"]
    answer = probability(posterior, "compliance", frame, actor=["USA", None])
    for case, (era, role, count, actor) in enumerate(
        [("before_1945", "guarantor", "2", "USA"), ("after_1991", "principal", "6+", None)]
    ):
        seen = {"era": era, "role": role, "guarantors": count, "price": "war"}
        seen |= {"enforcement": "none", "obligation": "defend"}
        # The guarantee is not seen and averaged over, which is exact to 1e-6 whichever way it is done.
        np.testing.assert_allclose(
            answer.sel(case=case), probability(posterior, "compliance", seen, actor=actor), atol=1e-6
        )
    with pytest.raises(QueryError, match=r"actor: names 3 members for 2 cases"):
        probability(posterior, "compliance", frame, actor=["USA", "PRK", "USA"])
    both = probability(posterior, "compliance", {**seen, "era": "cold_war"}, actor=["USA", "PRK"])
    assert both.sizes["case"] == 2
    np.testing.assert_allclose(
        both.sel(case=1), probability(posterior, "compliance", {**seen, "era": "cold_war"}, actor="PRK"), atol=1e-6
    )


def test_faults_of_a_table_of_evidence_come_at_once(lawn):
    frame = pd.DataFrame({"wet": ["wet", "moist", "moist"], "rian": ["no", "no", "no"]})
    with pytest.raises(QueryError) as error:
        probability(lawn, "wet", frame, {"sprinkler": "onn"}, virtual={"clowdy": {"no": 1}})
    assert str(error.value).splitlines() == [
        "question: 5 faults",
        "  do sprinkler: has no state 'onn'; did you mean 'on'?",
        "  target wet: is itself given or set; ask for a node that is not",
        "  virtual clowdy: no such node; did you mean 'cloudy'?",
        "  case 2, 3, column wet: has no state 'moist'; known: dry, wet",
        "  given, column rian: belongs to no node; drop it or rename it; did you mean 'rain'?",
    ]
    with pytest.raises(QueryError, match="given: has no row; a table of evidence needs one for each case"):
        probability(lawn, "rain", frame[["wet"]].iloc[:0])


def test_a_case_that_cannot_be_is_named(lawn):
    tables = {name: lawn.draws[f"{name}.table"].copy(deep=True) for name in lawn.network.names}
    tables["rain"].loc[{"cloudy": "no"}] = [1.0, 0.0]
    strict = Posterior.from_tables(lawn.network, tables)
    frame = pd.DataFrame({"cloudy": ["yes", "no"], "rain": ["yes", "yes"]})
    message = "given, case 2: has probability zero: cloudy = no, rain = yes cannot hold together"
    with pytest.raises(ImpossibleEvidenceError, match=message):
        probability(strict, "wet", frame)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"virtual": {"rain": {"no": 1}}}, "virtual rain: lacks a number for yes; state one for each state"),
        ({"virtual": {"rain": {"no": 1, "yess": 2}}}, "virtual rain: has no state 'yess'; did you mean 'yes'?"),
        (
            {"virtual": {"rain": {"no": 0, "yes": 0}}},
            "virtual rain: needs finite numbers of zero or more, not all",
        ),
        ({"virtual": {"rain": {"no": -1, "yes": 2}}}, "virtual rain: needs finite numbers of zero or more"),
        ({"soft": {"rain": {"no": 0.5, "yes": 0.6}}}, "soft rain: are probabilities that add up to 1.1; they must add"),
        (
            {"virtual": {"rain": {"no": 1, "yes": 2}}, "soft": {"rain": {"no": 0.5, "yes": 0.5}}},
            "node rain: has virtual and soft evidence; choose one",
        ),
        (
            {"given": {"rain": "no"}, "virtual": {"rain": {"no": 1, "yes": 2}}},
            "node rain: is given (observed), so a weight for each of its states says nothing more; choose one",
        ),
        (
            {"do": {"rain": "no"}, "soft": {"rain": {"no": 0.5, "yes": 0.5}}},
            "node rain: is done (set), so nothing is learnt from evidence about it; choose one",
        ),
    ],
)
def test_evidence_by_weights_is_checked(lawn, stated, message):
    with pytest.raises(QueryError, match=re.escape(message)):
        probability(lawn, "wet", **stated)


def test_soft_evidence_is_met_and_virtual_evidence_weighs(lawn):
    stated = {"no": 0.3, "yes": 0.7}
    answer = probability(lawn, ["rain", "wet"], {"sprinkler": "off"}, soft={"rain": stated})
    np.testing.assert_allclose(answer.sum("wet").sel(rain="yes"), 0.7, atol=1e-12)
    plain = probability(lawn, ["rain", "wet"], {"sprinkler": "off"})
    weighed = plain * xr.DataArray([1.0, 4.0], dims="rain", coords={"rain": ["no", "yes"]})
    found = probability(lawn, "wet", {"sprinkler": "off"}, virtual={"rain": {"no": 1, "yes": 4}})
    np.testing.assert_allclose(found, (weighed.sum("rain") / weighed.sum(["rain", "wet"])), atol=1e-12)
    assert found.attrs["question"] == "P(wet | sprinkler = off, rain weighted (no 1, yes 4))"


def test_marginals_of_the_shipped_network_are_its_probabilities():
    posterior = prior_draws(load_network("guarantee"), seed=1, draws=3, levels={"actor": ("PRK", "USA")})
    seen = {"role": "guarantor", "era": "cold_war", "obligation": "defend"}
    # With little known the table of conduct is too large to be made, and is summed apart from the others.
    for given in (seen, {**seen, "compliance": "complied", "price": "war", "enforcement": "none"}):
        together = marginals(posterior, given, actor="USA")
        assert set(together) == {f"p_{name}" for name in posterior.network.names if name not in given}
        for name in together:
            alone = probability(posterior, str(name).removeprefix("p_"), given, actor="USA")
            # Members not seen are averaged over, which is exact to 1e-6 whichever way it is done.
            np.testing.assert_allclose(together[name], alone, atol=1e-6)


def test_chosen_marginals_and_their_names(lawn):
    assert set(marginals(lawn, {"wet": "wet"}, nodes=["rain"])) == {"p_rain"}
    with pytest.raises(QueryError, match=r"target rian: no such node; did you mean 'rain'\?"):
        marginals(lawn, nodes=["rian"])
    with pytest.raises(QueryError, match="target wet: is itself given or set"):
        marginals(lawn, {"wet": "wet"}, nodes=["wet"])


def test_an_answer_under_an_intervention_says_whether_it_is_identified(lawn):
    answer = probability(lawn, "wet", do={"rain": "yes"})
    assert answer.attrs["identified"] == "if the network holds every common cause"
    assert answer.attrs["adjustment"] == "cloudy" or answer.attrs["adjustment"] == "sprinkler"
    assert "is identified, if the network holds every common cause, by adjusting for" in answer.attrs["identification"]
    assert "identification" in marginals(lawn, do={"rain": "yes"})["p_wet"].attrs
    assert probability(lawn, "wet").attrs["identification"] == ""

    hidden = replace(lawn, provenance={"cases": 9, "missing_cells": {"cloudy": 9, "sprinkler": 9}})
    assert probability(hidden, "wet", do={"rain": "yes"}).attrs["identified"] == "no"


def test_evidence_on_a_target_itself_leaves_its_effect_identified(lawn):
    weights = {"wet": {"dry": 0.5, "wet": 0.5}}
    for kind in ("virtual", "soft"):
        answer = probability(lawn, "wet", do={"rain": "yes"}, **{kind: weights})
        assert answer.attrs["identified"] == "if the network holds every common cause"


def test_weights_hold_for_every_row_of_a_long_table(lawn):
    frame = pd.DataFrame({"wet": ["wet"] * 9 + ["dry"]})
    stated = {"virtual": {"cloudy": {"no": 1, "yes": 2}}}
    for ask in (most_probable, lambda *a, **k: simulate(*a, seed=1, **k)):
        found = ask(lawn, frame, **stated)
        assert found["rain"].sizes["case"] == 10
    best = most_probable(lawn, {"wet": "dry"}, **stated)
    np.testing.assert_allclose(most_probable(lawn, frame, **stated)["probability"].sel(case=9), best["probability"])


def test_rows_of_different_patterns_are_simulated_independently():
    half = xr.DataArray([0.5, 0.5], dims="a")
    posterior = Posterior.from_tables(
        Network((Node("a", ("x", "y")), Node("c", ("x", "y")))), {"a": half, "c": half.rename(a="c")}
    )
    drawn = simulate(posterior, pd.DataFrame({"c": ["y", None], "a": [None, None]}), seed=1, size=2000)
    same = (drawn["a"].sel(case=0) == drawn["a"].sel(case=1)).mean()
    assert abs(float(same) - 0.5) < 0.06


def test_a_case_of_its_own_pattern_is_named_by_its_row(lawn):
    tables = {name: lawn.draws[f"{name}.table"].copy(deep=True) for name in lawn.network.names}
    tables["rain"].loc[{"cloudy": "no"}] = [1.0, 0.0]
    strict = Posterior.from_tables(lawn.network, tables)
    frame = pd.DataFrame({"cloudy": ["yes", None, "no"], "rain": [None, "yes", "yes"]})
    with pytest.raises(ImpossibleEvidenceError, match="given, case 3: has probability zero: cloudy = no, rain = yes"):
        probability(strict, "wet", frame)


def test_probabilities_rounded_by_hand_are_met(lawn):
    rounded = {"rain": {"no": 0.333333333, "yes": 0.666666666}, "sprinkler": {"off": 0.5, "on": 0.5}}
    answer = probability(lawn, ["rain", "sprinkler"], soft=rounded)
    np.testing.assert_allclose(answer.sum("sprinkler").sel(rain="yes"), 2 / 3, atol=1e-8)


def test_only_ratios_of_weights_matter_however_large(lawn):
    large = {"rain": {"no": 1e200, "yes": 2e200}, "sprinkler": {"off": 3e200, "on": 1e200}}
    small = {name: {state: w / 1e200 for state, w in weights.items()} for name, weights in large.items()}
    np.testing.assert_allclose(
        probability(lawn, "wet", virtual=large), probability(lawn, "wet", virtual=small), rtol=1e-12
    )


def test_columns_need_not_be_text_but_must_be_distinct():
    half = xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("1", "2"))
    network = Network((Node("1", ("x", "y")), Node("2", ("x", "y"), (Arrow("1"),))))
    posterior = Posterior.from_tables(network, {"1": xr.DataArray([0.5, 0.5], dims="1"), "2": half})
    by_number, by_name = (probability(posterior, "1", pd.DataFrame([["x"], ["y"]], columns=[c])) for c in (2, "2"))
    np.testing.assert_array_equal(by_number, by_name)
    with pytest.raises(QueryError, match="given, column 2: is there twice; rename or drop one"):
        probability(posterior, "1", pd.DataFrame([["x", "y"]], columns=["2", "2"]))


def test_one_row_that_is_not_identified_speaks_for_all():
    states = ("a", "b")
    nodes = [Node("u", states), Node("x", states, (Arrow("u"),)), Node("z", states, (Arrow("x"), Arrow("u")))]
    network = Network((*nodes, Node("y", states, (Arrow("z"),))))
    rng = np.random.default_rng(1)
    tables = {
        n: xr.DataArray(rng.dirichlet(np.ones(2), network.shape(n)[:-1]), dims=network.axes(n)) for n in network.names
    }
    hidden = replace(Posterior.from_tables(network, tables), provenance={"cases": 5, "missing_cells": {"u": 5}})
    seen, unseen = ({"z": "a"}, {})
    assert probability(hidden, "y", seen, {"x": "a"}).attrs["identified"] == "if the network holds every common cause"
    assert probability(hidden, "y", unseen, {"x": "a"}).attrs["identified"] == "no"
    assert probability(hidden, "y", pd.DataFrame({"z": ["a", None]}), {"x": "a"}).attrs["identified"] == "no"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"given": "wet"}, "given: must map nodes to what is said of them, such as {'role': 'guarantor'}, not 'wet'"),
        ({"do": ["wet"]}, "do: must map nodes to what is said of them"),
        ({"virtual": {"rain": [1, 2]}}, "virtual rain: must map each of its states to a number, not [1, 2]"),
        ({"virtual": {"rain": {"no": "a", "yes": 2}}}, "virtual rain: needs finite numbers of zero or more"),
        ({"targets": None}, "target: must be the name of a node, or a list of names, not None"),
        ({"targets": [["wet"]]}, "target: must be the name of a node, or a list of names, not [['wet']]"),
    ],
)
def test_what_is_no_question_is_said_to_be_none(lawn, asked, message):
    with pytest.raises(QueryError, match=re.escape(message)):
        probability(lawn, **{"targets": "wet", **asked})


@pytest.mark.parametrize("actor", [5, [], {"a": 1}, b"USA"])
def test_what_is_no_member_is_said_to_be_none(actor):
    posterior = prior_draws(load_network("guarantee"), seed=1, draws=2, levels={"actor": ("PRK", "USA")})
    with pytest.raises(
        QueryError, match="actor: must be the name of a member, a list of one for each case, or nothing"
    ):
        probability(posterior, "era", actor=actor)


def test_a_row_of_a_table_and_numbers_of_any_kind_are_evidence(lawn):
    frame = pd.DataFrame({"wet": ["wet"], "rain": ["yes"]})
    expected = probability(lawn, "cloudy", {"wet": "wet", "rain": "yes"})
    np.testing.assert_array_equal(probability(lawn, "cloudy", frame.iloc[0]), expected)
    posterior = prior_draws(load_network("guarantee"), seed=1, draws=2)
    by_count = [probability(posterior, "era", {"guarantors": count}) for count in ("5", 5, 5.0, np.int64(5))]
    for answer in by_count[1:]:
        np.testing.assert_array_equal(answer, by_count[0])


@pytest.mark.parametrize("blank", [None, float("nan"), pd.NA, pd.NaT])
def test_a_blank_member_is_one_not_seen(blank):
    """As it comes from a cell of a data frame: nobody is named, alone or among several."""
    posterior = prior_draws(load_network("guarantee"), seed=1, draws=6, levels={"actor": ("PRK", "USA")})
    given = {"role": "guarantor", "era": "cold_war"}
    unseen = probability(posterior, "compliance", given)
    found = probability(posterior, "compliance", given, actor=blank)
    assert found.identical(unseen)
    assert not found.equals(probability(posterior, "compliance", given, actor="USA"))
    assert "actor" not in found.attrs["question"]
    both = probability(posterior, "compliance", given, actor=["USA", blank])
    np.testing.assert_allclose(both.sel(case=1), unseen, atol=1e-12)


def test_a_question_needs_a_target(lawn):
    with pytest.raises(QueryError, match="target"):
        probability(lawn, [])
