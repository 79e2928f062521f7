"""An answer says whose deed it is about."""

from __future__ import annotations

import pandas as pd
import pytest

from servanda.analysis import probability
from servanda.analysis.queries.whose_conduct import whose_conduct
from servanda.models import Arrow, Group, Network, Node, load_network
from servanda.models.sampling.prior_draws import prior_draws

GUARANTEE = load_network("guarantee")
WHO = Network(
    (
        Node("role", ("guarantor", "principal")),
        Node("kept", ("no", "yes"), (Arrow("role"),), "ordinal", ordered=True, groups=(Group("actor", "obligor"),)),
    )
)


@pytest.mark.parametrize("role", ["guarantor", "principal"])
def test_roles_are_kept_apart(role):
    answer = probability(prior_draws(WHO, seed=1, draws=5), "kept", {"role": role})
    assert (
        answer.attrs["whose_conduct"]
        == f"kept is the conduct of one obligor as {role}, not what a group does together."
    )


def test_roles_that_are_mixed_are_said_to_be():
    answer = probability(prior_draws(WHO, seed=1, draws=5), "kept")
    assert answer.attrs["whose_conduct"] == (
        "kept is the conduct of one obligor in either role, guarantor and principal mixed as in the record; "
        "give role to keep them apart."
    )
    table = pd.DataFrame({"role": ["guarantor", "principal"]})
    assert "each case has it" in probability(prior_draws(WHO, seed=1, draws=5), "kept", table).attrs["whose_conduct"]


@pytest.mark.parametrize(
    ("family", "options", "said"),
    [
        ("any_of", (), "any of them acts"),
        ("all_of", (), "all of them act"),
        ("at_least", (("at_least", 2),), "at least 2 of them act"),
    ],
)
def test_what_a_group_does_is_named(family, options, said):
    backers = Node("backers", ("1", "2", "3"), ordered=True, values=(1, 2, 3))
    node = Node(
        "helped", ("no", "yes"), (Arrow("backers"),), family, ordered=True, options=(("members", "backers"), *options)
    )
    network = Network((backers, node))
    answer = probability(prior_draws(network, seed=1, draws=5), "helped", {"backers": "3"})
    assert answer.attrs["whose_conduct"] == f"helped is what the backers do together: {said}."


def test_what_is_nobodys_deed_has_no_reading():
    assert whose_conduct(GUARANTEE, ["price"], {}) == ""
    assert probability(prior_draws(WHO, seed=1, draws=5), "role").attrs["whose_conduct"] == ""


def test_only_the_deeds_among_the_targets_are_spoken_of():
    said = whose_conduct(GUARANTEE, ["compliance"], {"role": "guarantor"})
    for targets in (["price", "compliance"], ["compliance", "era"], ["era", "compliance", "price"]):
        assert whose_conduct(GUARANTEE, targets, {"role": "guarantor"}) == said
