"""The section on which theories the record can tell apart."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from servanda.analysis import Settings, compare_theories
from servanda.analysis.reporting.html import render
from servanda.analysis.reporting.sections.theories import described, scenario_theories
from servanda.analysis.scenarios.scenario import ScenarioError, load_scenario, scenario_from_dict
from servanda.common.toml import read_toml
from servanda.models import Arrow, Network, Node
from servanda.record import load_guarantees

PACT = Network(
    (
        Node("guarantors", ("1", "2", "5"), values=(1, 2, 5), ordered=True),
        Node("kept", ("no", "yes"), (Arrow("guarantors"),), family="ordinal", ordered=True),
    )
)


@pytest.fixture(scope="module")
def told():
    rng = np.random.default_rng(1)
    k = rng.choice([1, 2, 5], 200)
    kept = np.where(rng.random(200) < 1 / (1 + np.exp(1.5 - 1.8 * np.log(k))), "yes", "no")
    frame = pd.DataFrame({"guarantors": k.astype(str), "kept": kept})
    settings = {"node": "kept", "unit": "case", "seed": 1, "draws": 300, "chains": 2}
    found = compare_theories(PACT, frame, theories=["none", "log"], **settings)
    return {**described(found), "left_aside": [], "priors": "mine"}


def test_the_section_is_plain_and_complete(told):
    again = json.loads(json.dumps(told))
    assert [row["model"] for row in again["table"]] == ["log", "none"]
    assert again["table"][1]["apart"] is True
    assert again["units"] == 200
    assert again["figure"].startswith("<svg ")
    assert "log of the count: 0.0 behind" in again["figure"]


def test_the_page_shows_what_the_section_holds(told, content):
    page = render({**content, "theories": told})
    assert page.count('id="theories"') == 1
    assert '<a href="#theories">How many, or who?</a>' in page
    assert "“log of the count” foretells kept best. The record tells it apart from all the others" in page
    assert f"{told['table'][1]['behind']:.1f}</td>" in page
    assert "Left aside" not in page
    assert "Left aside, since the cases do not say who stands behind them: rival_backer." in render(
        {**content, "theories": {**told, "left_aside": ["rival_backer"]}}
    )
    assert 'id="theories"' not in render(content)


def test_a_scenario_without_theories_compares_none():
    loaded = load_scenario("dprk-backers")
    assert scenario_theories(loaded, load_guarantees(as_of="2019-04-25"), Settings(1)) is None


def test_an_unknown_theory_is_a_fault_of_the_scenario():
    from servanda.analysis.scenarios.scenario import FOLDER

    raw = read_toml(FOLDER / "dprk-six-party.toml", ScenarioError)
    with pytest.raises(ScenarioError, match="theories: names an unknown theory 'lgo'; did you mean 'log'"):
        scenario_from_dict({"name": "mine", **raw, "theories": ["none", "lgo"]})
