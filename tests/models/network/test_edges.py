"""Networks from arrows and a frame: states are what the columns hold, judged by pandas; coding gives the frame back."""

from __future__ import annotations

import re

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models import Network, NetworkError, encode, fit, network_from_toml, network_to_toml

FORM = pd.Categorical(["word", "treaty", "word", "treaty"], ["word", "letter", "treaty"], ordered=True)
FRAME = pd.DataFrame(
    {
        "form": FORM,
        "bloc": pd.Categorical(["west", "east", "west", "east"], ["west", "east"]),
        "sworn": [True, False, True, True],
        "backers": [10, 2, 2, None],
        "share": [0.5, 1.0, 0.25, 1.0],
        "text": ["10", "9", " ", "9.0"],
        "kept": ["yes", "no", None, "yes"],
        "note": [["a"], "b", "c", "d"],
    }
)
ARROWS = [("form", "kept"), ("bloc", "kept"), ("sworn", "bloc"), ("backers", "share"), ("share", "text")]


def test_states_are_what_the_columns_hold():
    network = Network.from_edges(ARROWS, FRAME, name="pact", families={"kept": "pooled_table"})
    held = {node.name: (node.states, node.ordered, node.values) for node in network.nodes}
    assert held == {
        "form": (("word", "letter", "treaty"), True, ()),
        "bloc": (("west", "east"), False, ()),
        "sworn": (("False", "True"), False, ()),
        "backers": (("2", "10"), True, (2.0, 10.0)),
        "share": (("0.25", "0.5", "1"), True, (0.25, 0.5, 1.0)),
        "text": (("9", "10"), True, (9.0, 10.0)),
        "kept": (("no", "yes"), False, ()),
    }
    assert network.name == "pact"
    assert network["kept"].parent_names == ("form", "bloc")
    assert {node.name: node.family for node in network.nodes if node.family != "table"} == {"kept": "pooled_table"}
    assert encode(network, FRAME).codes["text"].tolist() == [1, 0, -1, 0]


def test_columns_that_no_arrow_names_are_nodes_where_that_is_said():
    network = Network.from_edges([("a", "b")], {"a": [1], "b": [2], "c": ["x"], "d": ["y"]}, nodes=["c"])
    assert network.names == ("a", "c", "b")
    assert Network.from_edges([], {"a": [1], 3: [2]}, nodes=[3]).names == ("3",)


def test_arrows_of_networkx_will_do():
    graph = nx.DiGraph([("sworn", "kept"), ("form", "kept")])
    assert Network.from_edges(graph.edges, FRAME)["kept"].parent_names == ("sworn", "form")


@pytest.mark.parametrize(
    ("edges", "data", "more", "message"),
    [
        ([("a", "b"), ("b", "a")], {"a": [1], "b": [1]}, {}, "network network: arrows: form a cycle: "),
        ([("a", "a")], {"a": [1]}, {}, "node a: is its own parent"),
        ([("a", "b"), ("a", "b")], {"a": [1], "b": [1]}, {}, "node b: names the parent 'a' 2 times"),
        ([("Kept", "b")], {"kept": [1], "b": [1]}, {}, "node Kept: has no column of its name; did you mean 'kept'?"),
        (["ab"], {"a": [1], "b": [1]}, {"nodes": ["a"]}, "edge 1: 'ab' is no pair of a parent and its child"),
        ([("a", "b", "c")], {"a": [1]}, {"nodes": ["a"]}, "edge 1: ('a', 'b', 'c') is no pair"),
        ([7], {"a": [1]}, {"nodes": ["a"]}, "edge 1: 7 is no pair"),
        ([], {"a": [1]}, {}, "edges: there are none; give pairs of columns"),
        (
            [("a", "b")],
            {"a": np.linspace(0, 1, 21), "b": 0},
            {},
            "column a: holds 21 different numbers; cut it, for example by pandas.cut(frame['a'], 4), or raise most_",
        ),
        (
            [("a", "b")],
            {"a": [f"case {n}" for n in range(21)], "b": 0},
            {},
            "column a: holds 21 different texts; merge those that mean the same, or raise most_states (now 20)",
        ),
        ([("a", "b")], {"a": [None, " "], "b": [1, 2]}, {}, "column a: is blank in every row"),
        ([("a", "b")], {"a": [1], "b": [1]}, {"families": {"c": "ordinal"}}, "families, c: is no node; known: a, b"),
        ([("a", "b")], pd.Series([1]), {}, "data: is a single Series"),
    ],
)
def test_what_makes_no_network_is_refused(edges, data, more, message):
    with pytest.raises(NetworkError, match=re.escape(message)):
        Network.from_edges(edges, data, **more)


def test_every_fault_is_said_at_once():
    with pytest.raises(NetworkError) as caught:
        Network.from_edges([("a", "b"), ("c", "b"), "x"], {"a": range(30), "b": [None] * 30}, families={"d": "table"})
    assert [fault.where for fault in caught.value.faults] == ["edge 3", "node c", "families, d", "column a", "column b"]


def test_a_cut_column_keeps_the_order_of_its_pieces():
    numbers = pd.Series([1.5, 20, 300, 7, 80])
    frame = pd.DataFrame({"size": pd.cut(numbers, [0, 10, 100, 1000]), "kept": ["no", "yes", "yes", "no", "yes"]})
    network = Network.from_edges([("size", "kept")], frame)
    assert network["size"].states == ("(0, 10]", "(10, 100]", "(100, 1000]")
    assert network["size"].ordered
    assert encode(network, frame).codes["size"].tolist() == [0, 1, 2, 0, 1]


CELLS = st.one_of(
    st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    st.lists(st.sampled_from([0.5, 1.0, 2.0, None]), min_size=4, max_size=4),
    st.lists(st.sampled_from(["no", "yes", "letter", None]), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.lists(st.sampled_from("wlt"), min_size=4, max_size=4).map(
        lambda c: pd.Categorical(c, list("wlt"), ordered=True)
    ),
)


@st.composite
def graphs(draw):
    """A frame of three to five columns, and arrows that run from left to right."""
    names = [f"v{place}" for place in range(draw(st.integers(3, 5)))]
    frame = pd.DataFrame({name: draw(CELLS) for name in names})
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    return frame, draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1, max_size=5))


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_states_arrows_and_cells_come_back(case):
    frame, edges = case
    used = [name for name in frame if any(name in pair for pair in edges)]
    if frame[used].isna().all().any():
        with pytest.raises(NetworkError, match="is blank in every row"):
            Network.from_edges(edges, frame)
        return
    network = Network.from_edges(edges, frame)
    assert {(arrow.parent, node.name) for node in network.nodes for arrow in node.parents} == set(edges)
    assert network_from_toml(network_to_toml(network)) == network
    cases = encode(network, frame)
    for name in used:
        column, states = frame[name], network[name].states
        assert (cases.codes[name] == -1).tolist() == column.isna().tolist()
        if isinstance(column.dtype, pd.CategoricalDtype):
            assert [states[code] for code in cases.codes[name]] == column.tolist()
        else:
            codes, _ = pd.factorize(column, sort=True)  # pandas sorts as the states stand
            assert cases.codes[name].tolist() == codes.tolist()


def test_the_fit_of_such_a_network_is_the_closed_form():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"sworn": rng.integers(0, 2, 400), "kept": rng.choice(["no", "part", "yes"], 400)})
    posterior = fit(Network.from_edges([("sworn", "kept")], frame), frame, seed=1)
    counts = pd.crosstab(frame["sworn"], frame["kept"]).to_numpy() + 1  # a flat Dirichlet before
    expected = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(posterior.draws["kept.table"].mean(("chain", "draw")), expected, atol=0.005)
