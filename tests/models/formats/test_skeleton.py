"""The skeleton of a format in the documentation is a format: it keeps the promises of the others as it stands."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from servanda.models.formats.files import FORMATS

from . import test_files as contract
from .judges import read_text, refused

SKELETON = Path(__file__).parents[3] / "docs" / "skeletons" / "format.py"
PROMISES = (
    contract.test_odd_names_and_every_digit_come_back,
    contract.test_suffixes_and_compression,
    contract.test_the_shipped_network_comes_back,
    contract.test_a_node_of_one_state,
    contract.test_a_file_that_breaks_off_is_refused,
    contract.test_names_that_a_format_would_lose_are_refused_before_anything_is_written,
)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Load the skeleton where a copy of it would lie, and enter it in the tables for one test."""
    name = "servanda.models.formats.lines"
    spec = importlib.util.spec_from_file_location(name, SKELETON)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(FORMATS, module.LINES.title, module.LINES)
    names = contract.word_or(contract.ODD_STATES).filter(lambda name: "=" not in name)
    monkeypatch.setitem(contract.HELD, ".lines", contract.odd_networks(names, contract.word_or(["größe", "two words"])))
    lost = {
        "node two words: the state 'a,b'",
        "node two words: the state ' x'",
        "node größe: the state ''",
        "node größe: the state 'tab\\t'",
    }
    monkeypatch.setitem(contract.CANNOT, ".lines", lost)
    monkeypatch.setitem(contract.OTHERS, "x.lines", ("network x;\nsize: = 1;\nend;\n", "continuous"))
    return module


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_skeleton_keeps_the_promises(promise, tmp_path):
    promise(tmp_path, suffix=".lines")


@pytest.mark.parametrize("text", contract.NONSENSE)
def test_the_skeleton_refuses_files_of_another_format(text, tmp_path):
    contract.test_files_of_another_format(tmp_path, ".lines", text)


def test_the_skeleton_reads_discrete_nodes_only(tmp_path):
    contract.test_nodes_that_are_not_discrete(tmp_path, "x.lines")


def test_the_skeleton_refuses_what_is_said_twice(tmp_path):
    text = "network x;\nrain: no, yes = 0.8, 0.2;\nrain: no, yes = 0.5, 0.5;\nend;\n"
    told = "line 3, node rain: is given a second time, first in line 2; keep one of them"
    assert str(refused(read_text, tmp_path, "x.lines", text)) == f"{tmp_path / 'x.lines'}: {told}"


def test_the_file_that_the_skeleton_shows_can_be_read(registered, tmp_path):
    found = read_text(tmp_path, "shown.lines", registered.__doc__.split("\n\n")[2])
    assert found.network.name == "lawn"
    assert found.network["rain"].states == ("no", "a little")
    assert found.tables["wet"].values.tolist() == [[0.9, 0.1], [0.5, 0.5]]


def test_the_skeleton_names_what_there_is():
    """The places it sends a contributor to exist."""
    text, root = SKELETON.read_text(encoding="utf-8"), SKELETON.parents[2]
    for place in ("models/formats/files.py", "tests/models/formats/test_files.py"):
        assert place in text
        assert (root / place).is_file()
    for table in ("HELD", "OTHERS", "CANNOT", "PGMPY", "EASY"):
        assert table in text
        assert getattr(contract, table)
