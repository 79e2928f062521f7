"""A report is not lost to a comparison that does not converge: it is left out with a mark, and the rest stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from servanda.analysis.reporting import build as module
from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.build import build
from servanda.analysis.reporting.document.blocks import plain
from servanda.analysis.reporting.document.language import Language
from servanda.analysis.reporting.section import Answers, Material
from servanda.analysis.reporting.sections.change import SECOND_CODER
from servanda.analysis.reporting.sections.judgements import failed_line
from servanda.analysis.reporting.sections.trust import convergence
from servanda.analysis.scenarios.scenario import load_scenario
from servanda.analysis.summaries.change import summarise_change
from servanda.models import Posterior
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.store import draws_tree
from servanda.record import load_guarantees


def in_chains(posterior: Posterior, *, stuck: bool = False) -> Posterior:
    """Independent draws as four chains of a fit; stuck, one chain keeps a spread of its own and never mixes."""

    def four(x: xr.DataArray) -> xr.DataArray:
        dims = x.dims[2:]
        return xr.DataArray(x.values.reshape(4, -1, *x.shape[2:]), dims=("chain", "draw", *dims))

    drawn = {}
    for name, x in posterior.draws.data_vars.items():
        own = {dim: x.coords[dim] for dim in x.dims[2:] if dim in x.coords}
        drawn[str(name)] = four(x).assign_coords(own)
    if stuck:
        name = "compliance.guarantors"
        drawn[name] = drawn[name] + xr.DataArray([0.0, 0.0, 0.0, 3.0], dims="chain")
    coords = {"chain": np.arange(4), "draw": np.arange(drawn["compliance.guarantors"].sizes["draw"])}
    tree = draws_tree({"posterior": xr.Dataset(drawn).assign_coords(coords)})
    said = {"drawn_by_nuts": [["compliance"]], "doublings": 2 if stuck else 0, "key": "made up"}
    return Posterior(posterior.network, tree, posterior.priors, {**posterior.provenance, **said})


@pytest.fixture(scope="module")
def material():
    """One judgement of the shipped scenario under two prior sets, of which the second's compliance does not mix."""
    loaded = load_scenario("dprk-six-party")
    scenario = loaded.scenario
    judgement = scenario.judgements[0]
    ends = (judgement.base, scenario.headline.format)
    judgement = judgement.model_copy(update={"formats": [row for row in judgement.formats if row.label in ends]})
    loaded = replace(
        loaded,
        priors=loaded.priors[:2],
        scenario=scenario.model_copy(update={"judgements": [judgement], "theories": []}),
    )
    cases = load_guarantees(as_of=scenario.as_of)
    levels = {"actor": ("PRK", "USA"), "guarantee": ("a", "b")}
    drawn = {p.name: prior_draws(loaded.network, p, seed=1, draws=1600, levels=levels) for p in loaded.priors}
    posteriors = {name: in_chains(found, stuck=name == loaded.priors[1].name) for name, found in drawn.items()}
    return Material(loaded, cases, posteriors)


@pytest.fixture(scope="module")
def left(material):
    return build(material)


def words(report, language, chapter):
    document = assemble(report, language)
    found = next(one for one in document.chapters if one.name == chapter)
    return repr(found)


def test_a_comparison_prior_that_does_not_mix_leaves_a_report_that_passes(material, left):
    name = material.loaded.priors[1].name
    assert (left["passed"], left["failed_gates"]) == (True, [])
    assert [one["left_out"] for one in left["priors"]["sets"]] == [False, True]
    for line in left["priors"]["table"]:
        first, second = line["answers"]
        assert first["after"]["rhat"] <= 1.01
        assert (second["priors"], second["after"]) == (name, None)
        assert second["before"]["mean"] > 0  # what was believed before rests on no chain
    title = material.loaded.priors[1].title
    assert [row["name"] for row in left["change"]["rows"] if row["kind"] == "prior"] == [
        material.loaded.priors[0].title
    ]
    assert left["change"]["left_out"] == [{"kind": "prior", "name": title}]
    assert "prior" in left["change"]["unmeasured"]
    opinion = next(part for part in left["answer"]["confidence"]["parts"] if part["name"] == "range of opinion")
    assert (opinion["grade"], "prior" in opinion["facts"]["unmeasured"]) == ("poor", True)
    (one,) = left["convergence"]["left_out"]
    assert (one["kind"], one["name"]) == ("prior", title)
    assert any(gate.startswith(f"R-hat of compliance.guarantors ({name}): ") for gate in one["gates"])
    assert left["convergence"]["doubled"] == [{"kind": "prior", "name": title, "times": 4}]
    # Every check that the report speaks of is of something it shows.
    assert not any(kind["failed"] for kind in (*left["diagnostics"]["parameters"], *left["diagnostics"]["numbers"]))


@pytest.mark.parametrize(
    ("language", "said", "mark"),
    [
        ("en", "since its draws did not converge even with longer chains", "did not converge"),
        ("es", "porque sus simulaciones no convergieron", "no convergieron"),
    ],
)
def test_what_was_left_out_is_said_in_both_languages(left, language, said, mark):
    assert said in words(left, language, "trust")
    gate = left["convergence"]["left_out"][0]["gates"][0]
    say = Language(language, left["question"]["translations"].get(language, {}))
    assert failed_line(gate, say) in words(left, language, "annex")
    assert mark in words(left, language, "annex")


def test_the_reported_prior_alone_can_stop_the_report(material, monkeypatch):
    few = {name: module.SECTIONS[name] for name in ("priors", "convergence")}
    monkeypatch.setattr(module, "SECTIONS", few)
    monkeypatch.setattr(module, "check_report", lambda *_: None)
    first, second = material.loaded.priors
    turned = replace(material, loaded=replace(material.loaded, priors=(second, first)))
    found = build(turned)
    assert not found["passed"]
    assert any("R-hat of compliance.guarantors" in gate for gate in found["failed_gates"])
    assert found["convergence"]["left_out"] == []
    assert found["priors"]["table"][0]["answers"][0]["after"] is not None


def test_every_kind_of_comparison_is_named_with_the_checks_that_failed(material, left):
    moved = summarise_change(np.array([0.0, 0.1]))
    failing = {
        "change": {"change": vars(moved), "failed": ["R-hat of the change: 1.2"], "doublings": 2},
        "theories": {"table": [], "averaged": None, "left_out": {"log of the count": ["bulk ESS: 12"]}, "doublings": 1},
        "tracks": {"failed_gates": ["R-hat of path_sd: 2"], "doublings": 0},
    }
    one = replace(material, prepared=failing)
    answers_left = convergence.SECTION.content(one, Answers({}, {}, {}, {}))
    assert [(each["kind"], each["name"], each["gates"]) for each in answers_left["left_out"]] == [
        ("theory", "log of the count", ["bulk ESS: 12"]),
        ("coder", SECOND_CODER, ["R-hat of the change: 1.2"]),
        ("track", "the actors' past", ["R-hat of path_sd: 2"]),
    ]
    times = {each["kind"]: each["times"] for each in answers_left["doubled"]}
    assert times == {"prior": 4, "theory": 2, "coder": 4}
    named = [convergence.named(each, Language("en")) for each in answers_left["doubled"]]
    assert "theory" in named


def test_where_all_converged_at_once_there_is_nothing_to_say(material):
    one = material.loaded.priors[0].name
    calm = replace(material, posteriors={one: material.posteriors[one]})
    assert convergence.SECTION.content(calm, Answers({}, {}, {}, {})) is None


def test_the_text_of_the_trust_chapter_is_plain(left):
    (block,) = convergence.SECTION.parts[0].blocks(left, Language("en"))
    assert plain(block.text).endswith("(\N{MULTIPLICATION SIGN}4).")
