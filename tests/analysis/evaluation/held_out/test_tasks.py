"""Tasks: the same numbers for any number of workers, stored when done and found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from servanda.analysis.evaluation.evaluate import evaluate
from servanda.analysis.evaluation.held_out import tasks as module
from servanda.analysis.evaluation.held_out.folds import Sample, Split
from servanda.analysis.evaluation.held_out.rivals import RIVALS, Rival
from servanda.analysis.evaluation.held_out.tasks import Task, forecast, forecasts
from servanda.common.progress import silent
from servanda.models import encode

QUICK = {"node": "kept", "folds": 4, "repeats": 1, "future": (), "seed": 1}


@pytest.fixture
def task(promise, promises) -> Task:
    frame = promises(0.5)
    split = Split("shuffle 1, fold 1", 0, np.arange(200), np.arange(200, 240), (0, 0, 0))
    sample = Sample(promise, "kept", encode(promise, frame), frame["crisis"].to_numpy(), None, split, 7)
    return Task("base_rate", RIVALS["base_rate"], sample)


def test_numbers_are_the_same_for_any_number_of_workers(promise, promises):
    against = ("random_forest", "prior")
    one, two = (evaluate(promise, promises(0.5), against=against, workers=n, **QUICK) for n in (1, 2))
    for name, p in one.shuffled.p.items():
        np.testing.assert_array_equal(p, two.shuffled.p[name])


def test_an_interrupted_evaluation_goes_on_where_it_stopped(promise, promises, tmp_path, monkeypatch):
    frame, told = promises(0.5), []
    first = evaluate(promise, frame, against=(), folder=tmp_path, **QUICK)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 8
    files[0].write_text("{", encoding="utf-8")
    files[1].unlink()
    done = []
    monkeypatch.setattr(module, "forecast", lambda task: done.append(task.name) or forecast(task))
    again = evaluate(promise, frame, against=(), folder=tmp_path, progress=lambda *now: told.append(now), **QUICK)
    assert len(done) == 2
    assert told == [("evaluating", number, 8) for number in (6, 7, 8)]
    for name, p in first.shuffled.p.items():
        np.testing.assert_array_equal(p, again.shuffled.p[name])
    # One outcome more makes other cases of it, and a rival more fits only itself.
    done.clear()
    evaluate(promise, frame, against=("ridge_logit",), folder=tmp_path, **QUICK)
    assert set(done) == {"ridge_logit"}
    done.clear()
    evaluate(promise, promises(0.5, seed=2), against=(), folder=tmp_path, **QUICK)
    assert len(done) == 8


def test_a_key_hangs_on_all_that_bears_on_the_forecast(task):
    sample = task.sample
    others = [
        replace(task, model=RIVALS["era_rate"]),
        *(
            replace(task, sample=replace(sample, **change))
            for change in (
                {"seed": 8},
                {"node": "sign"},
                {"units": sample.units[::-1]},
                {"years": np.arange(240)},
                {"split": replace(sample.split, held_out=sample.split.held_out[1:])},
            )
        ),
    ]
    assert len({task.key, *(other.key for other in others)}) == len(others) + 1
    assert replace(task, name="another").key == task.key


def test_what_is_no_probability_is_refused(task):
    broken = replace(task, model=Rival("broken", lambda sample: np.full((40, 3), 0.5)))
    with pytest.raises(ArithmeticError, match="base_rate gave no probabilities for shuffle 1, fold 1"):
        forecasts([broken], silent, workers=1, client=None, folder=None)
