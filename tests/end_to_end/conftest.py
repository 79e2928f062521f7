"""A network, priors and a scenario of a user's own, small enough to be fitted at once."""

from __future__ import annotations

from pathlib import Path

import pytest

NETWORK = """
name = "own"
[nodes.guarantors]
states = ["one", "several"]
coding = { column = "guarantors", lower = [1, 2] }
[nodes.compliance]
states = ["defected", "partial", "complied"]
ordered = true
coding = { column = "outcome" }
parents = { guarantors = { reason = "the question", source = "mine" } }
"""
PRIORS = """
name = "mine"
[[priors]]
parameter = "*.table"
distribution = "dirichlet"
alpha = 1.0
reason = "nothing is known <script>alert(1)</script>"
source = "me"
certainty = "judgement"
"""
SCENARIO = """
name = "own-question"
title = "Mine & <b>only mine</b>"
question = "Do backers help?"
as_of = "2019-04-25"
horizon = "ten years"
resolution = "as coded"
network = "{network}"
priors = ["{priors}"]
[headline]
judgement = "any"
format = "several"
[[judgements]]
id = "any"
title = "Anybody"
claim = "an obligor keeps its word"
base = "one"
[[judgements.formats]]
label = "one"
do = {{ guarantors = "one" }}
[[judgements.formats]]
label = "several"
do = {{ guarantors = "several" }}
"""


@pytest.fixture
def own_scenario(tmp_path: Path) -> Path:
    network, priors = tmp_path / "network.toml", tmp_path / "priors.toml"
    network.write_text(NETWORK)
    priors.write_text(PRIORS)
    path = tmp_path / "own-question.toml"
    path.write_text(SCENARIO.format(network=network, priors=priors))
    return path
