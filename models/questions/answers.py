"""Answers of the engine, labelled: distributions of nodes, the probability of evidence, and whole cases.

Each function takes a question that `resolve_evidence` has put into numbers. Words, notes and identification are added
in `servanda.analysis.queries`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from ...common.progress import Progress, part_of, silent
from ..inference import most_probable as whole
from ..inference.answers import all_marginals, distribution, log_evidence
from ..inference.backends import solver
from ..inference.contract import MEMORY_LIMIT, prepare
from ..inference.plan import HUGE, WORTH_ABSORBING
from ..inference.question import Form, check_question
from ..inference.tables import Evidence
from ..network.network import Network
from .evidence import GivenEvidence
from .labels import batch_coords, draws_first, labelled_answer, own_dims


def joint_distribution(
    asked: GivenEvidence, *, memory: int = MEMORY_LIMIT, backend: str = "numpy", progress: Progress = silent
) -> xr.DataArray:
    """Joint distribution of the targets in every draw, dims chain, draw, case (for several) and the targets."""
    how: Any = {"memory": memory, "solver": solver(backend)}
    names = asked.form.targets

    def answer(form: Form, evidence: Evidence, tell: Progress) -> np.ndarray:
        return distribution(asked.system, form, evidence, **how, progress=tell)

    values = asked.each(answer, _sizes(asked, names), progress=progress)
    return labelled_answer(asked, names, values)


def probability_of_evidence(
    asked: GivenEvidence,
    *,
    log: bool = False,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    progress: Progress = silent,
) -> xr.DataArray:
    """Probability of the evidence in every draw, or its logarithm, dims chain, draw and case (for several)."""
    how: Any = {"memory": memory, "solver": solver(backend)}

    def answer(form: Form, evidence: Evidence, tell: Progress) -> np.ndarray:
        return log_evidence(asked.system, form, evidence, **how, progress=tell)

    logs = asked.each(answer, (), progress=progress)
    return labelled_answer(asked, (), logs if log else np.exp(logs), "log_evidence" if log else "evidence")


def node_distributions(
    asked: GivenEvidence,
    nodes: Sequence[str] | None = None,
    *,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    progress: Progress = silent,
) -> xr.Dataset:
    """Distribution of each of some nodes in every draw; where a case knows the node, its state has probability one.

    Parameters
    ----------
    nodes
        Their names; all open nodes by default.
    progress
        Told of draws, of all cases together.

    Returns
    -------
    Dataset
        A variable ``p_<node>`` for each, dims chain, draw, case (for several) and the node.

    Raises
    ------
    QueryError
        Listing names that are unknown, set, or given in every case.
    """
    names = asked.open_nodes if nodes is None else _checked(asked, nodes)
    return _node_distributions(asked, names, {"memory": memory, "solver": solver(backend)}, progress)


def _node_distributions(
    asked: GivenEvidence, nodes: tuple[str, ...], how: dict[str, Any], progress: Progress
) -> xr.Dataset:
    network = asked.system.network
    edges = np.cumsum([0, *_sizes(asked, nodes)])

    def answer(form: Form, evidence: Evidence, tell: Progress) -> np.ndarray:
        free = tuple(name for name in nodes if name not in form.given)
        light, heavy = _split(network, replace(form, targets=free))
        first, *others = (part_of(tell, number, 1 + len(heavy)) for number in range(1 + len(heavy)))
        values = all_marginals(asked.system, light, evidence, **how, progress=first) if light.targets else {}
        values |= {
            one.targets[0]: distribution(asked.system, one, evidence, **how, progress=other)
            for one, other in zip(heavy, others, strict=True)
        }
        batch = next(iter(values.values())).shape[1:] if values else (evidence.cases or 1, asked.system.samples)
        for name in form.given:
            if name in nodes:
                states = np.arange(len(network[name].states))[:, None, None]
                values[name] = np.broadcast_to(states == evidence.fixed[name][:, None], (len(states), *batch))
        return np.concatenate([values[name] for name in nodes])

    values = asked.each(answer, (int(edges[-1]),), progress=progress) if nodes else np.empty((0,))
    parts = zip(nodes, edges[:-1], edges[1:], strict=True)
    # Labelled together: chains, draws and cases are the same for all.
    own = {node: dim for dim, node in own_dims(asked, nodes, {f"p_{name}" for name in nodes}).items()}
    variables = {f"p_{name}": draws_first(asked, (own[name],), values[start:stop]) for name, start, stop in parts}
    return xr.Dataset(variables, batch_coords(asked) | {own[name]: list(network[name].states) for name in nodes})


def _split(network: Network, form: Form) -> tuple[Form, list[Form]]:
    """Set nodes apart whose own table is too large to be made, and on which no other answer depends."""
    sizes = {name: len(network[name].states) for name in network.names}
    below = set(form.given) | set(form.likely)
    heavy = []
    for name in form.targets:
        cells = np.prod([sizes[axis] for axis in network.axes(name) if axis not in form.fixed], dtype=float)
        if cells > HUGE and not network.descendants([name]) & (below | set(form.targets) - {name}):
            heavy.append(name)
    light = tuple(name for name in form.targets if name not in heavy)
    return replace(form, targets=light), [replace(form, targets=(name,)) for name in heavy]


def plan_in_words(asked: GivenEvidence, *, memory: int = MEMORY_LIMIT) -> str:
    """Plan of an answer: tables kept, order, largest table, bytes, operations."""
    cells = int(np.prod(_sizes(asked, asked.form.targets), dtype=int))
    plan, *_ = prepare(
        asked.system,
        asked.form,
        asked.evidence,
        "conditional",
        answer=cells,
        memory=memory,
        absorb=WORTH_ABSORBING,
    )
    return plan.explain(asked.system.samples)


def most_probable_states(
    asked: GivenEvidence,
    nodes: Sequence[str] | None = None,
    *,
    count: int = 1,
    memory: int = MEMORY_LIMIT,
    progress: Progress = silent,
) -> xr.Dataset:
    """Most probable joint states of the open nodes in every draw, or of some of them with the others summed out.

    Parameters
    ----------
    nodes
        Their names; all open nodes by default.
    count
        How many joint states, the best first.
    progress
        Told of draws, of all cases together.

    Returns
    -------
    Dataset
        A variable for each node, ``log_joint`` (the logarithm of P(states, evidence)) and ``probability``
        (P(states | evidence)), dims chain, draw, case (for several) and rank (where `count` is more than one); and
        ``ties``, the number of joint states as probable as the best.

    Raises
    ------
    QueryError
        Listing names that are unknown, set, or given in every case.
    """
    names = asked.open_nodes if nodes is None else _checked(asked, nodes)

    def answer(form: Form, evidence: Evidence, tell: Progress) -> np.ndarray:
        free = tuple(name for name in names if name not in form.given)
        if set(names) == set(asked.open_nodes):
            states, joint = whole.best_few(asked.system, form, evidence, count, memory=memory, progress=tell)
            ties = whole.count_best(asked.system, form, evidence, memory=memory)
        else:
            own = replace(form, targets=free)
            states, joint, ties = whole.most_probable_of(
                asked.system, own, evidence, count, memory=memory, progress=tell
            )
        chance = np.exp(joint - log_evidence(asked.system, form, evidence, memory=memory))
        ties = np.broadcast_to(ties, joint.shape)
        return np.stack([*_filled(names, states, evidence, joint.shape), joint, chance, ties])

    values = asked.each(answer, (len(names) + 3, count), progress=progress)
    extra, beside = (("rank",) if count > 1 else ()), ("log_joint", "probability", "ties")
    *states, logs, chances, ties = values if count > 1 else values[:, 0]
    dataset = _states(asked, names, np.array(states), extra, beside)
    dataset = dataset.assign(log_joint=draws_first(asked, extra, logs), probability=draws_first(asked, extra, chances))
    dataset = dataset.assign(ties=draws_first(asked, (), (ties[0] if count > 1 else ties).round().astype(int)))
    return dataset.assign_coords(rank=np.arange(1, count + 1)) if count > 1 else dataset


def _checked(asked: GivenEvidence, nodes: Sequence[str]) -> tuple[str, ...]:
    """Names of nodes that can be asked for: not set, and not given in every case."""
    settled = (name for name in asked.form.given if name not in asked.open_nodes)
    check_question(asked.system.network, tuple(nodes), {}, {}, columns=(*settled, *asked.form.do))
    return tuple(nodes)


def sampled_states(
    asked: GivenEvidence, *, size: int, rng: np.random.Generator, memory: int = MEMORY_LIMIT
) -> xr.Dataset:
    """Sampled joint states of the open nodes, `size` for every draw: dims chain, draw, case (for several), sample."""
    names = asked.open_nodes

    def answer(form: Form, evidence: Evidence, _: Progress) -> np.ndarray:
        states = whole.sample(asked.system, form, evidence, size=size, rng=rng, memory=memory)
        shape = next(iter(states.values())).shape if states else (size, evidence.cases or 1, asked.system.samples)
        return np.stack(_filled(names, states, evidence, shape))

    values = asked.each(answer, (len(names), size), at_random=True) if names else np.empty((0, size))
    return _states(asked, names, values, ("sample",))


def _sizes(asked: GivenEvidence, names: Sequence[str]) -> tuple[int, ...]:
    """Numbers of states of some nodes."""
    return tuple(len(asked.system.network[name].states) for name in names)


def _filled(
    names: tuple[str, ...], states: Mapping[str, np.ndarray], evidence: Evidence, shape: tuple[int, ...]
) -> list[np.ndarray]:
    """State numbers of all open nodes; where these cases know one, what they know."""
    return [
        states[name] if name in states else np.broadcast_to(np.asarray(evidence.fixed[name])[:, None], shape)
        for name in names
    ]


def _states(
    asked: GivenEvidence, names: tuple[str, ...], values: np.ndarray, extra: tuple[str, ...], beside: Sequence[str] = ()
) -> xr.Dataset:
    """Labelled states of some nodes, from their numbers; `beside` are the variables that come beside theirs."""
    variables = {}
    called = {node: variable for variable, node in own_dims(asked, names, {*extra, *beside}).items()}
    for name, own in zip(names, values.astype(int), strict=True):
        dims, arranged = draws_first(asked, extra, own)
        # A state of number -1 is none.
        variables[called[name]] = (dims, np.array([*asked.system.network[name].states, ""])[arranged])
    return xr.Dataset(variables, batch_coords(asked))
