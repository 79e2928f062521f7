"""Priors: named sets with reasons and sources, elicitation, panels of experts, and predictions before data."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
