"""Sweeps as figures: lines with bands over one axis, heat maps over two, small multiples over three."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import ACCENT, AXIS_SIZE, LEGEND_SIZE, MUTED, RULE, ink_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...common.figure_style import ShownFigure

#: Inches: of a cell, of what stands beside the cells, and of a figure over one axis.
_CELL, _LEFT, _BELOW, _LINE = (0.62, 0.44), 1.3, 1.5, (4.6, 3.0)
#: Panels side by side.
_ACROSS = 2


def sweep_figure(
    labels: Mapping[str, Sequence[str]],
    mean: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """One probability in every combination of up to three axes.

    Parameters
    ----------
    labels
        Axis -> its labels.
    mean, lower, upper
        Of each combination, an axis for each of `labels`.
    look
        As `servanda.common.canvas.Look`; names are ``probability``, which has a colour, and the axes, which have
        labels alone.
    """
    names = {"probability": "probability", **{name: name for name in labels}}
    with canvas(look, names, colours={"probability": ACCENT}) as c:
        if len(mean.shape) < 2:
            ((axes,),) = c.grid(1, 1, _LINE[0], [_LINE[1]])
            _draw_line(axes, c, labels, mean, lower, upper)
            return figure_of([axes])
        # A panel for each label of the shortest axis, and the longest from left to right.
        axes_of = list(labels)
        order = sorted(range(len(axes_of)), key=lambda place: (len(labels[axes_of[place]]), -place))
        kept = order if len(order) == 3 else [-1, *order]
        panels, rows, columns = kept
        split = labels[axes_of[panels]] if panels >= 0 else [""]
        width, height = (len(labels[axes_of[place]]) for place in (columns, rows))
        across = min(_ACROSS, len(split))
        down = math.ceil(len(split) / across)
        tall = _BELOW + _CELL[1] * height
        grid = c.grid(down, across, _LEFT + across * (0.2 + _CELL[0] * width), [tall] * down)
        for spare in grid.ravel()[len(split) :]:
            spare.set_axis_off()
        taken = [place for place in kept if place >= 0]
        arranged = [values.transpose(taken).reshape(-1, height, width) for values in (mean, lower, upper)]
        for number, (axes, label) in enumerate(zip(grid.ravel(), split, strict=False)):
            _draw_map(axes, c, *(values[number] for values in arranged))
            size, first = c.size(LEGEND_SIZE), number % across == 0
            axes.set_xticks(range(width), labels[axes_of[columns]], fontsize=size, rotation=45, ha="right")
            axes.set_yticks(range(height), labels[axes_of[rows]] if first else [], fontsize=size)
            c.axis_title(axes, c.labels[axes_of[columns]], points=AXIS_SIZE)
            if first:
                c.axis_title(axes, c.labels[axes_of[rows]], side="y", points=AXIS_SIZE)
            if panels >= 0:
                axes.set_title(
                    f"{c.labels[axes_of[panels]]} = {label}", fontsize=c.size(AXIS_SIZE), color=c.tone(MUTED)
                )
        return figure_of(grid.ravel())


def _draw_line(
    axis: Axes, c: Canvas, labels: Mapping[str, Sequence[str]], mean: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> None:
    """Means joined by a line, intervals by a band and, at each label, a bar."""
    (name, own), *_ = [*labels.items(), ("", [""])]
    x, colour = range(len(own)), c.marks["probability"].colour
    mean, lower, upper = (np.reshape(values, -1) for values in (mean, lower, upper))
    axis.fill_between(x, lower, upper, color=colour, alpha=0.22, linewidth=0)
    axis.vlines(x, lower, upper, color=colour, linewidth=0.8)
    axis.plot(x, mean, "o-", color=colour, linewidth=1.6, markersize=4)
    axis.set_xticks(x, own, fontsize=c.size(LEGEND_SIZE))
    c.axis_title(axis, c.labels.get(name, name), points=AXIS_SIZE)
    c.axis_title(axis, c.labels["probability"], side="y", points=AXIS_SIZE)
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.tick_params(axis="y", labelsize=c.size(LEGEND_SIZE))
    axis.grid(axis="y", color=c.tone(RULE), linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)


def _draw_map(axis: Axes, c: Canvas, mean: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    """Cells as strong as their means; in each the mean in percent, and its interval as a bar on a scale across it."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("", [c.ground, c.marks["probability"].colour])
    axis.imshow(mean, vmin=0, vmax=1, aspect="auto", cmap=shades)
    for (row, column), value in np.ndenumerate(mean):
        ink = ink_on(shades(value))
        axis.text(column, row - 0.08, f"{value:.0%}", ha="center", va="center", fontsize=c.size(LEGEND_SIZE), color=ink)
        ends = [column - 0.42 + 0.84 * end for end in (lower[row, column], upper[row, column])]
        axis.plot(ends, [row + 0.32] * 2, color=ink, linewidth=1.8, solid_capstyle="butt")
    axis.set_xticks(np.arange(mean.shape[1] + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(mean.shape[0] + 1) - 0.5, minor=True)
    axis.grid(which="minor", color=c.ground, linewidth=1.0)
    axis.tick_params(which="both", length=0)
    axis.spines[:].set_visible(False)
