"""Draws from the prior, as a posterior that has seen no data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from ..families.pooled import draw_rows
from ..network.network import Network
from ..network.parameters import (
    check_priors,
    check_size,
    left_out,
    narrowed,
    network_parameters,
    parameter_coords,
    rows_learned,
    stored_table,
)
from ..parameters.parameter import sample_prior
from ..parameters.prior_set import PriorSet
from ..posterior import Posterior
from ..seeds import generator
from ..store import draws_tree
from .run import labelled


def prior_draws(
    network: Network,
    priors: PriorSet | None = None,
    *,
    seed: int,
    draws: int = 4000,
    levels: Mapping[str, tuple[str, ...]] | None = None,
) -> Posterior:
    """Draws of every parameter from its prior, as a posterior that has seen no data.

    Parameters
    ----------
    network, priors
        As in `fit`.
    draws
        Independent draws, in one chain.
    levels
        Group effect -> members to draw; none but the unseen one by default.

    Returns
    -------
    Posterior
        Every query can be asked of it: the answer is the prior predictive.
    """
    members = dict.fromkeys(network.group_columns, ()) | dict(levels or {})
    coords = parameter_coords(network, members)
    check_size(network, coords, draws)
    check_priors(network, priors, coords)
    priors, gone = narrowed(network, priors), left_out(network, priors)
    rng = generator(seed)
    variables, drawn = {}, {}
    for parameter in network_parameters(network):
        drawn[parameter.name] = sample_prior(parameter, parameter.prior(priors), coords, rng, draws, drawn)
        variables[parameter.name] = labelled(drawn[parameter.name][None], parameter.dims, coords)
    for node in network.nodes:
        for group in node.groups:
            spread = variables[f"{node.name}.{group.name}_sd"].values[..., None]
            effects = spread * rng.standard_normal((1, draws, len(coords[group.name])))
            variables[f"{node.name}.{group.name}"] = labelled(effects, (group.name,), coords)
    for name in rows_learned(network, network.names):
        drawn = {key: array.values for key, array in variables.items()}
        alpha = network.family(name).row_alpha(drawn, network.local(name))
        rows = draw_rows(rng, alpha, np.zeros(network.shape(name)))
        variables[stored_table(network, name)] = labelled(rows, network.dims(name), coords)
    tree = draws_tree({"posterior": xr.Dataset(variables)})
    identity = {"seed": seed, "draws": draws, "priors": priors.name if priors else "defaults", "cases": 0}
    identity |= {"priors_left_out": list(gone)} if gone else {}
    return Posterior(network, tree, priors, identity)
