"""Unseen members in whole questions: judged by simulating two million of them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit, logit
from scipy.stats import norm

from servanda.analysis import at_least, chance_of, probability, suppose, together
from servanda.models import Arrow, Group, Network, Node, Posterior
from servanda.models.errors import QueryError
from servanda.models.questions import together as of_several

#: Members simulated for each network.
MEMBERS = 2_000_000
GROUPS = (Group("actor", "actor"), Group("guarantee", "guarantee"))


def random_network(seed):
    """One draw of cause -> conduct -> trace, where actors and guarantees bear on conduct, and its numbers."""
    rng = np.random.default_rng(seed)
    states = tuple("abcd"[: rng.integers(2, 5)])
    cause, trace = Node("cause", ("x", "y", "z")), Node("trace", ("no", "yes"), (Arrow("conduct"),))
    conduct = Node("conduct", states, (Arrow("cause"),), "ordinal", ordered=True, groups=GROUPS)
    effect = rng.normal(size=3)
    values = {
        "cause.table": (("cause",), rng.dirichlet(np.ones(3))),
        "conduct.baseline": (("conduct",), rng.dirichlet(np.ones(len(states)))),
        "conduct.cause": (("cause",), effect - effect.mean()),
        "conduct.actor_sd": ((), rng.gamma(2, 0.5)),
        "conduct.guarantee_sd": ((), rng.gamma(2, 0.5)),
        "conduct.actor": (("actor",), rng.normal(size=2)),
        "conduct.guarantee": (("guarantee",), rng.normal(size=1)),
        "trace.table": (("conduct", "trace"), rng.dirichlet(np.ones(2), len(states))),
    }
    network = Network((cause, conduct, trace))
    coords = {node.name: list(node.states) for node in network.nodes}
    coords |= {"actor": ["A", "(new)"], "guarantee": ["(new)"]}
    draws = {name: (("chain", "draw", *dims), np.asarray(x)[None, None]) for name, (dims, x) in values.items()}
    posterior = Posterior(network, xr.DataTree.from_dict({"posterior": xr.Dataset(draws, coords)}))
    return posterior, {name: x for name, (_, x) in values.items()}, rng


def simulated(numbers, guarantee, rng):
    """Cause, conduct and trace of members of new actors under those guarantees, state numbers."""
    count = len(guarantee)
    cause = np.searchsorted(np.cumsum(numbers["cause.table"])[:-1], rng.random(count))
    eta = numbers["conduct.cause"][cause] + guarantee + numbers["conduct.actor_sd"] * rng.standard_normal(count)
    cuts = logit(np.cumsum(numbers["conduct.baseline"])[:-1])
    # One logistic latent variable, cut: the cumulative logit.
    conduct = np.searchsorted(cuts, logit(rng.random(count)) + eta)
    trace = rng.random(count) < numbers["trace.table"][conduct, 1]
    return cause, conduct, trace


def agrees(found, hits, among):
    """Whether an exact probability is that of simulated events, to five standard errors and what is exact to 1e-6."""
    share = hits / among
    assert found == pytest.approx(share, abs=5 * np.sqrt(max(share * (1 - share), 1 / among) / among) + 1e-6)


@pytest.mark.parametrize("seed", range(50))
def test_answers_are_those_of_two_million_simulated_members(seed):
    posterior, numbers, rng = random_network(seed)
    guarantee = numbers["conduct.guarantee_sd"] * rng.standard_normal(MEMBERS // 2)
    one, other = simulated(numbers, guarantee, rng), simulated(numbers, guarantee, rng)
    last = posterior.network["conduct"].states[-1]
    top = len(posterior.network["conduct"].states) - 1
    chance = probability(posterior, "conduct").sel(conduct=last).item()
    agrees(chance, (one[1] == top).sum() + (other[1] == top).sum(), MEMBERS)
    # What the trace says of the cause goes through the member's effect.
    traced = one[2]
    answer = probability(posterior, "cause", {"trace": "yes"}).sel(cause="x").item()
    agrees(answer, (one[0][traced] == 0).sum(), traced.sum())
    # Two cases under one guarantee.
    both = together(posterior, [chance_of("conduct", last)] * 2)
    agrees(at_least(both, "acting", 2).item(), ((one[1] == top) & (other[1] == top)).sum(), MEMBERS // 2)
    # The same, where a trace of each is known: it tells of the guarantee they share.
    seen = one[2] & other[2]
    known = together(posterior, [chance_of("conduct", last, {"trace": "yes"})] * 2)
    agrees(at_least(known, "acting", 1).item(), (seen & ((one[1] == top) | (other[1] == top))).sum(), seen.sum())
    # One case supposed, another of another actor under the same guarantee asked about.
    low = one[1] == 0
    first = posterior.network["conduct"].states[0]
    shared = suppose_for_another(posterior, first, last)
    agrees(shared, (other[1][low] == top).sum(), low.sum())


def suppose_for_another(posterior, first, last):
    """P(another actor's conduct is last | one actor's was first), from what two do together."""
    one = together(posterior, [chance_of("conduct", first), chance_of("conduct", last)])
    marginal = probability(posterior, "conduct")
    p, q = marginal.sel(conduct=first).item(), marginal.sel(conduct=last).item()
    exactly_one, both = one.sel(acting="1").item(), one.sel(acting="2").item()
    # P(A) + P(B) = P(exactly one) + 2 P(both), whatever they share.
    assert p + q == pytest.approx(exactly_one + 2 * both, abs=1e-6)
    return both / p


def test_a_supposed_case_speaks_of_its_guarantee_and_not_of_others():
    posterior, numbers, _ = random_network(3)
    states = posterior.network["conduct"].states
    after = suppose(posterior, {"conduct": states[0]}, seed=1, actor="A")
    found = probability(after, "conduct", actor="A").sel(conduct=states[-1]).item()
    u = np.linspace(-10, 10, 20001) * numbers["conduct.guarantee_sd"]
    cuts, shift = logit(np.cumsum(numbers["conduct.baseline"])[:-1]), numbers["conduct.actor"][0]
    chance = sum(
        share * np.stack([expit(cuts[0] - u - shift - own), 1 - expit(cuts[-1] - u - shift - own)])
        for share, own in zip(numbers["cause.table"], numbers["conduct.cause"], strict=True)
    )
    mass = norm.pdf(u, scale=numbers["conduct.guarantee_sd"])
    assert found == pytest.approx((mass * chance[0] * chance[1]).sum() / (mass * chance[0]).sum(), abs=1e-6)
    # A second supposed case adds to the first.
    twice = suppose(after, {"conduct": states[0]}, seed=1, actor="A")
    found = probability(twice, "conduct", actor="A").sel(conduct=states[-1]).item()
    assert found == pytest.approx((mass * chance[0] ** 2 * chance[1]).sum() / (mass * chance[0] ** 2).sum(), abs=1e-6)


def test_a_supposed_case_of_an_unseen_actor_is_one_of_the_same_actor_later():
    """Both effects are unseen: what is learnt of their sum is kept for each of them."""
    posterior, numbers, rng = random_network(7)
    states = posterior.network["conduct"].states
    after = suppose(posterior, {"conduct": states[0]}, seed=1)
    found = probability(after, "conduct").sel(conduct=states[-1]).item()
    count = 1_000_000
    effects = np.hypot(numbers["conduct.actor_sd"], numbers["conduct.guarantee_sd"]) * rng.standard_normal(count)
    still = {**numbers, "conduct.actor_sd": 0.0}
    one, other = simulated(still, effects, rng), simulated(still, effects, rng)
    low = one[1] == 0
    agrees(found, (other[1][low] == len(states) - 1).sum(), low.sum())


def test_a_new_member_is_drawn_from_what_a_supposed_case_told():
    """Draws of single members have the mean of the members integrated out."""
    posterior, _, _ = random_network(3)
    many = Posterior(
        posterior.network,
        xr.DataTree.from_dict({"posterior": posterior.draws.isel(draw=np.zeros(20_000, int))}),
    )
    first, last = (posterior.network["conduct"].states[place] for place in (0, -1))
    after = suppose(many, {"conduct": first}, seed=1, actor="A")
    whole = probability(after, "conduct", actor="A").sel(conduct=last)
    single = probability(after, "conduct", actor="A", guarantee="(new)").sel(conduct=last)
    assert whole.std().item() == pytest.approx(0, abs=1e-12)
    assert single.std().item() > 0.02
    error = single.std().item() / np.sqrt(single.size)
    assert single.mean().item() == pytest.approx(whole.mean().item(), abs=5 * error)


def test_cases_that_share_nothing_are_independent():
    posterior, _, _ = random_network(2)
    last = posterior.network["conduct"].states[-1]
    alone = probability(posterior, "conduct").sel(conduct=last).item()
    both = together(posterior, [chance_of("conduct", last)] * 2, shared=())
    assert at_least(both, "acting", 2).item() == pytest.approx(alone**2, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("supposed", [None, "A", "(unseen)"])
def test_all_points_at_once_give_what_each_point_gives_by_itself(seed, supposed, monkeypatch):
    posterior, _, _ = random_network(seed)
    first, last = (posterior.network["conduct"].states[place] for place in (0, -1))
    if supposed is not None:
        who = {} if supposed == "(unseen)" else {"actor": supposed}
        posterior = suppose(posterior, {"conduct": first}, seed=1, **who)
    cases = [
        chance_of("conduct", last),
        chance_of("conduct", [first, last], {"cause": "y"}, actor="A"),
        chance_of("conduct", last, do={"cause": {"x": 0.2, "y": 0.3, "z": 0.5}}),
        chance_of("conduct", first, guarantee="(new)"),
    ]
    for some in (cases, [one for one in cases if one.members.get("actor")] * 2):
        at_once = together(posterior, some)
        with monkeypatch.context() as patched:
            # No bytes are few enough for what is left open: point by point.
            patched.setattr(of_several, "_FEW_OPEN", 0)
            xr.testing.assert_allclose(together(posterior, some), at_once, rtol=0, atol=1e-7)


def test_cases_whose_evidence_tells_of_the_guarantee_are_asked_point_by_point(monkeypatch):
    posterior, _, _ = random_network(1)
    last = posterior.network["conduct"].states[-1]
    monkeypatch.setattr(of_several, "configuration_answers", None)
    together(posterior, [chance_of("conduct", last, {"trace": "yes"})] * 2)
    with pytest.raises(TypeError, match="not callable"):
        together(posterior, [chance_of("conduct", last)] * 2)


def test_faults_of_cases_are_told_together():
    posterior, _, _ = random_network(1)
    cases = [chance_of("conduct", "a", do={"cause": "x"}, against={"cause": "y"})]
    with pytest.raises(QueryError) as raised:
        together(posterior, cases, shared=["garantee"])
    assert "shared garantee: is no group effect; did you mean 'guarantee'?" in str(raised.value)
    assert "case 1: is a difference; ask for a probability" in str(raised.value)
    with pytest.raises(QueryError, match="cases: there are none; give a probability for each, from chance_of"):
        together(posterior, [])
    with pytest.raises(QueryError, match="conduct has no state 'q'"):
        together(posterior, [chance_of("conduct", "q")])
