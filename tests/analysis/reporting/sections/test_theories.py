"""The section on which theories the record can tell apart."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import compare_theories
from servanda.analysis.evaluation.leave_one_out import LeftOut
from servanda.analysis.evaluation.models import Comparison
from servanda.analysis.reporting.sections import theories
from servanda.analysis.reporting.sections.theories import described, scenario_theories
from servanda.analysis.scenarios.scenario import ScenarioError, load_scenario, scenario_from_dict
from servanda.analysis.summaries.pseudo_bma import pseudo_bma_weights
from servanda.common.json_values import unsealed
from servanda.common.toml import read_toml
from servanda.models import Arrow, Network, Node, Sampling
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


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        ([True], "the record excludes every rival theory."),
        ([False], "the record excludes no rival theory."),
        ([False, True], "the record tells it apart from “cheap talk”."),
    ],
)
def test_the_verdict_says_what_the_record_can_tell_apart(told, content, read, apart, said):
    best, other = told["table"]
    table = [best, *({**other, "apart": one} for one in apart)]
    averaged = {"mean": 0.02, "lower": -0.07, "upper": 0.14}
    text = read({**content, "theories": {**told, "table": table, "averaged": averaged}}).text
    assert f"“log of the count” predicts best, one case left out at a time; {said}" in text
    assert "Over all theories, weighed by how they predict, the change is +2 points (-7 to +14)." in text


def test_the_page_shows_what_the_section_holds(told, content, read):
    page = read({**content, "theories": told})
    assert "theories" in page.values("id")
    assert f"{told['table'][1]['behind']:.1f}" in page.cells
    assert any("log of the count: 0.0 behind" in label for label in page.values("aria-label"))
    assert "Left aside" not in page.text
    aside = read({**content, "theories": {**told, "left_aside": ["rival_backer"]}}).text
    assert "Left aside, since the cases do not say who stands behind them: a rival among the backers." in aside
    untrusted = read({**content, "theories": {**told, "untrusted": {"log": ["1", "2"]}}}).text
    assert "log: importance weights could not be trusted for 1, 2, which were not fitted again." in untrusted
    assert "theories" not in read(content).values("id")


def test_bayes_factors_stand_only_where_there_are_any(told, content, read):
    """With effects of hundreds of actors no bridge holds, and a column of 'not computed' tells nothing."""
    assert "Bayes factor" in read({**content, "theories": told}).text
    without = [{**row, "bayes_factor": none} for row, none in zip(told["table"], (None, math.nan), strict=True)]
    assert "Bayes factor" not in read({**content, "theories": {**told, "table": without}}).text


def test_a_theory_whose_draws_do_not_mix_is_left_out_of_the_average():
    rng = np.random.default_rng(2)

    def moved(mean: float, *, stuck: float = 0.0):
        apart = np.array([0.0, 0.0, 0.0, stuck])[:, None]
        return xr.DataArray(mean + 0.02 * rng.standard_normal((4, 400)) + apart, dims=("chain", "draw"))

    left = {
        name: LeftOut(("a", "b", "c"), elpd, np.full(3, 0.1), (), (), np.ones(3), 0.7)
        for name, elpd in zip("xyz", np.array([[-1.0, -1, -1], [-2, -0.5, -1], [-1, -1.5, -1]]), strict=True)
    }
    answers = {"headline": {"x": moved(0.1), "y": moved(0.2, stuck=0.5), "z": moved(-0.1)}}
    thirds = dict.fromkeys("xyz", 1 / 3)
    titles = {"x": "first", "y": "second", "z": "third"}
    found = Comparison("kept", "case", titles, left, thirds, {}, {}, thirds, answers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theories, "THEORIES", dict.fromkeys("xyz", theories.THEORIES["log"]))
        told = described(found, seed=3)
        nothing = described(theories.without_models(found, ["x"], 3))
    assert list(told["left_out"]) == ["second"]
    assert told["left_out"]["second"][0].startswith("R-hat of the change by y: ")
    assert [row["model"] for row in told["table"]] == ["x", "z"]
    elpd = np.column_stack([left["x"].elpd, left["z"].elpd])
    shares = dict(zip("xz", pseudo_bma_weights(elpd, np.ones(3), seed=3), strict=True))
    assert {row["model"]: row["weight"] for row in told["table"]} == pytest.approx(shares)
    mean = sum(shares[name] * float(answers["headline"][name].mean()) for name in "xz")
    assert told["averaged"]["mean"] == pytest.approx(mean)
    assert (nothing["table"], [*nothing["left_out"]]) == ([], ["second"])


def test_a_scenario_without_theories_compares_none():
    loaded = load_scenario("dprk-backers")
    assert scenario_theories(loaded, load_guarantees(as_of="2019-04-25"), Sampling(1)) is None


def test_an_unknown_theory_is_a_fault_of_the_scenario():
    from servanda.analysis.scenarios.scenario import FOLDER

    raw = read_toml(FOLDER / "dprk-six-party.toml", ScenarioError)
    with pytest.raises(ScenarioError, match="theories: names an unknown theory 'lgo'; did you mean 'log'"):
        scenario_from_dict({"name": "mine", **raw, "theories": ["none", "lgo"]})


def test_a_comparison_is_made_once_of_the_theories_that_the_cases_speak_of_and_kept(tmp_path, monkeypatch):
    """Cases of one's own, without who stands behind them: theories that ask who are named and left aside."""
    loaded = load_scenario("dprk-six-party")
    own = load_guarantees(as_of="2019-04-25").assign(case_id=lambda cases: "mine " + cases["case_id"].astype(str))
    asked = []

    def compare(network, cases, prior, **how):
        asked.append((list(how["theories"]), how["unit"], how["seed"], how["draws"], prior.name))
        return "found"

    monkeypatch.setattr(theories, "compare_theories", compare)
    monkeypatch.setattr(theories, "theory_gates", lambda _: {})
    monkeypatch.setattr(theories, "described", lambda found, seed: {"found": found, "seed": seed})
    settings = Sampling(5, 30, 20, 2)
    first = scenario_theories(loaded, own, settings, tmp_path)
    simple = ["none", "log", "saturating", "inverted_u"]
    assert asked == [(simple, "guarantee", 5, 30, "literature")]
    assert first == {
        "found": "found",
        "seed": 5,
        "doublings": 0,
        "left_aside": ["institution", "rival_backer", "permanent_backer"],
        "priors": "literature",
    }
    (kept,) = tmp_path.iterdir()
    assert unsealed(kept.read_text(encoding="utf-8"))["kept"] == first
    assert scenario_theories(loaded, own, settings, tmp_path) == first
    assert len(asked) == 1
    kept.write_text("{")  # damaged: made again
    assert scenario_theories(loaded, own, settings, tmp_path) == first
    scenario_theories(loaded, own, replace(settings, seed=6), tmp_path)
    assert len(asked) == 3
    # The shipped cases say who stands behind most of them, so that nothing is left aside.
    for shipped in (load_guarantees(as_of="2019-04-25"), load_guarantees()):
        assert scenario_theories(loaded, shipped, settings, tmp_path)["left_aside"] == []
        assert asked[-1][0] == list(loaded.scenario.theories)


@pytest.mark.parametrize(
    ("names", "compared"), [(["none", "log"], True), (["none"], False), (["none", "institution"], False)]
)
def test_two_theories_are_needed(names, compared, tmp_path, monkeypatch):
    loaded = load_scenario("dprk-six-party")
    loaded = replace(loaded, scenario=loaded.scenario.model_copy(update={"theories": names}))
    own = load_guarantees(as_of="2019-04-25").assign(case_id=lambda cases: "mine " + cases["case_id"].astype(str))
    monkeypatch.setattr(theories, "compare_theories", lambda *_, **__: "found")
    monkeypatch.setattr(theories, "theory_gates", lambda _: {})
    monkeypatch.setattr(theories, "described", lambda found, seed: {"found": found, "seed": seed})
    found = scenario_theories(loaded, own, Sampling(5), tmp_path)
    assert (found is not None) is compared


def test_the_section_repeats_the_comparison(told):
    rows = {row["model"]: row for row in told["table"]}
    assert set(rows) == {"none", "log"}
    assert rows["log"]["behind"] == 0.0
    assert rows["none"]["behind"] > 0
    assert sum(row["weight"] for row in rows.values()) == pytest.approx(1)
    assert all(row["claim"] and row["source"] for row in rows.values())
    assert (told["node"], told["unit"], told["untrusted"]) == ("kept", "case", {})
