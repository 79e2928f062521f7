"""Servanda: how likely a security guarantee is to be kept, how sure we can be, and what would change that.

The names most users need stand here; each loads what it needs on first use. Specialities live in the rooms:
`servanda.record` (what happened), `servanda.models` (how it may work), `servanda.priors` (what was believed) and
`servanda.analysis` (what follows).
"""

import lazy_loader

_of_stub, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("servanda")
    return _of_stub(name)
