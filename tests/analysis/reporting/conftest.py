"""A report by hand, and the shipped scenario answered from the priors alone (no sampling)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from servanda.analysis.reporting.html import render


def _beside(name):
    """Import a helper that lies beside this file."""
    place = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"reporting_{name}", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_content, _page = _beside("content"), _beside("page")


@pytest.fixture
def content():
    return _content.report()


@pytest.fixture
def failing():
    return _content.report(passed=False)


@pytest.fixture
def read():
    """Render a report and read it back."""
    return lambda report: _page.Page(render(report))


@pytest.fixture(scope="session")
def supposed():
    """The shipped scenario, answered by draws from its priors: shaped as a real report, fast, and not passed."""
    from servanda.analysis.reporting.build import Material, build
    from servanda.analysis.scenarios.scenario import load_scenario
    from servanda.models.sampling.fit import prior_draws
    from servanda.record import load_guarantees

    loaded = load_scenario("dprk-six-party")
    cases = load_guarantees(as_of=loaded.scenario.as_of)
    levels = {
        "actor": tuple(sorted(cases["obligor"].unique())),
        "guarantee": tuple(sorted(cases["guarantee_id"].unique())),
    }
    draws = {p.name: prior_draws(loaded.network, p, seed=1, draws=500, levels=levels) for p in loaded.priors}
    return build(Material(loaded, cases, draws))
