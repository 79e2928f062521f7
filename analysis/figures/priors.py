"""Answers under several priors: side by side, before and after the record, and along the path from one to another."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import COLOURS, FAINT, INK, RULE, colour_of, styled
from .panel import draw_interval, draw_label, draw_percent_axis, probability_panel, tops
from .svg import svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ...common.figure_style import ShownFigure

#: Inches.
_ROW, _LINE, _GAP, _EDGES = 0.24, 0.2, 0.3, 1.0


def prior_sets_svg(
    lines: Sequence[Mapping[str, Any]],
    titles: Mapping[str, str],
    *,
    name: str,
    before: str = "below each: the same priors before the record",
) -> str:
    """Answers to one question under every prior set, after the record and before it, as an ``svg`` element.

    Parameters
    ----------
    lines
        One an answer: ``label``, and ``answers``, each with ``priors`` (a name), ``after`` and ``before`` (``mean``,
        ``lower``, ``upper``).
    titles
        Name of a prior set -> what it is called, in the order drawn.
    name
        Sets the names inside it apart from those of other figures on the page.
    before
        What the second line of each answer is called.
    """
    colours = {name: colour_of(name) for name in titles}
    labels = [textwrap.wrap(line["label"], 46) for line in lines]
    edges = tops(
        [15 * len(words) + 20 * len(line["answers"]) + 14 for words, line in zip(labels, lines, strict=True)],
        start=18 * (len(titles) + 1) + 12,
    )
    with styled():
        figure, axes = probability_panel(edges[-1] + 24)
        _draw_key(axes, titles, colours, before)
        axes.vlines([0, 0.25, 0.5, 0.75, 1], edges[0] - 4, edges[-1], color=RULE, linewidth=0.8)
        for line, words, top in zip(lines, labels, edges, strict=False):
            draw_label(axes, words, top)
            for place, answer in enumerate(line["answers"]):
                y = top + 15 * len(words) + 10 + 20 * place
                if answer["after"]:
                    draw_interval(axes, answer["after"], y, colours[answer["priors"]], width=3.5)
                draw_interval(axes, answer["before"], y + 7, FAINT, width=1.0, hollow=True)
        draw_percent_axis(axes, edges[-1])
        return svg(figure, f"priors-{name}", before)


def _draw_key(axes: Axes, titles: Mapping[str, str], colours: Mapping[str, str], before: str) -> None:
    shown = {"mean": 0.03, "lower": 0.0, "upper": 0.06}
    for place, (name, title) in enumerate(titles.items()):
        y = 9 + 18 * place
        draw_interval(axes, shown, y, colours[name], width=3.5)
        axes.text(0.09, y + 4, title, fontsize=11, color=INK)
    y = 9 + 18 * len(titles)
    draw_interval(axes, shown, y, FAINT, width=1.0, hollow=True)
    axes.text(0.09, y + 4, before, fontsize=11, color=INK)


def priors_figure(
    table: pd.DataFrame,
    titles: Mapping[str, str],
    *,
    differences: Collection[str] = (),
    rings: Mapping[str, Mapping[str, float]] | None = None,
    strong: str | None = None,
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """Every answer under every prior: a point for the mean, a line for the interval.

    Probabilities and differences have a panel each. Answers whose weights cannot be trusted are hollow and dotted.

    Parameters
    ----------
    table
        One row a question and prior (its two index levels): ``mean``, ``lower``, ``upper``, ``trusted``.
    titles
        Prior -> its title, in the order drawn; rows of other names are left out.
    differences
        Questions whose answers are differences of probabilities.
    rings
        Question -> prior -> what the panel's mean is without that expert.
    strong
        A prior that is no set like the others, as a panel is, and is drawn in ink.
    look
        As `servanda.common.canvas.Look`; names are those of priors.
    """
    rows = dict(zip(table.index, table.to_dict("records"), strict=True))
    questions = list(dict.fromkeys(question for question, _ in rows))
    chances = [question for question in questions if question not in differences]
    panels = [part for part in (chances, [question for question in questions if question in differences]) if part]
    with canvas(look, titles, colours={strong: INK} if strong else None) as c:
        heights = [
            sum(max(len(titles) * _ROW + _GAP, _LINE * len(label.split("\n"))) for label in c.side(part))
            for part in panels
        ]
        edges = _EDGES + 0.16 * (len(titles) if c.width < 5 else len(titles) // 3)
        axes = c.panels([height + (_EDGES if number else edges) for number, height in enumerate(heights)])
        for number, (axis, part) in enumerate(zip(axes, panels, strict=True)):
            _draw_answers(axis, c, {question: {p: rows[question, p] for p in titles} for question in part}, rings)
            c.axis_title(axis, "probability" if part is chances else DIFFERENCE)
            if number == 0:
                c.legend(axis)
    return figure_of(axes)


def _draw_answers(
    axis: Axes,
    c: Canvas,
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
    rings: Mapping[str, Mapping[str, float]] | None,
) -> None:
    middles, top, first = [], 0.0, next(iter(answers))
    for question, by_prior in answers.items():
        start = top
        without = (rings or {}).get(question, {})
        for prior, row in by_prior.items():
            mark = c.marks[prior]
            face, line = (mark.colour, "-") if row["trusted"] else (c.ground, ":")
            label = c.labels[prior] if question == first else None
            axis.plot([row["lower"], row["upper"]], [top, top], color=mark.colour, linewidth=2, linestyle=line)
            _draw_mark(axis, row["mean"], top, mark.marker, mark.colour, face, 5.5, label)
            if prior in without:
                # Named where the last of them stands, so that the legend has it behind the experts.
                label = "the panel without this expert" if (question, prior) == (first, [*without][-1]) else None
                _draw_mark(axis, without[prior], top, "D", c.tone(INK), "none", 7.5, label)
            top += _ROW
        middles.append((start + top - _ROW) / 2)
        top += _GAP
    axis.axvline(0.0, color=c.tone(RULE), linewidth=0.8, zorder=0)
    c.rows_axis(axis, middles, answers)
    axis.set_ylim(top - _GAP / 2, -_GAP)


def _draw_mark(
    axis: Axes, x: float, y: float, marker: str, colour: str, face: str, size: float, label: str | None
) -> None:
    axis.plot([x], [y], marker, color=colour, markerfacecolor=face, markersize=size, label=label, linestyle="none")


#: What an axis of differences counts.
DIFFERENCE = "difference in probability"
#: What an answer on the way from one prior to another is called, and where it cannot be trusted.
_ANSWER, _UNTRUSTED = "answer", "untrusted"


def flip_figure(
    table: pd.DataFrame,
    flips: Sequence[tuple[float, str, str]],
    *,
    start: str,
    end: str,
    unit: str = "probability",
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """An answer along the path from one prior to another, its interval, and a mark where the verdict changes.

    Parameters
    ----------
    table
        One row a step: ``t`` (from 0 to 1), ``mean``, ``lower``, ``upper``, ``trusted``.
    flips
        Where the verdict changes, what it was before and what it is after.
    start, end
        Names of the priors.
    unit
        What the axis counts.
    look
        As `servanda.common.canvas.Look`; names are ``answer`` and ``untrusted``.
    """
    names = {_ANSWER: "mean and interval", _UNTRUSTED: "weights cannot be trusted"}
    with canvas(look, names, colours={_ANSWER: COLOURS[0], _UNTRUSTED: FAINT}) as c:
        (axis,) = c.panels([min(3.0, 0.75 * c.width)])
        colour, t = c.marks[_ANSWER].colour, np.asarray(table["t"])
        axis.fill_between(t, table["lower"], table["upper"], color=colour, alpha=0.22, linewidth=0)
        axis.plot(t, table["mean"], color=colour, linewidth=2)
        bad = ~np.asarray(table["trusted"], bool)
        if bad.any():
            shown = np.where(bad, table["mean"], np.nan)
            axis.plot(t, shown, color=c.ground, linewidth=2.4)
            faint = c.marks[_UNTRUSTED].colour
            axis.plot(t, shown, color=faint, linewidth=1.5, linestyle=":", label=c.labels[_UNTRUSTED])
            c.legend(axis)
        for at, before, after in flips:
            axis.axvline(at, color=c.tone(INK), linewidth=0.8, linestyle="--")
            axis.annotate(
                f"{before} → {after}",
                (at, 1.0),
                xycoords=("data", "axes fraction"),
                # Past the middle it stands left of its line, so that none leaves the figure.
                xytext=(3 if at < 0.5 else -3, -2),
                ha="left" if at < 0.5 else "right",
                textcoords="offset points",
                va="top",
                fontsize=c.size(8),
                color=c.tone(INK),
                rotation=90,
            )
        axis.set_xlim(0, 1)
        c.axis_title(axis, f"from {start} (0) to {end} (1)")
        c.axis_title(axis, unit, side="y")
        axis.spines[["top", "right"]].set_visible(False)
    return figure_of([axis])
