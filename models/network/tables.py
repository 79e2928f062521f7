"""Tables of a network from elsewhere: labelled as xarray has them, and checked and put in order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from ...common.errors import Fault, nearest, raise_faults
from ..errors import DataError
from ..formats.content import NetworkContent
from ..names import DRAWS, escape
from .network import Network

#: How far from one a row of probabilities may add up; more is an error, and nothing is rescaled.
ROW_TOLERANCE = 1e-8


def labelled_tables(content: NetworkContent) -> dict[str, xr.DataArray]:
    """Give the tables of plain content with dims parents then node, labelled with the states."""
    axes = {node.name: {escape(axis, DRAWS): axis for axis in (*node.parents, node.name)} for node in content.nodes}
    return {
        name: xr.DataArray(
            table,
            dims=tuple(axes[name]),
            coords={dim: list(content.states[axis]) for dim, axis in axes[name].items()},
        )
        for name, table in content.tables.items()
    }


def ordered_tables(network: Network, tables: Mapping[str, xr.DataArray]) -> dict[str, np.ndarray]:
    """Check the tables of a network, and put them in its order.

    Parameters
    ----------
    tables
        Node -> table with dims [chain, draw,] parents, node, in any order; a table without chain and draw is the
        same in all draws of the others. States in any order where they are labelled.

    Returns
    -------
    dict
        Node -> array, shape (chain, draw, *`Network.shape`).

    Raises
    ------
    DataError
        Listing missing or superfluous tables, wrong dims or sizes, negative cells, rows that do not add up to one.

    Examples
    --------
    >>> from servanda.models import Network, Node
    >>> rain = xr.DataArray([0.3, 0.7], dims="rain", coords={"rain": ["yes", "no"]})
    >>> ordered_tables(Network((Node("rain", ("no", "yes")),)), {"rain": rain})["rain"].tolist()
    [[[0.7, 0.3]]]
    """
    known = network.names
    faults = [Fault(f"table {name}", f"no such node{nearest(name, known)}") for name in tables if name not in known]
    faults += [Fault(f"node {name}", "has no table") for name in known if name not in tables]
    for name in known:
        if name in tables:
            faults += [Fault(f"table {name}", what) for what in _table_faults(network, name, tables[name])]
    faults += _draw_faults(tables)
    raise_faults(f"tables of network {network.name}", faults, DataError)
    sizes = {dim: max(table.sizes.get(dim, 1) for table in tables.values()) for dim in ("chain", "draw")}
    return {name: _with_draws(network, name, tables[name], sizes) for name in known}


def _table_faults(network: Network, name: str, table: xr.DataArray) -> list[str]:
    axes = {escape(axis, DRAWS): axis for axis in network.axes(name)}
    own = [str(dim) for dim in table.dims if dim not in ("chain", "draw")]
    if set(own) != set(axes):
        return [f"has dims {', '.join(own)}; expected {', '.join(axes)}"]
    faults = []
    for axis, node in axes.items():
        states = network[node].states
        if table.sizes[axis] != len(states):
            faults.append(f"has {table.sizes[axis]} entries along {axis}, which has {len(states)} states")
        elif axis in table.coords and {str(s) for s in table.coords[axis].values} != set(states):
            faults.append(f"names states along {axis} that differ from the network's: {', '.join(states)}")
    if faults:
        return faults
    values = np.asarray(table.values, float)
    if not np.all(np.isfinite(values)) or values.min() < 0:
        return ["holds a negative or missing probability"]
    off = float(np.abs(np.asarray(table.sum(escape(name, DRAWS))) - 1).max())
    return (
        [f"has a row that adds up to 1 only within {off:.2g}; at most {ROW_TOLERANCE:g} is taken"]
        if off > ROW_TOLERANCE
        else []
    )


def _draw_faults(tables: Mapping[str, xr.DataArray]) -> list[Fault]:
    faults = []
    for dim in ("chain", "draw"):
        sizes = {name: table.sizes[dim] for name, table in tables.items() if table.sizes.get(dim, 1) > 1}
        if len(set(sizes.values())) > 1:
            shown = ", ".join(f"{name}: {size}" for name, size in sizes.items())
            faults.append(Fault(f"dim {dim}", f"has different sizes ({shown}); all tables with draws need the same"))
    return faults


def _with_draws(network: Network, name: str, table: xr.DataArray, sizes: Mapping[str, int]) -> np.ndarray:
    """Cells of a table in the network's order of axes and states, shape (chain, draw, *axes)."""
    axes = {escape(axis, DRAWS): axis for axis in network.axes(name)}
    present = [dim for dim in ("chain", "draw") if dim in table.dims]
    values = np.asarray(table.variable.transpose(*present, *axes).values, float)
    for place, (axis, node) in enumerate(axes.items(), start=len(present)):
        if axis in table.coords:
            stated = {str(state): number for number, state in enumerate(table.coords[axis].values)}
            order = [stated[state] for state in network[node].states]
            if order != list(range(len(order))):
                values = values.take(order, axis=place)
    for place, dim in enumerate(("chain", "draw")):
        if dim not in present:
            values = np.expand_dims(values, place)
    return np.broadcast_to(values, (*sizes.values(), *network.shape(name)))
