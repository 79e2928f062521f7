"""Sweeps as figures: lines with bands over one axis, heat maps over two, small multiples over three."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.figure_style import ACCENT, AXIS_SIZE, FILL, INK, LEGEND_SIZE, MUTED, RULE, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches: of a cell, of what stands beside the cells, and of a figure over one axis.
_CELL, _LEFT, _BELOW, _LINE = (0.62, 0.44), 1.3, 1.5, (4.6, 3.0)
#: Letters of a title to an inch, and panels side by side.
_LETTERS, _ACROSS = 12, 2
#: A mean above this is written in white.
_DARK = 0.55


def sweep_figure(
    labels: Mapping[str, Sequence[str]],
    mean: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    *,
    title: str = "",
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """One probability in every combination of up to three axes.

    Parameters
    ----------
    labels
        Axis -> its labels.
    mean, lower, upper
        Of each combination, an axis for each of `labels`.
    title
        Above the figure.
    ax
        Where to draw, over one axis or two; a figure of its own by default.
    figsize
        Inches.
    """
    with styled():
        if len(mean.shape) < 2:
            figure, (axis,) = _room(ax, figsize or _LINE, 1)
            _draw_line(axis, labels, mean, lower, upper)
        else:
            names = list(labels)
            # A panel for each label of the shortest axis, and the longest from left to right.
            order = sorted(range(len(names)), key=lambda place: (len(labels[names[place]]), -place))
            if len(order) == 2:
                order = [-1, *order]
            panels, rows, columns = order
            split = [labels[names[panels]]] if panels >= 0 else [[""]]
            width, height = (len(labels[names[place]]) for place in (columns, rows))
            across = min(_ACROSS, len(split[0]))
            size = (
                _LEFT + across * (0.2 + _CELL[0] * width),
                0.5 + math.ceil(len(split[0]) / across) * (_BELOW + _CELL[1] * height),
            )
            figure, axes = _room(ax, figsize or size, len(split[0]))
            kept = [place for place in (panels, rows, columns) if place >= 0]
            arranged = [values.transpose(kept).reshape(-1, height, width) for values in (mean, lower, upper)]
            for number, (axis, label) in enumerate(zip(axes, split[0], strict=True)):
                _draw_map(axis, *(values[number] for values in arranged))
                axis.set_xticks(range(width), labels[names[columns]], fontsize=LEGEND_SIZE, rotation=45, ha="right")
                axis.set_yticks(
                    range(height), labels[names[rows]] if number % across == 0 else [], fontsize=LEGEND_SIZE
                )
                axis.set_xlabel(names[columns], color=MUTED, fontsize=AXIS_SIZE)
                if number % across == 0:
                    axis.set_ylabel(names[rows], color=MUTED, fontsize=AXIS_SIZE)
                if panels >= 0:
                    axis.set_title(f"{names[panels]} = {label}", fontsize=AXIS_SIZE, color=MUTED)
        wide = (figure if ax is None else ax).get_window_extent().width / figure.dpi
        head = textwrap.fill(title, max(20, int(_LETTERS * wide)))
        if ax is None:
            figure.suptitle(head, fontsize=AXIS_SIZE, color=INK)
        else:
            ax.set_title(head, fontsize=AXIS_SIZE, color=INK)
    return figure


def _room(ax: Axes | None, size: tuple[float, float], panels: int) -> tuple[Any, list[Axes]]:
    """A figure and axes to draw on, row by row."""
    if ax is not None:
        return ax.get_figure(root=True), [ax]
    figure = new_figure(figsize=size, layout="constrained")
    across = min(_ACROSS, panels)
    places = figure.subplots(math.ceil(panels / across), across, squeeze=False).ravel()
    for spare in places[panels:]:
        spare.set_axis_off()
    return figure, [*places[:panels]]


def _draw_line(
    axis: Axes, labels: Mapping[str, Sequence[str]], mean: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> None:
    """Means joined by a line, intervals by a band and, at each label, a bar."""
    (name, own), *_ = [*labels.items(), ("", [""])]
    x = range(len(own))
    mean, lower, upper = (np.reshape(values, -1) for values in (mean, lower, upper))
    axis.fill_between(x, lower, upper, color=FILL, linewidth=0)
    axis.vlines(x, lower, upper, color=ACCENT, linewidth=0.8)
    axis.plot(x, mean, "o-", color=ACCENT, linewidth=1.6, markersize=4)
    axis.set_xticks(x, own, fontsize=LEGEND_SIZE)
    axis.set_xlabel(name, color=MUTED, fontsize=AXIS_SIZE)
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.tick_params(axis="y", labelsize=LEGEND_SIZE)
    axis.grid(axis="y", color=RULE, linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)


def _draw_map(axis: Axes, mean: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    """Cells as dark as their means; in each the mean in percent, and its interval as a bar on a scale across it."""
    from matplotlib.colors import LinearSegmentedColormap

    axis.imshow(mean, vmin=0, vmax=1, aspect="auto", cmap=LinearSegmentedColormap.from_list("", ["#ffffff", ACCENT]))
    for (row, column), value in np.ndenumerate(mean):
        ink = "#ffffff" if value > _DARK else INK
        axis.text(column, row - 0.08, f"{value:.0%}", ha="center", va="center", fontsize=LEGEND_SIZE, color=ink)
        ends = [column - 0.42 + 0.84 * end for end in (lower[row, column], upper[row, column])]
        axis.plot(ends, [row + 0.32] * 2, color=ink, linewidth=1.8, solid_capstyle="butt")
    axis.set_xticks(np.arange(mean.shape[1] + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(mean.shape[0] + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="#ffffff", linewidth=1.0)
    axis.tick_params(which="both", length=0)
    axis.spines[:].set_visible(False)
