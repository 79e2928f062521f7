"""From the base rate to this case, in a report: the same numbers as outside of one, and words in both languages."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from servanda.analysis import drivers, variance_sources
from servanda.analysis.reporting.document.blocks import Figure, Paragraph, Table, plain
from servanda.analysis.reporting.document.language import Language
from servanda.analysis.reporting.section import Answers, Material, Task
from servanda.analysis.reporting.sections import drivers as module
from servanda.analysis.reporting.sections.drivers import SECTION
from servanda.analysis.scenarios.questions import scenario_questions
from servanda.analysis.scenarios.scenario import scenario_from_dict
from servanda.models import Posterior, Sampling
from servanda.models.sampling.prior_draws import prior_draws

NETWORK = """
name = "small"
[nodes.role]
label = "Role"
states = ["own", "other"]
[nodes.obligor_size]
label = "Size"
states = ["small", "large"]
[nodes.kept]
label = "Kept"
states = ["defected", "complied"]
ordered = true
family = "ordinal"
[nodes.kept.groups.actor]
column = "obligor"
reason = "r"
[nodes.kept.parents.role]
reason = "r"
source = "s"
[nodes.kept.parents.obligor_size]
reason = "r"
source = "s"
"""
SCENARIO = {
    "name": "small",
    "title": "Small",
    "question": "Does size help?",
    "as_of": "2000-01-01",
    "horizon": "a year",
    "resolution": "by the codebook",
    "priors": ["flat"],
    "headline": {"judgement": "one", "format": "large"},
    "judgements": [
        {
            "id": "one",
            "title": "One",
            "claim": "it is kept",
            "node": "kept",
            "actor": "A",
            "base": "small",
            "given": {"role": "own"},
            "formats": [
                {"label": "small", "do": {"obligor_size": "small"}},
                {"label": "large", "do": {"obligor_size": "large"}},
            ],
        },
        {
            "id": "two",
            "title": "Two",
            "claim": "it is kept by another",
            "node": "kept",
            "actor": "A",
            "base": "small",
            "given": {"role": "other"},
            "formats": [
                {"label": "small", "do": {"obligor_size": "small"}},
                {"label": "large", "do": {"obligor_size": "large"}},
            ],
        },
    ],
}


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "small.toml"
    path.write_text(NETWORK, encoding="utf-8")
    loaded = scenario_from_dict({**SCENARIO, "network": str(path)})
    rng = np.random.default_rng(1)
    cases = pd.DataFrame(
        {
            "role": rng.choice(["own", "other"], 20),
            "obligor_size": rng.choice(["small", "large"], 20),
            "kept": rng.choice(["defected", "complied"], 20),
            "obligor": rng.choice(["A", "B"], 20),
        }
    )
    drawn = prior_draws(loaded.network, loaded.priors[0], seed=1, draws=60, levels={"actor": ("A", "B")})
    posterior = Posterior(drawn.network, drawn.tree, drawn.priors, {**drawn.provenance, "key": "one"})
    return Material(loaded, cases, {loaded.priors[0].name: posterior})


def answers(material):
    from servanda.analysis.reporting.answers import judged

    scenario = material.loaded.scenario
    rows = {
        name: {one.id: judged(posterior, scenario, one, material.cases) for one in scenario.judgements}
        for name, posterior in material.posteriors.items()
    }
    return Answers(rows, {}, {}, {})


@pytest.fixture(scope="module")
def content(material):
    return SECTION.content(material, answers(material))


def asked(material):
    questions, _ = scenario_questions(material.loaded, material.cases)
    return questions["One, large"]


def test_the_dictionary_holds_what_python_gives(material, content):
    (posterior,) = material.posteriors.values()
    found = drivers(posterior, asked(material), material.cases)
    assert content["base_rate"] == found.base_rate == (material.cases["kept"] == "complied").mean()
    assert [line["mean"] for line in content["lines"]] == [line.change.mean for line in found.lines]
    assert {(line["kind"], line["name"], line["state"]) for line in content["lines"]} == {
        ("record", "record", ""),
        ("given", "Role", "own"),
        ("done", "Size", "large"),
        ("who", "actor", "A"),
    }
    total = sum(line["mean"] for line in content["lines"])
    assert content["base_rate"] + total == pytest.approx(content["answer"], abs=1e-12)
    assert json.loads(json.dumps(content)) == content


def test_variance_is_that_of_the_answer_and_of_its_change(material, content):
    (posterior,) = material.posteriors.values()
    question, rows = asked(material), answers(material).rows["flat"]
    means = {one: next(row.summary.mean for row in rows[one] if row.label == "large") for one in ("one", "two")}
    plain_ = variance_sources(posterior, question, {"reading": {"One": means["one"], "Two": means["two"]}})
    said = {source["kind"]: source["variance"] for source in content["variance"]["answer"]["sources"]}
    assert said == {source.kind: source.variance for source in plain_.sources}
    assert said["prior"] is None  # one prior set measures nothing
    change = variance_sources(posterior, replace(question, against={"obligor_size": "small"}))
    moved = {source["kind"]: source["variance"] for source in content["variance"]["change"]["sources"]}
    assert moved["record"] == change.sources[0].variance
    assert moved["reading"] == pytest.approx(np.var([moved_by(answers(material), one) for one in ("one", "two")]))
    assert content["variance"]["change"]["chance"] is None


def moved_by(found, judgement):
    rows = {row.label: row for row in found.rows["flat"][judgement]}
    return float((rows["large"].draws - rows["small"].draws).mean())


def blocks(content, code, part=0):
    return SECTION.parts[part].blocks({"drivers": content}, Language(code))


@pytest.mark.parametrize(
    ("code", "said", "open_"),
    [
        ("en", ("this case", "Who acts: A", "Role: own", "not measured"), "what the record leaves open"),
        ("es", ("este caso", "Quién actúa: A", "no medido"), "lo que el registro deja abierto"),
    ],
)
def test_words_and_figure_are_of_one_language(content, code, said, open_):
    found = blocks(content, code)
    (figure,) = (block for block in found if isinstance(block, Figure))
    (table,) = (block for block in found if isinstance(block, Table))
    shown = [figure.alt, figure.svg, *(plain(cell) for row in table.rows for cell in row)]
    for word in said:
        assert any(word in text for text in shown), word
    assert plain(table.rows[0][0]) == open_
    assert len({len(row) for row in (table.columns, *table.rows)}) == 1


def test_no_word_says_cause_and_none_is_wasted(content):
    found = blocks(content, "en")
    seen = " ".join(plain(block.text) for block in found if isinstance(block, Paragraph))
    captions = " ".join(plain(block.caption) for block in found if isinstance(block, Figure))
    assert "Associated with, not caused by" in captions
    assert "cause" not in seen
    assert len(f"{seen} {captions}".split()) < 100


def test_a_feature_is_on_the_side_of_its_sign(content):
    text = plain(blocks(content, "en")[0].text)
    unclear = 0
    for line in content["lines"][1:]:
        told = {"supporting": "higher chance: ", "contrary": "lower one: "}[line["side"]]
        listed = text.split(told, 1)[1].split(".", 1)[0] if told in text else ""
        sure = line["lower"] * line["upper"] > 0
        assert (line["state"] in listed) is sure, "only an interval that leaves out zero has a direction"
        unclear += not sure
    assert ("no clear direction" in text) is (unclear > 0)


def test_what_cannot_be_computed_is_said_and_stops_nothing(material):
    row = next(row for row in answers(material).reported("one") if row.label == "large")
    bare = replace(row, asked=replace(row.asked, given={}, do={}, members={}))
    found = module._driven(bare, material.loaded.network, material.cases)
    assert found["lines"] == []
    assert "describes nothing" in found["left_out"]
    (note,) = module._waterfall(found, Language("en"))
    assert plain(note.text).startswith("What leads to the answer was not computed: ")


def test_drivers_are_kept_beside_the_fit_and_found_again(material, tmp_path, monkeypatch, content):
    loaded = material.loaded
    task = Task(loaded, material.cases, Sampling(1), tmp_path, posteriors=material.posteriors)
    found = SECTION.prepare(task)
    assert found["lines"] == content["lines"]
    monkeypatch.setattr(module, "drivers", None)  # not asked again
    assert SECTION.prepare(task) == found
    again = SECTION.content(replace(material, prepared={"drivers": found}), answers(material))
    assert again == content
    assert SECTION.prepare(replace(task, posteriors={})) is None
