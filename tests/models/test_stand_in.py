"""A stand-in is there while another package is imported, and gives what is asked of it once it is gone."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from servanda.models.stand_in import left_out, standing_in


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that imports another, which says when it is loaded."""
    (tmp_path / "wanted_later.py").write_text("answer = 42\n")
    (tmp_path / "asking.py").write_text("import wanted_later\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("wanted_later", "asking"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_a_package_is_loaded_once_something_is_asked_of_its_stand_in(packages):
    with standing_in("wanted_later"):
        asking = import_module("asking")
    assert "wanted_later" not in sys.modules
    assert asking.wanted_later.answer == 42 and "wanted_later" in sys.modules


def test_a_package_that_is_missing_is_missed_when_something_is_asked_of_it(packages):
    (packages / "wanted_later.py").unlink()
    with standing_in("wanted_later"):
        asking = import_module("asking")
    with pytest.raises(ModuleNotFoundError, match="No module named 'wanted_later'"):
        _ = asking.wanted_later.answer


def test_a_package_that_is_loaded_stands_for_itself(packages):
    there = import_module("wanted_later")
    with standing_in("wanted_later"):
        assert import_module("asking").wanted_later is there
    assert sys.modules["wanted_later"] is there


def test_a_package_that_is_left_out_is_not_installed_until_then(packages):
    with left_out("wanted_later"):
        assert find_spec("wanted_later") is None
        with pytest.raises(ModuleNotFoundError, match="import of wanted_later halted"):
            import_module("asking")
    assert import_module("asking").wanted_later.answer == 42


def test_a_package_that_is_loaded_is_not_left_out(packages):
    there = import_module("wanted_later")
    with left_out("wanted_later"):
        assert import_module("asking").wanted_later is there
    assert sys.modules["wanted_later"] is there


@pytest.mark.parametrize(("words", "there"), [([], False), (["--scheduler", "tcp://127.0.0.1:1"], True)])
def test_the_command_line_has_dask_for_a_scheduler_alone(words, there):
    """xarray imports it wherever it finds it, which took a second and a half of each command."""
    pytest.importorskip("dask")
    program = (
        "from importlib.util import find_spec; from servanda.analysis.cli import app\n"
        "app.app = lambda: print(find_spec('dask') is not None)\n"
        "app.main()"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{there}\n", "")
