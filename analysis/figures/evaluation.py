"""Gains of models on held-out cases, and reliability of their forecasts, for a notebook and for a page.

Figures of a page are as wide as a telephone shows them, so that their text is not shrunk.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.figure_style import (
    ACCENT,
    AXIS_SIZE,
    COLOURS,
    GREY,
    GREY_FILL,
    INK,
    MUTED,
    RULE,
    WIDTH,
    new_figure,
    styled,
)
from .panel import tops
from .svg import pixel_canvas, svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches.
_ROW, _EDGES, _SIDE = 0.34, 1.0, 3.3
#: Pixels of a page's figure: what is drawn, its edge, a line of text, the side of a diagram, what stands around it.
_PAGE, _MARGIN, _LINE, _SQUARE, _AXIS = 318, 6, 15, 118, 38


def gains_figure(table: pd.DataFrame, *, by: str, errors: float) -> Figure:
    """Gain of each model over the base rate, around a line at zero.

    Parameters
    ----------
    table
        One row a model: ``title``, ``gain`` and ``error``.
    by
        What was held out at a time.
    errors
        How many standard errors are drawn to each side; models whose gain is beyond them have another colour.
    """
    with styled():
        figure = new_figure(figsize=(WIDTH, _EDGES + _ROW * len(table)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(0.0, color=RULE, linewidth=1.2, zorder=0)
        for place, row in enumerate(table.to_dict("records")):
            sure = abs(row["gain"]) > errors * row["error"]
            axes.errorbar(
                row["gain"],
                place,
                xerr=errors * row["error"],
                color=COLOURS[1] if sure else COLOURS[0],
                marker="o",
                markersize=5,
                linewidth=2,
            )
        axes.set_yticks(range(len(table)), ["\n".join(textwrap.wrap(title, 40)) for title in table["title"]])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlabel(
            f"log score a case over the base rate, held out by {by}, ± {errors:g} standard errors",
            color=MUTED,
            fontsize=AXIS_SIZE,
        )
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    return figure


def reliability_figure(curves: Mapping[tuple[str, str], Any]) -> Figure:
    """Reliability diagrams: what happened against what was foretold, with bands of consistency.

    Parameters
    ----------
    curves
        (Title of the model, what was asked) -> curve with ``p``, ``recalibrated``, ``low``, ``high`` and ``level``. A
        row of diagrams for each question.
    """
    asked = list(dict.fromkeys(question for _, question in curves))
    models = list(dict.fromkeys(model for model, _ in curves))
    with styled():
        figure = new_figure(figsize=(max(WIDTH, _SIDE * len(models)), _SIDE * len(asked)), layout="constrained")
        if len(models) == 1:
            figure.set_size_inches(WIDTH, _SIDE + 0.4)
            grid = figure.subplots(1, len(asked), squeeze=False).T
        else:
            grid = figure.subplots(len(asked), len(models), squeeze=False)
        for row, question in enumerate(asked):
            for column, model in enumerate(models):
                _diagram(grid[row, column], curves[model, question], f"{model}\n{question}")
        figure.supxlabel("foretold", color=MUTED, fontsize=AXIS_SIZE)
        figure.supylabel("happened", color=MUTED, fontsize=AXIS_SIZE)
    return figure


def _diagram(axes: Any, curve: Any, title: str) -> None:
    axes.fill_between(curve.p, curve.low, curve.high, color=GREY_FILL, linewidth=0)
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=1.0)
    axes.plot(curve.p, curve.recalibrated, color=ACCENT, linewidth=1.8)
    # Each forecast is a tick at the foot of its diagram.
    axes.plot(curve.p, [-0.03] * len(curve.p), "|", color=MUTED, markersize=5, markeredgewidth=0.5)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.06, 1.02)
    axes.set_aspect("equal")
    axes.set_title(title, fontsize=AXIS_SIZE, color=INK)
    axes.spines[["top", "right"]].set_visible(False)


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
