"""Networks: all faults at once, and the same network after TOML and after pgmpy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models import (
    Arrow,
    Coding,
    DataError,
    Group,
    Network,
    NetworkError,
    Node,
    Posterior,
    QueryError,
    load_network,
    network_from_toml,
    network_to_toml,
    shipped_networks,
)
from servanda.models.families import FAMILIES
from servanda.models.formats.pgmpy import content_from_pgmpy
from servanda.models.inference.answers import conditional
from servanda.models.inference.question import check_question
from servanda.models.network.tables import labelled_tables

from ..makers import labelled, networks, posterior_of, random_tables, repeatable, seeds


def faults_of(*nodes, name="test"):
    with pytest.raises(NetworkError) as raised:
        Network(nodes, name=name)
    return raised.value.subject, sorted(str(fault) for fault in raised.value.faults)


def test_every_fault_of_a_network_is_said_at_once():
    subject, faults = faults_of(
        Node("a", ("x", "x", "y"), (Arrow("c"),), values=(1, 2)),
        Node("b", (), (Arrow("a", by="aa"), Arrow("a"))),
        Node("c", ("x", "y"), (Arrow("a"),), family="tabel"),
        Node("d", ("x", "y"), (Arrow("ab"),)),
        Node("e", ("x", "y"), coding=Coding("e", lower=(2, 1, 3))),
        Node("f", ("x", "y"), coding=Coding("f", levels=(("one", "x"), ("two", "z")))),
        Node("g", ("x",)),
        Node("g", ("x",)),
        Node("p", ("x", "y"), values=(1, float("nan")), coding=Coding("p", lower=(float("nan"), 1))),
        Node("", ("x", "y")),
        Node(" h", ("x", "y")),
        Node("o", ("x", "y"), (Arrow("e", term="lnear"),), family="ordinal", ordered=True),
    )
    assert subject == "network test"
    assert faults == sorted(
        [
            "node g: is declared 2 times, as nodes 7 and 8; keep one of them",
            "node ' h': a name must be printable text without a space at its ends",
            "node '': a name must be printable text without a space at its ends",
            "node a: repeats the states x",
            "node a: has 2 values for 3 states",
            "node b: has no states",
            "node b: names the parent 'a' 2 times",
            "node b: arrow from 'a' varies by 'aa', which is no other parent",
            "node c: unknown family 'tabel'; did you mean 'table'?",
            "node d: has an undeclared parent 'ab'; did you mean 'b'?",
            "node e: coding has 3 lower bounds for 2 states",
            "node e: lower bounds of the coding do not ascend",
            "node p: has a value that is no finite number",
            "node p: lower bounds of the coding do not ascend",
            "node f: coding sends level 'two' to an unknown state 'z'; known: x, y",
            "node o: unknown term 'lnear' for 'e'; did you mean 'linear'?",
            "arrows: form a cycle: a <- c <- a",
        ]
    )


def test_a_node_that_is_its_own_parent():
    assert faults_of(Node("a", ("x", "y"), (Arrow("a"),)))[1] == [
        "arrows: form a cycle: a <- a",
        "node a: is its own parent",
    ]


AB = (Node("a", ("x", "y")), Node("b", ("0", "1", "2"), ordered=True, values=(0, 1, 2)))


@pytest.mark.parametrize(
    ("nodes", "fault"),
    [
        ((), "nodes: there are none; a network needs at least one"),
        ((*AB, Node("c", ("x",), (Arrow("bb"),))), "node c: has an undeclared parent 'bb'; did you mean 'b'?"),
        (
            (*AB, Node("c", ("x", "y"), (Arrow("a", term="nominal"),))),
            "node c: family 'table' has no term 'nominal'; drop the term",
        ),
        (
            (*AB, Node("c", ("x", "y"), (Arrow("a"), Arrow("b", by="a")))),
            "node c: family 'table' has no 'by'; drop it from 'b'",
        ),
        (
            (*AB, Node("c", ("x", "y"), groups=(Group("who", "w"),), family="softmax")),
            "node c: family 'softmax' has no group effects; drop 'who'",
        ),
        (
            (*AB, Node("c", ("x", "y"), family="ordinal")),
            "node c: family 'ordinal' needs ordered states; set ordered = true",
        ),
        (
            (*AB, Node("c", ("x",), family="ordinal", ordered=True)),
            "node c: family 'ordinal' needs two states or more",
        ),
        (
            (*AB, Node("c", ("x", "y"), (Arrow("a", term="monotone"),), family="ordinal", ordered=True)),
            "node c: term 'monotone' needs 'a' to be ordered",
        ),
        (
            (*AB, Node("c", ("x", "y"), (Arrow("a", term="linear"),), family="ordinal", ordered=True)),
            "node c: term 'linear' needs a value for each state of 'a'",
        ),
        (
            (*AB, Node("c", ("x", "y"), (Arrow("b", term="log"),), family="ordinal", ordered=True)),
            "node c: term 'log' cannot take the values [0, 1, 2] of 'b'",
        ),
        (
            (*AB, Node("c", ("x", "y"), (Arrow("b", by="b"),), family="ordinal", ordered=True)),
            "node c: arrow from 'b' varies by 'b', which is no other parent",
        ),
    ],
)
def test_each_fault_names_its_node(nodes, fault):
    assert faults_of(*nodes) == ("network test", [fault])


@pytest.mark.parametrize(
    "nodes",
    [
        (Node("baseline", ("x", "y")), Node("c", ("x", "y"), (Arrow("baseline"),), family="softmax")),
        (Node("c", ("x", "y"), groups=(Group("baseline", "w"),), family="ordinal", ordered=True),),
        (
            Node("who_sd", ("x", "y")),
            Node("c", ("x", "y"), (Arrow("who_sd"),), groups=(Group("who", "w"),), family="ordinal", ordered=True),
        ),
    ],
)
def test_two_parameters_of_one_name_are_a_fault(nodes):
    _, faults = faults_of(*nodes)
    assert len(faults) == 1
    assert re.fullmatch(r"node c: has two parameters 'c\.(baseline|who_sd)'; rename a parent or a group", faults[0])


def test_a_parameter_and_a_node_of_one_name_are_a_fault():
    _, faults = faults_of(*AB, Node("a.table", ("x", "y")))
    assert faults == ["node a: has a parameter 'a.table', which is the name of a node; rename a node"]
    dotted = Node("a.b", ("x", "y"), (Arrow("c"),), family="softmax")
    other = Node("a", ("x", "y"), (Arrow("b.c"),), family="softmax")
    _, faults = faults_of(dotted, other, Node("c", ("x", "y")), Node("b.c", ("x", "y")))
    assert faults == ["node a: has a parameter 'a.b.c', as node a.b has; rename a node"]


def test_names_of_dims_are_not_given_twice():
    one = Node("c", ("x", "y"), groups=(Group("who", "w"),), family="ordinal", ordered=True)
    other = Node("d", ("x", "y"), groups=(Group("who", "v"), Group("a", "w")), family="ordinal", ordered=True)
    _, faults = faults_of(*AB, one, other)
    assert faults == [
        "group a: has the name of a node, of its steps or states, or of a dim of draws",
        "group who: has two columns, 'w' and 'v'",
    ]


@settings(repeatable, max_examples=60)
@given(networks())
def test_nodes_stand_parents_first_in_every_view(network):
    assert network.names == tuple(node.name for node in network.nodes) == tuple(network.coords)
    seen = set()
    for node in network.nodes:
        assert seen.issuperset(node.parent_names)
        seen.add(node.name)
    arrows = {(parent, node.name) for node in network.nodes for parent in node.parent_names}
    assert {(name, child) for name in network.names for child in network.children[name]} == arrows


@pytest.mark.parametrize("family", ["ordinal", "softmax", "table"])
def test_a_child_may_be_declared_before_its_parent(family):
    child = Node("y", ("a", "b"), (Arrow("x"),), family=family, ordered=True)
    network = Network((child, Node("x", ("a", "b"))))
    assert network.names == ("x", "y")
    assert network.nodes[0].name == "x"


def test_states_and_nodes_that_are_not_there():
    network = load_network("guarantee")
    with pytest.raises(QueryError, match=r"^question: network guarantee: has no node 'prise'; did you mean 'price'\?$"):
        network["prise"]
    with pytest.raises(QueryError, match=r"^question: node price: has no state 'wrd'; did you mean 'words'\?$"):
        network["price"].index("wrd")


def test_a_state_is_known_by_its_name_first_then_by_a_level_of_the_data():
    price = load_network("guarantee")["price"]
    assert {price.index(said) for said in ("war", "war_equal", "war_weaker")} == {price.states.index("war")}
    assert Node("a", ("x", "y"), coding=Coding("k", levels=(("x", "y"),))).index("x") == 0


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = text.map(str.strip)
number = st.floats(-1e6, 1e6)


@st.composite
def written_networks(draw):
    """Networks with everything TOML has to carry: odd names, reasons, terms, codings, groups."""
    odd = st.sampled_from(["Power.Ratio", "US/UK", "Kept? v1.2", "case", "draw", "a", "a_on", "a_step"])
    named = odd | st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6)
    names = draw(st.lists(named, min_size=1, max_size=4, unique=True))
    taken = {"who", "baseline", "who_sd"}
    names = [name for name in names if name not in taken] or ["a"]
    nodes = []
    for place, name in enumerate(names):
        states = tuple(draw(st.lists(text, min_size=2, max_size=4, unique=True)))
        ordinal = draw(st.booleans())
        parents = draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        arrows = []
        for parent in parents:
            others = [other for other in parents if other != parent]
            by = draw(st.sampled_from(others)) if ordinal and others and draw(st.booleans()) else None
            term = draw(st.sampled_from([None, "nominal"])) if ordinal else None
            arrows.append(Arrow(parent, draw(text), draw(text), term, by))
        lower = tuple(sorted(draw(st.lists(number, min_size=len(states), max_size=len(states), unique=True))))
        levels = tuple(
            (level, draw(st.sampled_from(states))) for level in draw(st.lists(text, unique=True, max_size=2))
        )
        coding = draw(st.sampled_from([None, Coding("k", lower=lower), Coding("k", levels=levels)]))
        values = draw(st.sampled_from([(), lower]))
        node = Node(
            name,
            states,
            tuple(arrows),
            "ordinal" if ordinal else draw(st.sampled_from(["table", "softmax"])),
            ordinal or draw(st.booleans()),
            values,
            draw(text),
            draw(words),
            coding,
            (Group("who", "w", draw(text)),) if ordinal else (),
        )
        nodes.append(node)
    head = draw(st.tuples(words.filter(bool), text, words))
    return Network(tuple(nodes), *head)


@settings(repeatable, max_examples=150)
@given(written_networks())
def test_toml_gives_the_network_back(network):
    assert network_from_toml(network_to_toml(network)) == network


@pytest.mark.parametrize("name", shipped_networks())
def test_shipped_networks_say_why_each_arrow_stands(name, tmp_path):
    network = load_network(name)
    for node in network.nodes:
        for arrow in node.parents:
            assert arrow.reason, (node.name, arrow.parent)
            assert arrow.source, (node.name, arrow.parent)
    path = tmp_path / "again.toml"
    path.write_text(network_to_toml(network), encoding="utf-8")
    assert load_network(path) == network


def test_unknown_keys_of_a_file_are_faults_with_their_place(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        """
        titel = "x"
        [nodes.a]
        states = ["x", "y"]
        order = true
        [nodes.b]
        states = "x"
        parents.a.reasons = "because"
        coding.lower = [1, 2]
        """
    )
    with pytest.raises(NetworkError) as raised:
        load_network(path)
    lines = str(raised.value).splitlines()
    assert lines[0] == f"{path}: 5 faults"
    assert sorted(lines[1:]) == [
        "  nodes.a.order: is not a key that is known here",
        "  nodes.b.coding.column: is missing",
        "  nodes.b.parents.a.reasons: is not a key that is known here",
        "  nodes.b.states: input should be a valid list",
        "  titel: is not a key that is known here",
    ]


def test_networks_that_cannot_be_read(tmp_path):
    with pytest.raises(
        NetworkError, match=r"^guarante: there is no network of this name; did you mean 'guarantee'\?; or"
    ):
        load_network("guarante")
    with pytest.raises(NetworkError, match=r"none\.toml: there is no such file$"):
        load_network(tmp_path / "none.toml")
    with pytest.raises(NetworkError, match=r"^network: is not TOML: Invalid value"):
        network_from_toml("nodes = [")


def test_states_may_be_numbers_in_a_file():
    network = network_from_toml("[nodes.a]\nstates = [0, 1, '2+']")
    assert network["a"].states == ("0", "1", "2+")


@settings(repeatable, max_examples=30)
@given(networks(), seeds)
def test_pgmpy_gives_network_and_tables_back(pgmpy, network, seed):
    tables = random_tables(network, seed, draws=1)
    one = {name: table.isel(chain=0, draw=0) for name, table in labelled(network, tables).items()}
    model = network.to_pgmpy(one)
    assert model.check_model()
    again = Network.from_pgmpy(model)
    assert {node.name: node for node in again.nodes} == {node.name: node for node in network.nodes}
    for name, table in labelled_tables(content_from_pgmpy(model)).items():
        np.testing.assert_allclose(table.transpose(*network.axes(name)), one[name], rtol=0, atol=1e-15)


def test_a_network_without_tables_becomes_a_graph(pgmpy):
    network = load_network("guarantee")
    model = network.to_pgmpy()
    assert set(model.nodes) == set(network.names)
    assert set(model.edges) == {(parent, node.name) for node in network.nodes for parent in node.parent_names}
    # Its states come back all the same.
    again = Network.from_pgmpy(model)
    assert {node.name: (node.states, node.parent_names) for node in again.nodes} == {
        node.name: (node.states, node.parent_names) for node in network.nodes
    }


def test_a_graph_whose_states_nobody_knows(pgmpy):
    from pgmpy.models import DiscreteBayesianNetwork

    with pytest.raises(NetworkError, match=r"node b: has no CPD, so its states are not known$"):
        Network.from_pgmpy(DiscreteBayesianNetwork([("a", "b")]))


def test_tables_go_to_pgmpy_by_the_names_of_their_states(pgmpy):
    rain = Node("rain", ("no", "yes"))
    network = Network((rain, Node("wet", ("no", "yes"), (Arrow("rain"),))))
    tables = {
        "rain": xr.DataArray([0.7, 0.3], dims="rain", coords={"rain": ["yes", "no"]}),
        "wet": xr.DataArray(
            [[0.6, 0.9], [0.4, 0.1]], dims=("wet", "rain"), coords={"wet": ["no", "yes"], "rain": ["yes", "no"]}
        ),
    }
    model = network.to_pgmpy(tables)
    assert model.get_cpds("rain").get_value(rain="yes") == 0.7
    assert model.get_cpds("wet").get_value(rain="yes", wet="no") == 0.6
    assert Network.from_pgmpy(model) == network
    assert Network.from_pgmpy(network.to_pgmpy({"rain": tables["rain"]})) == network


def test_tables_that_pgmpy_cannot_have(pgmpy):
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"), (Arrow("a"),)), Node("c", ("x", "y"))))
    tables = {
        "a": xr.DataArray([0.2, 0.8], dims="a", coords={"a": ["x", "z"]}),
        "b": xr.DataArray([0.2, 0.8], dims="b"),
        "c": xr.DataArray([0.2, 0.3, 0.5], dims="c"),
        "d": xr.DataArray([1.0], dims="d"),
    }
    with pytest.raises(DataError) as raised:
        network.to_pgmpy(tables)
    assert [str(fault) for fault in raised.value.faults] == [
        "table a: has other states along a than the network: x, y",
        "table b: has dims b; expected a, b",
        "table c: has other states along c than the network: x, y",
        "table d: no such node; known: a, c, b",
    ]


@pytest.mark.parametrize("name", ["Power.Ratio", "US/UK", "case", "sample", "variable", "chain", "draw", "Kept? v1.2"])
def test_a_node_may_have_any_printable_name(name):
    network = Network((Node(name, ("x", "y")), Node("b", ("x", "y"), (Arrow(name),))))
    assert network_from_toml(network_to_toml(network)) == network


def test_a_node_may_have_the_name_of_what_another_node_brings():
    names = ("alarm", "alarm_on", "alarm_step", "alarm_above")
    assert Network(tuple(Node(name, ("x", "y")) for name in names)).names == names


EXAMPLES = {
    "asia": (("dysp", "lung"), {"xray": "yes"}, {"smoke": "no"}),
    "cancer": (("Cancer",), {"Xray": "positive"}, {"Smoker": "True"}),
    "sachs": (("Akt",), {"PKA": "LOW"}, {"Mek": "HIGH"}),
    "alarm": (("HYPOVOLEMIA", "CO"), {"BP": "LOW", "HRBP": "HIGH"}, {"CATECHOL": "HIGH"}),
    "win95pts": (("Problem1",), {"PrtOn": "Yes"}, {"NetOK": "Yes"}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_networks_survive_and_answer_as_in_pgmpy(pgmpy, eliminated, name):
    model = pgmpy.example(name)
    posterior = Posterior.from_pgmpy(model, name)
    network = posterior.network
    assert network.name == name
    assert {(parent, node.name) for node in network.nodes for parent in node.parent_names} == set(model.edges)
    for node in network.nodes:
        cpd = model.get_cpds(node.name)
        assert list(node.states) == [str(state) for state in cpd.state_names[node.name]]
        found = posterior.table(node.name).isel(chain=0, draw=0).transpose(*cpd.variables)
        np.testing.assert_allclose(found, cpd.values, rtol=0, atol=1e-6)

    again = network.to_pgmpy({node: posterior.table(node).isel(chain=0, draw=0) for node in network.names})
    targets, seen, do = EXAMPLES[name]
    for given_, done in (({}, {}), (seen, {}), (seen, do), ({}, do)):
        found = conditional(posterior, check_question(network, targets, given_, done), {})[0]
        np.testing.assert_allclose(found, eliminated(again, targets, given_, done), rtol=0, atol=1e-10)


LAWN = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))), name="lawn")


def test_tables_in_any_order_of_dims_and_states():
    rain = xr.DataArray([0.3, 0.7], dims="rain", coords={"rain": ["yes", "no"]})
    wet = xr.DataArray([[0.9, 0.2], [0.1, 0.8]], dims=("wet", "rain"))
    posterior = Posterior.from_tables(LAWN, {"wet": wet, "rain": rain})
    assert posterior.table("rain").values.ravel().tolist() == [0.7, 0.3]
    assert posterior.table("wet", {"rain": "yes"}).values.ravel().tolist() == [0.2, 0.8]


def test_a_table_without_draws_is_the_same_in_every_draw():
    rain = xr.DataArray(np.full((2, 5, 2), 0.5), dims=("chain", "draw", "rain"))
    wet = xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))
    posterior = Posterior.from_tables(LAWN, {"rain": rain, "wet": wet})
    found = conditional(posterior, check_question(LAWN, ("wet",), {}, {}), {})
    np.testing.assert_allclose(found, np.tile([0.55, 0.45], (10, 1)))


def test_tables_of_different_draws_do_not_go_together():
    tables = {
        "rain": xr.DataArray(np.full((1, 5, 2), 0.5), dims=("chain", "draw", "rain")),
        "wet": xr.DataArray(np.full((1, 4, 2, 2), 0.5), dims=("chain", "draw", "rain", "wet")),
    }
    with pytest.raises(DataError, match=r"draw"):
        Posterior.from_tables(LAWN, tables)


def test_every_fault_of_tables_is_said_at_once():
    network = Network((*LAWN.nodes, Node("mud", ("no", "yes")), Node("sun", ("no", "yes")), Node("dew", ("0", "1"))))
    tables = {
        "rian": xr.DataArray([0.5, 0.5], dims="rian"),
        "wet": xr.DataArray([[0.9, 0.2], [0.2, 0.8]], dims=("rain", "wet")),
        "mud": xr.DataArray([1.2, -0.2], dims="mud"),
        "sun": xr.DataArray([0.5, 0.5], dims="son"),
        "dew": xr.DataArray([0.2, 0.3, 0.5], dims="dew"),
    }
    with pytest.raises(DataError) as raised:
        Posterior.from_tables(network, tables)
    assert str(raised.value).splitlines() == [
        "tables of network network: 6 faults",
        "  table rian: no such node; did you mean 'rain'?",
        "  node rain: has no table",
        "  table mud: holds a negative or missing probability",
        "  table sun: has dims son; expected sun",
        "  table dew: has 3 entries along dew, which has 2 states",
        "  table wet: has a row that adds up to 1 only within 0.1; at most 1e-08 is taken",
    ]


def test_members_and_parents_that_are_not_there():
    from servanda.models.sampling.prior_draws import prior_draws

    posterior = prior_draws(load_network("guarantee"), seed=1, draws=2, levels={"actor": ("PRK", "USA")})
    with pytest.raises(
        QueryError,
        match=r"actor: 'US' is not in the data; did you mean 'USA'\?; leave actor out to average over .* '\(new\)' to",
    ):
        posterior.table("compliance", actor="US")
    with pytest.raises(
        QueryError, match=r"party: network guarantee has no effect of this name; it has actor, guarantee$"
    ):
        posterior.member("party", "USA")
    with pytest.raises(QueryError, match=r"^table: actr: is no effect on compliance; did you mean 'actor'\?$"):
        posterior.table("compliance", actr="USA")
    with pytest.raises(QueryError, match=r"^table: era: is no parent of price; known: obligation$"):
        posterior.table("price", {"era": "cold_war"})


def test_shows_are_escaped():
    network = Network((Node("a", ("<b>", "y"), label="<script>"),), title="<i>")
    shown = network._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "&lt;b&gt;" in shown
    assert "<script>" not in shown
    assert "<i>" not in shown
    posterior = posterior_of(network, random_tables(network, 1, draws=2))
    assert "1 chains of 2" in posterior._repr_html_()


def test_cutting_arrows_keeps_the_rest():
    network = load_network("guarantee")
    cut = network.without_parents(["compliance"])
    assert cut["compliance"].parents == ()
    assert cut["compliance"].family == "table"
    assert [cut[name] for name in cut.names if name != "compliance"] == [
        network[name] for name in cut.names if name != "compliance"
    ]
    assert set(FAMILIES) >= {node.family for node in network.nodes}
