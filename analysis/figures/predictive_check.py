"""The record's own summaries as a figure: what draws imply, and what was seen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.figure_style import ACCENT, ALARM, AXIS_SIZE, COLOURS, INK, LEGEND_SIZE, MUTED, RULE, new_figure, styled
from .panel import tops
from .svg import pixel_canvas, svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def summaries_figure(table: pd.DataFrame, outcome: str) -> Figure:
    """Shares of an outcome, a row a group: an interval for what draws imply, a diamond for what was seen.

    Parameters
    ----------
    table
        One row a group, indexed by what the cases are split by and its state (empty for all of them): ``cases``,
        share ``seen``, and ``implied`` with ``lower`` and ``upper``.
    outcome
        What is counted, in words.
    """
    with styled():
        figure = new_figure(figsize=(7.2, 0.26 * len(table) + 1.2), layout="constrained")
        axis = figure.add_subplot()
        labels, place, before = [], 0.0, None
        places = []
        for (by, state), row in table.iterrows():  # type: ignore[misc]
            place += 0.5 if before not in (None, by) else 0.0
            first = before is None
            axis.plot([row["lower"], row["upper"]], [place, place], color=COLOURS[0], linewidth=2)
            axis.plot(
                [row["implied"]], [place], "o", color=COLOURS[0], markersize=5, label="implied" if first else None
            )
            axis.plot([row["seen"]], [place], "D", color=INK, markersize=5, label="seen" if first else None)
            labels.append(f"{by} = {state} ({row['cases']:.0f})" if state else f"all cases ({row['cases']:.0f})")
            places.append(place)
            place, before = place + 1.0, by
        axis.set_yticks(places, labels, fontsize=8.5)
        axis.set_ylim(place - 0.4, -0.6)
        axis.set_xlim(0, 1)
        axis.set_xlabel(outcome, color=MUTED, fontsize=AXIS_SIZE)
        axis.grid(axis="x", color=RULE, linewidth=0.6)
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=LEGEND_SIZE)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(left=False)
    return figure


#: Pixels: of what is drawn, as wide as a telephone shows it, of its edge, and of a line of text.
_PAGE, _MARGIN, _LINE = 318, 6, 15


def shares_svg(rows: Sequence[Mapping[str, Any]], *, name: str, said: str = "") -> str:
    """Shares of an outcome in the record against what a fit implies, as an ``svg`` element for a page.

    Parameters
    ----------
    rows
        One a group: ``label``, ``said`` (both in words), ``lower``, ``upper``, ``seen``, ``inside``.
    name
        Of the figure.
    said
        What it shows, for who cannot see it.
    """
    with styled():
        return svg(shares_panel(rows), f"predictive-{name}", said or "; ".join(row["label"] for row in rows))


def shares_panel(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Figure of `shares_svg`: a line for what is implied, a diamond for what was seen, on a scale from 0 to 100 %."""
    labels = [textwrap.wrap(row["label"], 32) or [""] for row in rows]
    edges = tops([_LINE * len(words) + 14 for words in labels], start=2)
    figure, axes = pixel_canvas(_PAGE + 2 * _MARGIN, edges[-1] + 20, left=-_MARGIN)
    axes.vlines([0, _PAGE / 2, _PAGE], edges[0], edges[-1], color=RULE, linewidth=0.8, zorder=0)
    for row, words, top in zip(rows, labels, edges, strict=False):
        for place, line in enumerate(words):
            axes.text(0, top + 11 + _LINE * place, line, fontsize=11, color=INK)
        axes.text(_PAGE, top + 11, row["said"], fontsize=11, color=INK if row["inside"] else ALARM, ha="right")
        y, colour = top + _LINE * len(words) + 5, ACCENT if row["inside"] else ALARM
        axes.hlines(y, _PAGE * row["lower"], _PAGE * row["upper"], color=colour, linewidth=3.0, alpha=0.5, zorder=2)
        axes.plot([_PAGE * row["seen"]], [y], marker="D", markersize=5.5, color=colour, zorder=3)
    for share, alignment in ((0, "left"), (50, "center"), (100, "right")):
        axes.text(
            _PAGE * share / 100, edges[-1] + 13, f"{share}\N{NO-BREAK SPACE}%", fontsize=11, color=MUTED, ha=alignment
        )
    return figure
