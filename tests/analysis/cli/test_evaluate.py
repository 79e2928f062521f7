"""`servanda evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis import load_evaluation
from servanda.analysis.cli.app import app

TOML = """
name = "plain"
[nodes.role]
states = ["guarantor", "principal"]
[nodes.compliance]
states = ["defected", "partial", "complied"]
ordered = true
coding = { column = "outcome" }
parents.role = { reason = "Restraint and help are different deeds." }
"""


@pytest.fixture
def network(tmp_path: Path) -> str:
    path = tmp_path / "plain.toml"
    path.write_text(TOML, encoding="utf-8")
    return str(path)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", *words], env={"COLUMNS": "160"})


def test_a_machine_is_told_what_a_person_is_told(network: str, tmp_path: Path):
    plot, out = tmp_path / "gains.svg", tmp_path / "own.json"
    words = (network, "--priors", "flat", "--folds", "3", "--repeats", "1", "--against", "ridge_logit")
    words = (*words, "--folder", str(tmp_path / "kept"), "--plot", str(plot), "--out", str(out))
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {row["model"] for row in told["table"]} == {"flat", "base_rate", "ridge_logit"}
    assert {row["year"] for row in told["futures"]} == {1945, 1991, 2005}
    assert plot.read_text(encoding="utf-8").count("</svg>") == 1
    assert load_evaluation(out).verdict == told["verdict"]
    assert len(list((tmp_path / "kept").iterdir())) == 3 * (3 + 3)
    shown = run(*words).output
    assert " ".join(told["verdict"].split()) in " ".join(shown.split())
    assert "after 1945" in shown
    assert "ridge logit" in shown


def test_what_cannot_be_measured_is_said(network: str):
    result = run(network, "--priors", "flat", "--future", "1945,soon")
    assert result.exit_code == 2
    assert "--future: 'soon' is no year; give such as 1945,1991" in result.output
    result = run(network, "--priors", "flat", "--by", "crises")
    assert result.exit_code == 2
    assert "column crises: is missing" in result.output
    result = run(network, "--priors", "flat", "--against", "forest")
    assert result.exit_code == 2
    assert "there is no rival called 'forest'" in result.output
