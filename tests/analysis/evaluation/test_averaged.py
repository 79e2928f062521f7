"""Answers of rival models averaged: by hand, by a fit of the whole network, and where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import average_answers, chance_of, compare_models, compare_theories
from servanda.models import Arrow, DataError, Network, Node, QueryError, fit
from servanda.models.sampling.blocks import fit_block
from servanda.models.sampling.refit import completed

PACT = Network(
    (
        Node("role", ("guarantor", "principal")),
        Node("guarantors", ("1", "2", "5"), (Arrow("role"),), values=(1, 2, 5), ordered=True),
        Node("kept", ("no", "yes"), (Arrow("guarantors"), Arrow("role")), family="ordinal", ordered=True),
    ),
    name="pact",
)
MORE = chance_of("kept", "yes", do={"guarantors": "5"}, against={"guarantors": "1"})
QUICK = {"seed": 1, "draws": 300, "chains": 2}


def pacts(cases: int, seed: int, slope: float = 0.0) -> pd.DataFrame:
    """Outcomes that depend on the log of the count by `slope`, and on nothing else."""
    rng = np.random.default_rng(seed)
    k = rng.choice([1, 2, 5], cases, p=[0.6, 0.2, 0.2])
    kept = rng.random(cases) < 1 / (1 + np.exp(-0.2 - slope * np.log(k)))
    role = rng.choice(["guarantor", "principal"], cases)
    return pd.DataFrame({"role": role, "guarantors": k.astype(str), "kept": np.where(kept, "yes", "no")})


def of(*draws: float) -> xr.DataArray:
    return xr.DataArray([list(draws)], dims=("chain", "draw"))


def test_a_mixture_is_that_of_draws_taken_by_weight():
    rng = np.random.default_rng(5)
    one, other = rng.normal(0.15, 0.05, 20_000), rng.normal(-0.1, 0.02, 500)
    found = average_answers({"one": of(*one), "other": of(*other)}, {"one": 1.2, "other": 0.4}, margin=0.02)
    simulated = np.where(rng.random(400_000) < 0.75, rng.choice(one, 400_000), rng.choice(other, 400_000))
    mixed = found.mixture
    assert mixed.mean == pytest.approx(0.75 * one.mean() + 0.25 * other.mean())
    assert (mixed.lower, mixed.upper) == pytest.approx(tuple(np.quantile(simulated, [0.05, 0.95])), abs=0.002)
    assert mixed.gain == pytest.approx((simulated >= 0.02).mean(), abs=0.004)
    assert mixed.loss == pytest.approx((simulated <= -0.02).mean(), abs=0.004)
    # The average of the two lower ends would lie far from that of the mixture.
    assert abs(mixed.lower - np.average([np.quantile(one, 0.05), np.quantile(other, 0.05)], weights=[3, 1])) > 0.1


def test_the_table_has_a_row_a_model_and_one_for_all():
    found = average_answers(
        {"up": of(0.2, 0.3), "still": of(0.0, 0.0)}, {"still": 3, "up": 1}, titles={"up": "it helps"}
    )
    table = found.table
    assert table.index.tolist() == ["up", "still", "averaged"]
    assert table["title"].tolist() == ["it helps", "still", "averaged over all"]
    assert table["weight"].tolist() == [0.25, 0.75, 1.0]
    assert table["mean"].tolist() == pytest.approx([0.25, 0.0, 0.0625])
    assert table["within"].tolist() == [0.0, 1.0, 0.75]
    assert "it helps" in found._repr_html_()
    assert str(found).startswith("averaged over 2 models: +6 points [")
    (axes,) = found.plot().axes
    texts = [text.get_text() for text in (*axes.texts, *axes.get_yticklabels())]
    assert "it helps" in texts
    assert "+25\n+20 to +30" in texts


WRONG = {
    "none": ({}, {}, "answers: there are none to average"),
    "no weight": ({"a": of(0.1)}, {}, "model a: has no weight"),
    "no answer": ({"a": of(0.1)}, {"a": 1, "b": 1}, "model b: has a weight and no answer"),
    "below": ({"a": of(0.1)}, {"a": -1}, "model a: has the weight -1; weights are finite and not below 0"),
    "infinite": ({"a": of(0.1)}, {"a": float("inf")}, "model a: has the weight inf; weights are finite"),
    "nothing": ({"a": of(0.1)}, {"a": 0}, "weights: are all 0; one at least must be above"),
}


@pytest.mark.parametrize(("answers", "weights", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_averaged(answers, weights, message):
    with pytest.raises(QueryError, match=message):
        average_answers(answers, weights)


def test_each_theory_answers_as_a_fit_of_its_whole_network_does():
    frame = pacts(150, seed=3, slope=0.5)
    found = compare_models(
        {"pact": PACT, "same": PACT}, frame, node="kept", unit="case", questions={"more": MORE}, **QUICK
    )
    whole = MORE.draws(fit(PACT, frame, **QUICK))
    np.testing.assert_allclose(found.answers["more"]["pact"].values, whole.values)


def test_what_models_share_is_taken_from_a_fit_and_what_they_do_not_is_drawn():
    frame = pacts(150, seed=3, slope=0.5)
    asked = chance_of("kept", "yes", {"guarantors": "5"})
    block, shared = fit_block(PACT, frame, None, "kept", **QUICK), fit(PACT, frame, **{**QUICK, "seed": 9})
    nodes = asked.nodes(PACT)
    found = completed(block, nodes, shared)
    assert {str(name).partition(".")[0] for name in found.draws} == {"role", "guarantors", "kept"}
    np.testing.assert_array_equal(found.draws["role.table"], shared.draws["role.table"])
    np.testing.assert_array_equal(found.draws["kept.role"], block.tree["posterior"]["kept.role"])
    # A node that is another there is drawn here.
    changed = Network((Node("role", ("guarantor", "principal"), label="Role"), *PACT.nodes[1:]), name="other")
    other = completed(fit_block(changed, frame, None, "kept", **QUICK), nodes, shared)
    assert not np.array_equal(other.draws["role.table"], shared.draws["role.table"])
    with pytest.raises(DataError, match="draws: are 2 chains of 50, where the block has 2 chains of 300; fit both"):
        completed(block, nodes, fit(PACT, frame, seed=1, draws=50, chains=2))


@pytest.mark.parametrize("seed", [1, 2])
def test_under_cheap_talk_the_averaged_change_is_within_two_points(seed):
    """Outcomes that no count bears on: whatever theory is asked, the average over all stays near nothing."""
    found = compare_theories(
        PACT,
        pacts(1500, seed),
        theories=["none", "log", "monotone"],
        node="kept",
        unit="case",
        questions={"more": MORE},
        bayes_factors=False,
        **QUICK,
    )
    averaged = found.averaged("more")
    assert abs(averaged.mixture.mean) < 0.02
    assert averaged.mixture.within > 0.9
    assert averaged.spread["none"].mean == 0
    assert found.weights["none"] > 0.3


def test_under_a_theory_that_holds_the_average_follows_it():
    found = compare_theories(
        PACT,
        pacts(600, 4, slope=1.2),
        theories=["none", "log"],
        node="kept",
        unit="case",
        questions={"more": MORE},
        **QUICK,
    )
    averaged = found.averaged("more")
    exact = 1 / (1 + np.exp(-0.2 - 1.2 * np.log(5))) - 1 / (1 + np.exp(-0.2))
    assert averaged.mixture.mean == pytest.approx(exact, abs=0.06)
    assert averaged.mixture.gain > 0.99
    assert found.weights["log"] > 0.99
    with pytest.raises(QueryError, match="question moer: was not asked; did you mean 'more'"):
        found.averaged("moer")


def test_a_question_that_a_model_cannot_be_asked_is_a_fault():
    with pytest.raises(QueryError, match="question more, target kpet: no such node; did you mean 'kept'"):
        compare_theories(
            PACT,
            pacts(30, 1),
            theories=["none", "log"],
            node="kept",
            questions={"more": chance_of("kpet", "yes")},
            **QUICK,
        )
