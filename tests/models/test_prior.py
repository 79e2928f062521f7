"""Priors as values: densities and draws judged by SciPy, faults by their words."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from servanda.models import Prior, PriorEntry, PriorError, PriorSet
from servanda.models.parameters.prior import DISTRIBUTIONS

SCIPY = {
    "normal": (Prior.of("normal", mu=0.3, sigma=2.0), stats.norm(0.3, 2.0)),
    "student_t": (Prior.of("student_t", nu=4.0, mu=-1.0, sigma=0.5), stats.t(4.0, -1.0, 0.5)),
    "half_normal": (Prior.of("half_normal", sigma=1.5), stats.halfnorm(scale=1.5)),
    "exponential": (Prior.of("exponential", lam=2.5), stats.expon(scale=1 / 2.5)),
    "lognormal": (Prior.of("lognormal", mu=0.2, sigma=0.8), stats.lognorm(0.8, scale=np.exp(0.2))),
    "beta": (Prior.of("beta", alpha=1.3, beta=3.0), stats.beta(1.3, 3.0)),
    "dirichlet": (Prior.of("dirichlet", alpha=(0.7, 2.0, 3.0)), stats.dirichlet([0.7, 2.0, 3.0])),
}
STATES = ("a", "b", "c")
#: One Dirichlet for each row, judged row by row.
CONFUSION = Prior.of("confusion", right=6.0, near=1.5, far=0.5)
CONFUSION_ROWS = np.array([[6.0, 1.5, 0.5, 0.5], [1.5, 6.0, 1.5, 0.5], [0.5, 1.5, 6.0, 1.5], [0.5, 0.5, 1.5, 6.0]])


def test_every_distribution_is_judged():
    assert {*SCIPY, "confusion"} == set(DISTRIBUTIONS)


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


def test_only_a_prior_of_probabilities_has_dirichlet_numbers():
    with pytest.raises(PriorError, match=r"y.x: normal\(mu=0, sigma=1\) is no prior of probabilities"):
        Prior.of("normal", mu=0, sigma=1).alpha((3,), where="y.x")


@pytest.mark.parametrize("name", SCIPY)
def test_densities_are_those_of_scipy(name):
    prior, judge = SCIPY[name]
    points = judge.rvs(50, random_state=1)
    found = prior.log_prob(points, STATES)
    expected = judge.logpdf(points.T if name == "dirichlet" else points)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["half_normal", "exponential"])
def test_a_negative_spread_is_impossible(name):
    prior, _ = SCIPY[name]
    assert prior.log_prob(-0.1) == -np.inf


@pytest.mark.parametrize("x", [-0.1, 1.1])
def test_a_probability_outside_0_and_1_is_impossible(x):
    assert SCIPY["beta"][0].log_prob(x) == SCIPY["beta"][1].logpdf(x) == -np.inf


@pytest.mark.parametrize("name", SCIPY)
def test_draws_are_those_of_scipy(name):
    prior, judge = SCIPY[name]
    rng = np.random.default_rng(7)
    if name == "dirichlet":
        drawn = prior.sample(rng, (4000, 3), STATES)
        np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=0, atol=1e-14)
        for place, alpha in enumerate((0.7, 2.0, 3.0)):
            assert stats.kstest(drawn[:, place], stats.beta(alpha, 5.7 - alpha).cdf).pvalue > 1e-3
    else:
        assert stats.kstest(prior.sample(rng, (4000,)), judge.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", SCIPY)
def test_pymc_has_the_same_density(name):
    import pymc as pm

    prior, judge = SCIPY[name]
    known = DISTRIBUTIONS[name]
    numbers = prior.resolved(STATES)
    theirs = getattr(pm, known.pymc).dist(
        **{new: numbers[old] for old, new in zip(known.numbers, known.pymc_numbers, strict=True)}
    )
    point = judge.rvs(1, random_state=3)[0]
    found = pm.logp(theirs, point).eval(mode="FAST_COMPILE")
    assert found == pytest.approx(float(prior.log_prob(point, STATES)), rel=1e-10)


def test_a_tiny_concentration_never_makes_a_row_of_nothing():
    drawn = Prior.of("dirichlet", alpha=1e-4).sample(np.random.default_rng(1), (500, 4), ("a", "b", "c", "d"))
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=0, atol=1e-14)


def test_numbers_by_state_in_any_order():
    prior = Prior.of("dirichlet", alpha={"c": 3.0, "a": 0.7, "b": 2.0})
    np.testing.assert_array_equal(prior.resolved(STATES)["alpha"], [0.7, 2.0, 3.0])
    assert str(prior) == "dirichlet(alpha=[c: 3, a: 0.7, b: 2])"
    assert str(SCIPY["dirichlet"][0]) == "dirichlet(alpha=[0.7, 2, 3])"
    assert hash(prior) == hash(Prior.of("dirichlet", alpha={"c": 3, "a": 0.7, "b": 2}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Prior.of("nromal", mu=0), "prior nromal: unknown distribution; did you mean 'normal'?"),
        (lambda: Prior.of("normal", mu=0), "prior normal: needs sigma"),
        (
            lambda: Prior.of("normal", mu=float("nan"), sigma=-1, sigmas=2),
            (
                "prior normal: 3 faults\n  has no number 'sigmas'; did you mean 'sigma'?\n"
                "  mu is not a finite number: nan\n  sigma must be above 0, not -1"
            ),
        ),
        (lambda: Prior.of("dirichlet", alpha=[1, 0, 2]), "prior dirichlet: alpha must be above 0, not 0"),
        (lambda: Prior.of("dirichlet", alpha=[]), "prior dirichlet: alpha is not a finite number: ()"),
        (
            lambda: Prior.of("dirichlet", alpha=[1, 2]).resolved(STATES, "y.table"),
            "priors: y.table, alpha: has 2 numbers for 3 states: a, b, c",
        ),
        (
            lambda: Prior.of("dirichlet", alpha={"a": 1, "b": 1, "d": 1}).resolved(STATES, "y.table"),
            (
                "priors: 2 faults\n  y.table, alpha: unknown state 'd'; known: a, b, c\n"
                "  y.table, alpha: no number for state 'c'"
            ),
        ),
    ],
)
def test_numbers_that_make_no_prior(make, message):
    with pytest.raises(PriorError, match=f"^{re.escape(message)}$"):
        make()


def test_a_name_wins_over_a_pattern_and_a_later_entry_over_an_earlier():
    normal = [Prior.of("normal", mu=float(place), sigma=1) for place in range(5)]
    names = ("y.x", "*", "y.*", "y.x", "*.x")
    priors = PriorSet(tuple(PriorEntry(name, prior) for name, prior in zip(names, normal, strict=True)))
    assert priors["y.x"] == normal[3]
    assert priors["z.x"] == normal[4]
    assert priors["y.z"] == normal[2]
    assert priors["z.z"] == normal[1]
    with pytest.raises(KeyError, match=r"^'y\.x'$"):
        PriorSet(())["y.x"]
