"""What both benchmarks need: the neighbours loaded in silence, networks handed over to them, possible evidence."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence

import networkx as nx
import numpy as np

from servanda.models import Network, Posterior

with warnings.catch_warnings():
    # pgmpy warns of its own future on import, and of the function that reads the files it ships.
    warnings.simplefilter("ignore")
    import pgmpy.factors.discrete
    import pgmpy.inference
    import pgmpy.models
    import pgmpy.utils
    import pyagrum

Tables = Mapping[str, np.ndarray]


def example(name: str) -> Posterior:
    """A network of the bnlearn repository, from the files that come with pgmpy, as a posterior of one draw."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pgmpy.utils.get_example_model(name)
    return Posterior.from_pgmpy(model, name)


def tables_of(posterior: Posterior) -> dict[str, np.ndarray]:
    """Node -> table of the first draw, axes parents and node."""
    return {name: posterior.table(name).values[0, 0] for name in posterior.network.names}


def sampling_order(network: Network) -> list[str]:
    """Parents before children."""
    graph = nx.DiGraph((parent, node.name) for node in network.nodes for parent in node.parent_names)
    graph.add_nodes_from(network.names)
    return list(nx.topological_sort(graph))


def possible_evidence(
    network: Network, tables: Tables, sizes: Iterable[int], rng: np.random.Generator
) -> list[dict[str, int]]:
    """Sets of evidence of the given sizes, node -> state number.

    Each is a part of a case drawn from the network, parents first, and so can happen.
    """
    order = sampling_order(network)
    found = []
    for size in sizes:
        case: dict[str, int] = {}
        for name in order:
            row = tables[name][tuple(case[parent] for parent in network.axes(name)[:-1])]
            case[name] = int(rng.choice(len(row), p=row))
        names = rng.choice(network.names, min(size, len(network.names) - 1), replace=False)
        found.append({str(name): case[str(name)] for name in names})
    return found


def in_states(network: Network, evidence: Mapping[str, int]) -> dict[str, str]:
    """State names for state numbers."""
    return {name: network[name].states[number] for name, number in evidence.items()}


class PyAgrumNet:
    """A network in pyAgrum whose tables are refilled for each draw.

    Parameters
    ----------
    axes
        Node -> parents and node, in the order of its table's axes.
    sizes
        Node -> number of states.
    tables
        Node -> table, shape (*axes) or (draws, *axes), kept as pyAgrum reads it.
    """

    def __init__(self, axes: Mapping[str, Sequence[str]], sizes: Mapping[str, int], tables: Tables) -> None:
        self.net = pyagrum.BayesNet()
        for name in axes:
            self.net.add(pyagrum.LabelizedVariable(name, "", sizes[name]))
        for name, own in axes.items():
            for parent in own[:-1]:
                self.net.addArc(parent, name)
        self.cells = [(self.net.cpt(name), self._flat(name, own, tables[name])) for name, own in axes.items()]

    def _flat(self, name: str, axes: Sequence[str], table: np.ndarray) -> np.ndarray:
        """One row a draw, in the order in which `fillWith` takes cells: the first variable changes fastest."""
        order = [axes.index(axis) for axis in reversed(self.net.cpt(name).names)]
        table = table[None] if table.ndim == len(axes) else table
        return np.ascontiguousarray(table.transpose(0, *(1 + place for place in order))).reshape(len(table), -1)

    def fill(self, draw: int = 0) -> None:
        """Give every node the table of a draw; `fillWith` of an array is the fastest way there is."""
        for cpt, rows in self.cells:
            cpt.fillWith(rows[draw])

    def marginals(self, names: Iterable[str], evidence: Mapping[str, int]) -> dict[str, np.ndarray]:
        """P(node | evidence) of each node."""
        engine = self._engine(evidence)
        engine.makeInference()
        return {name: engine.posterior(name).toarray() for name in names}

    def query(self, target: str, evidence: Mapping[str, int]) -> np.ndarray:
        """P(target | evidence), with no more work than that takes."""
        engine = self._engine(evidence)
        engine.addTarget(target)
        engine.makeInference()
        return engine.posterior(target).toarray()

    def _engine(self, evidence: Mapping[str, int]) -> pyagrum.LazyPropagation:
        """A new engine.

        One that is used again after a table was refilled answers from what it remembers of the old table: fast and
        wrong, by 0.1 and more, also after `updateEvidence`. What makes it forget everything (to erase evidence and
        set it again, where there is some; another set of observed nodes) takes it as long as a new one.
        """
        engine = pyagrum.LazyPropagation(self.net)
        engine.setEvidence(dict(evidence))
        return engine


def pyagrum_net(network: Network, tables: Tables) -> PyAgrumNet:
    """A whole network in pyAgrum."""
    sizes = {name: len(network[name].states) for name in network.names}
    return PyAgrumNet({name: network.axes(name) for name in network.names}, sizes, tables)


class PgmpyNet:
    """A network in pgmpy whose tables are refilled for each draw.

    Parameters
    ----------
    axes, sizes, tables
        As for `PyAgrumNet`; every table has draws.
    """

    def __init__(self, axes: Mapping[str, Sequence[str]], sizes: Mapping[str, int], tables: Tables) -> None:
        model = pgmpy.models.DiscreteBayesianNetwork()
        model.add_nodes_from(axes)
        model.add_edges_from([(parent, name) for name, own in axes.items() for parent in own[:-1]])
        self.cells = []
        for name, own in axes.items():
            parents = [sizes[parent] for parent in own[:-1]]
            table = np.moveaxis(tables[name], -1, 1)
            flat = table[0].reshape(sizes[name], -1)
            cpd = pgmpy.factors.discrete.TabularCPD(name, sizes[name], flat, list(own[:-1]) or None, parents or None)
            model.add_cpds(cpd)
            self.cells.append((cpd, np.ascontiguousarray(table)))
        # The engine reads the tables anew for each query, so that it can be made once.
        self.engine = pgmpy.inference.VariableElimination(model)

    def fill(self, draw: int) -> None:
        """Give every node the table of a draw; what pgmpy would check and copy otherwise is left out."""
        for cpd, table in self.cells:
            cpd.values = table[draw]

    def query(self, target: str, evidence: Mapping[str, int]) -> np.ndarray:
        """P(target | evidence)."""
        return self.engine.query([target], evidence=dict(evidence) or None, show_progress=False).values
