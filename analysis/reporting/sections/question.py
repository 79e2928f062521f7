"""The question itself: the scenario's own words."""

from __future__ import annotations

from typing import Any

from ...scenarios.texts import LANGUAGES, translations
from ..section import Answers, Material, Section

_FIELDS = ("name", "title", "question", "as_of", "horizon", "resolution", "cannot_see")


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    scenario = material.loaded.scenario
    return {
        **{field: getattr(scenario, field) for field in _FIELDS},
        "assumptions": [assumption.claim for assumption in scenario.assumptions],
        "ask": scenario.headline.question,
        "translations": {language: translations(scenario, language) for language in LANGUAGES},
    }


SECTION = Section(_content)
