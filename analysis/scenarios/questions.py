"""The judgements of a scenario as quantities that can be asked of any posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...models.network.network import Network
from ...models.questions.quantity import Quantity, chance_of
from ...record import past_defections_of
from ...record.files.dates import as_day
from .scenario import AS_RECORDED, Format, Judgement, Loaded

if TYPE_CHECKING:
    import pandas as pd


def scenario_questions(loaded: Loaded, cases: pd.DataFrame) -> tuple[dict[str, Quantity], list[str]]:
    """Quantities that the rows of a scenario's judgements ask for.

    Parameters
    ----------
    loaded
        From `servanda.analysis.load_scenario`.
    cases
        The record as of its date, for counts of past defections.

    Returns
    -------
    questions
        Label -> quantity.
    left_out
        Rows that cannot be asked alone: they rest on a supposed case, or add up others.
    """
    year = as_day(loaded.scenario.as_of).year
    questions, left_out = {}, []
    for judgement in loaded.scenario.judgements:
        left_out += [f"{judgement.title}, {group.label}" for group in judgement.together]
        for row in judgement.formats:
            label = f"{judgement.title}, {row.label}"
            if judgement.suppose:
                left_out.append(label)
                continue
            questions[label] = quantity_of(loaded.network, judgement, row, cases, year)
    return questions, left_out


def quantity_of(network: Network, judgement: Judgement, row: Format, cases: pd.DataFrame, year: int) -> Quantity:
    """Quantity that a row of a judgement asks for, counts of past defections filled in."""
    actor = row.actor or judgement.actor
    given = with_past_defections({**judgement.given, **row.given}, actor, cases, year)
    members: dict[str, Any] = {"actor": actor} if actor and "actor" in network.group_columns else {}
    return chance_of(judgement.node, judgement.states, given, row.do, **members)


def with_past_defections(given: Mapping[str, Any], actor: str | None, cases: pd.DataFrame, year: int) -> dict[str, Any]:
    """Described case with counts of past defections filled in; where the record is silent the node is left open."""
    filled = dict(given)
    if filled.get("past_defections") == AS_RECORDED:
        count = past_defections_of(cases, actor, year) if actor else None
        if count is None:
            del filled["past_defections"]
        else:
            filled["past_defections"] = count
    return filled
