"""JSON is strict wherever it is written: one writer, and null for what could not be computed."""

from __future__ import annotations

import ast
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.common.json_values import to_json, without_nan

PACKAGE = Path(__file__).parents[2] / "servanda"

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
numpy_numbers = (
    st.floats(width=32).map(np.float32) | st.floats().map(np.float64) | st.integers(-(2**63), 2**63 - 1).map(np.int64)
)
values = st.recursive(
    plain | numpy_numbers,
    lambda parts: st.lists(parts) | st.lists(parts).map(tuple) | st.dictionaries(st.text(), parts),
    max_leaves=30,
)


def strictly(text: str):
    """Read it as a reader does that follows the standard (RFC 8259)."""

    def refuse(word: str):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def same(written, value) -> bool:
    """Whether what was read again is what was written, item by item."""
    if isinstance(value, dict):
        return written.keys() == value.keys() and all(same(written[key], item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return len(written) == len(value) and all(map(same, written, value))
    if value is None or isinstance(value, str):
        return written == value
    return written == value if math.isfinite(value) else written is None


@given(values)
def test_every_value_is_written_strictly_and_comes_back(value):
    assert same(strictly(to_json(value)), value)
    assert same(strictly(to_json(value, indent=1, ensure_ascii=False)), value)


def test_truth_values_stay_what_they_are_and_keys_are_strict():
    assert to_json([True, False, 1, 1.0]) == "[true, false, 1, 1.0]"
    assert to_json({math.nan: 1, 2: 3}) == '{"null": 1, "2": 3}'
    assert without_nan((np.float64(0.5), np.nan)) == [0.5, None]


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        to_json({"a": object()})


def test_nothing_else_writes_json():
    """`json.dump` and `json.dumps` write NaN unless told not to, which each place would have to remember."""
    found = []
    for room in ("common", "record", "models", "priors", "analysis"):
        for path in (PACKAGE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = isinstance(node, ast.Attribute) and node.attr in ("dump", "dumps", "JSONEncoder")
                by_json = called and isinstance(node.value, ast.Name) and node.value.id == "json"
                imported = isinstance(node, ast.ImportFrom) and node.module == "json"
                if by_json or imported:
                    found.append(f"{path.relative_to(PACKAGE)}, line {node.lineno}")
    assert [place.split(",")[0] for place in found] == ["common/json_values.py"]
