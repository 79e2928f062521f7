"""Unmeasured causes: judged by enumeration, by pgmpy on the network that has the cause, and by simulated records."""

from __future__ import annotations

import re
import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from servanda.analysis import confounding, contrast, probability
from servanda.analysis.sensitivity.unmeasured.confounding import MOST, e_value
from servanda.analysis.sensitivity.unmeasured.unmeasured_cause import cause_where_set, first_crossing, standardised
from servanda.models import Arrow, Network, Node, Posterior, Prior, PriorSet, QueryError, fit

#: The five points of Gauss and Hermite, from their closed form.
WIDE, NARROW = np.sqrt(5 + np.sqrt(10)), np.sqrt(5 - np.sqrt(10))
POINTS = np.array([-WIDE, -NARROW, 0.0, NARROW, WIDE])
CHANCES = np.array([7 - 2 * np.sqrt(10), 7 + 2 * np.sqrt(10), 32.0, 7 + 2 * np.sqrt(10), 7 - 2 * np.sqrt(10)]) / 60


def cumulative_table(cuts: np.ndarray, log_odds: float) -> np.ndarray:
    """P(x | w, u) of a cumulative logit model, shape (w, u, x), from cuts of shape (w, states - 1)."""
    upto = expit(cuts[:, None, :] - log_odds * POINTS[None, :, None])
    return np.diff(upto, prepend=0.0, append=1.0)


def hidden_world(seed: int, a: float, b: float, *, strata: int = 3, states: int = 4) -> dict[str, np.ndarray]:
    """A network with the cause: P(w), P(x | w, u), P(y | w, x, u); the effect of x on y differs by stratum."""
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.normal(0, 1.5, (strata, states - 1)), axis=1)
    base = rng.normal(0, 1, (strata, states))
    return {
        "w": rng.dirichlet(np.ones(strata)),
        "x": cumulative_table(cuts, np.log(a)),
        "y": expit(base[:, :, None] + np.log(b) * POINTS),
    }


def names(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(count))


def without_the_cause(world: dict[str, np.ndarray], *, ordered: bool = True) -> Posterior:
    """What a record of w, x and y alone shows of it, as one draw."""
    joint = np.einsum("w,u,wux->wxu", world["w"], CHANCES, world["x"])
    x = joint.sum(axis=2) / joint.sum(axis=(1, 2))[:, None]
    y = (joint * world["y"]).sum(axis=2) / joint.sum(axis=2)
    strata, states = x.shape
    network = Network(
        (
            Node("w", names("w", strata)),
            Node("x", names("x", states), (Arrow("w"),), ordered=ordered),
            Node("y", ("no", "yes"), (Arrow("w"), Arrow("x"))),
        )
    )
    tables = {"w": world["w"], "x": x, "y": np.stack([1 - y, y], axis=-1)}
    return Posterior.from_tables(
        network, {name: xr.DataArray(table, dims=network.axes(name)) for name, table in tables.items()}
    )


def by_enumeration(world: dict[str, np.ndarray], base: int, change: int) -> float:
    """P(y | do(x)), by summing the whole of the mutilated joint distribution."""
    do = np.einsum("w,u,wxu->x", world["w"], CHANCES, world["y"])
    return float(do[change] - do[base])


strengths = st.floats(0.2, 6.0).filter(lambda odds: abs(np.log(odds)) > 0.05)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), strengths, strengths, st.integers(1, 3), st.sampled_from([2, 3, 4]))
def test_at_the_true_strengths_the_effect_is_that_of_the_network_with_the_cause(seed, a, b, strata, states):
    world = hidden_world(seed, a, b, strata=strata, states=states)
    posterior = without_the_cause(world)
    found = confounding(posterior, "y", {"x": "x0"}, {"x": f"x{states - 1}"}, benchmarks=())
    assert found.effect(a, b).item() == pytest.approx(by_enumeration(world, 0, states - 1), abs=1e-6)
    # Downwards, "towards the change" is towards lower states.
    back = confounding(posterior, "y", {"x": f"x{states - 1}"}, {"x": "x0"}, benchmarks=())
    assert back.effect(1 / a, b).item() == pytest.approx(by_enumeration(world, states - 1, 0), abs=1e-6)


def test_two_by_two_by_two_by_hand():
    """One stratum, two states of everything that is seen: the sums written out."""
    a, b = 3.0, 0.5
    x_if = expit(0.3 + np.log(a) * POINTS)
    seen = {}
    for x, own in ((0, 1 - x_if), (1, x_if)):
        u = CHANCES * own / (CHANCES * own).sum()
        seen[x] = (u * expit(-0.2 + 0.7 * x + np.log(b) * POINTS)).sum()
    true = (CHANCES * (expit(0.5 + np.log(b) * POINTS) - expit(-0.2 + np.log(b) * POINTS))).sum()
    share = (CHANCES * x_if).sum()
    network = Network((Node("x", ("no", "yes")), Node("y", ("no", "yes"), (Arrow("x"),))))
    tables = {"x": [1 - share, share], "y": [[1 - seen[0], seen[0]], [1 - seen[1], seen[1]]]}
    posterior = Posterior.from_tables(
        network, {name: xr.DataArray(table, dims=network.axes(name)) for name, table in tables.items()}
    )
    found = confounding(posterior, "y", {"x": "no"}, {"x": "yes"})
    assert found.effect().item() == pytest.approx(seen[1] - seen[0])
    assert found.effect(a, b).item() == pytest.approx(true, abs=1e-8)


@pytest.fixture(scope="module")
def pgmpy():
    with warnings.catch_warnings():
        # On import pgmpy 1.1 warns of its own use of StructureScore, which 1.3 will drop.
        warnings.simplefilter("ignore")
        import pgmpy.factors.discrete
        import pgmpy.inference
        import pgmpy.models
    return pgmpy


def test_pgmpy_agrees_by_do_calculus_on_the_network_with_the_cause(pgmpy):
    TabularCPD = pgmpy.factors.discrete.TabularCPD
    a, b = 2.5, 0.4
    world = hidden_world(11, a, b)
    strata, _, states = world["x"].shape
    whole = pgmpy.models.DiscreteBayesianNetwork([("w", "x"), ("u", "x"), ("w", "y"), ("x", "y"), ("u", "y")])
    y = world["y"].reshape(1, -1)
    whole.add_cpds(
        TabularCPD("w", strata, world["w"][:, None]),
        TabularCPD("u", 5, CHANCES[:, None]),
        TabularCPD("x", states, np.moveaxis(world["x"], 2, 0).reshape(states, -1), ["w", "u"], [strata, 5]),
        TabularCPD("y", 2, np.vstack([1 - y, y]), ["w", "x", "u"], [strata, states, 5]),
    )
    asked = pgmpy.inference.CausalInference(whole)
    chance = [
        asked.query(["y"], do={"x": state}, adjustment_set={"w", "u"}, show_progress=False).values[1]
        for state in (0, states - 1)
    ]
    found = confounding(without_the_cause(world), "y", {"x": "x0"}, {"x": f"x{states - 1}"}, benchmarks=())
    assert found.effect(a, b).item() == pytest.approx(chance[1] - chance[0], abs=1e-6)


def test_an_unordered_node_is_split_at_the_state_changed_to():
    """The cause moves the odds of that state against all others, which keep their shares."""
    a, b, strata = 2.0, 3.0, 2
    rng = np.random.default_rng(4)
    to = expit(rng.normal(size=strata)[:, None] + np.log(a) * POINTS)
    others = rng.dirichlet(np.ones(2), strata)
    x = np.concatenate([(1 - to)[:, :, None] * others[:, None, :], to[:, :, None]], axis=2)
    world = {**hidden_world(4, a, b, strata=strata, states=3), "x": x}
    found = confounding(without_the_cause(world, ordered=False), "y", {"x": "x0"}, {"x": "x2"}, benchmarks=())
    assert found.effect(a, b).item() == pytest.approx(by_enumeration(world, 0, 2), abs=1e-6)


def test_with_no_cause_it_is_the_contrast(lawn):
    found = confounding(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, {"sprinkler": "on"})
    effect = contrast(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, {"sprinkler": "on"})["difference"].sel(wet="wet")
    np.testing.assert_allclose(found.effect().values, effect.values, atol=1e-12)
    # A cause of one of the two alone is no common cause.
    for strengths_of in ((5.0, 1.0), (1.0, 5.0)):
        np.testing.assert_allclose(found.effect(*strengths_of).values, effect.values, atol=1e-9)
    assert found.question == (
        "P(wet = wet | sprinkler = on; do(rain = yes)) - P(wet = wet | sprinkler = on; do(rain = no))"
    )
    assert "identified, if the network holds every common cause" in found.identification


def test_what_is_observed_stays_as_it_was():
    """The corrected world, seen without the cause, is the record."""
    rng = np.random.default_rng(2)
    p, below, upto = rng.uniform(0.02, 0.98, 300), rng.uniform(0, 0.4, 300), rng.uniform(0.5, 1, 300)
    for a, b in ((1.5, 0.3), (8.0, 8.0), (20.0, 1 / 20)):
        cause = cause_where_set(below, upto, a)
        np.testing.assert_allclose(cause.sum(axis=0), 1)
        corrected = standardised(p, cause, b)
        assert np.all((corrected > 0) & (corrected < 1))
        # Going back from the whole population to the part gives what was seen there.
        alpha = np.array([root_of(chance, b) for chance in corrected])
        np.testing.assert_allclose((cause * expit(alpha + np.log(b) * POINTS[:, None])).sum(axis=0), p, atol=1e-8)


def root_of(chance: float, b: float) -> float:
    from scipy.optimize import brentq

    return brentq(lambda alpha: (CHANCES * expit(alpha + np.log(b) * POINTS)).sum() - chance, -60, 60, xtol=1e-13)


def test_a_state_that_a_draw_excludes_has_a_limit():
    edge = np.array([0.0, 0.0, 1.0])
    cause = cause_where_set(edge[:1], np.array([1e-9]), 2.0)
    assert np.isfinite(cause).all()
    assert cause[0] > cause[-1]  # who is at the bottom has less of what raises it
    assert np.isfinite(standardised(edge, np.repeat(CHANCES[:, None], 3, axis=1), 3.0)).all()


def test_only_the_products_of_directions_count(lawn):
    found = confounding(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, benchmarks=())
    np.testing.assert_allclose(found.effect(3, 2).values, found.effect(1 / 3, 1 / 2).values, atol=1e-9)
    assert float(found.effect(2, 2).mean()) < float(found.effect().mean()) < float(found.effect(2, 0.5).mean())


# Tipping points -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keeping_found(request):
    return confounding(request.getfixturevalue("keeping"), "kept", {"backers": "few"}, {"backers": "many"})


def test_at_the_tipping_points_the_change_is_what_they_say(keeping_found):
    tipping, told = keeping_found.tipping_point, float(keeping_found.effect().mean())
    assert told > 0
    assert float(keeping_found.effect(tipping.zero, tipping.zero).mean()) == pytest.approx(0, abs=1e-3)
    doubled = keeping_found.effect(tipping.double, 1 / tipping.double)
    assert float(doubled.mean()) == pytest.approx(2 * told, abs=1e-3)
    assert 1 <= tipping.interval < tipping.zero
    lower = float(keeping_found.effect(tipping.interval, tipping.interval).quantile(0.05))
    assert lower == pytest.approx(min(0, keeping_found.change.lower), abs=1e-3)


def test_a_loss_tips_the_other_way(keeping):
    up = confounding(keeping, "kept", {"backers": "few"}, {"backers": "many"})
    down = confounding(keeping, "kept", {"backers": "few"}, {"backers": "many"}, state="no")
    assert down.change.mean == pytest.approx(-up.change.mean)
    assert down.tipping_point.zero == pytest.approx(up.tipping_point.zero, rel=2e-3)
    assert down.tipping_point.double == pytest.approx(up.tipping_point.double, rel=2e-3)
    assert float(down.effect(2, 0.5).mean()) > down.change.mean


def test_no_change_is_undone_by_nothing(lawn):
    even = {name: lawn.draws[f"{name}.table"].mean(("chain", "draw")) for name in lawn.network.names}
    even["wet"] = xr.full_like(even["wet"], 0.5)
    found = confounding(Posterior.from_tables(lawn.network, even), "wet", {"rain": "no"}, {"rain": "yes"})
    assert found.tipping_point.zero == found.tipping_point.interval == found.tipping_point.e_value == 1
    assert np.isinf(found.tipping_point.double)
    assert found.to_dict()["tipping_point"]["double"] is None
    assert found.in_words().startswith(
        "The change is zero as it stands, with no unmeasured common cause; one as strong"
    )


def test_what_nothing_undoes_is_said():
    network = Network((Node("x", ("no", "yes")), Node("y", ("no", "yes"), (Arrow("x"),))))
    tables = {"x": [0.5, 0.5], "y": [[0.9999, 0.0001], [0.0001, 0.9999]]}
    posterior = Posterior.from_tables(network, {n: xr.DataArray(t, dims=network.axes(n)) for n, t in tables.items()})
    found = confounding(posterior, "y", {"x": "no"}, {"x": "yes"})
    assert np.isinf(found.tipping_point.zero)
    assert found.in_words() == (
        f"No unmeasured common cause of x and y with odds of up to {MOST:g} a standard deviation on each would bring "
        "the change of +100 points to zero."
    )


def test_e_values_are_the_published_ones():
    """Risk ratio 3.9 [1.8, 8.7] of infant death: E-values 7.26 and 3.0 (VanderWeele and Ding 2017†)."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value(1.8) == pytest.approx(3.0, abs=0.005)
    assert e_value(1 / 1.8) == pytest.approx(3.0, abs=0.005)


def test_the_e_value_is_that_of_the_two_probabilities(keeping, keeping_found):
    few, many = (
        float(probability(keeping, "kept", do={"backers": state}).sel(kept="yes").mean()) for state in ("few", "many")
    )
    ratio = many / few
    assert keeping_found.tipping_point.e_value == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))


def test_a_crossing_is_the_first():
    assert first_crossing(lambda odds: np.cos(odds), 20.0) == pytest.approx(np.pi / 2, rel=1e-3)
    assert first_crossing(lambda odds: -1.0, 20.0) == 1
    assert np.isinf(first_crossing(lambda odds: 1.0, 20.0))


# Measured causes ------------------------------------------------------------------------------------------------------


def test_the_strengths_of_a_measured_cause_are_its_odds_a_standard_deviation():
    """A measured cause of five points, tied as an unmeasured one would be, has just those strengths."""
    a, b = 2.0, 3.0
    network = Network(
        (
            Node("u", names("u", 5)),
            Node("x", names("x", 4), (Arrow("u"),), ordered=True),
            Node("y", ("no", "yes"), (Arrow("u"), Arrow("x"))),
        )
    )
    x = cumulative_table(np.array([[-1.0, 0.2, 1.1]]), np.log(a))[0]
    y = expit(np.log(b) * POINTS[:, None] + np.array([0.3, 0.1, -0.2, 0.6]))
    tables = {"u": CHANCES, "x": x, "y": np.stack([1 - y, y], axis=-1)}
    posterior = Posterior.from_tables(network, {n: xr.DataArray(t, dims=network.axes(n)) for n, t in tables.items()})
    found = confounding(posterior, "y", {"x": "x0"}, {"x": "x3"})
    (benchmark,) = found.benchmarks
    assert benchmark.name == "u"
    assert benchmark.on_cause == pytest.approx(a, rel=1e-9)
    assert benchmark.on_outcome == pytest.approx(b, rel=1e-9)
    way = float(np.sign(found.change.mean))
    assert benchmark.against.mean == pytest.approx(float(found.effect(a, b**way).mean()))
    assert benchmark.along.mean == pytest.approx(float(found.effect(a, b**-way).mean()))


def test_which_measured_causes_there_are(lawn):
    every = confounding(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, {"sprinkler": "on"})
    assert [one.name for one in every.benchmarks] == ["cloudy", "sprinkler"]
    assert list(every.table.index) != []
    assert list(every.table) == ["on_cause", "on_outcome", "mean", "lower", "upper", "along"]
    least = every.table.iloc[0]
    assert every.strongest is not None
    assert every.strongest.name == every.table.index[0]
    assert abs(least["mean"]) <= abs(every.table.iloc[-1]["mean"])
    some = confounding(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, {"sprinkler": "on"}, benchmarks=["sprinkler"])
    assert [one.name for one in some.benchmarks] == ["sprinkler"]
    assert some.benchmarks[0] == every.benchmarks[1]
    none = confounding(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, benchmarks=())
    assert none.strongest is None
    assert none.table.empty
    assert "measured cause" not in none.in_words()


# A hidden cause, simulated --------------------------------------------------------------------------------------------

COUNTS, OUTCOMES = ("1", "2", "3", "4", "5", "6+"), ("defected", "partial", "complied")
PAIR = Network(
    (Node("guarantors", COUNTS, ordered=True), Node("compliance", OUTCOMES, (Arrow("guarantors"),), ordered=True))
)


def simulated(odds: float, seed: int, cases: int = 3000) -> Posterior:
    """Record of a count that does nothing, and of a hidden normal cause that draws backers and makes promises break."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal(cases)
    backing = np.log(odds) * hidden + rng.logistic(size=cases)
    kept = -np.log(odds) * hidden + rng.logistic(size=cases)
    seen = pd.DataFrame(
        {
            "guarantors": np.array(COUNTS)[np.digitize(backing, [0.0, 0.8, 1.2, 1.6, 2.2])],
            "compliance": np.array(OUTCOMES)[np.digitize(kept, [-0.4, 0.2])],
        }
    )
    flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    return fit(PAIR, seen, flat, seed=seed, draws=500)


def test_where_the_contrast_is_wrong_the_true_strength_covers_the_truth():
    odds, replicates = np.e, 6
    excluded, covered, tips = 0, 0, []
    for seed in range(replicates):
        found = confounding(simulated(odds, seed), "compliance", {"guarantors": "1"}, {"guarantors": "5"})
        told = found.change
        excluded += told.upper < 0
        lower, upper = np.quantile(found.effect(odds, 1 / odds), [0.05, 0.95])
        covered += lower <= 0 <= upper
        tips.append(found.tipping_point.zero)
        assert -0.35 < told.mean < -0.1
    # What the contrast says of a true zero, in all of them.
    assert excluded == replicates
    # 90 % intervals: fewer than four of six would happen once in seven hundred times.
    assert covered >= 4
    assert np.median(tips) == pytest.approx(odds, abs=0.5)


# Words, tables, figures, faults ---------------------------------------------------------------------------------------


def test_it_prints_in_words(keeping_found):
    said = str(keeping_found).splitlines()
    assert said[0].startswith("P(kept = yes | do(backers = many)) - P(kept = yes | do(backers = few)): +")
    assert said[1] == (
        "P(kept | do(backers)) is identified, if the network holds every common cause, without adjustment."
    )
    mean, zero = keeping_found.change.mean, keeping_found.tipping_point.zero
    assert keeping_found.change.lower < 0 < mean
    assert said[2] == (
        f"An unmeasured common cause of backers and kept would bring the change of {100 * mean:+.0f} points to zero "
        f"(its interval holds zero as it stands) with odds of {zero:.1f} a standard deviation on each."
    )
    assert "E-value" in said[3]
    assert said[0] in keeping_found._repr_html_().replace("&gt;", ">")


def test_the_grid_holds_the_effects(keeping):
    found = confounding(keeping, "kept", {"backers": "few"}, {"backers": "many"}, strengths=[1, 2, 5])
    grid = found.grid
    assert grid.sizes == {"on_cause": 3, "on_outcome": 5}
    assert grid["on_outcome"].values.tolist() == [0.2, 0.5, 1.0, 2.0, 5.0]
    draws = found.effect(2, 0.5).values
    cell = grid.sel(on_cause=2, on_outcome=0.5)
    assert float(cell["mean"]) == pytest.approx(draws.mean())
    assert float(cell["lower"]) == pytest.approx(np.quantile(draws, 0.05))
    np.testing.assert_allclose(grid["mean"].sel(on_cause=1), found.change.mean)
    # The stronger the cause that would have made it, the less of it is left.
    assert np.all(np.diff(grid["mean"].sel(on_outcome=2)) < 0)
    assert np.all(np.diff(grid["mean"].sel(on_outcome=0.5)) > 0)


def test_the_figure_names_both_axes_and_the_measured_causes(lawn):
    found = confounding(lawn, "wet", {"rain": "no"}, {"rain": "yes"}, {"sprinkler": "on"}, strengths=[1, 2, 4, 8])
    (axes,) = found.plot().axes
    assert axes.get_xlabel() == "odds ratio per standard deviation on rain"
    assert " ".join(axes.get_ylabel().split()) == "odds ratio per standard deviation on wet = wet"
    texts = " ".join(text.get_text() for text in axes.texts)
    assert "cloudy (" in texts
    assert "sprinkler (" in texts


def test_the_dictionary_is_plain(keeping_found):
    import json

    told = json.loads(json.dumps(keeping_found.to_dict()))
    assert told["cause"] == "backers"
    assert told["states"] == ["yes"]
    assert told["tipping_point"]["zero"] == keeping_found.tipping_point.zero
    assert told["in_words"] == keeping_found.in_words()
    assert told["benchmarks"] == []


def test_a_result_is_frozen(keeping_found):
    with pytest.raises(FrozenInstanceError):
        keeping_found.cause = "kept"


def test_where_several_nodes_differ_the_cause_is_named(lawn):
    base, change = {"rain": "no", "sprinkler": "off"}, {"rain": "yes", "sprinkler": "on"}
    what = "base and change: differ in sprinkler, rain; name by cause= the one that the unmeasured cause bears on"
    with pytest.raises(QueryError, match=re.escape(what)):
        confounding(lawn, "wet", base, change)
    found = confounding(lawn, "wet", base, change, cause="rain")
    effect = contrast(lawn, "wet", base, change)["difference"].sel(wet="wet")
    np.testing.assert_allclose(found.effect().values, effect.values, atol=1e-12)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"change": {"rain": "no"}}, "base and change: set no node to different states"),
        ({"base": {}}, "base and change: set no node to different states"),
        ({"cause": "sprinkler"}, "cause sprinkler: is not set to different states by base and change"),
        ({"cause": "rian"}, "cause rian: is not set to different states by base and change; did you mean 'rain'?"),
        ({"target": "wett"}, "target wett: no such node; did you mean 'wet'?"),
        ({"state": "we"}, "state: wet has no state 'we'; did you mean 'wet'?"),
        ({"state": ["dry", "wet"]}, "state: must leave some state of wet out, and name one"),
        ({"state": []}, "state: must leave some state of wet out, and name one"),
        (
            {"target": "cloudy"},
            "cause rain: changes nothing: no directed path leads from it to cloudy but through others",
        ),
        (
            {"target": "rain", "base": {"cloudy": "no"}, "change": {"cloudy": "yes"}, "given": {"wet": "wet"}},
            "given wet: lies downstream of rain, and tells of an unmeasured cause; leave it out",
        ),
        ({"benchmarks": ["cludy"]}, "benchmark cludy: no such node; did you mean 'cloudy'?"),
        ({"benchmarks": ["rain"]}, "benchmark rain: cannot be a common cause: it is set, or downstream of rain"),
        ({"strengths": [2.0]}, "strengths: must be two or more odds ratios from 1 up, not (2.0,)"),
        ({"strengths": [0.5, 2.0]}, "strengths: must be two or more odds ratios from 1 up, not (0.5, 2.0)"),
        ({"given": {"cloudy": "maybe"}}, "given cloudy: has no state 'maybe'"),
        ({"actor": "USA"}, "actor: network lawn has no effect of this name"),
    ],
)
def test_a_bad_question_says_what_is_wrong(lawn, how, message):
    asked = {"target": "wet", "base": {"rain": "no"}, "change": {"rain": "yes"}, **how}
    with pytest.raises(QueryError, match=re.escape(message)):
        confounding(lawn, **asked)


@pytest.mark.parametrize("odds", [0, -1.0, float("nan"), float("inf"), "strong", None])
def test_a_strength_is_an_odds_ratio(keeping_found, odds):
    with pytest.raises(QueryError, match=re.escape(f"on_outcome: is {odds!r}; it must be an odds ratio")):
        keeping_found.effect(2.0, odds)


def test_logits_of_the_points_are_normal_enough():
    """Five points stand for a normal cause: what they do to a probability is what it does, to a thousandth."""
    from scipy.integrate import quad
    from scipy.stats import norm

    for b in (1.5, np.e, 4.0):
        for alpha in (-2.0, 0.0, logit(0.8)):
            exact = quad(lambda u, b=b, alpha=alpha: norm.pdf(u) * expit(alpha + np.log(b) * u), -9, 9)[0]
            assert (CHANCES * expit(alpha + np.log(b) * POINTS)).sum() == pytest.approx(exact, abs=1e-3)
