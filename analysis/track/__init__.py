"""Track records: the credibility of an actor over time, fitted, asked, described, drawn, tested, and as a node.

All that the documentation says of track records is a name of this room, which is `sv.track` too: fits (`fit_track`,
`load_track_posterior`), questions (`credibility`, `forecast`, `cost` ...), figures (`plot`, `plot_change`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
