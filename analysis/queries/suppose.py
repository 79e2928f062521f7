"""Posteriors conditioned on a hypothetical case: what if we also saw this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, InputError
from ...models.families import NEW
from ...models.families.unseen import REACH, population, weights_name
from ...models.inference.question import evidence_nodes
from ...models.posterior import Posterior
from ...models.questions.answers import joint_distribution
from ...models.questions.evidence import GivenEvidence, States, as_states, as_weights, check_keywords, resolve_evidence
from ...models.questions.unseen import Point, at_point, points, unseen_groups
from ...models.seeds import generator
from ...models.store import draws_tree, group_of


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
    are resampled by weight within each chain (systematic resampling). A member that the data does not hold, such as the
    guarantee itself, is integrated out; what the case showed of it is kept, as new weights of the points of its effect
    in every draw. It is the same member in every later question that names none; ``"(new)"`` is one drawn from them.

    Parameters
    ----------
    posterior
        What was believed before.
    observed
        What the case showed: node -> state, such as ``{"compliance": "defected"}``.
    given, do
        Circumstances of the case, taken as known and as set; nothing is learnt from their own probability.
    seed
        Of the resampling.
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
    check_keywords(suppose, posterior, members)
    rng = generator(seed)
    asked = resolve_evidence(posterior, tuple(observed), given, do, members)
    states = tuple(posterior.network[name].index(state) for name, state in observed.items())
    average, learnt = _explained(asked, states, rng)
    weights = average.reshape(tuple(posterior.sizes.values()))
    total = weights.sum(axis=1, keepdims=True)
    if not np.all(total > 0):
        raise InputError("supposed case", [Fault("", "has probability zero, so nothing can be learnt from it")])
    picks = np.stack([_systematic(row, rng) for row in weights / total])
    chains = np.broadcast_to(np.arange(len(picks))[:, None], picks.shape)
    index = {
        "chain": xr.DataArray(chains, dims=("chain", "draw")),
        "draw": xr.DataArray(picks, dims=("chain", "draw")),
    }
    draws = _with_learnt(posterior, learnt).isel(index)
    draws = draws.assign_coords({dim: posterior.draws.coords[dim].values for dim in ("chain", "draw")})
    draws = _redrawn(posterior, draws, rng)
    left = float(weights.sum() ** 2 / (weights**2).sum())
    case = {"observed": dict(observed), "given": dict(given or {}), "do": _plain(do), **members}
    supposed = {**case, "effective_draws": left}
    provenance = {**posterior.provenance, "supposed": supposed}
    groups = {"posterior": draws}
    if "sample_stats" in posterior.tree:
        groups["sample_stats"] = group_of(posterior.tree, "sample_stats")
    return replace(posterior, tree=draws_tree(groups), provenance=provenance)


def _plain(do: States) -> dict[str, Any]:
    """States and distributions that nodes are set to, as a file can hold them."""
    return {name: as_weights(state) or state for name, state in as_states(do, "do").items()}


def another_member(posterior: Posterior, group: str) -> Posterior:
    """Posterior in which an unseen member of a group is another than the one that supposed cases told of."""
    changed = {}
    for node in posterior.network.nodes:
        names = [own.name for own in node.groups]
        name = weights_name(node.name)
        if group in names and name in posterior.draws.data_vars:
            changed[name] = posterior.draws[name].sum(_dim(node.name, group), keepdims=True)
    if not changed:
        return posterior
    draws = posterior.draws.drop_vars(list(changed)).assign(changed)
    return replace(posterior, tree=draws_tree({"posterior": draws}))


def _explained(
    asked: GivenEvidence, states: tuple[int, ...], rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Probability of what was seen in every draw, and what it says of the unseen members.

    Returns
    -------
    average
        Shape (samples,).
    learnt
        Node -> weights of the points of its unseen members, shape (points of each group or 1, samples).
    """
    groups = unseen_groups(asked)
    network, form = asked.system.network, asked.form
    bearing = evidence_nodes(network, replace(form, given=(*form.given, *form.targets)))
    nodes = [name for name in bearing if any(group.name in groups for group in network[name].groups)]
    learnt: dict[str, np.ndarray] = {}
    values = dict(asked.system.values)
    # One case ties the members' effects on several nodes to each other: all but those on one node are drawn.
    for name in nodes[:-1]:
        found = [*points(asked.system, groups, [name], apart=True)]
        pick = _picked(np.stack([point.weight for point in found]), rng)
        learnt[name] = _spread_out(asked, name, found, [(pick == number) * 1.0 for number in range(len(found))])
        taken = {kind: _taken([getattr(point, kind) for point in found], pick) for kind in ("effects", "learnt")}
        values = replace(found[0], **taken).put(values)
    asked = replace(asked, system=replace(asked.system, values=values))
    found = [*points(asked.system, groups, nodes[-1:], apart=True)]
    chance = [_chance(at_point(asked, point, groups if nodes else ()), states) for point in found]
    joint = [point.weight * own for point, own in zip(found, chance, strict=True)]
    average = np.sum(joint, axis=0)
    if nodes:
        share = [own / np.where(average > 0, average, 1.0) for own in joint]
        learnt[nodes[-1]] = _spread_out(asked, nodes[-1], found, share)
    return average, learnt


def _picked(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Number of a point of each draw, drawn by weights of shape (points, ...)."""
    edges = np.cumsum(weights, axis=0)
    return (edges < rng.random(edges.shape[1:]) * edges[-1]).sum(axis=0)


def _taken(offered: list[Mapping[str, np.ndarray]], pick: np.ndarray) -> dict[str, np.ndarray]:
    """What the picked point offers, in every draw."""
    draws = np.arange(len(pick))
    return {name: np.moveaxis(np.stack([one[name] for one in offered])[pick, ..., draws], 0, -1) for name in offered[0]}


def _chance(asked: GivenEvidence, states: tuple[int, ...]) -> np.ndarray:
    answer = joint_distribution(asked).values[(..., *states)]
    return answer.reshape(-1)


def _spread_out(asked: GivenEvidence, node: str, found: list[Point], shares: list[np.ndarray]) -> np.ndarray:
    """Weights of points as an array with an axis for each group of a node, of size one where a group has none."""
    groups = [group.name for group in asked.system.network[node].groups]
    unseen = [name for name in groups if name in unseen_groups(asked)]
    sizes = [1 + max(point.place[place] for point in found) for place in range(len(unseen))]
    shape = [sizes[unseen.index(name)] if name in unseen else 1 for name in groups]
    return np.stack(shares).reshape((*shape, -1))


def _with_learnt(posterior: Posterior, learnt: Mapping[str, np.ndarray]) -> xr.Dataset:
    draws = posterior.draws
    for node, weights in learnt.items():
        dims = [_dim(node, group.name) for group in posterior.network[node].groups]
        whole = weights.reshape((*weights.shape[:-1], *posterior.sizes.values()))
        variable = xr.DataArray(whole, dims=(*dims, "chain", "draw")).transpose("chain", "draw", ...)
        draws = draws.drop_vars(weights_name(node), errors="ignore").assign({weights_name(node): variable})
    return draws


def _redrawn(posterior: Posterior, draws: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Draws whose ``(new)`` members are drawn from what supposed cases told of them."""
    for node in posterior.network.nodes:
        name = weights_name(node.name)
        if name not in draws.data_vars:
            continue
        weights = draws[name].transpose(*(_dim(node.name, group.name) for group in node.groups), "chain", "draw").values
        pick = _picked(weights.reshape((-1, *weights.shape[-2:])), rng)
        for group, number, size in zip(
            node.groups, np.unravel_index(pick, weights.shape[:-2]), weights.shape[:-2], strict=True
        ):
            if size > 1:
                z, step = population(size)[0], 2 * REACH / size
                # Somewhere in the cell about the point, so that draws do not pile up on a few numbers.
                effect = z[number] + step * (rng.random(pick.shape) - 0.5)
                own = draws[f"{node.name}.{group.name}"].copy(deep=True)
                own.loc[{group.name: NEW}] = draws[f"{node.name}.{group.name}_sd"] * effect
                draws = draws.assign({f"{node.name}.{group.name}": own})
    return draws


def _dim(node: str, group: str) -> str:
    return f"{node}_{group}_point"


def _systematic(share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions drawn in proportion to `share`, each as often as expected to within one."""
    points_ = (np.arange(len(share)) + rng.random()) / len(share)
    edges = np.cumsum(share)
    return np.minimum(np.searchsorted(edges, points_), len(share) - 1)
