"""Members integrated out of a table: judged by SciPy's adaptive quadrature, member by member."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import norm

from servanda.models import Arrow, Group, Network, Node, Posterior
from servanda.models.errors import QueryError
from servanda.models.families.kernels import mixed_states, sum_mixed_states
from servanda.models.families.unseen import INTEGRATED, TYPICAL, Mixture, enough_points, mixture, population

GROUPS = (Group("actor", "actor"), Group("pact", "pact"))


def posterior_of(node, values, *parents):
    """A posterior of some draws in one chain, whose (new) members and one named A have effects of their own."""
    network = Network((*parents, node))
    coords = {one.name: list(one.states) for one in network.nodes} | {g.name: ["A", "(new)"] for g in GROUPS}
    draws = {name: (("chain", "draw", *dims), np.asarray(x)[None]) for name, (dims, x) in values.items()}
    return Posterior(network, xr.DataTree.from_dict({"posterior": xr.Dataset(draws, coords)}))


def ordinal(states, spreads, seed=0):
    rng = np.random.default_rng(seed)
    names = tuple("abcde"[:states])
    node = Node("kept", names, family="ordinal", ordered=True, groups=GROUPS)
    spreads = np.asarray(spreads, float)
    values = {
        "kept.baseline": (("kept",), rng.dirichlet(np.ones(states), len(spreads))),
        "kept.actor_sd": ((), spreads[:, 0]),
        "kept.pact_sd": ((), spreads[:, 1]),
        "kept.actor": (("actor",), rng.normal(size=(len(spreads), 2))),
        "kept.pact": (("pact",), rng.normal(size=(len(spreads), 2))),
    }
    return posterior_of(node, values)


def averaged(cut, spread, shift=0.0):
    """P(y <= s) of an average member, by adaptive quadrature."""
    return quad(lambda u: expit(cut - shift - u) * norm.pdf(u, scale=spread), -12 * spread, 12 * spread, limit=200)[0]


SPREADS = [(0.05, 0.1), (0.5, 0.8), (1.0, 0.3), (2.0, 1.5), (4.0, 3.0), (9.0, 1.0)]


@pytest.mark.parametrize("states", [2, 3, 5])
def test_a_member_of_whom_nothing_is_known_is_integrated_out(states):
    posterior = ordinal(states, SPREADS)
    table = posterior.table("kept").values[0]
    for draw, (actor, pact) in enumerate(SPREADS):
        baseline = posterior.draws["kept.baseline"].values[0, draw]
        below = [averaged(cut, np.hypot(actor, pact)) for cut in logit(np.cumsum(baseline)[:-1])]
        np.testing.assert_allclose(table[draw], np.diff([0.0, *below, 1.0]), rtol=0, atol=1e-6)


def test_of_two_groups_one_may_be_known():
    posterior = ordinal(3, SPREADS)
    for actor in ("A", "(new)"):
        table = posterior.table("kept", actor=actor).values[0]
        for draw, (_, pact) in enumerate(SPREADS):
            shift = posterior.draws["kept.actor"].sel(actor=actor).values[0, draw]
            cuts = logit(np.cumsum(posterior.draws["kept.baseline"].values[0, draw])[:-1])
            below = [averaged(cut, pact, shift) for cut in cuts]
            np.testing.assert_allclose(table[draw], np.diff([0.0, *below, 1.0]), rtol=0, atol=1e-6)


def test_a_typical_member_has_no_effect_and_a_new_one_its_own():
    posterior = ordinal(3, SPREADS)
    typical = posterior.table("kept", actor="typical", pact="typical").values
    np.testing.assert_allclose(typical, posterior.draws["kept.baseline"].values, atol=1e-12)
    new = posterior.table("kept", actor="(new)", pact="typical").values[0]
    for draw in range(len(SPREADS)):
        shift = posterior.draws["kept.actor"].values[0, draw, -1]
        below = expit(logit(np.cumsum(posterior.draws["kept.baseline"].values[0, draw])[:-1]) - shift)
        np.testing.assert_allclose(new[draw], np.diff([0.0, *below, 1.0]), atol=1e-12)


def test_a_member_of_the_data_that_is_called_typical_is_that_member():
    posterior = ordinal(2, SPREADS)
    renamed = posterior.draws.assign_coords(actor=["typical", "(new)"])
    named = Posterior(posterior.network, xr.DataTree.from_dict({"posterior": renamed}))
    assert named.member("actor", "typical") == 0
    with pytest.raises(QueryError, match=r"pact: 'tipical' is not in the data"):
        named.member("pact", "tipical")


def test_what_members_do_together_is_averaged_over_what_they_share():
    """Of three members at least one acts: 1 - (1 - q)^3, averaged over the pact's effect on q."""
    backers = Node("backers", ("3",), ordered=True, values=(3,))
    node = Node(
        "acted",
        ("no", "yes"),
        (Arrow("backers"),),
        "any_of",
        ordered=True,
        groups=GROUPS,
        options=(("members", "backers"), ("correlated", False)),
    )
    values = {
        "acted.member": ((), np.array([0.2, 0.6])),
        "acted.actor_sd": ((), np.array([0.3, 1.0])),
        "acted.pact_sd": ((), np.array([0.9, 2.0])),
        "acted.actor": (("actor",), np.zeros((2, 2))),
        "acted.pact": (("pact",), np.zeros((2, 2))),
    }
    table = posterior_of(node, values, backers).table("acted").values[0, :, 0, 1]
    for draw, (q, spread) in enumerate(zip((0.2, 0.6), np.hypot([0.3, 1.0], [0.9, 2.0]), strict=True)):

        def acts(u, q=q, spread=spread):
            return (1 - expit(-logit(q) - u) ** 3) * norm.pdf(u, scale=spread)

        exact = quad(acts, -12 * spread, 12 * spread, limit=200)[0]
        assert table[draw] == pytest.approx(exact, abs=1e-6)


def test_weights_on_a_grid_sum_to_what_configurations_do():
    """Far more configurations than points of the grid, against the table itself."""
    rng = np.random.default_rng(4)
    samples, spread = 40, rng.gamma(2, 0.5, 40)
    far, near = np.exp(rng.normal(size=(40, samples))), np.exp(2 * rng.normal(size=(25, samples)))
    weights = rng.dirichlet(np.ones(1000), samples).T.reshape(40, 25, samples)
    values = {"kept.actor_sd": spread, "kept.pact_sd": np.zeros(samples)}
    node = Node("kept", ("a", "b", "c"), family="ordinal", ordered=True, groups=GROUPS)
    mixed = mixture(values, {"actor": INTEGRATED, "pact": TYPICAL}, Network((node,)).local("kept"))
    for cutpoints in (1, 2, 4):
        cuts = np.exp(np.sort(2 * rng.normal(size=(cutpoints, samples)), axis=0))
        table = mixed_states(far, near, cuts, mixed)
        exact = (table * weights.reshape(-1, samples)).sum(axis=1)
        found = sum_mixed_states(weights, far, near, cuts, mixed)
        np.testing.assert_allclose(found, exact, rtol=0, atol=5e-7)


def test_a_weight_that_stands_far_out_alone_is_counted():
    """A member known to be at one point: the plain logistic function there."""
    weights = np.zeros((6, 1))
    weights[4] = 1.0
    shifts = np.linspace(0.5, 3.0, 6)[:, None]
    table = mixed_states(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), Mixture(shifts, np.zeros((6, 1)), weights))
    np.testing.assert_allclose(table[:, 0, 0], [1 - expit(2.5), expit(2.5)], rtol=1e-12)


def test_points_are_enough_whatever_the_spread():
    for spread in np.linspace(0.02, 8, 60):
        z, weight = population(int(enough_points(spread)))
        for cut in (-6.0, -1.0, 0.3, 4.0):
            assert weight @ expit(cut - spread * z) == pytest.approx(averaged(cut, spread), abs=5e-7)
