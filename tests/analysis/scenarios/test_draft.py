"""A new scenario passes its check as it stands, says what its author said, and never takes another file's place."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis.scenarios.draft import USUAL_RESOLUTION, Draft, _lines, draft_text, write_draft
from servanda.analysis.scenarios.scenario import ScenarioError, load_scenario, scenario_from_dict
from servanda.analysis.scenarios.texts import translations
from servanda.common.errors import InputError
from servanda.models import load_network

PACT = Draft(
    "A pact",
    "Does it hold?",
    "2019-04-25",
    "ten years",
    actor="USA",
    given={"role": "guarantor", "price": "words"},
    compare={"guarantors": ["1", "5", "26"], "enforcement": ["none", "sanctions"]},
)


def test_what_is_written_is_what_was_said(tmp_path):
    path = tmp_path / "pact.toml"
    loaded = write_draft(PACT, path)
    assert load_scenario(path) == loaded
    scenario = loaded.scenario
    assert (scenario.name, scenario.title, scenario.question) == ("pact", "A pact", "Does it hold?")
    assert (scenario.as_of, scenario.horizon, scenario.resolution) == ("2019-04-25", "ten years", USUAL_RESOLUTION)
    (judgement,) = scenario.judgements
    assert judgement.actor == "USA"
    assert judgement.claim == "the United States keeps its promise"
    assert judgement.given == {"role": "guarantor", "price": "words", "past_defections": "as recorded"}
    base = "with number of guarantors 1 and enforcement none"
    assert (judgement.base, scenario.headline.format) == (base, "with enforcement sanctions")
    # The base, and each other state with the rest as in the base.
    assert {row.label: row.do for row in judgement.formats} == {
        base: {"guarantors": "1", "enforcement": "none"},
        "with number of guarantors 5": {"guarantors": "5", "enforcement": "none"},
        "with number of guarantors 26": {"guarantors": "26", "enforcement": "none"},
        "with enforcement sanctions": {"guarantors": "1", "enforcement": "sanctions"},
    }


def test_comments_taken_away_describe_the_case_and_translate(tmp_path):
    """Every commented state can be used by taking its mark away, and so can the Spanish texts."""
    text = draft_text(PACT)
    marked = ("# era", "# regime", "# monitoring", "# [es]", "# title", "# horizon")
    opened = "\n".join(
        line.removeprefix("# ") if line.startswith(marked) else line for line in text.splitlines()
    ).replace('horizon = ""', 'horizon = "diez años"')
    scenario = scenario_from_dict({"name": "pact", **tomllib.loads(opened)}).scenario
    described = scenario.judgements[0].given
    assert {"era": "before_1945", "regime": "democracy", "monitoring": "none"}.items() <= described.items()
    assert translations(scenario, "es") == {"ten years": "diez años"}
    # Every node is spoken of: described, compared, asked for, or in a comment with all its states.
    for node in load_network("guarantee").nodes:
        stated = node.name in {*PACT.given, *PACT.compare, "compliance", "past_defections"}
        assert stated or f'# {node.name} = "{node.states[0]}"  # {node.title}: {", ".join(node.states)}' in text


def test_without_a_comparison_there_is_one_row_and_no_base():
    raw = tomllib.loads(draft_text(Draft("A pact", "Does it hold?", "2019", "ten years")))
    (judgement,) = raw["judgements"]
    assert [row["label"] for row in judgement["formats"]] == ["as described"]
    assert not {"base", "actor"} & judgement.keys()
    assert judgement["claim"] == "the obligor keeps its promise"


@settings(max_examples=15, deadline=None)
@given(title=st.text(min_size=1), question=st.text(), claim=st.text(min_size=1), horizon=st.text(min_size=1))
def test_any_text_comes_back_as_it_was(title, question, claim, horizon):
    """Quotation marks, line breaks, control characters, marks of comments: TOML's own reader is the judge."""
    draft = Draft(title, question, "2019-04-25", horizon, claim=claim)
    raw = tomllib.loads("\n".join(_lines(draft, load_network("guarantee"))))
    assert (raw["title"], raw["question"], raw["horizon"]) == (title, question, horizon)
    assert (raw["judgements"][0]["title"], raw["judgements"][0]["claim"]) == (title, claim)


def test_every_fault_is_said_and_nothing_is_written(tmp_path):
    path = tmp_path / "new" / "pact.toml"
    draft = Draft("A", "B", "2019-02-30", "", given={"prise": "words"}, compare={"guarantors": ["0", "5"]})
    with pytest.raises(ScenarioError, match="horizon: string should have at least 1 character"):
        write_draft(draft, path)
    draft = Draft("A", "B", "2019-02-30", "C", given={"prise": "words"}, compare={"guarantors": ["0", "5"]})
    with pytest.raises(ScenarioError) as error:
        write_draft(draft, path)
    for part in (
        "3 faults",
        "as_of: ",
        "unknown node 'prise'; did you mean",
        "node guarantors has no state '0'",
    ):
        assert part in str(error.value)
    with pytest.raises(ScenarioError, match=r"network garantee: .* did you mean 'guarantee'"):
        write_draft(Draft("A", "B", "2019", "C", network="garantee"), path)
    assert not path.parent.exists()


def test_a_file_that_is_there_is_left_as_it_is(tmp_path):
    path = tmp_path / "pact.toml"
    path.write_text("mine")
    with pytest.raises(InputError, match="is there already and is left as it is; choose another name"):
        write_draft(PACT, path)
    assert path.read_text() == "mine"
