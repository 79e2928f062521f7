"""Counterfactuals: what a case that was seen would have been, had something been set otherwise.

The twin network (Balke and Pearl 1994; Pearl 2009†, section 7.1) holds the world as it was and, beside it, a copy
of every node that the change reaches. A node and its copy share their noise. Tables alone do not say how; each node
gets a coupling of its own table with its copy's:

`rank`
    One uniform number is put through both quantile functions: a case that stood high stays as high as the new
    circumstances allow. For ordered states; it is what a cumulative model with one latent variable implies.
`gumbel`
    The Gumbel-max model (Oberst and Sontag 2019): a state does not gain on another that its odds did not gain on.
    For unordered states. With two states it is the same as `rank`.

Both are the identity where nothing changed. They are assumptions, and the data cannot test them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..families.regression import spread_over
from ..network.network import Network
from ..node import Arrow, Node
from ..posterior import Posterior
from .tables import DrawnNetwork

#: Takes P(x) of shape (..., states, 1, samples) and P(x') of shape (..., 1, states, samples), or the like; gives
#: P(x' | x) of shape (..., states, states, samples).
Coupling = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Twin:
    """A network and its copy.

    Parameters
    ----------
    system
        Both worlds, with makers for the tables of the copies.
    reached
        Nodes that have a copy: those downstream of what is done.
    mark
        What stands behind the name of a copy.
    """

    system: DrawnNetwork
    reached: tuple[str, ...]
    mark: str

    def names(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Names of `targets` in the world that was not seen; where the change does not reach, the worlds are one."""
        return tuple(f"{name}{self.mark}" if name in self.reached else name for name in targets)


def make_twin(posterior: Posterior, do: Mapping[str, int], coupling: str | None = None) -> Twin:
    """Put a copy beside every node that an intervention reaches.

    Parameters
    ----------
    do
        Node -> state number in the world that was not seen.
    coupling
        A key of `COUPLINGS` for all nodes; None takes `rank` for ordered states and `gumbel` for others.
    """
    system, network = DrawnNetwork.of(posterior), posterior.network
    below = network.descendants(child for name in do for child in network.children[name])
    reached = tuple(name for name in network.names if name in below and name not in do)
    mark = "'"
    while any(f"{name}{mark}" in network for name in reached):
        mark += "'"
    nodes, makers, groups = [*network.nodes], dict(system.makers), dict(system.groups)
    for name in reached:
        node = network[name]
        copies = {own: f"{own}{mark}" for own in (*node.parent_names, name) if own in reached}
        copy = copies[name]
        parents = (*node.parent_names, name, *(copies[p] for p in node.parent_names if p in copies))
        nodes.append(Node(copy, node.states, tuple(map(Arrow, parents))))
        groups[copy] = system.groups[name]
        way = COUPLINGS[coupling or ("rank" if node.ordered else "gumbel")]
        makers[copy] = partial(_copy_table, system=system, name=name, do=dict(do), copies=copies, coupling=way)
    both = Network(tuple(nodes), network.name)
    return Twin(replace(system, network=both, makers=makers, groups=groups), reached, mark)


def _copy_table(
    values: Mapping[str, np.ndarray],
    fixed: Mapping[str, int],
    members: Mapping[str, int],
    *,
    system: DrawnNetwork,
    name: str,
    do: Mapping[str, int],
    copies: Mapping[str, str],
    coupling: Coupling,
) -> np.ndarray:
    """P(copy | node, parents, parents' copies), sliced; shape (*free axes, samples)."""
    parents, copy = system.network[name].parent_names, copies[name]
    seen = {axis: fixed[axis] for axis in parents if axis in fixed}
    # In the other world a parent has the state it is set to, or its copy's, or the same as here.
    other = {axis: copies.get(axis, axis) for axis in parents if axis not in do}
    unseen = {axis: fixed[named] for axis, named in other.items() if named in fixed}
    unseen |= {axis: do[axis] for axis in parents if axis in do}
    here = system.makers[name](values, seen, members)
    there = system.makers[name](values, unseen, members)
    own = (*(axis for axis in parents if axis not in seen), name)
    its = (*(other[axis] for axis in parents if axis not in unseen), copy)
    between = tuple(copies[axis] for axis in parents if axis in copies and copies[axis] not in fixed)
    axes = tuple(dict.fromkeys((*own[:-1], *between, name, copy)))
    table = coupling(spread_over(here, own, axes), spread_over(there, its, axes))
    # The coupling works on the last two axes; the node stands before the copies of its parents.
    ends = {name: fixed.get(name, slice(None)), copy: fixed.get(copy, slice(None))}
    order = (*own, *between, copy)
    table = np.moveaxis(table, range(len(axes)), [order.index(axis) for axis in axes])
    return table[tuple(ends.get(axis, slice(None)) for axis in order)]


def rank(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """P(x' | x) where both are the same quantile of their distributions.

    Parameters
    ----------
    here
        P(x), shape (..., states, 1, samples).
    there
        P(x'), shape (..., 1, states, samples).

    Returns
    -------
    ndarray
        Shape (..., states, states, samples).

    Examples
    --------
    >>> import numpy as np
    >>> here, there = np.array([0.5, 0.5]).reshape(2, 1, 1), np.array([0.2, 0.8]).reshape(1, 2, 1)
    >>> rank(here, there)[..., 0].round(3).tolist()
    [[0.4, 0.6], [0.0, 1.0]]
    """
    upper, its_upper = here.cumsum(axis=-3), there.cumsum(axis=-2)
    upper[..., -1:, :, :], its_upper[..., -1:, :] = 1.0, 1.0
    lower, its_lower = _shifted(upper, -3), _shifted(its_upper, -2)
    overlap = np.minimum(upper, its_upper) - np.maximum(lower, its_lower)
    np.maximum(overlap, 0.0, out=overlap)
    width = overlap.sum(axis=-2, keepdims=True)
    # A state of probability zero, or too narrow for the numbers to tell, goes where its upper edge falls.
    point = np.maximum(upper, np.finfo(float).tiny)
    edge = (its_lower < point) & (point <= its_upper)
    return np.where(width > 0, overlap / np.where(width > 0, width, 1.0), edge)


def _shifted(edges: np.ndarray, axis: int) -> np.ndarray:
    """Lower edges from upper ones."""
    lower = np.roll(edges, 1, axis=axis)
    first = [slice(None)] * edges.ndim
    first[axis] = slice(0, 1)
    lower[tuple(first)] = 0.0
    return lower


def gumbel(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    r"""P(x' | x) where x and x' are the first of the same exponential clocks, run at different rates.

    Clock k rings at :math:`E_k / p_k` here and at :math:`E_k / q_k` there. With :math:`\rho` the ratio of the two
    times at which the first rings, integrating over the clocks gives, for :math:`i \ne j`,

    .. math:: P(i, j) = p_i q_j \int_{q_i / p_i}^{q_j / p_j} \frac{d\rho}{\left(\sum_k \max(p_k \rho, q_k)\right)^2}

    where the upper bound is the larger, else zero, and :math:`P(i, i) = 1 / \sum_k \max(p_k / p_i, q_k / q_i)`. The sum
    is linear between sorted ratios, so that the integral is a sum of closed terms.

    Parameters
    ----------
    here, there
        As in `rank`.

    Examples
    --------
    >>> import numpy as np
    >>> here, there = np.array([0.5, 0.5]).reshape(2, 1, 1), np.array([0.2, 0.8]).reshape(1, 2, 1)
    >>> gumbel(here, there)[..., 0].round(3).tolist()
    [[0.4, 0.6], [0.0, 1.0]]
    """
    p, q = here[..., 0, :], there[..., 0, :, :]
    p, q = np.broadcast_arrays(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(p > 0, q / np.where(p > 0, p, 1.0), np.where(q > 0, np.inf, 0.0))
    order = np.argsort(ratio, axis=-2, kind="stable")
    at = np.take_along_axis(ratio, order, axis=-2)
    # Up to the m-th sorted ratio the sum is slope * rho + rest.
    slope = np.take_along_axis(p, order, axis=-2).cumsum(axis=-2)
    rest = np.take_along_axis(q, order, axis=-2)
    rest = np.flip(np.flip(rest, -2).cumsum(axis=-2), -2) - rest
    low, high = at[..., :-1, :], at[..., 1:, :]
    a, b = slope[..., :-1, :], rest[..., :-1, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (high - low) / ((a * low + b) * (a * high + b))
        beyond = 1.0 / (a * (a * low + b))
        area = np.where(np.isinf(high), np.where(np.isinf(low), 0.0, beyond), np.where(high > low, inside, 0.0))
    running = np.concatenate([np.zeros_like(at[..., :1, :]), area.cumsum(axis=-2)], axis=-2)
    reached = np.empty_like(running)
    np.put_along_axis(reached, order, running, axis=-2)
    gained = np.maximum(reached[..., None, :, :] - reached[..., :, None, :], 0.0)
    table = q[..., None, :, :] * gained
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = np.maximum(p[..., None, :, :], q[..., None, :, :] * (p / q)[..., :, None, :]).sum(axis=-2)
    states = np.arange(p.shape[-2])
    table[..., states, states, :] = np.where(q > 0, 1.0 / np.where(q > 0, sums, 1.0), 0.0)
    total = table.sum(axis=-2, keepdims=True)
    # A state of probability zero may go anywhere: to its own distribution there.
    return np.where((p > 0)[..., :, None, :], table / np.where(total > 0, total, 1.0), q[..., None, :, :])


#: How a node and its copy may share their noise; one line adds one.
COUPLINGS: Mapping[str, Coupling] = {"rank": rank, "gumbel": gumbel}
