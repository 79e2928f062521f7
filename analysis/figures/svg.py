"""Figures as elements of a page: SVG text that stands beside others, the same bytes on every run."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ...common.figure_style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def pixel_canvas(width: float, height: float, left: float = 0.0, top: float = 0.0) -> tuple[Figure, Axes]:
    """Axes that fill a figure and count in pixels, downwards."""
    figure = new_figure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(left, left + width), ylim=(top + height, top))
    axes.axis("off")
    return figure, axes


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of text as figures write it, on a `pixel_canvas`.

    Examples
    --------
    >>> text_width("ii", 11) < text_width("WW", 11) < text_width("WW", 11, bold=True)
    True
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=["sans-serif"], size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


def fitted(text: str, width: float, size: float) -> list[str]:
    """Lines of text that are no wider than so many pixels; a word that is wider is broken.

    Examples
    --------
    >>> fitted("price = words", 60, 11)
    ['price =', 'words']
    >>> "".join(fitted("W" * 20, 80, 11)) == "W" * 20
    True
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if text_width(joined, size) <= width:
            lines[-1] = joined
            continue
        lines += [""] * bool(lines[-1])
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def svg(figure: Figure, prefix: str, label: str) -> str:
    """Element of a page that shows a figure.

    Parameters
    ----------
    figure
        Drawn under `servanda.common.figure_style.styled`.
    prefix
        Of every name inside it, so that none meets that of another figure on the page.
    label
        What the figure shows, for who cannot see it.

    Returns
    -------
    str
        An ``svg`` element.
    """
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
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", tag)
