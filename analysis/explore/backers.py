"""Backers by name on the page: what its program needs to see what follows from a list, as Servanda sees it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ...models.errors import QueryError
from ...models.network.network import Network
from ...models.node import Node
from ...record.backing import LEVELS, STRENGTHS, known_backers
from ..queries.named_backers import BACKER_NODES, COUNT_NODE

#: The one node whose state follows from a sum.
_SUM = "capability"


def backers_by_name(network: Network, target: str, obligors: Sequence[str], year: int) -> dict[str, Any] | None:
    """What the page needs to turn names of backers into states of its knobs.

    Parameters
    ----------
    network
        In which the page answers.
    target
        The node whose states are asked for: its parents are the knobs.
    obligors
        Actors that a reader may choose.
    year
        Nothing later is known, see `servanda.record.backer_facts`.

    Returns
    -------
    dict or None
        ``nodes`` that a list settles, and ``who``: whether any of them but the count; ``counts``, the state of one
        guarantor, of two, and so on; ``levels`` (node -> level -> state) and ``bounds`` (the least sum of each state);
        ``strengths`` (level, least ratio); ``known`` (code, capability, seat) and ``rivals`` (obligor -> code ->
        whether it is one). None where a node that a list settles is no knob or codes its states in another way.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> held = backers_by_name(load_network("guarantee"), "compliance", ["USA"], 2019)
    >>> held["nodes"], held["who"], held["counts"][:7], held["rivals"]["USA"]["CHN"]
    (['guarantors'], False, [0, 1, 2, 3, 4, 5, 5], True)
    """
    above = network.ancestors([target])
    nodes = [name for name in (COUNT_NODE, *BACKER_NODES) if name in network and name in above]
    listed = known_backers(obligors, year)
    if not nodes or not listed or not {*nodes} <= {*network[target].parent_names}:
        return None
    some = next(iter(listed.values()))
    by_level = [name for name in nodes if name in LEVELS]
    try:
        levels = {name: {level: network[name].index(level) for level in LEVELS[name]} for name in by_level}
    except QueryError:
        return None
    coding = network[_SUM].coding if _SUM in nodes else None
    bounds = coding.lower if coding else ()
    if _SUM in nodes and not bounds:
        return None
    return {
        "nodes": nodes,
        "who": nodes != [COUNT_NODE],
        "counts": _counts(network[COUNT_NODE], len(some)) if COUNT_NODE in nodes else [0] * len(some),
        "levels": levels,
        "bounds": list(bounds),
        "strengths": [list(one) for one in STRENGTHS],
        "known": [[one.name, one.capability, one.permanent] for one in some],
        "rivals": {
            obligor: {one.name: one.rival for one in backers if one.rival is not None}
            for obligor, backers in listed.items()
        },
    }


def _counts(node: Node, most: int) -> list[int]:
    """States of one guarantor, of two, and so on, as far as the node has them."""
    found: list[int] = []
    # As many as come before the first that the node has no state for.
    with suppress(QueryError):
        found.extend(map(node.index, range(1, most + 1)))
    return found
