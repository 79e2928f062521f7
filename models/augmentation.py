"""Data augmentation: tables tied together by missing cells, sampled without a compiled model.

Two draws in turn (Tanner and Wong 1987, JASA 82(398)): all linked holes of each case, jointly and exactly given the
tables; then every table, from its Dirichlet posterior given the completed cases. Equal patterns are completed
together, so that the cost follows the number of patterns and not that of the cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .coding import MISSING, Cases
from .families.base import flat_index
from .families.table import DIRICHLET

if TYPE_CHECKING:
    from .network import Network
    from .patterns import Holes, Patterns

#: Below this sum, probabilities are scaled by their largest before they are added.
UNDERFLOW = 1e-250
#: Patterns with more cases than this for each completion are completed by multinomial counts, others case by case.
CASES_FOR_EACH = 8


def can_augment(network: Network, cases: Cases, nodes: tuple[str, ...]) -> bool:
    """Tell whether a block of nodes can be drawn by augmentation.

    All must be tables, and none latent. Completions of a node that nobody ever saw move too slowly with its
    table, and its states could change places on the way.
    """
    return all(network[name].family in DIRICHLET and np.any(cases.codes[name] != MISSING) for name in nodes)


def augmented_draws(
    network: Network,
    patterns: Patterns,
    alphas: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    *,
    draws: int,
    tune: int,
    chains: int,
    thin: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Sample the tables of a block of nodes.

    Parameters
    ----------
    patterns
        Of which the holes that touch the block are completed.
    alphas
        Node -> the Dirichlet that its prior and its complete cells give, in the shape of its table.
    draws, tune, chains, thin
        Each chain makes ``tune + draws * thin`` rounds, and every `thin`-th after the first `tune` is kept.
        Nothing adapts: `tune` rounds are only the way in from a random start.
    progress
        Called with rounds done and rounds to do.

    Returns
    -------
    dict
        Node -> draws of its table, shape (chains, draws, *table).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from servanda.models import Arrow, Network, Node, encode
    >>> from servanda.models.patterns import find_patterns
    >>> states = ("no", "yes")
    >>> network = Network((Node("rain", states), Node("wet", states, (Arrow("rain"),))))
    >>> cases = pd.DataFrame({"rain": ["yes", None, "no"], "wet": ["yes", "yes", "no"]})
    >>> patterns = find_patterns(network, encode(network, cases))
    >>> alphas = {"rain": np.array([2.0, 2.0]), "wet": np.ones((2, 2))}
    >>> drawn = augmented_draws(
    ...     network, patterns, alphas, np.random.default_rng(1), draws=50, tune=10, chains=2, thin=1
    ... )
    >>> drawn["wet"].shape
    (2, 50, 2, 2)
    """
    layout = _lay_out(network, [hole for hole in patterns.holes if set(hole.codes) <= set(alphas)], alphas, chains)
    # Starts lie farther apart than the posterior, and away from the edges, where every completion has a chance.
    tables = _draw_tables(layout, np.maximum(layout.alpha, 1.0), rng)
    kept = np.empty((draws, len(tables)))
    rounds = tune + draws * thin
    for done in range(1, rounds + 1):
        tables = _draw_tables(layout, layout.alpha + _complete(layout, tables, rng), rng)
        place, between = divmod(done - tune, thin)
        if place > 0 and not between:
            kept[place - 1] = tables
        if progress and (done % 50 == 0 or done == rounds):
            progress(done, rounds)
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


def _lay_out(network: Network, holes: list[Holes], alphas: Mapping[str, np.ndarray], chains: int) -> _Layout:
    holes = sorted(holes, key=lambda hole: -len(hole.codes))
    sizes = [alpha.size for alpha in alphas.values()]
    first = dict(zip(alphas, np.cumsum(sizes) - sizes, strict=True))
    met = [
        [
            np.add.outer(np.arange(chains) * sum(sizes), first[name] + flat_index(codes, network.shape(name))).ravel()
            for name, codes in hole.codes.items()
        ]
        for hole in holes
    ]
    places = range(len(holes[0].codes))
    cells = tuple(np.concatenate([those[place] for those in met if len(those) > place]) for place in places)
    patterns = _Parts.of(np.concatenate([np.repeat(hole.completions, len(hole.counts) * chains) for hole in holes]))
    touching = np.concatenate([np.repeat(len(hole.codes), len(hole.counts) * chains) for hole in holes])
    counts = np.concatenate([np.tile(hole.counts, chains) for hole in holes])
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
