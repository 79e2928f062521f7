"""Changes of a probability around a line at zero: a point for the mean, a thick line for half, a thin one for 90 %."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.figure_style import ACCENT, GREY, INK, MUTED, RULE, styled
from .panel import tops
from .percent import points
from .svg import pixel_canvas, svg, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Pixels: of what is drawn, of its edges, of a line of text, and of the heading of a group. As wide as a telephone
#: shows it, so that its text is not shrunk.
_WIDTH, _MARGIN, _LINE, _HEADING = 318, 6, 16, 22
#: Reach of the axis to either side where all changes are smaller, in probability.
_LEAST = 0.1


def changes_figure(
    rows: Sequence[Mapping[str, Any]], *, sides: tuple[str, str] = ("less", "more"), to: str = "to"
) -> Figure:
    """Changes one below the other, with half and the whole of each interval.

    Parameters
    ----------
    rows
        One a change: ``label``, ``mean``, ``lower``, ``upper``, ``quarter``, ``three_quarters``, ``margin``; and where
        it has them ``group``, under which rows that follow each other stand, and ``strong``, for what is the answer.
    sides
        What either side of the line is called.
    to
        What stands between the ends of an interval.
    """
    labels = [textwrap.wrap(row["label"], 29) for row in rows]
    heads = [_head(rows, place) for place in range(len(rows))]
    heights = [_LINE * len(words) + 18 + (_HEADING if head else 0) for words, head in zip(labels, heads, strict=True)]
    edges = tops(heights, start=4)
    reach = max([_LEAST, *(abs(row[end]) for row in rows for end in ("lower", "upper"))]) * 1.04
    with styled():
        figure, axes = pixel_canvas(_WIDTH + 2 * _MARGIN, edges[-1] + 42)
        axes.set_xlim(-reach * (1 + 2 * _MARGIN / _WIDTH), reach * (1 + 2 * _MARGIN / _WIDTH))
        for row, words, head, top in zip(rows, labels, heads, edges, strict=False):
            _draw_row(axes, row, words, head, top, reach, to)
        _draw_points_axis(axes, edges[-1], reach, sides)
    return figure


def changes_svg(
    rows: Sequence[Mapping[str, Any]], *, name: str, sides: tuple[str, str] = ("less", "more"), to: str = "to"
) -> str:
    """Changes one below the other, as an ``svg`` element; see `changes_figure`."""
    with styled():
        said = "; ".join(f"{row['label']}: {points(row['mean'])} ({_span(row, to)})" for row in rows)
        return svg(changes_figure(rows, sides=sides, to=to), f"changes-{name}", said)


def _head(rows: Sequence[Mapping[str, Any]], place: int) -> str:
    """Heading above a row, where its group is another than that of the row before."""
    group = rows[place].get("group", "")
    return group if place == 0 or rows[place - 1].get("group", "") != group else ""


def _draw_row(
    axes: Axes, row: Mapping[str, Any], words: Sequence[str], head: str, top: float, reach: float, to: str
) -> None:
    if head:
        axes.text(-reach, top + 14, head, fontsize=11, color=MUTED, weight="bold")
        top += _HEADING
    strong = bool(row.get("strong"))
    for place, line in enumerate(words):
        axes.text(-reach, top + 11 + 15 * place, line, fontsize=11, color=INK, weight="bold" if strong else "normal")
    said = f"{points(row['mean'])} ({_span(row, to)})"
    axes.text(reach, top + 11, said, fontsize=11, ha="right", color=INK, weight="bold")
    y, colour = top + _LINE * len(words) + 6, ACCENT if strong else GREY
    # Between the edges of the band a change is too small to matter. Neither it nor the line at zero runs through words.
    strip = (y - 10, y + 11)
    axes.fill_between([-row["margin"], row["margin"]], *strip, color=RULE, alpha=0.45, linewidth=0, zorder=0)
    axes.vlines(0, *strip, color=MUTED, linewidth=1.0, zorder=1)
    axes.hlines(y, row["lower"], row["upper"], color=colour, linewidth=1.8, alpha=0.6, zorder=3)
    axes.hlines(y, row["quarter"], row["three_quarters"], color=colour, linewidth=5.0, alpha=0.6, zorder=3)
    axes.plot([row["mean"]], [y], marker="o", markersize=8, color=colour, markeredgecolor="white", zorder=4)


def _draw_points_axis(axes: Axes, y: float, reach: float, sides: tuple[str, str]) -> None:
    """The axis itself, with its points and what either side means."""
    axes.hlines(y, -reach, reach, color=MUTED, linewidth=0.8)
    step = next(size for size in (0.05, 0.1, 0.2, 0.25, 0.5) if reach / size <= 4 or size == 0.5)
    for number in range(-int(reach / step), int(reach / step) + 1):
        axes.vlines(number * step, y, y + 4, color=MUTED, linewidth=0.8)
        said = points(number * step)
        # At the ends a number stands beside its mark rather than half outside of the figure.
        room = reach * (1 + (2 * _MARGIN - text_width(said, 11)) / _WIDTH)
        axes.text(max(-room, min(number * step, room)), y + 16, said, fontsize=11, color=MUTED, ha="center")
    axes.text(-reach, y + 34, f"← {sides[0]}", fontsize=11, color=MUTED)
    axes.text(reach, y + 34, f"{sides[1]} →", fontsize=11, color=MUTED, ha="right")


def _span(row: Mapping[str, Any], to: str) -> str:
    return f"{points(row['lower'])} {to} {points(row['upper'])}"
