"""A network as a frozen value: nodes, their states, and arrows that each say why they are there."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...common.show import Shown, View
from ..errors import DataError, NetworkError, QueryError, wrong_kinds
from ..families import FAMILIES, Family
from ..formats.content import NetworkContent, NodeContent, scaled_to_one
from ..names import DRAWS, escape
from ..node import DEFAULT_FAMILY, Arrow, Local, Node
from .check import check_network
from .show import network_drawing

#: A column of more different cells is no list of states.
MOST_STATES = 20


@dataclass(frozen=True, repr=False)
class Network(Shown):
    """A directed acyclic graph of discrete nodes.

    Construction checks everything at once: names, states, parents, families, terms, cycles.

    Parameters
    ----------
    nodes
        In any order; they are kept parents first, ties in the order given.
    name, title, description
        For people.
    former_parameters
        Parameters of the networks that this one was derived from which it does not have. What a prior set says of them
        is left out; two networks that differ in nothing else are equal.

    Raises
    ------
    NetworkError
        Listing every fault.

    Examples
    --------
    >>> from servanda.models import Arrow, Node
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
    former_parameters: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check, and put parents before children."""
        check_network(self.name, self.nodes)
        order = TopologicalSorter({node.name: node.parent_names for node in self.nodes}).static_order()
        rank = _stable_ranks(self.nodes, order)
        object.__setattr__(self, "nodes", tuple(sorted(self.nodes, key=lambda node: rank[node.name])))

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
    def _locals(self) -> dict[str, Local]:
        return {node.name: Local.of(node, self._by_name) for node in self.nodes}

    def local(self, name: str) -> Local:
        """Give a node together with its parents: what its family sees of the network."""
        self[name]  # names the nearest where there is no such node
        return self._locals[name]

    def family(self, name: str) -> Family:
        """CPD family of a node."""
        return FAMILIES[self[name].family]

    def reports(self, name: str) -> tuple[str, ...]:
        """Children that say, with errors, what state a node is in.

        Examples
        --------
        >>> from servanda.models import Arrow, Node
        >>> said = Node("said", ("no", "yes"), (Arrow("kept"),), family="confusion")
        >>> Network((Node("kept", ("no", "yes")), said)).reports("kept")
        ('said',)
        """
        return tuple(child for child in self.children[name] if self.family(child).reported(self.local(child)) == name)

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
            replace(node, parents=(), family=DEFAULT_FAMILY, groups=(), options=()) if node.name in cut else node
            for node in self.nodes
        )
        # An anchor that is no child any more says nothing.
        nodes = (replace(node, anchored_by=None) if node.anchored_by in cut else node for node in nodes)
        return replace(self, nodes=tuple(nodes))

    def without_arrow(self, parent: str, child: str, *, name: str | None = None) -> Network:
        """Take an arrow away: the same network in which a node does not depend on one of its parents.

        Unlike `without_parents`, which is for interventions, the node keeps its family and its other parents. A prior
        set made for this network fits the new one too: what it says of the parameters that went is left out.

        Parameters
        ----------
        parent, child
            From where the arrow goes, and to where. A parent that was anchored by the child has no anchor any more.
        name
            Of the new network; that of this one with the arrow by default.

        Raises
        ------
        NetworkError
            If there is no such node or no such arrow, naming the nearest; another arrow varies by the parent; or what
            is left is no network.

        Examples
        --------
        >>> from servanda.models import Arrow, Node
        >>> rain, wet = Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))
        >>> dry = Network((rain, wet), name="lawn").without_arrow("rain", "wet")
        >>> dry["wet"].parent_names, dry.name
        ((), 'lawn without rain -> wet')
        """
        faults = self._unknown(parent, child)
        if not faults and parent not in self[child].parent_names:
            there = self[child].parent_names
            back = f"; the arrow goes from '{child}' to '{parent}'" if child in self[parent].parent_names else None
            hint = back or (nearest(parent, there) if there else "; it has no parents")
            faults.append(Fault(f"node {child}", f"has no arrow from '{parent}'{hint}"))
        if not faults:
            what = f"varies by '{parent}' and cannot be without it; change that arrow first, with replace_node"
            varying = [arrow.parent for arrow in self[child].parents if arrow.by == parent]
            faults += [Fault(f"node {child}", f"its arrow from '{other}' {what}") for other in varying]
        raise_faults(f"network {self.name}", faults, NetworkError)
        arrows = tuple(arrow for arrow in self[child].parents if arrow.parent != parent)
        changed = {child: replace(self[child], parents=arrows)}
        if self[parent].anchored_by == child:
            changed[parent] = replace(self[parent], anchored_by=None)
        return self._derived(changed, name, f"without {parent} -> {child}")

    def with_arrow(
        self,
        parent: str,
        child: str,
        *,
        reason: str = "",
        source: str = "",
        term: str | None = None,
        by: str | None = None,
        name: str | None = None,
    ) -> Network:
        """Add an arrow: the same network in which a node has one parent more, the last of them.

        Parameters
        ----------
        parent, child
            From where the arrow goes, and to where.
        reason, source, term, by
            As in `servanda.models.Arrow`.
        name
            Of the new network; that of this one with the arrow by default.

        Raises
        ------
        NetworkError
            If there is no such node, naming the nearest; the arrow is there already; or the network cannot be one, as
            where the arrows would form a cycle.

        Examples
        --------
        >>> from servanda.models import Arrow, Node
        >>> lawn = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"))), name="lawn")
        >>> lawn.with_arrow("rain", "wet", reason="water is wet")["wet"].parents[0].reason
        'water is wet'
        >>> lawn.with_arrow("rain", "wet").with_arrow("wet", "rain")
        Traceback (most recent call last):
        servanda.models.errors.NetworkError: network lawn with rain -> wet with wet -> rain: arrows: form a cycle: ...
        """
        faults = self._unknown(parent, child)
        if not faults and parent in self[child].parent_names:
            faults.append(Fault(f"node {child}", f"has an arrow from '{parent}' already; replace_node changes it"))
        raise_faults(f"network {self.name}", faults, NetworkError)
        arrow = Arrow(parent, reason, source, term, by)
        changed = {child: replace(self[child], parents=(*self[child].parents, arrow))}
        return self._derived(changed, name, f"with {parent} -> {child}")

    def replace_node(self, node: Node, *, name: str | None = None) -> Network:
        """Put a node in the place of the one of its name, with other states, parents, terms or another family.

        Parameters
        ----------
        node
            The node that it is to be.
        name
            Of the new network; that of this one with the node by default.

        Raises
        ------
        NetworkError
            If there is no node of this name, naming the nearest; or the network cannot be one.

        Examples
        --------
        >>> from dataclasses import replace
        >>> from servanda.models import load_network
        >>> network = load_network("guarantee")
        >>> steps = network.replace_node(replace(network["compliance"], family="sequential"))
        >>> steps["compliance"].family, steps.name
        ('sequential', 'guarantee with another compliance')
        """
        faults = wrong_kinds({"node": (node, Node)}) or self._unknown(node.name)
        raise_faults(f"network {self.name}", faults, NetworkError)
        return self._derived({node.name: node}, name, f"with another {node.name}")

    def _unknown(self, *names: str) -> list[Fault]:
        return [
            Fault(f"node {name}", f"there is none{nearest(name, self.names)}")
            for name in dict.fromkeys(names)
            if name not in self
        ]

    def _derived(self, changed: Mapping[str, Node], name: str | None, how: str) -> Network:
        """Put some nodes in the place of those of their names, and remember which parameters went with them."""
        nodes = tuple(changed.get(node.name, node) for node in self.nodes)
        named = f"{self.name} {how}" if name is None else name
        new = replace(self, nodes=nodes, name=named, title=self.title and f"{self.title} ({how})")
        had = (parameter for old in changed for parameter in self._parameters(old))
        now = {parameter for node in changed for parameter in new._parameters(node)}
        former = (parameter for parameter in dict.fromkeys((*self.former_parameters, *had)) if parameter not in now)
        return replace(new, former_parameters=tuple(former))

    def _parameters(self, name: str) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.family(name).parameters(self.local(name)))

    @property
    def latent(self) -> tuple[str, ...]:
        """Nodes that are declared latent: data needs no column for them."""
        return tuple(node.name for node in self.nodes if node.latent)

    def with_latent(self, names: str | Iterable[str]) -> Network:
        """Declare some more nodes latent, so that data needs no column for them.

        Raises
        ------
        QueryError
            If there is no such node, naming the nearest.

        Examples
        --------
        >>> from servanda.models import Arrow, Node
        >>> mood, smile = Node("mood", ("low", "high")), Node("smile", ("no", "yes"), (Arrow("mood"),))
        >>> Network((mood, smile)).with_latent(["mood"]).latent
        ('mood',)
        """
        hidden = {self[name].name for name in _names(names)}
        nodes = tuple(replace(node, latent=True) if node.name in hidden else node for node in self.nodes)
        return replace(self, nodes=nodes) if hidden else self

    def axes(self, name: str) -> tuple[str, ...]:
        """Dims of the node's table: its parents, then itself."""
        return self.local(name).axes

    def dims(self, name: str) -> tuple[str, ...]:
        """Dims of a parameter that has the axes of the node's table."""
        return self.local(name).dims

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of the node's table, in the order of `axes`."""
        return self.local(name).shape

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Node -> states, as xarray coordinates."""
        return {node.name: node.states for node in self.nodes}

    @property
    def group_columns(self) -> dict[str, str]:
        """Group effect -> data column, over all nodes."""
        return {group.name: group.column for node in self.nodes for group in node.groups}

    @classmethod
    def from_edges(
        cls,
        edges: Iterable[tuple[Any, Any]],
        data: Any,
        *,
        nodes: Iterable[Any] = (),
        families: Mapping[str, str] | None = None,
        most_states: int = MOST_STATES,
        name: str = "network",
    ) -> Network:
        """Make a network from arrows and a table whose columns are its nodes.

        The states of a node are what its column holds: the categories of a categorical column, in their order; numbers
        from low to high, which are its `values` too; texts by the alphabet. They count as ordered in a categorical
        column that is ordered and in one of numbers.

        Parameters
        ----------
        edges
            Pairs of parent and child, such as ``graph.edges`` of networkx gives them.
        data
            One row a case, as `servanda.models.fit` takes it. Columns that no arrow names are left out.
        nodes
            Columns that are nodes although no arrow touches them.
        families
            Node -> CPD family. The others are a `table`, which assumes nothing of the shape of an effect but needs the
            more cases the more parents there are; `ordinal` and others assume more and need fewer.
        most_states
            A column of more different cells is refused: it is to be cut or merged first.
        name
            Of the network.

        Raises
        ------
        NetworkError
            Listing what is no pair, what is no column, columns that give no list of states, and cycles.

        Examples
        --------
        >>> import pandas as pd
        >>> form = pd.Categorical(["word", "treaty", "treaty"], ["word", "letter", "treaty"], ordered=True)
        >>> network = Network.from_edges([("form", "kept")], pd.DataFrame({"form": form, "kept": [0, 1, 1]}))
        >>> network["form"].states, network["kept"].states, network["kept"].parent_names
        (('word', 'letter', 'treaty'), ('0', '1'), ('form',))
        """
        from .edges import nodes_from_edges  # whoever loads a network should not wait for pandas

        made = nodes_from_edges(
            edges, data, nodes=nodes, families=families, most_states=most_states, subject=f"network {name}"
        )
        return cls(made, name=name)

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
        from ..formats.pgmpy import content_from_pgmpy

        return cls.from_content(content_from_pgmpy(model, name))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Network:
        """Read structure and state names of a network file (BIF, XMLBIF, XDSL, NET); see `servanda.models.formats`."""
        return read_network(path)[0]

    def to_pgmpy(self, tables: Mapping[str, Any] | None = None) -> Any:
        """Make a pgmpy network, with CPDs where `tables` are given; see `servanda.models.formats.pgmpy`.

        Parameters
        ----------
        tables
            Node -> table with dims parents and node, in any order, without draws; states in any order where they are
            labelled. A node without one has no CPD; its states stay with the graph, and come back from it.

        Raises
        ------
        DataError
            Listing tables of other nodes, or with other dims, states or sizes.
        """
        from ..formats.pgmpy import content_to_pgmpy

        given: Mapping[str, Any] = tables or {}
        faults = [Fault(f"table {name}", what) for name, table in given.items() for what in self._misfits(name, table)]
        raise_faults(f"tables of network {self.name}", faults, DataError)
        return content_to_pgmpy(self.to_content({name: self._in_order(name, given[name]).values for name in given}))

    def _dim_of(self, name: str) -> dict[str, str]:
        """Node -> dim, of the axes of the table of a node."""
        return {axis: escape(axis, DRAWS) for axis in self.axes(name)}

    def _misfits(self, name: str, table: Any) -> Iterator[str]:
        """Say how a table is not of the node."""
        if name not in self:
            yield f"no such node{nearest(name, self.names)}"
        elif {*table.dims} != {*self._dim_of(name).values()}:
            yield f"has dims {', '.join(map(str, table.dims))}; expected {', '.join(self._dim_of(name).values())}"
        else:
            for axis, dim in self._dim_of(name).items():
                own = [str(state) for state in table[dim].values] if dim in table.coords else self[axis].states
                if table.sizes[dim] != len(self[axis].states) or {*own} != {*self[axis].states}:
                    yield f"has other states along {axis} than the network: {', '.join(self[axis].states)}"

    def _in_order(self, name: str, table: Any) -> Any:
        """Give a table with the axes and, where they are labelled, the states in the order of the network."""
        dims = self._dim_of(name)
        own = {dim: list(self[axis].states) for axis, dim in dims.items() if dim in table.coords}
        named = table.assign_coords({dim: [str(state) for state in table[dim].values] for dim in own})
        return named.reindex(own).transpose(*dims.values())

    def _view(self) -> View:
        import pandas as pd

        rows = {
            node.name: {
                "title": node.title,
                "states": " < ".join(node.states) if node.ordered else ", ".join(node.states),
                "parents": ", ".join(node.parent_names),
                "family": node.family,
            }
            for node in self.nodes
        }
        arrows = [(parent, node.name) for node in self.nodes for parent in node.parent_names]
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("node")
        if all(node.title == node.name for node in self.nodes):
            table = table.drop(columns="title")
        counts = (
            f"{n} {what}{'' if n == 1 else 's'}" for n, what in ((len(self.nodes), "node"), (len(arrows), "arrow"))
        )
        head = f"{self.title or self.name}: {', '.join(counts)}"
        return View(head, table=table, drawing=lambda: network_drawing(self.names, arrows))


def read_network(path: str | os.PathLike[str]) -> tuple[Network, NetworkContent, dict[str, float]]:
    """Read a network file: the network, its content with rows that add up to one, and which were scaled to do so."""
    from ..formats.files import faults_of_file, read_content  # whoever reads no such file should not wait for readers

    content = read_content(path)
    with faults_of_file(path):
        network = Network.from_content(content)
        in_order = network.to_content({name: content.tables[name] for name in network.names})
        return network, *scaled_to_one(replace(in_order, counted=content.counted))


def _names(stated: str | Iterable[str]) -> tuple[str, ...]:
    """One name or several, as a user may state them."""
    return (stated,) if isinstance(stated, str) else tuple(stated)


def _stable_ranks(nodes: tuple[Node, ...], order: Iterable[str]) -> dict[str, int]:
    """Rank parents before children; among equals keep the order in which nodes were given."""
    given = {node.name: place for place, node in enumerate(nodes)}
    parents = {node.name: node.parent_names for node in nodes}
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[parent] for parent in parents[name]), default=-1)
    ranked = sorted(depth, key=lambda name: (depth[name], given[name]))
    return {name: rank for rank, name in enumerate(ranked)}
