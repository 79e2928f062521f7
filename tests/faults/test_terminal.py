"""The program ends as Unix programs do, whatever its output goes to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from servanda.analysis.cli import app
from servanda.analysis.cli.options import UNFORESEEN
from servanda.analysis.cli.streams import NOT_WRITTEN, PIPE_CLOSED

PROGRAM = [sys.executable, "-c", "from servanda.analysis.cli.app import main; main()"]


def run(*words: str, environment: Mapping[str, str] = os.environ, **how: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, *words], env=environment, stderr=subprocess.PIPE, check=False, **how)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
def test_a_full_device_is_one_line():
    with Path("/dev/full").open("wb") as full:
        done = run("compare", "theories", "list", stdout=full)
    assert done.returncode == NOT_WRITTEN
    assert done.stderr == b"output: cannot be written (No space left on device)\n"


def test_a_closed_pipe_ends_it_without_a_word():
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = run("compare", "theories", "list", stdout=writes)
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, b"")


def test_letters_that_a_terminal_lacks_are_written_in_others():
    old = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = run("compare", "theories", "list", environment=old, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"coalition" in done.stdout


def test_a_label_neither_turns_what_is_shown_nor_commands_the_terminal(tmp_path: Path):
    """A scenario whose name would turn the line around, set the title of the window and ring the bell."""
    name = "\u202e47 %\u202c \x1b]0;mine\x07 \u2067 kept \u2069"
    done = run("report", f"{tmp_path}/{name}.toml", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, b"")
    shown = done.stderr.decode()
    assert "kept" in shown
    assert "there is no such file" in shown
    assert not {"\u202e", "\u202c", "\u2067", "\u2069", "\x1b", "\x07"} & {*shown}


def test_an_error_of_another_library_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """As matplotlib and SciPy raise for variables of the environment that they cannot read."""

    def fail() -> None:
        raise RuntimeError("\nstring_utils.cc: 149\n'many' is no number\n")

    monkeypatch.setattr(app, "prepare_streams", lambda: None)
    monkeypatch.setattr(app, "app", fail)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == UNFORESEEN
    assert capsys.readouterr().err == (
        "servanda: an error that was not foreseen (RuntimeError: string_utils.cc: 149 'many' is no number); "
        "SERVANDA_TRACE=1 shows where\n"
    )
    monkeypatch.setenv(app.TRACE, "1")
    with pytest.raises(RuntimeError):
        app.main()
