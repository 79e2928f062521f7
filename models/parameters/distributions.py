"""Distributions that a prior can have, each with all that is done with it in one record.

To add one, write a class and add it to `DISTRIBUTIONS`; `docs/skeletons/distribution.py` is one to start from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, override

import numpy as np
from numpy.polynomial.chebyshev import chebpts1, chebval, chebvander

from ...common.errors import Fault
from ..errors import PriorError

#: What values a parameter can take.
REAL, POSITIVE, UNIT, SIMPLEX = "real", "positive", "unit", "simplex"
#: Densities that the compiled loops of `servanda.models.density.loops` know.
NORMAL, STUDENT_T, HALF_NORMAL, EXPONENTIAL, LOGNORMAL, DIRICHLET, BETA = range(7)

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
#: Gamma variables below this are found by their series.
_SMALL = 1e-250
#: A curve of quantiles goes so many standard deviations up and down, and is made for so many quantiles or more, and for
#: shapes from here on: below it has a corner.
_CURVE_END, _WORTH_A_CURVE, _LEAST_SHAPE = 6.5, 400, 0.02
#: Its degree: it is smooth where the shape is 1 or more, and bends below.
_DEGREE, _DEGREE_BENT = 48, 128

#: Numbers of a prior, by name.
Numbers = dict[str, np.ndarray]


class Distribution:
    """Base of all distributions, with a default for every power that one can do without.

    A record states `name`, `numbers`, `positive` and `support`, and gives `log_prob` and `from_uniform`. Methods take
    the numbers by name, as arrays that broadcast with the values.
    """

    #: What a prior states it by.
    name: str = ""
    #: Its numbers, in the order of its formula, and those of them that must be above 0.
    numbers: tuple[str, ...] = ()
    positive: frozenset[str] = frozenset()
    #: What values it covers: real, positive, unit (from 0 to 1) or simplex.
    support: str = REAL
    #: Whether it speaks of the rows of a table as wide as it is high.
    square: bool = False
    #: Whether it covers what is positive with a density above 0 at 0.
    from_zero: bool = False
    #: The number that says how wide it is; a number that may be negative is moved in units of it.
    spread: str = ""
    #: The number that it lies around, where it keeps its kind once all distances from there are multiplied.
    location: str = ""
    #: Numbers that an elicitation may let differ by state, and numbers that no statement is thought to be about.
    by_state: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    #: PyMC's name of it, empty where it has none, and PyMC's names for `numbers` where they differ, in the same order.
    pymc: str = ""
    pymc_numbers: tuple[str, ...] = ()
    #: Under which code the compiled loops know its density; None leaves a fit to PyMC.
    loop_code: int | None = None

    def log_prob(self, x: Any, *args: Any, **numbers: Any) -> np.ndarray:
        """Log density: elementwise, or of each point along the last axis for a simplex."""
        raise NotImplementedError(self.name)

    def from_uniform(self, u: Any, *args: Any, **numbers: Any) -> np.ndarray:
        """Inverse distribution function: draws from uniform numbers, of the same shape, smooth in the numbers."""
        raise NotImplementedError(self.name)

    def from_normal(self, z: np.ndarray, *args: Any, **numbers: Any) -> np.ndarray:
        """The same from standard normal numbers, which some need and others come to at once."""
        from scipy.special import ndtr

        return self.from_uniform(ndtr(z), *args, **numbers)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], *args: Any, **numbers: Any) -> np.ndarray:
        """Draws of the given shape; for a simplex the last axis is one point."""
        return self.from_uniform(rng.random(shape), *args, **numbers)

    def centre(self, *args: Any, **numbers: Any) -> float:
        """Middling value, on the log scale where it is positive: where a sampler may begin."""
        middle = self.from_uniform(np.asarray(0.5), *args, **numbers)
        return float(np.log(middle) if self.support == POSITIVE else middle)

    def alpha(self, size: int, *args: Any, **numbers: Any) -> np.ndarray | None:  # noqa: ARG002
        """Dirichlet numbers of `size` states, or of each row of a square table of them; None if it is no simplex."""
        return None

    def pooled(self, shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers | None:  # noqa: ARG002
        """Numbers of the normalised product of its densities to the power of their shares; None if of another kind."""
        return None

    def variable(self, name: str, dims: tuple[str, ...], shape: tuple[int, ...], **numbers: Any) -> Any:  # noqa: ARG002
        """PyMC variable, in the context of a model.

        Raises
        ------
        PriorError
            If PyMC does not have it.
        """
        import pymc as pm

        if not self.pymc:
            raise PriorError(name, [Fault("", f"PyMC has no {self.name} distribution; state another")])
        theirs = dict(zip(self.pymc_numbers or self.numbers, (numbers[own] for own in self.numbers), strict=True))
        return getattr(pm, self.pymc)(name, **theirs, dims=dims or None)

    def loop_numbers(self, shape: tuple[int, ...], free: int, *args: Any, **numbers: Any) -> tuple[np.ndarray, float]:
        """Numbers of each value as the compiled loops take them, and the constant that they leave out.

        Parameters
        ----------
        shape
            Of the parameter.
        free
            How many unknowns stand for it; fewer than values where these sum to zero.

        Returns
        -------
        ndarray, float
            The numbers have shape (values, 3); the last of a distribution `from_zero` is its unit.
        """
        raise NotImplementedError(self.name)

    def zero_sum_fault(self, by_state: Sequence[str], axes: int) -> str:  # noqa: ARG002
        """Why it is no prior of effects that sum to zero along so many axes; empty if it is one.

        Parameters
        ----------
        by_state
            Numbers that differ by state.
        axes
            How many.
        """
        return f"effects that sum to zero take a normal prior, not {self.name}"

    def on_zero_sum(self, *args: Any, **numbers: Any) -> Numbers:
        """Numbers that count where effects sum to zero."""
        raise NotImplementedError(self.name)

    def zero_sum_log_prob(self, x: np.ndarray, dims: int, axes: int, *args: Any, **numbers: Any) -> np.ndarray:
        """Log density of effects on the subspace where the last `axes` of their `dims` axes sum to zero."""
        raise NotImplementedError(self.name)

    def zero_sum_variable(self, name: str, dims: tuple[str, ...], axes: int, *args: Any, **numbers: Any) -> Any:
        """PyMC variable of effects that sum to zero along the last `axes`."""
        raise NotImplementedError(self.name)


class _NormalScale(Distribution):
    """What the normal and the lognormal share: a middle and a spread on a scale without ends."""

    numbers, positive = ("mu", "sigma"), frozenset({"sigma"})
    spread, by_state = "sigma", frozenset({"mu"})

    @override
    def centre(self, mu: Any, sigma: Any) -> float:
        return float(mu)

    @override
    def pooled(self, shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
        return _by_precision(shares, numbers)

    @override
    def loop_numbers(self, shape: tuple[int, ...], free: int, mu: Any, sigma: Any) -> tuple[np.ndarray, float]:
        return _normal_loop(shape, free, mu, sigma)


class Normal(_NormalScale):
    """The normal distribution; the only one known on the subspace of effects that sum to zero."""

    name, support, location = "normal", REAL, "mu"
    pymc, loop_code = "Normal", NORMAL

    @override
    def log_prob(self, x: Any, mu: Any, sigma: Any) -> np.ndarray:
        return _normal(x, mu, sigma)

    @override
    def from_uniform(self, u: Any, mu: Any, sigma: Any) -> np.ndarray:
        return self.from_normal(_ndtri(u), mu, sigma)

    @override
    def from_normal(self, z: np.ndarray, mu: Any, sigma: Any) -> np.ndarray:
        return mu + sigma * z

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], mu: Any, sigma: Any) -> np.ndarray:
        return rng.normal(mu, sigma, shape)

    @override
    def zero_sum_fault(self, by_state: Sequence[str], axes: int) -> str:
        if "sigma" in by_state:
            return "effects that sum to zero take one sigma for all states"
        if axes > 1 and by_state:
            return "effects that sum to zero both ways take one number, not one for each state"
        return ""

    @override
    def on_zero_sum(self, mu: Any, sigma: Any) -> Numbers:
        return {"mu": mu - np.mean(mu), "sigma": np.max(sigma)}

    @override
    def zero_sum_log_prob(self, x: np.ndarray, dims: int, axes: int, mu: Any, sigma: Any) -> np.ndarray:
        # One dimension fewer along each axis that sums to zero.
        mean, spread = mu - np.mean(mu), float(np.max(sigma))
        shape = x.shape[x.ndim - dims :]
        split = len(shape) - axes
        free = int(np.prod(shape[:split])) * int(np.prod([size - 1 for size in shape[split:]]))
        squares = (((x - mean) / spread) ** 2).sum(axis=tuple(range(-dims, 0)))
        return -0.5 * squares - free * (np.log(spread) + 0.5 * np.log(2 * np.pi))

    @override
    def zero_sum_variable(self, name: str, dims: tuple[str, ...], axes: int, mu: Any, sigma: Any) -> Any:
        import pymc as pm

        mean = mu - np.mean(mu)
        moved = bool(np.any(mean))
        free = pm.ZeroSumNormal(
            f"{name}.free" if moved else name, sigma=float(np.max(sigma)), n_zerosum_axes=axes, dims=dims
        )
        return pm.Deterministic(name, free + mean, dims=dims) if moved else free


class StudentT(Distribution):
    """Student's t distribution with `nu` degrees of freedom, moved and stretched."""

    name, numbers, positive, support = "student_t", ("nu", "mu", "sigma"), frozenset({"nu", "sigma"}), REAL
    spread, location, by_state, fixed = "sigma", "mu", frozenset({"mu"}), frozenset({"nu"})
    pymc, loop_code = "StudentT", STUDENT_T

    @override
    def log_prob(self, x: Any, nu: Any, mu: Any, sigma: Any) -> np.ndarray:
        from scipy.stats import t

        return t.logpdf(x, nu, mu, sigma)

    @override
    def from_uniform(self, u: Any, nu: Any, mu: Any, sigma: Any) -> np.ndarray:
        from scipy.special import stdtrit

        return mu + sigma * stdtrit(nu, u)

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], nu: Any, mu: Any, sigma: Any) -> np.ndarray:
        return mu + sigma * rng.standard_t(nu, shape)

    @override
    def loop_numbers(self, shape: tuple[int, ...], free: int, nu: Any, mu: Any, sigma: Any) -> tuple[np.ndarray, float]:
        own = _columns(shape, mu, sigma, nu)
        half = [math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi) for nu in own[:, 2]]
        return own, float(np.sum(half) - np.log(own[:, 1]).sum())


class HalfNormal(Distribution):
    """The upper half of a normal distribution around 0."""

    name, numbers, positive, support = "half_normal", ("sigma",), frozenset({"sigma"}), POSITIVE
    from_zero, spread = True, "sigma"
    pymc, loop_code = "HalfNormal", HALF_NORMAL

    @override
    def log_prob(self, x: Any, sigma: Any) -> np.ndarray:
        return np.where(np.asarray(x) >= 0, math.log(2) + _normal(x, 0.0, sigma), -np.inf)

    @override
    def from_uniform(self, u: Any, sigma: Any) -> np.ndarray:
        return sigma * _ndtri((1 + u) / 2)

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], sigma: Any) -> np.ndarray:
        return np.abs(rng.normal(0.0, sigma, shape))

    @override
    def centre(self, sigma: Any) -> float:
        return float(np.log(sigma / 2))

    @override
    def pooled(self, shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
        return {"sigma": _average(shares, [own["sigma"] ** -2.0 for own in numbers]) ** -0.5}

    @override
    def loop_numbers(self, shape: tuple[int, ...], free: int, sigma: Any) -> tuple[np.ndarray, float]:
        own = _columns(shape, 0.0, sigma, sigma)
        return own, float(0.5 * np.log(2 / np.pi) * len(own) - np.log(own[:, 1]).sum())


class Exponential(Distribution):
    """The exponential distribution of rate `lam`."""

    name, numbers, positive, support = "exponential", ("lam",), frozenset({"lam"}), POSITIVE
    from_zero = True
    pymc, loop_code = "Exponential", EXPONENTIAL

    @override
    def log_prob(self, x: Any, lam: Any) -> np.ndarray:
        return np.where(np.asarray(x) >= 0, np.log(lam) - lam * np.asarray(x), -np.inf)

    @override
    def from_uniform(self, u: Any, lam: Any) -> np.ndarray:
        return -np.log1p(-u) / lam

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], lam: Any) -> np.ndarray:
        return rng.exponential(1 / np.asarray(lam), shape)

    @override
    def pooled(self, shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
        return _averaged(shares, numbers)

    @override
    def loop_numbers(self, shape: tuple[int, ...], free: int, lam: Any) -> tuple[np.ndarray, float]:
        own = _columns(shape, lam, 0.0, 1 / np.asarray(lam))
        return own, float(np.log(own[:, 0]).sum())


class LogNormal(_NormalScale):
    """The distribution of a number whose logarithm is normal."""

    name, support = "lognormal", POSITIVE
    pymc, loop_code = "LogNormal", LOGNORMAL

    @override
    def log_prob(self, x: Any, mu: Any, sigma: Any) -> np.ndarray:
        log = np.log(x)
        return _normal(log, mu, sigma) - log

    @override
    def from_uniform(self, u: Any, mu: Any, sigma: Any) -> np.ndarray:
        return np.exp(mu + sigma * _ndtri(u))

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], mu: Any, sigma: Any) -> np.ndarray:
        return rng.lognormal(mu, sigma, shape)


class Beta(Distribution):
    """The beta distribution of a probability."""

    name, numbers, positive, support = "beta", ("alpha", "beta"), frozenset({"alpha", "beta"}), UNIT
    pymc, loop_code = "Beta", BETA

    @override
    def log_prob(self, x: Any, alpha: Any, beta: Any) -> np.ndarray:
        from scipy.special import betaln, xlog1py, xlogy

        inside = np.clip(x, 0.0, 1.0)
        log_p = xlogy(alpha - 1, inside) + xlog1py(beta - 1, -inside) - betaln(alpha, beta)
        return np.where(inside == x, log_p, -np.inf)

    @override
    def from_uniform(self, u: Any, alpha: Any, beta: Any) -> np.ndarray:
        from scipy.special import betaincinv

        return betaincinv(alpha, beta, u)

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], alpha: Any, beta: Any) -> np.ndarray:
        return rng.beta(alpha, beta, shape)

    @override
    def pooled(self, shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
        return _averaged(shares, numbers)

    @override
    def loop_numbers(self, shape: tuple[int, ...], free: int, alpha: Any, beta: Any) -> tuple[np.ndarray, float]:
        own = _columns(shape, alpha, beta)
        return own, sum(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) for a, b, _ in own)


class Simplex(Distribution):
    """Base of the distributions of probabilities that add up to one: Dirichlet, of numbers that `alpha` gives."""

    support = SIMPLEX
    pymc, loop_code = "Dirichlet", DIRICHLET

    @override
    def from_uniform(self, u: Any, **numbers: Any) -> np.ndarray:
        return self.from_normal(_ndtri(u), **numbers)

    @override
    def from_normal(self, z: np.ndarray, **numbers: Any) -> np.ndarray:
        return simplex_from_normal(z, self._rows(z.shape, **numbers))

    @override
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], **numbers: Any) -> np.ndarray:
        return dirichlet_draws(rng, shape, self._rows(shape, **numbers))

    @override
    def pooled(self, shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
        return _averaged(shares, numbers)

    @override
    def variable(self, name: str, dims: tuple[str, ...], shape: tuple[int, ...], **numbers: Any) -> Any:
        import pymc as pm

        return pm.Dirichlet(name, np.broadcast_to(self._rows(shape, **numbers), shape), dims=dims)

    @override
    def loop_numbers(self, shape: tuple[int, ...], free: int, **numbers: Any) -> tuple[np.ndarray, float]:
        alpha = np.broadcast_to(self._rows(shape, **numbers), shape)
        rows = alpha.reshape(-1, shape[-1])
        constant = sum(math.lgamma(alpha.sum()) - sum(map(math.lgamma, alpha)) for alpha in rows)
        return _columns(shape, alpha), constant

    def _rows(self, shape: tuple[int, ...], **numbers: Any) -> Any:
        return self.alpha(shape[-1], **numbers)


class Dirichlet(Simplex):
    """The Dirichlet distribution, of one number or of one for each state."""

    name, numbers, positive = "dirichlet", ("alpha",), frozenset({"alpha"})
    by_state = frozenset({"alpha"})

    @override
    def alpha(self, size: int, alpha: Any) -> np.ndarray:
        return np.broadcast_to(alpha, size)

    @override
    def log_prob(self, x: Any, alpha: Any) -> np.ndarray:
        return _dirichlet(x, alpha)


class Confusion(Simplex):
    """Dirichlet rows of what is said (columns) of what is true (rows).

    The numbers are weights of the right state, of its neighbours and of all others.
    """

    name, numbers = "confusion", ("right", "near", "far")
    positive, square = frozenset(numbers), True

    @override
    def alpha(self, size: int, right: Any, near: Any, far: Any) -> np.ndarray:
        apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
        return np.select([apart == 0, apart == 1], [right + 0 * apart, near + 0 * apart], far + 0 * apart).astype(float)

    @override
    def log_prob(self, x: Any, **numbers: Any) -> np.ndarray:
        rows = self._rows(np.shape(x), **numbers)
        return np.stack([_dirichlet(x[..., place, :], alpha) for place, alpha in enumerate(rows)], axis=-1)


#: Every distribution a prior can be, by name; one entry adds one.
DISTRIBUTIONS: Mapping[str, Distribution] = {
    one.name: one
    for one in (
        Normal(),
        StudentT(),
        HalfNormal(),
        Exponential(),
        LogNormal(),
        Beta(),
        Dirichlet(),
        Confusion(),
    )
}


def dirichlet_draws(rng: np.random.Generator, shape: tuple[int, ...], alpha: Any) -> np.ndarray:
    """Dirichlet draws, a point along the last axis.

    Through log-gamma variables (Marsaglia and Tsang 2000, the boost for small shapes), so that a small alpha underflows
    to 0 for some cells and never to 0/0 for a whole row.
    """
    alpha = np.broadcast_to(np.asarray(alpha, float), shape)
    log_gamma = np.log(rng.standard_gamma(alpha + 1.0)) + np.log(rng.random(shape)) / alpha
    log_gamma -= log_gamma.max(axis=-1, keepdims=True)
    weight = np.exp(log_gamma)
    return weight / weight.sum(axis=-1, keepdims=True)


def simplex_from_normal(z: np.ndarray, alpha: Any) -> np.ndarray:
    """Dirichlet points from standard normal numbers, through gamma variables of the same rank.

    Where few shapes stand for many numbers, quantiles are read off a curve for each, to within 1e-7 of their size.
    """
    shapes, places = np.unique(alpha, return_inverse=True)
    few = len(shapes) * _WORTH_A_CURVE < z.size and shapes[0] >= _LEAST_SHAPE
    if few and np.abs(z).max() <= _CURVE_END:
        degree = _DEGREE if shapes[0] >= 1 else _DEGREE_BENT
        curves = np.stack([_curve(float(shape), degree) for shape in shapes], axis=-1)
        log = chebval(z / _CURVE_END, curves[:, places.reshape(np.shape(alpha))], tensor=False)
    else:
        log = _log_gamma_quantiles(np.broadcast_to(alpha, z.shape), z)
    weight = np.exp(log - log.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def _log_gamma_quantiles(alpha: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Logarithms of quantiles of gamma variables: of small shapes they are smaller than any number."""
    from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr

    # Each tail from its own end, since 1 - u keeps few digits of a small u.
    weight, upper = np.empty(z.shape), z > 0
    weight[~upper] = gammaincinv(alpha[~upper], ndtr(z[~upper]))
    weight[upper] = gammainccinv(alpha[upper], ndtr(-z[upper]))
    tiny = weight < _SMALL
    with np.errstate(divide="ignore"):
        log = np.log(weight)
    # Near 0 the distribution function of a gamma variable is x^a / Gamma(a + 1).
    log[tiny] = (log_ndtr(z[tiny]) + gammaln(alpha[tiny] + 1)) / alpha[tiny]
    return log


@lru_cache(maxsize=256)
def _curve(shape: float, degree: int) -> np.ndarray:
    """Chebyshev series through such logarithms, from one end of the curve to the other: inverses take a microsecond."""
    nodes, to_series = _interpolation(degree)
    z = _CURVE_END * nodes
    return to_series @ _log_gamma_quantiles(np.full(z.shape, shape), z)


@lru_cache
def _interpolation(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev nodes, and what makes a series of the values there."""
    nodes = chebpts1(degree + 1)
    # By the orthogonality of the polynomials at their nodes.
    series = chebvander(nodes, degree).T * (2 / (degree + 1))
    series[0] /= 2
    return nodes, series


def _normal(x: Any, mu: Any, sigma: Any) -> np.ndarray:
    return -0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) - _HALF_LOG_TWO_PI


def _ndtri(u: Any) -> np.ndarray:
    from scipy.special import ndtri

    return ndtri(u)


def _dirichlet(x: Any, alpha: Any) -> np.ndarray:
    # Without SciPy, whose import takes longer than many a fit.
    alpha = np.broadcast_to(alpha, np.shape(x)[-1:])
    constant = math.lgamma(alpha.sum()) - sum(math.lgamma(a) for a in alpha)
    bent = alpha != 1  # a flat axis adds nothing, at a probability of 0 either
    with np.errstate(divide="ignore"):
        return constant + ((alpha[bent] - 1) * np.log(x[..., bent])).sum(axis=-1)


def _columns(shape: tuple[int, ...], *numbers: Any) -> np.ndarray:
    table = np.zeros((math.prod(shape), 3))
    for column, number in enumerate(numbers):
        table[:, column] = np.broadcast_to(number, shape).ravel()
    return table


def _normal_loop(shape: tuple[int, ...], free: int, mu: Any, sigma: Any) -> tuple[np.ndarray, float]:
    own = _columns(shape, mu, sigma)
    # Along axes that sum to zero there are fewer unknowns than values, all of one sigma.
    return own, -free * (float(np.mean(np.log(own[:, 1]))) + _HALF_LOG_TWO_PI)


def _average(shares: np.ndarray, values: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(sum(share * value for share, value in zip(shares, values, strict=True)))


def _averaged(shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
    # Exponents such as alpha - 1 average as alpha does, since shares add up to one.
    return {key: _average(shares, [own[key] for own in numbers]) for key in numbers[0]}


def _by_precision(shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
    precision = _average(shares, [own["sigma"] ** -2.0 for own in numbers])
    mean = _average(shares, [own["mu"] * own["sigma"] ** -2.0 for own in numbers]) / precision
    return {"mu": mean, "sigma": precision**-0.5}
