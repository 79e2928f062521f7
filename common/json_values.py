"""Values as JSON can hold them: it has neither NaN nor infinity."""

from __future__ import annotations

import math
from typing import Any


def without_nan(value: Any) -> Any:
    """Copy of nested dicts and lists with null for what could not be computed.

    Examples
    --------
    >>> without_nan({"mean": float("nan"), "draws": [0.5, float("inf")]})
    {'mean': None, 'draws': [0.5, None]}
    """
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
