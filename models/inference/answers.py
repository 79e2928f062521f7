"""Answers to a question for every draw and case: conditional distributions, marginals, probabilities of evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...common.errors import Fault
from ...common.progress import Progress, in_parts, silent
from ..posterior import Posterior
from .contract import MEMORY_LIMIT, Sums, solve
from .plan import is_vast
from .question import Form, ImpossibleEvidenceError, Question, evidence_nodes
from .tables import DrawnNetwork, Evidence


def evidence_of(question: Question, members: Mapping[str, int]) -> Evidence:
    """What a question in state numbers takes as known."""
    return Evidence(question.fixed, dict(members), {})


def conditional(
    posterior: Posterior, question: Question, members: Mapping[str, int], *, memory: int = MEMORY_LIMIT
) -> np.ndarray:
    """P(targets | evidence) under the interventions, for every draw.

    Returns
    -------
    ndarray
        Shape (draws, *targets).

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw, naming evidence that already conflicts by itself.
    """
    values = distribution(DrawnNetwork.of(posterior), question.form, evidence_of(question, members), memory=memory)
    return np.moveaxis(values, -1, 0)


def evidence_probability(
    posterior: Posterior, question: Question, members: Mapping[str, int], *, memory: int = MEMORY_LIMIT
) -> np.ndarray:
    """P(evidence) under the interventions, for every draw, shape (draws,)."""
    logs = log_evidence(DrawnNetwork.of(posterior), question.form, evidence_of(question, members), memory=memory)
    return np.exp(logs)


#: Does what `solve` does.
Solver = Callable[..., Sums]


def distribution(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    *,
    memory: int = MEMORY_LIMIT,
    solver: Solver = solve,
    progress: Progress = silent,
) -> np.ndarray:
    """P(targets | evidence) for every draw and case, shape (*targets, samples) or (*targets, cases, samples).

    Progress is told of chunks of draws and cases, here and below.

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    joint = solver(system, form, evidence, "conditional", memory=memory, progress=progress).joint
    total = joint.sum(axis=tuple(range(len(form.targets))))
    possible = total > 0
    if system.zeros.intersection(evidence_nodes(system.network, form)):
        # Only a table with a zero in it can forbid evidence that pruning set aside.
        possible = possible & (log_evidence(system, form, evidence, memory=memory, solver=solver) > -np.inf)
    check_possible(system, form, evidence, possible, memory)
    joint /= total
    return joint


def all_marginals(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    *,
    memory: int = MEMORY_LIMIT,
    solver: Solver = solve,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """P(target | evidence) of every target, in one pass up and one down.

    Returns
    -------
    dict
        Node -> shape (states, samples) or (states, cases, samples).

    Raises
    ------
    ImpossibleEvidenceError
        If the evidence has probability zero in some draw of some case.
    """
    if is_vast(system.network, form):
        asked = {name: Form((name,), form.given, form.do, form.likely) for name in form.targets}
        how: dict[str, Any] = {"memory": memory, "solver": solver}
        return {
            name: distribution(system, one, evidence, **how, progress=tell)
            for (name, one), tell in in_parts(asked.items(), progress)
        }
    found = solver(system, form, evidence, "marginals", memory=memory, progress=progress)
    check_possible(system, form, evidence, found.joint > 0, memory)
    for values in found.marginals.values():
        values /= values.sum(axis=0)
    return dict(found.marginals)


def log_evidence(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    *,
    memory: int = MEMORY_LIMIT,
    solver: Solver = solve,
    progress: Progress = silent,
) -> np.ndarray:
    """Logarithm of P(evidence) for every draw and case, shape (samples,) or (cases, samples)."""
    asked = Form((), form.given, form.do, form.likely)
    found = solver(system, asked, evidence, "evidence", memory=memory, progress=progress)
    with np.errstate(divide="ignore"):
        logs = np.log(found.joint)
    return logs if found.logs is None else logs + found.logs


def check_possible(system: DrawnNetwork, form: Form, evidence: Evidence, possible: np.ndarray, memory: int) -> None:
    """Raise where the evidence is not possible in some draw of some case.

    Raises
    ------
    ImpossibleEvidenceError
        Naming a part of the evidence that conflicts by itself.
    """
    if not possible.all():
        spot = tuple(int(number) for number in np.argwhere(~possible)[0])
        raise ImpossibleEvidenceError("question", [Fault(*_conflict(system, form, evidence, spot, memory))])


def _conflict(
    system: DrawnNetwork, form: Form, evidence: Evidence, spot: tuple[int, ...], memory: int
) -> tuple[str, str]:
    """Name a minimal part of the evidence that is impossible by itself (dropping any of it makes it possible)."""
    one = system.part(slice(spot[-1], spot[-1] + 1))
    known = evidence.part(None, slice(spot[-1], spot[-1] + 1))
    known = known.case(spot[0]) if evidence.cases is not None else known
    where = "given" if evidence.rows is None else f"given, case {evidence.rows[spot[0]] + 1}"
    given, likely = list(form.given), list(form.likely)
    for names in (given, likely):
        for name in list(names):
            names.remove(name)
            fewer = Form((), tuple(given), form.do, tuple(likely))
            held = {n: known.fixed[n] for n in (*given, *form.do)}
            weights = {n: known.weights[n] for n in likely}
            if log_evidence(one, fewer, Evidence(held, known.members, weights), memory=memory).item() > -np.inf:
                names.append(name)
    network = system.network
    named = [f"{name} = {network[name].states[known.fixed[name]]}" for name in sorted(given)]
    named += [f"the weights on {name}" for name in sorted(likely)]
    together = ", ".join(named)
    clash = " cannot hold together" if len(named) > 1 else ""
    return where, f"has probability zero: {together}{clash}"
