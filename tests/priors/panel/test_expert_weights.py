"""Weights of experts from questions with known answers, judged by grids and by SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from servanda.models import PriorError
from servanda.models.sampling.stacking_weights import stacking_weights
from servanda.priors import classical_weights, score_weights

FORECASTS = pd.DataFrame(
    {"bold": [0.95, 0.9, 0.2, 0.9, 0.1], "vague": [0.6, 0.5, 0.45, 0.4, 0.5]}, index=["a", "b", "c", "d", "e"]
)
OUTCOMES = {"a": True, "b": True, "c": False, "d": False, "e": False}


@pytest.mark.parametrize("concentration", [1.0, 2.0, 5.0])
def test_score_weights_are_the_best_on_a_grid(concentration):
    found = score_weights(FORECASTS, OUTCOMES, concentration=concentration).weights
    came = np.array(list(OUTCOMES.values()))
    given = np.where(came[:, None], FORECASTS, 1 - FORECASTS)
    w = np.linspace(0, 1, 100_001)[1:-1]
    value = np.log(w[:, None] * given[:, 0] + (1 - w)[:, None] * given[:, 1]).sum(1)
    value += (concentration - 1) * (np.log(w) + np.log1p(-w))
    assert found["bold"] == pytest.approx(w[np.argmax(value)], abs=2e-4)
    assert sum(found.values()) == pytest.approx(1)


def test_counts_and_a_pull_together():
    log_p = np.log([[0.9, 0.5], [0.2, 0.6]])
    repeated = stacking_weights(np.repeat(log_p, [7, 3], axis=0), concentration=3.0)
    np.testing.assert_allclose(stacking_weights(log_p, np.array([7, 3]), concentration=3.0), repeated, atol=1e-5)


def test_scores_of_each_expert():
    table = score_weights(FORECASTS, OUTCOMES).table
    came = np.array(list(OUTCOMES.values()), float)
    for expert in FORECASTS:
        p = FORECASTS[expert].to_numpy()
        assert table.loc[expert, "brier"] == pytest.approx(np.mean((p - came) ** 2))
        assert table.loc[expert, "log_score"] == pytest.approx(stats.bernoulli(p).logpmf(came.astype(int)).mean())


def test_an_expert_who_ruled_out_what_came_about_still_counts_for_the_rest():
    forecasts = FORECASTS.assign(sure=[1.0, 1.0, 0.0, 1.0, 0.0])
    found = score_weights(forecasts, OUTCOMES)
    assert found.table.loc["sure", "log_score"] == -np.inf
    assert 0 < found.weights["sure"] < 1


def three_quantiles(rows):
    frame = pd.DataFrame(rows, columns=["expert", "question", "5%", "50%", "95%"])
    return frame.set_index(["expert", "question"])


def test_classical_weights_by_hand():
    """Ten questions: one expert's truths fall as they should but for the tails, the other is far too sure."""
    truths = {f"q{n}": 10.0 * n for n in range(10)}
    # Below the median five times, above it five times, always inside.
    good = [("good", q, t - 9, t + (1 if n % 2 else -1), t + 9) for n, (q, t) in enumerate(truths.items())]
    # Truth above the 95 % quantile in half of the questions, inside otherwise.
    sure = [
        ("sure", q, t - (3 if n % 2 else 1), t - (2 if n % 2 else 0.5), t - (1 if n % 2 else -0.5))
        for n, (q, t) in enumerate(truths.items())
    ]
    found = classical_weights(three_quantiles(good + sure), truths, least=1e-9).table
    p = np.array([0.05, 0.45, 0.45, 0.05])

    def calibration(s):
        # Twice the number of questions times relative entropy is the G statistic of SciPy's power divergence.
        return stats.power_divergence(10 * np.array(s) + 0, 10 * p, lambda_="log-likelihood").pvalue

    assert found.loc["good", "calibration"] == pytest.approx(calibration([0, 0.5, 0.5, 0]))
    assert found.loc["sure", "calibration"] == pytest.approx(calibration([0, 0, 0.5, 0.5]))
    shares = []
    for low, middle, high in ((-9, 1, 9), (-9, -1, 9)):
        ends = np.array([-9 - 1.8, low, middle, high, 9 + 1.8])
        shares.append(np.diff(ends) / np.ptp(ends))
    information = np.mean([stats.entropy(p, share) for share in shares])
    assert found.loc["good", "information"] == pytest.approx(information)
    raw = found["calibration"] * found["information"]
    np.testing.assert_allclose(found["weight"], raw / raw.sum())


def test_below_the_least_calibration_there_is_no_weight():
    truths = {f"q{n}": 0.0 for n in range(20)}
    good = [("good", q, -2, -0.1 if n % 2 else 0.1, 2) for n, q in enumerate(truths)]
    wrong = [("wrong", q, 3, 4, 5) for q in truths]
    found = classical_weights(three_quantiles(good + wrong), truths)
    assert found.weights == {"good": 1.0, "wrong": 0.0}
    assert "<table" in found._repr_html_()
    assert "calibration" in str(found)
    with pytest.raises(PriorError, match=r"no expert reaches a calibration of 0\.05"):
        classical_weights(three_quantiles([*wrong, *(("other", q, 3, 4, 5) for q in truths)]), truths)


BAD_FORECASTS = {
    "range": (FORECASTS.replace(0.95, 1.2), OUTCOMES, {}, "forecasts, bold, a: must be 0 to 1, not 1.2"),
    "unknown": (FORECASTS, {"a": True}, {}, "question b: has no known answer"),
    "one": (FORECASTS[["bold"]], OUTCOMES, {}, "need two experts at least, a column for each"),
    "none": (FORECASTS.iloc[:0], OUTCOMES, {}, "forecasts: there are none"),
    "outcome": (FORECASTS, OUTCOMES | {"a": "no"}, {}, "question a: came about or not: True or False, not 'no'"),
    "pull": (FORECASTS, OUTCOMES, {"concentration": 0.5}, "concentration: must be 1 or more, not 0.5"),
    "ruled out": (
        FORECASTS.assign(bold=0.0, vague=0.0),
        OUTCOMES,
        {},
        "forecasts, a: all experts ruled out what came about",
    ),
}


@pytest.mark.parametrize(("forecasts", "outcomes", "more", "message"), BAD_FORECASTS.values(), ids=BAD_FORECASTS)
def test_forecasts_that_cannot_be_scored(forecasts, outcomes, more, message):
    with pytest.raises(PriorError) as caught:
        score_weights(forecasts, outcomes, **more)
    assert message in str(caught.value)


def test_a_pull_silences_nobody():
    """Fifteen forecasters, counted units: expectation maximisation cannot leave the inside."""
    rng = np.random.default_rng(147)
    log_p, counts = np.log(rng.beta(0.3, 0.3, (50, 15))), rng.integers(1, 50, 50).astype(float)
    for concentration in (1.2, 1.5, 2.0):
        weights = stacking_weights(log_p, counts, concentration=concentration)
        assert weights.min() > 1e-6

        def value(w, concentration=concentration):
            return counts @ np.log(np.exp(log_p) @ w) + (concentration - 1) * np.log(w).sum()

        # No small step towards any forecaster is better.
        for place in range(15):
            assert value(0.999 * weights + 0.001 * np.eye(15)[place]) < value(weights)


def test_names_of_questions_may_be_numbers():
    forecasts = FORECASTS.set_axis(range(1, 6))
    outcomes = dict(zip(range(1, 6), OUTCOMES.values(), strict=True))
    assert score_weights(forecasts, outcomes).weights == score_weights(FORECASTS, OUTCOMES).weights


def test_assessments_that_cannot_be_scored():
    one = [("a", "q", 1, 2, 3), ("b", "q", 1, 2, 4), ("b", "q", 1, 2, 3)]
    with pytest.raises(PriorError) as caught:
        classical_weights(three_quantiles(one), {"q": float("nan")}, overshoot=0.0)
    assert str(caught.value).splitlines() == [
        "expert weights: 3 faults",
        "  b, q: is answered twice",
        "  question q: must have a finite answer, not nan",
        "  overshoot: must be above 0, not 0",
    ]
    rows = [("a", "q", 1, 2, 3), ("b", "q", 3, 2, 4), ("b", "r", 1, 2, 3)]
    with pytest.raises(PriorError) as caught:
        classical_weights(three_quantiles(rows), {"q": 2})
    assert str(caught.value).splitlines() == [
        "expert weights: 3 faults",
        "  question r: has no known answer; known: q",
        "  b, q: quantiles must ascend, not 3, 2, 4",
        "  a, r: is not answered",
    ]
    with pytest.raises(PriorError, match="column 50%: is missing"):
        classical_weights(three_quantiles(rows).drop(columns="50%"), {"q": 2})
