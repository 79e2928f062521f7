"""Cells judged by the codebook's columns, and their types."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from ...common.errors import Fault, nearest
from .codebook import Column, Table
from .dates import span
from .missing import OWN, code_faults, written_by_a_program

#: Kinds of cells that hold whole numbers.
_WHOLE = frozenset({"count", "year", "flag", "date", "actor"})
_POINT = re.compile(r"^([0-9]+)\.0*$")
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


class Kind(NamedTuple):
    """Judge and type of the cells of one kind.

    Parameters
    ----------
    complaint
        Says what is wrong with a cell that is not empty; empty text when nothing is.
    typed
        Turns a column of checked text into its type.

    Examples
    --------
    >>> KINDS["count"].complaint("few", Column("guarantors", "count", "", minimum=1))
    "'few' is not a count; expected a whole number of at least 1"
    """

    complaint: Callable[[str, Column], str]
    typed: Callable[[pd.Series, Column], pd.Series]


def _no_complaint(_text: str, _column: Column) -> str:
    return ""


def _level_complaint(text: str, column: Column) -> str:
    return "" if text in column.levels else f"{text!r} is not a level{nearest(text, column.levels)}"


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _count_complaint(text: str, column: Column) -> str:
    if _is_whole(text) and column.minimum <= int(text) < 2**63:
        return ""
    return f"{text!r} is not a count; expected a whole number of at least {column.minimum}"


def _year_complaint(text: str, _column: Column) -> str:
    good = _is_whole(text) and len(text) == 4 and int(text) > 0
    return "" if good else f"{text!r} is not a year; expected four digits"


def _flag_complaint(text: str, _column: Column) -> str:
    return "" if text.lower() in _FLAGS else f"{text!r} is neither 0 nor 1"


def _share_complaint(text: str, _column: Column) -> str:
    try:
        good = 0 <= float(text) <= 1
    except ValueError:
        good = False
    return "" if good else f"{text!r} is not a share; expected a number from 0 to 1"


def _date_complaint(text: str, _column: Column) -> str:
    try:
        span(text)
    except ValueError as error:
        return str(error)
    return ""


def _keys_complaint(text: str, _column: Column) -> str:
    whole = all(key.strip() for key in text.split(";"))
    return "" if whole else f"{text!r} has an empty key; separate keys by a single ;"


def _as_text(cells: pd.Series, _column: Column) -> pd.Series:
    return cells.mask(cells == "")


def _as_level(cells: pd.Series, column: Column) -> pd.Series:
    levels = pd.CategoricalDtype(list(column.levels), ordered=column.ordered)
    return _as_text(cells, column).astype(levels)


def _as_count(cells: pd.Series, column: Column) -> pd.Series:
    return _as_text(cells, column).map(int, na_action="ignore").astype("Int64")


def _as_year(cells: pd.Series, column: Column) -> pd.Series:
    years = _as_count(cells, column)
    return years if column.blank else years.astype("int64")


def _as_flag(cells: pd.Series, column: Column) -> pd.Series:
    flags = cells.str.lower().map(_FLAGS).astype("boolean")
    return flags if column.blank else flags.astype("bool")


def _as_share(cells: pd.Series, column: Column) -> pd.Series:
    return _as_text(cells, column).map(float, na_action="ignore").astype("float64")


# A new kind of cell is one line here and two functions above.
KINDS: Mapping[str, Kind] = {
    "text": Kind(_no_complaint, _as_text),
    "name": Kind(_no_complaint, _as_text),
    "actor": Kind(_no_complaint, _as_text),
    "keys": Kind(_keys_complaint, _as_text),
    "level": Kind(_level_complaint, _as_level),
    "count": Kind(_count_complaint, _as_count),
    "year": Kind(_year_complaint, _as_year),
    "flag": Kind(_flag_complaint, _as_flag),
    "share": Kind(_share_complaint, _as_share),
    "date": Kind(_date_complaint, _as_text),
}


def column_faults(frame: pd.DataFrame, table: Table) -> list[Fault]:
    """Faults of a table, each column by itself; codes for missing values that nobody declared are told once.

    Parameters
    ----------
    frame
        From `frame_of`.
    table
        The table it should be.

    Returns
    -------
    list of Fault
        Missing columns, empty cells and cells of the wrong kind.

    Examples
    --------
    >>> from servanda.record.files.codebook import CRISES
    >>> from servanda.record.files.read import Cells, frame_of
    >>> frame = frame_of(Cells("a.csv", ("case_id", "crisis"), (("a", ""),), (2,)))
    >>> [fault.what for fault in column_faults(frame, CRISES)]
    ['is empty; a value is required']
    """
    kinds = {column.name: column.kind for column in table.columns if column.name in frame}
    kinds |= dict.fromkeys(own_columns(frame, table), OWN)
    required = {column.name for column in table.columns if not column.blank}
    codes = [*code_faults(frame, kinds, required)]
    told = frozenset[tuple[int, str]]().union(*(places for _, places in codes))
    faults = [fault for fault, _ in codes]
    for name, kind in kinds.items():
        wrong = {text: what for text in frame[name].unique() if (what := written_by_a_program(text, kind))}
        faults += [
            Fault.at(line, name, wrong[text])
            for line, text in (zip(frame.index, frame[name], strict=True) if wrong else ())
            if text in wrong
        ]
    return faults + [fault for place, fault in _failures(frame, table) if place not in told]


def whole_numbers(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Cells with whole numbers written whole: pandas and R write 2.0 in a column of counts with a gap.

    Parameters
    ----------
    frame
        From `frame_of`.
    table
        The table it should be.

    Returns
    -------
    DataFrame
        The same, without the point in counts, years, flags, dates and numbers of actors.

    Examples
    --------
    >>> from servanda.record.files.codebook import GUARANTEES
    >>> whole_numbers(pd.DataFrame({"guarantors": ["2.0", "2.5"]}), GUARANTEES)["guarantors"].tolist()
    ['2', '2.5']
    """
    names = [column.name for column in table.columns if column.kind in _WHOLE and column.name in frame]
    return frame.assign(**{name: _without_point(pd.Series(frame[name])) for name in names})


def _without_point(cells: pd.Series) -> pd.Series:
    # Each text once: most cells of a column say what another said, and few have a point.
    whole = {text: found[1] for text in cells.unique() if (found := _POINT.match(text))}
    return cells.replace(whole) if whole else cells


def typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Checked text with its types.

    Parameters
    ----------
    frame
        From `frame_of`, without faults.
    table
        The table it is.

    Returns
    -------
    DataFrame
        The codebook's columns in order, then columns of the user's own as text; rows as in the file,
        numbered from 0. Empty cells are missing values, and a column that was left out has nothing else.

    Examples
    --------
    >>> from servanda.record.files.codebook import CRISES
    >>> from servanda.record.files.read import Cells, frame_of
    >>> frame = frame_of(Cells("a.csv", ("crisis", "case_id"), (("x", "a"),), (2,)))
    >>> list(typed(frame, CRISES))
    ['case_id', 'crisis']
    """
    cells = dict(frame.items())
    blank = pd.Series("", index=frame.index, dtype="str")
    known = {column.name: KINDS[column.kind].typed(cells.get(column.name, blank), column) for column in table.columns}
    own = {name: cells[name].mask(cells[name] == "") for name in own_columns(frame, table)}
    return pd.DataFrame(known | own).reset_index(drop=True)


def own_columns(frame: pd.DataFrame, table: Table) -> list[str]:
    """Columns that the codebook does not know.

    Parameters
    ----------
    frame
        Any frame.
    table
        The table it is.

    Returns
    -------
    list of str
        In the order of the file; columns that the loader derives itself are not among them.

    Examples
    --------
    >>> from servanda.record.files.codebook import CRISES
    >>> own_columns(pd.DataFrame(columns=["case_id", "mood"]), CRISES)
    ['mood']
    """
    known = {*table.names, *table.derived}
    return [name for name in frame if name not in known]


def _failures(frame: pd.DataFrame, table: Table) -> Iterator[tuple[tuple[int, str], Fault]]:
    """Give place and fault of every column that is missing and every cell that is no value of its kind."""
    for column in table.columns:
        name = column.name
        if name not in frame:
            if not column.absent:
                yield (0, name), Fault("", _missing(name, own_columns(frame, table)))
            continue
        cells, complaint = pd.Series(frame[name]), KINDS[column.kind].complaint
        # Each text once: most cells of a column say what another said.
        texts = cells.unique()
        wrong = {text: what for text in texts if text and (what := complaint(text, column))}
        if not column.blank and "" in texts:
            wrong[""] = "is empty; a value is required"
        for line, text in cells.loc[cells.isin([*wrong])].items() if wrong else ():
            yield (int(str(line)), name), Fault.at(int(str(line)), name, wrong[text])


def _missing(name: str, others: list[str]) -> str:
    lowered = {other.lower(): other for other in others}
    alike = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    hint = f"; column '{lowered[alike[0]]}' looks like it: rename it" if alike else "; add it"
    return f"column '{name}' is missing{hint}"
