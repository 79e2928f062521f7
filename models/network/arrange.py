"""Places of the nodes of a network on paper: every node right of all its parents, arrows beside nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

#: Width and height of a node, and the steps between nodes to the right and down.
BOX, STEP = (110.0, 46.0), (160.0, 72.0)
#: How often the placing of nodes begins anew, and from what nodes times arrows it is left as it falls.
STARTS, MOST_LOOKED_AT = 16, 1000
#: Nodes for which every generation has room: in fewer places the arrows of the shipped networks find no way.
ROOM = 10

Point = tuple[float, float]


@lru_cache(maxsize=8)
def arranged(names: tuple[str, ...], arrows: tuple[tuple[str, str], ...]) -> Mapping[str, Point]:
    """Place nodes by generation, moved up and down until arrows pass beside nodes."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(arrows)
    layers = [sorted(layer, key=names.index) for layer in nx.topological_generations(graph)]
    slots = max(ROOM, *(len(layer) for layer in layers), 0)
    heights = [STEP[1] / 2 * half for half in range(2 * slots - 1)]
    rng, found = np.random.default_rng(0), []
    for start in range(STARTS if len(names) * len(arrows) <= MOST_LOOKED_AT else 1):
        places = {}
        for depth, layer in enumerate(layers):
            order = rng.permutation(slots)[: len(layer)] if start else range(len(layer))
            for name, slot in zip(layer, order, strict=True):
                places[name] = (STEP[0] * depth, STEP[1] * float(slot))
        found.append(_improved(places, arrows, heights))
    _, best = min(found, key=lambda pair: pair[0])
    top = min(y for _, y in best.values())
    return {name: (x, y - top) for name, (x, y) in best.items()}


def _improved(
    places: dict[str, Point], arrows: Sequence[tuple[str, str]], heights: Sequence[float]
) -> tuple[float, dict[str, Point]]:
    """Move one node at a time to its best height until none gains."""
    names = list(places)
    points = np.array([places[name] for name in names])
    ends = np.array([(names.index(start), names.index(end)) for start, end in arrows], int).reshape(-1, 2)
    best, moved = float(_tangles(points[None], ends)[0]), len(places) * len(arrows) <= MOST_LOOKED_AT
    while moved:
        moved = False
        for node in range(len(names)):
            # A node's heights are looked at together: what each of them gives does not depend on where the node stands.
            tried = np.repeat(points[None], len(heights), axis=0)
            tried[:, node, 1] = heights
            for at, cost in enumerate(_tangles(tried, ends).tolist()):
                if cost < best - 1e-9:
                    points, best, moved = tried[at], cost, True
    return best, {name: (float(x), float(y)) for name, (x, y) in zip(names, points, strict=True)}


def _tangles(points: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How hard drawings are to read: nodes too close weigh most, then arrows through nodes, then steep arrows.

    Parameters
    ----------
    points
        Shape (drawings, nodes, 2).
    ends
        Nodes between which each arrow goes, shape (arrows, 2).

    Returns
    -------
    ndarray
        Shape (drawings,).
    """
    x, y = points[..., 0], points[..., 1]
    columns = np.abs(x[:, :, None] - x[:, None, :]) < 1
    crowded = columns & (np.abs(y[:, :, None] - y[:, None, :]) < 1.4 * BOX[1])
    cost = 1000.0 * (crowded.sum(axis=(1, 2)) - x.shape[1]) / 2
    start, end = points[:, ends[:, 0]], points[:, ends[:, 1]]
    steep = ((end[..., 1] - start[..., 1]) / (end[..., 0] - start[..., 0] - BOX[0])) ** 2
    touched = _hits(start, end, points)
    touched[:, np.arange(len(ends))[:, None], ends] = False
    return cost + np.minimum(steep, 40.0).sum(axis=1) / 4 + 40.0 * touched.sum(axis=(1, 2))


def _hits(start: np.ndarray, end: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Whether each arrow between two nodes touches each node, shape (drawings, arrows, nodes)."""
    x, y = boxes[:, None, :, 0], boxes[:, None, :, 1]
    x0, x1 = start[..., :1] + BOX[0] / 2, end[..., :1] - BOX[0] / 2
    left, right = np.maximum(x0, x - BOX[0] / 2), np.minimum(x1, x + BOX[0] / 2)
    slope = (end[..., 1:] - start[..., 1:]) / (x1 - x0)
    at = np.stack([start[..., 1:] + slope * (x - x0) for x in (left, right)])
    room = BOX[1] / 2 + 4
    return (left < right) & (at.min(axis=0) < y + room) & (at.max(axis=0) > y - room)
