"""Arrays handed by their addresses to compiled loops that are called without the interpreter, as nutpie calls them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from .jit import called_by_nutpie, inside

#: Array of a given shape that lies at a pointer.
view: Any = numba.carray  # pyright: ignore[reportPrivateImportUsage]


def addresses(*facts: np.ndarray | int) -> np.ndarray:
    """Where each array lies in memory, with its rows and columns; of a whole number, itself.

    Whoever hands them on keeps the arrays.

    Returns
    -------
    ndarray
        Shape (facts, 3).

    Raises
    ------
    ValueError
        If the numbers of an array do not lie one after another.

    Examples
    --------
    >>> addresses(np.zeros((2, 3)), np.zeros(4), 5)[:, 1:].tolist()
    [[2, 3], [1, 4], [0, 0]]
    """
    return np.array([_address(fact) for fact in facts], np.int64)


def _address(fact: np.ndarray | int) -> tuple[int, int, int]:
    if not isinstance(fact, np.ndarray):
        return fact, 0, 0
    if not fact.flags.c_contiguous:
        raise ValueError("an array must lie in memory row after row")
    rows, columns = np.atleast_2d(fact).shape
    return fact.ctypes.data, rows, columns


@intrinsic
def _take_for_address(typing: Any, address: Any) -> Any:  # noqa: ARG001  Numba's signature
    """Take a number for the address of something."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.uintp), code


_pointer: Any = _take_for_address


@inside
def integers_at(facts: Any) -> Any:
    """Whole numbers that a row of `addresses` tells of, shape (rows, columns)."""
    return view(_pointer(np.uintp(facts[0])), (facts[1], facts[2]), np.int64)


@inside
def reals_at(facts: Any) -> Any:
    """Numbers that a row of `addresses` tells of, shape (rows, columns)."""
    return view(_pointer(np.uintp(facts[0])), (facts[1], facts[2]), np.float64)


#: How nutpie calls a density: size, position, gradient, value, facts; anything but 0 rejects the step.
DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)


@inside
def told(value: Any, found: Any, slopes: Any) -> Any:
    """Write a density where nutpie reads it, and say how it went: what is no number makes nutpie reject the step."""
    view(value, (1,))[0] = found
    return 0 if np.isfinite(found) and np.isfinite(slopes.sum()) else 3


@called_by_nutpie(
    types.int64(types.uint64, types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr)
)
def unknowns_for_nutpie(size: Any, wanted: Any, x: Any, out: Any, facts: Any) -> Any:  # noqa: ARG001
    """Keep the unknowns as they are; they are brought to their scales after sampling."""
    kept, given = view(out, (size,)), view(x, (size,))
    for k in range(len(kept)):  # Numba takes seconds to compile an assignment of whole arrays
        kept[k] = given[k]
    return 0
