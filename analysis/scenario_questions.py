"""The judgements of a scenario as quantities that can be asked of any posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..record.dates import as_day
from .quantity import Quantity, chance_of
from .reporting.answers import described

if TYPE_CHECKING:
    import pandas as pd

    from .scenario import Loaded


def scenario_questions(loaded: Loaded, cases: pd.DataFrame) -> tuple[dict[str, Quantity], list[str]]:
    """Give every row of a scenario's judgements as a quantity.

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
    groups = loaded.network.group_columns
    questions, left_out = {}, []
    for judgement in loaded.scenario.judgements:
        left_out += [f"{judgement.title}, {group.label}" for group in judgement.together]
        for row in judgement.formats:
            label = f"{judgement.title}, {row.label}"
            if judgement.suppose:
                left_out.append(label)
                continue
            actor = row.actor or judgement.actor
            given = described({**judgement.given, **row.given}, actor, cases, year)
            members: dict[str, Any] = {"actor": actor} if "actor" in groups and actor else {}
            questions[label] = chance_of(judgement.node, judgement.states, given, row.do, **members)
    return questions, left_out
