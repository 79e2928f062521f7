"""From a data frame of dated events to the arrays that the model reads."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.frames import as_frame
from .settings import GRAVITIES, GROUNDS, KINDS, READINGS, STOPS, TrackSettings

if TYPE_CHECKING:
    import pandas as pd

DAYS_A_YEAR = 365.25
#: A gap between events whose dates are not known to the day and that say different things, in years.
LEAST_GAP = 1 / DAYS_A_YEAR
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
NEEDED = ("actor", "agreement", "event")


class TrackError(InputError):
    """A track record, or a question to one, that makes no sense.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001"], "event": ["complied!"]})
    >>> try:
    ...     fit_track(events, seed=1)
    ... except TrackError as error:
    ...     print(error)
    track record: event 1, column event: 'complied!' is no kind of event; did you mean 'complied'?
    """


@dataclass(frozen=True)
class TrackData:
    """Events of all actors, by actor and then by time.

    A *point* is a moment at which something happened to an actor; events of one actor at one moment share it. A
    *series* is what one finder reported of one actor under one agreement.

    Parameters
    ----------
    actors, agreements
        Names, sorted.
    point_actor, point_time
        Shape (points,): actor number; time in years since 1970.
    event_point, event_agreement, event_reads
        Shape (events,): numbers of point, agreement and reading.
    event_reliability, event_weight
        Shape (events,), in [0, 1]: of the kind of event; power of its likelihood.
    event_gap
        Shape (events,): years since the last event of the same series; infinite for the first.
    event_before, event_repeats
        Shape (events,): the last event of its series, or another of the same reading and moment, -1 for none; and
        whether this one reads as that did.
    event_row
        Shape (events,): row in the data frame.
    event_from, event_until
        Shape (events,): first and last day that its date may mean, datetime64.
    kinds, labels
        Of each event: its kind; a name.
    """

    actors: tuple[str, ...]
    agreements: tuple[str, ...]
    point_actor: np.ndarray
    point_time: np.ndarray
    event_point: np.ndarray
    event_agreement: np.ndarray
    event_reads: np.ndarray
    event_reliability: np.ndarray
    event_weight: np.ndarray
    event_gap: np.ndarray
    event_before: np.ndarray
    event_repeats: np.ndarray
    event_row: np.ndarray
    event_from: np.ndarray
    event_until: np.ndarray
    kinds: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def event_actor(self) -> np.ndarray:
        """Actor number of each event, shape (events,)."""
        return self.point_actor[self.event_point]

    @property
    def event_time(self) -> np.ndarray:
        """Time of each event in years since 1970, shape (events,)."""
        return self.point_time[self.event_point]

    @property
    def digest(self) -> str:
        """SHA-256 over everything a fit can see."""
        digest = hashlib.sha256()
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("event_row", "event_from", "event_until"):
                digest.update(value.tobytes() if isinstance(value, np.ndarray) else "\0".join(value).encode())
        return digest.hexdigest()

    def actor(self, name: str) -> int:
        """Position of an actor.

        Raises
        ------
        TrackError
            If the record has no event of it, naming the nearest.
        """
        if name not in self.actors:
            what = f"has no event of actor '{name}'{nearest(name, self.actors)}"
            raise TrackError("track record", [Fault("", what)])
        return self.actors.index(name)


def as_date(when: str | dt.date | np.datetime64, where: str = "date") -> np.datetime64:
    """Read a date; a year or a month means its last day.

    Raises
    ------
    TrackError
        If it is none.

    Examples
    --------
    >>> as_date("2018-02"), as_date("2018-05-08")
    (np.datetime64('2018-02-28'), np.datetime64('2018-05-08'))
    """
    if isinstance(when, np.datetime64):
        return when.astype("datetime64[D]")
    text = str(when.date() if isinstance(when, dt.datetime) else when)
    try:
        # NumPy reads more than dates of the calendar ("today"), and a bare month has its own unit.
        first = np.datetime64(text if _DATE.fullmatch(text) else "no date")
    except ValueError:
        raise TrackError(where, [Fault("", f"'{text}' is not a date; expected YYYY, YYYY-MM or YYYY-MM-DD")]) from None
    unit: Any = np.datetime_data(first.dtype)[0]
    after = first + np.timedelta64(1, unit)
    return after.astype("datetime64[D]") - np.timedelta64(1, "D")


def years(days: Any) -> np.ndarray:
    """Turn days (datetime64) into years since 1970.

    Examples
    --------
    >>> float(years(np.datetime64("1971-01-01")).round(3))
    0.999
    """
    return np.asarray(days, "datetime64[D]").astype(np.int64) / DAYS_A_YEAR


def line_up(track_record: pd.DataFrame, settings: TrackSettings, as_of: np.datetime64 | None = None) -> TrackData:
    """Check events and put them in the order of time.

    Parameters
    ----------
    track_record
        Columns actor, agreement, event and either ``date_from`` and ``date_until``, as `load_track_record` gives
        them, or ``date``. Optional: ``finding_by``, who says so (one finder for all, where it is not there);
        ``ground`` of what stops a performance and ``gravity``, see `TrackSettings`; and ``weight`` in [0, 1], which
        makes an event count for less.
    settings
        What each kind of event says.
    as_of
        Events not known on this day are left out before anything else looks at them. A date that names a month
        or a year counts as known on its last day.

    Returns
    -------
    TrackData

    Raises
    ------
    TrackError
        Listing every fault: missing columns, unknown kinds, grounds or gravities, bad dates or weights, no event at
        all, and events of one actor under one agreement on one day that contradict each other.
    """
    track_record = as_frame(track_record, "track record", TrackError)
    columns = [*track_record.columns]
    has_spans = {"date_from", "date_until"} <= set(columns)
    wanted = (*NEEDED, *(() if has_spans else ("date",)))
    faults = [Fault(f"column {name}", f"is missing{nearest(name, columns)}") for name in wanted if name not in columns]
    if not len(track_record):
        faults.append(Fault("rows", "there are none; a track record needs at least one event"))
    raise_faults("track record", faults, TrackError)
    first, last = _spans(track_record, has_spans=has_spans)
    rows = np.arange(len(track_record))
    if as_of is not None:
        rows = rows[last <= as_of]
        if not rows.size:
            known = last.min()
            what = f"no event was known by {as_of}; the first is known from {known}: give a later day"
            raise TrackError("as_of", [Fault("", what)])
    chosen = track_record.iloc[rows]
    kinds = [str(kind) for kind in chosen["event"]]
    weight = _weights(chosen, rows, faults)
    for kind in sorted(set(kinds) - set(KINDS)):
        where = ", ".join(str(rows[place] + 1) for place, own in enumerate(kinds) if own == kind)
        faults.append(Fault(f"event {where}, column event", f"'{kind}' is no kind of event{nearest(kind, KINDS)}"))
    grounds, gravities = (_optional(chosen, name) for name in ("ground", "gravity"))
    for name, values, known in (("ground", grounds, GROUNDS), ("gravity", gravities, GRAVITIES)):
        faults += [
            Fault(f"event {row + 1}, column {name}", f"{value!r} is no {name}{nearest(value, known)}")
            for row, value in zip(rows, values, strict=True)
            if value and value not in known
        ]
    faults += [
        Fault(
            f"event {row + 1}, column ground",
            f"is {ground!r} of an event '{kind}'; only {' and '.join(STOPS)} have one",
        )
        for row, kind, ground in zip(rows, kinds, grounds, strict=True)
        if ground and kind not in STOPS
    ]
    for name in ("actor", "agreement"):
        blank = rows[chosen[name].isna().to_numpy(bool)] + 1
        if blank.size:
            faults.append(Fault(f"event {', '.join(map(str, blank))}, column {name}", "is blank"))
    raise_faults("track record", faults, TrackError)
    actors, actor = _codes(chosen["actor"])
    agreements, agreement = _codes(chosen["agreement"])
    said = [settings.reads(*each) for each in zip(kinds, grounds, gravities, strict=True)]
    reads = np.array([READINGS.index(reading) for reading in said])
    weight = weight * np.array([settings.weight(gravity) for gravity in gravities])
    begin, end = first[rows], last[rows]
    middle = begin.astype("datetime64[D]").astype(np.int64) + (end - begin).astype(np.int64) / 2
    order = np.lexsort((rows, end, middle, actor))
    exact = (begin == end)[order]
    actor, agreement, reads, time = actor[order], agreement[order], reads[order], middle[order] / DAYS_A_YEAR
    finders = [str(who) for who in chosen["finding_by"]] if "finding_by" in columns else [""] * len(order)
    finder = np.unique(finders, return_inverse=True)[1][order]
    named = [(actors[a], agreements[g]) for a, g in zip(actor, agreement, strict=True)]
    gap, before, repeats = _series(named, finder, reads, time, exact, end[order], [kinds[i] for i in order])
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(actor) != 0) | (np.diff(time) != 0)
    return TrackData(
        actors=actors,
        agreements=agreements,
        point_actor=actor[new],
        point_time=time[new],
        event_point=np.cumsum(new) - 1,
        event_agreement=agreement,
        event_reads=reads,
        event_reliability=np.array([settings.events[kinds[i]].reliability_by(finders[i]) for i in order]),
        event_weight=weight[order],
        event_gap=gap,
        event_before=before,
        event_repeats=repeats,
        event_row=rows[order],
        event_from=begin[order],
        event_until=end[order],
        kinds=tuple(kinds[i] for i in order),
        labels=tuple(f"{actors[actor[n]]} {end[i]} {kinds[i]} #{rows[i] + 1}" for n, i in enumerate(order)),
    )


def _spans(track_record: pd.DataFrame, *, has_spans: bool) -> tuple[np.ndarray, np.ndarray]:
    """First and last day that each date may mean."""
    if has_spans:
        found = [track_record[name].to_numpy("datetime64[D]") for name in ("date_from", "date_until")]
        blank = np.flatnonzero(np.isnat(found[0]) | np.isnat(found[1])) + 1
        faults = [Fault(f"event {row}, column date_from", "is no date") for row in blank]
        faults += [
            Fault(f"event {row}, column date_until", "lies before date_from")
            for row in np.flatnonzero(found[1] < found[0]) + 1
        ]
        raise_faults("track record", faults, TrackError)
        return found[0], found[1]
    first, last, faults = [], [], []
    for row, text in enumerate(track_record["date"], 1):
        try:
            last.append(as_date(str(text)))
        except TrackError as error:
            faults += [Fault(f"event {row}, column date", fault.what) for fault in error.faults]
            continue
        first.append(np.datetime64(str(text)).astype("datetime64[D]"))
    raise_faults("track record", faults, TrackError)
    return np.array(first), np.array(last)


def _optional(chosen: pd.DataFrame, name: str) -> list[str]:
    """Text of a column that may be missing, empty where it says nothing."""
    if name not in chosen.columns:
        return [""] * len(chosen)
    return ["" if blank else str(value) for value, blank in zip(chosen[name], chosen[name].isna(), strict=True)]


def _weights(chosen: pd.DataFrame, rows: np.ndarray, faults: list[Fault]) -> np.ndarray:
    if "weight" not in chosen.columns:
        return np.ones(len(chosen))
    try:
        weight = chosen["weight"].to_numpy(float)
    except (TypeError, ValueError):
        faults.append(Fault("column weight", "holds something that is no number"))
        return np.ones(len(chosen))
    bad = rows[~((weight >= 0) & (weight <= 1))] + 1
    if bad.size:
        faults.append(Fault(f"event {', '.join(map(str, bad))}, column weight", "is not a number from 0 to 1"))
    return weight


def _codes(column: pd.Series) -> tuple[tuple[str, ...], np.ndarray]:
    levels, codes = np.unique([str(value) for value in column], return_inverse=True)
    return tuple(str(level) for level in levels), codes


def _series(
    named: Sequence[tuple[str, str]],
    finder: np.ndarray,
    reads: np.ndarray,
    time: np.ndarray,
    exact: np.ndarray,
    day: np.ndarray,
    kinds: Sequence[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gap to the last event of the same series, which one it is, and whether this one reads alike.

    Whoever reports it, one moment is one test.
    """
    gap, repeats = np.full(len(time), np.inf), np.zeros(len(time), bool)
    behind = np.full(len(time), -1)
    latest: dict[tuple[str, str, int], int] = {}
    newest: dict[tuple[str, str], int] = {}
    faults: list[Fault] = []
    for place, (actor, agreement) in enumerate(named):
        series = (actor, agreement, int(finder[place]))
        before = latest.get(series)
        if before is not None:
            gap[place], repeats[place] = time[place] - time[before], reads[place] == reads[before]
            behind[place] = before
        twin = newest.get((actor, agreement))
        if twin is not None and time[twin] == time[place]:
            if reads[twin] == reads[place]:
                gap[place], behind[place], repeats[place] = 0.0, twin, True
            elif exact[twin] and exact[place]:
                found = f"both '{kinds[twin]}' and '{kinds[place]}' on {day[place]}; keep one, or date them apart"
                faults.append(Fault(f"{actor}, {agreement}", found))
        if gap[place] == 0 and not repeats[place]:
            gap[place] = LEAST_GAP
        latest[series] = newest[actor, agreement] = place
    raise_faults("track record", faults, TrackError)
    return gap, behind, repeats


def densest_series(data: TrackData) -> tuple[str, str]:
    """Name the actor and the agreement with the most events."""
    pairs, counts = np.unique(np.stack([data.event_actor, data.event_agreement]), axis=1, return_counts=True)
    actor, agreement = pairs[:, counts.argmax()]
    return data.actors[actor], data.agreements[agreement]


def as_arrays(data: TrackData) -> Mapping[str, np.ndarray]:
    """Give what the density reads, by name."""
    step = np.full(len(data.point_time), np.inf)
    step[1:] = np.where(np.diff(data.point_actor) == 0, np.diff(data.point_time), np.inf)
    return {
        "point_actor": data.point_actor.astype(np.int64),
        "point_step": step,
        "event_point": data.event_point.astype(np.int64),
        "event_agreement": data.event_agreement.astype(np.int64),
        "event_reads": data.event_reads.astype(np.int64),
        "event_reliability": data.event_reliability.astype(float),
        "event_weight": data.event_weight.astype(float),
        "event_gap": data.event_gap.astype(float),
        "event_repeats": data.event_repeats.astype(float),
    }
