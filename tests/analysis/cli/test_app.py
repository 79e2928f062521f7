"""The command line as a whole: help, unknown names, places that cannot be written to."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


def test_help_names_every_command():
    result = run("--help")
    assert result.exit_code == 0
    for command in ("fit", "query", "compare", "track", "record", "report"):
        assert command in result.stdout


def test_an_unwritable_folder_is_said_before_the_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from servanda.analysis.reporting import make
    from servanda.models.sampling import fit as fitting

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a fit was started")

    monkeypatch.setattr(make, "stored_fit", fail)
    monkeypatch.setattr(fitting, "fit", fail)
    (tmp_path / "file").write_text("")
    below = str(tmp_path / "file" / "out")
    for words in (["report", "dprk-six-party", "--out", below], ["fit", "--out", f"{below}/p.nc"]):
        result = run(*words)
        assert result.exit_code == 2
        assert "cannot write to this folder" in result.stderr


def test_unknown_names_are_exit_2():
    assert run("report", "dprk").exit_code == 2
    assert run("fit", "garantee").exit_code == 2
    assert "did you mean 'guarantee'?" in run("fit", "garantee").stderr
    assert run("nonsense").exit_code == 2


def test_a_folder_is_no_file_to_write(tmp_path: Path):
    result = run("fit", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert "is a folder; give the name of a file in it" in result.stderr
