"""Most probable explanations and samples, judged by enumeration of the joint, pyAgrum and chi-square."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from servanda.models import Arrow, ImpossibleEvidenceError, Network, Node, load_network
from servanda.models.inference import plan as planning
from servanda.models.inference.answers import evidence_of
from servanda.models.inference.most_probable import best_few, count_best, most_probable, most_probable_of, sample
from servanda.models.inference.plan import make_plan
from servanda.models.inference.question import Form, check_question
from servanda.models.inference.tables import DrawnNetwork, Evidence
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import joint, networks, posterior_of, questions, random_tables, repeatable, seeds


@pytest.fixture(params=["whole", "sliced"])
def slicing(request, monkeypatch):
    """Plans that slice nothing, and plans that slice as soon as a table has more than a few cells."""
    if request.param == "sliced":
        monkeypatch.setattr(planning, "_COMFORTABLE", 8)
        monkeypatch.setattr(planning, "_FREE_OF_CHARGE", 1e9)
    make_plan.cache_clear()
    yield request.param
    make_plan.cache_clear()


@pytest.mark.slow
@settings(repeatable, max_examples=70)
@given(st.data())
def test_the_most_probable_state_is_the_largest_cell(slicing, data):
    network, seed = data.draw(networks()), data.draw(seeds)
    _, seen, do = data.draw(questions(network))
    tables = random_tables(network, seed, draws=3)
    system, question = DrawnNetwork.of(posterior_of(network, tables)), check_question(network, ("v0",), {}, {})
    question = check_question(network, (), seen, do, targets_needed=False)
    states, logs = most_probable(system, question.form, evidence_of(question, {}))

    whole = joint(network, tables, do)
    spot = tuple(question.fixed.get(name, slice(None)) for name in network.names)
    np.testing.assert_allclose(np.exp(logs), whole[(slice(None), *spot)].reshape(3, -1).max(axis=1), rtol=1e-10)
    assert set(states) == set(network.names) - set(question.fixed)
    for draw in range(3):
        cell = tuple(question.fixed[n] if n in question.fixed else states[n][draw] for n in network.names)
        np.testing.assert_allclose(whole[(draw, *cell)], np.exp(logs[draw]), rtol=1e-10)


def test_the_best_slice_is_found_far_below_the_smallest_float(slicing):
    """One node with hundreds of children that are seen; the best cell of the rest is found in logarithms."""
    nodes = [Node("z", ("a", "b", "c")), Node("v", ("a", "b"), (Arrow("z"),))]
    nodes += [Node("y", ("a", "b", "c"), (Arrow("z"), Arrow("v")))]
    nodes += [Node(f"e{place}", ("a", "b"), (Arrow("z"),)) for place in range(90)]
    network = Network(tuple(nodes))
    tables = random_tables(network, 3, draws=6)
    rng = np.random.default_rng(3)
    for place in range(90):
        low = 10.0 ** -rng.uniform(9, 11, (6, 3))
        tables[f"e{place}"] = np.stack([low, 1 - low], axis=-1)
    question = check_question(network, (), {f"e{place}": "a" for place in range(90)}, {}, targets_needed=False)
    log = np.log(tables["z"]) + sum(np.log(tables[f"e{place}"][..., 0]) for place in range(90))
    log = log[:, :, None, None] + np.log(tables["v"])[..., None] + np.log(tables["y"])
    best = log.reshape(6, -1).argmax(axis=1)
    states, logs = most_probable(
        DrawnNetwork.of(posterior_of(network, tables)), question.form, evidence_of(question, {})
    )
    np.testing.assert_allclose(logs, log.reshape(6, -1).max(axis=1), rtol=1e-12)
    assert (logs < -1800).all()
    assert len(set(best // 6)) > 1  # not the same slice in every draw
    np.testing.assert_array_equal(
        np.stack([states[name] for name in ("z", "v", "y")]), np.unravel_index(best, log.shape[1:])
    )


@settings(repeatable, max_examples=40)
@given(st.data())
def test_the_most_probable_states_of_many_cases(data):
    network, seed = data.draw(networks()), data.draw(seeds)
    _, seen, do = data.draw(questions(network))
    system = DrawnNetwork.of(posterior_of(network, random_tables(network, seed)))
    form = check_question(network, (), seen, do, targets_needed=False).form
    rng = np.random.default_rng(seed)
    fixed = {name: rng.integers(len(network[name].states), size=4) for name in form.given}
    evidence = Evidence(fixed | {name: network[name].index(state) for name, state in do.items()}, {}, {}, 4)
    states, logs = most_probable(system, form, evidence)
    for case in range(4):
        alone, log = most_probable(system, form, evidence.case(case))
        np.testing.assert_allclose(logs[case], log, rtol=1e-11)
        for name, values in alone.items():
            np.testing.assert_array_equal(states[name][case], values)


def cells(network, tables, question, do):
    """P(free nodes, evidence) of every draw, shape (draws, cells), and the shape of a draw's cells."""
    whole = joint(network, tables, do)
    free = [name for name in network.names if name not in question.fixed]
    part = whole[(slice(None), *(question.fixed.get(name, slice(None)) for name in network.names))]
    return free, part.reshape(len(part), -1), part.shape[1:]


@settings(repeatable, max_examples=40)
@given(st.data())
def test_the_few_best_are_the_largest_cells(data):
    network, seed = data.draw(networks(5, 3)), data.draw(seeds)
    _, seen, do = data.draw(questions(network))
    tables = random_tables(network, seed, draws=3)
    question = check_question(network, (), seen, do, targets_needed=False)
    system = DrawnNetwork.of(posterior_of(network, tables))
    states, logs = best_few(system, question.form, evidence_of(question, {}), 6)
    free, flat, shape = cells(network, tables, question, do)
    for draw in range(3):
        wanted = np.sort(flat[draw])[::-1][:6]
        np.testing.assert_allclose(np.exp(logs[: len(wanted), draw]), wanted, rtol=1e-10)
        assert (logs[len(wanted) :, draw] == -np.inf).all()
        chosen = [tuple(states[name][rank, draw] for name in free) for rank in range(6)]
        assert all(cell == (-1,) * len(free) for cell in chosen[len(wanted) :])
        numbers = [int(np.ravel_multi_index(cell, shape)) for cell in chosen[: len(wanted)]]
        assert len(set(numbers)) == len(numbers)
        np.testing.assert_allclose(flat[draw][numbers], wanted, rtol=1e-10)


@settings(repeatable, max_examples=25)
@given(st.data())
def test_the_few_best_of_many_cases(data):
    network, seed = data.draw(networks(4, 3)), data.draw(seeds)
    system = DrawnNetwork.of(posterior_of(network, random_tables(network, seed)))
    rng = np.random.default_rng(seed)
    name = network.names[0]
    weights = {name: rng.random((len(network[name].states), 1))}
    form, last = Form((), (network.names[-1],), (), (name,)), network.names[-1]
    numbers = rng.integers(len(network[last].states), size=4)
    evidence = Evidence({last: numbers}, {}, weights, 4)
    states, logs = best_few(system, form, evidence, 3)
    ties = count_best(system, form, evidence)
    for case in range(4):
        alone, log = best_few(system, form, evidence.case(case), 3)
        np.testing.assert_allclose(logs[:, case], log, rtol=1e-11)
        np.testing.assert_array_equal(ties[case], count_best(system, form, evidence.case(case)))
        for node, values in alone.items():
            np.testing.assert_array_equal(states[node][:, case], values)


@settings(repeatable, max_examples=40)
@given(st.data())
def test_equal_best_states_are_counted(slicing, data):
    """Tables of few different numbers, among them thirds, whose products in another order differ by round-off."""
    network, seed = data.draw(networks(5, 3)), data.draw(seeds)
    _, seen, do = data.draw(questions(network))
    rng = np.random.default_rng(seed)
    tables = {}
    for name in network.names:
        counts = rng.choice([1.0, 1.0, 2.0], size=(3, *network.shape(name)))
        tables[name] = counts / counts.sum(axis=-1, keepdims=True)
    question = check_question(network, (), seen, do, targets_needed=False)
    system = DrawnNetwork.of(posterior_of(network, tables))
    found = count_best(system, question.form, evidence_of(question, {}))
    _, flat, _ = cells(network, tables, question, do)
    np.testing.assert_array_equal(found, (flat >= flat.max(axis=1, keepdims=True) * (1 - 1e-10)).sum(axis=1))
    _, logs = best_few(system, question.form, evidence_of(question, {}), 4)
    equal = np.exp(logs) >= np.exp(logs[0]) * (1 - 1e-10)
    np.testing.assert_array_equal(equal.sum(axis=0), np.minimum(found, 4))


@settings(repeatable, max_examples=40)
@given(st.data())
def test_the_best_states_of_some_nodes_are_the_largest_cells_of_their_sums(data):
    network, seed = data.draw(networks(6, 3)), data.draw(seeds)
    targets, seen, do = data.draw(questions(network))
    tables = random_tables(network, seed, draws=3)
    question = check_question(network, targets, seen, do)
    system = DrawnNetwork.of(posterior_of(network, tables))
    states, logs, ties = most_probable_of(system, question.form, evidence_of(question, {}), 3)
    whole = joint(network, tables, do)
    part = whole[(slice(None), *(question.fixed.get(name, slice(None)) for name in network.names))]
    free = [name for name in network.names if name not in question.fixed]
    part = part.sum(axis=tuple(1 + place for place, name in enumerate(free) if name not in targets))
    order = [name for name in free if name in targets]
    for draw in range(3):
        wanted = np.sort(part[draw].ravel())[::-1][:3]
        np.testing.assert_allclose(np.exp(logs[: len(wanted), draw]), wanted, rtol=1e-9)
        for rank in range(len(wanted)):
            cell = tuple(states[name][rank, draw] for name in order)
            np.testing.assert_allclose(part[(draw, *cell)], wanted[rank], rtol=1e-9)
        assert ties[draw] == (part[draw] >= part[draw].max() * (1 - 1e-10)).sum()


def goodness(counts, expected):
    """Upper tail of the chi-square distribution, cells of small expectation taken together."""
    counts, expected = counts.ravel(), expected.ravel()
    small = expected < 5
    assert counts[expected == 0].sum() == 0
    observed = np.append(counts[~small], counts[small].sum())
    wanted = np.append(expected[~small], expected[small].sum())
    kept = wanted > 0
    statistic = ((observed - wanted)[kept] ** 2 / wanted[kept]).sum()
    return chi2(max(1, kept.sum() - 1)).sf(statistic)


@pytest.mark.parametrize("seed", range(8))
def test_samples_follow_the_joint_given_the_evidence(slicing, seed):
    rng = np.random.default_rng(seed)
    nodes = [Node("a", ("x", "y", "z")), Node("b", ("x", "y"), (Arrow("a"),)), Node("c", ("x", "y"))]
    nodes += [Node("d", ("x", "y", "z"), (Arrow("b"), Arrow("c"))), Node("e", ("x", "y"), (Arrow("d"), Arrow("a")))]
    network = Network(tuple(nodes))
    tables = random_tables(network, int(rng.integers(1000)), draws=2)
    seen = [{}, {"e": "x"}, {"d": "z"}, {"b": "y", "e": "y"}][seed % 4]
    do = {} if seed < 4 else {"c": "y"}
    question = check_question(network, (), seen, do, targets_needed=False)
    size = 4000
    states = sample(
        DrawnNetwork.of(posterior_of(network, tables)),
        question.form,
        evidence_of(question, {}),
        size=size,
        rng=np.random.default_rng(seed),
    )
    whole = joint(network, tables, do)
    spot = tuple(slice(s, s + 1) if (s := question.fixed.get(n)) is not None else slice(None) for n in network.names)
    for draw in range(2):
        own = whole[(draw, *spot)]
        counts = np.zeros(own.shape)
        free = tuple(0 if n in question.fixed else states[n][:, draw] for n in network.names)
        np.add.at(counts, tuple(np.broadcast_arrays(*free)), 1)
        # One of 16 tests at 1e-4 fails by chance once in 600 choices of the seeds, and the seeds are fixed.
        assert goodness(counts, size * own / own.sum()) > 1e-4


def test_samples_are_those_of_their_seed_and_of_no_chunk(monkeypatch):
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"), (Arrow("a"),))))
    system = DrawnNetwork.of(posterior_of(network, random_tables(network, 3, draws=100)))
    question = check_question(network, (), {"b": "y"}, {}, targets_needed=False)

    def ask(seed):
        rng = np.random.default_rng(seed)
        return sample(system, question.form, evidence_of(question, {}), size=3, rng=rng)["a"]

    first = ask(1)
    np.testing.assert_array_equal(ask(1), first)
    assert (ask(2) != first).any()
    monkeypatch.setattr("servanda.models.inference.contract._CELLS_AT_ONCE", 1)
    monkeypatch.setattr("servanda.models.inference.contract._WORTH_A_CALL", 0)
    np.testing.assert_array_equal(ask(1), first)


def test_impossible_evidence_has_no_explanation_and_no_samples():
    network = Network((Node("a", ("x", "y")), Node("b", ("x", "y"), (Arrow("a"),))))
    tables = {"a": np.array([[1.0, 0.0]]), "b": np.array([[[1.0, 0.0], [0.5, 0.5]]])}
    system = DrawnNetwork.of(posterior_of(network, tables))
    question = check_question(network, (), {"b": "y"}, {}, targets_needed=False)
    message = r"^question: given: has probability zero: b = y$"
    with pytest.raises(ImpossibleEvidenceError, match=message):
        most_probable(system, question.form, evidence_of(question, {}))
    with pytest.raises(ImpossibleEvidenceError, match=message):
        sample(system, question.form, evidence_of(question, {}), size=1, rng=np.random.default_rng(1))


def test_a_state_of_probability_zero_is_never_drawn():
    network = Network((Node("a", ("x", "y", "z")),))
    system = DrawnNetwork.of(posterior_of(network, {"a": np.array([[0.5, 0.0, 0.5]])}))
    drawn = sample(system, Form(()), Evidence({}, {}, {}), size=5000, rng=np.random.default_rng(1))["a"]
    assert set(np.unique(drawn)) == {0, 2}


def test_the_shipped_network_is_sampled_without_its_largest_table():
    """Conduct follows the tables: its share in the samples is its probability, draw by draw."""
    network = load_network("guarantee")
    posterior = prior_draws(network, seed=3, draws=40, levels={"actor": ("PRK", "USA")})
    members = {"actor": posterior.member("actor", "USA"), "guarantee": posterior.member("guarantee", None)}
    system = DrawnNetwork.of(posterior)
    given = {"role": "guarantor", "price": "war", "era": "cold_war", "obligation": "defend", "regime": "autocracy"}
    question = check_question(network, ("compliance",), given, {"guarantors": "3", "enforcement": "none"})
    states = sample(system, question.form, evidence_of(question, members), size=500, rng=np.random.default_rng(5))
    from servanda.models.inference.answers import distribution

    exact = distribution(system, question.form, evidence_of(question, members))
    for state in range(3):
        share = (states["compliance"] == state).mean(axis=0)
        spread = np.sqrt(exact[state] * (1 - exact[state]) / 500) + 1e-9
        assert np.abs((share - exact[state]) / spread).max() < 4.5


def test_the_most_probable_explanation_is_pyagrums():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its compiled parts announce removals of their own
        import pyagrum

        net = pyagrum.fastBN("a[3]->b[2]->c[4]<-d[3];a->d;c->e[2]", 3)
        pyagrum.initRandom(4)
        net.generateCPTs()
        network = Network(
            tuple(
                Node(n, tuple(net.variable(n).labels()), tuple(Arrow(p) for p in net.cpt(n).names[1:]))
                for n in net.names()
            )
        )
        tables = {}
        for name in network.names:
            order = net.cpt(name).names
            cells = np.array(net.cpt(name).tolist())  # pyAgrum's first variable is the last axis
            axes = list(reversed(order))
            tables[name] = np.transpose(cells, [axes.index(axis) for axis in network.axes(name)])[None]
        engine = pyagrum.LazyPropagation(net)
        engine.setEvidence({"e": 1})
        best, _ = engine.mpeLog2Posterior()
        wanted = {name: best.val(name) for name in network.names if name != "e"}
    system = DrawnNetwork.of(posterior_of(network, tables))
    question = check_question(network, (), {"e": network["e"].states[1]}, {}, targets_needed=False)
    states, _ = most_probable(system, question.form, evidence_of(question, {}))
    assert {name: int(values[0]) for name, values in states.items()} == wanted
