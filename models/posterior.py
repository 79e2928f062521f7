"""The posterior of a network: draws of every parameter, with the network, the priors and where it came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..common.errors import Fault, nearest, raise_faults
from .errors import DataError, QueryError
from .families import FAMILIES, NEW
from .families.table import table_name

if TYPE_CHECKING:
    from .network.network import Network
    from .parameters.prior_set import PriorSet

#: How far from one a row of probabilities may add up; more is an error, and nothing is rescaled.
ROW_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Posterior:
    """Draws of every parameter of a network.

    Parameters
    ----------
    network
        The network the parameters belong to.
    tree
        ArviZ-compatible groups: ``posterior`` (variables ``node.parameter``, dims chain, draw, ...) and, after
        a fit, ``sample_stats``, ``log_likelihood``, ``log_prior``, ``observed_data``. Every ArviZ function
        takes it: ``arviz.summary(posterior.tree)``.
    priors
        The priors of the fit; None where the tables came from elsewhere.
    provenance
        Versions, seed, settings, digests, counts of cases and of missing cells.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> posterior = Posterior.from_tables(network, {"rain": xr.DataArray([0.8, 0.2], dims="rain")})
    >>> posterior.sizes
    {'chain': 1, 'draw': 1}
    """

    network: Network
    tree: xr.DataTree
    priors: PriorSet | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def draws(self) -> xr.Dataset:
        """All parameters, dims chain, draw and their own."""
        return self.tree["posterior"].to_dataset()

    @property
    def sizes(self) -> dict[str, int]:
        """Numbers of chains and of draws a chain."""
        return {dim: int(self.draws.sizes[dim]) for dim in ("chain", "draw")}

    @cached_property
    def values(self) -> Mapping[str, np.ndarray]:
        """Parameter -> draws as an array, shape (*dims, chains * draws), chains one after another."""
        found = {}
        for name in self.draws.data_vars:
            array = self.draws.variables[name].transpose(..., "chain", "draw")
            found[str(name)] = np.ascontiguousarray(array.values.reshape((*array.shape[:-2], -1)))
        return found

    @cached_property
    def zeros(self) -> frozenset[str]:
        """Nodes with a probability of exactly zero in some table of some draw, or by what their family says."""
        stated = {node.name: self.values.get(table_name(node)) for node in self.network.nodes}
        drawn = {name for name, table in stated.items() if table is not None and table.min() == 0}
        said = {node.name for node in self.network.nodes if getattr(FAMILIES[node.family], "forbids", False)}
        return frozenset(drawn | said)

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Group effect -> its members, the unseen one last."""
        names = {group.name for node in self.network.nodes for group in node.groups}
        return {name: tuple(str(m) for m in self.draws.variables[name].values) for name in sorted(names)}

    @property
    def levels(self) -> Mapping[str, tuple[str, ...]]:
        """Group effect -> its members that the data holds."""
        return {name: seen[:-1] for name, seen in self.members.items()}

    def member(self, group: str, name: str | None) -> int:
        """Position of a member of a group; None is the member the data does not hold.

        Raises
        ------
        QueryError
            If the data holds no such member, naming the nearest.
        """
        known = self.members.get(group)
        if known is None:
            effects = ", ".join(self.members) or "none"
            raise QueryError.of(group, f"network {self.network.name} has no effect of this name; it has {effects}")
        if name is None:
            return known.index(NEW)
        if name not in known:
            what = f"'{name}' is not in the data{nearest(name, known[:-1])}; leave it out to speak of one not seen"
            raise QueryError.of(group, what)
        return known.index(name)

    def table(self, node: str, given: Mapping[str, str] | None = None, **members: str | None) -> xr.DataArray:
        """Draws of one node's conditional probabilities.

        Parameters
        ----------
        node
            Whose.
        given
            Parent -> state; what is given is not an axis of the result.
        members
            Group effect -> member, e.g. ``actor="USA"``.

        Returns
        -------
        DataArray
            Dims chain, draw, free parents, node.
        """
        network = self.network
        strangers = [name for name in given or {} if name not in network[node].parent_names]
        faults = [
            Fault(name, f"is no parent of {node}{nearest(name, network[node].parent_names)}") for name in strangers
        ]
        effects = [group.name for group in network[node].groups]
        faults += [
            Fault(name, f"is no effect on {node}{nearest(name, effects)}") for name in members if name not in effects
        ]
        raise_faults("table", faults, QueryError)
        fixed = {name: network[name].index(state) for name, state in (given or {}).items()}
        picks = {g.name: self.member(g.name, members.get(g.name)) for g in network[node].groups}
        table = FAMILIES[network[node].family].table(self.values, fixed, picks, network[node], network)
        axes = [axis for axis in network.axes(node) if axis not in fixed]
        table = table.reshape((*table.shape[:-1], *self.sizes.values()))
        coords = {axis: list(network[axis].states) for axis in axes}
        return xr.DataArray(table, dims=(*axes, "chain", "draw"), coords=coords, name=node).transpose(
            "chain", "draw", ...
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one netCDF file, whole or not at all; see `load_posterior`."""
        from .store import save_posterior

        save_posterior(self, path)

    @classmethod
    def from_tables(
        cls, network: Network, tables: Mapping[str, xr.DataArray], provenance: Mapping[str, Any] | None = None
    ) -> Posterior:
        """Make a posterior from CPT draws made elsewhere.

        Parameters
        ----------
        network
            The structure; its families are not used, every node becomes a `table`.
        tables
            Node -> table with dims [chain, draw,] parents, node, in any order; a table without chain and draw is
            the same in all draws of the others.

        Raises
        ------
        DataError
            Listing missing or superfluous tables, wrong dims or sizes, negative cells, rows that do not add up to one.
        """
        from dataclasses import replace

        plain = replace(
            network,
            nodes=tuple(
                replace(
                    n,
                    family="table",
                    groups=(),
                    options=(),
                    parents=tuple(replace(a, term=None, by=None) for a in n.parents),
                )
                for n in network.nodes
            ),
        )
        known = plain.names
        faults = [Fault(f"table {name}", f"no such node{nearest(name, known)}") for name in tables if name not in known]
        faults += [Fault(f"node {name}", "has no table") for name in known if name not in tables]
        for name in known:
            if name in tables:
                faults += [Fault(f"table {name}", what) for what in _table_faults(plain, name, tables[name])]
        faults += _draw_faults(tables)
        raise_faults(f"tables of network {network.name}", faults, DataError)
        sizes = {dim: max(table.sizes.get(dim, 1) for table in tables.values()) for dim in ("chain", "draw")}
        variables = {
            table_name(plain[name]): (
                ("chain", "draw", *plain.axes(name)),
                _with_draws(plain, name, tables[name], sizes),
            )
            for name in known
        }
        numbers = {dim: np.arange(size) for dim, size in sizes.items()}
        dataset = xr.Dataset(variables, numbers | {node.name: list(node.states) for node in plain.nodes})
        return cls(plain, xr.DataTree.from_dict({"posterior": dataset}), None, dict(provenance or {}))

    @classmethod
    def from_pgmpy(cls, model: Any, name: str = "network") -> Posterior:
        """Take a pgmpy network with fixed tables as a posterior of one draw.

        pgmpy takes tables whose rows add up to one within 0.01, as files with rounded numbers have them. They
        are scaled, and ``provenance["rows_scaled"]`` says which nodes and by how much.
        """
        from .formats.pgmpy import network_from_pgmpy, scaled_to_one, tables_from_pgmpy

        network = network_from_pgmpy(model, name)
        tables, off = scaled_to_one(tables_from_pgmpy(model, network))
        return cls.from_tables(network, tables, {"rows_scaled": off} if off else {})

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Posterior:
        """Take a network file (BIF, XMLBIF, XDSL, NET) as a posterior of one draw; see `servanda.models.formats.files`.

        Rows that add up to one only within the rounding of the file are scaled, and ``provenance["rows_scaled"]`` says
        which nodes and by how much.
        """
        from .formats.files import read_network_file

        network, tables, off = read_network_file(path)
        return cls.from_tables(network, tables, {"rows_scaled": off} if off else {})

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write the mean of every table over the draws to a network file; see `servanda.models.formats.files`.

        The table of a node with effects of actors is that of an actor not seen.
        """
        from .formats.files import write_network_file

        tables = {name: self.table(name).mean(("chain", "draw")) for name in self.network.names}
        write_network_file(self.network, tables, path)

    def _repr_html_(self) -> str:
        from .network.show import posterior_html

        return posterior_html(self)


def _table_faults(network: Network, name: str, table: xr.DataArray) -> list[str]:
    axes = network.axes(name)
    own = [str(dim) for dim in table.dims if dim not in ("chain", "draw")]
    if set(own) != set(axes):
        return [f"has dims {', '.join(own)}; expected {', '.join(axes)}"]
    faults = []
    for axis in axes:
        states = network[axis].states
        if table.sizes[axis] != len(states):
            faults.append(f"has {table.sizes[axis]} entries along {axis}, which has {len(states)} states")
        elif axis in table.coords and {str(s) for s in table.coords[axis].values} != set(states):
            faults.append(f"names states along {axis} that differ from the network's: {', '.join(states)}")
    if faults:
        return faults
    values = np.asarray(table.values, float)
    if not np.all(np.isfinite(values)) or values.min() < 0:
        return ["holds a negative or missing probability"]
    off = float(np.abs(np.asarray(table.sum(name)) - 1).max())
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
    axes = network.axes(name)
    present = [dim for dim in ("chain", "draw") if dim in table.dims]
    values = np.asarray(table.variable.transpose(*present, *axes).values, float)
    for place, axis in enumerate(axes, start=len(present)):
        if axis in table.coords:
            stated = {str(state): number for number, state in enumerate(table.coords[axis].values)}
            order = [stated[state] for state in network[axis].states]
            if order != list(range(len(order))):
                values = values.take(order, axis=place)
    for place, dim in enumerate(("chain", "draw")):
        if dim not in present:
            values = np.expand_dims(values, place)
    return np.broadcast_to(values, (*sizes.values(), *network.shape(name)))
