"""Elicited priors as a figure: what is said, what was said before, and what was asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .elicit import Elicited

_COLUMNS = 3
_NOW, _BEFORE, _MET, _MISSED = "#1f5f8b", "#b0b0b0", "#222222", "#c0392b"


def elicitation_figure(found: Elicited) -> Figure:
    """One panel a statement: the distribution function now and before, and a mark where it was asked to pass."""
    from matplotlib.figure import Figure

    table = found.table
    columns = min(_COLUMNS, len(found.statements))
    rows = math.ceil(len(found.statements) / columns)
    figure = Figure(figsize=(3.2 * columns + 0.4, 2.5 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes in grid.ravel()[len(found.statements) :]:
        axes.set_visible(False)
    for place, ((label, statement), axes) in enumerate(zip(found.statements.items(), grid.flat, strict=False)):
        for x, colour, name in ((found.before[label], _BEFORE, found.base.name), (found.said[label], _NOW, "now")):
            ordered = np.sort(x)[:: max(1, len(x) // 500)]
            axes.plot(ordered, np.linspace(0, 1, len(ordered)), color=colour, label=name)
        met = table.loc[[label], "met"].to_numpy(bool)
        marks = [_MET if fine else _MISSED for fine in met]
        axes.scatter(statement.values, statement.levels, color=marks, s=22, zorder=3, label="asked")
        low, high = np.quantile(np.concatenate([found.said[label], statement.values]), [0.002, 0.998])
        if low < high:
            axes.set_xlim(min(low, *statement.values), max(high, *statement.values))
        axes.set_title(f"{label}\n{statement.said}", fontsize=8, loc="left", wrap=True)
        axes.tick_params(labelsize=7)
        axes.set_xlabel("times as likely" if statement.against is not None else "probability", fontsize=7)
        if place == 0:
            axes.legend(fontsize=7, frameon=False, loc="lower right")
    for axes in grid[:, 0]:
        axes.set_ylabel("share below", fontsize=8)
    return figure
