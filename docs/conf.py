"""How the documentation is built: its examples run, and nothing in it comes from the network."""

from __future__ import annotations

import hashlib
import os
import sys
from html import escape
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
PACKAGE = HERE.parent / "servanda"
# Pages show results, and not how long they took.
os.environ["SERVANDA_PROGRESS"] = "0"
# Pages that run side by side leave each other a processor.
os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOMS = ("common", "record", "models", "priors", "analysis")

project = "Servanda"
author = "The Servanda developers"
copyright = f"2026, {author}"
release = installed_version("servanda")
version = ".".join(release.split(".")[:2])

extensions = [
    "myst_nb",
    "executed_ahead",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "extensions.neighbours",
    "extensions.gallery",
    "extensions.downloads",
    "extensions.names",
    "extensions.reading",
]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
default_role = "code"

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["wrap.css"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_update_mathjax = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"


def digest_of_rooms() -> str:
    """Name the state of the code and its data, so that no output of an older state is shown."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*")):
            # What is compiled lies beside the code, that of loops too, and comes with the first build.
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(PACKAGE).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# What takes longest. The first compiles the loops of networks, the second those of tracks; the others find them.
executed_first = ["notebooks/comparing_priors", "track", "notebooks/eliciting_a_panel", "cli", "notebooks/own_cases"]
# A page shows a figure as a picture of its own, which the gallery and the colours of the site know; 30 is that of HTML.
nb_mime_priority_overrides = [("html", "image/png", 25)]
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "cache" / digest_of_rooms())
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 600
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # the default loads scripts from the network


def mathml(self: HTML5Translator, node: nodes.math | nodes.math_block, *, block: bool) -> None:
    """Write a formula as MathML, which browsers show without any script."""
    try:
        markup = tex2mathml(node.astext(), as_block=block)
    except MathError as error:
        logging.getLogger(__name__).warning("formula %r: %s", node.astext(), error, location=node)
        markup = f"<code>{escape(node.astext())}</code>"
    if not block:
        self.body.append(markup)
        raise nodes.SkipNode
    number = get_node_equation_number(self, node) if node["number"] else ""
    label = f'<span class="eqno">({number})</span>' if number else ""
    self.body.append(self.starttag(node, "div", CLASS="math") + label + markup + "</div>\n")
    raise nodes.SkipNode


def inline_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    mathml(self, node, block=False)


def display_math(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    mathml(self, node, block=True)


html_math_renderer = "mathml"


def with_tables(app: Sphinx, _docname: str, source: list[str]) -> None:
    """Put the tables of TOML keys, made from their schemas, in the place of their fences."""
    from schema_tables import expanded, sources

    for path in sources(source[0]):
        app.env.note_dependency(path)
    source[0] = expanded(source[0])


def without_pictures(_app: Sphinx, page: nodes.document) -> None:
    """Warn of each cell that draws a figure nobody sees."""
    from shown_figures import cells_without_pictures

    for source in cells_without_pictures(page):
        what = "this cell draws a figure and shows none; let the figure be its last line"
        logging.getLogger(__name__).warning("%s:\n%s", what, source, location=page.get("source"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the writer of formulas and what follows the reading of pages."""
    app.add_html_math_renderer("mathml", (inline_math, None), (display_math, None))
    app.connect("source-read", with_tables)
    app.connect("doctree-read", without_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
