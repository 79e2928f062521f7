"""Numbers, dates and claims as sentences and cells of a report say them; nothing is computed here but rounding."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..figures.percent import percent, span

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
#: How a judgement opens; what is not listed takes ``it is``.
OPENINGS = {
    "roughly even chance": "there is a",
    "almost no chance": "there is",
    "less than 1 in 100": "the chance is",
    "more than 99 in 100": "the chance is",
}
#: A label that begins so continues the claim; any other is set off by a comma.
CONTINUES = ("with ", "without ", "under ", "after ", "if ", "when ", "by ", "as ", "in ")


def clause(claim: str, label: str) -> str:
    """Join a claim and the format it is judged in.

    A label that begins with a capital names who acts and comes first; others follow.

    Examples
    --------
    >>> clause("France keeps its promise", "with two allies")
    'France keeps its promise with two allies'
    >>> clause("France keeps its promise", "alone"), clause("keeps its promise", "France")
    ('France keeps its promise, alone', 'France keeps its promise')
    """
    claim = claim.strip().rstrip(".")
    if label[:1].isupper():
        return f"{label} {claim}"
    return f"{claim}{' ' if label.startswith(CONTINUES) else ', '}{label}"


def opening(word: str) -> str:
    """Say what goes before a likelihood word.

    Examples
    --------
    >>> opening("likely"), opening("roughly even chance")
    ('it is', 'there is a')
    """
    return OPENINGS.get(word, "it is")


def points(x: float) -> str:
    r"""Say a difference of probabilities in percentage points, with its sign.

    Examples
    --------
    >>> points(0.05), points(0.001), points(-0.08) == "\N{MINUS SIGN}8"
    ('+5', '0', True)
    """
    if math.isnan(x):
        return "not computed"
    rounded = f"{100 * x:+.0f}".replace("-", "\N{MINUS SIGN}")
    return "0" if rounded[1:] == "0" else rounded


def points_span(lower: float, upper: float) -> str:
    """Say an interval of differences in percentage points.

    Examples
    --------
    >>> points_span(0.02, 0.21)
    '+2 to +21'
    """
    return f"{points(lower)} to {points(upper)}"


def complement(x: float) -> str:
    r"""Say the probability that it does not happen, so that both add up as printed.

    Examples
    --------
    >>> complement(0.425), complement(0.999)
    ('58\xa0%', '<1\xa0%')
    """
    rounded = round(100 * x)
    return percent((100 - rounded) / 100) if 0 < rounded < 100 else percent(1 - x)


def day(date: str) -> str:
    """Say an ISO date in words; what is not one stays as it is.

    Examples
    --------
    >>> day("2019-04-25"), day("1998-03"), day("1914")
    ('25 April 2019', 'March 1998', '1914')
    """
    parts = date.split("-")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts) or not 1 <= int(parts[1]) <= 12:
        return date
    named = [MONTHS[int(parts[1]) - 1], parts[0]]
    return " ".join([str(int(parts[2])), *named] if len(parts) == 3 else named)


def figure(value: object) -> str:
    """Say a diagnostic, a count or a setting.

    Examples
    --------
    >>> figure(5012.3), figure(1.0011), figure(4000), figure(0.0), figure(["a", "b"])
    ('5,012', '1.001', '4,000', '0', 'a, b')
    """
    if isinstance(value, list | tuple):
        return ", ".join(figure(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float) and math.isnan(value):
        return "not computed"
    whole = abs(value) >= 100 or value == int(value)
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def measured(value: float | None, places: int) -> str:
    """Say a number to so many places, or that it could not be computed.

    Examples
    --------
    >>> measured(1.005, 1), measured(None, 1), measured(float("-inf"), 1)
    ('1.0', '-', '-')
    """
    return "-" if value is None or not math.isfinite(value) else f"{value:.{places}f}"


def plain(state: object) -> str:
    """Say a state or a node without underscores.

    Examples
    --------
    >>> plain("treaty_ratified")
    'treaty ratified'
    """
    return str(state).replace("_", " ")


def nice(text: str) -> str:
    r"""Set a range and a per cent sign as print does.

    Examples
    --------
    >>> nice("55-80 %") == "55\N{EN DASH}80\N{NO-BREAK SPACE}%"
    True
    """
    return re.sub(r"(\d)-(\d)", "\\1\N{EN DASH}\\2", text).replace(" %", "\N{NO-BREAK SPACE}%")


def brief(gate: Mapping[str, Any]) -> str:
    """Shorten a failed check that is shown beside its own number.

    Examples
    --------
    >>> brief({"name": "bulk ESS of P(Russia (alone); a; b)", "value": 262.0, "limit": "400 or more"})
    'bulk ESS 262, asked 400 or more'
    """
    return f"{re.sub(r' of P[(].*[)]$', '', gate['name'])} {figure(gate['value'])}, asked {gate['limit']}"


#: Unit of a part of confidence -> how its value is written.
_UNITS: Mapping[str, Callable[[float], str]] = {
    "share": percent,
    "points": lambda x: f"{100 * x:.0f} points",
    "cases": lambda x: f"{x:.0f}",
    "log score": lambda x: f"{x:+.3f}".replace("-", "\N{MINUS SIGN}"),
}


def part_value(part: Mapping[str, Any]) -> str:
    """Say what was computed for a part of confidence, in its own unit.

    Examples
    --------
    >>> part_value({"unit": "points", "value": 0.076}), part_value({"unit": "share", "value": float("nan")})
    ('8 points', 'not measured')
    """
    value = part["value"]
    # JSON, which has no NaN, holds null of what was not measured.
    return "not measured" if value is None or math.isnan(value) else _UNITS[part["unit"]](value)


#: What templates may call on a value.
FILTERS: Mapping[str, Callable[..., Any]] = {
    "brief": brief,
    "complement": complement,
    "day": day,
    "figure": figure,
    "measured": measured,
    "nice": nice,
    "opening": opening,
    "part_value": part_value,
    "percent": percent,
    "plain": plain,
    "points": points,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {"clause": clause, "points_span": points_span, "span": span}
