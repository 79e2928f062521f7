from .events import TrackError as TrackError
from .fit import fit_track as fit_track
from .posterior import TrackPosterior as TrackPosterior
from .posterior import load_track_posterior as load_track_posterior
from .settings import TrackSettings as TrackSettings
from .settings import load_track_settings as load_track_settings
