"""`import servanda as sv`: the names most users need, cheap to reach and known to an editor."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import servanda as sv

ROOMS = {"analysis", "models", "priors", "record"}
#: Names that are rooms within a room.
NAMESPACES = {"track"}
#: Names that two rooms have: that of `analysis` takes the names of prior sets and files of events too, which `models`
#: knows nothing of.
IN_TWO_ROOMS = {"fit", "fit_track"}


def test_the_names_are_there_and_few():
    assert set(sv.__all__) >= ROOMS
    assert 30 <= len(sv.__all__) <= 45
    assert {"fit", "probability", "contrast", "report", "load_guarantees", "load_prior", "ServandaError"} <= set(
        dir(sv)
    )


@pytest.mark.parametrize("name", sorted(set(sv.__all__) - ROOMS - NAMESPACES))
def test_a_name_is_the_one_its_room_shows(name):
    value = getattr(sv, name)
    assert not isinstance(value, ModuleType)
    homes = [room for room in ROOMS if name in getattr(sv, room).__all__]
    assert homes or name == "ServandaError"
    assert all(getattr(getattr(sv, room), name) is value for room in homes if name not in IN_TWO_ROOMS)
    assert getattr(getattr(sv, sorted(homes)[0]) if homes else sv, name) is value


def test_tracks_have_a_namespace_of_their_own():
    assert sv.track is sv.analysis.track
    assert {"fit_track", "load_track_posterior", "credibility", "cost", "plot", "plot_change"} <= set(sv.track.__all__)
    assert all(getattr(sv.track, name) is getattr(sv, name) for name in ("fit_track", "evaluate_track"))


def test_the_documentation_lists_them():
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    opening = page.split("## By task", 1)[0]
    assert {name for name in sv.__all__ if f"`{name}`" not in opening} == ROOMS


def test_the_version_is_that_of_the_package():
    assert sv.__version__ == version("servanda")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="fitt"):
        _ = sv.fitt


def run_afresh(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_nothing_is_loaded_before_it_is_used():
    heavy = "{'pymc', 'pytensor', 'arviz', 'pgmpy', 'matplotlib', 'scipy', 'pandas', 'xarray', 'numpy'}"
    assert run_afresh(f"import sys, servanda; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_a_network_is_loaded_without_the_readers_of_other_files():
    code = (
        "import sys, servanda as sv; sv.load_network('guarantee');"
        "print(sorted(name for name in sys.modules if name.startswith('servanda.models.formats.')))"
    )
    assert run_afresh(code) == "['servanda.models.formats.content']"


def test_a_network_is_loaded_without_a_heavy_library():
    code = (
        "import sys, servanda as sv; sv.Prior; sv.load_network('guarantee');"
        "print(sorted({'pymc', 'pytensor', 'arviz', 'pgmpy', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    assert run_afresh(code) == "[]"


@pytest.mark.skipif(importlib.util.find_spec("basedpyright") is None, reason="basedpyright is not installed")
def test_an_editor_finds_the_types(tmp_path: Path):
    """In a folder of one's own, with what is installed and nothing said of where the code lies."""
    script = tmp_path / "mine.py"
    script.write_text(
        "import servanda as sv\nfrom servanda.models import Sampling\n"
        "reveal_type(sv.fit)\nreveal_type(sv.load_network('guarantee').names)\n"
        "reveal_type(sv.models.Posterior)\nreveal_type(Sampling(1).draws)\n"
    )
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = [found["message"] for found in json.loads(done.stdout)["generalDiagnostics"]]
    assert not any("Unknown" in message or "could not be resolved" in message for message in told), told
    shown = "\n".join(told)
    assert "-> Posterior" in shown
    assert "tuple[str, ...]" in shown
    assert "type[Posterior]" in shown
    assert '"int"' in shown
