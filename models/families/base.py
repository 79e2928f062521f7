"""What every CPD family must do: declare, give log-probabilities, give tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from ..network.network import Network, Node
    from ..parameters.parameter import Parameter

#: Label of the member of a group that the data does not hold.
NEW = "(new)"


class Family(Protocol):
    """The mathematics of one kind of conditional probability table.

    `values` maps a parameter's name to its array. For `log_prob`, dims (samples, ...) in NumPy and without
    samples in PyTensor. For `table`, dims (..., samples): with the draws innermost every loop of NumPy runs
    over many of them, where the axes of a table have a few states each. They may be arrays of another library
    that has NumPy's functions (see `namespace`); then the table is one too.
    """

    def faults(self, node: Node, network: Network) -> list[str]:
        """Say why `node` cannot be of this family."""
        ...

    def parameters(self, node: Node, network: Network) -> tuple[Parameter, ...]:
        """Declare the parameters whose priors can be stated (group members excepted)."""
        ...

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        node: Node,
        network: Network,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases.

        Parameters
        ----------
        codes
            State numbers, shape (cases, parents + 1), columns in the order of ``network.axes(node.name)``.
        members
            Group effect -> member number, shape (cases,).
        xp
            ``numpy`` or ``pytensor.tensor``.

        Returns
        -------
        array
            Shape (..., cases).
        """
        ...

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        node: Node,
        network: Network,
    ) -> np.ndarray:
        """Conditional probabilities, sliced before they are made.

        Parameters
        ----------
        fixed
            Node -> state number, for axes that evidence or intervention fixes.
        members
            Group effect -> member number.

        Returns
        -------
        ndarray
            Shape (*free axes, samples), axes in the order of ``network.axes(node.name)``.
        """
        ...


def plain_faults(family: str, node: Node) -> list[str]:
    """Say what `node` states that a family without terms and group effects cannot take."""
    faults = [f"family '{family}' has no term '{a.term}'; drop the term" for a in node.parents if a.term]
    faults += [f"family '{family}' has no 'by'; drop it from '{a.parent}'" for a in node.parents if a.by]
    return faults + [f"family '{family}' has no group effects; drop '{group.name}'" for group in node.groups]


def take(xp: ModuleType, table: Any, index: np.ndarray) -> Any:
    """Pick entries along the last axis, in NumPy and PyTensor alike."""
    return xp.take(table, index, axis=-1)


def namespace(array: Any) -> Any:
    """The library an array is of: NumPy, or one with the same functions for other processors."""
    return array.__array_namespace__()


def flat_index(codes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Position of each row of `codes` in a flattened table of the given shape."""
    return np.asarray(np.ravel_multi_index(tuple(codes.T), shape))


def flatten_tail(array: Any, dims: int) -> Any:
    """Merge the last `dims` dims into one, in NumPy and PyTensor alike."""
    leading = tuple(array.shape[place] for place in range(array.ndim - dims))
    return array.reshape((*leading, -1))


def one_hot(index: np.ndarray, size: int) -> np.ndarray:
    """Rows of zeros with a one at `index`, shape (len(index), size)."""
    rows = np.zeros((len(index), size))
    rows[np.arange(len(index)), index] = 1.0
    return rows
