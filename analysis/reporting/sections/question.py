"""The question itself: the scenario's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...scenarios.texts import LANGUAGES, translations
from ..document.blocks import Block, Bullets, Paragraph, Terms, runs
from ..document.language import N_, Language
from ..section import Answers, Material, Part, Section

_FIELDS = ("name", "title", "question", "as_of", "horizon", "resolution", "cannot_see")


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    scenario = material.loaded.scenario
    return {
        **{field: getattr(scenario, field) for field in _FIELDS},
        "assumptions": [assumption.claim for assumption in scenario.assumptions],
        "ask": scenario.headline.question,
        "translations": {language: translations(scenario, language) for language in LANGUAGES},
    }


def _asked(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The scenario's own words: question, horizon, how it is resolved, assumptions."""
    found = report["question"]
    pairs = (
        (say(N_("Question")), runs(say.term(found["question"]))),
        (say(N_("Horizon")), runs(say.term(found["horizon"]))),
        (say(N_("How it will be decided")), runs(say.term(found["resolution"]))),
    )
    blocks: list[Block] = [Terms(pairs)]
    assumed = tuple(runs(say.term(_claim(one))) for one in found["assumptions"])
    if assumed:
        blocks += [Paragraph(say(N_("It assumes:"))), Bullets(assumed)]
    return blocks


def _claim(assumption: Any) -> str:
    """What is assumed; a scenario may say with it what else could hold."""
    return assumption["claim"] if isinstance(assumption, Mapping) else str(assumption)


SECTION = Section(_content, parts=(Part("annex", N_("The question in full"), _asked),))
