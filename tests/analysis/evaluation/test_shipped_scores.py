"""Shipped scores: found by what they belong to, and spot-checked by one fold that is fitted again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import servanda as sv
from servanda.analysis import load_evaluation, measured_score, shipped_scenarios, store_evaluation
from servanda.analysis.evaluation import evaluate as module
from servanda.analysis.evaluation.evaluate import evaluate
from servanda.analysis.evaluation.held_out.folds import Sample, fold_splits
from servanda.analysis.evaluation.held_out.networks import Fitted
from servanda.analysis.evaluation.shipped_scores import score_of, shipped_evaluations
from servanda.analysis.queries.named_backers import shipped_cases
from servanda.common.errors import InputError
from servanda.models import PriorSet, encode
from servanda.models.sampling.run import Sampling


def test_every_shipped_scenario_has_a_score():
    for name in shipped_scenarios():
        loaded = sv.load_scenario(name)
        cases = shipped_cases(loaded.network, loaded.scenario.as_of)
        score = measured_score(loaded.network, cases, loaded.priors[0])
        assert score is not None, f"measure {name} again: benchmarks/scores.py --store"
        assert score.cases == len(cases)
        assert set(score.futures) == {1945, 1991, 2005}


def test_every_shipped_prior_set_has_a_score_on_the_whole_record():
    network, cases = sv.load_network("guarantee"), sv.load_guarantees()
    scores = {
        name: measured_score(network, cases, sv.load_prior(name, network))
        for name in ("literature", "flat", "cheap_talk", "realist", "institutionalist")
    }
    assert None not in scores.values()
    assert {(score.cases, score.crises, score.tried) for score in scores.values()} == {
        (len(cases), cases["crisis"].nunique(), 14)
    }
    assert len({score.gain for score in scores.values()}) == 5
    assert scores["literature"] == score_of(load_evaluation("guarantee"), "literature")


def test_nothing_was_measured_for_other_cases_priors_or_networks():
    network, cases = sv.load_network("guarantee"), sv.load_guarantees()
    priors = sv.load_prior("literature", network)
    assert measured_score(network, cases, priors) is not None
    assert measured_score(network, encode(network, cases), priors) is not None
    assert measured_score(network, cases.iloc[1:], priors) is None
    assert measured_score(network, cases, None) is None
    assert measured_score(replace(network, name="another"), cases, priors) is None
    named = tuple(entry for entry in priors.entries if not entry.is_pattern)
    patterns = tuple(entry for entry in priors.entries if entry.is_pattern)
    assert measured_score(network, cases, PriorSet((*named[::-1], *patterns), "turned")) is not None
    assert measured_score(network, cases, PriorSet((*named[1:], *patterns), "fewer")) is None
    assert len(patterns) < 2 or measured_score(network, cases, PriorSet((*named, *patterns[::-1]), "other")) is None


def test_one_fold_fitted_again_gives_the_shipped_forecasts():
    """The same fold, and draws of another seed: what is left between them is the error of the draws."""
    network, cases = sv.load_network("guarantee"), sv.load_guarantees()
    stored = load_evaluation("guarantee")
    settings, units = stored.settings, cases["crisis"].to_numpy(object)
    split = fold_splits(np.arange(len(cases)), units, settings["folds"], settings["repeats"], settings["seed"])[0]
    sample = module._sample(network, "compliance", cases, units, None, module.recount_past, split, seed=77)
    assert isinstance(sample, Sample)
    p = Fitted(sv.load_prior("literature", network), Sampling(0, **module.SHORT))(sample)
    place = [stored.shuffled.cases.index(sample.cases.labels[row]) for row in split.held_out]
    shipped = stored.shuffled.p["literature"][0][place]
    np.testing.assert_allclose(p, shipped, atol=0.06)
    assert np.abs(p - shipped).mean() < 0.015
    outcomes = stored.shuffled.outcomes[place]
    apart = (np.log(p) - np.log(shipped))[np.arange(len(place)), outcomes]
    assert apart.mean() == pytest.approx(0, abs=0.02)


def test_an_evaluation_comes_back_as_it_was_stored(promise, promises, tmp_path):
    found = evaluate(
        promise,
        promises(0.5),
        node="kept",
        year="year",
        folds=3,
        repeats=2,
        future=(1950,),
        against=(),
        seed=1,
        permutations=99,
    )
    again = load_evaluation(store_evaluation(found, tmp_path / "own.json"))
    assert again.titles == found.titles
    assert again.settings == found.settings
    np.testing.assert_allclose(again.table.iloc[:, 1:], found.table.iloc[:, 1:], atol=1e-3)
    np.testing.assert_allclose(again.futures, found.futures, atol=1e-3)
    assert (again.predictions["case"] == found.predictions["case"]).all()


def test_what_is_no_evaluation_is_said(tmp_path):
    with pytest.raises(InputError, match="evaluation guarante: there is none; shipped are guarantee, ") as error:
        load_evaluation("guarante")
    assert all(name in str(error.value) for name in shipped_evaluations())
    (tmp_path / "own.json").write_text('{"network": "a"}', encoding="utf-8")
    with pytest.raises(InputError, match="holds no evaluation"):
        load_evaluation(tmp_path / "own.json")
