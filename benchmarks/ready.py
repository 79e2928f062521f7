"""Ready-made problems of `fit.py`, the same numbers for every contender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from servanda.models import Arrow, Network, Node, encode, load_network
from servanda.models.cases.encode import Cases
from servanda.models.families.terms import TERMS, term_axes, term_of
from servanda.models.network.parameters import network_parameters, parameter_coords
from servanda.models.parameters.distributions import REAL, SIMPLEX
from servanda.models.parameters.prior_set import PriorSet
from servanda.priors import load_prior
from servanda.record import load_guarantees

#: The node of problem `d`.
OUTCOME = "compliance"


def problem(rows: int = 500, share: float = 0.15) -> tuple[Network, pd.DataFrame]:
    """Make the network and the data frame: random parents (one or two, from the nodes before) and random tables."""
    return many_tables(12, rows, share, back=12)


def many_tables(size: int, rows: int, share: float, back: int, seed: int = 4) -> tuple[Network, pd.DataFrame]:
    """Make a network of `size` tables and cases drawn from it.

    Parameters
    ----------
    size, rows
        Nodes, of two or three states each, and cases.
    share
        Share of cells that are missing.
    back
        A node has one or two parents among so many before it; with few, tables of answers stay small.
    """
    rng = np.random.default_rng(seed)
    names = [f"v{place:02d}" for place in range(size)]
    nodes, codes = [], {}
    for place, name in enumerate(names):
        states = int(rng.integers(2, 4))
        near = names[max(0, place - back) : place]
        parents = rng.choice(near, min(place, int(rng.integers(1, 3))), replace=False)
        nodes.append(Node(name, ("a", "b", "c")[:states], tuple(Arrow(str(parent)) for parent in sorted(parents))))
    network = Network(tuple(nodes))
    for name in network.names:
        shape = network.shape(name)
        tables = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        p = np.broadcast_to(tables[tuple(codes[parent] for parent in network[name].parent_names)], (rows, shape[-1]))
        codes[name] = (rng.random((rows, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    columns = {}
    for name in network.names:
        cells = np.array(network[name].states, dtype=object)[codes[name]]
        columns[name] = np.where(rng.random(rows) < share, None, cells)
    return network, pd.DataFrame(columns)


def classes(rows: int = 5000) -> tuple[Network, pd.DataFrame]:
    """A latent class with eight children, of which it is known only that `y0` rises with it."""
    rng = np.random.default_rng(5)
    states = ("no", "yes")
    children = tuple(Node(f"y{k}", states, (Arrow("class"),), ordered=True) for k in range(8))
    network = Network((Node("class", states, ordered=True, anchored_by="y0"), *children))
    truth = rng.random(rows) < 0.4
    low, high = rng.uniform(0.1, 0.4, 8), rng.uniform(0.6, 0.9, 8)
    said = {f"y{k}": rng.random(rows) < np.where(truth, high[k], low[k]) for k in range(8)}
    return network, pd.DataFrame({name: np.where(yes, "yes", "no") for name, yes in said.items()})


def counted_classes() -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of the latent class's children as zeros and ones, and how often each stands there."""
    _, frame = classes()
    return np.unique((frame == "yes").to_numpy(int), axis=0, return_counts=True)


def record() -> tuple[Network, Cases, PriorSet]:
    """Network, coded cases and priors of the shipped record."""
    network = load_network("guarantee")
    return network, encode(network, load_guarantees()), load_prior("literature")


def complete_record() -> tuple[Network, Cases, PriorSet]:
    """The cases of the record in which nothing is missing of the outcome and its parents."""
    network, cases, priors = record()
    whole = np.all([cases.codes[name] >= 0 for name in network.axes(OUTCOME)], axis=0)
    return network, encode(network, load_guarantees()[whole]), priors


@dataclass(frozen=True)
class Steps:
    """A parent that acts in one direction: slope times the running sum of a simplex.

    Parameters
    ----------
    mu, sigma
        Of the slope.
    alpha
        Of the Dirichlet of the steps.
    height
        What each step adds to each case, shape (cases, steps).
    """

    name: str
    mu: float
    sigma: float
    alpha: np.ndarray
    height: np.ndarray


@dataclass(frozen=True)
class OrdinalData:
    """A cumulative logit in plain numbers, as programs that know nothing of networks take it.

    P(y <= s) = logistic(c_s - eta), where c is the logit of the running sum of a simplex with the Dirichlet prior
    `alpha`, and eta = offset + X z + steps + spread_g e_g, with z and e_g standard normal and spread_g half normal.

    Parameters
    ----------
    y
        State of each case, from 0.
    offset, X
        The linear part; its columns are scaled so that z is standard normal.
    effects
        Parameter -> its prior mean, shape (states) or (), and what of z adds to it: the columns and their matrix.
    steps
        Parents that act in one direction.
    groups
        Group -> member of each case, from 0, how many there are, and the scale of the spread.
    """

    y: np.ndarray
    offset: np.ndarray
    X: np.ndarray
    alpha: np.ndarray
    effects: Mapping[str, tuple[np.ndarray, slice, np.ndarray]]
    steps: tuple[Steps, ...]
    groups: Mapping[str, tuple[np.ndarray, int, float]]

    def quantities(self, z: np.ndarray, **others: np.ndarray) -> dict[str, np.ndarray]:
        """Parameters as Servanda calls them from draws of z, shape (chains, draws, columns), beside those given."""
        found = {name: mean + z[..., own] @ matrix.T for name, (mean, own, matrix) in self.effects.items()}
        return found | {f"{OUTCOME}.{name}": x for name, x in others.items()}


def ordinal_data() -> OrdinalData:
    """Make the outcome of the record under the shipped priors plain."""
    network, cases, priors = complete_record()
    local, node = network.local(OUTCOME), network[OUTCOME]
    coords = parameter_coords(network, cases.levels)
    parameters = {one.name: one for one in network_parameters(network, (OUTCOME,))}

    def numbers(name: str) -> dict[str, Any]:
        one = parameters[name]
        return one.prior(priors).resolved(one.states(coords), name)

    offset, columns, effects, steps, width = np.zeros(len(cases)), [], {}, [], 0
    for arrow in local.arrows:
        name, term = f"{OUTCOME}.{arrow.parent}", TERMS[term_of(local, arrow)]
        shape = tuple(len(coords[dim]) for dim in parameters[name].dims)
        mu, sigma = (np.broadcast_to(numbers(name)[key], shape) for key in ("mu", "sigma"))
        picked = np.ravel_multi_index(
            tuple(cases.codes[axis] for axis in term_axes(arrow)),
            tuple(len(network[a].states) for a in term_axes(arrow)),
        )
        if f"{name}.steps" in parameters:
            size = len(coords[parameters[f"{name}.steps"].dims[0]])
            unit = {name: np.ones((size, *shape)), f"{name}.steps": np.eye(size)}
            height = term.effect(unit, local, arrow).reshape(size, -1)[:, picked].T
            alpha = np.broadcast_to(numbers(f"{name}.steps")["alpha"], size)
            steps.append(Steps(name, float(mu), float(sigma), alpha, height))
            continue
        size = int(np.prod(shape))
        # Effects of each unit vector of the parameter; a zero-sum one moves along an orthonormal basis of its subspace.
        height = term.effect({name: np.eye(size).reshape(size, *shape)}, local, arrow).reshape(size, -1)[:, picked].T
        centring = np.eye(size) - (1 / size if parameters[name].zero_sum else 0)
        basis = np.linalg.svd(centring)[0][:, : np.linalg.matrix_rank(centring)] * sigma.reshape(-1)[0]
        mean = centring @ mu.reshape(-1)
        own = slice(width, width + basis.shape[1])
        offset = offset + height @ mean
        columns.append(height @ basis)
        effects[name] = (mean.reshape(shape), own, basis.reshape(*shape, -1))
        width = own.stop
    groups = {
        group.name: (
            cases.members[group.name],
            len(cases.levels[group.name]),
            float(numbers(f"{OUTCOME}.{group.name}_sd")["sigma"]),
        )
        for group in node.groups
    }
    assert {one.support for one in parameters.values()} >= {REAL, SIMPLEX}
    alpha = np.broadcast_to(numbers(f"{OUTCOME}.baseline")["alpha"], len(node.states))
    return OrdinalData(cases.codes[OUTCOME], offset, np.hstack(columns), alpha, effects, tuple(steps), groups)


def named(data: OrdinalData, kept: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Parameters of the ordinal problem as Servanda calls them."""
    slopes = {one.name: kept["slope"][..., place] for place, one in enumerate(data.steps)}
    steps = {f"{one.name}.steps": kept[f"steps{place}"] for place, one in enumerate(data.steps, 1)}
    others = {name: kept[name] for name in ("baseline", "actor_sd", "guarantee_sd")}
    return data.quantities(kept["z"], **others) | slopes | steps
