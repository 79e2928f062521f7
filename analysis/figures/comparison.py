"""How far each of some rival models is behind the best, by what they predict of cases left out."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ...common.figure_style import AXIS_SIZE, COLOURS, INK, MUTED, RULE, WIDTH, new_figure, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Inches.
_ROW, _EDGES = 0.42, 1.15


def comparison_figure(
    table: pd.DataFrame, *, unit: str, errors: float, weight: str = "weight", axis: str | None = None
) -> Figure:
    """How far each model is behind the best, with standard errors of the difference, and its weight.

    Parameters
    ----------
    table
        One row a model, best first: ``title``, ``behind`` (the best, in expected log predictive density), ``error``,
        ``weight``, and whether the data tell it ``apart`` from the best; those are drawn in another colour.
    unit
        What was left out at a time.
    errors
        How many standard errors are drawn to each side.
    weight
        What stands over the weights.
    axis
        What stands under the axis, instead of what is measured, by `unit` and `errors`.
    """
    measured = f"expected log predictive density against the best, {unit} by {unit}, ± {errors:g} standard errors"
    with styled():
        figure = new_figure(figsize=(WIDTH, _EDGES + _ROW * len(table)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(0.0, color=RULE, linewidth=0.8, zorder=0)
        for place, row in enumerate(table.to_dict("records")):
            colour = INK if place == 0 else COLOURS[1] if row["apart"] else COLOURS[0]
            axes.errorbar(
                -row["behind"],
                place,
                xerr=errors * row["error"] or None,
                color=colour,
                marker="o",
                markersize=6,
                linewidth=2,
            )
            axes.text(
                1.02,
                place,
                f"{row['weight']:.2f}",
                color=INK if row["weight"] >= 0.01 else MUTED,
                va="center",
                fontsize=9.5,
                transform=axes.get_yaxis_transform(),
            )
        axes.text(
            1.02, -0.9, weight, color=MUTED, va="center", fontsize=AXIS_SIZE, transform=axes.get_yaxis_transform()
        )
        axes.set_yticks(range(len(table)), ["\n".join(textwrap.wrap(title, 34)) for title in table["title"]])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlabel(measured if axis is None else axis, color=MUTED, fontsize=AXIS_SIZE)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    return figure
