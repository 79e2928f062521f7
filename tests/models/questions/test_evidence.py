"""What users write, taken kind by kind; what a question comes to in numbers; labels and notation of its answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.models import Arrow, Network, Node, Posterior, QueryError
from servanda.models.questions.answers import joint_distribution, node_distributions
from servanda.models.questions.evidence import (
    as_member,
    as_names,
    as_states,
    as_table,
    as_weights,
    is_blank,
    resolve_evidence,
)
from servanda.models.questions.labels import in_words

RAIN = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
TABLES = {
    "rain": xr.DataArray([0.8, 0.2], dims="rain"),
    "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
}
POSTERIOR = Posterior.from_tables(RAIN, TABLES)


@pytest.mark.parametrize("stated", [{"wet": "yes"}, pd.Series({"wet": "yes"}), pd.DataFrame({"wet": ["yes"]}).iloc[0]])
def test_a_mapping_and_a_row_of_a_table_say_the_same(stated):
    assert as_states(stated, "given") == {"wet": "yes"}
    assert as_weights(stated) == {"wet": "yes"}


def test_nothing_says_nothing():
    assert as_states(None, "given") == {}
    assert as_weights(None) is None
    assert as_table({"wet": "yes"}) is None
    assert [is_blank(value) for value in (None, float("nan"), pd.NA, "", 0, [])] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("stated", [["wet"], "wet", 3])
def test_other_kinds_are_refused_by_name(stated):
    with pytest.raises(QueryError, match="do: must map nodes to what is said of them"):
        as_states(stated, "do")


def test_one_name_or_several():
    assert as_names("wet") == ("wet",)
    assert as_names(name for name in ("rain", "wet")) == ("rain", "wet")
    for wrong in (3, ["wet", 3], None):
        with pytest.raises(QueryError, match="must be the name of a node, or a list of names"):
            as_names(wrong)


def test_a_member_is_a_name_a_list_or_nothing():
    assert as_member("USA", "actor") == "USA"
    assert as_member(float("nan"), "actor") is None
    assert as_member(pd.Series(["USA", None]), "actor") == ["USA", None]
    for wrong in (5, b"USA", {"USA": 1}, []):
        with pytest.raises(QueryError, match="actor: must be the name of a member"):
            as_member(wrong, "actor")


def test_cases_that_know_the_same_nodes_are_answered_together():
    table = pd.DataFrame({"wet": ["yes", None, "no"]}, index=["a", "b", "c"])
    asked = resolve_evidence(POSTERIOR, ("rain",), table, None, {})
    assert asked.open_nodes == ("rain", "wet")
    assert [(rows.tolist(), form.given) for rows, form, _ in asked.groups] == [([1], ()), ([0, 2], ("wet",))]
    answer = joint_distribution(asked)
    assert answer.dims == ("chain", "draw", "case", "rain")
    assert answer["case"].values.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(answer.sel(rain="yes").values.ravel(), [2 / 3, 0.2, 0.04 / 0.76])
    known = node_distributions(asked)["p_wet"].sel(wet="yes").values.ravel()
    np.testing.assert_allclose(known, [1, 0.24, 0])


def test_a_question_is_written_as_on_paper():
    table = pd.DataFrame({"wet": ["yes", None]})
    assert (
        in_words(RAIN, ("rain",), table, members={"actor": ["USA", None]})
        == "P(rain | wet = each case's; actor = each case's)"
    )
    assert in_words(RAIN, ("wet",), None, {"rain": "no"}, virtual={"wet": {"no": 1, "yes": 3}}) == (
        "P(wet | wet weighted (no 1, yes 3); do(rain = no))"
    )
