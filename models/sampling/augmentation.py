"""Data augmentation: tables tied together by missing cells, sampled without a compiled model.

Two draws in turn (Tanner and Wong 1987, JASA 82(398)): all linked missing cells of each case, jointly and exactly given
the tables; then every table, from its Dirichlet posterior given the completed cases. Equal patterns are completed
together, so that the cost follows the number of patterns and not that of the cases.

An anchored latent node is kept in order: where a draw of its anchor's table falls out of order, the states of the node
are renamed, in the tables and in the completed cases, so that it is in order again. That is a Metropolis-Hastings step
on the posterior restricted to the order. Its proposal of the anchor's table has the density of the renamed table given
the renamed cases, so that what is left of the acceptance probability is p(renamed cases) / p(cases), all tables
integrated out: one where the prior gives every state of the node the same numbers, else a ratio of gamma functions. A
sampler that only refused what is out of order would stay for ever where the other children have the states the wrong
way round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...common.progress import Progress, silent
from ..cases.encode import MISSING, Cases
from ..cases.patterns import IncompletePatterns, Patterns
from ..families.base import flat_index
from ..network.network import Network
from .latent import anchor_weights, latent_that_matter
from .run import Sampling

#: Below this sum, probabilities are scaled by their largest before they are added.
UNDERFLOW = 1e-250
#: Patterns with more cases than this for each completion are completed by multinomial counts, others case by case.
CASES_FOR_EACH = 8
#: Rounds for each draw that is kept.
_ROUNDS = 2


def can_augment(network: Network, cases: Cases, nodes: tuple[str, ...]) -> bool:
    """Tell whether a block of nodes can be drawn by augmentation.

    All must be tables, and of each that is latent something must say which state is which: an anchor, or a child of
    the family `confusion`. States that only a prior tells apart could change places on the way.
    """

    def named(name: str) -> bool:
        stated = bool(network.reports(name)) or network[name].anchored_by is not None
        return stated or bool(np.any(cases.codes[name] != MISSING))

    return all(network.family(name).conjugate and named(name) for name in nodes)


def augmented_draws(
    network: Network,
    patterns: Patterns,
    alphas: Mapping[str, np.ndarray],
    sampling: Sampling,
    rng: np.random.Generator,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Draws of the tables of a block of nodes.

    Parameters
    ----------
    patterns
        Of which the missing patterns that touch the block are completed.
    alphas
        Node -> the Dirichlet that its prior and its complete cells give, in the shape of its table.
    sampling
        How many chains and how long, whatever its seed. Each chain makes `tune` rounds and two for each draw, times
        `thin`: a round is cheap, and moves less far than a step of NUTS. Nothing adapts: `tune` rounds are only the way
        in from a random start.
    progress
        Told of the rounds done.

    Returns
    -------
    dict
        Node -> draws of its table, shape (chains, draws, *table).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from servanda.models import Arrow, Network, Node, encode
    >>> from servanda.models.cases.patterns import find_patterns
    >>> states = ("no", "yes")
    >>> network = Network((Node("rain", states), Node("wet", states, (Arrow("rain"),))))
    >>> cases = pd.DataFrame({"rain": ["yes", None, "no"], "wet": ["yes", "yes", "no"]})
    >>> patterns = find_patterns(network, encode(network, cases))
    >>> alphas = {"rain": np.array([2.0, 2.0]), "wet": np.ones((2, 2))}
    >>> drawn = augmented_draws(
    ...     network, patterns, alphas, Sampling(1, draws=50, tune=10, chains=2, thin=1), np.random.default_rng(1)
    ... )
    >>> drawn["wet"].shape
    (2, 50, 2, 2)
    """
    draws, chains, thin = sampling.draws, sampling.chains, _ROUNDS * sampling.thin
    layout = _lay_out(network, [part for part in patterns.incomplete if set(part.codes) <= set(alphas)], alphas, chains)
    order = _Order.of(network, patterns, alphas, chains)
    # Starts lie farther apart than the posterior, and away from the edges, where every completion has a chance.
    tables = order.kept(_draw_tables(layout, np.maximum(layout.alpha, 1.0), rng))
    kept = np.empty((draws, len(tables)))
    rounds = sampling.tune + draws * thin
    for done in range(1, rounds + 1):
        filled = _complete(layout, tables, rng)
        drawn = _draw_tables(layout, layout.alpha + filled, rng)
        tables = order.step(layout, tables, filled, drawn, rng)
        place, between = divmod(done - sampling.tune, thin)
        if place > 0 and not between:
            kept[place - 1] = tables
        if done % 50 == 0 or done == rounds:
            progress("fitting", done, rounds)
    drawn = kept.reshape((draws, chains, -1)).swapaxes(0, 1)
    stops = np.cumsum([alpha.size for alpha in alphas.values()])[:-1]
    return {
        name: np.ascontiguousarray(part).reshape((chains, draws, *alphas[name].shape))
        for name, part in zip(alphas, np.split(drawn, stops, axis=2), strict=True)
    }


@dataclass(frozen=True)
class _Parts:
    """A vector cut into consecutive parts, none of them empty."""

    sizes: np.ndarray
    starts: np.ndarray
    whose: np.ndarray

    @classmethod
    def of(cls, sizes: np.ndarray) -> _Parts:
        return cls(sizes, np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes))

    def normalised(self, log_x: np.ndarray) -> np.ndarray:
        """Scale each part, given by its logarithms, to add up to one."""
        x = np.exp(log_x)
        total = np.add.reduceat(x, self.starts)
        if total.min() < UNDERFLOW:
            x = np.exp(log_x - np.maximum.reduceat(log_x, self.starts).take(self.whose))
            total = np.add.reduceat(x, self.starts)
        return x / total.take(self.whose)


@dataclass(frozen=True)
class _Layout:
    """The block as vectors: cells of all tables, and completions of all patterns, of all chains.

    A chain is one more copy of the tables and of the patterns, so that one pass over a vector serves all chains.

    Parameters
    ----------
    alpha, rows
        Prior and complete cells, shape (cells,); the rows of the tables, which add up to one.
    cells
        The first, second, ... cell that each completion meets. Patterns that meet more come first, so that later
        ones are shorter.
    patterns
        The completions of each pattern.
    drawn, within
        The pattern of each case that is completed by itself; the first and the last completion it can have.
    drawing
        How many of these cases meet a first, second, ... cell.
    together
        Patterns completed by counts, alike in their numbers of completions and of cells: where their completions
        stand, shape (patterns, completions); the cells they meet, shape (cells, patterns, completions); and how
        many cases each has.
    """

    alpha: np.ndarray
    rows: _Parts
    cells: tuple[np.ndarray, ...]
    patterns: _Parts
    drawn: np.ndarray
    within: tuple[np.ndarray, np.ndarray]
    drawing: tuple[int, ...]
    together: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]


@dataclass(frozen=True)
class _Order:
    """The anchored latent nodes of a block, in the vector of one chain's cells.

    Parameters
    ----------
    chains
        Copies of the tables.
    means
        Node -> weights that give its anchor's mean state for each of its states, shape (states, cells).
    renaming
        Node -> tables that see it: where a table begins, its shape, and the node's axis in it.
    anchors
        Cells of the tables that anchor a node, shape (anchors' cells,).
    uneven
        Cells of each table whose prior differs between the states of an anchored node, shape (rows, states).
    """

    chains: int
    means: Mapping[str, np.ndarray]
    renaming: Mapping[str, tuple[tuple[int, tuple[int, ...], int], ...]]
    anchors: np.ndarray
    uneven: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, network: Network, patterns: Patterns, alphas: Mapping[str, np.ndarray], chains: int) -> _Order:
        sizes = [alpha.size for alpha in alphas.values()]
        first = dict(zip(alphas, np.cumsum(sizes) - sizes, strict=True))
        cells = {name: first[name] + np.arange(alpha.size).reshape(alpha.shape) for name, alpha in alphas.items()}
        latent = [n for n in latent_that_matter(network, patterns, alphas) if network[n].anchored_by is not None]
        means, renaming, uneven, anchors = {}, {}, {}, {}
        for name in latent:
            anchor = str(network[name].anchored_by)
            means[name] = np.zeros((len(network[name].states), sum(sizes)))
            means[name][:, cells[anchor].ravel()] = anchor_weights(network, name).reshape(len(means[name]), -1)
            anchors[anchor] = cells[anchor].ravel()
            seeing = [(seer, network.axes(seer).index(name)) for seer in (name, *network.children[name])]
            renaming[name] = tuple((first[seer], alphas[seer].shape, axis) for seer, axis in seeing)
            for seer, axis in seeing:
                if np.ptp(alphas[seer], axis=axis).any():
                    uneven[seer] = cells[seer].reshape(-1, alphas[seer].shape[-1])
        return cls(
            chains, means, renaming, np.concatenate([*anchors.values(), np.zeros(0, int)]), tuple(uneven.values())
        )

    def kept(self, tables: np.ndarray) -> np.ndarray:
        """Rename the states so that the order holds."""
        cells = tables.reshape(self.chains, -1)
        return np.take_along_axis(cells, self._places(cells), axis=1).ravel()

    def step(
        self, layout: _Layout, tables: np.ndarray, filled: np.ndarray, drawn: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Take drawn tables as they are where the order holds, and renamed, with their cases, where it does not."""
        proposed = drawn.reshape(self.chains, -1)
        out = np.flatnonzero(self._out_of_order(proposed))
        if not len(out):
            return drawn
        places = self._places(proposed)[out]
        before, alpha = filled.reshape(self.chains, -1)[out], layout.alpha[: proposed.shape[1]]
        after = np.take_along_axis(before, places, axis=1)
        accepted = np.log(rng.random(len(out))) < self._log_marginal(alpha + after) - self._log_marginal(alpha + before)
        cases = filled.reshape(self.chains, -1).copy()
        cases[out] = np.where(accepted[:, None], after, before)
        # Anchors are as proposed, or else as they were; all other tables are drawn given the cases as now named.
        again = _draw_tables(layout, layout.alpha + cases.ravel(), rng).reshape(self.chains, -1)[out]
        renamed = np.take_along_axis(proposed[out], places, axis=1)
        old = tables.reshape(self.chains, -1)[out]
        again[:, self.anchors] = np.where(accepted[:, None], renamed, old)[:, self.anchors]
        result = proposed.copy()
        result[out] = again
        return result.ravel()

    def _out_of_order(self, cells: np.ndarray) -> np.ndarray:
        found = np.zeros(self.chains, bool)
        for weights in self.means.values():
            found |= (np.diff(cells @ weights.T, axis=1) < 0).any(axis=1)
        return found

    def _places(self, cells: np.ndarray) -> np.ndarray:
        """Which cell comes to stand in each place, shape (chains, cells), so that every mean ascends."""
        places = np.broadcast_to(np.arange(cells.shape[1]), cells.shape).copy()
        for name, weights in self.means.items():
            orders = np.argsort(cells @ weights.T, axis=1, kind="stable")
            for start, shape, axis in self.renaming[name]:
                stop = start + int(np.prod(shape))
                block = places[:, start:stop].reshape(-1, *shape)
                index = orders.reshape(
                    [-1 if at == 0 else len(weights) if at == axis + 1 else 1 for at in range(block.ndim)]
                )
                places[:, start:stop] = np.take_along_axis(block, index, axis=axis + 1).reshape(len(block), -1)
        return places

    def _log_marginal(self, alpha: np.ndarray) -> np.ndarray:
        """Log-probability of the cases in the uneven tables, up to what renaming leaves as it is; shape (chains,)."""
        total = np.zeros(len(alpha))
        for cells in self.uneven:
            rows = alpha[:, cells]
            total += _log_gamma(rows).sum(axis=(1, 2)) - _log_gamma(rows.sum(axis=2)).sum(axis=1)
        return total


#: Without SciPy, whose import takes longer than many a fit; only few numbers are asked for.
_log_gamma = np.vectorize(math.lgamma, otypes=[float])


def _lay_out(
    network: Network, incomplete: list[IncompletePatterns], alphas: Mapping[str, np.ndarray], chains: int
) -> _Layout:
    incomplete = sorted(incomplete, key=lambda part: -len(part.codes))
    sizes = [alpha.size for alpha in alphas.values()]
    first = dict(zip(alphas, np.cumsum(sizes) - sizes, strict=True))
    met = [
        [
            np.add.outer(np.arange(chains) * sum(sizes), first[name] + flat_index(codes, network.shape(name))).ravel()
            for name, codes in part.codes.items()
        ]
        for part in incomplete
    ]
    places = range(len(incomplete[0].codes))
    cells = tuple(np.concatenate([those[place] for those in met if len(those) > place]) for place in places)
    patterns = _Parts.of(
        np.concatenate([np.repeat(part.completions, len(part.counts) * chains) for part in incomplete])
    )
    touching = np.concatenate([np.repeat(len(part.codes), len(part.counts) * chains) for part in incomplete])
    counts = np.concatenate([np.tile(part.counts, chains) for part in incomplete])
    many = counts > CASES_FOR_EACH * patterns.sizes
    drawn = np.repeat(np.arange(len(counts)), np.where(many, 0, counts))
    together = []
    for size, most in np.unique(np.column_stack([patterns.sizes, touching])[many], axis=0):
        those = many & (patterns.sizes == size) & (touching == most)
        where = patterns.starts[those, None] + np.arange(size)
        together.append((where, np.stack([cells[place][where] for place in range(most)]), counts[those]))
    states = [np.repeat(alpha.shape[-1], alpha.size // alpha.shape[-1]) for alpha in alphas.values()]
    return _Layout(
        np.tile(np.concatenate([alpha.ravel() for alpha in alphas.values()]), chains),
        _Parts.of(np.tile(np.concatenate(states), chains)),
        cells,
        patterns,
        drawn,
        (patterns.starts[drawn], (patterns.starts + patterns.sizes - 1)[drawn]),
        tuple(int((touching[drawn] > place).sum()) for place in places),
        tuple(together),
    )


def _draw_tables(layout: _Layout, alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw every row of every table."""
    # As for priors: gamma variables of shape alpha + 1, brought back to alpha, so that no row underflows whole.
    log_gamma = np.log(rng.standard_gamma(alpha + 1.0)) - rng.standard_exponential(len(alpha)) / alpha
    return layout.rows.normalised(log_gamma)


def _complete(layout: _Layout, tables: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Complete every case, given the tables, and count the cells so filled."""
    with np.errstate(divide="ignore"):
        log_tables = np.log(tables)
    log_p = log_tables.take(layout.cells[0])
    for cells in layout.cells[1:]:
        log_p[: len(cells)] += log_tables.take(cells)
    p = layout.patterns.normalised(log_p)
    # Each pattern's probabilities add up to one, so that pattern i lies between i and i + 1 of their running sum.
    at = np.searchsorted(np.cumsum(p), layout.drawn + rng.random(len(layout.drawn)), side="right")
    picked = at.clip(*layout.within)
    met = [cells.take(picked[:stop]) for cells, stop in zip(layout.cells, layout.drawing, strict=True)]
    filled = np.bincount(np.concatenate(met), minlength=len(tables)).astype(float)
    for where, cells, counts in layout.together:
        completed = rng.multinomial(counts, p[where])
        filled += np.bincount(cells.ravel(), np.broadcast_to(completed, cells.shape).ravel(), len(tables))
    return filled
