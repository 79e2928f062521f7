"""The conduct that an answer is about: one obligor's, in which role, or what a group does together.

A guarantor that acts and a principal that complies are different outcomes, and so are *any acts*, *all act* and *at
least m act*. The published literature contradicts itself mostly because it does not say which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.node import Node

#: The node that says in which role an obligor is judged.
_ROLE = "role"


def whose_conduct(network: Network, targets: Iterable[str], fixed: Mapping[str, str]) -> str:
    """Sentences that say whose conduct each target is.

    Parameters
    ----------
    network
        The network that was asked.
    targets
        The nodes asked about.
    fixed
        Node -> state, given or done.

    Returns
    -------
    str
        A sentence for each target that is somebody's conduct; empty where none is.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> whose_conduct(load_network("guarantee"), ["compliance"], {"role": "guarantor"})
    'compliance is the conduct of one obligor as guarantor, not what a group does together.'
    """
    sentences = (_conduct(network, network[name], fixed) for name in targets)
    return " ".join(sentence for sentence in sentences if sentence)


def _conduct(network: Network, node: Node, fixed: Mapping[str, str]) -> str:
    if together := network.family(node.name).done_together(network.local(node.name)):
        return f"{node.name} is what the {node.option('members')} do together: {together}."
    if _ROLE not in node.parent_names or not node.groups:
        return ""
    role = fixed.get(_ROLE)
    if role is not None:
        whose = f"one obligor as {role}"
    else:
        states = " and ".join(network[_ROLE].states)
        whose = f"one obligor in either role, {states} mixed as in the record; give {_ROLE} to keep them apart"
        return f"{node.name} is the conduct of {whose}."
    return f"{node.name} is the conduct of {whose}, not what a group does together."
