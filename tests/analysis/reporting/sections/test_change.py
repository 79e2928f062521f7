"""The change of the headline under every choice: which rows there are, and what they rest on."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from servanda.analysis import contrast
from servanda.analysis.reporting.answers import judged
from servanda.analysis.reporting.section import Answers, Material, Task
from servanda.analysis.reporting.sections import change
from servanda.analysis.reporting.sections.change import headline_change, headline_confounding
from servanda.analysis.reporting.sections.score import held_out_score
from servanda.analysis.scenarios.scenario import load_scenario
from servanda.analysis.summaries.change import summarise_change
from servanda.models import Posterior, Sampling
from servanda.models.sampling.prior_draws import prior_draws
from servanda.record import load_guarantees

#: What was added since it could be known on the day before the test.
KNOWN_BEFORE = ("regime", "price", "capability_change", "forces_there", "years_since_signing")


@pytest.fixture(scope="module")
def loaded():
    return load_scenario("dprk-six-party")


def scenario_with(loaded, **changes):
    return replace(loaded, scenario=loaded.scenario.model_copy(update=changes))


def test_rows_are_the_rival_reading_and_every_prior_set(supposed):
    found = supposed["change"]
    named = [(row["kind"], row["name"]) for row in found["rows"]]
    titles = [one["title"] for one in supposed["priors"]["sets"]]
    assert named == [
        ("reading", "The United States as guarantor"),
        ("reading", "The United States, read as a principal"),
        *(("prior", title) for title in titles),
    ]
    # The first is the one reported, by the same numbers.
    reported = supposed["answer"]["change"]["difference"]
    for name in ("mean", "lower", "upper", "gain", "within", "loss"):
        assert found["rows"][0][name] == found["rows"][2][name] == reported[name]
    means = [row["mean"] for row in found["rows"]]
    assert found["width"] == pytest.approx(max(means) - min(means))
    assert found["unmeasured"] == ["theory", "coder"]


def test_a_rival_reading_is_the_change_of_its_own_judgement(supposed):
    rival = next(one for one in supposed["judgements"] if one["id"] == "us-restraint")
    shown = next(row for row in rival["rows"] if row["label"] == supposed["answer"]["format"])
    assert supposed["change"]["rows"][1]["mean"] == pytest.approx(shown["change"]["difference"]["mean"])


def test_an_unmeasured_cause_is_asked_about_the_change_that_is_reported(supposed):
    found = supposed["change"]["confounding"]
    reported = supposed["answer"]["change"]["difference"]
    for name in ("mean", "lower", "upper", "gain", "within", "loss"):
        assert found["change"][name] == pytest.approx(reported[name], abs=1e-9)
    assert (found["cause"], found["target"], found["states"]) == ("guarantors", "compliance", ["complied"])
    measured = {row["measured"] for row in found["benchmarks"]}
    assert measured == {"role", "era", "obligation", "past_defections", *KNOWN_BEFORE}
    assert "unmeasured common cause of guarantors and compliance" in found["in_words"]


def test_where_formats_differ_in_more_than_one_node_no_unmeasured_cause_is_asked_about(loaded):
    head = loaded.scenario.headline
    label = loaded.scenario.judgements[0].formats[3].label
    several = scenario_with(loaded, headline=head.model_copy(update={"format": label}))
    cases = load_guarantees(as_of="2019-04-25")
    levels = {"actor": tuple(sorted(cases["obligor"].unique())), "guarantee": ("a", "b")}
    posterior = prior_draws(loaded.network, loaded.priors[0], seed=1, draws=50, levels=levels)

    def asked(one):
        judgement = one.scenario.judgement(one.scenario.headline.judgement)
        rows = {judgement.id: judged(posterior, one.scenario, judgement, cases)}
        material = Material(one, cases, {})
        return headline_confounding(material, Answers({"literature": rows}, {}, {}, {}))

    assert asked(several) is None
    assert asked(loaded)["cause"] == "guarantors"
    alone = scenario_with(loaded, headline=head.model_copy(update={"format": "alone"}))
    assert asked(alone) is None


def test_the_headline_is_asked_of_theories_as_contrast_asks_it(loaded):
    cases = load_guarantees(as_of="2019-04-25")
    levels = {"actor": tuple(sorted(cases["obligor"].unique())), "guarantee": ("a", "b")}
    posterior = prior_draws(loaded.network, loaded.priors[0], seed=1, draws=100, levels=levels)
    asked = headline_change(loaded, cases)
    exact = contrast(posterior, "compliance", {"guarantors": "1"}, {"guarantors": "5"}, asked.given, actor="USA")[
        "difference"
    ].sel(compliance="complied")
    np.testing.assert_allclose(asked.draws(posterior), exact, atol=1e-12)


def test_what_cannot_be_asked_alone_is_asked_of_no_theory(loaded):
    cases = load_guarantees(as_of="2019-04-25")
    scenario = loaded.scenario
    head = scenario.headline
    alone = scenario_with(loaded, headline=head.model_copy(update={"format": "alone"}))
    enforcers = scenario_with(loaded, headline=head.model_copy(update={"judgement": "enforcers", "format": "Russia"}))
    first = scenario.judgements[0]
    own = first.model_copy(update={"formats": [first.formats[0], first.formats[2].model_copy(update={"actor": "GBR"})]})
    other = scenario_with(loaded, judgements=[own, *scenario.judgements[1:]])
    for one in (alone, enforcers, other):
        assert headline_change(one, cases) is None


def test_the_second_coder_is_fitted_once_and_only_for_the_shipped_record(loaded, tmp_path, monkeypatch):
    cases = load_guarantees(as_of="2019-04-25")
    levels = {"actor": tuple(sorted(cases["obligor"].unique())), "guarantee": ("a", "b")}
    drawn = prior_draws(loaded.network, loaded.priors[0], seed=1, draws=100, levels=levels)
    posterior = Posterior(drawn.network, drawn.tree, drawn.priors, {**drawn.provenance, "key": "one"})
    asked = []
    monkeypatch.setattr(change, "second_coder_posterior", lambda *how: asked.append(how[2:]) or posterior)
    task = Task(loaded, cases, Sampling(1), tmp_path, posteriors={loaded.priors[0].name: posterior})
    found = change.SECTION.prepare(task)
    assert asked == [("compliance", "2019-04-25")]
    moved = headline_change(loaded, cases).draws(posterior)
    assert found["change"] == asdict(summarise_change(moved))
    # So few draws pass no gate, and none are asked for again.
    assert (found["doublings"], found["failed"][0][:8]) == (0, "bulk ESS")
    assert change.SECTION.prepare(task) == found
    assert len(asked) == 1
    (kept,) = tmp_path.iterdir()
    kept.write_text("{")  # damaged: made again
    assert change.SECTION.prepare(task) == found
    assert len(asked) == 2
    assert change.SECTION.prepare(replace(task, shipped=False)) is None
    assert len(asked) == 2


def test_the_score_is_that_of_these_very_cases_or_none(loaded):
    cases = load_guarantees(as_of="2019-04-25")
    score = held_out_score(loaded.network, cases, loaded.priors[0])
    assert score is not None
    assert (score.cases, score.tried) == (375, 6)
    assert held_out_score(loaded.network, cases.iloc[1:], loaded.priors[0]) is None
    assert held_out_score(loaded.network, cases, loaded.priors[1]) is None
