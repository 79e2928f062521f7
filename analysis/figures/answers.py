"""An answer as densities: one for each state, one below the other on the same scale, so that none hides another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...common.figure_style import ShownFigure

#: Inches of a row and of the edges; how much of a row the highest density takes.
_ROW, _EDGES, _PEAK = 0.62, 0.7, 0.62


def states_figure(
    rows: Sequence[Mapping[str, Any]],
    unit: str,
    look: Mapping[str, Any] | None = None,
    *,
    limits: tuple[float, float] | None = None,
) -> ShownFigure:
    """Density of each state, with its mean and interval.

    Parameters
    ----------
    rows
        One a state (of a case): ``name``, ``label``, ``colour``, ``mean``, ``lower``, ``upper``, ``number`` (in words)
        and ``curve`` (``x`` and ``density``, empty where there is none to draw); where it has them ``single_lower`` and
        ``single_upper``, drawn as a thin line.
    unit
        What the axis counts.
    look
        As `servanda.common.canvas.Look`; names are those of the rows.
    limits
        Ends of the axis.
    """
    names = {row["name"]: row["label"] for row in rows}
    highest = max((max(row["curve"][1], default=0.0) for row in rows), default=0.0) or 1.0
    with canvas(look, names, colours={row["name"]: row["colour"] for row in rows}) as c:
        (axes,) = c.panels([_ROW * len(rows) + _EDGES])
        for place, row in enumerate(rows):
            _draw_row(axes, c, row, place, highest)
        c.rows_axis(axes, [place - 0.1 for place in range(len(rows))], (c.labels[name] for name in names))
        axes.set_ylim(len(rows) - 0.7, -0.95)
        if limits:
            axes.set_xlim(*limits)
        c.axis_title(axes, unit)
    return figure_of([axes])


def _draw_row(axes: Axes, c: Canvas, row: Mapping[str, Any], place: int, highest: float) -> None:
    mark, (x, density) = c.marks[row["name"]], row["curve"]
    top = [place - _PEAK * each / highest for each in density]
    axes.fill_between(x, top, place, color=mark.colour, alpha=0.35, linewidth=0, zorder=1)
    axes.plot(x, top, color=mark.colour, linewidth=1.2, zorder=2)
    axes.axhline(place, color=c.tone(FAINT), linewidth=0.6, zorder=1)
    if "single_lower" in row:
        axes.hlines(place + 0.14, row["single_lower"], row["single_upper"], color=mark.colour, linewidth=0.9, zorder=2)
    axes.hlines(place + 0.14, row["lower"], row["upper"], color=mark.colour, linewidth=2.6, zorder=2)
    axes.plot([row["mean"]], [place + 0.14], mark.marker, color=mark.colour, markeredgecolor=c.ground, zorder=3)
    axes.text(
        1.02,
        place - 0.1,
        row["number"],
        fontsize=c.size(9.5),
        color=c.tone(INK),
        va="center",
        transform=axes.get_yaxis_transform(),
    )
