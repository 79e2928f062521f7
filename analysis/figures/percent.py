"""Probabilities in whole per cent, as figures and pages print them; 0 and 100 are never said of what is uncertain."""

from __future__ import annotations

import math


def percent(x: float, *, exact: bool = False) -> str:
    r"""Probability in whole per cent, as text.

    Parameters
    ----------
    x
        In [0, 1].
    exact
        Whether 0 and 1 are meant as such, rather than rounded.

    Examples
    --------
    >>> percent(0.59), percent(0.001), percent(0.999), percent(float("nan"))
    ('59\xa0%', '<1\xa0%', '>99\xa0%', 'not computed')
    """
    if math.isnan(x):
        return "not computed"
    return f"{_whole(x, exact=exact)}\N{NO-BREAK SPACE}%"


def span(lower: float, upper: float) -> str:
    r"""Interval of probabilities in whole per cent, as text.

    Examples
    --------
    >>> span(0.001, 0.91) == "<1\N{EN DASH}91\N{NO-BREAK SPACE}%"
    True
    """
    if math.isnan(lower) or math.isnan(upper):
        return "not computed"
    return f"{_whole(lower)}\N{EN DASH}{_whole(upper)}\N{NO-BREAK SPACE}%"


def points(x: float) -> str:
    r"""Difference of probabilities in whole percentage points with its sign, as text.

    Examples
    --------
    >>> points(0.05), points(0.001), points(-0.08) == "\N{MINUS SIGN}8"
    ('+5', '0', True)
    """
    rounded = f"{100 * x:+.0f}".replace("-", "\N{MINUS SIGN}")
    return "0" if rounded[1:] == "0" else rounded


def _whole(x: float, *, exact: bool = False) -> str:
    rounded = f"{100 * x:.0f}"
    if exact:
        return rounded
    return {"0": "<1", "100": ">99"}.get(rounded, rounded)
