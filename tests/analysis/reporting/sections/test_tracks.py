"""The section on the actors' past."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from servanda.analysis.reporting.document.language import Language
from servanda.analysis.reporting.section import Answers, Material
from servanda.analysis.reporting.sections import tracks
from servanda.analysis.reporting.sections.judgements import failed_line
from servanda.analysis.scenarios.scenario import load_scenario

from ..page import PLAIN, render


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The tracks of the shipped scenario's actors, from few draws, and where they are kept."""
    folder = tmp_path_factory.mktemp("fits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracks, "SAMPLING", {"draws": 150, "tune": 300, "chains": 2, "thin": 1})
        scenario = load_scenario("dprk-six-party").scenario
        told = tracks.scenario_tracks(scenario, 1, folder)
        patch.setattr(tracks, "fit_track", None)  # what is stored is not fitted again
        assert tracks.scenario_tracks(scenario, 1, folder) == told
    return told, folder


def test_the_scenarios_actors_are_described_as_of_its_date(described):
    told, _ = described
    assert tracks.scenario_actors(load_scenario("dprk-six-party").scenario) == ["USA", "PRK", "RUS", "CHN"]
    assert [actor["actor"] for actor in told["actors"]] == ["USA", "PRK", "RUS"]
    assert told["absent"] == ["CHN"]
    assert told["at"] == "2019-04-25"
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_actors_are_named_once_and_nobody_is_none():
    scenario = load_scenario("dprk-six-party").scenario
    assert tracks.scenario_actors(scenario) == ["USA", "PRK", "RUS", "CHN"]
    assert tracks.scenario_actors(scenario.model_copy(update={"judgements": scenario.judgements[2:3]})) == ["PRK"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_shows_a_history_and_ranks_nobody(described, content, read, language):
    """Counts of events by what they read as, every event, and no share of kept promises anywhere."""
    told, _ = described
    page = read({**content, "tracks": told}, language)
    assert "tracks" in page.values("id")
    for actor in told["actors"]:
        counts = [str(actor["counts"][name]) for name in ("kept", "partly", "broken")]
        assert any(page.cells[place : place + 3] == counts for place in range(len(page.cells)))
        assert all(" ".join(event.get("detail", "").split()).translate(PLAIN) in page.text for event in actor["events"])
        shares = {f"{100 * actor[name]:.0f} %" for name in ("mean", "lower", "upper")}
        of_actor = page.text[page.text.index("tracks") if "tracks" in page.text else 0 :]
        assert f"{actor['actor']}: {shares}" not in of_actor
    assert "keeps its word" not in page.text.replace("P(keeps its word)", "")
    assert any("bulk ESS" in gate or "R-hat" in gate for gate in told["failed_gates"])
    assert failed_line(told["failed_gates"][0], Language(language)) in page.text
    if language == "en":
        assert "No event is known of China." in page.text
        assert "so that their counts rank nobody" in page.text


def test_without_actors_there_is_no_section(content):
    assert 'id="tracks"' not in render(content)
    scenario = load_scenario("dprk-six-party").scenario
    early = scenario.model_copy(update={"as_of": "1980-01-01"})
    assert tracks.scenario_tracks(early, 1, Path("nowhere")) is None


def test_tracks_whose_gates_fail_are_left_out(described):
    """They stop no report: the answer does not rest on them."""
    told, _ = described
    assert told["failed_gates"]  # a few draws pass no gate
    assert told["doublings"] == 0  # and from so few none is drawn on
    material = Material(load_scenario("dprk-six-party"), pd.DataFrame(), {}, prepared={"tracks": told})
    assert tracks.SECTION.content(material, Answers({}, {}, {}, {})) is None
    passed = {**told, "failed_gates": []}
    assert tracks.SECTION.content(replace(material, prepared={"tracks": passed}), Answers({}, {}, {}, {})) == passed
