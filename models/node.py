"""Nodes of a network with their arrows, groups and codings, and a node together with its parents.

Everything that makes a table of a node, its CPD family above all, sees the node and its parents and never the network:
so families stand below networks, and a network can ask them when it is made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..common.errors import nearest
from .errors import QueryError


@dataclass(frozen=True)
class Arrow:
    """One parent of a node, with the reason it is one.

    Parameters
    ----------
    parent
        Name of the parent node.
    reason, source
        Why the arrow stands, in a line, and where that is argued.
    term
        How a regression-like family lets the parent act: a key of `servanda.models.families.terms.TERMS`;
        None takes the family's default for the parent's kind of states.
    by
        Another parent whose states each get an effect of their own.
    """

    parent: str
    reason: str = ""
    source: str = ""
    term: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Group:
    """A grouping of cases whose members share an effect, such as the actor.

    Parameters
    ----------
    name
        Name of the effect, used in queries (``actor="USA"``).
    column
        Column of the data that holds the members.
    reason
        Why the cases of one member are not independent.
    """

    name: str
    column: str
    reason: str = ""


@dataclass(frozen=True)
class Coding:
    """How a data column becomes states.

    Parameters
    ----------
    column
        Column of the data.
    lower
        For a numeric column: the lowest value of each state, ascending; empty for a column of levels.
    levels
        For a column of levels: data level -> state, for levels that are merged or renamed.
    """

    column: str
    lower: tuple[float, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()


#: Family of a node that names none.
DEFAULT_FAMILY = "table"
#: What an option of a family can be.
Option = str | bool | int | float


@dataclass(frozen=True)
class Node:
    """A discrete variable of a network.

    Parameters
    ----------
    name
        Unique in the network.
    states
        At least one, in order where the order means something.
    parents
        Arrows into the node; the order is the order of table axes.
    family
        Name of its CPD family, a key of `servanda.models.families.FAMILIES`.
    ordered
        Whether the order of the states means something.
    values
        A number for each state (a count, a year), or empty.
    label, description
        For readers of reports.
    coding
        Where its states come from in a data frame; None takes the column of the node's name.
    groups
        Effects of actors, guarantees, ... on this node.
    options
        What its family wants to know beyond parents and terms: name and value of each.
    anchored_by
        Where the node has no data: the child whose mean state rises with the state of the node, which says which of
        its states is which. No matter where it has data.
    """

    name: str
    states: tuple[str, ...]
    parents: tuple[Arrow, ...] = ()
    family: str = DEFAULT_FAMILY
    ordered: bool = False
    values: tuple[float, ...] = ()
    label: str = ""
    description: str = ""
    coding: Coding | None = None
    groups: tuple[Group, ...] = ()
    options: tuple[tuple[str, Option], ...] = ()

    anchored_by: str | None = None

    def option(self, name: str, default: Option | None = None) -> Option | None:
        """Value of one option of the family, or `default` where it is not stated."""
        return dict(self.options).get(name, default)

    @property
    def parent_names(self) -> tuple[str, ...]:
        """Names of the parents, in the order of the table's axes."""
        return tuple(arrow.parent for arrow in self.parents)

    @property
    def title(self) -> str:
        """What a reader sees: the label, or else the name in words."""
        return self.label or self.name.replace("_", " ")

    def index(self, state: object) -> int:
        """Position of `state`, given by name or as the data may say it: a level, or a number that falls in it.

        Raises
        ------
        QueryError
            If there is no such state, naming the nearest.

        Examples
        --------
        >>> backers = Node("guarantors", ("1", "2", "3+"), coding=Coding("guarantors", lower=(1, 2, 3)))
        >>> backers.index("2"), backers.index(17)
        (1, 2)
        >>> price = Node("price", ("words", "war"), coding=Coding("price", levels=(("war_equal", "war"),)))
        >>> price.index("war_equal")
        1
        """
        text = str(state)
        if isinstance(state, float) and state.is_integer():
            text = str(int(state))  # a count that a reader of files made a float is its integer again
        if text in self.states:
            return self.states.index(text)
        levels = dict(self.coding.levels) if self.coding else {}
        if text in levels:
            return self.states.index(levels[text])
        number = _as_number(state)
        if number is not None and self.coding and self.coding.lower and number >= self.coding.lower[0]:
            return sum(number >= bound for bound in self.coding.lower) - 1
        raise QueryError.of(f"node {self.name}", f"has no state '{text}'{nearest(text, self.states)}")


def _as_number(state: object) -> float | None:
    try:
        number = float(state)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class Local:
    """A node together with its parents: what its table has as axes.

    Parameters
    ----------
    node
        The node.
    parents
        The nodes at the other ends of its arrows, in their order.

    Examples
    --------
    >>> rain = Node("rain", ("no", "yes"))
    >>> wet = Local(Node("wet", ("dry", "damp", "soaked"), (Arrow("rain"),)), (rain,))
    >>> wet.axes, wet.shape
    (('rain', 'wet'), (2, 3))
    >>> wet["rain"].states
    ('no', 'yes')
    """

    node: Node
    parents: tuple[Node, ...]

    @classmethod
    def of(cls, node: Node, known: Mapping[str, Node]) -> Local:
        """Take the parents of a node from all nodes by name."""
        return cls(node, tuple(known[parent] for parent in node.parent_names))

    @cached_property
    def _by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in (*self.parents, self.node)}

    @cached_property
    def _hash(self) -> int:
        return hash((self.node, self.parents))

    def __hash__(self) -> int:
        return self._hash

    def __getitem__(self, axis: str) -> Node:
        return self._by_name[axis]

    @property
    def name(self) -> str:
        """Name of the node."""
        return self.node.name

    @property
    def states(self) -> tuple[str, ...]:
        """States of the node."""
        return self.node.states

    @property
    def arrows(self) -> tuple[Arrow, ...]:
        """Arrows into the node."""
        return self.node.parents

    @property
    def parent_names(self) -> tuple[str, ...]:
        """Names of the parents."""
        return self.node.parent_names

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """Dims of the table: the parents, then the node."""
        return (*self.node.parent_names, self.node.name)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the table, in the order of `axes`."""
        return self.sizes(self.axes)

    def sizes(self, axes: tuple[str, ...]) -> tuple[int, ...]:
        """Numbers of states of some of the axes."""
        return tuple(len(self[axis].states) for axis in axes)
