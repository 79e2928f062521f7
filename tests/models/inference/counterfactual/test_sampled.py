"""Sampled counterfactuals, judged by the exact ones, by every response function, and by their own spread."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models import Arrow, Network, Node
from servanda.models.inference.answers import distribution, evidence_of
from servanda.models.inference.counterfactual import sampled
from servanda.models.inference.counterfactual.couplings import COUPLINGS
from servanda.models.inference.counterfactual.sampled import BATCHES, Abduction, estimate, sampled_sums, without_each
from servanda.models.inference.counterfactual.twin import make_twin
from servanda.models.inference.question import Form, check_question
from servanda.models.inference.tables import DrawnNetwork

from ...makers import networks, posterior_of, repeatable, seeds


def asked(network, tables, seen, do, targets, coupling=None):
    """Twin, form, evidence and the system of the world that was seen; None where the change reaches no target."""
    posterior = posterior_of(network, tables)
    twin = make_twin(posterior, dict(check_question(network, (), {}, do, targets_needed=False).do), coupling)
    question = check_question(network, (), seen, {}, targets_needed=False)
    form = Form(twin.names(targets), question.form.given)
    return twin, DrawnNetwork.of(posterior), form, evidence_of(question, {})


def replicates(twin, system, form, evidence, **how):
    """Distributions from all batches and from all but each."""
    found, enough = without_each(sampled_sums(twin, system, form, evidence, **how), len(form.targets))
    assert enough.all()
    return found


def response_functions(table):
    """Every way in which one uniform number answers all rows of a table: its length, and the state in each row."""
    edges = np.cumsum(table, axis=-1)
    edges[..., -1] = 1.0
    ends = np.unique(np.concatenate([[0.0], edges.ravel()]))
    middles = (ends[:-1] + ends[1:]) / 2
    return [(high - low, (edges <= u).sum(axis=-1)) for low, high, u in zip(ends[:-1], ends[1:], middles, strict=True)]


def by_response_functions(network, tables, seen, do, targets):
    """P(targets in the other world | seen) by letting every combination of response functions act in both worlds."""
    index = {name: network[name].states.index(state) for name, state in seen.items()}
    done = {name: network[name].states.index(state) for name, state in do.items()}
    total = np.zeros([len(network[name].states) for name in targets])
    for chosen in product(*(response_functions(tables[name][0]) for name in network.names)):
        here, there, weight = {}, dict(done), 1.0
        for name, (length, answers) in zip(network.names, chosen, strict=True):
            weight *= length
            here[name] = int(answers[tuple(here[a] for a in network[name].parent_names)])
            if name not in done:
                there[name] = int(answers[tuple(there[a] for a in network[name].parent_names)])
        if all(here[name] == state for name, state in index.items()):
            total[tuple(there[name] for name in targets)] += weight
    return total / total.sum()


DIAMOND = Network(
    (
        Node("a", ("x", "y"), ordered=True),
        Node("b", ("x", "y", "z"), (Arrow("a"),), ordered=True),
        Node("c", ("x", "y"), (Arrow("a"),), ordered=True),
        Node("d", ("x", "y", "z"), (Arrow("b"), Arrow("c")), ordered=True),
    )
)


def diamond_tables(seed, draws=1):
    """The same random tables in every draw."""
    rng = np.random.default_rng(seed)
    own = {n: rng.dirichlet(np.ones(DIAMOND.shape(n)[-1]), DIAMOND.shape(n)[:-1]) for n in DIAMOND.names}
    return {name: np.broadcast_to(table, (draws, *table.shape)) for name, table in own.items()}


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize(
    ("seen", "do", "targets"),
    [
        ({"d": "z"}, {"b": "x"}, ("d",)),
        ({"d": "x", "b": "z"}, {"a": "y"}, ("d", "c")),
        ({"d": "y"}, {"c": "y"}, ("b", "d")),
    ],
)
def test_both_ways_give_what_all_response_functions_give(seen, do, targets, weighed, monkeypatch):
    monkeypatch.setattr(sampled, "_WORTH_DRAWING", 0 if weighed else 10_000)
    expected = by_response_functions(DIAMOND, diamond_tables(4), seen, do, targets)
    twin, system, form, evidence = asked(DIAMOND, diamond_tables(4, draws=40), seen, do, targets)
    exact = distribution(twin.system, form, evidence)
    np.testing.assert_allclose(exact, np.broadcast_to(expected[..., None], exact.shape), atol=1e-12)
    assert bool(Abduction.of(twin, form).weighed) == weighed
    found = replicates(twin, system, form, evidence, size=512, rng=np.random.default_rng(1))
    assert found.shape == (1 + BATCHES, *exact.shape)
    np.testing.assert_allclose(found.sum(axis=tuple(range(1, found.ndim - 1))), 1, rtol=1e-12)
    value, error = estimate(found.mean(axis=-1))
    assert (np.abs(value - expected) <= 4 * error + 1e-12).all()
    assert error.max() < 0.006


@pytest.mark.parametrize("weighed", [False, True])
def test_the_error_that_is_told_is_how_far_draws_of_the_same_tables_differ(weighed, monkeypatch):
    monkeypatch.setattr(sampled, "_WORTH_DRAWING", 0 if weighed else 10_000)
    draws = 400
    twin, system, form, evidence = asked(DIAMOND, diamond_tables(9, draws), {"d": "z"}, {"a": "y"}, ("d",))
    found = replicates(twin, system, form, evidence, size=128, rng=np.random.default_rng(5))
    value, error = estimate(found)
    spread = value.std(axis=-1, ddof=1)
    np.testing.assert_allclose(np.sqrt((error**2).mean(axis=-1)), spread, rtol=0.15)
    exact = distribution(twin.system, form, evidence)[:, 0]
    # Four hundred draws would show a bias of a fifth of a draw's error.
    assert (np.abs(value.mean(axis=-1) - exact) < 4 * spread / np.sqrt(draws)).all()
    if weighed:
        plain = np.abs(found[0].mean(axis=-1) - exact)
        assert (np.abs(value.mean(axis=-1) - exact) <= plain + 2 * spread / np.sqrt(draws)).all()


@settings(repeatable, max_examples=25)
@given(st.data())
def test_sampled_answers_are_within_their_error_of_exact_ones(data):
    network, seed = data.draw(networks(most_nodes=6, most_states=3)), data.draw(seeds)
    ordered = data.draw(st.lists(st.booleans(), min_size=len(network.names), max_size=len(network.names)))
    nodes = [Node(n.name, n.states, n.parents, ordered=o) for n, o in zip(network.nodes, ordered, strict=True)]
    network, rng = Network(tuple(nodes)), np.random.default_rng(seed)
    tables = {n: rng.dirichlet(np.ones(network.shape(n)[-1]), (5, *network.shape(n)[:-1])) for n in network.names}
    names = data.draw(st.permutations(network.names))
    do = {names[0]: data.draw(st.sampled_from(network[names[0]].states))}
    seen = {n: data.draw(st.sampled_from(network[n].states)) for n in names[: data.draw(st.integers(0, len(names)))]}
    targets = tuple(names[1 : 1 + data.draw(st.integers(1, 2))])
    coupling = data.draw(st.sampled_from([None, *COUPLINGS]))
    twin, system, form, evidence = asked(network, tables, seen, do, targets, coupling)
    if any(name in seen and name not in twin.reached for name in targets) or not twin.copied(form):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampled, "_WORTH_DRAWING", data.draw(st.sampled_from([0, 20, 10_000])))
        patch.setattr(sampled, "_WORTH_MAKING", data.draw(st.sampled_from([0, 4096])))
        found = replicates(twin, system, form, evidence, size=1024, rng=rng)
    value, error = estimate(found)
    exact = distribution(twin.system, form, evidence)
    np.testing.assert_array_less(np.abs(value - exact), 6 * error + 2e-3)


def test_a_case_that_hardly_can_be(monkeypatch):
    monkeypatch.setattr(sampled, "_WORTH_DRAWING", 0)
    network = Network(
        (Node("a", ("x", "y")), Node("b", ("x", "y"), (Arrow("a"),)), Node("c", ("x", "y"), (Arrow("b"),)))
    )
    rare = np.array([[1 - 1e-9, 1e-9], [0.5, 0.5]])
    ends = np.array([[0.5, 0.5], [0.1, 0.9]])
    tables = {"a": rare, "b": np.array([np.eye(2)] * 2), "c": np.array([ends] * 2)}
    twin, system, form, evidence = asked(network, tables, {"b": "y"}, {"a": "x"}, ("c",))
    sums = sampled_sums(twin, system, form, evidence, size=64, rng=np.random.default_rng(0))
    found, enough = without_each(sums, 1)
    assert enough.tolist() == [False, True]
    assert (found[..., 0] == 0).all()
    np.testing.assert_allclose(found[0, :, 1].sum(), 1)
