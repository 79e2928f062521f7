"""Backers named in a question: what follows from them against the text of the record's files, and what is refused."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from servanda.analysis import load_scenario
from servanda.analysis.cli.app import app
from servanda.analysis.queries.named_backers import listed_backers, named_backers
from servanda.analysis.reporting.answers import judged
from servanda.analysis.scenarios.scenario import ScenarioError, scenario_from_dict
from servanda.models import Arrow, Network, Node, Posterior, load_network, network_to_toml
from servanda.models.errors import QueryError
from servanda.record import load_guarantees

SHIPPED = load_network("guarantee_backers")
#: A permanent member kept more, a rival less; the numbers are told from one another.
KEPT = np.array([[0.1, 0.2], [0.3, 0.6]])
SMALL = Network(
    (
        Node("rival_backer", ("no", "yes")),
        Node("permanent_backer", ("no", "yes")),
        Node("compliance", ("broken", "complied"), (Arrow("rival_backer"), Arrow("permanent_backer"))),
    ),
    name="small",
)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    """One draw of tables by hand: P(rival) = 0.25, P(permanent) = 0.4."""
    tables = {
        "rival_backer": xr.DataArray([0.75, 0.25], dims="rival_backer"),
        "permanent_backer": xr.DataArray([0.6, 0.4], dims="permanent_backer"),
        "compliance": xr.DataArray(
            np.stack([1 - KEPT, KEPT], -1), dims=("rival_backer", "permanent_backer", "compliance")
        ),
    }
    return Posterior.from_tables(SMALL, tables)


@pytest.fixture
def raw(tmp_path: Path) -> dict:
    (tmp_path / "small.toml").write_text(network_to_toml(SMALL), encoding="utf-8")
    (tmp_path / "flat.toml").write_text(
        'name = "flat"\n[[priors]]\nparameter = "*.table"\ndistribution = "dirichlet"\nalpha = 1.0\nreason = "none"\n'
        'source = "judgement"\ncertainty = "judgement"\n',
        encoding="utf-8",
    )
    rows = [
        {"label": "France", "backers": ["FRA"]},
        {"label": "China", "backers": ["CHN"], "note": "As it was."},
        {"label": "none", "backers": []},
        {"label": "not named"},
    ]
    return {
        "name": "own",
        "title": "t",
        "question": "q",
        "as_of": "2019-04-25",
        "horizon": "h",
        "resolution": "r",
        "network": str(tmp_path / "small.toml"),
        "priors": [str(tmp_path / "flat.toml")],
        "headline": {"judgement": "one", "format": "China"},
        "judgements": [{"id": "one", "title": "t", "claim": "c", "actor": "USA", "formats": rows}],
    }


def latest_share(actor: str, until: int) -> float:
    """The last capability of an actor that the file holds, read line by line."""
    tested = {}
    with (files("servanda.record") / "data" / "guarantees.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            tested[row["case_id"]] = int(row["tested"][:4])
    with (files("servanda.record") / "data" / "backers.csv").open(encoding="utf-8") as file:
        found = [
            (tested[row["case_id"]], float(row["cinc"]))
            for row in csv.DictReader(file)
            if row["backer"] == actor and row["cinc"] and tested[row["case_id"]] <= until
        ]
    return max(found)[1]


@pytest.mark.parametrize("backer", ["CHN", "RUS", "JPN"])
def test_who_they_are_is_what_the_file_says(backer):
    ratio = latest_share(backer, 2019) / latest_share("USA", 2019)
    strongest = "weaker" if ratio < 0.5 else "equal" if ratio < 2 else "stronger"
    permanent = "yes" if backer in {"CHN", "FRA", "GBR", "RUS", "USA"} else "no"  # Article 23 of the Charter
    stand = named_backers(SHIPPED, [backer], "USA", 2019)
    assert stand.states["guarantors"] == "2"
    assert stand.states["strongest_backer"] == strongest
    assert stand.states["permanent_backer"] == permanent
    assert (stand.open, stand.note) == ({}, "")


def test_one_that_stands_alone_has_nobody_behind_it():
    states = {"guarantors": "1", "strongest_backer": "none", "rival_backer": "no", "permanent_backer": "no"}
    assert named_backers(SHIPPED, [], "USA", 2019).states == states
    assert listed_backers(SHIPPED, " ", "USA", 2019).states == states


def test_only_nodes_of_the_network_are_set_and_the_year_counts():
    assert named_backers(SMALL, ["CHN"], "USA", 2019).states == {"rival_backer": "yes", "permanent_backer": "yes"}
    assert named_backers(SMALL, ["CHN"], "USA", 1970).states["permanent_backer"] == "no"  # Beijing sits from 1971


def test_what_the_record_does_not_know_is_left_open_and_said():
    stand = named_backers(SHIPPED, ["UN", "FRA"], "USA", 2019)  # an organisation has no capability
    assert stand.states == {"guarantors": "3", "rival_backer": "no", "permanent_backer": "yes"}
    assert stand.open == {"strongest_backer": ("UN",)}
    assert stand.note == "Not known from the record and left open: strongest other backer (for want of UN)."


def test_all_faults_of_a_list_come_at_once():
    with pytest.raises(QueryError) as error:
        named_backers(load_network("guarantee"), ["CHNN", "RUS", "RUS", "USA"], "USA", 2019, named={"guarantors"})
    head, network, *rest = str(error.value).splitlines()
    assert head == "backers: 5 faults"
    assert network.startswith("  network guarantee: has no node that says who backs a commitment; ")
    assert network.endswith("ask a network that has, such as guarantee_backers")
    assert rest == [
        "  node guarantors: is named and follows from the backers too; drop one",
        "  CHNN: is not an actor that the record knows; did you mean 'CHN'?",
        "  RUS: is named twice; name each backer once",
        "  USA: is the obligor; name only the others",
    ]
    with pytest.raises(QueryError, match="backers: need an actor whose promise it is; name it"):
        named_backers(SHIPPED, ["CHN"], None)
    with pytest.raises(QueryError, match="year: speaks of the backers, and none are named; name them or drop it"):
        listed_backers(SHIPPED, None, "USA", 2019)


def test_a_format_is_judged_by_who_backs_it(raw, posterior):
    loaded = scenario_from_dict(raw)
    rows = judged(posterior, loaded.scenario, loaded.scenario.judgements[0], load_guarantees())
    answers = {row.label: row.draws.item() for row in rows}
    open_ = np.array([0.75, 0.25]) @ KEPT @ np.array([0.6, 0.4])
    assert answers == pytest.approx({"France": KEPT[0, 1], "China": KEPT[1, 1], "none": KEPT[0, 0], "not named": open_})
    assert rows[1].do == {"rival_backer": "yes", "permanent_backer": "yes"}


def test_backers_of_the_case_are_given_unless_a_format_names_its_own(raw, posterior):
    raw["judgements"][0]["backers"] = ["RUS"]
    loaded = scenario_from_dict(raw)
    rows = judged(posterior, loaded.scenario, loaded.scenario.judgements[0], load_guarantees())
    assert rows[3].given == {"rival_backer": "yes", "permanent_backer": "yes"}
    assert rows[3].do == {}
    assert rows[3].draws.item() == pytest.approx(KEPT[1, 1])
    assert rows[0].given == {}
    assert rows[0].draws.item() == pytest.approx(KEPT[0, 1])


def test_a_row_says_what_is_not_known_of_its_backers(raw, posterior):
    raw["judgements"][0] |= {"actor": "PRK"}
    raw["judgements"][0]["formats"][1]["backers"] = ["POL"]  # never met in the record
    loaded = scenario_from_dict(raw)
    row = loaded.scenario.judgements[0].formats[1]
    assert row.note == "As it was. Not known from the record and left open: rival backer (for want of POL)."
    assert row.do == {"permanent_backer": "no"}
    answer = judged(posterior, loaded.scenario, loaded.scenario.judgements[0], load_guarantees())[1]
    assert answer.draws.item() == pytest.approx(np.array([0.75, 0.25]) @ KEPT[:, 0])


def test_faults_of_a_scenario_name_the_row(raw):
    raw["as_of"] = "2019-02-30"
    rows = raw["judgements"][0]["formats"]
    rows[0]["backers"] = ["FRAA"]
    rows[1] |= {"do": {"rival_backer": "no"}}
    rows[2]["backers"] = ["USA"]
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict(raw)
    text = str(error.value)
    for part in (
        "scenario: 4 faults",
        "as_of: ",
        "judgement one, format France, backers: FRAA: is not an actor that the record knows; did you mean 'FRA'?",
        "judgement one, format China, backers: node rival_backer: is named and follows from the backers too; drop one",
        "judgement one, format none, backers: USA: is the obligor; name only the others",
    ):
        assert part in text


def test_the_shipped_scenario_tells_china_from_russia():
    rows = {row.label: row.do for row in load_scenario("dprk-backers").scenario.judgements[0].formats}
    assert [row["guarantors"] for row in rows.values()] == ["1", "2", "2", "3", "5"]
    china, russia = rows["backed by China"], rows["backed by Russia"]
    assert {name for name in china if china[name] != russia[name]} == {"strongest_backer"}


def test_the_command_line_sets_the_same(posterior, tmp_path):
    posterior.save(tmp_path / "p.nc")

    def ask(*words: str):
        return CliRunner().invoke(app, ["query", str(tmp_path / "p.nc"), *words])

    told = ask("compliance", "--backers", "CHN, RUS", "--actor", "USA", "--year", "2019", "--json")
    assert told.exit_code == 0, told.output
    told = json.loads(told.stdout)
    assert told["question"] == "P(compliance | do(permanent_backer = yes), do(rival_backer = yes))"
    assert told["answer"]["complied"]["mean"] == pytest.approx(KEPT[1, 1])
    assert "backers" not in told
    unsaid = "Not known from the record and left open: rival backer (for want of POL)."
    told = ask("compliance", "--backers", "POL", "--actor", "PRK", "--json")
    assert json.loads(told.stdout)["backers"] == unsaid
    assert unsaid in ask("compliance", "--backers", "POL", "--actor", "PRK").stdout
    assert ask("--best", "--backers", "POL", "--actor", "PRK").stderr == f"{unsaid}\n"
    assert ask("--best", "--do", "rival_backer=no").stderr == ""
    for words, fault in (
        (["--backers", "CHN"], "backers: backers: need an actor whose promise it is; name it"),
        (["--year", "2019"], "question: year: speaks of the backers, and none are named; name them or drop it"),
        (["--backers", "CHN", "--actor", "USA", "--explain"], "--backers: says nothing beside --explain"),
    ):
        refused = ask("compliance", *words)
        assert refused.exit_code == 2
        assert fault in refused.stderr
