"""Orders in which variables are summed out: greedy, by several measures, the cheapest kept.

Finding the best order is NP-hard (Arnborg, Corneil and Proskurowski 1987†); greedy measures on the interaction graph
do well (Kjaerulff 1990†; Koller and Friedman 2009†), and which of them does best differs between
networks by a factor of ten, so all are tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush

#: Neighbours of each variable.
Graph = dict[str, set[str]]
#: Cost of summing a variable out next: its neighbours, the graph, and the logarithms of the numbers of states.
Measure = Callable[[set[str], Graph, Mapping[str, float]], float]


def elimination_order(
    scopes: Iterable[tuple[str, ...]], sizes: Mapping[str, int], kept: Iterable[str] = ()
) -> tuple[str, ...]:
    """Find an order in which to sum variables out of a product of tables.

    Parameters
    ----------
    scopes
        Axes of each table.
    sizes
        Axis -> number of states.
    kept
        Axes that stay.

    Returns
    -------
    tuple of str
        All other axes, first to be summed first.

    Examples
    --------
    >>> elimination_order([("a", "b"), ("b", "c"), ("c", "d")], dict.fromkeys("abcd", 2), kept=["d"])
    ('a', 'b', 'c')
    """
    scopes = list(scopes)
    found = {name: _greedy(scopes, sizes, set(kept), measure) for name, measure in MEASURES.items()}
    return min(found.values(), key=lambda pair: pair[1])[0]


def _greedy(
    scopes: list[tuple[str, ...]], sizes: Mapping[str, int], kept: set[str], measure: Measure
) -> tuple[tuple[str, ...], float]:
    """Sum out the cheapest variable until none is left; give the order and the cells of all tables on the way."""
    graph: Graph = {}
    for scope in scopes:
        for axis in scope:
            graph.setdefault(axis, set()).update(scope)
    for axis, near in graph.items():
        near.discard(axis)
    logs = {axis: math.log(sizes[axis]) for axis in graph}
    waiting = {axis: measure(graph[axis], graph, logs) for axis in graph if axis not in kept}
    place = {axis: number for number, axis in enumerate(waiting)}
    # Costs that have changed since stay in the heap, and are passed over when they come up.
    heap = [(cost, logs[axis], place[axis], axis) for axis, cost in waiting.items()]
    heapify(heap)
    order, cells = [], 0.0
    while waiting:
        cost, _, _, axis = heappop(heap)
        if waiting.get(axis) != cost:
            continue
        near = graph.pop(axis)
        del waiting[axis]
        order.append(axis)
        cells += math.exp(logs[axis] + math.fsum(logs[other] for other in near))
        touched = set(near)
        for other in near:
            graph[other] |= near
            graph[other] -= {other, axis}
            touched |= graph[other]
        for other in touched & waiting.keys():
            cost = measure(graph[other], graph, logs)
            if cost != waiting[other]:
                waiting[other] = cost
                heappush(heap, (cost, logs[other], place[other], other))
    return tuple(order), cells


# Sums are exact (`fsum`), so that the order of a set, which differs between processes, cannot turn a tie.


def _weight(near: set[str], graph: Graph, logs: Mapping[str, float]) -> float:  # noqa: ARG001
    return math.fsum(logs[other] for other in near)


def _missing_links(near: set[str], graph: Graph) -> Iterable[tuple[str, str]]:
    names = list(near)
    for place, one in enumerate(names):
        linked = graph[one]
        for other in names[:place]:
            if other not in linked:
                yield one, other


def _fill(near: set[str], graph: Graph, logs: Mapping[str, float]) -> float:  # noqa: ARG001
    return sum(1 for _ in _missing_links(near, graph))


def _weighted_fill(near: set[str], graph: Graph, logs: Mapping[str, float]) -> float:
    return math.fsum(math.exp(logs[one] + logs[other]) for one, other in _missing_links(near, graph))


def _log_fill(near: set[str], graph: Graph, logs: Mapping[str, float]) -> float:
    return math.fsum(logs[one] + logs[other] for one, other in _missing_links(near, graph))


#: Every measure that is tried; one line adds one.
MEASURES: Mapping[str, Measure] = {
    "weight": _weight,
    "fill": _fill,
    "weighted fill": _weighted_fill,
    "log fill": _log_fill,
}
