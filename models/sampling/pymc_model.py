"""From network, data and priors to a `pymc.Model`; nothing is sampled here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cases.encode import Cases
from ..cases.patterns import Patterns
from ..families.base import counts
from ..families.pooled import log_marginal, rows_from_units, unit_density
from ..network.network import Network
from ..network.parameters import network_parameters, parameter_coords, rows_learned, stored_table
from ..node import Node
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorSet
from ..store import netcdf_name

if TYPE_CHECKING:
    import pymc as pm


def pymc_model(
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
        Which nodes; all by default. Nodes tied by missing cells belong together.
    exact
        Whether the rows of pooled tables that no missing cell touches are integrated out and no variables.

    Returns
    -------
    pymc.Model
        With named dims; variables are called ``node.parameter``.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, encode
    >>> from servanda.models.cases import find_patterns
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> cases = encode(network, pd.DataFrame({"kept": ["yes", "no", "yes"]}))
    >>> [one.name for one in pymc_model(network, cases, find_patterns(network, cases), None).free_RVs]
    ['kept.table']
    """
    import pymc as pm
    import pytensor.tensor

    pt: Any = pytensor.tensor
    chosen = tuple(network.names if nodes is None else nodes)
    coords = parameter_coords(network, cases.levels)
    used = {dim for parameter in network_parameters(network, chosen) for dim in parameter.dims}
    used |= {group.name for name in chosen for group in network[name].groups}
    pooled = rows_learned(network, chosen)
    integrated = tuple(name for name in pooled if exact and name not in patterns.touched)
    used |= {axis for name in pooled if name not in integrated for axis in network.dims(name)}
    # The unseen member of a group is drawn after sampling, where its draws are exact.
    own = {netcdf_name(dim): coords[dim][:-1] if dim in cases.levels else coords[dim] for dim in used}
    with pm.Model(coords=own) as model:
        values: dict[str, Any] = {}
        for parameter in network_parameters(network, chosen):
            values[parameter.name] = _variable(parameter, parameter.prior(priors), coords, values)
        for name in chosen:
            values |= _group_effects(network[name], values)
        for name in pooled:
            values |= _pooled_rows(network, name, patterns, values, integrated=name in integrated)
        pieces = {name: _pieces(network, name, patterns, values) for name in chosen if name not in integrated}
        for name, (complete, _) in pieces.items():
            if complete is not None and name not in pooled:
                pm.Potential(f"{netcdf_name(name)}.likelihood", (complete * patterns.complete[name].counts).sum())
        for number, part in enumerate(patterns.incomplete):
            if set(part.codes) & set(chosen):
                total = sum(pieces[name][1][number] for name in part.codes)
                joint = pt.reshape(total, (len(part.counts), part.completions))
                pm.Potential(f"missing.{number}.likelihood", (pt.logsumexp(joint, axis=1) * part.counts).sum())
    return model


def _named(name: str, dims: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Name and dims of a variable as the tree of draws can hold them."""
    return netcdf_name(name), tuple(map(netcdf_name, dims))


def _variable(
    parameter: Parameter, prior: Prior, coords: Mapping[str, tuple[str, ...]], values: Mapping[str, Any]
) -> Any:
    """PyMC variable of a parameter; where its spread is learned, of numbers as its prior states them (non-centred)."""
    import pymc as pm

    name, dims = _named(f"{parameter.name}.stated" if parameter.scaled_by else parameter.name, parameter.dims)
    numbers = prior.resolved(parameter.states(coords), parameter.name)
    if parameter.zero_sum:
        stated = prior.kind.zero_sum_variable(name, dims, parameter.zero_sum, **numbers)
    else:
        shape = tuple(len(coords[dim]) for dim in parameter.dims)
        stated = prior.kind.variable(name, dims, shape, **numbers)
    if parameter.scaled_by is None:
        return stated
    x = parameter.stretched(stated, prior, coords, values)
    return pm.Deterministic(netcdf_name(parameter.name), x, dims=dims or None)


def _group_effects(node: Node, values: Mapping[str, Any]) -> dict[str, Any]:
    """Effects of a group's members, non-centred (Papaspiliopoulos, Roberts and Skoeld 2007, Stat Sci 22(1))."""
    import pymc as pm

    effects = {}
    for group in node.groups:
        name = f"{node.name}.{group.name}"
        own, dims = _named(name, (group.name,))
        unit = pm.Normal(f"{own}.unit", 0.0, 1.0, dims=dims)
        effects[name] = pm.Deterministic(own, unit * values[f"{name}_sd"], dims=dims)
    return effects


def _pooled_rows(
    network: Network, name: str, patterns: Patterns, values: Mapping[str, Any], *, integrated: bool
) -> dict[str, Any]:
    """The likelihood of the complete cells of a pooled table, and its rows where missing cells need them."""
    import pymc as pm
    import pytensor.tensor

    cells, table = patterns.complete[name], stored_table(network, name)
    alpha = network.family(name).row_alpha(values, network.local(name))
    counted = counts(cells.codes, cells.counts, network.shape(name))
    if counted.any():
        pm.Potential(f"{netcdf_name(name)}.likelihood", log_marginal(alpha, counted))
    if integrated:
        return {}
    *parents, states = network.shape(name)
    own, dims = _named(table, network.dims(name))
    unit = pm.Flat(f"{own}.unit", shape=(*parents, states - 1))
    pm.Potential(f"{own}.density", unit_density(unit, alpha + counted).sum())
    rows = rows_from_units(unit, alpha + counted, pytensor.tensor)
    return {table: pm.Deterministic(own, rows, dims=dims)}


def _pieces(network: Network, name: str, patterns: Patterns, values: Mapping[str, Any]) -> tuple[Any, dict[int, Any]]:
    """Log-probabilities of one node: of its complete cells, and of its part in each set of missing patterns.

    They are computed in one go and cut up afterwards, so that a CPD is compiled once and not once for each set.
    """
    import pytensor.tensor as pt

    node, cells = network[name], patterns.complete[name]
    incomplete = [(number, part) for number, part in enumerate(patterns.incomplete) if name in part.codes]
    codes = np.concatenate([cells.codes, *(part.codes[name] for _, part in incomplete)])
    members = {
        group.name: np.concatenate(
            [cells.members[group.name], *(part.members[name][group.name] for _, part in incomplete)]
        )
        for group in node.groups
    }
    if not len(codes):
        return None, {}
    log_p = network.family(name).log_prob(values, codes, members, network.local(name), pt)
    complete = log_p[: len(cells.codes)] if len(cells.codes) else None
    parts, start = {}, len(cells.codes)
    for number, part in incomplete:
        stop = start + len(part.codes[name])
        parts[number] = log_p[start:stop]
        start = stop
    return complete, parts
