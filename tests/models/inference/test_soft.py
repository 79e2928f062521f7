"""Soft evidence, judged by Jeffrey's rule and by the closest distribution that SciPy finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from servanda.models import Arrow, Network, Node, QueryError
from servanda.models.inference.answers import conditional, distribution, evidence_of
from servanda.models.inference.question import Form, check_question
from servanda.models.inference.soft import with_soft
from servanda.models.inference.tables import DrawnNetwork

from ..makers import joint, posterior_of, random_tables

NETWORK = Network(
    (
        Node("a", ("x", "y")),
        Node("b", ("x", "y", "z"), (Arrow("a"),)),
        Node("c", ("x", "y"), (Arrow("a"), Arrow("b"))),
        Node("d", ("x", "y"), (Arrow("c"),)),
    )
)


def asked(seed, seen, stated, targets):
    tables = random_tables(NETWORK, seed, draws=3)
    system = DrawnNetwork.of(posterior_of(NETWORK, tables))
    question = check_question(NETWORK, (), seen, {}, targets_needed=False)
    form, evidence = with_soft(system, question.form, evidence_of(question, {}), stated)
    return tables, distribution(system, Form(targets, form.given, form.do, form.likely), evidence)


def test_one_statement_is_jeffreys_rule():
    wanted = np.array([0.2, 0.5, 0.3])
    tables, found = asked(1, {"d": "y"}, {"b": wanted}, ("a",))
    posterior = posterior_of(NETWORK, tables)
    mixed = sum(
        q * conditional(posterior, check_question(NETWORK, ("a",), {"d": "y", "b": state}, {}), {})
        for q, state in zip(wanted, "xyz", strict=True)
    )
    np.testing.assert_allclose(found.T, mixed, rtol=1e-9)


def test_several_statements_hold_in_the_closest_distribution():
    stated = {"b": np.array([0.2, 0.5, 0.3]), "d": np.array([0.6, 0.4])}
    tables, found = asked(4, {}, stated, ("b", "d"))
    np.testing.assert_allclose(found.sum(axis=1), stated["b"][:, None] * np.ones(3), atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=0), stated["d"][:, None] * np.ones(3), atol=1e-12)
    own = joint(NETWORK, tables).sum(axis=(1, 3))[0]

    def distance(x):
        return float((x * np.log(x / own.ravel())).sum())

    margins = [
        {"type": "eq", "fun": lambda x: x.reshape(3, 2).sum(axis=1) - stated["b"]},
        {"type": "eq", "fun": lambda x: x.reshape(3, 2).sum(axis=0)[0] - stated["d"][0]},
    ]
    start = np.outer(stated["b"], stated["d"]).ravel()
    best = minimize(distance, start, constraints=margins, bounds=[(1e-9, 1)] * 6, tol=1e-13)
    np.testing.assert_allclose(found[..., 0].ravel(), best.x, atol=1e-5)


def test_two_statements_that_pull_apart_keep_the_odds_ratio():
    """Of a two by two table the closest one keeps the odds ratio (Deming and Stephan 1940): a quadratic gives it.

    The two go together so closely that each round of fitting gains one digit at most: only rounds upon rounds come to
    the twelfth.
    """
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"), (Arrow("a"),))))
    own = np.array([[0.49, 0.01], [0.02, 0.48]])
    tables = {"a": own.sum(axis=1)[None], "b": (own / own.sum(axis=1, keepdims=True))[None]}
    system = DrawnNetwork.of(posterior_of(network, tables))
    question = check_question(network, (), {}, {}, targets_needed=False)
    a, b = 0.8, 0.3
    stated = {"a": np.array([a, 1 - a]), "b": np.array([b, 1 - b])}
    form, evidence = with_soft(system, question.form, evidence_of(question, {}), stated)
    found = distribution(system, Form(("a", "b"), form.given, form.do, form.likely), evidence)[..., 0]
    odds = own[0, 0] * own[1, 1] / (own[0, 1] * own[1, 0])
    # x (1 - a - b + x) = odds (a - x) (b - x)
    roots = np.roots([1 - odds, 1 - a - b + odds * (a + b), -odds * a * b])
    (x,) = [root for root in roots if max(0, a + b - 1) < root < min(a, b)]
    np.testing.assert_allclose(found, [[x, a - x], [b - x, 1 - a - b + x]], rtol=1e-10)


def test_what_is_certain_may_be_stated_and_changes_nothing():
    """A node that the evidence settles: all of its probability is on one state, which is just what is stated."""
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y", "z"), (Arrow("a"),)), Node("c", ("x", "y"))))
    tables = {
        "a": np.array([[0.3, 0.7]]),
        "b": np.array([[[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]]]),
        "c": np.array([[0.4, 0.6]]),
    }
    system = DrawnNetwork.of(posterior_of(network, tables))
    question = check_question(network, (), {"a": "x"}, {}, targets_needed=False)
    stated = {"b": np.array([0.0, 1.0, 0.0]), "c": np.array([0.25, 0.75])}
    form, evidence = with_soft(system, question.form, evidence_of(question, {}), stated)
    found = distribution(system, Form(("b", "c"), form.given, form.do, form.likely), evidence)[..., 0]
    np.testing.assert_allclose(found, np.outer(stated["b"], stated["c"]), atol=1e-15)


def test_what_cannot_hold_is_refused():
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"), (Arrow("a"),))))
    tables = {"a": np.array([[0.5, 0.5]]), "b": np.array([[[1.0, 0.0], [0.0, 1.0]]])}
    system = DrawnNetwork.of(posterior_of(network, tables))
    question = check_question(network, (), {}, {}, targets_needed=False)
    stated = {"a": np.array([0.2, 0.8]), "b": np.array([0.9, 0.1])}
    with pytest.raises(QueryError, match=r"soft a, b: cannot all hold: the rest of the evidence, or another of them"):
        with_soft(system, question.form, evidence_of(question, {}), stated)
    sure = check_question(network, (), {"a": "x"}, {}, targets_needed=False)
    with pytest.raises(QueryError, match=r"soft b: cannot all hold"):
        with_soft(system, sure.form, evidence_of(sure, {}), {"b": np.array([0.5, 0.5])})
