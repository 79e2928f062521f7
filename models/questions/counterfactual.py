"""Counterfactual distributions, labelled: what a case that was observed would have been under an intervention."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from ...common.errors import Fault, nearest, raise_faults
from ..errors import QueryError
from ..inference.answers import distribution, log_evidence
from ..inference.contract import MEMORY_LIMIT
from ..inference.question import Form, check_question, relevant
from ..inference.tables import Evidence
from ..inference.twin import COUPLINGS, Twin, make_twin
from ..posterior import Posterior
from .evidence import Given, GivenEvidence, Members, States, as_states, hard_interventions, resolve_evidence
from .labels import labelled_answer
from .unseen import over_unseen


@dataclass(frozen=True)
class Counterfactual:
    """Joint distribution of nodes in the world that was not observed, and what it rests on.

    Parameters
    ----------
    answer
        Dims chain, draw, case (for several) and the targets.
    couplings
        How nodes and their copies share their noise.
    observed
        Nodes that some case showed.
    bearing
        Nodes on whose tables the answer depends, in either world.
    """

    answer: xr.DataArray
    couplings: tuple[str, ...]
    observed: tuple[str, ...]
    bearing: frozenset[str]


def counterfactual_distribution(
    posterior: Posterior,
    targets: tuple[str, ...],
    observed: Given,
    do: States,
    members: Members,
    *,
    coupling: str | None = None,
    memory: int = MEMORY_LIMIT,
) -> Counterfactual:
    """Joint distribution of nodes in the world that was not observed, in every draw.

    Parameters
    ----------
    posterior, targets, observed, do, members, coupling, memory
        As in `servanda.analysis.counterfactual`.

    Returns
    -------
    Counterfactual

    Raises
    ------
    QueryError
        Listing everything that is wrong.
    """
    network, done = posterior.network, as_states(do, "do")
    mixed = list(hard_interventions(network, do))
    if coupling is not None and coupling not in list(COUPLINGS):
        raise QueryError.of("coupling", f"there is none named '{coupling}'{nearest(coupling, COUPLINGS)}")
    actions = [(share, check_question(network, targets, {}, hard)) for share, hard in mixed]
    if not done:
        raise QueryError.of("do", "sets nothing; say what would have been otherwise, or ask for a probability")
    asked = resolve_evidence(posterior, (), observed, None, members, targets_needed=False, memory=memory)
    twins = [(share, make_twin(posterior, dict(action.do), coupling)) for share, action in actions]
    twin = twins[0][1]
    untouched = [name for name in targets if name not in twin.reached and name in asked.form.given]
    what = f"is seen, and not reached by do({', '.join(done)}): it stays as it was"
    raise_faults("question", [Fault(f"target {name}", what) for name in untouched], QueryError)
    names = twin.names(targets)

    sizes = tuple(len(network[name].states) for name in targets)

    def in_the_other_world(one: GivenEvidence) -> np.ndarray:
        def answer(form: Form, evidence: Evidence) -> np.ndarray:
            systems = ((share, replace(own.system, values=one.system.values)) for share, own in twins)
            asked = replace(form, targets=names)
            return np.sum([share * distribution(own, asked, evidence, memory=memory) for share, own in systems], axis=0)

        return one.each(answer, sizes)

    def of_what_was_seen(one: GivenEvidence) -> np.ndarray:
        return one.each(lambda form, evidence: log_evidence(one.system, form, evidence, memory=memory), ())

    values = over_unseen(asked, in_the_other_world, of_what_was_seen)
    used = {coupling or ("rank" if network[name].ordered else "gumbel") for name in twin.reached}
    answer = labelled_answer(asked, targets, values)
    return Counterfactual(answer, tuple(sorted(used)), asked.form.given, _bearing(twin, asked, names))


def _bearing(twin: Twin, asked: GivenEvidence, names: tuple[str, ...]) -> frozenset[str]:
    """Nodes of the world that was seen on whose tables, or copies of them, the answer depends."""
    forms = [replace(form, targets=names) for _, form, _ in asked.groups]
    tables = {name for form in forms for name in relevant(twin.system.network, form)}
    copies = dict(zip(twin.names(twin.reached), twin.reached, strict=True))
    return frozenset(copies.get(name, name) for name in tables)
