"""Members that several questions share and no data holds: integrated out together, point by point.

A guarantee under which Russia and China both stand has one effect on both. Where single cases are asked about, a table
is averaged (`servanda.models.families.unseen`); where cases hang together, everything is answered once for each point
of what they share, and averaged last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from ..families.unseen import INTEGRATED, enough_points, group_name, population, spread_name, weights_name
from ..inference.tables import DrawnNetwork
from ..node import Local
from .evidence import GivenEvidence


@dataclass(frozen=True)
class Point:
    """One point of the effects of unseen members, and its weight in every draw.

    Parameters
    ----------
    place
        Where it stands among the points of each group of each node.
    weight
        Shape (samples,); the weights of all points of a draw add up to one.
    effects
        Parameter -> effect of its unseen member, shape (samples,).
    learnt
        Parameter -> weights of other unseen members' points, given this point.
    """

    place: tuple[int, ...]
    weight: np.ndarray
    effects: Mapping[str, np.ndarray]
    learnt: Mapping[str, np.ndarray]

    def put(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Parameters with the unseen members at this point."""
        moved = {name: _at(values[name], effect) for name, effect in self.effects.items()}
        return {**values, **moved, **self.learnt}


def points(
    system: DrawnNetwork, groups: Collection[str], nodes: Collection[str] | None = None, *, apart: bool = False
) -> Iterator[Point]:
    """Points of the effects that unseen members of some groups have, with their weights.

    Parameters
    ----------
    groups
        The group effects.
    nodes
        On which nodes; on all by default.
    apart
        Take a point for each group, in the order of a node's groups, rather than for the sum of the effects of groups
        of which nothing more is known.
    """
    locals_ = [system.network.local(name) for name in system.network.names if nodes is None or name in nodes]
    each = [
        _points_of(system.values, local, {g.name for g in local.node.groups} & set(groups), apart=apart)
        for local in locals_
        if any(group.name in groups for group in local.node.groups)
    ]
    for chosen in product(*each):
        weight: Any = np.ones(system.samples)
        effects: dict[str, np.ndarray] = {}
        learnt: dict[str, np.ndarray] = {}
        for one in chosen:
            weight = weight * one.weight
            effects |= one.effects
            learnt |= one.learnt
        yield Point(tuple(place for one in chosen for place in one.place), weight, effects, learnt)


def at_point(asked: GivenEvidence, point: Point, groups: Collection[str]) -> GivenEvidence:
    """The same question with the members of some groups at one point, where they would be integrated out."""
    system = replace(asked.system, values=point.put(asked.system.values))
    members = dict(asked.evidence.members)
    for group in groups:
        new = len(asked.posterior.members[group]) - 1
        members[group] = np.where(np.asarray(members[group]) == INTEGRATED, new, members[group])
        if not members[group].ndim:
            members[group] = int(members[group])
    return replace(asked, system=system, evidence=replace(asked.evidence, members=members))


#: From a question whose members all have an effect to numbers, with cases before samples where there are several.
Answered = Callable[[GivenEvidence], np.ndarray]


def over_unseen(asked: GivenEvidence, answer: Answered, log_evidence: Answered) -> np.ndarray:
    """Answer of a question about a case in several worlds, what is unseen of it being the same in all of them.

    Parameters
    ----------
    answer
        Gives the conditional answer at one point, shape (..., samples).
    log_evidence
        Gives the logarithm of the probability of the evidence there, shape (samples,); only asked where somebody is
        unseen.

    Returns
    -------
    ndarray
        The answer averaged over the points, each weighed by how well it explains the evidence.
    """
    groups = unseen_groups(asked)
    if asked.labels is None:
        return _averaged(asked, answer, log_evidence, groups)
    # Each case may know other members: those of whom the same is unseen are answered together.
    count = len(asked.labels)
    members = [np.broadcast_to(asked.evidence.members[group], (count,)) for group in groups]
    unseen = np.column_stack([np.zeros((count, 0), bool), *(numbers == INTEGRATED for numbers in members)])
    parts = []
    for pattern in np.unique(unseen, axis=0):
        rows = np.flatnonzero((unseen == pattern).all(axis=1))
        own = [group for group, flag in zip(groups, pattern, strict=True) if flag]
        evidence = asked.evidence.part(rows, slice(None))
        part = replace(asked, evidence=evidence, labels=[asked.labels[int(row)] for row in rows])
        parts.append((rows, _averaged(part, answer, log_evidence, own)))
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    return np.concatenate([values for _, values in parts], axis=-2)[..., order, :]


def _averaged(asked: GivenEvidence, answer: Answered, log_evidence: Answered, groups: Collection[str]) -> np.ndarray:
    if not groups:
        return answer(asked)
    total, mass, first = 0.0, 0.0, None
    for point in points(asked.system, groups):
        here = at_point(asked, point, groups)
        logs = log_evidence(here)
        first = logs if first is None else first
        weight = point.weight * np.exp(logs - first)
        total, mass = total + weight * answer(here), mass + weight
    return np.asarray(total / mass)


def unseen_groups(asked: GivenEvidence) -> tuple[str, ...]:
    """Groups whose member is integrated out in some case."""
    return tuple(name for name, number in asked.evidence.members.items() if np.any(np.asarray(number) == INTEGRATED))


def _points_of(values: Mapping[str, np.ndarray], local: Local, groups: Collection[str], *, apart: bool) -> list[Point]:
    own = [group.name for group in local.node.groups]
    chosen = [name for name in own if name in groups]
    stored = values.get(weights_name(local.name))
    learnt = [] if stored is None else [name for name in chosen if stored.shape[own.index(name)] > 1]
    fresh = [name for name in chosen if name not in learnt]
    spreads = {name: values[spread_name(local, name)] for name in chosen}
    if fresh and not apart:
        # Of independent effects only the sum matters: the first carries it.
        carrier, spreads[fresh[0]] = fresh[0], np.sqrt(sum(spreads[name] ** 2 for name in fresh))
        idle = [name for name in fresh if name != carrier]
        fresh = [carrier]
    else:
        idle = []
    steps = [name for name in own if name in (*learnt, *fresh)]
    grids = [
        population(stored.shape[own.index(name)] if stored is not None and name in learnt else _size(spreads[name]))
        for name in steps
    ]
    still = {group_name(local, name): np.zeros_like(spreads[name]) for name in idle}
    found = []
    for place in product(*(range(len(z)) for z, _ in grids)):
        weight: Any = np.ones(spreads[chosen[0]].shape)
        effects, given = dict(still), {}
        for name, number, (z, mass) in zip(steps, place, grids, strict=True):
            effects[group_name(local, name)] = spreads[name] * z[number]
            weight = weight if name in learnt else weight * mass[number]
        if stored is not None and learnt:
            taken = dict(zip(steps, place, strict=True))
            part = stored[tuple(slice(taken[n], taken[n] + 1) if n in learnt else slice(None) for n in own)]
            mass = part.sum(axis=tuple(range(len(own))))
            # What is known of the other groups' members, given this point.
            given[weights_name(local.name)] = part / np.where(mass > 0, mass, 1.0)
            weight = weight * mass
        found.append(Point(place, weight, effects, given))
    return found


def _size(spread: np.ndarray) -> int:
    return int(enough_points(spread.max()))


def _at(effects: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """Effects of the members with that of the unseen one replaced."""
    effects = effects.copy()
    effects[-1] = effect
    return effects
