"""Counterfactuals, judged by enumeration of both worlds, by quadrature of the couplings, and by what must hold."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from servanda.models import Arrow, Network, Node
from servanda.models.inference.answers import conditional, distribution, evidence_of
from servanda.models.inference.counterfactual.couplings import COUPLINGS, gumbel, rank
from servanda.models.inference.counterfactual.twin import make_twin
from servanda.models.inference.question import Form, check_question

from ...makers import networks, posterior_of, random_tables, repeatable, seeds


def quantile_overlap(p, q):
    """P(i, j) of two states with the same quantile: the overlap of their intervals, one pair at a time."""
    ends_p, ends_q = np.append(0, np.cumsum(p)), np.append(0, np.cumsum(q))
    return np.array(
        [
            [max(0.0, min(ends_p[i + 1], ends_q[j + 1]) - max(ends_p[i], ends_q[j])) for j in range(len(q))]
            for i in range(len(p))
        ]
    )


def first_of_clocks(p, q):
    """P(i, j) of the first of exponential clocks run at rates p and q, by quadrature over the ratio of the times."""

    def density(rho):
        return 1 / np.maximum(p * rho, q).sum() ** 2

    table = np.zeros((len(p), len(p)))
    for i, j in product(range(len(p)), repeat=2):
        if i == j:
            table[i, i] = 1 / sum(max(p[k] / p[i], q[k] / q[i]) for k in range(len(p)))
        elif q[j] / p[j] > q[i] / p[i]:
            points = sorted(r for r in q / p if q[i] / p[i] < r < q[j] / p[j])
            area, _ = quad(density, q[i] / p[i], q[j] / p[j], points=points or None, epsabs=1e-13, epsrel=1e-12)
            table[i, j] = p[i] * q[j] * area
    return table


JUDGES = {"rank": quantile_overlap, "gumbel": first_of_clocks}


@pytest.mark.parametrize("name", COUPLINGS)
@pytest.mark.parametrize("seed", range(6))
def test_a_coupling_has_both_margins_and_is_what_it_says(name, seed):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(2 + seed % 4), size=2)
    table = COUPLINGS[name](p[:, None, None], q[None, :, None])[..., 0]
    np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(p @ table, q, rtol=1e-12)
    np.testing.assert_allclose(p[:, None] * table, JUDGES[name](p, q), atol=1e-10)
    np.testing.assert_allclose(COUPLINGS[name](p[:, None, None], p[None, :, None])[..., 0], np.eye(len(p)), atol=1e-12)


@pytest.mark.parametrize("name", COUPLINGS)
def test_the_row_of_what_was_seen_is_that_of_the_whole(name):
    rng = np.random.default_rng(3)
    p, q = (rng.dirichlet(np.ones(4), size=(5, 7)) for _ in range(2))
    here, there = np.moveaxis(p, -1, 1)[:, :, None], np.moveaxis(q, -1, 1)[:, None]
    whole = COUPLINGS[name](here, there, None)
    for state in range(4):
        np.testing.assert_array_equal(COUPLINGS[name](here, there, np.array([state])), whole[:, [state]])
    seen = rng.integers(4, size=7)
    expected = whole[:, seen, :, np.arange(7)].transpose(1, 2, 0)
    np.testing.assert_array_equal(COUPLINGS[name](here, there, seen)[:, 0], expected)


def test_the_gumbel_coupling_is_the_gumbel_max_model():
    rng = np.random.default_rng(1)
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.3, 0.1])
    noise = rng.gumbel(size=(200_000, 3))
    here, there = (np.log(p) + noise).argmax(axis=1), (np.log(q) + noise).argmax(axis=1)
    counts = np.zeros((3, 3))
    np.add.at(counts, (here, there), 1)
    table = p[:, None] * gumbel(p[:, None, None], q[None, :, None])[..., 0]
    np.testing.assert_allclose(counts / 200_000, table, atol=5 * np.sqrt(0.25 / 200_000))


@pytest.mark.parametrize("name", COUPLINGS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_state_that_is_in_neither_world_changes_nothing(name, place):
    p, q = np.array([0.3, 0.7]), np.array([0.6, 0.4])
    alone = COUPLINGS[name](p[:, None, None], q[None, :, None])[..., 0]
    wide_p, wide_q = np.insert(p, place, 0), np.insert(q, place, 0)
    table = COUPLINGS[name](wide_p[:, None, None], wide_q[None, :, None])[..., 0]
    assert np.isfinite(table).all()
    others = [state for state in range(3) if state != place]
    np.testing.assert_allclose(table[np.ix_(others, others)], alone, rtol=1e-12)
    np.testing.assert_allclose(table[others, place], 0, atol=1e-15)


def test_a_state_that_cannot_be_goes_somewhere():
    p, q = np.array([0.0, 1.0, 0.0]), np.array([0.3, 0.0, 0.7])
    for coupling in (rank, gumbel):
        table = coupling(p[:, None, None], q[None, :, None])[..., 0]
        np.testing.assert_allclose(table.sum(axis=1), 1)
        np.testing.assert_allclose(table[1], q)


def both_worlds(network, tables, seen, do, targets, coupling):
    """P(targets in the other world | seen) for draw 0, by going through every pair of worlds."""
    index = {name: network[name].states.index(state) for name, state in {**seen}.items()}
    done = {name: network[name].states.index(state) for name, state in do.items()}
    names = network.names
    shape = [len(network[name].states) for name in targets]
    total = np.zeros(shape)
    for here in product(*(range(len(network[n].states)) for n in names)):
        one = dict(zip(names, here, strict=True))
        if any(one[n] != s for n, s in index.items()):
            continue
        for there in product(*(range(len(network[n].states)) for n in names)):
            other = dict(zip(names, there, strict=True))
            if any(other[n] != s for n, s in done.items()):
                continue
            weight = 1.0
            for name in names:
                row = tables[name][0][tuple(one[a] for a in network[name].parent_names)]
                if name in done:
                    weight *= row[one[name]]
                    continue
                its = tables[name][0][tuple(other[a] for a in network[name].parent_names)]
                way = coupling or ("rank" if network[name].ordered else "gumbel")
                weight *= JUDGES[way](row, its)[one[name], other[name]]
                if weight == 0:
                    break
            if weight:
                total[tuple(other[name] for name in targets)] += weight
    return total / total.sum()


@pytest.mark.slow
@settings(repeatable, max_examples=150)
@given(st.data())
def test_counterfactuals_equal_enumeration_of_both_worlds(data):
    network, seed = data.draw(networks(most_nodes=4, most_states=3)), data.draw(seeds)
    ordered = data.draw(st.lists(st.booleans(), min_size=len(network.names), max_size=len(network.names)))
    nodes = [Node(n.name, n.states, n.parents, ordered=o) for n, o in zip(network.nodes, ordered, strict=True)]
    network = Network(tuple(nodes))
    rng = np.random.default_rng(seed)
    tables = {n: rng.dirichlet(np.ones(network.shape(n)[-1]), (1, *network.shape(n)[:-1])) for n in network.names}
    names = data.draw(st.permutations(network.names))
    do = {names[0]: data.draw(st.sampled_from(network[names[0]].states))}
    seen = {n: data.draw(st.sampled_from(network[n].states)) for n in names[: data.draw(st.integers(0, len(names)))]}
    targets = tuple(names[1 : 1 + data.draw(st.integers(1, 2))])
    coupling = data.draw(st.sampled_from([None, *COUPLINGS]))
    posterior = posterior_of(network, tables)
    twin = make_twin(posterior, dict(check_question(network, (), {}, do, targets_needed=False).do), coupling)
    if any(name in seen and name not in twin.reached for name in targets):
        return
    question = check_question(network, (), seen, {}, targets_needed=False)
    form = Form(twin.names(targets), question.form.given)
    found = distribution(twin.system, form, evidence_of(question, {}))[..., 0]
    np.testing.assert_allclose(found, both_worlds(network, tables, seen, do, targets, coupling), atol=1e-9)


def test_nothing_seen_is_an_intervention_and_what_was_is_not_changed_by_doing_it():
    network = Network(
        (
            Node("a", ("x", "y")),
            Node("b", ("x", "y", "z"), (Arrow("a"),), ordered=True),
            Node("c", ("x", "y", "z"), (Arrow("b"), Arrow("a"))),
        )
    )
    posterior = posterior_of(network, random_tables(network, 2, draws=5))
    twin = make_twin(posterior, {"b": 2})
    assert twin.reached == ("c",)
    nothing = distribution(
        twin.system, Form(twin.names(("c", "a"))), evidence_of(check_question(network, ("c",), {}, {}), {})
    )
    question = check_question(network, ("c", "a"), {}, {"b": "z"})
    np.testing.assert_allclose(np.moveaxis(nothing, -1, 0), conditional(posterior, question, {}), rtol=1e-10)

    seen = check_question(network, (), {"b": "z", "c": "y"}, {}, targets_needed=False)
    same = distribution(twin.system, Form(twin.names(("c",)), seen.form.given), evidence_of(seen, {}))
    np.testing.assert_allclose(same, np.array([0, 1, 0])[:, None] * np.ones(5), atol=1e-12)


def test_a_copy_takes_no_name_that_is_taken():
    states = ("x", "y")
    network = Network((Node("a", states), Node("b", states, (Arrow("a"),)), Node("b'", states, (Arrow("b"),))))
    posterior = posterior_of(network, random_tables(network, 2, draws=2))
    twin = make_twin(posterior, {"a": 1})
    assert twin.names(("a", "b", "b'")) == ("a", "b''", "b'" + "''")
    unseen = evidence_of(check_question(network, ("b",), {}, {}), {})
    found = distribution(twin.system, Form(twin.names(("b'",))), unseen)
    expected = conditional(posterior, check_question(network, ("b'",), {}, {"a": "y"}), {})
    np.testing.assert_allclose(found.T, expected, rtol=1e-10)
