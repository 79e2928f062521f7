"""Whole cases: explanations and simulations, with names on them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from servanda.analysis import evidence_probability, most_probable, probability, simulate
from servanda.models import QueryError


def test_the_explanation_is_the_largest_cell_of_the_joint(lawn):
    found = most_probable(lawn, {"wet": "wet"})
    joint = probability(lawn, ["cloudy", "sprinkler", "rain"], {"wet": "wet"})
    np.testing.assert_allclose(found["probability"], joint.max(["cloudy", "sprinkler", "rain"]), atol=1e-12)
    for chain, draw in itertools.product(range(2), range(25)):
        cell = {name: found[name].values[chain, draw] for name in ("cloudy", "sprinkler", "rain")}
        assert joint.isel(chain=chain, draw=draw).sel(cell) == pytest.approx(found["probability"].values[chain, draw])
    chance = evidence_probability(lawn, {"wet": "wet"})
    np.testing.assert_allclose(np.exp(found["log_joint"]), found["probability"] * chance, rtol=1e-10)
    assert found.attrs["question"] == "most probable under P(all other nodes | wet = wet)"
    assert " of 50 draws; probability of the best, mean: 0." in found.attrs["answer"]


def test_explanations_of_a_table_of_cases(lawn):
    frame = pd.DataFrame({"wet": ["wet", "dry", None], "rain": ["yes", None, None]})
    found = most_probable(lawn, frame, {"sprinkler": "on"})
    assert set(found) == {"cloudy", "rain", "wet", "probability", "log_joint"}
    assert found["rain"].dims == ("chain", "draw", "case")
    assert (found["rain"].sel(case=0) == "yes").all()
    for case, row in frame.iterrows():
        alone = most_probable(lawn, row.dropna().to_dict(), {"sprinkler": "on"})
        for name in alone:
            if alone[name].dtype.kind == "f":
                np.testing.assert_allclose(found[name].sel(case=case), alone[name], rtol=1e-10)
            else:
                np.testing.assert_array_equal(found[name].sel(case=case), alone[name])


def test_simulated_cases_follow_the_answers(lawn):
    drawn = simulate(lawn, {"wet": "wet"}, seed=4, size=2000)
    assert drawn["rain"].dims == ("chain", "draw", "sample")
    exact = probability(lawn, "rain", {"wet": "wet"}).sel(rain="yes")
    share = (drawn["rain"] == "yes").mean("sample")
    spread = np.sqrt(exact * (1 - exact) / 2000)
    assert float((abs(share - exact) / spread).max()) < 4.5
    frame = pd.DataFrame({"wet": ["wet", None]})
    several = simulate(lawn, frame, seed=4, size=3)
    assert several["wet"].dims == ("chain", "draw", "case", "sample")
    assert (several["wet"].sel(case=0) == "wet").all()
    assert several.equals(simulate(lawn, frame, seed=4, size=3))


def test_a_size_below_one_and_wrong_names_are_refused(lawn):
    with pytest.raises(QueryError, match="size: must be a whole number of 1 or more, not 0"):
        simulate(lawn, seed=1, size=0)
    with pytest.raises(QueryError, match="seed: must be a whole number of 0 or more, not -1"):
        simulate(lawn, seed=-1)
    with pytest.raises(QueryError, match=r"given rian: no such node; did you mean 'rain'\?"):
        simulate(lawn, {"rian": "no"}, seed=1)
    with pytest.raises(QueryError, match=r"given rian: no such node; did you mean 'rain'\?"):
        most_probable(lawn, {"rian": "no"})


def test_where_all_is_known_nothing_is_left_to_explain(lawn):
    known = {"cloudy": "yes", "sprinkler": "off", "rain": "yes", "wet": "wet"}
    found = most_probable(lawn, known)
    assert set(found) == {"probability", "log_joint"}
    assert found.attrs["answer"].startswith("nothing is left to explain")
    np.testing.assert_allclose(found["probability"], 1)
    np.testing.assert_allclose(np.exp(found["log_joint"]), evidence_probability(lawn, known), rtol=1e-12)
    assert set(simulate(lawn, known, seed=1)) == set()
