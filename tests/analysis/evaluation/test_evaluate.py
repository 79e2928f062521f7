"""Evaluation, judged by planted columns, by past defections counted by brute force, and by its own words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import servanda as sv
from servanda.analysis.evaluation import evaluate as module
from servanda.analysis.evaluation.evaluate import evaluate
from servanda.models import Arrow, DataError, Network, Node, QueryError
from servanda.record.files.codebook import GREAT_POWERS

QUICK = {"node": "kept", "folds": 4, "repeats": 1, "year": "year", "seed": 1, "permutations": 999}
LEARNERS = ("ridge_logit", "random_forest")


def test_a_column_of_noise_gives_no_gain(promise, promises):
    found = evaluate(promise, promises(0.0), future=(), against=("ridge_logit",), **QUICK)
    for name in ("defaults", "ridge_logit"):
        gain = found.difference(name, "base_rate")
        assert gain.value < 2 * gain.error + 0.005
        assert gain.value > -0.1
    assert "has not been shown to foretell kept better than the base rate" in found.verdict


def test_a_column_that_is_the_outcome_with_errors_gives_a_large_gain(promise, promises):
    """Four times in five the column is the outcome, else one of the other two: what is known of the optimum."""
    frame = promises(0.7)  # one in three of the noise is true as well, which makes 80 %
    found = evaluate(promise, frame, future=(1940, 1960), against=LEARNERS, **QUICK)
    optimum = np.log(3) + 0.8 * np.log(0.8) + 0.2 * np.log(0.1)
    for name in ("defaults", *LEARNERS):
        gain = found.difference(name, "base_rate")
        assert gain.value == pytest.approx(optimum, abs=0.17)
        assert gain.value > 4 * gain.error
        assert (found.futures.loc[name, "gain"] > 0.2).all()
        assert found.table.loc[name, "chance"] == pytest.approx(0.001)
    assert found.table.loc["defaults", "slope"] == pytest.approx(1, abs=0.35)
    assert found.futures.loc["defaults", "cases"].tolist() == [117, 57]
    assert "foretells kept better than the base rate" in found.verdict


def test_shuffled_outcomes_cannot_be_foretold(promise, promises):
    frame = promises(0.7)
    crises = np.random.default_rng(3).permutation(80)
    frame["kept"] = frame["kept"].to_numpy().reshape(80, 3)[crises].ravel()
    found = evaluate(promise, frame, future=(), against=("ridge_logit",), **QUICK)
    for name in ("defaults", "ridge_logit"):
        gain = found.difference(name, "base_rate")
        assert gain.value < 2 * gain.error + 0.005


def test_several_prior_sets_are_scored_side_by_side_and_alone(promise, promises):
    flat = {"one": None, "other": None}
    found = evaluate(promise, promises(0.5), flat, future=(), against=("prior",), **QUICK)
    assert list(found.titles) == ["one", "other", "one_prior", "other_prior", "base_rate"]
    assert found.prior_sets == ("one", "other")
    assert found.difference("one", "other").value == 0
    assert found.tried == 4


def test_past_defections_are_counted_from_the_training_rows_alone(monkeypatch):
    """Brute force over the columns of the record, for one fold and for a future."""
    cases = sv.load_guarantees(as_of="1950")
    seen = []

    def no_fit(tasks, *_, **__):
        seen.extend(task.sample for task in tasks)
        return [np.full((len(task.sample.split.held_out), 3), 1 / 3) for task in tasks]

    monkeypatch.setattr(module, "forecasts", no_fit)
    evaluate("guarantee", cases, sv.load_prior("flat"), folds=5, repeats=1, future=(1930,), against=(), seed=1)
    for sample in (seen[0], seen[-1]):
        known = cases.iloc[sample.split.training]
        for row, code in zip(cases.itertuples(), sample.cases.codes["past_defections"], strict=True):
            own = known[known["obligor"] == row.obligor]
            broke = own[
                (own["outcome"] == "defected") & own["outcome_year"].between(row.tested_year - 20, row.tested_year - 1)
            ]
            count = broke["guarantee_id"].nunique()
            if len(own) > 1:
                assert code == (0 if count == 0 else 1 if count < 3 else 2)
            else:
                # Great powers are spoken for by the file; of others a single row says nothing.
                assert code in ((0, 1) if row.obligor in GREAT_POWERS else (-1,))


def test_cases_may_be_held_out_by_any_column(promise, promises):
    by_case = evaluate(promise, promises(0.5), by="case", future=(), against=(), **QUICK)
    assert len(set(by_case.shuffled.units)) == 240
    by_year = evaluate(promise, promises(0.5), by="year", future=(), against=(), **QUICK)
    assert len(set(by_year.shuffled.units)) == 80


def test_without_years_there_is_no_future_and_no_era(promise, promises):
    found = evaluate(promise, promises(0.5).drop(columns="year"), against=("era_rate",), **QUICK)
    assert not found.later
    assert found.futures.empty
    assert "era_rate" not in found.titles


def test_cases_without_an_outcome_are_neither_trained_on_nor_scored(promise, promises):
    frame = promises(0.5)
    frame.loc[:20, "kept"] = None
    found = evaluate(promise, frame, future=(), against=("ridge_logit",), **QUICK)
    assert len(found.shuffled.cases) == 219


def test_everything_that_is_wrong_is_said(promise, promises):
    frame = promises(0.5)
    with pytest.raises(QueryError, match="there is no rival called 'forest'; did you mean 'random_forest'") as error:
        evaluate(promise, frame, node="keptt", against=("forest",), seed=1)
    assert "the network has none called 'keptt'; did you mean 'kept'" in str(error.value)
    with pytest.raises(QueryError, match="priors base_rate: is the name of a rival; give the set another"):
        evaluate(promise, frame, {"base_rate": None}, node="kept", seed=1)
    with pytest.raises(QueryError, match="priors: there must be one set at least"):
        evaluate(promise, frame, {}, node="kept", seed=1)
    with pytest.raises(DataError, match="column crises: is missing; cases were to be left out by it"):
        evaluate(promise, frame, node="kept", by="crises", seed=1)


def test_missing_cells_of_held_out_rows_alone_are_summed_out():
    """A cell that no training row misses: the node's own parameters are drawn for it."""
    network = Network(
        (Node("sign", ("bad", "good")), Node("kept", ("no", "yes"), (Arrow("sign"),), ordered=True)), name="hole"
    )
    rng = np.random.default_rng(5)
    kept = rng.random(60) < 0.5
    frame = pd.DataFrame(
        {"sign": np.where(kept, "good", "bad"), "kept": np.where(kept, "yes", "no"), "unit": range(60)}
    )
    frame.loc[0, "sign"] = None
    found = evaluate(network, frame, node="kept", by="unit", folds=3, repeats=1, against=(), seed=1)
    p = found.shuffled.p["defaults"][0]
    assert p[0].max() < 0.7
    assert p[1:].max(axis=1).min() > 0.85
