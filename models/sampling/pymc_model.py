"""From network, data and priors to a `pymc.Model`; nothing is sampled here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ..cases.patterns import Patterns
from ..errors import PriorError
from ..families import FAMILIES, NEW
from ..families.pooled import log_marginal, pooled_nodes, row_alpha, rows_from_units
from ..families.table import counts, table_name
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorSet

if TYPE_CHECKING:
    import pymc as pm

    from ..cases.encode import Cases
    from ..network.network import Network, Node


def network_parameters(network: Network, nodes: Iterable[str] | None = None) -> tuple[Parameter, ...]:
    """List the parameters of all (or the named) nodes whose priors can be stated.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> [p.name for p in network_parameters(load_network("guarantee"), ["stakes"])]
    ['stakes.table']
    """
    chosen = network.names if nodes is None else nodes
    return tuple(
        parameter for name in chosen for parameter in FAMILIES[network[name].family].parameters(network[name], network)
    )


def parameter_coords(
    network: Network, levels: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Coordinates of every dim a parameter can have.

    A group's members are followed by ``(new)``, the member that the data does not hold.
    """
    coords = dict(network.coords)
    for node in network.nodes:
        coords[f"{node.name}_step"] = tuple(f"{a} to {b}" for a, b in pairwise(node.states))
        coords[f"{node.name}_on"] = node.states[1:]
    for group, members in (levels or {}).items():
        coords[group] = (*members, NEW)
    return coords


def check_priors(network: Network, priors: PriorSet | None, coords: Mapping[str, tuple[str, ...]]) -> None:
    """Raise with every fault of `priors` for `network`.

    Raises
    ------
    PriorError
        A parameter without a prior, a prior without a parameter, numbers that do not fit.
    """
    if priors is not None:
        raise_faults(f"priors {priors.name}", prior_faults(network, priors, coords), PriorError)


def prior_faults(network: Network, priors: PriorSet, coords: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """List a prior without a parameter, a parameter without a prior, and numbers that do not fit."""
    faults = strangers(network, [entry.parameter for entry in priors.entries if not entry.is_pattern])
    for parameter in network_parameters(network):
        faults += parameter.faults(priors, coords)
    return faults


def strangers(network: Network, names: Iterable[str]) -> list[Fault]:
    """List names of parameters that a network does not have.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> for fault in strangers(load_network("guarantee"), ["complaince.power", "compliance.pwoer"]):
    ...     print(fault)
    complaince.power: there is no node 'complaince' in network guarantee; did you mean 'compliance'?
    compliance.pwoer: no such parameter in network guarantee; did you mean 'compliance.power'?
    """
    known = [parameter.name for parameter in network_parameters(network)]
    faults = []
    for name in names:
        node = name.split(".", 1)[0]
        if node not in network:
            what = f"there is no node '{node}' in network {network.name}{nearest(node, network.names)}"
            faults.append(Fault(name, what))
        elif name not in known:
            faults.append(Fault(name, f"no such parameter in network {network.name}{nearest(name, known)}"))
    return faults


def compile(  # noqa: A001  the field's own word
    network: Network,
    cases: Cases,
    patterns: Patterns,
    priors: PriorSet | None,
    nodes: Iterable[str] | None = None,
    *,
    exact: bool = True,
) -> pm.Model:
    """Build the PyMC model of some nodes of a network.

    The likelihood enters as potentials: one for the complete cells of each node, one for each set of cases
    that miss the same nodes, with the missing nodes summed out.

    Parameters
    ----------
    network, cases, patterns
        The structure, the coded data, and `find_patterns` of the two.
    priors
        None takes each family's defaults.
    nodes
        Which nodes; all by default. Nodes tied by holes belong together.
    exact
        Whether the rows of pooled tables that no hole touches are integrated out, so that they are no variables.

    Returns
    -------
    pymc.Model
        With named dims; variables are called ``node.parameter``.
    """
    import pymc as pm
    import pytensor.tensor

    pt: Any = pytensor.tensor
    chosen = tuple(network.names if nodes is None else nodes)
    coords = parameter_coords(network, cases.levels)
    used = {dim for parameter in network_parameters(network, chosen) for dim in parameter.dims}
    used |= {group.name for name in chosen for group in network[name].groups}
    pooled = pooled_nodes(network, chosen)
    integrated = tuple(name for name in pooled if exact and name not in patterns.touched)
    used |= {axis for name in pooled if name not in integrated for axis in network.axes(name)}
    # The unseen member of a group is drawn after sampling, where its draws are exact.
    own = {dim: coords[dim][:-1] if dim in cases.levels else coords[dim] for dim in used}
    with pm.Model(coords=own) as model:
        values: dict[str, Any] = {}
        for parameter in network_parameters(network, chosen):
            values[parameter.name] = _variable(parameter, parameter.prior(priors), coords)
        for name in chosen:
            values |= _group_effects(network[name], values)
        for name in pooled:
            values |= _pooled_rows(network, name, patterns, values, integrated=name in integrated)
        pieces = {name: _pieces(network, name, patterns, values) for name in chosen if name not in integrated}
        for name, (complete, _) in pieces.items():
            if complete is not None and name not in pooled:
                pm.Potential(f"{name}.likelihood", (complete * patterns.cells[name].counts).sum())
        for number, hole in enumerate(patterns.holes):
            if set(hole.codes) & set(chosen):
                total = sum(pieces[name][1][number] for name in hole.codes)
                joint = pt.reshape(total, (len(hole.counts), hole.completions))
                pm.Potential(f"holes.{number}.likelihood", (pt.logsumexp(joint, axis=1) * hole.counts).sum())
    return model


def _variable(parameter: Parameter, prior: Prior, coords: Mapping[str, tuple[str, ...]]) -> Any:
    numbers = prior.resolved(parameter.states(coords), parameter.name)
    if parameter.zero_sum:
        return prior.kind.zero_sum_variable(parameter.name, parameter.dims, parameter.zero_sum, **numbers)
    shape = tuple(len(coords[dim]) for dim in parameter.dims)
    return prior.kind.variable(parameter.name, parameter.dims, shape, **numbers)


def _group_effects(node: Node, values: Mapping[str, Any]) -> dict[str, Any]:
    """Effects of a group's members, non-centred (Papaspiliopoulos, Roberts and Skoeld 2007, Stat Sci 22(1))."""
    import pymc as pm

    effects = {}
    for group in node.groups:
        name = f"{node.name}.{group.name}"
        unit = pm.Normal(f"{name}.unit", 0.0, 1.0, dims=group.name)
        effects[name] = pm.Deterministic(name, unit * values[f"{name}_sd"], dims=group.name)
    return effects


def _pooled_rows(
    network: Network, name: str, patterns: Patterns, values: Mapping[str, Any], *, integrated: bool
) -> dict[str, Any]:
    """The likelihood of the complete cells of a pooled table, and its rows where a hole needs them."""
    import pymc as pm

    node, cells = network[name], patterns.cells[name]
    alpha, counted = row_alpha(values, node), counts(cells.codes, cells.counts, network.shape(name))
    if counted.any():
        pm.Potential(f"{name}.likelihood", log_marginal(alpha, counted))
    if integrated:
        return {}
    unit = pm.Flat(f"{table_name(node)}.unit", dims=network.axes(name))
    rows, density = rows_from_units(unit, alpha + counted)
    pm.Potential(f"{table_name(node)}.density", density.sum())
    return {table_name(node): pm.Deterministic(table_name(node), rows, dims=network.axes(name))}


def _pieces(network: Network, name: str, patterns: Patterns, values: Mapping[str, Any]) -> tuple[Any, dict[int, Any]]:
    """Log-probabilities of one node: of its complete cells, and of its part in each set of holes.

    They are computed in one go and cut up afterwards, so that a CPD is compiled once and not once for each set.
    """
    import pytensor.tensor as pt

    node, cells = network[name], patterns.cells[name]
    holes = [(number, hole) for number, hole in enumerate(patterns.holes) if name in hole.codes]
    codes = np.concatenate([cells.codes, *(hole.codes[name] for _, hole in holes)])
    members = {
        group.name: np.concatenate([cells.members[group.name], *(hole.members[name][group.name] for _, hole in holes)])
        for group in node.groups
    }
    if not len(codes):
        return None, {}
    log_p = FAMILIES[node.family].log_prob(values, codes, members, node, network, pt)
    complete = log_p[: len(cells.codes)] if len(cells.codes) else None
    parts, start = {}, len(cells.codes)
    for number, hole in holes:
        stop = start + len(hole.codes[name])
        parts[number] = log_p[start:stop]
        start = stop
    return complete, parts


def log_likelihood(
    network: Network,
    patterns: Patterns,
    values: Mapping[str, np.ndarray],
    *,
    cells: Collection[str] | None = None,
    holes: Collection[str] | None = None,
) -> np.ndarray:
    """Log-likelihood of every case under every draw, in plain NumPy: the judge of the compiled model.

    Parameters
    ----------
    values
        Parameter -> draws, shape (samples, *dims), group effects included.
    cells, holes
        Count complete cells of these nodes only, and holes that touch these only; all by default.

    Returns
    -------
    ndarray
        Shape (samples, cases): the joint log-probability of what was observed in each case.
    """
    samples = len(next(iter(values.values())))
    # Cases first, so that what is added to a case is one run of memory.
    total = np.zeros((patterns.cases, samples))
    for name in network.names if cells is None else cells:
        node, own = network[name], patterns.cells[name]
        if len(own.rows):
            log_p = FAMILIES[node.family].log_prob(values, own.codes, own.members, node, network, np)
            total[own.rows] += np.ascontiguousarray(log_p.T)[own.inverse]
    for hole in patterns.holes:
        if holes is not None and not set(hole.codes) & set(holes):
            continue
        log_p = sum(
            FAMILIES[network[name].family].log_prob(values, codes, hole.members[name], network[name], network, np)
            for name, codes in hole.codes.items()
        )
        joint = np.reshape(np.asarray(log_p), (samples, len(hole.counts), hole.completions))
        total[hole.rows] += np.ascontiguousarray(_log_sum(joint).T)[hole.inverse]
    return total.T


def _log_sum(log_p: np.ndarray) -> np.ndarray:
    """Logarithm of the sum over the last axis, which is short: it is put first, where NumPy adds whole arrays."""
    parts = np.ascontiguousarray(np.moveaxis(log_p, -1, 0))
    top = parts.max(axis=0)
    top[~np.isfinite(top)] = 0.0  # Impossible whatever was missing: the sum is 0, and its logarithm says so.
    with np.errstate(divide="ignore"):
        return np.log(np.exp(parts - top).sum(axis=0)) + top
