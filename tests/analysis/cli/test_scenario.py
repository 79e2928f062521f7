"""`servanda scenario`: what ships, what is wrong, what will be asked, and a new one by options or by questions."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis import load_scenario, shipped_scenarios
from servanda.analysis.cli import scenario as module
from servanda.analysis.cli.app import app
from servanda.analysis.cli.scenario_prompts import asks
from servanda.analysis.scenarios.scenario import FOLDER

NEEDED = ("--title", "A pact", "--question", "Does it hold?", "--as-of", "2019-04-25", "--horizon", "ten years")


def run(*words: str, said: str | None = None) -> Result:
    return CliRunner().invoke(app, ["scenario", *words], input=said)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def test_the_list_names_every_shipped_scenario_with_its_date_and_question():
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for name in shipped_scenarios():
        raw = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        place = lines.index(f"{name}  ({raw['as_of']})  {raw['title']}")
        shown = lines[place + 1].strip()
        assert raw["question"].startswith(shown.removesuffix(" ..."))
        assert len(shown) <= 150
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows] == list(shipped_scenarios())
    assert set(rows[0]) == {"name", "as_of", "title", "question"}


def test_a_good_scenario_is_said_to_be_good_and_what_it_will_ask():
    result = run("check", "budapest")
    assert result.exit_code == 0
    for part in (
        "budapest: no fault",
        "351 cases known on 2014-02-26; network guarantee",
        "priors literature, flat, cheap_talk; words of ICD 203 (2015)",
        "headline: russia, 'with a military pledge behind it', against 'as signed: three guarantors, consultation'",
        "past_defections = as recorded, 1: computed as 1-2",
        "- with a military pledge by all of NATO (Russia): guarantors = 29: computed as 6+; enforcement = military",
        "no case joins guarantors = 5 with enforcement = consultation",
        "+ The United States and the United Kingdom (both): all of The United States, The United Kingdom",
        "note: the record joins not even each pair of described states",
    ):
        assert part in result.stdout
    found = json.loads(run("check", "budapest", "--json").stdout)
    assert (found["name"], found["as_of"], found["cases"]) == ("budapest", "2014-02-26", 351)
    row = found["rows"][3]
    assert row["states"][-2] == {
        "node": "guarantors",
        "how": "do",
        "written": "29",
        "counted": None,
        "state": "6+",
    }


def test_a_faulty_scenario_lists_every_fault_and_is_exit_2():
    Path("mine.toml").write_text('title = "A"\nquestion = "B"\nas_of = "2019"\nhorizn = "C"\njudgements = []\n')
    result = run("check", "mine.toml")
    assert result.exit_code == 2
    assert result.stdout == ""
    for fault in ("horizon: is missing", "resolution: is missing", "headline: is missing", "horizn: is not a key"):
        assert fault in result.stderr
    assert run("check", "budapes").exit_code == 2


def test_a_new_scenario_by_options_passes_its_check_and_is_never_written_over():
    words = (*NEEDED, "--actor", "USA", "--given", "role=guarantor", "--compare", "guarantors=1,26")
    result = run("new", "pact", *words)
    assert result.exit_code == 0
    assert result.stdout == "pact.toml: written, 2 rows\nsee what it asks: servanda scenario check pact.toml\n"
    text = Path("pact.toml").read_text(encoding="utf-8")
    checked = run("check", "pact.toml")
    assert checked.exit_code == 0
    assert "guarantors = 26: computed as 6+" in checked.stdout
    again = run("new", "pact.toml", *words)
    assert again.exit_code == 2
    assert "is there already and is left as it is" in again.stderr
    assert Path("pact.toml").read_text(encoding="utf-8") == text


def test_without_a_terminal_all_that_is_missing_is_named_at_once():
    result = run("new", "pact", "--given", "role", "--compare", "guarantors=1", "--given", "guarantors=1")
    assert result.exit_code == 2
    for part in ("pact.toml: 6 faults", "--title: is missing", "--question: is", "--as-of: is", "--horizon: is"):
        assert part in result.stderr
    assert "--given: 'role' is not of the form NODE=STATE" in result.stderr
    assert "node guarantors: is stated twice" in result.stderr
    assert not Path("pact.toml").exists()


def test_in_a_terminal_the_rest_is_asked_and_a_faulty_answer_asked_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "asks", lambda: True)
    answers = (
        *("garantee", "guarantee", "Does it hold?", "2019-02-30", "2019-04-25", "PRK", "", "ten years", ""),
        *("prise=words", "price=arms", "role", "role=principal", "", "guarantors=1,0", "guarantors=1,5", ""),
    )
    result = run("new", "pact", "--title", "A pact", said="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.stderr
    for part in (
        "did you mean 'guarantee'?",
        "'2019-02-30' is not a date",
        "price: words, money, withdrawal, arms, limited_force, war",
        "unknown node 'prise'; did you mean 'price'?",
        "'role' is not of the form NODE=STATE",
        "node guarantors: has no state '0'",
    ):
        assert part in result.stderr
    assert "pact.toml: written, 2 rows" in result.stdout
    judgement = load_scenario("pact.toml").scenario.judgements[0]
    assert judgement.given == {"price": "arms", "role": "principal", "past_defections": "as recorded"}
    assert judgement.claim == "North Korea keeps its promise"
    assert [row.do for row in judgement.formats] == [{"guarantors": "1"}, {"guarantors": "5"}]


def test_who_ends_the_questions_has_written_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "asks", lambda: True)
    result = run("new", "pact", said="guarantee\nA pact\n")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert not Path("pact.toml").exists()


def test_a_network_of_ones_own(tmp_path: Path):
    Path("own.toml").write_text(
        'name = "own"\n[nodes.watch]\nstates = ["none", "some"]\n[nodes.kept]\nstates = ["no", "yes"]\n'
        '[nodes.kept.parents.watch]\nreason = "the watched keep more"\n'
    )
    words = ("--network", "own.toml", "--node", "kept", "--states", "yes", "--compare", "watch=none,some")
    refused = run("new", "mine", *NEEDED, *words)
    assert refused.exit_code == 2
    assert "--resolution: is missing" in refused.stderr  # the codebook's rules are not of this network
    assert run("new", "mine", *NEEDED, *words, "--resolution", "as the watchers say").exit_code == 0
    assert load_scenario("mine.toml").scenario.priors == ["flat"]  # the other sets are not of this network
    checked = run("check", "mine.toml")
    assert checked.exit_code == 0
    assert "mine.toml: no fault" in checked.stdout
    assert "0 cases" not in checked.stdout
    assert (
        "the shipped record is not of this network, so nothing is counted; give your own by --cases" in checked.stdout
    )
    Path("cases.csv").write_text("watch,kept\nnone,no\nsome,yes\nsome,no\n")
    counted = run("check", "mine.toml", "--cases", "cases.csv")
    assert "2 of 3 cases share every described state" in counted.stdout


def test_nobody_is_asked_where_there_is_no_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", None)
    assert not asks()
