"""Confidence, apart from likelihood: what the answer rests on, part by part, each with a counted reason.

Friedman and Zeckhauser 2018 (International Studies Quarterly 62(4)), as the reference notes describe them, ask how good
the evidence is, how far reasonable opinions range, and how much news would move the answer. The parts here count that.
The cut points are the project's own and are printed with every verdict. What was not measured is poor, never good. A
part holds what was counted; `servanda.analysis.reporting.reasons` says it in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from .document.language import N_

GRADES = ("good", "fair", "poor")
LEVELS = {"good": N_("moderate"), "fair": N_("moderate"), "poor": N_("low")}
RULE = N_(
    "The worst part decides: poor gives low, anything better gives moderate. What was not measured is poor. "
    "'High' is left to an analyst who signs for it."
)


class Score(Protocol):
    """How a network predicts held-out crises; see `servanda.analysis.evaluation`."""

    @property
    def gain(self) -> float:
        """Log score a case above the base rate."""
        ...

    @property
    def error(self) -> float:
        """Standard error of the gain, by crisis."""
        ...

    @property
    def broken_gain(self) -> float:
        """The gain on broken or not."""
        ...

    @property
    def broken_error(self) -> float:
        """Standard error of that gain."""
        ...

    @property
    def full_gain(self) -> float:
        """The gain on kept in full or not."""
        ...

    @property
    def full_error(self) -> float:
        """Standard error of that gain."""
        ...

    @property
    def cases(self) -> int:
        """How many cases were held out."""
        ...

    @property
    def crises(self) -> int:
        """In how many crises."""
        ...


#: Name of the part on held-out crises.
HELD_OUT = N_("held-out crises")


@dataclass(frozen=True)
class Part:
    """One part of confidence.

    Parameters
    ----------
    name
        What is graded.
    value
        What was computed, NaN where it was not measured.
    unit
        ``share``, ``points`` (of probability), ``cases``, or ``log score``.
    grade
        One of `GRADES`.
    rule
        Limits of the grades, as they were applied.
    facts
        The counts behind it, by name.
    """

    name: str
    value: float
    unit: str
    grade: str
    rule: str
    facts: Mapping[str, Any]


def score_part(score: Score | None, how: str) -> Part:
    """Part on whether the network predicts held-out crises better than the base rate does.

    Parameters
    ----------
    score
        None where it was not measured.
    how
        The command that measures it.
    """
    rule = N_("good: above the base rate by 2 standard errors; fair: above it; poor: not above it")
    if score is None:
        return Part(HELD_OUT, math.nan, "log score", "poor", rule, {"how": how})
    facts = {"cases": score.cases, "crises": score.crises, "gain": score.gain, "error": score.error}
    return Part(HELD_OUT, score.gain, "log score", _above(score.gain, score.error), rule, facts)


def coverage_part(precedents: int, cases: int, unseen: Sequence[Sequence[Mapping[str, str]]]) -> Part:
    """Part on whether the record holds cases like the one described.

    Parameters
    ----------
    precedents
        Cases that share every described state.
    cases
        All cases.
    unseen
        Pairs of described states, each with ``node`` and ``state``, that no case joins.
    """
    grade = "good" if precedents >= 5 else "fair" if precedents or not unseen else "poor"
    rule = N_(
        "good: 5 precedents or more; fair: a precedent, or each pair of described states seen; poor: a pair never seen"
    )
    facts = {"precedents": precedents, "cases": cases, "unseen": [[dict(one) for one in pair] for pair in unseen]}
    return Part(N_("precedents"), float(precedents), "cases", grade, rule, facts)


def doubt_part(doubted: int, nearest: int) -> Part:
    """Part on how many of the nearest cases the coders marked doubtful."""
    rule = N_("good: 25 % or fewer; fair: 50 % or fewer")
    share = doubted / nearest if nearest else math.nan
    grade = _at_most(share, 0.25, 0.5)
    return Part(N_("doubtful neighbours"), share, "share", grade, rule, {"doubted": doubted, "nearest": nearest})


def agreement_part(agreement: Mapping[str, tuple[int, float]]) -> Part:
    """Part on how often two coders, blind to each other, code alike.

    Parameters
    ----------
    agreement
        The outcome and each described feature that was coded twice -> cases, and share coded alike; empty where the
        record was coded once.
    """
    rule = N_("by the least agreed of them, good: 90 % or more; fair: 80 % or more")
    found = {name: share for name, (cases, share) in agreement.items() if cases}
    if not found:
        return Part(N_("coders"), math.nan, "share", "poor", rule, {"shares": {}})
    name, least = min(found.items(), key=lambda item: item[1])
    grade = "good" if least >= 0.9 else "fair" if least >= 0.8 else "poor"
    facts = {"least": name, "cases": agreement[name][0], "shares": found}
    return Part(N_("coders"), least, "share", grade, rule, facts)


def spread_part(
    lowest: tuple[str, str, float] | None, highest: tuple[str, str, float] | None, unmeasured: Sequence[str]
) -> Part:
    """Part on how far the change depends on prior set, theory, reading and coder.

    Parameters
    ----------
    lowest, highest
        Kind and name of the choices with the lowest and the highest expected change, and that change; None where there
        is none.
    unmeasured
        What was not varied: one prior set tells nothing of others.
    """
    rule = N_("good: 5 points or less; fair: 15 points or less; poor where one was not measured")
    facts: dict[str, Any] = {"unmeasured": [*unmeasured]}
    if lowest is None or highest is None:
        return Part(N_("range of opinion"), math.nan, "points", "poor", rule, facts)
    width = highest[2] - lowest[2]
    ends = {"lowest": lowest, "highest": highest}
    facts |= {end: dict(zip(("kind", "name", "change"), found, strict=True)) for end, found in ends.items()}
    grade = "poor" if unmeasured else _at_most(width, 0.05, 0.15)
    return Part(N_("range of opinion"), width, "points", grade, rule, facts)


def news_part(moves: float) -> Part:
    """Part on how much one more case of the kind would move the answer, in expectation."""
    rule = N_("good: 2 points or less; fair: 5 points or less")
    return Part(N_("responsiveness to news"), moves, "points", _at_most(moves, 0.02, 0.05), rule, {"moves": moves})


def confidence(parts: Sequence[Part], score: Score | None = None) -> dict[str, Any]:
    """Grade by the worst part. High is never given by rule alone.

    Parameters
    ----------
    score
        How the network foretells *broken or not* and *kept in full or not*: two questions, which it need not answer
        equally well. None where it was not measured.

    Returns
    -------
    dict
        ``level`` (low or moderate), ``parts`` (the worst first), ``rule``; ``questions``, for each of the two its
        ``question``, its ``level`` by the parts with its own gain in place of that on all states, and the ``gain`` with
        its ``error``; empty without a score.

    Examples
    --------
    >>> found = confidence([news_part(0.01), doubt_part(6, 8)])
    >>> found["level"], [(part["name"], part["grade"]) for part in found["parts"]]
    ('low', [('doubtful neighbours', 'poor'), ('responsiveness to news', 'good')])
    """
    ordered = sorted(parts, key=lambda part: -GRADES.index(part.grade))
    return {
        "level": LEVELS[ordered[0].grade],
        "parts": [asdict(part) for part in ordered],
        "rule": RULE,
        "questions": [] if score is None else [*_by_question(parts, score)],
    }


def _by_question(parts: Sequence[Part], score: Score) -> Iterator[dict[str, Any]]:
    others = [part.grade for part in parts if part.name != HELD_OUT]
    asked = (
        (N_("broken or not"), score.broken_gain, score.broken_error),
        (N_("kept in full or not"), score.full_gain, score.full_error),
    )
    for question, gain, error in asked:
        worst = max((_above(gain, error), *others), key=GRADES.index)
        yield {"question": question, "level": LEVELS[worst], "gain": gain, "error": error}


def _above(gain: float, error: float) -> str:
    return "poor" if not gain > 0 else "fair" if gain < 2 * error else "good"


def _at_most(value: float, good: float, fair: float) -> str:
    # What was not computed is as bad as can be.
    return "good" if value <= good else "fair" if value <= fair else "poor"
