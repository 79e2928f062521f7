"""Track records as one dictionary: what the table, the figure, the JSON and the report show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ...models.track.events import DAYS_A_YEAR, TrackError, as_date
from ..summaries.change import summarise_change
from ..summaries.gates import failed, number_gates
from ..summaries.summary import INTERVAL, Summary, summarise
from .credibility import Date, compare_actors, credibility, credibility_path, event_table, track_gates

if TYPE_CHECKING:
    import pandas as pd

    from ...models.track.posterior import TrackPosterior

#: Dates of a drawn path, besides those of events.
_GRID = 160


def describe_tracks(
    track: TrackPosterior,
    track_record: pd.DataFrame,
    actors: Sequence[str],
    *,
    at: Date | None = None,
    years_ahead: float = 0.0,
) -> dict[str, Any]:
    """Describe the credibility of some actors.

    Parameters
    ----------
    track
        A fit of `track_record`.
    track_record
        The very frame that was fitted.
    actors
        Whose.
    at
        The date asked about; that of the last event known to the fit by default.
    years_ahead
        How far beyond `at` paths are drawn.

    Returns
    -------
    dict
        JSON-ready: ``at``, ``actors`` (figures at that date, path with bands, events), ``comparisons`` of every
        two, ``events_say`` (what each kind of event is taken to say), ``failed_gates``, ``provenance``.

    Raises
    ------
    TrackError
        Listing every actor that is not in the record or had no event by then.
    """
    faults, chosen = [], list(dict.fromkeys(actors))
    for actor in chosen:
        try:
            track.data.actor(actor)
        except TrackError as error:
            faults += error.faults
    known = track.provenance.get("as_of")
    raise_faults(f"track record{f' as known on {known}' if known else ''}", faults, TrackError)
    day = _last_day(track) if at is None else as_date(at, "at")
    late = [(actor, first) for actor in chosen if (first := track.span(actor)[0]) > day]
    raise_faults(
        "track record",
        [Fault(actor, f"has no event by {day}; its record begins on {first}") for actor, first in late],
        TrackError,
    )
    gates = list(failed(track_gates(track)))
    described = []
    for actor in chosen:
        now = credibility(track, actor, day)
        found = summarise(now)
        gates += failed(number_gates(f"credibility of {actor}", found))
        described.append(
            {
                "actor": actor,
                "kind": now.attrs["kind"],
                **asdict(found),
                "path": _path(track, actor, day, years_ahead),
                "events": event_table(track, track_record, actor),
            }
        )
    return {
        "at": str(day),
        "actors": described,
        "comparisons": [_comparison(track, *pair, day) for pair in combinations(chosen, 2)],
        "events_say": track.settings.as_dict()["events"],
        "interval": INTERVAL,
        "failed_gates": [str(gate) for gate in gates],
        "provenance": dict(track.provenance),
    }


def _last_day(track: TrackPosterior) -> np.datetime64:
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
    end = day + np.timedelta64(round(years_ahead * DAYS_A_YEAR), "D")
    grid = first + (np.linspace(0, 1, _GRID) * (end - first).astype(int)).astype("timedelta64[D]")
    own = track.data.point_time[track.data.point_actor == track.data.actor(actor)]
    points = (own * DAYS_A_YEAR).astype(np.int64).astype("datetime64[D]")
    dates = np.unique(np.concatenate([grid, points[points <= end]]))
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


def _rounded(x: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in x]


def track_table(description: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Give one row an actor: name, credibility, interval, number of events by kind, the last event."""
    rows = []
    for actor in description["actors"]:
        found = Summary(**{name: actor[name] for name in Summary.__dataclass_fields__})
        kinds = [event["event"] for event in actor["events"]]
        counted = ", ".join(
            f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(description["events_say"]) if kind in kinds
        )
        last = actor["events"][-1]
        rows.append(
            (
                actor["actor"],
                f"{found.mean:.2f}",
                f"{found.lower:.2f} to {found.upper:.2f}",
                f"{found.sd:.2f}",
                counted,
                f"{last['date']} {last['event']} ({last['agreement']})",
            )
        )
    return rows
