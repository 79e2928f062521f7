"""What a group does together: every answer about any, all or at least m of it sums the outcomes in which they act."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import xarray as xr

from servanda.analysis import probability
from servanda.analysis.queries.collective import at_least
from servanda.models import Arrow, Network, Node, Posterior, QueryError

MEMBERS = 3
BACKERS = Node("backers", ("1", "2", "3"), ordered=True, values=(1, 2, 3))


def posterior(node: Node, q: np.ndarray) -> Posterior:
    """Members who act each for itself, with a probability that differs between draws."""
    network = Network((BACKERS, node))
    table = np.broadcast_to([0.2, 0.3, 0.5], (*q.shape, 3))
    draws = {
        "backers.table": (("chain", "draw", "backers"), table),
        "acting.member": (("chain", "draw"), q),
    }
    coords = {"backers": list(BACKERS.states)}
    return Posterior(network, xr.DataTree.from_dict({"posterior": xr.Dataset(draws, coords)}))


def acting(family: str, states: tuple[str, ...], **options) -> Node:
    stated = (("members", "backers"), ("correlated", False), *options.items())
    return Node("acting", states, (Arrow("backers"),), family, ordered=True, options=stated)


def enumerated(q: np.ndarray, count: int, needed: int) -> np.ndarray:
    """P(so many act) from every outcome of every member."""
    outcomes = [outcome for outcome in product((0, 1), repeat=count) if sum(outcome) >= needed]
    return sum((np.prod([q if acts else 1 - q for acts in one], axis=0) for one in outcomes), np.zeros_like(q))


@pytest.fixture
def q():
    return np.random.default_rng(2).random((2, 6))


@pytest.mark.parametrize("needed", [0, 1, 2, 3])
def test_at_least_so_many_sums_the_outcomes_in_which_they_act(q, needed):
    headcount = posterior(acting("headcount", ("0", "1", "2", "3")), q)
    found = at_least(probability(headcount, "acting", {"backers": "3"}), "acting", needed)
    assert found.dims == ("chain", "draw")
    np.testing.assert_allclose(found, enumerated(q, 3, needed), rtol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_all_and_at_least_are_the_headcounts(q, count):
    for family, options, needed in (("any_of", {}, 1), ("all_of", {}, count), ("at_least", {"at_least": 2}, 2)):
        asked = posterior(acting(family, ("no", "yes"), **options), q)
        found = probability(asked, "acting", {"backers": str(count)}).sel(acting="yes")
        np.testing.assert_allclose(found, enumerated(q, count, needed), rtol=1e-12, atol=1e-15)


def test_an_answer_about_something_else_is_refused(q):
    answer = probability(posterior(acting("any_of", ("no", "yes")), q), "acting")
    with pytest.raises(QueryError, match="answer: has no dim 'kept'; it has chain, draw, acting"):
        at_least(answer, "kept", 1)
    with pytest.raises(QueryError, match="node acting: has the states no, yes; expected numbers of members"):
        at_least(answer, "acting", 1)


def test_one_state_that_is_no_number_is_one_too_many():
    answer = xr.DataArray([0.5, 0.3, 0.2], dims="acting", coords={"acting": ["0", "1", "many"]})
    with pytest.raises(QueryError, match="node acting: has the states 0, 1, many; expected numbers of members"):
        at_least(answer, "acting", 1)
