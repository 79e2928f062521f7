"""Texts of a scenario in other languages than its author's: only shown, never a key."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

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
    assumptions
        As many as the scenario has, in its order.
    """

    title: str = ""
    question: str = ""
    horizon: str = ""
    resolution: str = ""
    assumptions: list[str] = []


class JudgementTexts(_Texts):
    """Texts of a judgement in this language.

    Parameters
    ----------
    title, claim, note
        As in the judgement.
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
