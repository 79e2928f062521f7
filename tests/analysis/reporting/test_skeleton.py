"""The skeleton of a section in the documentation is a section: one file and one line put it on the page."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from servanda.analysis.reporting.build import build
from servanda.analysis.reporting.section import Material, Section
from servanda.analysis.reporting.sections import SECTIONS
from servanda.analysis.scenarios.scenario import load_scenario
from servanda.models.sampling.prior_draws import prior_draws
from servanda.record import load_guarantees, with_backers

from .page import Page, render

SKELETON = Path(__file__).parents[3] / "docs" / "skeletons" / "section.py"


@pytest.fixture
def registered(monkeypatch):
    """Load the skeleton where a copy of it would lie, and enter it in the table for one test."""
    name = "servanda.analysis.reporting.sections.my_section"
    spec = importlib.util.spec_from_file_location(name, SKELETON)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(SECTIONS, "my_section", module.SECTION)
    return module


def material() -> Material:
    """The shipped scenario under one prior set, answered by draws from it."""
    loaded = load_scenario("dprk-backers")
    loaded = replace(loaded, priors=loaded.priors[:1])
    cases = with_backers(load_guarantees(as_of=loaded.scenario.as_of))
    levels = {
        "actor": tuple(sorted(cases["obligor"].unique())),
        "guarantee": tuple(sorted(cases["guarantee_id"].unique())),
    }
    draws = prior_draws(loaded.network, loaded.priors[0], seed=1, draws=50, levels=levels)
    return Material(loaded, cases, {loaded.priors[0].name: draws})


@pytest.mark.usefixtures("registered")
def test_the_skeleton_is_on_the_page_and_in_the_dictionary():
    made = material()
    report = build(made)
    assert json.loads(json.dumps(report["my_section"])) == report["my_section"]
    page = Page(render(report))
    assert f"The record holds {len(made.cases)} cases." in page.text
    counts = [str(count) for count in made.cases["outcome"].value_counts()]
    assert any(page.cells[place : place + len(counts)] == counts for place in range(len(page.cells)))
    assert "my_section" in page.values("id")
    assert "#my_section" in page.values("href")
    assert page.tags.count("caption") == page.tags.count("table")


def test_a_gate_that_a_section_lists_stops_the_report(registered, monkeypatch):
    monkeypatch.setitem(SECTIONS, "my_section", Section(lambda *_: {"failed_gates": ["it is off by one"]}))
    report = build(material())
    assert "it is off by one" in report["failed_gates"]
    assert not report["passed"]
    assert "my_section" not in Page(render(report)).values("id")


def test_the_skeleton_names_what_there_is():
    """The places it sends a contributor to exist."""
    text, root = SKELETON.read_text(encoding="utf-8"), SKELETON.parents[2]
    for place in ("analysis/reporting/sections/__init__.py", "analysis/figures/"):
        assert place in text
        assert (root / place).exists()
