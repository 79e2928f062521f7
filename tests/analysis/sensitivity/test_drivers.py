"""Drivers of an answer, judged by Shapley's definition: every order of the features, every case, one question each."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis import chance_of, explained_share
from servanda.analysis.sensitivity.drivers import KINDS, drivers, shapley_weights
from servanda.models import Arrow, Group, Network, Node, QueryError, fit
from servanda.models.sampling.prior_draws import prior_draws

from ...models.makers import networks, posterior_of, random_tables, repeatable, seeds

PACT = Network(
    (
        Node("era", ("old", "new")),
        Node("talks", ("no", "yes"), (Arrow("era"),)),
        Node("backers", ("1", "2", "3"), (Arrow("talks"),), ordered=True, values=(1, 2, 3)),
        Node(
            "kept",
            ("broken", "part", "kept"),
            (Arrow("era"), Arrow("talks"), Arrow("backers", term="log", by="era")),
            "ordinal",
            ordered=True,
            groups=(Group("actor", "actor"), Group("guarantee", "guarantee")),
        ),
    ),
    name="pact",
)
#: Blank cells, cases that are equal, an actor that no draw knows, an outcome that is not known.
RECORD = pd.DataFrame(
    [
        ("old", "no", "1", "kept", "A", "g"),
        ("old", "no", "1", "broken", "A", "h"),
        ("new", None, "2", "part", "B", "g"),
        ("new", "yes", None, "kept", "C", "i"),
        (None, "yes", "3", "broken", "B", "i"),
        ("new", "no", "3", None, "A", "i"),
    ],
    columns=["era", "talks", "backers", "kept", "actor", "guarantee"],
)
LEVELS = {"actor": ("A", "B"), "guarantee": ("g", "h")}


def by_orders(posterior, asked, cases):
    """Feature -> its mean step over all orders in which the features come to be as described."""
    described = [("given", name, value) for name, value in asked.given.items()]
    described += [("do", name, value) for name, value in asked.do.items()]
    described += [("who", name, value) for name, value in asked.members.items() if value is not None]
    known = cases[cases[asked.target].notna()]

    def worth(coalition):
        total = 0.0
        for case in known.to_dict("records"):
            sides = {"given": {}, "do": {}, "who": {}}
            for kind, name, value in described:
                own = value if name in coalition else case[name]
                unseen = kind == "who" and own not in (*posterior.members[name], "typical")
                if not pd.isna(own) and not unseen:
                    sides[kind][name] = own
            one = chance_of(asked.target, asked.states, sides["given"], sides["do"], **sides["who"])
            total = total + one.draws(posterior).values
        return total / len(known)

    names = [name for _, name, _ in described]
    found, kept = dict.fromkeys(names, 0.0), {}
    orders = [*permutations(names)]
    for order in orders:
        for place, name in enumerate(order):
            before, after = frozenset(order[:place]), frozenset(order[: place + 1])
            for coalition in (before, after):
                if coalition not in kept:
                    kept[coalition] = worth(coalition)
            found[name] = found[name] + (kept[after] - kept[before]) / len(orders)
    return found, kept[frozenset()]


def agrees(posterior, asked, cases, atol):
    found = drivers(posterior, asked, cases)
    steps, start = by_orders(posterior, asked, cases)
    base = cases[asked.target].dropna().isin(asked.states).mean()
    assert found.base_rate == pytest.approx(base)
    assert [line.kind in KINDS for line in found.lines] == [True] * len(found.lines)
    np.testing.assert_allclose(found.lines[0].draws, start - base, atol=atol)
    assert {line.name for line in found.features} == {*steps}
    for line in found.features:
        np.testing.assert_allclose(line.draws, steps[line.name], atol=atol)
    adds_up(found, posterior, asked)


def adds_up(found, posterior, asked):
    """To the very answer that is given elsewhere, in every draw."""
    total = sum(line.draws.values for line in found.lines)
    np.testing.assert_allclose(total, asked.draws(posterior).values - found.base_rate, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "asked",
    [
        chance_of("kept", "kept", {"era": "new", "talks": "yes"}, {"backers": "3"}, actor="A"),
        chance_of("kept", ["part", "kept"], {"era": "new"}, actor="B", guarantee="h"),
        chance_of("kept", ["broken", "kept"], {}, {"talks": "no", "backers": "1"}, actor="typical"),
        chance_of("era", "old", {"kept": "broken", "backers": "2"}),
    ],
)
def test_lines_are_the_steps_of_all_orders(asked):
    agrees(prior_draws(PACT, seed=4, draws=5, levels=LEVELS), asked, RECORD, 1e-7)


@settings(repeatable, max_examples=8)
@given(st.data())
def test_lines_are_the_steps_of_all_orders_in_any_network(data):
    network, seed = data.draw(networks(most_nodes=5, most_states=3)), data.draw(seeds)
    posterior = posterior_of(network, random_tables(network, seed))
    target, *others = data.draw(st.permutations(network.names))
    rng = np.random.default_rng(seed)
    pick = {name: str(rng.choice(network[name].states)) for name in others[:3]}
    given_ = data.draw(st.integers(0, len(pick)))
    sides = [dict([*pick.items()][:given_]), dict([*pick.items()][given_:])]
    picked = {n: rng.integers(-1, len(network[n].states), 6) for n in network.names}
    cases = pd.DataFrame({n: [None if k < 0 else network[n].states[k] for k in own] for n, own in picked.items()})
    cases.loc[0, target] = network[target].states[0]
    agrees(posterior, chance_of(target, network[target].states[0], *sides), cases, 1e-10)


def test_the_cases_of_the_fit_are_the_record_where_none_is_given():
    network = Network((Node("a", ("x", "y")), Node("b", ("no", "yes"), (Arrow("a"),))))
    cases = pd.DataFrame({"a": ["x", "x", "y", "y", "y"], "b": ["no", "yes", "yes", "yes", "no"]})
    posterior = fit(network, cases, seed=1, draws=30, chains=2)
    asked = chance_of("b", "yes", {"a": "y"})
    found = drivers(posterior, asked)
    assert (found.cases, found.base_rate) == (5, pytest.approx(0.6))
    np.testing.assert_array_equal(found.lines[1].draws, drivers(posterior, asked, cases).lines[1].draws)
    assert found.lines[1].draws.dims == ("chain", "draw")


def test_thinned_draws_are_evenly_spaced_and_said():
    posterior = prior_draws(PACT, seed=4, draws=20, levels=LEVELS)
    asked = chance_of("kept", "kept", {"era": "new"}, actor="A")
    found, whole = drivers(posterior, asked, RECORD, draws=7), drivers(posterior, asked, RECORD)
    assert (found.every, whole.every) == (3, 1)
    for few, all_ in zip(found.lines, whole.lines, strict=True):
        np.testing.assert_allclose(few.draws, all_.draws[:, ::3], atol=1e-7)
    assert found.note.endswith("5 cases of the record; one draw in 3")
    assert "draw" not in whole.note.rsplit("record", 1)[1]


def test_supporting_and_contrary_lines_are_named_and_shown():
    network = Network(
        (Node("a", ("x", "y")), Node("c", ("x", "y")), Node("b", ("no", "yes"), (Arrow("a"), Arrow("c"))))
    )
    table = np.array([[[0.5, 0.5], [0.8, 0.2]], [[0.1, 0.9], [0.3, 0.7]]])
    posterior = posterior_of(network, {"a": np.full((1, 2), 0.5), "c": np.full((1, 2), 0.5), "b": table[None]})
    cases = pd.DataFrame({"a": ["x", "x"], "c": ["x", "x"], "b": ["no", "yes"]})
    found = drivers(posterior, chance_of("b", "yes", {"a": "y"}, {"c": "y"}), cases)
    # From 0.5: y alone to 0.9 and to 0.2, both to 0.7.
    assert [(line.label, round(line.change.mean, 9)) for line in found.features] == [("a = y", 0.45), ("c = y", -0.25)]
    assert [line.name for line in found.supporting] == ["a"]
    assert [line.name for line in found.contrary] == ["c"]
    assert found.lines[0].side == "neither"
    assert found.total.mean == pytest.approx(0.2)
    assert found.table["side"].tolist() == ["neither", "supporting", "contrary"]
    assert str(found).splitlines()[-1] == "associated with, not caused by; Shapley values over 2 cases of the record"
    assert "+45 [+45, +45] a = y" in str(found)
    assert "P(b = yes | a = y; do(c = y)): base rate 0.500, answer 0.700" in found._repr_html_()
    (axes,) = found.plot().axes
    assert "c = y" in [text.get_text() for text in axes.get_yticklabels()]
    assert "+45\n+45 to +45" in [text.get_text() for text in axes.texts]


def test_weights_of_a_player_add_up_to_nothing_and_those_it_gains_to_one():
    for players in range(1, 7):
        weights = shapley_weights(players)
        np.testing.assert_allclose(weights.sum(axis=1), 0.0, atol=1e-12)
        np.testing.assert_allclose(np.where(weights > 0, weights, 0).sum(axis=1), 1.0)
        total = weights.sum(axis=0)
        np.testing.assert_allclose(total[[0, -1]], [-1.0, 1.0])
        np.testing.assert_allclose(total[1:-1], 0.0, atol=1e-12)


MANY = Network((*(Node(f"v{n}", ("x", "y")) for n in range(15)), Node("b", ("no", "yes"), (Arrow("v0"),))))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (chance_of("b", "yes", do={"v0": "x"}, against={"v0": "y"}), "question: asks for no probability of one case"),
        (explained_share("b"), "question: asks for no probability of one case"),
        (chance_of("b", "yes"), "question: describes nothing: give or do something, or name who acts"),
        (chance_of("b", "yes", {f"v{n}": "x" for n in range(15)}), "describes 15 features; 14 at the most"),
        (chance_of("b", "yes", do={"v0": {"x": 0.5, "y": 0.5}}), "node v0: is set by lot; set it to one state"),
        (chance_of("b", "maybe", {"v0": "z"}), "v0: .*'z'"),
    ],
)
def test_what_has_no_drivers(asked, message):
    posterior = prior_draws(MANY, seed=1, draws=2)
    cases = pd.DataFrame({name: [MANY[name].states[0]] for name in MANY.names})
    with pytest.raises(QueryError, match=message):
        drivers(posterior, asked, cases)


def test_cases_need_a_known_outcome_and_draws_are_counted():
    posterior = prior_draws(PACT, seed=1, draws=2, levels=LEVELS)
    asked = chance_of("kept", "kept", {"era": "new"})
    with pytest.raises(QueryError, match="needs cases whose kept is known, and there are none"):
        drivers(posterior, asked, RECORD.loc[[5]])
    with pytest.raises(QueryError, match="draws: is 0; use one at the least"):
        drivers(posterior, asked, RECORD, draws=0)
