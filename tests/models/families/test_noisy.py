"""Noisy-OR and noisy-MAX, judged by their hidden causes one by one, by pgmpy and by pyAgrum."""

from __future__ import annotations

import itertools
import re
import warnings

import numpy as np
import pytest
import xarray as xr
from scipy.special import logsumexp

from servanda.analysis import probability
from servanda.models import Arrow, Network, NetworkError, Node, Posterior, load_posterior, network_from_toml
from servanda.models.families import FAMILIES
from servanda.models.sampling.prior_draws import prior_draws

GRADES = {"alarm": ("no", "yes"), "watch": ("no", "some", "much"), "oath": ("none", "word", "treaty")}


def network_of(family="noisy_max", states=("calm", "uneasy", "war"), parents=tuple(GRADES)):
    nodes = [Node(name, GRADES[name], ordered=True) for name in parents]
    arrows = tuple(Arrow(name) for name in parents)
    return Network((*nodes, Node("y", states, arrows, family=family, ordered=True)))


def by_hidden_causes(posterior, draw):
    """Sum over what each cause does, each for itself: P(y = s) is the weight of all doings whose highest is s."""
    network, y = posterior.network, posterior.network["y"]
    size = len(y.states)
    leak = posterior.draws["y.leak"].values[0, draw]
    links = [np.atleast_2d(posterior.draws[f"y.{name}.link"].values[0, draw]) for name in y.parent_names]
    table = np.zeros(network.shape("y"))
    for config in itertools.product(*(range(len(network[name].states)) for name in y.parent_names)):
        acts = [leak, *(link[state - 1] for link, state in zip(links, config, strict=True) if state > 0)]
        for doing in itertools.product(range(size), repeat=len(acts)):
            table[(*config, max(doing))] += np.prod([act[done] for act, done in zip(acts, doing, strict=True)])
    return table


@pytest.mark.parametrize(
    ("family", "states"),
    [("noisy_or", ("no", "yes")), ("noisy_max", ("no", "yes")), ("noisy_max", ("a", "b", "c", "d"))],
)
def test_the_table_is_a_sum_over_hidden_causes(family, states):
    posterior = prior_draws(network_of(family, states), seed=5, draws=3)
    for draw in range(3):
        found = posterior.table("y").values[0, draw]
        np.testing.assert_allclose(found, by_hidden_causes(posterior, draw), rtol=0, atol=1e-14)


def stated(network, leak, links):
    """A posterior of one draw: the leak, and parent -> rows of its link."""
    coords = network.coords
    variables = {"y.leak": xr.DataArray(np.array(leak)[None, None], dims=("chain", "draw", "y"))}
    for name, rows in links.items():
        link, on = (np.array(rows), [f"{name}_on"]) if len(rows) > 1 else (np.array(rows[0]), [])
        variables[f"y.{name}.link"] = xr.DataArray(link[None, None], dims=("chain", "draw", *on, "y"))
        even = np.full((1, 1, len(coords[name])), 1 / len(coords[name]))
        variables[f"{name}.table"] = xr.DataArray(even, dims=("chain", "draw", name))
    numbers = {"chain": [0], "draw": [0], "y": list(coords["y"])}
    return Posterior(network, xr.DataTree.from_dict({"posterior": xr.Dataset(variables, coords=numbers)}))


CHANCES = (0.3, 0.85, 0.06, 0.5)


def binary(leak=0.0, family="noisy_or"):
    names = [f"x{place}" for place in range(len(CHANCES))]
    nodes = [Node(name, ("no", "yes"), ordered=True) for name in names]
    y = Node("y", ("no", "yes"), tuple(Arrow(name) for name in names), family=family, ordered=True)
    links = {name: [[1 - chance, chance]] for name, chance in zip(names, CHANCES, strict=True)}
    return stated(Network((*nodes, y)), [1 - leak, leak], links)


def test_without_leak_it_is_the_noisy_or_of_pgmpy():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)  # pgmpy 1.1 on its own future
        from pgmpy.factors.discrete import NoisyORCPD

    posterior = binary()
    names = list(posterior.network["y"].parent_names)
    judge = NoisyORCPD("y", list(CHANCES), names)
    expected = judge.values.transpose([judge.variables.index(name) for name in (*names, "y")])
    # pgmpy puts True first.
    expected = np.flip(expected)
    np.testing.assert_allclose(posterior.table("y").values[0, 0], expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("leak", [0.0, 0.2])
@pytest.mark.parametrize("kind", ["addNoisyORNet", "addNoisyORCompound"])
def test_with_leak_it_is_the_noisy_or_of_pyagrum(pyagrum, leak, kind):
    posterior = binary(leak)
    judge = pyagrum.BayesNet()
    names = posterior.network["y"].parent_names
    for name in names:
        judge.add(pyagrum.LabelizedVariable(name, name, ["no", "yes"]))
    getattr(judge, kind)(pyagrum.LabelizedVariable("y", "y", ["no", "yes"]), leak)
    for name, chance in zip(names, CHANCES, strict=True):
        # The compound form states what is seen where one parent is on, and the leak has its part in that.
        seen = chance if kind == "addNoisyORNet" else 1 - (1 - leak) * (1 - chance)
        judge.addWeightedArc(name, "y", seen)
    for state in itertools.product(("no", "yes"), repeat=len(names)):
        given = dict(zip(names, state, strict=True))
        expected = judge.cpt("y")[given]
        found = posterior.table("y", given).values[0, 0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


def test_noisy_max_is_the_maximum_of_pyagrum_over_hidden_causes(pyagrum):
    network = network_of(states=("a", "b", "c"))
    posterior = prior_draws(network, seed=8, draws=1)
    at = {name: array.values[0, 0] for name, array in posterior.draws.data_vars.items()}
    judge = pyagrum.BayesNet()
    labels = list(network["y"].states)
    judge.addMAX(pyagrum.LabelizedVariable("y", "y", labels))
    judge.add(pyagrum.LabelizedVariable("leak", "leak", labels))
    judge.cpt("leak").fillWith(list(at["y.leak"]))
    judge.addArc("leak", "y")
    for name in network["y"].parent_names:
        judge.add(pyagrum.LabelizedVariable(name, name, list(network[name].states)))
        judge.cpt(name).fillWith(list(at[f"{name}.table"]))
        judge.add(pyagrum.LabelizedVariable(f"of {name}", f"of {name}", labels))
        judge.addArc(name, f"of {name}")
        rows = [[1.0, 0.0, 0.0], *np.atleast_2d(at[f"y.{name}.link"])]
        for state, row in zip(network[name].states, rows, strict=True):
            judge.cpt(f"of {name}")[{name: state}] = list(row)
        judge.addArc(f"of {name}", "y")
    asked = pyagrum.LazyPropagation(judge)
    for given in ({}, {"oath": "treaty"}, {"alarm": "yes", "watch": "some", "oath": "word"}):
        asked.setEvidence(given)
        asked.makeInference()
        found = probability(posterior, "y", given=given).values[0, 0]
        np.testing.assert_allclose(found, asked.posterior("y").tolist(), rtol=0, atol=1e-14)
    asked.setEvidence({"y": "c", "alarm": "no"})
    asked.makeInference()
    found = probability(posterior, "oath", given={"y": "c", "alarm": "no"}).values[0, 0]
    np.testing.assert_allclose(found, asked.posterior("oath").tolist(), rtol=0, atol=1e-14)


def test_one_name_is_the_other_with_two_states():
    one, other = binary(0.1, "noisy_or"), binary(0.1, "noisy_max")
    np.testing.assert_array_equal(one.table("y").values, other.table("y").values)


def log_prob(posterior, codes):
    values = {name: np.moveaxis(value, -1, 0) for name, value in posterior.values.items()}
    network = posterior.network
    return FAMILIES["noisy_max"].log_prob(values, np.array(codes), {}, network.local("y"), np)[0]


def test_a_small_probability_keeps_its_digits():
    tiny = 1e-30
    posterior = stated(network_of(parents=("alarm",)), [1.0, tiny, tiny**2], {"alarm": [[1e-40, 0.5, 0.5]]})
    found = log_prob(posterior, [[0, 1], [0, 2], [1, 0]])
    np.testing.assert_allclose(found, [np.log(tiny), 2 * np.log(tiny), np.log(1e-40)], rtol=1e-14)


def test_what_cannot_happen_has_probability_zero():
    network = network_of(parents=("alarm", "watch"))
    posterior = stated(
        network, [1.0, 0.0, 0.0], {"alarm": [[0.0, 1.0, 0.0]], "watch": [[0.0, 0.0, 1.0], [0.25, 0.75, 0.0]]}
    )
    codes = list(itertools.product(range(2), range(3), range(3)))
    with np.errstate(divide="ignore"):
        expected = np.log([posterior.table("y").values[0, 0][code] for code in codes])
    np.testing.assert_allclose(log_prob(posterior, codes), expected, rtol=1e-14, atol=1e-15)
    assert log_prob(posterior, [[1, 2, 0]])[0] == -np.inf
    assert logsumexp(log_prob(posterior, [[1, 2, s] for s in range(3)])) == pytest.approx(0, abs=1e-15)


def test_a_parent_that_is_always_off_has_no_link():
    lone = Node("lone", ("never",), ordered=True)
    node = Node("y", ("no", "yes"), (Arrow("lone"),), family="noisy_or", ordered=True)
    posterior = prior_draws(Network((lone, node)), seed=1, draws=3)
    assert "y.lone.link" not in posterior.draws
    found = posterior.table("y").values[0, :, 0]
    np.testing.assert_allclose(found, posterior.draws["y.leak"].values[0], rtol=0, atol=1e-15)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_by_default_the_leak_acts_in_one_case_of_four(steps):
    states = tuple(map(str, range(steps + 1)))
    posterior = prior_draws(network_of(states=states, parents=()), seed=2, draws=4000)
    assert float(1 - posterior.draws["y.leak"][..., 0].mean()) == pytest.approx(0.25, abs=0.015)


def test_every_reason_why_a_node_is_no_noisy_max_is_said_at_once():
    parents = (Arrow("x", term="log", by="z"), Arrow("z"))
    nodes = [Node("x", ("no", "yes")), Node("z", ("no", "yes"), ordered=True)]
    with pytest.raises(NetworkError) as raised:
        Network((*nodes, Node("y", ("a", "b", "c"), parents, family="noisy_or")))
    assert str(raised.value).splitlines() == [
        "network network: 5 faults",
        "  node y: family 'noisy_or' has no term 'log'; drop the term",
        "  node y: family 'noisy_or' has no 'by'; drop it from 'x'",
        "  node y: family 'noisy_or' needs ordered states, from off upwards; set ordered = true",
        "  node y: family 'noisy_or' needs 2 states, not 3; try 'noisy_max'",
        "  node y: family 'noisy_or' takes the first state of 'x' as off; set ordered = true at 'x'",
    ]
    with pytest.raises(NetworkError, match=re.escape("node y: family 'noisy_max' needs two states or more")):
        Network((Node("y", ("a",), family="noisy_max", ordered=True),))


def test_it_is_written_saved_and_loaded(tmp_path):
    network = network_from_toml("""
        [nodes.threat]
        states = ["none", "some", "grave"]
        ordered = true
        [nodes.act]
        states = ["no", "yes"]
        ordered = true
        family = "noisy_or"
        parents.threat.reason = "who is threatened acts"
    """)
    posterior = prior_draws(network, seed=4, draws=6)
    assert list(posterior.draws["act.threat.link"].coords["threat_on"].values) == ["some", "grave"]
    posterior.save(tmp_path / "act.nc")
    loaded = load_posterior(tmp_path / "act.nc")
    assert loaded.network == network
    question = {"given": {"act": "yes"}, "do": {}}
    xr.testing.assert_identical(probability(loaded, "threat", **question), probability(posterior, "threat", **question))
