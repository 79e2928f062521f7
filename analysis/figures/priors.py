"""Figures of answers under several priors: side by side, and along the path from one to another."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .figures import COLOURS, FAINT, INK, MUTED, RULE, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...models.questions.quantity import Quantity
    from ..sensitivity.flip_point import FlipPath
    from ..sensitivity.panel import MixedAnswer
    from ..sensitivity.reweighted import Answer

#: Inches.
_WIDTH, _ROW, _GAP, _EDGES = 7.6, 0.24, 0.3, 1.0


class Shown(Protocol):
    """Answers by question and by name."""

    @property
    def titles(self) -> Mapping[str, str]:
        """Name -> title, in order."""
        ...

    @property
    def questions(self) -> Mapping[str, Quantity]:
        """What was asked."""
        ...

    @property
    def answers(self) -> Mapping[str, Mapping[str, Answer | MixedAnswer]]:
        """Question -> name -> answer."""
        ...


def priors_comparison_figure(comparison: Shown, rings: Mapping[str, Mapping[str, float]] | None = None) -> Figure:
    """Draw every answer under every name: a point for the mean, a line for the 90 % interval.

    Probabilities and differences have a panel each. Answers whose weights cannot be trusted are hollow and faint.

    Parameters
    ----------
    comparison
        What is shown.
    rings
        Question -> name -> what the panel's mean is without that expert.
    """
    from matplotlib.figure import Figure

    chances = [label for label, one in comparison.questions.items() if not one.is_difference]
    panels = [part for part in (chances, [q for q in comparison.answers if q not in chances]) if part]
    heights = [len(part) * (len(comparison.titles) * _ROW + _GAP) for part in panels]
    with styled():
        figure = Figure(figsize=(_WIDTH, sum(heights) + _EDGES * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for number, (axis, part) in enumerate(zip(axes, panels, strict=True)):
            _rows(axis, comparison, part, rings or {})
            axis.set_xlabel("probability" if part is chances else "difference in probability", color=MUTED, fontsize=9)
            if number == 0:
                axis.legend(
                    loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=8.5, handletextpad=0.2
                )
    return figure


def _rows(axis: Axes, comparison: Shown, questions: list[str], rings: Mapping[str, Mapping[str, float]]) -> None:
    colours = dict(zip(comparison.titles, _colours(len(comparison.titles)), strict=True))
    middles, top = [], 0.0
    for question in questions:
        start = top
        for prior in comparison.titles:
            answer = comparison.answers[question][prior]
            s, good = answer.summary, answer.trusted
            colour = colours[prior] if good else FAINT
            axis.plot([s.lower, s.upper], [top, top], color=colour, linewidth=2, solid_capstyle="round")
            label = comparison.titles[prior] if question == questions[0] else None
            face = colour if good else "white"
            axis.plot(
                [s.mean], [top], "o", color=colour, markerfacecolor=face, markersize=5.5, label=label, linestyle="none"
            )
            if prior in rings.get(question, {}):
                label = "the panel without this expert" if top == _ROW else None
                style: dict[str, Any] = {
                    "color": INK,
                    "markerfacecolor": "none",
                    "markersize": 6.5,
                    "linestyle": "none",
                }
                axis.plot([rings[question][prior]], [top], "D", label=label, **style)
            top += _ROW
        middles.append((start + top - _ROW) / 2)
        top += _GAP
    axis.axvline(0.0, color=RULE, linewidth=0.8, zorder=0)
    axis.set_yticks(middles, ["\n".join(textwrap.wrap(question, 34)) for question in questions])
    axis.set_ylim(top - _GAP / 2, -_GAP)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(left=False)


def _colours(number: int) -> list[str]:
    """Ink for the prior of the fit, then the report's colours."""
    return [INK, *(COLOURS[place % len(COLOURS)] for place in range(number - 1))]


def flip_figure(path: FlipPath) -> Figure:
    """Draw an answer along the path, its interval, and a mark where the verdict changes."""
    from matplotlib.figure import Figure

    table = path.table
    with styled():
        figure = Figure(figsize=(_WIDTH, 3.0), layout="constrained")
        axis = figure.add_subplot()
        t = np.asarray(table["t"])
        axis.fill_between(t, table["lower"], table["upper"], color=COLOURS[0], alpha=0.18, linewidth=0)
        axis.plot(t, table["mean"], color=COLOURS[0], linewidth=2)
        bad = ~np.asarray(table["trusted"], bool)
        if bad.any():
            shown = np.where(bad, table["mean"], np.nan)
            axis.plot(t, shown, color="white", linewidth=2.4)
            axis.plot(t, shown, color=FAINT, linewidth=1.5, linestyle=":", label="weights cannot be trusted")
            axis.legend(frameon=False, fontsize=8.5, loc="best")
        for flip in path.flips:
            axis.axvline(flip.at, color=INK, linewidth=0.8, linestyle="--")
            axis.annotate(
                f"{flip.before} → {flip.after}",
                (flip.at, axis.get_ylim()[1]),
                xytext=(3, -2),
                textcoords="offset points",
                va="top",
                fontsize=8,
                color=INK,
                rotation=90,
            )
        axis.set_xlim(0, 1)
        axis.set_xlabel(f"from {path.start} (0) to {path.end} (1)", color=MUTED, fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
    return figure
