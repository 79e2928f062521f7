"""Fits of track records, made and loaded by `servanda.models`, under names that stand beside their questions."""

from __future__ import annotations

import os
from typing import Any

from ...models.track.events import TrackError
from ...models.track.fit import fit_track as fit_events
from ...models.track.posterior import TrackPosterior, load_track_posterior
from ...models.track.settings import TrackSettings, load_track_settings
from ...record.files.load import TableOrFile, as_table
from ...record.track import load_track_record


def fit_track(
    track_record: TableOrFile,
    settings: TrackSettings | str | os.PathLike[str] | None = None,
    *,
    seed: int,
    **sampling: Any,
) -> TrackPosterior:
    r"""Credibility of every actor over time, fitted to dated events; they may be given by the file they stand in.

    Parameters
    ----------
    track_record
        One row an event, as `servanda.load_track_record` gives it, or a file that it reads.
    settings
        What events say, and priors: a value, the path of a TOML file, or None for the shipped ones.
    seed
        Same seed, same machine, same numbers.
    **sampling
        As `servanda.models.fit_track` takes it: ``as_of``, ``draws``, ``tune``, ``chains``, ``thin``,
        ``target_accept``, ``progress``.

    Returns
    -------
    TrackPosterior

    Raises
    ------
    InputError
        As `servanda.load_track_record`, of a file.
    TrackError, SettingsError
        Listing every fault of what was given.

    Examples
    --------
    >>> from pathlib import Path
    >>> rows = ["actor,date,event,agreement,finding_by,detail,sources", "PRK,2001,complied,npt,IAEA,it reported,own"]
    >>> _ = Path("events.csv").write_text("\n".join(rows), encoding="utf-8")
    >>> fit_track("events.csv", seed=1, draws=20, tune=50, chains=2).actors
    ('PRK',)
    """
    return fit_events(as_table(track_record, load_track_record), settings, seed=seed, **sampling)


__all__ = [
    "TrackError",
    "TrackPosterior",
    "TrackSettings",
    "fit_track",
    "load_track_posterior",
    "load_track_settings",
]
