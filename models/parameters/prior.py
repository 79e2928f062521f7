"""Priors as plain values: a distribution with numbers, and a named set of them with reasons."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ..errors import PriorError

#: A number, one for each state, or a number by state name.
Value = float | tuple[float, ...] | tuple[tuple[str, float], ...]
#: How a source was consulted, from the surest way to none.
CERTAINTIES = ("read", "recomputed", "memory", "judgement")
#: What values a parameter can take.
REAL, POSITIVE, UNIT, SIMPLEX = "real", "positive", "unit", "simplex"


@dataclass(frozen=True)
class Distribution:
    """What Servanda knows of a distribution: its numbers, its support, its density, its draws, its PyMC name.

    `log_prob(x, **numbers)` is elementwise, but for a simplex, where it takes the last axis as one point.
    `pymc_numbers` are PyMC's names for `numbers`, in the same order; a simplex has the one for its `alpha` instead.
    `alpha(size, **numbers)` gives the Dirichlet numbers of a simplex of `size` states, or of each row of a square
    table of them where `square` says that the numbers speak of rows.
    """

    numbers: tuple[str, ...]
    positive: frozenset[str]
    support: str
    log_prob: Callable[..., np.ndarray]
    sample: Callable[..., np.ndarray]
    pymc: str
    pymc_numbers: tuple[str, ...]
    alpha: Callable[..., np.ndarray] | None = None
    square: bool = False


def _normal(x: Any, mu: Any, sigma: Any) -> np.ndarray:
    return -0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) - 0.5 * math.log(2 * math.pi)


def _half_normal(x: Any, sigma: Any) -> np.ndarray:
    return np.where(np.asarray(x) >= 0, math.log(2) + _normal(x, 0.0, sigma), -np.inf)


def _student_t(x: Any, nu: Any, mu: Any, sigma: Any) -> np.ndarray:
    from scipy.stats import t

    return t.logpdf(x, nu, mu, sigma)


def _exponential(x: Any, lam: Any) -> np.ndarray:
    return np.where(np.asarray(x) >= 0, np.log(lam) - lam * np.asarray(x), -np.inf)


def _lognormal(x: Any, mu: Any, sigma: Any) -> np.ndarray:
    log = np.log(x)
    return _normal(log, mu, sigma) - log


def _beta(x: Any, alpha: Any, beta: Any) -> np.ndarray:
    from scipy.special import betaln, xlog1py, xlogy

    inside = np.clip(x, 0.0, 1.0)
    log_p = xlogy(alpha - 1, inside) + xlog1py(beta - 1, -inside) - betaln(alpha, beta)
    return np.where(inside == x, log_p, -np.inf)


def _dirichlet(x: Any, alpha: Any) -> np.ndarray:
    # Without SciPy, whose import takes longer than many a fit.
    alpha = np.broadcast_to(alpha, np.shape(x)[-1:])
    constant = math.lgamma(alpha.sum()) - sum(math.lgamma(a) for a in alpha)
    bent = alpha != 1  # a flat axis adds nothing, at a probability of 0 either
    with np.errstate(divide="ignore"):
        return constant + ((alpha[bent] - 1) * np.log(x[..., bent])).sum(axis=-1)


def _draw_dirichlet(rng: np.random.Generator, shape: tuple[int, ...], alpha: Any) -> np.ndarray:
    # Through log-gamma variables (Marsaglia and Tsang 2000, the boost for small shapes), so that a small
    # alpha underflows to 0 for some cells and never to 0/0 for a whole row.
    alpha = np.broadcast_to(np.asarray(alpha, float), shape)
    log_gamma = np.log(rng.standard_gamma(alpha + 1.0)) + np.log(rng.random(shape)) / alpha
    log_gamma -= log_gamma.max(axis=-1, keepdims=True)
    weight = np.exp(log_gamma)
    return weight / weight.sum(axis=-1, keepdims=True)


def _confusion_alpha(size: int, right: Any, near: Any, far: Any) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return np.select([apart == 0, apart == 1], [right + 0 * apart, near + 0 * apart], far + 0 * apart).astype(float)


def _confusion(x: Any, **numbers: Any) -> np.ndarray:
    rows = _confusion_alpha(np.shape(x)[-1], **numbers)
    return np.stack([_dirichlet(x[..., place, :], alpha) for place, alpha in enumerate(rows)], axis=-1)


def _draw_confusion(rng: np.random.Generator, shape: tuple[int, ...], **numbers: Any) -> np.ndarray:
    return _draw_dirichlet(rng, shape, _confusion_alpha(shape[-1], **numbers))


#: Every distribution a prior can be; one line adds one.
DISTRIBUTIONS: Mapping[str, Distribution] = {
    "normal": Distribution(
        ("mu", "sigma"),
        frozenset({"sigma"}),
        REAL,
        _normal,
        lambda rng, shape, mu, sigma: rng.normal(mu, sigma, shape),
        "Normal",
        ("mu", "sigma"),
    ),
    "student_t": Distribution(
        ("nu", "mu", "sigma"),
        frozenset({"nu", "sigma"}),
        REAL,
        _student_t,
        lambda rng, shape, nu, mu, sigma: mu + sigma * rng.standard_t(nu, shape),
        "StudentT",
        ("nu", "mu", "sigma"),
    ),
    "half_normal": Distribution(
        ("sigma",),
        frozenset({"sigma"}),
        POSITIVE,
        _half_normal,
        lambda rng, shape, sigma: np.abs(rng.normal(0.0, sigma, shape)),
        "HalfNormal",
        ("sigma",),
    ),
    "exponential": Distribution(
        ("lam",),
        frozenset({"lam"}),
        POSITIVE,
        _exponential,
        lambda rng, shape, lam: rng.exponential(1 / np.asarray(lam), shape),
        "Exponential",
        ("lam",),
    ),
    "lognormal": Distribution(
        ("mu", "sigma"),
        frozenset({"sigma"}),
        POSITIVE,
        _lognormal,
        lambda rng, shape, mu, sigma: rng.lognormal(mu, sigma, shape),
        "LogNormal",
        ("mu", "sigma"),
    ),
    "beta": Distribution(
        ("alpha", "beta"),
        frozenset({"alpha", "beta"}),
        UNIT,
        _beta,
        lambda rng, shape, alpha, beta: rng.beta(alpha, beta, shape),
        "Beta",
        ("alpha", "beta"),
    ),
    "dirichlet": Distribution(
        ("alpha",),
        frozenset({"alpha"}),
        SIMPLEX,
        _dirichlet,
        _draw_dirichlet,
        "Dirichlet",
        ("a",),
        alpha=lambda size, alpha: np.broadcast_to(alpha, size),
    ),
    # Rows are what is true, columns what is said: weights of the right state, of its neighbours, of all others.
    "confusion": Distribution(
        ("right", "near", "far"),
        frozenset({"right", "near", "far"}),
        SIMPLEX,
        _confusion,
        _draw_confusion,
        "Dirichlet",
        ("a",),
        alpha=_confusion_alpha,
        square=True,
    ),
}


@dataclass(frozen=True)
class Prior:
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

    def _faults(self) -> list[str]:
        if self.distribution not in DISTRIBUTIONS:
            return [f"unknown distribution{nearest(self.distribution, DISTRIBUTIONS)}"]
        known = DISTRIBUTIONS[self.distribution]
        given = dict(self.numbers)
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
        return sorted(faults)

    @property
    def support(self) -> str:
        """What values it covers: real, positive, unit (from 0 to 1) or simplex."""
        return DISTRIBUTIONS[self.distribution].support

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
        return DISTRIBUTIONS[self.distribution].square

    def alpha(self, shape: tuple[int, ...], states: Sequence[str] | None = None, where: str = "prior") -> np.ndarray:
        """Dirichlet numbers of every row of a table of the given shape; the prior must be a simplex.

        Examples
        --------
        >>> Prior.of("confusion", right=6, near=1, far=0.5).alpha((3, 3))
        array([[6. , 1. , 0.5],
               [1. , 6. , 1. ],
               [0.5, 1. , 6. ]])
        """
        known = DISTRIBUTIONS[self.distribution]
        if known.alpha is None:
            raise PriorError(where, [Fault("", f"{self} is no prior of probabilities")])
        return np.broadcast_to(known.alpha(shape[-1], **self.resolved(states, where)), shape)

    def log_prob(self, x: Any, states: Sequence[str] | None = None) -> np.ndarray:
        """Log density at `x`: elementwise, or over the last axis for a simplex."""
        return DISTRIBUTIONS[self.distribution].log_prob(np.asarray(x, float), **self.resolved(states))

    def sample(
        self, rng: np.random.Generator, shape: tuple[int, ...], states: Sequence[str] | None = None
    ) -> np.ndarray:
        """Draws of the given shape (for a simplex, the last axis is one point)."""
        return DISTRIBUTIONS[self.distribution].sample(rng, shape, **self.resolved(states))

    def __str__(self) -> str:
        return f"{self.distribution}({', '.join(f'{name}={_shown(value)}' for name, value in self.numbers)})"


def _frozen(value: Any) -> Value:
    if isinstance(value, Mapping):
        return tuple((str(state), float(number)) for state, number in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(float(number) for number in value)
    return float(value)


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


def is_pattern(name: str) -> bool:
    """Whether a name of parameters stands for a whole class of them."""
    return any(mark in name for mark in "*?[")


@dataclass(frozen=True)
class PriorEntry:
    """A prior for one parameter, or for all whose name matches a pattern, with why.

    Parameters
    ----------
    parameter
        A parameter's name (``compliance.guarantors``) or a pattern with ``*`` (``*.table``).
    prior
        The distribution.
    reason, source
        Why this one, and where that comes from.
    certainty
        How sure the source is: read (in a source), recomputed, memory, or judgement.
    """

    parameter: str
    prior: Prior
    reason: str = ""
    source: str = ""
    certainty: str = "judgement"

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for a whole class of parameters."""
        return is_pattern(self.parameter)


@dataclass(frozen=True)
class PriorSet:
    """Priors for all parameters of a network, under a name.

    Parameters
    ----------
    entries
        An entry that names a parameter wins over a pattern; a later pattern wins over an earlier one.
    name, title, description
        Whose view it is.
    based_on
        Data sets the priors were made from, so that they are not used with the same data.

    Examples
    --------
    >>> priors = PriorSet((PriorEntry("*", Prior.of("normal", mu=0, sigma=1)),
    ...                    PriorEntry("y.x", Prior.of("normal", mu=1, sigma=1))))
    >>> str(priors["y.x"]), str(priors["y.z"])
    ('normal(mu=1, sigma=1)', 'normal(mu=0, sigma=1)')
    """

    entries: tuple[PriorEntry, ...]
    name: str = "unnamed"
    title: str = ""
    description: str = ""
    based_on: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, priors: Mapping[str, Prior], name: str = "unnamed") -> PriorSet:
        """Make a set from parameter (or pattern) -> prior."""
        return cls(tuple(PriorEntry(parameter, prior) for parameter, prior in priors.items()), name=name)

    def entry(self, parameter: str) -> PriorEntry | None:
        """Find the entry that speaks for `parameter`, or None."""
        exact = [entry for entry in self.entries if entry.parameter == parameter]
        if exact:
            return exact[-1]
        matching = [
            entry for entry in self.entries if entry.is_pattern and fnmatch.fnmatchcase(parameter, entry.parameter)
        ]
        return matching[-1] if matching else None

    def __getitem__(self, parameter: str) -> Prior:
        entry = self.entry(parameter)
        if entry is None:
            raise KeyError(parameter)
        return entry.prior
