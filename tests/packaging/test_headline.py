"""The README's headline: every number from the report, the unfavourable ones too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("headline", ROOT / "scripts" / "headline.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(gain=0.01, *, settled=False):
    moved = {"mean": 0.05, "lower": -0.11, "upper": 0.21, "gain": 0.48, "within": 0.37, "loss": 0.15}
    rows = [
        {"kind": "reading", "name": "asked", **moved},
        {"kind": "reading", "name": "rival", "mean": -0.08},
        {"kind": "theory", "name": "averaged over the theories", "mean": 0.02},
    ]
    told = [
        {"state": "defected", "mean": 0.33},
        {"state": "partial", "mean": 0.16},
        {"state": "complied", "mean": 0.51},
    ]
    answer = {"mean": 0.51, "lower": 0.27, "upper": 0.74, "single": {"lower": 0.14, "upper": 0.88}}
    answer |= {
        "outcomes": told,
        "change": {"difference": moved},
        "confidence": {"level": "low"},
        "verdict": {"settled": settled},
    }
    score = {"gain": gain, "error": 0.019, "cases": 184}
    return {"answer": answer, "change": {"rows": rows}, "score": score}


def test_both_intervals_all_outcomes_the_rival_and_the_score_are_told(script):
    text = " ".join(script.headline(report()).split())
    intervals = "**27\N{EN DASH}74 %**", "**14\N{EN DASH}88 %**"
    for said in (*intervals, "**51 %**", "in part with 16 %", "breaks it with 33 %"):
        assert said in text
    assert "by +5 points (\N{MINUS SIGN}11 to +21)" in text
    assert (
        "a gain of 5 points or more has a probability of 48 %, a loss of 5 or more 15 %, less either way 37 %" in text
    )
    assert "changes it by \N{MINUS SIGN}8 points; averaged over rival theories of backing, by +2" in text
    assert "does not predict better than the base rate on crises held out of its 184 cases: +0.010" in text


def test_a_gain_of_more_than_two_errors_is_called_one(script):
    assert "the model does better than the base rate" in " ".join(script.headline(report(gain=0.05)).split())


@pytest.mark.parametrize(
    ("gain", "settled", "said"),
    [
        (0.01, False, "**The record does not settle it**, and the model does not predict better than"),
        (0.05, False, "**The record does not settle it**, though the model does better than"),
        (0.01, True, "**The record settles it**, though the model does not predict better than"),
        (0.05, True, "**The record settles it**, and the model does better than"),
    ],
)
def test_what_the_report_says_is_settled_is_said(script, gain, settled, said):
    assert said in " ".join(script.headline(report(gain, settled=settled)).split())


def test_only_what_stands_between_the_marks_is_written(script):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    changed = script.written(readme, "new\n")
    assert changed.split(script.BEGIN)[0] == readme.split(script.BEGIN)[0]
    assert changed.split(script.END)[1] == readme.split(script.END)[1]
    assert script.BEGIN + "new\n" + script.END in changed


def test_the_readme_tells_it(script):
    told = (ROOT / "README.md").read_text(encoding="utf-8").split(script.BEGIN)[1].split(script.END)[0]
    assert "Two intervals belong to the first number" in " ".join(told.split())


def test_the_readme_s_numbers_are_those_of_today_s_record_network_and_priors(script):
    """A change of any of them asks for `make headline`."""
    from servanda.analysis.queries.named_backers import shipped_cases
    from servanda.analysis.scenarios.scenario import load_scenario
    from servanda.models.cases.encode import encode
    from servanda.models.sampling.fit import fit_identity
    from servanda.models.sampling.run import Sampling

    loaded = load_scenario("dprk-six-party")
    cases = encode(loaded.network, shipped_cases(loaded.network, loaded.scenario.as_of))
    fit = fit_identity(loaded.network, cases, loaded.priors[0], Sampling(loaded.scenario.seed))
    today = script.identity({"priors": {"reported": "it"}, "provenance": {"fits": {"it": fit}}})
    told = (ROOT / "README.md").read_text(encoding="utf-8").split(script.BEGIN)[1].split(script.END)[0]
    assert told.startswith(today), "run 'make headline'"
