"""The record's own summaries as a figure: what draws imply, and what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...common.figure_style import AXIS_SIZE, COLOURS, INK, LEGEND_SIZE, MUTED, RULE, new_figure, styled

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
