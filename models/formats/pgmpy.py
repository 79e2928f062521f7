"""Content of pgmpy models, in and out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ..errors import NetworkError
from .content import NetworkContent, NodeContent

#: Attribute of a node of a pgmpy graph that holds the states of a node without a CPD.
_STATES = "states"


def content_from_pgmpy(model: Any, name: str = "network") -> NetworkContent:
    """Read names, states, parents and tables of a pgmpy network.

    Parameters
    ----------
    model
        A ``pgmpy.models.DiscreteBayesianNetwork`` with CPDs, which hold the states, or as `content_to_pgmpy` makes it.
        State names become text.
    name
        Of the network.

    Raises
    ------
    NetworkError
        If a node has no CPD, so that its states are not known, one without states (a continuous one), or one
        whose parents or their states are not those of the graph.
    """
    cpds = {variable: model.get_cpds(variable) for variable in model.nodes()}
    bare = {
        variable: NodeContent(str(variable), tuple(states), tuple(map(str, model.get_parents(variable))))
        for variable, states in model.nodes(data=_STATES)
        if states and cpds[variable] is None
    }
    faults = [
        Fault(f"node {variable}", what)
        for variable, cpd in cpds.items()
        if variable not in bare
        for what in _cpd_faults(cpds, cpd, model.get_parents(variable))
    ]
    raise_faults(f"pgmpy network {name}", faults, NetworkError)
    nodes = (
        bare.get(variable) or NodeContent(str(variable), _states(cpd, variable), tuple(map(str, cpd.variables[1:])))
        for variable, cpd in cpds.items()
    )
    tables = {str(cpd.variable): _table(cpds, cpd) for cpd in model.get_cpds()}
    return NetworkContent(name, tuple(nodes), tables)


def _cpd_faults(cpds: dict[Any, Any], cpd: Any, drawn: list[Any]) -> list[str]:
    if cpd is None:
        return ["has no CPD, so its states are not known"]
    if not hasattr(cpd, "state_names"):
        return [f"has a {type(cpd).__name__}; only discrete nodes with a table of probabilities can be taken"]
    given = list(cpd.variables[1:])
    if set(given) != set(drawn):
        shown = [", ".join(map(str, names)) or "none" for names in (given, drawn)]
        return [f"has a CPD given {shown[0]}, and in the graph the parents {shown[1]}"]
    return [
        f"has a CPD that names other states of {parent} than the CPD of {parent} does"
        for parent in given
        if hasattr(cpds[parent], "state_names") and set(_states(cpds[parent], parent)) != set(_states(cpd, parent))
    ]


def _states(cpd: Any, variable: Any) -> tuple[str, ...]:
    return tuple(str(state) for state in cpd.state_names[variable])


def _table(cpds: dict[Any, Any], cpd: Any) -> np.ndarray:
    """Put the node behind its parents, and the states of each parent in the order of the parent's own CPD."""
    own, *given = cpd.variables
    orders = [list(map(_states(cpd, axis).index, _states(cpds[axis], axis))) for axis in (*given, own)]
    return np.moveaxis(np.asarray(cpd.values, float), 0, -1)[np.ix_(*orders)]


def content_to_pgmpy(content: NetworkContent) -> Any:
    """Make a pgmpy network, with a CPD for each node that has a table.

    pgmpy keeps the names of states in CPDs; where there is none, they are the attribute ``states`` of the node.

    Returns
    -------
    pgmpy.models.DiscreteBayesianNetwork
    """
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    nodes = {node.name: node for node in content.nodes}
    model = DiscreteBayesianNetwork()
    model.add_nodes_from(list(nodes))  # before the edges, which would bring their nodes in another order
    model.add_edges_from([(parent, node.name) for node in content.nodes for parent in node.parents])
    for node in nodes.values():
        if node.name not in content.tables:
            model.nodes[node.name][_STATES] = node.states
    for name, table in content.tables.items():
        node = nodes[name]
        cpd = TabularCPD(
            name,
            len(node.states),
            np.moveaxis(np.asarray(table, float), -1, 0).reshape(len(node.states), -1),
            evidence=list(node.parents) or None,
            evidence_card=[len(content.states[parent]) for parent in node.parents] or None,
            state_names={axis: list(content.states[axis]) for axis in (*node.parents, name)},
        )
        model.add_cpds(cpd)
    return model
