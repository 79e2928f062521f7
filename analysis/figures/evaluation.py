"""Gains of models on held-out cases, and reliability of their forecasts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...common.figure_style import ACCENT, AXIS_SIZE, COLOURS, GREY_FILL, INK, MUTED, RULE, WIDTH, new_figure, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Inches.
_ROW, _EDGES, _SIDE = 0.34, 1.0, 3.3


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
