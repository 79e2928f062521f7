"""Reports over time, as the command line runs them: issued, resolved, scored, and compared with an earlier one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.analysis.ledger.file import read_ledger


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words], env={"COLUMNS": "160"})


def test_a_report_is_issued_once_and_compared_later(own_scenario: Path, tmp_path: Path):
    ledger, first, later = tmp_path / "judgements.jsonl", tmp_path / "first", tmp_path / "later"
    same = ("--cache", str(tmp_path / "cache"), "--ledger", str(ledger))
    result = run("report", str(own_scenario), "--out", str(first), *same)
    assert result.exit_code == 0, result.output
    assert "2 judgements entered, 0 of this report stood in it" in result.stdout
    one, several = read_ledger(ledger).issued.values()
    written = (first / "report.json").read_bytes()
    content = json.loads(written)
    assert one.report == hashlib.sha256(written).hexdigest()
    assert one.inputs == content["inputs"]["sha256"]
    rows = content["judgements"][0]["rows"]
    assert [entry.probability for entry in (one, several)] == pytest.approx([row["mean"] for row in rows], abs=1e-12)
    kept, cases = content["record"]["outcomes"], content["record"]["cases"]
    assert one.base == pytest.approx(kept["complied"] / cases)

    scored = json.loads(run("score", str(ledger), "--resolve", f"{one.id}=complied", "--json").stdout)
    assert (scored["open"], scored["scored"], scored["enough"]) == (1, 1, False)
    assert scored["scores"][0]["score"]["value"] == pytest.approx((1 - one.probability) ** 2)

    text = own_scenario.read_text().replace('as_of = "2019-04-25"', 'as_of = "2010-01-01"')
    own_scenario.write_text(text)
    since = ("--since", str(first / "report.json"))
    compared = run("report", str(own_scenario), "--out", str(later), *same, *since, "--json")
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout)["issued"] == [*read_ledger(ledger).issued][2:]
    found = json.loads((later / "report.json").read_text(encoding="utf-8"))["since"]
    assert [step["parts"] for step in found["shift"]["steps"]] == [["data"], ["scenario"]]
    assert found["shift"]["rest"]["answer"] == pytest.approx(0, abs=1e-12)
    dropped = [edit for edit in found["differences"]["data"] if len(edit["place"]) == 1 and edit["after"] is None]
    assert len(dropped) == cases - json.loads((later / "report.json").read_text(encoding="utf-8"))["record"]["cases"]
    page = (later / "report.html").read_text(encoding="utf-8")
    assert 'id="since"' in page
    assert 'id="since"' not in (first / "report.html").read_text(encoding="utf-8")


def test_a_ledger_that_was_touched_is_said_before_anything_is_fitted(own_scenario: Path, tmp_path: Path):
    (tmp_path / "judgements.jsonl").write_text("nonsense\n")
    words = ("--out", str(tmp_path / "out"), "--ledger", str(tmp_path / "judgements.jsonl"))
    result = run("report", str(own_scenario), *words)
    assert result.exit_code == 2
    assert "line 1: is no line of a ledger" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_earlier_report_of_another_kind_is_refused(own_scenario: Path, tmp_path: Path):
    (tmp_path / "report.json").write_text('{"schema": 1, "answer": {}}')
    words = ("--out", str(tmp_path / "out"), "--since", str(tmp_path / "report.json"))
    result = run("report", str(own_scenario), *words)
    assert result.exit_code == 2
    assert "has schema version 1" in result.stderr
