"""A change under unmeasured causes of every strength: contours, tipping points, and the measured causes among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ....common.canvas import Canvas, canvas, figure_of
from ....common.figure_style import ACCENT, ALARM, COLOURS, INK, LEAST_SIZE, LEGEND_SIZE, MUTED

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ....common.figure_style import ShownFigure

#: Inches.
_HEIGHT = 5.4
#: From so many inches on the measured causes are named beside the axes.
_BESIDE = 5.5
_EXPLAINED = (
    "Change in points if an unmeasured cause of these strengths were held; hatched: its interval holds zero.",
    "Numbers: as strong as a measured cause. Diamonds: equal strengths at which it is zero, or doubled.",
)
#: Smallest step between contours, in points, and how many there are at most.
_STEPS, _MOST_CONTOURS = (1, 2, 5, 10, 20, 50), 14


def confounding_figure(
    grid: xr.Dataset,
    measured: Mapping[str, tuple[float, float]],
    tipping: Mapping[str, tuple[float, float]],
    *,
    cause: str,
    outcome: str,
    look: Mapping[str, Any] | None = None,
) -> ShownFigure:
    """Expected change over the strengths of an unmeasured cause, on scales of logarithms.

    Parameters
    ----------
    grid
        ``mean``, ``lower`` and ``upper`` of the change, dims (on_cause, on_outcome), odds ratios.
    measured
        Name of a measured cause -> its strengths on the changed node and on the outcome.
    tipping
        What happens -> strengths at which it does; those off the grid are left out.
    cause, outcome
        The changed node and the outcome, in words.
    look
        As `servanda.common.canvas.Look`; names are ``loss``, ``gain``, and those of measured causes.
    """
    x, y = grid["on_cause"].values, grid["on_outcome"].values
    points = {name: 100 * grid[name].transpose("on_outcome", "on_cause").values for name in ("mean", "lower", "upper")}
    names = {"loss": "loss", "gain": "gain", **{name: name for name in measured}}
    colours = {**dict.fromkeys(measured, ALARM), "loss": COLOURS[1], "gain": ACCENT}
    with canvas(look, names, colours=colours) as c:
        beside = c.width >= _BESIDE
        key = [
            f"{number}  {c.labels[name]} ({a:.2f}, {max(b, 1 / b):.2f})"
            for number, (name, (a, b)) in enumerate(measured.items(), start=1)
        ]
        (axes,) = c.panels([_HEIGHT if beside else c.width + 0.16 * len(key) + 0.6])
        axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
        _draw_contours(axes, c, x, y, points)
        inside = {name: at for name, at in tipping.items() if x[0] <= at[0] <= x[-1] and y[0] <= at[1] <= y[-1]}
        for name, at in inside.items():
            axes.plot(*at, "D", markersize=7, color=c.tone(INK), markeredgecolor=c.ground, clip_on=False, zorder=5)
            _label(axes, c, name, at, x[-1])
        _draw_measured(axes, c, {name: (_within(a, x), _within(b, y)) for name, (a, b) in measured.items()})
        for axis, odds in ((axes.xaxis, x), (axes.yaxis, y)):
            shown = [one for one in (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8) if odds[0] <= one <= odds[-1]]
            axis.set_ticks(shown, [f"{one:g}" if one >= 1 else f"1/{1 / one:g}" for one in shown])
            axis.set_ticks([], minor=True)
        c.axis_title(axes, f"odds ratio per standard deviation on {cause}")
        c.axis_title(axes, f"odds ratio per standard deviation on {outcome}", side="y")
        # Beside the axes where there is room, else above them.
        said = [
            c.wrap(line, (0.9 if beside else 0.76) * c.width, LEGEND_SIZE)
            for line in (*_EXPLAINED, *([] if beside else key))
        ]
        c.head(axes, "\n".join(said), LEGEND_SIZE)
        for number, line in enumerate(key if beside else [], start=1):
            place = {"x": 1.03, "y": 1.0 - 0.06 * number, "transform": axes.transAxes}
            axes.text(s=line, fontsize=c.size(LEGEND_SIZE), color=c.tone(INK), **place)
        axes.spines[["top", "right"]].set_visible(False)
    return figure_of([axes])


def _draw_contours(axes: Axes, c: Canvas, x: np.ndarray, y: np.ndarray, points: Mapping[str, np.ndarray]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    mean = points["mean"]
    reach = max(1.0, float(np.abs(mean).max()))
    step = next((one for one in _STEPS if 2 * reach / one <= _MOST_CONTOURS), _STEPS[-1])
    levels = step * np.arange(-int(np.ceil(reach / step)), int(np.ceil(reach / step)) + 1)
    ends = [c.marks["loss"].colour, c.ground, c.marks["gain"].colour]
    colours = LinearSegmentedColormap.from_list("loss to gain", ends)
    axes.contourf(x, y, mean, levels=levels, cmap=colours, vmin=-reach, vmax=reach, alpha=0.55, zorder=0)
    holds = np.minimum(-points["lower"], points["upper"])
    if holds.max() > 0:
        shade = axes.contourf(
            x, y, holds, levels=[0, max(holds.max(), 1e-9)], colors="none", hatches=["...."], zorder=1
        )
        shade.set_edgecolor(c.ground)
        shade.set_linewidth(0.0)
    lines = axes.contour(x, y, mean, levels=levels[levels != 0], colors=c.tone(MUTED), linewidths=0.7, zorder=2)
    axes.clabel(lines, fmt=lambda at: f"{at:+.0f}", fontsize=c.size(LEGEND_SIZE))
    if mean.min() < 0 < mean.max():
        axes.contour(x, y, mean, levels=[0.0], colors=c.tone(INK), linewidths=2.0, zorder=3)


def _draw_measured(axes: Axes, c: Canvas, points: Mapping[str, tuple[float, float]]) -> None:
    """Numbers where the measured causes stand, named elsewhere: names would lie on each other."""
    size = c.size(LEGEND_SIZE)
    for number, (name, (a, b)) in enumerate(points.items(), start=1):
        dot = {"marker": "o", "markersize": 1.4 * size, "color": c.marks[name].colour, "markeredgecolor": c.ground}
        # The strongest on top.
        axes.plot(a, b, **dot, clip_on=False, zorder=6 - 0.1 * number)
        digits = {"ha": "center", "va": "center", "color": c.ground, "fontsize": max(size - 1, LEAST_SIZE)}
        axes.annotate(f"{number}", (a, b), **digits, weight="bold", zorder=6.01 - 0.1 * number)


def _within(odds: float, axis: np.ndarray) -> float:
    return float(np.clip(odds, axis[0], axis[-1]))


def _label(axes: Axes, c: Canvas, name: str, at: tuple[float, float], right: float) -> None:
    late = at[0] > right**0.75
    # Away from the line through the point, which bends towards odds of one.
    up = at[1] >= 1
    axes.annotate(
        name,
        at,
        xytext=(-8 if late else 8, 5 if up else -11),
        textcoords="offset points",
        ha="right" if late else "left",
        fontsize=c.size(LEGEND_SIZE),
        color=c.tone(INK),
        zorder=6,
    )
