"""`scripts/environment.sh`, which every make target rests on: uv installs where it can be had, and else pip does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "environment.sh"
#: Stands for the Python of .venv: writes down what it is asked, and says no to what `$NO` names.
PYTHON = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in *"config get"*) [ -n "${INDEX:-}" ] && echo "$INDEX"; exit ;; esac
case "$*" in "-m uv pip install"*) echo "index ${UV_DEFAULT_INDEX:-none}" >> "$ASKED" ;; esac
for no in $NO; do case "$*" in *$no*) exit 1 ;; esac; done
exit 0
"""


def run(folder: Path, no: str = "", **environment: str) -> tuple[Any, list[str]]:
    """Run it where .venv is there and no uv is on the path; what Python was asked, without what it is tried with."""
    bins = folder / "bin"
    bins.mkdir()
    for name in ("sh", "dirname"):
        (bins / name).symlink_to(shutil.which(name) or pytest.skip("needs a Unix shell"))
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    script = folder / "scripts" / "environment.sh"
    script.parent.mkdir()
    shutil.copy(SCRIPT, script)
    told = {"PATH": str(bins), "ASKED": str(folder / "asked"), "NO": no, **environment}
    done = subprocess.run(
        [bins / "sh", script, ".[dev]"], env=told, capture_output=True, text=True, check=False, timeout=30
    )
    return done, [line for line in (folder / "asked").read_text().splitlines() if not line.startswith(("-c", "import"))]


def test_uv_is_fetched_where_it_is_not_there_and_installs(tmp_path: Path):
    done, asked = run(tmp_path, no="--version")
    assert done.returncode == 0
    assert asked[1].startswith("-m pip install") and asked[1].endswith("-c constraints.txt uv")
    assert asked[-2] == "-m uv pip install --quiet --python .venv/bin/python -c constraints.txt -e .[dev]"
    assert asked[-1] == "index none"


def test_uv_reads_the_registry_that_pip_is_set_to(tmp_path: Path):
    _, asked = run(tmp_path, INDEX="https://example.org/simple")
    assert asked[-1] == "index https://example.org/simple"


@pytest.mark.parametrize(("no", "said"), [
    ("-m_uv_pip", "servanda: uv could not install the packages; trying pip\n"),
    ("--version constraints.txt_uv", ""),
])  # fmt: skip
def test_where_uv_cannot_pip_installs(tmp_path: Path, no: str, said: str):
    # Words of one pattern are joined by _, which a shell's pattern reads as any letter.
    done, asked = run(tmp_path, no=no.replace("_", "?"))
    assert done.returncode == 0
    assert done.stderr == f"servanda: installing .[dev] into .venv (some minutes the first time)\n{said}"
    assert any(line.startswith("-m pip install") and line.endswith("--no-compile -e .[dev]") for line in asked)


def test_what_nobody_can_install_is_said(tmp_path: Path):
    done, _ = run(tmp_path, no="install")
    assert done.returncode == 1
    assert done.stderr.endswith("servanda: the packages could not be installed; the lines above say why\n")
