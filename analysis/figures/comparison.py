"""Numbers compared, one below the other, with their intervals: changes, gains, and models behind the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import ACCENT, COLOURS, GREY, INK, MUTED, RULE
from .percent import points

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ...common.figure_style import ShownFigure

#: What an axis of changes counts.
CHANGE = "change of the probability"
#: Inches of a row, of a line of its label beyond the first, of the heading of a group, and of the edges.
_ROW, _LINE, _HEADING, _EDGES = 0.38, 0.17, 0.3, 0.75


def intervals_figure(
    rows: Sequence[Mapping[str, Any]],
    unit: str,
    look: Mapping[str, Any] | None = None,
    *,
    band: float = 0.0,
    noted: str = "",
) -> ShownFigure:
    """Numbers one below the other, each with its interval.

    Parameters
    ----------
    rows
        One a number: ``name``, ``label``, ``mean``, ``lower``, ``upper``; and where it has them ``quarter`` and
        ``three_quarters``, drawn thick; ``group``, under which rows that follow each other stand; ``strong``, for what
        is the answer; ``colour``, else one of that; ``hollow``, for what is not told from zero; and ``note``, to the
        right.
    unit
        What the axis counts.
    look
        As `servanda.common.canvas.Look`.
    band
        A change of less to either side is too small to matter, and is shaded.
    noted
        Heading of the notes.
    """
    names = {row["name"]: row["label"] for row in rows}
    colours = {row["name"]: row.get("colour") or (ACCENT if row.get("strong") else GREY) for row in rows}
    with canvas(look, names, colours=colours) as c:
        labels = c.side(c.labels[row["name"]] for row in rows)
        heads = [_head(rows, place) for place in range(len(rows))]
        heights = [
            _ROW + _LINE * label.count("\n") + (_HEADING if head else 0)
            for label, head in zip(labels, heads, strict=True)
        ]
        (axes,) = c.panels([sum(heights) + _EDGES])
        axes.axvline(0.0, color=c.tone(MUTED), linewidth=1.0, zorder=1)
        if band:
            axes.axvspan(-band, band, color=c.tone(RULE), alpha=0.6, linewidth=0, zorder=0)
        places, top = [], 0.0
        for row, head, height in zip(rows, heads, heights, strict=True):
            if head:
                _write(axes, c, -0.02, top + _HEADING / 2, head, 9, ha="right", weight="bold")
            places.append(top + (_HEADING if head else 0) + (height - (_HEADING if head else 0)) / 2)
            _draw_row(axes, c, row, places[-1])
            if "note" in row:
                _write(axes, c, 1.02, places[-1], row["note"], ha="left")
            top += height
        if noted:
            _write(axes, c, 1.02, -_ROW / 3, noted, ha="left")
        c.rows_axis(axes, places, (c.labels[row["name"]] for row in rows))
        axes.set_ylim(top, -0.05 if not noted else -_ROW / 2)
        c.axis_title(axes, unit)
    return figure_of([axes])


def comparison_figure(
    table: pd.DataFrame,
    *,
    unit: str,
    errors: float,
    weight: str = "weight",
    axis: str | None = None,
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """How far each model is behind the best, with standard errors of the difference, and its weight.

    Parameters
    ----------
    table
        One row a model, best first: ``title``, ``behind`` (the best, in expected log predictive density), ``error``,
        ``weight``, and whether the data tell it ``apart`` from the best; those are drawn in another colour, and the
        others hollow.
    unit
        What was left out at a time.
    errors
        How many standard errors are drawn to each side.
    weight
        What stands over the weights.
    axis
        What stands under the axis, instead of what is measured, by `unit` and `errors`.
    look
        As `servanda.common.canvas.Look`; names are those of models.
    """
    rows = [
        {
            "name": str(name),
            "label": row["title"],
            "mean": -row["behind"],
            "lower": -row["behind"] - errors * row["error"],
            "upper": -row["behind"] + errors * row["error"],
            "colour": INK if place == 0 else COLOURS[1] if row["apart"] else COLOURS[0],
            "hollow": place > 0 and not row["apart"],
            "note": f"{row['weight']:.2f}",
        }
        for place, (name, row) in enumerate(zip(table.index, table.to_dict("records"), strict=True))
    ]
    measured = f"expected log predictive density against the best, {unit} by {unit}, ± {errors:g} standard errors"
    return intervals_figure(rows, measured if axis is None else axis, look, noted=weight)


def change_row(change: Any, name: str, **more: Any) -> dict[str, Any]:
    """Row of a change of a probability, with its number in points.

    Parameters
    ----------
    change
        A `servanda.analysis.Change`.
    name
        Of the row, and its label.
    more
        What else is said of it.
    """
    ends = {key: getattr(change, key) for key in ("mean", "lower", "upper", "quarter", "three_quarters")}
    low, mean, high = (points(ends[key]) for key in ("lower", "mean", "upper"))
    return {"name": name, "label": name, **ends, "note": f"{mean}\n{low} to {high}", **more}


def _head(rows: Sequence[Mapping[str, Any]], place: int) -> str:
    """Heading above a row, where its group is another than that of the row before."""
    group = rows[place].get("group", "")
    return group if place == 0 or rows[place - 1].get("group", "") != group else ""


def _write(axes: Axes, c: Canvas, x: float, y: float, text: str, points: float = 9.5, **how: Any) -> None:
    colour, size = c.tone(MUTED), c.size(points)
    axes.text(x, y, text, color=colour, fontsize=size, va="center", transform=axes.get_yaxis_transform(), **how)


def _draw_row(axes: Axes, c: Canvas, row: Mapping[str, Any], y: float) -> None:
    mark = c.marks[row["name"]]
    axes.hlines(y, row["lower"], row["upper"], color=mark.colour, linewidth=1.6, zorder=2)
    if "quarter" in row:
        axes.hlines(y, row["quarter"], row["three_quarters"], color=mark.colour, linewidth=4.5, zorder=2)
    face = c.ground if row.get("hollow") else mark.colour
    edge = mark.colour if row.get("hollow") else c.tone(INK) if row.get("strong") else c.ground
    axes.plot([row["mean"]], [y], "o", color=mark.colour, markerfacecolor=face, markeredgecolor=edge, zorder=3)
