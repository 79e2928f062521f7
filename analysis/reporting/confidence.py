"""Confidence, apart from likelihood: what the answer rests on, part by part, each with a counted reason.

Friedman and Zeckhauser 2018 (International Studies Quarterly 62(4)), as the reference notes describe them, ask how good
the evidence is, how far reasonable opinions range, and how much news would move the answer. The parts here count that.
The cut points are the project's own and are printed with every verdict. What was not measured is poor, never good.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

GRADES = ("good", "fair", "poor")
LEVELS = {"good": "moderate", "fair": "moderate", "poor": "low"}
RULE = (
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
HELD_OUT = "held-out crises"
_SAID = {"poor": "no gain over", "fair": "a gain that may be luck over", "good": "a gain over"}


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
    reason
        What was found, with the counts behind it.
    """

    name: str
    value: float
    unit: str
    grade: str
    rule: str
    reason: str


def score_part(score: Score | None, how: str) -> Part:
    """Part on whether the network predicts held-out crises better than the base rate does.

    Parameters
    ----------
    score
        None where it was not measured.
    how
        The command that measures it.
    """
    name, rule = HELD_OUT, "good: above the base rate by 2 standard errors; fair: above it; poor: not above it"
    if score is None:
        command = f"\N{LEFT SINGLE QUOTATION MARK}{how}\N{RIGHT SINGLE QUOTATION MARK}"
        reason = f"Whether the network foretells crises it has not seen is not measured; {command} measures it."
        return Part(name, math.nan, "log score", "poor", rule, reason)
    grade = _above(score.gain, score.error)
    reason = (
        f"On {score.cases} cases of {score.crises} crises that were held out, "
        f"the network has {_SAID[grade]} the base rate: "
        f"{_signed(score.gain)} in log score a case (standard error {score.error:.3f})."
    )
    return Part(name, score.gain, "log score", grade, rule, reason)


def coverage_part(precedents: int, cases: int, unseen: Sequence[str]) -> Part:
    """Part on whether the record holds cases like the one described.

    Parameters
    ----------
    precedents
        Cases that share every described state.
    cases
        All cases.
    unseen
        Pairs of described states that no case joins, e.g. ``guarantor + restrain``.
    """
    grade = "good" if precedents >= 5 else "fair" if precedents or not unseen else "poor"
    rule = (
        "good: 5 precedents or more; fair: a precedent, or each pair of described states seen; poor: a pair never seen"
    )
    shared = f"{_of(precedents, cases)} {'shares' if precedents == 1 else 'share'} every described state"
    joined = f"; no case joins {_listed(unseen)}, so the answer extrapolates" if unseen else ""
    return Part("precedents", float(precedents), "cases", grade, rule, f"{shared}{joined}.")


def doubt_part(doubted: int, nearest: int) -> Part:
    """Part on how many of the nearest cases the coders marked doubtful."""
    rule = "good: 25 % or fewer; fair: 50 % or fewer"
    if not nearest:
        reason = "No case is near: the scenario describes no state."
        return Part("doubtful neighbours", math.nan, "share", "poor", rule, reason)
    share = doubted / nearest
    reason = f"The coders marked {doubted} of the {nearest} nearest cases doubtful."
    return Part("doubtful neighbours", share, "share", _at_most(share, 0.25, 0.5), rule, reason)


def agreement_part(agreement: Mapping[str, tuple[int, float]]) -> Part:
    """Part on how often two coders, blind to each other, code alike.

    Parameters
    ----------
    agreement
        The outcome and each described feature that was coded twice -> cases, and share coded alike; empty where the
        record was coded once.
    """
    rule = "by the least agreed of them, good: 90 % or more; fair: 80 % or more"
    found = {name: share for name, (cases, share) in agreement.items() if cases}
    if not found:
        return Part("coders", math.nan, "share", "poor", rule, "The record was coded once: agreement is not measured.")
    name, least = min(found.items(), key=lambda item: item[1])
    grade = "good" if least >= 0.9 else "fair" if least >= 0.8 else "poor"
    said = ", ".join(f"{what} {share:.0%}" for what, share in found.items())
    reason = f"Two coders agree least on {name}, in {least:.0%} of {agreement[name][0]} cases ({said})."
    return Part("coders", least, "share", grade, rule, reason)


def spread_part(lowest: tuple[str, float] | None, highest: tuple[str, float] | None, unmeasured: Sequence[str]) -> Part:
    """Part on how far the change depends on prior set, theory, reading and coder.

    Parameters
    ----------
    lowest, highest
        The choices with the lowest and the highest expected change, and that change; None where there is none.
    unmeasured
        What was not varied: one prior set tells nothing of others.
    """
    name, rule = "range of opinion", "good: 5 points or less; fair: 15 points or less; poor where one was not measured"
    missing = f"not measured over {_listed(unmeasured)}" if unmeasured else ""
    if lowest is None or highest is None:
        reason = "How far a change ranges is not measured: the scenario compares with nothing."
        return Part(name, math.nan, "points", "poor", rule, reason)
    width = highest[1] - lowest[1]
    ends = f"The expected change goes from {_points(lowest[1])} ({lowest[0]}) to {_points(highest[1])} ({highest[0]})"
    grade = "poor" if unmeasured else _at_most(width, 0.05, 0.15)
    return Part(name, width, "points", grade, rule, f"{ends} points{f'; {missing}' if missing else ''}.")


def news_part(moves: float) -> Part:
    """Part on how much one more case of the kind would move the answer, in expectation."""
    name, rule = "responsiveness to news", "good: 2 points or less; fair: 5 points or less"
    if math.isnan(moves):
        return Part(name, moves, "points", "poor", rule, "What one more case would change is not measured.")
    reason = f"One more case of this kind moves the answer by {100 * moves:.0f} points in expectation."
    return Part(name, moves, "points", _at_most(moves, 0.02, 0.05), rule, reason)


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
        ``level`` (low or moderate), ``parts`` (the worst first), ``reason``, ``rule``; ``questions``, for each of the
        two its ``question``, its ``level`` by the parts with its own gain in place of that on all states, and the
        ``reason``; empty without a score.

    Examples
    --------
    >>> confidence([news_part(0.01), doubt_part(6, 8)])["reason"]
    'doubtful neighbours is poor'
    """
    ordered = sorted(parts, key=lambda part: -GRADES.index(part.grade))
    worst = ordered[0].grade
    return {
        "level": LEVELS[worst],
        "parts": [asdict(part) for part in ordered],
        "reason": "; ".join(f"{part.name} is {part.grade}" for part in ordered if part.grade == worst),
        "rule": RULE,
        "questions": [] if score is None else [*_by_question(parts, score)],
    }


def _by_question(parts: Sequence[Part], score: Score) -> Iterator[dict[str, str]]:
    others = [part.grade for part in parts if part.name != HELD_OUT]
    asked = (
        ("broken or not", score.broken_gain, score.broken_error),
        ("kept in full or not", score.full_gain, score.full_error),
    )
    for question, gain, error in asked:
        own = _above(gain, error)
        worst = max((own, *others), key=GRADES.index)
        said = f"held-out crises show {_SAID[own]} the base rate, {_signed(gain)} (standard error {error:.3f})"
        yield {"question": question, "level": LEVELS[worst], "reason": said}


def _above(gain: float, error: float) -> str:
    return "poor" if not gain > 0 else "fair" if gain < 2 * error else "good"


def _at_most(value: float, good: float, fair: float) -> str:
    return "good" if value <= good else "fair" if value <= fair else "poor"


def _of(part: int, whole: int) -> str:
    return f"{part or 'None'} of {whole} cases" if part != 1 else f"One of {whole} cases"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _signed(x: float) -> str:
    return f"{x:+.3f}".replace("-", "\N{MINUS SIGN}")


def _points(x: float) -> str:
    rounded = f"{100 * x:+.0f}".replace("-", "\N{MINUS SIGN}")
    return "0" if rounded[1:] == "0" else rounded
