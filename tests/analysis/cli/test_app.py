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

    monkeypatch.setattr(make, "stored_fits", fail)
    monkeypatch.setattr(fitting, "fit", fail)
    (tmp_path / "file").write_text("")
    below = str(tmp_path / "file" / "out")
    for words in (["report", "dprk-six-party", "--out", below], ["fit", "--out", f"{below}/p.nc"]):
        result = run(*words)
        assert result.exit_code == 2
        assert "cannot write to this folder" in result.stderr


def test_unknown_names_are_exit_2():
    assert run("report", "dprk").exit_code == 2
    no_scale = run("report", "dprk-six-party", "--lexicon", "icd204")
    assert no_scale.exit_code == 2
    assert "icd203" in no_scale.stderr
    assert "nothing beside --from" in run("report", "--from", "report.json", "--lexicon", "phia").stderr
    assert run("fit", "garantee").exit_code == 2
    assert "did you mean 'guarantee'?" in run("fit", "garantee").stderr
    assert run("nonsense").exit_code == 2


def test_a_folder_is_no_file_to_write(tmp_path: Path):
    result = run("fit", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert "is a folder; give the name of a file in it" in result.stderr


@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_seeds_that_no_sampler_takes_are_bad_input(seed: str, tmp_path: Path):
    result = run("fit", "--seed", seed, "--out", str(tmp_path / "a.nc"))
    assert result.exit_code == 2
    assert "'--seed'" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_output_takes_the_place_of_an_input_or_of_anything_that_is_not_ours(tmp_path: Path):
    mine = tmp_path / "mine.csv"
    mine.write_text("rain,wet\n0,no\n")
    read = "is read for this result, and would be lost; give another name"
    assert read in run("fit", "--cases", str(mine), "--out", str(mine), "--force").stderr
    svg = tmp_path / "mine.svg"
    svg.write_text("<svg>drawn by hand</svg>")
    foreign = "is there already and was not written by Servanda; give another name, or replace it by --force"
    for words in (
        ("fit", "--out", str(mine)),
        ("track", "PRK", "--out", str(svg)),
        ("evaluate", "--plot", str(svg)),
        ("evaluate", "--out", str(mine)),
        ("compare", "theories", "--plot", str(svg)),
        ("compare", "networks", "guarantee", "--plot", str(svg)),
        ("compare", "priors", "literature,flat", "--plot", str(svg)),
    ):
        result = run(*words)
        assert (result.exit_code, foreign in result.stderr) == (2, True), words
    assert mine.read_text() == "rain,wet\n0,no\n"
    assert svg.read_text() == "<svg>drawn by hand</svg>"
    assert "is a device or a pipe and no file" in run("fit", "--out", "/dev/null").stderr


@pytest.mark.parametrize("place", [0, 3])
def test_a_long_list_of_faults_is_cut_and_an_option_behind_any_command_shows_all(place: int, tmp_path: Path):
    mine = tmp_path / "mine.csv"
    mine.write_text("case_id,crisis\n" + "".join(f"{row},\n" for row in range(200)))
    words = ["record", "check", str(mine)]
    short = run(*words).stderr.splitlines()
    assert short[0] == "mine.csv: 816 faults"
    assert "--all-faults" in short[-1]
    assert len(short) == 52
    words.insert(place, "--all-faults")
    assert len(run(*words).stderr.splitlines()) == 817
