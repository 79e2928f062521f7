"""`table`: one Dirichlet for each configuration of the parents."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..node import Local
from ..parameters.distributions import SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import Family, flat_index, flatten_tail, plain_faults, take
from .rows import CELL, Book, RowWriter

UNIFORM = Prior.of("dirichlet", alpha=1.0)


class Table(Family):
    """A full table of probabilities, its rows independent a priori.

    Its single parameter ``<node>.table`` has the parents' dims, then the node's own.
    """

    conjugate: ClassVar[bool] = True

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be a table."""
        return plain_faults("table", local)

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the table."""
        doc = f"probability of each state of {local.node.title}, for each configuration of its parents"
        return (Parameter(self.stored_table(local), local.axes, SIMPLEX, UNIFORM, doc=doc),)

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        shape = local.shape
        flat = flatten_tail(values[self.stored_table(local)], len(shape))
        return xp.log(take(xp, flat, flat_index(codes, shape)))

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],  # noqa: ARG002
        local: Local,
    ) -> np.ndarray:
        """Slice the table, shape (*free axes, samples)."""
        return values[self.stored_table(local)][tuple(fixed.get(axis, slice(None)) for axis in local.axes)]

    def stored_table(self, local: Local) -> str:
        """Name of the variable that holds the table."""
        return f"{local.name}.table"

    def in_loops(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the compiled loops know its rows: they do."""
        return True

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row pick its cell."""
        start, shape = book.start[self.stored_table(local)], local.shape
        return RowWriter(CELL, start, lambda codes, members: start + flat_index(codes, shape)[:, None])  # noqa: ARG005
