"""The README's own lines, run as they stand with the files they name; what is not run is listed with the reason."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import servanda as sv
from servanda.analysis.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: How a line begins -> why it is not run here, and what runs it.
NOT_RUN = {
    "make report": "minutes: `make headline` runs it before a release, and test_report.py a small one",
    "make test": "is what runs this",
    "servanda compare priors": "fits the network: tests/analysis/cli/test_compare.py, with few draws",
    "servanda compare theories": "fits three networks: tests/analysis/cli/test_compare.py, with few draws",
    "servanda track": "fits the track record: tests/analysis/cli/test_track.py, with few draws",
    "servanda report dprk-six-party": "minutes: is `make report`",
    "servanda report examples/my_scenario.toml": "minutes: its file is checked below, and test_report.py is small",
}
#: The fit of the README takes most of a minute of computing; so few draws suffice to ask, and fail the gates.
SHORT = ("--draws", "20", "--tune", "40", "--chains", "2")
FIT = 'sv.fit("guarantee", cases, "literature", seed=20190425)'


def console_lines() -> list[str]:
    """Every line behind a prompt, continued lines joined and comments left out."""
    blocks = "".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL)).replace("\\\n", " ")
    found = re.findall(r"^\$ (.*)$", blocks, re.MULTILINE)
    return [" ".join(shlex.split(line, comments=True)) for line in found]


def is_run(line: str) -> bool:
    return not line.startswith(tuple(NOT_RUN))


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split()[1:])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples, where the README's fit was stored by its own line, with fewer draws."""
    path = tmp_path_factory.mktemp("readme")
    (path / "examples").symlink_to(ROOT / "examples")
    (fit,) = (line for line in console_lines() if line.startswith("servanda fit"))
    with chdir(path):
        told = CliRunner().invoke(app, [*fit.split()[1:], *SHORT])
    assert told.exit_code == 1, told.output
    assert "gate failed" in told.output
    return path


@pytest.mark.parametrize("line", [line for line in console_lines() if is_run(line) and "servanda fit" not in line])
def test_a_line_of_the_readme_runs(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    told = run(line)
    # Only the short fit may fail a gate; a bad question would be 2.
    assert told.exit_code in ((0, 1) if "dprk.nc" in line else (0,)), told.output
    assert told.exit_code == 0 or "gate failed" in told.output or json.loads(told.stdout)["failed_gates"]


def test_every_line_is_run_or_listed():
    lines = console_lines()
    assert len(lines) > 15
    assert {line.split()[0] for line in lines} == {"make", "servanda"}
    for beginning in NOT_RUN:
        assert sum(line.startswith(beginning) for line in lines) == 1, f"the README has no line {beginning}"


def test_the_examples_are_named_and_ship():
    named = set(re.findall(r"examples/(\w+\.\w+)", " ".join(console_lines())))
    assert named == {path.name for path in (ROOT / "examples").iterdir()}
    assert "graft examples\n" in (ROOT / "MANIFEST.in").read_text(encoding="utf-8")


def test_the_example_network_gives_the_published_table(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    asked = run("servanda query examples/asia.bif lung --given smoke=yes --json")
    assert json.loads(asked.stdout)["answer"]["yes"]["mean"] == pytest.approx(0.1)


def test_the_example_scenario_can_be_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    told = run("servanda scenario check examples/my_scenario.toml")
    assert told.exit_code == 0, told.output
    assert "no fault" in told.output


@pytest.mark.filterwarnings("ignore::servanda.models.ConvergenceWarning")
def test_the_lines_of_python_run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert block.count(FIT) == 1
    inspect.signature(sv.fit).bind("guarantee", [], "literature", seed=20190425)
    monkeypatch.chdir(folder)
    exec(block.replace(FIT, 'sv.load_posterior("dprk.nc")'), {})
    answer, difference = capsys.readouterr().out.splitlines()
    states = r"defected (-?[\d.]+) \[.*\]; partial (-?[\d.]+) \[.*\]; complied (-?[\d.]+) \[.*\] \(mean, 90% interval\)"
    sums = [sum(map(float, re.fullmatch(states, line).groups())) for line in (answer, difference)]
    assert sums == pytest.approx([1, 0], abs=0.002)
