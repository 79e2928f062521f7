"""Exact answers for every draw, judged by enumeration of the joint and by pgmpy's variable elimination."""

from __future__ import annotations

import re
from functools import lru_cache, reduce
from operator import mul

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from servanda.models import (
    Arrow,
    CapacityError,
    ImpossibleEvidenceError,
    Network,
    Node,
    Posterior,
    QueryError,
    load_network,
)
from servanda.models import contract as engine
from servanda.models.contract import Question, check_question, conditional, evidence_probability, make_plan
from servanda.models.fitting import prior_draws

from .makers import enumerated, labelled, networks, posterior_of, questions, random_tables, repeatable, seeds

EXACT = {"rtol": 0, "atol": 1e-10}


@pytest.mark.slow
@settings(repeatable, max_examples=200)
@given(st.data())
def test_answers_equal_enumeration_and_elimination(eliminated, data):
    network, seed = data.draw(networks()), data.draw(seeds)
    targets, seen, do = data.draw(questions(network))
    tables = random_tables(network, seed, draws=2)
    posterior = posterior_of(network, tables)
    question = check_question(network, targets, seen, do)
    found = conditional(posterior, question, {})

    weights = enumerated(network, tables, targets, seen, do)
    total = weights.reshape(2, -1).sum(axis=1)
    np.testing.assert_allclose(found, weights / total.reshape(2, *(1 for _ in targets)), **EXACT)
    np.testing.assert_allclose(evidence_probability(posterior, question, {}), total, rtol=1e-10)
    for draw in range(2):
        one = {name: table.isel(chain=0, draw=draw) for name, table in labelled(network, tables).items()}
        model = network.to_pgmpy(one)
        np.testing.assert_allclose(found[draw], eliminated(model, targets, seen, do), **EXACT)


def sprinkler():
    """Murphy's lawn: clouds make rain likely and sprinkling unlikely; both wet the grass."""
    states = ("0", "1")
    network = Network(
        (
            Node("C", states),
            Node("S", states, (Arrow("C"),)),
            Node("R", states, (Arrow("C"),)),
            Node("W", states, (Arrow("S"), Arrow("R"))),
        ),
        name="lawn",
    )
    tables = {
        "C": xr.DataArray([0.5, 0.5], dims="C"),
        "S": xr.DataArray([[0.5, 0.5], [0.9, 0.1]], dims=("C", "S")),
        "R": xr.DataArray([[0.8, 0.2], [0.2, 0.8]], dims=("C", "R")),
        "W": xr.DataArray([[[1.0, 0.0], [0.1, 0.9]], [[0.1, 0.9], [0.01, 0.99]]], dims=("S", "R", "W")),
    }
    return network, tables


def test_evidence_under_an_intervention_on_the_sprinkler():
    network, tables = sprinkler()
    posterior = Posterior.from_tables(network, tables)
    question = check_question(network, ("W",), {"R": "1"}, {"S": "1"})
    assert conditional(posterior, question, {})[0, 1] == pytest.approx(0.99, abs=1e-12)
    # Setting is not seeing: a running sprinkler speaks against clouds, a sprinkler switched on does not.
    rain = [
        conditional(posterior, check_question(network, ("R",), *kinds), {})[0, 1]
        for kinds in (({}, {"S": "1"}), ({"S": "1"}, {}))
    ]
    assert rain == pytest.approx([0.5, 0.3], abs=1e-12)


def wide(draws=70):
    """Nodes that share children, so that no order of summing keeps all tables small."""
    roots = [Node(f"r{place}", ("a", "b", "c")) for place in range(5)]
    pairs = [(one, two) for one in range(5) for two in range(one)]
    leaves = [Node(f"k{one}{two}", ("a", "b"), (Arrow(f"r{one}"), Arrow(f"r{two}"))) for one, two in pairs]
    network = Network((*roots, *leaves))
    return posterior_of(network, random_tables(network, 5, draws))


@pytest.mark.parametrize("targets", [("r0",), ("r4", "r1"), ("k10", "r3")])
def test_slices_and_chunks_change_no_number(monkeypatch, targets):
    posterior = wide()
    seen = {f"k{one}{two}": "a" for one in range(5) for two in range(one) if f"k{one}{two}" not in targets}
    question = check_question(posterior.network, targets, seen, {})
    plain = conditional(posterior, question, {})
    assert make_plan(posterior.network, question).sliced == ()

    make_plan.cache_clear()
    monkeypatch.setattr(engine, "_CELLS", 9)
    monkeypatch.setattr(engine, "_CELLS_AT_ONCE", 50)
    monkeypatch.setattr(engine, "_FEWEST_DRAWS", 3)
    try:
        assert make_plan(posterior.network, question).sliced
        for memory in (engine.MEMORY_LIMIT, 8 * 70 * plain[0].size + 8 * 6 * 200):
            np.testing.assert_allclose(conditional(posterior, question, {}, memory=memory), plain, rtol=1e-12)
        np.testing.assert_allclose(
            evidence_probability(posterior, question, {}),
            enumerated_evidence(posterior, seen),
            rtol=1e-10,
        )
    finally:
        make_plan.cache_clear()


def enumerated_evidence(posterior, seen):
    """P(evidence) on the roots of `wide`, leaf by leaf."""
    roots = [f"r{place}" for place in range(5)]
    product = reduce(mul, [posterior.table(name) for name in roots])
    for leaf, state in seen.items():
        product = product * posterior.table(leaf).sel({leaf: state})
    return product.sum(roots).transpose("chain", "draw").values.ravel()


def test_the_order_of_targets_is_the_order_of_axes():
    posterior = wide(draws=2)
    one, other = (
        conditional(posterior, check_question(posterior.network, targets, {}, {}), {})
        for targets in (("k10", "r1"), ("r1", "k10"))
    )
    assert one.shape == (2, 2, 3)
    np.testing.assert_allclose(one, np.swapaxes(other, 1, 2), rtol=1e-12)


def test_evidence_in_a_part_of_its_own_still_counts_in_its_probability():
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"))))
    tables = random_tables(network, 3, draws=4)
    posterior = posterior_of(network, tables)
    question = check_question(network, ("a",), {"b": "y"}, {})
    np.testing.assert_allclose(conditional(posterior, question, {}), tables["a"])
    np.testing.assert_allclose(evidence_probability(posterior, question, {}), tables["b"][:, 1])
    assert make_plan(network, question).kept == ("a",)
    unconditional = check_question(network, ("a",), {}, {"b": "y"})
    np.testing.assert_array_equal(evidence_probability(posterior, unconditional, {}), np.ones(4))


def test_a_network_of_many_nodes_can_be_asked():
    nodes = [Node("n0", ("a", "b"))]
    nodes += [Node(f"n{place}", ("a", "b"), (Arrow(f"n{place - 1}"),)) for place in range(1, 70)]
    network = Network(tuple(nodes))
    tables = random_tables(network, 8, draws=2)
    found = conditional(posterior_of(network, tables), check_question(network, ("n69",), {"n2": "b"}, {}), {})
    for draw in range(2):
        steps = [tables[f"n{place}"][draw] for place in range(3, 70)]
        np.testing.assert_allclose(found[draw], reduce(np.matmul, steps)[1], **EXACT)


def test_impossible_evidence_names_a_part_that_conflicts_by_itself():
    network, tables = sprinkler()
    posterior = Posterior.from_tables(network, tables)
    question = check_question(network, ("C",), {"S": "0", "R": "0", "W": "1"}, {})
    message = r"question: given: has probability zero: R = 0, S = 0, W = 1 cannot hold together"
    with pytest.raises(ImpossibleEvidenceError, match=f"^{message}$"):
        conditional(posterior, question, {})

    chain = Network((*network.nodes, Node("D", ("0", "1")), Node("E", ("0", "1"), (Arrow("D"),))), name="lawn")
    more = {"D": xr.DataArray([0.5, 0.5], dims="D"), "E": xr.DataArray([[1.0, 0.0], [0.5, 0.5]], dims=("D", "E"))}
    posterior = Posterior.from_tables(chain, {**tables, **more})
    question = check_question(chain, ("W",), {"C": "1", "D": "0", "E": "1", "R": "1"}, {})
    with pytest.raises(ImpossibleEvidenceError, match=r"has probability zero: D = 0, E = 1 cannot hold together$"):
        conditional(posterior, question, {})


def test_evidence_that_is_impossible_alone_or_in_one_draw_only():
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"))))
    tables = {"a": np.array([[0.5, 0.5], [1.0, 0.0]]), "b": np.full((2, 2), 0.5)}
    posterior = posterior_of(network, tables)
    with pytest.raises(ImpossibleEvidenceError, match=r"^question: given: has probability zero: a = y$"):
        conditional(posterior, check_question(network, ("b",), {"a": "y"}, {}), {})


def test_what_an_intervention_sets_is_no_evidence():
    network, tables = sprinkler()
    posterior = Posterior.from_tables(network, tables)
    # Seeing a dry sprinkler, no rain and wet grass is impossible; making the grass wet is not.
    question = check_question(network, ("C",), {"S": "0", "R": "0"}, {"W": "1"})
    plain = check_question(network, ("C",), {"S": "0", "R": "0"}, {})
    np.testing.assert_allclose(conditional(posterior, question, {}), conditional(posterior, plain, {}))


def test_what_lies_above_an_intervention_alone_takes_no_part():
    states = ("0", "1")
    network = Network(
        (
            Node("C", states),
            Node("X", states, (Arrow("C"),)),
            Node("S", states, (Arrow("X"),)),
            Node("R", states, (Arrow("C"),)),
            Node("W", states, (Arrow("S"), Arrow("R"))),
        )
    )
    assert make_plan(network, check_question(network, ("W",), {}, {"S": "1"})).kept == ("C", "R", "W")
    assert make_plan(network, check_question(network, ("W",), {"S": "1"}, {})).kept == ("C", "X", "R", "S", "W")


def test_what_does_not_fit_is_refused_before_it_is_made(monkeypatch):
    network = Network(tuple(Node(f"v{place:02d}", ("a", "b", "c", "d")) for place in range(20)))
    posterior = posterior_of(network, random_tables(network, 1, draws=2))

    def allocate(*_, **__):
        raise AssertionError("something was made")

    monkeypatch.setattr(engine.np, "empty", allocate)
    monkeypatch.setattr(engine.np, "einsum", allocate)
    cells = 4**20
    needed = 8 * 2 * cells + 8 * 6 * cells
    message = (
        f"question: needs {needed:,} bytes at the least ({cells:,} cells in its largest table), and 2,000,000,000 are "
        "allowed; give more evidence, ask for fewer nodes, or raise the limit"
    )
    with pytest.raises(CapacityError, match=f"^{re.escape(message)}$"):
        conditional(posterior, check_question(network, network.names, {}, {}), {})


def test_the_limit_is_the_callers():
    posterior = wide(draws=10)
    question = check_question(posterior.network, ("r0",), {"k10": "a"}, {})
    with pytest.raises(CapacityError, match=r"and 100 are allowed; give more evidence"):
        conditional(posterior, question, {}, memory=100)


def test_every_fault_of_a_question_is_said_at_once():
    network, _ = sprinkler()
    with pytest.raises(QueryError) as raised:
        check_question(network, ("V", "C", "C", "R"), {"Q": "1", "S": "yes", "R": "1"}, {"R": "0", "w": "1"})
    assert str(raised.value).splitlines() == [
        "question: 7 faults",
        "  given Q: no such node; known: C, S, R, W",
        "  given S: has no state 'yes'; known: 0, 1",
        "  do w: no such node; did you mean 'W'?",
        "  target V: no such node; known: C, S, R, W",
        "  target R: is itself given or set; ask for a node that is not",
        "  target: is named twice: V, C, C, R",
        "  node R: is both given (observed) and done (set); choose one",
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (((), {}, {}), "question: target: none is asked for"),
        ((("complianse",), {}, {}), "question: target complianse: no such node; did you mean 'compliance'?"),
        ((("era",), {"stakes": "vitl"}, {}), "question: given stakes: has no state 'vitl'; did you mean 'vital'?"),
        ((("era",), {}, {"guarantors": 0}), "question: do guarantors: has no state '0'; known: 1, 2, 3, 4, 5, 6+"),
        (
            (("era",), {}, {"era": "cold_war"}),
            "question: target era: is itself given or set; ask for a node that is not",
        ),
    ],
)
def test_each_fault_of_a_question_names_what_is_near(asked, message):
    with pytest.raises(QueryError, match=f"^{re.escape(message)}$"):
        check_question(load_network("guarantee"), *asked)


def test_a_number_stands_for_the_state_it_falls_in():
    question = check_question(load_network("guarantee"), ("compliance",), {"guarantors": 17}, {"era": 1950})
    assert question == Question(("compliance",), (("guarantors", 5),), (("era", 1),))


GIVEN = [
    ({}, {}, None),
    ({"stakes": "vital", "role": "guarantor"}, {}, "USA"),
    ({"stakes": "vital", "monitoring": "none"}, {"guarantors": "5"}, None),
    (
        {"compliance": "complied", "power": "parity"},
        {"enforcement": "snapback", "legal_form": "treaty_ratified"},
        "USA",
    ),
]


@pytest.fixture(scope="module")
def guarantee():
    return prior_draws(
        load_network("guarantee"), seed=4, draws=3, levels={"actor": ("PRK", "USA"), "guarantee": ("jcpoa_2015",)}
    )


@pytest.fixture(scope="module")
def shares(guarantee):
    """The product of all tables at what is fixed, without those of what is done."""

    @lru_cache(maxsize=2)
    def product(fixed, done, actor):
        states, network = dict(fixed), guarantee.network
        tables = []
        for name in network.names:
            if name not in done:
                table = guarantee.table(name, actor=actor) if name == "compliance" else guarantee.table(name)
                picks = {axis: states[axis] for axis in network.axes(name) if axis in states}
                tables.append(table.sel(picks).drop_vars(list(picks)))
        return reduce(mul, tables)

    return product


@pytest.mark.parametrize("cells", [engine._CELLS, 3000])
@pytest.mark.parametrize(("seen", "do", "actor"), GIVEN)
@pytest.mark.parametrize(
    "targets", [("compliance",), ("obligation", "past_defections"), ("era", "compliance"), ("compliance", "role")]
)
def test_the_shipped_network_answers_like_the_product_of_its_tables(
    guarantee, shares, seen, do, actor, targets, cells, monkeypatch
):
    targets = tuple(name for name in targets if name not in seen) or ("obligation",)
    network = guarantee.network
    members = {"actor": guarantee.member("actor", actor), "guarantee": guarantee.member("guarantee", None)}
    question = check_question(network, targets, seen, do)
    monkeypatch.setattr(engine, "_CELLS", cells)
    make_plan.cache_clear()
    try:
        found = conditional(guarantee, question, members)
        probability = evidence_probability(guarantee, question, members)
    finally:
        make_plan.cache_clear()

    fixed = {**seen, **do}
    product = shares(tuple(fixed.items()), tuple(do), actor)
    weights = product.sum([name for name in network.names if name not in (*targets, *fixed)])
    expected = (weights / weights.sum(targets)).isel(chain=0).transpose("draw", *targets)
    np.testing.assert_allclose(found, expected.values, **EXACT)
    np.testing.assert_allclose(probability, weights.sum(targets).values.ravel(), rtol=1e-10)


def test_a_plan_says_what_it_will_do():
    network, _ = sprinkler()
    lines = make_plan(network, check_question(network, ("R",), {}, {"S": "1"})).explain(4000).splitlines()
    assert lines[:2] == ["tables kept: C, R", "summed state by state: none"]
    lines = make_plan(network, check_question(network, ("C",), {"W": "1"}, {})).explain(4000).splitlines()
    assert lines[0] == "tables kept: C, S, R, W"
    assert lines[3] == "largest table: 4 cells a draw, 128,000 bytes for 4,000 draws"
