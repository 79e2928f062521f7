"""To and from pgmpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..common.errors import Fault
from .check import NetworkError
from .network import Arrow, Network, Node


def network_from_pgmpy(model: Any, name: str = "network") -> Network:
    """Read structure and state names of a pgmpy network.

    Parameters
    ----------
    model
        A ``pgmpy.models.DiscreteBayesianNetwork`` with CPDs, which hold the states. State names become text.

    Raises
    ------
    NetworkError
        If a node has no CPD, so that its states are not known.
    """
    faults, nodes = [], []
    for variable in model.nodes():
        cpd = model.get_cpds(variable)
        if cpd is None:
            faults.append(Fault(f"node {variable}", "has no CPD, so its states are not known"))
            continue
        states = tuple(str(state) for state in cpd.state_names[variable])
        parents = tuple(Arrow(str(parent)) for parent in cpd.variables[1:])
        nodes.append(Node(str(variable), states, parents))
    if faults:
        raise NetworkError(f"pgmpy network {name}", faults)
    return Network(tuple(nodes), name=name)


def tables_from_pgmpy(model: Any, network: Network) -> dict[str, xr.DataArray]:
    """Read the CPDs of a pgmpy network as labelled tables, dims parents then node."""
    tables = {}
    for cpd in model.get_cpds():
        variables = [str(variable) for variable in cpd.variables]
        coords = {str(v): [str(state) for state in cpd.state_names[v]] for v in cpd.variables}
        table = xr.DataArray(np.asarray(cpd.values, float), dims=variables, coords=coords)
        name = variables[0]
        tables[name] = table.transpose(*network.axes(name))
    return tables


def scaled_to_one(tables: Mapping[str, xr.DataArray]) -> tuple[dict[str, xr.DataArray], dict[str, float]]:
    """Scale rows that add up to one only within the rounding of a text file, and say by how much.

    Returns
    -------
    tables
        With rows that add up to one.
    off
        Node -> how far its worst row was from one, for nodes where that is above 1e-8.
    """
    off = {name: float(abs(table.sum(name) - 1).max()) for name, table in tables.items()}
    scaled = {name: table / table.sum(name) if off[name] > 0 else table for name, table in tables.items()}
    return scaled, {name: distance for name, distance in off.items() if distance > 1e-8}


def network_to_pgmpy(network: Network, tables: Mapping[str, xr.DataArray] | None = None) -> Any:
    """Make a pgmpy network.

    Parameters
    ----------
    tables
        Node -> table with dims parents and node (any order, no draws); without, the network has no CPDs.

    Returns
    -------
    pgmpy.models.DiscreteBayesianNetwork
    """
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork([(parent, node.name) for node in network.nodes for parent in node.parent_names])
    model.add_nodes_from(network.names)
    for name, table in (tables or {}).items():
        node = network[name]
        values = np.asarray(table.transpose(name, *node.parent_names).values, float)
        cpd = TabularCPD(
            name,
            len(node.states),
            values.reshape(len(node.states), -1),
            evidence=list(node.parent_names) or None,
            evidence_card=[len(network[parent].states) for parent in node.parent_names] or None,
            state_names={axis: list(network[axis].states) for axis in network.axes(name)},
        )
        model.add_cpds(cpd)
    return model
