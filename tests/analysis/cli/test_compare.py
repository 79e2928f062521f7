"""`servanda compare`: priors, theories and networks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


def test_compare_lists_what_there_is_to_compare():
    from servanda.models import THEORIES

    result = run("compare", "theories", "list")
    assert result.exit_code == 0
    for name in THEORIES:
        assert name in result.stdout


def test_compare_names_what_it_cannot():
    result = run("compare", "theories", "none,rival_baker")
    assert result.exit_code == 2
    assert "there is none called 'rival_baker'; did you mean 'rival_backer'" in result.output
    result = run("compare", "theories", "none,log", "--by", "crises")
    assert result.exit_code == 2
    assert "column crises: is missing; cases were to be left out by it" in result.output


def test_compare_tells_a_machine_what_it_tells_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import pandas as pd

    monkeypatch.setenv("SERVANDA_CACHE", str(tmp_path / "fits"))
    plot = tmp_path / "theories.svg"
    short = ("--draws", "60", "--tune", "100", "--chains", "2", "--refits", "0")
    words = ("compare", "theories", "none,log", *short, "--as-of", "1990-01-01", "--plot", str(plot))
    told = json.loads(run(*words, "--json").stdout)
    table = pd.DataFrame(told["table"]).set_index("model")
    assert set(table.index) == {"none", "log"}
    assert table["behind"].min() == 0
    assert table["weight"].sum() == pytest.approx(1)
    assert plot.read_text(encoding="utf-8").count("</svg>") == 1
    kept = sorted((tmp_path / "fits").glob("compared-*.json"))
    assert len(kept) == 2
    # What is kept is not made again.
    monkeypatch.setattr("servanda.analysis.evaluation.compared.sampled_block", None)
    shown = run(*words).output
    assert "cheap talk" in shown
    assert " ".join(told["verdict"].split()) in " ".join(shown.split())


@pytest.mark.slow
def test_compare_priors_gives_table_and_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SERVANDA_CACHE", str(tmp_path / "fits"))
    plot = tmp_path / "priors.svg"
    words = ("compare", "priors", "literature,institutionalist", "--plot", str(plot))
    result = run(*words, "--draws", "100", "--tune", "100", "--chains", "2", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert {row["prior"] for row in told["answers"]} == {"literature", "institutionalist"}
    assert {row["prior"] for row in told["scores"]} == {"literature", "institutionalist"}
    assert sum(row["weight"] for row in told["scores"]) == pytest.approx(1)
    assert any("Russia or China" in label for label in told["left_out"])
    assert plot.read_text(encoding="utf-8").lstrip().startswith("<?xml")


@pytest.mark.parametrize("what", ["priors", "networks"])
def test_one_is_nothing_to_compare(what: str):
    result = run("compare", what, "literature" if what == "priors" else "guarantee")
    assert result.exit_code == 2
    assert "or more to compare" in result.stderr


@pytest.mark.parametrize(
    ("what", "offered"),
    [("", ["priors", "theories", "networks"]), ("priors", ["--scenario"]), ("theories", ["--count"]), ("networks", [])],
)
def test_help_says_what_can_be_compared_and_by_what(what: str, offered: list[str]):
    shown = run("compare", *what.split(), "--help").stdout
    for word in (*offered, *(["--cases", "--seed", "--plot", "--json"] if what else [])):
        assert word in shown


def test_compare_networks_gives_what_python_gives(tmp_path: Path):
    """Whether the role bears on the outcome, by two networks that are drawn exactly."""
    from servanda.analysis import compare_models
    from servanda.models import load_network
    from servanda.priors import load_prior
    from servanda.record import load_guarantees

    outcome = 'states = ["defected", "partial", "complied"], coding = { column = "outcome" }'
    for name, parents in (("alone", ""), ("joined", ', parents.role = { reason = "Restraint and help differ." }')):
        text = (
            f'name = "{name}"\n[nodes]\nrole.states = ["guarantor", "principal"]\ncompliance = {{ {outcome}{parents} }}'
        )
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    names = [str(tmp_path / f"{name}.toml") for name in ("alone", "joined")]
    plot = tmp_path / "networks.svg"
    words = ("compare", "networks", ",".join(names), "--priors", "flat", "--draws", "300", "--plot", str(plot))
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    networks = {name: load_network(name) for name in names}
    exact = compare_models(
        networks, load_guarantees(), load_prior("flat"), node="compliance", seed=1, draws=300, tune=500, chains=4
    )
    assert {row["model"]: row["elpd"] for row in told["table"]} == pytest.approx(exact.table["elpd"].to_dict())
    assert told["verdict"] == exact.verdict
    assert plot.read_text(encoding="utf-8").count("</svg>") == 1
    shown = run(*words).output
    assert "network" in shown
    assert "behind" in shown


def test_an_unknown_prior_set_is_named():
    result = run("compare", "priors", "literature,realest")
    assert result.exit_code == 2
    assert "no prior set of this name; did you mean 'realist'?" in result.stderr


def test_a_scheduler_that_does_not_answer_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    distributed = pytest.importorskip("distributed")

    def refuse(address, timeout):
        raise OSError("Timed out")

    monkeypatch.setattr(distributed, "Client", refuse)
    monkeypatch.setenv("SERVANDA_CACHE", str(tmp_path / "fits"))
    result = run("compare", "theories", "none,log", "--scheduler", "tcp://10.0.0.1:8786")
    assert result.exit_code == 2
    assert "does not answer at tcp://10.0.0.1:8786 (Timed out)" in " ".join(result.output.split())
