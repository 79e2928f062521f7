"""Adjustment: sets of nodes that block every path from cause to effect but the causal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graphs import Asked, downstream

if TYPE_CHECKING:
    from networkx import DiGraph


def adjustment(asked: Asked) -> set[str] | None:
    """A minimal set that satisfies the adjustment criterion for the targets and the evidence together."""
    forbidden = downstream(asked.graph, asked.on_causal_paths)
    return _separator(asked, asked.wanted, asked.observed - forbidden, frozenset())


def adjustment_within(asked: Asked) -> set[str] | None:
    r"""Minimal `W` that adjusts within strata of the evidence `Z`.

    Neither may be downstream of the acting nodes, so that
    $P(y | z; do(x)) = \sum_w P(y | w, z; do(x)) P(w | z)$, and together they adjust for the effect, so that
    $P(y | w, z; do(x)) = P(y | x, w, z)$.
    """
    allowed = asked.observed - downstream(asked.graph, asked.acting)
    return _separator(asked, asked.targets, allowed, asked.given) if asked.given <= allowed else None


def _separator(asked: Asked, wanted: frozenset[str], allowed: frozenset[str], given: frozenset[str]) -> set[str] | None:
    """Set that separates acting from wanted nodes, with `given`, once causal paths are cut; None if nothing can."""
    from networkx.algorithms.d_separation import find_minimal_d_separator

    # Nothing separates a cause from a parent that is itself asked for: said at once, where all nodes of a case are.
    if any(parent in wanted for name in asked.acting for parent in asked.graph.pred[name]):
        return None
    graph = _back_door_graph(asked)
    free = allowed - asked.acting - wanted
    # A set node that does not act may be adjusted for by the values it takes unset; better is to do without it.
    for restricted in (free - asked.spare, free):
        found = find_minimal_d_separator(
            graph, set(asked.acting), set(wanted), included=set(given), restricted=set(restricted)
        )
        if found is not None:
            return found - given
    return None


def _back_door_graph(asked: Asked) -> DiGraph:
    """The graph without the first arrow of every directed path from the acting to the wanted nodes."""
    on_paths = asked.on_causal_paths
    graph = asked.graph.copy()
    graph.remove_edges_from([(name, child) for name in asked.acting for child in on_paths & set(graph.succ[name])])
    return graph
