"""How well a fit foretells one node: log-probability of its cells given everything else in their rows.

Rows that are foretold together, such as all of one guarantee, share effects that nothing else in the data speaks of.
Those effects are integrated out, since of a guarantee that is left out only the spread of such effects is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.encode import MISSING, Cases
from ..cases.likelihood import log_likelihood, log_likelihood_of_moves, log_sum
from ..cases.patterns import Patterns, find_patterns
from ..network.network import Network
from ..store import group_of
from .blocks import Block

#: Points at which effects are integrated out, a power of two.
POINTS = 32
#: Draws that are scored; more are thinned to about so many.
MOST_DRAWS = 2000
#: Cells that are worked on together.
_IN_CACHE = 2**15


@dataclass(frozen=True)
class Scores:
    """Log-probabilities of units of rows.

    Parameters
    ----------
    units
        Names of the units.
    log_p
        Shape (chains, draws, units): of all rows of a unit together, given the parameters.
    counts
        How many cases a unit stands for, shape (units,); more than one where each row is a counted pattern.
    """

    units: tuple[str, ...]
    log_p: np.ndarray
    counts: np.ndarray


def cell_scores(
    network: Network, cases: Cases, node: str, nodes: tuple[str, ...]
) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Log-probability of each case's state of `node`, given all else that is known of the case.

    It is the log-likelihood of the case less that of the case with the cell blank.

    Parameters
    ----------
    nodes
        The nodes whose parameters will be given: at least `node`, its children and what missing cells tie to them.

    Returns
    -------
    callable
        From parameter -> draws, shape (samples, *dims), to an array of shape (samples, cases); 0 where the cell is
        missing.
    """
    whole, rest = _whole_and_rest(network, cases, node)
    seeing = (node, *network.children[node])

    def scores(values: Mapping[str, np.ndarray]) -> np.ndarray:
        known, unknown = (
            log_likelihood(network, patterns, values, complete=seeing, incomplete=nodes) for patterns in (whole, rest)
        )
        return known - unknown

    return scores


def _whole_and_rest(network: Network, cases: Cases, node: str) -> tuple[Patterns, Patterns]:
    """Patterns of cases, and of the same with the node's cell blank.

    A complete cell of what does not see the node is complete in both, and falls out of a difference.
    """
    blank = replace(cases, codes={**cases.codes, node: np.full(len(cases), MISSING)})
    return find_patterns(network, cases), find_patterns(network, blank)


def unit_scores(block: Block, node: str, units: np.ndarray | None = None, *, seed: int) -> Scores:
    """Log-probabilities of a node's cells in units of rows, effects that only a unit speaks of integrated out.

    Parameters
    ----------
    block
        From `servanda.models.sampling.fit.fit_block`.
    node
        The node that is foretold.
    units
        Unit of each case, shape (cases,); None takes each case for itself.
    seed
        Of the points of integration (a scrambled Sobol sequence).

    Returns
    -------
    Scores
        Cases without a cell of `node` have no part in it.
    """
    network, cases = block.run.network, block.run.cases
    seen = np.flatnonzero(cases.codes[node] != MISSING)
    part = cases_at(cases, seen)
    names, unit = np.array(part.labels), np.arange(len(seen))
    if units is not None:
        names, unit = np.unique(np.asarray(units)[seen].astype(str), return_inverse=True)
    values, shape = _thinned(block)
    alone = _alone(network, part, node, unit)
    log_p = _summed(cell_scores(network, part, node, block.nodes)(values), unit, len(names))
    if alone:
        inside = np.unique(np.concatenate([list(whose.values()) for whose in alone.values()]))
        rows = np.flatnonzero(np.isin(unit, inside))
        place = np.searchsorted(inside, unit[rows])
        held, points = _Held(network, cases_at(part, rows), node, block.nodes), _points(alone, seed)
        together = max(16, _IN_CACHE // len(rows))
        for start in range(0, len(log_p), together):
            draws = {name: value[start : start + together] for name, value in values.items()}
            score = held.scores(draws)
            # Draws last, so that what is added up is one run of memory.
            own = [_summed(score(_fresh(node, draws, alone, point)), place, len(inside)).T for point in points]
            log_p[start : start + together, inside] = log_sum(np.stack(own, axis=-1)).T - np.log(POINTS)
    counts = part.weights if units is None else np.ones(len(names), np.int64)
    return Scores(tuple(map(str, names)), log_p.reshape((*shape, -1)), counts)


class _Held:
    """Scores of cases as the effects of members move: patterns are found once, and all else worked out once a draw."""

    def __init__(self, network: Network, cases: Cases, node: str, nodes: tuple[str, ...]) -> None:
        self._patterns = _whole_and_rest(network, cases, node)
        self._network, self._node, self._nodes = network, node, nodes

    def scores(self, values: Mapping[str, np.ndarray]) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        """`cell_scores` as a function of the node's group effects, shape (samples, members) each."""
        seeing = (self._node, *self._network.children[self._node])
        whole, rest = (
            log_likelihood_of_moves(self._network, each, values, self._node, complete=seeing, incomplete=self._nodes)
            for each in self._patterns
        )
        return lambda effects: whole(effects) - rest(effects)


def cases_at(cases: Cases, rows: np.ndarray) -> Cases:
    """Take some of the cases, each as often as its row is named, members numbered as before."""
    return replace(
        cases,
        codes={name: codes[rows] for name, codes in cases.codes.items()},
        members={name: numbers[rows] for name, numbers in cases.members.items()},
        labels=tuple(cases.labels[row] for row in rows),
        counts=None if cases.counts is None else cases.counts[rows],
    )


def without_cells(cases: Cases, node: str, rows: np.ndarray) -> Cases:
    """Blank the cells of a node in some rows."""
    codes = cases.codes[node].copy()
    codes[rows] = MISSING
    return replace(cases, codes={**cases.codes, node: codes})


def _thinned(block: Block) -> tuple[dict[str, np.ndarray], tuple[int, int]]:
    """Draws to be scored, shape (samples, *dims), and the numbers of chains and of draws."""
    drawn = group_of(block.tree, "posterior")
    step = max(1, -(-drawn.sizes["chain"] * drawn.sizes["draw"] // MOST_DRAWS))
    kept = drawn.isel(draw=slice(None, None, step)).transpose("chain", "draw", ...)
    values = {str(name): array.values.reshape((-1, *array.shape[2:])) for name, array in kept.data_vars.items()}
    return values, (kept.sizes["chain"], kept.sizes["draw"])


def _summed(log_p: np.ndarray, unit: np.ndarray, units: int) -> np.ndarray:
    """Add up the rows of each unit, shape (samples, units)."""
    order = np.argsort(unit, kind="stable")
    there, first = np.unique(unit[order], return_index=True)
    total = np.zeros((units, len(log_p)))
    total[there] = np.add.reduceat(log_p.T[order], first, axis=0)
    return total.T


def _alone(network: Network, cases: Cases, node: str, unit: np.ndarray) -> dict[str, dict[int, int]]:
    """Group effect -> its members all of whose cases are in one unit, and that unit."""
    found: dict[str, dict[int, int]] = {}
    for group in network[node].groups:
        members = cases.members[group.name]
        first, last = np.full(members.max() + 1, len(unit) + 1), np.full(members.max() + 1, -1)
        np.minimum.at(first, members, unit)
        np.maximum.at(last, members, unit)
        inside = {int(m): int(first[m]) for m in np.unique(members) if first[m] == last[m]}
        if inside:
            found[group.name] = inside
    return found


def _points(alone: Mapping[str, Mapping[int, int]], seed: int) -> list[dict[str, np.ndarray]]:
    """Standard normal effects of the members that are integrated out, as many times as there are points.

    A unit's members take different dims of the sequence, and units share them: each unit is an integral of its own.
    """
    from scipy.stats import norm, qmc

    taken: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for group, inside in alone.items():
        places[group] = []
        for unit in inside.values():
            places[group].append(taken.get(unit, 0))
            taken[unit] = taken.get(unit, 0) + 1
    sequence = qmc.Sobol(max(taken.values()), rng=np.random.default_rng(seed)).random(POINTS)
    normal = norm.ppf(sequence)
    return [{group: point[dims] for group, dims in places.items()} for point in normal]


def _fresh(
    node: str, values: Mapping[str, np.ndarray], alone: Mapping[str, Mapping[int, int]], point: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Effects with those of the members that are integrated out replaced."""
    replaced = {}
    for group, inside in alone.items():
        name = f"{node}.{group}"
        effects = values[name].copy()
        effects[:, list(inside)] = values[f"{name}_sd"][:, None] * point[group]
        replaced[name] = effects
    return replaced
