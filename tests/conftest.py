"""Order of the tests, and what their collection need not cost.

Those that have PyMC compile much come first and together, so that one worker does it for all.
"""

from __future__ import annotations

import gc

import pytest

from servanda.analysis.summaries.summary import array_stats


def pytest_sessionstart() -> None:
    """Collect no garbage while tests are collected, which make hundreds of thousands of objects that stay.

    ArviZ is loaded as Servanda does it, or it would take JAX along in every worker.
    """
    gc.disable()
    array_stats()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them first; all others keep their order, in which what a module has made is made once."""
    items.sort(key=lambda item: item.get_closest_marker("pymc") is None)


def pytest_collection_finish() -> None:
    """Look no more at what was there before the first test."""
    gc.freeze()
    gc.enable()
