"""CPD families. A new family is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from .base import NEW, Family
from .collective import ALL_OF, ANY_OF, AT_LEAST, HEADCOUNT
from .noisy import NoisyMax
from .ordinal import Ordinal
from .pooled import PooledTable
from .sequential import Sequential
from .softmax import Softmax
from .table import Confusion, Table

FAMILIES: Mapping[str, Family] = {
    "table": Table(),
    "confusion": Confusion(),
    "pooled_table": PooledTable(),
    "ordinal": Ordinal(),
    "sequential": Sequential(),
    "softmax": Softmax(),
    "noisy_or": NoisyMax("noisy_or", states=2),
    "noisy_max": NoisyMax("noisy_max"),
    **{family.name: family for family in (ANY_OF, ALL_OF, AT_LEAST, HEADCOUNT)},
}

__all__ = ["FAMILIES", "NEW", "Family"]
