"""The skeleton of a family in the documentation is a family: it keeps the contract as it stands."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from servanda.models import Arrow, NetworkError, Node
from servanda.models.families import FAMILIES

from . import test_families as contract

SKELETON = Path(__file__).parents[3] / "docs" / "skeletons" / "family.py"
EXAMPLES = (
    contract.Example("my_family"),
    contract.Example("my_family", (Arrow("kind"), Arrow("count")), states=("no", "yes")),
)
CONTRACT = (
    contract.test_rows_of_a_table_add_up_to_one,
    contract.test_a_table_sliced_before_is_the_table_sliced_after,
    contract.test_log_prob_is_the_log_of_the_table,
    contract.test_pytensor_gives_what_numpy_gives,
    contract.test_the_compiled_likelihood_counts_every_case_once,
    contract.test_parameters_are_drawn_from_their_priors,
)


@pytest.fixture
def registered(monkeypatch):
    """Load the skeleton where a copy of it would lie, and enter it in the table for one test."""
    name = "servanda.models.families.my_family"
    spec = importlib.util.spec_from_file_location(name, SKELETON)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(FAMILIES, "my_family", module.MyFamily())


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
@pytest.mark.usefixtures("registered")
def test_the_skeleton_keeps_the_contract(promise, example):
    promise(example)


@pytest.mark.usefixtures("registered")
def test_the_skeleton_says_what_is_wrong():
    with pytest.raises(NetworkError, match="node y: family 'my_family' needs two states or more"):
        contract.Network((Node("y", ("only",), family="my_family"),))


def test_the_skeleton_names_what_there_is():
    """The places it sends a contributor to exist."""
    text, root = SKELETON.read_text(encoding="utf-8"), SKELETON.parents[2]
    for place in ("models/families/__init__.py", "tests/models/families/test_families.py", "priors/sets/flat.toml"):
        assert place in text
        assert (root / place).is_file()
    assert contract.EXAMPLES
    assert contract.RECOVERED
