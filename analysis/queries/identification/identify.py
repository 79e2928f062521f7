"""Identification of the effect of an intervention from the graph, if the network holds every common cause.

An effect is identified when any two networks with this graph that agree on the observed nodes agree on the effect.
With every node observed that always holds; with latent nodes it is decided here, in polynomial time. The statement is
nonparametric and about the graph alone: it takes the arrows for true, and every combination of states that a formula
conditions on to be possible. A common cause that is no node is beyond it: no record of the nodes can show that there is
none. How strong one must be to change an answer is asked of `servanda.analysis.confounding`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ....common.errors import Fault, nearest, raise_faults
from ....models.errors import QueryError
from ....models.network.network import Network
from ....models.network.toml import as_network
from .adjustment import adjustment, adjustment_within
from .complete import complete_formula
from .formulas import Formula, Names
from .front_door import front_door
from .graphs import Asked, cut, graph_of, upstream
from .result import Identification, Method

if TYPE_CHECKING:
    from ....models.posterior import Posterior


def identify(
    network: Network | str | os.PathLike[str],
    targets: str | Iterable[str],
    do: str | Iterable[str],
    latent: Iterable[str] = (),
    given: str | Iterable[str] = (),
) -> Identification:
    """Identification of the effect of setting some nodes on others, if the network holds every common cause.

    Tried in turn: that there is no effect; a minimal adjustment set, sound and complete for single and for joint
    interventions (Shpitser, VanderWeele and Robins 2010†; Perkovic et al. 2018); truncated factorisation; a front door
    (Pearl 2009†); and the complete algorithms for effects (Tian and Pearl 2002†) and for effects given evidence
    (Shpitser and Pearl 2006†), so that "not identified" means that no method can succeed. Answers are kept: asking
    again costs microseconds.

    Parameters
    ----------
    network
        Its graph alone matters, neither tables nor states.
    targets
        Nodes whose joint distribution is wanted.
    do
        Nodes set from outside; a mapping of nodes to states will do.
    latent
        Nodes never observed, such as those of `latent_nodes`.
    given
        Nodes observed as evidence, in the network mutilated by `do`; a mapping will do.

    Returns
    -------
    Identification
        A latent target is not identified, whatever is set; nor is any effect of a latent node, or given one, unless
        the other nodes of the question make it irrelevant.

    Raises
    ------
    QueryError
        Listing every unknown name, with the nearest, and every node in two places at once.

    Examples
    --------
    >>> guarantee = "guarantee"
    >>> print(identify(guarantee, "enforcement", do="guarantors"))
    P(enforcement | do(guarantors)) is identified, if the network holds every common cause,
    by adjusting for role, price.
    >>> print(identify(guarantee, "era", do={"guarantors": "3+"}))
    P(era | do(guarantors)) is identified, if the network holds every common cause: no directed path leads there
    from guarantors, so it equals P(era).
    """
    network = as_network(network)
    asked = (_names(targets), _names(do), _names(given))
    hidden = frozenset(_names(latent))
    _check(network, *asked, hidden)
    return _identify(network, *asked, tuple(name for name in network.names if name in hidden))


def latent_nodes(posterior: Posterior) -> tuple[str, ...]:
    """Nodes that are declared latent, or that the data of a fit never showed: all of their cells were missing.

    A node that coders report on (children of the family `confusion`) counts as seen: that they err is in the posterior.

    Parameters
    ----------
    posterior
        From `servanda.models.fit` or a file of one.

    Returns
    -------
    tuple of str
        In network order.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("mood", ("bad", "good"))))
    >>> tables = {name: xr.DataArray([0.8, 0.2], dims=name) for name in network.names}
    >>> latent_nodes(Posterior.from_tables(network, tables))
    ()
    >>> record = {"cases": 40, "missing_cells": {"rain": 3, "mood": 40}}
    >>> latent_nodes(Posterior.from_tables(network, tables, record))
    ('mood',)
    """
    cases = posterior.provenance.get("cases", 0)
    missing = posterior.provenance.get("missing_cells") or {}
    network = posterior.network
    hidden = (node.name for node in network.nodes if node.latent or (cases and missing.get(node.name, 0) >= cases))
    return tuple(name for name in hidden if not network.reports(name))


def _names(stated: str | Iterable[str]) -> Names:
    return (stated,) if isinstance(stated, str) else tuple(stated)


def _check(network: Network, targets: Names, do: Names, given: Names, latent: frozenset[str]) -> None:
    faults = [] if targets else [Fault("target", "none is asked for")]
    for kind, names in (("target", targets), ("do", do), ("given", given), ("latent", sorted(latent))):
        faults += [
            Fault(f"{kind} {name}", f"no such node{nearest(name, network.names)}")
            for name in names
            if name not in network
        ]
    places = [*targets, *do, *given]
    faults += [
        Fault(f"node {name}", "has more than one place in the question; it is a target, or set, or given")
        for name in dict.fromkeys(places)
        if places.count(name) > 1
    ]
    raise_faults("question", faults, QueryError)


@lru_cache(maxsize=512)
def _identify(network: Network, targets: Names, do: Names, given: Names, latent: Names) -> Identification:
    def ordered(names: Iterable[str]) -> Names:
        chosen = set(names)
        return tuple(name for name in network.names if name in chosen)

    graph = graph_of(network)
    wanted = {*targets, *given}
    # Setting a node whose every path to what is wanted leads through other set nodes changes nothing: do-calculus,
    # rule 3 (Pearl 2009†, section 3.4).
    acting = set(do) & upstream(cut(graph, into=do), wanted)
    if not acting and not wanted & set(latent):
        return Identification(targets, do, given, latent, "no effect" if do else "none needed")
    observed = frozenset(network.names) - frozenset(latent)
    asked = Asked(graph, frozenset(targets), frozenset(given), frozenset(acting), observed, frozenset(do) - acting)
    way = next(_ways(asked))
    sets = (ordered(acting), ordered(way.adjustment), ordered(way.mediators))
    return Identification(targets, do, given, latent, way.method, *sets, derived=way.derived)


class _Way(NamedTuple):
    """A way in which an effect is identified."""

    method: Method
    adjustment: Iterable[str] = ()
    mediators: Iterable[str] = ()
    derived: Formula | None = None


def _ways(asked: Asked) -> Iterator[_Way]:
    """Every way in which the effect is identified, plainest first, or else that there is none."""
    plain = asked.acting | asked.wanted <= asked.observed
    within = adjustment_within(asked) if plain and asked.given else None
    if within is not None:
        yield _Way("adjustment within the evidence", within)
    by_all = adjustment(asked) if plain else None
    if by_all is not None:
        yield _Way("adjustment", by_all)
    parents = {parent for name in asked.acting for parent in asked.graph.pred[name]}
    if plain and parents <= asked.observed:
        yield _Way("truncated factorisation", derived=complete_formula(asked))
    mediators = front_door(asked) if plain else None
    if mediators:
        yield _Way("frontdoor", mediators=mediators)
    derived = complete_formula(asked)
    yield _Way("not identified") if derived is None else _Way("do-calculus", derived=derived)
