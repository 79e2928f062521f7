"""The program ends as Unix programs do, whatever its output goes to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from servanda.analysis.cli.streams import NOT_WRITTEN, PIPE_CLOSED

PROGRAM = [sys.executable, "-c", "from servanda.analysis.cli.app import main; main()"]


def run(*words: str, environment: Mapping[str, str] = os.environ, **how: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, *words], env=environment, stderr=subprocess.PIPE, check=False, **how)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
@pytest.mark.parametrize("words", [("scenario", "list"), ("compare", "theories", "list")])
def test_a_full_device_is_one_line(words):
    with Path("/dev/full").open("wb") as full:
        done = run(*words, stdout=full)
    assert done.returncode == NOT_WRITTEN
    assert done.stderr == b"output: cannot be written (No space left on device)\n"


@pytest.mark.parametrize("words", [("scenario", "list"), ("compare", "theories", "list"), ("--help",)])
def test_a_closed_pipe_ends_it_without_a_word(words):
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = run(*words, stdout=writes)
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, b"")


def test_letters_that_a_terminal_lacks_are_written_in_others():
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "100"}
    done = run("compare", "theories", "list", environment=plain, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    old = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    old.pop("PYTHONIOENCODING", None)
    done = run("scenario", "check", "dprk-six-party", environment=old, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_seeds_that_no_sampler_takes_are_bad_input(seed, tmp_path):
    done = run("fit", "--seed", seed, "--out", str(tmp_path / "a.nc"), stdout=subprocess.PIPE)
    assert done.returncode == 2
    assert b"is not in the range" in done.stderr
    assert list(tmp_path.iterdir()) == []
