"""Latent nodes: posteriors judged by sums over all completions, renamings by the likelihood they must not change."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import betainc, betaln, gammaln

from servanda.models import (
    Arrow,
    DataError,
    Group,
    Network,
    NetworkError,
    Node,
    Prior,
    PriorSet,
    encode,
    fit,
    load_network,
    network_from_toml,
    network_parameters,
    network_to_toml,
)
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.network.parameters import parameter_coords
from servanda.models.sampling.augmentation import augmented_draws
from servanda.models.sampling.latent import anchor_weights, interchangeable, latent_that_matter, relabelled
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.sampling.run import Sampling

YES_NO = ("no", "yes")


def classes(children=3, states=YES_NO, anchor="y1"):
    """A latent class with binary children."""
    seen = (Node(f"y{place}", YES_NO, (Arrow("u"),)) for place in range(1, children + 1))
    return Network((Node("u", states, anchored_by=anchor), *seen), name="classes")


#: Cell of each child, and how many cases show it so.
ROWS = {(1, 1, 1): 3, (1, 1, 0): 1, (0, 0, 0): 3, (0, 1, 0): 2, (1, 0, 1): 1}


def class_cases():
    cells = [[YES_NO[cell] for cell in cells] for cells, count in ROWS.items() for _ in range(count)]
    return pd.DataFrame(cells, columns=["y1", "y2", "y3"])


def density(x, no, yes):
    return np.exp((yes - 1) * np.log(x) + (no - 1) * np.log1p(-x) - betaln(yes, no))


def by_enumeration(alpha):
    """Posterior means where P(y1 | u = yes) > P(y1 | u = no): a sum over completions, each with an integral."""
    x, weight = np.polynomial.legendre.leggauss(120)
    x, weight = (x + 1) / 2, weight / 2
    whole, sums = 0.0, {}
    for split in product(*(range(count + 1) for count in ROWS.values())):
        u, y, choices = np.array(alpha, float), np.ones((3, 2, 2)), 0.0
        for (cells, count), yes in zip(ROWS.items(), split, strict=True):
            choices += gammaln(count + 1) - gammaln(yes + 1) - gammaln(count - yes + 1)
            for state, cases in ((0, count - yes), (1, yes)):
                u[state] += cases
                for child in range(3):
                    y[child, state, cells[child]] += cases
        no, yes = (density(x, *y[0, state]) * weight for state in (0, 1))
        below, above = (betainc(y[0, state, 1], y[0, state, 0], x) for state in (0, 1))
        ordered = (no * (1 - above)).sum()
        means = {("u",): u[1] / u.sum() * ordered}
        means |= {("y1", 0): (no * x * (1 - above)).sum(), ("y1", 1): (yes * x * below).sum()}
        means |= {(f"y{c + 1}", s): y[c, s, 1] / y[c, s].sum() * ordered for c in (1, 2) for s in (0, 1)}
        times = np.exp(choices + betaln(*u) + betaln(y[..., 0], y[..., 1]).sum())
        whole += times * ordered
        sums = {key: sums.get(key, 0.0) + times * mean for key, mean in means.items()}
    return {key: total / whole for key, total in sums.items()}


def agrees(posterior, expected):
    for (name, *state), mean in expected.items():
        drawn = posterior.draws[f"{name}.table"].sel({name: "yes"}, drop=True)
        values = (drawn.isel(u=state[0]) if state else drawn).values
        assert abs(values.mean() - mean) < 4 * float(az.mcse(values, method="mean")), (name, state)


def with_prior_of_u(alpha):
    return PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1), "u.table": Prior.of("dirichlet", alpha=alpha)})


@pytest.mark.parametrize("alpha", [(1, 1), (2, 6), (20, 2)], ids=str)
def test_an_anchored_class_agrees_with_a_sum_over_completions(alpha):
    """Also where the prior of the classes differs, with the anchor or against it."""
    posterior = fit(classes(), class_cases(), with_prior_of_u(alpha), seed=1, draws=4000, thin=1, tune=100, chains=2)
    assert posterior.provenance["drawn_by_augmentation"] == [["u", "y1", "y2", "y3"]]
    agrees(posterior, by_enumeration(alpha))
    in_order(posterior.draws["y1.table"])


def in_order(table):
    assert np.all(np.diff(table.sel(y1="yes").values, axis=-1) > 0)


@pytest.mark.slow
def test_nuts_agrees_with_a_sum_over_completions(monkeypatch):
    monkeypatch.setattr("servanda.models.sampling.samplers.can_augment", lambda *_: False)
    posterior = fit(classes(), class_cases(), seed=2, draws=600, thin=1, tune=400, chains=2)
    assert posterior.provenance["drawn_by_nuts"] == [["u", "y1", "y2", "y3"]]
    agrees(posterior, by_enumeration((1, 1)))
    in_order(posterior.draws["y1.table"])
    assert float(az.rhat(posterior.draws[["u.table"]])["u.table"].max()) < 1.02


def drawn_cases(rows, yes, rng):
    """Cases of binary children with P(yes | class) in `yes`, shape (children, classes), classes equally many."""
    u = rng.integers(0, yes.shape[1], rows)
    cells = rng.random((rows, len(yes))) < yes.T[u]
    return pd.DataFrame(np.where(cells, "yes", "no"), columns=[f"y{place + 1}" for place in range(len(yes))])


def rhat(draws):
    return max(float(az.rhat(draws[[name]])[name].max()) for name in draws)


# The anchor tells least: a sampler that refused what is out of order would stay where the others are turned around.
YES = np.array([[0.45, 0.55], [0.1, 0.8], [0.2, 0.9], [0.85, 0.15]])


def test_chains_agree_with_an_anchor_and_not_without():
    frame = drawn_cases(2000, YES, np.random.default_rng(3))
    found = {}
    for anchor in ("y1", None):
        network = classes(4, anchor=anchor)
        patterns = find_patterns(network, encode(network, frame, unobserved="u"))
        alphas = {name: np.ones(network.shape(name)) for name in network.names}
        drawn = augmented_draws(
            network, patterns, alphas, Sampling(0, draws=400, tune=200, chains=4, thin=2), np.random.default_rng(2)
        )
        found[anchor] = xr.Dataset(
            {
                name: (("chain", "draw", *(f"{name}{axis}" for axis in range(x.ndim - 2))), x)
                for name, x in drawn.items()
            }
        )
    assert rhat(found["y1"]) < 1.03
    assert rhat(found[None]) > 1.3
    np.testing.assert_allclose(found["y1"]["y4"].mean(("chain", "draw"))[:, 1], YES[3], atol=0.05)


def test_three_classes_are_found_in_order():
    yes = np.array(
        [
            [0.05, 0.5, 0.95],
            [0.9, 0.1, 0.9],
            [0.1, 0.9, 0.9],
            [0.05, 0.5, 0.95],
            [0.9, 0.1, 0.1],
            [0.1, 0.1, 0.9],
            [0.5, 0.9, 0.1],
        ]
    )
    frame = drawn_cases(4000, yes, np.random.default_rng(4))
    posterior = fit(classes(7, ("a", "b", "c")), frame, seed=1, draws=400, tune=400, thin=3, pointwise=False)
    assert rhat(posterior.draws) < 1.02
    for place, expected in enumerate(yes, start=1):
        drawn = posterior.draws[f"y{place}.table"].isel({f"y{place}": 1})
        off = (drawn.mean(("chain", "draw")) - expected) / drawn.std(("chain", "draw"))
        assert np.abs(off).max() < 4, place


def test_without_an_anchor_a_fit_says_so():
    with pytest.raises(DataError) as caught:
        fit(classes(anchor=None), class_cases(), seed=1, unobserved="u")
    assert str(caught.value) == (
        "latent nodes of network classes: node u: has no data (column u), and nothing tells its states apart (no, "
        "yes); state anchored_by, a child whose mean state rises with it (y1, y2, y3), or priors that differ between "
        "its states"
    )


def test_a_latent_node_that_data_do_not_reach_needs_no_anchor():
    network = Network((Node("seen", YES_NO), Node("below", YES_NO, (Arrow("seen"),), latent=True)))
    posterior = fit(network, pd.DataFrame({"seen": ["no", "yes"]}), seed=1, draws=10, chains=1)
    assert posterior.provenance["drawn_exactly"] == ["seen", "below"]


def test_an_anchor_cannot_be_latent_itself_nor_hold_unequal_states_by_nuts():
    chain = Network(
        (
            Node("u", YES_NO, anchored_by="v"),
            Node("v", YES_NO, (Arrow("u"),), anchored_by="w"),
            Node("w", YES_NO, (Arrow("v"),)),
        )
    )
    with pytest.raises(DataError, match="node u: is anchored by 'v', which has no data either; give it a child that"):
        fit(chain, pd.DataFrame({"w": ["no", "yes"]}), seed=1)
    with pytest.raises(DataError, match=re.escape("NUTS cannot keep the order then; give every state the same")):
        fit(classes(), class_cases(), with_prior_of_u((1, 3)), seed=1, exact=False)
    square = PriorSet.from_mapping(
        {"*": Prior.of("dirichlet", alpha=1), "y1.table": Prior.of("confusion", right=5, near=1, far=1)}
    )
    with pytest.raises(DataError, match="by 'y1', whose prior already says which state is which; drop anchored_by"):
        fit(classes(), class_cases(), square, seed=1)


def test_what_is_no_anchor_is_refused():
    nodes = (
        Node("u", YES_NO, anchored_by="w"),
        Node("v", YES_NO, anchored_by="said"),
        Node("said", YES_NO, (Arrow("v"),), family="confusion"),
        Node("t", YES_NO, anchored_by="one"),
        Node("one", ("only",), (Arrow("t"),)),
        Node("s", YES_NO, anchored_by="count"),
        Node("count", ("5", "2"), (Arrow("s"),), values=(5, 2)),
        Node("x", YES_NO, (Arrow("u"),)),
    )
    with pytest.raises(NetworkError) as caught:
        Network(nodes, name="odd")
    assert str(caught.value).splitlines() == [
        "network odd: 4 faults",
        "  node u: is anchored by 'w', which is no child of it; known: x",
        "  node v: is anchored by 'said', which says what its states are by its own prior; drop anchored_by",
        "  node t: is anchored by 'one', which has a single state; take a child with two or more",
        "  node s: is anchored by 'count', whose values do not ascend; put its states in order",
    ]


def test_an_anchor_is_written_and_read():
    network = classes()
    assert network_from_toml(network_to_toml(network)) == network
    assert "anchored_by" not in network_to_toml(classes(anchor=None))
    assert network.without_parents(["y1"])["u"].anchored_by is None
    assert network.without_parents(["y2"])["u"].anchored_by == "y1"


THREE = ("low", "mid", "high")


def apart(*children, own=None, priors=None):
    """Which states of `u` are interchangeable."""
    u = own or Node("u", THREE, ordered=True)
    others = (Node("x", YES_NO), Node("z", YES_NO, ordered=True, values=(0, 1)))
    return interchangeable(Network((*others, u, *children)), "u", priors)


def child(family, *arrows, states=THREE, **more):
    return Node("y", states, arrows or (Arrow("x"), Arrow("u")), family=family, ordered=True, **more)


@pytest.mark.parametrize(
    ("sets", "reversal", "found"),
    [
        (((0, 1, 2),), False, lambda: apart(child("table"))),
        (((0, 1, 2),), False, lambda: apart(child("pooled_table"))),
        (((0, 1, 2),), False, lambda: apart(child("softmax"))),
        ((), True, lambda: apart(child("softmax", Arrow("u", term="monotone", by="x"), Arrow("x")))),
        (((0, 1, 2),), False, lambda: apart(child("ordinal", Arrow("u", term="nominal"), groups=(Group("g", "g"),)))),
        (((0, 1, 2),), False, lambda: apart(child("ordinal", Arrow("u", term="nominal"), Arrow("z", by="u")))),
        ((), True, lambda: apart(child("ordinal"))),
        ((), True, lambda: apart(child("table"), own=Node("u", THREE, (Arrow("x"),), "ordinal", ordered=True))),
        ((), True, lambda: apart(child("sequential"))),
        ((), True, lambda: apart(child("sequential", Arrow("x"), Arrow("u", by="x")))),
        (((0, 1, 2),), False, lambda: apart(child("sequential", Arrow("u", term="nominal")))),
        ((), False, lambda: apart(child("table"), own=Node("u", THREE, (Arrow("x"),), "sequential", ordered=True))),
        (
            ((0, 1),),
            False,
            lambda: apart(child("table"), own=Node("u", YES_NO, (Arrow("x"),), "sequential", ordered=True)),
        ),
        ((), False, lambda: apart(child("ordinal", Arrow("u", term="log")), own=Node("u", THREE, values=(1, 2, 5)))),
        ((), False, lambda: apart(child("noisy_max", Arrow("u")))),
        ((), False, lambda: apart(child("confusion"))),
        (((0, 1, 2),), False, lambda: apart(child("confusion"), priors=flat())),
        ((), True, lambda: apart(child("table"), priors=flat(u=(1.0, 3.0, 1.0)))),
        (((0, 1),), False, lambda: apart(child("table"), priors=flat(u=(1.0, 1.0, 3.0)))),
        ((), False, lambda: apart(child("table"), priors=flat(u=(1.0, 2.0, 3.0)))),
        ((), False, lambda: apart(child("table"), own=Node("u", ("only",)))),
    ],
)
def test_which_states_nothing_tells_apart(sets, reversal, found):
    same = found()
    assert (same.sets, same.reversal) == (sets, reversal)
    assert bool(same) == (bool(sets) or reversal)


def flat(u=1.0):
    return PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1), "u.table": Prior.of("dirichlet", alpha=u)})


def test_a_prior_with_a_sign_names_the_states():
    """Watched parties comply more, say the published studies: a file without monitoring keeps its order."""
    from servanda.priors import load_prior

    network = load_network("guarantee")
    assert interchangeable(network, "monitoring", load_prior("flat")).reversal
    assert not interchangeable(network, "monitoring", load_prior("literature"))
    assert interchangeable(network, "regime", load_prior("flat")).sets == ((0, 1, 2, 3),)
    assert not interchangeable(network, "regime", load_prior("literature"))
    # It has one size for a withdrawal and for limited force, and another for each other price.
    assert interchangeable(network, "price", load_prior("literature")).sets == ((2, 4),)


#: Networks of families that NUTS samples, with `u` latent.
OTHERS = (Node("x", YES_NO), Node("w", THREE, (Arrow("u"), Arrow("x"))))
TURNED = {
    "tables": (Node("u", THREE, (Arrow("x"),), anchored_by="w"), *OTHERS),
    "pooled": (Node("u", THREE, anchored_by="w"), *OTHERS, child("pooled_table")),
    "softmax": (Node("u", THREE, (Arrow("x"),), "softmax", anchored_by="y"), *OTHERS, child("softmax")),
    "nominal": (Node("u", THREE, anchored_by="y"), *OTHERS, child("ordinal", Arrow("u", term="nominal"))),
    "monotone": (
        Node("u", THREE, ordered=True, anchored_by="y"),
        Node("x", YES_NO),
        child("ordinal", Arrow("u", by="x"), Arrow("x"), groups=(Group("g", "g"),)),
    ),
    "steps": (
        Node("u", THREE, ordered=True, anchored_by="y"),
        Node("x", YES_NO),
        child("sequential", Arrow("u", by="x"), Arrow("x"), groups=(Group("g", "g"),)),
    ),
    "ordinal": (
        Node("u", THREE, (Arrow("x"),), "ordinal", ordered=True, groups=(Group("g", "g"),), anchored_by="w"),
        *OTHERS,
    ),
}


@pytest.mark.parametrize("name", TURNED)
def test_renamed_draws_are_in_order_and_otherwise_the_same(name):
    network = Network(TURNED[name])
    rng = np.random.default_rng(1)
    columns = [node for node in network.nodes if node.name != "u"]
    frame = pd.DataFrame({node.name: rng.choice(node.states, 12) for node in columns}).assign(g=list("abc") * 4)
    cases = encode(network, frame)
    patterns = find_patterns(network, cases)
    assert latent_that_matter(network, patterns) == ("u",)
    before = prior_draws(network, seed=1, draws=40, levels=dict(cases.levels))
    draws = {str(key): array for key, array in before.draws.items()}
    after = relabelled(network, patterns, None, draws, network.names)

    def leading(variables):
        return {key: array.values[0] for key, array in variables.items()}

    np.testing.assert_allclose(
        log_likelihood(network, patterns, leading(after)), log_likelihood(network, patterns, leading(draws)), rtol=1e-9
    )
    coords = parameter_coords(network, cases.levels)
    for parameter in network_parameters(network):
        old, new = (parameter.log_prior(leading(variables), parameter.default, coords) for variables in (draws, after))
        np.testing.assert_allclose(new, old, rtol=1e-9, atol=1e-9)
    moved = replace(before, tree=xr.DataTree.from_dict({"posterior": xr.Dataset(after)}))
    anchor = network["u"].anchored_by
    table = (
        moved.table(anchor, **{group.name: "(new)" for group in network[anchor].groups})
        .transpose("chain", "draw", "u", ..., anchor)
        .values[0]
    )
    means = (table @ np.arange(3)).reshape(40, 3, -1).mean(axis=-1)
    if network["u"].ordered:
        assert np.all(means[:, 2] > means[:, 0])
    else:
        assert np.all(np.diff(means, axis=1) > 0)
    changed = {key for key in draws if not np.array_equal(draws[key].values, after[key].values)}
    assert {key.split(".")[0] for key in changed} <= {"u", *network.children["u"]}
    assert any(key.startswith(f"{anchor}.") for key in changed)
    again = relabelled(network, patterns, None, after, network.names)
    for key, array in after.items():
        np.testing.assert_array_equal(again[key].values, array.values)


# Two latent nodes and few rows: chains mix slowly, and the order of states holds in every draw all the same.
@pytest.mark.filterwarnings("ignore::servanda.models.errors.ConvergenceWarning")
def test_two_latent_nodes_can_share_an_anchor():
    nodes = (
        Node("u", YES_NO, anchored_by="y"),
        Node("v", THREE, anchored_by="y"),
        Node("y", ("0", "5"), (Arrow("u"), Arrow("v")), values=(0, 5)),
        *(Node(f"of_u{place}", YES_NO, (Arrow("u"),)) for place in (1, 2)),
        Node("of_v", THREE, (Arrow("v"),)),
    )
    network = Network(nodes)
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({node.name: rng.choice(node.states, 40) for node in network.nodes[2:]})
    posterior = fit(network, frame, with_prior_of_u((1, 4)), seed=1, draws=300, thin=1, tune=50, chains=2)
    raised = posterior.draws["y.table"].sel(y="5")
    assert np.all(np.diff(raised.mean("v"), axis=-1) > 0)
    assert np.all(np.diff(raised.mean("u"), axis=-1) > 0)


def test_an_anchor_with_many_other_parents_is_averaged_over_some():
    many = tuple(Node(f"p{place}", THREE) for place in range(7))
    y = Node("y", YES_NO, (*(Arrow(node.name) for node in many), Arrow("u")))
    weights = anchor_weights(Network((*many, Node("u", YES_NO, anchored_by="y"), y)), "u")
    assert weights.shape == (2, *(3,) * 7, 2, 2)
    assert (weights > 0).sum() == 2 * 256
    np.testing.assert_allclose(weights.sum(axis=tuple(range(1, 10))), [1, 1])
    np.testing.assert_allclose(weights[0].sum(axis=tuple(range(7))), [[0, 1], [0, 0]])
