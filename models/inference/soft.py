"""Soft evidence: what some nodes' distributions shall be, once everything is taken into account.

Jeffrey's rule† says how to update on one such statement. Several hold together in the distribution closest to
the network's own that meets them all, found by fitting one after another in turn (iterative proportional fitting:
Deming and Stephan 1940†; Csiszar 1975†). The outcome is a weight for each state, as virtual evidence has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import QueryError
from .answers import distribution
from .contract import MEMORY_LIMIT
from .question import Form
from .tables import DrawnNetwork, Evidence

#: How close the distributions must come to what is stated.
_CLOSE = 1e-13
_MOST_ROUNDS = 10_000


def with_soft(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    stated: Mapping[str, np.ndarray],
    *,
    memory: int = MEMORY_LIMIT,
) -> tuple[Form, Evidence]:
    """Turn stated distributions into weights on states, for every draw and case.

    Parameters
    ----------
    stated
        Node -> probabilities of its states, shape (states,).

    Returns
    -------
    form, evidence
        With the weights added to the virtual evidence.

    Raises
    ------
    QueryError
        If the statements cannot all hold under the rest of the evidence.
    """
    names = tuple(stated)
    joint = distribution(system, replace(form, targets=names), evidence, memory=memory).copy()
    weights = {name: np.ones((joint.shape[place], *joint.shape[len(names) :])) for place, name in enumerate(names)}
    wanted = {name: q.reshape(-1, *(1 for _ in joint.shape[len(names) :])) for name, q in stated.items()}
    for _ in range(_MOST_ROUNDS):
        off = 0.0
        for place, name in enumerate(names):
            others = tuple(axis for axis in range(len(names)) if axis != place)
            now = joint.sum(axis=others)
            if np.any((now == 0) & (wanted[name] > 0)):
                raise _contradiction(names)
            off = max(off, float(np.abs(now - wanted[name]).max()))
            ratio = np.divide(wanted[name], now, out=np.zeros_like(now), where=now > 0)
            with np.errstate(over="ignore"):
                weights[name] *= ratio
            # Statements that pull against each other for ever drive the weights beyond all bounds.
            if not np.isfinite(weights[name]).all():
                raise _contradiction(names)
            joint *= np.expand_dims(ratio, others)
        if off < _CLOSE:
            likely = (*form.likely, *names)
            return replace(form, likely=likely), replace(evidence, weights={**evidence.weights, **weights})
    what = f"were not met within {_MOST_ROUNDS:,} rounds of fitting; they contradict each other, or all but do"
    raise QueryError.of(f"soft {', '.join(names)}", what)


def _contradiction(names: tuple[str, ...]) -> QueryError:
    what = "cannot all hold: the rest of the evidence, or another of them, rules a stated probability out"
    return QueryError.of(f"soft {', '.join(names)}", what)
