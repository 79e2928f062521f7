"""Example reports of the documentation are those of today's record, networks, prior sets and scenarios."""

from __future__ import annotations

import importlib.util
import json
import re
from html import unescape
from pathlib import Path

import pytest

from servanda.analysis.explore.page import program
from servanda.analysis.queries.named_backers import shipped_cases
from servanda.analysis.scenarios.scenario import load_scenario
from servanda.models.cases.encode import encode
from servanda.models.sampling.fit import fit_identity
from servanda.models.sampling.run import Sampling

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "_static" / "examples"


def listed() -> tuple[str, ...]:
    spec = importlib.util.spec_from_file_location("examples", ROOT / "scripts" / "examples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return (*module.EXAMPLES,)


def test_the_page_of_examples_leads_to_each_of_them():
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    files = sorted(path.stem for path in FOLDER.iterdir())
    assert sorted(re.findall(r'href="_static/examples/([\w-]+)\.html"', page)) == files == sorted(listed())


@pytest.mark.parametrize("name", listed())
def test_an_example_is_of_today(name: str):
    """A change of record, network, prior set, or of what the scenario asks, wants `make examples`."""
    text = re.sub(r"<[^>]*>", "", unescape((FOLDER / f"{name}.html").read_text(encoding="utf-8")))
    loaded = load_scenario(name)
    scenario = loaded.scenario
    cases = encode(loaded.network, shipped_cases(loaded.network, scenario.as_of))
    for prior in loaded.priors:
        fit = fit_identity(loaded.network, cases, prior, Sampling(scenario.seed))
        for part in ("network_sha256", "priors_sha256", "data_sha256"):
            assert fit[part] in text, f"{part}: run 'make examples'"
    for said in (
        scenario.question,
        scenario.horizon,
        *(row.label for one in scenario.judgements for row in one.formats),
    ):
        assert said in text, "run 'make examples'"


def test_the_page_of_knobs_is_of_today():
    """A change of the record, the scenario or the page's program wants `make examples`."""
    (path,) = (ROOT / "docs" / "_static" / "explore").iterdir()
    text = path.read_text(encoding="utf-8")
    assert f'src="_static/explore/{path.name}"' in (ROOT / "docs" / "explore.md").read_text(encoding="utf-8")
    assert program() in text, "run 'make examples'"
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', text)
    assert found is not None
    held, loaded = json.loads(found[1]), load_scenario(path.stem)
    scenario, cases = loaded.scenario, shipped_cases(loaded.network, loaded.scenario.as_of)
    assert {"title": scenario.title, "question": scenario.question}.items() <= held["scenario"].items()
    assert [row[1] for row in held["cases"]["rows"]] == cases["obligor"].tolist(), "run 'make examples'"
    nodes = {node["name"]: node["states"] for node in held["fit"]["network"]["nodes"]}
    assert nodes == {name: list(loaded.network[name].states) for name in nodes}, "run 'make examples'"
    assert path.stat().st_size < 600_000
