"""Fits of track records, made and loaded by `servanda.models`, under names that stand beside their questions."""

from ...models.track.events import TrackError
from ...models.track.fit import fit_track
from ...models.track.posterior import TrackPosterior, load_track_posterior
from ...models.track.settings import TrackSettings, load_track_settings

__all__ = [
    "TrackError",
    "TrackPosterior",
    "TrackSettings",
    "fit_track",
    "load_track_posterior",
    "load_track_settings",
]
