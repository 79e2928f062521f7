"""What of the data each node's likelihood needs, with missing nodes summed out exactly.

A row with holes contributes the sum, over all states of its missing nodes, of the product of the CPDs that
see them. A missing node without observed descendants sums to one and drops out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ..common.errors import Fault
from .check import DataError
from .coding import MISSING, Cases

if TYPE_CHECKING:
    from .network import Network

#: More completions than this in one row would need a contraction rather than a list.
MOST_COMPLETIONS = 200_000


@dataclass(frozen=True)
class Cells:
    """The distinct ways in which complete cases see one node's CPD.

    Parameters
    ----------
    codes
        Node and parents, shape (distinct, parents + 1), columns as in ``network.axes(node)``.
    members
        Group effect -> member number, shape (distinct,).
    counts
        How many cases see it so, shape (distinct,).
    rows, inverse
        The cases, and the distinct way of each.
    """

    codes: np.ndarray
    members: Mapping[str, np.ndarray]
    counts: np.ndarray
    rows: np.ndarray
    inverse: np.ndarray


@dataclass(frozen=True)
class Holes:
    """Cases that miss the same nodes, with every completion of each.

    Parameters
    ----------
    missing
        The nodes summed out.
    rows, inverse
        The cases, and the distinct pattern of each.
    counts
        How many cases have each distinct pattern, shape (distinct,).
    completions
        How many completions each case has.
    codes, members
        Touched node -> codes and members of every completion, shape (distinct * completions, ...), completions
        of one pattern next to each other.
    """

    missing: tuple[str, ...]
    rows: np.ndarray
    inverse: np.ndarray
    counts: np.ndarray
    completions: int
    codes: Mapping[str, np.ndarray]
    members: Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Patterns:
    """All the data, as the likelihood needs it."""

    cells: Mapping[str, Cells]
    holes: tuple[Holes, ...]
    cases: int

    @property
    def touched(self) -> frozenset[str]:
        """Nodes whose CPD sees a hole, so that their parameters are tied together."""
        return frozenset(name for hole in self.holes for name in hole.codes)


def find_patterns(network: Network, cases: Cases) -> Patterns:
    """Sort the data into complete cells and holes.

    Raises
    ------
    DataError
        If one row has more completions than can be listed.
    """
    matrix = np.column_stack([cases.codes[name] for name in network.names])
    keys, inverse = np.unique(matrix == MISSING, axis=0, return_inverse=True)
    seen: dict[str, list[np.ndarray]] = {name: [] for name in network.names}
    holes = []
    for number, key in enumerate(keys):
        rows = np.flatnonzero(inverse.ravel() == number)
        blank = tuple(name for name, hole in zip(network.names, key, strict=True) if hole)
        missing = _that_matter(network, blank)
        counted = [name for name in network.names if name in missing or name not in blank]
        touched = [name for name in counted if set(network.axes(name)) & set(missing)]
        for name in counted:
            if name not in touched:
                seen[name].append(rows)
        if missing:
            holes.append(_expand(network, cases, matrix, rows, missing, touched))
    cells = {name: _distinct(network, cases, name, found) for name, found in seen.items()}
    return Patterns(cells, tuple(holes), len(cases))


def _that_matter(network: Network, blank: tuple[str, ...]) -> tuple[str, ...]:
    """Missing nodes with an observed descendant; the others sum to one."""
    observed = [name for name in network.names if name not in blank]
    above = network.ancestors(observed)
    return tuple(name for name in blank if name in above)


def _distinct(network: Network, cases: Cases, name: str, found: list[np.ndarray]) -> Cells:
    rows = np.sort(np.concatenate(found)) if found else np.zeros(0, int)
    axes, groups = network.axes(name), [group.name for group in network[name].groups]
    columns = [cases.codes[axis][rows] for axis in axes] + [cases.members[group][rows] for group in groups]
    distinct, inverse, counts = np.unique(np.column_stack(columns), axis=0, return_inverse=True, return_counts=True)
    members = {group: distinct[:, len(axes) + place] for place, group in enumerate(groups)}
    return Cells(distinct[:, : len(axes)], members, counts, rows, inverse.ravel())


def _expand(
    network: Network,
    cases: Cases,
    matrix: np.ndarray,
    rows: np.ndarray,
    missing: tuple[str, ...],
    touched: list[str],
) -> Holes:
    completions = int(np.prod([len(network[name].states) for name in missing], dtype=float))
    if completions > MOST_COMPLETIONS:
        labels = ", ".join(cases.labels[row] for row in rows[:3])
        what = (
            f"misses {len(missing)} linked nodes ({', '.join(missing)}), {completions:,} completions; "
            f"at most {MOST_COMPLETIONS:,} can be summed"
        )
        raise DataError("data", [Fault(f"case {labels}", what)])
    column = {name: place for place, name in enumerate(network.names)}
    grid = np.array(list(product(*(range(len(network[name].states)) for name in missing))))
    seen = sorted({column[axis] for name in touched for axis in network.axes(name)})
    groups = sorted({group.name for name in touched for group in network[name].groups})
    key = np.column_stack([matrix[np.ix_(rows, seen)], *(cases.members[group][rows] for group in groups)])
    _, first, inverse, counts = np.unique(key, axis=0, return_index=True, return_inverse=True, return_counts=True)
    distinct = rows[first]
    full = np.repeat(matrix[distinct], completions, axis=0)
    full[:, [column[name] for name in missing]] = np.tile(grid, (len(distinct), 1))
    repeated = np.repeat(distinct, completions)
    codes = {name: full[:, [column[axis] for axis in network.axes(name)]] for name in touched}
    members = {
        name: {group.name: cases.members[group.name][repeated] for group in network[name].groups} for name in codes
    }
    return Holes(missing, rows, inverse.ravel(), counts, completions, codes, members)
