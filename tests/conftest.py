"""Order of the tests: those that have PyMC compile much come first and together, so that one worker does it for all."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them first; all others keep their order, in which what a module has made is made once."""
    items.sort(key=lambda item: item.get_closest_marker("pymc") is None)
