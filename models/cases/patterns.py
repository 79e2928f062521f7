"""What of the data each node's likelihood needs, with missing nodes summed out exactly.

A row with missing cells contributes the sum, over all states of its missing nodes, of the product of the CPDs that
see them. A missing node without observed descendants sums to one and drops out; missing nodes that no CPD
links are summed apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...common.errors import Fault, raise_faults
from ..errors import DataError
from ..network.network import Network
from .encode import MISSING, Cases

#: More completions than this in one row would need a contraction rather than a list.
MOST_COMPLETIONS = 200_000


@dataclass(frozen=True)
class CompletePatterns:
    """The distinct ways in which complete cases see one node's CPD.

    Parameters
    ----------
    codes
        Node and parents, shape (distinct, parents + 1), columns as in ``network.axes(node)``.
    members
        Group effect -> member number, shape (distinct,).
    counts
        How many cases see it so, shape (distinct,), each row of the data counted as often as it says.
    rows, inverse
        The cases, and the distinct way of each.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node, encode
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> cases = encode(network, pd.DataFrame({"rain": ["no", "no", "yes"], "wet": ["no", "no", "yes"]}))
    >>> find_patterns(network, cases).complete["wet"].counts.tolist()
    [2, 1]
    """

    codes: np.ndarray
    members: Mapping[str, np.ndarray]
    counts: np.ndarray
    rows: np.ndarray
    inverse: np.ndarray


@dataclass(frozen=True)
class IncompletePatterns:
    """Cases that miss the same linked nodes, with every completion of each.

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

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node, encode
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> cases = encode(network, pd.DataFrame({"rain": ["no", None], "wet": ["no", "yes"]}))
    >>> [one.missing for one in find_patterns(network, cases).incomplete]
    [('rain',)]
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
    """All the data, as the likelihood needs it.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node, encode
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> cases = encode(network, pd.DataFrame({"rain": ["no", None], "wet": ["no", "yes"]}))
    >>> sorted(find_patterns(network, cases).touched)
    ['rain', 'wet']
    """

    complete: Mapping[str, CompletePatterns]
    incomplete: tuple[IncompletePatterns, ...]
    cases: int

    @property
    def touched(self) -> frozenset[str]:
        """Nodes whose CPD sees a missing cell, so that their parameters are tied together."""
        return frozenset(name for part in self.incomplete for name in part.codes)


def find_patterns(network: Network, cases: Cases) -> Patterns:
    """Complete and missing patterns of the data.

    Raises
    ------
    DataError
        Listing the rows with more completions than can be summed.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node, encode
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> found = find_patterns(
    ...     network, encode(network, pd.DataFrame({"rain": ["no", None], "wet": ["no", "yes"]}))
    ... )
    >>> len(found.incomplete)
    1
    """
    matrix = np.column_stack([cases.codes[name] for name in network.names])
    keys, inverse = np.unique(matrix == MISSING, axis=0, return_inverse=True)
    seen: dict[str, list[np.ndarray]] = {name: [] for name in network.names}
    tied: dict[tuple[tuple[str, ...], tuple[str, ...]], list[np.ndarray]] = {}
    for number, key in enumerate(keys):
        rows = np.flatnonzero(inverse.ravel() == number)
        blank = tuple(name for name, missing in zip(network.names, key, strict=True) if missing)
        missing = _that_matter(network, blank)
        counted = [name for name in network.names if name in missing or name not in blank]
        sums = _linked(network, missing, counted)
        for name in counted:
            if not any(name in touched for _, touched in sums):
                seen[name].append(rows)
        for pair in sums:
            tied.setdefault(pair, []).append(rows)
    whose = {pair: np.sort(np.concatenate(rows)) for pair, rows in tied.items()}
    raise_faults(
        "data", [f for (missing, _), rows in whose.items() for f in _too_many(network, cases, rows, missing)], DataError
    )
    incomplete = tuple(_expand(network, cases, matrix, rows, *pair) for pair, rows in whose.items())
    complete = {name: _distinct(network, cases, name, found) for name, found in seen.items()}
    return Patterns(complete, incomplete, len(cases))


def _that_matter(network: Network, blank: tuple[str, ...]) -> tuple[str, ...]:
    """Missing nodes with an observed descendant; the others sum to one."""
    observed = [name for name in network.names if name not in blank]
    above = network.ancestors(observed)
    return tuple(name for name in blank if name in above)


def _linked(
    network: Network, missing: tuple[str, ...], counted: list[str]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Split a row's missing nodes into those that must be summed together, each with the nodes whose CPD sees them.

    The sum over nodes that no CPD sees at once is the product of their sums, which is far smaller.
    """
    seen = [set(network.axes(name)) & set(missing) for name in counted]
    parts: list[set[str]] = []
    for together in filter(None, seen):
        joined = [part for part in parts if part & together]
        parts = [part for part in parts if part not in joined] + [together.union(*joined)]
    return [
        (
            tuple(name for name in missing if name in part),
            tuple(name for name, sees in zip(counted, seen, strict=True) if sees & part),
        )
        for part in parts
    ]


def _distinct(network: Network, cases: Cases, name: str, found: list[np.ndarray]) -> CompletePatterns:
    rows = np.sort(np.concatenate(found)) if found else np.zeros(0, int)
    axes, groups = network.axes(name), [group.name for group in network[name].groups]
    columns = [cases.codes[axis][rows] for axis in axes] + [cases.members[group][rows] for group in groups]
    distinct, inverse = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    members = {group: distinct[:, len(axes) + place] for place, group in enumerate(groups)}
    return CompletePatterns(
        distinct[:, : len(axes)], members, _tally(cases, rows, inverse, len(distinct)), rows, inverse.ravel()
    )


def _tally(cases: Cases, rows: np.ndarray, inverse: np.ndarray, distinct: int) -> np.ndarray:
    return np.bincount(inverse.ravel(), cases.weights[rows], distinct).astype(np.int64)


def _completions(network: Network, missing: tuple[str, ...]) -> int:
    return math.prod(len(network[name].states) for name in missing)


def _too_many(network: Network, cases: Cases, rows: np.ndarray, missing: tuple[str, ...]) -> list[Fault]:
    completions = _completions(network, missing)
    if completions <= MOST_COMPLETIONS:
        return []
    what = (
        f"misses {len(missing)} linked nodes ({', '.join(missing)}), {completions:,} completions; "
        f"at most {MOST_COMPLETIONS:,} can be summed"
    )
    return [Fault(f"case {', '.join(cases.labels[row] for row in rows[:3])}", what)]


def _expand(
    network: Network,
    cases: Cases,
    matrix: np.ndarray,
    rows: np.ndarray,
    missing: tuple[str, ...],
    touched: tuple[str, ...],
) -> IncompletePatterns:
    completions = _completions(network, missing)
    column = {name: place for place, name in enumerate(network.names)}
    grid = np.array(list(product(*(range(len(network[name].states)) for name in missing))))
    seen = sorted({column[axis] for name in touched for axis in network.axes(name)})
    groups = sorted({group.name for name in touched for group in network[name].groups})
    key = np.column_stack([matrix[np.ix_(rows, seen)], *(cases.members[group][rows] for group in groups)])
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    distinct = rows[first]
    full = np.repeat(matrix[distinct], completions, axis=0)
    full[:, [column[name] for name in missing]] = np.tile(grid, (len(distinct), 1))
    repeated = np.repeat(distinct, completions)
    codes = {name: full[:, [column[axis] for axis in network.axes(name)]] for name in touched}
    members = {
        name: {group.name: cases.members[group.name][repeated] for group in network[name].groups} for name in codes
    }
    counts = _tally(cases, rows, inverse, len(distinct))
    return IncompletePatterns(missing, rows, inverse.ravel(), counts, completions, codes, members)
