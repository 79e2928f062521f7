"""Whole cases: explanations and simulations, with names on them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import evidence_probability, most_probable, probability, simulate
from servanda.models import Arrow, Network, Node, Posterior, QueryError


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
    assert set(found) == {"cloudy", "rain", "wet", "probability", "log_joint", "ties"}
    assert found["rain"].dims == ("chain", "draw", "case")
    assert (found["rain"].sel(case=0) == "yes").all()
    for case, row in frame.iterrows():
        alone = most_probable(lawn, row.dropna().to_dict(), {"sprinkler": "on"})
        for name in alone:
            if alone[name].dtype.kind in "fi":
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
    assert set(found) == {"probability", "log_joint", "ties"}
    assert found.attrs["answer"].startswith("nothing is left to explain")
    np.testing.assert_allclose(found["probability"], 1)
    np.testing.assert_allclose(np.exp(found["log_joint"]), evidence_probability(lawn, known), rtol=1e-12)
    assert set(simulate(lawn, known, seed=1)) == set()


def coin(names: str, **arrows: str) -> Posterior:
    """A network whose every node is as often one as the other."""
    nodes = [Node(name, ("no", "yes"), tuple(map(Arrow, arrows.get(name, "")))) for name in names]
    network = Network(tuple(nodes))
    tables = {name: xr.DataArray(np.full(network.shape(name), 0.5), dims=network.axes(name)) for name in names}
    return Posterior.from_tables(network, tables)


def test_how_many_explanations_tie_is_said():
    four = most_probable(coin("ab", b="a"))
    assert four["ties"].item() == 4
    assert four.attrs["answer"].endswith("mean: 0.250); it is one of 4 that are equally probable")
    assert most_probable(coin("ab", b="a"), {"a": "no"})["ties"].item() == 2
    some = most_probable(coin("abcd", b="a", c="ab"), nodes=["a", "c"])
    assert some["ties"].item() == 4
    assert some["probability"].item() == pytest.approx(0.25)


def test_ties_in_some_draws(lawn):
    found = most_probable(lawn, {"wet": "wet"})
    assert (found["ties"] == 1).all()
    assert "equally probable" not in found.attrs["answer"]
    network = Network((Node("a", ("no", "yes")),))
    draws = xr.DataArray([[[0.5, 0.5], [0.4, 0.6], [0.5, 0.5]]], dims=("chain", "draw", "a"))
    some = most_probable(Posterior.from_tables(network, {"a": draws}))
    assert some["ties"].values.tolist() == [[2, 1, 2]]
    assert some.attrs["answer"].endswith("; in 2 of 3 draws others are equally probable, up to 2 together")


def test_the_few_best_explanations(lawn):
    names = ["cloudy", "sprinkler", "rain"]
    found = most_probable(lawn, {"wet": "wet"}, k=10)
    assert found["rain"].dims == ("chain", "draw", "rank")
    assert found["ties"].dims == ("chain", "draw")
    joint = probability(lawn, names, {"wet": "wet"}).stack(cell=names)
    np.testing.assert_allclose(found["probability"][..., :8], -np.sort(-joint, axis=-1), rtol=1e-9)
    assert (found["probability"][..., 8:] == 0).all()
    assert set(found["rain"].values[..., 8:].ravel()) == {""}
    lines = found.attrs["answer"].splitlines()
    assert len(lines) == 8
    assert "(rank 2 in " in lines[1]
    xr.testing.assert_identical(
        found.isel(rank=0, drop=True).drop_attrs(), most_probable(lawn, {"wet": "wet"}).drop_attrs()
    )


def test_the_best_states_of_chosen_nodes(lawn):
    found = most_probable(lawn, {"wet": "wet"}, nodes="rain")
    assert set(found) == {"rain", "probability", "log_joint", "ties"}
    answer = probability(lawn, "rain", {"wet": "wet"})
    np.testing.assert_allclose(found["probability"], answer.max("rain"))
    np.testing.assert_array_equal(found["rain"], answer.idxmax("rain"))
    assert found.attrs["question"] == "most probable under P(rain | wet = wet)"
    chance = evidence_probability(lawn, {"wet": "wet"})
    np.testing.assert_allclose(np.exp(found["log_joint"]), found["probability"] * chance, rtol=1e-10)
    two = most_probable(lawn, {"wet": "wet"}, nodes=["rain", "cloudy"], k=2)
    joint = probability(lawn, ["rain", "cloudy"], {"wet": "wet"}).stack(cell=["rain", "cloudy"])
    np.testing.assert_allclose(two["probability"], -np.sort(-joint, axis=-1)[..., :2])
    # Named in another order, all of them are all of them.
    whole, named = most_probable(lawn), most_probable(lawn, nodes=["wet", "rain", "sprinkler", "cloudy"])
    for name in whole:
        np.testing.assert_array_equal(whole[name], named[name])


def test_chosen_nodes_of_several_cases(lawn):
    frame = pd.DataFrame({"wet": ["wet", None, "dry"], "rain": ["yes", None, None]})
    found = most_probable(lawn, frame, nodes=["rain"], k=2)
    assert (found["rain"].sel(case=0, rank=1) == "yes").all()
    np.testing.assert_allclose(found["probability"].sel(case=0, rank=1), 1)
    assert (found["probability"].sel(case=0, rank=2) == 0).all()
    for case in (1, 2):
        alone = most_probable(lawn, frame.loc[case].dropna().to_dict(), nodes=["rain"], k=2)
        np.testing.assert_array_equal(found["rain"].sel(case=case), alone["rain"])
        np.testing.assert_allclose(found["probability"].sel(case=case), alone["probability"])


def test_what_is_wrong_with_chosen_nodes_is_told(lawn):
    with pytest.raises(QueryError, match="k: must be a whole number of 1 or more, not 0"):
        most_probable(lawn, k=0)
    with pytest.raises(QueryError, match=r"target rian: no such node; did you mean 'rain'\?"):
        most_probable(lawn, nodes=["rian"])
    with pytest.raises(QueryError, match="target wet: is itself given or set"):
        most_probable(lawn, {"wet": "wet"}, nodes=["wet"])
    with pytest.raises(QueryError, match="target: is named twice: rain, rain"):
        most_probable(lawn, nodes=["rain", "rain"])
