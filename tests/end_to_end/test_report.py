"""From a user's own files to a report, as the command line runs it."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.analysis.reporting import make


def run(scenario: Path, out: Path, *words: str) -> Result:
    cache = str(out.parent / "cache")
    return CliRunner().invoke(app, ["report", str(scenario), "--out", str(out), "--cache", cache, *words])


def counted(as_of: int) -> dict[bool, np.ndarray]:
    """Outcomes in the shipped file, with one guarantor and with several, counted by hand."""
    levels = ("defected", "partial", "complied")
    found = {False: np.zeros(3), True: np.zeros(3)}
    with (files("servanda.record") / "data" / "guarantees.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if int(row["outcome_year"]) <= as_of and row["tested"] <= "2019-04-25":
                found[int(row["guarantors"]) > 1][levels.index(row["outcome"])] += 1
    return found


def test_the_report_holds_the_closed_form_answer(own_scenario: Path, tmp_path: Path):
    result = run(own_scenario, tmp_path / "out")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    counts = counted(2019)
    for row, several in zip(content["judgements"][0]["rows"], (False, True), strict=True):
        alpha = counts[several] + 1
        assert row["mean"] == pytest.approx(alpha[2] / alpha.sum(), abs=4 * row["mcse"])
    assert content["record"]["cases"] == sum(part.sum() for part in counts.values())
    assert content["passed"] is True


def test_users_text_is_escaped(own_scenario: Path, tmp_path: Path):
    assert run(own_scenario, tmp_path / "out").exit_code == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>only mine</b>" not in page
    assert "&lt;b&gt;only mine&lt;/b&gt;" in page
    assert "<script>" not in page


def test_nothing_changed_means_nothing_is_fitted(own_scenario: Path, tmp_path: Path):
    first = run(own_scenario, tmp_path / "out")
    before = (tmp_path / "out" / "report.html").read_bytes()
    again = run(own_scenario, tmp_path / "out")
    assert "stored fits reused" not in first.output
    assert "stored fits reused: mine" in again.output
    assert (tmp_path / "out" / "report.html").read_bytes() == before


def test_a_failed_gate_writes_nothing_and_exits_1(own_scenario: Path, tmp_path: Path):
    result = run(own_scenario, tmp_path / "out", "--draws", "20")
    assert result.exit_code == 1
    assert "bulk ESS of P(several; any; mine)" in result.output
    assert "nothing was written; draw more (--draws, --tune), or write it as a draft (--draft)" in result.output
    assert not list((tmp_path / "out").iterdir())


def test_a_draft_shows_the_failure_beside_the_number(own_scenario: Path, tmp_path: Path):
    result = run(own_scenario, tmp_path / "out", "--draws", "20", "--draft")
    assert result.exit_code == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "not passed: bulk ESS" in page


def test_an_interrupted_run_leaves_the_earlier_report(
    own_scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert run(own_scenario, tmp_path / "out").exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(make, "assemble", interrupted)
    result = run(own_scenario, tmp_path / "out", "--seed", "5")
    assert result.exit_code == 130
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


STOPPED = """
import os, signal, sys
from contextlib import contextmanager
from servanda.analysis.cli import app as cli, fit

@contextmanager
def progress(asked):
    yield lambda what, done, total: os.kill(os.getpid(), int(sys.argv[-1])) if done else None

fit.shown = progress
# A shell that runs the tests in its background has interrupts ignored, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
cli.app(sys.argv[1:-1])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_stopped_fit_leaves_the_earlier_file(tmp_path: Path, how: signal.Signals, code: int):
    """A real process is stopped by a signal once NUTS has made draws; what stood at its output stays."""
    out, network = tmp_path / "posterior.nc", tmp_path / "one.toml"
    out.write_bytes(b"an earlier result")
    network.write_text(
        'nodes.outcome = { states = ["defected", "partial", "complied"], ordered = true, family = "ordinal" }'
    )
    words = ["fit", str(network), "--out", str(out), "--priors", "flat", "--chains", "2", "--force"]
    said = tmp_path / "said.txt"
    with said.open("w") as errors:
        # A file, not a pipe: processes of chains that outlive a killed parent would hold a pipe open.
        process = subprocess.Popen(
            [sys.executable, "-c", STOPPED, *words, str(int(how))], stderr=errors, start_new_session=True
        )
        try:
            found = process.wait(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert found == code, said.read_text()
    assert "Traceback" not in said.read_text()
    assert out.read_bytes() == b"an earlier result"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.toml", "posterior.nc", "said.txt"]


def test_your_own_cases_replace_the_record(own_scenario: Path, tmp_path: Path):
    with (files("servanda.record") / "data" / "guarantees.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:60]
    mine = tmp_path / "mine.csv"
    with mine.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, [name for name in rows[0] if name != "obligor_past_defections"], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    result = run(own_scenario, tmp_path / "out", "--cases", str(mine))
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert content["record"]["cases"] == 60
    assert content["provenance"]["record"] == "the user's own record"
    assert content["record"]["coders"] is None
