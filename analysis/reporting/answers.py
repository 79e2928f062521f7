"""The answers of a scenario: draws of the probability of every judged event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...models.posterior import Posterior
from ...record.files.dates import as_day
from ..queries.probability import probability
from ..queries.suppose import redraw_unseen, suppose
from ..scenarios.questions import quantity_of, with_past_defections
from ..scenarios.scenario import Format, Judgement, Scenario, Supposed
from ..summaries.summary import Summary, summarise

if TYPE_CHECKING:
    import pandas as pd

#: How the members of a collective add up, from draws of each member's probability.
RULES = {
    "any": lambda parts: 1 - np.prod([1 - part for part in parts], axis=0),
    "all": lambda parts: np.prod(parts, axis=0),
}


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
    """

    label: str
    draws: xr.DataArray
    given: Mapping[str, Any]
    do: Mapping[str, Any]
    actor: str | None
    posterior: Posterior | None

    @cached_property
    def summary(self) -> Summary:
        """Mean, interval and diagnostics of the draws."""
        return summarise(self.draws)


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
    rows = [_row(posterior, judgement, format_, cases, year) for format_ in judgement.formats]
    by_label = {row.label: row for row in rows}
    for group in judgement.together:
        draws = [by_label[label].draws for label in group.of]
        together = draws[0].copy(data=RULES[group.rule]([part.values for part in draws]))
        rows.append(Row(group.label, together, {}, {}, None, None))
    return tuple(rows)


def next_case_moves(row: Row, judgement: Judgement, seed: int) -> float:
    """Expected absolute change of the mean answer once one more case of the kind is seen.

    The next case is the same actor's under another guarantee: its outcome teaches about the parameters, not
    about the effect of this guarantee. Expected over its outcomes, by reweighting the draws.
    """
    if row.posterior is None:
        return float("nan")
    other = redraw_unseen(row.posterior, "guarantee", seed)
    members: dict[str, Any] = {"actor": row.actor} if "actor" in row.posterior.members else {}
    outcome = probability(other, judgement.node, row.given, row.do, **members)
    p = row.draws.values
    moved = 0.0
    for state in outcome.coords[judgement.node].values:
        weight = outcome.sel({judgement.node: state}).values
        moved += weight.mean() * abs((p * weight).mean() / weight.mean() - p.mean())
    return float(moved)


def _row(posterior: Posterior, judgement: Judgement, row: Format, cases: pd.DataFrame, year: int) -> Row:
    asked = quantity_of(posterior.network, judgement, row, cases, year)
    actor = row.actor or judgement.actor
    return Row(row.label, asked.draws(posterior), asked.given, asked.do, actor, posterior)


def _supposing(posterior: Posterior, case: Supposed, cases: pd.DataFrame, year: int, seed: int) -> Posterior:
    given = with_past_defections(case.given, case.actor, cases, year)
    members: dict[str, Any] = {"actor": case.actor} if "actor" in posterior.members else {}
    return suppose(posterior, case.seen, given, case.do, seed=seed, **members)
