"""`pooled_table`: a full table whose rows shrink to the node's own average, by as much as the cases say.

p_j ~ Dirichlet(kappa m) for every configuration j, with the average m and the concentration kappa learned (MacKay
and Peto 1995, Natural Language Engineering 1(3):289-308; for Bayesian networks Azzimonti, Corani and Zaffalon
2019, Computational Statistics and Data Analysis 137:67-91). Given m and kappa the rows are conjugate, so that a
node that no missing cell touches is sampled without them, and its rows are drawn exactly afterwards.

It is a family of its own and not an option of `table`: what is stated, sampled and drawn differs, and what a node
is called decides it, as everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ..node import Local
from ..parameters.distributions import POSITIVE, SIMPLEX, dirichlet_draws
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import plain_faults
from .table import UNIFORM, Table

#: Median 5 cases, nineteen in twenty beliefs between a half and fifty: where the average is one half, rows then differ
#: by a standard deviation of 0.4 down to 0.07. Not a half-normal, whose mass at 0 makes every empty row a certainty.
CONCENTRATION = Prior.of("lognormal", mu=1.6, sigma=1.2)


class PooledTable(Table):
    """A full table of probabilities, its rows alike a priori: ``<node>.table`` has a prior that is learned.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> era = Node("era", ("cold war", "after"))
    >>> network = Network((era, Node("kept", ("no", "yes"), (Arrow("era"),), family="pooled_table")))
    >>> [parameter.name for parameter in network_parameters(network, ["kept"])]
    ['kept.average', 'kept.concentration']
    """

    conjugate: ClassVar[bool] = False

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be a pooled table."""
        few = ["family 'pooled_table' needs two states or more"] if len(local.states) < 2 else []
        return plain_faults("pooled_table", local) + few

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the average row and how close to it the rows are; the rows follow from these and the cases."""
        doc = f"probability of each state of {local.node.title}, averaged over the configurations of its parents"
        weight = f"how many cases the average row of {local.node.title} is worth in each row of its table"
        return (
            Parameter(average_name(local), (local.name,), SIMPLEX, UNIFORM, doc=doc),
            Parameter(concentration_name(local), (), POSITIVE, CONCENTRATION, doc=weight),
        )

    def learns_rows(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the rows have a prior that is learned: they have."""
        return True

    def row_alpha(self, values: Mapping[str, Any], local: Local) -> Any:
        """Dirichlet numbers of every row before its cases, dims (..., states)."""
        return values[concentration_name(local)][..., None] * values[average_name(local)]

    def in_loops(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the compiled loops know its rows: they do not know a learned prior."""
        return False


def average_name(local: Local) -> str:
    """Name of the average row."""
    return f"{local.name}.average"


def concentration_name(local: Local) -> str:
    """Name of the number of cases that the average row is worth."""
    return f"{local.name}.concentration"


def log_marginal(alpha: Any, counted: np.ndarray) -> Any:
    """Log-probability of counted cases with the rows of the table integrated out, in PyTensor.

    The Dirichlet-multinomial without its coefficient (cases come one by one), summed over rows.

    Parameters
    ----------
    alpha
        Shape (states,).
    counted
        Cases of each configuration and state, shape (*parents, states).
    """
    import pytensor.tensor

    pt: Any = pytensor.tensor
    rows = counted.reshape(-1, counted.shape[-1])
    row, state = np.nonzero(rows)
    totals = np.sum(rows, axis=1)[np.unique(row)]
    cells = pt.gammaln(alpha[state] + rows[row, state]) - pt.gammaln(alpha[state])
    whole = pt.gammaln(alpha.sum()) - pt.gammaln(alpha.sum() + totals)
    return cells.sum() + whole.sum()


def rows_from_units(unit: Any, alpha: Any) -> tuple[Any, Any]:
    """Rows of Dirichlet(alpha) as functions of variables whose spread is about one whatever alpha, in PyTensor.

    A Dirichlet is a vector of gamma variables over their sum. The logarithm of Gamma(a) falls away to the left by
    1/a and to the right by about 1/sqrt(a), and a smooth bend takes both to one, so that what is sampled hardly
    depends on the average and the concentration. With the rows themselves as variables the concentration moves
    ten times as slowly. Any bend would be exact, for the density says what it was.

    Parameters
    ----------
    unit, alpha
        Shape (*parents, states).

    Returns
    -------
    rows
        Shape (*parents, states).
    density
        Log-density of each cell of `unit`, same shape; they are independent.
    """
    import pytensor.tensor

    pt: Any = pytensor.tensor
    right, left = 1.0 / pt.sqrt(alpha + 1.0), pt.sqrt(alpha + 1.0) / alpha
    log_gamma = pt.log(alpha + 0.5) + right * unit - (left - right) * pt.softplus(-unit)
    slope = right + (left - right) * pt.sigmoid(-unit)
    # Beyond exp(300) a step has failed whatever its density, and the sampler must still be able to square it.
    density = alpha * log_gamma - pt.exp(pt.minimum(log_gamma, 300.0)) - pt.gammaln(alpha) + pt.log(slope)
    # A cell below 1e-300 is kept there: it is nothing, and its logarithm still has a gradient.
    height = pt.maximum(log_gamma - pt.max(log_gamma, axis=-1, keepdims=True), -690.0)
    weight = pt.exp(height)
    return weight / pt.sum(weight, axis=-1, keepdims=True), density


def draw_rows(rng: np.random.Generator, alpha: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Draw the rows of a table given the average, the concentration and the cases.

    Parameters
    ----------
    alpha
        Shape (..., states).
    counted
        Shape (*parents, states).

    Returns
    -------
    ndarray
        Shape (..., *parents, states).
    """
    room = tuple(1 for _ in counted.shape[:-1])
    alpha = alpha.reshape((*alpha.shape[:-1], *room, alpha.shape[-1])) + counted
    return dirichlet_draws(rng, alpha.shape, alpha)
