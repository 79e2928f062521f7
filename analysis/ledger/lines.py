"""Lines of a ledger: a judgement as it was issued, and what it came to.

Each line is a JSON object. It holds the hash of the line before it and a hash of its own, so that a line that is
changed, taken out or put in later is noticed, and can be named.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from ...common.json_values import to_json

#: State of a judgement that came to no test: it is closed, and not scored.
VOID = "void"
#: What stands for the line before the first.
NOTHING = "0" * 64
#: How far from one probabilities may add up.
_ROUNDING = 1e-6

Probability = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Issued(_Line):
    """A judgement as it was issued.

    Parameters
    ----------
    id
        Day of issue and a running number: ``2026-01-31.2``.
    issued
        Day of issue.
    scenario, judgement, row
        Where it stands: scenario, id of the judgement, label of its row.
    claim
        What it is the probability of.
    as_of
        What was known, by this date.
    horizon, resolution
        Until when the event counts, and what decides whether it happened, in the words of the scenario.
    outcomes
        Every state that the outcome can take -> its probability.
    states
        Those in which the claim holds.
    base_rate
        Every state -> its share of the record's cases on the day of issue; None where the record has none.
    lower, upper
        Ends of the credible interval of the probability of the claim.
    confidence
        Level of confidence in the report's answer.
    inputs, report
        Hashes (SHA-256) of what the report was made from, and of its ``report.json``.
    """

    kind: Literal["issued"] = "issued"
    id: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}\.\d+$")
    issued: dt.date
    scenario: str
    judgement: str
    row: str
    claim: str
    as_of: str
    horizon: str
    resolution: str
    outcomes: dict[str, Probability] = Field(min_length=2)
    states: list[str] = Field(min_length=1)
    base_rate: dict[str, Probability] | None = None
    lower: Probability
    upper: Probability
    confidence: str
    inputs: Sha256 | None = None
    report: Sha256

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for name, shares in (("outcomes", self.outcomes), ("base_rate", self.base_rate or {"": 1.0})):
            if abs(sum(shares.values()) - 1) > _ROUNDING:
                raise ValueError(f"{name} add up to {sum(shares.values()):.6g}, not to 1")
        if unknown := [state for state in self.states if state not in self.outcomes]:
            raise ValueError(f"states {unknown} are none of the outcomes {[*self.outcomes]}")
        if self.base_rate is not None and self.base_rate.keys() != self.outcomes.keys():
            raise ValueError("base_rate speaks of other states than outcomes")
        return self

    @property
    def probability(self) -> float:
        """Probability of the claim."""
        return sum(self.outcomes[state] for state in self.states)

    @property
    def base(self) -> float | None:
        """Share of the record's cases in which such a claim held, on the day of issue."""
        return None if self.base_rate is None else sum(self.base_rate[state] for state in self.states)


class Resolved(_Line):
    """What a judgement came to.

    Parameters
    ----------
    id
        Of the judgement.
    state
        The state that came true, or ``void`` where it came to no test.
    on
        Day on which that was settled.
    note
        Who says so, or why.
    corrects
        Whether it takes the place of an earlier resolution of the same judgement.
    """

    kind: Literal["resolved"] = "resolved"
    id: str
    state: str
    on: dt.date
    note: str = ""
    corrects: bool = False


Entry = Annotated[Issued | Resolved, Field(discriminator="kind")]
ENTRY: TypeAdapter[Issued | Resolved] = TypeAdapter(Entry)


def line_hash(before: str, content: Mapping[str, Any]) -> str:
    """Hash of a line: SHA-256 over the hash of the line before it and its own content.

    Parameters
    ----------
    before
        Hash of the line before it, `NOTHING` for the first.
    content
        The line without its two hashes.

    Examples
    --------
    >>> line_hash(NOTHING, {"a": 1})[:12] == line_hash(NOTHING, {"a": 2})[:12]
    False
    """
    return hashlib.sha256(f"{before}\n{to_json(content, sort_keys=True)}".encode()).hexdigest()


def written(entry: Issued | Resolved, before: str) -> tuple[str, str]:
    """A line as the file holds it, and its hash."""
    content = entry.model_dump(mode="json")
    own = line_hash(before, content)
    return to_json({**content, "before": before, "hash": own}, ensure_ascii=False), own
