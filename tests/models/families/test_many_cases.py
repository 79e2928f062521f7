"""Many cases at once: judged by the table of each case, made whole and summed, and by single questions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from servanda.analysis import evidence_probability, marginals, probability
from servanda.models import Arrow, Group, Network, Node
from servanda.models.families.kernels import sum_cases
from servanda.models.families.unseen import Mixture
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import repeatable, seeds


def states_of(eta, cuts, mixed):
    """Probabilities of the states at every eta, shape (states, *eta), by SciPy's logistic function."""
    shifts, masses = np.concatenate([mixed.shifts, -mixed.shifts]), np.concatenate([mixed.above, mixed.below])
    ends = np.concatenate([np.full((1, cuts.shape[1]), -np.inf), cuts, np.full((1, cuts.shape[1]), np.inf)])
    below = [sum(mass * expit(cut - eta - shift) for shift, mass in zip(shifts, masses, strict=True)) for cut in ends]
    return np.diff(below, axis=0)


@settings(repeatable, max_examples=20)
@given(seeds, st.integers(1, 4), st.integers(1, 6), st.sampled_from([2, 400]), st.integers(1, 11), st.booleans())
def test_sums_are_those_of_the_whole_table(seed, edges, configurations, cases, draws, averaged):
    """Few pairs are summed one by one, and many from curves between knots."""
    rng = np.random.default_rng(seed)
    weights = rng.random((configurations, rng.choice([1, cases]), draws))
    eta, open_ = rng.normal(0, 2, (cases, draws)), rng.normal(0, 2, (configurations, draws))
    cuts = np.sort(rng.normal(0, 2, (edges, draws)), axis=0)
    masses = rng.random((2, 3 if averaged else 1, draws))
    mixed = Mixture(rng.random(masses.shape[1:]) * (3 if averaged else 0), *(masses / masses.sum(axis=(0, 1))))
    found = sum_cases(weights, eta, open_, cuts, mixed if averaged else None)
    table = states_of(eta + open_[:, None], cuts, mixed)
    np.testing.assert_allclose(found, (weights * table).sum(axis=1), atol=1e-12 * configurations)


@pytest.mark.parametrize("cases", [3, 900])
def test_a_state_of_no_probability_stays_so(cases):
    cuts = np.array([[-np.inf], [0.0], [np.inf]])
    found = sum_cases(np.ones((1, 1, 1)), np.linspace(-3, 3, cases)[:, None], np.zeros((1, 1)), cuts)
    assert found[0].max() < 1e-100
    assert found[3].max() < 1e-70
    np.testing.assert_allclose(found[1, :, 0], expit(-np.linspace(-3, 3, cases)), atol=1e-12)


def test_a_rare_state_keeps_its_digits():
    eta = np.linspace(20, 40, 2000)[:, None]
    found = sum_cases(np.ones((1, 1, 1)), eta, np.zeros((1, 1)), np.zeros((1, 1)))
    np.testing.assert_allclose(found[0], expit(-eta), rtol=1e-10)


def pact():
    """An ordinal node with an arrow that acts by another, below open parents and above a trace."""
    return Network(
        (
            Node("era", ("old", "new")),
            Node("role", ("own", "other"), (Arrow("era"),)),
            Node("price", ("low", "mid", "high"), (Arrow("era"),), "softmax"),
            Node("backers", ("1", "2", "3"), (Arrow("role"),), "ordinal", ordered=True, values=(1, 2, 3)),
            Node(
                "kept",
                ("broken", "part", "kept"),
                (Arrow("era"), Arrow("price"), Arrow("backers", term="log", by="role"), Arrow("role")),
                "ordinal",
                ordered=True,
                groups=(Group("actor", "actor"), Group("guarantee", "guarantee")),
            ),
            Node("trace", ("no", "yes"), (Arrow("kept"),)),
        ),
        name="pact",
    )


def a_table(network, seed, columns, blank, rows=12):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: rng.choice(network[name].states, rows) for name in columns})
    return table.mask(rng.random(table.shape) < blank)


def members_of(seed, rows=12):
    rng = np.random.default_rng(seed)
    choice = np.array([None, "A", "B", "typical", "(new)"], object)
    return {"actor": [*rng.choice(choice, rows)], "guarantee": [*rng.choice(choice[[0, 3, 4]], rows)]}


@settings(repeatable, max_examples=12)
@given(
    seeds,
    st.permutations(["era", "role", "price", "backers", "trace"]),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([("kept",), ("kept", "price"), ("price",)]),
)
def test_a_table_of_open_cases_is_answered_as_each_case_is(seed, names, columns, blank, targets):
    network = pact()
    posterior = prior_draws(network, seed=seed, draws=3, levels={"actor": ("A", "B")})
    table = a_table(network, seed, [name for name in names[:columns] if name not in targets] or ["era"], blank)
    whose = members_of(seed)
    if targets == ("price",):
        table["kept"] = "part"
    found = probability(posterior, targets, table, **whose)
    logs = evidence_probability(posterior, table, **whose)
    for case, row in table.iterrows():
        seen, own = row.dropna().to_dict(), {name: who[case] for name, who in whose.items()}
        np.testing.assert_allclose(
            found.isel(case=case), probability(posterior, targets, seen, **own), rtol=0, atol=1e-12
        )
        np.testing.assert_allclose(logs.isel(case=case), evidence_probability(posterior, seen, **own), atol=1e-12)


def test_marginals_of_a_table_are_those_of_its_cases():
    posterior = prior_draws(pact(), seed=4, draws=3, levels={"actor": ("A", "B")})
    table = a_table(posterior.network, 4, ["role", "kept"], 0.3, rows=5)
    found = marginals(posterior, table, nodes=["price"])["p_price"]
    for case, row in table.iterrows():
        one = marginals(posterior, row.dropna().to_dict(), nodes=["price"])["p_price"]
        np.testing.assert_allclose(found.isel(case=case), one, atol=1e-12)
