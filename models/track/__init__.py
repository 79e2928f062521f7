"""Track records: the credibility of each actor as a process in time, fitted to dated events.

`settings` reads what an event says and what is believed before; `events` lines the events up; `density` is the
log posterior with its gradient; `fitting` samples it; `posterior` holds the draws and their paths; `simulation`
makes records from known paths. The model is described in `docs/track.md`.
"""

from typing import TYPE_CHECKING

from ...common.lazy import lazy_exports

if TYPE_CHECKING:
    from .events import TrackError as TrackError
    from .fit import fit_track as fit_track
    from .posterior import TrackPosterior as TrackPosterior
    from .settings import TrackSettings as TrackSettings
    from .settings import load_track_settings as load_track_settings

__all__ = ["TrackError", "TrackPosterior", "TrackSettings", "fit_track", "load_track_settings"]

_HOMES = {
    "TrackError": ".events",
    "fit_track": ".fit",
    "TrackPosterior": ".posterior",
    "TrackSettings": ".settings",
    "load_track_settings": ".settings",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
