"""Variance by source, judged by quadrature over the normal population and by enumeration of all choices."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import expit, logit

from servanda.analysis import chance_of, explained_share
from servanda.analysis.sensitivity.variance_sources import variance_sources
from servanda.models import Arrow, Group, Network, Node, QueryError
from servanda.models.sampling.prior_draws import prior_draws

PACT = Network(
    (
        Node("backers", ("few", "many")),
        Node(
            "kept",
            ("no", "yes"),
            (Arrow("backers"),),
            "ordinal",
            ordered=True,
            groups=(Group("actor", "actor"), Group("guarantee", "guarantee")),
        ),
        Node("trace", ("no", "yes"), (Arrow("kept"),)),
    ),
    name="pact",
)
MANY, FEW = {"backers": "many"}, {"backers": "few"}
#: Standard normal, by Gauss and Hermite.
Z, MASS = np.polynomial.hermite_e.hermegauss(120)
MASS = MASS / MASS.sum()


@pytest.fixture(scope="module")
def posterior():
    return prior_draws(PACT, seed=3, draws=40, levels={"actor": ("A",), "guarantee": ()})


def kept_by_guarantee(posterior, state, *groups):
    """P(yes) of actor A (or a new one) at each point of what is unseen, shape (points, draws), by the definition."""
    values = posterior.values
    cut = logit(values["kept.baseline"][0])
    effect = values["kept.backers"][PACT["backers"].index(state)]
    spread = np.sqrt(sum(values[f"kept.{group}_sd"] ** 2 for group in groups))
    actor = 0.0 if "actor" in groups else values["kept.actor"][0]
    return expit(effect + actor + spread * Z[:, None] - cut)


@pytest.mark.parametrize("groups", [("guarantee",), ("actor", "guarantee")])
def test_three_parts_of_a_single_outcome_are_those_of_quadrature(posterior, groups):
    asked = chance_of("kept", "yes", do=MANY, **({} if "actor" in groups else {"actor": "A"}))
    found = variance_sources(posterior, asked)
    p = kept_by_guarantee(posterior, "many", *groups)
    average = MASS @ p
    assert found.mean == pytest.approx(average.mean(), abs=1e-6)
    record, single = found.sources[:2]
    assert record.variance == pytest.approx(average.var(), abs=1e-6)
    assert single.variance == pytest.approx((MASS @ (p - average) ** 2).mean(), abs=1e-6)
    assert found.chance == pytest.approx((MASS @ (p * (1 - p))).mean(), abs=1e-6)
    assert found.total + found.chance == pytest.approx(found.mean * (1 - found.mean), abs=1e-12)
    assert single.title == f"how single {' and '.join(f'{group}s' for group in groups)} differ"


def test_what_the_case_tells_of_its_guarantee_is_weighed(posterior):
    """The trace makes some guarantees likelier than others."""
    found = variance_sources(posterior, chance_of("kept", "yes", {"trace": "yes"}, MANY, actor="A"))
    p = kept_by_guarantee(posterior, "many", "guarantee")
    no, yes = posterior.values["trace.table"][:, 1]
    told = p * yes + (1 - p) * no
    p, mass = p * yes / told, MASS[:, None] * told
    mass = mass / mass.sum(axis=0)
    average = (mass * p).sum(axis=0)
    assert found.sources[1].variance == pytest.approx((mass * (p - average) ** 2).sum(axis=0).mean(), abs=1e-6)


def test_a_change_has_no_chance_of_its_own_and_shares_its_guarantee(posterior):
    asked = chance_of("kept", "yes", do=MANY, against=FEW, actor="A")
    found = variance_sources(posterior, asked)
    gain = kept_by_guarantee(posterior, "many", "guarantee") - kept_by_guarantee(posterior, "few", "guarantee")
    average = MASS @ gain
    assert found.chance is None
    assert found.sources[0].variance == pytest.approx(average.var(), abs=1e-6)
    assert found.sources[1].variance == pytest.approx((MASS @ (gain - average) ** 2).mean(), abs=1e-6)
    told = variance_sources(posterior, chance_of("kept", "yes", {"trace": "yes"}, MANY, against=FEW, actor="A"))
    assert told.sources[1].variance is None


@pytest.mark.parametrize("members", [{"actor": "A", "guarantee": "typical"}, {"actor": "A", "guarantee": "(new)"}])
def test_where_nobody_is_averaged_over_single_cases_are_not_measured(posterior, members):
    found = variance_sources(posterior, chance_of("kept", "yes", do=MANY, **members))
    assert found.sources[1].variance is None
    assert found.sources[1].title == "how single cases differ"
    assert variance_sources(posterior, chance_of("backers", "many")).sources[1].variance is None


def test_choices_add_up_where_they_are_independent_and_additive(posterior):
    """Every combination of a prior set, a theory and a coder, weighed by its product: the variance of its mean."""
    rng = np.random.default_rng(1)
    kinds = {"prior": 3, "theory": 4, "coder": 2}
    asked = chance_of("kept", "yes", do=MANY, actor="A")
    start = float(asked.draws(posterior).mean())
    moves = {kind: rng.normal(0, 0.05, size) for kind, size in kinds.items()}
    weights = {kind: {f"c{n}": float(w) for n, w in enumerate(rng.random(size))} for kind, size in kinds.items()}
    choices = {kind: {f"c{n}": start + move for n, move in enumerate(own)} for kind, own in moves.items()}
    found = variance_sources(posterior, asked, choices, weights=weights)
    combined, mass = [], []
    for places in product(*(range(size) for size in kinds.values())):
        combined.append(start + sum(moves[kind][n] for kind, n in zip(kinds, places, strict=True)))
        mass.append(np.prod([weights[kind][f"c{n}"] for kind, n in zip(kinds, places, strict=True)]))
    between = sum(source.variance or 0.0 for source in found.sources[2:])
    mean = np.average(combined, weights=mass)
    assert between == pytest.approx(np.average((np.array(combined) - mean) ** 2, weights=mass), rel=1e-12)
    assert found.unmeasured == ("readings of the case",)
    own = next(source for source in found.sources if source.kind == "prior")
    assert sum(own.weights.values()) == pytest.approx(1.0)


def test_one_choice_and_one_draw_measure_nothing():
    one = prior_draws(PACT, seed=3, draws=1)
    found = variance_sources(one, chance_of("backers", "many"), {"prior": {"mine": 0.4}, "coder": {"a": 0.4, "b": 0.6}})
    measured = {source.kind: source.variance for source in found.sources}
    assert measured == {
        "record": None,
        "single": None,
        "reading": None,
        "theory": None,
        "prior": None,
        "coder": pytest.approx(0.01),
    }
    assert found.table["share"].dropna().tolist() == [pytest.approx(1.0)]
    assert "prior sets: not measured" in str(found)
    assert "coders of the outcome: 10.0 points" in str(found)
    assert "a 0.50, b 0.50" in found._repr_html_()


@pytest.mark.parametrize(
    ("asked", "choices", "weights", "message"),
    [
        (chance_of("kept", "maybe"), {}, {}, "kept has no state 'maybe'"),
        (explained_share("kept"), {}, {}, "asks for no probability and for no change of one"),
        (chance_of("kept", "yes"), {"priors": {"a": 0.1}}, {}, "kind priors: is unknown; did you mean 'prior'"),
        (chance_of("kept", "yes"), {"prior": {"a": np.nan, "b": 0.1}}, {}, "prior a: has the mean nan; give a number"),
        (chance_of("kept", "yes"), {"prior": {"a": 0.1, "b": 0.2}}, {"prior": {"a": 1}}, "prior b: has no weight"),
        (chance_of("kept", "yes"), {}, {"prior": {"a": 1}}, "prior a: has a weight and no mean"),
        (
            chance_of("kept", "yes"),
            {"prior": {"a": 0.1}},
            {"prior": {"a": -1}},
            "has the weight -1; weights are finite",
        ),
        (chance_of("kept", "yes"), {"prior": {"a": 0.1}}, {"prior": {"a": 0}}, "has weights that are all 0"),
    ],
)
def test_what_has_no_sources(posterior, asked, choices, weights, message):
    with pytest.raises(QueryError, match=message):
        variance_sources(posterior, asked, choices, weights=weights)
