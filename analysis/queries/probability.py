"""Questions to a posterior network, answered exactly for every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Any

import numpy as np
import xarray as xr

from ...models.inference.answers import all_marginals, distribution, log_evidence
from ...models.inference.backends import solver
from ...models.inference.contract import MEMORY_LIMIT, prepare
from ...models.inference.plan import HUGE, WORTH_ABSORBING
from ...models.inference.question import Form, check_question
from ...models.inference.tables import Evidence
from ...models.network.network import Network
from ...models.posterior import Posterior
from ..summaries.summary import INTERVAL
from .evidence import Given, Known, States, Weights, as_names, as_states, is_blank, is_frame, known
from .identification import identify, latent_nodes
from .whose_conduct import reading


def probability(
    posterior: Posterior,
    targets: str | Sequence[str],
    given: Given = None,
    do: States = None,
    *,
    virtual: Weights = None,
    soft: Weights = None,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    **members: Any,
) -> xr.DataArray:
    """Posterior of the (joint) distribution of some nodes, given evidence, under interventions.

    Every draw of the posterior is a network; the answer is exact in each, and the draws of the answer are its
    posterior. Evidence is taken in the network mutilated by `do` (Pearl 2009†, section 3.2).

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or tables.
    targets
        One node or several; several give their joint distribution.
    given
        Observed node -> state (or a number that the node's coding sorts into a state); or a data frame with a row
        for each case, whose blank cells are not known.
    do
        Node set from outside -> state.
    virtual
        Node -> state -> weight: how likely a finding is in each state (Pearl 1988†). Only ratios matter.
    soft
        Node -> state -> probability: what the node's distribution shall be, all things considered (Jeffrey's rule†).
    memory
        Bytes that may be held at once.
    backend
        A key of `servanda.models.inference.backends.SOLVERS`: ``numpy``, or ``jax`` where it is installed.
    **members
        Group effect -> member, e.g. ``actor="USA"``, or one for each case. Left out, the answer is for a member
        drawn anew from the population in every draw, and the same one in every question to this posterior.

    Returns
    -------
    DataArray
        Dims chain, draw, case (for a table of evidence) and the targets. Its attributes hold the question in words,
        the answer in short and, with `do`, whether the effect is identified under the graph.

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

    The forecast says rain, and is right four times in five:

    >>> probability(posterior, "wet", virtual={"rain": {"no": 1, "yes": 4}}).sel(wet="yes").item()
    0.45

    Several cases at once, one of which knows nothing:

    >>> import pandas as pd
    >>> cases = pd.DataFrame({"wet": ["yes", None]}, index=["seen", "unseen"])
    >>> probability(posterior, "rain", given=cases).sel(rain="yes").squeeze(("chain", "draw")).values.round(3)
    array([0.667, 0.2  ])
    """
    names = as_names(targets)
    found = known(posterior, names, given, do, members, virtual=virtual, soft=soft, memory=memory)
    how: Any = {"memory": memory, "solver": solver(backend)}
    shape = tuple(len(posterior.network[name].states) for name in names)
    values = found.each(lambda form, evidence: distribution(found.system, form, evidence, **how), shape)
    answer = labelled(posterior, found, names, values)
    words = in_words(posterior.network, names, given, do, members, virtual, soft)
    cells = [*([] if found.labels is None else [found.labels]), *(posterior.network[name].states for name in names)]
    told = _short(answer.values, cells)
    whose = reading(posterior.network, names, {**_single(given), **_single(do)})
    answer.attrs = {
        "question": words,
        "answer": told,
        **({"reading": whose} if whose else {}),
        **causal(posterior, found, names),
    }
    return answer


def _single(stated: Any) -> dict[str, str]:
    """States of one case; of a table of cases a node counts as given where it has a column."""
    if is_frame(stated):
        return {str(name): "each case has it" for name in stated.columns}
    return {str(name): str(state) for name, state in dict({} if stated is None else stated).items()}


def evidence_probability(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    virtual: Weights = None,
    log: bool = False,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    **members: Any,
) -> xr.DataArray:
    """Posterior of the probability of the evidence itself.

    Parameters
    ----------
    posterior, given, do, memory, backend
        As in `probability`.
    virtual
        As in `probability`, but each weight is the probability of the finding in that state: the answer scales with it.
    log
        Give its natural logarithm, which does not vanish for many observations.
    **members
        As in `probability`.

    Returns
    -------
    DataArray
        Dims (chain, draw), and case for a table of evidence.
    """
    found = known(posterior, (), given, do, members, virtual=virtual, targets_needed=False, memory=memory)
    how: Any = {"memory": memory, "solver": solver(backend)}
    logs = found.each(lambda form, evidence: log_evidence(found.system, form, evidence, **how), ())
    return labelled(posterior, found, (), logs if log else np.exp(logs), "log_evidence" if log else "evidence")


def marginals(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    nodes: Sequence[str] | None = None,
    virtual: Weights = None,
    soft: Weights = None,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    **members: Any,
) -> xr.Dataset:
    """Posterior of the distribution of every node (or of `nodes`) given evidence, under interventions.

    All come out of one pass up and one down (see `servanda.models.inference.plan`).

    Parameters
    ----------
    posterior, given, do, virtual, soft, memory, backend
        As in `probability`.
    nodes
        Which nodes; all that are neither given in every case nor set by default.
    **members
        As in `probability`.

    Returns
    -------
    Dataset
        Variable ``p_<node>`` with dims (chain, draw, <node>), and case for a table of evidence, for each node. Where
        a case knows the node, its state has probability one.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> list(marginals(Posterior.from_tables(network, tables)))
    ['p_rain', 'p_wet']
    """
    network = posterior.network
    asked = (nodes,) if isinstance(nodes, str) else tuple(nodes or ())
    found = known(posterior, (), given, do, members, virtual=virtual, soft=soft, targets_needed=False, memory=memory)
    open_in_some = [n for n in network.names if n not in found.form.do and not found.knows(n)]
    if nodes is not None:
        settled = (name for name in found.form.given if name not in open_in_some)
        check_question(network, asked, {}, {}, columns=(*settled, *found.form.do))
    chosen = asked if nodes is not None else tuple(open_in_some)
    how: Any = {"memory": memory, "solver": solver(backend)}
    sizes = [len(network[name].states) for name in chosen]
    edges = np.cumsum([0, *sizes])

    def answer(form: Form, evidence: Evidence) -> np.ndarray:
        free = tuple(name for name in chosen if name not in form.given)
        light, heavy = _split(network, replace(form, targets=free))
        values = all_marginals(found.system, light, evidence, **how) if light.targets else {}
        values |= {one.targets[0]: distribution(found.system, one, evidence, **how) for one in heavy}
        batch = next(iter(values.values())).shape[1:] if values else (evidence.cases or 1, found.system.samples)
        for name in form.given:
            if name in chosen:
                states = np.arange(len(network[name].states))[:, None, None]
                values[name] = np.broadcast_to(states == evidence.fixed[name][:, None], (len(states), *batch))
        return np.concatenate([values[name] for name in chosen])

    whole = found.each(answer, (int(edges[-1]),)) if chosen else np.empty((0,))
    variables, coords = {}, batch_coords(posterior, found)
    for name, start, stop in zip(chosen, edges[:-1], edges[1:], strict=True):
        dims, values = draws_first(posterior, found, (name,), whole[start:stop])
        coords[name] = list(network[name].states)
        words = in_words(network, (name,), given, do, members, virtual, soft)
        labels = [coords[dim] for dim in dims[2:]]
        attrs = {"question": words, "answer": _short(values, labels), **causal(posterior, found, (name,))}
        variables[f"p_{name}"] = (dims, values, attrs)
    return xr.Dataset(variables, coords)


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


def explain(
    posterior: Posterior,
    targets: str | Sequence[str],
    given: States = None,
    do: States = None,
    *,
    memory: int = MEMORY_LIMIT,
) -> str:
    """Say how a question would be answered: tables kept, order, largest table, bytes, operations.

    Raises
    ------
    QueryError
        As in `probability`.
    CapacityError
        If it would not fit `memory`.
    """
    names = as_names(targets)
    found = known(posterior, names, given, do, {}, memory=memory)
    states = np.prod([len(posterior.network[name].states) for name in names], dtype=int)
    plan, *_ = prepare(
        found.system,
        found.form,
        found.evidence,
        "conditional",
        answer=int(states),
        memory=memory,
        absorb=WORTH_ABSORBING,
    )
    return plan.explain(found.system.samples)


def causal(posterior: Posterior, found: Known, targets: tuple[str, ...]) -> dict[str, str]:
    """Attributes that say whether an effect is identified under the graph; none without an intervention.

    Of several cases that know different nodes, the first whose question is not identified speaks for all.
    """
    if not found.form.do or not targets:
        return {}
    forms = {replace(form, targets=targets) for _, form, _ in found.groups if not set(targets) & set(form.given)}
    told = [_identification(posterior, form) for form in sorted(forms, key=lambda form: form.given)]
    return next((attrs for attrs in told if attrs["identified"] == "no"), told[-1] if told else {})


def _identification(posterior: Posterior, form: Form) -> dict[str, str]:
    found = identify(posterior.network, form.targets, form.do, latent_nodes(posterior), (*form.given, *form.likely))
    # Text alone survives every kind of file.
    return {
        "identified": "yes" if found.identified else "no",
        "adjustment": ", ".join(found.adjustment),
        "identification": str(found),
    }


def in_words(
    network: Network,
    targets: Sequence[str],
    given: Given = None,
    do: States = None,
    members: Mapping[str, Any] | None = None,
    virtual: Weights = None,
    soft: Weights = None,
) -> str:
    """Write a question as it is written on paper.

    Examples
    --------
    >>> from servanda.models import Network, Node
    >>> in_words(Network((Node("a", ("x", "y")), Node("b", ("u",)))), ("b",), {"a": "y"}, members={"actor": "USA"})
    'P(b | a = y; actor = USA)'
    """
    if is_frame(given):
        seen = [f"{name} = each case's" for name in given.columns]
    else:
        seen = [f"{name} = {_state(network, name, state)}" for name, state in sorted(as_states("given", given).items())]
    seen += [f"{name} weighted {_numbers(weights)}" for name, weights in (virtual or {}).items()]
    seen += [f"{name} distributed {_numbers(weights)}" for name, weights in (soft or {}).items()]
    done = [f"do({name} = {_state(network, name, state)})" for name, state in sorted(as_states("do", do).items())]
    who = [
        f"{group} = " + (member if isinstance(member, str) else "each case's")
        for group, member in (members or {}).items()
        if not is_blank(member)
    ]
    conditions = "; ".join(", ".join(part) for part in (seen, done, who) if part)
    return f"P({', '.join(targets)}{' | ' if conditions else ''}{conditions})"


def _state(network: Network, name: str, state: Any) -> str:
    return network[name].states[network[name].index(state)]


def _numbers(weights: Mapping[Any, float]) -> str:
    return "(" + ", ".join(f"{state} {weight:g}" for state, weight in weights.items()) + ")"


def labelled(
    posterior: Posterior, found: Known, names: Sequence[str], values: np.ndarray, name: str = "probability"
) -> xr.DataArray:
    """Name the dims of an array of shape (*names, samples) or (*names, cases, samples)."""
    dims, arranged = draws_first(posterior, found, names, values)
    coords = batch_coords(posterior, found) | {axis: list(posterior.network[axis].states) for axis in names}
    return xr.DataArray(arranged, coords, dims, name)


def batch_coords(posterior: Posterior, found: Known) -> dict[str, Any]:
    """Coordinates of chains, draws and, where there are several, cases."""
    named = posterior.draws.variables
    coords: dict[str, Any] = {
        dim: named[dim].values if dim in named else np.arange(size) for dim, size in posterior.sizes.items()
    }
    return (
        coords
        if found.labels is None
        else coords | {"case": [str(label) if isinstance(label, tuple) else label for label in found.labels]}
    )


def draws_first(
    posterior: Posterior, found: Known, names: Sequence[str], values: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Name the dims of an array of shape (*names, samples) or (*names, cases, samples), and put draws in front."""
    case = () if found.labels is None else ("case",)
    whole = values.reshape((*values.shape[:-1], *posterior.sizes.values()))
    own = range(len(names))
    batch = range(len(names), whole.ndim)
    return ("chain", "draw", *case, *names), whole.transpose((*batch[-2:], *batch[:-2], *own))


def in_short(answer: xr.DataArray, interval: float = INTERVAL) -> str:
    """Write mean and interval of each cell of an answer (of the first dozen)."""
    ordered = answer.transpose("chain", "draw", ...)
    return _short(ordered.values, [ordered.coords[dim].values for dim in ordered.dims[2:]], interval)


def _short(values: np.ndarray, labels: Sequence[Sequence[Any]], interval: float = INTERVAL) -> str:
    """Write mean and interval of each cell; values have dims chain, draw and those of the labels."""
    shown = list(islice(product(*labels), 12))
    places = islice(product(*(range(len(label)) for label in labels)), 12)
    cells = np.stack([values[(slice(None), slice(None), *place)].ravel() for place in places], axis=1)
    ends = np.quantile(cells, [(1 - interval) / 2, (1 + interval) / 2], axis=0)
    parts = [
        f"{' & '.join(map(str, label))} {mean:.3f} [{low:.3f}, {high:.3f}]"
        for label, mean, low, high in zip(shown, cells.mean(axis=0), *ends, strict=True)
    ]
    return f"{'; '.join(parts)} (mean, {interval:.0%} interval)"
