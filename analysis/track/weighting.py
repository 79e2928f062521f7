"""Weighting checks of the track model: what an answer owes to one agreement, or to one long series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...common.progress import Progress, in_parts
from ...models.track.events import TrackError, as_date, densest_series, line_up
from ...models.track.fit import fit_track
from ...models.track.settings import TrackSettings, load_track_settings
from ...record.files.load import TableOrFile, as_table
from ...record.track import load_track_record
from ..summaries.summary import Summary, summarise
from .questions import Date, credibility

if TYPE_CHECKING:
    import pandas as pd


def weighted(track_record: TableOrFile, actor: str, agreement: str, weight: float) -> pd.DataFrame:
    """Give the record with the events of one actor under one agreement counting for less.

    Parameters
    ----------
    track_record
        Dated events, or their file.
    actor, agreement
        Whose events, under what.
    weight
        The power of their likelihood, from 0 (as if not seen) to 1.

    Returns
    -------
    DataFrame
        With a column ``weight``.

    Raises
    ------
    TrackError
        If there are no such events.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"actor": ["A", "A"], "agreement": ["x", "y"], "event": "complied", "date": "2001"})
    >>> weighted(events, "A", "y", 0.5)["weight"].tolist()
    [1.0, 0.5]
    """
    track_record = as_table(track_record, load_track_record)
    own = track_record["actor"].eq(actor) & track_record["agreement"].eq(agreement)
    if not own.to_numpy(bool).any():
        known = sorted({str(name) for name in track_record.loc[track_record["actor"] == actor, "agreement"]})
        what = f"has no event of '{actor}' under '{agreement}'{nearest(agreement, known)}"
        raise_faults("track record", [Fault("", what)], TrackError)
    before = track_record["weight"].to_numpy(float) if "weight" in track_record.columns else 1.0
    return track_record.assign(weight=before * np.where(own.to_numpy(bool), weight, 1.0))


def weighting_checks(
    track_record: TableOrFile,
    actors: Sequence[str],
    at: Date,
    *,
    seed: int,
    agreements: Sequence[str] = (),
    settings: TrackSettings | None = None,
    progress: bool | Progress | None = None,
    **sampling: Any,
) -> dict[str, dict[str, Summary]]:
    """Ask for credibility again with one agreement left out, and with the densest series at half weight.

    Parameters
    ----------
    track_record
        Dated events, or their file.
    actors
        Whose credibility.
    at
        When; nothing later is looked at.
    seed
        Of every fit.
    agreements
        What is left out, one at a time.
    progress
        As in `servanda.models.fit`, of all fits together.
    settings, sampling
        As in `servanda.models.fit_track`.

    Returns
    -------
    dict
        What was done -> actor -> summary; an actor whose every event was left out is missing. The first entry,
        ``all events``, is the answer that the others are held against.

    Raises
    ------
    TrackError
        If an agreement has no event, naming the nearest.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame(
    ...     {"actor": "A", "agreement": ["x", "y"], "date": ["2001", "2004"], "event": "complied"}
    ... )
    >>> found = weighting_checks(events, ["A"], "2005", seed=1, agreements=["y"], draws=20, tune=50, chains=2)
    >>> list(found)
    ['all events', 'half weight: A, x', 'without y']
    """
    track_record = as_table(track_record, load_track_record)
    known = sorted({str(name) for name in track_record["agreement"]})
    faults = [
        Fault(name, f"is no agreement of the record{nearest(name, known)}") for name in agreements if name not in known
    ]
    raise_faults("weighting checks", faults, TrackError)
    day = as_date(at, "at")
    chosen = settings or load_track_settings()
    actor, agreement = densest_series(line_up(track_record, chosen, day))
    records = {"all events": track_record}
    records[f"half weight: {actor}, {agreement}"] = weighted(track_record, actor, agreement, 0.5)
    for name in agreements:
        others = np.flatnonzero((track_record["agreement"] != name).to_numpy(bool))
        records[f"without {name}"] = track_record.iloc[others]
    found: dict[str, dict[str, Summary]] = {}
    for (label, events), tell in in_parts(records.items(), progress):
        track = fit_track(events, chosen, seed=seed, as_of=str(day), progress=tell, **sampling)
        found[label] = {who: summarise(credibility(track, who, day)) for who in actors if who in track.actors}
    return found
