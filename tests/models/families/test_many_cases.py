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
from servanda.models.families.kernels import Folded, sum_cases
from servanda.models.families.unseen import Mixture
from servanda.models.inference.plan import make_plan
from servanda.models.inference.question import Form
from servanda.models.questions.answers import sampled_states
from servanda.models.questions.evidence import resolve_evidence
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import repeatable, seeds


def states_of(eta, cuts, mixed):
    """Probabilities of the states at every eta, shape (states, *eta), by SciPy's logistic function."""
    shifts, masses = np.concatenate([mixed.shifts, -mixed.shifts]), np.concatenate([mixed.above, mixed.below])
    ends = np.concatenate([np.full((1, cuts.shape[1]), -np.inf), cuts, np.full((1, cuts.shape[1]), np.inf)])
    below = [sum(mass * expit(cut - eta - shift) for shift, mass in zip(shifts, masses, strict=True)) for cut in ends]
    return np.diff(below, axis=0)


@settings(repeatable, max_examples=20)
@given(
    seeds,
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from([2, 150]),
    st.integers(1, 11),
    st.booleans(),
    st.sampled_from([None, (1, 3), (3, 2)]),
)
def test_sums_are_those_of_the_whole_table(seed, edges, configurations, cases, draws, averaged, left):
    """Few pairs are summed one by one, and many from curves; what is left to be averaged is put into these."""
    rng = np.random.default_rng(seed)
    weights = rng.random((configurations, rng.choice([1, cases]), draws))
    eta, open_ = rng.normal(0, 2, (cases, draws)), rng.normal(0, 2, (configurations, draws))
    cuts = np.sort(rng.normal(0, 2, (edges, draws)), axis=0)
    masses = rng.random((2, 3 if averaged else 1, draws))
    mixed = Mixture(rng.random(masses.shape[1:]) * (3 if averaged else 0), *(masses / masses.sum(axis=(0, 1))))
    distributions, states = left or (1, 1)
    shares = rng.dirichlet(np.ones(states), (draws, distributions)).T.swapaxes(0, 1)
    effects = rng.normal(0, 1, (states, draws)) if left else np.zeros((1, draws))
    curve = rng.integers(0, distributions, configurations)
    folded = Folded(curve, shares, effects) if left else None
    found = sum_cases(weights, eta, open_, cuts, mixed if averaged else None, folded)
    tables = [states_of(eta + (open_ + effect)[:, None], cuts, mixed) for effect in effects]
    wanted = sum((weights * shares[curve, k][:, None] * table).sum(axis=1) for k, table in enumerate(tables))
    np.testing.assert_allclose(found, wanted, atol=1e-12 * configurations)


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
            Node("watch", ("none", "some", "much"), (Arrow("price"),)),
            Node("backers", ("1", "2", "3"), (Arrow("role"),), "ordinal", ordered=True, values=(1, 2, 3)),
            Node(
                "kept",
                ("broken", "part", "kept"),
                (Arrow("era"), Arrow("price"), Arrow("watch"), Arrow("backers", term="log", by="role"), Arrow("role")),
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


@pytest.mark.parametrize(
    ("given", "left"), [(("era", "role"), "watch"), (("price",), None), (("price", "watch"), None)]
)
def test_a_parent_that_hangs_on_one_other_alone_is_left_to_the_family(given, left):
    """Also where its own parent is known, as there it depends on the case."""
    form = Form(("kept",), given)
    assert make_plan(pact(), form, several=True).hanging == left
    assert make_plan(pact(), form).hanging is None


def test_equal_cases_are_answered_once_and_drawn_each_by_itself():
    posterior = prior_draws(pact(), seed=5, draws=3)
    table = pd.DataFrame({"era": ["old", "new", "old", "old"] * 5, "price": ["low", None, "low", "mid"] * 5})
    sizes = []

    def answer(form, evidence, progress):
        progress("parts", 1, 1)
        sizes.append((form.given, evidence.cases))
        return np.zeros((evidence.cases, 3)) + evidence.fixed["era"][:, None]

    asked = resolve_evidence(posterior, ("kept",), table, None, {})
    found = asked.each(answer, ())
    assert sorted(sizes) == [(("era",), 1), (("era", "price"), 2)]
    np.testing.assert_array_equal(found[:, 0], asked.evidence.fixed["era"])
    drawn = sampled_states(asked, size=20, rng=np.random.default_rng(1))["backers"].values
    assert np.any(drawn[:, :, 0] != drawn[:, :, 2])


def test_marginals_of_a_table_are_those_of_its_cases():
    posterior = prior_draws(pact(), seed=4, draws=3, levels={"actor": ("A", "B")})
    table = a_table(posterior.network, 4, ["role", "kept"], 0.3, rows=5)
    found = marginals(posterior, table, nodes=["price"])["p_price"]
    for case, row in table.iterrows():
        one = marginals(posterior, row.dropna().to_dict(), nodes=["price"])["p_price"]
        np.testing.assert_allclose(found.isel(case=case), one, atol=1e-12)
