"""Rival theories of what backers do, each as a change of one slot in a network: that of the count into an outcome.

A theory is a function from a network to a network, so that rivals are fitted to the same cases with all else equal.
Three kinds: a shape of the effect of the count, who stands behind the commitment in the place of how many, and what
members do together (for an outcome of two states, whose coding says which of these it is).

Where the slope of the count varies by another parent, so does what takes its place; `institution` alone lets it vary by
the institution instead. Who stands behind a commitment is a node more, and so is part of the likelihood: compare the
predictions of the outcome, not of whole cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Protocol

from ...common.errors import Fault
from ..errors import NetworkError
from ..network.network import Network
from ..network.parameters import network_parameters
from ..node import Arrow, Option
from ..parameters.prior_set import PriorSet
from .backing import BACKING, fill_slot, slot_of, with_nodes, with_who


class Apply(Protocol):
    """Puts a theory into a network."""

    def __call__(self, network: Network, node: str = "compliance", count: str = "guarantors") -> Network:
        """Change the slot of `count` in `node`, and nothing else."""
        ...


@dataclass(frozen=True)
class Theory:
    """What backers might do to an outcome.

    Parameters
    ----------
    name
        Key in `THEORIES`.
    title
        For a reader, in a few words.
    claim
        What it says, in a sentence.
    source
        Who says so, and where it is argued.
    apply
        ``apply(network, node="compliance", count="guarantors")`` gives the network under this theory.
    columns
        Data columns it needs beyond those of the network, from `servanda.record.with_backers`.

    Examples
    --------
    >>> from servanda.models import THEORIES, load_network
    >>> theory = THEORIES["saturating"]
    >>> theory.title
    'audience costs'
    >>> changed = theory.apply(load_network("guarantee"))
    >>> [arrow.term for arrow in changed["compliance"].parents if arrow.parent == "guarantors"]
    ['saturating']
    """

    name: str
    title: str
    claim: str
    source: str
    apply: Apply
    columns: tuple[str, ...] = ()


def priors_for(network: Network, priors: PriorSet | None) -> PriorSet | None:
    """Leave out of a set what speaks by name of parameters that a network does not have.

    Theories have different parameters, and a set made for one of them would be refused for another.

    Examples
    --------
    >>> from servanda.models import Prior, load_network
    >>> priors = PriorSet.from_mapping({"*": Prior.of("normal", mu=0, sigma=1),
    ...                                 "compliance.guarantors": Prior.of("normal", mu=0, sigma=0.7)})
    >>> [entry.parameter for entry in priors_for(THEORIES["none"].apply(load_network("guarantee")), priors).entries]
    ['*']
    """
    if priors is None:
        return None
    known = {parameter.name for parameter in network_parameters(network)}
    kept = tuple(entry for entry in priors.entries if entry.is_pattern or entry.parameter in known)
    return replace(priors, entries=kept)


def threshold_theory(members: int) -> Theory:
    """Make the theory that a group acts where so many of its members do.

    Examples
    --------
    >>> threshold_theory(3).title
    'at least 3 act'
    """
    return Theory(
        "at_least",
        f"at least {members} act",
        f"The outcome is that at least {members} of the members act: a minimum winning coalition.",
        "evidence, section 2, theory 5",
        partial(_collective, "at_least", at_least=members),
    )


def independent(theory: Theory) -> Theory:
    """Make of a theory of what members do together the one in which each decides for itself.

    Raises
    ------
    NetworkError
        If `theory` is not about what members do together.

    Examples
    --------
    >>> independent(THEORIES["any_of"]).title
    'any acts, each for itself'
    """
    if not isinstance(theory.apply, partial) or theory.apply.func is not _collective:
        raise NetworkError(f"theory {theory.name}", [Fault("", "is not about what members do together")])
    return replace(theory, title=f"{theory.title}, each for itself", apply=partial(theory.apply, correlated=False))


def _with_terms(network: Network, node: str, count: str) -> tuple[Network, Arrow]:
    """The network with `node` as one that has a baseline and terms, and the arrow of the count into it."""
    slot, family = slot_of(network, node, count), network.family(node)
    if family.done_together(network.local(node)):
        network = fill_slot(network, node, count, (slot,), family="ordinal", options=())
    elif not family.has_terms:
        what = f"is a '{network[node].family}', which has no terms; a theory of the count needs family = 'ordinal'"
        raise NetworkError(f"network {network.name}", [Fault(f"node {node}", what)])
    return network, slot


def _shape(term: str, network: Network, node: str = "compliance", count: str = "guarantors") -> Network:
    network, slot = _with_terms(network, node, count)
    return fill_slot(network, node, count, (replace(slot, term=term, by=None if term == "none" else slot.by),))


def _institution(network: Network, node: str = "compliance", count: str = "guarantors") -> Network:
    network, slot = _with_terms(network, node, count)
    known = BACKING["institution"]
    itself = () if "institution" in network[node].parent_names else (Arrow("institution", known.reason, known.source),)
    arrows = (*itself, replace(slot, term="log", by="institution"))
    return fill_slot(with_nodes(network, ["institution"], count), node, count, arrows)


def _who(name: str, network: Network, node: str = "compliance", count: str = "guarantors") -> Network:
    return with_who(_with_terms(network, node, count)[0], [name], node=node, count=count)


def _collective(
    family: str, network: Network, node: str = "compliance", count: str = "guarantors", **options: Option
) -> Network:
    slot, states = slot_of(network, node, count), network[node].states
    if len(states) != 2:
        what = f"has {len(states)} states; what members do together is an outcome of two, no before yes"
        raise NetworkError(f"network {network.name}", [Fault(f"node {node}", what)])
    network, _ = _with_terms(network, node, count)
    said = tuple({"members": count, **options}.items())
    return fill_slot(network, node, count, (replace(slot, term=None, by=None),), family, said)


_LIST = (
    Theory(
        "none",
        "cheap talk",
        "The number of backers moves nothing; the arrow stays, without effect.",
        "evidence, section 2, theory 7",
        partial(_shape, "none"),
    ),
    Theory(
        "log",
        "log of the count",
        "Each doubling of the number does the same.",
        "Berkemeier and Fuhrmann 2018, re-computed; evidence, section 1b",
        partial(_shape, "log"),
    ),
    Theory(
        "monotone",
        "one direction",
        "More backers help, or more hurt, in steps of any size.",
        "Buerkner and Charpentier 2020 (the form)",
        partial(_shape, "monotone"),
    ),
    Theory(
        "saturating",
        "audience costs",
        "Each further witness makes a breach costlier, the first ones most.",
        "Tomz 2007; Fearon 1994†; evidence, section 2, theory 6",
        partial(_shape, "saturating"),
    ),
    Theory(
        "diffusion",
        "diffusion of responsibility",
        "What counts is the share of the duty that falls on each.",
        "evidence, section 2, theory 3",
        partial(_shape, "diffusion"),
    ),
    Theory(
        "inverted_u",
        "cost of coordination",
        "A few backers help more than one, and many get in each other's way; or the reverse.",
        "Boehmelt 2012; evidence, section 2, theory 11",
        partial(_shape, "inverted_u"),
    ),
    Theory(
        "institution",
        "institutions",
        "What the number does depends on whether an institution stands behind the commitment.",
        "Drezner 2000; Bapat and Morgan 2009; evidence, section 2, theory 8",
        _institution,
        ("institution",),
    ),
    *(
        Theory(name, title, BACKING[name].reason, BACKING[name].source, partial(_who, name), (name,))
        for name, title in {
            "capability": "capability behind it",
            "strongest_backer": "the strongest other backer",
            "rival_backer": "a rival among the backers",
            "permanent_backer": "a permanent member among the backers",
        }.items()
    ),
    Theory(
        "any_of",
        "any acts",
        "The outcome is that some member acts: with independent members a noisy-OR.",
        "evidence, section 2, theory 1",
        partial(_collective, "any_of"),
    ),
    Theory(
        "all_of",
        "all act",
        "The outcome is that every member acts: with independent members the weakest link.",
        "evidence, section 2, theory 4",
        partial(_collective, "all_of"),
    ),
    threshold_theory(2),
)
#: Every theory by name: shapes of the effect of the count, then who stands behind it, then what members do together.
THEORIES: Mapping[str, Theory] = MappingProxyType({theory.name: theory for theory in _LIST})
#: The theory that the shipped networks hold by themselves.
SHIPPED = "log"
