"""What does the sums: NumPy, or JAX where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from ...common.errors import nearest
from ..errors import QueryError
from .answers import Solver
from .contract import solve


def _numpy() -> Solver:
    return solve


def _jax() -> Solver:
    if find_spec("jax") is None:
        raise QueryError.of("backend jax", "JAX is not installed; install it, e.g. `pip install servanda[jax]`")
    from .contract_jax import solve_in_jax

    return solve_in_jax


#: Backend -> function that gives its solver; one line adds one.
SOLVERS: Mapping[str, Callable[[], Solver]] = {"numpy": _numpy, "jax": _jax}


def solver(backend: str) -> Solver:
    """Give the solver of a backend.

    Raises
    ------
    QueryError
        If there is no such backend, or what it needs is not installed.

    Examples
    --------
    >>> solver("numpy").__name__
    'solve'
    """
    if backend not in SOLVERS:
        raise QueryError.of(f"backend {backend}", f"there is none of this name{nearest(backend, SOLVERS)}")
    return SOLVERS[backend]()
