"""The judgements of a scenario as quantities that can be asked of any posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...record.files.dates import as_day
from ..reporting.answers import quantity_of

if TYPE_CHECKING:
    import pandas as pd

    from ..queries.quantity import Quantity
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
