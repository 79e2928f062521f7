"""Texts in two languages: all of the shipped scenarios', and the author's own words where nobody translated them."""

from __future__ import annotations

import copy
import re
import tomllib

import pytest

from servanda.analysis import load_scenario, shipped_scenarios
from servanda.analysis.scenarios.scenario import FOLDER, ScenarioError, scenario_from_dict
from servanda.analysis.scenarios.texts import translations, untranslated
from servanda.common.errors import InputError

RAW = {
    "name": "own",
    "title": "A pact",
    "question": "Does it hold?",
    "as_of": "2019-04-25",
    "horizon": "ten years",
    "resolution": "conduct at the first test",
    "priors": ["flat"],
    "assumptions": ["It comes to a test.", "All else is as it was."],
    "headline": {"judgement": "pact", "format": "alone"},
    "judgements": [
        {
            "id": "pact",
            "title": "The obligor",
            "claim": "the obligor keeps it",
            "note": "A remark.",
            "suppose": [{"claim": "another broke it", "seen": {"compliance": "defected"}}],
            "formats": [
                {"label": "alone", "do": {"guarantors": "1"}},
                {"label": "backed", "do": {"guarantors": "5"}, "note": "By five."},
            ],
            "together": [{"label": "either", "rule": "any", "of": ["alone", "backed"]}],
        }
    ],
}


@pytest.fixture
def raw() -> dict:
    return copy.deepcopy(RAW)


def texts(raw: dict, path: tuple = ()) -> dict:
    """Every text of a file that a reader is shown, by its place in the file, those of other languages apart."""
    found = {}
    for key in ("title", "question", "horizon", "resolution", "claim", "note", "label"):
        if raw.get(key):
            found[(*path, key)] = raw[key]
    for key in ("judgements", "formats", "together", "suppose"):
        for place, part in enumerate(raw.get(key, ())):
            found |= texts(part, (*path, key, place))
    return found | (texts(raw["headline"], ("headline",)) if "headline" in raw else {})
    return found


def spanish(raw: dict, path: tuple = ()) -> dict:
    """The same of the texts that stand under `es`."""
    found = {(*path, key): text for key, text in raw.get("es", {}).items() if isinstance(text, str)}
    for key in ("judgements", "formats", "together", "suppose"):
        for place, part in enumerate(raw.get(key, ())):
            found |= spanish(part, (*path, key, place))
    return found | (spanish(raw["headline"], ("headline",)) if "headline" in raw else {})


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_text_of_a_shipped_scenario_is_in_spanish(name):
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert spanish(raw).keys() == texts(raw).keys()
    assert all(len(raw["es"][key]) == len(raw[key]) for key in ("assumptions", "cannot_see"))
    scenario = load_scenario(name).scenario
    assert untranslated(scenario, "es") == ()
    told = {own: spanish(raw)[place] for place, own in texts(raw).items()}
    for key in ("assumptions", "cannot_see"):
        own = [text if isinstance(text, str) else text["claim"] for text in raw[key]]
        told |= dict(zip(own, raw["es"][key], strict=True))
    assert translations(scenario, "es") == told
    # No text was left in English, but for names.
    same = {text for place, text in texts(raw).items() if spanish(raw)[place] == text}
    assert same <= {"China"}
    written = [*spanish(raw).values(), *raw["es"]["assumptions"]]
    # Words that are no words of probability in Spanish, or false friends (tradecraft, section 6).
    assert not [text for text in written if re.search(r"\b(posib|eventual|verosimil|evidencia\b)", text, re.IGNORECASE)]
    # As in English, no date and no number is lost.
    for place, text in texts(raw).items():
        digits = [sorted(re.findall(r"\d+", each)) for each in (text, spanish(raw)[place])]
        assert digits[0] == digits[1], place
    assert all("  " not in text and text == text.strip() for text in written)


def test_claims_are_in_the_subjunctive_that_their_sentence_demands():
    """After 'la probabilidad de que' stand cumpla, actúe, defienda; never cumple."""
    claims = [
        judgement["es"]["claim"]
        for name in shipped_scenarios()
        for judgement in tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["judgements"]
    ]
    assert all(re.search(r"\b(cumpla|actúe|defienda)\b", claim) for claim in claims)


def test_what_is_not_translated_is_the_authors_own_and_named(raw):
    raw["es"] = {"title": "Un pacto", "assumptions": ["Se pone a prueba.", "Lo demás no cambia."]}
    raw["judgements"][0]["es"] = {"claim": "el obligado lo cumpla"}
    raw["judgements"][0]["suppose"][0]["es"] = {"claim": "otro lo incumplió"}
    raw["judgements"][0]["formats"][1]["es"] = {"label": "respaldado"}
    raw["judgements"][0]["together"][0]["es"] = {"label": "cualquiera"}
    scenario = scenario_from_dict(raw).scenario
    assert translations(scenario, "es") == {
        "A pact": "Un pacto",
        "It comes to a test.": "Se pone a prueba.",
        "All else is as it was.": "Lo demás no cambia.",
        "the obligor keeps it": "el obligado lo cumpla",
        "another broke it": "otro lo incumplió",
        "backed": "respaldado",
        "either": "cualquiera",
    }
    assert untranslated(scenario, "es") == (
        "question",
        "horizon",
        "resolution",
        "judgement pact, title",
        "judgement pact, note",
        "judgement pact, format alone, label",
        "judgement pact, format backed, note",
    )


def test_a_scenario_of_one_language_is_shown_as_it_is(raw):
    scenario = scenario_from_dict(raw).scenario
    for language in ("en", "es"):
        assert translations(scenario, language) == {}
        assert untranslated(scenario, language) == ()
    with pytest.raises(InputError, match="language: 'fr' is none that a scenario can be shown in; known: en, es"):
        translations(scenario, "fr")


def test_an_author_may_write_in_spanish(raw):
    raw |= {"title": "Un pacto", "en": {"title": "A pact"}}
    scenario = scenario_from_dict(raw).scenario
    assert translations(scenario, "en") == {"Un pacto": "A pact"}
    assert translations(scenario, "es") == {}


def test_labels_stay_the_keys(raw):
    raw["judgements"][0]["formats"][0]["es"] = {"label": "solo"}
    raw["headline"]["format"] = "solo"
    with pytest.raises(ScenarioError, match="headline: names an unknown format 'solo'"):
        scenario_from_dict(raw)


def test_faults_of_translations_come_with_the_others(raw):
    raw["es"] = {"assumptions": ["Una."], "titulo": "Un pacto"}
    with pytest.raises(ScenarioError, match=r"es\.titulo: is not a key that is known here"):
        scenario_from_dict(raw)
    del raw["es"]["titulo"]
    raw["lexicon"] = "icd204"
    raw["question"], raw["es"]["question"] = "The obligor", "Una"
    raw["judgements"][0]["es"] = {"title": "Otro"}
    raw["judgements"][0]["formats"][0]["es"] = {"label": "respaldado"}
    raw["judgements"][0]["formats"][1]["es"] = {"label": "respaldado"}
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict(raw)
    assert str(error.value).splitlines()[1:] == [
        "  es.assumptions: has 1 entries, and the scenario has 2; give one for each, in its order",
        "  judgement pact, title, es: 'The obligor' is 'Otro' here and 'Una' above; one text has one translation",
        "  judgement pact, es: two formats are shown as 'respaldado'; give each its own",
        "  lexicon icd204: there is no lexicon of this name; did you mean 'icd203'?; or give a path to a .toml file",
    ]


def test_a_translation_may_not_take_the_label_of_another_row(raw):
    raw["judgements"][0]["formats"][0]["es"] = {"label": "backed"}
    with pytest.raises(ScenarioError, match="pact, es: two formats are shown as 'backed'; give each its own"):
        scenario_from_dict(raw)


def test_what_the_record_does_not_know_of_backers_is_said_in_each_language(raw):
    raw["network"] = "guarantee_backers"
    raw["judgements"][0] |= {"actor": "USA", "suppose": []}
    raw["judgements"][0]["formats"] = [
        {"label": "alone", "backers": [], "es": {"label": "solo"}},
        {"label": "backed", "backers": ["NATO"], "note": "By NATO.", "es": {"note": "Por la OTAN."}},
    ]
    loaded = scenario_from_dict(raw)
    own = loaded.scenario.judgements[0].formats[1].note.removeprefix("By NATO. ")
    assert own.startswith("Not known from the record")
    assert translations(loaded.scenario, "es")[f"By NATO. {own}"] == f"Por la OTAN. {own}"
