"""A network as a frozen value: nodes, their states, and arrows that each say why they are there."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from ...common.errors import nearest
from ..errors import QueryError
from ..formats.content import NetworkContent, NodeContent, scaled_to_one
from ..formats.files import faults_of_file, read_content
from ..formats.pgmpy import content_from_pgmpy, content_to_pgmpy
from .check import check_network
from .show import table_html


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
    family: str = "table"
    ordered: bool = False
    values: tuple[float, ...] = ()
    label: str = ""
    description: str = ""
    coding: Coding | None = None
    groups: tuple[Group, ...] = ()
    options: tuple[tuple[str, Option], ...] = ()

    def option(self, name: str, default: Option | None = None) -> Option | None:
        """Value of one option of the family, or `default` where it is not stated."""
        return dict(self.options).get(name, default)

    anchored_by: str | None = None

    @property
    def parent_names(self) -> tuple[str, ...]:
        """Names of the parents, in the order of the table's axes."""
        return tuple(arrow.parent for arrow in self.parents)

    @property
    def title(self) -> str:
        """What a reader sees: the label, or else the name in words."""
        return self.label or self.name.replace("_", " ")

    def index(self, state: object) -> int:
        """Position of `state`, given by name or, for a numeric coding, by a number that falls in it.

        Raises
        ------
        QueryError
            If there is no such state, naming the nearest.

        Examples
        --------
        >>> backers = Node("guarantors", ("1", "2", "3+"), coding=Coding("guarantors", lower=(1, 2, 3)))
        >>> backers.index("2"), backers.index(17)
        (1, 2)
        """
        text = str(state)
        if isinstance(state, float) and state.is_integer():
            text = str(int(state))  # a count that a reader of files made a float is its integer again
        if text in self.states:
            return self.states.index(text)
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
class Network:
    """A directed acyclic graph of discrete nodes.

    Construction checks everything at once: names, states, parents, families, terms, cycles.

    Parameters
    ----------
    nodes
        In any order; they are kept parents first, ties in the order given.
    name, title, description
        For people.

    Raises
    ------
    NetworkError
        Listing every fault.

    Examples
    --------
    >>> rain = Node("rain", ("no", "yes"))
    >>> wet = Node("wet", ("no", "yes"), parents=(Arrow("rain", reason="water is wet"),))
    >>> network = Network((wet, rain), name="lawn")
    >>> network.names
    ('rain', 'wet')
    >>> network["wet"].parent_names
    ('rain',)
    """

    nodes: tuple[Node, ...]
    name: str = "network"
    title: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        """Check, and put parents before children."""
        check_network(self)
        order = TopologicalSorter({node.name: node.parent_names for node in self.nodes}).static_order()
        rank = _stable_ranks(self.nodes, order)
        object.__setattr__(self, "nodes", tuple(sorted(self.nodes, key=lambda node: rank[node.name])))
        self.__dict__.pop("_by_name", None)  # the check looked nodes up in the order given

    @cached_property
    def _hash(self) -> int:
        return hash((self.nodes, self.name, self.title, self.description))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all nodes, parents first."""
        return tuple(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Node:
        if name not in self._by_name:
            raise QueryError.of(f"network {self.name}", f"has no node '{name}'{nearest(name, self.names)}")
        return self._by_name[name]

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Node -> its children, in network order."""
        found: dict[str, list[str]] = {name: [] for name in self.names}
        for node in self.nodes:
            for parent in node.parent_names:
                found[parent].append(node.name)
        return {name: tuple(children) for name, children in found.items()}

    def ancestors(self, names: Iterable[str], cut: Collection[str] = ()) -> frozenset[str]:
        """`names` and everything upstream of them, where the arrows into the nodes in `cut` are cut."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(() if name in cut else self[name].parent_names)
        return frozenset(found)

    def descendants(self, names: Iterable[str]) -> frozenset[str]:
        """`names` and everything downstream of them."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.children[name])
        return frozenset(found)

    def without_parents(self, names: Iterable[str]) -> Network:
        """Mutilate the graph: the same network with the arrows into `names` cut (Pearl 2009, section 3.2)."""
        cut = set(names)
        nodes = (
            replace(node, parents=(), family="table", groups=(), options=()) if node.name in cut else node
            for node in self.nodes
        )
        # An anchor that is no child any more says nothing.
        nodes = (replace(node, anchored_by=None) if node.anchored_by in cut else node for node in nodes)
        return replace(self, nodes=tuple(nodes))

    def axes(self, name: str) -> tuple[str, ...]:
        """Dims of the node's table: its parents, then itself."""
        return (*self[name].parent_names, name)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of the node's table, in the order of `axes`."""
        return tuple(len(self[axis].states) for axis in self.axes(name))

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Node -> states, as xarray coordinates."""
        return {node.name: node.states for node in self.nodes}

    @property
    def group_columns(self) -> dict[str, str]:
        """Group effect -> data column, over all nodes."""
        return {group.name: group.column for node in self.nodes for group in node.groups}

    @classmethod
    def from_content(cls, content: NetworkContent) -> Network:
        """Make a network of `table` nodes from the names, states and parents that a format holds."""
        nodes = (Node(node.name, node.states, tuple(map(Arrow, node.parents))) for node in content.nodes)
        return cls(tuple(nodes), name=content.name)

    def to_content(self, tables: Mapping[str, np.ndarray]) -> NetworkContent:
        """Give what a format holds: names, states, parents and ``tables``, their axes in the order of `axes`."""
        nodes = (NodeContent(node.name, node.states, node.parent_names) for node in self.nodes)
        return NetworkContent(self.name, tuple(nodes), tables)

    @classmethod
    def from_pgmpy(cls, model: Any, name: str = "network") -> Network:
        """Read the structure and state names of a pgmpy network; see `servanda.models.formats.pgmpy`."""
        return cls.from_content(content_from_pgmpy(model, name))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Network:
        """Read structure and state names of a network file (BIF, XMLBIF, XDSL, NET); see `servanda.models.formats`."""
        return read_network(path)[0]

    def to_pgmpy(self, tables: Mapping[str, Any] | None = None) -> Any:
        """Make a pgmpy network, with CPDs where `tables` are given; see `servanda.models.formats.pgmpy`."""
        arrays = {name: table.transpose(*self.axes(name)).values for name, table in (tables or {}).items()}
        return content_to_pgmpy(self.to_content(arrays))

    def _repr_html_(self) -> str:
        rows = ((node.title, ", ".join(node.states), ", ".join(node.parent_names), node.family) for node in self.nodes)
        return table_html(self.title or self.name, ("node", "states", "parents", "family"), rows)


def read_network(path: str | os.PathLike[str]) -> tuple[Network, NetworkContent, dict[str, float]]:
    """Read a network file: the network, its content with rows that add up to one, and which were scaled to do so."""
    content = read_content(path)
    with faults_of_file(path):
        network = Network.from_content(content)
        in_order = network.to_content({name: content.tables[name] for name in network.names})
        return network, *scaled_to_one(in_order)


def _stable_ranks(nodes: tuple[Node, ...], order: Iterable[str]) -> dict[str, int]:
    """Rank parents before children; among equals keep the order in which nodes were given."""
    given = {node.name: place for place, node in enumerate(nodes)}
    parents = {node.name: node.parent_names for node in nodes}
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[parent] for parent in parents[name]), default=-1)
    ranked = sorted(depth, key=lambda name: (depth[name], given[name]))
    return {name: rank for rank, name in enumerate(ranked)}
