"""Stand-ins for packages that another package imports and that nothing here asks of it, or none at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def standing_in(*names: str) -> Iterator[None]:
    """Stand-ins for packages while another is imported; what asks one for something gets it of the package itself.

    Parameters
    ----------
    *names
        Packages; one that is there already stands for itself.

    Examples
    --------
    >>> with standing_in("asked_for_nothing"):
    ...     import asked_for_nothing
    >>> "asked_for_nothing" in sys.modules
    False
    """
    later = {name: _later(name) for name in names if name not in sys.modules}
    sys.modules.update(later)
    try:
        yield
    finally:
        for name, module in later.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


@contextmanager
def left_out(*names: str) -> Iterator[None]:
    """Packages as if they were not installed: what would take them along wherever it finds them does without.

    Parameters
    ----------
    *names
        Packages; one that is imported already stays.

    Examples
    --------
    >>> with left_out("asked_for_nothing"):
    ...     import asked_for_nothing
    Traceback (most recent call last):
    ModuleNotFoundError: import of asked_for_nothing halted; None in sys.modules
    """
    modules: Any = sys.modules
    out = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(out))
    try:
        yield
    finally:
        for name in out:
            if modules.get(name, out) is None:
                del modules[name]


def _later(name: str) -> ModuleType:
    module: Any = ModuleType(name)
    module.__getattr__ = lambda wanted: getattr(import_module(name), wanted)
    return module
