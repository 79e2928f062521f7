"""Whole cases: the most probable explanation of what was seen, and cases drawn from the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...models.errors import QueryError
from ...models.inference.contract import MEMORY_LIMIT
from ...models.posterior import Posterior
from ...models.questions.answers import most_probable_states, sampled_states
from ...models.questions.evidence import Given, States, StateWeights, check_keywords, resolve_evidence
from ...models.questions.labels import in_words
from .probability import causal


def most_probable(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    virtual: StateWeights = None,
    soft: StateWeights = None,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> xr.Dataset:
    """Most probable explanation: the joint state of all other nodes that explains the evidence best, for every draw.

    Parameters
    ----------
    posterior, given, do, virtual, soft, memory
        As in `servanda.analysis.probability`.
    **members
        As in `servanda.analysis.probability`.

    Returns
    -------
    Dataset
        For each node that is not known in every case its state in the explanation, dims (chain, draw), and case for a
        table of evidence; ``probability``: P(explanation | evidence); ``log_joint``: the logarithm of P(explanation,
        evidence). ``attrs["answer"]`` tells which explanation is best in most draws.

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
    """
    check_keywords(most_probable, posterior, members)
    asked = resolve_evidence(
        posterior, (), given, do, members, virtual=virtual, soft=soft, targets_needed=False, memory=memory
    )
    dataset = most_probable_states(asked, memory=memory)
    words = in_words(posterior.network, ("all other nodes",), given, do, members, virtual, soft)
    dataset.attrs = {
        "question": f"most probable under {words}",
        "answer": _most_often(dataset, asked.open_nodes),
        **causal(asked),
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
    wanted = {"size": (size, 1), "seed": (seed, 0)}
    faults = [
        Fault(name, f"must be a whole number of {least} or more, not {value!r}")
        for name, (value, least) in wanted.items()
        if not isinstance(value, int | np.integer) or value < least
    ]
    raise_faults("question", faults, QueryError)
    asked = resolve_evidence(
        posterior, (), given, do, members, virtual=virtual, soft=soft, targets_needed=False, memory=memory
    )
    dataset = sampled_states(asked, size=size, rng=np.random.default_rng(seed), memory=memory)
    words = in_words(posterior.network, ("all other nodes",), given, do, members, virtual, soft)
    dataset.attrs = {"question": words, **causal(asked)}
    return dataset


def _most_often(dataset: xr.Dataset, names: tuple[str, ...]) -> str:
    """Say which explanation is best in most draws (of all cases together) and in what share of them."""
    if not names:
        return "nothing is left to explain"
    columns = [np.unique(dataset[name].values.ravel(), return_inverse=True) for name in names]
    numbers, counts = np.unique([inverse for _, inverse in columns], axis=1, return_counts=True)
    best = [states[number] for (states, _), number in zip(columns, numbers[:, counts.argmax()], strict=True)]
    best_case = ", ".join(f"{name} = {state}" for name, state in zip(names, best, strict=True))
    chance = float(dataset["probability"].mean())
    return (
        f"{best_case} (best in {counts.max():,} of {counts.sum():,} draws; probability of the best, mean: {chance:.3f})"
    )
