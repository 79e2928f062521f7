"""How much memory one input may take: stated once, and looked at before anything of that size is made."""

from __future__ import annotations

import gzip
import io
import math
import os

from .errors import Fault, InputError

#: States in gigabytes (10^9 bytes) what reading one input, or one fit, may take of the memory.
VARIABLE = "SERVANDA_LIMIT_GB"
#: The limit where none is stated.
USUAL_GB = 4.0
#: Of the limit, the share that a text may have, packed or not: what is made of it takes several times its size.
_TEXT_SHARE = 8
#: Columns that a table may have, for each gigabyte of the limit.
_COLUMNS_A_GB = 1250
BYTES_A_GB = 1e9


def gigabytes(variable: str, usual: float, meaning: str) -> float:
    """Gigabytes that an environment variable states.

    Parameters
    ----------
    variable
        Its name.
    usual
        What holds where it is not set.
    meaning
        What the number limits, for the message.

    Raises
    ------
    InputError
        If it states no number, one below 0, or no finite one.

    Examples
    --------
    >>> gigabytes("SERVANDA_UNKNOWN", 5.0, "may be kept")
    5.0
    """
    stated = os.environ.get(variable) or str(usual)
    try:
        limit = float(stated)
    except ValueError:
        limit = -1.0
    if not 0 <= limit < math.inf:
        raise InputError(variable, [Fault("", f"is '{stated}'; give the gigabytes that {meaning}, such as {usual:g}")])
    return limit


def excess(size: float, what: str) -> str:
    """Why something would be too large; empty text where it is not.

    Parameters
    ----------
    size
        Bytes of memory that it would take.
    what
        What it is, such as ``its table``.

    Examples
    --------
    >>> excess(1e6, "its table"), excess(2**34, "its table")[:51]
    ('', 'its table would take 17.2 GB of memory; 4 GB are al')
    """
    limit = _limit()
    if size <= limit * BYTES_A_GB:
        return ""
    return f"{what} would take {size / BYTES_A_GB:.3g} GB of memory; {_allowed(limit, f'{limit:g} GB are')}"


def excess_of_text(size: float) -> str:
    """Why a text of some bytes would be too large; empty text where it is not."""
    limit = _limit()
    most = limit * BYTES_A_GB / _TEXT_SHARE
    what = f"holds more than {most / 1e6:.3g} MB of text"
    return "" if size <= most else f"{what}; {_allowed(limit, 'no more is')}"


def excess_of_columns(count: int) -> str:
    """Why a table of some columns would be too wide; empty text where it is not."""
    limit = _limit()
    most = int(limit * _COLUMNS_A_GB)
    return "" if count <= most else f"has {count} columns; {_allowed(limit, f'{most} are')}"


def unpacked(data: bytes) -> bytes:
    """Content of what gzip packed, as far as a text may be long, and one byte more where it is longer.

    Raises
    ------
    OSError, EOFError, zlib.error
        If it is not packed by gzip, or damaged.

    Examples
    --------
    >>> unpacked(gzip.compress(b"rain"))
    b'rain'
    """
    most = int(_limit() * BYTES_A_GB / _TEXT_SHARE)
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        return file.read(most + 1)


def _limit() -> float:
    return gigabytes(VARIABLE, USUAL_GB, "one input may take of the memory")


def _allowed(limit: float, allowed: str) -> str:
    return f"{allowed} allowed; make it smaller, or raise {VARIABLE} (now {limit:g})"
