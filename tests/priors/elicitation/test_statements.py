"""Statements of experts: what they come down to, judged by SciPy's quantiles, and what they cannot say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from servanda.analysis import chance_of
from servanda.models import PriorError
from servanda.priors import best_guess, between, kept, quantiles, roulette, times_as_likely

YES = chance_of("kept", "yes")


def test_a_count_is_a_beta():
    statement = kept(YES, 7, 10)
    np.testing.assert_allclose(stats.beta(8, 4).cdf(statement.values), statement.levels)


def test_a_range_leaves_as_much_on_both_sides():
    statement = between(YES, 0.2, 0.6, level=0.8)
    assert (statement.levels, statement.values) == ((0.1, 0.9), (0.2, 0.6))


def test_chips_are_shares_below_the_edges():
    statement = roulette(YES, [0.1, 0.3, 0.5, 1.0], [3, 1, 0])
    assert (statement.values, statement.levels) == ((0.1, 0.3, 0.5), (0.0, 0.75, 1.0))
    x = np.array([[0.2, 0.2, 0.2, 0.4], [0.6, 0.6, 0.05, 0.05]])
    np.testing.assert_allclose(statement.achieved(x)[0], [0, 0.75, 1], atol=0.13)
    np.testing.assert_allclose(statement.achieved(x)[1], [0.5, 0.5, 0.5], atol=0.13)


def test_achieved_points_are_those_of_the_empirical_distribution():
    x = np.random.default_rng(1).beta(2, 5, (3, 20_000))
    for statement in (quantiles(YES, {0.05: 0.1, 0.5: 0.2}), roulette(YES, [0, 0.1, 0.4, 1], [1, 1, 1])):
        found = statement.achieved(x)
        exact = stats.beta(2, 5)
        expected = exact.cdf(statement.values) if statement.by_level else exact.ppf(statement.levels)
        np.testing.assert_allclose(found, np.tile(expected, (3, 1)), atol=0.015)


def test_a_best_guess_has_the_confidence_of_the_expert():
    statement = best_guess(YES, 0.2, 0.5, 0.6, confidence=0.7)
    assert (statement.levels, statement.values) == ((0.15, 0.5, 0.85), (0.2, 0.5, 0.6))


@pytest.mark.parametrize("a", [0.4, 2.0, 60.0])
def test_what_is_implied_is_the_beta_that_was_meant(a):
    exact = stats.beta(a, 3)
    levels = (0.05, 0.5, 0.95)
    found = quantiles(YES, dict(zip(levels, exact.ppf(levels).tolist(), strict=True))).implied
    np.testing.assert_allclose(found.numbers, (a, 3), rtol=1e-3)
    x = np.linspace(0.1, 0.9, 5)
    np.testing.assert_allclose(found.density(x), exact.pdf(x), rtol=5e-3, atol=1e-9)


def test_what_is_implied_of_a_ratio_is_a_lognormal_and_of_a_gap_reaches_below_zero():
    ratio = times_as_likely(YES, YES, 1.5, between=(1.0, 2.25), level=0.9).implied
    np.testing.assert_allclose([ratio.value(level) for level in (0.05, 0.5, 0.95)], [1.0, 1.5, 2.25], rtol=1e-3)
    assert between(GAP, -0.2, 0.2).implied.value(0.5) == pytest.approx(0.0, abs=1e-3)


def test_a_statement_reads_itself_back():
    statement = between(YES, 0.2, 0.6)
    assert repr(statement).startswith("Statement: between 0.2 and 0.6 (90 %)")
    assert "50 % below" in repr(statement)
    axes = statement.plot(figsize=3.4, labels={"density": "what you said"}).axes[0]
    assert [line.get_label() for line in axes.get_lines()] == ["what you said"]
    assert axes.get_title(loc="left") == "between 0.2 and 0.6 (90 %)"


GAP = chance_of("kept", "yes", do={"few": "5"}, against={"few": "1"})
BAD = {
    "no quantile": (lambda: quantiles(YES, {}), "statement: says nothing; state one quantile at least"),
    "level": (lambda: quantiles(YES, {1.0: 0.5}), "level: 1 must lie strictly between 0 and 1"),
    "value": (lambda: quantiles(YES, {0.5: 1.2}), "value: 1.2 must lie strictly between 0 and 1"),
    "order": (
        lambda: quantiles(YES, {0.05: 0.5, 0.5: 0.4}),
        "values: must ascend with their levels, but 0.5 is stated for 0.05 and 0.4 for 0.5",
    ),
    "range": (lambda: between(YES, 0.6, 0.2), "values: must ascend with their levels"),
    "level of a range": (lambda: between(YES, 0.2, 0.6, level=1.0), "level: must lie between 0 and 1, not 1"),
    "unsure": (
        lambda: best_guess(YES, 0.2, 0.4, 0.6, confidence=0.3),
        "confidence: must be 0.5 or more and below 1, not 0.3; who is less sure gives a wider range",
    ),
    "best outside": (lambda: best_guess(YES, 0.2, 0.7, 0.6, confidence=0.8), "values: must ascend with their levels"),
    "count": (lambda: kept(YES, 11, 10), "count: cannot be 11 of 10"),
    "no count": (lambda: kept(YES, 0, 0), "count: needs a total above 0, not 0"),
    "count of a difference": (lambda: kept(GAP, 7, 10), "count: is of a probability, not of a difference of two"),
    "ratio of a difference": (lambda: times_as_likely(GAP, YES, 2), "ratio: is of two probabilities"),
    "ratio": (lambda: times_as_likely(YES, YES, -1), "value: -1 must lie strictly between 0 and inf"),
    "chips": (
        lambda: roulette(YES, [0, 0.5, 1], [0, 0]),
        "chips: must be numbers of 0 or more, and one at least above",
    ),
    "bins": (lambda: roulette(YES, [0, 1], [1, 2]), "edges: are 2 for 2 bins; there must be one more"),
    "edges": (lambda: roulette(YES, [0, 0.6, 0.5, 1], [1, 1, 1]), "edges: must ascend"),
    "outside": (lambda: roulette(YES, [0, 0.5, 2], [1, 1]), "edges: 2 is outside of what it can be, 0 to 1"),
    "no mapping": (lambda: quantiles(YES, [0.2, 0.4]), "quantiles: must be level -> value, such as {0.5: 0.4}, not"),
    "order of arguments": (lambda: between(0.2, YES, 0.7), "chance: must be what servanda.analysis.chance_of gives"),
    "no number": (lambda: between(YES, "low", 0.7), "value: must be a number, not a str"),
    "one bin": (lambda: roulette(YES, [0, 1], [4]), "leave one bin for all that it can be, which says nothing"),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD)
def test_statements_that_say_nothing_or_the_impossible(make, message):
    with pytest.raises(PriorError) as caught:
        make()
    assert message in str(caught.value)
