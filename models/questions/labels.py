"""Labels of answers: dims and coordinates of draws, cases and states, and the question as it is written on paper."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..names import DRAWS, escape
from ..network.network import Network
from .evidence import Given, GivenEvidence, States, StateWeights, as_states, as_table, as_weights, is_blank


def labelled_answer(
    asked: GivenEvidence, names: Sequence[str], values: np.ndarray, name: str = "probability"
) -> xr.DataArray:
    """Labelled array of an answer of shape (*names, samples) or (*names, cases, samples)."""
    own = own_dims(asked, names, {name})
    dims, arranged = draws_first(asked, tuple(own), values)
    coords = batch_coords(asked) | {dim: list(asked.system.network[node].states) for dim, node in own.items()}
    return xr.DataArray(arranged, coords, dims, name)


def own_dims(asked: GivenEvidence, names: Sequence[str], beside: Collection[str] = ()) -> dict[str, str]:
    """Dim -> node whose states it holds, where an answer has other dims, and maybe variables, beside them."""
    taken = {*DRAWS, *beside, *(() if asked.labels is None else ("case",))}
    return {escape(name, taken): name for name in names}


def batch_coords(asked: GivenEvidence) -> dict[str, Any]:
    """Coordinates of chains, draws and, where there are several, cases."""
    named = asked.posterior.draws.variables
    coords: dict[str, Any] = {
        dim: named[dim].values if dim in named else np.arange(size) for dim, size in asked.posterior.sizes.items()
    }
    if asked.labels is None:
        return coords
    return coords | {"case": [str(label) if isinstance(label, tuple) else label for label in asked.labels]}


def draws_first(asked: GivenEvidence, names: Sequence[str], values: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Dims of an array of shape (*names, samples) or (*names, cases, samples), and the array with draws in front."""
    case = () if asked.labels is None else ("case",)
    whole = values.reshape((*values.shape[:-1], *asked.posterior.sizes.values()))
    own = range(len(names))
    batch = range(len(names), whole.ndim)
    return ("chain", "draw", *case, *names), whole.transpose((*batch[-2:], *batch[:-2], *own))


def in_words(
    network: Network,
    targets: Sequence[str],
    given: Given = None,
    do: States = None,
    members: Mapping[str, Any] | None = None,
    virtual: StateWeights = None,
    soft: StateWeights = None,
) -> str:
    """Notation of a question, as it is written on paper.

    Examples
    --------
    >>> from servanda.models import Network, Node
    >>> in_words(Network((Node("a", ("x", "y")), Node("b", ("u",)))), ("b",), {"a": "y"}, members={"actor": "USA"})
    'P(b | a = y; actor = USA)'
    """
    table = as_table(given)
    if table is not None:
        seen = [f"{name} = each case's" for name in table.columns]
    else:
        seen = [f"{name} = {_state(network, name, state)}" for name, state in sorted(as_states(given, "given").items())]
    seen += [f"{name} weighted {_numbers(weights)}" for name, weights in (virtual or {}).items()]
    seen += [f"{name} distributed {_numbers(weights)}" for name, weights in (soft or {}).items()]
    done = [f"do({name} {_set_to(network, name, state)})" for name, state in sorted(as_states(do, "do").items())]
    who = [
        f"{group} = " + (member if isinstance(member, str) else "each case's")
        for group, member in (members or {}).items()
        if not is_blank(member)
    ]
    conditions = "; ".join(", ".join(part) for part in (seen, done, who) if part)
    return f"P({', '.join(targets)}{' | ' if conditions else ''}{conditions})"


def _state(network: Network, name: str, state: Any) -> str:
    return network[name].states[network[name].index(state)]


def _set_to(network: Network, name: str, state: Any) -> str:
    """A state, or the distribution that a state is drawn from."""
    shares = as_weights(state)
    return f"= {_state(network, name, state)}" if shares is None else f"~ {_numbers(shares)}"


def _numbers(weights: Mapping[Any, float]) -> str:
    return "(" + ", ".join(f"{state} {weight:g}" for state, weight in weights.items()) + ")"
