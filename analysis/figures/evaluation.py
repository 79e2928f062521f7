"""Gains of models on held-out cases, how reliable forecasts are, and what draws imply of the record, each drawn.

Figures of a page are as wide as a telephone shows them, so that their text is not shrunk.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import (
    ACCENT,
    ALARM,
    COLOURS,
    GREY,
    GREY_FILL,
    INK,
    MUTED,
    RULE,
    WIDTH,
    colour_of,
    styled,
)
from .comparison import intervals_figure
from .panel import tops
from .svg import pixel_canvas, svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...common.figure_style import ShownFigure

#: Inches of a diagram; of a row of summaries, and of their edges.
_SIDE, _ROW, _EDGES = 3.3, 0.27, 1.1
#: Pixels of a page's figure: what is drawn, its edge, a line of text, the side of a diagram, what stands around it.
_PAGE, _MARGIN, _LINE, _SQUARE, _AXIS = 318, 6, 15, 118, 38


def gains_figure(
    table: pd.DataFrame,
    *,
    by: str,
    errors: float,
    own: Collection[str] = (),
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """Gain of each model over the base rate, around a line at zero.

    Parameters
    ----------
    table
        One row a model: ``title``, ``gain`` and ``error``.
    by
        What was held out at a time.
    errors
        How many standard errors are drawn to each side; models whose gain is within them are hollow.
    own
        Models that are the network under a prior set, which have the colour of that set.
    look
        As `servanda.common.canvas.Look`; names are those of models.
    """
    rows = [
        {
            "name": str(name),
            "label": row["title"],
            "mean": row["gain"],
            "lower": row["gain"] - errors * row["error"],
            "upper": row["gain"] + errors * row["error"],
            "colour": colour_of(str(name)) if name in own else GREY,
            "hollow": abs(row["gain"]) <= errors * row["error"],
        }
        for name, row in zip(table.index, table.to_dict("records"), strict=True)
    ]
    said = f"log score a case over the base rate, held out by {by}, ± {errors:g} standard errors"
    return intervals_figure(rows, said, look)


def reliability_figure(curves: Mapping[tuple[str, str], Any], look: Mapping[str, Any] | None = None) -> ShownFigure:
    """Reliability diagrams: what happened against what was foretold, with bands of consistency.

    Parameters
    ----------
    curves
        (Title of the model, what was asked) -> curve with ``p``, ``recalibrated``, ``low``, ``high`` and ``level``. A
        row of diagrams for each question.
    look
        As `servanda.common.canvas.Look`; names are those of models.
    """
    asked = list(dict.fromkeys(question for _, question in curves))
    models = list(dict.fromkeys(model for model, _ in curves))
    with canvas(look, {model: model for model in models}) as c:
        if len(models) == 1:
            wide = min(WIDTH, _SIDE * len(asked))
            grid = c.grid(1, len(asked), wide, [min(c.width, wide) / len(asked) + 0.5]).T
        else:
            wide = max(WIDTH, _SIDE * len(models))
            grid = c.grid(len(asked), len(models), wide, [wide / len(models)] * len(asked))
        for row, question in enumerate(asked):
            for column, model in enumerate(models):
                _diagram(grid[row, column], c, curves[model, question], model, question, grid.shape[1])
    return figure_of(grid.flat)


def summaries_figure(table: pd.DataFrame, outcome: str, look: Mapping[str, Any] | None = None) -> ShownFigure:
    """Shares of an outcome, a row a group: an interval for what draws imply, a diamond for what was seen.

    Parameters
    ----------
    table
        One row a group, indexed by what the cases are split by and its state (empty for all of them): ``cases``,
        share ``seen``, and ``implied`` with ``lower`` and ``upper``.
    outcome
        What is counted, in words.
    look
        As `servanda.common.canvas.Look`; names are ``implied`` and ``seen``.
    """
    names = {"implied": "implied", "seen": "seen"}
    with canvas(look, names, colours={"implied": COLOURS[0], "seen": INK}) as c:
        implied, seen = c.marks["implied"].colour, c.marks["seen"].colour
        (axes,) = c.panels([_ROW * len(table) + _EDGES])
        labels, places, place, before = [], [], 0.0, None
        for (by, state), row in table.iterrows():  # type: ignore[misc]
            place += 0.5 if before not in (None, by) else 0.0
            named = c.labels if before is None else dict.fromkeys(names)
            axes.plot([row["lower"], row["upper"]], [place, place], color=implied, linewidth=2)
            axes.plot([row["implied"]], [place], "o", color=implied, markersize=5, label=named["implied"])
            axes.plot([row["seen"]], [place], "D", color=seen, markersize=5, label=named["seen"])
            labels.append(f"{by} = {state} ({row['cases']:.0f})" if state else f"all cases ({row['cases']:.0f})")
            places.append(place)
            place, before = place + 1.0, by
        c.rows_axis(axes, places, labels)
        axes.set_ylim(place - 0.4, -0.6)
        axes.set_xlim(0, 1)
        c.axis_title(axes, outcome)
        axes.grid(axis="x", color=c.tone(RULE), linewidth=0.6)
        axes.set_axisbelow(True)
        c.legend(axes, 2)
    return figure_of([axes])


def _diagram(axes: Axes, c: Canvas, curve: Any, model: str, question: str, columns: int) -> None:
    colour = c.marks[model].colour
    axes.fill_between(curve.p, curve.low, curve.high, color=c.tone(GREY_FILL), linewidth=0)
    axes.plot([0, 1], [0, 1], color=c.tone(MUTED), linewidth=1.0)
    axes.plot(curve.p, curve.recalibrated, color=colour, linewidth=1.8)
    # Each forecast is a tick at the foot of its diagram.
    axes.plot(curve.p, [-0.03] * len(curve.p), "|", color=c.tone(MUTED), markersize=5, markeredgewidth=0.5)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.06, 1.02)
    axes.set_aspect("equal")
    head = "\n".join(c.wrap(text, 0.8 * c.width / max(columns, 2), 9) for text in (c.labels[model], question))
    axes.set_title(head, fontsize=c.size(9), color=c.tone(INK))
    axes.spines[["top", "right"]].set_visible(False)
    c.axis_title(axes, "foretold")
    c.axis_title(axes, "happened", side="y")


def gains_svg(
    rows: Sequence[Mapping[str, Any]], *, name: str, sides: tuple[str, str] = ("worse", "better"), said: str = ""
) -> str:
    """Gains over the base rate around a line at zero, as an ``svg`` element for a page.

    Parameters
    ----------
    rows
        One a model: ``label``, ``gain``, ``error``, ``said`` (both in words), and ``strong`` for the one that is
        reported.
    name
        Of the figure.
    sides
        What either side of the line is called.
    said
        What it shows, for who cannot see it.
    """
    with styled():
        return svg(gains_panel(rows, sides), f"gains-{name}", said or "; ".join(row["label"] for row in rows))


def gains_panel(rows: Sequence[Mapping[str, Any]], sides: tuple[str, str]) -> Figure:
    """Figure of `gains_svg`: a point for each gain, and two standard errors to each side."""
    labels = [textwrap.wrap(row["label"], 30) or [""] for row in rows]
    edges = tops([_LINE * len(words) + 16 for words in labels], start=2)
    reach = 1.04 * max((abs(row["gain"]) + 2 * row["error"] for row in rows), default=1.0)
    figure, axes = pixel_canvas(_PAGE + 2 * _MARGIN, edges[-1] + 22)
    axes.set_xlim(-reach * (1 + 2 * _MARGIN / _PAGE), reach * (1 + 2 * _MARGIN / _PAGE))
    axes.vlines(0, edges[0], edges[-1], color=MUTED, linewidth=1.0, zorder=1)
    for row, words, top in zip(rows, labels, edges, strict=False):
        strong = bool(row.get("strong"))
        for place, line in enumerate(words):
            weight = "bold" if strong else "normal"
            axes.text(-reach, top + 11 + _LINE * place, line, fontsize=11, color=INK, weight=weight)
        axes.text(reach, top + 11, row["said"], fontsize=11, color=INK, ha="right")
        y, colour = top + _LINE * len(words) + 5, ACCENT if strong else GREY
        ends = (row["gain"] - 2 * row["error"], row["gain"] + 2 * row["error"])
        axes.hlines(y, *ends, color=colour, linewidth=2.2, alpha=0.6, zorder=3)
        axes.plot([row["gain"]], [y], marker="o", markersize=7, color=colour, zorder=4)
    axes.text(-reach, edges[-1] + 16, f"\N{LEFTWARDS ARROW} {sides[0]}", fontsize=11, color=MUTED)
    axes.text(reach, edges[-1] + 16, f"{sides[1]} \N{RIGHTWARDS ARROW}", fontsize=11, color=MUTED, ha="right")
    return figure


def reliability_svg(
    curves: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    name: str,
    axes_titles: tuple[str, str] = ("foretold", "happened"),
    said: str = "",
) -> str:
    """Reliability diagrams side by side, as an ``svg`` element for a page.

    Parameters
    ----------
    curves
        What was asked -> ``p`` in order, ``recalibrated``, ``low`` and ``high``, as `reliability_figure` takes them.
    name
        Of the figure.
    axes_titles
        What is foretold, and what happened.
    said
        What it shows, for who cannot see it.
    """
    with styled():
        return svg(reliability_panel(curves, axes_titles), f"reliability-{name}", said or "; ".join(curves))


def reliability_panel(
    curves: Mapping[str, Mapping[str, Sequence[float]]], axes_titles: tuple[str, str] = ("foretold", "happened")
) -> Figure:
    """Figure of `reliability_svg`: shares of what happened at each forecast, and where right forecasts would lie."""
    figure, axes = pixel_canvas(_PAGE + 2 * _MARGIN, 22 + _SQUARE + _AXIS, left=-_MARGIN)
    for place, (asked, curve) in enumerate(curves.items()):
        _page_diagram(axes, curve, asked, axes_titles, 32.0 + place * (_PAGE + _MARGIN) / 2, 22.0)
    return figure


def _page_diagram(
    axes: Axes, curve: Mapping[str, Sequence[float]], title: str, axes_titles: tuple[str, str], left: float, top: float
) -> None:
    def across(x: Any) -> list[float]:
        return [left + _SQUARE * float(one) for one in x]

    def down(y: Any) -> list[float]:
        return [top + _SQUARE * (1 - float(one)) for one in y]

    x, ends = across(curve["p"]), (0.0, 1.0)
    axes.fill_between(x, down(curve["low"]), down(curve["high"]), color=GREY_FILL, linewidth=0)
    axes.plot(across(ends), down(ends), color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.plot(x, down(curve["recalibrated"]), color=ACCENT, linewidth=1.8)
    axes.plot(x, [top + _SQUARE + 3] * len(x), "|", color=MUTED, markersize=4, markeredgewidth=0.4)
    axes.hlines(top + _SQUARE, left, left + _SQUARE, color=MUTED, linewidth=0.8)
    axes.vlines(left, top, top + _SQUARE, color=MUTED, linewidth=0.8)
    axes.text(left, top - 7, title, fontsize=11, color=INK, weight="bold")
    for share, said in ((0.0, "0"), (1.0, "100\N{NO-BREAK SPACE}%")):
        axes.text(
            across([share])[0], top + _SQUARE + 18, said, fontsize=11, color=MUTED, ha="right" if share else "left"
        )
    axes.text(left + _SQUARE / 2, top + _SQUARE + 32, axes_titles[0], fontsize=11, color=MUTED, ha="center")
    axes.text(
        left - 5, top + _SQUARE / 2, axes_titles[1], fontsize=11, color=MUTED, ha="right", va="center", rotation=90
    )


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
