"""Parameters of a network: which there are, their coordinates, and whether priors fit them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from ...common.errors import Fault, nearest, raise_faults
from ...common.limits import excess
from ..errors import NetworkError, PriorError
from ..families import NEW
from ..names import node_dim
from ..parameters.parameter import Parameter
from ..parameters.prior_set import PriorSet
from .network import Network
from .toml import as_network


def network_parameters(
    network: Network | str | os.PathLike[str], nodes: Iterable[str] | None = None
) -> tuple[Parameter, ...]:
    """List the parameters of all (or the named) nodes whose priors can be stated.

    One that is scaled by others comes after them.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file.
    nodes
        Names of nodes; all by default.

    Raises
    ------
    NetworkError
        As `servanda.models.load_network`.

    Examples
    --------
    >>> [p.name for p in network_parameters("guarantee", ["price"])]
    ['price.table']
    """
    of = as_network(network)
    chosen = of.names if nodes is None else nodes
    return tuple(parameter for name in chosen for parameter in of.family(name).parameters(of.local(name)))


def parameter_coords(
    network: Network, levels: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Coordinates of every dim a parameter can have.

    A group's members are followed by ``(new)``, the member that the data does not hold.
    """
    coords = {node_dim(name): states for name, states in network.coords.items()}
    for node in network.nodes:
        coords[f"{node.name}_step"] = tuple(f"{a} to {b}" for a, b in pairwise(node.states))
        coords[f"{node.name}_on"] = node.states[1:]
        coords[f"{node.name}_above"] = tuple(f"> {state}" for state in node.states[:-1])
        coords |= network.family(node.name).coords(network.local(node.name))
    for group, members in (levels or {}).items():
        coords[group] = (*members, NEW)
    return coords


def check_size(network: Network, coords: Mapping[str, tuple[str, ...]], draws: int) -> None:
    """Raise where draws of the parameters would not fit into the memory that is allowed, before any is made.

    Raises
    ------
    NetworkError
        Naming every node that alone takes too much; or how much all take together.
    """
    found = {}
    for name in network.names:
        sizes = [math.prod(len(coords[dim]) for dim in own.dims) for own in network_parameters(network, [name])]
        found[name] = sum(sizes)
    faults = [
        Fault(f"node {name}", f"{complaint}; or take fewer draws, fewer parents, or a family other than a table")
        for name, size in found.items()
        if (complaint := excess(8.0 * draws * size, f"{draws} draws of its {size} numbers"))
    ]
    total = sum(found.values())
    if not faults and (complaint := excess(8.0 * draws * total, f"{draws} draws of {total} numbers")):
        faults.append(Fault("", complaint))
    raise_faults(f"network {network.name}", faults, NetworkError)


def narrowed(network: Network, priors: PriorSet | None) -> PriorSet | None:
    """Leave out of a set what it says of parameters that a network had before it was derived from another.

    So a set that was made for a network serves all that are made from it by `Network.without_arrow` and its like. A
    name that neither has is kept, and refused as misspelt.

    Examples
    --------
    >>> from servanda.models import Prior, load_network
    >>> priors = PriorSet.from_mapping({"*": Prior.of("normal", mu=0, sigma=1),
    ...                                 "compliance.guarantors": Prior.of("normal", mu=0, sigma=0.7)})
    >>> fewer = load_network("guarantee").without_arrow("guarantors", "compliance")
    >>> [entry.parameter for entry in narrowed(fewer, priors).entries]
    ['*']
    """
    gone = {*left_out(network, priors)}
    if priors is None or not gone:
        return priors
    return replace(priors, entries=tuple(entry for entry in priors.entries if entry.parameter not in gone))


def left_out(network: Network, priors: PriorSet | None) -> tuple[str, ...]:
    """Names of the parameters of which a set speaks, and which a network no longer has."""
    if priors is None or not network.former_parameters:
        return ()
    gone = {*network.former_parameters}.difference(parameter.name for parameter in network_parameters(network))
    return tuple(entry.parameter for entry in priors.entries if entry.parameter in gone)


def check_priors(network: Network, priors: PriorSet | None, coords: Mapping[str, tuple[str, ...]]) -> None:
    """Raise with every fault of `priors` for `network`.

    Raises
    ------
    PriorError
        A parameter without a prior, a prior without a parameter, numbers that do not fit.
    """
    if priors is not None:
        raise_faults(f"priors {priors.name}", prior_faults(network, priors, coords), PriorError)


def prior_faults(network: Network, priors: PriorSet, coords: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """List a prior without a parameter, a parameter without a prior, and numbers that do not fit.

    What a set says of parameters that the network had before it was derived is no fault; see `narrowed`.
    """
    gone = {*left_out(network, priors)}
    named = [entry.parameter for entry in priors.entries if not entry.is_pattern]
    faults = strangers(network, [name for name in named if name not in gone])
    for parameter in network_parameters(network):
        faults += parameter.faults(priors, coords)
    return faults


def strangers(network: Network, names: Iterable[str]) -> list[Fault]:
    """List names of parameters that a network does not have.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> for fault in strangers(load_network("guarantee"), ["complaince.price", "compliance.prcie"]):
    ...     print(fault)
    complaince.price: there is no node 'complaince' in network guarantee; did you mean 'compliance'?
    compliance.prcie: no such parameter in network guarantee; did you mean 'compliance.price'?
    """
    known = [parameter.name for parameter in network_parameters(network)]
    faults = []
    for name in names:
        node = node_of(network, name)
        if node is None:
            node = name.split(".", 1)[0]
            what = f"there is no node '{node}' in network {network.name}{nearest(node, network.names)}"
            faults.append(Fault(name, what))
        elif name not in known:
            hint = nearest(name, (*known, *network.former_parameters))
            faults.append(Fault(name, f"no such parameter in network {network.name}{hint}"))
    return faults


def node_of(network: Network, name: str) -> str | None:
    """Node that a variable of draws belongs to; None where there is none.

    Examples
    --------
    >>> from servanda.models import Network, Node
    >>> node_of(Network((Node("Power", ("low", "high")), Node("Power.Ratio", ("low", "high")))), "Power.Ratio.table")
    'Power.Ratio'
    """
    owners = [node for node in network.names if name.startswith(f"{node}.")]
    declared = [node for node in owners if name in _variables_of(network, node)]
    return max(declared or owners, key=len, default=None)


@lru_cache(maxsize=1024)
def _variables_of(network: Network, node: str) -> frozenset[str]:
    """Variables of draws that a node declares: parameters, group effects, and a table that is stored."""
    local = network.local(node)
    declared = {parameter.name for parameter in network_parameters(network, [node])}
    groups = (f"{node}.{group.name}" for group in local.node.groups)
    return frozenset({*declared, *groups, str(network.family(node).stored_table(local))})


def rows_learned(network: Network, names: Iterable[str]) -> tuple[str, ...]:
    """Those of some nodes whose rows have a prior that is learned, so that they follow from other parameters."""
    return tuple(name for name in names if network.family(name).learns_rows(network.local(name)))


def stored_table(network: Network, name: str) -> str:
    """Name of the variable that holds the table of a node.

    Raises
    ------
    KeyError
        If the node's family makes the table from other parameters.
    """
    found = network.family(name).stored_table(network.local(name))
    if found is None:
        raise KeyError(name)
    return found
