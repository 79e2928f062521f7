"""`table`: one Dirichlet for each configuration of the parents; `confusion`: a table that is more often right than not.

What a coder says of a state, given the state, P(said = s | true = t, ...), is a full table, its rows independent and
Dirichlet, after Dawid and Skene (1979, Applied Statistics 28(1):20-28; cited from memory). What makes it a family of
its own is its prior: the diagonal weighs most, and in ordered states a neighbour more than what lies farther. That
names the states of a truth which nobody saw: without it every permutation of them would fit as well.

Its rows stay conjugate, so that it is drawn as a `table` is: exactly, by augmentation or by NUTS.
"""

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
#: By judgement: right in about four cases of five, with the weight of about eight cases in each row; in ordered states
#: a neighbour is twice as likely as what lies farther.
ORDERED = Prior.of("confusion", right=6.0, near=1.0, far=0.5)
UNORDERED = Prior.of("confusion", right=6.0, near=0.75, far=0.75)


class Table(Family):
    """A full table of probabilities, its rows independent a priori.

    Its single parameter ``<node>.table`` has the parents' dims, then the node's own.
    """

    conjugate: ClassVar[bool] = True
    made_of: ClassVar[str] = "cells"

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be a table."""
        return plain_faults("table", local)

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the table."""
        doc = f"probability of each state of {local.node.title}, for each configuration of its parents"
        return (Parameter(self.stored_table(local), local.dims, SIMPLEX, UNIFORM, doc=doc),)

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


class Confusion(Table):
    """What is said of the last parent, which has the states of the node; other parents may bear on how well.

    Its single parameter ``<node>.confusion`` has the dims of a table: other parents, the truth, what is said.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> kept = Node("kept", ("no", "yes"))
    >>> said = Node("said", ("no", "yes"), (Arrow("kept"),), family="confusion")
    >>> (parameter,) = network_parameters(Network((kept, said)), ["said"])
    >>> parameter.name, parameter.dims, str(parameter.default)
    ('said.confusion', ('kept', 'said'), 'confusion(far=0.75, near=0.75, right=6)')
    """

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot say something of its last parent."""
        faults = plain_faults("confusion", local)
        if not local.arrows:
            return [*faults, "family 'confusion' needs a parent: the node that it speaks of, as the last one"]
        truth = local.parent_names[-1]
        if local[truth].states != local.states:
            states = ", ".join(local[truth].states)
            faults.append(f"family 'confusion' speaks of its last parent and needs the states of '{truth}': {states}")
        return faults

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the table."""
        truth = local[local.parent_names[-1]].title
        doc = f"probability of each state of {local.node.title}, for each state of {truth}"
        default = ORDERED if local.node.ordered else UNORDERED
        return (Parameter(self.stored_table(local), local.dims, SIMPLEX, default, doc=doc),)

    def stored_table(self, local: Local) -> str:
        """Name of the variable that holds the table."""
        return f"{local.name}.confusion"

    def reported(self, local: Local) -> str:
        """Name the parent of which the node says what state it is in: the last."""
        return local.parent_names[-1]
