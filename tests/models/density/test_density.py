"""The compiled loops give the density that NumPy gives, with the slopes that differences give."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pandas as pd
import pytensor
import pytest
from scipy.special import gammaln
from scipy.stats import dirichlet

from servanda.models import Arrow, Group, Network, Node, Prior, PriorSet, encode, network_parameters, pymc_model
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import has_gradient, make_density
from servanda.models.density.transforms import LOGITS, POOLED, STICKS
from servanda.models.families.base import counts
from servanda.models.families.terms import TERMS
from servanda.models.network.parameters import parameter_coords

from ..families.test_families import EXAMPLES, drawn


def some_cases(network, groups, rows=60, holes=0.0, seed=1, possible=lambda frame: slice(None)):
    rng = np.random.default_rng(seed)
    frame = {node.name: rng.choice(np.array(node.states, object), rows) for node in network.nodes}
    for cells in frame.values():
        cells[rng.random(rows) < holes] = None
    who = {group.column: rng.choice(["PRK", "USA", "RUS"], rows) for group in groups}
    return encode(network, pd.DataFrame({**frame, **who})[possible(frame)])


def possible_in(example):
    """Which rows some state of what is missing allows: of one member two cannot act."""
    network = example.network()
    table = drawn(example).table("y", **{group.name: "USA" for group in example.groups}).values[0, 0]

    def possible(frame):
        places = [[places_of(network[axis].states, cell) for cell in frame[axis]] for axis in network.axes("y")]
        return np.array([table[cell].max() > 0 for cell in zip(*places, strict=True)])

    return possible


def places_of(states, cell):
    return slice(None) if cell is None else states.index(cell)


def by_numpy(density, network, cases, patterns, priors, nodes, x):
    """Log-likelihood and log-prior of the values that `x` stands for, without the Jacobian."""
    values = density.layout.constrain(x[None])
    coords = parameter_coords(network, cases.levels)
    total = sum(float(p.log_prior(values, p.prior(priors), coords)[0]) for p in network_parameters(network, nodes))
    complete = dict(patterns.complete)
    for name in nodes:
        family, local = network.family(name), network.local(name)
        if family.learns_rows(local):
            alpha, cells = family.row_alpha(values, local)[0], patterns.complete[name]
            if name in patterns.touched:  # the prior of its rows, which the cases then see
                rows = values[f"{name}.table"][0].reshape(-1, len(alpha))
                total += sum(dirichlet(alpha).logpdf(row / row.sum()) for row in rows)
            else:  # rows integrated out
                counted = counts(cells.codes, cells.counts, network.shape(name)).reshape(-1, len(alpha))
                total += float((betaln_of(alpha + counted) - betaln_of(alpha)).sum())
                complete[name] = empty(cells)
    patterns = replace(patterns, complete=complete)
    for name in nodes:
        for group in network[name].groups:
            unit = values.pop(f"{name}.{group.name}.unit")
            total += float((-0.5 * unit**2 - 0.5 * np.log(2 * np.pi)).sum())
            values[f"{name}.{group.name}"] = unit * values[f"{name}.{group.name}_sd"][:, None]
    return total + float(log_likelihood(network, patterns, values).sum())


def betaln_of(alpha):
    return gammaln(alpha).sum(axis=-1) - gammaln(alpha.sum(axis=-1))


def unknowns(layout):
    """Parameter -> its unknowns."""
    ends = [*layout.segments[:, 2].tolist(), layout.size]
    return {name: slice(ends[k], ends[k + 1]) for k, name in enumerate(layout.shapes)}


def log_jacobian(layout, x):
    """Logarithm of the volume that the map from unknowns to values stretches, by differences, segment by segment.

    A simplex counts by all its probabilities but the largest, numbers that sum to zero by lengths along their plane.
    """
    step, total = 1e-5, 0.0
    for name, (kind, _, first, _, rows, one, *_) in zip(layout.shapes, layout.segments.tolist(), strict=True):
        size = unknowns(layout)[name].stop - first
        if not size:
            continue
        moves = np.zeros((2 * size, layout.size)) + x
        moves[np.arange(size), first + np.arange(size)] += step
        moves[size + np.arange(size), first + np.arange(size)] -= step
        values = layout.constrain(moves)[name].reshape(2 * size, -1)
        if kind in (LOGITS, STICKS, POOLED):
            p = layout.constrain(x[None])[name].reshape(rows, one)
            small = np.ravel(np.arange(one) != p.argmax(axis=-1)[:, None])  # cells that their row does not follow from
            logs = np.log(values[:, small])
            total += np.linalg.slogdet((logs[:size] - logs[size:]) / (2 * step))[1] + np.log(p.ravel()[small]).sum()
        else:
            slopes = (values[:size] - values[size:]) / (2 * step)
            total += 0.5 * np.linalg.slogdet(slopes @ slopes.T)[1]
    return total


@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_density_is_that_of_numpy_and_its_slopes_are_those_of_differences(example, holes):
    network = example.network()
    nodes = network.names if holes else ("y",)
    cases = some_cases(network, example.groups, holes=holes, possible=possible_in(example))
    patterns = find_patterns(network, cases)
    density = make_density(network, cases, patterns, None, nodes, integrate=False)
    x = 0.7 * np.random.default_rng(2).standard_normal(density.size)
    value, slope = density(x)
    if not holes:
        # Parents are drawn exactly; the judge adds them, so a network of this node alone is what is compared.
        complete = {name: cells for name, cells in patterns.complete.items() if name == "y"}
        none = {n: empty(patterns.complete[n]) for n in network.names}
        patterns = type(patterns)({**none, **complete}, (), len(cases))
    expected = by_numpy(density, network, cases, patterns, None, nodes, x)
    assert value == pytest.approx(expected + log_jacobian(density.layout, x), rel=1e-7, abs=1e-6)
    step = 1e-5
    for place in range(density.size):
        move = np.zeros(density.size)
        move[place] = step
        difference = (density(x + move)[0] - density(x - move)[0]) / (2 * step)
        assert slope[place] == pytest.approx(difference, rel=1e-5, abs=1e-5)


def empty(cells):
    none = np.zeros(0, int)
    members = dict.fromkeys(cells.members, none)
    return type(cells)(cells.codes[:0], members, none, none, none)


PRIORS = {
    "y.baseline": Prior.of("dirichlet", alpha=(0.7, 2.0, 1.3)),
    "y.kind": Prior.of("normal", mu=(0.5, -0.2, 0.3), sigma=0.4),
    "y.pair": Prior.of("student_t", nu=4.0, mu=0.3, sigma=0.6),
    "y.actor_sd": Prior.of("lognormal", mu=-1.0, sigma=0.5),
    "y.deal_sd": Prior.of("exponential", lam=2.0),
    "*": Prior.of("dirichlet", alpha=1.5),
}


def test_every_prior_is_that_of_numpy():
    nodes = (
        Node("pair", ("no", "yes"), ordered=True),
        Node("kind", ("x", "y", "z")),
        Node(
            "y",
            ("low", "mid", "high"),
            (Arrow("pair"), Arrow("kind")),
            family="ordinal",
            ordered=True,
            groups=(Group("actor", "who"), Group("deal", "deal")),
        ),
    )
    network = Network(nodes)
    priors = PriorSet.from_mapping(PRIORS)
    cases = some_cases(network, network["y"].groups, holes=0.2)
    patterns = find_patterns(network, cases)
    density = make_density(network, cases, patterns, priors, network.names, integrate=False)
    x = np.random.default_rng(3).standard_normal(density.size)
    value, slope = density(x)
    expected = by_numpy(density, network, cases, patterns, priors, network.names, x)
    assert value == pytest.approx(expected + log_jacobian(density.layout, x), rel=1e-8, abs=1e-6)
    for place in range(density.size):
        move = np.zeros(density.size)
        move[place] = 1e-5
        assert slope[place] == pytest.approx((density(x + move)[0] - density(x - move)[0]) / 2e-5, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("family", ["ordinal", "sequential", "softmax"])
def test_far_out_the_density_keeps_its_digits(family):
    """Effects of hundreds leave the range of exponentials; the other way of adding up must take over in time."""
    network = Network(
        (Node("kind", ("x", "y", "z")), Node("y", ("a", "b", "c"), (Arrow("kind"),), family, ordered=True))
    )
    cases = some_cases(network, ())
    patterns = find_patterns(network, cases)
    density = make_density(network, cases, patterns, None, network.names)
    for scale in (30.0, 120.0, 310.0, 900.0):
        x = np.zeros(density.size)
        first = density.layout.segments[list(density.layout.shapes).index("y.kind"), 2]
        x[first : first + 2] = scale, -0.7 * scale
        value, slope = density(x)
        jacobian = log_jacobian(density.layout, x)
        expected = by_numpy(density, network, cases, patterns, None, network.names, x) + jacobian
        assert value == pytest.approx(expected, rel=1e-8)
        assert np.all(np.isfinite(slope))


def test_the_way_there_is_the_way_back():
    """Transforms by their definition: probabilities add up to one, effects to zero, and lengths stay."""
    example = next(e for e in EXAMPLES if e.family == "softmax" and e.arrows)
    network = example.network()
    cases = some_cases(network, ())
    layout = make_density(network, cases, find_patterns(network, cases), None, ("y",)).layout
    x = np.random.default_rng(4).standard_normal((5, layout.size))
    values = layout.constrain(x)
    np.testing.assert_allclose(values["y.baseline"].sum(axis=-1), 1, rtol=1e-14)
    first = layout.segments[list(layout.shapes).index("y.grade"), 2]
    for axis in (1, 2):
        np.testing.assert_allclose(values["y.grade"].sum(axis=axis), 0, atol=1e-13)
    free = x[:, first : first + 3 * 2]
    np.testing.assert_allclose((values["y.grade"] ** 2).sum(axis=(1, 2)), (free**2).sum(axis=1), rtol=1e-13)


@pytest.mark.parametrize(("family", "known"), [("table", True), ("noisy_max", True), ("pooled_table", True)])
def test_which_blocks_the_loops_serve(family, known):
    network = Network(
        (Node("a", ("0", "1"), ordered=True), Node("b", ("0", "1"), (Arrow("a"),), family=family, ordered=True))
    )
    assert has_gradient(network, ("a",))
    assert has_gradient(network, ("a", "b")) is known


def test_every_term_has_pieces():
    """A term without them is sampled through PyMC, which is slow: say so here if it is meant."""
    assert [name for name, term in TERMS.items() if term.pieces is None] == []


MIXED = Network(
    (
        Node("a", ("0", "1"), ordered=True),
        Node("any", ("0", "1", "2"), (Arrow("a"),), family="noisy_max", ordered=True),
        Node("pooled", ("x", "y", "z"), (Arrow("a"), Arrow("any")), family="pooled_table"),
    )
)


def test_the_density_of_a_mixed_block_is_that_of_pymc():
    """Both have the same unknowns but those of tables: log-odds against the mean, logarithms, pooled rows' sticks."""
    cases = some_cases(MIXED, (), rows=15, holes=0.2)
    patterns = find_patterns(MIXED, cases)
    density = make_density(MIXED, cases, patterns, None, MIXED.names)
    model = pymc_model(MIXED, cases, patterns, None)
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        log_p = model.compile_logp()
    parts = unknowns(density.layout)
    shapes = model.eval_rv_shapes()
    for seed in range(3):
        x = 1.5 * np.random.default_rng(seed).standard_normal(density.size)
        theirs = {
            v.name: v.name.removesuffix("__").removesuffix("_simplex").removesuffix("_log") for v in model.value_vars
        }
        table = parts["a.table"]
        step = 1e-5 * np.eye(density.size)[table]
        moved = log_odds(density, x + step)[:, table] - log_odds(density, x - step)[:, table]
        z = log_odds(density, x)
        point = {value: z[parts[name.removesuffix(".unit")]].reshape(shapes[value]) for value, name in theirs.items()}
        stretched = np.linalg.slogdet(moved / 2e-5)[1]
        assert density(x)[0] == pytest.approx(float(log_p(point)) + stretched, rel=1e-8)


def log_odds(density, x):
    """Unknowns in which those of the table `a` are logarithms of its probabilities against their mean."""
    logs = np.log(density.layout.constrain(x)["a.table"])
    first = density.layout.segments[list(density.layout.shapes).index("a.table"), 2]
    z = x.copy()
    z[..., first : first + logs.shape[-1] - 1] = (logs - logs.mean(axis=-1, keepdims=True))[..., :-1]
    return z


def test_missing_cells_are_summed_by_every_completion():
    """Tables made once, cells filled in one by one: the sum that the loops make of their rows."""
    cases = some_cases(MIXED, (), rows=12, holes=0.4, seed=5)
    patterns = find_patterns(MIXED, cases)
    density = make_density(MIXED, cases, patterns, None, MIXED.names)
    one, other = (0.8 * np.random.default_rng(seed).standard_normal(density.size) for seed in (1, 2))

    def by_hand(x):
        values = density.layout.constrain(x[None])
        last = {name: np.moveaxis(value, 0, -1) for name, value in values.items()}
        tables = {n: MIXED.family(n).table(last, {}, {}, MIXED.local(n))[..., 0] for n in MIXED.names}
        total = 0.0
        for row in range(len(cases)):
            known = [cases.codes[name][row] for name in MIXED.names]
            total += np.log(sum(joint(tables, filled) for filled in completions(known)))
        coords = parameter_coords(MIXED)
        prior = sum(float(p.log_prior(values, p.default, coords)[0]) for p in network_parameters(MIXED))
        alpha = values["pooled.concentration"][0] * values["pooled.average"][0]
        prior += sum(dirichlet(alpha).logpdf(r / r.sum()) for r in values["pooled.table"][0].reshape(-1, 3))
        return total + prior + log_jacobian(density.layout, x)

    assert density(one)[0] == pytest.approx(by_hand(one), rel=1e-8)
    assert density(other)[0] == pytest.approx(by_hand(other), rel=1e-8)


def completions(known):
    return product(*(range(len(n.states)) if code < 0 else [code] for n, code in zip(MIXED.nodes, known, strict=True)))


def joint(tables, filled):
    state = dict(zip(MIXED.names, filled, strict=True))
    return np.prod([tables[name][tuple(state[axis] for axis in MIXED.axes(name))] for name in MIXED.names])


def exact_headcount(members, acting, odds, together):
    """Logarithm of P(acting of members), exactly: each follows an earlier one, or decides anew."""
    with localcontext() as context:
        context.prec = 500
        q, rho = (1 / (1 + Decimal(-x).exp()) for x in (odds, together))
        p = Decimal(math.comb(members, acting))
        for of, number in ((q, acting), (1 - q, members - acting)):
            p *= math.prod((of * (1 - rho) + i * rho for i in range(number)), start=Decimal(1))
        p /= math.prod((1 - rho + i * rho for i in range(members)), start=Decimal(1))
        prior = q * (1 - q) * 3 * rho * (1 - rho) ** 3  # Beta(1, 1) and Beta(1, 3), with their Jacobians
        return float(p.ln() + prior.ln())


@pytest.mark.parametrize("together", [-300.0, -40.0, 0.5, 40.0, 300.0])
@pytest.mark.parametrize("odds", [-300.0, -30.0, 0.2, 30.0, 300.0])
def test_members_that_act_hardly_ever_or_as_one_keep_every_digit(odds, together):
    backers = Node("k", ("1", "4"), ordered=True, values=(1, 4))
    numbers = tuple(map(str, range(5)))
    counted = Node("y", numbers, (Arrow("k"),), "headcount", ordered=True, options=(("members", "k"),))
    network = Network((backers, counted))
    for acting in range(5):
        cases = encode(network, pd.DataFrame({"k": ["4"], "y": [str(acting)]}))
        density = make_density(network, cases, find_patterns(network, cases), None, ("y",))
        value, slopes = density(np.array([odds, together]))
        assert value == pytest.approx(exact_headcount(4, acting, odds, together), rel=1e-12)
        for place, slope in enumerate(slopes):
            move = np.zeros(2)
            move[place] = 1e-4
            up, down = (exact_headcount(4, acting, *(np.array([odds, together]) + side * move)) for side in (1, -1))
            assert slope == pytest.approx((up - down) / 2e-4, rel=1e-6, abs=1e-8)
