"""Backers named in a question, as states of the nodes that say who stands behind a commitment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...models.errors import QueryError
from ...models.network.network import Network
from ...models.network.toml import load_network, shipped_networks
from ...models.theories.backing import BACKING

if TYPE_CHECKING:
    import pandas as pd

#: Nodes that a list of backers settles: their number, and who they are. `institution` is not among them, since it also
#: turns on the legal form.
COUNT_NODE = "guarantors"
BACKER_NODES = ("capability", "strongest_backer", "rival_backer", "permanent_backer")


@dataclass(frozen=True)
class BackerStates:
    """States of nodes that a list of backers settles in a case.

    Parameters
    ----------
    states
        Node -> state, of the nodes of the network that the list settles; numbers are sorted into states.
    open
        Node that the list would settle -> the actors for want of whom the record does not say. It is in no `states`.
    note
        The same in a sentence, with the titles of the nodes; empty where nothing is open.
    """

    states: Mapping[str, str]
    open: Mapping[str, tuple[str, ...]]
    note: str


def named_backers(
    network: Network,
    backers: Sequence[str],
    obligor: str | None,
    year: int | None = None,
    *,
    named: Collection[str] = (),
) -> BackerStates:
    """States that a list of backers settles in a network, from the shipped record.

    Parameters
    ----------
    network
        Has one at least of the nodes `BACKER_NODES`.
    backers
        The others, as the record codes them; empty for an obligor that stands alone.
    obligor
        Whose promise it is.
    year
        Nothing later is known; None for all that the record holds. See `servanda.record.backer_facts`.
    named
        Nodes whose states are named beside the list.

    Returns
    -------
    BackerStates

    Raises
    ------
    QueryError
        Listing every fault: no obligor, actors the record does not know, the obligor among the backers, a backer named
        twice, a network without such a node, nodes that are both named and follow from the list.

    Examples
    --------
    >>> network = load_network("guarantee_backers")
    >>> stand = named_backers(network, ["CHN", "RUS"], "USA", 2019)
    >>> stand.states["guarantors"], stand.states["rival_backer"], stand.states["permanent_backer"]
    ('3', 'yes', 'yes')
    """
    from ...record import backer_facts

    record, cases = _record()
    known: list[str] = sorted({*record["backer"], *cases["obligor"]})
    years: list[int] = cases["tested_year"].tolist()
    settled = [name for name in (COUNT_NODE, *BACKER_NODES) if name in network]
    faults = _network_faults(network)
    faults += [
        Fault(f"node {name}", "is named and follows from the backers too; drop one")
        for name in settled
        if name in named
    ]
    if not obligor:
        faults.append(Fault("backers", "need an actor whose promise it is; name it"))
    actors: list[str] = [*backers, obligor] if obligor else [*backers]
    unknown = sorted({name for name in actors if name not in known})
    faults += [Fault(name, f"is not an actor that the record knows{nearest(name, known)}") for name in unknown]
    facts: dict[str, Any] = {}
    try:
        facts = backer_facts(backers, obligor or "", max(years) if year is None else year, record=record, cases=cases)
    except InputError as error:
        faults += error.faults
    raise_faults("backers", faults, QueryError)
    states = {
        name: network[name].states[network[name].index(facts[name])] for name in settled if facts[name] is not None
    }
    left = {name: facts["unknown"][name] for name in settled if facts[name] is None}
    listed = "; ".join(f"{network[name].title.lower()} (for want of {', '.join(who)})" for name, who in left.items())
    return BackerStates(states, left, f"Not known from the record and left open: {listed}." if left else "")


def listed_backers(
    network: Network, text: str | None, obligor: str | None, year: int | None, *, named: Collection[str] = ()
) -> BackerStates:
    """Do the same for names in one text, separated by commas; None names nobody and settles nothing.

    Raises
    ------
    QueryError
        As `named_backers`, or if a year is stated without a list.

    Examples
    --------
    >>> dict(listed_backers(load_network("guarantee"), None, "USA", None).states)
    {}
    """
    if text is not None:
        backers = [name.strip() for name in text.split(",") if name.strip()]
        return named_backers(network, backers, obligor, year, named=named)
    if year is not None:
        raise QueryError.of("year", "speaks of the backers, and none are named; name them or drop it")
    return BackerStates({}, {}, "")


def shipped_cases(network: Network, as_of: str | None = None) -> pd.DataFrame:
    """Load the shipped record, with who stands behind each case where the network has a node for it.

    Examples
    --------
    >>> ["rival_backer" in shipped_cases(load_network(name)) for name in ("guarantee", "guarantee_backers")]
    [False, True]
    """
    from ...record import load_guarantees, with_backers

    cases = load_guarantees(as_of=as_of)
    return with_backers(cases) if any(name in network for name in BACKING) else cases


def _network_faults(network: Network) -> list[Fault]:
    if any(name in network for name in BACKER_NODES):
        return []
    able = [name for name in shipped_networks() if any(who in load_network(name) for who in BACKER_NODES)]
    what = f"has no node that says who backs a commitment; ask a network that has, such as {', '.join(able)}"
    return [Fault(f"network {network.name}", what)]


@lru_cache(maxsize=1)
def _record() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Backers and cases of the shipped record, read once: every row of a scenario asks for them."""
    from ...record import load_backers, load_guarantees

    return load_backers(), load_guarantees()
