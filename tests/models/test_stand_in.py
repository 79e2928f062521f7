"""A stand-in is there while another package is imported, and gives what is asked of it once it is gone."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from servanda.models.stand_in import standing_in


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
