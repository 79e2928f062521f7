"""Log-posterior density of a block of nodes and its gradient, in compiled loops that serve every network.

What differs between networks is data (`Program`), not code: which parameters there are, how terms make effects of
them, which effects bear on which row. So the loops are compiled by Numba once on a machine, and a new network, prior
or theory costs no compilation at all. `servanda.models.sampling.pymc_model` gives the same density to PyMC and judges
this one.

A block serves when each of its nodes is of a family in `FAMILY_CODES` and each term states its pieces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..families.base import flat_index
from ..families.regression import baseline_name, group_name
from ..families.table import table_name
from ..families.terms import TERMS, effect_name, term_axes, term_of
from ..sampling.pymc_model import network_parameters
from .unconstrained import Layout, make_layout

if TYPE_CHECKING:
    from ..cases.encode import Cases
    from ..cases.patterns import Patterns
    from ..network.network import Network, Node
    from ..parameters.prior_set import PriorSet

#: Families whose rows the loops know.
FAMILY_CODES: Mapping[str, int] = {"table": 0, "confusion": 0, "ordinal": 1, "softmax": 2}


class Program(NamedTuple):
    """What the compiled loops are told of a block; rows of all its nodes stand one after another.

    Parameters
    ----------
    segments, numbers
        The parameters, see `servanda.models.density.unconstrained.Layout`.
    factors, coefficients
        Pieces that add up to the effects: effect ``factors[p, 0]`` gains ``coefficients[p, 0]`` times parameters
        ``factors[p, 1]`` and ``factors[p, 2]`` times exp(``coefficients[p, 1]`` times parameter ``factors[p, 3]``).
        The number after the last parameter is one.
    nodes
        Kind of family, first row, row after the last, place of its first pick, picks a row, place of its first
        probability, states; shape (nodes, 7).
    picks
        Which effects (or, in a table, which probability) each row adds up, flat.
    states
        State of the node in each row.
    counts
        How many cases each row stands for; 0 where it is part of a sum over a hole.
    holes
        Place of its first node in `starts`, nodes, place of its first count, distinct patterns, completions;
        shape (holes, 5).
    starts
        First row of each node of each hole.
    hole_counts
        How many cases have each pattern of each hole.
    effects
        Number of effects.
    """

    segments: np.ndarray
    numbers: np.ndarray
    factors: np.ndarray
    coefficients: np.ndarray
    nodes: np.ndarray
    picks: np.ndarray
    states: np.ndarray
    counts: np.ndarray
    holes: np.ndarray
    starts: np.ndarray
    hole_counts: np.ndarray
    effects: int

    @property
    def addresses(self) -> np.ndarray:
        """Where each array lies in memory, with its rows and columns, for callers without an interpreter.

        Shape (12, 3); the last row holds the number of effects.
        """
        arrays = [np.atleast_2d(array) for array in self[:-1]]
        return np.array([*((array.ctypes.data, *array.shape) for array in arrays), (self.effects, 0, 0)], np.int64)


@dataclass(frozen=True)
class Density:
    """The log-posterior density of a block, on the real line for each unknown.

    Parameters
    ----------
    layout
        Where each parameter stands, and how draws get back to their own scale.
    program
        What the loops are told.
    """

    layout: Layout
    program: Program

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.layout.size

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density, normalised but for the evidence, and its gradient.

        Parameters
        ----------
        x
            Shape (size,).

        Returns
        -------
        float, ndarray
            The density includes the Jacobian of the transforms, so that it integrates over `x` to the marginal
            likelihood.
        """
        gradient = np.empty(self.size)
        value = _loops()(np.ascontiguousarray(x, np.float64), self.program, gradient)
        return value + self.layout.constant, gradient


def has_gradient(network: Network, nodes: tuple[str, ...], priors: PriorSet | None = None) -> bool:
    """Whether a block consists of nodes, and has priors, whose density the loops know.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> network = load_network("guarantee")
    >>> has_gradient(network, ("guarantors", "compliance"))
    True
    """
    if not all(network[name].family in FAMILY_CODES and _known_terms(network[name], network) for name in nodes):
        return False
    stated = (parameter.prior(priors) for parameter in network_parameters(network, nodes))
    return all(prior.kind.loop_code is not None for prior in stated)


def _known_terms(node: Node, network: Network) -> bool:
    return node.family != "ordinal" or all(TERMS[term_of(arrow, network)].pieces for arrow in node.parents)


def make_density(
    network: Network, cases: Cases, patterns: Patterns, priors: PriorSet | None, nodes: tuple[str, ...]
) -> Density:
    """Write down a block for the compiled loops.

    Parameters
    ----------
    network, cases, patterns, priors
        As in `servanda.models.sampling.pymc_model.compile`.
    nodes
        The block; nodes tied by holes belong together.
    """
    layout = make_layout(network, cases, priors, nodes)
    book = _Book(layout, [], [], 0)
    rows = [
        _rows(network, patterns, name, _WRITERS[network[name].family](network[name], network, book)) for name in nodes
    ]
    first = np.cumsum([0, *(len(part.states) for part in rows)])
    place = np.cumsum([0, *(part.picks.size for part in rows)])
    table = [
        (
            FAMILY_CODES[network[name].family],
            first[k],
            first[k + 1],
            place[k],
            part.picks.shape[1],
            part.base,
            len(network[name].states),
        )
        for k, (name, part) in enumerate(zip(nodes, rows, strict=True))
    ]
    holes, starts, tally = [], [], []
    for number, hole in enumerate(patterns.holes):
        if set(hole.codes) & set(nodes):
            holes.append((len(starts), len(hole.codes), sum(map(len, tally)), len(hole.counts), hole.completions))
            starts += [first[nodes.index(name)] + rows[nodes.index(name)].holes[number] for name in hole.codes]
            tally.append(hole.counts)
    program = Program(
        layout.segments,
        layout.numbers,
        np.array(book.factors, np.int64).reshape(-1, 4),
        np.array(book.coefficients, np.float64).reshape(-1, 2),
        np.array(table, np.int64).reshape(-1, 7),
        np.concatenate([part.picks.ravel() for part in rows]).astype(np.int64),
        np.concatenate([part.states for part in rows]).astype(np.int64),
        np.concatenate([part.counts for part in rows]).astype(np.float64),
        np.array(holes, np.int64).reshape(-1, 5),
        np.array(starts, np.int64),
        np.concatenate([np.zeros(0), *tally]).astype(np.float64),
        book.effects,
    )
    return Density(layout, program)


@dataclass
class _Book:
    """Pieces as they are written down."""

    layout: Layout
    factors: list[tuple[int, int, int, int]]
    coefficients: list[tuple[float, float]]
    effects: int

    def add(self, effect: int, coefficient: float, one: int, two: int, rate: float = 0.0, three: int = -1) -> None:
        """Add a piece; -1 stands for a factor of one."""
        ends = [place if place >= 0 else self.layout.values for place in (one, two, three)]
        self.factors.append((effect, ends[0], ends[1], ends[2]))
        self.coefficients.append((coefficient, rate))

    def room(self, size: int) -> int:
        """Place of the first of so many new effects."""
        self.effects += size
        return self.effects - size


@dataclass(frozen=True)
class _Writer:
    """How the rows of a node pick: first probability, and codes with members -> picks, shape (rows, picks)."""

    base: int
    picks: Callable[[np.ndarray, Mapping[str, np.ndarray]], np.ndarray]


def _write_table(node: Node, network: Network, book: _Book) -> _Writer:
    start, shape = book.layout.start[table_name(node)], network.shape(node.name)
    return _Writer(start, lambda codes, members: start + flat_index(codes, shape)[:, None])  # noqa: ARG005


def _write_ordinal(node: Node, network: Network, book: _Book) -> _Writer:
    column = {axis: number for number, axis in enumerate(network.axes(node.name))}
    parts: list[tuple[int, list[int], tuple[int, ...]]] = []
    for arrow in node.parents:
        axes = term_axes(arrow)
        shape = tuple(len(network[axis].states) for axis in axes)
        first = book.room(math.prod(shape))
        write = TERMS[term_of(arrow, network)].pieces
        assert write is not None  # noqa: S101  `has_gradient` said so
        for piece in write(node, arrow, network):
            ends = [book.layout.start[name] + offset for name, offset in piece.factors]
            one, two = (*ends, -1, -1)[:2]
            three = -1 if piece.exponent is None else book.layout.start[piece.exponent]
            book.add(first + piece.effect, piece.coefficient, one, two, piece.rate, three)
        parts.append((first, [column[axis] for axis in axes], shape))
    groups = []
    for group in node.groups:
        name = group_name(node, group.name)
        units, spread = book.layout.start[f"{name}.unit"], book.layout.start[f"{name}_sd"]
        size = book.layout.shapes[f"{name}.unit"][0]
        first = book.room(size)
        for member in range(size):
            book.add(first + member, 1.0, units + member, spread)
        groups.append((group.name, first))

    def picks(codes: np.ndarray, members: Mapping[str, np.ndarray]) -> np.ndarray:
        columns = [first + flat_index(codes[:, own], shape) for first, own, shape in parts]
        columns += [first + members[name] for name, first in groups]
        return np.column_stack([np.zeros((len(codes), 0), np.int64), *columns])

    return _Writer(book.layout.start[baseline_name(node)], picks)


def _write_softmax(node: Node, network: Network, book: _Book) -> _Writer:
    size = len(node.states)
    firsts = []
    for arrow in node.parents:
        start, cells = book.layout.start[effect_name(node, arrow)], size * len(network[arrow.parent].states)
        first = book.room(cells)
        for cell in range(cells):
            book.add(first + cell, 1.0, start + cell, -1)
        firsts.append(first)

    def picks(codes: np.ndarray, members: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG001
        return np.column_stack(
            [np.zeros((len(codes), 0), np.int64), *(first + codes[:, k] * size for k, first in enumerate(firsts))]
        )

    return _Writer(book.layout.start[baseline_name(node)], picks)


_WRITERS: Mapping[str, Callable[[Node, Network, _Book], _Writer]] = {
    "table": _write_table,
    "confusion": _write_table,
    "ordinal": _write_ordinal,
    "softmax": _write_softmax,
}


@dataclass(frozen=True)
class _Rows:
    base: int
    picks: np.ndarray
    states: np.ndarray
    counts: np.ndarray
    holes: Mapping[int, int]


def _rows(network: Network, patterns: Patterns, name: str, writer: _Writer) -> _Rows:
    """Rows of one node: its complete cells, then those of each hole that its CPD sees."""
    cells = patterns.cells[name]
    codes, members, counts = [cells.codes], [cells.members], [cells.counts.astype(float)]
    holes, first = {}, len(cells.codes)
    for number, hole in enumerate(patterns.holes):
        if name in hole.codes:
            codes.append(hole.codes[name])
            members.append(hole.members[name])
            counts.append(np.zeros(len(hole.codes[name])))
            holes[number] = first
            first += len(hole.codes[name])
    whole = np.concatenate(codes)
    together = {g.name: np.concatenate([part[g.name] for part in members]) for g in network[name].groups}
    return _Rows(writer.base, writer.picks(whole, together), whole[:, -1], np.concatenate(counts), holes)


@cache
def _loops() -> Any:
    from .loops import log_density

    return log_density
