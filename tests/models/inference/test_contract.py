"""Exact answers for every draw, judged by enumeration of the joint and by pgmpy's variable elimination."""

from __future__ import annotations

import math
import re
from dataclasses import replace
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
from servanda.models.inference import contract as engine
from servanda.models.inference import plan as planning
from servanda.models.inference.answers import (
    all_marginals,
    conditional,
    distribution,
    evidence_of,
    evidence_probability,
)
from servanda.models.inference.answers import log_evidence as log_of_evidence
from servanda.models.inference.backends import solver
from servanda.models.inference.plan import KINDS, make_plan
from servanda.models.inference.question import Form, Question, check_question
from servanda.models.inference.tables import DrawnNetwork, Evidence
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import enumerated, labelled, networks, posterior_of, questions, random_tables, repeatable, seeds

EXACT = {"rtol": 0, "atol": 1e-10}


@pytest.mark.slow
@settings(repeatable, max_examples=80)
@given(st.data())
def test_answers_equal_enumeration_and_elimination(eliminated, data):
    network, seed = data.draw(networks()), data.draw(seeds)
    targets, seen, do = data.draw(questions(network))
    tables = random_tables(network, seed, draws=2)
    posterior = posterior_of(network, tables)
    question = check_question(network, targets, seen, do)
    found = conditional(posterior, question, {})
    free = tuple(name for name in network.names if name not in question.fixed)
    together = all_marginals(
        DrawnNetwork.of(posterior), Form(free, question.form.given, question.form.do), evidence_of(question, {})
    )
    assert set(together) == set(free)
    for name, values in together.items():
        own = enumerated(network, tables, (name,), seen, do)
        np.testing.assert_allclose(values.T, own / own.sum(axis=1, keepdims=True), **EXACT)

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


@pytest.fixture
def cramped(monkeypatch):
    """Plans slice as if a cache held next to nothing, and chunks are of a few draws."""
    monkeypatch.setattr(planning, "_COMFORTABLE", 40)
    monkeypatch.setattr(planning, "_FREE_OF_CHARGE", 1e9)
    monkeypatch.setattr(engine, "_CELLS_AT_ONCE", 50)
    monkeypatch.setattr(engine, "_WORTH_A_CALL", 0)
    monkeypatch.setattr(engine, "_FEWEST_DRAWS", 3)
    make_plan.cache_clear()
    yield
    make_plan.cache_clear()


@pytest.mark.parametrize("targets", [("r0",), ("r4", "r1"), ("k10", "r3")])
def test_slices_and_chunks_change_no_number(request, targets):
    posterior = wide()
    system = DrawnNetwork.of(posterior)
    seen = {f"k{one}{two}": "a" for one in range(5) for two in range(one) if f"k{one}{two}" not in targets}
    question = check_question(posterior.network, targets, seen, {})
    plain = conditional(posterior, question, {})
    free = Form(tuple(n for n in posterior.network.names if n not in seen), question.form.given)
    together = all_marginals(system, free, evidence_of(question, {}))
    assert make_plan(posterior.network, question.form, "conditional", 10**6).sliced == ()

    request.getfixturevalue("cramped")
    for kind in ("conditional", "marginals"):
        assert make_plan(posterior.network, question.form, kind, 10**6).sliced
    for memory in (engine.MEMORY_LIMIT, 8 * 70 * plain[0].size + 8 * 4000):
        np.testing.assert_allclose(conditional(posterior, question, {}, memory=memory), plain, rtol=1e-12)
    again = all_marginals(system, free, evidence_of(question, {}))
    for name, values in together.items():
        np.testing.assert_allclose(again[name], values, rtol=1e-12)
    np.testing.assert_allclose(
        evidence_probability(posterior, question, {}), enumerated_evidence(posterior, seen), rtol=1e-10
    )


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
    assert make_plan(network, question.form).kept == ("a",)
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
    assert make_plan(network, Form(("W",), do=("S",))).kept == ("C", "R", "W")
    assert make_plan(network, Form(("W",), given=("S",))).kept == ("C", "X", "R", "S", "W")


def test_what_does_not_fit_is_refused_before_it_is_made(monkeypatch):
    network = Network(tuple(Node(f"v{place:02d}", ("a", "b", "c", "d")) for place in range(20)))
    posterior = posterior_of(network, random_tables(network, 1, draws=2))

    def allocate(*_, **__):
        raise AssertionError("something was made")

    monkeypatch.setattr(engine.np, "empty", allocate)
    monkeypatch.setattr(engine.np, "einsum", allocate)
    needed = 8 * 2 * 4**20 * 3
    message = (
        f"question: needs {needed:,} bytes at the least for its answer, and 2,000,000,000 are allowed; "
        "ask for fewer nodes, draws or cases, or raise the limit"
    )
    with pytest.raises(CapacityError, match=f"^{re.escape(message)}$"):
        conditional(posterior, check_question(network, network.names, {}, {}), {})

    crossed = Network(
        (*network.nodes[:12], Node("z", ("a", "b"), tuple(Arrow(f"v{place:02d}") for place in range(12))))
    )
    with pytest.raises(CapacityError, match=r"needs [\d,]+ bytes at the least \([\d,]+ cells in its largest table\)"):
        make_plan(crossed, Form(("v00", "z")), "conditional", 30)


def test_the_limit_is_the_callers():
    posterior = wide(draws=10)
    question = check_question(posterior.network, ("r0",), {"k10": "a"}, {})
    with pytest.raises(CapacityError, match=r"\(\d+ cells in its largest table\), and 32 are allowed; give more"):
        conditional(posterior, question, {}, memory=8 * (3 * 10 * 3 + 4))
    with pytest.raises(CapacityError, match=r"and 100 are allowed; ask for fewer nodes"):
        conditional(posterior, question, {}, memory=100)


def test_a_question_that_would_take_for_ever_in_slices_is_refused():
    states = tuple("abcdefgh")
    roots = [Node(f"r{place}", states) for place in range(9)]
    leaf = Node("k", ("a", "b"), tuple(Arrow(root.name) for root in roots))
    with pytest.raises(CapacityError, match=r"needs [\d,]+ bytes at the least .* and 400 are allowed"):
        make_plan(Network((*roots, leaf)), Form(("r0",), ("k",)), "conditional", 50)


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
        ((("era",), {"price": "wrd"}, {}), "question: given price: has no state 'wrd'; did you mean 'words'?"),
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
    ({"price": "war", "role": "guarantor"}, {}, "USA"),
    ({"price": "war", "monitoring": "none"}, {"guarantors": "5"}, None),
    ({"compliance": "complied", "regime": "mixed"}, {"enforcement": "snapback", "capability_change": "down"}, "USA"),
    ({"price": "war", "role": "guarantor", "regime": "mixed", "monitoring": "none"}, {"obligation": "defend"}, "PRK"),
]


@pytest.fixture(scope="module")
def guarantee():
    return prior_draws(
        load_network("guarantee"), seed=4, draws=2, levels={"actor": ("PRK", "USA"), "guarantee": ("jcpoa_2015",)}
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
                who = {"actor": actor or "(new)", "guarantee": "(new)"} if name == "compliance" else {}
                table = guarantee.table(name, **who)
                picks = {axis: states[axis] for axis in network.axes(name) if axis in states}
                tables.append(table.sel(picks).drop_vars(list(picks)))
        return reduce(mul, tables)

    return product


# What is given stands last and so varies slowest: its product serves all targets.
@pytest.mark.parametrize("cells", [planning._ABSORBED, 3000])
@pytest.mark.parametrize(
    "targets", [("compliance",), ("obligation", "past_defections"), ("era", "compliance"), ("compliance", "role")]
)
@pytest.mark.parametrize(("seen", "do", "actor"), GIVEN)
def test_the_shipped_network_answers_like_the_product_of_its_tables(
    guarantee, shares, seen, do, actor, targets, cells, monkeypatch
):
    targets = tuple(name for name in targets if name not in {*seen, *do}) or ("obligation",)
    network = guarantee.network
    members = {
        "actor": guarantee.member("actor", actor or "(new)"),
        "guarantee": guarantee.member("guarantee", "(new)"),
    }
    question = check_question(network, targets, seen, do)
    monkeypatch.setattr(planning, "_ABSORBED", cells)
    make_plan.cache_clear()
    try:
        found = conditional(guarantee, question, members)
        probability = evidence_probability(guarantee, question, members)
        # Sums by frequencies are cut off where no more than this is left.
        accuracy = {"rtol": 0, "atol": 1e-8} if make_plan(network, question.form).waves else EXACT
    finally:
        make_plan.cache_clear()

    fixed = {**seen, **do}
    product = shares(tuple(fixed.items()), tuple(do), actor)
    weights = product.sum([name for name in network.names if name not in (*targets, *fixed)])
    expected = (weights / weights.sum(targets)).isel(chain=0).transpose("draw", *targets)
    np.testing.assert_allclose(found, expected.values, **accuracy)
    np.testing.assert_allclose(probability, weights.sum(targets).values.ravel(), **accuracy)


def test_a_plan_says_what_it_will_do():
    network, _ = sprinkler()
    lines = make_plan(network, Form(("R",), do=("S",))).explain(4000).splitlines()
    assert lines[:3] == ["tables kept: C, R", "summed state by state: none", "order: C x R -> (R)"]
    lines = make_plan(network, Form(("C",), given=("W",))).explain(4000).splitlines()
    assert lines[0] == "tables kept: C, S, R, W"
    assert lines[3] == "largest table: 4 cells a draw, 128,000 bytes for 4,000 draws"
    assert lines[4].startswith("held at once: ")


@pytest.mark.parametrize(
    ("family", "known", "said"),
    [
        ("ordinal", (), "summed by its family at some frequencies"),
        ("ordinal", ("role", "era", "obligation", "regime", "price", "years_since_signing"), "summed by its family"),
        ("sequential", (), "summed by its family"),
    ],
)
def test_a_plan_says_how_a_table_is_summed_that_is_never_made(family, known, said):
    network = load_network("guarantee")
    own = replace(network["compliance"], family=family, options=())
    network = replace(network, nodes=tuple(own if node.name == own.name else node for node in network.nodes))
    lines = make_plan(network, Form(("compliance",), known), "conditional", 10**8).explain().splitlines()
    assert lines[1] == f"{said}, never made: compliance"


def test_cells_and_operations_of_a_plan_are_counted_by_hand():
    """Of a -> b -> c with 2, 3 and 5 states: one table of 2, one of 6, one of 15."""
    sizes = {"a": "xy", "b": "xyz", "c": "vwxyz"}
    network = Network(
        tuple(
            Node(n, tuple(s), (Arrow(p),) if p else ()) for (n, s), p in zip(sizes.items(), ["", "a", "b"], strict=True)
        )
    )
    one = make_plan(network, Form(("a",)))
    # What is made stands beside two copies of it while its family works.
    assert (one.kept, one.largest, one.cells, one.slices) == (("a",), 2, 2 + 2 * 2, 1)
    two = make_plan(network, Form(("b",)))
    # a and b are multiplied and summed over a: a cell of a x b each, times and plus; 4 for each cell that is made.
    assert (two.kept, two.largest, two.cells) == (("a", "b"), 6, (2 + 6) + 2 * 6)
    assert two.flops == 2 * 6 + 4 * (2 + 6)
    three = make_plan(network, Form(("c",)))
    assert (three.kept, three.largest, three.cells) == (("a", "b", "c"), 15, (2 + 6 + 15) + 2 * 15)
    assert three.flops == 2 * 6 + 2 * 15 + 4 * (2 + 6 + 15)
    back = make_plan(network, Form(("a", "b", "c")), "marginals")
    assert back.flops >= 3 * (2 * 6 + 2 * 15) + 4 * (2 + 6 + 15)
    assert make_plan(network, Form(("c",), ("b",))).kept == ("c",)
    # Where states are chosen every table stays, and the largest product stands whole beside two of its kind.
    choice = make_plan(network, Form(("a", "b", "c")), "choice")
    assert choice.cells == sum(math.prod(len(sizes[axis]) for axis in axes) for axes in choice.axes) + 2 * 15


def test_questions_of_one_form_share_a_plan():
    network = load_network("guarantee")
    one, other = (check_question(network, ("compliance",), {"price": state}, {}) for state in ("war", "words"))
    assert make_plan(network, one.form) is make_plan(network, other.form)
    assert make_plan(network, one.form) is not make_plan(network, Form(("compliance",), do=("price",)))


@settings(repeatable, max_examples=60)
@given(st.data())
def test_many_cases_are_answered_like_one_after_another(data):
    network, seed = data.draw(networks()), data.draw(seeds)
    targets, seen, do = data.draw(questions(network))
    posterior = posterior_of(network, random_tables(network, seed))
    system, form = DrawnNetwork.of(posterior), check_question(network, targets, seen, do).form
    rng = np.random.default_rng(seed)
    fixed = {name: rng.integers(len(network[name].states), size=5) for name in form.given}
    evidence = Evidence(fixed | {name: network[name].index(state) for name, state in do.items()}, {}, {}, 5)
    whole, logs = distribution(system, form, evidence), log_of_evidence(system, form, evidence)
    free = Form(tuple(n for n in network.names if n not in form.fixed), form.given, form.do)
    together = all_marginals(system, free, evidence)
    for case in range(5):
        alone = evidence.case(case)
        np.testing.assert_allclose(whole[..., case, :], distribution(system, form, alone), rtol=1e-11)
        np.testing.assert_allclose(logs[case], log_of_evidence(system, form, alone), rtol=1e-11, atol=1e-11)
        for name, values in all_marginals(system, free, alone).items():
            np.testing.assert_allclose(together[name][:, case], values, rtol=1e-11)


@settings(repeatable, max_examples=60)
@given(st.data())
def test_weights_on_states_multiply_the_joint(data):
    network, seed = data.draw(networks()), data.draw(seeds)
    targets, seen, do = data.draw(questions(network, most_done=1))
    open_nodes = [name for name in network.names if name not in {**seen, **do}]
    likely = tuple(data.draw(st.lists(st.sampled_from(open_nodes), unique=True, max_size=2)))
    tables = random_tables(network, seed, draws=2)
    system, question = DrawnNetwork.of(posterior_of(network, tables)), check_question(network, targets, seen, do)
    rng = np.random.default_rng(seed)
    weights = {name: rng.random(len(network[name].states)) for name in likely}
    form = Form(targets, question.form.given, question.form.do, likely)
    evidence = Evidence(question.fixed, {}, {name: w[:, None] for name, w in weights.items()})

    axes = tuple(dict.fromkeys((*targets, *likely)))
    whole = enumerated(network, tables, axes, seen, do)
    for name, w in weights.items():
        whole = whole * w.reshape([len(w) if axis == name else 1 for axis in ("draw", *axes)])
    whole = whole.sum(axis=tuple(range(1 + len(targets), 1 + len(axes))))
    total = whole.reshape(2, -1).sum(axis=1)
    expected = np.moveaxis(whole, 0, -1) / total
    np.testing.assert_allclose(distribution(system, form, evidence), expected, **EXACT)
    np.testing.assert_allclose(log_of_evidence(system, form, evidence), np.log(total), rtol=1e-9, atol=1e-9)


def chain(length, seed=8, draws=2):
    nodes = [Node("n0", ("a", "b"))]
    nodes += [Node(f"n{place}", ("a", "b"), (Arrow(f"n{place - 1}"),)) for place in range(1, length)]
    nodes += [Node(f"e{place}", ("a", "b"), (Arrow(f"n{place}"),)) for place in range(length)]
    network = Network(tuple(nodes))
    return network, random_tables(network, seed, draws)


def test_evidence_too_improbable_for_a_float_is_still_evidence():
    """A hidden Markov chain of 250 steps, judged by the scaled forward recursion."""
    length = 250
    network, tables = chain(length)
    rare = np.array([[0.01, 0.99], [0.03, 0.97]])
    tables |= {f"e{place}": np.stack([rare, rare[::-1]]) for place in range(length)}
    question = check_question(network, ("n0",), {f"e{place}": "a" for place in range(length)}, {})
    posterior = posterior_of(network, tables)
    logs = log_of_evidence(DrawnNetwork.of(posterior), question.form, evidence_of(question, {}))
    for draw in range(2):
        now, expected = tables["n0"][draw], 0.0
        for place in range(length):
            now = now * tables[f"e{place}"][draw][:, 0]
            expected += np.log(now.sum())
            now = now / now.sum()
            if place + 1 < length:
                now = now @ tables[f"n{place + 1}"][draw]
        assert expected < -800  # far below the smallest float, exp(-745)
        assert logs[draw] == pytest.approx(expected, rel=1e-10)
    form = Form(tuple(f"n{place}" for place in range(length)), question.form.given)
    together = all_marginals(DrawnNetwork.of(posterior), form, evidence_of(question, {}))
    np.testing.assert_allclose(together["n0"].T, conditional(posterior, question, {}), rtol=1e-9)


def test_an_unknown_backend_names_the_nearest(monkeypatch):
    with pytest.raises(QueryError, match=r"backend numpi: there is none of this name; did you mean 'numpy'\?"):
        solver("numpi")
    monkeypatch.setattr("servanda.models.inference.backends.find_spec", lambda name: None)
    with pytest.raises(QueryError, match=r"backend jax: JAX is not installed; install it, e.g. `pip install servanda"):
        solver("jax")


@pytest.mark.parametrize("kind", KINDS)
def test_no_plan_costs_more_than_the_best_pairwise_order_by_far(kind):
    """Judged by opt_einsum, which finds the pairwise order with the fewest operations by dynamic programming."""
    opt_einsum = pytest.importorskip("opt_einsum")
    network = wide(draws=1).network
    form = Form(("r3",), tuple(f"k{one}0" for one in range(1, 5)))
    plan = make_plan(network, form, kind)
    letters = {name: opt_einsum.get_symbol(place) for place, name in enumerate(plan.sizes)}
    scopes = plan.axes[: plan.inputs]
    equation = ",".join("".join(letters[axis] for axis in axes) for axes in scopes) + "->"
    equation += "".join(letters[axis] for axis in plan.targets)
    shapes = [tuple(plan.sizes[axis] for axis in axes) for axes in scopes]
    _, best = opt_einsum.contract_path(equation, *shapes, shapes=True, optimize="dp")
    assert plan.flops <= 8 * float(best.opt_cost)


def bundle(children=500, seed=2):
    """One node with hundreds of children: given all of them, their probability is far below the smallest float."""
    nodes = [
        Node("z", ("a", "b")),
        Node("v", ("a", "b"), (Arrow("z"),)),
        Node("y", ("a", "b"), (Arrow("z"), Arrow("v"))),
    ]
    nodes += [Node(f"e{place}", ("a", "b"), (Arrow("z"),)) for place in range(children)]
    network = Network(tuple(nodes))
    tables = random_tables(network, seed, draws=3)
    rng = np.random.default_rng(seed)
    for place in range(children):
        low = rng.uniform(0.05, 0.1, (3, 2))
        tables[f"e{place}"] = np.stack([low, 1 - low], axis=-1)
    return network, tables


@pytest.mark.parametrize("impossible", [False, True])
def test_slices_of_different_scale_are_added_each_at_its_own(request, impossible):
    network, tables = bundle()
    if impossible:  # one slice has probability zero from its first product on
        tables["e0"][:, 0] = [0.0, 1.0]
    question = check_question(network, ("v", "y"), {f"e{place}": "a" for place in range(500)}, {})
    system, evidence = DrawnNetwork.of(posterior_of(network, tables)), evidence_of(question, {})
    with np.errstate(divide="ignore"):
        logs = np.log(tables["z"]) + sum(np.log(tables[f"e{place}"][..., 0]) for place in range(500))
    top = logs.max(axis=1, keepdims=True)
    share = np.exp(logs - top)
    expected = np.einsum("dz,dzv,dzvy->vyd", share, tables["v"], tables["y"]) / share.sum(axis=1)
    request.getfixturevalue("cramped")
    make_plan.cache_clear()
    plan = make_plan(network, question.form, "marginals", 10**6)
    assert plan.sliced
    assert (logs.max(axis=1) < -1000).all()
    np.testing.assert_allclose(distribution(system, question.form, evidence), expected, rtol=1e-9)
    together = all_marginals(system, question.form, evidence)
    np.testing.assert_allclose(together["v"], expected.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(together["y"], expected.sum(axis=0), rtol=1e-9)
    whole = log_of_evidence(system, question.form, evidence)
    np.testing.assert_allclose(whole, (top + np.log(share.sum(axis=1, keepdims=True)))[:, 0], rtol=1e-10)


def test_slices_of_an_improbable_whole_are_added(request):
    """Only the sum is asked for: each slice is one number, scaled to one. Judged over all states of the roots."""
    roots = [Node(f"r{place}", ("a", "b", "c")) for place in range(5)]
    leaves = [
        Node(f"k{number}_{one}{two}", ("a", "b"), (Arrow(f"r{one}"), Arrow(f"r{two}")))
        for one in range(5)
        for two in range(one)
        for number in range(4)
    ]
    network = Network((*roots, *leaves))
    tables = random_tables(network, 6, draws=2)
    rng = np.random.default_rng(6)
    for leaf in leaves:
        low = 10.0 ** -rng.uniform(10, 11, (2, 3, 3))
        tables[leaf.name] = np.stack([low, 1 - low], axis=-1)
    question = check_question(network, (), {leaf.name: "a" for leaf in leaves}, {}, targets_needed=False)
    log = np.zeros((2, 3, 3, 3, 3, 3))
    for node in (*roots, *leaves):
        axes = [int(name[1:]) for name in (node.parent_names or (node.name,))]
        cells = np.log(tables[node.name] if not node.parents else tables[node.name][..., 0])
        shape = [3 if place in axes else 1 for place in range(5)]
        cells = cells if axes == sorted(axes) else np.swapaxes(cells, 1, 2)
        log += cells.reshape(2, *shape)
    top = log.max(axis=(1, 2, 3, 4, 5))
    expected = top + np.log(np.exp(log - top.reshape(2, 1, 1, 1, 1, 1)).sum(axis=(1, 2, 3, 4, 5)))
    assert (expected < -800).all()
    request.getfixturevalue("cramped")
    make_plan.cache_clear()
    assert make_plan(network, question.form, "evidence", 10**6).sliced
    found = log_of_evidence(DrawnNetwork.of(posterior_of(network, tables)), question.form, evidence_of(question, {}))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
