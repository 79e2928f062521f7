"""Priors as values: numbers by state, faults by their words, and sets in which a name wins over a pattern."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from servanda.models import Prior, PriorEntry, PriorError, PriorSet

STATES = ("a", "b", "c")


def test_only_a_prior_of_probabilities_has_dirichlet_numbers():
    with pytest.raises(PriorError, match=r"y.x: normal\(mu=0, sigma=1\) is no prior of probabilities"):
        Prior.of("normal", mu=0, sigma=1).alpha((3,), where="y.x")


def test_numbers_by_state_in_any_order():
    prior = Prior.of("dirichlet", alpha={"c": 3.0, "a": 0.7, "b": 2.0})
    np.testing.assert_array_equal(prior.resolved(STATES)["alpha"], [0.7, 2.0, 3.0])
    assert str(prior) == "dirichlet(alpha=[c: 3, a: 0.7, b: 2])"
    assert str(Prior.of("dirichlet", alpha=(0.7, 2.0, 3.0))) == "dirichlet(alpha=[0.7, 2, 3])"
    assert hash(prior) == hash(Prior.of("dirichlet", alpha={"c": 3, "a": 0.7, "b": 2}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Prior.of("nromal", mu=0), "prior nromal: unknown distribution; did you mean 'normal'?"),
        (lambda: Prior.of("normal", mu=0), "prior normal: needs sigma"),
        (
            lambda: Prior.of("normal", mu=float("nan"), sigma=-1, sigmas=2),
            (
                "prior normal: 3 faults\n  has no number 'sigmas'; did you mean 'sigma'?\n"
                "  mu is not a finite number: nan\n  sigma must be above 0, not -1"
            ),
        ),
        (lambda: Prior.of("dirichlet", alpha=[1, 0, 2]), "prior dirichlet: alpha must be above 0, not 0"),
        (lambda: Prior.of("dirichlet", alpha=[]), "prior dirichlet: alpha is not a finite number: ()"),
        (
            lambda: Prior.of("dirichlet", alpha=[1, 2]).resolved(STATES, "y.table"),
            "priors: y.table, alpha: has 2 numbers for 3 states: a, b, c",
        ),
        (
            lambda: Prior.of("dirichlet", alpha={"a": 1, "b": 1, "d": 1}).resolved(STATES, "y.table"),
            (
                "priors: 2 faults\n  y.table, alpha: unknown state 'd'; known: a, b, c\n"
                "  y.table, alpha: no number for state 'c'"
            ),
        ),
    ],
)
def test_numbers_that_make_no_prior(make, message):
    with pytest.raises(PriorError, match=f"^{re.escape(message)}$"):
        make()


def test_a_name_wins_over_a_pattern_and_a_later_entry_over_an_earlier():
    normal = [Prior.of("normal", mu=float(place), sigma=1) for place in range(5)]
    names = ("y.x", "*", "y.*", "y.x", "*.x")
    priors = PriorSet(tuple(PriorEntry(name, prior) for name, prior in zip(names, normal, strict=True)))
    assert priors["y.x"] == normal[3]
    assert priors["z.x"] == normal[4]
    assert priors["y.z"] == normal[2]
    assert priors["z.z"] == normal[1]
    with pytest.raises(KeyError, match=r"^'y\.x'$"):
        PriorSet(())["y.x"]


NUMBERS = {
    "scalar": Prior.of("student_t", nu=4, mu=0.5, sigma=2),
    "list": Prior.of("normal", mu=(1, 2, 3), sigma=0.5),
    "by state": Prior.of("dirichlet", alpha={"c": 3, "a": 0.7, "b": 2}),
}


@pytest.mark.parametrize("prior", NUMBERS.values(), ids=NUMBERS)
def test_plain_content_gives_the_prior_back(prior):
    assert Prior.from_dict(json.loads(json.dumps(prior.to_dict()))) == prior


def test_plain_content_gives_the_set_back():
    entries = tuple(PriorEntry(f"y.{name}", prior, "why", "where", "read") for name, prior in NUMBERS.items())
    full = PriorSet(entries, "mine", "Mine", "What I think", ("data",))
    for priors in (full, PriorSet(entries), PriorSet(())):
        assert PriorSet.from_dict(json.loads(json.dumps(priors.to_dict()))) == priors
