"""Rows that share sums of effects add up what they did before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from servanda.models.density.pairs import pair_up

PICKS = hnp.arrays(np.int64, st.tuples(st.integers(0, 40), st.integers(0, 6)), elements=st.integers(0, 3))


def summed(values, pairs):
    """Effects with the pairs behind them, one after another as the loops add them."""
    values = list(values)
    for one, other in pairs:
        values.append(values[one] + values[other])
    return np.array(values)


@given(PICKS, st.integers(1, 3))
def test_sums_are_those_of_all_columns(picks, times):
    picks = np.tile(picks, (times, 1)) + 4 * np.arange(picks.shape[1])  # each column has effects of its own
    effects = 4 * picks.shape[1]
    values = 2.0 ** np.arange(effects)  # whose sums tell which they are of
    fewer, pairs = pair_up(picks, effects)
    assert fewer.shape[1] <= picks.shape[1]
    np.testing.assert_array_equal(summed(values, pairs)[fewer].sum(axis=1), values[picks].sum(axis=1))


def test_only_what_many_rows_share_is_a_pair():
    rows = np.random.default_rng(1).integers(0, 3, (1000, 6)) + 3 * np.arange(6)
    apart = np.column_stack([rows, 18 + np.arange(1000)])
    fewer, pairs = pair_up(apart, 1018)
    # 9, 27 and 81 rows are different in two, three and four columns of three effects; 243 would be too many.
    assert fewer.shape[1] == 3
    assert len(pairs) == 9 + 27 + 81 + 9
