"""Parameters as CPD families declare them: names, dims, supports, default priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...common.errors import Fault
from .distributions import SIMPLEX
from .prior import Prior
from .prior_set import PriorSet


@dataclass(frozen=True)
class Parameter:
    """A parameter of a node.

    Parameters
    ----------
    name
        ``node.parameter``.
    dims
        Named dims, outermost first; a simplex lies along the last.
    support
        What values it can take: real, positive, unit (from 0 to 1) or simplex.
    default
        Prior where nobody states one.
    zero_sum
        How many of the last dims sum to zero (real parameters only).
    doc
        What it means, with its unit.
    """

    name: str
    dims: tuple[str, ...]
    support: str
    default: Prior
    zero_sum: int = 0
    doc: str = ""

    def states(self, coords: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Coordinates of the last dim: what a prior's numbers by state refer to."""
        return tuple(coords[self.dims[-1]]) if self.dims else ()

    def prior(self, priors: PriorSet | None) -> Prior:
        """Give the prior stated for it, or the default when no set is given at all."""
        return self.default if priors is None else priors[self.name]

    def faults(self, priors: PriorSet | None, coords: Mapping[str, tuple[str, ...]]) -> list[Fault]:
        """List what is wrong with the prior stated for this parameter."""
        if priors is None:
            return []
        entry = priors.entry(self.name)
        if entry is None:
            hint = f"add an entry for it, or for '*.{self.name.split('.', 1)[1]}'"
            return [Fault(self.name, f"the set has no prior for this parameter; {hint}")]
        if entry.prior.support != self.support:
            return [Fault(self.name, f"takes {self.support} values, but {entry.prior} is {entry.prior.support}")]
        if entry.prior.square and (len(self.dims) < 2 or len(coords[self.dims[-2]]) != len(coords[self.dims[-1]])):
            what = f"{entry.prior} is for a table whose last parent has the states of the node; state a dirichlet"
            return [Fault(self.name, what)]
        by_state = [name for name, value in entry.prior.numbers if isinstance(value, tuple)]
        if self.zero_sum and (what := entry.prior.kind.zero_sum_fault(by_state, self.zero_sum)):
            return [Fault(self.name, what)]
        try:
            entry.prior.resolved(self.states(coords), self.name)
        except Exception as error:  # noqa: BLE001  every fault of every parameter is reported together
            return list(getattr(error, "faults", [Fault(self.name, str(error))]))
        return []

    def centred(self, x: np.ndarray) -> np.ndarray:
        """Centre independent normals, shape (..., *dims), where the parameter sums to zero; else leave them.

        That draws from the normal restricted to the zero-sum subspace.
        """
        for axis in range(-self.zero_sum, 0):
            x = x - x.mean(axis=axis, keepdims=True)
        return x

    def log_prior(self, x: np.ndarray, prior: Prior, coords: Mapping[str, tuple[str, ...]]) -> np.ndarray:
        """Log prior density, summed over the parameter's own dims.

        Parameters
        ----------
        x
            Shape (..., *dims).

        Returns
        -------
        ndarray
            Shape (...).
        """
        states = self.states(coords)
        own = tuple(range(-len(self.dims), 0))
        if self.support == SIMPLEX:
            density = prior.log_prob(x, states)
            return density.sum(axis=own[1:]) if len(own) > 1 else density
        if not self.zero_sum:
            return prior.log_prob(x, states).sum(axis=own) if own else prior.log_prob(x)
        return prior.kind.zero_sum_log_prob(x, len(self.dims), self.zero_sum, **prior.resolved(states))


def sample_prior(
    parameter: Parameter,
    prior: Prior,
    coords: Mapping[str, tuple[str, ...]],
    rng: np.random.Generator,
    samples: int,
) -> np.ndarray:
    """Draw a parameter from its prior.

    Returns
    -------
    ndarray
        Shape (samples, *dims).
    """
    states = parameter.states(coords)
    shape = (samples, *(len(coords[dim]) for dim in parameter.dims))
    return parameter.centred(prior.sample(rng, shape, states))
