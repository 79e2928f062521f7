"""Dates that may be known only to the month or the year."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import lru_cache

from ...common.errors import Fault, InputError

_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")

EXPECTED = "YYYY, YYYY-MM or YYYY-MM-DD"


# A file says few dates, in many rows.
@lru_cache(maxsize=1 << 16)
def span(text: str) -> tuple[dt.date, dt.date]:
    """First and last day that a partial date may mean.

    Parameters
    ----------
    text
        ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, years 0001 to 9999.

    Returns
    -------
    tuple of datetime.date
        The earliest and the latest day; the same day twice when `text` names a day.

    Raises
    ------
    ValueError
        If `text` has another form or the calendar has no such date.

    Examples
    --------
    >>> span("2020-02")
    (datetime.date(2020, 2, 1), datetime.date(2020, 2, 29))
    """
    match = _PARTIAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date of the form {EXPECTED}")
    year, month, day = (int(part) if part else None for part in match.groups())
    last_month = 12 if month is None else month
    try:
        first = dt.date(year or 0, 1 if month is None else month, 1 if day is None else day)
        last_day = calendar.monthrange(first.year, last_month)[1] if day is None else day
        last = dt.date(first.year, last_month, last_day)
    except ValueError:
        raise ValueError(f"{text!r} is not a date of the calendar") from None
    return first, last


def earliest(text: str) -> dt.date:
    """First day that a partial date may mean.

    Parameters
    ----------
    text
        A partial date, see `span`.

    Returns
    -------
    datetime.date
        The first day.

    Raises
    ------
    ValueError
        If `text` is no date.

    Examples
    --------
    >>> earliest("1914")
    datetime.date(1914, 1, 1)
    """
    return span(text)[0]


def latest(text: str) -> dt.date:
    """Last day that a partial date may mean.

    Parameters
    ----------
    text
        A partial date, see `span`.

    Returns
    -------
    datetime.date
        The last day.

    Raises
    ------
    ValueError
        If `text` is no date.

    Examples
    --------
    >>> latest("1914")
    datetime.date(1914, 12, 31)
    """
    return span(text)[1]


def as_day(as_of: str | dt.date) -> dt.date:
    """Day of an `as_of` argument; a year or a month means its last day.

    Parameters
    ----------
    as_of
        A partial date or a `datetime.date`.

    Returns
    -------
    datetime.date
        The day up to which things are known.

    Raises
    ------
    InputError
        If `as_of` is neither.

    Examples
    --------
    >>> as_day("2019")
    datetime.date(2019, 12, 31)
    >>> as_day("2019-04-31")
    Traceback (most recent call last):
    servanda.common.errors.InputError: as_of: '2019-04-31' is not a date of the calendar
    """
    if isinstance(as_of, dt.datetime):
        return as_of.date()
    if isinstance(as_of, dt.date):
        return as_of
    if not isinstance(as_of, str):
        raise InputError("as_of", [Fault("", f"{as_of!r} is neither text ({EXPECTED}) nor a datetime.date")])
    try:
        return latest(as_of)
    except ValueError as error:
        raise InputError("as_of", [Fault("", str(error))]) from None


def span_or_none(text: str) -> tuple[dt.date, dt.date] | None:
    """The `span` of `text`, or None when it is no date.

    Rules that compare two cells use it: a bad cell is reported once, by the rule of its own column.

    Parameters
    ----------
    text
        Anything.

    Returns
    -------
    tuple of datetime.date or None
        See `span`.

    Examples
    --------
    >>> span_or_none("soon") is None
    True
    """
    try:
        return span(text)
    except ValueError:
        return None
