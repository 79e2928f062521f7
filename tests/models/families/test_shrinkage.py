"""One learned scale for the effects of all parents: densities by SciPy and PyMC, what is explained by simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats
from scipy.special import expit

from servanda.models import (
    Arrow,
    Group,
    Network,
    NetworkError,
    Node,
    Prior,
    PriorError,
    PriorSet,
    QueryError,
    encode,
    explained_share,
    fit,
    load_network,
    network_parameters,
)
from servanda.models import pymc_model as compiled
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import has_gradient, make_density
from servanda.models.families.terms import TERMS, term_of
from servanda.models.network.parameters import check_priors, parameter_coords
from servanda.models.network.toml import network_from_toml, network_to_toml
from servanda.models.node import Local
from servanda.models.parameters.distributions import DISTRIBUTIONS, Distribution
from servanda.models.parameters.parameter import sample_prior
from servanda.models.sampling.latent import interchangeable
from servanda.models.sampling.prior_draws import prior_draws

SHRUNK = (("shrinkage", True),)
PAIR = Node("pair", ("no", "yes"), ordered=True, values=(0, 1))
COUNT = Node("count", ("1", "2", "5"), ordered=True, values=(1, 2, 5))
GRADE = Node("grade", ("d", "c", "b", "a"), ordered=True)
KIND = Node("kind", ("x", "y", "z"))
#: sqrt(pi^2 / 3): standard deviation of the logistic distribution.
LOGISTIC_SD = stats.logistic.std()


def shrunk(*arrows, family="ordinal", states=("low", "mid", "high"), groups=()):
    node = Node("y", states, arrows, family, ordered=True, options=SHRUNK, groups=groups)
    wanted = {arrow.parent for arrow in arrows}
    return Network((*(parent for parent in (PAIR, COUNT, GRADE, KIND) if parent.name in wanted), node))


MIXED = shrunk(Arrow("kind"), Arrow("pair"), Arrow("count", term="log", by="kind"), groups=(Group("actor", "who"),))
PRIORS = PriorSet.from_mapping(
    {
        "*.table": Prior.of("dirichlet", alpha=1.0),
        "*.baseline": Prior.of("dirichlet", alpha=2.0),
        "y.r2": Prior.of("beta", alpha=2.0, beta=3.0),
        "y.shares": Prior.of("dirichlet", alpha=(0.5, 1.0, 2.0)),
        "y.kind": Prior.of("normal", mu={"x": 1.0, "y": 0.0, "z": -0.4}, sigma=0.5),
        "y.pair": Prior.of("student_t", nu=4.0, mu=0.3, sigma=2.0),
        "y.count": Prior.of("normal", mu={"x": 0.2, "y": 0.0, "z": -0.1}, sigma={"x": 1.0, "y": 0.5, "z": 2.0}),
        "*_sd": Prior.of("half_normal", sigma=1.0),
    },
    name="mixed",
)


def parameters(network):
    return {parameter.name: parameter for parameter in network_parameters(network, ["y"])}


def some_cases(network, rows, seed):
    rng = np.random.default_rng(seed)
    frame = {node.name: rng.choice(np.array(node.states, object), rows) for node in network.nodes}
    return pd.DataFrame(frame | {"who": rng.choice(["PRK", "USA"], rows)})


def scale_by_hand(draws, parent, variance):
    r2, share = draws["y.r2"].values[0], draws["y.shares"].sel(y_parent=parent).values[0]
    return LOGISTIC_SD * np.sqrt(r2 / (1 - r2) * share / variance)


def test_a_node_with_the_option_has_two_parameters_more_before_its_effects():
    with_option, without = MIXED, Network(tuple(replace(node, options=()) for node in MIXED.nodes))
    names = [parameter.name for parameter in network_parameters(with_option, ["y"])]
    assert names == ["y.baseline", "y.r2", "y.shares", "y.kind", "y.pair", "y.count", "y.actor_sd"]
    assert [p.name for p in network_parameters(without, ["y"])] == [n for n in names if n not in names[1:3]]
    assert parameter_coords(MIXED)["y_parent"] == ("kind", "pair", "count")
    assert "y_parent" not in parameter_coords(without)
    assert {n for n, p in parameters(MIXED).items() if p.scaled_by} == {"y.kind", "y.pair", "y.count"}
    assert not any(p.scaled_by for p in network_parameters(without))


def test_who_explains_nothing_has_no_share():
    """A parent of one state, equal counts and the term `none` have no variance that a share could be of."""
    lone, same = Node("lone", ("only",), ordered=True), Node("same", ("a", "b"), values=(2, 2))
    arrows = (Arrow("lone"), Arrow("same", term="log"), Arrow("count", term="none"), Arrow("kind"), Arrow("pair"))
    node = Node("y", ("no", "yes"), arrows, "ordinal", ordered=True, options=SHRUNK)
    network = Network((lone, same, COUNT, KIND, PAIR, node))
    assert parameter_coords(network)["y_parent"] == ("kind", "pair")
    found = parameters(network)
    assert found["y.lone"].scaled_by is None
    assert found["y.same"].scaled_by is None
    alone = parameters(shrunk(Arrow("kind")))
    assert "y.shares" not in alone
    assert alone["y.kind"].scaled_by.shares is None
    assert "y.r2" not in parameters(shrunk(Arrow("count", term="none")))


def test_the_log_prior_is_the_conditional_density():
    """By SciPy: normal and t with the spread multiplied; what sums to zero on a basis of its subspace."""
    draws = prior_draws(MIXED, PRIORS, seed=1, draws=50, levels={"actor": ("PRK", "USA")}).draws
    values, coords = {str(name): array.values[0] for name, array in draws.items()}, parameter_coords(MIXED)
    known = parameters(MIXED)

    def found(name):
        return known[name].log_prior(values, PRIORS[name], coords)

    free, mean = linalg.null_space(np.ones((1, 3))), np.array([1.0, 0.0, -0.4]) - 0.2
    scale = scale_by_hand(draws, "kind", 2 / 3)
    expected = [
        stats.multivariate_normal(free.T @ mean, (0.5 * s) ** 2 * np.eye(2)).logpdf(x @ free)
        for s, x in zip(scale, values["y.kind"], strict=True)
    ]
    np.testing.assert_allclose(found("y.kind"), expected, rtol=1e-9)
    scale = scale_by_hand(draws, "pair", 0.25)
    np.testing.assert_allclose(found("y.pair"), stats.t(4, 0.3, 2.0 * scale).logpdf(values["y.pair"]), rtol=1e-9)
    scale = scale_by_hand(draws, "count", np.var(np.log([1, 2, 5])))[:, None]
    judge = stats.norm([0.2, 0.0, -0.1], np.array([1.0, 0.5, 2.0]) * scale).logpdf(values["y.count"]).sum(axis=1)
    np.testing.assert_allclose(found("y.count"), judge, rtol=1e-9)
    np.testing.assert_allclose(found("y.r2"), stats.beta(2, 3).logpdf(values["y.r2"]), rtol=1e-9)
    judge = [stats.dirichlet.logpdf(x, [0.5, 1.0, 2.0]) for x in values["y.shares"]]
    np.testing.assert_allclose(found("y.shares"), judge, rtol=1e-9)


def test_draws_have_the_conditional_distribution():
    draws = prior_draws(MIXED, PRIORS, seed=2, draws=4000).draws
    pair = (draws["y.pair"].values[0] - 0.3) / (2.0 * scale_by_hand(draws, "pair", 0.25))
    assert stats.kstest(pair, stats.t(4).cdf).pvalue > 1e-3
    centre = np.array([1.0, 0.0, -0.4]) - 0.2
    kind = (draws["y.kind"].values[0] - centre) / (0.5 * scale_by_hand(draws, "kind", 2 / 3)[:, None])
    np.testing.assert_allclose(kind.sum(axis=1), 0, atol=1e-9)
    assert stats.kstest((kind**2).sum(axis=1), stats.chi2(2).cdf).pvalue > 1e-3
    count = draws["y.count"].sel(kind="z").values[0] + 0.1
    count = count / (2.0 * scale_by_hand(draws, "count", np.var(np.log([1, 2, 5]))))
    assert stats.kstest(count, stats.norm.cdf).pvalue > 1e-3


def test_the_loops_have_this_density_under_stated_priors():
    """The judge of `tests/models/density` at priors with middles, spreads by state and heavy tails."""
    from ..density.test_density import by_numpy, log_jacobian

    cases = encode(MIXED, some_cases(MIXED, 40, seed=3))
    patterns = find_patterns(MIXED, cases)
    assert has_gradient(MIXED, MIXED.names, PRIORS)
    density = make_density(MIXED, cases, patterns, PRIORS, MIXED.names, integrate=False)
    rng = np.random.default_rng(4)
    for spread in (0.3, 1.0, 4.0):
        x = spread * rng.standard_normal(density.size)
        value, slope = density(x)
        expected = by_numpy(density, MIXED, cases, patterns, PRIORS, MIXED.names, x)
        assert value == pytest.approx(expected + log_jacobian(density.layout, x), rel=1e-6, abs=1e-5)
        for place in range(density.size):
            move = np.zeros(density.size)
            move[place] = 1e-5
            difference = (density(x + move)[0] - density(x - move)[0]) / 2e-5
            assert slope[place] == pytest.approx(difference, rel=1e-4, abs=1e-4)
    drawn = 0.8 * rng.standard_normal((7, density.size))
    np.testing.assert_allclose(density.layout.unconstrain(density.layout.constrain(drawn)), drawn, atol=1e-9)


def test_pymc_has_this_density():
    """PyMC's own densities of the numbers as stated, and the likelihood at the values that they are stretched to."""
    cases = encode(MIXED, some_cases(MIXED, 30, seed=5))
    patterns = find_patterns(MIXED, cases)
    model = compiled(MIXED, cases, patterns, PRIORS, ["y"])
    names = [*parameters(MIXED), "y.actor", "y.actor.unit"]
    outputs = model.replace_rvs_by_values([model[name] for name in names])
    function = model.compile_fn([*outputs, model.logp(jacobian=False)], inputs=model.value_vars, mode="FAST_COMPILE")
    rng, coords = np.random.default_rng(6), parameter_coords(MIXED, cases.levels)
    start = model.initial_point()
    y = {"y": patterns.complete["y"]}
    for _ in range(3):
        point = {name: value + 0.7 * rng.standard_normal(np.shape(value)) for name, value in start.items()}
        for name in point:  # numbers that sum to zero have as many unknowns as PyMC's transform takes
            point[name] = np.asarray(point[name], float)
        *found, total = function(point)
        values = {name: np.asarray(value)[None] for name, value in zip(names, found, strict=True)}
        unit = values["y.actor.unit"]
        expected = stats.norm.logpdf(unit).sum()
        for name, parameter in parameters(MIXED).items():
            density = parameter.log_prior(values, PRIORS[name], coords) + parameter.log_stretch(values, coords)
            expected += float(np.ravel(density)[0])
        codes = y["y"]
        log_p = MIXED.family("y").log_prob(values, codes.codes, codes.members, MIXED.local("y"), np)[0]
        expected += float((log_p * codes.counts).sum())
        assert float(total) == pytest.approx(expected, rel=1e-8)


EXPLAINED = {
    "nominal and monotone": shrunk(Arrow("kind"), Arrow("grade")),
    "terms of a count": shrunk(Arrow("count", term="inverted_u"), Arrow("pair")),
    "a rate": shrunk(Arrow("count", term="saturating", by="kind"), Arrow("kind"), states=("no", "yes")),
    "softmax": shrunk(Arrow("kind"), Arrow("grade"), family="softmax"),
}


@pytest.mark.parametrize("network", EXPLAINED.values(), ids=EXPLAINED)
def test_what_is_explained_has_the_distribution_that_the_prior_states(network):
    """Effects are drawn a thousand times for each of 400 shares: the variance of the latent variable that they make."""
    rng, coords, known, local = (
        np.random.default_rng(7),
        parameter_coords(network),
        parameters(network),
        network.local("y"),
    )
    shares, each = 400, 1000
    explained = np.zeros(shares)
    r2 = sample_prior(known["y.r2"], known["y.r2"].default, coords, rng, shares, {})
    parts = sample_prior(known["y.shares"], known["y.shares"].default, coords, rng, shares, {})
    for place in range(shares):
        drawn = {"y.r2": np.full(each, r2[place]), "y.shares": np.broadcast_to(parts[place], (each, len(parts[place])))}
        for name, parameter in known.items():
            if name not in drawn:
                drawn[name] = sample_prior(parameter, parameter.default, coords, rng, each, drawn)
        for arrow in local.arrows:
            if network["y"].family == "softmax":
                effects = drawn[f"y.{arrow.parent}"]
                effects = effects[..., 2] - effects[..., 0]
            else:
                effects = TERMS[term_of(local, arrow)].effect(drawn, local, arrow)
            explained[place] += (effects**2).mean()
    share = explained / (explained + math.pi**2 / 3)
    assert stats.kstest(share, stats.beta(1.25, 3.75).cdf).pvalue > 1e-3
    np.testing.assert_allclose(share, r2, atol=0.06)


def with_noise(rows, seed, noise=12):
    """Two parents that matter, and many that do not, all of two states; no and yes are thresholds of a logit."""
    rng = np.random.default_rng(seed)
    names = ("real_up", "real_down", *(f"noise{k:02d}" for k in range(noise)))
    codes = rng.integers(0, 2, (rows, len(names)))
    effects = np.array([1.5, -1.5, *np.zeros(noise)])
    y = (rng.random(rows) < expit((codes - 0.5) @ effects)).astype(int)
    states = np.array(["no", "yes"])
    frame = pd.DataFrame({name: states[codes[:, k]] for k, name in enumerate(names)} | {"y": states[y]})
    parents = tuple(Node(name, ("no", "yes"), ordered=True) for name in names)
    arrows = tuple(Arrow(name) for name in names)
    node = Node("y", ("no", "yes"), arrows, "ordinal", ordered=True, options=SHRUNK)
    return Network((*parents, node)), Network((*parents, replace(node, options=()))), frame


@pytest.mark.slow
def test_noise_shrinks_and_what_is_real_stays():
    network, plain, frame = with_noise(rows=250, seed=8)
    found = {key: fit(one, frame, seed=1, draws=500, tune=1000) for key, one in (("r2d2", network), ("plain", plain))}
    assert int(found["r2d2"].tree["sample_stats"]["diverging"].sum()) <= 4
    draws = {key: {n: x.values.ravel() for n, x in p.draws.items() if n.startswith("y.")} for key, p in found.items()}
    noise = [f"y.noise{k:02d}" for k in range(12)]

    def error(key, names, truth):
        return math.sqrt(np.mean([((draws[key][name] - truth) ** 2).mean() for name in names]))

    assert error("r2d2", noise, 0.0) < 0.75 * error("plain", noise, 0.0)
    for name, truth in (("y.real_up", 1.5), ("y.real_down", -1.5)):
        x = draws["r2d2"][name]
        assert abs(x.mean() - truth) < 2.5 * x.std(), name
        assert abs(x.mean()) > 0.75, name
        assert abs(x.mean()) > 0.8 * abs(draws["plain"][name].mean()), name


# Of many short fits some have a divergence or two; the ranks judge them all.
@pytest.mark.filterwarnings("ignore::servanda.models.errors.ConvergenceWarning")
@pytest.mark.slow
def test_ranks_of_what_made_the_cases_are_uniform():
    """Simulation-based calibration (Talts and others 2018†): parameters and cases from the prior, then a fit."""
    network = shrunk(Arrow("kind"), Arrow("pair"), Arrow("grade"), states=("no", "yes"))
    simulations, kept = 96, 63
    truth = prior_draws(network, seed=9, draws=simulations)
    names = {"y.r2": (), "y.shares": (0,), "y.kind": (2,), "y.pair": (), "y.grade": ()}
    ranks = {name: [] for name in names}
    table = truth.table("y").values[0]
    for number in range(simulations):
        rng = np.random.default_rng([10, number])
        codes = np.column_stack([rng.integers(0, len(network[name].states), 80) for name in network["y"].parent_names])
        y = (rng.random(80) < table[number][tuple(codes.T)][:, 1]).astype(int)
        frame = pd.DataFrame(
            {n: np.array(network[n].states)[codes[:, k]] for k, n in enumerate(network["y"].parent_names)}
            | {"y": np.array(["no", "yes"])[y]}
        )
        posterior = fit(network, frame, seed=number, draws=kept, tune=200, chains=1, thin=3, target_accept=0.95)
        for name, cell in names.items():
            true = truth.draws[name].values[(0, number, *cell)]
            ranks[name].append(int((posterior.draws[name].values[(0, slice(None), *cell)] < true).sum()))
    for name, found in ranks.items():
        counted = np.bincount(np.array(found) // 8, minlength=8)
        assert stats.chisquare(counted).pvalue > 1e-3, (name, counted)


def test_a_latent_parent_can_still_be_renamed():
    latent = Node("u", ("a", "b"))
    node = Node("y", ("low", "mid", "high"), (Arrow("u"), Arrow("kind")), "ordinal", ordered=True, options=SHRUNK)
    network = Network((latent, KIND, node))
    assert interchangeable(network, "u", None)
    stated = {"*": Prior.of("normal", mu=0.0, sigma=1.0), "y.u": Prior.of("normal", mu=(0.5, -0.5), sigma=1.0)}
    stated |= {"*.table": Prior.of("dirichlet", alpha=1.0), "*.baseline": Prior.of("dirichlet", alpha=1.0)}
    stated |= {"*.r2": Prior.of("beta", alpha=1.0, beta=1.0), "*.shares": Prior.of("dirichlet", alpha=1.0)}
    assert not interchangeable(network, "u", PriorSet.from_mapping(stated))


def test_the_option_is_written_and_read():
    again = network_from_toml(network_to_toml(MIXED))
    assert again == MIXED
    assert again["y"].option("shrinkage") is True


def test_faults_of_the_option():
    with pytest.raises(NetworkError, match=r"options\.shrinkage is true or false, not 'yes'"):
        Network((KIND, Node("y", ("no", "yes"), (Arrow("kind"),), "softmax", options=(("shrinkage", "yes"),))))
    with pytest.raises(NetworkError, match="family 'table' has no option 'shrinkage'; it has none"):
        Network((KIND, Node("y", ("no", "yes"), (Arrow("kind"),), options=SHRUNK)))
    no = Network((KIND, Node("y", ("no", "yes"), (Arrow("kind"),), "softmax", options=(("shrinkage", False),))))
    assert "y.r2" not in parameters(no)


class Pinned(Distribution):
    """A distribution of real numbers that cannot be stretched."""

    name, numbers = "pinned", ("mu",)


def test_a_prior_that_cannot_be_stretched_is_a_fault(monkeypatch):
    monkeypatch.setitem(DISTRIBUTIONS, "pinned", Pinned())
    network = shrunk(Arrow("pair"))
    priors = PriorSet.from_mapping(
        {"*.table": Prior.of("dirichlet", alpha=1), "*.baseline": Prior.of("dirichlet", alpha=1)}
        | {"y.r2": Prior.of("beta", alpha=1, beta=1), "y.pair": Prior.of("pinned", mu=0)}
    )
    with pytest.raises(PriorError, match=r"a spread that is learned \(shrinkage\); state a normal or a student_t"):
        check_priors(network, priors, parameter_coords(network))


def test_a_set_must_cover_the_share_and_its_division():
    bare = PriorSet.from_mapping({"y.*": Prior.of("normal", mu=0, sigma=1), "*.table": Prior.of("dirichlet", alpha=1)})
    with pytest.raises(PriorError) as caught:
        check_priors(
            shrunk(Arrow("pair"), Arrow("kind")), bare, {**parameter_coords(shrunk(Arrow("pair"), Arrow("kind")))}
        )
    said = str(caught.value)
    assert "y.r2: takes unit values" in said
    assert "y.shares: takes simplex values" in said


def test_a_network_without_the_option_cannot_be_asked_what_is_explained():
    network = load_network("guarantee")
    posterior = prior_draws(network, seed=1, draws=2)
    with pytest.raises(QueryError, match="compliance: learns no share that its parents explain; state options"):
        explained_share("compliance").draws(posterior)
    assert str(explained_share("complaince").faults(network)[0]) == (
        "complaince: is no node; did you mean 'compliance'?"
    )
    assert explained_share("y").words(MIXED) == "R2(y)"
    assert explained_share("y").nodes(MIXED) == {"y"}


def test_a_local_of_another_family_declares_no_coordinates():
    assert MIXED.family("kind").coords(Local(KIND, ())) == {}


def test_log_likelihood_is_as_without_the_option():
    """The option changes priors and no table: the same effects make the same probabilities."""
    plain = Network(tuple(replace(node, options=()) for node in MIXED.nodes))
    cases = encode(MIXED, some_cases(MIXED, 20, seed=12))
    draws = prior_draws(MIXED, seed=13, draws=5, levels=dict(cases.levels))
    values = {str(name): array.values[0] for name, array in draws.draws.items()}
    one, other = (log_likelihood(network, find_patterns(network, cases), values) for network in (MIXED, plain))
    np.testing.assert_array_equal(one, other)
