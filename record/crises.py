"""The shock each case belongs to, for clustering and for leaving a whole crisis out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from .files.codebook import CRISES
from .files.load import TableOrFile
from .files.read import FilePath
from .related import every_case, load_related


def load_crises(
    path: FilePath | None = None,
    *,
    as_of: str | dt.date | None = None,
    cases: TableOrFile | None = None,
    missing: str | Sequence[str] = (),
) -> pd.DataFrame:
    """Crisis of every case.

    Parameters
    ----------
    path
        A file, see `read_table`; None for the shipped one.
    as_of
        Keep only the cases known on this day, see `load_guarantees`.
    cases
        The cases it speaks of, from `load_guarantees` and not cut by a date, or their file; None for the
        shipped ones.
    missing
        Texts that stand for a missing cell in your file, see `load_guarantees`.

    Returns
    -------
    DataFrame
        ``case_id`` and ``crisis``, one row a case.

    Raises
    ------
    InputError
        With every fault of the file; or when no case was known by `as_of`.

    Examples
    --------
    >>> load_crises()["crisis"].nunique()
    272
    """
    return load_related(path, CRISES, [every_case], as_of=as_of, cases=cases, missing=missing)
