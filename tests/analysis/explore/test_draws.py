"""What a page keeps of a posterior: few bytes, the means of all draws, and refusals of what does not fit."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis.explore.draws import ExploreError, drawn_network
from servanda.analysis.explore.packed import PARTS, Rows, allotted, joined, moves, shares_of, unpacked
from servanda.models import Arrow, Network, Node
from servanda.priors import load_prior, prior_predictive


@given(st.integers(1, 5), st.integers(0, 3), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_packed_draws_keep_their_mean_and_stay_within_half_a_step(cells, rank, seed):
    rng = np.random.default_rng(seed)
    array = rng.normal(size=(cells, 1)) + rng.normal(size=(cells, rank)) @ rng.normal(size=(rank, 200))
    kept = np.arange(0, 200, 4)
    table = moves(array, ["a"])
    found = unpacked(table.packed(kept))
    assert table.size == (min(rank, cells) if cells > 1 else 1)
    assert np.allclose(found.mean(axis=-1), array.mean(axis=-1), atol=1e-5)
    steps = np.ptp(table.moved[:, kept], axis=1).sum() / 31 + 1e-6
    # The kept draws are moved so that their mean is that of all.
    apart = (found - array[:, kept]) - (found - array[:, kept]).mean(axis=-1, keepdims=True)
    assert np.abs(apart).max() <= steps


@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_shares_of_rows_have_the_means_and_quantiles_of_their_draws(states, parents, seed):
    rng = np.random.default_rng(seed)
    table = np.moveaxis(rng.dirichlet(rng.uniform(0.3, 4, states), size=(parents, 640)), -1, 1)
    block = Rows(("a", "y"), table).placed(np.arange(640), np.ones(parents * (states - 1), int))
    shares = shares_of(block)
    assert shares.shape == (parents * (states - 1), PARTS)
    first = [np.sort(row[0 if rest else 1]) for row, rest in zip(table, block["rest"], strict=True)]
    for row, own in zip(first, shares[:: states - 1], strict=True):
        assert np.allclose(own, row.reshape(PARTS, -1).mean(axis=1), atol=1e-4)


@given(st.lists(st.floats(1e-3, 8), min_size=1, max_size=12), st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_bits_follow_the_spread_and_stay_within_what_there_is(spreads, total):
    bits = allotted(np.array(spreads), total)
    assert bits.sum() <= total
    order = np.argsort(spreads)
    assert (np.diff(bits[order]) >= 0).all()


def test_draws_lie_in_the_part_of_their_share_that_their_bits_say():
    table = np.random.default_rng(3).dirichlet([1.0, 3.0], size=256).T
    block = Rows(("y",), table).placed(np.arange(256), np.array([2]))
    codes = np.unpackbits(np.frombuffer(base64.b64decode(block["codes"]), np.uint8)).reshape(-1, 2) @ [2, 1]
    assert (codes == np.searchsorted(np.quantile(table[0], [0.25, 0.5, 0.75]), table[0])).all()


def test_joined_tables_are_their_cells_again():
    rng = np.random.default_rng(4)
    tables = {"a": moves(rng.normal(size=(3, 50)), ["x"]), "b": moves(rng.normal(size=(2, 50)), ["y"])}
    both = joined(tables)
    cells = [one.mean[:, None] + (one.moved if one.basis is None else one.basis @ one.moved) for one in tables.values()]
    assert np.allclose(both.mean[:, None] + both.basis @ both.moved, np.concatenate(cells))
    # Directions of their own: what one moves, the other does not.
    assert np.allclose(np.corrcoef(both.moved), np.eye(both.size), atol=1e-8)


def network(family: str = "ordinal") -> Network:
    parent = Node("backers", ("1", "2", "5"), ordered=True, values=(1, 2, 5))
    kept = Node("kept", ("no", "yes"), (Arrow("backers"),), family, ordered=True)
    return Network((parent, kept))


def drawn(one: Network, draws: int = 200):
    return prior_predictive(one, load_prior("flat"), seed=1, draws=draws)


def test_an_effect_of_a_count_takes_as_many_bytes_as_it_has_free_numbers():
    terms = Network(
        (network()["backers"], Node("kept", ("no", "yes"), (Arrow("backers", term="log"),), "ordinal", ordered=True))
    )
    kept = drawn_network(drawn(terms), "kept", {})["nodes"][-1]
    assert {key: block["directions"] for key, block in kept["pieces"].items()} == {"cuts": 1, "effect:0": 1}


@pytest.mark.parametrize("family", ["sequential", "noisy_or"])
def test_a_target_of_another_family_is_refused_by_name(family):
    binary = Node("backed", ("no", "yes"), ordered=True)
    kept = Node("kept", ("no", "yes"), (Arrow("backed"),), family, ordered=True)
    with pytest.raises(ExploreError, match=f"node kept: is of the family '{family}'; a page answers for the families"):
        drawn_network(drawn(Network((binary, kept)), 20), "kept", {})


def test_an_unknown_target_is_refused():
    with pytest.raises(ExploreError, match="target: is 'wept', which is no node of the network"):
        drawn_network(drawn(network(), 20), "wept", {})


def test_too_many_configurations_are_refused():
    wide = tuple(Node(f"p{i}", tuple("abcd")) for i in range(6))
    kept = Node("kept", ("no", "yes"), tuple(Arrow(node.name) for node in wide), "softmax")
    with pytest.raises(ExploreError, match="has 4096 configurations of parents; a page sums at most 2048"):
        drawn_network(drawn(Network((*wide, kept)), 20), "kept", {})


def test_fewer_draws_are_kept_where_there_is_no_room_and_none_is_said():
    posterior = drawn(network("table"), 400)
    assert drawn_network(posterior, "kept", {})["draws"] == 400
    ordinal = drawn(network(), 400)
    assert drawn_network(ordinal, "kept", {}, room=500)["draws"] == 200
    with pytest.raises(ExploreError, match="holds 3 numbers a draw of kept and 2 of the nodes above it, too many"):
        drawn_network(ordinal, "kept", {}, room=100)
