"""A report in every format and both languages, as the command line writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.analysis.reporting.formats import files

ALL = "html,pdf,docx,pptx,csv,md"


def run(scenario: Path, out: Path, cache: str, *words: str) -> Result:
    folder = str(out.parent / cache)
    return CliRunner().invoke(app, ["report", str(scenario), "--out", str(out), "--cache", folder, *words])


def test_every_format_in_both_languages_is_the_same_on_a_second_run(own_scenario: Path, tmp_path: Path):
    few = ("--chains", "2", "--draws", "500")
    told = (
        *few,
        "--format",
        ALL,
        "--lang",
        "en",
        "--lang",
        "es",
        "--issued",
        "2026-01-31",
        "--signed-by",
        "A. Analyst",
    )
    old, own = (tmp_path / "two" / "report.en-csv" / name for name in ("99-annex.csv", "mine.csv"))
    old.parent.mkdir(parents=True)
    for path in (old, own):
        path.write_text("of an earlier day")
    runs = [run(own_scenario, tmp_path / name, f"cache-{name}", *told) for name in ("one", "two")]
    assert [result.exit_code for result in runs] == [0, 0], runs[0].output
    assert not old.exists() and own.exists(), "tables of an earlier report would stand among those of this one"
    own.unlink()
    written = [
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    ]
    assert written[0] == written[1]
    names = {str(path) for path in written[0]}
    suffixes = ("html", "pdf", "docx", "pptx", "md")
    assert {f"report.{code}.{suffix}" for code in ("en", "es") for suffix in suffixes} <= names
    assert {"report.json", "report.en-csv/index.csv", "report.es-csv/draws.csv"} <= names
    assert str(tmp_path / "one" / "report.es-csv") in runs[0].output
    content = json.loads(written[0][Path("report.json")])
    assert (content["issued"], content["signed"]) == ("2026-01-31", "A. Analyst")
    page = written[0][Path("report.es.html")].decode()
    assert "31 de enero de 2026" in page and "A. Analyst" in page and 'lang="es"' in page


def test_formats_and_languages_are_refused_before_anything_is_fitted(own_scenario: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(files, "missing_packages", lambda: ["typst"])
    result = run(own_scenario, tmp_path / "out", "cache", "--format", "pdf", "--format", "html,exe")
    assert result.exit_code == 2
    assert "is 'exe'" in result.output
    assert "pip install 'servanda[report]'" in " ".join(result.output.split())
    assert not list((tmp_path / "out").iterdir()) and not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("words", "said"), [
    (("--lang", "fr"), "a report is written in en or es"), (("--issued", "31.1.2026"), "write a day as 2026-01-31"),
])  # fmt: skip
def test_a_language_or_day_that_is_none_is_refused(own_scenario: Path, tmp_path: Path, words, said):
    result = run(own_scenario, tmp_path / "out", "cache", *words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert not (tmp_path / "cache").exists()
