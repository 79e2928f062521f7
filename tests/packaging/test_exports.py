"""Each room shows its public names at the top, cheaply and whatever was imported before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "servanda"
ROOMS = ("record", "models", "models.track", "priors", "analysis", "analysis.track")
#: Room -> names that are meant to be rooms within it.
NAMESPACES = {"analysis": ["track"]}

IMPORT_QUIETLY = """
import sys
import servanda.{room}
loaded = {{"pymc", "pytensor", "pgmpy", "matplotlib"}} & set(sys.modules)
assert not loaded, f"importing servanda.{room} also imported {{', '.join(sorted(loaded))}}"
"""

# A submodule becomes an attribute of its package when imported, and would then hide an export of its name.
RESOLVE_LAST = """
import importlib, types
for name in {modules!r}:
    importlib.import_module(name)
room = importlib.import_module("servanda.{room}")
names = room.__all__
assert len(set(names)) == len(names), "a name is listed twice"
hidden = [name for name in names if isinstance(getattr(room, name), types.ModuleType)]
assert hidden == {namespaces!r}, f"hidden by a submodule of the same name: {{hidden}}"
"""


def run_afresh(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_is_cheap_and_silent(room):
    run_afresh(IMPORT_QUIETLY.format(room=room))


@pytest.mark.parametrize("room", ROOMS)
def test_exports_are_what_they_say(room):
    modules = [
        ".".join(("servanda", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in sorted((PACKAGE / room.replace(".", "/")).rglob("*.py"))
        if not path.stem.startswith("__")
    ]
    run_afresh(RESOLVE_LAST.format(room=room, modules=modules, namespaces=NAMESPACES.get(room, [])))
