"""What a network's TOML may hold; unknown keys are faults, since a misspelt one would be lost silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...common.errors import Fault
from ...common.toml import schema_faults as faults_under


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class ArrowSpec(_Strict):
    """One arrow into a node, from the parent that its name says.

    Parameters
    ----------
    reason
        Why the arrow stands, in a line.
    source
        Where that is argued.
    term
        How the families `ordinal`, `sequential` and `softmax`, and those of members, let the parent act, by its name.
        Left out, the family's own way for the parent's kind of states.
    by
        Another parent of the node, each state of which gives this one an effect of its own.
    """

    reason: str = ""
    source: str = ""
    term: str | None = None
    by: str | None = None


class GroupSpec(_Strict):
    """A grouping of cases whose members share an effect on the node, such as the actor.

    Parameters
    ----------
    column
        Column of the data that holds the members.
    reason
        Why the cases of one member are not independent.
    """

    column: str
    reason: str = ""


class CodingSpec(_Strict):
    """How a column of the data becomes states, where it has another name than the node or does not hold its states.

    Parameters
    ----------
    column
        Column of the data.
    lower
        For a column of numbers: the lowest value of each state, ascending.
    levels
        For a column of levels: level of the data to state, for levels that are merged or renamed.
    """

    column: str
    lower: list[float] = []
    levels: dict[str, str] = {}


class NodeSpec(_Strict):
    """One node, a discrete variable.

    Parameters
    ----------
    states
        Names of its states, in order where the order means something; numbers become text.
    label
        Name for readers of reports.
    description
        More for readers of reports.
    ordered
        Whether the order of the states means something.
    values
        A number for each state, such as a count or a year, which some terms need.
    family
        How its probabilities depend on its parents, by the name of the family.
    coding
        How a column of the data becomes states.
    anchored_by
        For a node without data: the child whose mean state rises with the state of the node, which says which of its
        states is which.
    latent
        Whether it is never seen, so that data need no column for it.
    groups
        Effects of actors, guarantees and the like.
    options
        What its family wants to know beyond parents and terms.
    parents
        Arrows into the node, by parent; their order is the order of the axes of its table.
    """

    states: list[str]
    label: str = ""
    description: str = ""
    ordered: bool = False
    values: list[float] = []
    family: str = "table"
    coding: CodingSpec | None = None
    anchored_by: str | None = None
    latent: bool = False
    groups: dict[str, GroupSpec] = {}
    options: dict[str, bool | int | float | str] = {}
    parents: dict[str, ArrowSpec] = {}


class NetworkSpec(_Strict):
    """A network: what it is called, and its nodes.

    Parameters
    ----------
    name
        Short name, as in file names and messages.
    title
        Name for readers.
    description
        More for readers.
    former_parameters
        Parameters of networks that this one was derived from which it does not have: a prior set may speak of them.
    nodes
        The nodes, in any order.
    """

    name: str = "network"
    title: str = ""
    description: str = ""
    former_parameters: list[str] = []
    nodes: dict[str, NodeSpec]


def schema_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """List where `raw` is not the TOML of a network."""
    return faults_under(raw, NetworkSpec)
