"""How many of several cases come out one way, where they share members that no data holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ..errors import QueryError
from ..families.unseen import INTEGRATED
from ..inference.answers import log_evidence
from ..inference.contract import MEMORY_LIMIT
from ..inference.question import CapacityError
from ..inference.tables import DrawnNetwork
from ..names import name_in
from ..posterior import Posterior
from .answers import joint_distribution
from .configurations import Configurations, adds_up, configuration_answers
from .evidence import GivenEvidence, resolve_evidence
from .quantity import Quantity, check_quantities
from .unseen import Point, at_point, points

#: Bytes of what is left open, up to which it pays to sum it out once for all points of what is shared.
_FEW_OPEN = 2**24
#: What cases of one instrument share, unless it is said otherwise.
SHARED = "guarantee"


def number_together(
    posterior: Posterior,
    cases: Sequence[Quantity],
    shared: Collection[str] | None = None,
    *,
    memory: int = MEMORY_LIMIT,
) -> np.ndarray:
    """Distribution of the number of cases that come out as asked, in every draw.

    Given the parameters and what they share, cases are independent.

    Parameters
    ----------
    cases
        A probability for each, from `chance_of`.
    shared
        Group effects whose unseen member is the same in all cases; the guarantee, where there is one, by default.

    Returns
    -------
    ndarray
        Shape (1 + cases, samples).

    Raises
    ------
    QueryError
        Listing every fault of the cases, a case that is a difference, a group that the network does not have.
    """
    known = posterior.members
    chosen = [name for name in (SHARED,) if name in known] if shared is None else [*shared]
    faults = [
        Fault(f"shared {name}", f"is no group effect{nearest(name, known)}") for name in chosen if name not in known
    ]
    faults += [
        Fault(f"case {number}", "is a difference; ask for a probability")
        for number, case in enumerate(cases, start=1)
        if case.is_difference
    ]
    raise_faults("cases", faults, QueryError)
    check_quantities(posterior.network, {str(number): case for number, case in enumerate(cases, start=1)})
    asked = [
        (case, resolve_evidence(posterior, (case.target,), case.given, case.do, case.members, memory=memory))
        for case in cases
    ]
    total, mass, first = 0.0, 0.0, None
    every = list(points(DrawnNetwork.of(posterior), chosen))
    chances = [_chances(case, one, every, chosen, memory) for case, one in asked]
    telling = [one for _, one in asked if _bears_on_evidence(one, chosen)]
    for point, *own in zip(every, *chances, strict=True):
        logs: Any = sum(_log_evidence(at_point(one, point, chosen), memory) for one in telling)
        first = logs if first is None else first
        weight = point.weight * np.exp(logs - first)
        total = total + weight * _numbers(own)
        mass = mass + weight
    return np.asarray(total / mass)


def _chances(
    case: Quantity, asked: GivenEvidence, every: Sequence[Point], groups: Collection[str], memory: int
) -> Iterable[np.ndarray]:
    """Chance of a case in every draw, at each point of what is shared."""
    others = any(number == INTEGRATED for name, number in asked.evidence.members.items() if name not in groups)
    # What a point tells of other members that are not seen differs from point to point.
    tells = others and any(point.learnt for point in every)
    if not (tells or asked.form.likely or asked.evidence.weights) and adds_up(asked.system, asked.form):
        with suppress(CapacityError):
            return _at_all_points(case, asked, every, groups, min(memory, _FEW_OPEN))
    return (_chance(case, at_point(asked, point, groups), memory) for point in every)


def _at_all_points(
    case: Quantity, asked: GivenEvidence, every: Sequence[Point], groups: Collection[str], memory: int
) -> np.ndarray:
    """Chances at once, shape (points, samples): each point is a member more, and what is open is summed out once."""
    system, node, count = asked.system, asked.system.network[case.target], len(every)
    more = {name: np.stack([point.effects[name] for point in every]) for name in every[0].effects}
    values = {**system.values, **{name: np.concatenate([system.values[name], own]) for name, own in more.items()}}
    members = {}
    for name, number in asked.evidence.members.items():
        seen = len(asked.posterior.members[name])
        # The last of them is nobody yet.
        moves = name in groups and number in (INTEGRATED, seen - 1)
        members[name] = seen + np.arange(count) if moves else np.full(count, number)
    given, do = (
        {name: np.full(count, asked.evidence.fixed[name]) for name in names}
        for names in (asked.form.given, asked.form.do)
    )
    states = tuple(node.index(state) for state in case.states)
    configurations = Configurations(case.target, states, given, do, members)
    return configuration_answers(replace(system, values=values), configurations, memory=memory)


def _chance(case: Quantity, asked: GivenEvidence, memory: int) -> np.ndarray:
    whole = joint_distribution(asked, memory=memory)
    own = name_in(whole.dims, case.target)
    answer = whole.sel({own: list(case.states)}).sum(own)
    return answer.values.reshape(-1)


def _bears_on_evidence(asked: GivenEvidence, groups: Collection[str]) -> bool:
    """Whether a shared member bears on what is given of a case."""
    network = asked.system.network
    above = network.ancestors((*asked.form.given, *asked.form.likely), cut=asked.form.do)
    return any(group.name in groups for name in above for group in network[name].groups)


def _log_evidence(asked: GivenEvidence, memory: int) -> np.ndarray:
    return log_evidence(asked.system, asked.form, asked.evidence, memory=memory)


def _numbers(chances: Sequence[np.ndarray]) -> np.ndarray:
    """Distribution of the number of independent events that come about, shape (1 + events, samples)."""
    found = np.ones((1, chances[0].size))
    for p in chances:
        fails, comes = found * (1.0 - p), found * p
        found = np.concatenate([fails, np.zeros_like(p)[None]]) + np.concatenate([np.zeros_like(p)[None], comes])
    return found
