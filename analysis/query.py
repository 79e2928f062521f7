"""Questions to a posterior network, answered exactly for every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..models.check import QueryError
from ..models.contract import MEMORY_LIMIT, CapacityError, Question, check_question, conditional, make_plan
from ..models.contract import evidence_probability as contract_evidence
from ..models.network import Network
from ..models.posterior import Posterior
from .summary import INTERVAL

States = Mapping[str, Any] | None


def probability(
    posterior: Posterior,
    targets: str | Sequence[str],
    given: States = None,
    do: States = None,
    *,
    memory: int = MEMORY_LIMIT,
    **members: str | None,
) -> xr.DataArray:
    """Posterior of the (joint) distribution of some nodes, given evidence, under interventions.

    Every draw of the posterior is a network; the answer is exact in each, and the draws of the answer are its
    posterior. Evidence is taken in the network mutilated by `do` (Pearl 2009, section 3.2).

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or tables.
    targets
        One node or several; several give their joint distribution.
    given
        Observed node -> state (or a number that the node's coding sorts into a state).
    do
        Node set from outside -> state.
    memory
        Bytes that may be held at once.
    **members
        Group effect -> member, e.g. ``actor="USA"``. Left out, the answer is for a member drawn anew from the
        population in every draw, and the same one in every question to this posterior.

    Returns
    -------
    DataArray
        Dims chain, draw and the targets. Its attributes hold the question in words and the answer in short.

    Raises
    ------
    QueryError
        Listing every wrong name and state.
    ImpossibleEvidenceError
        If the evidence has probability zero, naming what conflicts.
    CapacityError
        Before allocating, if it would not fit `memory`.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> posterior = Posterior.from_tables(network, tables)
    >>> probability(posterior, "rain", given={"wet": "yes"}).sel(rain="yes").item()
    0.6666666666666666
    """
    names = (targets,) if isinstance(targets, str) else tuple(targets)
    question = check_question(posterior.network, names, given or {}, do or {})
    picks = member_numbers(posterior, members)
    values = conditional(posterior, question, picks, memory=memory)
    return _labelled(posterior, question, members, values)


def evidence_probability(
    posterior: Posterior,
    given: Mapping[str, Any],
    do: States = None,
    *,
    memory: int = MEMORY_LIMIT,
    **members: str | None,
) -> xr.DataArray:
    """Posterior of the probability of the evidence itself.

    Parameters
    ----------
    posterior, given, do, memory
        As in `probability`.
    **members
        As in `probability`.

    Returns
    -------
    DataArray
        Dims (chain, draw).
    """
    asked = check_question(posterior.network, (), given, do or {}, targets_needed=False)
    values = contract_evidence(posterior, asked, member_numbers(posterior, members), memory=memory)
    return xr.DataArray(values.reshape(tuple(posterior.sizes.values())), dims=("chain", "draw"), name="evidence")


def marginals(
    posterior: Posterior,
    given: States = None,
    do: States = None,
    *,
    nodes: Sequence[str] | None = None,
    memory: int = MEMORY_LIMIT,
    **members: str | None,
) -> xr.Dataset:
    """Posterior of the distribution of every node (or of `nodes`) given evidence, under interventions.

    Parameters
    ----------
    posterior, given, do, memory
        As in `probability`.
    **members
        As in `probability`.
    nodes
        Which nodes; all that are neither given nor set by default.

    Returns
    -------
    Dataset
        Variable ``p_<node>`` with dims (chain, draw, <node>), for each node.
    """
    fixed = {*(given or {}), *(do or {})}
    chosen = [name for name in posterior.network.names if name not in fixed] if nodes is None else list(nodes)
    answers = {f"p_{name}": probability(posterior, name, given, do, memory=memory, **members) for name in chosen}
    return xr.Dataset(answers)


def explain(posterior: Posterior, targets: str | Sequence[str], given: States = None, do: States = None) -> str:
    """Say how a question would be answered: tables kept, order, largest table, bytes, operations."""
    names = (targets,) if isinstance(targets, str) else tuple(targets)
    question = check_question(posterior.network, names, given or {}, do or {})
    return make_plan(posterior.network, question).explain(int(np.prod(list(posterior.sizes.values()))))


def member_numbers(posterior: Posterior, members: Mapping[str, str | None]) -> dict[str, int]:
    """Turn names of group members into numbers; groups left out take the unseen member.

    Raises
    ------
    QueryError
        If a group or a member is unknown.
    """
    for group in members:
        if group not in posterior.members:
            posterior.member(group, None)
    return {group: posterior.member(group, members.get(group)) for group in posterior.members}


def in_words(network: Network, question: Question, members: Mapping[str, str | None]) -> str:
    """Write a question as it is written on paper.

    Examples
    --------
    >>> from servanda.models import Network, Node
    >>> from servanda.models.contract import Question
    >>> in_words(Network((Node("a", ("x", "y")), Node("b", ("u",)))), Question(("b",), (("a", 1),)), {"actor": "USA"})
    'P(b | a = y; actor = USA)'
    """
    given = [f"{name} = {network[name].states[state]}" for name, state in question.given]
    done = [f"do({name} = {network[name].states[state]})" for name, state in question.do]
    who = [f"{group} = {member}" for group, member in members.items() if member]
    conditions = "; ".join(", ".join(part) for part in (given, done, who) if part)
    return f"P({', '.join(question.targets)}{' | ' if conditions else ''}{conditions})"


def _labelled(
    posterior: Posterior, question: Question, members: Mapping[str, str | None], values: np.ndarray
) -> xr.DataArray:
    network, sizes = posterior.network, posterior.sizes
    coords = {dim: posterior.draws.coords[dim].values for dim in ("chain", "draw")}
    coords |= {name: list(network[name].states) for name in question.targets}
    answer = xr.DataArray(
        values.reshape((*sizes.values(), *values.shape[1:])),
        dims=("chain", "draw", *question.targets),
        coords=coords,
        name="probability",
    )
    answer.attrs = {"question": in_words(network, question, members), "answer": in_short(answer)}
    return answer


def in_short(answer: xr.DataArray, interval: float = INTERVAL) -> str:
    """Write mean and interval of each cell of an answer (of the first dozen)."""
    cells = answer.stack(cell=[dim for dim in answer.dims if dim not in ("chain", "draw")]).transpose("cell", ...)
    x = cells.values.reshape(cells.sizes["cell"], -1)
    ends = np.quantile(x, [(1 - interval) / 2, (1 + interval) / 2], axis=1)
    labels = [" & ".join(map(str, label)) for label in cells.coords["cell"].values]
    parts = [
        f"{label} {mean:.3f} [{low:.3f}, {high:.3f}]"
        for label, mean, low, high in list(zip(labels, x.mean(axis=1), *ends, strict=True))[:12]
    ]
    return f"{'; '.join(parts)} (mean, {interval:.0%} interval)"


__all__ = ["CapacityError", "QueryError", "evidence_probability", "explain", "marginals", "probability"]
