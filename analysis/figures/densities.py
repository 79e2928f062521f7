"""Posterior densities of rival answers, one below the other, over the scale of likelihood words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.figure_style import ACCENT, ALARM, FAINT, FILL, GREY, GREY_FILL, INK, MUTED, RULE, styled
from .panel import WIDTH, draw_interval, draw_label, draw_percent_axis, probability_panel, tops
from .percent import percent, span
from .svg import svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Pixels of a letter in the words of the scale, on average.
_LETTER = 6.2


def densities_svg(
    rows: Sequence[Mapping[str, Any]], bands: Sequence[Mapping[str, Any]], *, name: str, base: str | None = None
) -> str:
    """Densities of the answers to one question, as an ``svg`` element.

    Parameters
    ----------
    rows
        One an answer: ``label``, ``mean``, ``lower``, ``upper``, ``passed`` (its gates) and ``curve`` (``x`` and
        ``density``, empty where there is none to draw).
    bands
        Of the scale of likelihood words, whose borders are drawn: ``word``, ``low``, ``high``.
    name
        Sets the names inside it apart from those of other figures on the page.
    base
        Label of the answer that the others are held against.
    """
    highest = max((max(row["curve"]["density"], default=0.0) for row in rows), default=0.0) or 1.0
    labels = [textwrap.wrap(row["label"], 30) or [""] for row in rows]
    edges = tops([15 * len(lines) + 62 for lines in labels], start=50)
    with styled():
        figure, axes = probability_panel(edges[-1] + 24)
        _draw_borders(axes, bands, 44, edges[-1])
        for row, lines, top in zip(rows, labels, edges, strict=False):
            _draw_ridge(axes, row, lines, top, highest, is_base=row["label"] == base)
        draw_percent_axis(axes, edges[-1])
        said = "; ".join(f"{row['label']}: {percent(row['mean'])} ({span(row['lower'], row['upper'])})" for row in rows)
        return svg(figure, f"density-{name}", f"Posterior density of each format. {said}.")


def _draw_borders(axes: Axes, bands: Sequence[Mapping[str, Any]], top: float, bottom: float) -> None:
    borders = sorted({band["low"] for band in bands} | {band["high"] for band in bands})
    axes.vlines(borders, top, bottom, color=RULE, linewidth=0.8, zorder=0)
    for band in bands:
        words = band["word"].split()
        # A word that is wider than its band would lie over its neighbours: the border stands for it.
        if max(len(word) for word in words) * _LETTER > (band["high"] - band["low"]) * WIDTH:
            continue
        axes.text(
            (band["low"] + band["high"]) / 2,
            top - 3,
            "\n".join(words),
            fontsize=11,
            color=MUTED,
            ha="center",
            va="bottom",
            linespacing=1.05,
        )


def _draw_ridge(
    axes: Axes, row: Mapping[str, Any], lines: Sequence[str], top: float, highest: float, *, is_base: bool
) -> None:
    colour, fill = (GREY, GREY_FILL) if is_base else (ACCENT, FILL)
    draw_label(axes, lines, top)
    numbers = f"{percent(row['mean'])} ({span(row['lower'], row['upper'])})"
    axes.text(
        1,
        top + 11 + 15 * (len(lines) - 1),
        numbers,
        fontsize=11,
        ha="right",
        color=INK if row["passed"] else ALARM,
        weight="bold",
    )
    ground = top + 15 * len(lines) + 44
    x = row["curve"]["x"]
    y = [ground - 38 * density / highest for density in row["curve"]["density"]]
    axes.fill_between(x, y, ground, color=fill, linewidth=0, zorder=1)
    axes.plot(x, y, color=colour, linewidth=1.2, zorder=2)
    axes.hlines(ground, 0, 1, color=FAINT, linewidth=0.6, zorder=2)
    draw_interval(axes, row, ground + 6, colour, width=3.0)
