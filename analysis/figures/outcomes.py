"""Outcomes as bars of one whole: what would happen in each format, the shares side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.figure_style import BROKEN, IN_PART, INK, KEPT, styled
from .panel import tops
from .percent import percent
from .svg import pixel_canvas, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Pixels: of the bars, of their height; the whole is as wide as a telephone shows it, so that its text is not shrunk.
_WIDTH, _BAR = 330, 24
#: A share narrower than this holds no number.
_LEAST = 0.11
#: Colours of three ordered outcomes, the best first, and of those of any other count.
_THREE = (KEPT, IN_PART, BROKEN)
_OTHERS = (KEPT, "#5d6874", IN_PART, BROKEN)


def outcome_colours(states: Sequence[str]) -> list[str]:
    """Colour of each outcome, the best first."""
    colours = _THREE if len(states) == 3 else _OTHERS
    return [colours[place % len(colours)] for place in range(len(states))]


def outcomes_figure(rows: Sequence[Mapping[str, Any]], states: Sequence[str]) -> Figure:
    """Bars of one whole, one below the other.

    Parameters
    ----------
    rows
        One a format: ``label`` and ``shares``, as many as there are states.
    states
        Names of the outcomes, the best first.
    """
    labels = [textwrap.wrap(row["label"], 44) or [""] for row in rows]
    edges = tops([15 * len(words) + _BAR + 12 for words in labels], start=2)
    with styled():
        figure, axes = pixel_canvas(_WIDTH, edges[-1] + 20 * _legend_lines(states))
        for row, words, top in zip(rows, labels, edges, strict=False):
            _draw_bar(axes, row["shares"], words, top, outcome_colours(states))
        _draw_legend(axes, states, edges[-1])
    return figure


def outcomes_svg(rows: Sequence[Mapping[str, Any]], states: Sequence[str], *, name: str) -> str:
    """Bars of one whole as an ``svg`` element; see `outcomes_figure`."""
    with styled():
        said = "; ".join(f"{row['label']}: {_said(row['shares'], states)}" for row in rows)
        return svg(outcomes_figure(rows, states), f"outcomes-{name}", said)


def _said(shares: Sequence[float], states: Sequence[str]) -> str:
    return ", ".join(f"{state} {percent(share)}" for state, share in zip(states, shares, strict=True))


def _draw_bar(axes: Axes, shares: Sequence[float], words: Sequence[str], top: float, colours: Sequence[str]) -> None:
    for place, line in enumerate(words):
        axes.text(0, top + 11 + 15 * place, line, fontsize=11.5, color=INK)
    left, y = 0.0, top + 15 * len(words) + 2 + _BAR / 2
    for share, colour in zip(shares, colours, strict=True):
        # The gap between two shares is the page's own ground, whatever its colour.
        axes.barh(y, max(share * _WIDTH - 2, 0.5), left=left, height=_BAR, color=colour, linewidth=0)
        if share >= _LEAST:
            dark = colour == IN_PART
            number = percent(share)
            middle, ink = left + share * _WIDTH / 2 - 1, "#111111" if dark else "#fefefe"
            axes.text(middle, y + 4.5, number, fontsize=12, weight="bold", color=ink, ha="center")
        left += share * _WIDTH


def _draw_legend(axes: Axes, states: Sequence[str], top: float) -> None:
    x, line = 0.0, 0
    for state, colour in zip(states, outcome_colours(states), strict=True):
        wide = _legend_width(state)
        if x and x + wide > _WIDTH:
            x, line = 0.0, line + 1
        y = top + 10 + 20 * line
        axes.barh(y, 10, left=x, height=10, color=colour, linewidth=0)
        axes.text(x + 15, y + 4.5, state, fontsize=11.5, color=INK)
        x += wide


def _legend_width(state: str) -> float:
    return 32 + 6.8 * len(state)


def _legend_lines(states: Sequence[str]) -> int:
    x, lines = 0.0, 1
    for state in states:
        wide = _legend_width(state)
        if x and x + wide > _WIDTH:
            x, lines = 0.0, lines + 1
        x += wide
    return lines
