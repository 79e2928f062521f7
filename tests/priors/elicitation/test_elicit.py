"""Elicited priors, judged by SciPy's quantiles, by closed forms and by draws that the solver has not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from servanda.analysis import chance_of, explained_share
from servanda.models import (
    Arrow,
    Network,
    NetworkError,
    Node,
    Prior,
    PriorError,
    PriorSet,
    network_parameters,
)
from servanda.priors import (
    MisfitWarning,
    between,
    elicit,
    kept,
    load_prior,
    prior_diff,
    prior_predictive,
    prior_to_toml,
    quantiles,
    roulette,
    times_as_likely,
)
from servanda.priors.elicitation.smooth_draws import SmoothDraws

COIN = Network((Node("kept", ("no", "yes")),), name="coin")
FLAT = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
YES = chance_of("kept", "yes")

FEW = Node("few", ("1", "3", "5"), ordered=True, values=(1, 3, 5))
KEPT = Node("kept", ("no", "partly", "yes"), (Arrow("few"), Arrow("side")), family="ordinal", ordered=True)
PACT = Network((FEW, Node("side", ("a", "b")), KEPT), name="pact")
BASE = load_prior("flat")


def with_few(number, side="a"):
    return chance_of("kept", "yes", {"few": number, "side": side})


def share_of_yes(priors):
    """The beta distribution of P(yes) that a prior of the coin's table is."""
    alpha = priors["kept.table"].resolved(("no", "yes"))["alpha"] * np.ones(2)
    return stats.beta(alpha[1], alpha[0])


@pytest.mark.parametrize(
    "statement",
    [
        between(YES, 0.2, 0.6),
        quantiles(YES, {0.1: 0.55, 0.9: 0.95}),
        kept(YES, 7, 10),
        kept(YES, 1, 30),
        roulette(YES, [0, 0.2, 0.4, 0.6, 1], [5, 8, 5, 2]),
    ],
    ids=lambda statement: statement.said,
)
def test_a_coin_says_what_was_asked(statement):
    found = elicit(COIN, FLAT, {"it": statement}, seed=5)
    judge = share_of_yes(found.priors)
    exact = judge.cdf(statement.values) if statement.by_level else judge.ppf(statement.levels)
    np.testing.assert_allclose(exact, statement.asked, atol=0.01)
    assert found.met
    assert found.contradictions == ()
    # What the table says is achieved is what the closed form says.
    np.testing.assert_allclose(found.table["achieved"], exact, atol=0.006)


@settings(derandomize=True, database=None, deadline=None, max_examples=12)
@given(st.floats(0.05, 0.8), st.floats(0.1, 0.6))
def test_any_range_of_a_coin_can_be_said(low, width):
    high = min(low + width, 0.97)
    found = elicit(COIN, FLAT, {"it": between(YES, low, high)}, seed=5)
    assert np.abs(share_of_yes(found.priors).ppf([0.05, 0.95]) - [low, high]).max() < 0.01


def test_a_count_gives_the_numbers_of_its_beta():
    judge = share_of_yes(elicit(COIN, FLAT, {"memory": kept(YES, 7, 10)}, seed=1).priors)
    np.testing.assert_allclose(judge.args, (8, 4), rtol=0.04)


def test_a_regression_says_what_was_asked_in_draws_of_its_own():
    statements = {
        "alone": between(with_few("1"), 0.15, 0.6),
        "five": times_as_likely(with_few("5"), with_few("1"), 1.5),
        "b": quantiles(with_few("3", "b"), {0.5: 0.4}),
    }
    found = elicit(PACT, BASE, statements, seed=2)
    assert found.met, found
    believed = prior_predictive(PACT, found.priors, seed=77, draws=40_000)

    def yes(few, side="a"):
        return believed.table("kept", given={"few": few, "side": side}).sel(kept="yes").values.ravel()

    np.testing.assert_allclose(np.quantile(yes("1"), [0.05, 0.95]), [0.15, 0.6], atol=0.01)
    assert np.median(yes("5") / yes("1")) == pytest.approx(1.5, abs=0.01 / np.median(yes("1")))
    assert np.median(yes("3", "b")) == pytest.approx(0.4, abs=0.01)


def test_only_the_stated_parameters_change():
    statements = {"five": times_as_likely(with_few("5"), with_few("1"), 1.3)}
    found = elicit(PACT, BASE, statements, seed=2, parameters=["kept.few"], source="an expert")
    changed = {p.name for p in network_parameters(PACT) if found.priors[p.name] != BASE[p.name]}
    assert changed == {"kept.few"}
    entry = found.priors.entry("kept.few")
    assert entry.reason == "Elicited: five (1.3 times as likely)."
    assert (entry.source, entry.certainty) == ("an expert", "judgement")
    assert found.met
    assert "1 prior changed" in found.verdict
    assert found.priors["kept.few"].resolved()["mu"] > 0


def test_what_changed_can_be_seen():
    found = elicit(
        PACT, BASE, {"five": times_as_likely(with_few("5"), with_few("1"), 1.3)}, seed=2, parameters=["kept.few"]
    )
    assert list(found.changes.changed) == ["kept.few"]
    assert "what changed" in found._repr_html_()


def test_what_is_not_spoken_of_keeps_its_entry():
    found = elicit(PACT, BASE, {"alone": between(with_few("1"), 0.15, 0.6)}, seed=2)
    assert found.priors.entry("side.table") == BASE.entry("side.table")
    assert found.priors.entry("few.table") == BASE.entry("few.table")
    assert found.priors.based_on == BASE.based_on


def test_other_nodes_are_summed_over():
    """Asked of the whole population: the mix of sides and numbers comes from the prior's own tables."""
    statement = between(chance_of("kept", "yes"), 0.2, 0.5)
    found = elicit(PACT, BASE, {"all": statement}, seed=3)
    assert found.met, found
    x = chance_of("kept", "yes").draws(prior_predictive(PACT, found.priors, seed=9, draws=20_000)).values
    np.testing.assert_allclose(np.quantile(x, [0.05, 0.95]), [0.2, 0.5], atol=0.013)


def test_what_takes_long_is_announced(monkeypatch):
    monkeypatch.setattr("servanda.priors.elicitation.elicit._SLOW", 10)
    with pytest.warns(UserWarning, match="statements leave few, side open, which are summed over at every step"):
        elicit(PACT, BASE, {"all": between(chance_of("kept", "yes"), 0.2, 0.5)}, seed=3)
    elicit(PACT, BASE, {"one": between(with_few("1"), 0.2, 0.5)}, seed=3)


def test_a_difference_can_be_spoken_of():
    gain = chance_of("kept", "yes", {"few": "5", "side": "a"}, {}, against={})
    assert gain.is_difference
    change = chance_of("kept", "yes", {"few": "3"}, {"side": "b"}, against={"side": "a"})
    found = elicit(PACT, BASE, {"gain": between(change, -0.1, 0.3)}, seed=4)
    assert found.met, found


def test_a_seed_is_a_result():
    one, again = (elicit(PACT, BASE, {"x": between(with_few("1"), 0.2, 0.7)}, seed=8) for _ in range(2))
    assert one.priors == again.priors
    assert one.table.equals(again.table)
    assert elicit(PACT, BASE, {"x": between(with_few("1"), 0.2, 0.7)}, seed=9).priors != one.priors


def test_an_elicited_set_is_a_prior_set_like_any_other(tmp_path):
    found = elicit(PACT, BASE, {"x": between(with_few("1"), 0.2, 0.7)}, seed=8, name="mine")
    path = tmp_path / "mine.toml"
    path.write_text(prior_to_toml(found.priors), encoding="utf-8")
    assert load_prior(path, PACT) == found.priors


# What cannot be said


def test_contradictory_statements_are_shown_with_what_contradicts_what():
    statements = {
        "low": quantiles(YES, {0.5: 0.3}),
        "wide": quantiles(YES, {0.95: 0.9}),
        "high": quantiles(YES, {0.5: 0.6}),
    }
    with pytest.warns(MisfitWarning, match="“low” contradicts “high”: no priors were found that say them together"):
        found = elicit(COIN, FLAT, statements, seed=1)
    assert not found.met
    assert found.contradictions == (("low", "high"),)
    table = found.table
    assert table.loc[("low", "median"), "misfit"] > 0.05
    assert table.loc[("high", "median"), "misfit"] < -0.05
    np.testing.assert_allclose(table["misfit"], table["achieved"] - table["asked"])
    assert table.loc[("low", "median"), "allowed"] == 0.01


def test_a_small_miss_is_told_as_small():
    """Medians 0.03 apart: the least squares lie halfway, 0.015 off."""
    statements = {"low": quantiles(YES, {0.5: 0.40}), "high": quantiles(YES, {0.5: 0.43})}
    with pytest.warns(MisfitWarning, match=r"Nearly all that was asked is said; .* is small, 0\.01\d .* 0\.010 is all"):
        found = elicit(COIN, FLAT, statements, seed=1)
    assert found.slightly
    assert found.contradictions == ()
    assert not found.met


def test_three_statements_may_contradict_only_together():
    """Two ends and a middle: any two can be said by a beta, all three not."""
    statements = {
        "low": quantiles(YES, {0.05: 0.30}),
        "middle": quantiles(YES, {0.5: 0.35}),
        "high": quantiles(YES, {0.95: 0.90}),
    }
    with pytest.warns(MisfitWarning, match="“low” contradicts “middle” with “high”"):
        found = elicit(COIN, FLAT, statements, seed=1)
    assert found.contradictions == (("low", "middle", "high"),)


def test_a_statement_that_no_prior_of_the_form_says():
    """Two lumps: a beta has no two modes inside."""
    lumps = roulette(YES, [0, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9, 1], [0, 5, 0, 0, 5, 0, 0])
    with pytest.warns(MisfitWarning, match="No priors were found that say “lumps”, even by itself"):
        found = elicit(COIN, FLAT, {"lumps": lumps}, seed=1)
    assert found.contradictions == (("lumps",),)


def test_half_a_chip_is_no_misfit():
    """Of ten chips each is a tenth: a beta that is off by 0.04 says what was laid."""
    statement = roulette(YES, [0, 0.2, 0.4, 0.6, 1], [2, 5, 2, 1])
    assert statement.grain == 0.05
    found = elicit(COIN, FLAT, {"chips": statement}, seed=1)
    worst = np.abs(found.table["misfit"]).max()
    assert 0.01 < worst < 0.05
    assert found.met


def test_a_small_ratio_of_the_rare_is_not_said_by_doing_nothing():
    """Two rows of one table have one prior, so that neither can be four times as likely as the other (median)."""
    two = Network((Node("side", ("a", "b")), Node("kept", ("no", "yes"), (Arrow("side"),))), name="two")
    rare = PriorSet.from_mapping(
        {"*": Prior.of("dirichlet", alpha=1.0), "kept.table": Prior.of("dirichlet", alpha=[1000, 3])}
    )
    a, b = (chance_of("kept", "yes", {"side": side}) for side in "ab")
    with pytest.warns(MisfitWarning, match="No priors were found that say “r”, even by itself"):
        found = elicit(two, rare, {"r": times_as_likely(a, b, 4)}, seed=1)
    np.testing.assert_allclose(found.table["allowed"], 0.08)


def test_rare_chances_are_met_closely():
    found = elicit(COIN, FLAT, {"rare": quantiles(YES, {0.5: 0.004, 0.95: 0.012})}, seed=1)
    np.testing.assert_allclose(share_of_yes(found.priors).ppf([0.5, 0.95]), [0.004, 0.012], rtol=0.2)


def test_a_saturated_start_is_left_behind():
    """From nearly flat pooled rows the upper quantile is 1 at first, with no slope to follow."""
    era = Node("era", ("a", "b"))
    network = Network((era, Node("kept", ("no", "yes"), (Arrow("era"),), family="pooled_table")), name="pooled")
    base = PriorSet.from_mapping(
        {
            "era.table": Prior.of("dirichlet", alpha=1.0),
            "kept.average": Prior.of("dirichlet", alpha=1.0),
            "kept.concentration": Prior.of("lognormal", mu=1.6, sigma=1.2),
        }
    )
    for low, high in ((0.5, 0.9), (0.6, 0.95)):
        found = elicit(network, base, {"s": between(chance_of("kept", "yes", {"era": "a"}), low, high)}, seed=1)
        assert found.met, found
        x = prior_predictive(network, found.priors, seed=7, draws=40_000).table("kept", {"era": "a"}).sel(kept="yes")
        np.testing.assert_allclose(np.quantile(x, [0.05, 0.95]), [low, high], atol=0.015)


def test_narrow_chips_are_said_from_a_wide_start():
    for chips in ([0, 1, 9, 1], [0, 0, 10, 0]):
        statement = roulette(with_few("1"), [0, 0.2, 0.4, 0.6, 1], chips)
        assert elicit(PACT, BASE, {"q": statement}, seed=1).met, chips


def test_a_misfit_by_itself_is_not_blamed_on_another():
    """Skewed as no effect is: with a second statement beside it, it alone is named."""
    skewed = quantiles(with_few("1"), {0.05: 0.2, 0.1: 0.45, 0.5: 0.5, 0.95: 0.55})
    other = times_as_likely(with_few("5"), with_few("1"), 1.2)
    with pytest.warns(MisfitWarning):
        found = elicit(PACT, BASE, {"skewed": skewed, "five": other}, seed=1)
    assert found.contradictions == (("skewed",),)


@pytest.mark.parametrize("median", [0.3, 0.36, 0.4, 0.44, 0.5])
def test_a_plain_median_is_said_wherever_it_lies(median):
    found = elicit(PACT, BASE, {"q": quantiles(with_few("1"), {0.5: median})}, seed=1)
    assert found.met, found


def test_large_tables_do_not_exhaust_the_draws(monkeypatch):
    monkeypatch.setattr("servanda.priors.elicitation.smooth_draws._MOST_CELLS", 2**17)
    wide = Node("wide", tuple(f"w{n}" for n in range(10)))
    network = Network((wide, Node("kept", tuple(f"k{n}" for n in range(8)), (Arrow("wide"),))), name="large")
    smooth = SmoothDraws.of(network, frozenset({"kept"}), seed=1, draws=2**17)
    (z,) = smooth.normal.values()
    assert z.shape == (2**10, 10, 8)
    x = smooth.at([{"kept.table": Prior.of("dirichlet", alpha=1.0)}]).draws["kept.table"].values
    assert stats.kstest(x[0, :, 0, 0], stats.beta(1, 7).cdf).pvalue > 1e-3


@pytest.mark.parametrize("alpha", [0.001, 0.05, 1.0])
def test_small_dirichlet_numbers_keep_certainties(alpha):
    smooth = SmoothDraws.of(COIN, frozenset({"kept"}), seed=1, draws=2**12)
    x = smooth.at([{"kept.table": Prior.of("dirichlet", alpha=alpha)}]).draws["kept.table"].values[0, :, 1]
    judge = stats.beta(alpha, alpha)
    inside = judge.cdf(0.9) - judge.cdf(0.1)
    assert np.mean((x > 0.1) & (x < 0.9)) == pytest.approx(inside, abs=0.01)


def test_parameters_on_which_nothing_depends_cannot_help():
    with pytest.warns(MisfitWarning, match="0 priors changed"):
        found = elicit(PACT, BASE, {"x": quantiles(with_few("1"), {0.5: 0.9})}, seed=1, parameters=["side.table"])
    assert found.priors.entries == BASE.entries


WRONG = {
    "none": ({}, {}, "statements: there are none"),
    "list": ([kept(YES, 1, 2)], {}, "statements: must be label -> statement, not a list"),
    "number": ({"x": 0.5}, {}, "statement x: must be a Statement, not a float; see between, kept, quantiles"),
    "node": ({"x": kept(chance_of("kpet", "yes"), 1, 2)}, {}, "statement x, target kpet: no such node"),
    "state": (
        {"x": kept(chance_of("kept", "yse"), 1, 2)},
        {},
        "statement x: kept has no state 'yse'; did you mean 'yes'?",
    ),
    "given": ({"x": kept(chance_of("kept", "yes", {"few": "9"}), 1, 2)}, {}, "statement x, given few"),
    "parameter": (
        {"x": kept(chance_of("kept", "yes"), 1, 2)},
        {"parameters": ["kept.fwe"]},
        "parameter kept.fwe: network pact has none of this name; did you mean 'kept.few'?",
    ),
    "no parameter": ({"x": kept(chance_of("kept", "yes"), 1, 2)}, {"parameters": []}, "parameters: name none that may"),
}


@pytest.mark.parametrize(("statements", "more", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_elicited(statements, more, message):
    with pytest.raises(PriorError) as caught:
        elicit(PACT, BASE, statements, seed=1, **more)
    assert message in str(caught.value)


def test_things_of_another_kind():
    stated = {"x": kept(YES, 1, 2)}
    with pytest.raises(NetworkError, match="must be a Network, not a int"):
        elicit(3, 4, stated, seed=1)
    with pytest.raises(PriorError) as caught:
        elicit(COIN, 4, stated, seed=1)
    assert [fault.where for fault in caught.value.faults] == ["base"]
    found = elicit(COIN, FLAT, stated, seed=1)
    with pytest.raises(PriorError, match=r"priors: must be a PriorSet, not a Elicited.*has it in \.priors"):
        prior_to_toml(found)
    with pytest.raises(PriorError, match=r"other: must be a PriorSet, not a Elicited"):
        prior_diff(FLAT, found)


def test_a_base_that_does_not_fit():
    with pytest.raises(PriorError, match="the set has no prior for this parameter"):
        elicit(PACT, PriorSet((), "empty"), {"x": kept(YES, 1, 2)}, seed=1)


def test_progress_is_told():
    steps = []
    elicit(COIN, FLAT, {"it": kept(YES, 1, 2)}, seed=1, progress=lambda *step: steps.append(step))
    assert steps[0] == ("eliciting", 0, 5)
    assert steps[-1] == ("eliciting", 5, 5)


def test_it_shows_itself(tmp_path):
    found = elicit(COIN, FLAT, {"it": between(YES, 0.2, 0.6), "again": times_as_likely(YES, YES, 1.0)}, seed=1)
    assert "<table" in found._repr_html_()
    assert "P(kept = yes): between 0.2 and 0.6 (90 %)" in found._repr_html_()
    assert "All that was asked is said" in str(found)
    figure = found.plot()
    assert [axes.get_visible() for axes in figure.axes] == [True, True]
    figure.savefig(tmp_path / "said.png")


SHRUNK = Network((FEW, Node("side", ("a", "b")), replace(KEPT, options=(("shrinkage", True),))), name="shrunk")


def test_how_much_causes_can_explain():
    """Quantiles of the share of variation are those of a beta distribution, which is found, and nothing else moves."""
    judge = stats.beta(2.0, 5.0)
    said = quantiles(explained_share("kept"), {level: float(judge.ppf(level)) for level in (0.05, 0.5, 0.95)})
    found = elicit(SHRUNK, BASE, {"causes": said}, seed=1)
    assert found.met
    assert set(found.changes.changed) == {"kept.r2"}
    numbers = found.priors["kept.r2"].resolved()
    assert numbers["alpha"] == pytest.approx(2.0, abs=0.1)
    assert numbers["beta"] == pytest.approx(5.0, abs=0.3)
    assert "R2(kept)" in found.priors.description
    assert "kept.r2" in prior_to_toml(found.priors)
    assert found.plot().axes[0].get_xlabel() == "share of the variation"


def test_chances_are_elicited_through_a_learned_scale():
    """A statement about a case moves the effects' stated middles; draws that the solver has not seen say it too."""
    found = elicit(SHRUNK, BASE, {"five": quantiles(with_few("5"), {0.05: 0.4, 0.5: 0.6})}, seed=1)
    assert found.met
    x = with_few("5").draws(prior_predictive(SHRUNK, found.priors, seed=9, draws=20_000)).values
    np.testing.assert_allclose(np.quantile(x, [0.05, 0.5]), [0.4, 0.6], atol=0.015)


def test_statements_about_what_no_node_learns():
    with pytest.raises(PriorError, match="statement causes, kept: learns no share that its parents explain"):
        elicit(PACT, BASE, {"causes": between(explained_share("kept"), 0.1, 0.5)}, seed=1)
    with pytest.raises(PriorError, match="is of a probability, not of a share of variation; state its quantiles"):
        kept(explained_share("kept"), 7, 10)
