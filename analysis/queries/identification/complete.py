"""The complete algorithms: whether an effect follows from the observed nodes at all, and by which formula.

Effects are those of Tian and Pearl (2002†), effects given evidence those of Shpitser and Pearl (2006†).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from .formulas import Chance, Formula, Names, product, ratio, total
from .graphs import Asked, cut, districts, projection, upstream

if TYPE_CHECKING:
    from networkx import DiGraph


def complete_formula(asked: Asked) -> Formula | None:
    """Formula of the effect, given the evidence; None where do-calculus has none.

    Evidence that might as well be set is set, until none is left that might; then the targets given the rest are
    identified if and only if they are so together with it.
    """
    from networkx.algorithms.d_separation import is_d_separator

    done, given = asked.acting, asked.given
    while settable := {
        name
        for name in given
        if is_d_separator(cut(asked.graph, into=done, out_of={name}), {name}, asked.targets, done | given - {name})
    }:
        name = min(settable)
        done, given = done | {name}, given - {name}
    wanted = asked.targets | given
    acting = done & upstream(cut(asked.graph, into=done), wanted)
    if not acting | wanted <= asked.observed:
        return None
    both = _Projected(*projection(asked.graph, asked.observed)).effect(acting, wanted)
    return both if both is None or not given else ratio(both, total(sorted(asked.targets), both))


@dataclass(frozen=True)
class _Projected:
    """Observed nodes, the arrows between them, and the sets of them that latent nodes tie together."""

    graph: DiGraph
    ties: list[set[str]]

    @cached_property
    def order(self) -> Names:
        """Causes before effects."""
        import networkx as nx

        places = {name: place for place, name in enumerate(self.graph)}
        return tuple(nx.lexicographical_topological_sort(self.graph, key=places.__getitem__))

    def effect(self, done: frozenset[str], wanted: frozenset[str]) -> Formula | None:
        """Joint distribution of `wanted` when `done` is set.

        It is a product over the districts of what is upstream of `wanted` once `done` is set; each must follow from the
        district of the whole graph that it lies in.
        """
        needed = upstream(self.graph, wanted, without=done)
        wholes = districts(self.ties, self.order)
        factors = []
        for part in districts(self.ties, self._ordered(needed)):
            whole = next(district for district in wholes if part <= district)
            factor = self._following(part, whole, self._of_district(whole))
            if factor is None:
                return None
            factors.append(factor)
        return total(self._ordered(needed - wanted), product(factors))

    def _ordered(self, names: Collection[str]) -> Names:
        return tuple(name for name in self.order if name in names)

    def _of_district(self, district: set[str]) -> Formula:
        """Factor of a district of the whole graph: each member given what comes before it, as far as that matters."""
        return product(Chance((name,), self._before(name)) for name in self._ordered(district))

    def _before(self, name: str) -> Names:
        """Earlier nodes that tell of one: those of its own district among the earlier, and parents of these."""
        until = self.order[: self.order.index(name) + 1]
        own = next(district for district in districts(self.ties, until) if name in district)
        parents = {parent for member in own for parent in self.graph.pred[member]}
        return self._ordered((own | parents) - {name})

    def _following(self, part: set[str], whole: set[str], formula: Formula) -> Formula | None:
        """Factor of `part` from that of the district `whole`, by cutting away what is not upstream; None if it hedges.

        Where `part` has all of `whole` upstream of it within `whole`, and is less, the two are a hedge.
        """
        above = upstream(self.graph, part, without=set(self.graph) - whole)
        left = total(self._ordered(whole - above), formula)
        if above == part:
            return left
        if above == whole:
            return None
        smaller = next(district for district in districts(self.ties, above) if part <= district)
        return self._following(part, smaller, self._of_part(smaller, above, left))

    def _of_part(self, district: set[str], whole: set[str], formula: Formula) -> Formula:
        """Factor of a district of a subgraph: each run of members given all that is earlier in the subgraph."""
        order = self._ordered(whole)
        factors = []
        for member, run in groupby(enumerate(order), key=lambda place: place[1] in district):
            places = [place for place, _ in run]
            if member:
                until = total(order[places[-1] + 1 :], formula)
                factors.append(ratio(until, total(order[places[0] :], formula)))
        return product(factors)
