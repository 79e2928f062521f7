"""Elicited priors as a figure: what they say, what they said before, and what was asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...common.figure_style import BEFORE, MET, MISSED, NOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


def elicitation_figure(panels: Sequence[Panel], base: str) -> Figure:
    """Distribution functions now and before, a panel a statement, with marks where they were asked to pass.

    Parameters
    ----------
    panels
        In the order drawn.
    base
        Name of the priors that were started from.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(3.2 * columns + 0.4, 2.5 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes in grid.ravel()[len(panels) :]:
        axes.set_visible(False)
    for panel, axes in zip(panels, grid.flat, strict=False):
        _draw(axes, panel, base)
    grid[0, 0].legend(fontsize=7, frameon=False, loc="lower right")
    for axes in grid[:, 0]:
        axes.set_ylabel("share below", fontsize=8)
    return figure


def _draw(axes: Axes, panel: Panel, base: str) -> None:
    for x, colour, name in ((panel.before, BEFORE, base), (panel.now, NOW, "now")):
        ordered = np.sort(x)[:: max(1, len(x) // 500)]
        axes.plot(ordered, np.linspace(0, 1, len(ordered)), color=colour, label=name)
    marks = [MET if fine else MISSED for fine in panel.met]
    axes.scatter(panel.values, panel.levels, color=marks, s=22, zorder=3, label="asked")
    low, high = np.quantile(np.concatenate([panel.now, panel.values]), [0.002, 0.998])
    if low < high:
        axes.set_xlim(min(low, *panel.values), max(high, *panel.values))
    axes.set_title(panel.title, fontsize=8, loc="left", wrap=True)
    axes.tick_params(labelsize=7)
    axes.set_xlabel(panel.unit, fontsize=7)
