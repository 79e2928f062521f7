"""Evidence of many cases: a part of it and one case of it hold the numbers that plain indexing gives."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.models import Arrow, Network, Node
from servanda.models.inference.answers import distribution
from servanda.models.inference.question import Form
from servanda.models.inference.tables import DrawnNetwork, Evidence

from ..makers import enumerated, posterior_of, random_tables

DRAWS = 4


def evidence(cases: int) -> Evidence:
    rng = np.random.default_rng(cases)
    return Evidence(
        fixed={"a": np.arange(cases) % 2, "b": 1},
        members={"actor": np.arange(cases), "pact": 3},
        weights={
            "each": rng.random((2, cases, DRAWS)),
            "each draw alike": rng.random((2, cases, 1)),
            "all cases alike": rng.random((2, 1, DRAWS)),
            "no cases": rng.random((2, DRAWS)),
            "all alike": rng.random((2, 1)),
        },
        cases=cases,
    )


@pytest.mark.parametrize("cases", [1, 2, 3])
def test_one_case_is_the_row_of_the_table(cases):
    whole = evidence(cases)
    for row in range(cases):
        one = whole.case(row)
        assert one.cases is None
        assert one.fixed == {"a": row % 2, "b": 1}
        assert one.members == {"actor": row, "pact": 3}
        for name in ("each", "each draw alike"):
            np.testing.assert_array_equal(one.weights[name], whole.weights[name][:, row])
        np.testing.assert_array_equal(one.weights["all cases alike"], whole.weights["all cases alike"][:, 0])
        for name in ("no cases", "all alike"):
            np.testing.assert_array_equal(one.weights[name], whole.weights[name])


@pytest.mark.parametrize("cases", [1, 2, 3])
@pytest.mark.parametrize("draws", [slice(0, 4), slice(1, 3), slice(3, 4)])
def test_a_part_holds_some_cases_and_some_draws(cases, draws):
    whole = evidence(cases)
    for rows in (slice(0, 1), slice(0, cases), slice(cases - 1, cases), np.array([cases - 1, 0])):
        some = whole.part(rows, draws)
        picked = np.arange(cases)[rows]
        assert some.cases == len(picked)
        np.testing.assert_array_equal(some.rows, picked)
        np.testing.assert_array_equal(some.fixed["a"], picked % 2)
        assert (some.fixed["b"], some.members["pact"]) == (1, 3)
        np.testing.assert_array_equal(some.members["actor"], picked)
        full = (2, cases, DRAWS)
        for name, array in whole.weights.items():
            if array.ndim == 3:
                expected = np.broadcast_to(array, full)[:, picked][..., draws]
                shown = some.weights[name]
                assert shown.shape[1] in (1, len(picked))
                np.testing.assert_array_equal(np.broadcast_to(shown, expected.shape), expected)
            else:
                assert some.weights[name].shape[-1] in (1, len(range(DRAWS)[draws]))
    again = whole.part(slice(cases - 1, cases), draws).part(slice(0, 1), slice(None))
    np.testing.assert_array_equal(again.rows, [cases - 1])
    assert whole.part(None, draws).cases == cases
    assert Evidence({}, {}, {}).part(None, draws).rows is None


def test_states_are_added_and_taken_away():
    whole = evidence(2)
    assert set(whole.of(["b"]).fixed) == {"b"}
    assert whole.with_states({"z": 5}).fixed["z"] == 5
    assert set(whole.with_states({"z": 5}).fixed) == {"a", "b", "z"}


@pytest.mark.parametrize("cases", [1, 2, 3])
def test_cases_and_their_weights_meet_the_draws_in_chunks(cases, monkeypatch):
    """Each case has a state and a finding of its own: judged by the joint, case by case."""
    from servanda.models.inference import contract

    network = Network(
        (Node("a", ("x", "y")), Node("b", ("x", "y", "z"), (Arrow("a"),)), Node("c", ("x", "y"), (Arrow("b"),)))
    )
    tables = random_tables(network, 7, draws=DRAWS)
    rng = np.random.default_rng(1)
    states, weights = rng.integers(0, 2, cases), rng.random((3, cases, 1))
    known = Evidence({"c": states}, {}, {"b": weights}, cases)
    for name, value in (("_CELLS_AT_ONCE", 20), ("_WORTH_A_CALL", 0), ("_FEWEST_DRAWS", 3)):
        monkeypatch.setattr(contract, name, value)
    form = Form(("a",), given=("c",), likely=("b",))
    found = distribution(DrawnNetwork.of(posterior_of(network, tables)), form, known)
    for case in range(cases):
        seen = {"c": "xy"[states[case]]}
        joint = enumerated(network, tables, ("a", "b"), seen, {}) * weights[:, case, 0]
        exact = joint.sum(axis=2) / joint.sum(axis=(1, 2))[:, None]
        np.testing.assert_allclose(found[:, case].T, exact, rtol=1e-10)
