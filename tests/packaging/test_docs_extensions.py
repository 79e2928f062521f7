"""What the documentation does beyond Sphinx: pictures and notebooks are found, and names link to what exists."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import zlib
from pathlib import Path

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module", autouse=True)
def on_the_path():
    """The documentation finds its extensions beside its `conf.py`."""
    sys.path.insert(0, str(DOCS))
    yield
    sys.path.remove(str(DOCS))


def page_of(*parts):
    page = new_document("page.md", get_default_settings(Parser()))
    section = nodes.section("", nodes.title("", "Five views"), *parts, ids=["five-views"])
    page += section
    return page


def cell(source, *outputs):
    found = nodes.container(nb_element="cell_code")
    found += nodes.container("", nodes.literal_block(source, source), nb_element="cell_code_source")
    found += nodes.container("", *outputs, nb_element="cell_code_output")
    return found


def test_pictures_are_known_by_section_and_line():
    gallery = importlib.import_module("extensions.gallery")
    page = page_of(cell("x = 1\nfound.plot()", nodes.image(uri="a.png")), cell("x"), nodes.image(uri="b.svg"))
    ((image, picture),) = gallery.pictures_of(page)
    assert image["uri"] == "a.png"
    assert picture == gallery.Picture("a.png", "Five views", "five-views", "found.plot()")
    card = gallery.card(picture, "priors.html")
    assert card[0]["refuri"] == "priors.html#five-views"
    assert card.astext() == "Five viewsfound.plot()"


def test_a_notebook_stands_alone():
    downloads = importlib.import_module("extensions.downloads")
    text = "(here)=\n# Title\n\nSee [the record](../record.md#x), [](../priors.md) and [PreliZ](https://preliz.org)."
    said = [{"name": "stderr", "text": "/home/me/lib.py: warning"}, {"name": "stdout", "text": "1"}]
    cells = [{"cell_type": "markdown", "source": [text]}, {"cell_type": "code", "source": ["x"], "outputs": said}]
    first, second = downloads.alone({"cells": cells}, {"priors": "Priors"}, "notebooks/own")["cells"]
    assert first["source"] == "# Title\n\nSee the record, Priors and [PreliZ](https://preliz.org)."
    assert second["outputs"] == said[1:]


def defines(package, name):
    """Whether a package defines a name in some module; nothing is imported, since that would take half a minute."""
    folder = Path(importlib.util.find_spec(package).origin).parent
    defined = re.compile(rf"^(def|class) {name.rpartition('.')[2]}\b", re.MULTILINE)
    paths = (path for path in sorted(folder.rglob("*.py")) if "tests" not in path.parts)
    return any(defined.search(path.read_text(encoding="utf-8")) for path in paths)


def test_neighbours_have_the_names_that_link_to_them(tmp_path):
    neighbours = importlib.import_module("extensions.neighbours")
    stated = [(package, name) for package, said in neighbours.read().items() for name in said["names"]]
    assert [one for one in stated if not defines(*one)] == []
    assert not defines("xarray", "DataTrea")
    found = neighbours.mapping(tmp_path)
    text = zlib.decompress(Path(found["arviz_stats"][1]).read_bytes().split(b"zlib.\n", 1)[1]).decode()
    assert "arviz_stats.loo py:function 1 api/generated/arviz_stats.loo.html -\n" in text
    assert neighbours.links()["az.loo"] == "arviz_stats.loo"
    assert neighbours.links()["DataTree"] == "xarray.DataTree"


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("compare_priors", "servanda.analysis.compare_priors"),
        ("sweep(posterior, node)", "servanda.analysis.sweep"),
        ("sv.fit", "servanda.analysis.fit"),
        ("az.loo", "arviz_stats.loo"),
        ("az.summary(tree)", "arviz_stats.summary"),
        ("sweep", None),
        ("compare_prior", None),
        ("report.json", None),
    ],
)
def test_what_is_surely_a_name_links(written, target):
    names = importlib.import_module("extensions.names")
    page = page_of(nodes.paragraph("", "", nodes.literal("", written)))
    names.link(type("App", (), {"env": type("Env", (), {"docname": "page"})})(), page)
    found = [node["reftarget"] for node in page.findall(lambda node: node.tagname == "pending_xref")]
    assert found == ([target] if target else [])


def test_parts_of_a_page_have_names_and_empty_heads_head_nothing():
    reading = importlib.import_module("extensions.reading")
    page = '<aside class="sidebar-drawer"><aside class="toc-drawer no-toc">'
    assert reading.named(page) == (
        '<aside aria-label="All pages" class="sidebar-drawer">'
        '<aside aria-label="On this page" class="toc-drawer no-toc">'
    )
    assert reading.named('<div id="search-results"></div>').startswith("<h1>Search</h1>")
    context = {"body": '<tr><th></th><th class="a"><p></p></th><th>mean</th></tr>'}
    reading.reach(None, "page", "page.html", context, None)
    assert context["body"] == '<tr><td></td><td class="a"></td><th>mean</th></tr>'
    context = {"body": '<div class="cell_output docutils container">\n<img src="a.png" /></div>'}
    reading.reach(None, "page", "page.html", context, None)
    assert context["body"].startswith('<div class="cell_output docutils container" tabindex="0">')


def test_sentences_wrap_and_columns_do_not():
    reading = importlib.import_module("extensions.reading")
    blocks = [nodes.literal_block("", text) for text in ("no 0.3 [0.2, 0.4]; yes 0.7", "a      b\n1      2")]
    reading.wrap(None, page_of(cell("x", *blocks)))
    assert [block["classes"] for block in blocks] == [["sentences"], []]
