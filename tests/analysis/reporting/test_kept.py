"""A report's dictionary is found again while nothing that bears on it has changed, and made anew once it has."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from servanda.analysis import explore
from servanda.analysis.reporting import kept, make
from servanda.analysis.reporting.make import report
from servanda.analysis.scenarios.scenario import Loaded, Scenario
from servanda.analysis.summaries.likelihood_words import load_lexicon
from servanda.common.errors import InputError
from servanda.record import load_guarantees
from servanda.record.files.read import DATA

from .test_numbers import AS_OF, PACT, SCENARIO, flat

CASES = load_guarantees(as_of=AS_OF)
LOADED = Loaded(Scenario.model_validate({**SCENARIO, "priors": ["open"]}), PACT, (flat("open"),))
FEW = {"cases": CASES, "draws": 50, "chains": 2, "draft": True}


def test_a_report_found_again_is_the_same_and_needs_no_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    few = {**FEW, "folder": tmp_path / "fits"}
    first = report(LOADED, tmp_path / "out", **few)
    page = (tmp_path / "out" / "report.html").read_bytes()
    assert first.reused == ()
    monkeypatch.setattr(make, "_answered", lambda _: pytest.fail("it was made again"))
    with monkeypatch.context() as patch:
        patch.setattr(make, "set_report", lambda *_, **__: pytest.fail("its files were set again"))
        (tmp_path / "out" / "report.html").unlink()
        again = report(LOADED, tmp_path / "out", **few)
    assert again.reused == ("open",) and again.files == first.files
    assert again.content == first.content and (tmp_path / "out" / "report.html").read_bytes() == page
    # What is said of the single report is no part of what is kept.
    told = {"command": "make mine", "signed": "A. B.", "issued": "2026-01-31", "formats": ()}
    content = report(LOADED, tmp_path / "told", **few, **told).content
    assert content["provenance"]["command"] == "make mine"
    assert (content["signed"], content["issued"]) == ("A. B.", "2026-01-31")
    assert report(LOADED, tmp_path / "out", **few, formats=()).content == first.content


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was made and not found; each time something else."""
    found: list[Any] = []

    def answered(task: Any) -> dict[str, Any]:
        found.append(task)
        return {"passed": True, "provenance": {"command": ""}, "number": len(found)}

    monkeypatch.setattr(make, "_fitted", lambda task, _: (task, ()))
    monkeypatch.setattr(make, "_answered", answered)
    return found


def test_of_a_file_is_read_what_was_known_on_the_day(tmp_path: Path, made: list[Any]):
    few = {**FEW, "folder": tmp_path / "fits", "formats": ()}
    report(LOADED, tmp_path / "out", **{**few, "cases": DATA / "guarantees.csv"})
    assert made[0].cases["case_id"].tolist() == CASES["case_id"].tolist()
    with pytest.raises(InputError, match=r"none\.csv: there is no such file"):
        report(LOADED, tmp_path / "out", **{**few, "cases": "none.csv"})


def test_a_damaged_one_is_as_good_as_none(tmp_path: Path, made: list[Any]):
    few = {**FEW, "folder": tmp_path / "fits", "formats": ()}
    assert [report(LOADED, tmp_path / "out", **few).content["number"] for _ in range(2)] == [1, 1]
    (path,) = (tmp_path / "fits").glob("report-pact-*.json")
    path.write_text(path.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    assert report(LOADED, tmp_path / "out", **few).content["number"] == len(made) == 2


def test_files_are_set_anew_once_anything_that_bears_on_them_has_changed(
    tmp_path: Path, made: list[Any], monkeypatch: pytest.MonkeyPatch
):
    files: list[Any] = []
    monkeypatch.setattr(make, "set_report", lambda *given, **_: files.append(given) or {"report.json": b"{}"})
    monkeypatch.setattr(make, "_panels", lambda *_, **__: ({}, ""))
    few = {**FEW, "folder": tmp_path / "fits"}
    tried: list[dict[str, Any]] = [{}, {"formats": ["csv"]}, {"languages": ["es"]}, {"signed": "A. B."}]
    tried.append({"explore": explore})
    for number, changed in enumerate(tried, start=1):
        for _ in range(2):
            report(LOADED, tmp_path / "out", **few, **changed)
        assert len(files) == number
    monkeypatch.setattr(kept, "version", lambda name: f"another {name}")
    report(LOADED, tmp_path / "out", **few)
    assert len(files) == 6 and len(made) == 1


def test_a_report_is_made_anew_once_anything_that_it_says_has_changed(
    tmp_path: Path, made: list[Any], monkeypatch: pytest.MonkeyPatch
):
    """Its title, the source of a prior and a note of the record bear on no fit, and yet stand in the report."""
    few = {**FEW, "folder": tmp_path / "fits", "formats": ()}
    (prior,) = LOADED.priors
    entry = replace(prior.entries[0], source="another")
    retitled = LOADED.scenario.model_copy(update={"title": "Another"})
    tried: list[tuple[Loaded, dict[str, Any]]] = [
        (LOADED, {}),
        (replace(LOADED, scenario=retitled), {}),
        (replace(LOADED, priors=(replace(prior, entries=(entry,)),)), {}),
        (LOADED, {"cases": CASES.assign(note="another")}),
        (LOADED, {"seed": 8}),
        (LOADED, {"draws": 60}),
    ]
    for number, (loaded, changed) in enumerate(tried, start=1):
        assert report(loaded, tmp_path / "out", **{**few, **changed}).content["number"] == number
    assert report(LOADED, tmp_path / "out", **few).content["number"] == 1
    words = tmp_path / "words.toml"
    for number, mark in ((7, ""), (8, "# told anew\n"), (8, "")):
        text = (files("servanda.analysis") / "summaries" / "lexicons" / "phia.toml").read_text(encoding="utf-8")
        words.write_text(text.replace('title = "', f'title = "{mark.strip()}', 1), encoding="utf-8")
        load_lexicon.cache_clear()
        report(LOADED, tmp_path / "out", **few, lexicon=words)
        assert len(made) == number
    monkeypatch.setattr(kept, "package_digest", lambda: "of other code")
    assert report(LOADED, tmp_path / "out", **few).content["number"] == len(made) == 9


def test_the_package_is_known_by_what_its_files_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "_ROOT", tmp_path)
    monkeypatch.setattr(kept, "_ROOMS", ("room",))
    (tmp_path / "room" / "__pycache__").mkdir(parents=True)
    digest = kept.package_digest.__wrapped__
    (tmp_path / "room" / "one.py").write_text("1")
    seen = [digest()]
    (tmp_path / "room" / "one.py").write_text("2")
    seen.append(digest())
    (tmp_path / "room" / "one.py").rename(tmp_path / "room" / "two.py")
    seen.append(digest())
    assert len({*seen}) == 3
    (tmp_path / "room" / "__pycache__" / "one.pyc").write_bytes(b"")
    assert digest() == seen[-1]
