"""How it may work: networks, CPD families, compilation to PyMC, fitting, the posterior and exact inference."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
