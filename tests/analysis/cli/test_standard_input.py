"""`-` in place of a file: what standard input holds is read as the file would be, and nothing of it is left."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.analysis.cli.streams import file_or_standard_input
from servanda.models.formats.files import read_content, write_content
from servanda.record.files.read import shipped

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def run(given: bytes, *words: str) -> Result:
    return CliRunner().invoke(app, [*words], input=given)


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_table_is_checked_as_its_file_is(packed, temporary: Path):
    file = shipped("crises.csv")
    result = run(packed(file.read_bytes()), "record", "check", "-")
    assert (result.exit_code, result.stdout) == (0, "standard-input.csv: 416 rows of crises, no fault\n")
    assert not [*temporary.iterdir()]


@pytest.mark.parametrize("ending", [".bif", ".xmlbif", ".xdsl", ".net"])
def test_a_network_is_known_by_what_it_begins_with(ending: str, tmp_path: Path):
    kept = typer.Typer()

    @kept.command()
    def _show(file: Annotated[Path, typer.Argument(callback=file_or_standard_input(".nc"))]) -> None:
        typer.echo(read_content(file).states)

    asia = read_content(ROOT / "examples/asia.bif")
    write_content(asia, tmp_path / f"a{ending}")
    shown = CliRunner().invoke(kept, ["-"], input=(tmp_path / f"a{ending}").read_bytes())
    assert shown.stdout == f"{asia.states}\n"


def test_a_network_is_asked():
    file = ROOT / "examples/asia.bif"
    words = ("dysp", "--given", "asia=yes", "--json")
    assert run(file.read_bytes(), "query", "-", *words).stdout == run(b"", "query", str(file), *words).stdout


def test_a_scenario_is_read_from_it():
    result = run((ROOT / "analysis/scenarios/dprk-six-party.toml").read_bytes(), "scenario", "check", "-")
    assert result.exit_code == 0
    assert "network guarantee" in result.stdout


def test_what_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch, temporary: Path):
    twice = run(b"", "scenario", "check", "-", "--cases", "-")
    assert (twice.exit_code, twice.stderr) == (
        2,
        "standard input: is named twice by '-'; give one of the two as a file\n",
    )
    assert run(b"", "record", "check", "-").stderr == (
        "standard-input.csv: is empty; expected a header and at least one row\n"
    )
    assert "standard-input.toml: is not TOML: " in run(b"a b", "fit", "-").stderr
    monkeypatch.setenv("SERVANDA_LIMIT_GB", "0.001")
    long = run(b"x" * 200_000, "record", "check", "-")
    assert long.stderr.startswith(
        "standard input: holds more than 0.125 MB of text; no more is allowed; make it smaller"
    )
    assert not [*temporary.iterdir()]
