"""What would change the answer: each number against the question put directly, and the ranked list of page one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import chance_of, probability
from servanda.analysis.reporting.answers import judged
from servanda.analysis.reporting.document.blocks import Fold, Table, plain
from servanda.analysis.reporting.document.language import Language
from servanda.analysis.reporting.section import Answers, Material, Task
from servanda.analysis.reporting.sections.change import headline_condition
from servanda.analysis.reporting.sections.headline import headline
from servanda.analysis.reporting.sections.would_change import assumptions, influence, mind, value_of_information
from servanda.analysis.scenarios.scenario import Loaded, Scenario
from servanda.analysis.sensitivity import value_of_information as news
from servanda.models import Arrow, Network, Node, Sampling, fit
from servanda.models.sampling.prior_draws import prior_draws
from servanda.record import load_guarantees

from ...conftest import FLAT

PACT = Network(
    (
        Node("price", ("words", "war")),
        Node("backers", ("one", "several")),
        Node("watch", ("none", "close"), (Arrow("backers"),)),
        Node("kept", ("no", "yes"), (Arrow("price"), Arrow("backers"), Arrow("watch"))),
    ),
    name="pact",
)
RAW = {
    "name": "pact",
    "title": "A pact",
    "question": "Do others help?",
    "as_of": "2019-04-25",
    "horizon": "ten years",
    "resolution": "as coded",
    "headline": {"judgement": "own", "format": "several"},
    "assumptions": [
        "It comes to a test.",
        {"claim": "It asks for words.", "instead": {"price": "war"}},
        {"claim": "Nobody watches.", "instead": {"watch": "close"}},
    ],
    "judgements": [
        {
            "id": "own",
            "title": "Kept",
            "claim": "a promise is kept",
            "node": "kept",
            "states": ["yes"],
            "base": "one",
            "given": {"price": "words"},
            "formats": [{"label": label, "do": {"backers": label}} for label in ("one", "several")],
        }
    ],
}


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    """Sixty cases in twenty guarantees and ten crises; those of the first crisis were all kept under several."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "case_id": [f"case {at}" for at in range(60)],
            "guarantee_id": [f"pact_{1900 + at // 3}" for at in range(60)],
            "guarantee": [f"Pact of {1900 + at // 3}" for at in range(60)],
            "crisis": [f"crisis_{1900 + at // 6}" for at in range(60)],
            "price": rng.choice(["words", "war"], 60),
            "backers": rng.choice(["one", "several"], 60),
            "watch": rng.choice(["none", "close"], 60),
            "kept": rng.choice(["no", "yes"], 60),
        }
    )
    frame.loc[:5, ["price", "backers", "kept"]] = ["words", "several", "yes"]
    return frame


@pytest.fixture(scope="module")
def material(cases: pd.DataFrame) -> Material:
    loaded = Loaded(Scenario.model_validate(RAW), PACT, (FLAT,))
    return Material(loaded, cases, {FLAT.name: fit(PACT, cases, FLAT, seed=1, draws=500)})


def with_scenario(material: Material, **changes) -> Material:
    scenario = Scenario.model_validate({**RAW, **changes})
    return replace(material, loaded=replace(material.loaded, scenario=scenario))


def answered(material: Material) -> Answers:
    posterior, scenario = material.posteriors[FLAT.name], material.loaded.scenario
    rows = {one.id: judged(posterior, scenario, one, material.cases) for one in scenario.judgements}
    return Answers({FLAT.name: rows}, {}, {}, {})


@pytest.fixture(scope="module")
def prepared(material: Material, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("fits")
    posterior = material.posteriors[FLAT.name]
    task = Task(material.loaded, material.cases, Sampling(1), folder, posteriors={FLAT.name: posterior})
    return task, influence.SECTION.prepare(task)


@pytest.fixture(scope="module")
def report(material: Material, prepared) -> dict:
    whole = replace(material, prepared={"influence": prepared[1]})
    sections = {"value_of_information": value_of_information, "influence": influence, "assumptions": assumptions}
    return {name: section.SECTION.content(whole, answered(whole)) for name, section in sections.items()}


def test_the_headline_s_change_is_asked_only_where_it_can_be(material):
    own = headline(material, answered(material))
    assert own.change.draws(material.posteriors[FLAT.name]).values == pytest.approx(
        (own.row.draws - own.base.draws).values
    )
    judgement = {**RAW["judgements"][0]}
    for one in (
        {**judgement, "base": None},
        {**judgement, "formats": [judgement["formats"][0], {**judgement["formats"][1], "given": {"watch": "close"}}]},
    ):
        other = with_scenario(material, judgements=[one])
        assert headline(other, answered(other)).change is None


def test_a_change_in_several_nodes_has_its_causal_condition(material):
    judgement = RAW["judgements"][0]
    several = [
        {"label": label, "do": {"backers": label, "watch": watch}}
        for label, watch in (("one", "none"), ("several", "close"))
    ]
    for formats, done in ((judgement["formats"], "do(backers)"), (several, "do(backers), do(watch)")):
        asked = with_scenario(material, judgements=[{**judgement, "formats": formats}])
        told = headline_condition(asked, answered(asked))
        assert f"P(kept | price; {done}) is identified, if the network holds every common cause" in told
    alone = with_scenario(material, judgements=[{**judgement, "base": None}])
    assert headline_condition(alone, answered(alone)) == ""


def test_news_is_that_of_the_question_put_directly(material, report):
    asked = chance_of("kept", "yes", {"price": "words"}, {"backers": "several"})
    posterior = material.posteriors[FLAT.name]
    found, direct = report["value_of_information"]["answer"], news.value_of_information(posterior, asked, seed=1)
    assert [one["expected_move"] for one in found["nodes"]] == [one.expected_move for one in direct.nodes]
    assert [one["node"] for one in found["nodes"]] == ["watch"]
    assert [one["expected_move"] for one in found["cases"]] == [one.expected_move for one in direct.cases]
    change = report["value_of_information"]["change"]
    assert change["moved"] == ["watch"]
    assert [(one["cases"], one["like"]) for one in change["cases"]] == [
        (number, like) for like in ("several", "one") for number in (1, 5, 20)
    ]


def test_an_assumption_is_answered_as_the_question_would_be_were_it_wrong(material, report):
    posterior = material.posteriors[FLAT.name]
    rows = report["assumptions"]["rows"]
    assert [row["wrong"] is not None for row in rows] == [False, True, True]
    for row, given in zip(rows[1:], ({"price": "war"}, {"price": "words", "watch": "close"}), strict=True):
        answer = chance_of("kept", "yes", given, {"backers": "several"})
        change = replace(answer, against={"backers": "one"})
        assert row["wrong"]["mean"] == pytest.approx(float(answer.draws(posterior).mean()))
        assert row["wrong"]["change"]["mean"] == pytest.approx(float(change.draws(posterior).mean()))
    assert rows[1]["instead"] == [{"node": "price", "state": "war"}]
    table = report["assumptions"]["before"]
    assert table["mean"] == pytest.approx(report["value_of_information"]["answer"]["mean"])


def test_what_lies_beyond_the_horizon_is_taken_out_as_the_joint_probability_says():
    """Two nodes, one of them with two states left: the ratio of two sums of one joint table, draw by draw."""
    pact = Network(
        (
            Node("age", ("new", "grown", "old")),
            Node("backers", ("one", "several")),
            Node("watch", ("none", "close"), (Arrow("age"),)),
            Node("kept", ("no", "yes"), (Arrow("age"), Arrow("backers"), Arrow("watch"))),
        )
    )
    judgement = {**RAW["judgements"][0], "given": {}}
    scenario = {**RAW, "assumptions": [], "judgements": [judgement]}
    beyond = {"age": ["old"], "watch": ["close"]}
    loaded = Loaded(Scenario.model_validate({**scenario, "beyond_horizon": beyond}), pact, (FLAT,))
    posterior = prior_draws(pact, FLAT, seed=2, draws=50)
    material = Material(loaded, pd.DataFrame(), {FLAT.name: posterior})
    found = assumptions.SECTION.content(material, answered(material))["beyond"]
    assert found["states"] == [{"node": "age", "state": "old"}, {"node": "watch", "state": "close"}]

    def direct(backers: str) -> tuple[xr.DataArray, xr.DataArray]:
        table = probability(posterior, ("kept", "age", "watch"), do={"backers": backers})
        left = table.sel(age=["new", "grown"], watch="none").sum("age")
        return left.sum("kept"), left.sel(kept="yes") / left.sum("kept")

    (chance, several), (_, one) = direct("several"), direct("one")
    assert found["chance"] == pytest.approx(1 - float(chance.mean()))
    assert found["without"]["mean"] == pytest.approx(float(several.mean()))
    assert found["without"]["change"]["mean"] == pytest.approx(float((several - one).mean()))


def test_page_one_shows_no_state_beyond_the_horizon(report):
    state = {"state": "close", "probability": 0.5, "answer": 0.99}
    told = {"states": [{"node": "watch", "state": "close"}], "chance": 0.5}
    stands = report["assumptions"]["before"]["mean"]
    number = {**report["assumptions"]["rows"][1]["wrong"], "mean": stands + 0.015}
    seen = [{"node": "watch", "title": "watch", "states": [state]}]
    news = {"answer": {**report["value_of_information"]["answer"], "nodes": seen}}
    found = {**report["assumptions"], "beyond": {**told, "without": number}}
    changed = {**report, "value_of_information": news, "assumptions": found}
    lines = [plain(line) for line in mind.change_our_mind(changed, Language("en"), most=9)]
    assert any(line.startswith("Without tests beyond the horizon (watch: close, a chance of 50") for line in lines)
    assert not any("seen to be" in line for line in lines)
    number["mean"] = stands + 0.025  # stands in the first sentences then
    told = [plain(line) for line in mind.change_our_mind(changed, Language("en"), most=9)]
    assert not any("horizon" in line or "seen to be" in line for line in told)
    unsaid = mind.change_our_mind({**changed, "assumptions": {}}, Language(), 9)
    assert any("watch seen to be" in plain(line) for line in unsaid)
    table = assumptions.SECTION.parts[0].blocks(changed, Language("es"))[0]
    assert plain(table.rows[-1][0]).startswith("sin watch: close, más allá del plazo")


def test_an_assumption_that_turns_the_change_around_says_so(report):
    found = report["assumptions"]
    row = next(one for one in found["rows"] if one["wrong"])
    turned = {**row["wrong"], "change": {**found["before"]["change"], "mean": -found["before"]["change"]["mean"]}}
    changed = {**report, "assumptions": {**found, "rows": [{**row, "wrong": turned}]}}
    lines = [plain(line) for line in mind.change_our_mind(changed, Language("en"), most=9)]
    assert any("): the change goes from " in line for line in lines)
    same = {**report, "assumptions": {**found, "rows": [{**row, "wrong": {**turned, "change": None}}]}}
    assert not any("the change goes" in plain(line) for line in mind.change_our_mind(same, Language("en"), most=9))


def test_influence_is_kept_beside_the_fits_and_not_asked_of_what_is_supposed(prepared, monkeypatch):
    task, found = prepared
    assert found["units"] == {"crisis": 10, "guarantee": 20}
    assert found["rows"][0]["unit"] == "crisis_1900"
    assert found["rows"][0]["title"] == "Crisis, 1900"
    assert found["rows"][0]["answers"]["answer"]["move"] < -0.05
    low, high = found["ends"]["answer"]
    assert low < found["before"]["answer"] < high
    monkeypatch.setattr(influence, "influence", None)
    assert influence.SECTION.prepare(task) == found
    judgement = {**RAW["judgements"][0], "suppose": [{"claim": "It was broken.", "seen": {"kept": "no"}}]}
    scenario = Scenario.model_validate({**RAW, "judgements": [judgement]})
    supposed = replace(task, loaded=replace(task.loaded, scenario=scenario))
    assert influence.SECTION.prepare(supposed) is None
    assert influence.SECTION.prepare(replace(task, posteriors={})) is None
    drawn = prior_draws(PACT, FLAT, seed=1, draws=10)
    assert influence.SECTION.prepare(replace(task, posteriors={FLAT.name: drawn})) is None


def test_a_crisis_is_called_by_the_record_s_own_titles():
    """By its guarantee where it tests one alone; those of several have names, and no slug is left."""
    cases = load_guarantees()
    titles = influence._titles(cases)
    named = {crisis: influence.readable(crisis, titles) for crisis in cases["crisis"].astype(str).unique()}
    assert named["cuba_sanctions_1964"] == "Inter-American Treaty of Reciprocal Assistance, 1964"
    assert named["july_1914"] == "July crisis, 1914"
    known = {*titles.values()}
    slugs = [name for name in named.values() if name not in known and name.rsplit(", ", 1)[0] not in known]
    assert slugs == []


def test_a_kind_with_blanks_is_not_left_out(prepared, tmp_path):
    task, _ = prepared
    blank = task.cases.assign(crisis=[None, *task.cases["crisis"][1:]])
    found = influence.SECTION.prepare(replace(task, cases=blank, folder=tmp_path))
    assert found["units"] == {"crisis": 0, "guarantee": 20}
    blank["guarantee_id"] = None
    assert influence.SECTION.prepare(replace(task, cases=blank, folder=tmp_path)) is None


def test_what_would_change_our_mind_is_ranked_by_the_move(report):
    say = Language("en")
    lines = [plain(line) for line in mind.change_our_mind(report, say, most=9)]
    before = say.percent(report["value_of_information"]["answer"]["mean"])
    war = say.percent(report["assumptions"]["rows"][1]["wrong"]["mean"])
    assert f"Described otherwise (price: war): from {before} to {war}." in lines
    assert any(line.startswith("watch seen to be ") for line in lines)
    assert any(line.startswith("Without Crisis, 1900 in the record: from ") for line in lines)
    assert any(line.startswith("20 more coded cases of the kind: ") for line in lines)
    assert len(mind.change_our_mind(report, say)) == 4
    assert mind.change_our_mind({}, say) == ()
    moves = [abs(_number(line)) for line in lines if " to " in line and "from" in line]
    assert moves == sorted(moves, reverse=True)


def _number(line: str) -> int:
    before, after = (int(part.split("\N{NO-BREAK SPACE}")[0]) for part in line.split("from ")[1].split(" to "))
    return after - before


def test_states_of_little_probability_and_unsure_units_are_no_news(report):
    changed = {
        **report,
        "value_of_information": {
            "answer": {
                **report["value_of_information"]["answer"],
                "nodes": [
                    {
                        "node": "watch",
                        "title": "watch",
                        "expected_move": 0.01,
                        "states": [
                            {"state": "none", "probability": 0.96, "answer": 0.5},
                            {"state": "close", "probability": 0.04, "answer": 0.99},
                        ],
                    }
                ],
            }
        },
        "influence": {
            **report["influence"],
            "rows": [{**row, "trusted": False} for row in report["influence"]["rows"]],
        },
    }
    lines = [plain(line) for line in mind.change_our_mind(changed, Language("en"), most=9)]
    assert not any("close" in line and line.startswith("watch") for line in lines)
    assert any(line.startswith("watch seen to be none (a chance of 96") for line in lines)
    assert not any(line.startswith("Without") for line in lines)


@pytest.mark.parametrize("code", ["en", "es"])
def test_sections_are_worded_in_both_languages(report, code):
    say = Language(code)
    for section in (value_of_information, influence, assumptions):
        blocks = [block for part in section.SECTION.parts for block in part.blocks(report, say)]
        tables = [block for block in blocks if isinstance(block, Table)]
        tables += [inner for block in blocks if isinstance(block, Fold) for inner in block.blocks]
        assert tables
        for table in tables:
            assert table.rows
            assert {len(row) for row in table.rows} == {len(table.columns)}
            assert all(plain(cell) for row in table.rows for cell in row)
    full = assumptions.SECTION.parts[0].blocks(report, say)[-1].blocks[0]
    told = {"en": "rests on no node: cannot be computed", "es": "no corresponde a ningún nodo: no se puede calcular"}
    assert plain(full.rows[0][1]) == told[code]


def test_a_unit_whose_weights_fail_says_so_in_the_fold(report):
    say = Language("en")
    rows = report["influence"]["rows"]
    changed = {
        **report,
        "influence": {**report["influence"], "untrusted": 1, "rows": [{**rows[0], "trusted": False}, *rows[1:]]},
    }
    told, fold = influence.SECTION.parts[0].blocks(changed, say)
    assert "For 1 of them the weights cannot be trusted: what it would change is not known." in plain(told.text)
    assert "not to be trusted" in plain(fold.blocks[0].rows[0][0])
