"""Every executed page as a notebook to take along: with its outputs, and without what only this site knows.

``{notebooks}`` lists them.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from .gallery import in_order
from .kept import kept

#: A link to another page of the site, and a target.
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)")
_TARGET = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)


class NotebooksPlace(nodes.General, nodes.Element):
    """Where the list of notebooks will stand, once every page is read."""


class Notebooks(SphinxDirective):
    """Directive that holds the place of the list."""

    def run(self) -> list[nodes.Node]:
        """Hold the place."""
        return [NotebooksPlace()]


def offer(app: Sphinx, page: nodes.document) -> None:
    """Say under the title of an executed page that it is a notebook too."""
    name = app.env.docname
    title = next(iter(page.findall(nodes.title)), None)
    if title is None or not any(part.get("nb_element") == "cell_code" for part in page.findall(nodes.container)):
        return
    kept(app.env, "notebook_pages")[name] = ()
    file = f"{name.rpartition('/')[2]}.ipynb"
    link = f'<p class="notebook"><a href="{escape(file)}" download>Download this page as a notebook</a></p>'
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", link, format="html"))


def put(app: Sphinx, page: nodes.document, docname: str) -> None:
    """Put the list of notebooks in its place."""
    for place in list(page.findall(NotebooksPlace)):
        rows = nodes.bullet_list()
        for name in in_order(app.env):
            if name not in kept(app.env, "notebook_pages"):
                continue
            where = app.builder.get_relative_uri(docname, name)
            title = app.env.titles[name].astext()
            link = nodes.reference("", title, internal=True, refuri=where)
            file = escape(where.removesuffix(".html") + ".ipynb")
            raw = f' (<a href="{file}" download aria-label="{escape(title)} as a notebook">notebook</a>)'
            rows += nodes.list_item("", nodes.paragraph("", "", link, nodes.raw("", raw, format="html")))
        place.replace_self(rows)


def alone(notebook: dict[str, Any], titles: dict[str, str], docname: str) -> dict[str, Any]:
    """A notebook without the links, marks and warnings that mean something on the site alone.

    Parameters
    ----------
    notebook
        As it was executed.
    titles
        Name of a page -> its title, for links that have no words of their own.
    docname
        Of the page.
    """

    def words(found: re.Match[str]) -> str:
        target = (Path("/", docname).parent / found[2]).resolve().as_posix().removeprefix("/").removesuffix(".md")
        return found[1] or titles.get(target, target)

    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            source = _TARGET.sub("", _LINK.sub(words, source))
        # What a library warned of names the folders of who built the site.
        said = [output for output in cell.get("outputs", ()) if output.get("name") != "stderr"]
        cells.append({**cell, "source": source, **({"outputs": said} if "outputs" in cell else {})})
    return {**notebook, "cells": cells}


def with_outputs(notebook: Any, config: Config) -> Any:
    """A notebook with its outputs: where MyST-NB found a page in the cache, what it writes has none."""
    if config.nb_execution_mode != "cache":
        return notebook
    try:
        return get_cache(config.nb_execution_cache_path).merge_match_into_notebook(notebook)[1]
    except KeyError:
        return notebook


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks beside their pages."""
    if error or app.builder.format != "html":
        return
    titles = {name: title.astext() for name, title in app.env.titles.items()}
    for name in sorted(kept(app.env, "notebook_pages")):
        made = Path(app.outdir).parent / "jupyter_execute" / f"{name}.ipynb"
        found = alone(with_outputs(nbformat.read(made, nbformat.NO_CONVERT), app.config), titles, name)
        text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        (Path(app.outdir) / f"{name}.ipynb").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive, the links and the files."""
    app.setup_extension("extensions.kept")
    app.add_directive("notebooks", Notebooks)
    app.add_node(NotebooksPlace)
    app.connect("doctree-read", offer)
    app.connect("doctree-resolved", put)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
