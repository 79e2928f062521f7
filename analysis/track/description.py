"""Track records as one dictionary: what the table, the figure, the JSON and the report show.

Where the model was not found to foretell (`servanda.analysis.track.scores`), they show a history: events and counts, in
the order that was asked for, and a band that describes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ...models.track.events import DAYS_A_YEAR, TrackData, TrackError, as_date
from ...models.track.settings import READINGS
from ...record.files.load import TableOrFile, as_table
from ...record.track import load_track_record
from ..summaries.change import summarise_change
from ..summaries.gates import failed, number_gates
from ..summaries.summary import INTERVAL, summarise
from .questions import Date, compare_actors, credibility, credibility_path, event_table, track_gates
from .scores import TrackScores, measured_track_scores, said_of

if TYPE_CHECKING:
    from ...models.track.posterior import TrackPosterior

#: Dates of a drawn path, besides those of events.
_GRID = 160


def describe_tracks(
    track: TrackPosterior,
    track_record: TableOrFile,
    actors: Sequence[str],
    *,
    at: Date | None = None,
    years_ahead: float = 0.0,
    scores: TrackScores | None = None,
) -> dict[str, Any]:
    """Describe the past of some actors: a history, and a ranking where the model was found to foretell.

    Parameters
    ----------
    track
        A fit of `track_record`.
    track_record
        The very events that were fitted, or their file.
    actors
        Whose.
    at
        The date asked about; that of the last event known to the fit by default.
    years_ahead
        How far beyond `at` paths are drawn; nothing is drawn beyond it where the model does not foretell.
    scores
        What `evaluate_track` measured of these events; the shipped scores if None. Scores of other events, or of
        other settings, are none.

    Returns
    -------
    dict
        JSON-ready: ``at``, ``ranked`` (whether actors may be ranked), ``score`` (what was measured, and the rule),
        ``actors`` in the order given (figures at that date, path with bands, events, ``counts`` by reading),
        ``comparisons`` of every two (none unless ranked), ``says`` (what events, grounds and gravity are taken to say),
        ``failed_gates``, ``provenance``.

    Raises
    ------
    TrackError
        Listing every actor that is not in the record or had no event by then.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> found = describe_tracks(fit_track(events, seed=1, draws=20, tune=50, chains=2), events, ["A"])
    >>> found["ranked"], found["actors"][0]["counts"]
    (False, {'kept': 2, 'partly': 0, 'broken': 0})
    """
    track_record = as_table(track_record, load_track_record)
    day = last_day(track) if at is None else as_date(at, "at")
    chosen = actors_known(track, actors, day)
    said = said_of(measured_track_scores(track, scores))
    ranked = bool(said["foretells"])
    gates = list(failed(track_gates(track)))
    described = []
    for actor in chosen:
        now = credibility(track, actor, day)
        found = summarise(now)
        gates += failed(number_gates(f"credibility of {actor}", found))
        events = event_table(track, track_record, actor)
        read = [event["reads"] for event in events]
        described.append(
            {
                "actor": actor,
                "kind": now.attrs["kind"],
                **asdict(found),
                "path": _path(track, actor, day, years_ahead if ranked else 0.0),
                "counts": {reading: read.count(reading) for reading in reversed(READINGS)},
                "events": events,
            }
        )
    return {
        "at": str(day),
        "ranked": ranked,
        "score": said,
        "actors": described,
        "comparisons": [_comparison(track, *pair, day) for pair in combinations(chosen, 2)] if ranked else [],
        "says": {part: track.settings.as_dict()[part] for part in ("events", "grounds", "gravity")},
        "interval": INTERVAL,
        "failed_gates": [str(gate) for gate in gates],
        "provenance": dict(track.provenance),
    }


def actors_named(data: TrackData, actors: Iterable[str], known: object = None) -> list[str]:
    """List some actors of a record, each once, before or after it is fitted.

    Raises
    ------
    TrackError
        Listing every actor that is not in the record, as known on the day `known`.
    """
    faults, chosen = [], list(dict.fromkeys(actors))
    for actor in chosen:
        try:
            data.actor(actor)
        except TrackError as error:
            faults += error.faults
    raise_faults("track record" if known is None else f"track record as known on {known}", faults, TrackError)
    return chosen


def actors_known(track: TrackPosterior, actors: Iterable[str], day: np.datetime64) -> list[str]:
    """List some actors, each once.

    Raises
    ------
    TrackError
        Listing every actor that is not in the record, or else had no event by the day.
    """
    chosen = actors_named(track.data, actors, track.provenance.get("as_of"))
    late = [(actor, first) for actor in chosen if (first := track.span(actor)[0]) > day]
    raise_faults(
        "track record",
        [Fault(actor, f"has no event by {day}; its record begins on {first}") for actor, first in late],
        TrackError,
    )
    return chosen


def last_day(track: TrackPosterior) -> np.datetime64:
    """Last day that a fit knows of: that which it was told, or that of its last event."""
    if track.provenance.get("as_of"):
        return np.datetime64(str(track.provenance["as_of"]))
    return max(track.span(actor)[1] for actor in track.actors)


def _comparison(track: TrackPosterior, first: str, second: str, day: np.datetime64) -> dict[str, Any]:
    found = compare_actors(track, second, first, day)
    return {
        "first": first,
        "second": second,
        "difference": asdict(summarise_change(found["difference"])),
    }


def _path(track: TrackPosterior, actor: str, day: np.datetime64, years_ahead: float) -> dict[str, Any]:
    """Mean and bands over a grid and the dates of events."""
    first, last = track.span(actor)
    dates = drawn_dates(track, actor, first, day + np.timedelta64(round(years_ahead * DAYS_A_YEAR), "D"))
    drawn = credibility_path(track, actor, list(dates)).values.reshape(-1, len(dates))
    tail = (1 - INTERVAL) / 2
    levels = np.quantile(drawn, [tail, 0.25, 0.75, 1 - tail], axis=0)
    return {
        "dates": [str(date) for date in dates],
        "mean": _rounded(drawn.mean(axis=0)),
        **{
            name: _rounded(row)
            for name, row in zip(("lower", "quarter", "three_quarters", "upper"), levels, strict=True)
        },
        "last_event": str(last),
    }


def drawn_dates(track: TrackPosterior, actor: str, first: np.datetime64, end: np.datetime64) -> np.ndarray:
    """Dates at which an actor's path is drawn: a grid, and those of its events."""
    grid = first + (np.linspace(0, 1, _GRID) * (end - first).astype(int)).astype("timedelta64[D]")
    own = track.data.point_time[track.data.point_actor == track.data.actor(actor)]
    points = (own * DAYS_A_YEAR).astype(np.int64).astype("datetime64[D]")
    return np.unique(np.concatenate([grid, points[(points >= first) & (points <= end)]]))


def _rounded(x: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in x]


def track_table(description: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of a table of actors, the headings first.

    An actor's name, its events by reading, the last one, and the band; the mean too where actors may be ranked.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "USA", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> found = describe_tracks(fit_track(events, seed=1, draws=20, tune=50, chains=2), events, ["USA"])
    >>> [row[:4] for row in track_table(found)]
    [('actor', 'kept', 'partly', 'broken'), ('USA', '2', '0', '0')]
    """
    mean = ("mean",) if description["ranked"] else ()
    band = f"P(keeps its word), {100 * description['interval']:.0f} %"
    rows: list[tuple[str, ...]] = [("actor", *description["actors"][0]["counts"], "last event", *mean, band)]
    for actor in description["actors"]:
        last = actor["events"][-1]
        rows.append(
            (
                actor["actor"],
                *(str(count) for count in actor["counts"].values()),
                f"{last['date']} {last['event']} ({last['agreement']})",
                *((f"{actor['mean']:.2f}",) if mean else ()),
                f"{actor['lower']:.2f} to {actor['upper']:.2f}",
            )
        )
    return rows


def event_rows(actor: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of a table of one actor's events in the order of time, the headings first."""
    rows = [("date", "agreement", "event", "gravity", "reads")]
    for event in actor["events"]:
        stopped = f"{event['event']} ({event['ground']})" if "ground" in event else event["event"]
        rows.append((event["date"], event["agreement"], stopped, event.get("gravity", ""), event["reads"]))
    return rows
