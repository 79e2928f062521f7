"""A network drawn from left to right, every node right of all its parents, arrows beside nodes and not through them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...common.figure_style import ACCENT, GREY, INK, PALE, styled
from ...models.network.arrange import BOX, Point, arranged
from .svg import pixel_canvas, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def network_svg(
    nodes: Iterable[str], arrows: Iterable[tuple[str, str]], *, titles: Mapping[str, str] | None = None
) -> str:
    """Drawing of a network, as an ``svg`` element.

    Parameters
    ----------
    nodes
        Their names.
    arrows
        Parent and child.
    titles
        Name -> what stands in its box; the name itself by default.

    Examples
    --------
    >>> network_svg(["guarantors", "compliance"], [("guarantors", "compliance")]).startswith("<svg")
    True
    """
    arrows = tuple(arrows)
    places = arranged(tuple(nodes), arrows)
    right, bottom = max(x for x, _ in places.values()), max(y for _, y in places.values())
    with styled():
        figure, axes = pixel_canvas(right + BOX[0] + 8, bottom + BOX[1] + 8, left=-BOX[0] / 2 - 4, top=-BOX[1] / 2 - 4)
        last = {name for name in places if name not in {start for start, _ in arrows}}
        for start, end in arrows:
            _draw_arrow(axes, places[start], places[end], faint=end in last)
        for name, place in places.items():
            _draw_box(axes, (titles or {}).get(name, name.replace("_", " ")), place, final=name in last)
        said = ", ".join(name.replace("_", " ") for name in places)
        return svg(figure, "network", f"The network drawn; every arrow is listed in the table below. Nodes: {said}.")


def _draw_arrow(axes: Axes, start: Point, end: Point, *, faint: bool) -> None:
    from matplotlib.patches import FancyArrowPatch

    patch = FancyArrowPatch(
        (start[0] + BOX[0] / 2, start[1]),
        (end[0] - BOX[0] / 2, end[1]),
        arrowstyle="-|>,head_length=6,head_width=2.6",
        mutation_scale=1,
        color=PALE if faint else GREY,
        linewidth=1.0,
        shrinkA=0,
        shrinkB=0,
        zorder=1,
    )
    axes.add_patch(patch)


def _draw_box(axes: Axes, text: str, place: Point, *, final: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    lines = textwrap.wrap(text, 16)
    x, y = place
    axes.add_patch(
        FancyBboxPatch(
            (x - BOX[0] / 2, y - BOX[1] / 2),
            *BOX,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor=ACCENT if final else "#ffffff",
            edgecolor=ACCENT if final else GREY,
            linewidth=1,
            zorder=2,
        )
    )
    axes.text(
        x,
        y,
        "\n".join(lines),
        fontsize=12 if len(lines) == 1 else 11,
        ha="center",
        va="center",
        color="white" if final else INK,
        linespacing=1.1,
        zorder=3,
    )
