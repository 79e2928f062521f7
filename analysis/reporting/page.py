"""A document as one HTML page that fetches nothing, and runs nothing but the knobs that it may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from ...common.figure_style import DARK
from .document.blocks import Document, Figure, plain
from .document.safety import linkable, turns

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
#: Size in pixels of the smallest text of a figure, as it is shown.
READABLE = 11.0
#: Two numbers that belong together.
_RANGE = re.compile("\\b\\d{1,3}\N{EN DASH}\\d{1,3}\\b(?:\N{NO-BREAK SPACE}%)?")


def page(document: Document) -> str:
    """HTML page of a document.

    Parameters
    ----------
    document
        From `servanda.analysis.reporting.assemble.assemble`.

    Returns
    -------
    str
        A self-contained page, without scripts but those of its panel; equal documents give equal pages.
    """
    scripts = document.panel.scripts if document.panel else ()
    return _environment().get_template("document.html.j2").render(document=document, policy=policy(scripts))


def policy(scripts: Sequence[str] = ()) -> str:
    """Security policy of a page that asks for nothing: a browser refuses what would break it.

    Parameters
    ----------
    scripts
        The only scripts that may run, each by its digest.

    Examples
    --------
    >>> policy()
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    """
    parts = ["default-src 'none'", "style-src 'unsafe-inline'", "base-uri 'none'", "form-action 'none'"]
    return "; ".join([*parts, *([f"script-src {' '.join(scripts)}"] if scripts else [])])


def isolated(text: str) -> Markup:
    r"""Text of a page, set apart where it could turn the direction of its neighbours; a range stays on its line.

    Examples
    --------
    >>> isolated("5 < 6"), isolated("\N{RIGHT-TO-LEFT OVERRIDE}47 %")
    (Markup('5 &lt; 6'), Markup('<bdi>\u202e47 %</bdi>'))
    >>> isolated("it is 4\N{EN DASH}7 %") == Markup('it is <span class="whole">4\N{EN DASH}7</span> %')
    True
    """
    shown = _RANGE.sub(r'<span class="whole">\g<0></span>', escape(text))
    return Markup(f"<bdi>{shown}</bdi>" if turns(text) else shown)  # noqa: S704 - escaped before


def safe_href(href: str) -> str:
    """Address that a page may link to; nothing in place of any other.

    Examples
    --------
    >>> safe_href("https://doi.org/10.2307/1"), safe_href("javascript:alert(1)")
    ('https://doi.org/10.2307/1', '#')
    """
    return href if linkable(href) else "#"


def drawing(figure: Figure) -> Markup:
    """Picture of a figure in colours that follow the page, light or dark, described in the page's language."""
    svg = re.sub(r'aria-label="[^"]*"', lambda _: f'aria-label="{escape(figure.alt)}"', figure.svg, count=1)
    if figure.wide:
        svg = svg.replace("<svg ", f'<svg style="min-width: {_readable(svg):.0f}px" ', 1)
    return Markup(re.sub(r"#[0-9a-f]{6}\b", lambda found: _variable(found[0]), svg))  # noqa: S704 - matplotlib escapes


def _readable(svg: str) -> float:
    """Width in pixels from which on the smallest text of a picture is readable."""
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
    box = re.search(r'viewBox="0 0 ([\d.]+)', svg)
    return float(box[1]) * READABLE / min(sizes) if box and sizes else 0.0


def _variable(colour: str) -> str:
    return f"var(--c{colour[1:]}, {colour})" if colour in DARK else colour


def dark_colours() -> Markup:
    """Variables of a page's style that hold the colours of a dark screen."""
    return Markup(" ".join(f"--c{light[1:]}: {dark};" for light, dark in DARK.items()))  # noqa: S704


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(isolated=isolated, safe_href=safe_href, plain_text=plain, drawing=drawing)
    environment.globals["dark_colours"] = dark_colours()
    return environment
