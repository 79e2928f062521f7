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

from ..names import node_dim
from ..node import Local
from ..parameters.distributions import POSITIVE, SIMPLEX, dirichlet_draws
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import plain_faults
from .regression import softplus
from .table import UNIFORM, Table

#: Median 5 cases, nineteen in twenty beliefs between a half and fifty: where the average is one half, rows then differ
#: by a standard deviation of 0.4 down to 0.07. Not a half-normal, whose mass at 0 makes every empty row a certainty.
CONCENTRATION = Prior.of("lognormal", mu=1.6, sigma=1.2)
#: Steps of Newton's method, which gains about a unit each far out and doubles its digits close by.
_STEPS = 100
#: Logarithm of the least probability that is told from nothing.
_LOWEST = -690.0


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
            Parameter(average_name(local), (node_dim(local.name),), SIMPLEX, UNIFORM, doc=doc),
            Parameter(concentration_name(local), (), POSITIVE, CONCENTRATION, doc=weight),
        )

    def learns_rows(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the rows have a prior that is learned: they have."""
        return True

    def row_alpha(self, values: Mapping[str, Any], local: Local) -> Any:
        """Dirichlet numbers of every row before its cases, dims (..., states)."""
        return values[concentration_name(local)][..., None] * values[average_name(local)]

    def pooled_by(self, local: Local) -> tuple[str, str]:
        """Names of the concentration and the average row, of which `row_alpha` is the product."""
        return concentration_name(local), average_name(local)


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


def rows_from_units(unit: Any, alpha: Any, xp: Any) -> Any:
    """Rows of Dirichlet(alpha) as functions of variables whose spread is about one whatever alpha.

    A row is broken off stick by stick: what a state takes of what those before it have left is a beta variable. Its
    log-odds fall away by 1/a to the left and 1/b to the right where these are small, and by about the standard
    deviation sqrt(1/a + 1/b) where they are large; a smooth bend takes both sides to one, so that what is sampled
    hardly depends on the average and the concentration. With the rows themselves as variables the concentration moves
    ten times as slowly. Any bend would be exact, for `unit_density` says what it was.

    Parameters
    ----------
    unit
        Shape (..., states - 1).
    alpha
        Shape (..., states).
    xp
        ``numpy`` or ``pytensor.tensor``.

    Returns
    -------
    array
        Shape (..., states).
    """
    odds, _ = _bent(unit, alpha, xp)
    passed = xp.cumsum(-softplus(odds, xp), axis=-1)
    nothing = xp.zeros_like(passed[..., :1])
    log_rows = xp.concatenate([-softplus(-odds, xp), nothing], axis=-1) + xp.concatenate([nothing, passed], axis=-1)
    # A cell below 1e-300 is kept there: it is nothing, and its logarithm still has a gradient.
    return xp.exp(xp.maximum(log_rows, _LOWEST))


def unit_density(unit: Any, alpha: Any) -> Any:
    """Log-density of each variable of `rows_from_units`, shape (..., states - 1), independent ones, in PyTensor."""
    import pytensor.tensor

    pt: Any = pytensor.tensor
    odds, steep = _bent(unit, alpha, pt)
    one, rest = _stick_numbers(alpha, pt)
    taken, passed = -softplus(-odds, pt), -softplus(odds, pt)
    norm = pt.gammaln(one + rest) - pt.gammaln(one) - pt.gammaln(rest)
    return one * taken + rest * passed + norm + pt.log(steep)


def units_from_rows(rows: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The inverse of `rows_from_units`, shape (..., states - 1)."""
    log = np.log(np.maximum(rows, np.exp(_LOWEST)))
    odds = log[..., :-1] - np.logaddexp.accumulate(log[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    unit = np.zeros(odds.shape)
    # Newton's steps: the bend rises everywhere, and is curved one way.
    for _ in range(_STEPS):
        found, steep = _bent(unit, alpha, np)
        unit = unit - (found - odds) / steep
    return unit


def _bent(unit: Any, alpha: Any, xp: Any) -> tuple[Any, Any]:
    """Log-odds of each stick, and how steeply they rise with their variable."""
    one, rest = _stick_numbers(alpha, xp)
    left, right = _sides(one, rest, xp)
    odds = xp.log(one + 0.5) - xp.log(rest + 0.5) + right * unit - (left - right) * softplus(-unit, xp)
    return odds, right + (left - right) * xp.exp(-softplus(unit, xp))


def _sides(one: Any, rest: Any, xp: Any) -> tuple[Any, Any]:
    """How steeply the log-odds of a stick rise far to the left and far to the right."""
    left = xp.sqrt(1.0 / one + 1.0 / one**2 + 1.0 / (rest + 1.0))
    return left, xp.sqrt(1.0 / rest + 1.0 / rest**2 + 1.0 / (one + 1.0))


def stick_table(alpha: np.ndarray) -> np.ndarray:
    """Numbers of the sticks of rows of Dirichlet(alpha), by cell, as the compiled loops take them.

    Parameters
    ----------
    alpha
        Shape (rows, states).

    Returns
    -------
    ndarray
        A state's own number, the sum of those after it, and the steepness to both sides, shape (rows * states, 4). The
        last state, which takes what is left, has its own number only.
    """
    table = np.zeros((*alpha.shape, 4))
    table[..., 0] = alpha
    one, rest = _stick_numbers(alpha, np)
    table[:, :-1, 1:] = np.stack([rest, *_sides(one, rest, np)], axis=-1)
    return table.reshape(-1, 4)


def _stick_numbers(alpha: Any, xp: Any) -> tuple[Any, Any]:
    """Beta numbers of each stick: a state's own, and the sum of those after it."""
    return alpha[..., :-1], xp.cumsum(alpha[..., ::-1], axis=-1)[..., ::-1][..., 1:]


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
