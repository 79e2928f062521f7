"""Elicited priors as a figure: what they say, what they said before, and what was asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import BEFORE, INK, MET, MISSED, MUTED, NOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...common.figure_style import ShownFigure

_COLUMNS = 3


@dataclass(frozen=True)
class Panel:
    """One statement as it is drawn.

    Parameters
    ----------
    title
        Above it.
    unit
        What its axis counts.
    now, before
        Draws of what is spoken of, under the new priors and under those that were started from.
    values, levels
        Points that were asked for: so much of the distribution (levels) lies below so much (values).
    met
        Whether each of them is met.
    """

    title: str
    unit: str
    now: np.ndarray
    before: np.ndarray
    values: Sequence[float]
    levels: Sequence[float]
    met: Sequence[bool]


def elicitation_figure(panels: Sequence[Panel], base: str, look: Mapping[str, Any] | None = None) -> ShownFigure:
    """Distribution functions now and before, a panel a statement, with marks where they were asked to pass.

    Parameters
    ----------
    panels
        In the order drawn.
    base
        Name of the priors that were started from.
    look
        As `servanda.common.canvas.Look`; names are ``before``, ``now``, ``asked`` (points that are met) and ``missed``.
    """
    names = {"before": base, "now": "now", "asked": "asked", "missed": "asked, and missed"}
    colours = {"before": BEFORE, "now": NOW, "asked": MET, "missed": MISSED}
    with canvas(look, names, colours=colours) as c:
        columns = max(1, min(_COLUMNS, len(panels), round(c.width / 2.4)))
        rows = math.ceil(len(panels) / columns)
        grid = c.grid(rows, columns, 3.2 * columns + 0.4, [2.7] * rows, sharey=True)
        for axes in grid.ravel()[len(panels) :]:
            axes.set_visible(False)
        for panel, axes in zip(panels, grid.flat, strict=False):
            _draw(axes, c, panel, 0.8 * c.width / columns)
        grid[0, 0].legend(fontsize=c.size(7), frameon=False, loc="lower right", labelcolor=c.tone(INK))
        for axes in grid[:, 0]:
            c.axis_title(axes, "share below", side="y", points=8)
    return figure_of(grid.flat)


def _draw(axes: Axes, c: Canvas, panel: Panel, wide: float) -> None:
    for x, name in ((panel.before, "before"), (panel.now, "now")):
        ordered = np.sort(x)[:: max(1, len(x) // 500)]
        # Told apart in grey too.
        line = "--" if name == "before" else "-"
        levels = np.linspace(0, 1, len(ordered))
        axes.plot(ordered, levels, color=c.marks[name].colour, linestyle=line, label=c.labels[name])
    for name, marker, met in (("asked", "o", True), ("missed", "X", False)):
        points = [point for point in zip(panel.values, panel.levels, panel.met, strict=True) if bool(point[2]) == met]
        if points:
            x, y, _ = zip(*points, strict=True)
            axes.scatter(x, y, color=c.marks[name].colour, marker=marker, s=24, zorder=3, label=c.labels[name])
    low, high = np.quantile(np.concatenate([panel.now, panel.values]), [0.002, 0.998])
    if low < high:
        axes.set_xlim(min(low, *panel.values), max(high, *panel.values))
    head = "\n".join(c.wrap(line, wide, 8) for line in panel.title.split("\n"))
    c.head(axes, head, 8)
    axes.tick_params(labelsize=c.size(7))
    axes.set_xlabel(c.wrap(panel.unit, wide, 7), fontsize=c.size(7), color=c.tone(MUTED))
