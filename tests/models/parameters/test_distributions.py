"""Distributions of priors, each held to one contract: SciPy judges densities, draws and inverses, PyMC its own form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy import linalg, special, stats

from servanda.models import Prior
from servanda.models.parameters.distributions import DISTRIBUTIONS, SIMPLEX, simplex_from_normal
from servanda.models.parameters.parameter import Parameter, sample_prior

STATES = ("a", "b", "c")


@dataclass(frozen=True)
class Example:
    """A prior, and SciPy's word on it."""

    distribution: str
    numbers: dict[str, Any]
    judge: Any
    states: tuple[str, ...] = field(default=())

    @property
    def prior(self):
        return Prior.of(self.distribution, **self.numbers)

    @property
    def kind(self):
        return DISTRIBUTIONS[self.distribution]

    @property
    def is_pooled(self):
        return self.kind.pooled(np.ones(1), [self.prior.resolved(self.states)]) is not None

    def marginals(self, x):
        """Numbers with their distribution: the prior's own, or those of each probability of a simplex."""
        if not self.states:
            return [(x.ravel(), self.judge)]
        total = self.judge.alpha.sum()
        return [(x[..., k].ravel(), stats.beta(a, total - a)) for k, a in enumerate(self.judge.alpha)]

    def shape(self, draws):
        return (draws, len(self.states)) if self.states else (draws,)

    def __str__(self):
        return str(self.prior)


#: Every distribution at several numbers; one line adds one.
EXAMPLES = (
    Example("normal", {"mu": 0.3, "sigma": 2.0}, stats.norm(0.3, 2.0)),
    Example("normal", {"mu": -0.3, "sigma": 0.4}, stats.norm(-0.3, 0.4)),
    Example("student_t", {"nu": 4.0, "mu": -1.0, "sigma": 0.5}, stats.t(4.0, -1.0, 0.5)),
    Example("student_t", {"nu": 4, "mu": 1, "sigma": 2}, stats.t(4, 1, 2)),
    Example("half_normal", {"sigma": 1.5}, stats.halfnorm(scale=1.5)),
    Example("half_normal", {"sigma": 0.7}, stats.halfnorm(scale=0.7)),
    Example("exponential", {"lam": 2.5}, stats.expon(scale=1 / 2.5)),
    Example("exponential", {"lam": 3}, stats.expon(scale=1 / 3)),
    Example("lognormal", {"mu": 0.2, "sigma": 0.8}, stats.lognorm(0.8, scale=np.exp(0.2))),
    Example("lognormal", {"mu": 0.2, "sigma": 0.5}, stats.lognorm(0.5, scale=np.exp(0.2))),
    Example("beta", {"alpha": 1.3, "beta": 3.0}, stats.beta(1.3, 3.0)),
    Example("beta", {"alpha": 0.7, "beta": 2.5}, stats.beta(0.7, 2.5)),
    Example("dirichlet", {"alpha": (0.7, 2.0, 3.0)}, stats.dirichlet([0.7, 2.0, 3.0]), STATES),
    Example("dirichlet", {"alpha": (0.17, 1.0, 2.8)}, stats.dirichlet([0.17, 1.0, 2.8]), STATES),
)
every = pytest.mark.parametrize("example", EXAMPLES, ids=str)
#: One Dirichlet for each row, judged row by row.
CONFUSION = Prior.of("confusion", right=6.0, near=1.5, far=0.5)
CONFUSION_ROWS = np.array([[6.0, 1.5, 0.5, 0.5], [1.5, 6.0, 1.5, 0.5], [0.5, 1.5, 6.0, 1.5], [0.5, 0.5, 1.5, 6.0]])


def test_every_distribution_is_judged():
    assert {*(example.distribution for example in EXAMPLES), "confusion"} == set(DISTRIBUTIONS)


@every
def test_densities_are_those_of_scipy(example):
    points = example.judge.rvs(50, random_state=1)
    found = example.prior.log_prob(points, example.states)
    expected = example.judge.logpdf(points.T if example.states else points)
    np.testing.assert_allclose(found, expected, rtol=1e-9 if example.states else 1e-10, atol=1e-12)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if not example.states], ids=str)
def test_densities_in_the_tails_are_those_of_scipy(example):
    x = example.judge.ppf([0.001, 0.1, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(example.prior.log_prob(x), example.judge.logpdf(x), rtol=1e-10)


@every
def test_draws_are_those_of_scipy(example):
    x = example.prior.sample(np.random.default_rng(3), example.shape(20_000), example.states)
    if example.states:
        np.testing.assert_allclose(x.sum(axis=-1), 1, rtol=0, atol=1e-14)
    for own, judge in example.marginals(x):
        assert stats.kstest(own, judge.cdf).pvalue > 1e-3


@every
def test_uniform_numbers_become_draws(example):
    if not example.states:
        u = np.linspace(0.001, 0.999, 99)
        np.testing.assert_allclose(example.judge.cdf(example.prior.from_uniform(u)), u, rtol=1e-9)
    u = np.random.default_rng(4).random(example.shape(20_000))
    for own, judge in example.marginals(example.prior.from_uniform(u, example.states)):
        assert stats.kstest(own, judge.cdf).pvalue > 1e-3


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.kind.pymc], ids=str)
def test_pymc_has_the_same_density(example):
    import pymc as pm

    dims, coords = (("x",), {"x": example.states}) if example.states else ((), {})
    with pm.Model(coords=coords):
        shape = (len(example.states),) if example.states else ()
        theirs = example.kind.variable("y", dims, shape, **example.prior.resolved(example.states))
    point = example.judge.rvs(1, random_state=3)[0]
    found = pm.logp(theirs, point).eval(mode="FAST_COMPILE")
    assert found == pytest.approx(float(example.prior.log_prob(point, example.states)), rel=1e-10)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.is_pooled], ids=str)
def test_a_pool_is_the_product_of_densities(example):
    numbers = example.prior.resolved(example.states)
    # Weights of one prior leave it as it is; what two make is proportional to the product of their densities.
    other = {name: 1.3 * value if name in example.kind.positive else value + 0.4 for name, value in numbers.items()}
    shares = np.array([0.3, 0.7])
    alone, pooled = (example.kind.pooled(shares, own) for own in ([numbers, numbers], [numbers, other]))
    for name, value in numbers.items():
        np.testing.assert_allclose(alone[name], value, rtol=1e-12)
    points = example.judge.rvs(20, random_state=5)
    one, two, both = (example.kind.log_prob(points, **own) for own in (numbers, other, pooled))
    apart = both - 0.3 * one - 0.7 * two
    np.testing.assert_allclose(apart, np.full(len(points), apart[0]), rtol=1e-8, atol=1e-8)


@every
def test_it_says_the_rest_or_says_that_it_does_not(example):
    kind, numbers = example.kind, example.prior.resolved(example.states)
    assert kind.positive | kind.by_state | kind.fixed | {kind.spread} - {""} <= set(kind.numbers)
    assert (kind.alpha(3, **numbers) is not None) == (kind.support == SIMPLEX)
    assert kind.zero_sum_fault((), 1) == "" or kind.name in kind.zero_sum_fault((), 1)
    if kind.support != SIMPLEX:
        assert np.isfinite(kind.centre(**numbers))
    if kind.loop_code is not None:
        own, constant = kind.loop_numbers((2, 3), 6, **numbers)
        assert own.shape == (6, 3)
        assert np.isfinite(constant)


def test_the_rows_of_a_confusion_are_dirichlets():
    import pymc as pm

    drawn = CONFUSION.sample(np.random.default_rng(3), (4000, 4, 4), "abcd")
    found, theirs = CONFUSION.log_prob(drawn, "abcd"), pm.Dirichlet.dist(CONFUSION.alpha((2, 4, 4)), shape=(2, 4, 4))
    assert found.shape == (4000, 4)
    for place, alpha in enumerate(CONFUSION_ROWS):
        judge = stats.dirichlet(alpha)
        np.testing.assert_allclose(found[:5, place], [judge.logpdf(row[place]) for row in drawn[:5]], rtol=1e-9)
        for state, own in enumerate(alpha):
            assert stats.kstest(drawn[:, place, state], stats.beta(own, alpha.sum() - own).cdf).pvalue > 1e-4
    np.testing.assert_allclose(pm.logp(theirs, drawn[:2]).eval(mode="FAST_COMPILE"), found[:2], rtol=1e-9)


@pytest.mark.parametrize("name", ["half_normal", "exponential"])
def test_a_negative_spread_is_impossible(name):
    example = next(example for example in EXAMPLES if example.distribution == name)
    assert example.prior.log_prob(-0.1) == example.judge.logpdf(-0.1) == -np.inf


@pytest.mark.parametrize("x", [-0.1, 1.1])
def test_a_probability_outside_0_and_1_is_impossible(x):
    example = next(example for example in EXAMPLES if example.distribution == "beta")
    assert example.prior.log_prob(x) == example.judge.logpdf(x) == -np.inf


def test_a_tiny_concentration_never_makes_a_row_of_nothing():
    drawn = Prior.of("dirichlet", alpha=1e-4).sample(np.random.default_rng(1), (500, 4), ("a", "b", "c", "d"))
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=0, atol=1e-14)


def test_numbers_by_state_go_to_their_state():
    prior = Prior.of("normal", mu={"b": 5, "a": -5}, sigma=0.1)
    x = prior.sample(np.random.default_rng(3), (1000, 2), ("a", "b"))
    np.testing.assert_allclose(x.mean(axis=0), [-5, 5], atol=0.02)


def basis(size):
    """Orthonormal columns that span the vectors which sum to zero."""
    return linalg.null_space(np.ones((1, size)))


MEANS = {"even": (0.0, np.zeros(3)), "by state": ({"a": 0.4, "b": -0.1, "c": -0.3}, np.array([0.4, -0.1, -0.3]))}


@pytest.mark.parametrize(("mu", "mean"), MEANS.values(), ids=MEANS)
def test_effects_that_sum_to_zero_are_a_normal_on_their_subspace(mu, mean):
    prior = Prior.of("normal", mu=mu, sigma=0.6)
    parameter = Parameter("y.x", ("x",), "real", prior, zero_sum=1)
    coords = {"x": ("a", "b", "c")}
    free = basis(3)
    judge = stats.multivariate_normal(free.T @ mean, 0.36 * np.eye(2))

    x = sample_prior(parameter, prior, coords, np.random.default_rng(3), 20_000, {})
    np.testing.assert_allclose(x.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(parameter.log_prior({"y.x": x}, prior, coords), judge.logpdf(x @ free), rtol=1e-10)
    standard = (x @ free - free.T @ mean) / 0.6
    assert stats.kstest(standard.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert stats.kstest((standard**2).sum(axis=1), stats.chi2(2).cdf).pvalue > 1e-3


def test_effects_that_sum_to_zero_both_ways():
    prior = Prior.of("normal", mu=0, sigma=0.6)
    parameter = Parameter("y.x", ("x", "y"), "real", prior, zero_sum=2)
    coords = {"x": ("a", "b", "c", "d"), "y": ("no", "maybe", "yes")}
    free = np.kron(basis(4), basis(3))
    judge = stats.multivariate_normal(np.zeros(6), 0.36 * np.eye(6))

    x = sample_prior(parameter, prior, coords, np.random.default_rng(3), 10_000, {})
    np.testing.assert_allclose(x.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(x.sum(axis=2), 0, atol=1e-12)
    inside = x.reshape(-1, 12) @ free
    np.testing.assert_allclose(parameter.log_prior({"y.x": x}, prior, coords), judge.logpdf(inside), rtol=1e-10)
    assert stats.kstest((inside / 0.6).ravel(), stats.norm.cdf).pvalue > 1e-3
    np.testing.assert_allclose(np.cov(inside.T), 0.36 * np.eye(6), atol=0.03)


@pytest.mark.parametrize("alpha", [(0.02, 0.7), (3.0, 3.0), (40.0, 1.0)])
def test_dirichlet_points_read_off_a_curve_are_those_of_exact_quantiles(alpha):
    """Of two states: the first share's quantiles through gamma quantiles of SciPy, into the tails."""
    u = np.concatenate([np.linspace(1e-9, 1 - 1e-9, 3001), 10.0 ** -np.arange(1, 10), 1 - 10.0 ** -np.arange(1, 10)])
    both = np.stack([u, u[::-1]], axis=1)
    with np.errstate(divide="ignore"):
        first, second = (stats.gamma(a).ppf(column) for a, column in zip(alpha, both.T, strict=True))
    some = (first > 1e-200) & (second > 1e-200)
    found = simplex_from_normal(special.ndtri(both), np.array(alpha))
    np.testing.assert_allclose(found[some, 0], (first / (first + second))[some], rtol=1e-7)
    np.testing.assert_allclose(found.sum(axis=-1), 1.0, rtol=1e-12)
    # Where a number is 0 or 1 there is no curve, and few numbers are worth none.
    few = simplex_from_normal(special.ndtri(both[:50]), np.array(alpha))
    np.testing.assert_allclose(few, found[:50], rtol=1e-7, atol=1e-300)
