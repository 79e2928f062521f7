"""Networks of the bnlearn repository: all marginals under evidence, judged by pyAgrum; refusal of what does not fit.

`benchmarks/repository.py` does the same for every network of the repository, whatever its size; `make validate` runs it
for the larger ones.
"""

from __future__ import annotations

import re
import tracemalloc
import warnings
from functools import cache, partial

import networkx as nx
import numpy as np
import pytest

from servanda.analysis import marginals, probability
from servanda.models import CapacityError, Posterior

#: Bytes that each answer may take.
MEMORY = 200_000_000
MOST_GIVEN = 8
#: Network -> sets of evidence: one of each size, and fewer where pyAgrum or the making of a plan takes long.
QUICK = dict.fromkeys(("asia", "cancer", "earthquake", "survey", "sachs", "child", "alarm", "insurance"), MOST_GIVEN)
SLOW = {"hailfinder": 3, "hepar2": 3, "win95pts": 3, "water": 3, "andes": 1}


@pytest.fixture(scope="module")
def pyagrum():
    with warnings.catch_warnings():
        # Warnings that pyAgrum's compiled part raises on import end the process when they are errors.
        warnings.simplefilter("ignore")
        import pyagrum

        pyagrum.BayesNet.fastPrototype("x->y")
    return pyagrum


@pytest.fixture(scope="module")
def shipped(pgmpy):
    """Give a network that comes with pgmpy, as a posterior of one draw."""

    @cache
    def read(name):
        return Posterior.from_pgmpy(pgmpy.example(name), name)

    return read


def tables_of(posterior):
    return {name: posterior.table(name).values[0, 0] for name in posterior.network.names}


def handed_over(pyagrum, network, tables):
    """The same network in pyAgrum, where a table's first variable changes fastest."""
    net = pyagrum.BayesNet()
    for name in network.names:
        net.add(pyagrum.LabelizedVariable(name, "", len(network[name].states)))
    for node in network.nodes:
        for parent in node.parent_names:
            net.addArc(parent, node.name)
    for name, table in tables.items():
        order = [network.axes(name).index(axis) for axis in reversed(net.cpt(name).names)]
        net.cpt(name).fillWith(table.transpose(order).ravel())
    return net


def drawn_case(network, tables, rng):
    """A state number for every node, drawn parents first."""
    graph = nx.DiGraph((parent, node.name) for node in network.nodes for parent in node.parent_names)
    graph.add_nodes_from(network.names)
    case = {}
    for name in nx.topological_sort(graph):
        row = tables[name][tuple(case[parent] for parent in network.axes(name)[:-1])]
        case[name] = int(rng.choice(len(row), p=row))
    return case


def possible_evidence(network, tables, count, seed=1):
    """Parts of drawn cases, which can all happen; from one node up to `MOST_GIVEN`, and never the whole network."""
    rng = np.random.default_rng(seed)
    for place in range(count):
        case = drawn_case(network, tables, rng)
        size = min(1 + place % MOST_GIVEN, len(network.names) - 1)
        yield {str(name): case[name] for name in rng.choice(network.names, size, replace=False)}


def by_pyagrum(pyagrum, net, names, evidence):
    engine = pyagrum.LazyPropagation(net)
    engine.setEvidence(evidence)
    engine.makeInference()
    # Its own `toarray` does what NumPy 2.5 warns of.
    return {name: np.array(engine.posterior(name).tolist()) for name in names}


@pytest.mark.parametrize(
    ("name", "count"),
    [*QUICK.items(), *(pytest.param(*item, marks=pytest.mark.slow) for item in SLOW.items())],
)
def test_all_marginals_are_those_of_pyagrum(pyagrum, shipped, name, count):
    posterior = shipped(name)
    network, tables = posterior.network, tables_of(posterior)
    net = handed_over(pyagrum, network, tables)
    for evidence in possible_evidence(network, tables, count):
        given = {node: network[node].states[number] for node, number in evidence.items()}
        ours = marginals(posterior, given=given, memory=MEMORY)
        free = [node for node in network.names if node not in evidence]
        assert sorted(ours.data_vars) == sorted(f"p_{node}" for node in free)
        for node, theirs in by_pyagrum(pyagrum, net, free, evidence).items():
            np.testing.assert_allclose(ours[f"p_{node}"].values[0, 0], theirs, rtol=0, atol=1e-9, err_msg=node)


@pytest.mark.parametrize("limit", [10_000, 30_000])
def test_a_small_limit_costs_time_and_changes_no_answer(shipped, limit):
    """What does not fit is summed state by state; `insurance` holds some 130,000 bytes otherwise."""
    posterior = shipped("insurance")
    whole, sliced = marginals(posterior, memory=MEMORY), marginals(posterior, memory=limit)
    for name, values in whole.data_vars.items():
        np.testing.assert_allclose(sliced[name].values, values.values, rtol=0, atol=1e-12)


def with_draws(posterior, draws):
    tables = {name: posterior.table(name).isel(draw=[0] * draws) for name in posterior.network.names}
    numbers = {"draw": np.arange(draws)}
    return Posterior.from_tables(posterior.network, {name: t.assign_coords(numbers) for name, t in tables.items()})


def refused(ask, limit):
    """Bytes that a question is said to need, when it is put with too small a limit."""
    with pytest.raises(CapacityError) as refusal:
        ask(memory=limit)
    found = re.search(r"needs ([\d,]+) bytes .*and ([\d,]+) are allowed", str(refusal.value))
    assert found, refusal.value
    needed, allowed = (int(number.replace(",", "")) for number in found.groups())
    assert needed > allowed
    assert 0 <= allowed <= limit
    return needed


def test_what_does_not_fit_is_refused_with_the_bytes_it_needs_before_they_are_taken(shipped):
    posterior = with_draws(shipped("child"), 2000)
    answer = 8 * 2000 * sum(len(node.states) for node in posterior.network.nodes)
    marginals(posterior)  # what is made once for all questions is no part of this one
    tracemalloc.start()
    try:
        needed = refused(partial(marginals, posterior), answer // 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert needed >= answer
    assert peak < answer / 2


def test_a_single_draw_that_does_not_fit_is_refused_with_the_bytes_it_needs(shipped):
    """Its tables cannot be sliced to less than a cell each."""
    refused(partial(probability, shipped("alarm"), "BP"), 150)
