"""Every cell of the documentation that draws a figure shows it."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
CELL = re.compile(r"```\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)```", re.DOTALL)


def hook():
    spec = importlib.util.spec_from_file_location("shown_figures", DOCS / "shown_figures.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOK = hook()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_cell_that_draws_ends_with_its_figure(page):
    """A value on the last line is what a notebook shows; an assignment is not."""
    for _, source in CELL.findall(page.read_text(encoding="utf-8")):
        lines = "\n".join(line for line in source.splitlines() if not line.startswith(("%", "!")))
        if HOOK.DRAWS.search(lines):
            assert isinstance(ast.parse(lines).body[-1], ast.Expr), source


def page_of(source, *, drawn):
    """An executed cell as MyST-NB has it."""
    page = new_document("page.md", get_default_settings(Parser()))
    cell = nodes.container(nb_element="cell_code")
    cell += nodes.container("", nodes.literal_block(source, source), nb_element="cell_code_source")
    shown = nodes.image(uri="a.png") if drawn else nodes.literal_block("<Figure>", "<Figure>")
    cell += nodes.container("", nodes.container("", shown, mime_type="image/png"), nb_element="cell_code_output")
    page += cell
    return page


def test_the_build_finds_cells_without_a_picture():
    """`make docs` warns of each, and its warnings are errors."""
    assert list(HOOK.cells_without_pictures(page_of("found.plot()", drawn=False))) == ["found.plot()"]
    assert list(HOOK.cells_without_pictures(page_of("found.plot()", drawn=True))) == []
    assert list(HOOK.cells_without_pictures(page_of("found.table", drawn=False))) == []
    assert 'app.connect("doctree-read", without_pictures)' in (DOCS / "conf.py").read_text(encoding="utf-8")
