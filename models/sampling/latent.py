"""Latent nodes: whether anything tells their states apart, and the order in which an anchor puts them.

A node without data can have its states renamed wherever no family and no prior treats them differently: the posterior
is then the same under every such renaming, its chains sit in different ones, and no number about the node means
anything. An anchor breaks the tie: of all renamings, the posterior is restricted to the one in which the mean state of
a child rises with the state of the node.

Where the states are interchangeable that restriction is a relabelling of draws: each draw is moved to the renaming in
which the order holds (for mixtures Stephens 2000, JRSS B 62(4); Jasra, Holmes and Stephens 2005, Statistical Science
20(1); both cited from memory). So it is done after NUTS. Priors that differ between the states forbid it, since a
renamed draw is then more or less probable than it was; augmentation can weigh that and does (see
`servanda.models.sampling.augmentation`), NUTS cannot and refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ..cases.encode import data_column
from ..cases.patterns import Patterns
from ..errors import DataError
from ..names import node_dim
from ..network.network import Network
from ..network.parameters import network_parameters, node_of, parameter_coords, rows_learned, stored_table
from ..node import Node
from ..parameters.distributions import REAL
from ..parameters.parameter import Parameter, sample_prior
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorSet

if TYPE_CHECKING:
    import xarray as xr

#: Configurations of a child's other parents over which its mean state is averaged, at most; spread evenly over all.
CONFIGURATIONS = 256
#: Prior draws and configurations at which a renaming is tried. Each is a random number, so that one would do.
TRIES = 3
#: How far apart equal numbers may be.
EQUAL = 1e-9


@dataclass(frozen=True)
class Interchangeable:
    """Which states of a node nothing tells apart.

    Parameters
    ----------
    sets
        Sets of two states or more, by number, that can be exchanged at will.
    reversal
        Whether all states can be taken in the opposite order, and no two exchanged: so for ordered states.
    """

    sets: tuple[tuple[int, ...], ...]
    reversal: bool

    def __bool__(self) -> bool:
        return bool(self.sets) or self.reversal


def latent_that_matter(network: Network, patterns: Patterns, names: Collection[str] | None = None) -> tuple[str, ...]:
    """Nodes that no case shows although something below them is seen.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Network, Node, encode
    >>> from servanda.models.cases.patterns import find_patterns
    >>> mood, smile = Node("mood", ("low", "high"), latent=True), Node("smile", ("no", "yes"), (Arrow("mood"),))
    >>> network = Network((mood, smile))
    >>> latent_that_matter(network, find_patterns(network, encode(network, pd.DataFrame({"smile": ["yes", "no"]}))))
    ('mood',)
    """

    def never_seen(name: str) -> bool:
        touching = [part for part in patterns.incomplete if name in part.codes]
        return bool(touching) and not len(patterns.complete[name].rows) and all(name in h.missing for h in touching)

    return tuple(name for name in network.names if (names is None or name in names) and never_seen(name))


def interchangeable(network: Network, name: str, priors: PriorSet | None, *, weighed: bool = True) -> Interchangeable:
    """Find the states of a node that neither a family nor a prior tells apart.

    Renamings are tried: with parameters drawn from their priors, the tables of the node and of its children must be
    renamed with them, and the prior density stay what it was.

    Parameters
    ----------
    weighed
        False asks of the families alone, whatever the priors.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, Prior, PriorSet
    >>> mood, smile = Node("mood", ("low", "mid", "high")), Node("smile", ("no", "yes"), (Arrow("mood"),))
    >>> interchangeable(Network((mood, smile)), "mood", None).sets
    ((0, 1, 2),)
    >>> rare = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1),
    ...                               "mood.table": Prior.of("dirichlet", alpha=(1, 1, 5))})
    >>> interchangeable(Network((mood, smile)), "mood", rare).sets
    ((0, 1),)
    """
    states = range(len(network[name].states))
    holds = partial(_unchanged, network, name, _tried(network, name, priors), weighed=weighed)
    parts = [{state} for state in states]
    for one, other in combinations(states, 2):
        first, second = (next(part for part in parts if state in part) for state in (one, other))
        if first is not second and holds(_exchange(len(states), one, other)):
            parts = [part for part in parts if part not in (first, second)] + [first | second]
    sets = tuple(sorted(tuple(sorted(part)) for part in parts if len(part) > 1))
    if len(states) == 3 and sets == ((0, 2),):
        return Interchangeable((), reversal=True)
    return Interchangeable(sets, not sets and len(states) > 1 and holds(tuple(reversed(states))))


def check_latent(network: Network, patterns: Patterns, priors: PriorSet | None, by_nuts: Collection[str] = ()) -> None:
    """Raise where the states of a latent node could change places, or an anchor cannot hold them.

    Parameters
    ----------
    by_nuts
        Nodes that NUTS samples.

    Raises
    ------
    DataError
        Listing latent nodes without an anchor whose states nothing tells apart; anchors that have no data; anchors
        under priors that NUTS cannot weigh.
    """
    latent = latent_that_matter(network, patterns)
    faults = [
        Fault(f"node {name}", what)
        for name in latent
        for what in _anchor_faults(network, name, latent, priors, by_nuts)
    ]
    raise_faults(f"latent nodes of network {network.name}", faults, DataError)


def relabelled(
    network: Network,
    patterns: Patterns,
    priors: PriorSet | None,
    variables: Mapping[str, xr.DataArray],
    by_nuts: Collection[str],
) -> dict[str, xr.DataArray]:
    """Put the states of anchored latent nodes in order, draw by draw.

    Parameters
    ----------
    variables
        Parameter -> draws, dims (chain, draw, ...).
    by_nuts
        Nodes that NUTS sampled; augmentation keeps the order itself.

    Returns
    -------
    dict
        The same variables, with the node's states renamed wherever a parameter of it or of its children speaks of them.
    """
    found = dict(variables)
    for name in latent_that_matter(network, patterns, by_nuts):
        if network[name].anchored_by is None:
            continue
        same = interchangeable(network, name, priors)
        orders = _orders(_child_means(network, name, found), same)
        for key, array in found.items():
            if node_of(network, key) in (name, *network.children[name]):
                dims = tuple(map(str, array.dims[2:]))
                found[key] = array.copy(data=_renamed(network, name, key, array.values, dims, orders))
    return found


def anchor_weights(network: Network, name: str) -> np.ndarray:
    """Weights of the cells of the anchor's table that give its mean state for each state of the node.

    Returns
    -------
    ndarray
        Shape (states, *axes of the anchor): the mean is averaged over the configurations of its other parents.
    """
    child = _anchor(network, name)
    axes, place = network.axes(child.name), network.axes(child.name).index(name)
    weights = np.zeros((len(network[name].states), *network.shape(child.name)))
    others = _configurations(network, name, child)
    for codes in others:
        cell: list[Any] = [slice(None) if axis == child.name else codes.get(axis) for axis in axes]
        for state in range(len(network[name].states)):
            cell[place] = state
            weights[(state, *cell)] = _values(child) / len(others)
    return weights


def _anchor(network: Network, name: str) -> Node:
    return network[str(network[name].anchored_by)]


def _values(node: Node) -> np.ndarray:
    """Numbers of a node's states: its values, else their places."""
    return np.asarray(node.values or range(len(node.states)), float)


def _configurations(network: Network, name: str, child: Node) -> list[dict[str, int]]:
    """Some configurations of a child's other parents, all of them where they are few."""
    others = [parent for parent in child.parent_names if parent != name]
    shape = tuple(len(network[parent].states) for parent in others)
    every = int(np.prod(shape))
    picked = np.unique(np.linspace(0, every - 1, min(every, CONFIGURATIONS)).astype(int))
    codes = np.array(np.unravel_index(picked, shape)).T if others else np.zeros((1, 0), int)
    return [dict(zip(others, map(int, row), strict=True)) for row in codes]


def _child_means(network: Network, name: str, variables: Mapping[str, xr.DataArray]) -> np.ndarray:
    """Mean state of the anchor for each state of the node, shape (chain, draw, states)."""
    child = _anchor(network, name)
    own = {key: array for key, array in variables.items() if node_of(network, key) == child.name}
    sizes = next(iter(own.values())).shape[:2]
    values = {key: np.moveaxis(array.values.reshape((-1, *array.shape[2:])), 0, -1) for key, array in own.items()}
    members = {group.name: own[f"{child.name}.{group.name}"].shape[2] - 1 for group in child.groups}
    others = _configurations(network, name, child)
    total: Any = 0.0
    for codes in others:
        table = network.family(child.name).table(values, codes, members, network.local(child.name))
        total = total + np.tensordot(_values(child), table, (0, 1))
    return np.moveaxis(np.asarray(total) / len(others), 0, -1).reshape((*sizes, -1))


def _orders(means: np.ndarray, same: Interchangeable) -> np.ndarray:
    """Which old state each state is to be, shape (..., states): means ascend wherever states can be exchanged."""
    states = means.shape[-1]
    orders = np.broadcast_to(np.arange(states), means.shape).copy()
    if same.reversal:
        falls = means @ (np.arange(states) - (states - 1) / 2) < 0
        orders[falls] = orders[falls][:, ::-1]
    for together in same.sets:
        those = list(together)
        orders[..., those] = np.asarray(those)[np.argsort(means[..., those], axis=-1, kind="stable")]
    return orders


def _renamed(
    network: Network, name: str, key: str, x: np.ndarray, dims: tuple[str, ...], orders: np.ndarray
) -> np.ndarray:
    """Rename the states of a node in one parameter; `x` and `orders` have the same leading dims."""
    lead, states = orders.ndim - 1, orders.shape[-1]
    turned = (orders == np.arange(states)[::-1]).all(axis=-1) & (states > 1)
    for place, dim in enumerate(dims, start=lead):
        shape = [1] * x.ndim
        shape[:lead] = orders.shape[:lead]
        if dim == node_dim(name):
            shape[place] = states
            x = np.take_along_axis(x, orders.reshape(shape), axis=place)
        elif dim == f"{name}_step":
            x = np.where(turned.reshape(shape), np.flip(x, place), x)
    if _turns(network, name, key, dims):
        x = np.where(turned.reshape((*turned.shape, *(1 for _ in dims))), -x, x)
    return x


def _turns(network: Network, name: str, key: str, dims: tuple[str, ...]) -> bool:
    """Whether a parameter changes its sign where the states of a node are reversed."""
    if node_dim(name) in dims:
        return False
    owner = str(node_of(network, key))
    node, parameter = network[owner], key.removeprefix(f"{owner}.")
    if owner == name:
        effects = {*node.parent_names, *(group.name for group in node.groups)}
        return network.family(name).mirrored(network.local(name)) and parameter in effects
    return parameter in (name, f"{name}.departure")


@dataclass(frozen=True)
class _Tried:
    """Prior draws of one parameter, shape (tries, *dims), and its prior where that is stated."""

    parameter: Parameter
    prior: Prior | None
    x: np.ndarray


def _tried(network: Network, name: str, priors: PriorSet | None) -> list[_Tried]:
    """Draw every parameter of a node and of its children, and what follows from them."""
    nodes, coords = (name, *network.children[name]), _coords(network)
    rng = np.random.default_rng(0)
    values: dict[str, np.ndarray] = {}
    for p in network_parameters(network, nodes):
        values[p.name] = sample_prior(p, p.prior(priors), coords, rng, TRIES, values)
    drawn = [_Tried(p, p.prior(priors), values[p.name]) for p in network_parameters(network, nodes)]
    for node in map(network.__getitem__, nodes):
        drawn += [
            _Tried(_unstated(f"{node.name}.{group.name}", group.name), None, rng.normal(size=(TRIES, 1)))
            for group in node.groups
        ]
    for node in rows_learned(network, nodes):
        rows = rng.dirichlet(np.ones(len(network[node].states)), (TRIES, *network.shape(node)[:-1]))
        drawn.append(_Tried(_unstated(stored_table(network, node), *network.dims(node)), None, rows))
    return drawn


def _coords(network: Network) -> dict[str, tuple[str, ...]]:
    return parameter_coords(network, dict.fromkeys(network.group_columns, ()))


def _unstated(name: str, *dims: str) -> Parameter:
    return Parameter(name, dims, REAL, Prior.of("normal", mu=0, sigma=1))


def _unchanged(network: Network, name: str, tried: list[_Tried], order: tuple[int, ...], *, weighed: bool) -> bool:
    """Whether the model is the same with a node's states renamed."""
    orders = np.broadcast_to(np.array(order), (TRIES, len(order)))
    drawn = {one.parameter.name: one.x for one in tried}
    dims = {one.parameter.name: one.parameter.dims for one in tried}
    renamed = {key: _renamed(network, name, key, x, dims[key], orders) for key, x in drawn.items()}
    for one in tried:
        if weighed and one.prior is not None:
            densities = [one.parameter.log_prior(values, one.prior, _coords(network)) for values in (drawn, renamed)]
            if not np.allclose(*densities, rtol=EQUAL, atol=EQUAL):
                return False
    before, after = ({key: np.moveaxis(x, 0, -1) for key, x in values.items()} for values in (drawn, renamed))
    rng = np.random.default_rng(1)
    for node in map(network.__getitem__, (name, *network.children[name])):
        axes = [axis for axis in network.axes(node.name) if axis in (name, node.name)]
        members = {group.name: 0 for group in node.groups}
        for _ in range(TRIES):
            others = [axis for axis in node.parent_names if axis not in axes]
            fixed = {axis: int(rng.integers(len(network[axis].states))) for axis in others}
            family, local = network.family(node.name), network.local(node.name)
            old, new = (family.table(x, fixed, members, local) for x in (before, after))
            if not np.allclose(np.take(old, order, axis=axes.index(name)), new, rtol=EQUAL, atol=EQUAL):
                return False
    return True


def _exchange(states: int, one: int, other: int) -> tuple[int, ...]:
    order = list(range(states))
    order[one], order[other] = other, one
    return tuple(order)


def _anchor_faults(
    network: Network, name: str, latent: Collection[str], priors: PriorSet | None, by_nuts: Collection[str]
) -> Iterator[str]:
    node, same = network[name], interchangeable(network, name, priors)
    anchor = node.anchored_by
    if anchor is None:
        if same:
            why = _in_words(node, same)
            yield f"has no data (column {data_column(node)}), and {why}; {_remedy(network, name, latent)}"
    elif anchor in latent:
        yield f"is anchored by '{anchor}', which has no data either; {_remedy(network, name, latent)}"
    elif priors is not None and any(
        parameter.prior(priors).square
        for parameter in _parameters(network, anchor)
        if parameter.dims[-2:-1] == (node_dim(name),)
    ):
        yield f"is anchored by '{anchor}', whose prior already says which state is which; drop anchored_by"
    elif name in by_nuts and not (same and same == interchangeable(network, name, priors, weighed=False)):
        yield (
            f"is anchored by '{anchor}', but its priors or families tell its states apart, and NUTS cannot keep the "
            "order then; give every state the same numbers, or drop anchored_by and let the priors name the states"
        )


def _parameters(network: Network, name: str) -> tuple[Parameter, ...]:
    return network_parameters(network, [name])


def _in_words(node: Node, same: Interchangeable) -> str:
    if same.reversal:
        return "nothing tells the order of its states from the opposite one"
    sets = "; ".join(", ".join(node.states[state] for state in together) for together in same.sets)
    return f"nothing tells its states apart ({sets})"


def _remedy(network: Network, name: str, latent: Collection[str]) -> str:
    children = [child for child in network.children[name] if child not in latent]
    if not children:
        return "give it a child that has data and state anchored_by, or priors that differ between its states"
    return (
        f"state anchored_by, a child whose mean state rises with it ({', '.join(children)}), or priors that differ "
        "between its states"
    )


__all__ = ["Interchangeable", "anchor_weights", "check_latent", "interchangeable", "latent_that_matter", "relabelled"]
