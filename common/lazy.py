"""Exports that load on first use, so that no import does work."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def lazy_exports(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make the module functions ``__getattr__`` and ``__dir__`` of a package whose names load on use.

    Parameters
    ----------
    package
        ``__name__`` of the package.
    homes
        Exported name -> relative module it lives in, e.g. ``{"fit": ".fit"}``.

    Returns
    -------
    tuple of callables
        To be bound to ``__getattr__`` and ``__dir__`` (PEP 562).

    Examples
    --------
    >>> get, names = lazy_exports("servanda.common", {"Fault": ".errors"})
    >>> get("Fault").__name__, names()
    ('Fault', ['Fault'])
    """

    def __getattr__(name: str) -> object:  # noqa: N807
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name], package), name)
        # A submodule of the same name (models.fit) would shadow the export once imported: bind it now.
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__, lambda: sorted(homes)
