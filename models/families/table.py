"""`table`: one Dirichlet for each configuration of the parents."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..parameters.distributions import SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import flat_index, flatten_tail, plain_faults, take

if TYPE_CHECKING:
    from ..network.network import Network, Node

UNIFORM = Prior.of("dirichlet", alpha=1.0)


class Table:
    """A full table of probabilities, its rows independent a priori.

    Its single parameter ``<node>.table`` has the parents' dims, then the node's own.
    """

    def faults(self, node: Node, network: Network) -> list[str]:  # noqa: ARG002
        """Say why `node` cannot be a table."""
        return plain_faults("table", node)

    def parameters(self, node: Node, network: Network) -> tuple[Parameter, ...]:
        """Declare the table."""
        doc = f"probability of each state of {node.title}, for each configuration of its parents"
        return (Parameter(table_name(node), network.axes(node.name), SIMPLEX, UNIFORM, doc=doc),)

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        node: Node,
        network: Network,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        shape = network.shape(node.name)
        flat = flatten_tail(values[table_name(node)], len(shape))
        return xp.log(take(xp, flat, flat_index(codes, shape)))

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],  # noqa: ARG002
        node: Node,
        network: Network,
    ) -> np.ndarray:
        """Slice the table, shape (*free axes, samples)."""
        return values[table_name(node)][tuple(fixed.get(axis, slice(None)) for axis in network.axes(node.name))]


#: Families whose rows are Dirichlet, with priors stated and not learned -> what their table is called.
DIRICHLET: Mapping[str, str] = {"table": "table", "confusion": "confusion"}


def table_name(node: Node) -> str:
    """Name of the parameter that holds the table."""
    return f"{node.name}.{DIRICHLET.get(node.family, 'table')}"


def counts(codes: np.ndarray, weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Count coded cases into a table of the given shape."""
    size = int(np.prod(shape))
    return np.bincount(flat_index(codes, shape), weights=weights, minlength=size).reshape(shape)
