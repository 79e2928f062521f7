"""A name or a file is taken wherever the value is, and gives the same; a wrong one is answered with the nearest."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

import servanda as sv
from servanda.analysis import check_scenario, track
from servanda.models import Network, Node, coded_by, count_cases, encode, network_parameters, network_to_toml, with_who
from servanda.models.track.events import line_up
from servanda.priors import prior_to_toml
from servanda.record import backer_facts, coder_agreement, describe, past_defections_of, read_table, with_backers
from servanda.record.cases import as_case_table
from servanda.record.files.read import DATA

COIN = Network((Node("kept", ("no", "yes")),), name="coin")
ROWS = {"kept": ["yes", "no", "yes"]}
QUICK = {"seed": 1, "draws": 20, "tune": 50, "chains": 2}


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """File of three cases, in the folder that is worked in."""
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(ROWS).to_csv("rows.csv", index=False)
    return "rows.csv"


@pytest.mark.parametrize(
    "call",
    [
        network_to_toml,
        network_parameters,
        lambda network: encode(network, ROWS).digest,
        lambda network: count_cases(network, "rows.csv").digest,
        lambda network: coded_by(network, ROWS)[0],
    ],
    ids=["to_toml", "parameters", "encode", "count_cases", "coded_by"],
)
@pytest.mark.usefixtures("rows")
def test_a_network(call, tmp_path):
    path = tmp_path / "coin.toml"
    path.write_text(network_to_toml(COIN), encoding="utf-8")
    assert call(path) == call("coin.toml") == call(COIN)
    with pytest.raises(sv.ServandaError, match="there is no network of this name; did you mean 'guarantee'"):
        call("guarante")


def test_a_shipped_network_and_a_prior_set():
    assert with_who("guarantee", ["rival_backer"]) == with_who(sv.load_network("guarantee"), ["rival_backer"])
    assert prior_to_toml("flat") == prior_to_toml(sv.load_prior("flat"))
    with pytest.raises(sv.ServandaError, match="there is no prior set of this name; did you mean 'flat'"):
        prior_to_toml("falt")


@cache
def drawn():
    return sv.prior_predictive("guarantee", "flat", seed=1, draws=20)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """File of the record's first thirty cases."""
    path = tmp_path_factory.mktemp("record") / "cases.csv"
    read_table(DATA / "guarantees.csv").head(30).drop(columns="obligor_past_defections").to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    "call",
    [
        describe,
        coder_agreement,
        with_backers,
        as_case_table,
        lambda cases: past_defections_of(cases, "GBR", 1860),
        lambda cases: backer_facts(["FRA"], "GBR", 1860, cases=cases),
        lambda cases: check_scenario("budapest", cases),
        lambda cases: sv.explore(drawn(), "budapest", cases=cases).content["cases"],
    ],
    ids=["describe", "coder_agreement", "with_backers", "as_case_table", "past", "facts", "check_scenario", "explore"],
)
def test_cases(call, record):
    by_file, by_value = call(record), call(sv.load_guarantees(record))
    assert by_file.equals(by_value) if isinstance(by_value, pd.DataFrame) else by_file == by_value
    with pytest.raises(sv.ServandaError, match=r"none\.csv: there is no such file; check the path"):
        call("none.csv")


def test_of_a_file_a_scenario_is_asked_of_what_was_known_on_its_day():
    assert check_scenario("budapest", DATA / "guarantees.csv").cases == 351
    assert len(sv.load_guarantees(as_of=sv.load_scenario("budapest").scenario.as_of)) == 351


def test_cases_of_a_plain_file(rows):
    assert as_case_table(rows).to_dict("list") == ROWS
    assert as_case_table(ROWS) is ROWS
    with pytest.raises(sv.ServandaError, match=r"rows\.csv: node sworn: has no column 'sworn'"):
        sv.evaluate(Network((*COIN.nodes, Node("sworn", ("no", "yes")))), rows, node="kept", seed=1)


def test_events(tmp_path):
    few = sv.load_track_record().head(12)
    path = tmp_path / "few.csv"
    few.drop(columns=["date_from", "date_until"]).to_csv(path, index=False)
    fitted = sv.fit_track(path, **QUICK)
    assert fitted.data.digest == line_up(few, fitted.settings).digest
    actor, agreement = few.iloc[0][["actor", "agreement"]]
    by_file, by_value = (track.weighted(events, actor, agreement, 0.5) for events in (path, few))
    assert by_file["weight"].tolist() == by_value["weight"].tolist()
    for call in (sv.fit_track, sv.evaluate_track):
        with pytest.raises(sv.ServandaError, match=r"none\.csv: there is no such file; check the path"):
            call(tmp_path / "none.csv", seed=1)
