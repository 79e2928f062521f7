"""pgmpy models: the same names, arrows and numbers in and out, and models that cannot be taken."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.models import DataError, Network, NetworkError, Posterior, read_network_file
from servanda.models.formats.content import scaled_to_one
from servanda.models.formats.pgmpy import content_from_pgmpy
from servanda.models.network.tables import labelled_tables

from .judges import bundled


@pytest.mark.parametrize("name", ["asia", "child", "sachs"])
def test_published_networks_are_as_in_pgmpy_and_come_back_from_it(pgmpy, name):
    model = pgmpy.example(name)
    found = read_network_file(bundled(name))
    network = Network.from_pgmpy(model, found.network.name)
    assert found.network == network
    scaled, off = scaled_to_one(content_from_pgmpy(model))
    tables = labelled_tables(scaled)
    assert found.rows_scaled == off
    for node in network.nodes:
        np.testing.assert_array_equal(found.tables[node.name], tables[node.name])
        assert list(node.parent_names) == list(model.get_cpds(node.name).variables[1:])
    again = network.to_pgmpy(tables)
    assert Network.from_pgmpy(again, network.name) == network
    for node in network.nodes:
        assert list(again.predecessors(node.name)) == list(node.parent_names)
        assert again.get_cpds(node.name).state_names == model.get_cpds(node.name).state_names
    posterior = Posterior.from_pgmpy(model, network.name)
    assert posterior.network == network
    assert posterior.provenance == ({"rows_scaled": off} if off else {})


def pgmpy_model(edges, *cpds):
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork(edges)
    model.add_nodes_from([cpd.variable for cpd in cpds])
    model.add_cpds(*cpds)
    return model


def test_states_that_are_no_text_become_text_and_keep_their_order(pgmpy):
    from pgmpy.factors.discrete import TabularCPD

    a = TabularCPD("a", 3, [[0.2], [0.3], [0.5]], state_names={"a": [10, 2, 30]})
    # The states of the parent stand in another order than in its own CPD.
    b = TabularCPD("b", 2, [[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]], ["a"], [3], {"b": [True, False], "a": [2, 10, 30]})
    model = pgmpy_model([("a", "b")], a, b)
    network = Network.from_pgmpy(model)
    assert network["a"].states == ("10", "2", "30")
    assert network["b"].states == ("True", "False")
    tables = labelled_tables(content_from_pgmpy(model))
    assert tables["b"].values.tolist() == [[0.2, 0.8], [0.1, 0.9], [0.3, 0.7]]
    again = Network.from_pgmpy(network.to_pgmpy(tables))
    assert again == network
    posterior = Posterior.from_pgmpy(model)
    assert posterior.table("b", {"a": "2"}).values.ravel().tolist() == [0.1, 0.9]


def test_pgmpy_models_that_contradict_themselves_or_are_not_discrete(pgmpy):
    from pgmpy.factors.continuous import LinearGaussianCPD
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import LinearGaussianBayesianNetwork

    a = TabularCPD("a", 2, [[0.2], [0.8]], state_names={"a": ["x", "y"]})
    b = TabularCPD("b", 2, [[0.1, 0.2], [0.9, 0.8]], ["a"], [2], {"b": ["x", "y"], "a": ["x", "z"]})
    with pytest.raises(NetworkError, match=r"node b: has a CPD that names other states of a than the CPD of a does$"):
        Network.from_pgmpy(pgmpy_model([("a", "b")], a, b))
    with pytest.raises(NetworkError, match=r"node b: has a CPD given a, and in the graph the parents a, c\n"):
        Network.from_pgmpy(pgmpy_model([("a", "b"), ("c", "b")], a, b))
    model = LinearGaussianBayesianNetwork([("a", "b")])
    model.add_cpds(LinearGaussianCPD("a", [1], 4), LinearGaussianCPD("b", [1, 2], 4, ["a"]))
    with pytest.raises(
        NetworkError, match=r"node a: has a LinearGaussianCPD; only discrete nodes with a table of probabilities can"
    ):
        Network.from_pgmpy(model)
    with pytest.raises(DataError, match=r"^tables: table a: a row adds up to 0\.5; expected 1, within 0\.01"):
        Posterior.from_pgmpy(pgmpy_model([], TabularCPD("a", 2, [[0.2], [0.3]], state_names={"a": ["x", "y"]})))
