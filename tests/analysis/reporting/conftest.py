"""A report by hand, and the shipped scenario answered from the priors alone (no sampling)."""

from __future__ import annotations

from copy import deepcopy

import pytest

from .content import report
from .page import Page, render


@pytest.fixture
def content():
    # Of its own: tests change what they are given.
    return deepcopy(report())


@pytest.fixture
def failing():
    return report(passed=False)


@pytest.fixture
def read():
    """Render a report and read it back."""
    return lambda content, language="en": Page(render(content, language))


@pytest.fixture(scope="session")
def supposed():
    """The shipped scenario, answered by draws from its priors: shaped as a real report, fast, and not passed."""
    from servanda.analysis.reporting.build import build
    from servanda.analysis.reporting.section import Material
    from servanda.analysis.scenarios.scenario import load_scenario
    from servanda.models.sampling.prior_draws import prior_draws
    from servanda.record import load_guarantees

    loaded = load_scenario("dprk-six-party")
    cases = load_guarantees(as_of=loaded.scenario.as_of)
    levels = {
        "actor": tuple(sorted(cases["obligor"].unique())),
        "guarantee": tuple(sorted(cases["guarantee_id"].unique())),
    }
    draws = {p.name: prior_draws(loaded.network, p, seed=1, draws=1000, levels=levels) for p in loaded.priors}
    return build(Material(loaded, cases, draws))
