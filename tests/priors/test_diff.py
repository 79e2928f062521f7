"""How two prior sets differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from servanda.models import Arrow, Network, Node, Prior, PriorEntry, PriorError, PriorSet, load_network
from servanda.priors import load_prior, prior_diff

ONE = PriorSet.from_mapping({"*.table": Prior.of("dirichlet", alpha=1.0)}, name="one")
OTHER = PriorSet.from_mapping(
    {"*.table": Prior.of("dirichlet", alpha=1.0), "rain.table": Prior.of("dirichlet", alpha=2.0)}, name="other"
)
NETWORK = Network((Node("rain", ("no", "yes")), Node("snow", ("no", "yes"))))


def test_entries_as_they_are_written():
    found = prior_diff(ONE, OTHER)
    assert len(found) == 1
    assert found.table.loc["rain.table"].to_list() == ["-", "dirichlet(alpha=2)", "", ""]


def test_what_each_parameter_gets():
    found = prior_diff(ONE, OTHER, NETWORK)
    assert str(found) == "rain.table: dirichlet(alpha=1) -> dirichlet(alpha=2)"


def test_equal_sets_say_so():
    found = prior_diff(ONE, replace(ONE, name="copy"))
    assert len(found) == 0
    assert str(found) == "one and copy state the same."
    assert "state the same" in found._repr_html_()


def test_a_school_against_what_it_builds_on():
    found = prior_diff(load_prior("literature"), load_prior("institutionalist"), load_network("guarantee"))
    assert set(found.changed) == {
        f"compliance.{parent}" for parent in ("guarantors", "regime", "enforcement", "monitoring", "past_defections")
    }
    assert found.table.loc["compliance.monitoring", "institutionalist"].startswith("normal(mu=0.8, sigma=0.4)")
    assert "Monitored demands" in found.table.loc["compliance.monitoring", "why institutionalist"]
    assert found.table.loc["compliance.monitoring", "why literature"]
    assert "<table" in found._repr_html_()


def test_two_sets_of_one_name():
    with pytest.raises(PriorError, match="one: is the name of both sets; rename one"):
        prior_diff(ONE, replace(OTHER, name="one"))


def test_spreads_that_are_relative_say_so():
    """Where a node learns one scale for its effects, a stated spread is a factor, and the reader is told."""
    kept = Node("kept", ("no", "yes"), (Arrow("rain"),), "ordinal", ordered=True, options=(("shrinkage", True),))
    flat = load_prior("flat")
    entries = (*flat.entries, PriorEntry("kept.rain", Prior.of("normal", mu=0.5, sigma=1)))
    found = prior_diff(flat, replace(flat, name="wet", entries=entries), Network((Node("rain", ("no", "yes")), kept)))
    assert str(found) == (
        "kept.rain: normal(mu=0, sigma=1), spread times a learned scale"
        " -> normal(mu=0.5, sigma=1), spread times a learned scale"
    )
    assert found.table.loc["kept.rain", "flat"].endswith("times a learned scale")
