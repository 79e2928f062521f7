"""The posterior of a network: draws of every parameter, with the network, the priors and where it came from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from ..common.errors import Fault, InputError, nearest, raise_faults
from ..common.json_values import to_json
from ..common.show import Shown, View
from .errors import QueryError
from .families.base import NEW
from .families.unseen import INTEGRATED, TYPICAL
from .formats.content import scaled_to_one
from .formats.pgmpy import content_from_pgmpy
from .names import DRAWS, escape, node_dim
from .network.files import read_network_file, write_network_file
from .network.network import Network
from .network.parameters import network_parameters, stored_table
from .network.tables import labelled_tables, ordered_tables
from .network.toml import network_from_toml, network_to_toml
from .node import DEFAULT_FAMILY
from .parameters.prior_set import PriorSet
from .store import StoreError, check_kind, damaged, draws_tree, group_of, load_tree, priors_from_dict, save_tree

#: Name of the member whose effect is zero, unless the data holds one of this name.
AVERAGE_MEMBER = "typical"


def zeros_of(network: Network, values: Mapping[str, np.ndarray]) -> frozenset[str]:
    """Nodes with a probability of exactly zero in some table of some draw, or by what their family says.

    Parameters
    ----------
    network
        The network.
    values
        Parameter -> draws, shape (*dims, samples); draws made for one question may hold the tables that it depends on,
        and no others.
    """
    named = {name: network.family(name).stored_table(network.local(name)) for name in network.names}
    stated = {name: values[table] for name, table in named.items() if table and table in values}
    drawn = {name for name, table in stated.items() if table.min() == 0}
    said = {name for name in network.names if network.family(name).forbids}
    return frozenset(drawn | said)


@dataclass(frozen=True, repr=False)
class Posterior(Shown):
    """Draws of every parameter of a network.

    Parameters
    ----------
    network
        The network the parameters belong to.
    tree
        ArviZ's groups: ``posterior`` (variables ``node.parameter``, dims chain, draw, ...) and, after a fit,
        ``sample_stats``, ``log_prior`` (a variable for each parameter), ``log_likelihood`` and ``observed_data`` (one
        for each node): ``arviz.summary(posterior.tree)``, ``arviz.loo(posterior.tree, var_name=node)``.
        `servanda.models.predictive_groups` adds what predictive checks need.
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
        return group_of(self.tree, "posterior")

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
        return zeros_of(self.network, self.values)

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
        """Position of a member of a group, or how one that the data does not hold is taken.

        Parameters
        ----------
        group
            The effect.
        name
            A member of the data; None for one not seen, whose effect is integrated out of every draw; ``"(new)"`` for
            one drawn from the population in every draw; ``"typical"`` for one without an effect.

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
            return INTEGRATED
        if name == AVERAGE_MEMBER and name not in known:
            return TYPICAL
        if name not in known:
            near = nearest(name, known[:-1])
            what = (
                f"'{name}' is not in the data{near}; leave {group} out to average over those not seen, or say '{NEW}'"
            )
            raise QueryError.of(group, f"{what} to draw one of them")
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
            Group effect -> member, e.g. ``actor="USA"``; see `member`.

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
        table = network.family(node).table(self.values, fixed, picks, network.local(node))
        axes = {escape(axis, DRAWS): axis for axis in network.axes(node) if axis not in fixed}
        table = table.reshape((*table.shape[:-1], *self.sizes.values()))
        coords = {dim: list(network[axis].states) for dim, axis in axes.items()}
        return xr.DataArray(table, dims=(*axes, "chain", "draw"), coords=coords, name=node).transpose(
            "chain", "draw", ...
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one netCDF file, whole or not at all; see `load_posterior`."""
        facts = {
            "network": network_to_toml(self.network),
            "priors": to_json(None if self.priors is None else self.priors.to_dict()),
            "provenance": to_json(self.provenance),
        }
        save_tree(self.tree, facts, path)

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
                    family=DEFAULT_FAMILY,
                    groups=(),
                    options=(),
                    parents=tuple(replace(a, term=None, by=None) for a in n.parents),
                )
                for n in network.nodes
            ),
        )
        arrays = ordered_tables(plain, tables)
        variables = {
            stored_table(plain, name): (("chain", "draw", *plain.dims(name)), array) for name, array in arrays.items()
        }
        chains, draws = next(iter(arrays.values())).shape[:2]
        numbers = {"chain": np.arange(chains), "draw": np.arange(draws)}
        dataset = xr.Dataset(variables, numbers | {node_dim(node.name): list(node.states) for node in plain.nodes})
        return cls(plain, draws_tree({"posterior": dataset}), None, dict(provenance or {}))

    @classmethod
    def from_pgmpy(cls, model: Any, name: str = "network") -> Posterior:
        """Take a pgmpy network with fixed tables as a posterior of one draw.

        pgmpy takes tables whose rows add up to one within 0.01, as files with rounded numbers have them. They
        are scaled, and ``provenance["rows_scaled"]`` says which nodes and by how much.
        """
        content = content_from_pgmpy(model, name)
        network = Network.from_content(content)
        scaled, off = scaled_to_one(content)
        return cls.from_tables(network, labelled_tables(scaled), {"rows_scaled": off} if off else {})

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Posterior:
        """Take a network file (BIF, XMLBIF, XDSL, NET) as a posterior of one draw; see `servanda.models.formats.files`.

        Rows that add up to one only within the rounding of the file are scaled, and ``provenance["rows_scaled"]`` says
        which nodes and by how much.
        """
        network, tables, off = read_network_file(path)
        return cls.from_tables(network, tables, {"rows_scaled": off} if off else {})

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write the mean of every table over the draws to a network file; see `servanda.models.formats.files`.

        Effects of actors and the like are integrated out of a table.
        """
        tables = {name: self.table(name).mean(("chain", "draw")) for name in self.network.names}
        write_network_file(self.network, tables, path)

    def _view(self) -> View:
        missing = self.provenance.get("missing_cells") or {}
        facts = {
            "network": f"{self.network.name}, of {len(self.network.nodes)} nodes",
            "priors": self.priors.name if self.priors else "none stated",
            "draws": f"{self.sizes['chain']} chains of {self.sizes['draw']}",
            "cases": self.provenance.get("cases", "not from data"),
            "missing cells": ", ".join(f"{name} {number}" for name, number in missing.items()) or "none",
            **{f"{group}s": len(members) for group, members in self.levels.items()},
            **({"seed": self.provenance["seed"]} if "seed" in self.provenance else {}),
        }
        return View(f"Posterior of {self.network.title or self.network.name}", facts)


def load_posterior(path: str | os.PathLike[str]) -> Posterior:
    """Posterior from the file that `Posterior.save` wrote.

    Raises
    ------
    StoreError
        If there is no such file, it was not written by `Posterior.save`, it was changed since, or it holds draws that
        their parameters cannot have.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, fit
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["yes", "no"]}), seed=1)
    >>> posterior.save("kept.nc")
    >>> load_posterior("kept.nc").draws.equals(posterior.draws)
    True
    """
    tree, facts = load_tree(path)
    check_kind(path, facts, "network")
    try:
        network = network_from_toml(facts["network"])
        priors = priors_from_dict(json.loads(facts["priors"]))
        provenance = json.loads(facts["provenance"])
        posterior = Posterior(network, tree, priors, provenance)
        faults = _value_faults(posterior)
    except InputError as error:
        raise StoreError(str(path), error.faults) from None
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        raise damaged(path) from None
    raise_faults(str(path), faults, StoreError)
    return posterior


def _value_faults(posterior: Posterior) -> list[Fault]:
    """List the variables whose draws are not what they can be; effects of members are real numbers."""
    draws = posterior.draws
    declared = {one.name: one for one in network_parameters(posterior.network)}
    parameters = {name: one for name, one in declared.items() if name in draws.data_vars}
    faults = [Fault(name, "is not there") for name in declared if name not in parameters]
    faults += [
        fault
        for name, one in parameters.items()
        for fault in one.value_faults(draws[name].transpose("chain", "draw", *one.dims).values)
    ]
    others = {str(name): draws[name].values for name in draws.data_vars if name not in parameters}
    faults += [
        Fault(name, "holds values that are no finite numbers")
        for name, values in others.items()
        if values.dtype.kind == "f" and not np.isfinite(values).all()
    ]
    return faults
