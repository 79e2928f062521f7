"""The spread of a change over what was chosen: counted by hand, and a second coder who says the opposite."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from servanda.analysis import chance_of
from servanda.analysis.sensitivity import spread as module
from servanda.analysis.sensitivity.spread import change_spread, second_coder_posterior
from servanda.analysis.summaries.change import summarise_change
from servanda.models import Arrow, Network, Node, QueryError, fit
from servanda.models.node import Coding

PACT = Network(
    (
        Node("backers", ("few", "many")),
        Node("kept", ("defected", "complied"), (Arrow("backers"),), "ordinal", ordered=True, coding=Coding("outcome")),
    ),
    name="pact",
)
MORE = chance_of("kept", "complied", do={"backers": "many"}, against={"backers": "few"})
QUICK = {"draws": 500, "chains": 2}


def at(mean: float):
    return summarise_change(np.array([mean - 0.01, mean + 0.01]))


def test_a_row_a_choice_with_the_kinds_in_their_order():
    found = change_spread(
        {"prior": {"mine": at(0.05), "yours": at(0.0)}, "reading": {"as coded": at(0.05), "as meant": at(-0.08)}},
        notes={"reading": {"as meant": "what was believed"}},
    )
    table = found.table
    assert list(table) == ["kind", "name", "mean", "lower", "upper", "gain", "within", "loss", "note"]
    assert table["kind"].tolist() == ["reading", "reading", "prior", "prior"]
    assert table["name"].tolist() == ["as coded", "as meant", "mine", "yours"]
    assert table["note"].tolist() == ["", "what was believed", "", ""]
    assert (found.lowest.name, found.highest.name) == ("as meant", "as coded")
    assert found.width == pytest.approx(0.13)
    assert found.unmeasured == ("theory", "coder")
    assert str(found) == (
        "expected change from -8 (reading: as meant) to +5 (reading: as coded) points; "
        "not measured: theories of the count, coders of the outcome"
    )
    assert "as meant" in found._repr_html_()


def test_one_choice_of_a_kind_measures_nothing():
    assert change_spread({"prior": {"mine": at(0.05)}}).unmeasured == ("reading", "theory", "prior", "coder")
    every = {kind: {"one": at(0.0), "other": at(0.1)} for kind in module.KINDS}
    assert change_spread(every).unmeasured == ()


def test_a_choice_that_was_left_out_leaves_its_kind_unmeasured():
    every = {kind: {"one": at(0.0), "other": at(0.1)} for kind in module.KINDS}
    found = change_spread(every, left_out={"theory": ["log"], "prior": []})
    assert (found.unmeasured, found.left_out) == (("theory",), {"theory": ("log",)})
    assert str(found).endswith("not measured: theories of the count")
    with pytest.raises(QueryError, match="kind theories: is unknown; did you mean 'theory'"):
        change_spread(every, left_out={"theories": ["log"]})


def test_the_figure_names_every_row_and_each_kind_once():
    figure = change_spread({"prior": {"mine": at(0.05), "yours": at(0.3)}, "coder": {"first": at(0.05)}}).plot()
    texts = [text.get_text() for text in (*figure.axes[0].texts, *figure.axes[0].get_yticklabels())]
    for said in ("prior sets", "mine", "yours", "coders of the outcome", "first"):
        assert texts.count(said) == 1
    assert "+30\n+29 to +31" in texts


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"priors": {"mine": at(0.0)}}, "kind priors: is unknown; did you mean 'prior'"),
        ({}, "changes: there are none to compare"),
        ({"prior": {}}, "changes: there are none to compare"),
    ],
)
def test_what_has_no_spread(changes, message):
    with pytest.raises(QueryError, match=message):
        change_spread(changes)


@pytest.fixture(scope="module")
def pacts():
    backers = np.repeat(["few", "many"], 120)
    outcome = np.concatenate(
        [np.repeat(["defected", "complied"], [80, 40]), np.repeat(["defected", "complied"], [40, 80])]
    )
    return pd.DataFrame({"case_id": [f"c{n}" for n in range(240)], "backers": backers, "outcome": outcome})


def coded_again(monkeypatch, outcome):
    monkeypatch.setattr(module, "with_second_coding", lambda cases, **_: cases.assign(second_outcome=outcome))


def test_a_second_coder_who_says_the_opposite_turns_the_change_round(pacts, monkeypatch):
    posterior = fit(PACT, pacts, seed=1, **QUICK)
    coded_again(monkeypatch, np.where(pacts["outcome"] == "complied", "defected", "complied"))
    again = second_coder_posterior(posterior, pacts, "kept")
    assert float(MORE.draws(posterior).mean()) == pytest.approx(1 / 3, abs=0.05)
    assert float(MORE.draws(again).mean()) == pytest.approx(-1 / 3, abs=0.05)
    np.testing.assert_array_equal(again.draws["backers.table"], posterior.draws["backers.table"])


def test_where_the_second_coder_is_blank_the_first_stands(pacts, monkeypatch):
    """Nothing but disagreement moves an answer: with the same seed, no number changes."""
    posterior = fit(PACT, pacts, seed=1, **QUICK)
    coded_again(monkeypatch, np.where(np.arange(240) % 2, None, pacts["outcome"]))
    again = second_coder_posterior(posterior, pacts, "kept")
    np.testing.assert_allclose(MORE.draws(again), MORE.draws(posterior))


def test_a_column_that_was_coded_once_has_no_second_coder(pacts, monkeypatch):
    monkeypatch.setattr(module, "with_second_coding", lambda cases, **_: cases)
    posterior = fit(PACT, pacts, seed=1, draws=20, chains=1)
    with pytest.raises(QueryError, match="node kept: has the column 'outcome', which was coded once"):
        second_coder_posterior(posterior, pacts, "kept")
