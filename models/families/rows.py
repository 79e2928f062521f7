"""Rows of a node as the compiled loops take them: kinds of rows, and pieces of effects as they are written down.

A family whose log-probability is one of these kinds writes its rows here, as data, and NUTS needs nothing compiled for
it. `servanda.models.density` puts the rows of a block together, and its loops know the kinds by number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

#: Kinds of rows: a cell of a table; a cumulative, a multinomial and a continuation-ratio logit of added effects; the
#: highest of what several causes bring about; how many of some members act, of whom each has a logit of added effects.
CELL, CUMULATIVE_LOGIT, MULTINOMIAL_LOGIT, CONTINUATION_RATIO, HIGHEST, BETA_BINOMIAL = range(6)
#: Picks of a row of `BETA_BINOMIAL` before its effects: its members, fewest and most of them that act, and the place of
#: the correlation between two of them, or -1.
BEFORE_EFFECTS = 4
#: So many parameters a piece multiplies, at most.
FACTORS = 3


@dataclass
class Book:
    """Pieces that add up to effects, as families write them down.

    Parameters
    ----------
    start, shapes
        Parameter (and ``node.group.unit``, a group's members in units of their spread) -> place of its first value,
        and shape.
    values
        Number of values; the place behind the last stands for one.
    integrated
        ``node.group.unit`` -> which members are integrated out, shape (members,): they have no value.
    """

    start: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    values: int
    integrated: Mapping[str, np.ndarray] = field(default_factory=dict)
    factors: list[tuple[int, ...]] = field(default_factory=list)
    coefficients: list[tuple[float, float]] = field(default_factory=list)
    effects: int = 0

    def add(
        self,
        effect: int,
        coefficient: float,
        factors: Sequence[int] = (),
        rate: float = 0.0,
        exponent: int | None = None,
    ) -> None:
        """Add a piece: a constant times up to `FACTORS` values, by place, times exp(rate times another value)."""
        ones = [self.values] * (FACTORS - len(factors))
        self.factors.append((effect, *factors, *ones, self.values if exponent is None else exponent))
        self.coefficients.append((coefficient, rate))

    def room(self, size: int) -> int:
        """Place of the first of so many new effects."""
        self.effects += size
        return self.effects - size


@dataclass(frozen=True)
class RowWriter:
    """How the rows of a node are made from what they add up.

    Parameters
    ----------
    kind
        `CELL`, `CUMULATIVE_LOGIT`, `MULTINOMIAL_LOGIT`, `CONTINUATION_RATIO`, `HIGHEST` or `BETA_BINOMIAL`.
    base
        Place of the node's first probability; of `BETA_BINOMIAL` that one member acts.
    picks
        From codes, shape (rows, parents + 1), and group effect -> members, to the effects (or, in a table, the
        probability) that each row adds up, shape (rows, picks). Where a row has an effect for each state or for each
        step, they stand side by side, and this is the first of them. Of `HIGHEST` it is the first probability of what
        each cause brings about, -1 where it is off. Of `BETA_BINOMIAL` `BEFORE_EFFECTS` stand before.
    """

    kind: int
    base: int
    picks: Callable[[np.ndarray, Mapping[str, np.ndarray]], np.ndarray]
