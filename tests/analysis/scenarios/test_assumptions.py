"""Assumptions that can be computed: what the headline would describe were they wrong, and their faults."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from servanda.analysis import load_scenario
from servanda.analysis.scenarios.assumptions import if_wrong
from servanda.analysis.scenarios.questions import scenario_questions
from servanda.analysis.scenarios.scenario import ScenarioError, scenario_from_dict
from servanda.record import load_guarantees

from .test_scenario import RAW


@pytest.fixture
def raw() -> dict:
    # Texts in another language are one for each assumption.
    return {"name": "own", **{key: value for key, value in copy.deepcopy(RAW).items() if key != "es"}}


def test_plain_texts_and_tables_are_both_assumptions(raw):
    raw["assumptions"] = ["It is tested.", {"claim": "It asks for words.", "instead": {"price": "war"}}]
    plain, table = scenario_from_dict(raw).scenario.assumptions
    assert (plain.claim, plain.instead, plain.actor) == ("It is tested.", {}, None)
    assert (table.claim, table.instead) == ("It asks for words.", {"price": "war"})


def test_were_it_wrong_the_headline_describes_the_rest_as_before(raw):
    raw["assumptions"] = ["It is tested.", {"claim": "It asks for words.", "instead": {"price": "war"}}]
    loaded = scenario_from_dict(raw)
    plain, table = (if_wrong(loaded.scenario, one) for one in loaded.scenario.assumptions)
    assert plain is None
    assert table is not None
    cases = load_guarantees(as_of=loaded.scenario.as_of)
    asked = scenario_questions(loaded, cases)[0]
    other = scenario_questions(with_judgements(loaded, [table]), cases)[0]
    title = loaded.scenario.judgement("us-guarantee").title
    assert set(other) == {f"{title}, alone", f"{title}, with all six-party states"}
    for label, question in other.items():
        own = asked[label]
        assert question.given == {**own.given, "price": "war"}
        assert (question.do, question.members) == (own.do, own.members)


def with_judgements(loaded, judgements):
    """The same scenario with other judgements."""
    scenario = loaded.scenario.model_copy(update={"judgements": judgements})
    return replace(loaded, scenario=scenario)


def test_what_a_row_says_gives_way_to_the_assumption(raw):
    judgement = raw["judgements"][0]
    judgement["formats"][0] |= {"given": {"monitoring": "none"}, "actor": "RUS"}
    raw["assumptions"] = [
        {"claim": "Nobody watches.", "instead": {"monitoring": "intrusive"}},
        {"claim": "It is the United States.", "actor": "another"},
        {"claim": "It is not Russia.", "actor": "CHN"},
    ]
    scenario = scenario_from_dict(raw).scenario
    watched, somebody, china = (if_wrong(scenario, one) for one in scenario.assumptions)
    assert watched.given["monitoring"] == "intrusive"
    assert [row.given for row in watched.formats] == [{}, {}]
    assert [row.actor for row in watched.formats] == ["RUS", None]
    assert somebody.actor is None
    assert [row.actor for row in somebody.formats] == [None, None]
    assert [row.given for row in somebody.formats] == [{"monitoring": "none"}, {}]
    assert china.actor == "CHN"


def test_a_headline_without_a_base_has_one_row(raw):
    del raw["judgements"][0]["base"]
    raw["assumptions"] = [{"claim": "It asks for words.", "instead": {"price": "war"}}]
    scenario = scenario_from_dict(raw).scenario
    assert [row.label for row in if_wrong(scenario, scenario.assumptions[0]).formats] == ["with all six-party states"]


def test_faults_of_assumptions_come_with_the_others(raw):
    raw["resolution"] = "x"
    raw["theories"] = ["nonne"]
    raw["assumptions"] = [
        "It is tested.",
        {"claim": "One.", "instead": {"prize": "war"}},
        {"claim": "Two.", "instead": {"price": "wars"}},
        {"claim": "Three.", "instead": {"compliance": "partial"}},
        {"claim": "Four.", "instead": {"guarantors": "3"}},
    ]
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict(raw)
    told = str(error.value)
    assert "assumption 2, instead: unknown node 'prize'; did you mean 'price'?" in told
    assert "assumption 3, instead: node price" in told
    assert "'wars'" in told
    assert "assumption 4, instead: names compliance, which the headline asks for" in told
    assert "assumption 5, instead: names guarantors, which the headline's formats set; describe what is given" in told
    assert "theories: names an unknown theory 'nonne'" in told


def test_a_table_without_a_claim_or_with_an_unknown_key_is_refused(raw):
    raw["assumptions"] = [{"instead": {"price": "war"}}, {"claim": "One.", "insted": {}}]
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict(raw)
    told = str(error.value).splitlines()[1:]
    assert any("claim" in line and "is missing" in line for line in told)
    assert any("insted" in line for line in told)


def test_the_shipped_scenario_says_what_follows_from_three_of_its_assumptions():
    scenario = load_scenario("dprk-six-party").scenario
    found = [if_wrong(scenario, one) for one in scenario.assumptions]
    assert [one is not None for one in found] == [False, True, True, False, True, False]


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        ({"yeers": ["20+"]}, "unknown node 'yeers'"),
        ({"years_since_signing": ["30+"]}, "node years_since_signing"),
        ({"guarantors": ["5"]}, "names guarantors, which the headline asks for or describes; drop it"),
        ({"compliance": ["partial"]}, "names compliance, which the headline asks for"),
        ({"capability_change": ["up", "same", "down"]}, "leaves no state of capability_change within the horizon"),
    ],
)
def test_what_lies_beyond_the_horizon_is_left_open_and_not_everything(raw, beyond, said):
    with pytest.raises(ScenarioError, match=said):
        scenario_from_dict({**raw, "beyond_horizon": beyond})
