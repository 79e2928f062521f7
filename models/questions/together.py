"""How many of several cases come out one way, where they share members that no data holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ..errors import QueryError
from ..inference.answers import log_evidence
from ..inference.contract import MEMORY_LIMIT
from ..inference.tables import DrawnNetwork
from ..names import name_in
from ..posterior import Posterior
from .answers import joint_distribution
from .evidence import GivenEvidence, resolve_evidence
from .quantity import Quantity, check_quantities
from .unseen import at_point, points

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
    for point in points(DrawnNetwork.of(posterior), chosen):
        here = [(case, at_point(one, point, chosen)) for case, one in asked]
        logs = sum(_log_evidence(one, chosen, memory) for _, one in here)
        first = logs if first is None else first
        weight = point.weight * np.exp(logs - first)
        total = total + weight * _numbers([_chance(case, one, memory) for case, one in here])
        mass = mass + weight
    return np.asarray(total / mass)


def _chance(case: Quantity, asked: GivenEvidence, memory: int) -> np.ndarray:
    whole = joint_distribution(asked, memory=memory)
    own = name_in(whole.dims, case.target)
    answer = whole.sel({own: list(case.states)}).sum(own)
    return answer.values.reshape(-1)


def _log_evidence(asked: GivenEvidence, groups: Collection[str], memory: int) -> Any:
    """Logarithm of the probability of a case's evidence; zero where no shared member bears on it."""
    network, given = asked.system.network, (*asked.form.given, *asked.form.likely)
    above = network.ancestors(given, cut=asked.form.do)
    if not any(group.name in groups for name in above for group in network[name].groups):
        return np.zeros(asked.system.samples)
    return log_evidence(asked.system, asked.form, asked.evidence, memory=memory)


def _numbers(chances: Sequence[np.ndarray]) -> np.ndarray:
    """Distribution of the number of independent events that come about, shape (1 + events, samples)."""
    found = np.ones((1, chances[0].size))
    for p in chances:
        fails, comes = found * (1.0 - p), found * p
        found = np.concatenate([fails, np.zeros_like(p)[None]]) + np.concatenate([np.zeros_like(p)[None], comes])
    return found
