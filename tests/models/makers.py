"""Small random networks, questions about them, and the plain enumeration that judges every answer."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from servanda.models import Arrow, Network, Node, Posterior

STATES = ("low", "mid", "high", "top")
#: The same examples in every run; fixtures that hand out imported functions may be shared by examples.
repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def networks(draw, most_nodes=6, most_states=4):
    """Draw a network of `table` nodes, declared in any order, its parents in any order."""
    names = [f"v{place}" for place in range(draw(st.integers(2, most_nodes)))]
    nodes = []
    for place, name in enumerate(names):
        states = STATES[: draw(st.integers(2, most_states))]
        parents = draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=3)) if place else []
        nodes.append(Node(name, states, tuple(Arrow(parent) for parent in parents)))
    return Network(tuple(draw(st.permutations(nodes))))


def random_tables(network, seed, draws=3):
    """Node -> table of shape (draws, *axes), with some cells close to zero and none at it."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name in network.names:
        cells = rng.gamma(rng.choice([0.3, 1.0, 10.0]), size=(draws, *network.shape(name))) + 1e-6
        cells *= np.where(rng.random(cells.shape) < 0.1, 1e-9, 1.0)
        tables[name] = cells / cells.sum(axis=-1, keepdims=True)
    return tables


def labelled(network, tables):
    """The same tables as `Posterior.from_tables` takes them."""
    return {
        name: xr.DataArray(
            table[None],
            dims=("chain", "draw", *network.axes(name)),
            coords={axis: list(network[axis].states) for axis in network.axes(name)},
        )
        for name, table in tables.items()
    }


def posterior_of(network, tables):
    return Posterior.from_tables(network, labelled(network, tables))


@st.composite
def questions(draw, network, most_given=3, most_done=2):
    """Draw targets, evidence and interventions that do not overlap, by name."""
    names = draw(st.permutations(network.names))
    count = draw(st.integers(1, min(2, len(names))))
    targets, rest = tuple(names[:count]), names[count:]
    cut = draw(st.integers(0, min(most_given, len(rest))))
    given, rest = rest[:cut], rest[cut:]
    done = rest[: draw(st.integers(0, min(most_done, len(rest))))]
    pick = {name: draw(st.sampled_from(network[name].states)) for name in (*given, *done)}
    return targets, {name: pick[name] for name in given}, {name: pick[name] for name in done}


def joint(network, tables, do=None):
    """P(every node) cell by cell, shape (draws, *nodes in network order); `do` cuts the arrows into its nodes."""
    do = {name: network[name].states.index(state) for name, state in (do or {}).items()}
    draws = len(next(iter(tables.values())))
    result = np.zeros((draws, *(len(network[name].states) for name in network.names)))
    for cell in product(*(range(len(network[name].states)) for name in network.names)):
        state = dict(zip(network.names, cell, strict=True))
        if any(state[name] != number for name, number in do.items()):
            continue
        value = np.ones(draws)
        for name in network.names:
            if name not in do:
                value = value * tables[name][(slice(None), *(state[axis] for axis in network.axes(name)))]
        result[(slice(None), *cell)] = value
    return result


def enumerated(network, tables, targets, given, do):
    """P(targets, given) under `do` from the whole joint, shape (draws, *targets)."""
    whole = joint(network, tables, do)
    pick = [network[name].states.index(given[name]) if name in given else slice(None) for name in network.names]
    kept = [name for name in network.names if name not in given]
    left = whole[(slice(None), *pick)]
    summed = left.sum(axis=tuple(place + 1 for place, name in enumerate(kept) if name not in targets))
    order = [name for name in kept if name in targets]
    return np.transpose(summed, (0, *(order.index(name) + 1 for name in targets)))


def blanked(network, codes, blank=()):
    """A data frame from state numbers by node; -1 is a blank cell, nodes in `blank` have no column."""
    columns = {
        name: pd.Series([network[name].states[code] if code >= 0 else None for code in codes[name]], dtype=object)
        for name in network.names
        if name not in blank
    }
    return pd.DataFrame(columns)
