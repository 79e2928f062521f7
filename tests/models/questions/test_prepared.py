"""Quantities asked at once of many draws, judged by each asked by itself through names and labels."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.models import Arrow, Group, Network, Node, chance_of
from servanda.models.errors import QueryError
from servanda.models.questions.prepared import Prepared
from servanda.models.questions.quantity import explained_share
from servanda.models.sampling.prior_draws import prior_draws

NETWORK = Network(
    (
        Node("era", ("cold war", "after")),
        Node("count", ("1", "2", "5"), (Arrow("era"),), ordered=True, values=(1, 2, 5)),
        Node(
            "kept",
            ("no", "in part", "yes"),
            (Arrow("era"), Arrow("count", term="log")),
            "ordinal",
            ordered=True,
            groups=(Group("actor", "obligor"),),
            options=(("shrinkage", True),),
        ),
    )
)
FULL = {"era": "after", "count": "1"}
ASKED = {
    "closed": chance_of("kept", "yes", FULL),
    "closed, two states": chance_of("kept", ["yes", "in part"], FULL | {"count": "5"}),
    "a member by name": chance_of("kept", "no", FULL | {"count": "2"}, actor="typical"),
    "one drawn anew": chance_of("kept", "no", FULL, actor="(new)"),
    "open": chance_of("kept", "yes", {"era": "after"}),
    "open, and turned": chance_of("era", "after", {"kept": "yes"}),
    "difference": chance_of("kept", "yes", {"era": "after"}, {"count": "5"}, against={"count": "1"}),
    "set to a distribution": chance_of("kept", "yes", do={"count": {"1": 0.25, "2": 0.25, "5": 0.5}}),
    "set to another": chance_of("kept", "yes", do={"count": {"1": 0.5, "2": 0.0, "5": 0.5}}),
    "explained": explained_share("kept"),
}


def test_quantities_at_once_are_those_asked_one_by_one():
    """Whatever is known or set, and of draws that are not those it was prepared with."""
    few, many = (prior_draws(NETWORK, seed=seed, draws=draws) for seed, draws in ((1, 2), (2, 50)))
    asked = Prepared.of([*ASKED.values()], few)
    # Cases of which the same is known are one table; each that is set to a distribution has a network of its own.
    assert len(asked.tables) == 6
    found = asked.ask(many.values)
    for (label, one), x in zip(ASKED.items(), found, strict=True):
        np.testing.assert_allclose(x, one.draws(many).values.ravel(), rtol=0, atol=1e-12, err_msg=label)


def test_what_is_no_question_is_refused_when_it_is_prepared():
    """Not when it is asked, thousands of times."""
    few = prior_draws(NETWORK, seed=1, draws=2)
    with pytest.raises(QueryError, match="kept has no state 'maybe'"):
        Prepared.of([chance_of("kept", "maybe")], few)
    with pytest.raises(QueryError, match="eras"):
        Prepared.of([chance_of("kept", "yes", {"eras": "after"})], few)
