"""Identification of the effect of an intervention from the graph, if the network holds every common cause.

An effect is identified when any two networks with this graph that agree on the observed nodes agree on the effect.
With every node observed that always holds; with latent nodes it is decided here, in polynomial time. The statement is
nonparametric and about the graph alone: it takes the arrows for true, and every combination of states that a formula
conditions on to be possible. A common cause that is no node is beyond it: no record of the nodes can show that there is
none. How strong one must be to change an answer is asked of `servanda.analysis.confounding`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...common.errors import Fault, nearest, raise_faults
from ...models.errors import QueryError
from ...models.network.network import Network

if TYPE_CHECKING:
    from networkx import DiGraph

    from ...models.posterior import Posterior

Method = Literal[
    "none needed",
    "no effect",
    "adjustment",
    "adjustment within the evidence",
    "truncated factorisation",
    "frontdoor",
    "do-calculus",
    "not identified",
]
Names = tuple[str, ...]

#: Under which an effect that is called identified is so. The one place where it is worded.
CONDITION = "if the network holds every common cause"


@dataclass(frozen=True)
class Identification:
    """Identification of an effect, as far as the graph has it: if the network holds every common cause.

    Parameters
    ----------
    targets, do, given, latent
        The question: nodes asked for, set, observed as evidence, and never observed.
    method
        - ``none needed``: nothing is set.
        - ``no effect``: no directed path leads from a set node to a target or to evidence.
        - ``adjustment``: summing over the adjustment set, which is minimal: no member can be left out. With evidence
          it holds for targets and evidence together, and so for the targets given the evidence.
        - ``adjustment within the evidence``: the same in each stratum of the evidence, which no set node affects.
        - ``truncated factorisation``: every parent of the acting nodes is observed (Pearl 2009†, section 3.2).
        - ``frontdoor``: through `mediators` (Pearl 2009†, section 3.3).
        - ``do-calculus``: identified, though by none of the above.
        - ``not identified``: no method can succeed.
    acting
        The set nodes that matter: a directed path leads from them to a target or to evidence, around all others.
    adjustment
        The adjustment set, in network order; empty also where no adjustment is needed or possible: see `method`.
    mediators
        The front door, in network order.

    Examples
    --------
    >>> print(Identification(("wet",), ("rain",), (), (), "adjustment", ("rain",), ("season",)))
    P(wet | do(rain)) is identified, if the network holds every common cause, by adjusting for season.
    """

    targets: Names
    do: Names
    given: Names
    latent: Names
    method: Method
    acting: Names = ()
    adjustment: Names = ()
    mediators: Names = ()

    @property
    def identified(self) -> bool:
        """Whether the observed nodes determine the effect, if the network holds every common cause."""
        return self.method != "not identified"

    @property
    def formula(self) -> str:
        """The effect from probabilities of observed nodes; empty where it takes more than a line.

        Examples
        --------
        >>> Identification(("wet",), ("rain",), (), (), "adjustment", ("rain",), ("season",)).formula
        'sum over season of P(wet | rain, season) P(season)'
        """
        write = _FORMULAS.get(self.method)
        return write(self) if write else ""

    def in_words(self) -> str:
        """Say it in one sentence, and in a second which set nodes change nothing.

        Examples
        --------
        >>> print(Identification(("wet",), ("rain",), (), ("season",), "not identified", ("rain",)).in_words())
        P(wet | do(rain)) is not identified with season latent: networks that agree on everything observed can differ
        in it, so what is said of it rests on the priors and not on data alone.
        """
        idle = tuple(name for name in self.do if name not in self.acting)
        around = f" other than through {_listed(self.acting)}" if self.acting else ""
        aside = f" Setting {_listed(idle)} changes nothing here: no directed path leads from there{around}."
        return _SENTENCES[self.method](self) + (aside if self.acting and idle else "")

    def __str__(self) -> str:
        return self.in_words()


def identify(
    network: Network,
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
    >>> from servanda.models import load_network
    >>> guarantee = load_network("guarantee")
    >>> print(identify(guarantee, "enforcement", do="guarantors"))
    P(enforcement | do(guarantors)) is identified, if the network holds every common cause,
    by adjusting for role, price.
    >>> print(identify(guarantee, "era", do={"guarantors": "3+"}))
    P(era | do(guarantors)) is identified, if the network holds every common cause: no directed path leads there
    from guarantors, so it equals P(era).
    """
    asked = (_names(targets), _names(do), _names(given))
    hidden = frozenset(_names(latent))
    _check(network, *asked, hidden)
    return _identify(network, *asked, tuple(name for name in network.names if name in hidden))


def latent_nodes(posterior: Posterior) -> tuple[str, ...]:
    """Nodes that the data of a fit never showed: all of their cells were missing.

    A node that coders report on (children of the family `confusion`) counts as seen: that they err is in the posterior.

    Parameters
    ----------
    posterior
        From `servanda.models.fit` or a file of one.

    Returns
    -------
    tuple of str
        In network order; empty for a posterior that was not fitted to cases.

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
    hidden = (name for name in posterior.network.names if cases and missing.get(name, 0) >= cases)
    return tuple(name for name in hidden if not posterior.network.reports(name))


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


class _Asked(NamedTuple):
    """A question as the methods take it: `acting` and `spare` nodes are set, `wanted` ones asked for or given."""

    graph: DiGraph
    targets: frozenset[str]
    given: frozenset[str]
    acting: frozenset[str]
    observed: frozenset[str]
    spare: frozenset[str]

    @property
    def wanted(self) -> frozenset[str]:
        return self.targets | self.given


@lru_cache(maxsize=512)
def _identify(network: Network, targets: Names, do: Names, given: Names, latent: Names) -> Identification:
    def found(method: Method, **parts: Iterable[str]) -> Identification:
        ordered = {part: tuple(name for name in network.names if name in set(names)) for part, names in parts.items()}
        return Identification(targets, do, given, latent, method, **ordered)

    graph = _graph(network)
    wanted = {*targets, *given}
    # Setting a node whose every path to what is wanted leads through other set nodes changes nothing: do-calculus,
    # rule 3 (Pearl 2009†, section 3.4).
    acting = set(do) & _upstream(_cut(graph, into=do), wanted)
    if not acting and not wanted & set(latent):
        return found("no effect" if do else "none needed")
    observed = frozenset(network.names) - frozenset(latent)
    asked = _Asked(graph, frozenset(targets), frozenset(given), frozenset(acting), observed, frozenset(do) - acting)
    method, parts = next(_ways(asked))
    return found(method, acting=acting, **parts)


def _ways(asked: _Asked) -> Iterator[tuple[Method, Mapping[str, Iterable[str]]]]:
    """Every way in which the effect is identified, plainest first, or else that there is none."""
    if asked.acting | asked.wanted <= asked.observed:
        yield from _plain_ways(asked)
    yield ("do-calculus" if _by_do_calculus(asked) else "not identified"), {}


def _plain_ways(asked: _Asked) -> Iterator[tuple[Method, Mapping[str, Iterable[str]]]]:
    within = _adjustment_within(asked) if asked.given else None
    if within is not None:
        yield "adjustment within the evidence", {"adjustment": within}
    adjustment = _adjustment(asked)
    if adjustment is not None:
        yield "adjustment", {"adjustment": adjustment}
    if {parent for name in asked.acting for parent in asked.graph.pred[name]} <= asked.observed:
        yield "truncated factorisation", {}
    mediators = _front_door(asked)
    if mediators:
        yield "frontdoor", {"mediators": mediators}


# Adjustment ---------------------------------------------------------------------------------------------------------


def _adjustment(asked: _Asked) -> set[str] | None:
    """A minimal set that satisfies the adjustment criterion for the targets and the evidence together."""
    forbidden = _downstream(asked.graph, _on_causal_paths(asked))
    return _separator(asked, asked.wanted, asked.observed - forbidden, frozenset())


def _adjustment_within(asked: _Asked) -> set[str] | None:
    r"""Minimal `W` that adjusts within strata of the evidence `Z`.

    Neither may be downstream of the acting nodes, so that
    $P(y | z; do(x)) = \sum_w P(y | w, z; do(x)) P(w | z)$, and together they adjust for the effect, so that
    $P(y | w, z; do(x)) = P(y | x, w, z)$.
    """
    allowed = asked.observed - _downstream(asked.graph, asked.acting)
    return _separator(asked, asked.targets, allowed, asked.given) if asked.given <= allowed else None


def _separator(
    asked: _Asked, wanted: frozenset[str], allowed: frozenset[str], given: frozenset[str]
) -> set[str] | None:
    """Set that separates acting from wanted nodes, with `given`, once causal paths are cut; None if nothing can."""
    from networkx.algorithms.d_separation import find_minimal_d_separator

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


def _on_causal_paths(asked: _Asked) -> set[str]:
    """Nodes on directed paths from the acting to the wanted nodes that meet acting nodes at their start only."""
    first = {child for name in asked.acting for child in asked.graph.succ[name]} - asked.acting
    return _downstream(asked.graph, first, without=asked.acting) & _upstream(asked.graph, asked.wanted, asked.acting)


def _back_door_graph(asked: _Asked) -> DiGraph:
    """The graph without the first arrow of every directed path from the acting to the wanted nodes."""
    on_paths = _on_causal_paths(asked)
    graph = asked.graph.copy()
    graph.remove_edges_from([(name, child) for name in asked.acting for child in on_paths & set(graph.succ[name])])
    return graph


# Front door ---------------------------------------------------------------------------------------------------------


def _front_door(asked: _Asked) -> set[str]:
    """Observed nodes through which all of the effect of one node on one other runs; empty if there are none.

    No back door may lead from the cause to a mediator, and none from a mediator to the target that the cause leaves
    open. Each mediator is judged by itself, so all that pass form a front door whenever some of them do.
    """
    from networkx.algorithms.d_separation import is_d_separator

    if len(asked.acting) != 1 or len(asked.wanted) != 1:
        return set()
    graph, (cause,), (target,) = asked.graph, asked.acting, asked.wanted
    after_cause = _cut(graph, out_of={cause})
    mediators = {
        name
        for name in (_on_causal_paths(asked) & asked.observed) - {target}
        if is_d_separator(after_cause, {cause}, {name}, set())
        and is_d_separator(_cut(graph, out_of={name}), {name}, {target}, {cause})
    }
    for name in sorted(mediators):
        if _intercept(graph, mediators - {name}, cause, target):
            mediators -= {name}
    return mediators if _intercept(graph, mediators, cause, target) else set()


def _intercept(graph: DiGraph, nodes: set[str], cause: str, target: str) -> bool:
    return cause not in _upstream(graph, {target}, without=nodes)


# The complete algorithms --------------------------------------------------------------------------------------------


def _by_do_calculus(asked: _Asked) -> bool:
    """Whether do-calculus identifies the effect, given the evidence (Shpitser and Pearl 2006†).

    Evidence that might as well be set is set, until none is left that might; then the targets given the rest are
    identified if and only if they are so together with it.
    """
    from networkx.algorithms.d_separation import is_d_separator

    done, given = asked.acting, asked.given
    while settable := {
        name
        for name in given
        if is_d_separator(_cut(asked.graph, into=done, out_of={name}), {name}, asked.targets, done | given - {name})
    }:
        name = min(settable)
        done, given = done | {name}, given - {name}
    wanted = asked.targets | given
    acting = done & _upstream(_cut(asked.graph, into=done), wanted)
    return acting | wanted <= asked.observed and _from_districts(asked, acting, wanted)


def _from_districts(asked: _Asked, done: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether the joint distribution of `wanted` is identified when `done` is set (Tian and Pearl 2002†).

    It is a product over the districts (c-components) of what is upstream of `wanted` once `done` is set; each must
    follow from the district of the whole graph that it lies in.
    """
    graph, ties = _projection(asked.graph, asked.observed)
    needed = _upstream(graph, wanted, without=done)
    return all(
        _follows(graph, ties, part, whole)
        for part in _districts(ties, needed)
        for whole in _districts(ties, asked.observed)
        if part <= whole
    )


def _follows(graph: DiGraph, ties: list[set[str]], part: set[str], whole: set[str]) -> bool:
    """Whether the factor of `part` follows from that of the district `whole`, by cutting away what is not upstream."""
    above = _upstream(graph, part, without=set(graph) - whole)
    if above in (part, whole):
        return above == part
    smaller = next(district for district in _districts(ties, above) if part <= district)
    return _follows(graph, ties, part, smaller)


def _projection(graph: DiGraph, observed: frozenset[str]) -> tuple[DiGraph, list[set[str]]]:
    """Arrows between observed nodes, direct or through latent ones, and what each latent node ties together."""
    import networkx as nx

    chains = _cut(graph, out_of=observed)
    arrows = [(name, end) for name in observed for end in _downstream(chains, graph.succ[name]) & observed]
    projected = nx.DiGraph(arrows)
    projected.add_nodes_from(observed)
    return projected, [_downstream(chains, {name}) & observed for name in graph if name not in observed]


def _districts(ties: list[set[str]], names: Iterable[str]) -> list[set[str]]:
    """Split nodes into the largest groups that ties connect, directly or one through another."""
    districts = [{name} for name in names]
    for tie in ties:
        tied = [district for district in districts if district & tie]
        districts = [district for district in districts if not district & tie] + ([set().union(*tied)] if tied else [])
    return districts


# Graphs -------------------------------------------------------------------------------------------------------------


def _graph(network: Network) -> DiGraph:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(network.names)
    graph.add_edges_from((parent, node.name) for node in network.nodes for parent in node.parent_names)
    return graph


def _cut(graph: DiGraph, into: Iterable[str] = (), out_of: Iterable[str] = ()) -> DiGraph:
    """The graph without the arrows into some nodes and out of others."""
    kept = graph.copy()
    kept.remove_edges_from([*graph.in_edges(into), *graph.out_edges(out_of)])
    return kept


def _downstream(graph: DiGraph, names: Iterable[str], without: Iterable[str] = ()) -> set[str]:
    """`names` and all that directed paths lead to from them, never entering `without`."""
    return _reached(graph.succ, names, set(without))


def _upstream(graph: DiGraph, names: Iterable[str], without: Iterable[str] = ()) -> set[str]:
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


# Words --------------------------------------------------------------------------------------------------------------


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _p(targets: Iterable[str], given: Iterable[str] = (), do: Iterable[str] = ()) -> str:
    conditions = "; ".join(part for part in (_listed(given), _listed(f"do({name})" for name in do)) if part)
    return f"P({_listed(targets)}{' | ' if conditions else ''}{conditions})"


def _effect(found: Identification) -> str:
    return _p(found.targets, found.given, found.do)


def _summed(over: Names, *factors: str) -> str:
    return f"{f'sum over {_listed(over)} of ' if over else ''}{' '.join(factors)}"


def _adjustment_formula(found: Identification) -> str:
    over = found.adjustment
    weights = (_p(over),) if over else ()
    return _summed(over, _p((*found.targets, *found.given), (*found.acting, *over)), *weights)


def _within_formula(found: Identification) -> str:
    over = found.adjustment
    weights = (_p(over, found.given),) if over else ()
    return _summed(over, _p(found.targets, (*found.acting, *found.given, *over)), *weights)


def _front_door_formula(found: Identification) -> str:
    (cause,), through = found.acting, found.mediators
    primed = f"{cause}'"
    inner = f"[{_summed((primed,), _p(found.targets, (*through, primed)), _p((primed,)))}]"
    return _summed(through, _p(through, (cause,)), inner)


def _identified(found: Identification) -> str:
    return f"{_effect(found)} is identified, {CONDITION}"


def _by_adjusting(found: Identification) -> str:
    how = f"by adjusting for {_listed(found.adjustment)}" if found.adjustment else "without adjustment"
    whole = f" through {_p((*found.targets, *found.given), do=found.do)}," if found.given else ""
    return f"{_identified(found)},{whole} {how}."


def _by_adjusting_within(found: Identification) -> str:
    how = f"by adjusting for {_listed(found.adjustment)}" if found.adjustment else "without further adjustment"
    return f"{_identified(found)}, {how} within each state of {_listed(found.given)}."


def _not_identified(found: Identification) -> str:
    hidden = [name for name in (*found.targets, *found.given, *found.acting) if name in found.latent]
    verb = "are" if len(hidden) > 1 else "is"
    because = f"since {_listed(hidden)} {verb} never observed" if hidden else f"with {_listed(found.latent)} latent"
    return (
        f"{_effect(found)} is not identified {because}: networks that agree on everything observed "
        "can differ in it, so what is said of it rests on the priors and not on data alone."
    )


_FORMULAS: Mapping[Method, Callable[[Identification], str]] = {
    "none needed": lambda found: _p(found.targets, found.given),
    "no effect": lambda found: _p(found.targets, found.given),
    "adjustment": _adjustment_formula,
    "adjustment within the evidence": _within_formula,
    "frontdoor": _front_door_formula,
}

_SENTENCES: Mapping[Method, Callable[[Identification], str]] = {
    "none needed": lambda found: f"{_effect(found)} sets no node: there is no effect of an intervention to identify.",
    "no effect": lambda found: (
        f"{_identified(found)}: no directed path leads there from {_listed(found.do)}, so it equals {found.formula}."
    ),
    "adjustment": _by_adjusting,
    "adjustment within the evidence": _by_adjusting_within,
    "truncated factorisation": lambda found: (
        f"{_identified(found)}, by truncated factorisation: every parent of {_listed(found.acting)} is observed."
    ),
    "frontdoor": lambda found: f"{_identified(found)}, by the front door through {_listed(found.mediators)}.",
    "do-calculus": lambda found: (
        f"{_identified(found)}, by do-calculus, though neither by adjustment nor by a front door."
    ),
    "not identified": _not_identified,
}
