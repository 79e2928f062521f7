"""Front doors: sets of observed nodes through which all of an effect runs, and which nothing latent opens."""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING

from .graphs import Asked, cut, upstream

if TYPE_CHECKING:
    from networkx import DiGraph

#: Sets that are looked at, smallest first; the complete algorithm finds what they leave.
MOST_SETS = 2_000


def front_door(asked: Asked) -> set[str]:
    """The smallest set that is a front door for the effect of one node on one other; empty if none was found.

    All directed paths run through the set, no back door leads from the cause to it, and none from it to the target that
    the cause leaves open (Pearl 2009†, section 3.3). Its members are judged together: one that lies on no directed path
    may close the back door of another. Of sets of one size that is taken in which the fewest members lead to another.
    """
    from networkx.algorithms.d_separation import is_d_separator

    if len(asked.acting) != 1 or len(asked.wanted) != 1:
        return set()
    graph, (cause,), (target,) = asked.graph, asked.acting, asked.wanted
    after_cause = cut(graph, out_of={cause})
    # A node that does not lead to the target neither intercepts a path nor closes a back door to it.
    able = asked.observed & upstream(graph, {target}) - {cause, target}
    candidates = [name for name in graph if name in able and is_d_separator(after_cause, {cause}, {name}, set())]

    def is_front_door(nodes: tuple[str, ...]) -> bool:
        intercepted = cause not in upstream(graph, {target}, without=nodes)
        return intercepted and is_d_separator(cut(graph, out_of=nodes), set(nodes), {target}, {cause})

    sets = (nodes for size in range(1, len(candidates) + 1) for nodes in combinations(candidates, size))
    best: tuple[str, ...] = ()
    for nodes in islice(sets, MOST_SETS):
        if best and len(nodes) > len(best):
            break
        if is_front_door(nodes) and (not best or _ties(graph, nodes) < _ties(graph, best)):
            best = nodes
    return set(best)


def _ties(graph: DiGraph, nodes: tuple[str, ...]) -> int:
    """How many pairs of nodes lead to one another."""
    above = {name: upstream(graph, {name}) for name in nodes}
    return sum(one in above[other] or other in above[one] for one, other in combinations(nodes, 2))
