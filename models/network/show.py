"""A network drawn for a notebook, in the colour of the text around it, so that it is seen on any page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from html import escape

from .arrange import BOX, arranged

#: Networks of more nodes are not drawn.
MOST_NODES = 40
#: Pixels around what is drawn; letters in a line of a node; half the width and the length of an arrow's head.
_EDGE, _LETTERS, _HEAD = 6.0, 16, (3.0, 7.0)


def network_drawing(nodes: Iterable[str], arrows: Iterable[tuple[str, str]]) -> str:
    """Drawing of a network as an ``svg`` element; empty for one of no nodes, or of more than `MOST_NODES`.

    Parameters
    ----------
    nodes
        Their names.
    arrows
        Parent and child.

    Examples
    --------
    >>> drawn = network_drawing(["rain", "wet"], [("rain", "wet")])
    >>> drawn.count("<rect"), 'aria-label="Network of 2 nodes: rain to wet"' in drawn
    (2, True)
    """
    names, pairs = tuple(nodes), tuple(arrows)
    if not 0 < len(names) <= MOST_NODES:
        return ""
    places = arranged(names, pairs)
    width, height = (max(at[axis] for at in places.values()) + BOX[axis] + 2 * _EDGE for axis in (0, 1))
    left, top = (-BOX[axis] / 2 - _EDGE for axis in (0, 1))
    parts = [_arrow(*places[start], *places[end]) for start, end in pairs]
    parts += [_box(name.replace("_", " "), x, y) for name, (x, y) in places.items()]
    said = escape(", ".join(f"{start} to {end}" for start, end in pairs) or "no arrows")
    return (
        f'<svg viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}" style="max-width:100%" role="img"'
        f' aria-label="Network of {len(names)} nodes: {said}" font-family="sans-serif" font-size="12" fill="none"'
        f' stroke="currentColor">{"".join(parts)}</svg>'
    )


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    start, end = x0 + BOX[0] / 2, x1 - BOX[0] / 2
    length = ((end - start) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    along, across = (end - start) / length, (y1 - y0) / length
    wide, long = _HEAD
    foot = end - long * along, y1 - long * across
    sides = [(foot[0] + side * across, foot[1] - side * along) for side in (wide, -wide)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in ((end, y1), *sides))
    line = f'<path d="M{start:.1f} {y0:.1f}L{foot[0]:.1f} {foot[1]:.1f}" stroke-opacity="0.6"/>'
    return f'{line}<polygon points="{points}" fill="currentColor" stroke="none" fill-opacity="0.8"/>'


def _box(text: str, x: float, y: float) -> str:
    lines = textwrap.wrap(text, _LETTERS)[:2]
    corner = f'x="{x - BOX[0] / 2:g}" y="{y - BOX[1] / 2:g}" width="{BOX[0]:g}" height="{BOX[1]:g}"'
    first = y + 4 - 7 * (len(lines) - 1)
    said = "".join(f'<tspan x="{x:g}" y="{first + 14 * at:g}">{escape(line)}</tspan>' for at, line in enumerate(lines))
    rect = f'<rect {corner} rx="6" fill="currentColor" fill-opacity="0.06"/>'
    return f'{rect}<text text-anchor="middle" fill="currentColor" stroke="none">{said}</text>'
