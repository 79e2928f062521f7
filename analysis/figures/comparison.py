"""The figure of a comparison of models: how far each is behind the best."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ..evaluation.models import SURE
from .figures import COLOURS, FAINT, INK, MUTED, RULE, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..evaluation.models import Comparison

#: Inches.
_WIDTH, _ROW, _EDGES = 7.6, 0.42, 1.15


def comparison_figure(comparison: Comparison) -> Figure:
    """Draw how far each model is behind the best, with two standard errors of the difference, and its weight.

    Parameters
    ----------
    comparison
        From `servanda.analysis.compare_models`.

    Returns
    -------
    Figure
        Of matplotlib; models that the data tell apart from the best are drawn in another colour.
    """
    from matplotlib.figure import Figure

    table = comparison.table
    with styled():
        figure = Figure(figsize=(_WIDTH, _EDGES + _ROW * len(table)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(0.0, color=RULE, linewidth=0.8, zorder=0)
        for place, row in enumerate(table.to_dict("records")):
            colour = INK if place == 0 else COLOURS[1] if row["apart"] else COLOURS[0]
            axes.errorbar(
                -row["behind"],
                place,
                xerr=SURE * row["error"] or None,
                color=colour,
                marker="o",
                markersize=6,
                linewidth=2,
            )
            axes.text(
                1.02,
                place,
                f"{row['weight']:.2f}",
                color=INK if row["weight"] >= 0.01 else FAINT,
                va="center",
                fontsize=9.5,
                transform=axes.get_yaxis_transform(),
            )
        axes.text(1.02, -0.9, "weight", color=MUTED, va="center", fontsize=9, transform=axes.get_yaxis_transform())
        axes.set_yticks(range(len(table)), ["\n".join(textwrap.wrap(title, 34)) for title in table["title"]])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlabel(
            f"expected log predictive density against the best, {comparison.unit} by {comparison.unit}, "
            f"± {SURE:g} standard errors",
            color=MUTED,
            fontsize=9,
        )
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    return figure
