"""Track records: the credibility of an actor over time, described, drawn, tested, and as a node of a network.

Questions to a fit (`credibility`, `forecast`, `compare_actors` ...) are names of `servanda.analysis`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
