"""Splits of cases into those a model is trained on and those it is scored on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....common.errors import Fault, raise_faults
from ....models.cases.encode import MISSING, Cases
from ....models.errors import QueryError
from ....models.network.network import Network

#: A future is scored only where so many cases lie on either side of its year.
LEAST = 10


@dataclass(frozen=True)
class Split:
    """Rows that a model is trained on and rows that it is scored on.

    Parameters
    ----------
    name
        ``shuffle 2, fold 7`` or ``after 1945``.
    group
        Number of the shuffle, from 0; or the year after which the scored tests came.
    training, held_out
        Rows, in order.
    entropy
        Tells it from every other split, whatever else is evaluated; its seeds are made from it.
    """

    name: str
    group: int
    training: np.ndarray
    held_out: np.ndarray
    entropy: tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """Cases of one split, as a model is given them.

    Parameters
    ----------
    network, node
        The network whose coding the cases have, and the node that is foretold.
    cases
        Coded cases; what is counted from earlier cases is counted from the training rows alone.
    units
        Unit of each case, shape (cases,): what was held out whole.
    years
        Year of each case, shape (cases,); None for cases without years.
    split
        Which rows are which.
    seed
        Of all that the model draws.
    """

    network: Network
    node: str
    cases: Cases
    units: np.ndarray
    years: np.ndarray | None
    split: Split
    seed: int

    @property
    def states(self) -> int:
        """How many states the node has."""
        return len(self.network[self.node].states)

    @property
    def outcomes(self) -> np.ndarray:
        """Number of the node's state in each training row."""
        return self.cases.codes[self.node][self.split.training]


def fold_splits(rows: np.ndarray, units: np.ndarray, folds: int, repeats: int, seed: int) -> list[Split]:
    """Folds of whole units, drawn afresh for each shuffle.

    Parameters
    ----------
    rows
        Rows whose outcome is known.
    units
        Unit of each of them.
    folds, repeats
        Folds of a shuffle, which differ by one unit at most; and shuffles.
    seed
        Of the shuffles.

    Raises
    ------
    QueryError
        If there are fewer units than folds.

    Examples
    --------
    >>> splits = fold_splits(np.arange(6), np.array(["a", "a", "b", "c", "d", "d"]), 2, 1, seed=1)
    >>> [split.held_out.tolist() for split in splits]
    [[0, 1, 3], [2, 4, 5]]
    """
    names, unit = np.unique(units.astype(str), return_inverse=True)
    faults = [
        Fault(what, f"must be {least} or more, not {value}")
        for what, value, least in (("folds", folds, 2), ("repeats", repeats, 1))
        if value < least
    ]
    if folds > len(names):
        faults.append(Fault("folds", f"there are {len(names)} units and cannot be {folds} folds of them"))
    raise_faults("evaluation", faults, QueryError)
    splits = []
    for repeat in range(repeats):
        order = np.random.default_rng([seed, repeat]).permutation(len(names))
        fold_of = np.empty(len(names), int)
        fold_of[order] = np.arange(len(names)) % folds
        for fold in range(folds):
            out = fold_of[unit] == fold
            name = f"shuffle {repeat + 1}, fold {fold + 1}"
            splits.append(Split(name, repeat, rows[~out], rows[out], (0, repeat, fold)))
    return splits


def future_splits(rows: np.ndarray, years: np.ndarray, future: Sequence[int]) -> list[Split]:
    """Splits by time: trained on tests up to a year, scored on what came later.

    Parameters
    ----------
    rows
        Rows whose outcome is known.
    years
        Year of the test of each of them.
    future
        Years; one with fewer than `LEAST` cases on either side is left out.
    """
    splits = []
    for year in future:
        later = years > year
        if min(later.sum(), (~later).sum()) >= LEAST:
            splits.append(Split(f"after {year}", int(year), rows[~later], rows[later], (1, int(year))))
    return splits


def known_rows(cases: Cases, node: str) -> np.ndarray:
    """Rows in which a node is known."""
    return np.flatnonzero(cases.codes[node] != MISSING)
