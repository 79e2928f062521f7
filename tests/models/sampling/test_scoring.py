"""What a fit foretells of a cell, judged by enumeration, by quadrature and by closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid
from scipy.special import betaln, expit, gammaln, logit
from scipy.stats import norm

from servanda.models import Arrow, Group, Network, Node, Prior, PriorSet, encode
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import make_density
from servanda.models.density.marginal_likelihood import log_marginal_likelihood
from servanda.models.sampling import scoring
from servanda.models.sampling.blocks import Block, fit_block
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.sampling.run import Sampling, fit_inputs
from servanda.models.sampling.scoring import cell_scores, row_scores, unit_scores

from ..makers import joint, posterior_of, random_tables

CHAIN = Network(
    (
        Node("a", ("0", "1")),
        Node("b", ("0", "1", "2"), (Arrow("a"),)),
        Node("c", ("0", "1"), (Arrow("a"), Arrow("b"))),
        Node("d", ("0", "1"), (Arrow("c"),)),
    )
)


@pytest.mark.parametrize("node", CHAIN.names)
def test_a_cell_is_foretold_from_the_rest_of_its_row(node):
    tables = random_tables(CHAIN, seed=5, draws=2)
    posterior = posterior_of(CHAIN, tables)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.choice([*CHAIN[name].states, None], 40) for name in CHAIN.names})
    cases = encode(CHAIN, frame)
    values = {name: np.moveaxis(value, -1, 0) for name, value in posterior.values.items()}
    found = cell_scores(CHAIN, cases, node, CHAIN.names)(values)
    whole = joint(CHAIN, tables)
    for row in range(40):
        cells = {name: int(codes[row]) for name, codes in cases.codes.items()}
        for draw in range(2):
            p = whole[draw]
            for place, name in enumerate(CHAIN.names):
                if cells[name] >= 0 and name != node:
                    p = np.take(p, [cells[name]], axis=place)
            own = p.sum(axis=tuple(k for k, name in enumerate(CHAIN.names) if name != node))
            expected = np.log(own[cells[node]] / own.sum()) if cells[node] >= 0 else 0.0
            assert found[draw, row] == pytest.approx(expected, abs=1e-9)


DEAL = Network((Node("kept", ("no", "yes"), family="ordinal", ordered=True, groups=(Group("deal", "deal"),)),))


def test_effects_of_what_is_left_out_are_integrated_out():
    """A deal that is left out has an effect nobody knows: its rows together are an integral over it."""
    rows = {"one": ["yes", "yes", "no"], "two": ["no", "no"], "three": ["yes"] * 4}
    frame = pd.DataFrame([(deal, state) for deal, states in rows.items() for state in states], columns=["deal", "kept"])
    block = fit_block(DEAL, frame, None, "kept", seed=1, draws=60, tune=200, chains=2)
    scores = unit_scores(block, "kept", frame["deal"].to_numpy(), seed=2)
    assert scores.units == ("one", "three", "two")
    base = block.values["kept.baseline"][:, 1]
    spread = block.values["kept.deal_sd"]
    flat = scores.log_p.reshape(-1, 3)
    steps = np.linspace(-9, 9, 1001)
    for place, deal in enumerate(scores.units):
        yes = sum(state == "yes" for state in rows[deal])
        p = expit(logit(base) + steps[:, None] * spread)
        # The trapezoid rule, which for a smooth density that is next to nothing at its ends is as good as exact.
        expected = trapezoid((p**yes * (1 - p) ** (len(rows[deal]) - yes)).T * norm.pdf(steps), steps)
        # What leaving out needs is the average over draws.
        assert np.exp(flat[:, place]).mean() == pytest.approx(np.mean(expected), rel=0.02)


def test_effects_that_others_speak_of_are_kept():
    """Leaving out single rows of a deal with more rows leaves what its other rows say of its effect."""
    frame = pd.DataFrame({"deal": ["one"] * 3 + ["two"], "kept": ["yes", "no", "yes", "no"]})
    block = fit_block(DEAL, frame, None, "kept", seed=1, draws=40, tune=100, chains=1)
    found = unit_scores(block, "kept", seed=1).log_p[0]
    effect = block.values["kept.deal"][:, 0]
    p = expit(logit(block.values["kept.baseline"][:, 1]) + effect)
    np.testing.assert_allclose(found[:, 0], np.log(p), rtol=1e-9)
    np.testing.assert_allclose(found[:, 1], np.log(1 - p), rtol=1e-9)
    alone = expit(logit(block.values["kept.baseline"][:, 1]) + block.values["kept.deal"][:, 1])
    assert np.abs(found[:, 3] - np.log(1 - alone)).max() > 0.05


def test_scores_over_points_are_those_of_each_point(monkeypatch):
    """With cells missing, and a child: the mean over points of what plain scores give with the effects put in."""
    network = Network(
        (
            Node("sun", ("no", "yes"), ordered=True),
            Node("kept", ("no", "half", "yes"), (Arrow("sun"),), "ordinal", ordered=True, groups=DEAL["kept"].groups),
            Node("paid", ("no", "yes"), (Arrow("kept"), Arrow("sun"))),
        )
    )
    rng = np.random.default_rng(4)
    columns = {node.name: rng.choice(np.array([*node.states, None]), 60) for node in network.nodes}
    frame = pd.DataFrame({**columns, "deal": rng.choice(np.array([*"abcdefgh"]), 60)})
    block = fit_block(network, frame, None, "kept", seed=1, draws=30, tune=100, chains=2)
    monkeypatch.setattr(scoring, "_IN_CACHE", 1000)  # several parts, the last of them shorter
    found = unit_scores(block, "kept", frame["deal"].to_numpy(), seed=2)
    part = scoring.cases_at(block.run.cases, np.flatnonzero(block.run.cases.codes["kept"] >= 0))
    plain = cell_scores(network, part, "kept", block.nodes)
    deals = np.array(found.units)[:, None] == np.array(part.levels["deal"])[part.members["deal"]]
    alone = {"kept.deal": {deal: deal for deal in range(8)}}
    each = [
        plain({**block.values, **scoring._fresh(block.values, alone, point)}) @ deals.T
        for point in scoring._points(alone, 2)
    ]
    np.testing.assert_allclose(found.log_p.reshape(-1, 8), np.log(np.exp(each).mean(axis=0)), rtol=1e-9)


def test_whole_rows_are_scored_with_the_effects_that_only_they_speak_of_integrated_out():
    """Two nodes with effects, tied by missing cells: the mean over points of likelihoods with the effects put in."""
    groups = (Group("actor", "actor"), Group("deal", "deal"))
    network = Network(
        (
            Node("sun", ("no", "yes"), (), "ordinal", ordered=True, groups=groups[:1]),
            Node("kept", ("no", "half", "yes"), (Arrow("sun"),), "ordinal", ordered=True, groups=groups),
            Node("paid", ("no", "yes"), (Arrow("kept"),)),
        )
    )
    rng = np.random.default_rng(4)
    columns = {node.name: rng.choice(np.array([*node.states, None]), 24) for node in network.nodes}
    frame = pd.DataFrame({**columns, "deal": np.repeat([*"abcdefgh"], 3), "actor": ["x"] * 3 + ["y", "z", "y"] * 7})
    prior = prior_draws(network, seed=1, draws=40, levels={"actor": tuple("xyz"), "deal": tuple("abcdefgh")})
    run = fit_inputs(network, frame, None, Sampling(seed=1, draws=40, chains=1))
    block = Block(run, network.names, prior.tree)
    found = row_scores(block, frame["deal"].to_numpy(), seed=2)
    assert found.counts.tolist() == [3] * 8
    # X acts in the first deal alone; Y and Z act in all others, so that what is drawn of them stays.
    alone = {"sun.actor": {0: 0}, "kept.actor": {0: 0}, "kept.deal": {deal: deal for deal in range(8)}}
    each = []
    for point in scoring._points(alone, 2):
        moved = {**block.values, **scoring._fresh(block.values, alone, point)}
        each.append(log_likelihood(network, run.patterns, moved).reshape((40, 8, 3)).sum(axis=-1))
    np.testing.assert_allclose(found.log_p[0], np.log(np.exp(each).mean(axis=0)), rtol=1e-9)


def test_the_evidence_of_a_table_is_a_ratio_of_gamma_functions():
    network = Network((Node("era", ("old", "new")), Node("kept", ("no", "partly", "yes"), (Arrow("era"),))))
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"era": rng.choice(["old", "new"], 30), "kept": rng.choice(network["kept"].states, 30)})
    cases = encode(network, frame)
    priors = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.7)})
    density = make_density(network, cases, find_patterns(network, cases), priors, ("kept",))
    counts = np.zeros((2, 3))
    np.add.at(counts, (cases.codes["era"], cases.codes["kept"]), 1)
    alpha = np.full(3, 1.7)
    expected = sum(
        gammaln(5.1) - gammaln(5.1 + row.sum()) + (gammaln(alpha + row) - gammaln(alpha)).sum() for row in counts
    )
    draws = np.stack([rng.dirichlet(alpha + row, 6000) for row in counts], axis=1)
    found = log_marginal_likelihood(density, density.layout.unconstrain({"kept.table": draws}), seed=3)
    assert abs(found.log - expected) < 4 * found.error
    assert found.error < 0.02


def test_the_evidence_of_effects_is_their_integral():
    """Two parameters, by quadrature: a baseline and one effect, with draws of NUTS."""
    network = Network(
        (Node("sun", ("no", "yes"), ordered=True), Node("dry", ("no", "yes"), (Arrow("sun"),), "ordinal", ordered=True))
    )
    frame = pd.DataFrame({"sun": ["no"] * 6 + ["yes"] * 9, "dry": ["no", "no", "yes"] * 2 + ["yes", "yes", "no"] * 3})
    cases = encode(network, frame)
    block = fit_block(network, cases, None, "dry", seed=4, draws=1500, tune=400, chains=2)
    density = make_density(network, cases, block.run.patterns, None, ("dry",))
    x = density.layout.unconstrain(block.values)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    base, effect = np.meshgrid((nodes + 1) / 2, 8 * nodes, indexing="ij")
    measure = np.outer(weights / 2, 8 * weights) * norm.pdf(effect)
    likelihood = 1.0
    for sun, dry in zip(frame["sun"], frame["dry"], strict=True):
        p = expit(logit(base) + (effect / 2 if sun == "yes" else -effect / 2))
        likelihood = likelihood * (p if dry == "yes" else 1 - p)
    found = log_marginal_likelihood(density, x, seed=1)
    assert abs(found.log - np.log((measure * likelihood).sum())) < max(4 * found.error, 0.02)


def test_unknowns_and_values_are_one_to_one():
    network = Network(
        (
            Node("kind", ("x", "y", "z")),
            Node("grade", ("a", "b", "c", "d"), (Arrow("kind"),), "softmax"),
            Node(
                "y",
                ("l", "m", "h"),
                (Arrow("kind"), Arrow("grade", term="nominal", by="kind")),
                "ordinal",
                ordered=True,
                groups=(Group("actor", "who"),),
            ),
        )
    )
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({node.name: rng.choice(node.states, 30) for node in network.nodes})
    cases = encode(network, frame.assign(who=rng.choice(["PRK", "USA"], 30)))
    layout = make_density(network, cases, find_patterns(network, cases), None, network.names).layout
    x = rng.standard_normal((7, layout.size))
    np.testing.assert_allclose(layout.unconstrain(layout.constrain(x)), x, atol=1e-10)


def test_a_block_is_what_a_fit_draws():
    from servanda.models import fit

    frame = pd.DataFrame({"deal": list("ababcc"), "kept": ["yes", "no"] * 3})
    block = fit_block(DEAL, frame, None, "kept", seed=9, draws=30, tune=50, chains=2)
    whole = fit(DEAL, frame, seed=9, draws=30, tune=50, chains=2)
    for name, draws in block.tree["posterior"].to_dataset().data_vars.items():
        np.testing.assert_array_equal(draws.values, whole.draws[name].values)


def test_counted_cases_are_scored_as_often_as_they_are():
    network = Network((Node("rain", ("no", "yes")),))
    cases = replace(encode(network, pd.DataFrame({"rain": ["no", "yes"]})), counts=np.array([30, 10]))
    block = fit_block(network, cases, None, "rain", seed=1)
    scores = unit_scores(block, "rain", seed=1)
    assert scores.counts.tolist() == [30, 10]
    assert prior_draws(network, seed=1, draws=3).sizes == {"chain": 1, "draw": 3}
    assert float(np.exp(scores.log_p[..., 1]).mean()) == pytest.approx(11 / 42, abs=0.01)
    assert betaln(31, 11) < 0
