"""The numbers of a report, judged by closed forms and by counts in the record's own files.

One node of three outcomes under two circumstances, with Dirichlet priors: every posterior is a Dirichlet whose counts
stand in the record, so that every number of the first page can be told beforehand.
"""

from __future__ import annotations

import csv
import json
import math
from importlib.resources import files
from itertools import combinations, product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import beta, norm

from servanda.analysis import chance_of
from servanda.analysis.reporting.answers import Row, judged, next_case_moves
from servanda.analysis.reporting.build import build
from servanda.analysis.reporting.make import report
from servanda.analysis.reporting.section import Material
from servanda.analysis.reporting.sections.annex.sources import cited
from servanda.analysis.reporting.sections.record import case_section, named_cases, shown_cases
from servanda.analysis.scenarios.questions import with_past_defections
from servanda.analysis.scenarios.scenario import Judgement, Loaded, Scenario, load_scenario
from servanda.common.json_values import without_nan
from servanda.models import Arrow, Group, Network, Node, Posterior, PriorSet, fit
from servanda.models.cases.encode import encode
from servanda.models.node import Coding
from servanda.models.parameters.prior import Prior
from servanda.models.parameters.prior_set import PriorEntry
from servanda.models.sampling.prior_draws import prior_draws
from servanda.record import load_guarantees, load_second_coding, past_defections_of

from .page import render

AS_OF = "2019-04-25"
OUTCOMES = ("defected", "partial", "complied")
PACT = Network(
    (
        Node("guarantors", ("one", "several"), coding=Coding("guarantors", lower=(1, 2))),
        Node("compliance", OUTCOMES, (Arrow("guarantors"),), ordered=True, coding=Coding("outcome")),
    ),
    name="pact",
)
#: Prior set -> what a Dirichlet adds to every count.
ADDED = {"open": 1.0, "stubborn": 6.0}
SCENARIO = {
    "name": "pact",
    "title": "A pact",
    "question": "Do others help?",
    "as_of": AS_OF,
    "horizon": "ten years",
    "resolution": "as coded",
    "priors": list(ADDED),
    "seed": 7,
    "headline": {"judgement": "kept", "format": "several"},
    "judgements": [
        {
            "id": "kept",
            "title": "Kept",
            "claim": "a promise is kept",
            "base": "one",
            "formats": [
                {"label": "one", "do": {"guarantors": "one"}, "note": "stands alone"},
                {"label": "several", "do": {"guarantors": "several"}},
            ],
            "together": [
                {"label": "either", "rule": "any", "of": ["one", "several"]},
                {"label": "both", "rule": "all", "of": ["one", "several"]},
            ],
        }
    ],
}


def rows_of(name: str) -> list[dict[str, str]]:
    with (files("servanda.record") / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


#: The cases known at the date, from the file itself.
CASES = [row for row in rows_of("guarantees") if int(row["outcome_year"]) <= 2019 and row["tested"] <= AS_OF]


def counts(several: bool) -> np.ndarray:
    rows = [row for row in CASES if (int(row["guarantors"]) > 1) == several]
    return np.array([sum(row["outcome"] == outcome for row in rows) for outcome in OUTCOMES], float)


def kept(label: str, priors: str = "open"):
    """The posterior that a promise is kept: a margin of a Dirichlet."""
    alpha = counts(label == "several") + ADDED[priors]
    return beta(alpha[2], alpha[:2].sum())


def flat(name: str) -> PriorSet:
    prior = Prior.of("dirichlet", alpha=ADDED[name])
    return PriorSet((PriorEntry("*.table", prior, "none", "judgement", "judgement"),), name=name, title=name.title())


@pytest.fixture(scope="module")
def material() -> Material:
    loaded = Loaded(Scenario.model_validate(SCENARIO), PACT, tuple(flat(name) for name in ADDED))
    cases = load_guarantees(as_of=AS_OF)
    fits = {priors.name: fit(PACT, cases, priors, seed=3, draws=4000) for priors in loaded.priors}
    return Material(loaded, cases, fits)


@pytest.fixture(scope="module")
def built(material):
    return build(material)


@pytest.fixture(scope="module")
def rows(built):
    return {row["label"]: row for row in built["judgements"][0]["rows"]}


# --- each number ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["one", "several"])
def test_an_answer_is_that_of_the_dirichlet(rows, label):
    exact, found = kept(label), rows[label]
    assert found["mean"] == pytest.approx(exact.mean(), abs=4 * exact.std() / math.sqrt(16_000))
    assert (found["lower"], found["upper"]) == pytest.approx((exact.ppf(0.05), exact.ppf(0.95)), abs=0.004)
    assert found["sd"] == pytest.approx(exact.std(), rel=0.03)
    assert found["mcse"] == pytest.approx(exact.std() / math.sqrt(16_000), rel=0.1)
    assert found["do"] == {"guarantors": label}
    assert found["passed"] is True
    assert all(gate["passed"] for gate in found["gates"])
    assert found["note"] == ("stands alone" if label == "one" else "")


@pytest.mark.parametrize("label", ["one", "several"])
def test_a_curve_is_the_density_of_its_answer(rows, label):
    exact, curve = kept(label), rows[label]["curve"]
    assert list(curve["quantiles"]) == ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]
    for share, x in curve["quantiles"].items():
        assert x == pytest.approx(exact.ppf(float(share)), abs=0.005)
    x, density = np.array(curve["x"]), np.array(curve["density"])
    assert np.trapezoid(density, x) == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(density, exact.pdf(x), atol=0.08 * exact.pdf(x).max())
    assert (x.min(), x.max()) == pytest.approx((exact.ppf(0.0001), exact.ppf(0.9999)), abs=0.1)


# --- what a group does ------------------------------------------------------------------------------------------------


def test_what_either_and_both_do_are_sums_over_who_acts(rows):
    """The two rows rest on different counts, so their posteriors are independent."""
    one, several = kept("one").mean(), kept("several").mean()
    assert rows["both"]["mean"] == pytest.approx(one * several, abs=0.003)
    either = one * several + one * (1 - several) + (1 - one) * several
    assert rows["either"]["mean"] == pytest.approx(either, abs=0.003)
    assert rows["either"]["mean"] > max(one, several) + 0.05
    assert rows["either"]["actor"] is rows["either"]["change"] is None
    members = {gate["name"] for label in ("one", "several") for gate in rows[label]["gates"]}
    assert members < {gate["name"] for gate in rows["either"]["gates"]}


def test_any_and_all_of_three_are_enumerated_in_every_draw():
    """P(any) sums the outcomes in which somebody acts, one by one; P(all) is the one in which everybody does."""
    states = ("a", "b", "c")
    network = Network((Node("who", states), Node("acts", ("no", "yes"), (Arrow("who"),))))
    p = np.random.default_rng(1).random((2, 5, 3))
    tables = {
        "who": xr.DataArray([0.2, 0.3, 0.5], dims="who"),
        "acts": xr.DataArray(np.stack([1 - p, p], -1), dims=("chain", "draw", "who", "acts")),
    }
    groups = [{"label": f"{rule} {''.join(of)}", "rule": rule, "of": of} for rule in ("any", "all")
              for size in (2, 3) for of in combinations(states, size)]  # fmt: skip
    formats = [{"label": state, "given": {"who": state}} for state in states]
    raw = {"id": "own", "title": "", "claim": "", "node": "acts", "states": ["yes"]}
    judgement = Judgement.model_validate({**raw, "formats": formats, "together": groups})
    scenario = Scenario.model_validate(SCENARIO)
    found = {row.label: row for row in judged(Posterior.from_tables(network, tables), scenario, judgement, None)}
    for group in judgement.together:
        parts = [p[..., states.index(member)] for member in group.of]
        exact = np.zeros(p.shape[:2])
        for acting in product((0, 1), repeat=len(parts)):
            if (any if group.rule == "any" else all)(acting):
                exact += np.prod([q if acts else 1 - q for q, acts in zip(parts, acting, strict=True)], axis=0)
        np.testing.assert_allclose(found[group.label].draws.values, exact, rtol=1e-12)
        assert found[group.label].posterior is None


def test_what_is_supposed_is_counted_as_if_it_had_been_seen(material):
    """Two more cases kept and one broken, one after another: the Dirichlet with three more counts."""
    seen = [{"claim": "", "seen": {"compliance": outcome}, "do": {"guarantors": "several"}}
            for outcome in ("complied", "defected", "complied")]  # fmt: skip
    raw = {"id": "own", "title": "", "claim": "", "suppose": seen}
    formats = [{"label": label, "do": {"guarantors": label}} for label in ("one", "several")]
    judgement = Judgement.model_validate({**raw, "formats": formats})
    one, several = judged(material.posteriors["open"], material.loaded.scenario, judgement, material.cases)
    alpha = counts(several=True) + ADDED["open"] + [1, 0, 2]
    exact = beta(alpha[2], alpha[:2].sum())
    assert several.summary.mean == pytest.approx(exact.mean(), abs=0.005)
    assert several.summary.upper == pytest.approx(exact.ppf(0.95), abs=0.01)
    assert one.summary.mean == pytest.approx(kept("one").mean(), abs=0.005)
    assert several.posterior.provenance["supposed"]["effective_draws"] < 16_000


# --- what has changed ---------------------------------------------------------------------------------------------


def test_a_change_is_that_of_two_betas(built, rows):
    one, several, change = kept("one"), kept("several"), rows["several"]["change"]
    grid = np.linspace(0, 1, 20_001)
    gain = float(np.trapezoid(several.pdf(grid) * one.cdf(grid - 0.05), grid))
    loss = float(np.trapezoid(one.pdf(grid) * several.cdf(grid - 0.05), grid))
    assert change["from"] == "one"
    assert change["difference"]["mean"] == pytest.approx(several.mean() - one.mean(), abs=0.005)
    assert change["difference"]["sd"] == pytest.approx(math.hypot(one.std(), several.std()), rel=0.03)
    inverse = float(np.trapezoid(one.pdf(grid[1:]) / grid[1:], grid[1:]))
    assert change["ratio"]["mean"] == pytest.approx(several.mean() * inverse, rel=0.01)
    found = change["difference"]
    assert (found["gain"], found["loss"]) == pytest.approx((gain, loss), abs=0.015)
    assert found["within"] == pytest.approx(1 - gain - loss, abs=0.02)
    assert found["margin"] == 0.05
    assert set(change) == {"from", "difference", "ratio"}  # and no word for the sign of it
    assert rows["one"]["change"] is rows["both"]["change"] is None
    assert built["answer"]["change"] == change


def test_the_first_page_repeats_the_row_it_is_about(built, rows):
    assert (built["answer"]["judgement"], built["answer"]["format"]) == ("kept", "several")
    for key in ("mean", "lower", "upper", "word", "range", "natural_frequency", "interval_straddles_words"):
        assert built["answer"][key] == rows["several"][key]


#: ICD 203 (2015): where each word ends.
ENDS = {0.05: "almost no chance", 0.2: "very unlikely", 0.45: "unlikely", 0.55: "roughly even chance", 0.8: "likely"}


@pytest.mark.parametrize("label", ["one", "several", "either", "both"])
def test_words_are_those_of_the_mean_and_a_wide_interval_is_said_to_be(rows, label):
    def word(x: float) -> str:
        return next((said for end, said in ENDS.items() if x < end), "very likely")

    found = rows[label]
    assert found["word"] == word(found["mean"])
    assert found["interval_straddles_words"] == (word(found["lower"]) != word(found["upper"]))
    assert found["natural_frequency"] == f"about {round(10 * found['mean'])} in 10 comparable cases"


# --- confidence -------------------------------------------------------------------------------------------------------


def test_the_parts_of_confidence_are_counted_and_computed_by_hand(built):
    parts = {part["name"]: part for part in built["answer"]["confidence"]["parts"]}
    first = {row["case_id"]: row["outcome"] for row in CASES}
    second = {row["case_id"]: row["outcome"] for row in rows_of("second_coding")}
    coded = load_second_coding()
    both = [case for case in coded["case_id"][coded["blind"]] if case in first]
    alike = sum(first[case] == second[case] for case in both) / len(both)
    assert built["record"]["coders"] == {"cases": len(both), "agreement": pytest.approx(alike)}
    # One other column was used and coded twice, by the states of its node.
    several = {row["case_id"]: int(row["guarantors"]) > 1 for row in CASES}
    again = {row["case_id"]: int(row["guarantors"]) > 1 for row in rows_of("second_coding")}
    same = sum(again[case] == several[case] for case in several) / len(several)
    assert parts["coders"]["value"] == pytest.approx(min(alike, same))
    assert parts["coders"]["facts"]["shares"] == pytest.approx({"compliance": alike, "guarantors": same})
    assert parts["precedents"]["value"] == sum(several.values())
    counted = {"precedents": sum(several.values()), "cases": len(CASES), "unseen": []}
    assert parts["precedents"]["facts"] == counted
    nearest = built["record"]["held"][1]["nearest"]
    assert parts["doubtful neighbours"]["value"] == sum(case["doubted"] for case in nearest) / 8
    opinions = [kept("several", name).mean() - kept("one", name).mean() for name in ADDED]
    assert parts["range of opinion"]["value"] == pytest.approx(max(opinions) - min(opinions), abs=0.005)
    assert parts["range of opinion"]["grade"] == "poor"
    assert parts["range of opinion"]["facts"]["unmeasured"] == ["reading", "theory", "coder"]
    assert math.isnan(parts["held-out crises"]["value"])
    how = "servanda evaluate guarantee --priors open --as-of 2019-04-25"
    assert parts["held-out crises"]["facts"] == {"how": how}
    assert built["score"] == {"measured": False, "how": how}
    assert built["answer"]["confidence"]["level"] == "low"
    moves = expected_move(counts(several=True) + 1)
    assert parts["responsiveness to news"]["value"] == pytest.approx(moves, rel=0.02)


def expected_move(alpha: np.ndarray) -> float:
    """How far one more case moves the mean of the last share of a Dirichlet: up if it is seen, else down."""
    total, mean = alpha.sum(), alpha[-1] / alpha.sum()
    after = [(alpha[-1] + (place == len(alpha) - 1)) / (total + 1) for place in range(len(alpha))]
    return float(sum(a / total * abs(m - mean) for a, m in zip(alpha, after, strict=True)))


def test_one_more_case_moves_two_equally_likely_worlds_by_a_known_amount():
    """Bayes' rule by hand: kept in one world with 0.2, in the other with 0.8; either outcome moves the mean by 0.18."""
    network = Network((Node("kept", ("no", "yes")),))
    table = xr.DataArray([[[0.8, 0.2], [0.2, 0.8]]], dims=("chain", "draw", "kept"))
    posterior = Posterior.from_tables(network, {"kept": table})
    row = Row("it", table[..., 1], {}, {}, None, posterior, chance_of("kept", "yes"))
    assert next_case_moves(row) == pytest.approx(0.5 * (0.18 + 0.18))
    assert math.isnan(next_case_moves(Row("both", table[..., 1], {}, {}, None, None)))


# --- priors, record, diagnostics ------------------------------------------------------------------------------------


def test_every_prior_set_is_answered_before_and_after_the_data(built, rows):
    assert built["priors"]["reported"] == "open"
    table = {line["label"]: line["answers"] for line in built["priors"]["table"]}
    assert list(table) == ["one", "several", "either", "both"]
    for label in ("one", "several"):
        assert [answer["priors"] for answer in table[label]] == list(ADDED)
        for answer in table[label]:
            added = ADDED[answer["priors"]]
            before = beta(added, 2 * added)
            assert answer["after"]["mean"] == pytest.approx(kept(label, answer["priors"]).mean(), abs=0.003)
            assert answer["before"]["mean"] == pytest.approx(1 / 3, abs=0.02)
            assert answer["before"]["upper"] == pytest.approx(before.ppf(0.95), abs=0.03)
        assert table[label][0]["after"]["mean"] == rows[label]["mean"]


def test_the_record_is_counted_by_hand(built):
    found, years = built["record"], [int(row["tested"][:4]) for row in CASES]
    assert found["cases"] == len(CASES)
    assert found["outcomes"] == {name: sum(row["outcome"] == name for row in CASES) for name in OUTCOMES}
    assert (found["from"], found["to"]) == (min(years), max(years))
    for key, column in (("guarantees", "guarantee_id"), ("obligors", "obligor")):
        assert found[key] == len({row[column] for row in CASES})
    crisis = {row["case_id"]: row["crisis"] for row in rows_of("crises")}
    assert found["crises"] == len({crisis[row["case_id"]] for row in CASES})
    disputed = {row["case_id"] for row in rows_of("disputed")}
    assert found["doubted"] == sum(row["case_id"] in disputed or row["confidence"] == "low" for row in CASES)
    assert found["unsourced"] == sum(row["sources"] == "general_knowledge" for row in CASES)
    for held in found["held"]:
        several = held["label"] == "several"
        assert held["exact"] == held["states"][0]["cases"] == counts(several).sum()
        assert held["pairs_unseen"] == []
        assert held["own"] == {"actor": None, "cases": 0, "outcomes": dict.fromkeys(OUTCOMES, 0)}
        assert [case["shared"] for case in held["nearest"]] == [1] * 8
        latest = sorted(int(row["tested"][:4]) for row in CASES if (int(row["guarantors"]) > 1) == several)[-8:]
        assert [int(case["tested"][:4]) for case in held["nearest"]] == latest[::-1]


def test_every_gate_is_counted_and_passes(built, rows):
    assert built["passed"] is True
    assert built["failed_gates"] == []
    kinds = {kind["kind"]: kind for kind in built["diagnostics"]["numbers"]}
    # Two rows and two groups of two, which hold their members' gates as well, under two prior sets.
    assert {name: kind["checked"] for name, kind in kinds.items()} == dict.fromkeys(
        ("R-hat", "bulk ESS", "tail ESS"), 2 * (2 + 2 * 3)
    )
    assert built["diagnostics"]["checked"] == 3 * 16
    shown = [answer["after"] for line in built["priors"]["table"] for answer in line["answers"]]
    assert kinds["R-hat"]["worst"]["value"] == max(one["rhat"] for one in shown)
    assert kinds["bulk ESS"]["worst"]["value"] == min(one["ess_bulk"] for one in shown)
    assert [kind["failed"] for kind in kinds.values()] == [[], [], []]
    for found in built["diagnostics"]["fits"]:
        assert (found["chain"], found["draw"]) == (4, 4000)
        assert found["drawn_exactly"] == ["guarantors", "compliance"]


# --- rows of named actors, and what the record holds for them -------------------------------------------------------

ROLES = Network(
    (
        Node("role", ("guarantor", "principal")),
        Node("kept", ("no", "yes"), (Arrow("role"),), "ordinal", ordered=True, groups=(Group("actor", "obligor"),)),
    )
)
#: Log-odds of keeping as guarantor and as principal, and what each actor adds.
BASE, ADDS = {"guarantor": 0.5, "principal": -0.5}, {"FRA": 1.0, "GBR": -2.0, "(new)": 0.25}


def of_actors() -> Posterior:
    """Two draws by hand; the effect of the role is half its spread to either side."""
    ones = np.ones((1, 2))
    draws = {
        "role.table": (("chain", "draw", "role"), np.full((1, 2, 2), 0.5)),
        "kept.baseline": (("chain", "draw", "kept"), np.full((1, 2, 2), 0.5)),
        "kept.role": (("chain", "draw", "role"), np.broadcast_to(list(BASE.values()), (1, 2, 2))),
        "kept.actor_sd": (("chain", "draw"), ones),
        "kept.actor": (("chain", "draw", "actor"), np.broadcast_to(list(ADDS.values()), (1, 2, 3))),
    }
    coords = {"role": list(BASE), "kept": ["no", "yes"], "actor": list(ADDS)}
    return Posterior(ROLES, xr.DataTree.from_dict({"posterior": xr.Dataset(draws, coords)}))


@pytest.mark.parametrize("everybody", [None, "GBR"])
def test_a_row_is_about_its_own_actor_else_the_judgements_else_nobody(everybody):
    raw = {"id": "own", "title": "", "claim": "", "node": "kept", "states": ["yes"], "given": {"role": "principal"}}
    formats = [
        {"label": "France", "actor": "FRA"},
        {"label": "someone"},
        {"label": "g", "given": {"role": "guarantor"}},
    ]
    judgement = Judgement.model_validate({**raw, "actor": everybody, "formats": formats})
    found = judged(of_actors(), Scenario.model_validate(SCENARIO), judgement, load_guarantees(as_of=AS_OF))
    assert [row.actor for row in found] == ["FRA", everybody, everybody]
    assert [row.given["role"] for row in found] == ["principal", "principal", "guarantor"]
    for row in found:
        base = BASE[row.given["role"]]
        if row.actor:
            chance, rtol = expit(base + ADDS[row.actor]), 1e-12
        else:  # averaged over actors, whose effects have a spread of one
            chance, rtol = quad(lambda u, base=base: expit(base + u) * norm.pdf(u), -12, 12)[0], 1e-6
        np.testing.assert_allclose(row.draws.values, chance, rtol=rtol)


def test_an_actor_without_an_effect_of_its_own_is_named_and_changes_nothing(material):
    raw = {"id": "own", "title": "", "claim": "", "formats": [{"label": "it", "do": {"guarantors": "one"}}]}
    named, nobody = (
        judged(
            material.posteriors["open"],
            material.loaded.scenario,
            Judgement.model_validate({**raw, "actor": actor}),
            material.cases,
        )[0]
        for actor in ("USA", None)
    )
    assert (named.actor, nobody.actor) == ("USA", None)
    np.testing.assert_array_equal(named.draws, nobody.draws)


def test_past_defections_are_filled_in_from_the_record():
    cases = load_guarantees(as_of=AS_OF)
    asked = {"past_defections": "as recorded", "role": "guarantor"}
    known = cases[cases["obligor"] == "USA"]
    assert with_past_defections(asked, "USA", cases, 2019)["role"] == "guarantor"
    assert with_past_defections(asked, "USA", cases, 2019)["past_defections"] == past_defections_of(cases, "USA", 2019)
    assert len(known) > 5
    assert "past_defections" not in with_past_defections(asked, None, cases, 2019)
    assert "past_defections" not in with_past_defections(asked, "(nobody)", cases, 2019)
    assert with_past_defections({"past_defections": "1"}, "USA", cases, 2019) == {"past_defections": "1"}


def test_what_the_record_holds_for_a_case_is_counted_one_by_one(supposed):
    """Every case of the shipped record against every described state, as a reader would tick them off."""
    loaded = load_scenario("dprk-six-party")
    cases, network = load_guarantees(as_of=loaded.scenario.as_of), loaded.network
    codes = encode(network, cases).codes
    ids, outcomes, years = (cases[column].tolist() for column in ("case_id", "outcome", "tested_year"))
    told = {row["case_id"]: row for row in rows_of("guarantees")}
    lines = {(j["id"], row["label"]): row for j in supposed["judgements"] for row in j["rows"]}
    assert len(supposed["record"]["held"]) == 13
    for held in supposed["record"]["held"]:
        row = lines[held["judgement"], held["label"]]
        wanted = {name: network[name].index(state) for name, state in {**row["given"], **row["do"]}.items()}
        ticks = {name: [code == number for code in codes[name].tolist()] for name, number in wanted.items()}
        alike = [sum(tick[place] for tick in ticks.values()) for place in range(len(cases))]
        assert held["states"] == [
            {
                "node": network[name].title,
                "state": network[name].states[number],
                "set": name in row["do"],
                "cases": sum(ticks[name]),
            }
            for name, number in wanted.items()
        ]
        assert held["exact"] == alike.count(len(wanted))
        unseen = [
            [{"node": network[name].title, "state": network[name].states[wanted[name]]} for name in pair]
            for pair in combinations(wanted, 2)
            if not any(first and second for first, second in zip(*(ticks[name] for name in pair), strict=True))
        ]
        assert held["pairs_unseen"] == unseen
        own = [case for case in cases["case_id"] if told[case]["obligor"] == row["actor"]]
        assert held["own"]["cases"] == len(own)
        assert held["own"]["outcomes"] == {o: sum(told[c]["outcome"] == o for c in own) for o in OUTCOMES}
        order = sorted(
            range(len(cases)),
            key=lambda i: (
                -alike[i],
                told[ids[i]]["obligor"] != row["actor"],
                -years[i],
            ),
        )
        assert [case["case_id"] for case in held["of_each"]] == [
            ids[place]
            for rank, place in enumerate(order)
            if outcomes[place] not in {outcomes[nearer] for nearer in order[:rank]}
        ]
        for case, place in zip(held["nearest"], order[:8], strict=True):
            source = told[case["case_id"]]
            assert (case["shared"], case["described"]) == (alike[place], len(wanted))
            assert case["sources"] == [key for key in source["sources"].split(";") if key]
            assert case["note"] == source["note"]
            # A cell that is blank does not differ.
            blank = sum(codes[name][place] < 0 for name in wanted)
            assert len(case["differs"]) == len(wanted) - case["shared"] - blank
    keys = {key for case in named_cases(supposed) for key in case["sources"]}
    assert list(supposed["sources"]) == sorted(keys)


def test_sources_and_notes_that_are_blank_are_none(material):
    """Keys are separated by semicolons, some with nothing between; a note may be missing in a row or in all."""
    raw = {"id": "own", "title": "", "claim": "", "formats": [{"label": "it", "do": {"guarantors": "one"}}]}
    posterior, scenario = material.posteriors["open"], material.loaded.scenario
    (row,) = judged(posterior, scenario, Judgement.model_validate(raw), material.cases)
    untidy = material.cases.assign(sources=" b ; ;a;", note=np.nan)
    for cases in (untidy, untidy.drop(columns="note")):
        for case in case_section(PACT, cases, row, nearest=3)["nearest"]:
            assert case["sources"] == ["b", "a"]
            assert case["note"] == ""
    bare = case_section(PACT, untidy.drop(columns=["note", "sources"]), row, nearest=3)["nearest"]
    assert [case["sources"] for case in bare] == [[], [], []]
    assert cited(["zzz", "a", "zzz"]) == {key: {"text": key, "href": ""} for key in ("a", "zzz")}


def test_a_source_has_its_address_apart_from_its_text():
    found = cited(["aca_dprk_chron"])["aca_dprk_chron"]
    assert found["href"] == "https://www.armscontrol.org/factsheets/dprkchron"
    assert found["text"].startswith("Arms Control Association (2024).")
    assert "http" not in found["text"]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 6), st.integers(1, 12))
def test_the_nearest_of_each_outcome_is_shown_first_then_the_nearest_others(outcomes, most, near):
    """The nearest of an outcome may lie beyond the nearest cases that are named."""
    every = [{"case_id": str(place), "outcome": outcome} for place, outcome in enumerate(outcomes)]
    firsts = [case for place, case in enumerate(every) if case["outcome"] not in outcomes[:place]]
    shown = shown_cases({"nearest": every[:near], "of_each": firsts}, most)
    rest = [case for case in every[:near] if case not in firsts]
    assert shown == firsts + rest[: max(0, most - len(firsts))]


def test_a_curve_that_ends_at_zero_is_not_smoothed_beyond_it():
    """Before any data P(complied) is Beta(1, 2): its density is highest at 0, where a plain kernel would halve it."""
    loaded = Loaded(Scenario.model_validate({**SCENARIO, "priors": ["open"]}), PACT, (flat("open"),))
    blank = prior_draws(PACT, flat("open"), seed=2, draws=4000)
    built = build(Material(loaded, load_guarantees(as_of=AS_OF), {"open": blank}))
    curve = built["judgements"][0]["rows"][0]["curve"]
    x, density = np.array(curve["x"]), np.array(curve["density"])
    assert x.min() < 0.01
    assert density[x < 0.05].min() > 1.6
    assert built["provenance"]["command"] == "servanda report pact"
    again = build(Material(loaded, load_guarantees(as_of=AS_OF), {"open": blank}, shipped=False))
    (coders,) = [part for part in again["answer"]["confidence"]["parts"] if part["name"] == "coders"]
    assert (coders["grade"], coders["facts"]) == ("poor", {"shares": {}})
    assert again["record"]["coders"] is None


def test_a_report_is_sampled_as_it_says_and_kept_where_it_is_told(tmp_path):
    loaded = Loaded(Scenario.model_validate({**SCENARIO, "priors": ["open"]}), PACT, (flat("open"),))
    cases, folder = load_guarantees(as_of=AS_OF), tmp_path / "fits"
    written = report(loaded, tmp_path / "out", cases=cases, folder=folder)
    (fitted,) = written.content["diagnostics"]["fits"]
    assert (fitted["chain"], fitted["draw"]) == (4, 1000)
    settings = written.content["provenance"]["fits"]["open"]["settings"]
    assert (settings["seed"], settings["tune"]) == (7, 300)
    assert written.reused == ()
    assert [path.suffix for path in folder.iterdir()].count(".nc") == 1
    assert written.content["record"]["coders"] is None  # one's own record was not coded twice
    stored = json.loads(written.json.read_text(encoding="utf-8"))
    assert stored["answer"]["mean"] == written.content["answer"]["mean"]
    assert written.html.read_text(encoding="utf-8") == render(written.content)
    other = report(loaded, tmp_path / "other", cases=cases, folder=folder, seed=8, draws=50, chains=2, draft=True)
    assert other.content["provenance"]["fits"]["open"]["settings"]["seed"] == 8
    assert report(loaded, tmp_path / "out", cases=cases, folder=folder).reused == ("open",)


def test_json_has_null_for_what_could_not_be_computed():
    nan, inf = float("nan"), float("inf")
    told = {"a": nan, "b": [1, inf, {"c": -inf}], "d": 0.5, "e": "nan", "f": None, "g": True}
    assert without_nan(told) == {"a": None, "b": [1, None, {"c": None}], "d": 0.5, "e": "nan", "f": None, "g": True}
