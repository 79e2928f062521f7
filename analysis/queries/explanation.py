"""Whole cases: the most probable explanation of what was seen, and cases drawn from the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...common.progress import Progress, shown
from ...models.errors import QueryError
from ...models.inference.contract import MEMORY_LIMIT
from ...models.names import name_in
from ...models.posterior import Posterior
from ...models.questions.answers import most_probable_states, sampled_states
from ...models.questions.evidence import Given, States, StateWeights, as_names, check_keywords, resolve_evidence
from ...models.questions.labels import in_words
from ...models.seeds import generator
from .probability import causal


def most_probable(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    virtual: StateWeights = None,
    soft: StateWeights = None,
    nodes: str | Sequence[str] | None = None,
    k: int = 1,
    memory: int = MEMORY_LIMIT,
    progress: bool | Progress | None = None,
    **members: Any,
) -> xr.Dataset:
    """Most probable explanation: the joint state of all other nodes that explains the evidence best, for every draw.

    Parameters
    ----------
    posterior, given, do, virtual, soft, memory, progress
        As in `servanda.analysis.probability`.
    nodes
        Explain by the joint state of these alone, all others summed out (marginal MAP); by all other nodes by default.
        The best state of some nodes need not be their part of the best state of all.
    k
        How many explanations, the best first. Each after the first takes as long as one for every open node.
    **members
        As in `servanda.analysis.probability`.

    Returns
    -------
    Dataset
        For each node that is not known in every case its state in the explanation, dims (chain, draw), with case for a
        table of evidence, and rank for `k` of more than one (an empty state, where there are fewer);
        ``probability``: P(explanation | evidence); ``log_joint``: the logarithm of P(explanation, evidence); ``ties``:
        how many explanations are as probable as the best, itself included. ``attrs["answer"]`` tells which explanation
        is best in most draws, and whether others are as good.

    Raises
    ------
    QueryError, ImpossibleEvidenceError, CapacityError
        As `servanda.analysis.probability` does.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> best = most_probable(Posterior.from_tables(network, tables), {"wet": "yes"})
    >>> best["rain"].item(), round(best["probability"].item(), 3)
    ('yes', 0.667)
    >>> most_probable(Posterior.from_tables(network, tables), k=2)["wet"].values.ravel()
    array(['no', 'yes'], dtype='<U3')
    """
    check_keywords(most_probable, posterior, members)
    _whole_numbers(k=(k, 1))
    asked = resolve_evidence(
        posterior, (), given, do, members, virtual=virtual, soft=soft, targets_needed=False, memory=memory
    )
    chosen = None if nodes is None else as_names(nodes)
    with shown(progress) as tell:
        dataset = most_probable_states(asked, chosen, count=k, memory=memory, progress=tell)
    words = in_words(posterior.network, chosen or ("all other nodes",), given, do, members, virtual, soft)
    dataset.attrs = {
        "question": f"most probable under {words}",
        "answer": _best_in_words(dataset, asked.open_nodes if chosen is None else chosen),
        **causal(asked, chosen),
    }
    return dataset


def simulate(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    seed: int,
    size: int = 1,
    virtual: StateWeights = None,
    soft: StateWeights = None,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> xr.Dataset:
    """Whole cases drawn from the network, given evidence, under interventions: `size` for every draw.

    Over all draws they are a sample of the posterior predictive distribution of a case.

    Parameters
    ----------
    posterior, given, do, virtual, soft, memory
        As in `servanda.analysis.probability`.
    seed
        Same seed, same machine, same cases.
    size
        Cases for each draw, at least 1.
    **members
        As in `servanda.analysis.probability`.

    Returns
    -------
    Dataset
        For each node that is not known in every case its state, dims (chain, draw, sample), with case before sample for
        a table of evidence.

    Raises
    ------
    QueryError, ImpossibleEvidenceError, CapacityError
        As `servanda.analysis.probability` does.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> posterior = Posterior.from_tables(network, {"rain": xr.DataArray([0.8, 0.2], dims="rain")})
    >>> cases = simulate(posterior, seed=1, size=1000)
    >>> round(float((cases["rain"] == "yes").mean()), 1)
    0.2
    """
    check_keywords(simulate, posterior, members)
    _whole_numbers(size=(size, 1), seed=(seed, 0))
    asked = resolve_evidence(
        posterior, (), given, do, members, virtual=virtual, soft=soft, targets_needed=False, memory=memory
    )
    dataset = sampled_states(asked, size=size, rng=generator(seed), memory=memory)
    words = in_words(posterior.network, ("all other nodes",), given, do, members, virtual, soft)
    dataset.attrs = {"question": words, **causal(asked)}
    return dataset


def _whole_numbers(**wanted: tuple[Any, int]) -> None:
    """Raise a QueryError that lists the numbers which are not whole, or less than the least that will do."""
    faults = [
        Fault(name, f"must be a whole number of {least} or more, not {value!r}")
        for name, (value, least) in wanted.items()
        if not isinstance(value, int | np.integer) or value < least
    ]
    raise_faults("question", faults, QueryError)


def _best_in_words(dataset: xr.Dataset, names: tuple[str, ...]) -> str:
    """Say what explains best, in a line for each rank, and how many explanations are as good as the best."""
    if not names:
        return "nothing is left to explain"
    if "rank" not in dataset.dims:
        return f"{_most_often(dataset, names)}{_ties_in_words(dataset)}"
    ranked = [(f"rank {rank}", dataset.sel(rank=rank)) for rank in dataset["rank"].values]
    lines = [_most_often(own, names, label, label) for label, own in ranked if own["probability"].any()]
    return "\n".join([f"{lines[0]}{_ties_in_words(dataset)}", *lines[1:]])


def _ties_in_words(dataset: xr.Dataset) -> str:
    ties = dataset["ties"].values
    tied, most = (ties > 1).sum(), ties.max()
    if not tied:
        return ""
    if ties.min() == most:
        return f"; it is one of {most:,} that are equally probable"
    return f"; in {tied:,} of {ties.size:,} draws others are equally probable, up to {most:,} together"


def _most_often(dataset: xr.Dataset, names: tuple[str, ...], label: str = "best", whose: str = "the best") -> str:
    """Say which explanation is best in most draws (of all cases together) and in what share of them."""
    columns = [np.unique(dataset[name_in(dataset, name)].values.ravel(), return_inverse=True) for name in names]
    numbers, counts = np.unique([inverse for _, inverse in columns], axis=1, return_counts=True)
    best = [states[number] for (states, _), number in zip(columns, numbers[:, counts.argmax()], strict=True)]
    best_case = ", ".join(f"{name} = {state}" for name, state in zip(names, best, strict=True))
    chance = float(dataset["probability"].mean())
    often = f"{label} in {counts.max():,} of {counts.sum():,} draws"
    return f"{best_case} ({often}; probability of {whose}, mean: {chance:.3f})"
