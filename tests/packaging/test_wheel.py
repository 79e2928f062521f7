"""What a user installs holds every module and every data file of the rooms."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("common", "record", "models", "priors", "analysis")
DOOR = "servanda"
FRAME = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")


def shipped_files() -> list[str]:
    """List the files of the front door and of the rooms that git knows or would add, or all of them elsewhere."""
    names: list[str] = []
    if git := shutil.which("git"):
        command = [git, "ls-files", "--cached", "--others", "--exclude-standard", DOOR, *ROOMS]
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    found = [Path(name) for name in names] or [
        path.relative_to(ROOT) for folder in (DOOR, *ROOMS) for path in (ROOT / folder).rglob("*")
    ]
    return sorted(p.as_posix() for p in found if (ROOT / p).is_file() and "__pycache__" not in p.parts)


def in_the_package() -> set[str]:
    return {name if name.startswith(f"{DOOR}/") else f"{DOOR}/{name}" for name in shipped_files()}


def build(source: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "build", "--no-isolation", *options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Deprecat" not in done.stdout + done.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module", params=["wheel", "sdist, then wheel"])
def wheel(request, tmp_path_factory):
    """Build the wheel from a copy of the tree, straight or by way of the sdist."""
    for needed in ("build", "setuptools"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed, so no wheel can be built without the network")
    copy = tmp_path_factory.mktemp("tree")
    for name in [*FRAME, *shipped_files()]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for room in ROOMS:
        (copy / DOOR / room).symlink_to(Path("..", room))
    with zipfile.ZipFile(build(copy, *(["--wheel"] if request.param == "wheel" else []))) as archive:
        yield archive


def test_every_file_of_the_rooms_is_in_the_wheel(wheel):
    missing = in_the_package() - set(wheel.namelist())
    assert not missing, "add these to packages or package-data in pyproject.toml"


def test_nothing_else_is_in_the_wheel(wheel):
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == in_the_package()


def test_the_front_door_and_its_types_are_in_the_wheel(wheel):
    assert {"servanda/__init__.py", "servanda/py.typed"} <= set(wheel.namelist())


def test_the_rooms_are_linked_into_one_package():
    for room in ROOMS:
        assert (ROOT / DOOR / room).readlink() == Path("..", room)


def test_the_command_is_declared(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    entries = ConfigParser()
    entries.read_string(wheel.read(name).decode())
    assert entries["console_scripts"]["servanda"] == "servanda.analysis.cli.app:main"


def test_the_licence_is_included(wheel):
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())
