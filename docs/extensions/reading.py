"""Pages that everyone can read: sentences wrap, what scrolls is reached by the keyboard, parts of a page have names."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: Columns that a printed table has and a sentence has not.
_COLUMNS = re.compile(r"\S {3,}\S|[│─┃|]")
#: What scrolls where it is wider than the page: outputs, figures that are no link, and tables.
_SCROLLS = re.compile(
    r'(<div class="output [^"]*">\s*<div class="highlight"><pre|<div class="output text_html"'
    r'|<div class="cell_output[^"]*"(?=>\s*<img)'
    r'|<div class="(?:table|math)-wrapper[^"]*"|<pre style="white-space:pre;overflow-x:auto[^"]*")'
)
#: A cell at the head of a table that is left empty heads nothing.
_EMPTY = re.compile(r"<th([^>]*)>(?:<p></p>)?</th>")
#: Where the search page, which has no heading, shows what is found.
_FOUND = '<div id="search-results"></div>'
#: Class of each list beside a page -> what it lists.
_DRAWERS = {"sidebar-drawer": "All pages", "toc-drawer": "On this page"}


def wrap(_app: Sphinx, page: nodes.document) -> None:
    """Mark the outputs of cells that are sentences."""
    for part in page.findall(nodes.container):
        if part.get("nb_element") == "cell_code_output":
            for block in part.findall(nodes.literal_block):
                if not _COLUMNS.search(block.astext()):
                    block["classes"].append("sentences")


def reach(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None) -> None:
    """Let the keyboard reach what scrolls, and say at which level the headings of the lists of pages stand."""
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            levelled = context[part].replace('role="heading">', 'role="heading" aria-level="2">')
            context[part] = _EMPTY.sub(r"<td\1></td>", _SCROLLS.sub(r'\1 tabindex="0"', levelled))


def named(page: str) -> str:
    """Name the two lists beside a page, which a listener could not tell apart, and what a search found.

    Examples
    --------
    >>> named('<aside class="sidebar-drawer">')
    '<aside aria-label="All pages" class="sidebar-drawer">'
    """
    for drawer, label in _DRAWERS.items():
        page = page.replace(f'<aside class="{drawer}', f'<aside aria-label="{label}" class="{drawer}')
    return page.replace(_FOUND, f"<h1>Search</h1>\n{_FOUND}")


def name_parts(app: Sphinx) -> None:
    """Let every page be named when it is written; the theme has no place for it."""
    templates = getattr(app.builder, "templates", None)
    if templates is not None:
        render = templates.render
        templates.render = lambda template, context: named(render(template, context))


def setup(app: Sphinx) -> dict[str, Any]:
    """Mark outputs when they are read, and their boxes when they are written."""
    app.connect("builder-inited", name_parts)
    app.connect("doctree-read", wrap)
    app.connect("html-page-context", reach, priority=900)  # when the theme has put in its own
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
