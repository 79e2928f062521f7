"""Networks in TOML: the shipped ones by name, others by path; written as they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from ...common.errors import Fault, raise_faults
from ...common.files import path_text
from ...common.toml import parsed_toml, read_toml, shipped
from ..errors import NetworkError, wrong_kinds
from ..node import DEFAULT_FAMILY, Arrow, Coding, Group, Node
from .network import Network

FOLDER = Path(__file__).parents[1] / "networks"


def load_network(name: str | os.PathLike[str]) -> Network:
    """Load a shipped network by name, or one from a TOML file.

    Parameters
    ----------
    name
        A name in `servanda/models/networks` or a path that ends in ``.toml``.

    Raises
    ------
    NetworkError
        If there is none, or with all its faults.

    Examples
    --------
    >>> load_network("guarantee")["compliance"].states
    ('defected', 'partial', 'complied')
    """
    raise_faults(str(name), _other_format(path_text(name, NetworkError)), NetworkError)
    path = shipped(name, FOLDER, "network", NetworkError)
    return network_from_dict(read_toml(path, NetworkError), subject=str(name))


def as_network(network: Network | str | os.PathLike[str]) -> Network:
    """Network given as a value, or by the name of a shipped one or the path of its TOML file; raises as `load_network`.

    Examples
    --------
    >>> as_network("guarantee") == as_network(load_network("guarantee"))
    True
    """
    found = load_network(network) if isinstance(network, str | os.PathLike) else network
    raise_faults("network", wrong_kinds({"network": (found, Network)}), NetworkError)
    return found


def _other_format(name: str | os.PathLike[str]) -> Iterator[Fault]:
    """Say what to do with a network file of another tool."""
    if PurePath(name).suffix and PurePath(name).suffix.lower() != ".toml":
        from ..formats.files import is_network_file  # whoever reads no such file should not wait for readers

        if is_network_file(name):
            what = "is a network of another tool; Network.from_file reads its structure, Posterior.from_file its tables"
            yield Fault("", what)


def network_from_toml(text: str, subject: str = "network") -> Network:
    """Read a network from TOML text.

    Raises
    ------
    NetworkError
        If it is no TOML, or with all faults of the network.

    Examples
    --------
    >>> network = network_from_toml('''
    ... [nodes.rain]
    ... states = ["no", "yes"]
    ... [nodes.wet]
    ... states = ["no", "yes"]
    ... [nodes.wet.parents.rain]
    ... reason = "Rain wets what lies open."
    ... ''')
    >>> network.names, network["wet"].parents[0].reason
    (('rain', 'wet'), 'Rain wets what lies open.')
    """
    return network_from_dict(parsed_toml(text, subject, NetworkError), subject)


def network_from_dict(raw: Mapping[str, Any], subject: str = "network") -> Network:
    """Make a network from the dictionary its TOML gives."""
    from .schema import NetworkSpec, schema_faults

    faults = schema_faults(raw)
    raise_faults(subject, faults, NetworkError)
    file = NetworkSpec.model_validate(raw)
    nodes = tuple(
        Node(
            name=name,
            states=tuple(node.states),
            parents=tuple(Arrow(parent, **arrow.model_dump()) for parent, arrow in node.parents.items()),
            family=node.family,
            ordered=node.ordered,
            values=tuple(node.values),
            label=node.label,
            description=node.description,
            coding=Coding(node.coding.column, tuple(node.coding.lower), tuple(node.coding.levels.items()))
            if node.coding
            else None,
            groups=tuple(Group(group, **spec.model_dump()) for group, spec in node.groups.items()),
            options=tuple(node.options.items()),
            anchored_by=node.anchored_by,
            latent=node.latent,
        )
        for name, node in file.nodes.items()
    )
    return Network(nodes, file.name, file.title, file.description, tuple(file.former_parameters))


def network_to_dict(network: Network) -> dict[str, Any]:
    """Make the dictionary that `network_from_dict` reads back as an equal network."""
    nodes = {node.name: _node_to_dict(node) for node in network.nodes}
    head = {"name": network.name, "title": network.title, "description": network.description}
    head |= {"former_parameters": list(network.former_parameters)}
    return {**{key: value for key, value in head.items() if value}, "nodes": nodes}


def network_to_toml(network: Network | str | os.PathLike[str]) -> str:
    """Write a network as TOML text, which reads back as an equal network.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file.

    Raises
    ------
    NetworkError
        As `load_network`.

    Examples
    --------
    >>> network_from_toml(network_to_toml("guarantee")) == load_network("guarantee")
    True
    """
    import tomli_w

    return tomli_w.dumps(network_to_dict(as_network(network)))


def _node_to_dict(node: Node) -> dict[str, Any]:
    raw: dict[str, Any] = {"label": node.label, "description": node.description, "states": list(node.states)}
    raw |= {"values": list(node.values), "ordered": node.ordered}
    raw["family"] = node.family if node.family != DEFAULT_FAMILY else ""
    raw["options"] = dict(node.options)
    raw |= {"anchored_by": node.anchored_by, "latent": node.latent}
    if node.coding:
        coding = {
            "column": node.coding.column,
            "lower": list(node.coding.lower),
            "levels": dict(node.coding.levels),
        }
        raw["coding"] = {key: value for key, value in coding.items() if value}
    raw["groups"] = {g.name: _without_empty({"column": g.column, "reason": g.reason}) for g in node.groups}
    raw["parents"] = {
        a.parent: _without_empty({"term": a.term, "by": a.by, "reason": a.reason, "source": a.source})
        for a in node.parents
    }
    return _without_empty(raw, keep=("states",))


def _without_empty(raw: dict[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if value or key in keep}


def shipped_networks() -> tuple[str, ...]:
    """Names of the shipped networks.

    Examples
    --------
    >>> "guarantee" in shipped_networks()
    True
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


__all__ = ["load_network", "network_from_toml", "network_to_toml", "shipped_networks"]
