"""Sums by frequencies: judged by the product of all tables, cell by cell, and by SciPy's quadrature."""

from __future__ import annotations

from functools import reduce
from operator import mul

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from servanda.models import Arrow, Group, Network, Node
from servanda.models.families.base import Latent
from servanda.models.families.unseen import INTEGRATED
from servanda.models.inference import plan as planning
from servanda.models.inference.answers import (
    all_marginals,
    conditional,
    distribution,
    evidence_of,
    evidence_probability,
)
from servanda.models.inference.frequencies import make_waves
from servanda.models.inference.plan import make_plan
from servanda.models.inference.question import Form, check_question
from servanda.models.inference.tables import DrawnNetwork, Evidence
from servanda.models.sampling.prior_draws import prior_draws

MEMBERS = ("A", "(new)", "typical", None)


@pytest.fixture(autouse=True)
def by_frequencies(monkeypatch):
    """Every table that a family can sum by frequencies is, however small."""
    monkeypatch.setattr(planning, "VAST", 0)
    monkeypatch.setattr(planning, "WORTH_ABSORBING", 1)
    monkeypatch.setattr("servanda.models.inference.contract.WORTH_ABSORBING", 1)
    make_plan.cache_clear()
    yield
    make_plan.cache_clear()


def network(sizes=(3, 3, 3), *, linked=False, terms=("nominal", "log"), by=None, states="wxy"):
    """Three parents, each linked to those before it or not, and an ordinal node below all of them."""
    parents = [
        Node(
            name,
            tuple(str(state) for state in range(1, size + 1)),
            tuple(Arrow(other) for other in "abc"[:place]) if linked else (),
            values=tuple(range(1, size + 1)),
            ordered=True,
        )
        for place, (name, size) in enumerate(zip("abc", sizes, strict=True))
    ]
    arrows = (Arrow("a", term=terms[0]), Arrow("b", term=terms[1], by=by), Arrow("c"))
    kept = Node("kept", tuple(states), arrows, family="ordinal", ordered=True, groups=(Group("pact", "pact"),))
    return Network((*parents, kept))


networks = st.builds(
    network,
    sizes=st.tuples(*[st.integers(2, 4)] * 3),
    linked=st.booleans(),
    terms=st.tuples(st.sampled_from(["monotone", "nominal", "none"]), st.sampled_from(["log", "nominal"])),
    by=st.sampled_from(["a", None]),
    states=st.sampled_from(["wx", "wxy", "wxyz"]),
)


def product(posterior, member, done):
    """The product of all tables but those of what is done, by label."""
    tables = [
        posterior.table(name, **({"pact": member} if name == "kept" and member else {}))
        for name in posterior.network.names
        if name not in done
    ]
    return reduce(mul, tables).isel(chain=0)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_answers_equal_the_product_of_all_tables(data):
    posterior = prior_draws(data.draw(networks), seed=data.draw(st.integers(0, 99)), draws=5, levels={"pact": ("A",)})
    shape = posterior.network
    member = data.draw(st.sampled_from(MEMBERS))
    told = {n: data.draw(st.sampled_from(shape[n].states)) for n in ("a", "b") if data.draw(st.booleans())}
    done = {name: told.pop(name) for name in tuple(told) if data.draw(st.booleans())}
    if data.draw(st.booleans()):
        told["kept"] = shape["kept"].states[0]
    targets = tuple(n for n in ("c", "kept") if n not in told and (n == "kept" or data.draw(st.booleans()))) or ("c",)
    question = check_question(shape, targets, told, done)
    members = {"pact": posterior.member("pact", member)}
    found = conditional(posterior, question, members)
    probability = evidence_probability(posterior, question, members)

    fixed = {**told, **done}
    at = product(posterior, member, done).sel(fixed).drop_vars(list(fixed))
    weights = at.sum([name for name in shape.names if name not in (*targets, *fixed)])
    expected = (weights / weights.sum(targets)).transpose("draw", *targets)
    # Sums are right to 3e-7; given evidence, one is divided by another, and is less so as the evidence is rarer.
    rare = weights.sum(targets).values.reshape(-1, *[1] * len(targets))
    np.testing.assert_allclose(found * rare, expected.values * rare, rtol=0, atol=6e-7)
    np.testing.assert_allclose(probability, weights.sum(targets).values, rtol=0, atol=3e-7)


def test_the_plan_says_that_it_sums_by_frequencies(monkeypatch):
    shape = network()
    plan = make_plan(shape, Form(("kept",)))
    assert plan.absorbed == "kept"
    assert plan.waves == (("a",), ("b",), ("c",))
    assert "summed by its family at some frequencies, never made: kept" in plan.explain(10)
    monkeypatch.setattr(planning, "VAST", 10_000)
    make_plan.cache_clear()
    assert make_plan(shape, Form(("kept",))).waves == ()


def test_slices_and_rescaling_change_no_number(monkeypatch):
    shape = network()
    posterior = prior_draws(shape, seed=3, draws=7)
    members = {"pact": INTEGRATED}
    question = check_question(shape, ("kept",), {}, {})
    whole = conditional(posterior, question, members)
    plan = make_plan(shape, question.form)
    cramped = make_plan(shape, question.form, limit=plan.cells // 2)
    assert cramped.sliced
    sliced = conditional(posterior, question, members, memory=8 * (3 * 7 * 3 + plan.cells // 2))
    np.testing.assert_allclose(sliced, whole, atol=1e-9)
    monkeypatch.setattr("servanda.models.inference.contract._SMALL", 2.0)
    np.testing.assert_allclose(conditional(posterior, question, members), whole, atol=1e-9)


def test_marginals_of_a_vast_network_are_those_of_its_nodes():
    shape = network()
    posterior = prior_draws(shape, seed=5, draws=4)
    question = check_question(shape, ("a", "c"), {"kept": "w"}, {})
    found = all_marginals(DrawnNetwork.of(posterior), question.form, evidence_of(question, {"pact": INTEGRATED}))
    at = product(posterior, None, {}).sel(kept="w")
    for name, values in found.items():
        weights = at.sum([other for other in "abc" if other != name])
        np.testing.assert_allclose(values.T, (weights / weights.sum(name)).values, atol=3e-7)


@pytest.mark.parametrize("small", [1e-250, 2.0])
def test_what_is_seen_below_a_vast_table_bears_on_all_nodes_in_one_pass(monkeypatch, small):
    posterior = prior_draws(network(linked=True), seed=1, draws=4, levels={"pact": ("A",)})
    monkeypatch.setattr("servanda.models.inference.contract._SMALL", small)
    system, form = DrawnNetwork.of(posterior), Form(("a", "b", "c"), given=("kept",))
    assert not planning.is_vast.__wrapped__(posterior.network, form)
    evidence = Evidence({"kept": 0}, {"pact": INTEGRATED}, {})
    together = all_marginals(system, form, evidence)
    monkeypatch.setattr(planning, "VAST", 10_000)
    make_plan.cache_clear()
    for name in "abc":
        alone = distribution(system, Form((name,), given=("kept",)), evidence)
        np.testing.assert_allclose(together[name], alone, atol=2e-7)


def test_what_is_seen_of_many_cases_bears_on_all_nodes_case_by_case():
    posterior = prior_draws(network(linked=True), seed=1, draws=4, levels={"pact": ("A",)})
    seen = Evidence({"kept": np.array([0, 2, 1]), "a": np.array([0, 1, 0])}, {"pact": INTEGRATED}, {}, 3)
    system, form = DrawnNetwork.of(posterior), Form(("b", "c"), given=("kept", "a"))
    together = all_marginals(system, form, seen)
    for case in range(3):
        for name, alone in all_marginals(system, form, seen.case(case)).items():
            np.testing.assert_allclose(together[name][:, case], alone, rtol=1e-12)


@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0, 15.0])
def test_inversion_against_quadrature_over_a_continuous_effect(scale):
    """A thousand equally likely points of a normal effect, whose logistic average SciPy integrates."""
    points = norm.ppf((np.arange(1000) + 0.5) / 1000) * scale
    cuts = np.array([[-7.0], [0.3], [2.0], [40.0]])
    waves = make_waves(Latent((points[:, None],), np.full(1, 0.4), cuts, None))
    states = waves.states(waves.phases[0].mean(axis=0))
    below = [expit(cut - 0.4 - points).mean() for cut in cuts[:, 0]]
    np.testing.assert_allclose(states[:, 0], np.diff([0.0, *below, 1.0]), atol=2e-9)
    exact = quad(lambda u: expit(0.3 - 0.4 - u) * norm.pdf(u, scale=scale), -12 * scale, 12 * scale, limit=200)[0]
    assert np.cumsum(states[:, 0])[1] == pytest.approx(exact, abs=2e-3)
