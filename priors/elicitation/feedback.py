"""What a statement implies, before any priors are solved for: a smooth density, to be read back to the expert."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import canvas, figure_of
from ...common.figure_style import MET, MUTED, NOW

if TYPE_CHECKING:
    from ...common.figure_style import ShownFigure

#: Numbers of the beta distribution that are tried are between these, as logarithms.
_LOGS = (-3.0, 9.0)
_POINTS = 400
#: Levels are compared between these.
_SURE = (1e-3, 1 - 1e-3)
#: Share of the distribution that a figure leaves out at an end that is not one of what can be.
_TAIL = 1e-3


@dataclass(frozen=True)
class Implied:
    """A distribution of two numbers that comes as near to some points as it can.

    Parameters
    ----------
    low, high
        Between which it lies: a beta distribution, stretched; a lognormal one where there is no highest.
    numbers
        Of the beta distribution; or location and spread of the logarithm.
    """

    low: float
    high: float
    numbers: tuple[float, float]

    def value(self, level: float) -> float:
        """What so much of it lies below."""
        return float(self._frozen.ppf(level))

    def level(self, values: Sequence[float]) -> np.ndarray:
        """How much of it lies below some values."""
        return np.asarray(self._frozen.cdf(values))

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density at some points."""
        return np.asarray(self._frozen.pdf(x))

    @property
    def mode(self) -> float:
        """Where it is densest, as near as its own percentiles tell."""
        x = self._frozen.ppf(np.linspace(0.005, 0.995, 199))
        return float(x[np.argmax(self.density(x))])

    @property
    def _frozen(self) -> Any:
        from scipy.stats import beta, lognorm

        first, second = self.numbers
        if math.isinf(self.high):
            return lognorm(second, scale=math.exp(first))
        return beta(first, second, loc=self.low, scale=self.high - self.low)


def implied(levels: Sequence[float], values: Sequence[float], low: float, high: float) -> Implied:
    """Distribution whose shares below some values are nearest, in squares, to some levels.

    They are compared as quantiles of a normal distribution, so that the tails count as the middle does.

    Parameters
    ----------
    levels, values
        So much lies below so much.
    low, high
        Between which all of it lies; `high` may be infinite.

    Examples
    --------
    >>> found = implied((0.05, 0.5, 0.95), (0.2, 0.4, 0.7), 0.0, 1.0)
    >>> round(found.value(0.5), 2), round(found.value(0.95), 2)
    (0.43, 0.69)
    """
    from scipy.optimize import least_squares
    from scipy.special import ndtri

    asked = np.asarray(levels, float)
    middle = float(np.interp(0.5, asked, values))
    if math.isinf(high):
        start = np.array([math.log(middle), -0.5])

        def made(x: np.ndarray) -> Implied:
            return Implied(low, high, (float(x[0]), math.exp(x[1])))
    else:
        share = min(max((middle - low) / (high - low), 0.02), 0.98)
        start = np.log(8.0 * np.array([share, 1.0 - share]))

        def made(x: np.ndarray) -> Implied:
            first, second = np.exp(np.clip(x, *_LOGS)).tolist()
            return Implied(low, high, (first, second))

    wanted = ndtri(np.clip(asked, *_SURE))

    def misses(x: np.ndarray) -> np.ndarray:
        # One point says nothing of the spread, which then stays near where it begins.
        return np.concatenate([ndtri(np.clip(made(x).level(values), *_SURE)) - wanted, 1e-3 * (x - start)])

    found = least_squares(misses, start)
    return made(found.x)


def statement_figure(
    found: Implied, values: Sequence[float], said: str, unit: str, look: Mapping[str, Any] | None = None
) -> ShownFigure:
    """Density of what is implied, its area between the outermost stated values shaded.

    Parameters
    ----------
    found
        From `implied`.
    values
        That were stated.
    said, unit
        The statement in words, and what its axis counts.
    look
        As `servanda.common.canvas.Look`; names are ``density`` and ``stated``.
    """
    names = {"density": "implied", "stated": "stated"}
    with canvas(look, names, colours={"density": NOW, "stated": MET}) as c:
        (axes,) = c.panels([2.4])
        low, high = found.value(_TAIL), found.value(1 - _TAIL)
        x = np.linspace(low, high, _POINTS)
        colour, mark = c.marks["density"].colour, c.marks["stated"].colour
        axes.plot(x, found.density(x), color=colour, label=c.labels["density"])
        inside = (x >= min(values)) & (x <= max(values))
        axes.fill_between(x[inside], found.density(x[inside]), color=colour, alpha=0.18, linewidth=0)
        axes.vlines(values, 0, found.density(np.asarray(values)), color=mark, linestyle="--", label=c.labels["stated"])
        axes.set_ylim(bottom=0)
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
        c.head(axes, c.wrap(said, 0.8 * c.width, 9), 9)
        c.axis_title(axes, unit)
        axes.legend(fontsize=c.size(8), frameon=False, labelcolor=c.tone(MUTED))
    return figure_of([axes])
