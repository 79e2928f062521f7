"""Questions to a posterior network, answered exactly for every draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Any

import numpy as np
import xarray as xr

from ...common.progress import Progress
from ...common.progress import shown as shown_progress
from ...models.inference.contract import MEMORY_LIMIT
from ...models.inference.question import Form
from ...models.posterior import Posterior
from ...models.questions.answers import joint_distribution, node_distributions, plan_in_words, probability_of_evidence
from ...models.questions.evidence import (
    Given,
    GivenEvidence,
    States,
    StateWeights,
    as_names,
    as_states,
    as_table,
    as_weights,
    check_keywords,
    resolve_evidence,
)
from ...models.questions.labels import in_words
from ..summaries.summary import INTERVAL
from .answer import Answer, Marginals
from .identification.identify import identify, latent_nodes
from .identification.result import CONDITION
from .whose_conduct import whose_conduct


def probability(
    posterior: Posterior,
    targets: str | Sequence[str],
    given: Given = None,
    do: States = None,
    *,
    virtual: StateWeights = None,
    soft: StateWeights = None,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    progress: bool | Progress | None = None,
    **members: Any,
) -> Answer:
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
        Node set from outside -> state; or a probability of each state, as a rule does that sets it by lot: the answer
        mixes those of the states.
    virtual
        Node -> state -> weight: how likely a finding is in each state (Pearl 1988†). Only ratios matter.
    soft
        Node -> state -> probability: what the node's distribution shall be, all things considered (Jeffrey's rule†).
    memory
        Bytes that may be held at once.
    backend
        A key of `servanda.models.inference.backends.SOLVERS`: ``numpy``, or ``jax`` where it is installed.
    progress
        Whether a bar shows how far it is, or what is told of it: draws, of all cases together; see
        `servanda.common.progress.shown`.
    **members
        Group effect -> member, e.g. ``actor="USA"``, or one for each case. Left out, members that the data does not
        hold are integrated out within each draw, so that the draws of the answer say what the data leaves open;
        ``"(new)"`` is one member drawn from the population in every draw, the same in every question to this posterior,
        and ``"typical"`` one without an effect. `outcomes` tells both.

    Returns
    -------
    Answer
        A `DataArray` with dims chain, draw, case (for a table of evidence) and the targets, which shows each state and
        draws it (``.plot()``). Its attributes hold the question in words,
        the answer in short, whose conduct it is, and whether the effect of `do` is identified if the network holds
        every common cause; what does not apply is empty, so that arithmetic with another answer drops it.

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
    check_keywords(probability, posterior, members)
    names = as_names(targets)
    asked = resolve_evidence(posterior, names, given, do, members, virtual=virtual, soft=soft, memory=memory)
    with shown_progress(progress) as tell:
        answer = joint_distribution(asked, memory=memory, backend=backend, progress=tell)
    whose = whose_conduct(posterior.network, names, {**_single(given), **_single(do)})
    answer.attrs = {
        "question": in_words(posterior.network, names, given, do, members, virtual, soft),
        "answer": _short(answer.values, _labels(asked, names)),
        "whose_conduct": whose,
        **causal(asked, names),
    }
    return Answer(answer)


def _labels(asked: GivenEvidence, names: Sequence[str]) -> list[Sequence[Any]]:
    """Labels of the cells of an answer: its cases, where there are several, and states."""
    cases = [] if asked.labels is None else [asked.labels]
    return [*cases, *(asked.system.network[name].states for name in names)]


def _single(stated: Any) -> dict[str, str]:
    """States of one case; of a table of cases a node counts as given where it has a column."""
    table = as_table(stated)
    if table is not None:
        return {str(name): "each case has it" for name in table.columns}
    return {name: str(state) for name, state in as_states(stated, "given").items() if as_weights(state) is None}


def evidence_probability(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    virtual: StateWeights = None,
    log: bool = False,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    progress: bool | Progress | None = None,
    **members: Any,
) -> Answer:
    """Posterior of the probability of the evidence itself.

    Parameters
    ----------
    posterior, given, do, memory, backend, progress
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
        Dims (chain, draw), and case for a table of evidence; attributes as in `probability`.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {
    ...     "rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...     "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
    ... }
    >>> evidence_probability(Posterior.from_tables(network, tables), {"wet": "yes"}).round(2).item()
    0.24
    """
    check_keywords(evidence_probability, posterior, members)
    asked = resolve_evidence(posterior, (), given, do, members, virtual=virtual, targets_needed=False, memory=memory)
    with shown_progress(progress) as tell:
        answer = probability_of_evidence(asked, log=log, memory=memory, backend=backend, progress=tell)
    seen = in_words(posterior.network, (), given).removeprefix("P(").removeprefix(" | ").removesuffix(")")
    words = in_words(posterior.network, (seen or "nothing",), None, do, members, virtual)
    answer.attrs = {
        "question": f"log {words}" if log else words,
        "answer": "" if log else _short(answer.values, _labels(asked, ())),
        **_identification(asked, replace(asked.form, targets=())),
    }
    return Answer(answer)


def marginals(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    nodes: Sequence[str] | None = None,
    virtual: StateWeights = None,
    soft: StateWeights = None,
    memory: int = MEMORY_LIMIT,
    backend: str = "numpy",
    progress: bool | Progress | None = None,
    **members: Any,
) -> Marginals:
    """Posterior of the distribution of every node (or of `nodes`) given evidence, under interventions.

    All come out of one pass up and one down (see `servanda.models.inference.plan`).

    Parameters
    ----------
    posterior, given, do, virtual, soft, memory, backend, progress
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
    check_keywords(marginals, posterior, members)
    asked = resolve_evidence(
        posterior, (), given, do, members, virtual=virtual, soft=soft, targets_needed=False, memory=memory
    )
    chosen = None if nodes is None else (nodes,) if isinstance(nodes, str) else tuple(nodes)
    with shown_progress(progress) as tell:
        found = node_distributions(asked, chosen, memory=memory, backend=backend, progress=tell)
    for variable, answer in found.data_vars.items():
        name = str(variable).removeprefix("p_")
        answer.attrs |= {
            "question": in_words(posterior.network, (name,), given, do, members, virtual, soft),
            "answer": _short(answer.values, _labels(asked, (name,))),
            **causal(asked, (name,)),
        }
    return Marginals(found.data_vars, found.coords, found.attrs)


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

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {
    ...     "rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...     "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
    ... }
    >>> print(explain(Posterior.from_tables(network, tables), "wet"))
    tables kept: rain, wet
    summed state by state: none
    order: rain x wet -> (wet)
    largest table: 4 cells a draw, 32 bytes for 1 draws
    held at once: 112 bytes a draw
    operations: 32
    """
    asked = resolve_evidence(posterior, as_names(targets), given, do, {}, memory=memory)
    return plan_in_words(asked, memory=memory)


#: What an answer says of an effect where nothing is set. Left out, another answer's would linger on their difference.
NO_EFFECT = {"identified": "", "adjustment": "", "identification": ""}


def causal(asked: GivenEvidence, targets: tuple[str, ...] | None = None) -> dict[str, str]:
    """Attributes that say whether an effect is identified, and on what condition; empty without an intervention.

    Of several cases that know different nodes, the first whose question is not identified speaks for all. Without
    targets, all nodes are meant that a case does not know.
    """
    forms = {_of(targets, form, asked) for _, form, _ in asked.groups}
    stated = [_identification(asked, form) for form in sorted(forms, key=lambda form: form.given)]
    stated = [NO_EFFECT, *(attrs for attrs in stated if attrs["identified"])]
    return next((attrs for attrs in stated if attrs["identified"] == "no"), stated[-1])


def _of(targets: tuple[str, ...] | None, form: Form, asked: GivenEvidence) -> Form:
    """The question that is put to a case about some nodes, of which it may know one or another."""
    own = asked.open_nodes if targets is None else targets
    return replace(form, targets=tuple(name for name in own if name not in form.given))


def _identification(asked: GivenEvidence, form: Form) -> dict[str, str]:
    # What is said of a target itself leaves open no more than its distribution does.
    given = (*form.given, *(name for name in form.likely if name not in form.targets))
    targets = form.targets
    if asked.drawn or not targets:
        # A mixture over states that are set is one of the joint distributions of targets and evidence.
        targets, given = tuple(name for name in (*targets, *given) if name not in asked.drawn), ()
    return effect(asked.posterior, targets, (*form.do, *asked.drawn), given)


def effect(
    posterior: Posterior, targets: tuple[str, ...], do: tuple[str, ...], given: tuple[str, ...] = ()
) -> dict[str, str]:
    """Attributes that say of one case whether the effect of `do` is identified, and on what condition."""
    if not do or not targets:
        return NO_EFFECT
    found = identify(posterior.network, targets, do, latent_nodes(posterior), given)
    # Text alone survives every kind of file.
    return {
        "identified": CONDITION if found.identified else "no",
        "adjustment": ", ".join(found.adjustment),
        "identification": str(found),
    }


def in_short(answer: xr.DataArray, interval: float = INTERVAL) -> str:
    """Mean and interval of each cell of an answer (of the first dozen), in words."""
    ordered = answer.transpose("chain", "draw", ...)
    return _short(ordered.values, [ordered.coords[dim].values for dim in ordered.dims[2:]], interval)


def _short(values: np.ndarray, labels: Sequence[Sequence[Any]], interval: float = INTERVAL) -> str:
    """Write mean and interval of each cell; values have dims chain, draw and those of the labels."""
    shown = list(islice(product(*labels), 12))
    places = islice(product(*(range(len(label)) for label in labels)), 12)
    cells = np.stack([values[(slice(None), slice(None), *place)].ravel() for place in places], axis=1)
    ends = np.quantile(cells, [(1 - interval) / 2, (1 + interval) / 2], axis=0)
    parts = [
        f"{' & '.join(map(str, label))} {mean:.3f} [{low:.3f}, {high:.3f}]".lstrip()
        for label, mean, low, high in zip(shown, cells.mean(axis=0), *ends, strict=True)
    ]
    return f"{'; '.join(parts)} (mean, {interval:.0%} interval)"
