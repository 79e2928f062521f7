"""`servanda score`: what is open and resolved, resolutions that are entered, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.analysis.ledger.file import append, read_ledger

from ..ledger.makers import DAY, issued


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["score", *words], env={"COLUMNS": "160"})


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    place = tmp_path / "judgements.jsonl"
    append(place, lambda _: [issued(1), issued(2, scenario="other")])
    return place


def test_open_judgements_are_listed(ledger: Path):
    result = run(str(ledger))
    assert result.exit_code == 0, result.output
    assert "ally: France keeps its promise (row 1)" in result.stdout
    assert "2 open, 0 scored, 0 void" in result.stdout
    assert "No judgement has come to its test yet" in result.stdout
    assert read_ledger(ledger).head in result.stdout.replace("\n", "")


def test_a_resolution_is_entered_and_scored(ledger: Path):
    words = ("--resolve", f"{DAY}.1=complied", "--resolve", f"{DAY}.2=void", "--on", "2027-02-03", "--note", "a paper")
    result = run(str(ledger), *words)
    assert result.exit_code == 0, result.output
    assert "0 open, 1 scored, 1 void" in result.stdout
    assert "0.250" in result.stdout  # the Brier score of one half
    assert "1 judgement of 1 scenario came out, too few" in result.stdout
    entry = read_ledger(ledger).resolved[f"{DAY}.1"]
    assert (entry.on.isoformat(), entry.note) == ("2027-02-03", "a paper")
    again = run(str(ledger), "--resolve", f"{DAY}.1=partial")
    assert again.exit_code == 2
    assert "--correct puts another resolution in its place" in again.stderr
    assert run(str(ledger), "--resolve", f"{DAY}.1=partial", "--correct", "--note", "misread").exit_code == 0


def test_one_may_be_open_and_another_resolved(ledger: Path):
    result = run(str(ledger), "--resolve", f"{DAY}.1=partial")
    assert result.exit_code == 0, result.output
    assert [line.split()[-1] for line in result.stdout.splitlines()[1:3]] == ["partial", "open"]


def test_json_holds_all(ledger: Path):
    content = json.loads(run(str(ledger), "--resolve", f"{DAY}.1=partial", "--json").stdout)
    assert (content["open"], content["scored"]) == (1, 1)
    assert [one["state"] for one in content["judgements"]] == ["partial", None]


def test_what_is_wrong_is_said(ledger: Path, tmp_path: Path):
    before = ledger.read_bytes()
    for words, said in (
        (["--resolve", "nonsense"], "'nonsense' is not ID=STATE"),
        (["--resolve", f"{DAY}.1=partial", "--resolve", f"{DAY}.1=complied"], f"says two things of {DAY}.1"),
        (["--resolve", f"{DAY}.1=partial", "--on", "yesterday"], "'yesterday' is no day; give YYYY-MM-DD"),
        (["--note", "alone"], "--note: says nothing without --resolve ID=STATE"),
    ):
        result = run(str(ledger), *words)
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert ledger.read_bytes() == before
    missing = run(str(tmp_path / "none.jsonl"), "--resolve", f"{DAY}.1=partial")
    assert missing.exit_code == 2
    assert "there is no such file" in missing.stderr
    assert not (tmp_path / "none.jsonl").exists()
    ledger.write_bytes(before.replace(b"low", b"high", 1))
    changed = run(str(ledger))
    assert changed.exit_code == 2
    assert "line 1: was changed after it was written" in changed.stderr
