"""Figure of a fit: the history of some actors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, raise_faults
from ...models.track.events import LEAST_GAP, TrackError, as_date, years
from ...models.track.settings import READINGS
from ..figures.track import history_figure
from .description import actors_known, drawn_dates, last_day
from .questions import Date, credibility_path

if TYPE_CHECKING:
    from typing import Unpack

    from matplotlib.figure import Figure

    from ...models.track.posterior import TrackPosterior

#: Shares of the posterior that bands hold.
BANDS = (0.5, 0.9)


def plot(
    track: TrackPosterior,
    actors: str | Iterable[str] | None = None,
    *,
    since: Date | None = None,
    at: Date | None = None,
    bands: Sequence[float] = BANDS,
    **look: Unpack[Look],
) -> Figure:
    """Figure of the past of some actors: bands of their credibility, and every event in the lane of its agreement.

    It shows a history: no mean is drawn, and actors stand in the order given. All that it needs is in the fit, also in
    one that was loaded from a file.

    Parameters
    ----------
    track
        A fit.
    actors
        Whose; one or several, all of the record by default.
    since
        Nothing earlier is shown; by default each actor from its first event on. A year or a month means its first day.
    at
        Nothing later is shown; the last day that the fit knows of by default.
    bands
        Shares of the posterior that the bands hold, between 0 and 1.
    **look
        As `servanda.common.canvas.Look` says; names are ``kept``, ``partly``, ``broken`` and ``band``, and those of
        actors and of kinds of events, which have labels alone.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, so that nothing is kept; a notebook shows it.

    Raises
    ------
    TrackError
        Listing actors that are not in the record or had no event by then, dates that are none, a `since` that is not
        before `at`, and bands that are no shares.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis.track import fit_track, plot
    >>> days = ["2001", "2004-05", "2009-01-02"]
    >>> events = pd.DataFrame({"actor": "A", "date": days, "agreement": "x", "event": "complied"})
    >>> figure = plot(fit_track(events, seed=1, draws=50, tune=100, chains=2), "A", since="2003", bands=[0.8])
    >>> figure.axes[0].get_title(loc="right")
    '2 of 3 events: 2 kept'
    """
    end = last_day(track) if at is None else as_date(at, "at")
    start = None if since is None else _first_day(since)
    faults = [Fault("bands", f"{band} is no share between 0 and 1") for band in bands if not 0 < band < 1]
    faults += [] if len(bands) else [Fault("bands", "there are none; give one share or more, such as 0.9")]
    if start is not None and start >= end:
        faults.append(Fault("since", f"{start} is not before {end}, the last day that is shown"))
    raise_faults("plot", faults, TrackError)
    asked = track.actors if actors is None else (actors,) if isinstance(actors, str) else actors
    chosen = actors_known(track, asked, end)
    widest = sorted({float(band) for band in bands}, reverse=True)
    histories = [_history(track, actor, start, end, widest) for actor in chosen]
    known = f"Events known on {end}" if start is None else f"Events from {start} to {end}"
    *less, most = [f"{band:.3g}" for band in sorted(100 * band for band in widest)]
    shares = f"{' %, '.join(less)}{' % and ' if less else ''}{most} %"
    head = (
        f"{known}: a history, and no ranking. Shape: what was done; colour: what it reads as; size: how grave\n"
        f"Band: {shares} of P(keeps its word), which describes these events and is no forecast of the next"
    )
    return history_figure({"actors": histories}, head=head, look=look)


def _history(
    track: TrackPosterior, actor: str, start: np.datetime64 | None, end: np.datetime64, bands: Sequence[float]
) -> dict[str, Any]:
    """One actor as `servanda.analysis.figures.track.history_figure` takes it."""
    first = track.span(actor)[0]
    dates = drawn_dates(track, actor, first if start is None else max(first, start), end)
    drawn = credibility_path(track, actor, list(dates)).values.reshape(-1, len(dates))
    edges = [np.quantile(drawn, [(1 - band) / 2, (1 + band) / 2], axis=0) for band in bands]
    # A date that names a month or a year may end after the day that stands for it.
    every = [event for event in _events(track, actor) if event["year"] <= 1970 + float(years(end)) + LEAST_GAP]
    events = every if start is None else [event for event in every if event["until"] >= start]
    read = [event["reads"] for event in events]
    counts = ", ".join(f"{read.count(reading)} {reading}" for reading in reversed(READINGS) if reading in read)
    told = f"{len(events)} events" if len(events) == len(every) else f"{len(events)} of {len(every)} events"
    return {
        "actor": actor,
        "note": f"{told}: {counts}" if events else told,
        "counts": {},
        "path": {
            "dates": [str(date) for date in dates],
            "bands": [(lower.tolist(), upper.tolist()) for lower, upper in edges],
        },
        "events": events,
    }


def _events(track: TrackPosterior, actor: str) -> list[Mapping[str, Any]]:
    """An actor's events by what the fit holds of them; how grave one is follows from how much it weighs."""
    data, weights = track.data, {name: gravity.weight for name, gravity in track.settings.gravity.items()}
    rows = []
    for place in np.flatnonzero(data.event_actor == data.actor(actor)):
        weight = float(data.event_weight[place])
        rows.append(
            {
                "date": _date_text(data.event_from[place], data.event_until[place]),
                "until": data.event_until[place],
                "year": 1970 + float(data.event_time[place]),
                "event": data.kinds[place],
                "reads": READINGS[data.event_reads[place]],
                "agreement": data.agreements[data.event_agreement[place]],
                "gravity": min(weights, key=lambda name: abs(weights[name] - weight)),
            }
        )
    return rows


def _date_text(first: np.datetime64, last: np.datetime64) -> str:
    """Date of an event as a record writes it: a day, a month or a year.

    Examples
    --------
    >>> import numpy as np
    >>> _date_text(np.datetime64("2018-02-01"), np.datetime64("2018-02-28"))
    '2018-02'
    """
    if first == last:
        return str(first)
    unit = "M" if first.astype("datetime64[M]") == last.astype("datetime64[M]") else "Y"
    return str(first.astype(f"datetime64[{unit}]"))


def _first_day(when: Date) -> np.datetime64:
    """First day that a date may mean."""
    last, text = as_date(when, "since"), str(when)
    return last.astype(f"datetime64[{ {4: 'Y', 7: 'M'}.get(len(text), 'D') }]").astype("datetime64[D]")
