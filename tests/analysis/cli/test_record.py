"""`servanda record`: the shipped tables and faulty ones."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


def test_the_shipped_record_passes_its_check():
    result = run("record", "check")
    assert result.exit_code == 0
    assert "guarantees.csv: 416 rows of guarantees, no fault" in result.stdout
    assert "note: 204 of 416 cases rest on no source (key general_knowledge): a draft for review" in result.stdout


def test_a_faulty_record_lists_rows_and_columns(tmp_path: Path):
    shipped = files("servanda.record") / "data" / "guarantees.csv"
    lines = shipped.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",stronger,", ",strongest,")
    lines.append(lines[2])
    bad = tmp_path / "mine.csv"
    bad.write_text("\n".join(lines), encoding="utf-8")
    result = run("record", "check", str(bad))
    assert result.exit_code == 2
    assert "row 2, column power_ratio" in result.stderr
    assert "did you mean 'stronger'?" in result.stderr
    assert "case_id" in result.stderr
