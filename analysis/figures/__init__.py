"""Figures: pictures of plain tables and numbers; what made these is none of their business."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
