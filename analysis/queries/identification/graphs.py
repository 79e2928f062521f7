"""Graphs of arrows: what is upstream and downstream, and what latent nodes leave between the observed ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ....models.network.network import Network

if TYPE_CHECKING:
    from networkx import DiGraph


class Asked(NamedTuple):
    """A question as the methods take it: `acting` and `spare` nodes are set, `wanted` ones asked for or given."""

    graph: DiGraph
    targets: frozenset[str]
    given: frozenset[str]
    acting: frozenset[str]
    observed: frozenset[str]
    spare: frozenset[str]

    @property
    def wanted(self) -> frozenset[str]:
        """Targets and evidence."""
        return self.targets | self.given

    @property
    def on_causal_paths(self) -> set[str]:
        """Nodes on directed paths from the acting to the wanted nodes that meet acting nodes at their start only."""
        first = {child for name in self.acting for child in self.graph.succ[name]} - self.acting
        return downstream(self.graph, first, without=self.acting) & upstream(self.graph, self.wanted, self.acting)


def graph_of(network: Network) -> DiGraph:
    """The arrows of a network."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(network.names)
    graph.add_edges_from((parent, node.name) for node in network.nodes for parent in node.parent_names)
    return graph


def cut(graph: DiGraph, into: Iterable[str] = (), out_of: Iterable[str] = ()) -> DiGraph:
    """The graph without the arrows into some nodes and out of others."""
    kept = graph.copy()
    kept.remove_edges_from([*graph.in_edges(into), *graph.out_edges(out_of)])
    return kept


def downstream(graph: DiGraph, names: Iterable[str], without: Iterable[str] = ()) -> set[str]:
    """`names` and all that directed paths lead to from them, never entering `without`."""
    return _reached(graph.succ, names, set(without))


def upstream(graph: DiGraph, names: Iterable[str], without: Iterable[str] = ()) -> set[str]:
    """`names` and all that directed paths lead to them from, never entering `without`."""
    return _reached(graph.pred, names, set(without))


def _reached(steps: Mapping[str, Iterable[str]], names: Iterable[str], without: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without:
            found.add(name)
            waiting.extend(steps[name])
    return found


def projection(graph: DiGraph, observed: frozenset[str]) -> tuple[DiGraph, list[set[str]]]:
    """Arrows between observed nodes, direct or through latent ones, and what each latent node ties together."""
    import networkx as nx

    chains = cut(graph, out_of=observed)
    projected = nx.DiGraph()
    # In the order of the graph, so that what is derived is the same in every run.
    projected.add_nodes_from(name for name in graph if name in observed)
    for name in projected:
        ends = downstream(chains, graph.succ[name]) & observed
        projected.add_edges_from((name, end) for end in graph if end in ends)
    return projected, [downstream(chains, {name}) & observed for name in graph if name not in observed]


def districts(ties: list[set[str]], names: Iterable[str]) -> list[set[str]]:
    """Split nodes into the largest groups that ties connect, directly or one through another (c-components)."""
    found = [{name} for name in names]
    for tie in ties:
        tied = [district for district in found if district & tie]
        found = [district for district in found if not district & tie] + ([set().union(*tied)] if tied else [])
    return found
