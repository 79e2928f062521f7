"""Evaluation of the track model: every event foretold from the events dated before it, beside plain shares."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, raise_faults
from ...common.progress import Progress, shown
from ...common.tasks.mapping import mapped
from ...models.inference.contract import processors
from ...models.track.events import TrackError, line_up
from ...models.track.fit import fit_events
from ...models.track.prediction import Occasion, predict
from ...models.track.settings import READINGS, TrackSettings, load_track_settings
from ...record.files.load import TableOrFile, as_table
from ...record.track import load_track_record
from .scores import MODEL, TrackScores, event_lines

if TYPE_CHECKING:
    import pandas as pd

    from ...models.track.events import TrackData

FORETELLING = "foretelling"
#: Events that must be known before the first one is foretold.
FIRST = 30
#: Pseudo-events that stand for the pooled share in an actor's own: one for each reading, as in Laplace's rule.
PSEUDO = float(len(READINGS))


def evaluate_track(
    track_record: TableOrFile,
    settings: TrackSettings | str | os.PathLike[str] | None = None,
    *,
    seed: int,
    first: int = FIRST,
    draws: int = 300,
    tune: int = 300,
    chains: int = 2,
    thin: int = 1,
    workers: int | None = None,
    client: Any = None,
    progress: bool | Progress | None = None,
) -> TrackScores:
    """Score the track model one step ahead: each event foretold by a fit of the events dated before it.

    The model is fitted anew whenever more is known, about once an event, and never looks at an event whose date may
    mean the day of the foretold one or a later day. It is told who acts, under what, when and who will say so, and
    foretells what the event reads as. Its rivals are the share of all events up to then, and the actor's own share.

    Parameters
    ----------
    track_record, settings
        As in `servanda.fit_track`.
    seed
        Of all fits; same seed, same machine, same numbers.
    first
        Events that must be known before the first one is foretold.
    draws, tune, chains, thin
        Of every fit, as in `servanda.models.fit_track`. A forecast averages over the draws, so that few will do.
    workers
        Threads; None takes as many as there are processors. No number depends on it.
    client
        A `distributed.Client` of Dask, whose workers fit instead.
    progress
        As in `servanda.models.fit`, of the fits.

    Returns
    -------
    TrackScores

    Raises
    ------
    TrackError
        As `servanda.models.fit_track`; or if `first` leaves nothing to foretell.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "event": "complied",
    ...                        "date": ["2001-01-01", "2004-01-01", "2009-01-01"]})
    >>> scores = evaluate_track(events, seed=1, first=1, draws=50, tune=100)
    >>> int(scores.scored.sum()), scores.foretells
    (2, False)
    """
    chosen = settings if isinstance(settings, TrackSettings) else load_track_settings(settings)
    track_record = as_table(track_record, load_track_record)
    data = line_up(track_record, chosen)
    opens, known = data.event_from, data.event_until
    before = np.array([int((known < day).sum()) for day in opens])
    faults = [] if first >= 1 else [Fault("first", f"is {first}; at least 1 is needed")]
    if first >= 1 and not (before >= first).any():
        what = f"is {first}; no event has so many before it, at most {before.max()}: give fewer"
        faults.append(Fault("first", what))
    raise_faults("evaluation of a track record", faults, TrackError)
    scored = before >= first
    new = np.array([not _same_pair(data, known < opens[place], place).any() for place in range(len(known))])
    p = {name: np.full((len(known), len(READINGS)), np.nan) for name in (MODEL, *_SHARES)}
    # Events before which the same is known share a fit.
    together: dict[int, list[int]] = {}
    for place in np.flatnonzero(scored):
        together.setdefault(int(before[place]), []).append(int(place))
    finders = _finders(track_record, data)
    sampling = {"draws": draws, "tune": tune, "chains": chains, "thin": thin}
    fits = sorted(together.items())
    tasks = []
    for count, places in fits:
        seen = known < opens[places[0]]
        past = line_up(track_record.iloc[np.sort(data.event_row[seen])], chosen)
        occasions = [_occasion(data, finders, seen, place) for place in places]
        tasks.append(partial(_foretold, past, chosen, {"seed": seed + count, **sampling}, occasions))
        for place in places:
            for name, share in _SHARES.items():
                p[name][place] = share(data, seen, place)
    with shown(progress) as tell:
        for (_, places), foretold in zip(
            fits,
            mapped(tasks, workers=workers or processors(), client=client, progress=tell, what=FORETELLING),
            strict=True,
        ):
            p[MODEL][places] = foretold
    return TrackScores(
        event_lines(data),
        tuple(data.actors[a] for a in data.event_actor),
        tuple(data.agreements[g] for g in data.event_agreement),
        tuple(str(day) for day in known),
        data.event_reads,
        scored,
        new,
        p,
        chosen.digest,
        {"seed": seed, "first": first, **sampling},
    )


def _foretold(
    past: TrackData, settings: TrackSettings, sampling: Mapping[str, int], occasions: Sequence[Occasion], _: Progress
) -> np.ndarray:
    """What events read as, foretold from those before them, shape (occasions, readings)."""
    track = fit_events(past, settings, progress=False, **sampling)
    return np.array([predict(track, occasion) for occasion in occasions])


def _finders(track_record: pd.DataFrame, data: TrackData) -> list[str]:
    if "finding_by" not in track_record.columns:
        return [""] * len(data.kinds)
    return [str(track_record["finding_by"].iloc[int(row)]) for row in data.event_row]


def _same_pair(data: TrackData, seen: np.ndarray, place: int) -> np.ndarray:
    """Which events that were seen are of the actor and the agreement of one, shape (events,)."""
    own = data.event_actor == data.event_actor[place]
    return seen & own & (data.event_agreement == data.event_agreement[place])


def _occasion(data: TrackData, finders: list[str], seen: np.ndarray, place: int) -> Occasion:
    """What is known of an event before it happens."""
    same = [n for n in np.flatnonzero(_same_pair(data, seen, place)) if finders[n] == finders[place]]
    time = float(data.event_time[place])
    actor, agreement = data.actors[data.event_actor[place]], data.agreements[data.event_agreement[place]]
    named = (actor, agreement, time, finders[place])
    if not same:
        return Occasion(*named)
    last = same[-1]
    return Occasion(*named, int(data.event_reads[last]), time - float(data.event_time[last]))


def base_rate(data: TrackData, seen: np.ndarray, place: int) -> np.ndarray:  # noqa: ARG001  one shape for all shares
    """Share of each reading among all events that were seen, by Laplace's rule of succession, shape (3,)."""
    counts = np.bincount(data.event_reads[seen], minlength=len(READINGS))
    return (counts + 1) / (counts.sum() + len(READINGS))


def own_share(data: TrackData, seen: np.ndarray, place: int) -> np.ndarray:
    """Share of each reading among the actor's own events, shape (3,).

    Dirichlet-multinomial, the base rate standing for `PSEUDO` events.
    """
    own = seen & (data.event_actor == data.event_actor[place])
    counts = np.bincount(data.event_reads[own], minlength=len(READINGS))
    return (counts + PSEUDO * base_rate(data, seen, place)) / (counts.sum() + PSEUDO)


_SHARES: Mapping[str, Any] = {"own_share": own_share, "base_rate": base_rate}
