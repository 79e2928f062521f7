"""Questions: judged by enumeration of the joint, closed forms and pgmpy."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from scipy.stats import beta
from servanda.analysis import evidence_probability, explain, marginals, probability, summarise, summary_table
from servanda.models import CapacityError, ImpossibleEvidenceError, Posterior, QueryError


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
