"""A quantity: its value in every draw against the joint, the tables it rests on, and what is wrong with it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from servanda.analysis import chance_of, marginals, probability
from servanda.models import QueryError
from servanda.models.questions.quantity import check_quantities


def joint(lawn):
    """P(cloudy, sprinkler, rain, wet) as the product of the four tables."""
    tables = [lawn.table(name) for name in ("cloudy", "sprinkler", "rain", "wet")]
    whole = tables[0]
    for table in tables[1:]:
        whole = whole * table
    return whole


def test_states_are_added_up_and_differences_taken(lawn):
    whole = joint(lawn)
    wet = whole.sel(rain="yes").sum(["cloudy", "sprinkler"])
    exact = (wet / wet.sum("wet")).sel(wet="wet").transpose("chain", "draw")
    np.testing.assert_allclose(chance_of("wet", "wet", {"rain": "yes"}).draws(lawn), exact, rtol=1e-12)
    np.testing.assert_allclose(chance_of("wet", ["wet", "dry"], {"rain": "yes"}).draws(lawn), 1, rtol=1e-12)
    # Switched on whatever the clouds: adjusted for them.
    tables = {name: lawn.table(name) for name in ("cloudy", "rain", "wet")}
    done = {
        state: (tables["cloudy"] * tables["rain"] * tables["wet"].sel(sprinkler=state)).sum(["cloudy", "rain"])
        for state in ("off", "on")
    }
    effect = chance_of("wet", "wet", do={"sprinkler": "on"}, against={"sprinkler": "off"})
    exact = (done["on"] - done["off"]).sel(wet="wet").transpose("chain", "draw")
    np.testing.assert_allclose(effect.draws(lawn), exact, atol=1e-12)
    assert effect.is_difference
    assert not chance_of("wet", "wet").is_difference
    assert effect.words(lawn.network) == "P(wet = wet | do(sprinkler = on)) - P(wet = wet | do(sprinkler = off))"
    assert chance_of("wet", ["wet", "dry"]).words(lawn.network) == "P(wet = wet or dry)"


@pytest.mark.parametrize(
    ("asked", "nodes"),
    [
        (chance_of("rain", "yes"), {"cloudy", "rain"}),
        (chance_of("rain", "yes", {"wet": "wet"}), {"cloudy", "rain", "sprinkler", "wet"}),
        (chance_of("rain", "yes", {"cloudy": "no", "wet": "wet"}), {"rain", "sprinkler", "wet"}),
        (chance_of("wet", "wet", do={"sprinkler": "on"}), {"cloudy", "rain", "wet"}),
        (chance_of("wet", "wet", do={"sprinkler": "on", "rain": "no"}), {"wet"}),
        (chance_of("wet", "wet", do={"sprinkler": "on", "rain": "no"}, against={"rain": "yes"}),
         {"cloudy", "sprinkler", "wet"}),
    ],
)  # fmt: skip
def test_the_nodes_it_rests_on_are_those_whose_tables_move_it(lawn, asked, nodes):
    assert asked.nodes(lawn.network) == nodes
    assert asked.faults(lawn.network) == []


def test_faults_are_listed_by_question(lawn):
    asked = {"a": chance_of("wett", "wet"), "b": chance_of("wet", ["wet", "wett"]), "c": chance_of("rain", "yes")}
    with pytest.raises(QueryError) as raised:
        check_quantities(lawn.network, asked)
    assert str(raised.value).splitlines() == [
        "questions: 2 faults",
        "  question a, target wett: no such node; did you mean 'wet'?",
        "  question b: wet has no state 'wett'; did you mean 'wet'?",
    ]
    check_quantities(lawn.network, {"c": asked["c"]})
    with pytest.raises(QueryError, match="questions: there are none"):
        check_quantities(lawn.network, {})
    with pytest.raises(QueryError, match=r"question d: must be what servanda\.analysis\.chance_of gives, not a str"):
        check_quantities(lawn.network, {"c": asked["c"], "d": "wet"})


def test_an_answer_in_short_is_its_mean_and_quantiles(lawn):
    """Ninety per cent between the ends, equal tails; a dozen cells at the most."""
    for answer in (probability(lawn, ["rain", "wet"]), marginals(lawn)["p_wet"]):
        cells = answer.values.reshape((50, -1))
        said = re.findall(r"(\d\.\d{3}) \[(\d\.\d{3}), (\d\.\d{3})\]", answer.attrs["answer"])
        low, high = np.quantile(cells, [0.05, 0.95], axis=0)
        exact = np.stack([cells.mean(axis=0), low, high], axis=1)
        np.testing.assert_allclose(np.array(said, float), exact, atol=6e-4)
        assert answer.attrs["answer"].endswith("(mean, 90% interval)")
    sixteen = probability(lawn, ["cloudy", "sprinkler", "rain", "wet"])
    assert len(re.findall(r"\[", sixteen.attrs["answer"])) == 12
