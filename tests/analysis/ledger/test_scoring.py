"""Scores of issued judgements, judged by scikit-learn and model-diagnostics."""

from __future__ import annotations

import json

import numpy as np
import pytest
from model_diagnostics.scoring import LogLoss, SquaredError, decompose
from sklearn.metrics import brier_score_loss, log_loss

from servanda.analysis import score_ledger
from servanda.analysis.ledger.file import Ledger
from servanda.analysis.ledger.lines import Resolved
from servanda.analysis.ledger.scoring import FEWEST_SCENARIOS
from servanda.common.json_values import to_json

from .makers import DAY, STATES, issued


def settled(p: np.ndarray, outcomes: np.ndarray, *, scenarios: int = 7, base: bool = True) -> Ledger:
    """A judgement for each row of `p`, each resolved, over some scenarios in turn."""
    share = {"base": tuple(np.bincount(outcomes, minlength=3) / len(outcomes)) if base else None}
    made = [
        issued(place + 1, tuple(row), scenario=f"scenario {place % scenarios}", states=["partial", "complied"], **share)
        for place, row in enumerate(p)
    ]
    came = [Resolved(id=one.id, state=STATES[outcomes[place]], on=DAY) for place, one in enumerate(made)]
    return Ledger((*made, *came))


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    p = rng.dirichlet([2.0, 1.0, 3.0], 60)
    return p, np.array([rng.choice(3, p=row) for row in p])


def test_scores_are_those_of_scikit_learn(drawn):
    p, outcomes = drawn
    claim, held = p[:, 1:].sum(axis=1), outcomes > 0
    brier, log, brier_all, log_all = score_ledger(settled(p, outcomes)).scores
    assert brier.score.value == pytest.approx(brier_score_loss(held, claim), abs=1e-12)
    assert log.score.value == pytest.approx(log_loss(held, claim), abs=1e-12)
    assert log_all.score.value == pytest.approx(log_loss(outcomes, p, labels=[0, 1, 2]), abs=1e-12)
    whole = brier_score_loss(outcomes, p, labels=[0, 1, 2], scale_by_half=False)
    assert brier_all.score.value == pytest.approx(whole, abs=1e-12)
    # The base rate is here the share of what came out.
    assert brier.base == pytest.approx(held.mean() * (1 - held.mean()), abs=1e-12)
    assert brier.gain.value == pytest.approx(brier.base - brier.score.value, abs=1e-12)


def test_errors_are_by_scenario(drawn):
    """As the sandwich estimator of a mean gives them, written out."""
    p, outcomes = drawn
    found = score_ledger(settled(p, outcomes, scenarios=7)).scores[0]
    loss = (p[:, 1:].sum(axis=1) - (outcomes > 0)) ** 2
    sums = [(loss - loss.mean())[np.arange(60) % 7 == place].sum() for place in range(7)]
    assert found.score.error == pytest.approx(np.sqrt(np.square(sums).sum() * 7 / 6) / 60, rel=1e-9)


def test_calibration_is_that_of_model_diagnostics(drawn):
    p, outcomes = drawn
    found = score_ledger(settled(p, outcomes)).calibration
    claim, held = p[:, 1:].sum(axis=1), (outcomes > 0).astype(float)
    for name, score in (("Brier score", SquaredError()), ("log score", LogLoss())):
        row = decompose(held, claim, scoring_function=score).to_dicts()[0]
        parts = found[name]
        assert (parts.mcb, parts.dsc, parts.unc) == pytest.approx(
            (row["miscalibration"], row["discrimination"], row["uncertainty"]), abs=1e-9
        )


def test_the_band_holds_a_right_forecaster_and_not_a_wrong_one():
    rng = np.random.default_rng(1)
    right = rng.uniform(0.05, 0.95, 200)
    outcomes = np.where(rng.random(200) < right, 2, 0)

    def inside(claim: np.ndarray) -> float:
        p = np.column_stack([1 - claim, 0 * claim, claim])
        curve = score_ledger(settled(p, outcomes, base=False), seed=1).reliability
        return float(np.mean((curve.low <= curve.recalibrated) & (curve.recalibrated <= curve.high)))

    assert inside(right) > 0.75
    assert inside(np.where(right > 0.5, 0.99, 0.01)) < 0.2


def test_too_few_is_said_plainly(drawn):
    p, outcomes = drawn
    few = score_ledger(settled(p, outcomes, scenarios=FEWEST_SCENARIOS - 1))
    assert not few.enough
    assert few.verdict.startswith("60 judgements of 19 scenarios came out, too few to tell skill from luck")
    enough = score_ledger(settled(p, outcomes, scenarios=FEWEST_SCENARIOS))
    assert enough.enough
    assert "In log score of the claim they gain" in enough.verdict
    assert "(standard error" in enough.verdict
    alone = score_ledger(settled(p[:1], outcomes[:1]))
    assert alone.verdict.startswith("1 judgement of 1 scenario came out")
    assert np.isnan(alone.scores[0].score.error)


def test_nothing_open_or_void_is_scored(drawn):
    p, outcomes = drawn
    ledger = settled(p[:3], outcomes[:3])
    void = Resolved(id=f"{DAY}.3", state="void", on=DAY, note="no test", corrects=True)
    found = score_ledger(Ledger((*ledger.entries, issued(9), void)))
    assert (len(found.settled), found.void, [*found.ledger.open]) == (2, 1, [f"{DAY}.9"])
    assert found.table.loc[f"{DAY}.3", "state"] == "void"
    nothing = score_ledger(Ledger((issued(1),)))
    assert (nothing.scores, nothing.calibration, nothing.reliability) == ((), {}, None)
    assert "No judgement has come to its test yet" in nothing.verdict


def test_a_judgement_without_a_base_rate_is_not_compared(drawn):
    p, outcomes = drawn
    found = score_ledger(settled(p, outcomes, scenarios=30, base=False))
    assert found.scores[0].compared == 0
    assert np.isnan(found.scores[0].gain.value)
    assert "has no standard error, and so says nothing" in found.verdict


def test_it_is_plain_content(drawn):
    p, outcomes = drawn
    content = json.loads(to_json(score_ledger(settled(p, outcomes)).to_dict()))
    assert content["scored"] == 60
    assert content["scores"][0]["name"] == "Brier score"
    assert content["reliability"]["level"] == 0.9
    assert content["judgements"][0]["state"] in STATES
