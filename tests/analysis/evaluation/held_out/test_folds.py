"""Folds keep units whole, and the future is later than the past."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.analysis.evaluation.held_out.folds import fold_splits, future_splits
from servanda.models import QueryError


def test_every_case_is_held_out_once_a_shuffle_and_with_its_unit():
    rng = np.random.default_rng(1)
    units = rng.integers(0, 25, 100).astype(str)
    splits = fold_splits(np.arange(100), units, 4, 3, seed=2)
    for repeat in range(3):
        folds = [split for split in splits if split.group == repeat]
        assert sorted(np.concatenate([split.held_out for split in folds])) == list(range(100))
        assert max(len(set(units[split.held_out])) for split in folds) == 7
    for split in splits:
        assert not set(units[split.training]) & set(units[split.held_out])
        assert sorted([*split.training, *split.held_out]) == list(range(100))
    assert not np.array_equal(splits[0].held_out, splits[4].held_out)


def test_a_shuffle_is_the_same_whatever_else_is_evaluated():
    units = np.arange(30).astype(str)
    few, many = (fold_splits(np.arange(30), units, 5, repeats, seed=1) for repeats in (1, 3))
    assert all(np.array_equal(one.held_out, other.held_out) for one, other in zip(few, many, strict=False))
    assert [split.entropy for split in few] == [split.entropy for split in many[:5]]


def test_futures_are_later_and_need_cases_on_either_side():
    years = np.repeat([1900, 1950, 1990], [12, 12, 12])
    splits = future_splits(np.arange(36), years, [1880, 1900, 1945, 1990])
    assert [split.name for split in splits] == ["after 1900", "after 1945"]
    assert (years[splits[0].training].max(), years[splits[0].held_out].min()) == (1900, 1950)


def test_what_cannot_be_folded_is_said_in_full():
    with pytest.raises(QueryError, match="folds: must be 2 or more, not 1") as found:
        fold_splits(np.arange(3), np.arange(3), 1, 0, seed=1)
    assert "repeats: must be 1 or more, not 0" in str(found.value)
    with pytest.raises(QueryError, match="there are 3 units and cannot be 5 folds of them"):
        fold_splits(np.arange(3), np.arange(3), 5, 1, seed=1)
