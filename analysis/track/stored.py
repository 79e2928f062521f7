"""Stored fits of track records, kept beside those of networks and found again."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ...common.files import writable_folder
from ...common.json_values import to_json
from ...common.progress import Progress
from ...models.track.events import as_date, line_up
from ...models.track.fit import fit_track
from ...models.track.posterior import TrackPosterior, load_track_posterior
from ...models.track.settings import TrackSettings, load_track_settings
from ..scenarios.cache import cache_folder, find, keep

if TYPE_CHECKING:
    import pandas as pd

#: Changes with anything in the code that moves a draw, so that a fit stored before is made again.
_KEPT = 1


def stored_track(
    track_record: pd.DataFrame,
    settings: TrackSettings | str | os.PathLike[str] | None = None,
    *,
    seed: int,
    as_of: str | dt.date | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    folder: Path | None = None,
    progress: bool | Progress | None = None,
) -> tuple[TrackPosterior, bool]:
    """Load the fit of these very events, or make and store it.

    Parameters
    ----------
    track_record, settings, seed, as_of, draws, tune, chains, progress
        As in `servanda.models.fit_track`.
    folder
        Where fits are kept; `cache_folder()` by default.

    Returns
    -------
    posterior
        The fit.
    reused
        Whether it was found.

    Raises
    ------
    TrackError, SettingsError
        Listing every fault of what was given.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> how = {"seed": 1, "draws": 20, "tune": 50, "chains": 2, "folder": Path("fits")}
    >>> [stored_track(events, **how)[1] for _ in range(2)]
    [False, True]
    """
    chosen = settings if isinstance(settings, TrackSettings) else load_track_settings(settings)
    day = None if as_of is None else as_date(as_of, "as_of")
    data, sampling = line_up(track_record, chosen, day), {"draws": draws, "tune": tune, "chains": chains}
    versions = {name: version(name) for name in ("servanda", "nutpie", "numba", "numpy")}
    identity = [_KEPT, data.digest, chosen.digest, str(day), seed, sampling, versions]
    key = hashlib.sha256(to_json(identity, sort_keys=True).encode()).hexdigest()
    path = writable_folder(folder or cache_folder()) / f"track-{key[:16]}.nc"
    found = find(path, load_track_posterior)
    if found is not None:
        return found, True
    posterior = fit_track(track_record, chosen, seed=seed, as_of=as_of, progress=progress, **sampling)
    keep(path, posterior.save)
    return posterior, False
