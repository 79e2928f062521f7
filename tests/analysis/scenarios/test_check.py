"""What a scenario will ask: states as the record codes them, and counts by brute force over its cases."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest

from servanda.analysis import load_scenario
from servanda.analysis.scenarios.check import check_scenario
from servanda.analysis.scenarios.scenario import scenario_from_dict
from servanda.models import encode
from servanda.record import load_guarantees

from .test_texts import RAW

record = cache(load_guarantees)


def states_of(row) -> dict[str, str | None]:
    return {each.node: each.state for each in row.states}


@pytest.mark.parametrize(
    ("scenario", "judgement", "label", "case", "apart"),
    [
        ("budapest", "russia", "as signed: three guarantors, consultation", "bud_2014_rus", {}),
        ("budapest", "west-consults", "The United States", "bud_2014_usa", {}),
        ("budapest", "west-consults", "The United Kingdom", "bud_2014_gbr", {}),
        (
            "jcpoa-return",
            "iran",
            "on the terms of 2015: intrusive inspection, returning sanctions",
            "jcpoa_2019_irn",
            {"past_defections": "3+"},  # it has broken that agreement since
        ),
        (
            "jcpoa-return",
            "united-states",
            "on the terms of 2015: seven parties, consultation",
            "jcpoa_2018_usa",
            {"past_defections": "1-2"},
        ),
    ],
)
def test_described_states_are_those_of_the_records_own_case(scenario, judgement, label, case, apart):
    loaded = load_scenario(scenario)
    found = check_scenario(loaded, record(as_of=loaded.scenario.as_of))
    row = next(row for row in found.rows if (row.judgement, row.label) == (judgement, label))
    network, coded = loaded.network, encode(loaded.network, record())
    place = coded.labels.index(case)
    told = {name: network[name].states[coded.codes[name][place]] for name in states_of(row)}
    assert states_of(row) == {**told, **apart}


def test_the_cases_of_the_scenario_itself_are_not_known_on_its_day():
    for name, test in (("budapest", "bud_2014"), ("jcpoa-return", "2021")):
        known = record(as_of=load_scenario(name).scenario.as_of)["case_id"]
        assert not known.str.contains(test).any()


@pytest.mark.parametrize("name", ["budapest", "jcpoa-return", "dprk-six-party"])
def test_counts_are_those_of_a_search_through_the_cases(name):
    loaded = load_scenario(name)
    cases = record(as_of=loaded.scenario.as_of)
    coded = encode(loaded.network, cases)
    told = [
        {
            node: loaded.network[node].states[codes[place]] if codes[place] >= 0 else None
            for node, codes in coded.codes.items()
        }
        for place in range(len(cases))
    ]
    found = check_scenario(loaded, cases)
    assert found.cases == len(cases)
    for row in found.rows:
        wanted = {node: state for node, state in states_of(row).items() if state is not None}
        sharing = [case for case in told if all(case[node] == state for node, state in wanted.items())]
        assert row.precedents == len(sharing)
        unseen = {
            (f"{a} = {wanted[a]}", f"{b} = {wanted[b]}")
            for a, b in combinations(wanted, 2)
            if not any(case[a] == wanted[a] and case[b] == wanted[b] for case in told)
        }
        assert set(row.unseen) == unseen


def test_every_row_stands_there_with_the_cases_that_are_supposed_before_it():
    loaded = load_scenario("dprk-six-party")
    found = check_scenario(loaded, record(as_of="2019-04-25"))
    asked = [(row.judgement, row.label) for row in found.rows if not row.supposed]
    assert asked == [(one.id, row.label) for one in loaded.scenario.judgements for row in one.formats]
    supposed = next(row for row in found.rows if row.supposed)
    assert (supposed.judgement, supposed.actor) == ("enforcers", "USA")
    assert "compliance = defected" in [str(state) for state in supposed.states]


def test_inputs_that_become_another_state_say_so():
    raw = {**RAW, "judgements": [dict(RAW["judgements"][0])]}
    raw["judgements"][0] |= {
        "suppose": [],
        "given": {"price": "war_equal", "past_defections": "as recorded"},
        "formats": [
            {"label": "alone", "actor": "USA", "do": {"guarantors": 26}},
            {"label": "backed", "actor": "NPFL", "do": {"guarantors": "2"}},
            {"label": "nobody", "do": {"guarantors": "2"}},
        ],
    }
    found = check_scenario(scenario_from_dict(raw), record(as_of="2019-04-25"))
    usa, npfl, nobody = ([str(state) for state in row.states] for row in found.rows)
    silent = "past_defections = as recorded, which the record does not say: left open"
    assert usa == [
        "price = war_equal: computed as war",
        "past_defections = as recorded, 1: computed as 1-2",
        "guarantors = 26: computed as 6+",
    ]
    assert npfl[1:] == nobody[1:] == [silent, "guarantors = 2"]


def test_remarks_on_what_is_no_fault():
    raw = {**RAW, "judgements": [dict(RAW["judgements"][0])], "es": {"title": "Un pacto"}}
    raw["judgements"][0] |= {"suppose": [], "actor": "Iran", "given": {"role": "guarantor", "obligation": "restrain"}}
    found = check_scenario(scenario_from_dict(raw), record(as_of="2019-04-25"))
    texts = "\n".join(found.remarks)
    for part in (
        "'Iran' is no actor of these cases, and is judged as one that nobody has seen; did you mean IRN?",
        "the headline is compared with nothing, so the report leads with a level and not with a change",
        "fewer than two priors are compared",
        "fewer than two theories are compared",
        "so the answer extrapolates: pact, alone; pact, backed",
        "shown in the author's own language in es: question; horizon; resolution; assumptions, 1; assumptions, 2; judg",
    ):
        assert part in texts
    assert len(found.remarks) == 6


def test_a_rival_reading_and_assumptions_are_missed():
    raw = {**RAW, "judgements": [{**RAW["judgements"][0], "base": "alone"}], "assumptions": []}
    raw["headline"] = {"judgement": "pact", "format": "backed"}

    def remarks() -> tuple[str, ...]:
        return check_scenario(scenario_from_dict(raw), None).remarks

    assert remarks()[0].startswith("no other judgement puts the headline's two formats to the same actor")
    assert remarks()[1].startswith("no assumption is stated")
    raw["judgements"].append({**raw["judgements"][0], "id": "rival", "given": {"role": "principal"}})
    raw["assumptions"] = ["It comes to a test."]
    assert [remark.split(":")[0] for remark in remarks()] == [
        "fewer than two priors are compared",
        "fewer than two theories are compared",
    ]
