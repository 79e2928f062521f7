"""The figure of track records.

Above, credibility with bands over the years; below, every event in the lane of its agreement, marked by kind and
dated where there is room.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, InputError
from ...common.figure_style import ALARM, COLOURS, IN_PART, INK, KEPT, MUTED, RULE, SUSPENDED, new_figure
from ...common.files import writable_file, written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

#: Of actors: where they are more than colours, these begin again with another line.
LINES = ("-", "--", ":")
#: Kind of event -> marker and colour: shape tells kinds apart without colour.
MARKS: Mapping[str, tuple[str, str]] = {
    "complied": ("o", KEPT),
    "resumed": ("^", KEPT),
    "partial": ("D", IN_PART),
    "suspended": ("s", SUSPENDED),
    "withdrew": ("v", ALARM),
    "defected": ("X", ALARM),
}
WIDTH, TOP, LANE, BETWEEN, BOTTOM = 860.0, 300.0, 17.0, 24.0, 58.0
LEFT, RIGHT = 170.0, 60.0
#: Formats that a figure can be written in.
SUFFIXES = (".png", ".svg", ".pdf")


def track_figure(description: Mapping[str, Any]) -> Figure:
    """Credibility of some actors over the years, and their events.

    Parameters
    ----------
    description
        ``at``, ``interval`` and ``actors``, each with ``path`` (dates, mean, bands) and ``events``; as
        `servanda.analysis.track.description.describe_tracks` gives it.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, so nothing is shown or kept.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    lanes = [(actor, _lanes(actor["events"])) for actor in description["actors"]]
    heights = [BETWEEN + LANE * len(names) for _, names in lanes]
    height = 40 + TOP + sum(heights) + BOTTOM
    figure = new_figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor="white")
    FigureCanvasAgg(figure)

    def place(top: float, tall: float) -> Axes:
        axes = figure.add_axes((LEFT / WIDTH, 1 - (top + tall) / height, 1 - (LEFT + RIGHT) / WIDTH, tall / height))
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelsize=9, colors=MUTED)
        return axes

    span = _span(description)
    curves = place(40, TOP)
    _draw_curves(curves, description, span)
    top = 40 + TOP
    for (actor, names), tall in zip(lanes, heights, strict=True):
        axes = place(top + BETWEEN, tall - BETWEEN)
        _draw_lanes(axes, actor, names, span)
        top += tall
    _legend(figure, description)
    return figure


def save_track_figure(description: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the figure to a file, whole or not at all.

    Raises
    ------
    InputError
        If the name does not end in one of `SUFFIXES`, or cannot be written.
    """
    target = figure_file(path)
    with written_whole(target) as temporary:
        track_figure(description).savefig(temporary, dpi=150)


def figure_file(path: str | os.PathLike[str]) -> Path:
    """Make sure that a figure can be written at `path`; raises as `save_track_figure`."""
    if Path(path).suffix.lower() not in SUFFIXES:
        what = f"is no figure; give a name that ends in {', '.join(SUFFIXES)}"
        raise InputError(os.fspath(path), [Fault("", what)])
    return writable_file(path)


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
    for place, actor in enumerate(description["actors"]):
        colour, path = COLOURS[place % len(COLOURS)], actor["path"]
        line = LINES[place // len(COLOURS) % len(LINES)]
        x = _years(path["dates"])
        axes.fill_between(x, path["lower"], path["upper"], color=colour, alpha=0.10, linewidth=0)
        axes.fill_between(x, path["quarter"], path["three_quarters"], color=colour, alpha=0.16, linewidth=0)
        seen = x <= _years([path["last_event"]])[0]
        mean = np.array(path["mean"])
        axes.plot(x[seen], mean[seen], color=colour, linewidth=2, linestyle=line)
        ahead = x >= (x[seen][-1] if seen.any() else x[0])
        axes.plot(x[ahead], mean[ahead], color=colour, linewidth=1.4, linestyle=(0, (1, 1.5)))
        ends.append((float(mean[-1]), actor["actor"], colour))
    for y, (_, name, colour) in zip(_apart([end[0] for end in ends], 0.05), ends, strict=True):
        axes.text(span[1], y, f" {name}", color=colour, fontsize=10, weight="bold", va="center", clip_on=False)
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


def _draw_lanes(axes: Axes, actor: Mapping[str, Any], names: Sequence[str], span: tuple[float, float]) -> None:
    axes.set(xlim=span, ylim=(len(names) - 0.4, -0.6), yticks=range(len(names)))
    axes.set_yticklabels([name.replace("_", " ") for name in names])
    axes.hlines(range(len(names)), *span, color=RULE, linewidth=0.8, zorder=0)
    axes.set_title(actor["actor"], fontsize=10, weight="bold", color=INK, loc="left", pad=4)
    for kind, (marker, colour) in MARKS.items():
        own = [event for event in actor["events"] if event["event"] == kind]
        axes.scatter(
            [event["year"] for event in own],
            [names.index(event["agreement"]) for event in own],
            marker=marker,
            s=34,
            color=colour,
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
        )
    _date_events(axes, actor["events"], names)


def _date_events(axes: Axes, events: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Write an event's date beside its mark, unless the text would meet a mark or another text."""
    figure: Any = axes.figure
    renderer = figure.canvas.get_renderer()
    marks = [_mark(axes, event["year"], names.index(event["agreement"])) for event in events]
    texts: list[Bbox] = []
    frame = axes.get_window_extent(renderer)
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
                fontsize=7,
                color=MUTED,
                ha=side,
                va="center_baseline",
            )
            box = text.get_window_extent(renderer)
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


def _legend(figure: Figure, description: Mapping[str, Any]) -> None:
    from matplotlib.lines import Line2D

    seen = {event["event"] for actor in description["actors"] for event in actor["events"]}
    handles = [
        Line2D([], [], marker=marker, color=colour, linestyle="", markersize=7, label=kind)
        for kind, (marker, colour) in MARKS.items()
        if kind in seen
    ]
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False, fontsize=9, labelcolor=INK)
