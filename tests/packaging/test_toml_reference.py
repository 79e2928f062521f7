"""The reference of TOML files: every key of every schema stands in it, and its examples are files that can be read."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from servanda.analysis.scenarios.scenario import Scenario
from servanda.analysis.summaries.lexicon_schema import LexiconSpec
from servanda.models import network_from_toml
from servanda.models.families import FAMILIES
from servanda.models.families.terms import TERMS
from servanda.models.network.schema import NetworkSpec
from servanda.models.parameters.distributions import DISTRIBUTIONS
from servanda.priors import load_prior
from servanda.priors.files.schema import EntrySpec, SetFile

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "toml.md").read_text(encoding="utf-8")
SCENARIOS = (DOCS / "scenarios.md").read_text(encoding="utf-8")
NETWORK, PRIORS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("schema_tables", DOCS / "schema_tables.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_json(schema):
    """Keys of a schema and of all within it, as pydantic's own JSON schema lists them."""
    whole = schema.model_json_schema()
    return [set(part["properties"]) for part in (whole, *whole.get("$defs", {}).values())]


@pytest.mark.parametrize(
    ("page", "schema"),
    [(PAGE, NetworkSpec), (SCENARIOS, Scenario), (SCENARIOS, LexiconSpec), (PAGE, SetFile), (PAGE, EntrySpec)],
)
def test_every_key_of_every_table_stands_in_the_reference(tables, page, schema):
    shown = tables.expanded(page)
    sections = [set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) for part in shown.split("\n###")]
    for own in in_json(schema):
        assert own in sections
    for row in re.findall(r"^\| `.*$", tables.keys(schema), re.MULTILINE):
        assert all(cell.strip() for cell in row.strip("|").split(" | "))


def test_no_fence_is_left_and_the_values_are_those_of_the_code(tables):
    shown = tables.expanded(PAGE + SCENARIOS)
    assert not re.search(r"\{(keys|values|names)\}", shown)
    assert all(f"| `{name}` |" in shown for name in (*FAMILIES, *DISTRIBUTIONS))
    assert ", ".join(f"`{term}`" for term in TERMS) in shown
    assert "### `[judgements.formats.en]`, `[judgements.formats.es]`" in shown
    for place in ("[nodes.NODE.groups.GROUP]", "[nodes.NODE.parents.PARENT]", "[[judgements.formats]]", "[[priors]]"):
        assert f"### `{place}`" in shown


def test_a_key_of_which_nothing_is_said_stops_the_build(tables):
    class Silent(BaseModel):
        """A table.

        Parameters
        ----------
        said
            Something.
        """

        said: str
        silent: str

    with pytest.raises(KeyError, match=r"the docstring of Silent says nothing of: silent"):
        tables.keys(Silent)


def test_the_examples_are_files_that_can_be_read(tmp_path):
    network = network_from_toml(NETWORK)
    assert network["outcome"].parents[0].by == "monitoring"
    (tmp_path / "mine.toml").write_text(PRIORS)
    assert load_prior(tmp_path / "mine.toml").name == "mine"
