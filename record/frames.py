"""Parts of a DataFrame under one sure type each; pandas' own indexing may return several."""

from __future__ import annotations

from typing import cast

import pandas as pd


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Take one column.

    Parameters
    ----------
    frame
        Any frame whose column names are unique.
    name
        The column.

    Returns
    -------
    Series
        The column.

    Examples
    --------
    >>> column(pd.DataFrame({"x": [1]}), "x").tolist()
    [1]
    """
    return cast("pd.Series", frame[name])


def columns(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Take some columns.

    Parameters
    ----------
    frame
        Any frame.
    names
        The columns, in the order wanted.

    Returns
    -------
    DataFrame
        The columns.

    Examples
    --------
    >>> list(columns(pd.DataFrame({"x": [1], "y": [2]}), ["y"]))
    ['y']
    """
    return cast("pd.DataFrame", frame[names])


def rows_where(frame: pd.DataFrame, mask: object) -> pd.DataFrame:
    """Take the rows for which `mask` is true.

    Parameters
    ----------
    frame
        Any frame.
    mask
        One truth value a row; a missing one counts as false.

    Returns
    -------
    DataFrame
        The rows, in order, numbered from 0.

    Examples
    --------
    >>> rows_where(pd.DataFrame({"x": [1, 2]}), [False, True])["x"].tolist()
    [2]
    """
    sure = pd.Series(mask, index=frame.index).astype("boolean").fillna(value=False).astype("bool")
    return cast("pd.DataFrame", frame.loc[sure].reset_index(drop=True))
