"""The page "What if?" beside a report: the same fit, a link that leads to it, and a word where there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from servanda.analysis import explore
from servanda.analysis.cli.app import app
from servanda.analysis.explore.draws import ExploreError
from servanda.analysis.reporting import make
from servanda.analysis.reporting.formats.files import Format
from servanda.analysis.reporting.make import report, report_again
from servanda.analysis.scenarios.scenario import Loaded, Scenario
from servanda.analysis.scenarios.stored_fits import stored_fit
from servanda.common.errors import Fault
from servanda.models.sampling.run import Sampling
from servanda.record import load_guarantees

from ..reporting.page import Page
from ..reporting.test_numbers import AS_OF, PACT, SCENARIO, flat

CASES = load_guarantees(as_of=AS_OF)
LOADED = Loaded(Scenario.model_validate({**SCENARIO, "priors": ["open"]}), PACT, (flat("open"),))
LINK = re.compile(r'<a href="(what-if[^"]*)">')


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Draws that pass the gates of a conjugate fit, in a folder of this file."""
    return {"cases": CASES, "draws": 500, "chains": 2, "folder": tmp_path_factory.mktemp("fits"), "explore": explore}


def test_the_page_is_that_of_the_fit_of_the_report_and_the_report_leads_to_it(tmp_path, few, monkeypatch):
    written = report(LOADED, tmp_path, **few, languages=["en", "es"])
    names = ["report.en.html", "report.es.html", "what-if.en.html", "what-if.es.html"]
    assert [path.name for path in written.files] == names
    assert written.html == tmp_path / names[0] and written.unexplored == ""
    posterior, found = stored_fit(PACT, CASES, LOADED.priors[0], Sampling(7, 500, 500, 2), few["folder"])
    page = explore(posterior, LOADED, cases=CASES).html
    assert found and (tmp_path / names[2]).read_text(encoding="utf-8") == page
    html = (tmp_path / names[0]).read_text(encoding="utf-8")
    spanish, there = ((tmp_path / name).read_text(encoding="utf-8") for name in (names[1], names[3]))
    assert [LINK.findall(text) for text in (html, spanish)] == [[names[2]], [names[3]]]
    assert '<html lang="es"' in there and "Mueva usted los mandos</a>" in spanish
    # It stands in its chapter and not on paper, and the report still runs nothing and asks for nothing.
    change = html[html.index('<section id="change"') :].split("</section>")[0]
    assert LINK.search(change)
    read = Page(html)
    assert not {"script", "iframe"} & set(read.tags)
    assert "Turn the knobs yourself: set what the case is like" in read.text
    assert ".beside { display: none; }" in html[html.index("@media print") :]
    # What is found again needs no fit, and report.json knows of no page.
    monkeypatch.setattr(make, "_answered", lambda _: pytest.fail("it was made again"))
    monkeypatch.setattr(make, "assemble", lambda _content, _language, beside: beside)
    leads = Format(lambda document, _content, stem: {f"{stem}.html": str(document).encode()}, "to see where it leads")
    monkeypatch.setattr(make, "FORMATS", {"html": leads})
    again = report(LOADED, tmp_path, **few)
    assert [path.name for path in again.files] == ["report.html", "what-if.html"]
    assert [path.read_text(encoding="utf-8") for path in again.files] == ["what-if.html", page]
    assert "what-if" not in written.json.read_text(encoding="utf-8")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Pages that each report was written with."""
    found: list[dict[str, str]] = []

    def written(*given: Any, **_: object) -> tuple[Path, ...]:
        found.append(given[4] if len(given) > 4 else {})
        return ()

    monkeypatch.setattr(make, "write_report", written)
    return found


def answers(monkeypatch: pytest.MonkeyPatch, *, passed: bool = True) -> None:
    """Let a report come to nothing but whether its gates passed."""
    content = {"passed": passed, "failed_gates": [], "provenance": {}}
    monkeypatch.setattr(make, "kept_report", lambda *_: dict(content))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What fits were asked for; none is made."""
    asked: list[Any] = []
    monkeypatch.setattr(make, "stored_fits", lambda *given, **_: asked.append(given) or [(None, True)])
    return asked


def test_without_an_html_page_or_a_fit_nothing_is_explored(tmp_path, few, pages, fits, monkeypatch):
    answers(monkeypatch)
    assert report(LOADED, tmp_path, **few, formats=["csv"]).unexplored == ""
    assert report(LOADED, tmp_path, **{**few, "explore": None}).unexplored == ""
    monkeypatch.setattr(make, "load_report", lambda _: {"passed": True})
    report_again(tmp_path / "report.json", tmp_path)
    assert pages == [{}] * 3 and fits == []


def test_what_does_not_fit_a_page_has_a_report_all_the_same(tmp_path, few, pages, fits, monkeypatch):
    def refusing(*_: object, **__: object) -> Any:
        raise ExploreError("explore", [Fault("node compliance", "is of another family")])

    answers(monkeypatch)
    written = report(LOADED, tmp_path, **{**few, "explore": refusing})
    assert written.unexplored == "explore: node compliance: is of another family"
    assert pages == [{}] and len(fits) == 1


def test_numbers_whose_gates_failed_have_no_page_that_would_not_say_so(tmp_path, few, pages, fits, monkeypatch):
    answers(monkeypatch, passed=False)
    written = report(LOADED, tmp_path, **few, draft=True)
    assert written.unexplored == "a gate failed, and the page would show its numbers without saying so"
    assert pages == [{}] and fits == []


def test_the_command_writes_it_unless_told_not_to_and_says_why_there_is_none(tmp_path, few, monkeypatch):
    asked: list[Any] = []

    def written(*_: object, explore: Any, **__: object) -> make.Written:
        asked.append(explore)
        content = {"issued": "2026-01-31", "answer": {}}
        return make.Written(tmp_path / "report.json", (), content, (), "it does not fit" if explore else "")

    monkeypatch.setattr(make, "report", written)
    run = CliRunner().invoke
    assert 'no page "What if?": it does not fit' in run(app, ["report", "budapest"]).output
    assert json.loads(run(app, ["report", "budapest", "--json"]).output)["unexplored"] == "it does not fit"
    assert "What if?" not in run(app, ["report", "budapest", "--no-explore"]).output
    assert asked == [explore, explore, None]
