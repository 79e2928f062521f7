"""The figure of track records: every event in the lane of its agreement, marked by kind and dated where there is room.

Where actors may be ranked, their credibilities stand above in one frame with their means. Else each actor has a frame
of its own that shows a band and no mean, and nothing beyond what is known.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Canvas, canvas, figure_of
from ...common.figure_style import (
    ACCENT,
    ALARM,
    GREY,
    IN_PART,
    INK,
    KEPT,
    MUTED,
    RULE,
    colour_of,
    marks_of,
    new_figure,
    save_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from ...common.figure_style import ShownFigure

#: Kind of event -> marker: shape tells what was done.
MARKS: Mapping[str, str] = {
    "complied": "o",
    "resumed": "^",
    "partial": "D",
    "suspended": "s",
    "withdrew": "v",
    "defected": "X",
}
#: What an event reads as -> colour.
READS: Mapping[str, str] = {"kept": KEPT, "partly": IN_PART, "broken": ALARM}
#: Gravity -> area of a mark; events without one are drawn as the gravest.
SIZES: Mapping[str, float] = {"core": 40.0, "part": 27.0, "minor": 17.0}
WIDTH, TOP, LANE, BETWEEN, BOTTOM = 800.0, 300.0, 18.0, 24.0, 78.0
#: Of a history: the frame of one actor's band, more room between actors, and the head.
BAND, APART, HEAD = 54.0, 14.0, 44.0
LEFT, RIGHT = 190.0, 60.0
#: Of letters: so large that they can be read where a telephone lets the figure scroll.
SMALL, PLAIN = 10.0, 10.5

#: Of a change: inches from top to bottom, and what a density may rise to, in rows.
CHANGE_HEIGHT, RISE = 2.6, 0.72


def track_figure(description: Mapping[str, Any]) -> Figure:
    """Events of some actors over the years, and their credibility.

    Parameters
    ----------
    description
        ``at``, ``interval``, ``ranked`` and ``actors``, each with ``path`` (dates, mean, bands), ``counts`` and
        ``events``; as `servanda.analysis.track.description.describe_tracks` gives it. Without ``ranked`` it is drawn as
        a history.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, so nothing is shown or kept.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis.track import describe_tracks, fit_track
    >>> events = pd.DataFrame({"actor": "USA", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> found = describe_tracks(fit_track(events, seed=1, draws=20, tune=50, chains=2), events, ["USA"])
    >>> len(track_figure(found).axes)
    2
    """
    if description.get("ranked"):
        return _draw_ranking(description)
    head = (
        f"Events known on {description['at']}: a history, and no ranking."
        " Shape: what was done; colour: what it reads as; size: how grave\n"
        f"Band: half and {description['interval']:.0%} of P(keeps its word), which describes these events and is no"
        " forecast of the next"
    )
    return history_figure(description, head=head)


def _draw_ranking(description: Mapping[str, Any]) -> Figure:
    """All credibilities in one frame, the lanes of each actor below."""
    lanes = [(actor, _lanes(actor["events"])) for actor in description["actors"]]
    heights = [BETWEEN + LANE * len(names) for _, names in lanes]
    with canvas(None, {}) as c:
        page = _page(40 + TOP + sum(heights) + BOTTOM, c)
    span, place = _span(description), page.place
    _draw_curves(place(40, TOP), description, span)
    top = 40 + TOP
    for (actor, names), tall in zip(lanes, heights, strict=True):
        axes = place(top + BETWEEN, tall - BETWEEN)
        axes.set_title(actor["actor"], fontsize=10, weight="bold", color=INK, loc="left", pad=4)
        _draw_lanes(axes, actor, names, span, c, READS)
        top += tall
    _legend(page, description, {kind: kind for kind in MARKS}, {name: f"reads {name}" for name in READS}, READS)
    return page.figure


def history_figure(
    description: Mapping[str, Any],
    *,
    head: str = "",
    kinds: Mapping[str, str] | None = None,
    reads: Mapping[str, str] | None = None,
    look: Mapping[str, Any] | None = None,
) -> Figure:
    """The band of each actor in a frame of its own, its lanes below, in the order given.

    Parameters
    ----------
    description
        As `track_figure` takes it. An actor may have a ``note`` in place of its counts, and its path ``bands``, pairs
        of a lower and an upper edge, the widest first, in place of the two that are there by default.
    head
        What stands over all of it.
    kinds, reads
        Kind of event, and reading of one -> what it is called; as they are by default.
    look
        As `servanda.common.canvas.Look`; names are those of actors, which have labels alone, of kinds of events, which
        do too, ``kept``, ``partly`` and ``broken``, and ``band``. The title stands over the head.
    """
    kinds, reads = kinds or {kind: kind for kind in MARKS}, reads or {name: f"reads {name}" for name in READS}
    names = {actor["actor"]: actor["actor"] for actor in description["actors"]}
    names = {**names, **kinds, **reads, "band": "band"}
    with canvas(look, names, colours={**READS, "band": MUTED}) as c:
        pass  # it says what is asked for; a page that is measured in pixels has letters of its own
    kinds, reads = ({name: c.labels[name] for name in own} for own in (kinds, reads))
    colours = {name: c.marks[name].colour for name in (*READS, "band")}
    head = "\n".join(line for line in (c.title, head) if line)
    if c.sized or c.ax is not None:
        head = "\n".join(c.wrap(line, 0.95 * c.width, SMALL) for line in head.split("\n"))
    lanes = [(actor, _lanes(actor["events"])) for actor in description["actors"]]
    between = BETWEEN + APART
    heights = [between + BAND + LANE * len(names) for _, names in lanes]
    # Two lines of the head take all of its room.
    room = max(HEAD, HEAD / 2 * (head.count("\n") + 1)) if head else 0.0
    page = _page(room + sum(heights) + BOTTOM, c)
    span, top, small, place = _span(description), room, c.size(SMALL), page.place
    page.text(0.02, 1 - 8 / page.height, head, fontsize=small, color=c.tone(INK), va="top", linespacing=1.5)
    for (actor, names), tall in zip(lanes, heights, strict=True):
        band = place(top + between, BAND - 8)
        counted = ", ".join(f"{count} {reads[reading]}" for reading, count in actor["counts"].items())
        named = c.labels[actor["actor"]]
        band.set_title(named, fontsize=c.size(PLAIN), weight="bold", color=c.tone(INK), loc="left", pad=4)
        band.set_title(actor.get("note", counted), fontsize=small, color=c.tone(MUTED), loc="right", pad=4)
        band.set(xlim=span, ylim=(0, 1), yticks=(0, 1), xticks=())
        band.set_yticklabels(["0 %", "100 %"])
        band.grid(axis="y", color=c.tone(RULE), linewidth=0.8)
        path = actor["path"]
        x = _years(path["dates"])
        for rank, (lower, upper) in enumerate(_bands(path)):
            band.fill_between(x, lower, upper, color=colours["band"], alpha=min(0.14 + 0.08 * rank, 0.5), linewidth=0)
        if names:
            lane = place(top + between + BAND, tall - between - BAND)
            _draw_lanes(lane, actor, names, span, c, colours)
        top += tall
    _legend(page, description, kinds, reads, colours)
    return page.figure


def _bands(path: Mapping[str, Any]) -> Sequence[tuple[Sequence[float], Sequence[float]]]:
    """Edges of the bands of a path, the widest first."""
    return path.get("bands") or ((path["lower"], path["upper"]), (path["quarter"], path["three_quarters"]))


def change_figure(
    sides: Sequence[Mapping[str, Any]], *, title: str, look: Mapping[str, Any] | None = None
) -> ShownFigure:
    """Densities of two answers, one below the other: before and after, or one actor and another.

    Parameters
    ----------
    sides
        Two, each with ``label``, ``said`` (its numbers in words), ``mean``, ``lower``, ``upper``, and ``x`` and
        ``density`` of its curve.
    title
        What the difference is.
    look
        As `servanda.common.canvas.Look`; names are ``first`` and ``second``.
    """
    highest = max(max(side["density"]) for side in sides)
    own = {key: value for key, value in (look or {}).items() if key != "title"}
    names: dict[str, str] = dict(zip(("first", "second"), (side["label"] for side in sides), strict=True))
    with canvas(own, names, colours={"first": GREY, "second": ACCENT}) as c:
        (axes,) = c.panels([CHANGE_HEIGHT])
        small = c.size(9)
        for row, (side, name) in enumerate(zip(sides, names, strict=True)):
            ground, colour = -row, c.marks[name].colour
            y = ground + RISE * np.asarray(side["density"]) / highest
            axes.fill_between(side["x"], y, ground, color=colour, alpha=0.22, linewidth=0)
            axes.plot(side["x"], y, color=colour, linewidth=1.2)
            axes.hlines(ground - 0.1, side["lower"], side["upper"], color=colour, linewidth=2.5)
            axes.plot([side["mean"]], [ground - 0.1], marker="o", markersize=5, color=colour)
            ink = c.tone(INK)
            axes.text(0, ground + 0.86, c.labels[name], fontsize=small, color=ink, va="top")
            axes.text(1, ground + 0.86, side["said"], fontsize=small, color=ink, va="top", ha="right", weight="bold")
        axes.set(xlim=(0, 1), ylim=(-1.25, 0.95), yticks=(), xticks=(0, 0.25, 0.5, 0.75, 1))
        axes.set_xticklabels(["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.set_xlabel("P(keeps its word)", fontsize=small, color=c.tone(MUTED))
        head = str((look or {}).get("title") or title)
        axes.set_title(head, fontsize=small, color=c.tone(INK), loc="left", wrap=True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(labelsize=c.size(8.5))
    return figure_of([axes])


def path_figure(
    path: Mapping[str, Any],
    question: str,
    look: Mapping[str, Any] | None = None,
    *,
    last_event: str,
    interval: str,
    means: bool,
) -> ShownFigure:
    """Band of credibility over the years; what lies beyond the last event is a forecast.

    Parameters
    ----------
    path
        ``date`` (ISO), ``mean``, ``lower`` and ``upper``, one of each a date.
    question
        What the axis counts.
    look
        As `servanda.common.canvas.Look`; names are ``band`` and, where means are drawn, ``mean``.
    last_event
        Its day, ISO.
    interval
        What the band holds.
    means
        Whether means are drawn.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    days = np.array(list(path["date"]), "datetime64[D]")
    order = np.argsort(days)
    x, lower, upper, mean = days[order], *(np.asarray(path[name])[order] for name in ("lower", "upper", "mean"))
    names = {"band": interval, **({"mean": "mean"} if means else {})}
    with canvas(look, names, colours={"band": ACCENT, "mean": ACCENT}) as c:
        (axes,) = c.panels([CHANGE_HEIGHT])
        colour, last = c.marks["band"].colour, np.datetime64(last_event)
        axes.fill_between(x, lower, upper, color=colour, alpha=0.22, linewidth=0, label=c.labels["band"])
        axes.vlines(x, lower, upper, color=colour, linewidth=0.6)
        if means:
            axes.plot(x, mean, color=c.marks["mean"].colour, linewidth=1.6, label=c.labels["mean"])
        if x[0] <= last < x[-1]:
            beyond = "last event; beyond it a forecast"
            axes.vlines(last, 0, 1, color=c.tone(MUTED), linewidth=1.0, linestyle=(0, (1, 1.5)), label=beyond)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter("{x:.0%}")
        locator = AutoDateLocator(maxticks=7)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.grid(axis="y", color=c.tone(RULE), linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        c.axis_title(axes, question, side="y")
        c.legend(axes)
    return figure_of([axes])


@dataclass(frozen=True)
class _Page:
    """A page of some height, measured in pixels from its top: a figure of its own, or axes of the user's.

    Parameters
    ----------
    figure
        That it stands in.
    ax
        The user's axes; None where the figure is its own.
    width, height
        In pixels.
    sides
        What is left of axes, and right of them, as shares of the width.
    canvas
        What it looks like.
    """

    figure: Any
    ax: Axes | None
    width: float
    height: float
    sides: tuple[float, float]
    canvas: Canvas

    def place(self, top: float, tall: float) -> Axes:
        """Axes by their top and height."""
        left, right = self.sides
        box = (left, 1 - (top + tall) / self.height, 1 - left - right, tall / self.height)
        axes = self.figure.add_axes(box) if self.ax is None else self.ax.inset_axes(box, facecolor="none")
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelsize=self.canvas.size(SMALL), colors=self.canvas.tone(MUTED))
        return axes

    def text(self, x: float, y: float, said: str, **how: Any) -> None:
        """Text at shares of the width and of the height."""
        if self.ax is None:
            self.figure.text(x, y, said, **how)
        else:
            self.ax.text(x, y, said, transform=self.ax.transAxes, **how)


def _page(height: float, c: Canvas) -> _Page:
    """A page of some height; where a size is asked for, it is as wide as that."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width = 72 * c.width if c.sized or c.ax is not None else WIDTH
    shrunk = c.size(SMALL) / SMALL * min(1.0, width / WIDTH + 0.3)
    sides = (LEFT * shrunk / width, RIGHT * shrunk / width)
    if c.ax is not None:
        c.ax.set_axis_off()
        return _Page(figure_of([c.ax]), c.ax, width, height, sides, c)
    figure = new_figure(figsize=(width / 72, c.height or height / 72), dpi=72, facecolor="white")
    FigureCanvasAgg(figure)
    return _Page(figure, None, width, height, sides, c)


def save_track_figure(description: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the figure to a file, whole or not at all.

    Raises
    ------
    InputError
        If the name does not end in .png, .svg or .pdf, or cannot be written.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis.track import describe_tracks, fit_track
    >>> events = pd.DataFrame({"actor": "USA", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> found = describe_tracks(fit_track(events, seed=1, draws=20, tune=50, chains=2), events, ["USA"])
    >>> save_track_figure(found, "usa.svg")
    """
    save_figure(track_figure(description), path)


def _years(dates: Iterable[str]) -> np.ndarray:
    return 1970 + np.array(list(dates), "datetime64[D]").astype(np.int64) / 365.25


def _span(description: Mapping[str, Any]) -> tuple[float, float]:
    ends = [_years([actor["path"]["dates"][0], actor["path"]["dates"][-1]]) for actor in description["actors"]]
    first, last = min(end[0] for end in ends), max(end[1] for end in ends)
    room = max(0.02 * (last - first), 0.1)
    return first - room, last + room


def _draw_curves(axes: Axes, description: Mapping[str, Any], span: tuple[float, float]) -> None:
    axes.set(xlim=span, ylim=(0, 1), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.set_yticklabels(["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_ylabel("P(keeps its word)", fontsize=10, color=MUTED)
    ends = []
    marks = marks_of({actor["actor"]: colour_of(actor["actor"]) for actor in description["actors"]})
    for actor in description["actors"]:
        mark, path = marks[actor["actor"]], actor["path"]
        colour, line = mark.colour, mark.line
        x = _years(path["dates"])
        axes.fill_between(x, path["lower"], path["upper"], color=colour, alpha=0.10, linewidth=0)
        axes.fill_between(x, path["quarter"], path["three_quarters"], color=colour, alpha=0.16, linewidth=0)
        seen = x <= _years([path["last_event"]])[0]
        mean = np.array(path["mean"])
        axes.plot(x[seen], mean[seen], color=colour, linewidth=2, linestyle=line)
        ahead = x >= (x[seen][-1] if seen.any() else x[0])
        axes.plot(x[ahead], mean[ahead], color=colour, linewidth=1.4, linestyle=(0, (1, 1.5)))
        ends.append((float(mean[-1]), actor["actor"], colour))
    for y, (_, name, _) in zip(_apart([end[0] for end in ends], 0.05), ends, strict=True):
        axes.text(span[1], y, f" {name}", color=INK, fontsize=10, weight="bold", va="center", clip_on=False)
    now = _years([description["at"]])[0]
    axes.axvline(now, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_title(
        f"Credibility, as asked on {description['at']}: mean, half and {description['interval']:.0%} of the posterior;"
        " dotted beyond the last event",
        fontsize=10,
        color=INK,
        loc="left",
        x=-LEFT / (WIDTH - LEFT - RIGHT) + 0.02,
        pad=14,
    )


def _apart(places: Sequence[float], room: float) -> list[float]:
    """Move labels up until none is nearer to the next than `room`, keeping their order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    found, floor = list(places), -np.inf
    for i in order:
        found[i] = floor = max(places[i], floor + room)
    over = max(0.0, max(found, default=0.0) - 1.0)
    return [y - over for y in found]


def _lanes(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Agreements in the order in which each first mattered."""
    return list(dict.fromkeys(event["agreement"] for event in events))


def _draw_lanes(
    axes: Axes,
    actor: Mapping[str, Any],
    names: Sequence[str],
    span: tuple[float, float],
    c: Canvas,
    colours: Mapping[str, str],
) -> None:
    axes.set(xlim=span, ylim=(len(names) - 0.4, -0.6), yticks=range(len(names)))
    # Years are whole numbers; of a short span none may be marked twice.
    axes.locator_params(axis="x", integer=True)
    axes.set_yticklabels([name.replace("_", " ") for name in names])
    axes.hlines(range(len(names)), *span, color=c.tone(RULE), linewidth=0.8, zorder=0)
    for kind, reads, gravity in dict.fromkeys(_look(event) for event in actor["events"]):
        own = [event for event in actor["events"] if _look(event) == (kind, reads, gravity)]
        axes.scatter(
            [event["year"] for event in own],
            [names.index(event["agreement"]) for event in own],
            marker=MARKS[kind],
            s=SIZES[gravity],
            color=colours[reads],
            edgecolors=c.ground,
            linewidths=0.6,
            zorder=3,
        )
    _date_events(axes, actor["events"], names, c)


def _look(event: Mapping[str, Any]) -> tuple[str, str, str]:
    """What tells the mark of an event from others: kind, reading and gravity."""
    return event["event"], event["reads"], event.get("gravity", "core")


def _date_events(axes: Axes, events: Sequence[Mapping[str, Any]], names: Sequence[str], c: Canvas) -> None:
    """Write an event's date beside its mark, unless the text would meet a mark or another text."""
    marks = [_mark(axes, event["year"], names.index(event["agreement"])) for event in events]
    texts: list[Bbox] = []
    frame = axes.get_window_extent()
    # What breaks a promise is dated first.
    order = sorted(range(len(events)), key=lambda place: events[place]["event"] in ("complied", "partial"))
    for place in order:
        event, others = events[place], [mark for other, mark in enumerate(marks) if other != place]
        for shift, side in ((7, "left"), (-7, "right")):
            text = axes.annotate(
                event["date"],
                (event["year"], names.index(event["agreement"])),
                xytext=(shift, 0),
                textcoords="offset points",
                fontsize=c.size(SMALL),
                color=c.tone(MUTED),
                ha=side,
                va="center_baseline",
            )
            box = text.get_window_extent()
            inside = box.x0 >= frame.x0 and box.x1 <= frame.x1
            if inside and not any(box.overlaps(other) for other in (*others, *texts)):
                texts.append(box.padded(2))
                break
            text.remove()


def _mark(axes: Axes, x: float, y: float) -> Bbox:
    """The room of a mark, so wide that no text beside it could be taken for another mark's."""
    from matplotlib.transforms import Bbox

    at = axes.transData.transform((x, y))
    return Bbox.from_bounds(at[0] - 10, at[1] - 4, 20, 8)


def _legend(
    page: _Page,
    description: Mapping[str, Any],
    kinds: Mapping[str, str],
    reads: Mapping[str, str],
    colours: Mapping[str, str],
) -> None:
    from matplotlib.lines import Line2D

    c = page.canvas
    seen = {event["event"] for actor in description["actors"] for event in actor["events"]}
    style: Mapping[str, Any] = {"linestyle": "", "markersize": 7}
    handles = [
        Line2D([], [], marker=marker, color=c.tone(MUTED), label=kinds[kind], **style)
        for kind, marker in MARKS.items()
        if kind in seen
    ]
    handles += [Line2D([], [], marker="s", color=colours[name], label=reads[name], **style) for name in READS]
    columns = min(-(-len(handles) // 2), max(1, int(page.width / 110)))
    how: Any = {"ncols": columns, "frameon": False, "fontsize": c.size(SMALL), "labelcolor": c.tone(INK)}
    (page.figure if page.ax is None else page.ax).legend(handles=handles, loc="lower center", **how)
