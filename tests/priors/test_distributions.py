"""Densities and draws of priors, judged by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, stats

from servanda.models import Prior
from servanda.models.parameters.parameter import Parameter, sample_prior

ALPHA = (0.17, 1.0, 2.8)
SCALARS = {
    "normal": (Prior.of("normal", mu=-0.3, sigma=0.4), stats.norm(-0.3, 0.4)),
    "student_t": (Prior.of("student_t", nu=4, mu=1, sigma=2), stats.t(4, 1, 2)),
    "half_normal": (Prior.of("half_normal", sigma=0.7), stats.halfnorm(scale=0.7)),
    "exponential": (Prior.of("exponential", lam=3), stats.expon(scale=1 / 3)),
    "lognormal": (Prior.of("lognormal", mu=0.2, sigma=0.5), stats.lognorm(0.5, scale=np.exp(0.2))),
    "beta": (Prior.of("beta", alpha=0.7, beta=2.5), stats.beta(0.7, 2.5)),
}
scalar = pytest.mark.parametrize(("prior", "judge"), SCALARS.values(), ids=SCALARS)


@scalar
def test_density(prior, judge):
    x = judge.ppf([0.001, 0.1, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(prior.log_prob(x), judge.logpdf(x), rtol=1e-10)


@pytest.mark.parametrize("name", ["half_normal", "exponential"])
def test_nothing_below_zero(name):
    prior, judge = SCALARS[name]
    assert prior.log_prob(-0.1) == judge.logpdf(-0.1) == -np.inf


@scalar
def test_draws(prior, judge):
    x = prior.sample(np.random.default_rng(3), (20_000,))
    assert stats.kstest(x, judge.cdf).pvalue > 1e-3


def test_numbers_by_state_go_to_their_state():
    prior = Prior.of("normal", mu={"b": 5, "a": -5}, sigma=0.1)
    x = prior.sample(np.random.default_rng(3), (1000, 2), ("a", "b"))
    np.testing.assert_allclose(x.mean(axis=0), [-5, 5], atol=0.02)


def test_dirichlet_density():
    x = stats.dirichlet(ALPHA).rvs(7, random_state=3)
    expected = [stats.dirichlet(ALPHA).logpdf(row) for row in x]
    np.testing.assert_allclose(Prior.of("dirichlet", alpha=ALPHA).log_prob(x, "abc"), expected, rtol=1e-9)


def test_dirichlet_draws():
    x = Prior.of("dirichlet", alpha=ALPHA).sample(np.random.default_rng(3), (20_000, 3), "abc")
    np.testing.assert_allclose(x.sum(axis=1), 1, atol=1e-12)
    for place, alpha in enumerate(ALPHA):
        assert stats.kstest(x[:, place], stats.beta(alpha, sum(ALPHA) - alpha).cdf).pvalue > 1e-3


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

    x = sample_prior(parameter, prior, coords, np.random.default_rng(3), 20_000)
    np.testing.assert_allclose(x.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(parameter.log_prior(x, prior, coords), judge.logpdf(x @ free), rtol=1e-10)
    standard = (x @ free - free.T @ mean) / 0.6
    assert stats.kstest(standard.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert stats.kstest((standard**2).sum(axis=1), stats.chi2(2).cdf).pvalue > 1e-3


def test_effects_that_sum_to_zero_both_ways():
    prior = Prior.of("normal", mu=0, sigma=0.6)
    parameter = Parameter("y.x", ("x", "y"), "real", prior, zero_sum=2)
    coords = {"x": ("a", "b", "c", "d"), "y": ("no", "maybe", "yes")}
    free = np.kron(basis(4), basis(3))
    judge = stats.multivariate_normal(np.zeros(6), 0.36 * np.eye(6))

    x = sample_prior(parameter, prior, coords, np.random.default_rng(3), 10_000)
    np.testing.assert_allclose(x.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(x.sum(axis=2), 0, atol=1e-12)
    inside = x.reshape(-1, 12) @ free
    np.testing.assert_allclose(parameter.log_prior(x, prior, coords), judge.logpdf(inside), rtol=1e-10)
    assert stats.kstest((inside / 0.6).ravel(), stats.norm.cdf).pvalue > 1e-3
    np.testing.assert_allclose(np.cov(inside.T), 0.36 * np.eye(6), atol=0.03)
