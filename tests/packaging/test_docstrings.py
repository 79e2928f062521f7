"""The examples in the docstrings of the rooms are true.

pytest's own collection of docstrings would import `models/network.py` as `models.network`, outside the
package `servanda`, and its relative imports would fail; here each module is imported as a user imports it.
"""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "servanda"
MODULES = sorted(
    ".".join(("servanda", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for room in ("common", "record", "models", "priors", "analysis")
    for path in (PACKAGE / room).rglob("*.py")
    if path.name != "__main__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "\n" + "".join(report)
