"""Scenarios: the shipped one as the question was put, and every fault of a bad one at once."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path

import pytest

from servanda.analysis import load_scenario, shipped_scenarios
from servanda.analysis.scenarios import scenario as module
from servanda.analysis.scenarios.scenario import ScenarioError, scenario_from_dict

RAW = tomllib.loads((Path(module.__file__).parent / "dprk-six-party.toml").read_text(encoding="utf-8"))


@pytest.fixture
def raw() -> dict:
    return {"name": "own", **copy.deepcopy(RAW)}


def test_the_shipped_scenario_asks_what_was_asked():
    scenario = load_scenario("dprk-six-party").scenario
    assert scenario.as_of == "2019-04-25"
    formats = ["alone", "with Russia and China", "with all six-party states"]
    for name, actor in (("us-guarantee", "USA"), ("dprk-disarmament", "PRK")):
        judgement = scenario.judgement(name)
        assert judgement.actor == actor
        assert [row.label for row in judgement.formats[:3]] == formats
        assert [row.do for row in judgement.formats[:3]] == [{"guarantors": n} for n in "135"]
    enforcers = scenario.judgement("enforcers")
    assert [row.actor for row in enforcers.formats] == ["RUS", "CHN"]
    assert enforcers.suppose[0].seen == {"compliance": "defected"}
    assert scenario.priors == ["literature", "flat", "cheap_talk"]


def test_every_shipped_scenario_loads():
    for name in shipped_scenarios():
        assert load_scenario(name).scenario.horizon


def test_a_scenario_without_horizon_or_resolution_is_refused(raw):
    del raw["horizon"]
    raw["resolution"] = ""
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict(raw)
    assert str(error.value).splitlines()[1:] == [
        "  horizon: is missing",
        "  resolution: string should have at least 1 character",
    ]


def test_all_faults_come_at_once(raw):
    raw["as_of"] = "2019-02-30"
    raw["priors"] = ["literatur"]
    raw["headline"] = {"judgement": "us-guarante", "format": "alone"}
    raw["judgements"][0]["given"]["price"] = "huge"
    raw["judgements"][0]["formats"][1]["do"] = {"garantors": "3"}
    raw["judgements"][0]["base"] = "alon"
    raw["judgements"][3]["together"][0]["of"] = ["Russia", "Chine"]
    raw["judgements"][2]["formats"][0]["do"] = {"role": "principal"}
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict(raw, "own.toml")
    text = str(error.value)
    for part in (
        "own.toml: 8 faults",
        "as_of: ",
        "priors literatur: there is no prior set of this name; did you mean 'literature'?",
        "judgement us-guarantee: node price has no state 'huge'; known: words, money, withdrawal, ",
        "judgement us-guarantee: unknown node 'garantors'; did you mean 'guarantors'?",
        "judgement us-guarantee: has no format 'alon' to compare with; did you mean 'alone'?",
        "judgement enforcers: 'Russia or China (at least one)' names an unknown format 'Chine'; did you mean 'China'?",
        "judgement dprk-disarmament, format alone: 'role' is both given and done; choose one",
        "headline: names an unknown judgement 'us-guarante'; did you mean 'us-guarantee'?",
    ):
        assert part in text


def test_an_unknown_key_is_a_fault_and_not_lost(raw):
    raw["horizn"] = "ten years"
    with pytest.raises(ScenarioError, match="scenario: horizn: is not a key that is known here"):
        scenario_from_dict(raw)


def test_an_unknown_name_lists_the_shipped(tmp_path):
    with pytest.raises(ScenarioError, match="there is no scenario of this name; did you mean 'dprk-six-party'"):
        load_scenario("dprk-six-part")
    with pytest.raises(ScenarioError, match="there is no such file"):
        load_scenario(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("title = [")
    with pytest.raises(ScenarioError, match="is not TOML"):
        load_scenario(tmp_path / "bad.toml")
    (tmp_path / "latin.toml").write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(ScenarioError, match="not UTF-8 text"):
        load_scenario(tmp_path / "latin.toml")
