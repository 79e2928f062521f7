"""Continuation ratios: judged step by step in plain Python, by scikit-learn, SciPy, PyMC and pgmpy."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.special import expit, log_expit, logit
from scipy.stats import chisquare, norm

from servanda.models import (
    Arrow,
    Group,
    Network,
    NetworkError,
    Node,
    Posterior,
    fit,
    load_network,
    load_posterior,
    network_from_toml,
    network_parameters,
    network_to_toml,
)
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import make_density
from servanda.models.families import FAMILIES
from servanda.models.network.parameters import parameter_coords, prior_faults
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.sampling.pymc_model import pymc_model
from servanda.priors import load_prior

from ..density.test_density import log_jacobian, some_cases
from .test_families import ACTOR, ACTORS, EXAMPLES, Example, at, drawn, effect_by_hand

SEQUENTIAL = [example for example in EXAMPLES if example.family == "sequential"]
STATES = ("defected", "partial", "complied")


def effect_of_step(posterior, example, arrow, step, draw):
    """Effects of one arrow on one step: the main parameter and what the step departs from it, put in by hand."""
    name = f"y.{arrow.parent}"
    if arrow.term == "none" or len(example.states) == 2:
        return effect_by_hand(posterior, arrow, draw)
    place = list(posterior.draws[f"{name}.departure"].dims).index("y_above") - 2
    departure = np.take(at(posterior, f"{name}.departure", draw), step, axis=place)
    moved = posterior.draws[name].copy(deep=True)
    moved.values[0, draw] += at(posterior, "y.departure_sd", draw) * departure
    draws = posterior.draws.assign({name: moved})
    return effect_by_hand(Posterior(posterior.network, xr.DataTree.from_dict({"posterior": draws})), arrow, draw)


@pytest.mark.parametrize("example", SEQUENTIAL, ids=str)
@pytest.mark.parametrize("actor", ["USA", "(new)"])
def test_each_step_is_a_logit_of_what_has_come_to_it(example, actor):
    posterior, network, size = drawn(example), example.network(), len(example.states)
    table = posterior.table("y", **{group.name: actor for group in example.groups}).values[0]
    axes = network.axes("y")
    for draw in range(2):
        baseline = at(posterior, "y.baseline", draw)
        effects = [
            [effect_of_step(posterior, example, arrow, step, draw) for step in range(size - 1)]
            for arrow in example.arrows
        ]
        for code in product(*(range(len(network[axis].states)) for axis in axes[:-1])):
            state = dict(zip(axes, code, strict=False))
            reached, expected = 1.0, []
            for step in range(size - 1):
                eta = math.log(sum(baseline[step + 1 :]) / baseline[step])
                for arrow, own in zip(example.arrows, effects, strict=True):
                    eta += own[step][(state[arrow.by], state[arrow.parent]) if arrow.by else state[arrow.parent]]
                for group in example.groups:
                    eta += at(posterior, f"y.{group.name}", draw)[[*ACTORS, "(new)"].index(actor)]
                further = 1 / (1 + math.exp(-eta))
                expected.append(reached * (1 - further))
                reached *= further
            np.testing.assert_allclose(table[draw][code], [*expected, reached], rtol=0, atol=1e-13)


@pytest.mark.parametrize("example", SEQUENTIAL, ids=str)
def test_departures_are_declared_of_every_acting_parent_and_sum_to_zero(example):
    posterior, network = drawn(example), example.network()
    names = [parameter.name for parameter in network_parameters(network, ["y"])]
    ordinal = Example("ordinal", example.arrows, example.groups, example.states).network()
    shared = network_parameters(ordinal, ["y"])
    own = {parameter.name: parameter for parameter in network_parameters(network, ["y"])}
    for parameter in shared:
        assert own[parameter.name] == parameter  # name, dims, support, default and meaning: priors for one serve both
    acting = [arrow.parent for arrow in example.arrows if arrow.term != "none"]
    departs = acting if len(example.states) > 2 else []
    expected = [f"y.{parent}.departure" for parent in departs] + ["y.departure_sd"] * bool(departs)
    assert sorted(set(names) - {parameter.name for parameter in shared}) == sorted(expected)
    for parent in departs:
        departure = posterior.draws[f"y.{parent}.departure"]
        np.testing.assert_allclose(departure.sum("y_above"), 0, atol=1e-12)
        if parent in departure.dims:
            np.testing.assert_allclose(departure.sum(parent), 0, atol=1e-12)


def test_steps_read_as_questions():
    network = Example("sequential", (Arrow("pair"),), states=STATES).network()
    assert parameter_coords(network)["y_above"] == ("> defected", "> partial")
    posterior = drawn(Example("sequential", (Arrow("kind"),), states=STATES))
    assert posterior.draws["y.kind.departure"].dims == ("chain", "draw", "y_above", "kind")
    assert posterior.draws["y.kind.departure"].coords["y_above"].values.tolist() == ["> defected", "> partial"]


def test_of_two_states_it_is_the_logit_and_the_ordinal():
    arrows = (Arrow("kind"), Arrow("grade", by="kind"), Arrow("count", term="log"))
    one, other = (Example(family, arrows, (ACTOR,), ("no", "yes")) for family in ("sequential", "ordinal"))
    both = [drawn(example) for example in (one, other)]
    for posterior in both[1:]:
        np.testing.assert_array_equal(posterior.draws["y.kind"], both[0].draws["y.kind"])
    for member in ("USA", None, "typical"):
        tables = [posterior.table("y", actor=member).values for posterior in both]
        np.testing.assert_allclose(tables[0], tables[1], rtol=0, atol=1e-9)


def values_of(baseline, slopes, scale=1.0):
    """Parameters of `y` by `count` on the log scale, whose steps have the given slopes."""
    slopes = np.asarray(slopes, float)
    departure = (slopes - slopes.mean()) / scale
    return {
        "y.baseline": np.asarray(baseline)[None],
        "y.count": np.array([slopes.mean()]),
        "y.count.departure": departure[None],
        "y.departure_sd": np.array([scale]),
    }


def baseline_of(intercepts):
    """Probabilities of the states where step s goes further with the logit of its intercept."""
    further = expit(np.asarray(intercepts))
    reached = np.concatenate([[1.0], np.cumprod(further)])
    return np.concatenate([reached[:-1] * (1 - further), reached[-1:]])


@pytest.mark.parametrize("free", [False, True])
def test_a_fit_by_scikit_learn_of_what_has_come_to_each_step_has_its_likelihood_and_is_its_top(free):
    """With free departures a logit for each step; without any, one logit of all steps with an intercept for each."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(5)
    example = Example("sequential", (Arrow("count", term="log"),), states=("a", "b", "c", "d"))
    network = example.network()
    x = np.log([1, 2, 5]) - np.log([1, 2, 5]).mean()
    count, state = rng.integers(0, 3, 900), np.zeros(900, int)
    for step, slope in enumerate((0.8, -0.4, 1.5)):
        state += (state == step) & (rng.random(900) < expit(0.5 + slope * x[count]))
    rows = [(step, x[c], s > step) for c, s in zip(count, state, strict=True) for step in range(min(s + 1, 3))]
    step, own, further = (np.array(column) for column in zip(*rows, strict=True))
    plain: Any = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    likelihood = 0.0
    if free:
        intercepts, slopes = np.zeros(3), np.zeros(3)
        for s in range(3):
            at_risk = step == s
            plain.fit(own[at_risk, None], further[at_risk])
            intercepts[s], slopes[s] = plain.intercept_[0], plain.coef_[0, 0]
            p = plain.predict_log_proba(own[at_risk, None])
            likelihood += p[np.arange(len(p)), further[at_risk].astype(int)].sum()
    else:
        columns = np.column_stack([step == 0, step == 1, step == 2, own]).astype(float)
        plain.set_params(fit_intercept=False).fit(columns, further)
        intercepts, slopes = plain.coef_[0, :3], np.repeat(plain.coef_[0, 3], 3)
        p = plain.predict_log_proba(columns)
        likelihood = p[np.arange(len(p)), further.astype(int)].sum()

    def by_family(intercepts, slopes):
        values = values_of(baseline_of(intercepts), slopes, scale=0.7)
        codes = np.column_stack([count, state])
        return FAMILIES["sequential"].log_prob(values, codes, {}, network.local("y"), np).sum()

    assert by_family(intercepts, slopes) == pytest.approx(likelihood, rel=1e-10)
    for move in (-0.01, 0.01):
        for place in range(3):
            moved = intercepts + move * (np.arange(3) == place)
            assert by_family(moved, slopes) < likelihood
            if free:
                assert by_family(intercepts, slopes + move * (np.arange(3) == place)) < likelihood
        assert by_family(intercepts, slopes + move) < likelihood


def test_small_probabilities_keep_their_digits():
    network = Example("sequential", (Arrow("count", term="log"),), states=("a", "b", "c")).network()
    baseline = np.array([1 - 1e-12, 1e-12, 1e-200])
    values = values_of(baseline, (-40.0, 25.0))
    x = math.log(5) - np.log([1, 2, 5]).mean()
    codes = np.array([[2, 0], [2, 1], [2, 2]])
    first, second = math.log(1e-12) - 40 * x, math.log(1e-200) - math.log(1e-12) + 25 * x
    expected = [log_expit(-first), log_expit(first) + log_expit(-second), log_expit(first) + log_expit(second)]
    found = FAMILIES["sequential"].log_prob(values, codes, {}, network.local("y"), np)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    last = {name: np.moveaxis(value, 0, -1) for name, value in values.items()}
    local = network.local("y")
    table = FAMILIES["sequential"].table(last, {"count": 2}, {}, local)[:, 0]
    np.testing.assert_allclose(table, np.exp(expected), rtol=1e-11)
    summed = FAMILIES["sequential"].weighted_sum(last, {"count": 2}, {}, local, np.ones(1))[:, 0]
    np.testing.assert_allclose(summed, np.exp(expected), rtol=1e-11)


def test_a_baseline_of_nothing_is_impossible():
    network = Example("sequential", (Arrow("count", term="log"),), states=("a", "b", "c", "d")).network()
    values = values_of([0.5, 0.5, 0.0, 0.0], (0.3, 0.1, 0.2))
    codes = np.array([[0, state] for state in range(4)])
    with np.errstate(divide="ignore"):
        found = FAMILIES["sequential"].log_prob(values, codes, {}, network.local("y"), np)[0]
    last = {name: np.moveaxis(value, 0, -1) for name, value in values.items()}
    table = FAMILIES["sequential"].table(last, {"count": 0}, {}, network.local("y"))[:, 0]
    assert table[2:].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(np.exp(found), table, atol=1e-15)


SPREADS = np.array([0.05, 0.5, 1.0, 2.5, 5.0, 9.0])


def posterior_of_groups(size, baselines):
    groups = (Group("actor", "actor"), Group("pact", "pact"))
    node = Node("kept", tuple("abcdefgh"[:size]), family="sequential", ordered=True, groups=groups)
    coords = {"kept": list(node.states), "actor": ["A", "(new)"], "pact": ["A", "(new)"]}
    effects = np.random.default_rng(1).normal(size=(1, len(SPREADS), 2))
    draws = {
        "kept.baseline": (("chain", "draw", "kept"), baselines[None]),
        "kept.actor_sd": (("chain", "draw"), 0.6 * SPREADS[None]),
        "kept.pact_sd": (("chain", "draw"), 0.8 * SPREADS[None]),
        "kept.actor": (("chain", "draw", "actor"), effects),
        "kept.pact": (("chain", "draw", "pact"), effects + 1),
    }
    return Posterior(Network((node,)), xr.DataTree.from_dict({"posterior": xr.Dataset(draws, coords)}))


@pytest.mark.parametrize("size", [2, 3, 5, 8])
@pytest.mark.parametrize("level", [False, True])
def test_a_member_of_whom_nothing_is_known_is_integrated_out(size, level):
    """By adaptive quadrature; also where all steps have one intercept, so that their poles fall together."""
    baselines = np.random.default_rng(2).dirichlet(np.ones(size), len(SPREADS))
    if level:
        baselines = np.array([baseline_of(np.full(size - 1, logit(b[0]))) for b in baselines])
    posterior = posterior_of_groups(size, baselines)
    integrated, known = (posterior.table("kept", actor=actor).values[0] for actor in (None, "A"))
    for draw, spread in enumerate(SPREADS):
        cuts = np.log(baselines[draw, :-1] / np.cumsum(baselines[draw, ::-1])[::-1][1:])
        shift = posterior.draws["kept.actor"].values[0, draw, 0]
        for found, sd, middle in ((integrated, spread, 0.0), (known, 0.8 * spread, shift)):
            for state in range(size):

                def at_point(u, state=state, sd=sd, middle=middle, cuts=cuts):
                    further = expit(u + middle - cuts)
                    ends = 1 - further[state] if state < size - 1 else 1.0
                    return np.prod(further[:state]) * ends * norm.pdf(u, scale=sd)

                exact = quad(at_point, -12 * sd, 12 * sd, limit=400, epsabs=1e-10)[0]
                assert found[draw, state] == pytest.approx(exact, abs=1e-6), (spread, state)


def test_sums_over_parents_are_those_of_the_table_with_members_integrated_out():
    example = Example("sequential", (Arrow("kind"), Arrow("grade", by="kind"), Arrow("count")), (ACTOR,), tuple("abcd"))
    posterior, network = drawn(example, draws=50), example.network()
    local, members = network.local("y"), {"actor": posterior.member("actor", None)}
    family = FAMILIES["sequential"]
    table = family.table(posterior.values, {}, members, local)
    order = [axis for side in family.summing_order(local, {}) for axis in side]
    weights = np.random.default_rng(3).random((*local.sizes(tuple(order)), 50))
    turned = table.transpose([*(local.axes.index(axis) for axis in order), 3, 4])
    expected = (turned * weights[..., None, :]).sum(axis=(0, 1, 2))
    found = family.weighted_sum(posterior.values, {}, members, local, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for state in range(4):
        found = family.weighted_sum(posterior.values, {"y": state}, members, local, weights)
        np.testing.assert_allclose(found, expected[state], rtol=1e-12)


@pytest.mark.pymc
@pytest.mark.parametrize("example", [SEQUENTIAL[3], SEQUENTIAL[5], SEQUENTIAL[8]], ids=str)
def test_the_compiled_density_and_its_slopes_are_those_of_pymc(example):
    """PyMC differentiates by itself; its unknowns are others, so that slopes are led over by differences of the map."""
    import pytensor as tensors

    pytensor: Any = tensors

    network = example.network()
    cases = some_cases(network, example.groups)
    patterns = find_patterns(network, cases)
    density = make_density(network, cases, patterns, None, ("y",))
    model = pymc_model(network, cases, patterns, None, ("y",))
    free = model.free_RVs
    inputs = [rv.type() for rv in free]
    ways = [model.rvs_to_transforms[rv] for rv in free]
    ends = [
        value if way is None else way.forward(value, *rv.owner.inputs)
        for rv, value, way in zip(free, inputs, ways, strict=True)
    ]
    there: Any = pytensor.function(inputs, ends, mode="FAST_COMPILE")

    def unknowns(x):
        values = density.layout.constrain(x[None])
        found = there(*(values[rv.name][0] for rv in free))
        return {model.rvs_to_values[rv].name: end for rv, end in zip(free, found, strict=True)}

    x = 0.5 * np.random.default_rng(6).standard_normal(density.size)
    value, slope = density(x)
    point = unknowns(x)
    # Both in one function, since what they share is then compiled once.
    wanted = [model.logp(jacobian=False), model.dlogp(free, jacobian=False)]
    judge, theirs = model.compile_fn(wanted, inputs=model.value_vars, mode="FAST_COMPILE")(point)
    assert value == pytest.approx(float(judge) + log_jacobian(density.layout, x))
    step = 1e-5
    for place in range(density.size):
        move = np.zeros(density.size)
        move[place] = step
        up, down = unknowns(x + move), unknowns(x - move)
        led = np.concatenate([((up[name] - down[name]) / (2 * step)).ravel() for name in point])
        stretch = (log_jacobian(density.layout, x + move) - log_jacobian(density.layout, x - move)) / (2 * step)
        assert slope[place] == pytest.approx(theirs @ led + stretch, rel=1e-4, abs=1e-4), place


def test_tables_go_to_pgmpy_and_come_back(pgmpy):
    example = Example("sequential", (Arrow("kind"), Arrow("count", term="log")), states=STATES)
    posterior = drawn(example, draws=1)
    network = posterior.network
    tables = {name: posterior.table(name)[0, 0] for name in network.names}
    model = network.to_pgmpy(tables)
    assert model.check_model()
    found = Posterior.from_pgmpy(model)
    for name in network.names:
        np.testing.assert_allclose(found.table(name)[0, 0], tables[name], rtol=0, atol=1e-12)
    solver = pgmpy.VariableElimination(model)
    asked = solver.query(["y"], evidence={"kind": "z"}, show_progress=False)
    expected = (tables["y"].sel(kind="z") * tables["count"]).sum("count")
    np.testing.assert_allclose(asked.values, expected, rtol=1e-10)


def test_it_is_written_saved_and_loaded(tmp_path):
    network = network_from_toml("""
        [nodes.sworn]
        states = ["no", "word", "treaty"]
        ordered = true
        [nodes.kept]
        states = ["defected", "partial", "complied"]
        ordered = true
        family = "sequential"
        parents.sworn.reason = "an oath binds"
        groups.actor.column = "actor"
    """)
    assert network["kept"].family == "sequential"
    assert network_from_toml(network_to_toml(network)) == network
    posterior = prior_draws(network, seed=4, draws=6, levels={"actor": ACTORS})
    posterior.save(tmp_path / "kept.nc")
    loaded = load_posterior(tmp_path / "kept.nc")
    assert loaded.network == network
    xr.testing.assert_identical(loaded.draws["kept.sworn.departure"], posterior.draws["kept.sworn.departure"])
    xr.testing.assert_identical(loaded.table("kept", actor="USA"), posterior.table("kept", actor="USA"))


@pytest.mark.parametrize("name", ["flat", "literature", "cheap_talk", "institutionalist", "realist"])
def test_prior_sets_made_for_an_ordinal_outcome_serve(name):
    network = as_sequential(load_network("guarantee"))
    priors = load_prior(name)
    assert prior_faults(network, priors, parameter_coords(network)) == []
    assert priors["compliance.departure_sd"].support == "positive"


def as_sequential(network):
    from dataclasses import replace

    nodes = (replace(n, family="sequential") if n.name == "compliance" else n for n in network.nodes)
    return Network(tuple(nodes), network.name)


def test_every_reason_why_a_node_is_not_sequential_is_said_at_once():
    x = Node("x", ("no", "yes"))
    with pytest.raises(NetworkError) as raised:
        Network((x, Node("y", ("a",), (Arrow("x", term="monotone"),), family="sequential")))
    assert str(raised.value).splitlines() == [
        "network network: 3 faults",
        "  node y: term 'monotone' needs 'x' to be ordered",
        "  node y: family 'sequential' needs ordered states; set ordered = true",
        "  node y: family 'sequential' needs two states or more",
    ]
    taken = Node("y", STATES, (Arrow("x"),), "sequential", ordered=True, groups=(Group("departure", "who"),))
    with pytest.raises(NetworkError, match=re.escape("node y: has two parameters 'y.departure_sd'")):
        Network((x, taken))


# Of many short fits some have a divergence or two; the ranks judge them all.
@pytest.mark.filterwarnings("ignore::servanda.models.errors.ConvergenceWarning")
@pytest.mark.slow
def test_ranks_of_what_was_drawn_are_uniform_among_the_draws_of_its_posterior():
    """Simulation-based calibration (Talts and others 2018†): 64 fits of 60 cases, ranks among 40 thinned draws."""
    example = Example("sequential", (Arrow("kind"), Arrow("count", term="log")), (ACTOR,), STATES)
    network = example.network()
    truths = prior_draws(network, seed=23, draws=64, levels={"actor": ACTORS})
    rng = np.random.default_rng(29)
    asked = {
        "y.baseline": {"y": "partial"},
        "y.count": {},
        "y.count.departure": {"y_above": "> partial"},
        "y.kind": {"kind": "x"},
        "y.kind.departure": {"y_above": "> defected", "kind": "z"},
        "y.departure_sd": {},
        "y.actor_sd": {},
        "y.actor": {"actor": "USA"},
    }
    ranks: dict[str, list[int]] = {name: [] for name in asked}
    kept = 40
    for number in range(64):
        who, kind, count = rng.integers(0, 2, 60), rng.integers(0, 3, 60), rng.integers(0, 3, 60)
        tables = np.stack([truths.table("y", actor=actor).values[0, number] for actor in ACTORS])
        p = tables[who, kind, count]
        state = (rng.random((60, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
        frame = pd.DataFrame(
            {
                "kind": np.array(["x", "y", "z"])[kind],
                "count": np.array(["1", "2", "5"])[count],
                "y": np.array(STATES)[state],
                "who": np.array(ACTORS)[who],
            }
        )
        posterior = fit(network, frame, seed=number, draws=kept, tune=200, chains=1, thin=4)
        for name, where in asked.items():
            true = float(truths.draws[name].isel(chain=0, draw=number).sel(where))
            draws = posterior.draws[name].sel(where).values.ravel()
            assert len(draws) == kept
            ranks[name].append(int((draws < true).sum()))
    for name, found in ranks.items():
        bins = np.histogram(found, bins=5, range=(0, kept + 1))[0]
        assert chisquare(bins).pvalue > 1e-3, (name, bins)
