"""What members do together, judged by SciPy's beta-binomial, by sampling of an urn, by quadrature and by fits."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit, logit
from scipy.stats import betabinom, binom

from servanda.analysis import at_least, probability
from servanda.models import (
    Arrow,
    ImpossibleEvidenceError,
    Network,
    NetworkError,
    Node,
    Posterior,
    QueryError,
    encode,
    fit,
    load_posterior,
    network_from_toml,
    network_to_toml,
)
from servanda.models import pymc_model as compiled
from servanda.models.cases.patterns import find_patterns
from servanda.models.families import FAMILIES
from servanda.models.sampling.prior_draws import prior_draws

COUNTS = (1, 2, 3, 5, 12)
NUMBERS = tuple(map(str, range(13)))
NO_YES = ("no", "yes")
#: Pairs of q and rho, small and large.
ACTS = [(0.3, 0.4), (0.02, 0.05), (0.97, 0.9), (0.5, 0.001)]


def network_of(family, term=None, counts=COUNTS, states=None, **options):
    states = states or (NUMBERS if family == "headcount" else NO_YES)
    count = Node("k", tuple(map(str, counts)), ordered=True, values=counts)
    named = (("members", "k"), *options.items())
    return Network((count, Node("y", states, (Arrow("k", term=term),), family, ordered=True, options=named)))


def table(network, member, rho=None, **effects):
    """The table of one draw, shape (counts, states)."""
    values = {"y.member": np.array([member])} | {name.replace("_", "."): np.array([x]) for name, x in effects.items()}
    if rho is not None:
        values["y.rho"] = np.array([rho])
    return FAMILIES[network["y"].family].table(values, {}, {}, network.local("y"))[..., 0]


def pmf(k, q, rho):
    if rho == 0:
        return binom.pmf(np.arange(13), k, q)
    return betabinom.pmf(np.arange(13), k, q * (1 - rho) / rho, (1 - q) * (1 - rho) / rho)


@pytest.mark.parametrize(("q", "rho"), ACTS)
def test_a_headcount_is_the_beta_binomial_of_scipy(q, rho):
    expected = np.array([pmf(k, q, rho) for k in COUNTS])
    np.testing.assert_allclose(table(network_of("headcount"), q, rho), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("q", "rho"), ACTS)
@pytest.mark.parametrize(("family", "m"), [("any_of", None), ("all_of", None), ("at_least", 2), ("at_least", 12)])
def test_whether_the_group_acts_is_a_sum_of_scipys_beta_binomial(family, m, q, rho):
    found = table(network_of(family, **({"at_least": m} if m else {})), q, rho)
    for row, k in enumerate(COUNTS):
        needed = {"any_of": 1, "all_of": k, "at_least": m}[family]
        np.testing.assert_allclose(found[row, 1], pmf(k, q, rho)[needed:].sum(), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("rho", [None, 0.3])
def test_any_and_all_are_at_least_one_and_at_least_all(rho):
    correlated = {"correlated": False} if rho is None else {}
    one = table(network_of("any_of", **correlated), 0.37, rho)
    np.testing.assert_array_equal(one, table(network_of("at_least", at_least=1, **correlated), 0.37, rho))
    whole = table(network_of("all_of", **correlated), 0.37, rho)
    for row, k in enumerate(COUNTS):
        np.testing.assert_array_equal(
            whole[row], table(network_of("at_least", at_least=k, **correlated), 0.37, rho)[row]
        )


def test_independent_members_are_the_noisy_or_the_weakest_link_and_the_binomial():
    q, k = 0.23, np.array(COUNTS)
    found = {family: table(network_of(family, correlated=False), q) for family in ("any_of", "all_of", "headcount")}
    np.testing.assert_allclose(found["any_of"][:, 1], 1 - (1 - q) ** k, rtol=1e-13)
    np.testing.assert_allclose(found["all_of"][:, 1], q**k, rtol=1e-13)
    np.testing.assert_allclose(found["headcount"], [pmf(n, q, 0) for n in COUNTS], rtol=1e-10, atol=1e-16)


def test_correlation_runs_from_the_binomial_to_one_will():
    near, far = table(network_of("headcount"), 0.23, 1e-12), table(network_of("headcount"), 0.23, 1 - 1e-12)
    np.testing.assert_allclose(near, table(network_of("headcount", correlated=False), 0.23), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(far[:, 0], 0.77, rtol=1e-10)
    np.testing.assert_allclose([far[row, k] for row, k in enumerate(COUNTS)], 0.23, rtol=1e-10)


def test_correlation_takes_from_any_and_gives_to_all():
    rhos = (0.01, 0.2, 0.5, 0.9)
    some, all_ = ([table(network_of(f), 0.4, rho)[2, 1] for rho in rhos] for f in ("any_of", "all_of"))
    assert all(a > b for a, b in pairwise(some))
    assert all(a < b for a, b in pairwise(all_))


@pytest.mark.parametrize("term", ["log", "diffusion"])
def test_the_count_may_act_on_each_member(term):
    """Diffusion within the family: where more share the duty, each does less."""
    slope = -0.8 if term == "log" else 1.1
    x = np.log(COUNTS) if term == "log" else 1 / np.array(COUNTS)
    q = expit(logit(0.4) + slope * (x - x.mean()))
    assert np.all(np.diff(q) < 0)
    found = table(network_of("headcount", term), 0.4, 0.2, y_k=slope)
    np.testing.assert_allclose(found, [pmf(k, p, 0.2) for k, p in zip(COUNTS, q, strict=True)], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("eta", [-600.0, -60.0, 60.0, 600.0])
@pytest.mark.parametrize("rho", [None, 1e-9, 0.3])
def test_log_prob_keeps_its_digits_far_out(eta, rho):
    """One who acts with exp(-600), or fails so, against the leading term of the sum, in logs."""
    import pytensor.tensor as pt

    from servanda.models.families.collective import _log_numbers

    k = np.array([3])
    for xp in (np, pt):
        given = (np.array([[eta]]), None if rho is None else np.array([rho]))
        if xp is pt:
            given = (pt.as_tensor(given[0][0]), None if rho is None else pt.as_tensor(rho))
        found = _log_numbers(*given, k, xp)
        found = np.ravel(found.eval(mode="FAST_COMPILE") if xp is pt else found)
        r = rho or 0.0
        rare, size = [0.0], -abs(eta)
        for y in (1, 2, 3):  # the rare thing happens y times: first by itself, then drawn along
            along = [max(i * r, 1e-300) + np.exp(size) for i in range(1, y)]
            rare.append(size + np.log1p(-r) + sum(np.log(along) if rho else [size] * (y - 1)))
        rest = [sum(np.log1p((i - 1) * r) for i in range(3 - y)) for y in range(4)]
        total = sum(np.log1p((i - 1) * r) for i in range(3))
        ways = np.log([1, 3, 3, 1])
        expected = [ways[y] + rare[y] + (rest[y] - total) for y in range(4)]
        expected = expected if eta < 0 else expected[::-1]
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12, err_msg=f"{xp.__name__}")


def urn(rng, k, q, rho):
    """How many of k members act, drawn one by one: each follows an earlier one or decides anew."""
    done = 0
    for i in range(k):
        done += rng.random() < (q * (1 - rho) + done * rho) / (1 + (i - 1) * rho)
    return done


def headcounts(q, rho, cases=400, seed=7):
    rng = np.random.default_rng(seed)
    k = rng.choice(COUNTS[1:], cases)
    return pd.DataFrame({"k": [str(n) for n in k], "y": [str(urn(rng, n, q, rho)) for n in k]})


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "low", "high"), [(0.6, 0.5, 0.7), (0.0, 0.0, 0.05)])
def test_a_fit_finds_how_far_members_hang_together(rho, low, high):
    frame = headcounts(0.35, rho)
    posterior = fit(network_of("headcount"), frame, seed=2, draws=500, tune=500, chains=2, thin=1, cores=1)
    assert int(posterior.tree["sample_stats"]["diverging"].sum()) == 0
    found = posterior.draws["y.rho"].values.ravel()
    assert low < np.quantile(found, 0.025) < max(rho, found.mean()) < np.quantile(found, 0.975) < high
    member, within = by_quadrature(frame)
    for name, exact in (("member", member), ("rho", within)):
        draws = posterior.draws[f"y.{name}"].values.ravel()
        assert abs(draws.mean() - exact[0]) < 0.2 * exact[1], name
        assert draws.std() == pytest.approx(exact[1], rel=0.15), name


def by_quadrature(frame):
    """Mean and standard deviation of q and of rho under the default priors, on a grid, with SciPy's probabilities."""
    q, rho = np.linspace(0.002, 0.998, 250), np.linspace(0.001, 0.999, 500)
    log_p = np.log(3) + 2 * np.log1p(-rho)[None] + 0 * q[:, None]
    a, b = q[:, None] * (1 - rho) / rho, (1 - q)[:, None] * (1 - rho) / rho
    for (k, y), rows in frame.astype(int).groupby(["k", "y"]):
        log_p = log_p + len(rows) * betabinom.logpmf(y, k, a, b)
    weight = np.exp(log_p - log_p.max())
    found = []
    for grid, own in ((q, weight.sum(axis=1)), (rho, weight.sum(axis=0))):
        mean = np.average(grid, weights=own)
        found.append((mean, np.sqrt(np.average((grid - mean) ** 2, weights=own))))
    return found


@pytest.mark.pymc
def test_what_cannot_be_leaves_the_gradient_sound():
    """Counts that are missing are summed out, and some are too small for those who acted; judged by differences."""
    network = network_of("headcount", "diffusion")
    frame = pd.DataFrame({"k": ["3", None, None, "12", None], "y": ["3", "4", "0", "7", None]})
    cases = encode(network, frame)
    model = compiled(network, cases, find_patterns(network, cases), None)
    rng = np.random.default_rng(1)
    at = {v: rng.uniform(-0.4, 0.5, model.initial_point()[v.name].shape) for v in model.value_vars}
    slopes = model.dlogp().eval(at, mode="FAST_COMPILE")
    moves = np.split(rng.normal(0, 1e-5, len(slopes)), np.cumsum([x.size for x in at.values()])[:-1])
    ends = [
        {v: x + sign * move.reshape(x.shape) for (v, x), move in zip(at.items(), moves, strict=True)}
        for sign in (1, -1)
    ]
    up, down = (float(model.logp().eval(end, mode="FAST_COMPILE")) for end in ends)
    assert (up - down) / 2 == pytest.approx(np.concatenate(moves) @ slopes, rel=1e-6)


def test_sums_over_a_headcount_are_what_the_group_does():
    posterior = prior_draws(network_of("headcount", "log"), seed=3, draws=50)
    same = {"y.member", "y.rho", "y.k"}
    for k in COUNTS:
        answer = probability(posterior, "y", given={"k": str(k)})
        for family, m in (("any_of", 1), ("all_of", k), ("at_least", 2)):
            network = network_of(family, "log", **({"at_least": 2} if family == "at_least" else {}))
            draws = posterior.draws[[*same, "k.table"]]
            other = Posterior(network, xr.DataTree.from_dict({"posterior": draws}))
            expected = probability(other, "y", given={"k": str(k)}).sel(y="yes", drop=True)
            found = at_least(answer, "y", m)
            assert found.dims == ("chain", "draw")
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_what_is_no_headcount_cannot_be_summed():
    answer = probability(prior_draws(network_of("any_of"), seed=3, draws=5), "y")
    with pytest.raises(QueryError, match="node y: has the states no, yes; expected numbers of members"):
        at_least(answer, "y", 1)
    with pytest.raises(QueryError, match="answer: has no dim 'z'; it has chain, draw, y"):
        at_least(answer, "z", 1)


def test_more_than_there_are_cannot_act():
    posterior = prior_draws(network_of("headcount"), seed=3, draws=5)
    found = probability(posterior, "k", given={"y": "4"})
    assert np.all(found.sel(k=["1", "2", "3"]) == 0)
    for family, impossible in (("headcount", "3"), ("at_least", "yes")):
        options = {"at_least": 3} if family == "at_least" else {}
        network = network_of(family, **options)
        news = Node("news", NO_YES, (Arrow("k"),))  # what is asked does not hang on what is impossible
        posterior = prior_draws(Network((*network.nodes, news)), seed=3, draws=5)
        with pytest.raises(ImpossibleEvidenceError):
            probability(posterior, "news", given={"k": "2", "y": impossible})


TOML = """
[nodes.k]
states = ["1", "2", "3"]
values = [1, 2, 3]
ordered = true
[nodes.y]
states = ["no", "yes"]
ordered = true
family = "at_least"
options = { members = "k", at_least = 2, correlated = false }
[nodes.y.parents.k]
term = "log"
reason = "where more share the duty, each does less"
"""


def test_it_is_written_saved_and_loaded(tmp_path):
    network = network_from_toml(TOML)
    assert network["y"].options == (("members", "k"), ("at_least", 2), ("correlated", False))
    assert network_from_toml(network_to_toml(network)) == network
    posterior = prior_draws(network, seed=4, draws=6)
    assert set(posterior.draws.data_vars) == {"k.table", "y.member", "y.k"}
    posterior.save(tmp_path / "y.nc")
    loaded = load_posterior(tmp_path / "y.nc")
    assert loaded.network == network
    xr.testing.assert_identical(probability(loaded, "y"), probability(posterior, "y"))
    cut = network.without_parents(["y"])
    assert cut["y"].options == ()


def test_every_option_that_does_not_fit_is_said_at_once():
    with pytest.raises(NetworkError) as raised:
        network_from_toml(
            TOML.replace("at_least = 2, correlated = false", "at_least = 4, correlated = 1, quorum = 2")
            .replace('term = "log"', 'term = "lgo"')
            .replace('"yes"]\nordered = true', '"yes", "maybe"]')
        )
    assert str(raised.value).splitlines() == [
        "network network: 6 faults",
        "  node y: family 'at_least' has no option 'quorum'; known: members, correlated, at_least",
        "  node y: unknown term 'lgo' for 'k'; did you mean 'log'?",
        "  node y: options.correlated is true or false, not 1",
        "  node y: family 'at_least' needs ordered states; set ordered = true",
        "  node y: family 'at_least' needs 2 states, no before yes, not 3",
        "  node y: options.at_least is 4; expected a whole number from 1 to 3",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("at_least = 2, ", ""), "node y: options.at_least is missing; expected a whole number from 1 to 3"),
        (("at_least = 2, ", "at_least = true, "), "node y: options.at_least is True; expected a whole number from 1"),
        (
            ('members = "k", ', ""),
            "node y: family 'at_least' needs the parent that counts the members; options.members names no parent",
        ),
        (('members = "k"', 'members = "kk"'), "options.members 'kk' is no parent; did you mean 'k'?"),
        (
            ("[1, 2, 3]", "[0, 1.5, 3]"),
            "family 'at_least' counts members; give 'k' a whole number of 1 or more for each state",
        ),
        (('family = "at_least"', 'family = "ordinal"'), "family 'ordinal' has no option 'members'; known: shrinkage"),
        (('"at_least"', '"headcount"'), "family 'headcount' has no option 'at_least'"),
    ],
)
def test_each_fault_is_said(change, message):
    with pytest.raises(NetworkError, match=re.escape(message)):
        network_from_toml(TOML.replace(*change))


def test_a_headcount_has_a_state_for_every_number():
    for states in (("0", "1", "2"), ("1", "2", "3", "4", "5"), ("0", "1", "3", "2")):
        with pytest.raises(NetworkError, match=re.escape("needs the states 0, 1, ... up to 3 or more, in order")):
            network_of("headcount", counts=(1, 3), states=states)
