"""How well a fit foretells one node: log-probability of its cells given everything else in their rows.

Rows that are foretold together, such as all of one guarantee, share effects that nothing else in the data speaks of.
Those effects are integrated out, since of a guarantee that is left out only the spread of such effects is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.encode import MISSING, Cases
from ..cases.likelihood import log_likelihood, log_likelihood_of_moves, log_sum
from ..cases.patterns import Patterns, find_patterns
from ..families.unseen import group_name
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
    log_p = _summed(cell_scores(network, part, node, block.nodes)(values), unit, len(names))

    def held(rows: np.ndarray) -> _Held:
        whole, rest = _whole_and_rest(network, cases_at(part, rows), node)
        return _Held(network, ((1, whole), (-1, rest)), (node,), (node, *network.children[node]), block.nodes)

    _integrate(log_p, values, unit, _alone(network, part, (node,), unit), seed, held)
    counts = part.weights if units is None else np.ones(len(names), np.int64)
    return Scores(tuple(map(str, names)), log_p.reshape((*shape, -1)), counts)


def row_scores(block: Block, units: np.ndarray, *, seed: int) -> Scores:
    """Log-probabilities of units of whole rows, effects that only a unit speaks of integrated out.

    It is what a posterior of the block's parameters has from a unit: divided by it, a draw is one of a posterior that
    has not seen the unit at all.

    Parameters
    ----------
    block
        From `servanda.models.sampling.fit.fit_block`, or several blocks of a fit together
        (`servanda.models.sampling.refit.blocks_with`).
    units
        Unit of each case, shape (cases,).
    seed
        Of the points of integration (a scrambled Sobol sequence).

    Returns
    -------
    Scores
        Of all cells that bear on the parameters of the block.
    """
    network, cases = block.run.network, block.run.cases
    names, unit = np.unique(np.asarray(units).astype(str), return_inverse=True)
    values, shape = _thinned(block)
    times = cases.weights
    whole = log_likelihood(network, block.run.patterns, values, complete=block.nodes, incomplete=block.nodes)
    log_p = _summed(whole * times, unit, len(names))
    moving = tuple(name for name in block.nodes if network[name].groups)

    def held(rows: np.ndarray) -> _Held:
        patterns = find_patterns(network, cases_at(cases, rows))
        return _Held(network, ((times[rows], patterns),), moving, block.nodes, block.nodes)

    _integrate(log_p, values, unit, _alone(network, cases, moving, unit), seed, held)
    return Scores(tuple(map(str, names)), log_p.reshape((*shape, -1)), np.bincount(unit, times).astype(np.int64))


@dataclass(frozen=True)
class _Held:
    """Scores of cases as the effects of members move: patterns are found once, and all else worked out once a draw.

    Parameters
    ----------
    network
        Of the cases.
    patterns
        What is added up, each as many times as its number (or the number of each case) says.
    moving
        Nodes whose effects move.
    complete, incomplete
        As in `log_likelihood`.
    """

    network: Network
    patterns: tuple[tuple[int | np.ndarray, Patterns], ...]
    moving: tuple[str, ...]
    complete: tuple[str, ...]
    incomplete: tuple[str, ...]

    def scores(self, values: Mapping[str, np.ndarray]) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        """Scores as a function of group effects, shape (samples, members) each."""
        how = {"complete": self.complete, "incomplete": self.incomplete}
        parts = [
            (times, log_likelihood_of_moves(self.network, each, values, self.moving, **how))
            for times, each in self.patterns
        ]
        return lambda effects: sum((times * part(effects) for times, part in parts), np.zeros(()))


def _integrate(
    log_p: np.ndarray,
    values: Mapping[str, np.ndarray],
    unit: np.ndarray,
    alone: Mapping[str, Mapping[int, int]],
    seed: int,
    held: Callable[[np.ndarray], _Held],
) -> None:
    """Put the scores of units that alone speak of some effects in their place, averaged over those effects.

    Parameters
    ----------
    log_p
        Scores with the effects as they were drawn, shape (samples, units); changed in place.
    values, unit
        Draws, shape (samples, *dims), and unit of each case.
    alone
        From `_alone`.
    held
        From rows to their scores.
    """
    if not alone:
        return
    inside = np.unique(np.concatenate([list(whose.values()) for whose in alone.values()]))
    rows = np.flatnonzero(np.isin(unit, inside))
    place = np.searchsorted(inside, unit[rows])
    ready, points = held(rows), _points(alone, seed)
    together = max(16, _IN_CACHE // len(rows))
    for start in range(0, len(log_p), together):
        draws = {name: value[start : start + together] for name, value in values.items()}
        score = ready.scores(draws)
        # Draws last, so that what is added up is one run of memory.
        own = [_summed(score(_fresh(draws, alone, point)), place, len(inside)).T for point in points]
        log_p[start : start + together, inside] = log_sum(np.stack(own, axis=-1)).T - np.log(POINTS)


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


def scored_draws(chains: int, draws: int) -> slice:
    """Which draws of each chain are scored.

    Examples
    --------
    >>> scored_draws(4, 1000)
    slice(None, None, 2)
    """
    return slice(None, None, max(1, -(-chains * draws // MOST_DRAWS)))


def _thinned(block: Block) -> tuple[dict[str, np.ndarray], tuple[int, int]]:
    """Draws to be scored, shape (samples, *dims), and the numbers of chains and of draws."""
    drawn = group_of(block.tree, "posterior")
    some = scored_draws(drawn.sizes["chain"], drawn.sizes["draw"])
    kept = drawn.isel(draw=some).transpose("chain", "draw", ...)
    values = {str(name): array.values.reshape((-1, *array.shape[2:])) for name, array in kept.data_vars.items()}
    return values, (kept.sizes["chain"], kept.sizes["draw"])


def _summed(log_p: np.ndarray, unit: np.ndarray, units: int) -> np.ndarray:
    """Add up the rows of each unit, shape (samples, units)."""
    order = np.argsort(unit, kind="stable")
    there, first = np.unique(unit[order], return_index=True)
    total = np.zeros((units, len(log_p)))
    total[there] = np.add.reduceat(log_p.T[order], first, axis=0)
    return total.T


def members_inside(members: np.ndarray, unit: np.ndarray) -> dict[int, int]:
    """Members all of whose cases are in one unit, and that unit.

    Examples
    --------
    >>> members_inside(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 6]))
    {0: 5}
    """
    first, last = np.full(members.max() + 1, unit.max() + 1), np.full(members.max() + 1, -1)
    np.minimum.at(first, members, unit)
    np.maximum.at(last, members, unit)
    return {int(m): int(first[m]) for m in np.unique(members) if first[m] == last[m]}


def _alone(network: Network, cases: Cases, nodes: Collection[str], unit: np.ndarray) -> dict[str, dict[int, int]]:
    """Group effects of some nodes -> members all of whose cases are in one unit, and that unit."""
    found = {
        group_name(network.local(name), group.name): members_inside(cases.members[group.name], unit)
        for name in nodes
        for group in network[name].groups
    }
    return {name: inside for name, inside in found.items() if inside}


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
    values: Mapping[str, np.ndarray], alone: Mapping[str, Mapping[int, int]], point: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Effects with those of the members that are integrated out replaced."""
    replaced = {}
    for name, inside in alone.items():
        effects = values[name].copy()
        effects[:, list(inside)] = values[f"{name}_sd"][:, None] * point[name]
        replaced[name] = effects
    return replaced
