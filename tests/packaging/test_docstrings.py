"""The examples in the docstrings of the rooms are true.

pytest's own collection of docstrings would import `models/network.py` as `models.network`, outside the
package `servanda`, and its relative imports would fail; here each module is imported as a user imports it.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "servanda"
MODULES = sorted(
    ".".join(("servanda", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for room in ("common", "record", "models", "priors", "analysis")
    for path in (PACKAGE / room).rglob("*.py")
    if path.name != "__main__.py"
)


#: Rooms whose names are public.
ROOMS = (
    "servanda",
    "servanda.record",
    "servanda.models",
    "servanda.models.cases",
    "servanda.models.sampling",
    "servanda.priors",
    "servanda.analysis",
    "servanda.analysis.figures",
    "servanda.analysis.track",
    "servanda.common",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "\n" + "".join(report)


def public_names():
    """Full name -> value of every public name, each value once; constants have no docstring of their own."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        values = {name: getattr(module, name) for name in module.__all__}
        found |= {f"{room}.{name}": value for name, value in values.items() if not inspect.ismodule(value)}
    return {name: value for name, value in found.items() if inspect.isclass(value) or inspect.isroutine(value)}


def test_every_public_name_has_an_example():
    silent = sorted(name for name, value in public_names().items() if ">>>" not in (inspect.getdoc(value) or ""))
    assert silent == []


def test_every_public_name_stands_on_a_page_of_the_api():
    """`make docs` warns of each that does not; this is quicker to see."""
    fences = re.compile(r"```\{public-names\} ([\w.]+)\n(.*?)```", re.DOTALL)
    pages = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((PACKAGE.parent / "docs" / "api").glob("*.md"))
    )
    stated = [f"{room}.{name}" for room, names in fences.findall(pages) for name in names.split()]
    values = [id(getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])) for name in stated]
    assert len(set(stated)) == len(stated)
    assert {name for name, value in public_names().items() if id(value) not in values} == set()
