"""The track record: dated events of one actor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import pandas as pd

from ..common.errors import Fault, InputError
from .files.actors import Scheme, converted, warn_of_spelling
from .files.codebook import STOPS, TRACK_RECORD
from .files.dates import as_day, earliest, latest
from .files.load import load_table, rows
from .files.read import FilePath
from .sources import Source, known_sources


def load_track_record(
    path: FilePath | None = None,
    *,
    as_of: str | dt.date | None = None,
    sources: FilePath | Mapping[str, Source] | None = None,
    missing: str | Sequence[str] = (),
    countries: Scheme | None = None,
) -> pd.DataFrame:
    """Dated events of actors under their agreements, checked against the codebook.

    Parameters
    ----------
    path
        A file, see `read_table`; None for the shipped record.
    as_of
        Keep only the events known on this day, see `load_guarantees`. A date that names a month or a
        year counts as known on its last day only.
    sources
        A BibTeX file, or what `load_sources` gives, that must hold every key in ``sources``. The
        shipped record is held to its own bibliography; your own file is not checked if this is None.
    missing, countries
        Texts that stand for a missing cell in your file, and how it writes actors, see `load_guarantees`.

    Returns
    -------
    DataFrame
        One row an event (155 in the shipped record), in the order of the file, with ``date_from`` and
        ``date_until``, the first and last day that ``date`` may mean (datetime64). ``ground`` and
        ``gravity`` may be missing from your own file: see `servanda.models.load_track_settings` for what
        the model takes them to say. Do not read rates off row counts.

    Raises
    ------
    InputError
        With every fault of the file, its row and its column; or when no event was known by `as_of`.

    Warns
    -----
    RecordWarning
        Where your file writes one actor in several ways, or otherwise than the record.

    Examples
    --------
    >>> len(load_track_record())
    155
    >>> load_track_record(as_of="1986")["actor"].tolist()
    ['PRK', 'USA']
    """
    convert = partial(converted, column="actor", scheme=countries, date="date")
    rules = [known_sources(path, sources), _grounds]
    events = load_table(path, TRACK_RECORD, rules, missing=missing, convert=convert)
    if path is not None:
        warn_of_spelling(events["actor"], "actor")
    events = events.assign(
        date_from=pd.Series([earliest(text) for text in events["date"]]).astype("datetime64[us]"),
        date_until=pd.Series([latest(text) for text in events["date"]]).astype("datetime64[us]"),
    )
    return events if as_of is None else _known_events(events, as_of)


def _grounds(frame: pd.DataFrame) -> Iterator[Fault]:
    """Faults of the ground of an event: what stops a performance has one, and nothing else does."""
    if not {"event", "ground"} <= set(frame.columns):
        return
    for line, row in rows(frame, ("event", "ground")):
        event, ground = row["event"], row["ground"]
        if event in STOPS and not ground:
            yield Fault.at(line, "ground", f"is empty; an event '{event}' needs one of lawful, answer, none")
        elif ground and event not in STOPS:
            what = f"is {ground!r}; only events {' and '.join(STOPS)} have a ground: leave it empty"
            yield Fault.at(line, "ground", what)


def _known_events(events: pd.DataFrame, as_of: str | dt.date) -> pd.DataFrame:
    day = as_day(as_of)
    last_days = [latest(text) for text in events["date"]]
    known = events.loc[[last <= day for last in last_days]].reset_index(drop=True)
    if known.empty:
        what = f"no event was known by {day}; the first is known from {min(last_days)}: give a later day"
        raise InputError("as_of", [Fault("", what)])
    return known
