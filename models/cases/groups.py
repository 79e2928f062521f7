"""Groups of a tree that hold something of each case, node by node: what was seen, its log-likelihood, and replicates.

A node that every case shows has the dim ``case``. Where some cells are missing, the node has a dim of its own,
``<node>_case``, of the cases that show it: so a score or a plot of the node is of what was seen, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..names import escape
from ..network.network import Network
from .encode import MISSING, Cases
from .likelihood import cell_distributions, cell_log_likelihood, stacked_draws
from .patterns import Patterns

#: What goes before the name of a group effect where the member of each case is stored.
MEMBER_OF = "member_of_"


def case_variables(network: Network) -> dict[str, str]:
    """Node -> its variable in the groups that hold cases: its name, unless a dim or another variable has that.

    Examples
    --------
    >>> from servanda.models import Network, Node
    >>> case_variables(Network((Node("case", ("civil", "penal")), Node("won", ("no", "yes")))))
    {'case': 'node case', 'won': 'won'}
    """
    beside = {"chain", "draw", "case", "case_count", *(f"{MEMBER_OF}{group}" for group in network.group_columns)}
    own = {f"{name}_case{end}" for name in network.names for end in ("", "_count")}
    return {name: escape(name, beside | own) for name in network.names}


def coded_group(network: Network, cases: Cases) -> xr.Dataset:
    """All cells as state numbers, -1 where one is missing, with the members of each case."""
    names = case_variables(network)
    codes = {names[name]: ("case", cases.codes[name].astype(np.int16), {"missing": MISSING}) for name in network.names}
    return xr.Dataset(codes | _members(cases), _case_coords("case", cases, slice(None)))


def cases_from(
    network: Network, group: xr.Dataset, levels: Mapping[str, tuple[str, ...]], data_sets: Collection[str]
) -> Cases | None:
    """Coded cases that `coded_group` stored; None where something of them is not there."""
    names = case_variables(network)
    members = {name: f"{MEMBER_OF}{name}" for name in network.group_columns}
    if any(name not in group for name in (*names.values(), *members.values())):
        return None
    return Cases(
        {node: group[name].values.astype(int) for node, name in names.items()},
        {effect: group[name].values.astype(int) for effect, name in members.items()},
        levels,
        tuple(str(label) for label in group["case"].values),
        group["case_count"].values if "case_count" in group.coords else None,
        tuple(data_sets),
    )


def log_likelihood_group(
    network: Network, patterns: Patterns, cases: Cases, draws: xr.Dataset, nodes: Collection[str] | None = None
) -> xr.Dataset:
    """Log-likelihood of every cell that was seen, a variable for each node; see `cell_log_likelihood`.

    The numbers are rounded to seven digits (float32), which halves what they take: of a score nothing is lost that
    could be seen.
    """
    values = stacked_draws(draws.data_vars)

    def own(name: str, seen: np.ndarray) -> np.ndarray:
        return cell_log_likelihood(network, patterns, values, name)[:, seen].astype(np.float32)

    return _of_cells(network, cases, nodes, own, draws)


def predicted_group(
    network: Network,
    patterns: Patterns,
    cases: Cases,
    draws: xr.Dataset,
    rng: np.random.Generator,
    nodes: Collection[str] | None = None,
) -> xr.Dataset:
    """Replicates of every cell that was seen, one in each draw, as state numbers.

    Each is drawn from the distribution by which `log_likelihood_group` judges the cell: given the cells that stand
    before it in its case.
    """
    values = stacked_draws(draws.data_vars)

    def own(name: str, seen: np.ndarray) -> np.ndarray:
        share = np.exp(cell_distributions(network, patterns, values, name)[:, seen]).cumsum(axis=-1)
        edge = rng.random((*share.shape[:-1], 1)) * share[..., -1:]
        return (share[..., :-1] <= edge).sum(axis=-1).astype(np.int16)

    return _of_cells(network, cases, nodes, own, draws)


def observed_group(network: Network, cases: Cases, nodes: Collection[str] | None = None) -> xr.Dataset:
    """State number of every cell that was seen, with the dims of `predicted_group`."""
    return _of_cells(network, cases, nodes, lambda name, seen: cases.codes[name][seen].astype(np.int16))


def member_group(cases: Cases) -> xr.Dataset:
    """Member of each case in every group effect, as its number."""
    return xr.Dataset(_members(cases), _case_coords("case", cases, slice(None)))


def cells_seen(cases: Cases, nodes: Collection[str]) -> int:
    """Number of cells of some nodes that are not missing."""
    return sum(int((cases.codes[name] != MISSING).sum()) for name in nodes)


def _of_cells(
    network: Network, cases: Cases, nodes: Collection[str] | None, own: Any, draws: xr.Dataset | None = None
) -> xr.Dataset:
    """A variable for each node that some case shows; `own` gives it from the node's name and which cases those are."""
    variables, coords = {}, {}
    lead = {} if draws is None else {dim: draws.coords[dim] for dim in ("chain", "draw")}
    for name, variable in case_variables(network).items():
        seen = cases.codes[name] != MISSING
        if (nodes is not None and name not in nodes) or not seen.any():
            continue
        dim = "case" if seen.all() else f"{name}_case"
        # Cases first: equal cases are then equal runs of draws, which a file holds once (`servanda.models.store`).
        x = np.ascontiguousarray(own(name, seen).T).reshape((-1, *(len(own) for own in lead.values())))
        variables[variable] = ((dim, *lead), x, {"states": list(network[name].states)})
        coords |= _case_coords(dim, cases, seen)
    return xr.Dataset(variables, lead | coords)


def _members(cases: Cases) -> dict[str, tuple[str, np.ndarray]]:
    return {f"{MEMBER_OF}{name}": ("case", numbers.astype(np.int32)) for name, numbers in cases.members.items()}


def _case_coords(dim: str, cases: Cases, rows: slice | np.ndarray) -> dict[str, Any]:
    """Names of the cases and, where a case stands for several, how many."""
    counted = {} if cases.counts is None else {f"{dim}_count": (dim, cases.counts[rows])}
    return {dim: np.array(cases.labels, dtype=object)[rows].tolist(), **counted}
