"""The documentation as it was built: nobody is kept out, and what it offers to take along is there.

`make test` runs these by themselves once it is built; where it was not, or there is no Chromium, these are skipped.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .test_report_page import axe, browser  # noqa: F401  the fixture

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
#: One page of each kind: of words alone, of pictures, of executed cells and of the interface.
PAGES = ("index.html", "gallery.html", "notebooks/what_if_sweeps.html", "api/errors.html")

if not (SITE / "gallery.html").is_file():
    pytest.skip("the documentation is not built: `make docs`", allow_module_level=True)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_grave_fault(browser, name):  # noqa: F811
    window = browser.new_page(viewport={"width": 360, "height": 800})
    window.goto((SITE / name).as_uri())
    assert window.evaluate("() => document.documentElement.scrollWidth") <= 360
    window.evaluate(axe())
    for scheme in ("light", "dark"):
        window.emulate_media(color_scheme=scheme)
        found = window.evaluate("() => axe.run({resultTypes: ['violations']})")["violations"]
        grave = [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in found]
        assert [
            one for one, fault in zip(grave, found, strict=True) if fault["impact"] in ("serious", "critical")
        ] == []
    window.close()


def test_every_thumbnail_and_every_notebook_is_there():
    page = (SITE / "gallery.html").read_text(encoding="utf-8")
    pictures, notebooks = (
        re.findall(r'<img alt="" [^>]*src="([^"]+)"', page),
        re.findall(r'href="([^"]+\.ipynb)"', page),
    )
    assert len(pictures) > 15
    assert len(notebooks) > 10
    assert all((SITE / name).is_file() for name in (*pictures, *notebooks))
    first = json.loads((SITE / notebooks[0]).read_text(encoding="utf-8"))
    assert any(cell.get("outputs") for cell in first["cells"])
