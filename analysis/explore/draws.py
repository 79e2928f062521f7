"""What a page needs of a posterior to answer P(target | states of other nodes), draw by draw.

The target's own numbers are kept as they are, but for rounding. Those of the nodes above it only say how likely the
states are that nobody set: of each draw they are kept in few bits, more for those that the record says less of, so
that a draw's tables stay together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...common.errors import Fault, InputError, raise_faults
from ...models.families import FAMILIES
from ...models.families.base import NEW, Family
from ...models.families.terms import term_axes
from ...models.families.unseen import INTEGRATED, TYPICAL, spread_name
from ...models.network.network import Network
from ...models.node import Local
from ...models.posterior import Posterior
from .packed import BITS, Moves, Rows, allotted, joined, moves

#: Draws that are kept at most, bytes that they may take, and the fewest draws.
MOST, ROOM, FEWEST = 4000, 295_000, 100
#: Bits that a number of another node takes on average, at least and at most.
_LEAST_BITS, _ENOUGH_BITS = 1.2, 3
#: Configurations of the parents of a target whose states have no common scale, and cells of a node's whole table.
_CONFIGURATIONS, _CELLS = 2048, 4096
#: The one piece of a node above the target whose table is made of effects.
JOINT = "joint"
#: From so many cells on a table of additive effects is kept as its effects.
_LARGE = 64


class ExploreError(InputError):
    """A network or a scenario that no page can be made of.

    Examples
    --------
    >>> from servanda.priors import prior_predictive
    >>> try:
    ...     drawn_network(prior_predictive("guarantee", "flat", seed=1, draws=2), "wept", {})
    ... except ExploreError as error:
    ...     print(error)
    guarantee: target: is 'wept', which is no node of the network
    """


def drawn_network(
    posterior: Posterior, target: str, members: Mapping[str, tuple[str, ...]], *, room: int = ROOM
) -> dict[str, Any]:
    """What a page needs of a posterior, ready for JSON.

    Parameters
    ----------
    posterior
        A fit.
    target
        The node whose states are asked for: of the family `ordinal`, `softmax` or `table`.
    members
        Group effect -> members that a reader may choose.
    room
        Bytes that the draws may take.

    Returns
    -------
    dict
        ``target``; ``nodes`` (those above the target in the order of the network, and the target last: name, states,
        parents, ``kind`` and ``pieces``); ``groups`` of the target; ``draws`` and ``samples`` (those kept, and those
        of the fit).

    Raises
    ------
    ExploreError
        If the network has no such node, or one that does not fit.
    """
    network = posterior.network
    if target not in network:
        raise ExploreError(network.name, [Fault("target", f"is '{target}', which is no node of the network")])
    above = tuple(name for name in network.names if name in network.ancestors([target]) and name != target)
    faults = _faults(network, target, above)
    raise_faults(f"network {network.name}", faults, ExploreError)
    samples = math.prod(posterior.sizes.values())
    kinds, pieces = {}, {}
    for name in (*above, target):
        kinds[name], pieces[name] = _pieces(posterior, network.local(name), whole=name == target)
    groups = _groups(posterior, network.local(target), members)
    own = sum(piece.size for piece in pieces[target].values())
    own += sum(piece.size for group in groups.values() for piece in group.values())
    others = sum(piece.size for name in above for piece in pieces[name].values())
    draws, bits = _divided(samples, own, others, room)
    if not draws:
        what = (
            f"holds {own} numbers a draw of {target} and {others} of the nodes above it, too many for one page; "
            "merge states or drop arrows"
        )
        raise ExploreError(f"network {network.name}", [Fault("", what)])
    kept = _spread(samples, draws)
    spreads = [piece.spreads for name in above for piece in pieces[name].values()]
    shared_bits = allotted(np.concatenate([np.empty(0), *spreads]), bits)
    nodes, used = [], 0
    for name in (*above, target):
        node, held = network[name], {}
        for key, piece in pieces[name].items():
            if name == target:
                held[key] = piece.packed(kept)
                continue
            held[key] = piece.placed(kept, shared_bits[used : used + piece.size])
            used += piece.size
        nodes.append(
            {
                "name": name,
                "states": list(node.states),
                "parents": list(node.parent_names),
                "kind": kinds[name],
                "pieces": held,
            }
        )
    shared = {name: {key: piece.packed(kept) for key, piece in own.items()} for name, own in groups.items()}
    return {
        "target": target,
        "nodes": nodes,
        "groups": {name: _group(blocks) for name, blocks in shared.items()},
        "draws": draws,
        "samples": samples,
    }


def _group(blocks: Mapping[str, Any]) -> dict[str, Any]:
    """Spread, drawn member and named members of a group."""
    named = {key.removeprefix("member:"): block for key, block in blocks.items() if key.startswith("member:")}
    return {"spread": blocks["spread"], "drawn": blocks["drawn"], "members": named}


def _faults(network: Network, target: str, above: tuple[str, ...]) -> list[Fault]:
    node, local = network[target], network.local(target)
    where, faults = f"node {target}", []
    family = network.family(target)
    if family.made_of not in _TARGETS:
        known = ", ".join(sorted(name for name, one in FAMILIES.items() if one.made_of in _TARGETS))
        faults.append(Fault(where, f"is of the family '{node.family}'; a page answers for the families {known}"))
    elif _TARGETS[family.made_of] and math.prod(local.sizes(local.parent_names)) > _CONFIGURATIONS:
        what = (
            f"is of the family '{node.family}' and has {math.prod(local.sizes(local.parent_names))} configurations of "
            f"parents; a page sums at most {_CONFIGURATIONS} of them"
        )
        faults.append(Fault(where, what))
    for name in above:
        other = network.local(name)
        if network.family(name).made_of not in _ADDITIVE and math.prod(other.shape) > _CELLS:
            what = f"has a table of {math.prod(other.shape)} cells, and a page holds at most {_CELLS} of one node"
            faults.append(Fault(f"node {name}", what))
    return faults


def _divided(samples: int, own: int, others: int, room: int) -> tuple[int, int]:
    """Draws that fit, and bits that the nodes above the target may have in each; 0 where too few do."""
    draws = min(samples, MOST)
    while draws >= min(samples, FEWEST):
        bits = 8 * room // draws - BITS * own
        if bits >= _LEAST_BITS * others:
            return draws, int(min(bits, _ENOUGH_BITS * others))
        draws = draws // 2
    return 0, 0


def _spread(samples: int, count: int) -> np.ndarray:
    """Places of so many draws, spread evenly over all."""
    return (np.arange(count) * samples) // count


def _groups(posterior: Posterior, local: Local, members: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, Moves]]:
    """Draws of each group's spread, of a member drawn anew, and of named members."""
    found = {}
    for group in local.node.groups:
        effects = posterior.values[f"{local.name}.{group.name}"]
        blocks = {
            "spread": moves(posterior.values[spread_name(local, group.name)]),
            "drawn": moves(effects[posterior.member(group.name, NEW)]),
        }
        for code in members.get(group.name, ()):
            blocks[f"member:{code}"] = moves(effects[posterior.member(group.name, code)])
        found[group.name] = blocks
    return found


def _pieces(posterior: Posterior, local: Local, *, whole: bool) -> tuple[str, Mapping[str, Moves | Rows]]:
    """Kind of a node's numbers and what they are.

    Parameters
    ----------
    whole
        Whether it is the target, whose family decides alone.
    """
    family = posterior.network.family(local.name)
    additive = _ADDITIVE.get(family.made_of)
    # Effects of members that nobody has seen are averaged over in the table of any other node.
    worth = not local.node.groups and math.prod(local.shape) > _LARGE
    if additive and (whole or worth):
        found = additive(posterior, family, local)
        return family.made_of, found if whole else {JOINT: joined(found)}
    if whole:
        return "cells", {"cells": moves(family.table(posterior.values, {}, {}, local), local.axes)}
    averaged = {group.name: INTEGRATED for group in local.node.groups}
    table = family.table(posterior.values, {}, averaged, local)
    return "cells", {"rows": Rows(tuple(local.axes), table)}


def _on_scale(posterior: Posterior, family: Family, local: Local) -> dict[str, Moves]:
    """Cutpoints, and the effects of each arrow."""
    # What members add is said by the group.
    still = {group.name: TYPICAL for group in local.node.groups}
    scale = family.latent(posterior.values, {}, still, local)
    found = {"cuts": moves(scale.cuts, ("cut",))}
    for number, (axes, effect) in enumerate(zip(family.effect_axes(local, {}), scale.effects, strict=True)):
        found[f"effect:{number}"] = moves(effect, axes)
    return found


def _of_scores(posterior: Posterior, family: Family, local: Local) -> dict[str, Moves]:
    """Scores of the states where every parent is in its first, and what each arrow adds to them.

    Read off the table, whose logarithm adds up up to what makes rows probabilities.
    """

    def scores(free: tuple[str, ...]) -> np.ndarray:
        fixed = {name: 0 for name in local.parent_names if name not in free}
        logs = np.log(family.table(posterior.values, fixed, {}, local))
        return logs - logs[..., :1, :]

    found = {"base": moves(scores(()), (local.name,))}
    for number, arrow in enumerate(local.arrows):
        axes = tuple(name for name in local.parent_names if name in term_axes(arrow))
        both = scores(axes)
        place = axes.index(arrow.parent)
        moved = both - np.take(both, [0], axis=place)
        found[f"effect:{number}"] = moves(moved, (*axes, local.name))
    return found


#: What a target's table is made of -> whether its configurations are summed one by one, for want of a common scale.
_TARGETS = {"scale": False, "scores": True, "cells": True}
#: What a table is made of -> its additive numbers.
_ADDITIVE = {"scale": _on_scale, "scores": _of_scores}
