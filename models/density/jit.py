"""How the loops of a density are compiled by Numba, and kept. Importing this module imports Numba."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from ...common.compiling import compiled

#: Place that is never counted from the end: Numba then does not ask for its sign, which costs as much as the access.
at: Any = np.uintp
#: Loops that only other loops call need no way in from elsewhere, which is a quarter of what there is to compile.
_INSIDE: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def entry(loop: Any, **more: Any) -> Any:
    """Loop that is called from Python."""
    return compiled(lambda keep: numba.njit(nogil=True, cache=keep, error_model="numpy", **more)(loop))


def inside(loop: Any) -> Any:
    """Loop that only other loops call."""
    return entry(loop, **_INSIDE)


def inside_at_once(loop: Any) -> Any:
    """Loop that only other loops call, written into each of them: a call with a program hands over ninety numbers."""
    return entry(loop, forceinline=True, **_INSIDE)


def inside_in_any_order(loop: Any) -> Any:
    """Loop that only other loops call, whose sums may be taken in any order: several numbers are worked on at once."""
    return entry(loop, fastmath={"reassoc", "nsz", "contract"}, forceinline=True, **_INSIDE)


def called_by_nutpie(*signature: Any, **more: Any) -> Any:
    """Loop with the interface of C."""
    return lambda loop: compiled(lambda keep: numba.cfunc(*signature, cache=keep, **more)(loop))
