"""Answers without single units of the record, against closed forms and fits of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from servanda.analysis import chance_of
from servanda.analysis.sensitivity.influence import influence
from servanda.models import Arrow, DataError, Group, Network, Node, Posterior, QueryError, fit

from ..conftest import FLAT, KEEPING


def with_units(cases: pd.DataFrame, sizes: list[int], column: str = "crisis") -> pd.DataFrame:
    """Cases in runs of some lengths."""
    return cases.assign(**{column: [f"unit {at}" for at, size in enumerate(sizes) for _ in range(size)]})


@pytest.fixture(scope="module")
def records(keeping_cases: pd.DataFrame) -> pd.DataFrame:
    """Few backers: 6 no, 4 yes; many: 3 no, 9 yes; units cut across them."""
    crises = with_units(keeping_cases, [2, 2, 2, 1, 2, 2, 3, 3, 5])
    return with_units(crises, [1] * 22, "guarantee_id")


@pytest.fixture(scope="module")
def posterior(records: pd.DataFrame) -> Posterior:
    return fit(KEEPING, records, FLAT, seed=3, draws=1000)


def test_weights_agree_with_the_beta_of_the_rest(records: pd.DataFrame, posterior: Posterior) -> None:
    few, many = (chance_of("kept", "yes", {"backers": backers}) for backers in ("few", "many"))
    change = chance_of("kept", "yes", do={"backers": "many"}, against={"backers": "few"})
    found = influence(posterior, {"few": few, "many": many, "change": change}, records, seed=1)
    assert found.before["few"] == pytest.approx(5 / 12, abs=0.01)
    assert {(unit.kind, len(unit.cases)) for unit in found.units if unit.kind == "guarantee"} == {("guarantee", 1)}
    assert len(found.units) == 9 + 22
    assert found.untrusted == ()
    for unit in found.units:
        own = records.iloc[[int(label) - 1 for label in unit.cases]]
        rest = records.drop(own.index)
        means = {}
        for backers in ("few", "many"):
            kept = rest.loc[rest["backers"] == backers, "kept"] == "yes"
            beta = stats.beta(1 + kept.sum(), 1 + (~kept).sum())
            means[backers] = beta.mean()
            answer = unit.answers[backers]
            assert answer.mean == pytest.approx(beta.mean(), abs=0.02)
            assert abs(answer.mean - beta.mean()) < 5 * answer.mcse + 0.01
            assert answer.move == pytest.approx(answer.mean - found.before[backers])
        assert unit.answers["change"].mean == pytest.approx(means["many"] - means["few"], abs=0.03)
    sure = [unit.sure_move("few") for unit in found.units]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.02
    assert [unit.unit for unit in found.ranked("many")] != [unit.unit for unit in found.units]


def test_a_unit_that_changes_the_word_is_flagged(records: pd.DataFrame, posterior: Posterior) -> None:
    """Two of the six broken promises are one crisis's: without it 5/12, unlikely, becomes 5/10, an even chance."""
    asked = chance_of("kept", "yes", {"backers": "few"})
    found = influence(posterior, asked, records, seed=1, by=["crisis"])
    units = {unit.unit: unit for unit in found.units}
    assert units["unit 1"].answers["answer"].mean == pytest.approx(5 / 10, abs=0.02)
    flagged = {unit.unit for unit in found.word_changes}
    assert "unit 1" in flagged
    assert "unit 7" not in flagged
    table = found.table.set_index("unit")
    assert set(table.index[table["word_changes"]]) == flagged
    assert table.loc["unit 1", "cases"] == 2
    assert "unit 1" in str(found)


def test_a_unit_whose_weights_fail_is_marked_or_fitted_again(keeping_cases: pd.DataFrame) -> None:
    rows = pd.concat([keeping_cases.iloc[[0, 6]], *[keeping_cases.iloc[[6]]] * 60], ignore_index=True)
    records = rows.assign(crisis=["small", "small", *["large"] * 60])
    posterior = fit(KEEPING, records, FLAT, seed=3, draws=250)
    asked = {"answer": chance_of("kept", "yes", {"backers": "few"})}
    found = influence(posterior, asked, records, seed=1, by=["crisis"])
    (large,) = found.untrusted
    assert (large.unit, large.refitted) == ("large", False)
    assert large.pareto_k > found.good_k
    again = influence(posterior, asked, records, seed=1, by=["crisis"], refit=1)
    assert again.untrusted == ()
    (unit,) = (unit for unit in again.units if unit.unit == "large")
    assert unit.refitted
    assert unit.answers["answer"].mean == pytest.approx(0.5, abs=0.03)  # Beta(2, 2)


WATCHED = Network(
    (
        Node("watch", ("none", "some", "close")),
        Node("price", ("low", "high")),
        Node("kept", ("no", "yes"), (Arrow("watch"), Arrow("price"))),
    ),
    name="watched",
)


def test_blocks_move_an_answer_each_by_itself() -> None:
    """Three tables are three blocks: a mean of products of independent Dirichlets is a product of means."""
    rng = np.random.default_rng(5)
    records = pd.DataFrame({node.name: rng.choice(node.states, 90) for node in WATCHED.nodes})
    records = with_units(records, [2] * 45)

    def exact(frame: pd.DataFrame) -> float:
        total = 0.0
        for watch in WATCHED["watch"].states:
            for price in WATCHED["price"].states:
                kept = frame.loc[(frame["watch"] == watch) & (frame["price"] == price), "kept"] == "yes"
                shares = [(frame[name] == state).sum() for name, state in (("watch", watch), ("price", price))]
                weight = (1 + shares[0]) / (3 + len(frame)) * (1 + shares[1]) / (2 + len(frame))
                total += weight * (1 + kept.sum()) / (2 + len(kept))
        return total

    posterior = fit(WATCHED, records, FLAT, seed=3, draws=500)
    found = influence(posterior, chance_of("kept", "yes"), records, seed=1, by=["crisis"])
    for unit in found.units:
        rest = records.drop([int(label) - 1 for label in unit.cases])
        answer = unit.answers["answer"]
        # The errors of single blocks are small, since the others stay at their means.
        assert answer.mcse < 0.0017
        assert answer.move == pytest.approx(exact(rest) - exact(records), abs=4.5 * answer.mcse)


DEAL = Network(
    (
        Node("sun", ("no", "yes")),
        Node(
            "kept",
            ("no", "half", "yes"),
            (Arrow("sun"),),
            "ordinal",
            ordered=True,
            groups=(Group("actor", "obligor"), Group("guarantee", "guarantee_id")),
        ),
    ),
    name="deal",
)


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    """Sixty cases in fifteen guarantees; Wu acts in one of them only, and nobody else there."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"guarantee_id": np.repeat([f"deal {at:02}" for at in range(15)], 4)})
    frame["obligor"] = np.where(frame["guarantee_id"] == "deal 03", "wu", rng.choice(["ann", "ben", "cai"], 60))
    frame["sun"] = rng.choice(["no", "yes"], 60)
    effect = rng.normal(size=15)[np.arange(60) // 4]
    frame["kept"] = np.array(["no", "half", "yes"])[
        np.clip((1.3 + effect + (frame["sun"] == "yes") + rng.logistic(size=60)).astype(int), 0, 2)
    ]
    frame.loc[[5, 17, 33], "sun"] = None
    return frame


def test_effects_that_a_unit_alone_speaks_of_equal_a_fit_of_the_rest(deals: pd.DataFrame) -> None:
    """The guarantee's own effect is integrated out; and an actor of that guarantee alone is one not seen."""
    asked = {who: chance_of("kept", "yes", {"sun": "yes"}, actor=who) for who in ("wu", "ann")}
    posterior = fit(DEAL, deals, seed=1, draws=500)
    found = influence(posterior, asked, deals, seed=1, by=["guarantee"])
    assert len(found.units) == 15
    trusted = [unit for unit in found.units if unit.trusted]
    assert len(trusted) >= 13
    wanted = [found.units[0], *(unit for unit in found.units if unit.unit == "deal 03")]
    for unit in wanted:
        assert unit.trusted
        rest = fit(DEAL, deals[deals["guarantee_id"] != unit.unit], seed=2, draws=500)
        for who, question in asked.items():
            # Once all his cases are gone, Wu is an actor whom the record does not hold.
            unseen = who == "wu" and unit.unit == "deal 03"
            expected = (chance_of("kept", "yes", {"sun": "yes"}) if unseen else question).draws(rest)
            assert unit.answers[who].mean == pytest.approx(float(expected.mean()), abs=0.03)


def test_what_cannot_be_left_out_is_said(records: pd.DataFrame, posterior: Posterior) -> None:
    asked = chance_of("kept", "yes")
    with pytest.raises(DataError, match="cases: are 21, where the fit has 22; give the table that was fitted"):
        influence(posterior, asked, records.iloc[1:], seed=1)
    named = records.assign(case_id=[f"c{at}" for at in range(22)])
    with pytest.raises(DataError, match="have other names, or another order, than those of the fit"):
        influence(posterior, asked, named, seed=1)
    with pytest.raises(DataError, match="column crises: is missing"):
        influence(posterior, asked, records, seed=1, by=["crises"])
    with pytest.raises(QueryError, match="'maybe'"):
        influence(posterior, chance_of("kept", "maybe"), records, seed=1)
    bare = Posterior(posterior.network, posterior.tree.filter(lambda node: node.name != "observed_data"))
    with pytest.raises(DataError, match="are not stored with it"):
        influence(bare, asked, records, seed=1)
