"""Compiled loops, kept from one run to the next where there is a place for them."""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from .errors import KeptWarning

#: What Numba says where it finds no place.
_NO_PLACE = "no locator available"


def compiled(make: Callable[..., Any]) -> Any:
    """Loops that Numba compiles once a machine, where they can be kept, and each time where they cannot.

    Numba keeps compiled code beside the module or in the user's cache folder. Where neither can be written to, as in a
    read-only installation without a home, a private folder among the temporary files takes their place; where there is
    none either, nothing is kept. One remark says so.

    Parameters
    ----------
    make
        Given `keep`, whether to keep the code, what Numba makes.

    Examples
    --------
    >>> compiled(lambda keep: f"kept: {keep}")
    'kept: True'
    """
    try:
        return make(keep=True)
    except RuntimeError as error:
        if _NO_PLACE not in str(error):
            raise
    return make(keep=_among_temporary_files())


@cache
def _among_temporary_files() -> bool:
    """Let Numba keep its code among the temporary files; False where that cannot be."""
    from numba.core import config

    folder = _private_folder()
    where = f"kept in {folder}" if folder else "compiled each time"
    what = f"compiled loops can be kept neither beside the installation nor in a home, and are {where}"
    warnings.warn(f"{what}; name a folder by NUMBA_CACHE_DIR", KeptWarning, stacklevel=3)
    if folder:
        settings: Any = config
        settings.CACHE_DIR = str(folder)
    return folder is not None


def _private_folder() -> Path | None:
    """Folder that belongs to the user and to nobody else: what lies in it is loaded as code."""
    if not hasattr(os, "geteuid"):
        return None
    folder = Path(tempfile.gettempdir()) / f"servanda-compiled-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return None
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    return folder if own else None
