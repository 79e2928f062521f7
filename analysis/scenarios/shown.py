"""What a reader is shown of a scenario in a language: its author's own words where nobody translated them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...common.errors import Fault, InputError, nearest
from .scenario import Format, Judgement, Scenario
from .texts import LANGUAGES


@dataclass(frozen=True)
class ShownFormat:
    """Texts of one row.

    Parameters
    ----------
    label, note
        As in `Format`.
    """

    label: str
    note: str


@dataclass(frozen=True)
class ShownJudgement:
    """Texts of one judgement.

    Parameters
    ----------
    title, claim, note
        As in `Judgement`.
    formats
        Label of a row, as the scenario writes it -> its texts.
    together
        Label of a row of several together, as the scenario writes it -> the label that is shown.
    suppose
        Claims of the cases that are supposed, in order.
    """

    title: str
    claim: str
    note: str
    formats: Mapping[str, ShownFormat]
    together: Mapping[str, str]
    suppose: tuple[str, ...]


@dataclass(frozen=True)
class ShownScenario:
    """Texts of a scenario in one language.

    Parameters
    ----------
    language
        Of the texts, but for those in `untranslated`.
    title, question, horizon, resolution
        As in `Scenario`.
    assumptions
        Claims of the assumptions, in order.
    judgements
        Id -> texts.
    untranslated
        Places whose text is the author's own, because the file has a table for the language and not this text; or
        ``("all",)`` where it has no table for it at all.
    """

    language: str
    title: str
    question: str
    horizon: str
    resolution: str
    assumptions: tuple[str, ...]
    judgements: Mapping[str, ShownJudgement]
    untranslated: tuple[str, ...]


def shown_texts(scenario: Scenario, language: str) -> ShownScenario:
    """Texts of a scenario in a language, each the author's own where it has none in it.

    Parameters
    ----------
    scenario
        As loaded.
    language
        One of `LANGUAGES`.

    Raises
    ------
    InputError
        If there is no such language.

    Examples
    --------
    >>> from servanda.analysis import load_scenario
    >>> shown = shown_texts(load_scenario("dprk-six-party").scenario, "es")
    >>> shown.title, shown.judgements["us-guarantee"].formats["alone"].label
    ('Una garantía de seguridad para Corea del Norte', 'en solitario')
    """
    if language not in LANGUAGES:
        what = f"'{language}' is none that a scenario can be shown in{nearest(language, LANGUAGES)}"
        raise InputError("language", [Fault("", what)])
    left: list[str] = []
    shown = _own_or_translated(scenario, language, ("title", "question", "horizon", "resolution"), "", left)
    judgements = {judgement.id: _judgement(judgement, language, left) for judgement in scenario.judgements}
    # An assumption is its claim, or a table that holds one.
    own = tuple(str(getattr(assumption, "claim", assumption)) for assumption in scenario.assumptions)
    table = getattr(scenario, language)
    assumptions = tuple(table.assumptions) if table and table.assumptions else own
    if own and assumptions is own:
        left.append("assumptions")
    untranslated = ("all",) if not _has_any(scenario, language) else tuple(left)
    return ShownScenario(language, **shown, assumptions=assumptions, judgements=judgements, untranslated=untranslated)


def _judgement(judgement: Judgement, language: str, left: list[str]) -> ShownJudgement:
    place = f"judgement {judgement.id}"
    return ShownJudgement(
        **_own_or_translated(judgement, language, ("title", "claim", "note"), place, left),
        formats={row.label: _format(row, language, place, left) for row in judgement.formats},
        together={
            group.label: _own_or_translated(group, language, ("label",), f"{place}, {group.label}", left)["label"]
            for group in judgement.together
        },
        suppose=tuple(
            _own_or_translated(case, language, ("claim",), f"{place}, suppose", left)["claim"]
            for case in judgement.suppose
        ),
    )


def _format(row: Format, language: str, place: str, left: list[str]) -> ShownFormat:
    return ShownFormat(**_own_or_translated(row, language, ("label", "note"), f"{place}, format {row.label}", left))


def _own_or_translated(part: Any, language: str, names: tuple[str, ...], place: str, left: list[str]) -> dict[str, str]:
    """Texts of a part by name; places of those that are its own though there is something to translate go to `left`."""
    table, shown = getattr(part, language), {}
    for name in names:
        own: str = getattr(part, name)
        translated: str = getattr(table, name) if table else ""
        shown[name] = translated or own
        if own and not translated:
            left.append(f"{place}, {name}".removeprefix(", "))
    return shown


def _has_any(scenario: Scenario, language: str) -> bool:
    """Whether any part of a scenario has a table for a language."""
    parts: list[Any] = [scenario]
    for judgement in scenario.judgements:
        parts += [judgement, *judgement.formats, *judgement.together, *judgement.suppose]
    return any(getattr(part, language) for part in parts)
