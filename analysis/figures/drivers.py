"""Waterfall from a base rate to an answer: one bar a line, each beginning where the one above it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import ACCENT, ALARM, FAINT, INK, MUTED, styled
from .panel import tops
from .percent import percent, points
from .svg import fitted, pixel_canvas, svg, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...common.figure_style import ShownFigure

#: Pixels: of the whole, which is a narrow phone's, of its edges, of letters, of a line of text, and of a bar with its
#: room. Nothing is smaller than 11 on a telephone that shows it a little narrower.
_WIDTH, _MARGIN, _SIZE, _LINE, _BAR = 330, 8, 11.3, 15, 20
#: Room between a label and the number beside it.
_GAP = 10
#: The axis reaches as far as this at the least, in probability.
_LEAST = 0.2
#: Room below the last bar, for the axis.
_FOOT = 26
#: Inches of a row, of a line of its label beyond the first, and of the edges, of a figure by itself.
_ROW, _MORE, _EDGES = 0.38, 0.17, 0.75


def drivers_figure(
    rows: Sequence[Mapping[str, Any]],
    base_rate: float,
    *,
    ends: tuple[str, str] = ("base rate of the record", "this case"),
    tick: Callable[[float], str] = percent,
) -> Figure:
    """Waterfall of what leads from a base rate to an answer.

    Parameters
    ----------
    rows
        One a line, in order: ``label``, and in probability ``mean``, ``lower``, ``upper``, ``quarter``,
        ``three_quarters``; and ``said``, its number in words, where it shall not be that of the points.
    base_rate
        Where the first line begins.
    ends
        Names of the base rate and of the answer.
    tick
        From a probability to its text.
    """
    begins = [base_rate]
    for row in rows:
        begins.append(begins[-1] + row["mean"])
    points = [
        {"label": ends[0], "said": tick(base_rate), "at": base_rate},
        *({**row, "said": row.get("said", _said(row))} for row in rows),
        {"label": ends[1], "said": tick(begins[-1]), "at": begins[-1]},
    ]
    with styled():
        room = _WIDTH - 2 * _MARGIN - _GAP
        labels = [fitted(row["label"], room - text_width(row["said"], _SIZE, bold=True), _SIZE) for row in points]
        edges = tops([_LINE * len(words) + _BAR for words in labels], start=4)
        scale = _Scale.of(rows, begins)
        figure, axes = pixel_canvas(_WIDTH, edges[-1] + _FOOT)
        for row, words, top, start in zip(points, labels, edges, [base_rate, *begins], strict=False):
            _write(axes, row, words, top)
            y = top + _LINE * len(words) + _BAR / 2 - 3
            if "at" in row:
                axes.plot([scale(row["at"])], [y], marker="D", markersize=8, color=INK, zorder=4)
            else:
                _draw_bar(axes, row, scale, start, y)
        _draw_steps(axes, scale, begins, labels, edges)
        _draw_axis(axes, scale, edges[-1], tick)
    return figure


def drivers_svg(rows: Sequence[Mapping[str, Any]], base_rate: float, *, name: str, label: str = "", **how: Any) -> str:
    """Waterfall as an ``svg`` element; see `drivers_figure`.

    Parameters
    ----------
    name
        Of the figure on its page.
    label
        What it shows, for who cannot see it; made of the rows by default.
    """
    said = "; ".join(f"{row['label']}: {row.get('said', _said(row))}" for row in rows)
    with styled():
        return svg(
            drivers_figure(rows, base_rate, **how), f"drivers-{name}", label or f"Points of probability. {said}."
        )


def waterfall_figure(
    rows: Sequence[Mapping[str, Any]], base_rate: float, look: Mapping[str, Any] | None = None
) -> ShownFigure:
    """Waterfall of what leads from a base rate to an answer, as a figure by itself.

    Parameters
    ----------
    rows, base_rate
        As `drivers_figure` takes them.
    look
        As `servanda.common.canvas.Look`; names are ``base rate``, the labels of the rows, and ``answer``.
    """
    begins = [base_rate, *(base_rate + np.cumsum([row["mean"] for row in rows])).tolist()]
    lines = {row["label"]: row for row in rows}
    colours = {label: ACCENT if row["mean"] >= 0 else ALARM for label, row in lines.items()}
    names = ("base rate", *lines, "answer")
    with canvas(look, dict(zip(names, names, strict=True)), colours={**dict.fromkeys(names, INK), **colours}) as c:
        heights = [_ROW + _MORE * label.count("\n") for label in c.side(c.labels[name] for name in names)]
        (axes,) = c.panels([sum(heights) + _EDGES])
        ends = np.cumsum(heights)
        places = (ends - np.array(heights) / 2).tolist()
        for (label, row), start, y in zip(lines.items(), begins, places[1:], strict=False):
            _draw_step(axes, c, row, c.marks[label].colour, start, y)
            _note(axes, c, y, f"{points(row['mean'])}\n{points(row['lower'])} to {points(row['upper'])}")
        for name, x, y in (("base rate", begins[0], places[0]), ("answer", begins[-1], places[-1])):
            axes.plot([x], [y], "D", color=c.marks[name].colour, markersize=6, zorder=4)
            _note(axes, c, y, percent(x))
        for x, above, below in zip(begins, places, places[1:], strict=False):
            axes.vlines(x, above, below, color=c.tone(FAINT), linewidth=0.8, linestyle=":", zorder=1)
        c.rows_axis(axes, places, (c.labels[name] for name in names))
        axes.set_ylim(ends[-1], -0.05)
        c.axis_title(axes, "probability")
    return figure_of([axes])


def _draw_step(axes: Axes, c: Canvas, row: Mapping[str, Any], colour: str, start: float, y: float) -> None:
    axes.barh(y, row["mean"], left=start, height=_ROW / 2, color=colour, linewidth=0, zorder=2)
    for low, high, width in (("lower", "upper", 1.2), ("quarter", "three_quarters", 3.0)):
        for tone, wide in ((c.ground, width + 1.6), (c.tone(MUTED), width)):
            axes.hlines(y, start + row[low], start + row[high], color=tone, linewidth=wide, zorder=3)


def _note(axes: Axes, c: Canvas, y: float, text: str) -> None:
    colour, size = c.tone(MUTED), c.size(9.5)
    axes.text(1.02, y, text, color=colour, fontsize=size, va="center", transform=axes.get_yaxis_transform())


class _Scale:
    """From a probability to a place in pixels."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], begins: Sequence[float]) -> _Scale:
        places = [*begins]
        places += [start + row[end] for row, start in zip(rows, begins, strict=False) for end in ("lower", "upper")]
        low, high = min(places), max(places)
        short = max(0.0, _LEAST - (high - low)) / 2
        return cls(low - short, high + short)

    def __call__(self, x: float) -> float:
        inner = _WIDTH - 2 * (_MARGIN + 6)
        return _MARGIN + 6 + inner * (x - self.low) / (self.high - self.low)


def _write(axes: Axes, row: Mapping[str, Any], words: Sequence[str], top: float) -> None:
    weight = "bold" if "at" in row else "normal"
    for place, line in enumerate(words):
        axes.text(_MARGIN, top + 11 + _LINE * place, line, fontsize=_SIZE, color=INK, weight=weight)
    axes.text(_WIDTH - _MARGIN, top + 11, row["said"], fontsize=_SIZE, color=INK, ha="right", weight="bold")


def _draw_bar(axes: Axes, row: Mapping[str, Any], scale: _Scale, start: float, y: float) -> None:
    """Bar of the mean, with the intervals that hold half and 90 % of the posterior over it."""
    colour = ACCENT if row["mean"] >= 0 else ALARM
    left, right = sorted((scale(start), scale(start + row["mean"])))
    axes.barh(y, max(right - left, 1.0), left=left, height=10, color=colour, linewidth=0, zorder=2)
    for low, high, width in (("lower", "upper", 1.2), ("quarter", "three_quarters", 3.0)):
        # White below the line, so that it is seen on the bar as well as beside it.
        axes.hlines(
            y, scale(start + row[low]), scale(start + row[high]), color="white", linewidth=width + 1.6, zorder=3
        )
        axes.hlines(y, scale(start + row[low]), scale(start + row[high]), color=MUTED, linewidth=width, zorder=4)


def _draw_steps(
    axes: Axes, scale: _Scale, begins: Sequence[float], labels: Sequence[Sequence[str]], edges: Sequence[float]
) -> None:
    """Dotted line from where each bar ends to the next, short of the labels between them."""
    for number, x in enumerate(begins):
        bottom = edges[number] + _LINE * len(labels[number]) + _BAR - 3
        axes.vlines(scale(x), bottom - 3, edges[number + 1] + 1, color=FAINT, linewidth=0.8, zorder=1)


def _draw_axis(axes: Axes, scale: _Scale, y: float, tick: Callable[[float], str]) -> None:
    """Axis with a few probabilities, none of which meets its neighbour."""
    axes.hlines(y, _MARGIN, _WIDTH - _MARGIN, color=MUTED, linewidth=0.8)
    step = next(size for size in (0.05, 0.1, 0.2, 0.25, 0.5) if (scale.high - scale.low) / size <= 5 or size == 0.5)
    for number in range(int(scale.low // step), int(scale.high // step) + 2):
        x = scale(number * step)
        half = text_width(tick(number * step), _SIZE) / 2
        if x - half >= _MARGIN and x + half <= _WIDTH - _MARGIN and (0 <= number * step <= 1):
            axes.vlines(x, y, y + 4, color=MUTED, linewidth=0.8)
            axes.text(x, y + 17, tick(number * step), fontsize=_SIZE, color=MUTED, ha="center")


def _said(row: Mapping[str, Any]) -> str:
    return f"{points(row['mean'])} ({points(row['lower'])} to {points(row['upper'])})"
