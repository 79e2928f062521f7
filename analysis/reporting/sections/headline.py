"""The headline as a question that can be put again: its answer, and its change where formats are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ....models.questions.quantity import Quantity
from ..answers import Row
from ..section import Answers, Material


@dataclass(frozen=True)
class Headline:
    """Rows of the headline.

    Parameters
    ----------
    row
        The answer.
    base
        What it is compared with, if anything.
    """

    row: Row
    base: Row | None

    @property
    def change(self) -> Quantity | None:
        """The change as a question of its own; None without one, or where the rows differ by more than what is done."""
        row, base = self.row.asked, None if self.base is None else self.base.asked
        if row is None or base is None or (row.given, row.members) != (base.given, base.members):
            return None
        return replace(row, against=base.do)


def headline(material: Material, answers: Answers) -> Headline:
    """The headline's rows under the reported priors."""
    scenario = material.loaded.scenario
    judgement = scenario.headline_judgement
    rows = {row.label: row for row in answers.reported(judgement.id)}
    compared = judgement.base not in (None, scenario.headline.format)
    return Headline(rows[scenario.headline.format], rows[str(judgement.base)] if compared else None)
