"""Confidence: every limit from both sides, what was not measured, and the words that say so."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass

import pytest

from servanda.analysis.reporting.confidence import (
    agreement_part,
    confidence,
    coverage_part,
    doubt_part,
    news_part,
    score_part,
    spread_part,
)
from servanda.analysis.reporting.document.blocks import plain
from servanda.analysis.reporting.document.language import Language, languages
from servanda.analysis.reporting.reasons import reason

#: Signs as a keyboard has them.
TYPED = str.maketrans("\N{MINUS SIGN}\N{NO-BREAK SPACE}", "- ")


@dataclass(frozen=True)
class Measured:
    gain: float
    error: float = 0.02
    broken_gain: float = 0.0
    broken_error: float = 0.02
    full_gain: float = 0.0
    full_error: float = 0.02
    cases: int = 184
    crises: int = 90


def spread(width: float, unmeasured=()):
    return spread_part(("theory", "cheap talk", -0.02), ("reading", "plain", width - 0.02), unmeasured)


def _pair(first: str, second: str):
    return [{"node": "Role", "state": first}, {"node": "What was owed", "state": second}]


#: What each part is when it is as good as can be.
BEST = {
    "held-out crises": score_part(Measured(0.1), "it"),
    "precedents": coverage_part(9, 184, []),
    "doubtful neighbours": doubt_part(0, 8),
    "coders": agreement_part({"Compliance": (164, 1.0)}),
    "range of opinion": spread(0.0),
    "responsiveness to news": news_part(0.0),
}
#: Part -> what was found, and its grade.
CUTS = {
    "held-out crises": [
        (score_part(Measured(0.04), "it"), "good"),
        (score_part(Measured(0.0399), "it"), "fair"),
        (score_part(Measured(0.0001), "it"), "fair"),
        (score_part(Measured(0.0), "it"), "poor"),
        (score_part(Measured(-0.02), "it"), "poor"),
        (score_part(Measured(math.nan), "it"), "poor"),
        (score_part(None, "it"), "poor"),
    ],
    "precedents": [
        (coverage_part(5, 184, []), "good"),
        (coverage_part(4, 184, []), "fair"),
        (coverage_part(1, 184, []), "fair"),
        (coverage_part(0, 184, []), "fair"),
        (coverage_part(0, 184, [_pair("guarantor", "restrain")]), "poor"),
    ],
    "doubtful neighbours": [
        (doubt_part(2, 8), "good"),
        (doubt_part(3, 8), "fair"),
        (doubt_part(4, 8), "fair"),
        (doubt_part(5, 8), "poor"),
        (doubt_part(0, 0), "poor"),
    ],
    "coders": [
        (agreement_part({"Compliance": (164, 0.95), "Stakes": (184, 0.9)}), "good"),
        (agreement_part({"Compliance": (164, 0.95), "Stakes": (184, 0.899)}), "fair"),
        (agreement_part({"Compliance": (164, 0.8), "Stakes": (184, 0.9)}), "fair"),
        (agreement_part({"Compliance": (164, 0.799), "Stakes": (184, 0.9)}), "poor"),
        (agreement_part({}), "poor"),
        (agreement_part({"Compliance": (0, math.nan)}), "poor"),
    ],
    "range of opinion": [
        (spread(0.0499), "good"),
        (spread(0.0501), "fair"),
        (spread(0.1499), "fair"),
        (spread(0.1501), "poor"),
        (spread(0.0, ["prior"]), "poor"),
        (spread_part(None, None, ["prior"]), "poor"),
    ],
    "responsiveness to news": [
        (news_part(0.02), "good"),
        (news_part(0.0201), "fair"),
        (news_part(0.05), "fair"),
        (news_part(0.0501), "poor"),
        (news_part(math.nan), "poor"),
    ],
}


@pytest.mark.parametrize(("name", "part", "grade"), [(n, p, g) for n, found in CUTS.items() for p, g in found])
def test_each_cut_point_and_the_worst_part_decides(name, part, grade):
    """The other parts are as good as can be, so that the level is this part's own."""
    assert (part.name, part.grade) == (name, grade)
    found = confidence(list({**BEST, name: part}.values()))
    assert found["level"] == ("low" if grade == "poor" else "moderate")
    # The worst comes first, and nothing is left out.
    assert found["parts"][0]["grade"] == grade
    assert {one["name"] for one in found["parts"]} == set(BEST)


def test_a_model_that_does_not_beat_the_base_rate_gives_low_whatever_else_holds():
    parts = {**BEST, "held-out crises": score_part(Measured(-0.001, error=0.0001), "it")}
    assert confidence(list(parts.values()))["level"] == "low"


def test_broken_and_in_full_are_two_questions_with_a_confidence_each():
    """Breach is foretold and the rest is not: the one level is moderate where the other is low."""
    score = Measured(0.05, broken_gain=0.08, full_gain=-0.01)
    found = confidence(list(BEST.values()), score)
    assert found["level"] == "moderate"
    assert [(one["question"], one["level"]) for one in found["questions"]] == [
        ("broken or not", "moderate"),
        ("kept in full or not", "low"),
    ]
    assert [(one["gain"], one["error"]) for one in found["questions"]] == [(0.08, 0.02), (-0.01, 0.02)]
    # What holds both back holds each back; the gain on all states stands for neither.
    both = {**BEST, "coders": agreement_part({}), "held-out crises": score_part(Measured(-1.0), "it")}
    assert [one["level"] for one in confidence(list(both.values()), score)["questions"]] == ["low", "low"]
    states = {**BEST, "held-out crises": score_part(Measured(-1.0), "it")}
    assert confidence(list(states.values()), score)["questions"][0]["level"] == "moderate"
    assert confidence(list(BEST.values()))["questions"] == []


def test_high_is_left_to_an_analyst():
    found = confidence(list(BEST.values()))
    assert found["level"] == "moderate"
    assert "'High' is left to an analyst who signs for it." in found["rule"]
    assert "What was not measured is poor." in found["rule"]


def test_limits_are_printed():
    assert {name: part.rule for name, part in BEST.items()} == {
        "held-out crises": "good: above the base rate by 2 standard errors; fair: above it; poor: not above it",
        "precedents": (
            "good: 5 precedents or more; fair: a precedent, or each pair of described states seen; "
            "poor: a pair never seen"
        ),
        "doubtful neighbours": "good: 25 % or fewer; fair: 50 % or fewer",
        "coders": "by the least agreed of them, good: 90 % or more; fair: 80 % or more",
        "range of opinion": "good: 5 points or less; fair: 15 points or less; poor where one was not measured",
        "responsiveness to news": "good: 2 points or less; fair: 5 points or less",
    }


SAID = [
    (
        score_part(Measured(-0.0204, 0.0238), "it"),
        (
            "No gain over the base rate. 184 cases of 90 crises, each foretold from the others: "
            "-0.020 in log score a case (standard error 0.024)."
        ),
    ),
    (
        score_part(Measured(0.03), "it"),
        (
            "A gain that may be luck. 184 cases of 90 crises, each foretold from the others: "
            "+0.030 in log score a case (standard error 0.020)."
        ),
    ),
    (
        score_part(Measured(0.08), "it"),
        (
            "A gain on held-out crises. 184 cases of 90 crises, each foretold from the others: "
            "+0.080 in log score a case (standard error 0.020)."
        ),
    ),
    (
        score_part(None, "servanda evaluate guarantee"),
        (
            "Not measured. Whether the network foretells crises it has not seen is not known; "
            "servanda evaluate guarantee measures it."
        ),
    ),
    (
        coverage_part(0, 184, [_pair("guarantor", "restrain"), _pair("principal", "5")]),
        (
            "No precedent. None of 184 cases shares every described feature. "
            "No case has both “Role: guarantor” and “What was owed: restrain” or “Role: principal” and "
            "“What was owed: 5”: the answer extrapolates."
        ),
    ),
    (coverage_part(0, 184, []), "No exact precedent. None of 184 cases shares every described feature."),
    (coverage_part(1, 184, []), "Few precedents. 1 case of 184 shares every described feature."),
    (coverage_part(7, 184, []), "Precedents. 7 cases of 184 share every described feature."),
    (doubt_part(6, 8), "Doubtful neighbours. The coders marked 6 of the 8 nearest cases doubtful."),
    (doubt_part(0, 0), "No neighbours. No case is near: the scenario describes no state."),
    (
        agreement_part({"Compliance": (164, 0.88), "Stakes": (184, 0.77)}),
        "Coders. Two coders agree least on stakes: alike in 77 % of 184 cases.",
    ),
    (agreement_part({}), "Coders. The record was coded once: agreement is not measured."),
    (
        spread(0.07, ["prior", "coder"]),
        (
            "Opinion. The expected change goes from -2 (theory: cheap talk) to +5 points (reading: plain). "
            "Not measured over prior sets or coders of the outcome."
        ),
    ),
    (spread(0.02), "Opinion. The expected change goes from -2 (theory: cheap talk) to 0 points (reading: plain)."),
    (
        spread_part(None, None, []),
        "Opinion. How far a change ranges is not measured: the scenario compares with nothing.",
    ),
    (news_part(0.042), "News. One more case of this kind moves the answer by 4 points on average."),
    (news_part(math.nan), "News. What one more case would change is not measured."),
]


@pytest.mark.parametrize(("part", "said"), SAID)
def test_a_reason_is_counted(part, said):
    assert plain(reason(asdict(part), Language())).translate(TYPED) == said


@pytest.mark.parametrize("part", [part for part, _ in SAID])
def test_a_reason_has_a_head_of_its_own_and_can_be_said_in_each_language(part):
    """Counts stand in every language as they do in English; only signs of decimals and of groups differ."""
    english = reason(asdict(part), Language())
    for code in languages():
        said = reason(asdict(part), Language(code))
        assert said[0].style == "strong"
        assert re.findall(r"\d+", plain(said)) == re.findall(r"\d+", plain(english))
