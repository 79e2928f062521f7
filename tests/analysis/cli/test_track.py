"""`servanda track`: exit codes, messages, files."""

from __future__ import annotations

import json
from pathlib import Path
from string import ascii_uppercase

import pytest
from typer.testing import CliRunner

from servanda.analysis.cli.app import app


def run(*words: str):
    return CliRunner().invoke(app, ["track", *words])


@pytest.fixture(autouse=True)
def _kept(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits are kept apart from those of the user, for each test."""
    monkeypatch.setenv("SERVANDA_CACHE", str(tmp_path_factory.mktemp("fits")))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    rows = [
        "A,2000-01-01,x,complied,IAEA,seen,me",
        "A,2003-05,x,defected,IAEA,seen,me",
        "B,2001,y,partial,IAEA,seen,me",
    ]
    path.write_text("actor,date,agreement,event,finding_by,detail,sources\n" + "\n".join(rows) + "\n")
    return path


def test_the_command_prints_a_table_and_writes_a_figure(own: Path, tmp_path: Path):
    out = tmp_path / "figures" / "own.png"
    result = run("A", "B", "--events", str(own), "--out", str(out), "--draws", "1000", "--tune", "300")
    assert result.exit_code == 0, result.output
    told = " ".join(result.stdout.split())
    assert "A history, and no ranking; events known on 2003-05-16" in told
    assert "Not measured how well this fit foretells, so no actor is ranked" in told
    assert "A: the last events" in told
    assert "against" not in told
    assert out.read_bytes()[:4] == b"\x89PNG"


def test_a_fit_is_found_again_and_a_damaged_one_made_anew(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from servanda.analysis.track import stored

    monkeypatch.setenv("SERVANDA_CACHE", str(tmp_path / "fits"))
    made = []
    monkeypatch.setattr(stored, "fit_track", lambda *a, _fit=stored.fit_track, **k: made.append(1) or _fit(*a, **k))
    words = ("A", "--events", str(own), "--json", "--draws", "50", "--tune", "50", "--chains", "2")
    first, second = run(*words).stdout, run(*words).stdout
    assert len(made) == 1
    assert first == second
    (kept,) = (tmp_path / "fits").glob("track-*.nc")
    kept.write_bytes(kept.read_bytes()[:-100])
    assert json.loads(run(*words).stdout)["actors"] == json.loads(first)["actors"]
    run(*words, "--seed", "2")
    run(*words, "--as-of", "2002-01-01")
    assert len(made) == 4


def test_a_good_score_lets_the_command_rank(tmp_path: Path):
    rows = [
        f"{actor},{1990 + year}-03-01,{actor}{year},{'complied' if actor < 'M' else 'defected'},IAEA,seen,me"
        for year in range(4)
        for actor in ascii_uppercase[:24]
    ]
    path = tmp_path / "steady.csv"
    path.write_text("actor,date,agreement,event,finding_by,detail,sources\n" + "\n".join(rows) + "\n")
    few = ("--tune", "300", "--draws", "300")
    result = run("X", "A", "--score", "--quiet", "--last", "2", "--events", str(path), *few)
    told = " ".join(result.stdout.split())
    assert result.exit_code in (0, 1), result.output  # actors who never waver press the sampler against its gates
    assert "Foretold one step ahead: the 48 under an agreement new to the actor" in told
    assert "base rate -0.7" in told
    assert "Each gain is more than its standard error, so actors may be ranked." in told
    assert "Credibility: P(keeps its word at a test); events known on 1993-03-01" in told
    assert "A: the last events, and 2 before (--last 4 lists them)" in told
    assert "X against A: -" in told


def test_a_score_by_itself(own: Path):
    own.write_text(own.read_text() + "".join(f"A,{1900 + n}-01-01,x,complied,IAEA,seen,me\n" for n in range(31)))
    result = run("--score", "--quiet", "--events", str(own), "--as-of", "2000-06-30", "--json")
    told = json.loads(result.stdout)
    assert (told["foretells"], told["events"]) == (False, {"all": 2, "new": 0})
    assert told["gains"]["new"]["own_share"] == {"value": None, "error": None}


def test_the_command_as_json(own: Path):
    result = run("A", "--events", str(own), "--draws", "20", "--tune", "50", "--json", "--as-of", "2001")
    told = json.loads(result.stdout)
    assert result.exit_code == 1  # twenty draws pass no gate
    assert told["at"] == "2001-12-31"
    assert told["failed_gates"]


def test_the_command_names_what_is_wrong(own: Path, tmp_path: Path):
    for words, told in (
        ((), "ACTOR: is missing; name one, such as PRK, or ask for --score"),
        (("--score",), "first: is 30; no event has so many before it, at most 2: give fewer"),
        (("PRX",), "has no event of actor 'PRX'; known: A, B"),
        (("A", "--as-of", "1980"), "no event was known by 1980-12-31; the first is known from 2000-01-01"),
        (("A", "--out", str(tmp_path / "x.doc")), "give a name that ends in .png, .svg, .pdf"),
        (("A", "--settings", str(tmp_path / "none.toml")), "there is no such file"),
    ):
        result = run(*words, "--events", str(own), "--draws", "5", "--tune", "5")
        assert result.exit_code == 2
        assert told in result.output


def test_a_mistyped_actor_is_named_before_anything_is_fitted(own: Path, monkeypatch):
    def fitted(*_given, **_settings):
        raise AssertionError("fitted first")

    monkeypatch.setattr("servanda.models.track.fit.fit_track", fitted)
    result = run("PRX", "--events", str(own), "--as-of", "2001")
    assert result.exit_code == 2
    assert "track record as known on 2001-12-31: has no event of actor 'PRX'; known: A" in result.output


def test_an_empty_file_of_events_is_refused(own: Path):
    own.write_text(own.read_text().splitlines()[0] + "\n")
    result = run("A", "--events", str(own))
    assert result.exit_code == 2
    assert "own.csv" in result.output


def test_contradictory_events_are_refused(own: Path):
    own.write_text(own.read_text() + "A,2000-01-01,x,defected,IAEA,seen,me\n")
    result = run("A", "--events", str(own))
    assert result.exit_code == 2
    assert "A, x: both 'complied' and 'defected' on 2000-01-01; keep one, or date them apart" in result.output
