"""What the report says of priors."""

from __future__ import annotations

from dataclasses import replace

from servanda.analysis.reporting.sections.priors import _entries
from servanda.models import load_network
from servanda.priors import load_prior


def test_a_spread_that_is_relative_says_so():
    """With the option, entries for effects of the node say that a learned scale multiplies their spread; no others."""
    network, priors = load_network("guarantee"), load_prior("literature")
    compliance = replace(network["compliance"], options=(("shrinkage", True),))
    shrunk = replace(network, nodes=tuple(compliance if n.name == "compliance" else n for n in network.nodes))
    plain, told = ({e["parameter"]: e["prior"] for e in _entries(one, priors)} for one in (network, shrunk))
    assert plain["compliance.power"] == "normal(mu=0, sigma=0.7)"
    assert told["compliance.power"] == "normal(mu=0, sigma=0.7), spread times a learned scale"
    changed = {name for name in told if told[name] != plain[name]}
    assert changed == {f"compliance.{parent}" for parent in compliance.parent_names}
