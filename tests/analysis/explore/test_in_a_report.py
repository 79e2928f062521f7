"""The chapter "What if?" of a report: the same fit, links that lead to it, and a word where there is none."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from typer.testing import CliRunner

from servanda.analysis import explore
from servanda.analysis.cli.app import app
from servanda.analysis.explore.draws import ExploreError
from servanda.analysis.reporting import make
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
LINK = '<a href="#what-if">'


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Draws that pass the gates of a conjugate fit, in a folder of this file."""
    return {"cases": CASES, "draws": 500, "chains": 2, "folder": tmp_path_factory.mktemp("fits"), "explore": explore}


def test_the_knobs_are_those_of_the_fit_of_the_report_and_page_one_leads_to_them(tmp_path, few, monkeypatch):
    written = report(LOADED, tmp_path, **few, languages=["en", "es"])
    names = ["report.en.html", "report.es.html"]
    assert [path.name for path in written.files] == names
    assert written.html == tmp_path / names[0] and written.unexplored == ""
    posterior, found = stored_fit(PACT, CASES, LOADED.priors[0], Sampling(7, 500, chains=2), few["folder"])
    panel = explore(posterior, LOADED, cases=CASES).panel
    html, spanish = ((tmp_path / name).read_text(encoding="utf-8") for name in names)
    assert found and panel.markup in html
    assert '"language":"es"' in spanish and "<summary>Mueva usted los mandos</summary>" in spanish
    # Page one, the chapter on what would change the answer, and nothing else leads to the chapter of its own.
    parts = re.split(r"(?=<section id=.*chapter)", html[html.index("<main>") : html.index("</main>")])
    assert [re.match(r'<section id="([\w-]+)"', part)[1] for part in parts if LINK in part] == ["answer", "change"]
    assert html.index('<section id="what-if"') < html.index('<section id="annex"')
    assert ".turn, #what-if { display: none; }" in html[html.index("@media print") :]
    # report.json knows of no knobs; where they are not asked for nothing runs, and all is as it was.
    assert "what-if" not in written.json.read_text(encoding="utf-8")
    monkeypatch.setattr(make, "_answered", lambda _: pytest.fail("it was made again"))
    bare = report(LOADED, tmp_path, **{**few, "explore": None}).html.read_text(encoding="utf-8")
    assert not {"script", "iframe", "template"} & set(Page(bare).tags)
    assert LINK not in bare and "script-src" not in bare


def test_only_scripts_of_the_panel_may_run(few):
    """Each script is named by its digest in the security policy, as a browser works it out of the page."""
    posterior, _ = stored_fit(PACT, CASES, LOADED.priors[0], Sampling(7, 500, chains=2), few["folder"])
    made = explore(posterior, LOADED, cases=CASES)
    for html, sources in ((made.html, 1), (made.panel.markup, 2)):
        scripts = re.findall(r'<script type="module">(.*?)</script>', html, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
        assert len(digests) == sources
        assert {f"'sha256-{digest}'" for digest in digests} <= {*made.panel.scripts}


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Panels that each report was written with."""
    found: list[dict[str, Any]] = []

    def files(*given: Any, **_: object) -> dict[str, bytes]:
        found.append(given[3] if len(given) > 3 else {})
        return {}

    monkeypatch.setattr(make, "set_report", files)
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


def test_without_an_html_page_or_a_fit_nothing_is_explored(tmp_path, few, panels, fits, monkeypatch):
    answers(monkeypatch)
    assert report(LOADED, tmp_path, **few, formats=["csv"]).unexplored == ""
    assert report(LOADED, tmp_path, **{**few, "explore": None}).unexplored == ""
    monkeypatch.setattr(make, "load_report", lambda _: {"passed": True})
    report_again(tmp_path / "report.json", tmp_path)
    assert panels == [{}] * 3 and fits == []


def test_what_has_no_knobs_has_a_report_all_the_same(tmp_path, few, panels, fits, monkeypatch):
    def refusing(*_: object, **__: object) -> Any:
        raise ExploreError("explore", [Fault("node compliance", "is of another family")])

    answers(monkeypatch)
    written = report(LOADED, tmp_path, **{**few, "explore": refusing})
    assert written.unexplored == "explore: node compliance: is of another family"
    assert panels == [{}] and len(fits) == 1


def test_numbers_whose_gates_failed_have_no_knobs_that_would_not_say_so(tmp_path, few, panels, fits, monkeypatch):
    answers(monkeypatch, passed=False)
    written = report(LOADED, tmp_path, **few, draft=True)
    assert written.unexplored == "a gate failed, and the knobs would show their numbers without saying so"
    assert panels == [{}] and fits == []


def test_the_command_writes_it_unless_told_not_to_and_says_why_there_is_none(tmp_path, few, monkeypatch):
    asked: list[Any] = []

    def written(*_: object, explore: Any, **__: object) -> make.Written:
        asked.append(explore)
        content = {"issued": "2026-01-31", "answer": {}}
        return make.Written(tmp_path / "report.json", (), content, (), "it does not fit" if explore else "")

    monkeypatch.setattr(make, "report", written)
    run = CliRunner().invoke
    assert 'no chapter "What if?": it does not fit' in run(app, ["report", "budapest"]).output
    assert json.loads(run(app, ["report", "budapest", "--json"]).output)["unexplored"] == "it does not fit"
    assert "What if?" not in run(app, ["report", "budapest", "--no-explore"]).output
    assert asked == [explore, explore, None]
