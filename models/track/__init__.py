"""Track records: the credibility of each actor as a process in time, fitted to dated events.

`settings` reads what an event says and what is believed before; `events` lines the events up; `density` is the
log posterior with its gradient; `fit` samples it; `posterior` holds the draws and their paths, `stored` what a file
holds of them; `simulation` makes records from known paths. The model is described in `docs/track.md`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
