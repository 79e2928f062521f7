"""Tables as people have them, taken as one kind: a data frame whose columns have names, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch
from typing import Any

import pandas as pd

from .errors import Fault, InputError, raise_faults

#: What a table may be, for messages.
_WANTED = "give a data frame, a dict of columns, or an Arrow or polars table"


def as_frame(data: Any, subject: str = "data", error: type[InputError] = InputError) -> pd.DataFrame:
    """Data frame of a table of any kind, with text for the names of its columns.

    Parameters
    ----------
    data
        A data frame; a dict of columns; a list of dicts, one a row; or whatever hands out its columns by the Arrow
        C stream, as tables of pyarrow, polars and DuckDB do.
    subject, error
        What is read, and the class of the error, for messages.

    Returns
    -------
    DataFrame
        The one that was given where its columns have text for names already; else a new one.

    Raises
    ------
    InputError
        Of class `error`: it is no table, its columns have several levels of names, or a name stands twice.

    Examples
    --------
    >>> as_frame({"kept": ["yes", "no"], 1990: [0, 1]}).columns.tolist()
    ['kept', '1990']
    >>> as_frame(pd.DataFrame([[0, 1]], columns=["kept", "kept"]), "cases")
    Traceback (most recent call last):
    servanda.common.errors.InputError: cases: column kept: is there twice; rename or drop one
    """
    try:
        frame = _framed(data)
    except InputError as refused:
        raise error(subject, refused.faults) from refused
    if frame.columns.nlevels > 1:
        shown = ", ".join(map(str, list(frame.columns)[:3]))
        what = f"have names of {frame.columns.nlevels} levels ({shown}); give each column a single name"
        raise error(subject, [Fault("columns", what)])
    names = [str(name) for name in frame.columns]
    often = {2: "twice"}
    faults = (
        Fault(f"column {name}", f"is there {often.get(count, f'{count} times')}; rename or drop one")
        for name, count in repeated(names).items()
    )
    raise_faults(subject, faults, error)
    return frame if names == list(frame.columns) else frame.set_axis(names, axis="columns")


def repeated(names: Iterable[str]) -> dict[str, int]:
    """Names that stand more than once, in the order of their first, and how often each does.

    Examples
    --------
    >>> repeated(["kept", "signed", "kept"])
    {'kept': 2}
    """
    return {name: count for name, count in Counter(names).items() if count > 1}


@singledispatch
def _framed(data: Any) -> pd.DataFrame:
    try:
        return pd.DataFrame.from_arrow(data)
    except (TypeError, ValueError, AttributeError):
        raise _refusal(f"is no table but a {type(data).__name__}; {_WANTED}") from None


@_framed.register
def _(data: pd.DataFrame) -> pd.DataFrame:
    return data


@_framed.register(Mapping)
def _(data: Mapping[Any, Any]) -> pd.DataFrame:
    try:
        return pd.DataFrame(dict(data))
    except (TypeError, ValueError) as error:
        what = f"cannot be made a table ({error}); give columns of one length, such as {{'kept': ['yes', 'no']}}"
        raise _refusal(what) from None


@_framed.register
def _(data: pd.Series) -> pd.DataFrame:  # noqa: ARG001
    # It may be a column, or a row whose labels are columns: nobody can tell.
    what = "is a single Series; give series.to_frame('name') if it is a column, or series.to_frame().T if it is a row"
    raise _refusal(what)


@_framed.register(Sequence)
def _(data: Sequence[Any]) -> pd.DataFrame:
    rows = [_row.dispatch(type(row))(row) for row in data]
    if not rows or None in rows:
        raise _refusal(f"is a {type(data).__name__} of what are no rows; {_WANTED}, or a list of dicts")
    return pd.DataFrame(rows)


_framed.register(str, _framed.dispatch(object))
_framed.register(bytes, _framed.dispatch(object))


@singledispatch
def _row(row: Any) -> dict[Any, Any] | None:  # noqa: ARG001
    return None


@_row.register(Mapping)
def _(row: Mapping[Any, Any]) -> dict[Any, Any]:
    return dict(row)


def _refusal(what: str) -> InputError:
    return InputError("", [Fault("", what)])


__all__ = ["as_frame", "repeated"]
