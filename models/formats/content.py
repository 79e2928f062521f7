"""Plain content of a network: names, states, parents and arrays, with the checks that every format shares."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...common.errors import Fault, InputError, nearest_to, raise_faults
from ...common.limits import excess
from ..errors import DataError

#: How far from one a row may add up that is taken as it stands: what is lost in the last digits of its doubles.
EXACT = 1e-12
#: How far below zero the rounding of single precision may leave a cell that is zero.
NEGATIVE_ZERO = 1e-6
#: How far from one the rounding of a text file may leave a row; such a row is scaled, one further off is an error.
ROUNDED = 0.01


#: Numbers of a table that could not be read.
UNREAD = np.empty(0)


class FormatError(InputError):
    """A network file that cannot be read, or a network that a format cannot hold.

    Examples
    --------
    >>> from servanda.models import read_network_file
    >>> try:
    ...     read_network_file("asia.doc")
    ... except FormatError as error:
    ...     print(error)
    asia.doc: has the suffix '.doc', which is of no known format; known are .bif, .xmlbif, .xml, .bifxml, .xdsl, .ne...
    """


@dataclass(frozen=True)
class NodeContent:
    """Name, states and parents of a node."""

    name: str
    states: tuple[str, ...]
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class NetworkContent:
    """What a network file or a model of another library says.

    Parameters
    ----------
    name
        Of the network; empty where the file says none.
    nodes
        In the order of the file.
    tables
        Node -> probabilities, a dimension for each parent in the order of `NodeContent.parents` and the node's own
        last. A graph alone has none.
    counted
        Nodes whose tables are counts, or percentages, and may be scaled however far from one they add up.

    Examples
    --------
    >>> rain, wet = NodeContent("rain", ("no", "yes")), NodeContent("wet", ("no", "yes"), ("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.0, 1.0]])}
    >>> NetworkContent("lawn", (rain, wet), tables).states
    {'rain': ('no', 'yes'), 'wet': ('no', 'yes')}
    """

    name: str
    nodes: tuple[NodeContent, ...]
    tables: Mapping[str, np.ndarray]
    counted: frozenset[str] = frozenset()

    @cached_property
    def states(self) -> dict[str, tuple[str, ...]]:
        """Node -> its states."""
        return {node.name: node.states for node in self.nodes}


def content_of(
    name: str | None,
    states: Mapping[str, tuple[str, ...]],
    parents: Mapping[str, tuple[str, ...]],
    numbers: Mapping[str, np.ndarray],
    faults: Iterable[Fault] = (),
    counted: Iterable[str] = (),
) -> NetworkContent:
    """Give what a reader found as content, if its parts fit one another.

    Parameters
    ----------
    name
        Of the network; None or empty where the file says none.
    states, parents
        By node; a node that `parents` does not name has none.
    numbers
        Node -> its probabilities, flat: the first parent varies slowest, the node itself fastest. Where they could
        not be read, which is one of `faults`, they are `UNREAD`.
    faults
        What the reader found wrong itself, to be said together with the rest.
    counted
        See `NetworkContent`.

    Raises
    ------
    FormatError
        Listing `faults`, nodes without states or that repeat one, parents that are no nodes, and tables that are
        missing, superfluous or of another size.

    Examples
    --------
    >>> found = content_of(None, {"rain": ("no", "yes")}, {}, {"rain": np.array([0.8, 0.2])})
    >>> found.nodes, found.tables["rain"].shape
    ((NodeContent(name='rain', states=('no', 'yes'), parents=()),), (2,))
    """
    raise_faults("file", [*faults, *_faults_of_parts(states, parents, numbers)], FormatError)
    nodes = tuple(NodeContent(node, own, tuple(parents.get(node, ()))) for node, own in states.items())
    shapes = {node.name: [len(states[axis]) for axis in (*node.parents, node.name)] for node in nodes}
    tables = {node: numbers[node].reshape(shape) for node, shape in shapes.items()}
    return NetworkContent(name or "", nodes, tables, frozenset(counted))


def _faults_of_parts(
    states: Mapping[str, tuple[str, ...]], parents: Mapping[str, tuple[str, ...]], numbers: Mapping[str, np.ndarray]
) -> Iterator[Fault]:
    if not states:
        yield Fault("", "holds no node with states; is it of the format that its suffix says?")
    hint = nearest_to(states)
    for name, own in states.items():
        yield from _faults_of_states(name, own)
        unknown = [parent for parent in parents.get(name, ()) if parent not in states]
        for parent in unknown:
            yield Fault(f"node {name}", f"has an undeclared parent '{parent}'{hint(parent)}")
        if name not in numbers:
            yield Fault(f"node {name}", "has no table of probabilities")
        elif not unknown and numbers[name] is not UNREAD:
            sizes = [len(states[axis]) for axis in (*parents.get(name, ()), name)]
            if all(sizes) and numbers[name].size != math.prod(sizes):
                shown = " x ".join(map(str, sizes))
                yield Fault(f"node {name}", f"has a table of {numbers[name].size} numbers; expected {shown}")
    for name in numbers:
        if name not in states:
            yield Fault(f"table {name}", f"no such node{hint(name)}")


def _faults_of_states(name: str, states: tuple[str, ...]) -> Iterator[Fault]:
    if not states:
        yield Fault(f"node {name}", "has no states")
    repeated = [state for state, count in Counter(states).items() if count > 1]
    if repeated:
        yield Fault(f"node {name}", f"repeats the states {', '.join(repeated)}")


def too_large(sizes: Iterable[int]) -> str:
    """Why a table of some sizes cannot be made; empty text where it can.

    Examples
    --------
    >>> too_large([2] * 10), too_large([2] * 40)[:53]
    ('', 'its table of 1099511627776 numbers would take 8.8e+03')
    """
    cells = math.prod(sizes)
    return excess(8 * cells, f"its table of {cells} numbers")


def other_kind(name: str, kind: str) -> Fault:
    """Fault of a node of a kind that cannot be read.

    Examples
    --------
    >>> str(other_kind("size", "continuous"))
    "node size: is of kind 'continuous'; only discrete nodes with a table can be read"
    """
    return Fault(f"node {name}", f"is of kind '{kind}'; only discrete nodes with a table can be read")


def check_discrete(kinds: Iterable[tuple[str, str]]) -> None:
    """Refuse a file with nodes of other kinds, given as name and kind."""
    check_kind(other_kind(name, kind) for name, kind in kinds)


def check_kind(strange: Iterable[Fault]) -> None:
    """Refuse a file that holds what its reader does not know, before the parts that it knows are judged."""
    raise_faults("file", strange, FormatError)


def scaled_to_one(content: NetworkContent) -> tuple[NetworkContent, dict[str, float]]:
    """Scale rows that add up to one only within the rounding of a text file, and say by how much.

    Returns
    -------
    content
        With rows that add up to one; a row that did so to the last digits of its numbers is not touched.
    off
        Node -> how far its worst row was from one, for the nodes with a row that was scaled.

    Raises
    ------
    DataError
        Listing the tables with a missing or negative cell (one above -1e-6 is a zero that rounding left below it),
        and the worst row of each table that has one further from one than rounding explains (0.01).

    Examples
    --------
    >>> rain = NodeContent("rain", ("no", "a little", "much"))
    >>> rounded = NetworkContent("lawn", (rain,), {"rain": np.array([0.333, 0.333, 0.333])})
    >>> scaled, off = scaled_to_one(rounded)
    >>> round(off["rain"], 6), float(scaled.tables["rain"].sum())
    (0.001, 1.0)
    """
    parents = {node.name: node.parents for node in content.nodes}
    tables = {name: _without_negative_zeros(table) for name, table in content.tables.items()}
    faults = [
        Fault(f"table {name}", what)
        for name, table in tables.items()
        for what in _row_faults(
            table, {parent: content.states[parent] for parent in parents[name]}, counted=name in content.counted
        )
    ]
    raise_faults("tables", faults, DataError)
    off = {}
    for name, table in tables.items():
        total = table.sum(axis=-1, keepdims=True)
        far = abs(total - 1) > EXACT
        if far.any():
            off[name] = float(abs(total - 1).max())
            tables[name] = table / np.where(far, total, 1.0)
    return replace(content, tables=tables), off


def _without_negative_zeros(table: np.ndarray) -> np.ndarray:
    """Read as zero what only rounding put below it; other tables come back as they are."""
    below = (table < 0) & (table >= -NEGATIVE_ZERO)
    return np.where(below, 0.0, table) if below.any() else table


def _row_faults(table: np.ndarray, given: Mapping[str, tuple[str, ...]], *, counted: bool) -> Iterator[str]:
    """Say what is wrong with a table, given the states of the parents."""
    wrong = ~(np.isfinite(table) & (table >= 0)).all(axis=-1)
    if wrong.any():
        where = _shown_row(given, np.unravel_index(wrong.argmax(), wrong.shape))
        yield f"{where} holds a negative or missing probability"
        return
    sums = table.sum(axis=-1)
    off = np.where(sums > 0, 0.0, 1.0) if counted else abs(sums - 1)
    if off.max() > ROUNDED + EXACT:
        worst = np.unravel_index(off.argmax(), off.shape)
        shown = f"{_shown_row(given, worst)} adds up to {sums[worst]:.6g}"
        yield f"{shown}; expected 1, within {ROUNDED:g} for rounding; correct it"


def _shown_row(given: Mapping[str, tuple[str, ...]], place: tuple[np.intp, ...]) -> str:
    where = ", ".join(f"{name}={states[at]}" for (name, states), at in zip(given.items(), place, strict=True))
    return f"row {where}" if where else "a row"
