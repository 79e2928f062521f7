"""Whole cases: the most probable explanation of what was seen, and cases drawn from the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...models.errors import QueryError
from ...models.inference.contract import MEMORY_LIMIT, log_evidence
from ...models.inference.most_probable import most_probable as choose
from ...models.inference.most_probable import sample
from ...models.inference.tables import Evidence
from ...models.posterior import Posterior
from .evidence import Given, Known, States, Weights, known
from .probability import batch_coords, draws_first, in_words


def most_probable(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    virtual: Weights = None,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> xr.Dataset:
    """Find the joint state of all other nodes that explains the evidence best, for every draw.

    Parameters
    ----------
    posterior, given, do, virtual, memory
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
    found = known(posterior, (), given, do, members, virtual=virtual, targets_needed=False, memory=memory)
    names = _open(found)
    shape = (len(names) + 2,)

    def answer(form: Any, evidence: Evidence) -> np.ndarray:
        states, joint = choose(found.system, form, evidence, memory=memory)
        whole = log_evidence(found.system, form, evidence, memory=memory)
        return np.stack([*_filled(names, states, evidence, joint.shape), joint, np.exp(joint - whole)])

    values = found.each(answer, shape)
    dataset = _dataset(posterior, found, names, values[:-2].astype(int), ())
    for name, numbers in (("log_joint", values[-2]), ("probability", values[-1])):
        dims, arranged = draws_first(posterior, found, (), numbers)
        dataset[name] = (dims, arranged)
    words = in_words(posterior.network, ("all other nodes",), given, do, members, virtual)
    dataset.attrs = {"question": f"most probable under {words}", "answer": _most_often(dataset, names)}
    return dataset


def simulate(
    posterior: Posterior,
    given: Given = None,
    do: States = None,
    *,
    seed: int,
    size: int = 1,
    virtual: Weights = None,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> xr.Dataset:
    """Draw whole cases from the network, given evidence, under interventions: `size` for every draw.

    Over all draws they are a sample of the posterior predictive distribution of a case.

    Parameters
    ----------
    posterior, given, do, virtual, memory
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
    wanted = {"size": (size, 1), "seed": (seed, 0)}
    faults = [
        Fault(name, f"must be a whole number of {least} or more, not {value!r}")
        for name, (value, least) in wanted.items()
        if not isinstance(value, int | np.integer) or value < least
    ]
    raise_faults("question", faults, QueryError)
    found = known(posterior, (), given, do, members, virtual=virtual, targets_needed=False, memory=memory)
    names, rng = _open(found), np.random.default_rng(seed)

    def answer(form: Any, evidence: Evidence) -> np.ndarray:
        states = sample(found.system, form, evidence, size=size, rng=rng, memory=memory)
        shape = next(iter(states.values())).shape if states else (size, evidence.cases or 1, found.system.samples)
        return np.stack(_filled(names, states, evidence, shape))

    values = found.each(answer, (len(names), size)) if names else np.empty((0, size))
    dataset = _dataset(posterior, found, names, values.astype(int), ("sample",))
    dataset.attrs = {"question": in_words(posterior.network, ("all other nodes",), given, do, members, virtual)}
    return dataset


def _open(found: Known) -> tuple[str, ...]:
    """Nodes that some case does not know."""
    return tuple(name for name in found.system.network.names if name not in found.form.do and not found.knows(name))


def _filled(
    names: tuple[str, ...], states: dict[str, np.ndarray], evidence: Evidence, shape: tuple[int, ...]
) -> list[np.ndarray]:
    """State numbers of all open nodes; where these cases know one, what they know."""
    return [
        states[name] if name in states else np.broadcast_to(np.asarray(evidence.fixed[name])[:, None], shape)
        for name in names
    ]


def _dataset(
    posterior: Posterior, found: Known, names: tuple[str, ...], numbers: np.ndarray, extra: tuple[str, ...]
) -> xr.Dataset:
    variables = {}
    for name, own in zip(names, numbers, strict=True):
        dims, arranged = draws_first(posterior, found, extra, own)
        variables[name] = (dims, np.asarray(posterior.network[name].states)[arranged])
    return xr.Dataset(variables, batch_coords(posterior, found))


def _most_often(dataset: xr.Dataset, names: tuple[str, ...]) -> str:
    """Say which explanation is best in most draws (of all cases together) and in what share of them."""
    if not names:
        return "nothing is left to explain"
    columns = [np.unique(dataset[name].values.ravel(), return_inverse=True) for name in names]
    numbers, counts = np.unique([inverse for _, inverse in columns], axis=1, return_counts=True)
    best = [states[number] for (states, _), number in zip(columns, numbers[:, counts.argmax()], strict=True)]
    told = ", ".join(f"{name} = {state}" for name, state in zip(names, best, strict=True))
    chance = float(dataset["probability"].mean())
    return f"{told} (best in {counts.max():,} of {counts.sum():,} draws; probability of the best, mean: {chance:.3f})"
