"""Missing cells are summed out exactly, equal rows are counted once, and no row is dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models import Arrow, DataError, Group, Network, Node, encode
from servanda.models import pymc_model as compiled
from servanda.models.cases import patterns as module
from servanda.models.cases.likelihood import cell_distributions, cell_log_likelihood, log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import blanked, joint, networks, posterior_of, random_tables, repeatable, seeds


def leading(posterior):
    return {name: np.moveaxis(value, -1, 0) for name, value in posterior.values.items()}


def by_enumeration(network, tables, codes):
    """Log-probability of each row's seen cells, from the whole joint; shape (draws, rows)."""
    whole = joint(network, tables)
    rows = len(next(iter(codes.values())))
    result = []
    for row in range(rows):
        pick = [codes[name][row] if codes[name][row] >= 0 else slice(None) for name in network.names]
        result.append(np.log(whole[(slice(None), *pick)].reshape(len(whole), -1).sum(axis=1)))
    return np.array(result).T


@pytest.mark.slow
@settings(repeatable, max_examples=150)
@given(networks(), seeds, st.sampled_from([0.0, 0.2, 0.6]), st.booleans())
def test_holes_are_summed_out_exactly(network, seed, share, latent):
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(0, len(network[name].states), 12) for name in network.names}
    codes = {name: np.where(rng.random(12) < share, -1, column) for name, column in codes.items()}
    for column in codes.values():
        column[4] = -1  # a row with nothing in it
        column[7] = column[8]
    blank = tuple(rng.choice(network.names, size=rng.integers(1, len(network.names)), replace=False)) if latent else ()
    for name in blank:
        codes[name][:] = -1

    tables = random_tables(network, seed)
    cases = encode(network.with_latent(blank), blanked(network, codes, blank))
    assert {name: list(column) for name, column in cases.codes.items()} == {n: list(c) for n, c in codes.items()}
    found = log_likelihood(network, find_patterns(network, cases), leading(posterior_of(network, tables)))
    np.testing.assert_allclose(found, by_enumeration(network, tables, codes), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(found[:, 4], 0)
    np.testing.assert_array_equal(found[:, 7], found[:, 8])


@pytest.mark.slow
@settings(repeatable, max_examples=60)
@given(networks(), seeds, st.sampled_from([0.0, 0.3, 0.7]))
def test_each_cell_is_judged_by_the_cells_that_stand_before_it(network, seed, share):
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(0, len(network[name].states), 8) for name in network.names}
    codes = {name: np.where(rng.random(8) < share, -1, column) for name, column in codes.items()}
    tables = random_tables(network, seed)
    patterns = find_patterns(network, encode(network, blanked(network, codes)))
    values = leading(posterior_of(network, tables))
    before = {name: np.full(8, -1) for name in network.names}
    total = 0.0
    for name in network.names:
        found = cell_log_likelihood(network, patterns, values, name)
        every = cell_distributions(network, patterns, values, name)
        known = by_enumeration(network, tables, before)
        for state in range(len(network[name].states)):
            stated = np.where(codes[name] >= 0, state, -1)
            judged = by_enumeration(network, tables, before | {name: stated}) - known
            np.testing.assert_allclose(every[..., state], judged, rtol=1e-9, atol=1e-10)
            np.testing.assert_array_equal(found[:, codes[name] == state], every[:, codes[name] == state, state])
        np.testing.assert_array_equal(found[:, codes[name] == -1], 0)
        before |= {name: codes[name]}
        total = total + found
    np.testing.assert_allclose(total, log_likelihood(network, patterns, values), rtol=1e-10, atol=1e-10)


def test_what_is_impossible_says_so_in_one_cell_only():
    leaves = [Node(name, ("0", "1"), (Arrow("a"),)) for name in ("b", "c")]
    network = Network((Node("a", ("0", "1")), *leaves))
    tables = random_tables(network, 5)
    tables["b"][:] = (1, 0)
    patterns = find_patterns(network, encode(network, pd.DataFrame({"a": [None], "b": ["1"], "c": ["0"]})))
    values = leading(posterior_of(network, tables))
    with np.errstate(divide="ignore"):
        found = {name: cell_log_likelihood(network, patterns, values, name) for name in network.names}
        whole = log_likelihood(network, patterns, values)
    assert np.isneginf(found["b"]).all()
    assert not found["c"].any()
    assert np.isneginf(whole).all()


def chain():
    return Network(
        (
            Node("a", ("0", "1")),
            Node("b", ("0", "1", "2"), (Arrow("a"),)),
            Node("c", ("0", "1"), (Arrow("b"),)),
        )
    )


def test_equal_rows_are_counted_once():
    network = chain()
    rng = np.random.default_rng(6)
    codes = {name: rng.integers(0, len(network[name].states), 500) for name in network.names}
    patterns = find_patterns(network, encode(network, blanked(network, codes)))
    assert patterns.incomplete == ()
    assert patterns.cases == 500
    for name in network.names:
        cells, axes = patterns.complete[name], network.axes(name)
        assert len(cells.codes) == np.prod(network.shape(name))
        for row, count in zip(cells.codes, cells.counts, strict=True):
            same = np.all([codes[axis] == state for axis, state in zip(axes, row, strict=True)], axis=0)
            assert same.sum() == count
        np.testing.assert_array_equal(cells.codes[cells.inverse], np.column_stack([codes[axis] for axis in axes]))


def test_a_missing_leaf_touches_nothing():
    network = chain()
    frame = pd.DataFrame({"a": ["0", "1"], "b": ["2", "1"], "c": [None, "1"]})
    patterns = find_patterns(network, encode(network, frame))
    assert patterns.touched == frozenset()
    assert [int(patterns.complete[name].counts.sum()) for name in network.names] == [2, 2, 1]


def test_a_hole_touches_itself_and_its_children():
    network = chain()
    frame = pd.DataFrame({"a": ["0", "1"], "b": [None, "1"], "c": ["0", "1"]})
    patterns = find_patterns(network, encode(network, frame))
    assert patterns.touched == {"b", "c"}
    (hole,) = patterns.incomplete
    assert (hole.missing, hole.completions, list(hole.rows)) == (("b",), 3, [0])


def test_holes_that_no_cpd_links_are_summed_apart():
    names = [f"v{place:02d}" for place in range(40)]
    pairs = [
        Node(name, ("0", "1"), (Arrow(names[place - 1]),) if place % 2 else ()) for place, name in enumerate(names)
    ]
    network = Network(tuple(pairs))
    seen = {name: np.array([0, place % 2, -1 if place % 2 == 0 else 1]) for place, name in enumerate(names)}
    patterns = find_patterns(network, encode(network, blanked(network, seen)))
    assert len(patterns.incomplete) == 20
    assert {(hole.missing, tuple(hole.codes)) for hole in patterns.incomplete} == {
        ((upper,), (upper, lower)) for upper, lower in zip(names[::2], names[1::2], strict=True)
    }
    tables = random_tables(network, 3)
    found = log_likelihood(network, patterns, leading(posterior_of(network, tables)))
    lower = [
        tables[upper][:, 0] * tables[below][:, 0, 1] + tables[upper][:, 1] * tables[below][:, 1, 1]
        for upper, below in zip(names[::2], names[1::2], strict=True)
    ]
    np.testing.assert_allclose(found[:, 2], np.log(lower).sum(axis=0), rtol=1e-10)


def test_rows_that_miss_the_same_linked_nodes_are_counted_together():
    network = chain()
    frame = pd.DataFrame({"a": [None, None, None], "b": ["1", "1", "2"], "c": ["0", None, "1"]})
    (hole,) = find_patterns(network, encode(network, frame)).incomplete
    assert (hole.missing, list(hole.rows), list(hole.counts)) == (("a",), [0, 1, 2], [2, 1])


def test_every_row_is_in_every_likelihood_it_bears_on():
    network = chain()
    frame = pd.DataFrame({"a": [None, "1", "0", None], "b": ["0", None, "1", None], "c": ["1", "1", None, None]})
    patterns = find_patterns(network, encode(network, frame))
    seen = {name: set(patterns.complete[name].rows) for name in network.names}
    for hole in patterns.incomplete:
        for name in hole.codes:
            seen[name] |= set(hole.rows)
    assert seen == {"a": {0, 1, 2}, "b": {0, 1, 2}, "c": {0, 1}}


@pytest.fixture(scope="module")
def mixed():
    """A node of each family, groups on two of them, and holes in all columns."""
    network = Network(
        (
            Node("a", ("0", "1", "2"), ordered=True),
            Node("b", ("0", "1"), (Arrow("a"),), family="ordinal", ordered=True, groups=(Group("actor", "who"),)),
            Node("s", ("x", "y", "z"), (Arrow("a"), Arrow("b")), family="softmax"),
            Node(
                "d",
                ("0", "1", "2"),
                (Arrow("s"), Arrow("b")),
                family="ordinal",
                ordered=True,
                groups=(Group("actor", "who"), Group("deal", "deal")),
            ),
        )
    )
    rng = np.random.default_rng(2)
    codes = {name: rng.integers(-1, len(network[name].states), 30) for name in network.names}
    actors, deals = rng.choice(["U", "V"], 30), rng.choice(["k", "l", "m"], 30)
    cases = encode(network, blanked(network, codes).assign(who=actors, deal=deals))
    posterior = prior_draws(network, seed=3, draws=2, levels=cases.levels)
    return network, codes, actors, deals, cases, posterior


def test_effects_of_groups_reach_the_rows_with_holes(mixed):
    network, codes, actors, deals, cases, posterior = mixed
    found = log_likelihood(network, find_patterns(network, cases), leading(posterior))
    for row, (actor, deal) in enumerate(zip(actors, deals, strict=True)):
        members = {"a": {}, "s": {}, "b": {"actor": actor}, "d": {"actor": actor, "deal": deal}}
        tables = {name: posterior.table(name, **members[name]).values[0] for name in network.names}
        one = {name: codes[name][row : row + 1] for name in network.names}
        np.testing.assert_allclose(found[:, [row]], by_enumeration(network, tables, one), rtol=1e-10, atol=1e-12)


def test_the_compiled_model_sums_to_the_same(mixed):
    network, _, _, _, cases, posterior = mixed
    patterns = find_patterns(network, cases)
    model = compiled(network, cases, patterns, None)
    values = {name: value[0] for name, value in leading(posterior).items() if not name.endswith("_sd")}
    groups = {"b.actor", "d.actor", "d.deal"}
    given = {model[name]: value[:-1] if name in groups else value for name, value in values.items()}
    total = sum(model.potentials[1:], start=model.potentials[0]).eval(given, mode="FAST_COMPILE")
    assert total == pytest.approx(log_likelihood(network, patterns, leading(posterior))[0].sum(), rel=1e-10)


def test_too_many_completions_are_refused_with_the_case(monkeypatch):
    monkeypatch.setattr(module, "MOST_COMPLETIONS", 5)
    network = chain()
    frame = pd.DataFrame({"case_id": ["first", "second"], "a": ["0", None], "b": ["0", None], "c": ["0", "1"]})
    message = r"^data: case second: misses 2 linked nodes \(a, b\), 6 completions; at most 5 can be summed$"
    with pytest.raises(DataError, match=message):
        find_patterns(network, encode(network, frame))


def test_all_rows_with_too_many_completions_are_named(monkeypatch):
    monkeypatch.setattr(module, "MOST_COMPLETIONS", 1)
    frame = pd.DataFrame({"a": ["0", None, None], "b": [None, None, "0"], "c": ["0", "1", "1"]})
    with pytest.raises(DataError) as raised:
        find_patterns(chain(), encode(chain(), frame))
    assert sorted(str(raised.value).splitlines()) == [
        "  case 1: misses 1 linked nodes (b), 3 completions; at most 1 can be summed",
        "  case 2: misses 2 linked nodes (a, b), 6 completions; at most 1 can be summed",
        "  case 3: misses 1 linked nodes (a), 2 completions; at most 1 can be summed",
        "data: 3 faults",
    ]
