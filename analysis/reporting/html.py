"""A report as one HTML page: the dictionary of `build`, worded and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..queries.identification.result import CONDITION
from .sections import SECTIONS
from .words import FILTERS, FUNCTIONS

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(content: Mapping[str, Any]) -> str:
    """Write a report as one self-contained HTML page.

    Parameters
    ----------
    content
        What `servanda.analysis.reporting.build.build` returns, or the same read back from its JSON.

    Returns
    -------
    str
        A page without scripts and without anything to be fetched; equal contents give equal pages.
    """
    return _environment().get_template("report.html.j2").render(_context(content))


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
    environment.filters.update(FILTERS)
    environment.globals.update(FUNCTIONS)
    return environment


def _context(content: Mapping[str, Any]) -> dict[str, Any]:
    """The dictionary, the sections that it fills, and what their templates need beside it."""
    filled = {name: section for name, section in SECTIONS.items() if content.get(name)}
    context = {**dict.fromkeys(SECTIONS), **content, "sections": filled, "parts": content, "condition": CONDITION}
    for section in filled.values():
        context |= section.page(content)
    return context
