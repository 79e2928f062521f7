"""JSON as every reader takes it: it has neither NaN nor infinity, so that what could not be computed is null."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import singledispatch
from numbers import Integral, Real
from typing import Any


def to_json(value: Any, **layout: Any) -> str:
    """JSON of a value, with null for what could not be computed; the one place where JSON is written.

    Parameters
    ----------
    value
        Nested mappings, lists and tuples of text, numbers (NumPy's too), truth values and None.
    **layout
        As `json.dumps` takes it, such as ``indent=1``.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If it holds anything else.

    Examples
    --------
    >>> to_json({"mean": float("nan"), "draws": (0.5, float("inf"))})
    '{"mean": null, "draws": [0.5, null]}'
    """
    return json.dumps(without_nan(value), **layout, allow_nan=False)


#: Raised when the layout of what `sealed` gives changes.
FORMAT = 1


def sealed(content: Any) -> str:
    """JSON that carries the hash of its content, for files that Servanda itself reads again.

    Examples
    --------
    >>> text = sealed({"p": 0.5})
    >>> unsealed(text), unsealed(text.replace("0.5", "0.6"))
    ({'p': 0.5}, None)
    """
    text = to_json(content)
    head = to_json({"written_by": "Servanda", "format": FORMAT, "sha256": _hash(text)}, separators=(",", ":"))
    return f'{head[:-1]},"content":{text}}}\n'


def unsealed(text: str) -> Any:
    """Content of what `sealed` gave; None where a letter of it was changed, or it has another format."""
    try:
        raw = json.loads(text)
        whole = raw["format"] == FORMAT and raw["sha256"] == _hash(to_json(raw["content"]))
        return raw["content"] if whole else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over a table as JSON, its own ``sha256`` left out.

    Examples
    --------
    >>> content_hash({"p": 0.5}) == content_hash({"sha256": "any", "p": 0.5})
    True
    """
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return _hash(to_json(rest, sort_keys=True))


def hash_complaint(content: Mapping[str, Any]) -> str:
    """What is wrong with the ``sha256`` of a table that was read back; empty text when it holds.

    Examples
    --------
    >>> whole = {"p": 0.5, "sha256": content_hash({"p": 0.5})}
    >>> hash_complaint(whole), hash_complaint({**whole, "p": 0.6})
    ('', 'was changed or damaged after it was written (its hash does not hold)')
    """
    if "sha256" not in content:
        return "carries no hash (sha256), so that nothing shows whether it is as it was written"
    whole = content["sha256"] == content_hash(content)
    return "" if whole else "was changed or damaged after it was written (its hash does not hold)"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@singledispatch
def without_nan(value: Any) -> Any:
    """Copy of nested mappings, lists and tuples with None for what could not be computed, and plain numbers.

    Examples
    --------
    >>> without_nan({"mean": float("nan"), "draws": [0.5, float("inf")]})
    {'mean': None, 'draws': [0.5, None]}
    """
    return value


@without_nan.register
def _(value: Real) -> float | None:
    return float(value) if math.isfinite(value) else None


@without_nan.register
def _(value: Integral) -> int:
    return int(value)


@without_nan.register
def _(value: bool) -> bool:  # noqa: FBT001
    return value


@without_nan.register(list)
@without_nan.register(tuple)
def _(value: Any) -> list[Any]:
    return [without_nan(item) for item in value]


@without_nan.register
def _(value: Mapping) -> dict[Any, Any]:
    return {without_nan(key): without_nan(item) for key, item in value.items()}
