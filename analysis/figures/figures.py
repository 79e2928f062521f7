"""The figures of a report: SVG text made from the parts of its dictionary, the same bytes on every run."""

from __future__ import annotations

import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..summaries.likelihood_words import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, FAINT, RULE = "#1d2733", "#55606c", "#8a94a0", "#dfe3e8"
ACCENT, FILL, GREY, GREY_FILL, ALARM = "#1f4e79", "#cbdbea", "#6b7785", "#e1e5e9", "#a3281e"
#: One colour for each prior set, told apart in grey as well.
COLOURS = ("#1f4e79", "#c2701c", "#5b8f5f", "#7d4f92", "#a3281e", "#55606c")
#: Width in pixels of what is drawn over a probability axis; narrow, so that a telephone shows it near full size.
WIDTH, MARGIN = 400, 14
#: Width and height of a node, and the steps between nodes to the right and down.
BOX, STEP = (96.0, 36.0), (142.0, 64.0)
#: How often the placing of nodes begins anew, and from what nodes times arrows it is left as it falls.
STARTS, MOST_LOOKED_AT = 8, 1000
SETTINGS: Any = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "servanda",
    "text.parse_math": False,
    "text.color": INK,
}

Point = tuple[float, float]


def densities(judgement: Mapping[str, Any], bands: Sequence[Band]) -> str:
    """Draw the posterior of every format of a judgement, one below the other.

    Parameters
    ----------
    judgement
        One of the report's ``judgements``.
    bands
        Of the scale of likelihood words, whose borders are drawn.

    Returns
    -------
    str
        An ``svg`` element.
    """
    rows = judgement["rows"]
    highest = max((max(row["curve"]["density"], default=0.0) for row in rows), default=0.0) or 1.0
    labels = [textwrap.wrap(row["label"], 42) for row in rows]
    tops = _tops([15 * len(lines) + 62 for lines in labels], start=46)
    with styled():
        figure, axes = _panel(tops[-1] + 24)
        _borders(axes, bands, 40, tops[-1])
        for row, lines, top in zip(rows, labels, tops, strict=False):
            _ridge(axes, row, lines, top, highest, is_base=row["label"] == judgement["base"])
        _percent_axis(axes, tops[-1])
        told = "; ".join(f"{row['label']}: {percent(row['mean'])} ({span(row['lower'], row['upper'])})" for row in rows)
        return svg(figure, f"density-{judgement['id']}", f"Posterior density of each format. {told}.")


def priors_figure(table: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> str:
    """Draw the answers of one judgement under every prior set, after the record and before it.

    Parameters
    ----------
    table
        Lines of the report's ``priors.table``.
    titles
        Name of a prior set -> what it is called, in the order drawn.

    Returns
    -------
    str
        An ``svg`` element.
    """
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(titles)}
    labels = [textwrap.wrap(line["label"], 58) for line in table]
    tops = _tops(
        [15 * len(lines) + 20 * len(line["answers"]) + 14 for lines, line in zip(labels, table, strict=True)],
        start=18 * (len(titles) + 1) + 12,
    )
    with styled():
        figure, axes = _panel(tops[-1] + 24)
        _key(axes, titles, colours)
        axes.vlines([0, 0.25, 0.5, 0.75, 1], tops[0] - 4, tops[-1], color=RULE, linewidth=0.8)
        for line, lines, top in zip(table, labels, tops, strict=False):
            _label(axes, lines, top)
            for place, answer in enumerate(line["answers"]):
                y = top + 15 * len(lines) + 10 + 20 * place
                _interval(axes, answer["after"], y, colours[answer["priors"]], width=3.5)
                _interval(axes, answer["before"], y + 7, FAINT, width=1.0, hollow=True)
        _percent_axis(axes, tops[-1])
        told = "; ".join(
            f"{line['label']}, {titles[a['priors']]}: {percent(a['after']['mean'])} after the record, "
            f"{percent(a['before']['mean'])} before"
            for line in table
            for a in line["answers"]
        )
        return svg(figure, f"priors-{table[0]['judgement']}", f"Answers under each prior set. {told}.")


def network_figure(network: Mapping[str, Any]) -> str:
    """Draw the network from left to right, every node right of all its parents.

    Parameters
    ----------
    network
        The report's ``network``.

    Returns
    -------
    str
        An ``svg`` element.
    """
    arrows = [(parent["name"], node["name"]) for node in network["nodes"] for parent in node["parents"]]
    places = _arranged(tuple(node["name"] for node in network["nodes"]), tuple(arrows))
    right, bottom = max(x for x, _ in places.values()), max(y for _, y in places.values())
    with styled():
        figure, axes = _canvas(right + BOX[0] + 8, bottom + BOX[1] + 8, left=-BOX[0] / 2 - 4, top=-BOX[1] / 2 - 4)
        last = {name for name in places if name not in {start for start, _ in arrows}}
        for start, end in arrows:
            _arrow(axes, places[start], places[end], faint=end in last)
        for name, place in places.items():
            _box(axes, name.replace("_", " "), place, final=name in last)
        told = ", ".join(name.replace("_", " ") for name in places)
        return svg(figure, "network", f"The network drawn; every arrow is listed in the table below. Nodes: {told}.")


def percent(x: float, *, exact: bool = False) -> str:
    r"""Say a probability in whole per cent.

    Parameters
    ----------
    x
        In [0, 1].
    exact
        Whether 0 and 1 are meant as such, rather than rounded.

    Examples
    --------
    >>> percent(0.59), percent(0.001), percent(0.999), percent(float("nan"))
    ('59\xa0%', '<1\xa0%', '>99\xa0%', 'not computed')
    """
    if math.isnan(x):
        return "not computed"
    return f"{_whole(x, exact=exact)}\N{NO-BREAK SPACE}%"


def span(lower: float, upper: float) -> str:
    r"""Say an interval of probabilities.

    Examples
    --------
    >>> span(0.001, 0.91) == "<1\N{EN DASH}91\N{NO-BREAK SPACE}%"
    True
    """
    if math.isnan(lower) or math.isnan(upper):
        return "not computed"
    return f"{_whole(lower)}\N{EN DASH}{_whole(upper)}\N{NO-BREAK SPACE}%"


def _whole(x: float, *, exact: bool = False) -> str:
    rounded = f"{100 * x:.0f}"
    if exact:
        return rounded
    return {"0": "<1", "100": ">99"}.get(rounded, rounded)


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the report's colours and letters."""
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        # Text stays text and the browser has the letters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


def _canvas(width: float, height: float, left: float = 0.0, top: float = 0.0) -> tuple[Figure, Axes]:
    """Axes that fill a figure and count in pixels, downwards."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(left, left + width), ylim=(top + height, top))
    axes.axis("off")
    return figure, axes


def _panel(height: float) -> tuple[Figure, Axes]:
    """Axes over the probabilities from 0 to 1; pixels downwards."""
    figure, axes = _canvas(WIDTH + 2 * MARGIN, height)
    axes.set_xlim(-MARGIN / WIDTH, 1 + MARGIN / WIDTH)
    return figure, axes


def _tops(heights: Sequence[float], start: float) -> list[float]:
    """Where each row begins, and where the last one ends."""
    tops = [start]
    for height in heights:
        tops.append(tops[-1] + height)
    return tops


def _borders(axes: Axes, bands: Sequence[Band], top: float, bottom: float) -> None:
    borders = sorted({b.low for b in bands} | {b.high for b in bands})
    axes.vlines(borders, top, bottom, color=RULE, linewidth=0.8, zorder=0)
    for band in bands:
        axes.text(
            (band.low + band.high) / 2,
            top - 3,
            band.word.replace(" ", "\n"),
            fontsize=8,
            color=MUTED,
            ha="center",
            va="bottom",
            linespacing=1.05,
        )


def _ridge(
    axes: Axes, row: Mapping[str, Any], lines: Sequence[str], top: float, highest: float, *, is_base: bool
) -> None:
    colour, fill = (GREY, GREY_FILL) if is_base else (ACCENT, FILL)
    _label(axes, lines, top)
    numbers = f"{percent(row['mean'])} ({span(row['lower'], row['upper'])})"
    axes.text(1, top + 11, numbers, fontsize=10.5, ha="right", color=INK if row["passed"] else ALARM, weight="bold")
    ground = top + 15 * len(lines) + 44
    x = row["curve"]["x"]
    y = [ground - 38 * density / highest for density in row["curve"]["density"]]
    axes.fill_between(x, y, ground, color=fill, linewidth=0, zorder=1)
    axes.plot(x, y, color=colour, linewidth=1.2, zorder=2)
    axes.hlines(ground, 0, 1, color=FAINT, linewidth=0.6, zorder=2)
    _interval(axes, row, ground + 6, colour, width=3.0)


def _label(axes: Axes, lines: Sequence[str], top: float) -> None:
    for place, line in enumerate(lines):
        axes.text(0, top + 11 + 14 * place, line, fontsize=10.5, color=INK, backgroundcolor="none")


def _interval(
    axes: Axes, figures: Mapping[str, Any], y: float, colour: str, *, width: float, hollow: bool = False
) -> None:
    if math.isnan(figures["mean"]):
        return
    axes.hlines(y, figures["lower"], figures["upper"], color=colour, linewidth=width, alpha=0.55, zorder=3)
    axes.plot(
        [figures["mean"]],
        [y],
        marker="o",
        markersize=4 if hollow else 7,
        markerfacecolor="white" if hollow else colour,
        markeredgecolor=colour if hollow else "white",
        zorder=4,
    )


def _percent_axis(axes: Axes, y: float) -> None:
    axes.hlines(y, 0, 1, color=MUTED, linewidth=0.8)
    for x in (0, 0.25, 0.5, 0.75, 1):
        axes.vlines(x, y, y + 4, color=MUTED, linewidth=0.8)
        # The outermost labels turn inwards, so that none is cut off.
        side = "left" if x == 0 else "right" if x == 1 else "center"
        axes.text(x, y + 16, percent(x, exact=True), fontsize=9.5, color=MUTED, ha=side)


def _key(axes: Axes, titles: Mapping[str, str], colours: Mapping[str, str]) -> None:
    for place, (name, title) in enumerate(titles.items()):
        y = 9 + 18 * place
        _interval(axes, {"mean": 0.03, "lower": 0.0, "upper": 0.06}, y, colours[name], width=3.5)
        axes.text(0.09, y + 4, f"after the record, priors: {title}", fontsize=9.5, color=INK)
    y = 9 + 18 * len(titles)
    _interval(axes, {"mean": 0.03, "lower": 0.0, "upper": 0.06}, y, FAINT, width=1.0, hollow=True)
    axes.text(0.09, y + 4, "below each: what the same priors say before the record", fontsize=9.5, color=INK)


@lru_cache(maxsize=8)
def _arranged(names: tuple[str, ...], arrows: tuple[tuple[str, str], ...]) -> Mapping[str, Point]:
    """Place nodes by generation, moved up and down until arrows pass beside nodes."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(arrows)
    layers = [sorted(layer, key=names.index) for layer in nx.topological_generations(graph)]
    slots = max(6, *(len(layer) for layer in layers), 0)
    heights = [STEP[1] / 2 * half for half in range(2 * slots - 1)]
    rng, found = np.random.default_rng(0), []
    for start in range(STARTS if len(names) * len(arrows) <= MOST_LOOKED_AT else 1):
        places = {}
        for depth, layer in enumerate(layers):
            order = rng.permutation(slots)[: len(layer)] if start else range(len(layer))
            for name, slot in zip(layer, order, strict=True):
                places[name] = (STEP[0] * depth, STEP[1] * float(slot))
        found.append(_improved(places, arrows, heights))
    _, best = min(found, key=lambda pair: pair[0])
    top = min(y for _, y in best.values())
    return {name: (x, y - top) for name, (x, y) in best.items()}


def _improved(
    places: dict[str, Point], arrows: Sequence[tuple[str, str]], heights: Sequence[float]
) -> tuple[float, dict[str, Point]]:
    """Move one node at a time to its best height until none gains."""
    best, moved = _tangle(places, arrows), len(places) * len(arrows) <= MOST_LOOKED_AT
    while moved:
        moved = False
        for name, (x, _) in list(places.items()):
            for y in heights:
                tried = {**places, name: (x, y)}
                cost = _tangle(tried, arrows)
                if cost < best - 1e-9:
                    places, best, moved = tried, cost, True
    return best, places


def _tangle(places: Mapping[str, Point], arrows: Sequence[tuple[str, str]]) -> float:
    """How hard a drawing is to read: nodes too close weigh most, then arrows through nodes, then steep arrows."""
    names = list(places)
    points = np.array([places[name] for name in names])
    columns = np.abs(points[:, None, 0] - points[None, :, 0]) < 1
    crowded = columns & (np.abs(points[:, None, 1] - points[None, :, 1]) < 1.4 * BOX[1])
    cost = 1000.0 * (int(crowded.sum()) - len(names)) / 2
    if not arrows:
        return cost
    ends = np.array([(names.index(start), names.index(end)) for start, end in arrows])
    start, end = points[ends[:, 0]], points[ends[:, 1]]
    steep = ((end[:, 1] - start[:, 1]) / (end[:, 0] - start[:, 0] - BOX[0])) ** 2
    touched = _hits(start, end, points)
    touched[np.arange(len(ends))[:, None], ends] = False
    return cost + float(np.minimum(steep, 40.0).sum()) / 4 + 40.0 * int(touched.sum())


def _hits(start: np.ndarray, end: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Whether each arrow between two nodes touches each node, shape (arrows, nodes)."""
    x0, x1 = start[:, :1] + BOX[0] / 2, end[:, :1] - BOX[0] / 2
    left, right = np.maximum(x0, boxes[:, 0] - BOX[0] / 2), np.minimum(x1, boxes[:, 0] + BOX[0] / 2)
    slope = (end[:, 1:] - start[:, 1:]) / (x1 - x0)
    at = np.stack([start[:, 1:] + slope * (x - x0) for x in (left, right)])
    room = BOX[1] / 2 + 4
    return (left < right) & (at.min(axis=0) < boxes[:, 1] + room) & (at.max(axis=0) > boxes[:, 1] - room)


def _arrow(axes: Axes, start: Point, end: Point, *, faint: bool) -> None:
    from matplotlib.patches import FancyArrowPatch

    patch = FancyArrowPatch(
        (start[0] + BOX[0] / 2, start[1]),
        (end[0] - BOX[0] / 2, end[1]),
        arrowstyle="-|>,head_length=6,head_width=2.6",
        mutation_scale=1,
        color="#9db4ca" if faint else GREY,
        linewidth=1.0,
        shrinkA=0,
        shrinkB=0,
        zorder=1,
    )
    axes.add_patch(patch)


def _box(axes: Axes, text: str, place: Point, *, final: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    lines = textwrap.wrap(text, 13)
    x, y = place
    axes.add_patch(
        FancyBboxPatch(
            (x - BOX[0] / 2, y - BOX[1] / 2),
            *BOX,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor=ACCENT if final else "white",
            edgecolor=ACCENT if final else GREY,
            linewidth=1,
            zorder=2,
        )
    )
    axes.text(
        x,
        y,
        "\n".join(lines),
        fontsize=13 if len(lines) == 1 else 11.5,
        ha="center",
        va="center",
        color="white" if final else INK,
        linespacing=1.1,
        zorder=3,
    )


def svg(figure: Figure, prefix: str, label: str) -> str:
    """Save a figure as an element that can stand in a page beside others."""
    from html import escape

    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    FigureCanvasSVG(figure).print_svg(out, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", lambda tag: _renamed(tag[0], prefix), text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def _renamed(tag: str, prefix: str) -> str:
    """Keep names inside one figure from meeting those of another on the same page."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", tag)
