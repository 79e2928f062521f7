"""A change under unmeasured causes of every strength: contours, tipping points, and the measured causes among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ....common.figure_style import ACCENT, AXIS_SIZE, COLOURS, INK, LEGEND_SIZE, MUTED, WIDTH, new_figure, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches.
_HEIGHT = 5.4
#: Smallest step between contours, in points, and how many there are at most.
_STEPS, _MOST_CONTOURS = (1, 2, 5, 10, 20, 50), 14


def confounding_figure(
    grid: xr.Dataset,
    measured: Mapping[str, tuple[float, float]],
    tipping: Mapping[str, tuple[float, float]],
    *,
    cause: str,
    outcome: str,
) -> Figure:
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
    """
    x, y = grid["on_cause"].values, grid["on_outcome"].values
    points = {name: 100 * grid[name].transpose("on_outcome", "on_cause").values for name in ("mean", "lower", "upper")}
    with styled():
        figure = new_figure(figsize=(WIDTH, _HEIGHT), layout="constrained")
        axes = figure.add_subplot()
        axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
        _draw_contours(axes, x, y, points)
        inside = {name: at for name, at in tipping.items() if x[0] <= at[0] <= x[-1] and y[0] <= at[1] <= y[-1]}
        for name, at in inside.items():
            axes.plot(*at, marker="D", markersize=7, color=INK, markeredgecolor="white", clip_on=False, zorder=5)
            _label(axes, name, at, x[-1])
        _draw_measured(axes, {name: (_within(a, x), _within(b, y)) for name, (a, b) in measured.items()})
        for axis, odds in ((axes.xaxis, x), (axes.yaxis, y)):
            shown = [one for one in (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8) if odds[0] <= one <= odds[-1]]
            axis.set_ticks(shown, [f"{one:g}" if one >= 1 else f"1/{1 / one:g}" for one in shown])
            axis.set_ticks([], minor=True)
        axes.set_xlabel(f"odds ratio per standard deviation on {cause}", color=MUTED, fontsize=AXIS_SIZE)
        axes.set_ylabel(f"odds ratio per standard deviation on {outcome}", color=MUTED, fontsize=AXIS_SIZE)
        axes.set_title(
            "Change in points if an unmeasured cause of these strengths were held; hatched: its interval holds zero.\n"
            "Numbers: as strong as a measured cause. Diamonds: equal strengths at which it is zero, or doubled.",
            fontsize=LEGEND_SIZE,
            color=MUTED,
            loc="left",
        )
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_contours(axes: Axes, x: np.ndarray, y: np.ndarray, points: Mapping[str, np.ndarray]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    mean = points["mean"]
    reach = max(1.0, float(np.abs(mean).max()))
    step = next((one for one in _STEPS if 2 * reach / one <= _MOST_CONTOURS), _STEPS[-1])
    levels = step * np.arange(-int(np.ceil(reach / step)), int(np.ceil(reach / step)) + 1)
    colours = LinearSegmentedColormap.from_list("loss to gain", [COLOURS[1], "white", ACCENT])
    axes.contourf(x, y, mean, levels=levels, cmap=colours, vmin=-reach, vmax=reach, alpha=0.55, zorder=0)
    holds = np.minimum(-points["lower"], points["upper"])
    if holds.max() > 0:
        shade = axes.contourf(
            x, y, holds, levels=[0, max(holds.max(), 1e-9)], colors="none", hatches=["...."], zorder=1
        )
        shade.set_edgecolor("#ffffff")
        shade.set_linewidth(0.0)
    lines = axes.contour(x, y, mean, levels=levels[levels != 0], colors=MUTED, linewidths=0.7, zorder=2)
    axes.clabel(lines, fmt=lambda at: f"{at:+.0f}", fontsize=LEGEND_SIZE)
    if mean.min() < 0 < mean.max():
        axes.contour(x, y, mean, levels=[0.0], colors=INK, linewidths=2.0, zorder=3)


def _draw_measured(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    """Numbers where the measured causes stand, and what they mean beside the axes: names would lie on each other."""
    for number, (name, (a, b)) in enumerate(points.items(), start=1):
        dot = {"marker": "o", "markersize": 12, "color": COLOURS[4], "markeredgecolor": "white", "clip_on": False}
        # The strongest on top.
        axes.plot(a, b, **dot, zorder=6 - 0.1 * number)
        digits = {"ha": "center", "va": "center", "color": "white", "fontsize": LEGEND_SIZE - 1, "weight": "bold"}
        axes.annotate(f"{number}", (a, b), **digits, zorder=6.01 - 0.1 * number)
        said = f"{number}  {name} ({a:.2f}, {max(b, 1 / b):.2f})"
        axes.text(1.03, 1.0 - 0.06 * number, said, fontsize=LEGEND_SIZE, color=INK, transform=axes.transAxes)


def _within(odds: float, axis: np.ndarray) -> float:
    return float(np.clip(odds, axis[0], axis[-1]))


def _label(axes: Axes, name: str, at: tuple[float, float], right: float) -> None:
    late = at[0] > right**0.75
    # Away from the line through the point, which bends towards odds of one.
    up = at[1] >= 1
    axes.annotate(
        name,
        at,
        xytext=(-8 if late else 8, 5 if up else -11),
        textcoords="offset points",
        ha="right" if late else "left",
        fontsize=LEGEND_SIZE,
        color=INK,
        zorder=6,
    )
