"""What answers say of themselves: every query says "not identified" where it is so, and keeps its words to itself."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import (
    at_least,
    contrast,
    counterfactual,
    evidence_probability,
    identify,
    marginals,
    most_probable,
    outcomes,
    probability,
    simulate,
    suppose,
)
from servanda.models import Arrow, Network, Node, Posterior, QueryError

from ...models import makers

STATES = ("no", "yes")
KEYS = ("identified", "adjustment", "identification")
CONDITION = "if the network holds every common cause"


def hidden(*arrows: str, latent: str) -> Posterior:
    """Random tables over a graph of arrows "ab", with one node that the data never showed."""
    names = sorted({name for arrow in arrows for name in arrow})
    network = Network(
        tuple(Node(name, STATES, tuple(Arrow(a) for a, b in arrows if b == name), ordered=True) for name in names)
    )
    tables = makers.labelled(network, makers.random_tables(network, 2))
    return Posterior.from_tables(network, tables, {"cases": 9, "missing_cells": {latent: 9}})


@pytest.fixture(scope="module")
def bow() -> Posterior:
    """u is a latent cause of x and y; z is free of it, and w -> v stands beside."""
    return hidden("ux", "uy", "xy", "zy", "wv", latent="u")


#: Query -> the variables of its answer to do(x), each with the nodes whose distribution it tells.
QUERIES = {
    "probability": lambda p, do: {"y": probability(p, "y", do=do)},
    "marginals": lambda p, do: {name.removeprefix("p_"): v for name, v in marginals(p, do=do).items()},
    "evidence_probability": lambda p, do: {"y": evidence_probability(p, {"y": "yes"}, do)},
    "outcomes": lambda p, do: {"y": outcomes(p, "y", do=do).average},
    "counterfactual": lambda p, do: {"y": counterfactual(p, "y", {"w": "no"}, do)},
    "contrast": lambda p, do: {"y": contrast(p, "y", dict.fromkeys(do, "no"), do)},
    "most_probable": lambda p, do: {"".join(n for n in p.network.names if n not in do): most_probable(p, do=do)},
    "simulate": lambda p, do: {"".join(n for n in p.network.names if n not in do): simulate(p, do=do, seed=1)},
}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("done", ["x", "z"])
def test_every_query_says_what_the_graph_says(bow, query, done):
    for targets, answer in QUERIES[query](bow, {done: "yes"}).items():
        found = identify(bow.network, tuple(targets), done, ("u",), ("w",) if query == "counterfactual" else ())
        assert answer.attrs["identified"] == (CONDITION if found.identified else "no"), targets
        assert str(found) in answer.attrs["identification"]
        assert answer.attrs["question"] if query != "contrast" else answer.attrs["base"]


def test_without_an_intervention_nothing_is_said_of_effects(bow):
    for answer in (
        probability(bow, "y"),
        marginals(bow)["p_y"],
        evidence_probability(bow, {"y": "yes"}),
        most_probable(bow),
        simulate(bow, seed=1),
    ):
        assert [answer.attrs[key] for key in KEYS] == ["", "", ""]


@pytest.mark.parametrize(("base", "change"), [*product(("", "x", "z"), repeat=2)])
def test_a_contrast_is_an_effect_only_if_both_sides_are(bow, base, change):
    """Sides that set different nodes: xarray's arithmetic would keep what one of them alone says."""
    sides = [{name: "yes"} if name else {} for name in (base, change)]
    effect = contrast(bow, "y", *sides)
    expected = "no" if "x" in (base, change) else CONDITION if "z" in (base, change) else ""
    assert effect.attrs["identified"] == expected
    for name in ("difference", "ratio"):
        assert {key: effect[name].attrs[key] for key in KEYS} == {key: effect.attrs[key] for key in KEYS}
    assert [effect[name].attrs for name in ("gain", "within", "loss")] == [{}, {}, {}]
    for name, side in zip(("base", "change"), sides, strict=True):
        assert effect[name].attrs == probability(bow, "y", do=side).attrs
    question = f"{effect.attrs['change']} - {effect.attrs['base']}"
    assert effect["difference"].attrs["question"] == question


def test_what_one_answer_says_does_not_pass_to_another_in_arithmetic(bow):
    seen, done = probability(bow, "y", {"x": "yes"}), probability(bow, "y", do={"x": "yes"})
    with xr.set_options(keep_attrs="default"):
        assert not {"question", "answer", "identified", "identification"} & (done - seen).attrs.keys()
        assert not {"question", "answer", "identified", "identification"} & (seen - done).attrs.keys()
    both = xr.merge([seen.rename("seen"), done.rename("done")])
    assert both["seen"].attrs == seen.attrs
    assert both["done"].attrs == done.attrs
    assert probability(bow, "y", {"x": "yes"}).attrs == seen.attrs


def test_a_counterfactual_beside_a_latent_node_is_not_called_determined():
    """The effect is identified by a front door; what the case shows of u is another matter."""
    front = hidden("xm", "my", "ux", "uy", latent="u")
    assert probability(front, "y", do={"x": "yes"}).attrs["identified"] == CONDITION
    seen = counterfactual(front, "y", {"x": "no", "y": "no"}, {"x": "yes"})
    assert seen.attrs["identified"] == "not decided"
    assert "What the case seen says of u, never observed, bears on the answer" in seen.attrs["identification"]
    # A latent node on which nothing turns leaves it as it is.
    aside = hidden("xy", "wu", latent="u")
    assert counterfactual(aside, "y", {"x": "no", "y": "no"}, {"x": "yes"}).attrs["identified"] == CONDITION


def test_a_headcount_that_is_added_up_says_what_it_adds_up():
    network = Network((Node("x", STATES), Node("acting", ("0", "1", "2"), (Arrow("x"),))))
    posterior = Posterior.from_tables(network, makers.labelled(network, makers.random_tables(network, 3)))
    answer = probability(posterior, "acting", do={"x": "yes"})
    any_acts = at_least(answer, "acting", 1)
    assert any_acts.attrs["question"] == "P(acting | do(x = yes)), acting at least 1"
    assert any_acts.attrs["identification"] == answer.attrs["identification"]
    assert any_acts.attrs["answer"].startswith(f"{float(any_acts.mean()):.3f} [")


@pytest.mark.parametrize(
    ("ask", "takes"),
    [
        (lambda p, **more: probability(p, "y", **more), "probability takes the keywords targets, given, do, virtual"),
        (lambda p, **more: marginals(p, **more), "marginals takes the keywords given, do, nodes"),
        (lambda p, **more: evidence_probability(p, **more), "evidence_probability takes the keywords given, do"),
        (lambda p, **more: outcomes(p, "y", **more), "outcomes takes the keywords target, given, do, interval"),
        (lambda p, **more: contrast(p, "y", {}, {}, **more), "contrast takes the keywords target, base, change, given"),
        (
            lambda p, **more: counterfactual(p, "y", {}, {"x": "no"}, **more),
            "counterfactual takes the keywords targets",
        ),
        (lambda p, **more: most_probable(p, **more), "most_probable takes the keywords given, do"),
        (lambda p, **more: simulate(p, seed=1, **more), "simulate takes the keywords given, do, seed"),
        (lambda p, **more: suppose(p, {"y": "no"}, seed=1, **more), "suppose takes the keywords observed, given, do"),
    ],
)
def test_an_unknown_keyword_is_told_with_those_that_exist(bow, ask, takes):
    with pytest.raises(QueryError) as error:
        ask(bow, memry=1, wheather="rain")
    first, *rest = error.value.faults
    assert (first.where, [fault.where for fault in rest]) == ("memry", ["wheather"])
    assert first.what.startswith(f"network network has no effect of this name; it has none, and {takes}")
    assert "suppose" in takes or first.what.endswith("; did you mean 'memory'?")


def test_cases_that_know_the_node_leave_the_word_to_those_that_do_not(bow):
    cases = pd.DataFrame({"y": ["yes", None], "z": ["no", "no"]})
    found = marginals(bow, cases, {"x": "yes"}, nodes=["y"])["p_y"]
    assert found.attrs["identified"] == "no"
    np.testing.assert_allclose(found.isel(case=0).sel(y="yes"), 1.0)
