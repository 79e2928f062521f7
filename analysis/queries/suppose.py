"""Posteriors conditioned on a hypothetical case: what if we also saw this."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, InputError
from ...models.families import NEW
from ...models.network.network import Network
from ...models.posterior import Posterior
from ...models.questions.answers import joint_distribution
from ...models.questions.evidence import States, resolve_evidence

#: Values of an unseen member's effect that are proposed in every draw.
_PROPOSALS = 8


def suppose(
    posterior: Posterior,
    observed: Mapping[str, Any],
    given: States = None,
    do: States = None,
    *,
    seed: int,
    **members: Any,
) -> Posterior:
    """Posterior conditioned on what one more case showed, without a new fit.

    Each draw is weighted by the probability it gives to what was seen in the described circumstances, and draws
    are resampled by weight within each chain (systematic resampling). The effect of a member that the data does
    not hold, such as the guarantee itself, is not weighted as it stands: in every draw many values of it are
    proposed from the population, one is chosen by how well it explains the case, and the draw is weighted by
    their average, so that few draws are lost. It is the same member in every later question.

    Parameters
    ----------
    posterior
        What was believed before.
    observed
        What the case showed: node -> state, such as ``{"compliance": "defected"}``.
    given, do
        Circumstances of the case, taken as known and as set; nothing is learnt from their own probability.
    seed
        Of the proposals and the resampling.
    **members
        Whose case it is, as in `probability`.

    Returns
    -------
    Posterior
        With ``provenance["supposed"]`` holding the case and the effective number of draws left (Kish).

    Raises
    ------
    InputError
        If what was seen is impossible under every draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, fit
    >>> from servanda.analysis import probability
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["yes", "no"]}), seed=1)
    >>> after = suppose(posterior, {"kept": "yes"}, seed=1)
    >>> round(float(probability(after, "kept").sel(kept="yes").mean()), 1)
    0.6
    """
    rng = np.random.default_rng(seed)
    unseen = [group for group in posterior.members if members.get(group) is None]
    proposals = [_with_unseen(posterior, unseen, rng) for _ in range(_PROPOSALS if unseen else 1)]
    weights = np.stack([_probability(proposal, observed, given, do, members) for proposal in proposals])
    average = weights.mean(axis=0)
    total = average.sum(axis=1, keepdims=True)
    if not np.all(total > 0):
        raise InputError("supposed case", [Fault("", "has probability zero, so nothing can be learnt from it")])
    chosen = _chosen(posterior, proposals, weights, unseen, rng)
    picks = np.stack([_systematic(row, rng) for row in average / total])
    chains = np.broadcast_to(np.arange(len(picks))[:, None], picks.shape)
    index = {
        "chain": xr.DataArray(chains, dims=("chain", "draw")),
        "draw": xr.DataArray(picks, dims=("chain", "draw")),
    }
    draws = chosen.isel(index)
    draws = draws.assign_coords({dim: posterior.draws.coords[dim].values for dim in ("chain", "draw")})
    left = float(average.sum() ** 2 / (average**2).sum())
    case = {"observed": dict(observed), "given": dict(given or {}), "do": dict(do or {}), **members}
    supposed = {**case, "effective_draws": left}
    provenance = {**posterior.provenance, "supposed": supposed}
    groups = {"posterior": draws}
    if "sample_stats" in posterior.tree:
        groups["sample_stats"] = posterior.tree["sample_stats"].to_dataset()
    return replace(posterior, tree=xr.DataTree.from_dict(groups), provenance=provenance)


def _probability(
    posterior: Posterior, observed: Mapping[str, Any], given: States, do: States, members: Mapping[str, Any]
) -> np.ndarray:
    """Probability of what was observed in the described circumstances, shape (chain, draw)."""
    asked = resolve_evidence(posterior, tuple(observed), given, do, members)
    states = tuple(posterior.network[name].index(state) for name, state in observed.items())
    return joint_distribution(asked).values[(..., *states)]


def redraw_unseen(posterior: Posterior, group: str, seed: int) -> Posterior:
    """Posterior with a group's unseen member drawn again, as another member of the same population."""
    return _with_unseen(posterior, [group], np.random.default_rng(seed))


def _with_unseen(posterior: Posterior, groups: Sequence[str], rng: np.random.Generator) -> Posterior:
    draws = posterior.draws.copy()
    for group, name in _effects(posterior.network, groups):
        effect, spread = draws[name].copy(deep=True), draws[f"{name}_sd"]
        fresh = spread.values * rng.standard_normal(spread.shape)
        effect.loc[{group: NEW}] = xr.DataArray(fresh, dims=spread.dims)
        draws[name] = effect
    return replace(posterior, tree=xr.DataTree.from_dict({"posterior": draws}))


def _effects(network: Network, groups: Collection[str]) -> list[tuple[str, str]]:
    """Groups among those named with the parameter that holds the effects of their members on a node, node by node."""
    return [
        (group.name, f"{node.name}.{group.name}")
        for node in network.nodes
        for group in node.groups
        if group.name in groups
    ]


def _chosen(
    posterior: Posterior,
    proposals: Sequence[Posterior],
    weights: np.ndarray,
    groups: Sequence[str],
    rng: np.random.Generator,
) -> xr.Dataset:
    """In each draw, take the unseen members of one proposal, chosen in proportion to its weight."""
    edges = np.cumsum(weights, axis=0)
    pick = (edges < rng.random(edges.shape[1:]) * edges[-1]).sum(axis=0)
    draws = posterior.draws.copy()
    for group, name in _effects(posterior.network, groups):
        offered = np.stack([p.draws[name].sel({group: NEW}).values for p in proposals])
        effect = draws[name].copy(deep=True)
        taken = np.take_along_axis(offered, pick[None], axis=0)[0]
        effect.loc[{group: NEW}] = xr.DataArray(taken, dims=("chain", "draw"))
        draws[name] = effect
    return draws


def _systematic(share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions drawn in proportion to `share`, each as often as expected to within one."""
    points = (np.arange(len(share)) + rng.random()) / len(share)
    edges = np.cumsum(share)
    return np.minimum(np.searchsorted(edges, points), len(share) - 1)
