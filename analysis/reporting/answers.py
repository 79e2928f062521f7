"""The answers of a scenario: draws of the probability of every judged event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity
from ...record.files.dates import as_day
from ..queries.collective import at_least, together
from ..queries.outcomes import Outcomes, outcomes
from ..queries.suppose import suppose
from ..scenarios.questions import quantity_of, with_past_defections
from ..scenarios.scenario import Format, Judgement, Scenario, Supposed
from ..sensitivity.value_of_information import more_cases
from ..summaries.summary import Summary, summarise

if TYPE_CHECKING:
    import pandas as pd

#: How many of so many members must act.
RULES = {"any": lambda members: 1, "all": lambda members: members}  # noqa: ARG005


@dataclass(frozen=True)
class Row:
    """One judged event.

    Parameters
    ----------
    label
        Its name in the judgement.
    draws
        Its probability, dims (chain, draw).
    given, do
        The described case in full, counts of past defections filled in.
    actor
        Who acts, or None for one not seen.
    posterior
        What the question was put to (conditioned on what the judgement supposes); None for collectives.
    asked
        What was asked; None for collectives.
    """

    label: str
    draws: xr.DataArray
    given: Mapping[str, Any]
    do: Mapping[str, Any]
    actor: str | None
    posterior: Posterior | None
    asked: Quantity | None = None

    @cached_property
    def summary(self) -> Summary:
        """Mean, interval and diagnostics of the draws."""
        return summarise(self.draws)

    @cached_property
    def outcomes(self) -> Outcomes | None:
        """All outcomes of the case, on average and of single cases; None for collectives."""
        if self.asked is None or self.posterior is None:
            return None
        return outcomes(self.posterior, self.asked.target, self.asked.given, self.asked.do, **self.asked.members)


def judged(posterior: Posterior, scenario: Scenario, judgement: Judgement, cases: pd.DataFrame) -> tuple[Row, ...]:
    """Answer one judgement, format by format and together.

    Parameters
    ----------
    posterior
        Fitted under one prior set.
    cases
        The record as of the scenario's date, for the counts of past defections.
    """
    year = as_day(scenario.as_of).year
    for number, supposed in enumerate(judgement.suppose):
        posterior = _supposing(posterior, supposed, cases, year, scenario.seed + number)
    asked = {row.label: quantity_of(posterior.network, judgement, row, cases, year) for row in judgement.formats}
    rows = [_row(posterior, judgement, row, asked[row.label]) for row in judgement.formats]
    # Groups of the same members, such as any and all of them, ask of the same numbers.
    members = {tuple(group.of) for group in judgement.together}
    numbers = {of: together(posterior, [asked[label] for label in of]) for of in members}
    for group in judgement.together:
        draws = at_least(numbers[tuple(group.of)], "acting", RULES[group.rule](len(group.of)))
        rows.append(Row(group.label, draws, {}, {}, None, None))
    return tuple(rows)


def next_case_moves(row: Row) -> float:
    """Expected absolute change of the mean answer once one more case of the kind is coded; NaN of collectives."""
    if row.posterior is None or row.asked is None:
        return float("nan")
    return more_cases(row.posterior, row.asked, (1,), seed=0, progress=False)[0].expected_move


def _row(posterior: Posterior, judgement: Judgement, row: Format, asked: Quantity) -> Row:
    actor = row.actor or judgement.actor
    return Row(row.label, asked.draws(posterior), asked.given, asked.do, actor, posterior, asked)


def _supposing(posterior: Posterior, case: Supposed, cases: pd.DataFrame, year: int, seed: int) -> Posterior:
    given = with_past_defections(case.given, case.actor, cases, year)
    members: dict[str, Any] = {"actor": case.actor} if "actor" in posterior.members else {}
    return suppose(posterior, case.seen, given, case.do, seed=seed, **members)
