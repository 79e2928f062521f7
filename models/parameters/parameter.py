"""Parameters as CPD families declare them: names, dims, supports, default priors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...common.errors import Fault
from .distributions import POSITIVE, REAL, SIMPLEX, UNIT
from .learned_scale import LearnedScale
from .prior import Prior
from .prior_set import ROLES, PriorEntry, PriorSet

#: How far from one a stored row may be that single precision rounded.
_ROUNDED = 1e-6
#: Support -> whether values are in it, the last axis being that of a simplex, and the words for it.
_IN_SUPPORT: Mapping[str, tuple[Callable[[np.ndarray], bool], str]] = {
    REAL: (lambda _: True, "finite numbers"),
    POSITIVE: (lambda x: bool((x >= 0).all()), "positive numbers"),
    UNIT: (lambda x: bool(((x >= 0) & (x <= 1)).all()), "numbers from 0 to 1"),
    SIMPLEX: (
        lambda x: bool((x >= 0).all() and (x <= 1 + _ROUNDED).all() and (np.abs(x.sum(axis=-1) - 1) <= _ROUNDED).all()),
        "probabilities that add up to 1",
    ),
}


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
    scaled_by
        What the spread of its prior is multiplied by, where that is learned; the prior then states a middle and a
        relative spread. It is declared after the parameters that its scale follows from.
    role
        What it is to its node, in the word by which patterns of prior sets ask for it; None where that is the last word
        of its name. A parameter that is called after a parent or a group states it, lest their names decide it.
    """

    name: str
    dims: tuple[str, ...]
    support: str
    default: Prior
    zero_sum: int = 0
    doc: str = ""
    scaled_by: LearnedScale | None = None
    role: str | None = None

    def states(self, coords: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Coordinates of the last dim: what a prior's numbers by state refer to."""
        return tuple(coords[self.dims[-1]]) if self.dims else ()

    def prior(self, priors: PriorSet | None) -> Prior:
        """Give the prior stated for it, or the default when no set is given at all."""
        if priors is None:
            return self.default
        entry = self.entry(priors)
        if entry is None:
            raise KeyError(self.name)
        return entry.prior

    def entry(self, priors: PriorSet) -> PriorEntry | None:
        """Find the entry of a set that speaks for it, or None."""
        return priors.entry(self.name, self.role)

    def faults(self, priors: PriorSet | None, coords: Mapping[str, tuple[str, ...]]) -> list[Fault]:
        """List what is wrong with the prior stated for this parameter."""
        if priors is None:
            return []
        entry = self.entry(priors)
        if entry is None:
            wide = f"*.{self.name.split('.', 1)[1]}"
            # A pattern of such a name would be taken for one of another role.
            hint = "" if self.role and wide.removeprefix("*.") in ROLES else f", or for '{wide}'"
            return [Fault(self.name, f"the set has no prior for this parameter; add an entry for it{hint}")]
        if entry.prior.support != self.support:
            return [Fault(self.name, f"takes {self.support} values, but {entry.prior} is {entry.prior.support}")]
        if entry.prior.square and (len(self.dims) < 2 or len(coords[self.dims[-2]]) != len(coords[self.dims[-1]])):
            what = f"{entry.prior} is for a table whose last parent has the states of the node; state a dirichlet"
            return [Fault(self.name, what)]
        if self.scaled_by and not entry.prior.kind.location:
            what = f"has a spread that is learned (shrinkage); state a normal or a student_t prior, not {entry.prior}"
            return [Fault(self.name, what)]
        by_state = [name for name, value in entry.prior.numbers if isinstance(value, tuple)]
        if self.zero_sum and (what := entry.prior.kind.zero_sum_fault(by_state, self.zero_sum)):
            return [Fault(self.name, what)]
        try:
            entry.prior.resolved(self.states(coords), self.name)
        except Exception as error:  # noqa: BLE001  every fault of every parameter is reported together
            return list(getattr(error, "faults", [Fault(self.name, str(error))]))
        return []

    def value_faults(self, values: np.ndarray) -> list[Fault]:
        """List, at most once, that draws are not what the parameter can be.

        Parameters
        ----------
        values
            Shape (..., *dims).

        Examples
        --------
        >>> share = Parameter("y.share", (), "unit", Prior.of("beta", alpha=1, beta=1))
        >>> print(*share.value_faults(np.array([0.5, 1.5])))
        y.share: holds values that are no numbers from 0 to 1
        """
        holds, words = _IN_SUPPORT[self.support]
        if np.isfinite(values).all() and holds(values):
            return []
        return [Fault(self.name, f"holds values that are no {words}")]

    def centred(self, x: np.ndarray) -> np.ndarray:
        """Centre independent normals, shape (..., *dims), where the parameter sums to zero; else leave them.

        That draws from the normal restricted to the zero-sum subspace.
        """
        for axis in range(-self.zero_sum, 0):
            x = x - x.mean(axis=axis, keepdims=True)
        return x

    def words(self, prior: Prior) -> str:
        """What a prior says of it: the distribution, and where that is so, that its spread is relative.

        Examples
        --------
        >>> prior = Prior.of("normal", mu=0, sigma=1)
        >>> Parameter("y.x", (), "real", prior, scaled_by=LearnedScale(1.0, "y.r2")).words(prior)
        'normal(mu=0, sigma=1), spread times a learned scale'
        """
        return f"{prior}, spread times a learned scale" if self.scaled_by else str(prior)

    def stretched(self, y: Any, prior: Prior, coords: Mapping[str, tuple[str, ...]], values: Mapping[str, Any]) -> Any:
        """Values of the parameter from numbers that follow its prior as stated, in NumPy or PyTensor.

        Parameters
        ----------
        y
            Shape (..., *dims).
        values
            Other parameters, shape (..., *dims) each, those that it is scaled by among them.

        Returns
        -------
        array
            Their distances from the middle of the prior are multiplied by the learned scale; `y` itself without one.
        """
        if self.scaled_by is None:
            return y
        middle = self._middle(prior, coords)
        return middle + self._scale(values) * (y - middle)

    def as_stated(self, x: Any, prior: Prior, coords: Mapping[str, tuple[str, ...]], values: Mapping[str, Any]) -> Any:
        """Numbers that follow the prior as stated, from values of the parameter: the inverse of `stretched`."""
        if self.scaled_by is None:
            return x
        middle = self._middle(prior, coords)
        return middle + (x - middle) / self._scale(values)

    def log_stretch(
        self, values: Mapping[str, np.ndarray], coords: Mapping[str, tuple[str, ...]]
    ) -> np.ndarray | float:
        """Logarithm of the volume by which `stretched` multiplies, shape (...); 0 without a learned scale."""
        if self.scaled_by is None:
            return 0.0
        sizes = [len(coords[dim]) for dim in self.dims]
        split = len(sizes) - self.zero_sum
        return math.prod((*sizes[:split], *(size - 1 for size in sizes[split:]))) * np.log(self.scaled_by.of(values))

    def log_prior(
        self, values: Mapping[str, np.ndarray], prior: Prior, coords: Mapping[str, tuple[str, ...]]
    ) -> np.ndarray:
        """Log prior density, summed over the parameter's own dims, given the parameters that it is scaled by.

        Parameters
        ----------
        values
            The parameter and those that it is scaled by, shape (..., *dims) each; there may be others.

        Returns
        -------
        ndarray
            Shape (...).
        """
        y = self.as_stated(values[self.name], prior, coords, values)
        return self._log_prior(y, prior, coords) - self.log_stretch(values, coords)

    def _log_prior(self, x: np.ndarray, prior: Prior, coords: Mapping[str, tuple[str, ...]]) -> np.ndarray:
        states = self.states(coords)
        own = tuple(range(-len(self.dims), 0))
        if self.support == SIMPLEX:
            density = prior.log_prob(x, states)
            return density.sum(axis=own[1:]) if len(own) > 1 else density
        if not self.zero_sum:
            return prior.log_prob(x, states).sum(axis=own) if own else prior.log_prob(x)
        return prior.kind.zero_sum_log_prob(x, len(self.dims), self.zero_sum, **prior.resolved(states))

    def _middle(self, prior: Prior, coords: Mapping[str, tuple[str, ...]]) -> np.ndarray:
        """What the prior lies around."""
        numbers = prior.resolved(self.states(coords), self.name)
        if self.zero_sum:
            numbers = prior.kind.on_zero_sum(**numbers)
        return numbers[prior.kind.location]

    def _scale(self, values: Mapping[str, Any]) -> Any:
        """The learned scale, lined up with the parameter's own dims."""
        scale = self.scaled_by.of(values) if self.scaled_by else np.ones(())
        return scale[(..., *(None for _ in self.dims))]


def sample_prior(
    parameter: Parameter,
    prior: Prior,
    coords: Mapping[str, tuple[str, ...]],
    rng: np.random.Generator,
    samples: int,
    drawn: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Draw a parameter from its prior.

    Parameters
    ----------
    drawn
        Draws of the parameters that it is scaled by, shape (samples, *dims) each; there may be others.

    Returns
    -------
    ndarray
        Shape (samples, *dims).
    """
    states = parameter.states(coords)
    shape = (samples, *(len(coords[dim]) for dim in parameter.dims))
    y = parameter.centred(prior.sample(rng, shape, states))
    return parameter.stretched(y, prior, coords, drawn)
