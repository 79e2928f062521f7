"""What happened: cases of guarantees put to the test, track records, and who says so."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
