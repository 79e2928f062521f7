"""What the report says of priors."""

from __future__ import annotations

from dataclasses import replace

from servanda.analysis.reporting.sections.priors import _entries
from servanda.models import load_network
from servanda.priors import load_prior


def test_a_spread_that_is_relative_says_so():
    """With the option, entries for effects of the node say that a learned scale multiplies their spread; no others."""
    network, priors = load_network("guarantee"), load_prior("literature")

    def entries(**options):
        compliance = replace(network["compliance"], options=tuple(options.items()))
        own = replace(network, nodes=tuple(compliance if n.name == "compliance" else n for n in network.nodes))
        return {e["parameter"]: e["prior"] for e in _entries(own, priors)}

    plain, told = entries(), entries(shrinkage=True)
    assert plain["compliance.forces_there"] == "normal(mu=0, sigma=0.5)"
    assert told["compliance.forces_there"] == "normal(mu=0, sigma=0.5), spread times a learned scale"
    changed = {name for name in told if told[name] != plain[name]}
    assert changed == {f"compliance.{parent}" for parent in network["compliance"].parent_names}
