"""`servanda record`: the shipped tables and faulty ones."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest
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


def own_file(tmp_path: Path, **cells: str) -> Path:
    """Write two rows of the shipped record to a file of one's own, with cells of the first replaced."""
    shipped = files("servanda.record") / "data" / "guarantees.csv"
    rows = list(csv.DictReader(shipped.read_text(encoding="utf-8").splitlines()))[:2]
    rows[0].update(cells)
    path = tmp_path / "mine.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        names = [name for name in rows[0] if name != "obligor_past_defections"]
        writer = csv.DictWriter(file, names, delimiter=";", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_codes_for_missing_values_are_declared(tmp_path: Path):
    path = own_file(tmp_path, ended="NA", guarantors="-9")
    refused = run("record", "check", str(path))
    assert refused.exit_code == 2
    assert "row 2, column guarantors: '-9' looks like the code of a missing value; declare it" in refused.stderr
    assert "(on the command line --missing NA)" in refused.stderr
    assert run("record", "check", str(path), "--missing", "NA", "--missing", "-9").exit_code == 0


def test_a_case_that_stands_twice_is_bad_input(tmp_path: Path):
    path = own_file(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, f"again{lines[1][lines[1].index(';') :]}"]), encoding="utf-8")
    refused = run("fit", "guarantee", "--cases", str(path), "--out", str(tmp_path / "a.nc"))
    assert refused.exit_code == 2
    assert "row 4, column case_id: 'again' is the case 'prt_1826_gbr' of row 2 again" in refused.stderr


def test_actors_are_converted_or_remarked_on(tmp_path: Path):
    path = own_file(tmp_path, obligor="200")
    remarked = run("record", "check", str(path))
    assert remarked.exit_code == 0
    assert (
        "note: column obligor: '200' looks like Correlates-of-War numbers (GBR); read the file with" in remarked.stdout
    )
    converted = run("record", "check", str(path), "--countries", "cow")
    assert (converted.exit_code, "column obligor" in converted.stdout) == (0, False)
    assert run("record", "check", str(path), "--countries", "fips").exit_code == 2


def test_commands_say_what_is_odd_about_a_file_without_a_place_in_the_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from servanda.analysis.cli.options import record_cases

    path = own_file(tmp_path, obligor="Great Britain")
    assert record_cases(path, None, None, None)["obligor"].tolist()[0] == "Great Britain"
    note = "note: column obligor: 'Great Britain' looks like GBR, and counts as another actor than it; write GBR\n"
    assert capsys.readouterr().err == note
    assert record_cases(path, None, None, "name")["obligor"].tolist()[0] == "GBR"
    assert capsys.readouterr().err == ""
