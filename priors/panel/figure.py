"""Experts beside their pool: what each believes of one quantity, and what the panel does, as densities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import canvas, figure_of

if TYPE_CHECKING:
    from ...common.figure_style import ShownFigure

#: What the panel as a whole is called.
_POOL = "pool"
_POINTS = 300


def pool_figure(
    draws: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    title: str,
    unit: str,
    span: tuple[float, float],
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """Density of each expert, and above them that of their mixture, whose area is shaded.

    Parameters
    ----------
    draws
        Expert -> draws of what is asked, shape (draws,).
    weights
        Expert -> weight; they add up to one.
    title, unit
        What is asked, and what its axis counts.
    span
        Between which it lies.
    look
        As `servanda.common.canvas.Look`; names are ``pool`` and those of experts.
    """
    x = np.linspace(*_seen(draws, span), _POINTS)
    each = {expert: _density(own, span, x) for expert, own in draws.items()}
    mixed = sum((weights[expert] * own for expert, own in each.items()), np.zeros_like(x))
    names = {**{expert: f"{expert} ({weights[expert]:.2g})" for expert in draws}, _POOL: "pool"}
    with canvas(look, names) as c:
        (axes,) = c.panels([3.0])
        for expert, own in each.items():
            mark = c.marks[expert]
            axes.plot(x, own, color=mark.colour, linestyle=mark.line, linewidth=1.4, label=c.labels[expert])
        colour = c.marks[_POOL].colour
        axes.plot(x, mixed, color=colour, linewidth=2.6, label=c.labels[_POOL])
        axes.fill_between(x, mixed, color=colour, alpha=0.14, linewidth=0)
        axes.set_ylim(bottom=0)
        axes.set_xlim(x[0], x[-1])
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
        c.axis_title(axes, f"{title} ({unit})")
        c.legend(axes)
    return figure_of([axes])


def _seen(draws: Mapping[str, np.ndarray], span: tuple[float, float]) -> tuple[float, float]:
    """What there is to see: all but a thousandth at each end of what somebody believes."""
    every = np.concatenate([*draws.values()])
    low, high = np.quantile(every, [0.001, 0.999])
    room = 0.05 * (high - low) or 0.05
    return max(span[0], low - room), min(span[1], high + room)


def _density(draws: np.ndarray, span: tuple[float, float], x: np.ndarray) -> np.ndarray:
    """Density of draws, reflected at the ends of what can be, so that it does not fall off there."""
    from scipy.stats import gaussian_kde

    # Draws that are all the same have no width to be smoothed by.
    spread = draws if np.ptp(draws) > 0 else draws + 1e-3 * np.linspace(-1, 1, draws.size)
    own = gaussian_kde(spread)
    return np.asarray(own(x) + own(2 * span[0] - x) + own(2 * span[1] - x))
