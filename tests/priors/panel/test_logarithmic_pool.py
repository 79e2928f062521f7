"""The logarithmic pool, judged on a grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from servanda.models import (
    Arrow,
    Network,
    Node,
    Prior,
    PriorEntry,
    PriorError,
    PriorSet,
    load_network,
    network_parameters,
)
from servanda.models.network.parameters import check_priors, parameter_coords
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
    number = half.numbers[0][0]
    other = Prior.of(half.distribution, **{number: 1.5})
    numbers = half.kind.pooled(np.array([0.25, 0.75]), [half.resolved(), other.resolved()])
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


def test_all_that_cannot_be_pooled_is_named():
    one = {"kept.few": Prior.of("normal", mu=0, sigma=1), "kept.few.rate": Prior.of("exponential", lam=2)}
    other = {"kept.few": Prior.of("student_t", nu=4, mu=0, sigma=1), "kept.few.rate": Prior.of("half_normal", sigma=1)}
    rest = {entry.parameter: entry.prior for entry in load_prior("flat").entries}
    with pytest.raises(PriorError) as caught:
        logarithmic_pool(
            NETWORK, {"a": PriorSet.from_mapping(rest | one), "b": PriorSet.from_mapping(rest | other)}, name="two"
        )
    assert str(caught.value).splitlines() == [
        "panel two: 2 faults",
        (
            "  kept.few: experts state distributions of different kinds (a (0.5): normal(mu=0, sigma=1), b (0.5): "
            "student_t(mu=0, nu=4, sigma=1)); let them state a normal, or one and the same prior"
        ),
        (
            "  kept.few.rate: experts state distributions of different kinds (a (0.5): exponential(lam=2), b (0.5): "
            "half_normal(sigma=1)); let them state a normal, or one and the same prior"
        ),
    ]


def test_student_t_with_other_numbers():
    stated = sets("kept.few", Prior.of("student_t", nu=4, mu=1, sigma=1), Prior.of("student_t", nu=4, mu=0, sigma=1))
    with pytest.raises(PriorError, match=r"kept\.few: different student_t priors have no pool in a family"):
        logarithmic_pool(NETWORK, stated)


def test_an_expert_who_speaks_of_nothing():
    stated = sets("kept.few", Prior.of("normal", mu=0, sigma=1), Prior.of("normal", mu=1, sigma=1))
    misspelt = PriorEntry("kpet.few", Prior.of("normal", mu=0, sigma=1))
    stated["b"] = replace(stated["b"], entries=(*stated["b"].entries, misspelt))
    with pytest.raises(PriorError, match=r"panel: expert b, kpet\.few: there is no node 'kpet' in network"):
        logarithmic_pool(NETWORK, stated)


def test_experts_who_agree_keep_all_their_reasons():
    prior = Prior.of("dirichlet", alpha=2.0)
    one = PriorEntry("kept.table", prior, "seen twice", "Archive", "read")
    other = PriorEntry("kept.table", prior, "heard", "Memoir", "memory")
    experts = {"a": PriorSet((one,), based_on=("A",)), "b": PriorSet((other,), based_on=("B",))}
    pooled = logarithmic_pool(COIN, experts)
    entry = pooled.entry("kept.table")
    assert (entry.reason, entry.source, entry.certainty) == ("a: seen twice b: heard", "Archive; Memoir", "memory")
    assert pooled.based_on == ("A", "B")
    alone = logarithmic_pool(COIN, experts, {"a": 1.0, "b": 0.0})
    assert (alone.entry("kept.table").reason, alone.based_on) == ("seen twice", ("A",))


def test_pool_by_state_on_a_grid():
    """Effects with a number by state are independent, so each is its own one-dimensional pool."""
    role = Node("role", ("x", "y"))
    parents = (Arrow("few", by="role"), Arrow("role"))
    network = Network((role, FEW, Node("kept", ("no", "yes"), parents, family="ordinal", ordered=True)))
    one = Prior.of("normal", mu={"x": 1, "y": -2}, sigma={"x": 0.5, "y": 1})
    other = Prior.of("normal", mu=0.5, sigma=1.5)
    pooled = logarithmic_pool(network, sets("kept.few", one, other), {"a": 0.4, "b": 0.6})["kept.few"]
    x = np.linspace(-9, 9, 90_001)
    for place, state in enumerate(("x", "y")):
        point = np.zeros((len(x), 2))
        point[:, place] = x

        def along(prior, point=point, place=place):
            return prior.log_prob(point, ("x", "y"))[:, place]

        raw = np.exp(0.4 * along(one) + 0.6 * along(other))
        np.testing.assert_allclose(np.exp(along(pooled)), raw / np.trapezoid(raw, x), atol=2e-6, err_msg=state)


def test_pool_of_effects_that_sum_to_zero_on_a_grid():
    """Two states: the free number is x in (x, -x), on which the pool's density is a plain geometric mean."""
    kept = Node("kept", ("no", "yes"), (Arrow("side"),), family="ordinal", ordered=True)
    network = Network((Node("side", ("a", "b")), kept))
    parameter = next(p for p in network_parameters(network) if p.name == "kept.side")
    assert parameter.zero_sum == 1
    coords = parameter_coords(network)
    one, other = Prior.of("normal", mu={"a": 1, "b": 0}, sigma=0.5), Prior.of("normal", mu={"a": -3, "b": 2}, sigma=2)
    pooled = logarithmic_pool(network, sets("kept.side", one, other), {"a": 0.3, "b": 0.7})["kept.side"]
    x = np.linspace(-12, 12, 100_001)

    def density(prior):
        return parameter.log_prior({"kept.side": np.stack([x, -x], axis=-1)}, prior, coords)

    raw = np.exp(0.3 * density(one) + 0.7 * density(other))
    found = np.exp(density(pooled))
    np.testing.assert_allclose(found / np.trapezoid(found, x), raw / np.trapezoid(raw, x), atol=2e-6)


def test_pool_of_beta_on_a_grid():
    one, other = Prior.of("beta", alpha=2, beta=5), Prior.of("beta", alpha=6, beta=1.5)
    pooled = Prior.of(
        "beta",
        **{k: float(v) for k, v in one.kind.pooled(np.array([0.3, 0.7]), [one.resolved(), other.resolved()]).items()},
    )
    p = np.linspace(0, 1, 100_001)[1:-1]
    raw = np.exp(0.3 * one.log_prob(p) + 0.7 * other.log_prob(p))
    np.testing.assert_allclose(np.exp(pooled.log_prob(p)), raw / np.trapezoid(raw, p), rtol=1e-4)


def test_pool_of_confusion_on_a_grid():
    truth = Node("truth", ("no", "yes"))
    told = Node("told", ("no", "yes"), (Arrow("truth"),), family="confusion")
    network = Network((truth, told))
    one, other = Prior.of("confusion", right=6, near=1, far=1), Prior.of("confusion", right=2, near=3, far=0.5)
    pooled = logarithmic_pool(network, sets("told.confusion", one, other), {"a": 0.6, "b": 0.4})["told.confusion"]
    p = np.linspace(0, 1, 50_001)[1:-1]
    rows = np.stack([np.stack([p, 1 - p], -1), np.stack([1 - p, p], -1)], axis=-2)
    for row in (0, 1):
        raw = np.exp(0.6 * one.log_prob(rows)[:, row] + 0.4 * other.log_prob(rows)[:, row])
        found = np.exp(pooled.log_prob(rows)[:, row])
        np.testing.assert_allclose(found, raw / np.trapezoid(raw, p), rtol=1e-4)


BAD = {
    "unknown": ({"a": 0.5, "c": 0.5}, "there is no expert 'c'"),
    "missing": ({"a": 1.0}, "lack one for b"),
    "text": ({"a": "1", "b": 0.0}, "a has 1; must be a number of 0 or more"),
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
