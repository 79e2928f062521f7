"""A report as a browser shows it: nothing leaves the page, everybody can read it, and paper holds all of it.

Needs Chromium and the test extra's Playwright; where one of them is missing the tests are skipped and say which.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.page import page

from ..analysis.figures.test_readable import THEORIES, TRACKS
from ..analysis.reporting.content import report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = (
    "</p><script>document.title='taken'</script>"
    "<img src=https://example.org/x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}"
)
#: What a page measures of itself: elements wider than the window that nothing lets scroll.
SIDEWAYS = """() => [...document.querySelectorAll('main *')].filter(e => {
  if (e.closest('.scroll') || e.closest('svg') || e.closest('details:not([open])')) return false;
  const box = e.getBoundingClientRect();
  return box.width > 0 && box.right > document.documentElement.clientWidth + 1;
}).map(e => e.tagName + ': ' + e.textContent.slice(0, 40))"""
#: The smallest text of every picture, as it is shown.
LETTERS = """() => [...document.querySelectorAll('svg')].filter(e => e.getBoundingClientRect().width > 0).map(e => {
  const scale = e.getBoundingClientRect().width / e.viewBox.baseVal.width;
  const sizes = [...e.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize) * scale);
  return Math.min(...sizes);
})"""
#: Text of a picture that its own frame or the one that scrolls it cuts off.
CUT = """() => [...document.querySelectorAll('svg')].flatMap(e => {
  const frame = e.getBoundingClientRect();
  return [...e.querySelectorAll('text')].filter(t => {
    const box = t.getBoundingClientRect();
    return frame.width > 0 && (box.left < frame.left - 8 || box.right > frame.right + 8);
  }).map(t => t.textContent);
})"""
UNFOLD = "() => document.querySelectorAll('details').forEach(e => { e.open = true; })"


def axe() -> str:
    """Source of axe-core, from the wheel that carries it."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.submodule_search_locations is not None
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: see the test extra")
    if CHROMIUM is None:
        pytest.skip("no Chromium was found on the path")
    with sync_api.sync_playwright() as found:
        # The sandbox of Chromium cannot start for root, as whom containers run.
        started = found.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of one report by hand, written as files: in both languages, a draft, and full of hostile text."""
    folder = tmp_path_factory.mktemp("pages")
    content = {**report(), "tracks": TRACKS, "theories": THEORIES}
    hostile = {**report(passed=False), "signed": HOSTILE}
    hostile["question"] |= {"ask": HOSTILE, "question": "x" * 4000, "assumptions": [HOSTILE]}
    hostile["provenance"] |= {"command": f"servanda {HOSTILE}"}
    hostile["judgements"][0]["rows"][0]["note"] = HOSTILE
    made = {"en": (content, "en"), "es": (content, "es"), "hostile": (hostile, "en")}
    for name, (one, language) in made.items():
        (folder / f"{name}.html").write_text(page(assemble(one, language)), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


def opened(browser: Any, path: Path, **how: Any) -> tuple[Any, list[str]]:
    """A page in a window of its own, and whatever it asked for or complained of."""
    window = browser.new_context(**how).new_page()
    heard: list[str] = []
    window.on("console", lambda message: heard.append(f"console: {message.text}"))
    window.on("pageerror", lambda error: heard.append(f"error: {error}"))
    window.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
    window.on("request", lambda request: heard.append(f"request: {request.url}"))
    window.goto(path.as_uri())
    return window, [said for said in heard if said != f"request: {path.as_uri()}"]


@pytest.mark.parametrize("name", ["en", "es", "hostile"])
def test_nothing_leaves_the_page_and_nothing_runs(browser, pages, name):
    window, heard = opened(browser, pages[name])
    window.evaluate(UNFOLD)
    assert heard == []
    assert window.evaluate("() => performance.getEntriesByType('resource').length") == 0
    assert window.title() != "taken"


def test_hostile_text_is_read_as_it_was_written(browser, pages):
    window, _ = opened(browser, pages["hostile"])
    assert window.evaluate("() => document.querySelector('h1').textContent") == HOSTILE
    assert window.evaluate("() => document.querySelectorAll('img, script').length") == 0


#: Places of a page that hold a mark which turns text, and whether each of them stands in an isolate.
TURNING = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (text.data.includes('\\u202e')) found.push(text.parentElement.closest('bdi') !== null);
  }
  return found;
}"""


def test_what_turns_text_is_isolated(browser, pages):
    window, _ = opened(browser, pages["hostile"])
    found = window.evaluate(TURNING)
    assert len(found) >= 4 and all(found)


def test_a_range_of_numbers_stays_on_its_line(browser, pages):
    window, _ = opened(browser, pages["en"], viewport={"width": 360, "height": 780})
    window.evaluate(UNFOLD)
    lines = "() => [...document.querySelectorAll('main .whole')].map(e => e.getClientRects().length)"
    found = window.evaluate(lines)
    assert len(found) > 10 and {*found} <= {0, 1}


# Colours do not depend on the language, nor on what a page says.
@pytest.mark.parametrize(("name", "scheme"), [("en", "light"), ("en", "dark"), ("es", "light"), ("hostile", "light")])
def test_axe_finds_no_fault(browser, pages, name, scheme):
    window, _ = opened(browser, pages[name], color_scheme=scheme)
    window.evaluate(UNFOLD)
    window.evaluate(axe())
    found = window.evaluate("() => axe.run()")
    assert [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in found["violations"]] == []
    assert len(found["passes"]) > 10


def test_a_dark_page_is_dark(browser, pages):
    ground = {}
    for scheme in ("light", "dark"):
        window, _ = opened(browser, pages["en"], color_scheme=scheme)
        ground[scheme] = window.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 29)"}


@pytest.mark.parametrize("name", ["en", "es", "hostile"])
def test_a_telephone_needs_no_sideways_scrolling(browser, pages, name):
    window, _ = opened(browser, pages[name], viewport={"width": 360, "height": 780})
    window.evaluate(UNFOLD)
    assert window.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert window.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["en", "es"])
def test_letters_of_figures_are_readable_and_whole(browser, pages, name, width):
    window, _ = opened(browser, pages[name], viewport={"width": width, "height": 900})
    window.evaluate(UNFOLD)
    smallest = window.evaluate(LETTERS)
    assert len(smallest) == 10
    assert min(smallest) >= 10.95
    assert window.evaluate(CUT) == []


def test_the_keyboard_reaches_the_answer_first(browser, pages):
    window, _ = opened(browser, pages["en"])
    window.keyboard.press("Tab")
    assert window.evaluate("() => document.activeElement.getAttribute('href')") == "#answer"


@pytest.mark.parametrize("name", ["en", "es"])
def test_paper_holds_page_one_on_one_page_and_what_is_folded(browser, pages, name):
    """The first page of paper holds page one and nothing else; what is folded on a screen has its room on paper."""
    window, _ = opened(browser, pages[name])
    window.emulate_media(media="print")
    window.set_viewport_size({"width": 680, "height": 1000})  # the width of A4 less its margins, in pixels
    height = window.evaluate("() => document.querySelector('#why').offsetTop")
    paper = (297 - 2 * 14) / 25.4 * 96
    assert height <= paper, f"page one is {height:.0f} px high, a page of paper {paper:.0f}"
    folded = window.evaluate(
        "() => [...document.querySelectorAll('details > :not(summary)')].map(e => e.getBoundingClientRect().height)"
    )
    assert folded
    assert min(folded) > 0
    sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", window.pdf(prefer_css_page_size=True)))
    assert sheets >= 5
