"""Priors as plain values: a distribution with its numbers, which may differ by state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...common.show import Shown, View
from ..errors import PriorError
from .distributions import DISTRIBUTIONS, Distribution

#: A number, one for each state, or a number by state name.
Value = float | tuple[float, ...] | tuple[tuple[str, float], ...]
#: Size of numbers whose square still is a number, and the inverse of it; what must be above 0 is not smaller.
LARGEST = 1e100


@dataclass(frozen=True, repr=False)
class Prior(Shown):
    """A distribution with its numbers.

    Parameters
    ----------
    distribution
        A key of `DISTRIBUTIONS`.
    numbers
        Name -> number, one number for each state, or state -> number.

    Raises
    ------
    PriorError
        Listing an unknown distribution, missing, unknown or impossible numbers.

    Examples
    --------
    >>> slope = Prior.of("normal", mu=0.0, sigma=0.7)
    >>> str(slope)
    'normal(mu=0, sigma=0.7)'
    >>> round(float(slope.log_prob(0.0)), 4)
    -0.5623
    """

    distribution: str
    numbers: tuple[tuple[str, Value], ...]

    def __post_init__(self) -> None:
        """Check the numbers."""
        raise_faults(f"prior {self.distribution}", [Fault("", what) for what in self._faults()], PriorError)

    @classmethod
    def of(cls, distribution: str, **numbers: float | Sequence[float] | Mapping[str, float]) -> Prior:
        """Make a prior from plain numbers, lists or mappings by state."""
        return cls(distribution, tuple(sorted((name, _frozen(value)) for name, value in numbers.items())))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Prior:
        """Make a prior from what `to_dict` gives."""
        return cls.of(raw["distribution"], **{name: value for name, value in raw.items() if name != "distribution"})

    def to_dict(self) -> dict[str, Any]:
        """Plain content: the distribution, and each number as a number, a list, or a number by state.

        Examples
        --------
        >>> Prior.of("dirichlet", alpha={"no": 1, "yes": 2}).to_dict()
        {'distribution': 'dirichlet', 'alpha': {'no': 1.0, 'yes': 2.0}}
        """
        return {"distribution": self.distribution, **{name: _plain(value) for name, value in self.numbers}}

    def _faults(self) -> list[str]:
        if self.distribution not in DISTRIBUTIONS:
            return [f"unknown distribution{nearest(self.distribution, DISTRIBUTIONS)}"]
        known, given = self.kind, dict(self.numbers)
        faults = [f"needs {name}" for name in known.numbers if name not in given]
        faults += [
            f"has no number '{name}'{nearest(name, known.numbers)}" for name in given if name not in known.numbers
        ]
        for name in set(known.numbers) & set(given):
            numbers = _flat(given[name])
            if not numbers or not all(math.isfinite(number) for number in numbers):
                faults.append(f"{name} is not a finite number: {given[name]}")
            elif name in known.positive and min(numbers) <= 0:
                faults.append(f"{name} must be above 0, not {min(numbers):g}")
            elif max(map(abs, numbers)) > LARGEST or (name in known.positive and min(numbers) < 1 / LARGEST):
                between = f"{1 / LARGEST:g} and {LARGEST:g}"
                faults.append(f"{name} is too large or too small to be reckoned with; take a size between {between}")
        return sorted(faults)

    @property
    def kind(self) -> Distribution:
        """Record of its distribution."""
        return DISTRIBUTIONS[self.distribution]

    @property
    def support(self) -> str:
        """Values it covers: real, positive, unit (from 0 to 1) or simplex."""
        return self.kind.support

    def resolved(self, states: Sequence[str] | None = None, where: str = "prior") -> dict[str, np.ndarray]:
        """Numbers as arrays: scalars stay scalar, the rest has one entry for each of `states`.

        Raises
        ------
        PriorError
            If the numbers do not match the states.
        """
        return {name: _resolve(value, states, f"{where}, {name}") for name, value in self.numbers}

    @property
    def square(self) -> bool:
        """Whether it speaks of the rows of a table as wide as it is high."""
        return self.kind.square

    def alpha(self, shape: tuple[int, ...], states: Sequence[str] | None = None, where: str = "prior") -> np.ndarray:
        """Dirichlet numbers of every row of a table of the given shape; the prior must be a simplex.

        Examples
        --------
        >>> Prior.of("confusion", right=6, near=1, far=0.5).alpha((3, 3))
        array([[6. , 1. , 0.5],
               [1. , 6. , 1. ],
               [0.5, 1. , 6. ]])
        """
        rows = self.kind.alpha(shape[-1], **self.resolved(states, where))
        if rows is None:
            raise PriorError(where, [Fault("", f"{self} is no prior of probabilities")])
        return np.broadcast_to(rows, shape)

    def log_prob(self, x: Any, states: Sequence[str] | None = None) -> np.ndarray:
        """Log density at `x`: elementwise, or over the last axis for a simplex."""
        return self.kind.log_prob(np.asarray(x, float), **self.resolved(states))

    def sample(
        self, rng: np.random.Generator, shape: tuple[int, ...], states: Sequence[str] | None = None
    ) -> np.ndarray:
        """Draws of the given shape (for a simplex, the last axis is one point)."""
        return self.kind.sample(rng, shape, **self.resolved(states))

    def from_uniform(self, u: np.ndarray, states: Sequence[str] | None = None, where: str = "prior") -> np.ndarray:
        """Draws from uniform numbers, of the same shape, by the inverse distribution function."""
        return self.kind.from_uniform(u, **self.resolved(states, where))

    def from_normal(self, z: np.ndarray, states: Sequence[str] | None = None, where: str = "prior") -> np.ndarray:
        """Draws of the same rank as standard normal numbers, of the same shape."""
        return self.kind.from_normal(z, **self.resolved(states, where))

    def __str__(self) -> str:
        return f"{self.distribution}({', '.join(f'{name}={_shown(value)}' for name, value in self.numbers)})"

    def _view(self) -> View:
        return View(str(self), {"support": self.support})


def _frozen(value: Any) -> Value:
    if isinstance(value, Mapping):
        return tuple((str(state), float(number)) for state, number in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(float(number) for number in value)
    return float(value)


def _plain(value: Value) -> float | list[float] | dict[str, float]:
    """Undo what `_frozen` did."""
    if not isinstance(value, tuple):
        return value
    named = {item[0]: item[1] for item in value if isinstance(item, tuple)}
    return named or [item for item in value if not isinstance(item, tuple)]


def _is_named(value: Value) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], tuple)


def _flat(value: Value) -> list[float]:
    if not isinstance(value, tuple):
        return [float(value)]
    return [float(item[1]) if isinstance(item, tuple) else float(item) for item in value]


def _resolve(value: Value, states: Sequence[str] | None, where: str) -> np.ndarray:
    if not isinstance(value, tuple):
        return np.asarray(float(value))
    names = list(states or ())
    if _is_named(value):
        by_name = {str(item[0]): float(item[1]) for item in value if isinstance(item, tuple)}
        faults = [
            Fault(where, f"unknown state '{name}'{nearest(name, names)}") for name in by_name if name not in names
        ]
        faults += [Fault(where, f"no number for state '{name}'") for name in names if name not in by_name]
        raise_faults("priors", faults, PriorError)
        return np.array([by_name[name] for name in names])
    numbers = _flat(value)
    if len(numbers) != len(names):
        raise PriorError(
            "priors",
            [Fault(where, f"has {len(numbers)} numbers for {len(names)} states: {', '.join(names)}")],
        )
    return np.array(numbers)


def _shown(value: Value) -> str:
    if not isinstance(value, tuple):
        return f"{value:g}"
    return "[" + ", ".join(f"{v[0]}: {v[1]:g}" if isinstance(v, tuple) else f"{v:g}" for v in value) + "]"
