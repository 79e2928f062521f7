"""Members integrated out of the loops, judged by the density in which they are unknowns and by SciPy's integrals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import cumulative_simpson, quad
from scipy.special import log_expit, logsumexp
from scipy.stats import kstest, norm

from servanda.models import Arrow, Group, Network, Node, encode
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import make_density
from servanda.models.density.members import MOST_CASES, integrated_members

from .test_density import unknowns

DEALS = Network(
    (
        Node("kind", ("x", "y", "z")),
        Node(
            "kept",
            ("no", "partly", "yes"),
            (Arrow("kind"),),
            "ordinal",
            ordered=True,
            groups=(Group("actor", "who"), Group("deal", "deal")),
        ),
    )
)
#: Points and weights of Gauss and Hermite's rule for a standard normal population.
Z, WEIGHT = np.polynomial.hermite_e.hermegauss(160)
LOG_WEIGHT = np.log(np.maximum(WEIGHT, 1e-300)) - 0.5 * math.log(2 * math.pi)


def cases_of(sizes, seed=1, holes=0, network=DEALS):
    """Cases of deals of so many cases each; the first `holes` deals miss a kind."""
    rng, rows = np.random.default_rng(seed), int(sum(sizes))
    frame = pd.DataFrame({node.name: rng.choice(node.states, rows) for node in network.nodes}).astype(object)
    frame["deal"] = np.repeat([f"deal {k:02d}" for k in range(len(sizes))], sizes)
    frame["who"] = rng.choice(["PRK", "USA", "RUS"], rows)
    for k in range(holes):
        frame.loc[frame.index[frame["deal"] == f"deal {k:02d}"][0], "kind"] = None
    return encode(network, frame)


def both(cases, network=DEALS, nodes=None):
    """The density with members integrated out, and that in which all are unknowns."""
    patterns, nodes = find_patterns(network, cases), nodes or network.names
    return [make_density(network, cases, patterns, None, nodes, integrate=way) for way in (True, False)]


def widened(short, whole, x, spread=None):
    """The unknowns of the whole where the others are those of `x`, and those integrated out are at zero."""
    full, here, there = np.zeros(whole.size), unknowns(short.layout), unknowns(whole.layout)
    for name, place in there.items():
        if name in short.layout.integrated:
            full[place][~short.layout.integrated[name]] = x[here[name]]
        else:
            full[place] = x[here[name]]
    if spread is not None:
        x[here["kept.deal_sd"]] = full[there["kept.deal_sd"]] = spread
    return full


def integral(short, whole, full):
    """Logarithm of the integral over each member that is integrated out: given the rest, they are independent."""
    base, total = whole(full)[0], 0.0
    for name, which in short.layout.integrated.items():
        for member in np.flatnonzero(which):
            place, moved = unknowns(whole.layout)[name].start + member, full.copy()
            found = np.empty(len(Z))
            for k, z in enumerate(Z):
                moved[place] = z
                # A standard normal's density is part of the whole; Hermite's weights hold it already.
                found[k] = whole(moved)[0] - base + 0.5 * z * z
            total += logsumexp(found + LOG_WEIGHT) + 0.5 * math.log(2 * math.pi)
    return base + total


@pytest.mark.parametrize("spread", [-1.5, 0.0, 1.5, 3.0])
@pytest.mark.parametrize("holes", [0, 3])
def test_the_density_is_the_integral_of_that_of_all_unknowns(spread, holes):
    short, whole = both(cases_of([1, 1, 1, 2, 2, 3, 4, 7, 12], holes=holes))
    assert whole.size - short.size == 9 - holes
    x = 0.8 * np.random.default_rng(2).standard_normal(short.size)
    full = widened(short, whole, x, spread)
    assert short(x)[0] == pytest.approx(integral(short, whole, full), abs=2e-5)


def test_equal_cases_of_a_member_count_as_often_as_they_are():
    cases = cases_of([1, 3, 2])
    codes = {name: np.zeros_like(code) + 1 for name, code in cases.codes.items()}
    members = {**cases.members, "actor": np.zeros_like(cases.members["actor"])}
    short, whole = both(replace(cases, codes=codes, members=members), nodes=("kept",))
    assert short.program.counts.tolist() == [1, 3, 2]
    x = 0.5 * np.random.default_rng(3).standard_normal(short.size)
    full = widened(short, whole, x, 0.7)
    assert short(x)[0] == pytest.approx(integral(short, whole, full), abs=1e-5)


@pytest.mark.parametrize("spread", [-1.0, 1.0, 4.0])
def test_slopes_are_those_of_differences(spread):
    short, whole = both(cases_of([1, 1, 2, 3, 6, 12], holes=1))
    x = 0.8 * np.random.default_rng(4).standard_normal(short.size)
    widened(short, whole, x, spread)
    _, slope = short(x)
    for place in range(short.size):
        move = np.zeros(short.size)
        move[place] = 1e-5
        difference = (short(x + move)[0] - short(x - move)[0]) / 2e-5
        assert slope[place] == pytest.approx(difference, rel=1e-5, abs=2e-5)


@pytest.mark.parametrize("scale", [20.0, 60.0, 290.0, 900.0])
def test_far_out_it_keeps_its_digits(scale):
    """Where exponentials would leave the range of numbers, logarithms take over."""
    short, whole = both(cases_of([1, 2, 5]))
    x = 0.3 * np.random.default_rng(5).standard_normal(short.size)
    x[unknowns(short.layout)["kept.kind"]] = scale, -0.7 * scale
    value, slope = short(x)
    assert value == pytest.approx(integral(short, whole, widened(short, whole, x)), rel=1e-7, abs=1e-3)
    assert np.all(np.isfinite(slope))


@pytest.mark.parametrize("spread", [1.4, 25.0])
def test_draws_are_those_of_the_density_of_a_member_given_the_rest(spread):
    cases = cases_of([1, 2, 6, 0, 12, 1], holes=1)
    levels = {**cases.levels, "deal": (*cases.levels["deal"], "unseen")}  # a member whom no case saw
    short, _ = both(replace(cases, levels=levels))
    x = 0.8 * np.random.default_rng(6).standard_normal(short.size)
    x[unknowns(short.layout)["kept.deal_sd"]] = spread
    found = short.constrain(np.repeat(x[None], 4000, axis=0), np.random.default_rng(7))
    units = found["kept.deal.unit"]
    assert units.shape == (4000, len(levels["deal"]))
    values = short.layout.constrain(x[None])
    np.testing.assert_array_equal(units[:, 0], values["kept.deal.unit"][0, 0])  # tied by its missing cell
    z = np.linspace(-8, 8, 4001)
    for member in range(1, len(levels["deal"])):
        log_p = norm.logpdf(z)
        for row in np.flatnonzero(cases.members["deal"] == member):
            kind, state = cases.codes["kind"][row], cases.codes["kept"][row]
            actor = values["kept.actor.unit"][0, cases.members["actor"][row]] * values["kept.actor_sd"][0]
            eta = values["kept.kind"][0, kind] + actor + values["kept.deal_sd"][0] * z
            edges = np.cumsum(values["kept.baseline"][0])[:-1]
            cuts = np.array([-np.inf, *(np.log(edges) - np.log1p(-edges)), np.inf])
            above, below = log_expit(cuts[state + 1] - eta), log_expit(eta - cuts[state])
            log_p += above + below + np.log(-np.expm1(cuts[state] - cuts[state + 1]))
        mass = cumulative_simpson(np.exp(log_p - log_p.max()), x=z, initial=0)
        assert kstest(units[:, member], lambda at, mass=mass: np.interp(at, z, mass / mass[-1])).pvalue > 1e-3


def test_one_case_of_one_member_by_a_known_integral():
    """P(yes) of a member whom nothing is known of, averaged over all members, against SciPy's integral."""
    states = ("no", "yes")
    network = Network((Node("kept", states, (), "ordinal", ordered=True, groups=(Group("deal", "deal"),)),))
    cases = encode(network, pd.DataFrame({"kept": ["yes"], "deal": ["one"]}))
    short, whole = both(cases, network)
    for spread in (-2.0, 0.5, 2.5):
        x = np.array([0.4, spread])
        full = widened(short, whole, x, spread)
        values = short.layout.constrain(x[None])
        logit_yes = math.log(values["kept.baseline"][0, 1] / values["kept.baseline"][0, 0])
        sd = values["kept.deal_sd"][0]
        chance = quad(lambda z, sd=sd, at=logit_yes: norm.pdf(z) / (1 + math.exp(-at - sd * z)), -12, 12)[0]
        given = -math.log1p(math.exp(-logit_yes))
        # The whole at a member of zero has its density there, and this chance.
        base = whole(full)[0] - given - norm.logpdf(0.0)
        assert short(x)[0] - base == pytest.approx(math.log(chance), abs=2e-5)


def test_which_members_are_integrated_out():
    """Of the group with most of them: those that few cases saw, none with a missing cell."""
    sizes = [1, 2, MOST_CASES, MOST_CASES + 1, 1]
    cases = cases_of(sizes, holes=1)
    found = integrated_members(DEALS, cases, find_patterns(DEALS, cases), "kept")
    assert {name: which.tolist() for name, which in found.items()} == {"deal": [False, True, True, False, True]}
    assert integrated_members(DEALS, cases, find_patterns(DEALS, cases), "kind") == {}


def test_the_way_there_takes_the_effects_of_all_members():
    short, _ = both(cases_of([1, 1, 2, 13], holes=1))
    x = np.random.default_rng(8).standard_normal((5, short.size))
    found = short.constrain(x, np.random.default_rng(9))
    assert found["kept.deal.unit"].shape == (5, 4)
    np.testing.assert_allclose(short.layout.unconstrain(found), x, atol=1e-9)
    np.testing.assert_allclose(short.layout.unconstrain(short.layout.constrain(x)), x, atol=1e-9)
