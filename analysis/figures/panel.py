"""The axis of probabilities that figures of a report share: rows of intervals and curves over 0 to 100 per cent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.figure_style import INK, MUTED
from .percent import percent
from .svg import pixel_canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Width in pixels of what is drawn over the axis; as wide as a telephone shows it, so that its text is not shrunk.
WIDTH, MARGIN = 306, 12


def probability_panel(height: float) -> tuple[Figure, Axes]:
    """Axes over the probabilities from 0 to 1; pixels downwards."""
    figure, axes = pixel_canvas(WIDTH + 2 * MARGIN, height)
    axes.set_xlim(-MARGIN / WIDTH, 1 + MARGIN / WIDTH)
    return figure, axes


def tops(heights: Sequence[float], start: float) -> list[float]:
    """Where each row begins, and where the last one ends."""
    found = [start]
    for height in heights:
        found.append(found[-1] + height)
    return found


def draw_label(axes: Axes, lines: Sequence[str], top: float) -> None:
    """Name of a row, in one line or more."""
    for place, line in enumerate(lines):
        axes.text(0, top + 11 + 14 * place, line, fontsize=11, color=INK, backgroundcolor="none")


def draw_interval(
    axes: Axes, numbers: Mapping[str, Any], y: float, colour: str, *, width: float, hollow: bool = False
) -> None:
    """Line from ``lower`` to ``upper`` with a dot at the ``mean``; nothing where they could not be computed."""
    if math.isnan(numbers["mean"]):
        return
    axes.hlines(y, numbers["lower"], numbers["upper"], color=colour, linewidth=width, alpha=0.55, zorder=3)
    axes.plot(
        [numbers["mean"]],
        [y],
        marker="o",
        markersize=4 if hollow else 7,
        markerfacecolor="white" if hollow else colour,
        markeredgecolor=colour if hollow else "white",
        zorder=4,
    )


def draw_percent_axis(axes: Axes, y: float) -> None:
    """The axis itself, with its per cents."""
    axes.hlines(y, 0, 1, color=MUTED, linewidth=0.8)
    for x in (0, 0.25, 0.5, 0.75, 1):
        axes.vlines(x, y, y + 4, color=MUTED, linewidth=0.8)
        # The outermost labels turn inwards, so that none is cut off.
        side = "left" if x == 0 else "right" if x == 1 else "center"
        axes.text(x, y + 16, percent(x, exact=True), fontsize=11, color=MUTED, ha=side)
