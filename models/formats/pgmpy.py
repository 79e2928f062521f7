"""To and from pgmpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ..errors import DataError, NetworkError
from ..network.network import Arrow, Network, Node

#: How far from one a row may add up that is taken as it stands: what is lost in the last digits of its doubles.
EXACT = 1e-12
#: How far from one the rounding of a text file may leave a row; such a row is scaled, one further off is an error.
ROUNDED = 0.01


def network_from_pgmpy(model: Any, name: str = "network") -> Network:
    """Read structure and state names of a pgmpy network.

    Parameters
    ----------
    model
        A ``pgmpy.models.DiscreteBayesianNetwork`` with CPDs, which hold the states. State names become text.

    Raises
    ------
    NetworkError
        If a node has no CPD, so that its states are not known, one without states (a continuous one), or one
        whose parents or their states are not those of the graph.
    """
    faults, nodes = [], []
    for variable in model.nodes():
        cpd = model.get_cpds(variable)
        found = _cpd_faults(model, variable, cpd)
        faults += [Fault(f"node {variable}", what) for what in found]
        if not found:
            parents = tuple(Arrow(str(parent)) for parent in cpd.variables[1:])
            nodes.append(Node(str(variable), _states(cpd, variable), parents))
    raise_faults(f"pgmpy network {name}", faults, NetworkError)
    return Network(tuple(nodes), name=name)


def _cpd_faults(model: Any, variable: Any, cpd: Any) -> list[str]:
    if cpd is None:
        return ["has no CPD, so its states are not known"]
    if not hasattr(cpd, "state_names"):
        return [f"has a {type(cpd).__name__}; only discrete nodes with a table of probabilities can be taken"]
    given, drawn = list(cpd.variables[1:]), list(model.get_parents(variable))
    if set(given) != set(drawn):
        shown = [", ".join(map(str, names)) or "none" for names in (given, drawn)]
        return [f"has a CPD given {shown[0]}, and in the graph the parents {shown[1]}"]
    owners = {parent: model.get_cpds(parent) for parent in given}
    return [
        f"has a CPD that names other states of {parent} than the CPD of {parent} does"
        for parent, owner in owners.items()
        if hasattr(owner, "state_names") and set(_states(owner, parent)) != set(_states(cpd, parent))
    ]


def _states(cpd: Any, variable: Any) -> tuple[str, ...]:
    return tuple(str(state) for state in cpd.state_names[variable])


def tables_from_pgmpy(model: Any, network: Network) -> dict[str, xr.DataArray]:
    """Read the CPDs of a pgmpy network as labelled tables, dims parents then node, states in the network's order."""
    tables = {}
    for cpd in model.get_cpds():
        variables = [str(variable) for variable in cpd.variables]
        coords = {str(variable): list(_states(cpd, variable)) for variable in cpd.variables}
        table = xr.DataArray(np.asarray(cpd.values, float), dims=variables, coords=coords)
        axes = network.axes(variables[0])
        # A CPD may list the states of a parent in another order than the parent's own CPD does.
        tables[variables[0]] = table.transpose(*axes).sel({axis: list(network[axis].states) for axis in axes})
    return tables


def scaled_to_one(tables: Mapping[str, xr.DataArray]) -> tuple[dict[str, xr.DataArray], dict[str, float]]:
    """Scale rows that add up to one only within the rounding of a text file, and say by how much.

    Parameters
    ----------
    tables
        Node -> table, one dim of which has the node's name.

    Returns
    -------
    tables
        With rows that add up to one; a row that did so to the last digits of its numbers is not touched.
    off
        Node -> how far its worst row was from one, for the nodes with a row that was scaled.

    Raises
    ------
    DataError
        Listing the tables with a negative or missing cell, and the worst row of each table that has one further
        from one than rounding explains (0.01).

    Examples
    --------
    >>> rounded = xr.DataArray([0.333, 0.333, 0.333], dims="rain")
    >>> tables, off = scaled_to_one({"rain": rounded})
    >>> round(off["rain"], 6), float(tables["rain"].sum())
    (0.001, 1.0)
    """
    faults = [Fault(f"table {name}", what) for name, table in tables.items() for what in _row_faults(name, table)]
    raise_faults("tables", faults, DataError)
    sums = {name: table.sum(name) for name, table in tables.items()}
    far = {name: abs(total - 1) > EXACT for name, total in sums.items()}
    scaled = {name: table / sums[name].where(far[name], 1.0) for name, table in tables.items()}
    return scaled, {name: float(abs(sums[name] - 1).max()) for name in tables if far[name].any()}


def _row_faults(name: str, table: xr.DataArray) -> list[str]:
    if not np.all(np.isfinite(table.values)) or table.values.min() < 0:
        return ["holds a negative or missing probability"]
    off = abs(table.sum(name) - 1)
    if off.max() <= ROUNDED + EXACT:
        return []
    worst = {str(dim): int(place) for dim, place in off.argmax(...).items()} if off.dims else {}
    row = table.isel(worst)
    where = ", ".join(f"{dim}={row.coords[dim].item()}" for dim in worst if dim in row.coords)
    shown = f"row {where}" if where else "a row"
    return [f"{shown} adds up to {float(row.sum()):.6g}; expected 1, within {ROUNDED:g} for rounding; correct it"]


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

    model = DiscreteBayesianNetwork()
    model.add_nodes_from(network.names)  # before the edges, which would bring their nodes in another order
    model.add_edges_from([(parent, node.name) for node in network.nodes for parent in node.parent_names])
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
