"""The logarithmic pool, judged on a grid."""

from __future__ import annotations

import numpy as np
import pytest
from servanda.models import Arrow, Network, Node, Prior, PriorError, PriorSet, load_network
from servanda.models.compiler import check_priors, parameter_coords
from servanda.priors import load_prior, logarithmic_pool

FEW = Node("few", ("1", "3"), ordered=True, values=(1, 3))
NETWORK = Network(
    (FEW, Node("kept", ("no", "yes"), (Arrow("few", term="saturating"),), family="ordinal", ordered=True))
)
COIN = Network((Node("kept", ("no", "yes")),))


def sets(parameter, one, other, network=NETWORK):
    flat = load_prior("flat")
    base = {entry.parameter: entry.prior for entry in flat.entries}
    return {name: PriorSet.from_mapping({**base, parameter: prior}) for name, prior in (("a", one), ("b", other))}


PAIRS = {
    "normal": ("kept.few", Prior.of("normal", mu=-1, sigma=0.5), Prior.of("normal", mu=2, sigma=1.5), (-8, 8)),
    "lognormal": (
        "kept.few.rate",
        Prior.of("lognormal", mu=-1, sigma=0.5),
        Prior.of("lognormal", mu=0.5, sigma=0.8),
        (1e-4, 40),
    ),
}


@pytest.mark.parametrize(("parameter", "one", "other", "span"), PAIRS.values(), ids=PAIRS.keys())
def test_pool_on_a_grid(parameter, one, other, span):
    pooled = logarithmic_pool(NETWORK, sets(parameter, one, other), {"a": 0.3, "b": 0.7})[parameter]
    x = np.linspace(*span, 200_001)
    raw = np.exp(0.3 * one.log_prob(x) + 0.7 * other.log_prob(x))
    exact = raw / np.trapezoid(raw, x)
    np.testing.assert_allclose(np.exp(pooled.log_prob(x)), exact, atol=2e-6)


def test_pool_of_probabilities_on_a_grid():
    one, other = Prior.of("dirichlet", alpha=[2, 9]), Prior.of("dirichlet", alpha=[6, 1.5])
    pooled = logarithmic_pool(COIN, sets("kept.table", one, other), {"a": 0.4, "b": 0.6})["kept.table"]
    p = np.linspace(0, 1, 100_001)[1:-1]
    point = np.stack([1 - p, p], axis=-1)
    states = ("no", "yes")
    raw = np.exp(0.4 * one.log_prob(point, states) + 0.6 * other.log_prob(point, states))
    np.testing.assert_allclose(np.exp(pooled.log_prob(point, states)), raw / np.trapezoid(raw, p), rtol=1e-4)


@pytest.mark.parametrize("half", [Prior.of("half_normal", sigma=0.4), Prior.of("exponential", lam=3.0)])
def test_pool_of_spreads_on_a_grid(half):
    from servanda.priors.pool import _POOLS

    number = half.numbers[0][0]
    other = Prior.of(half.distribution, **{number: 1.5})
    numbers = _POOLS[half.distribution](np.array([0.25, 0.75]), [half.resolved(), other.resolved()])
    pooled = Prior.of(half.distribution, **{number: float(numbers[number])})
    x = np.linspace(0, 30, 300_001)
    raw = np.exp(0.25 * half.log_prob(x) + 0.75 * other.log_prob(x))
    np.testing.assert_allclose(np.exp(pooled.log_prob(x)), raw / np.trapezoid(raw, x), rtol=1e-3, atol=1e-12)


def test_shipped_sets_can_be_pooled():
    network = load_network("guarantee")
    experts = {name: load_prior(name) for name in ("literature", "cheap_talk", "flat")}
    pooled = logarithmic_pool(network, experts, name="three")
    check_priors(network, pooled, parameter_coords(network))
    assert pooled.based_on == experts["literature"].based_on
    assert "Logarithmic pool of literature" in pooled.entry("compliance.guarantors").reason


def test_all_the_weight_on_one_is_that_one():
    experts = {name: load_prior(name) for name in ("literature", "cheap_talk")}
    network = load_network("guarantee")
    pooled = logarithmic_pool(network, experts, {"literature": 0.0, "cheap_talk": 1.0})
    assert pooled["compliance.guarantors"] == experts["cheap_talk"]["compliance.guarantors"]


def test_kinds_that_do_not_mix():
    stated = sets("kept.few", Prior.of("normal", mu=0, sigma=1), Prior.of("student_t", nu=4, mu=0, sigma=1))
    with pytest.raises(PriorError, match=r"kept\.few: experts state distributions whose pool is in no family"):
        logarithmic_pool(NETWORK, stated)


BAD = {
    "unknown": ({"a": 0.5, "c": 0.5}, "there is no expert 'c'"),
    "missing": ({"a": 1.0}, "lack one for b"),
    "negative": ({"a": 1.5, "b": -0.5}, "b has -0.5; must be a number of 0 or more"),
    "sum": ({"a": 0.5, "b": 0.4}, "add up to 0.9; they must add up to 1"),
}


@pytest.mark.parametrize(("weights", "message"), BAD.values(), ids=BAD.keys())
def test_bad_weights(weights, message):
    stated = sets("kept.table", Prior.of("dirichlet", alpha=1), Prior.of("dirichlet", alpha=2))
    with pytest.raises(PriorError) as caught:
        logarithmic_pool(COIN, stated, weights)
    assert message in str(caught.value)


def test_one_expert_is_no_panel():
    with pytest.raises(PriorError, match="must be two or more to be pooled"):
        logarithmic_pool(COIN, {"a": load_prior("flat")})
