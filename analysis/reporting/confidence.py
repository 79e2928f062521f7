"""Confidence, apart from likelihood: how good the evidence is, how far opinions range, how much news would move it.

The three parts are those of Friedman and Zeckhauser 2018 (International Studies Quarterly 62(4)), as the reference
notes describe them; the cut points are the project's own and are printed with every verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GRADES = ("good", "fair", "poor")
LEVELS = {"good": "moderate", "fair": "moderate", "poor": "low"}


@dataclass(frozen=True)
class Part:
    """One part of confidence.

    Parameters
    ----------
    name
        reliability, range of opinion, or responsiveness.
    value
        What was computed.
    good, fair
        Limits of the two better grades.
    higher_is_better
        Which way the limits run.
    meaning
        What the value is, for the reader.
    unit
        ``share``, or ``points`` (of probability).
    """

    name: str
    value: float
    good: float
    fair: float
    higher_is_better: bool
    meaning: str
    unit: str = "points"

    @property
    def grade(self) -> str:
        """Good, fair or poor.

        Examples
        --------
        >>> Part("responsiveness", 0.03, 0.02, 0.05, False, "").grade
        'fair'
        """
        sign = 1 if self.higher_is_better else -1
        for grade, limit in (("good", self.good), ("fair", self.fair)):
            if sign * self.value >= sign * limit:
                return grade
        return "poor"

    def as_dict(self) -> dict[str, Any]:
        """Give everything for the report."""
        relation = "at least" if self.higher_is_better else "at most"
        return {
            "name": self.name,
            "value": self.value,
            "grade": self.grade,
            "good": self.good,
            "fair": self.fair,
            "relation": relation,
            "unit": self.unit,
            "meaning": self.meaning,
        }


def confidence(agreement: float | None, opinions: list[float], moves: float) -> dict[str, Any]:
    """Grade the three parts; the worst decides. High is never given by rule alone.

    Parameters
    ----------
    agreement
        Share of cases whose outcome two coders, blind to each other, code alike; None if coded once.
    opinions
        The answer under each prior set.
    moves
        Expected absolute change of the answer once one more case of its kind is seen.

    Returns
    -------
    dict
        ``level`` (low or moderate), ``parts``, ``reason``, ``rule``.
    """
    parts = [
        Part(
            "reliability of the evidence",
            agreement if agreement is not None else 0.0,
            0.9,
            0.8,
            higher_is_better=True,
            meaning="share of blind cases whose outcome both coders code alike"
            + ("" if agreement is not None else " (the record was coded once: counted as 0)"),
            unit="share",
        ),
        Part(
            "range of opinion",
            max(opinions) - min(opinions),
            0.05,
            0.15,
            higher_is_better=False,
            meaning="distance between the highest and the lowest answer under the prior sets compared",
        ),
        Part(
            "responsiveness to news",
            moves,
            0.02,
            0.05,
            higher_is_better=False,
            meaning="expected change of the answer once one more case of this kind is seen",
        ),
    ]
    worst = max(parts, key=lambda part: GRADES.index(part.grade))
    return {
        "level": LEVELS[worst.grade],
        "parts": [part.as_dict() for part in parts],
        "reason": "; ".join(f"{part.name} is {part.grade}" for part in parts if part.grade == worst.grade),
        "rule": "The worst of the three parts decides: poor gives low, anything better gives moderate. "
        "'High' is left to an analyst who signs for it.",
    }
