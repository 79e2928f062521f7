"""Nodes of a network with their arrows, groups and codings, and a node together with its parents.

Everything that makes a table of a node, its CPD family above all, sees the node and its parents and never the network:
so families stand below networks, and a network can ask them when it is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, singledispatch
from typing import Any

import numpy as np

from ..common.errors import Fault, nearest
from .errors import NetworkError, QueryError
from .names import node_dim


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

    Examples
    --------
    >>> arrow = Arrow("guarantors", reason="Backers share the price of keeping a promise.", term="log")
    >>> Node("kept", ("no", "yes"), (arrow,), family="ordinal", ordered=True).parents[0].term
    'log'
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

    Examples
    --------
    >>> actor = Group("actor", column="obligor", reason="One state keeps or breaks its promises by habit.")
    >>> Node("kept", ("no", "yes"), family="ordinal", ordered=True, groups=(actor,)).groups[0].name
    'actor'
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

    Examples
    --------
    >>> guarantors = Node("guarantors", ("1", "2", "3+"), ordered=True, coding=Coding("n", lower=(1, 2, 3)))
    >>> import pandas as pd
    >>> from servanda.models import Network, encode
    >>> encode(Network((guarantors,)), pd.DataFrame({"n": [1, 3, 7]})).codes["guarantors"].tolist()
    [0, 2, 2]
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
        At least one, in order where the order means something. Numbers are kept as text: 1 and 1.0 are ``"1"``, and are
        found again by either.
    parents
        Arrows into the node, or names of parents; the order is the order of table axes.
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
        its states is which. No matter where it has data. A node with an anchor may be without a column.
    latent
        Whether nobody observes the node, so that data must have no column for it. Data without the column of another
        node is refused: it may be misspelt.

    Raises
    ------
    NetworkError
        If `states` is a single text, or a parent neither an arrow nor a name.

    Examples
    --------
    >>> kept = Node("kept", (0, 1), parents=("sworn",))
    >>> kept.states, kept.parents[0].parent, kept.index(1.0)
    (('0', '1'), 'sworn', 1)
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
    latent: bool = False

    def __post_init__(self) -> None:
        """Take numbers for states and names for arrows."""
        where = f"node {self.name}"
        object.__setattr__(self, "states", tuple(as_text(state) for state in _several(self.states, where, "states")))
        parents = _several(self.parents, where, "parents")
        object.__setattr__(self, "parents", tuple(_as_arrow(parent, where) for parent in parents))

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
        place = known_as(state, {state: place for place, state in enumerate(self.states)})
        if place is None and self.coding:
            levels = {level: self.states.index(known) for level, known in self.coding.levels}
            place = known_as(state, levels)
            number = _as_number(state)
            lower = self.coding.lower
            if place is None and number is not None and lower and number >= lower[0]:
                place = sum(number >= bound for bound in lower) - 1
        if place is None:
            text = as_text(state)
            raise QueryError.of(f"node {self.name}", f"has no state '{text}'{nearest(text, self.states)}")
        return place


def as_text(value: object) -> str:
    """Text of a state or of a cell; a count that a reader of files made a float is its integer again.

    Examples
    --------
    >>> as_text(2.0), as_text(0.5), as_text("2.0")
    ('2', '0.5', '2.0')
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def known_as[T](value: object, known: Mapping[str, T]) -> T | None:
    """Entry of a mapping for a state or a cell: by its text or, for a number, by the same number in other digits.

    Returns
    -------
    T or None
        None where there is none, or where several names are the same number and none is the text.

    Examples
    --------
    >>> known_as(1, {"1.0": "low", "2.0": "high"}), known_as("2", {"1.0": "low", "2.0": "high"})
    ('low', 'high')
    >>> known_as(True, {"1": "low"}) is None
    True
    """
    text = as_text(value)
    if text in known:
        return known[text]
    number = _as_number(text)
    alike = [] if number is None else [name for name in known if _as_number(name) == number]
    return known[alike[0]] if len(alike) == 1 else None


def _as_number(state: object) -> float | None:
    try:
        number = float(state)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


@singledispatch
def _several(given: Any, where: str, what: str) -> Iterable[Any]:
    raise NetworkError(where, [Fault(what, f"must be several, such as ('no', 'yes'), not {given!r}")])


@_several.register
def _(given: Iterable, where: str, what: str) -> Iterable[Any]:  # noqa: ARG001
    return given


# The letters of a text are no states.
_several.register(str, _several.dispatch(object))


@singledispatch
def _as_arrow(parent: Any, where: str) -> Arrow:
    raise NetworkError(where, [Fault("parents", f"must be arrows or names of nodes, not {parent!r}")])


@_as_arrow.register
def _(parent: Arrow, where: str) -> Arrow:  # noqa: ARG001
    return parent


@_as_arrow.register
def _(parent: str, where: str) -> Arrow:  # noqa: ARG001
    return Arrow(parent)


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
    def dims(self) -> tuple[str, ...]:
        """Dims of a parameter that has the axes of the table: their names, unless one is taken."""
        return tuple(map(node_dim, self.axes))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the table, in the order of `axes`."""
        return self.sizes(self.axes)

    def sizes(self, axes: tuple[str, ...]) -> tuple[int, ...]:
        """Numbers of states of some of the axes."""
        return tuple(len(self[axis].states) for axis in axes)
