"""Nodes that say who stands behind a commitment, and not only how many: for the place of the count in a network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ...common.errors import Fault, nearest, raise_faults
from ..errors import NetworkError
from ..network.network import Network
from ..network.toml import as_network
from ..node import Arrow, Coding, Node, Option

#: Stands for the name of the count in the arrows of `BACKING`.
COUNT = "count"
_LONGER = Arrow(COUNT, "The longer the list, the likelier one such member is on it.", "judgement")
_NO_YES = ("no", "yes")


@dataclass(frozen=True)
class Backing:
    """Something known of those who stand behind a commitment.

    Parameters
    ----------
    node
        With every arrow it may have.
    reason, source
        Why it bears on the outcome.
    term
        How it acts; None is the default of its kind of states.
    """

    node: Node
    reason: str
    source: str
    term: str | None = None


_ALL = (
    Backing(
        Node(
            "capability",
            ("0-5", "5-15", "15-30", "30+"),
            (
                Arrow(COUNT, "More backers bring more capability.", "evidence, section 2, theory 2"),
                Arrow("power", "An obligor that outweighs its challenger brings much itself.", "judgement"),
            ),
            ordered=True,
            values=(0.015, 0.1, 0.2, 0.5),
            label="Capability behind the commitment",
            description="Summed shares of world capability (CINC) of the obligor and all backers, in per cent. Each "
            "state stands at about the middle of such cases in the record.",
            coding=Coding("capability", lower=(0.0, 0.05, 0.15, 0.3)),
        ),
        "What counts is the power behind a promise, whoever brings it; one strong backer beats many weak.",
        "Graham, Gartzke and Fariss 2017; evidence, section 2, theory 2",
        term="log",
    ),
    Backing(
        Node(
            "strongest_backer",
            ("none", "weaker", "equal", "stronger"),
            (
                Arrow(COUNT, "One that is alone has none; a longer list has a stronger first.", "by definition"),
                Arrow("power", "A weak obligor is given a strong companion; a strong one stands alone.", "judgement"),
            ),
            ordered=True,
            values=(0, 0.2, 1, 4),
            label="Strongest other backer",
            description="The capability (CINC) of the strongest other backer against that of the obligor: weaker is "
            "below a half, stronger is twice or more.",
        ),
        "One backer that outweighs the obligor can make it comply, or act in its stead; the rest are company.",
        "Hultman, Kathman and Shannon 2016 (capability, not count); evidence, section 2, theory 3",
    ),
    Backing(
        Node(
            "rival_backer",
            _NO_YES,
            (
                _LONGER,
                Arrow("role", "Those who bind themselves do so under the eyes of their adversaries.", "judgement"),
            ),
            ordered=True,
            label="A rival of the obligor among the backers",
            description="Whether one of the other backers stood in open war or standing rivalry with the obligor.",
        ),
        "A rival watches and has cause to punish a breach; or it makes the coalition hard to hold together.",
        "Boehmelt 2012 (hostile co-mediators hurt); evidence, section 2, theory 11",
    ),
    Backing(
        Node(
            "permanent_backer",
            _NO_YES,
            (
                _LONGER,
                Arrow("era", "The Council sits since 1945; before that, major powers are counted.", "by definition"),
            ),
            ordered=True,
            label="A permanent member among the backers",
            description="Whether one of the other backers was a permanent member of the Security Council, or before "
            "1945 a major power. Members that stand behind a United Nations row are not seen.",
        ),
        "A permanent member brings the organ with it, or can shield the obligor from it.",
        "evidence, section 2, theory 8; judgement",
    ),
    Backing(
        Node(
            "institution",
            _NO_YES,
            (
                Arrow("legal_form", "A resolution of the Security Council is an institution's act.", "by definition"),
                Arrow("era", "Organisations that guarantee come in 1919 and multiply after 1945.", "judgement"),
            ),
            ordered=True,
            label="An institution behind the commitment",
            description="Whether the commitment is a resolution of the Security Council, or one of those behind it, "
            "the obligor included, is an organisation.",
        ),
        "An organ makes a breach everybody's business, whatever the number of heads.",
        "Drezner 2000; Bapat and Morgan 2009; evidence, section 2, theory 8",
    ),
)
#: What can be known of backers, by name; the columns of the data are those of `servanda.record.with_backers`.
BACKING: Mapping[str, Backing] = MappingProxyType({backing.node.name: backing for backing in _ALL})


def with_who(
    network: Network | str | os.PathLike[str],
    which: Sequence[str],
    *,
    node: str = "compliance",
    count: str = "guarantors",
    keep_count: bool = False,
) -> Network:
    """Put who stands behind a commitment in the place of how many, or beside it.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file; it has the count as a parent of `node`.
    which
        Keys of `BACKING`. Each is added as a `table` with arrows from those of its parents that the network has, unless
        the network has it already, and gets an arrow into `node` that varies as that of the count did. Data needs
        the columns of `servanda.record.with_backers` for such a node, unless it is said to be unobserved.
    node, count
        Whose slot, and what holds it.
    keep_count
        Leave the arrow of the count where it is, and put the others after it.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        If there is no such node, no such arrow or nothing to put in its place, or with the faults of what came of it.

    Examples
    --------
    >>> network = with_who("guarantee", ["rival_backer"])
    >>> network["rival_backer"].parent_names
    ('guarantors', 'role')
    >>> "guarantors" in network["compliance"].parent_names, "rival_backer" in network["compliance"].parent_names
    (False, True)
    """
    network = as_network(network)
    slot = slot_of(network, node, count)
    faults = [Fault(name, f"is not known of backers{nearest(name, BACKING)}") for name in which if name not in BACKING]
    faults += [] if which else [Fault("which", f"is empty; name one or more of {', '.join(BACKING)}")]
    raise_faults(f"network {network.name}", faults, NetworkError)
    there = network[node].parent_names
    arrows = tuple(
        Arrow(name, BACKING[name].reason, BACKING[name].source, BACKING[name].term, slot.by)
        for name in which
        if name not in there
    )
    kept = (slot,) if keep_count else ()
    return fill_slot(with_nodes(network, which, count), node, count, (*kept, *arrows))


def with_nodes(network: Network, which: Sequence[str], count: str) -> Network:
    """Add nodes of `BACKING` that the network does not have, with the arrows it has room for."""
    new = []
    for wanted in (BACKING[name].node for name in which if name not in network):
        named = (replace(arrow, parent=count) if arrow.parent == COUNT else arrow for arrow in wanted.parents)
        new.append(replace(wanted, parents=tuple(arrow for arrow in named if arrow.parent in network)))
    return replace(network, nodes=(*network.nodes, *new))


def slot_of(network: Network, node: str, count: str) -> Arrow:
    """Give the arrow of the count into a node.

    Raises
    ------
    NetworkError
        If there is none.
    """
    where = f"network {network.name}"
    if node not in network:
        raise NetworkError(where, [Fault(f"node {node}", f"is not there{nearest(node, network.names)}")])
    found = [arrow for arrow in network[node].parents if arrow.parent == count]
    if not found:
        hint = nearest(count, network[node].parent_names)
        raise NetworkError(
            where, [Fault(f"node {node}", f"has no arrow from '{count}', whose place is asked for{hint}")]
        )
    return found[0]


def fill_slot(
    network: Network,
    node: str,
    count: str,
    arrows: Sequence[Arrow],
    family: str | None = None,
    options: tuple[tuple[str, Option], ...] | None = None,
) -> Network:
    """Put arrows in the place of that of the count and, where they are named, another family and its options."""
    old = network[node]
    place = old.parent_names.index(count)
    new = replace(
        old,
        parents=(*old.parents[:place], *arrows, *old.parents[place + 1 :]),
        family=old.family if family is None else family,
        options=old.options if options is None else options,
    )
    return replace(network, nodes=tuple(new if each.name == node else each for each in network.nodes))
