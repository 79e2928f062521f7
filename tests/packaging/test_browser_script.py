"""`scripts/browser.sh`, which CI runs first: it installs a browser where it can, and never fails the run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "browser.sh"
#: Stands for apt-get: writes down what it is asked, waits while it fetches, and ends as it is told.
APT = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in *update*) exec sleep "${SLOW:-0}" ;; esac
exit "${CODE:-0}"
"""


def run(folder: Path, user: str = "0", apt: str | None = APT, has: tuple[str, ...] = (), **environment: str) -> Any:
    """Run it where only these programs are."""
    programs = {name: shutil.which(name) or "" for name in ("sh", "sleep", "timeout")}
    if not all(programs.values()):
        pytest.skip("needs a Unix shell")
    for name, path in programs.items():
        (folder / name).symlink_to(path)
    made = {"id": f"#!/bin/sh\necho {user}\n", **dict.fromkeys(has, "#!/bin/sh\n"), **({"apt-get": apt} if apt else {})}
    for name, text in made.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    told = {"PATH": str(folder), "ASKED": str(folder / "asked"), **environment}
    return subprocess.run(
        [programs["sh"], SCRIPT, "1"], env=told, capture_output=True, text=True, check=False, timeout=30
    )


def test_what_is_missing_is_fetched_and_then_installed(tmp_path: Path):
    told = run(tmp_path, has=("pdftotext",))
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "servanda: installed chromium\n")
    update, fetch, install = (tmp_path / "asked").read_text().splitlines()
    assert "update" in update
    assert fetch.endswith("--download-only install chromium") and install.endswith("--no-download install chromium")


def test_where_all_is_there_nothing_is_done(tmp_path: Path):
    told = run(tmp_path, has=("google-chrome", "pdftotext"))
    assert (told.returncode, told.stderr) == (0, "") and not (tmp_path / "asked").exists()


@pytest.mark.parametrize(("how", "why"), [
    ({"user": "1000"}, "not root"), ({"apt": None}, "no apt-get here"), ({"SLOW": "9"}, "no packages within 1 s"),
    ({"CODE": "100"}, "no packages within 1 s"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_and_fails_nothing(tmp_path: Path, how: dict[str, Any], why: str):
    told = run(tmp_path, **how)
    assert told.returncode == 0
    assert told.stderr == f"servanda: {why}: the tests that need chromium poppler-utils are skipped\n"
