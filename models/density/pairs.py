"""Effects that rows add up in common, added once: pairs of them stand for both in every row that has both."""

from __future__ import annotations

import numpy as np

#: Pairs are worth their own addition, each way, while there are no more of them than this share of the rows.
_WORTH = 0.2


def pair_up(picks: np.ndarray, effects: int) -> tuple[np.ndarray, np.ndarray]:
    """Picks of rows that share sums of effects, and those sums.

    Columns are joined one after another, those with few effects first, until what is joined differs from row to row.

    Parameters
    ----------
    picks
        Effects that each row adds up, shape (rows, columns).
    effects
        How many effects there are: the first pair is the effect of this number.

    Returns
    -------
    picks
        Fewer columns, whose sums are those of `picks`; shape (rows, columns).
    pairs
        Two effects that each further effect adds up, either of which may be a pair before it; shape (pairs, 2).

    Examples
    --------
    >>> picks, pairs = pair_up(np.array([[0, 2], [0, 3], [1, 2], [1, 3]] * 5), 4)
    >>> picks[:4].tolist(), pairs.tolist()
    ([[4], [5], [6], [7]], [[0, 2], [0, 3], [1, 2], [1, 3]])
    """
    columns = sorted(picks.T, key=lambda column: len(np.unique(column)))
    joined: list[np.ndarray] = columns[:1]
    pairs = [np.zeros((0, 2), np.int64)]
    for column in columns[1:]:
        found, which = np.unique(np.column_stack([joined[-1], column]), axis=0, return_inverse=True)
        if len(found) > _WORTH * len(picks):
            joined.append(column)
            continue
        joined[-1] = effects + which.ravel()
        pairs.append(found)
        effects += len(found)
    return np.column_stack(joined) if joined else picks, np.concatenate(pairs)
