"""Cells of files that know types, as the text that a CSV would hold."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import unicodedata
from functools import singledispatch
from types import NoneType

import numpy as np
import pandas as pd

#: Unicode's categories of marks that show nothing: format marks (zero width, direction, byte order) and controls.
INVISIBLE = frozenset({"Cf", "Cc"})


@singledispatch
def as_text(value: object) -> str:
    """Text of a cell of a Parquet, Stata or SPSS file, as a CSV would hold it.

    Parameters
    ----------
    value
        A number, text, bytes of UTF-8, date, truth value or None.

    Returns
    -------
    str
        Its text; empty for a missing value.

    Raises
    ------
    ValueError
        If it is something else, such as a list, or bytes that are no text; says what.

    Examples
    --------
    >>> as_text(1990.0), as_text(None), as_text(True), as_text(b"USA")
    ('1990', '', '1', 'USA')
    >>> as_text(["USA", "GBR"])
    Traceback (most recent call last):
    ValueError: holds a list (['USA', 'GBR']); expected a single text or number
    """
    raise ValueError(f"holds a {type(value).__name__} ({_shortened(value)}); expected a single text or number")


@as_text.register
def _(value: str) -> str:
    return value


@as_text.register
def _(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"holds bytes that are no UTF-8 text ({_shortened(value)})") from None


@as_text.register(NoneType)
@as_text.register(type(pd.NA))
@as_text.register(type(pd.NaT))
def _(value: object) -> str:  # noqa: ARG001
    return ""


@as_text.register(bool)
@as_text.register(int)
@as_text.register(np.bool_)
@as_text.register(np.integer)
def _(value: int) -> str:
    return str(int(value))


@as_text.register
def _(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else repr(float(value))


@as_text.register
def _(value: np.floating) -> str:
    # A number of single precision is what its shortest text says, not the double next to it.
    return as_text(float(str(value)))


@as_text.register
def _(value: decimal.Decimal) -> str:
    return as_text(float(value))


@as_text.register
def _(value: dt.date) -> str:
    return value.isoformat()


@as_text.register
def _(value: dt.datetime) -> str:
    is_day = value.time() == dt.time()
    return (value.date() if is_day else value).isoformat()


def trimmed(text: str) -> str:
    r"""Text without blanks and invisible marks around it.

    Parameters
    ----------
    text
        Any.

    Returns
    -------
    str
        The same, if nothing but letters stands at its ends.

    Examples
    --------
    >>> trimmed(" USA\u200b ")
    'USA'
    """
    if text.isascii():
        return text.strip()
    start, end = 0, len(text)
    while start < end and _shows_nothing(text[start]):
        start += 1
    while end > start and _shows_nothing(text[end - 1]):
        end -= 1
    return text[start:end]


def _shows_nothing(mark: str) -> bool:
    return mark.isspace() or (not mark.isascii() and unicodedata.category(mark) in INVISIBLE)


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
