"""Texts of a scenario in other languages than its author's: only shown, never a key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...common.errors import Fault, InputError, nearest

#: Languages that a scenario may have a table for.
LANGUAGES = ("en", "es")


class _Texts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScenarioTexts(_Texts):
    """Texts of the scenario in this language; what is left out is shown as the author wrote it.

    Parameters
    ----------
    title, question, horizon, resolution
        As at the top of the file.
    assumptions, cannot_see
        As many as the scenario has, in its order.
    """

    title: str = ""
    question: str = ""
    horizon: str = ""
    resolution: str = ""
    assumptions: list[str] = []
    cannot_see: list[str] = []


class QuestionTexts(_Texts):
    """Text of the headline in this language.

    Parameters
    ----------
    question
        What a reader asks, in one sentence.
    """

    question: str = ""


class JudgementTexts(_Texts):
    """Texts of a judgement in this language.

    Parameters
    ----------
    title, note
        As in the judgement.
    claim
        What its probability is of: in Spanish in the subjunctive, as the end of "la probabilidad de que ...".
    """

    title: str = ""
    claim: str = ""
    note: str = ""


class FormatTexts(_Texts):
    """Texts of a row in this language.

    Parameters
    ----------
    label
        What the row is called; its own label stays the name by which others mean it.
    note
        A remark under the table.
    """

    label: str = ""
    note: str = ""


class LabelTexts(_Texts):
    """Text of a row of several together in this language.

    Parameters
    ----------
    label
        What the row is called.
    """

    label: str = ""


class ClaimTexts(_Texts):
    """Text of a case that is supposed in this language.

    Parameters
    ----------
    claim
        What happened, in words.
    """

    claim: str = ""


def translations(scenario: Any, language: str) -> dict[str, str]:
    """Texts of a scenario in a language, by the author's own.

    Parameters
    ----------
    scenario
        A `Scenario`.
    language
        One of `LANGUAGES`.

    Returns
    -------
    dict
        Text as the author wrote it -> the same in the language. What has no translation is not in it, and is shown
        as the author wrote it.

    Raises
    ------
    InputError
        If there is no such language.

    Examples
    --------
    >>> from servanda.analysis import load_scenario
    >>> shown = translations(load_scenario("dprk-six-party").scenario, "es")
    >>> shown["A security guarantee for North Korea"], shown.get("alone", "alone")
    ('Una garantía de seguridad para Corea del Norte', 'en solitario')
    """
    return {own: other for _, own, other in shown_texts(scenario, language) if own and other}


def untranslated(scenario: Any, language: str) -> tuple[str, ...]:
    """Places whose text is shown as the author wrote it, where other texts of the scenario are translated.

    Examples
    --------
    >>> from servanda.analysis import load_scenario
    >>> scenario = load_scenario("dprk-six-party").scenario
    >>> untranslated(scenario, "es"), untranslated(scenario, "en")  # it is in English: there is nothing to translate
    ((), ())
    """
    found = [(place, other) for place, own, other in shown_texts(scenario, language) if own]
    return tuple(place for place, other in found if not other) if any(other for _, other in found) else ()


def shown_texts(scenario: Any, language: str) -> Iterator[tuple[str, str, str]]:
    """Give place, the author's text, and the text in a language (empty without one), of all that a reader is shown."""
    if language not in LANGUAGES:
        what = f"'{language}' is none that a scenario can be shown in{nearest(language, LANGUAGES)}"
        raise InputError("language", [Fault("", what)])
    yield from _of(scenario, language, "", "title", "question", "horizon", "resolution")
    yield from _of(scenario.headline, language, "headline", "question")
    for name in ("assumptions", "cannot_see"):
        yield from _lists(scenario, language, name)
    for judgement in scenario.judgements:
        where = f"judgement {judgement.id}"
        yield from _of(judgement, language, where, "title", "claim", "note")
        for row in judgement.formats:
            yield from _of(row, language, f"{where}, format {row.label}", "label", "note")
        for group in judgement.together:
            yield from _of(group, language, f"{where}, {group.label}", "label")
        for case in judgement.suppose:
            yield from _of(case, language, f"{where}, suppose", "claim")


def _of(part: Any, language: str, where: str, *names: str) -> Iterator[tuple[str, str, str]]:
    table = getattr(part, language)
    for name in names:
        other = getattr(table, name) if table else ""
        yield f"{where}, {name}" if where else name, getattr(part, name), other


def _lists(scenario: Any, language: str, name: str) -> Iterator[tuple[str, str, str]]:
    table = getattr(scenario, language)
    # An assumption is its claim, or a table that holds one.
    own = [str(getattr(each, "claim", each)) for each in getattr(scenario, name)]
    other = getattr(table, name)[: len(own)] if table else []
    for place, (text, translated) in enumerate(zip_longest(own, other, fillvalue=""), start=1):
        yield f"{name}, {place}", text, translated


def text_faults(scenario: Any) -> list[Fault]:
    """List texts in other languages that cannot stand for those of the author."""
    faults = []
    for language in LANGUAGES:
        table = getattr(scenario, language)
        for name in ("assumptions", "cannot_see"):
            given, own = len(getattr(table, name)) if table else 0, len(getattr(scenario, name))
            if given and given != own:
                what = f"has {given} entries, and the scenario has {own}; give one for each, in its order"
                faults.append(Fault(f"{language}.{name}", what))
        said: dict[str, str] = {}
        for place, own, other in shown_texts(scenario, language):
            if other and said.setdefault(own, other) != other:
                what = f"'{own}' is '{other}' here and '{said[own]}' above; one text has one translation"
                faults.append(Fault(f"{place}, {language}", what))
        for judgement in scenario.judgements:
            shown: list[str] = [said.get(row.label) or row.label for row in judgement.formats]
            if len({row.label for row in judgement.formats}) < len(judgement.formats):
                continue  # they are alike as the author wrote them, which is said already
            twice = {label for label in shown if shown.count(label) > 1}
            where = f"judgement {judgement.id}, {language}"
            what = "two formats are shown as '{}'; give each its own"
            faults += [Fault(where, what.format(label)) for label in sorted(twice)]
    return faults
