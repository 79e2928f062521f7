"""Many configurations at once, judged by the same questions one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis import probability
from servanda.models import Arrow, Group, Network, Node
from servanda.models.families.unseen import INTEGRATED, TYPICAL
from servanda.models.inference.tables import DrawnNetwork, distinct_rows
from servanda.models.questions.configurations import Configurations, adds_up, configuration_answers
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import networks, posterior_of, random_tables, repeatable, seeds

GROUPS = (Group("actor", "actor"), Group("guarantee", "guarantee"))
LEVELS = {"actor": ("A", "B"), "guarantee": ("g",)}


def pact(family="ordinal"):
    """Open parents that hang together through a node above them and through an arrow that acts by another."""
    return Network(
        (
            Node("era", ("old", "new")),
            Node("role", ("own", "other"), (Arrow("era"),)),
            Node("talks", ("no", "yes"), (Arrow("era"),)),
            Node("price", ("low", "mid", "high"), (Arrow("talks"),), "softmax"),
            Node("backers", ("1", "2", "3"), (Arrow("role"), Arrow("talks")), ordered=True, values=(1, 2, 3)),
            Node(
                "kept",
                ("broken", "part", "kept"),
                (Arrow("era"), Arrow("price"), Arrow("backers", term="log", by="role"), Arrow("role")),
                family,
                ordered=True,
                groups=GROUPS,
            ),
            Node("trace", ("no", "yes"), (Arrow("kept"),)),
        ),
        name="pact",
    )


def one_by_one(posterior, asked):
    """The same questions, each put by itself."""
    network, found = posterior.network, []
    for place in range(len(asked)):
        given, do = (
            {name: network[name].states[numbers[place]] for name, numbers in side.items() if numbers[place] >= 0}
            for side in (asked.given, asked.do)
        )
        said = {INTEGRATED: None, TYPICAL: "typical"}
        members = {
            name: said.get(int(numbers[place]), posterior.members[name][numbers[place]])
            for name, numbers in asked.members.items()
        }
        answer = probability(posterior, asked.target, given, do, **members)
        found.append(answer.isel({asked.target: list(asked.states)}).sum(asked.target).values.ravel())
    return np.array(found)


def random_configurations(network, given_, do, states, seed, count=7):
    rng = np.random.default_rng(seed)
    sides = [{n: rng.integers(-1, len(network[n].states), count) for n in side} for side in (given_, do)]
    members = {
        "actor": rng.choice([INTEGRATED, TYPICAL, 0, 1, 2], count),
        "guarantee": rng.choice([INTEGRATED, 1], count),
    }
    return Configurations("kept", states, sides[0], sides[1], members)


@settings(repeatable, max_examples=12)
@given(
    st.sampled_from(["ordinal", "sequential"]),
    st.permutations(["era", "role", "talks", "price", "backers", "trace"]),
    st.integers(1, 4),
    st.integers(0, 2),
    st.sampled_from([(2,), (0,), (1,), (0, 1), (0, 2)]),
    seeds,
)
def test_all_at_once_is_one_by_one(family, names, given_, done, states, seed):
    """States open and known, below the target and above it, unseen members and members without an effect."""
    network = pact(family)
    posterior = prior_draws(network, seed=seed, draws=3, levels=LEVELS)
    asked = random_configurations(network, names[:given_], names[given_ : given_ + done], states, seed)
    found = configuration_answers(DrawnNetwork.of(posterior), asked)
    np.testing.assert_allclose(found, one_by_one(posterior, asked), atol=1e-7)


@settings(repeatable, max_examples=15)
@given(st.data())
def test_tables_are_answered_by_the_engine(data):
    network = data.draw(networks())
    seed = data.draw(seeds)
    posterior = posterior_of(network, random_tables(network, seed))
    target, *others = data.draw(st.permutations(network.names))
    rng = np.random.default_rng(seed)
    sides = [{n: rng.integers(-1, len(network[n].states), 5) for n in side} for side in (others[:2], others[2:3])]
    asked = Configurations(target, (0,), sides[0], sides[1], {})
    if len(asked):
        found = configuration_answers(DrawnNetwork.of(posterior), asked)
        np.testing.assert_allclose(found, one_by_one(posterior, asked), rtol=1e-9)


@pytest.mark.parametrize(
    ("family", "given_", "way"),
    [("ordinal", ("era",), True), ("ordinal", ("trace",), False), ("sequential", ("era",), False)],
)
def test_what_is_known_below_the_target_bears_on_its_parents(family, given_, way):
    posterior = prior_draws(pact(family), seed=1, draws=2, levels=LEVELS)
    asked = random_configurations(posterior.network, given_, (), (2,), 1)
    assert adds_up(DrawnNetwork.of(posterior), asked.form) is way


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 5)), min_size=1, max_size=20), st.booleans())
@repeatable
def test_distinct_rows_are_those_of_a_set(rows, far):
    columns = [np.array(column) * (2**40 if far else 1) for column in zip(*rows, strict=True)]
    first, which = distinct_rows(columns, len(rows))
    assert {rows[place] for place in first} == {*rows}
    assert [rows[first[number]] for number in which] == rows


def test_no_column_is_one_distinct_row():
    assert [part.tolist() for part in distinct_rows([], 3)] == [[0], [0, 0, 0]]
    assert [part.tolist() for part in distinct_rows([], 0)] == [[], []]
