"""Couplings: how a node and its copy in the world that was not seen share their noise.

Tables alone do not say how; each node gets a coupling of its own table with its copy's:

`rank`
    One uniform number is put through both quantile functions: a case that stood high stays as high as the new
    circumstances allow. For ordered states; it is what a cumulative model with one latent variable implies.
`gumbel`
    The Gumbel-max model (Oberst and Sontag 2019): a state does not gain on another that its odds did not gain on.
    For unordered states. With two states it is the same as `rank`.

Both are the identity where nothing changed. They are assumptions, and the data cannot test them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np


class Coupling(Protocol):
    """From the distributions of a node and of its copy to that of the copy given the node; see `rank`."""

    def __call__(self, here: np.ndarray, there: np.ndarray, seen: np.ndarray | None = None, /) -> np.ndarray:
        """P(x' | x) of every state x, or of the one that was seen."""
        ...


def rank(here: np.ndarray, there: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """P(x' | x) where both are the same quantile of their distributions.

    Parameters
    ----------
    here
        P(x), shape (..., states, 1, samples).
    there
        P(x'), shape (..., 1, states, samples).
    seen
        State number x, shape (samples,) or (1,); None for every state.

    Returns
    -------
    ndarray
        Shape (..., states, states, samples), or (..., 1, states, samples) of what was seen.

    Examples
    --------
    >>> import numpy as np
    >>> here, there = np.array([0.5, 0.5]).reshape(2, 1, 1), np.array([0.2, 0.8]).reshape(1, 2, 1)
    >>> rank(here, there)[..., 0].round(3).tolist()
    [[0.4, 0.6], [0.0, 1.0]]
    """
    upper, its_upper = here.cumsum(axis=-3), there.cumsum(axis=-2)
    upper[..., -1:, :, :], its_upper[..., -1:, :] = 1.0, 1.0
    lower, its_lower = _of_seen(_shifted(upper, -3), seen), _shifted(its_upper, -2)
    upper = _of_seen(upper, seen)
    overlap = np.minimum(upper, its_upper)
    overlap -= np.maximum(lower, its_lower)
    np.maximum(overlap, 0.0, out=overlap)
    width = overlap.sum(axis=-2, keepdims=True)
    nothing = width <= 0
    if nothing.any():
        # A state of probability zero, or too narrow for the numbers to tell, goes where its upper edge falls.
        point = np.maximum(upper, np.finfo(float).tiny)
        overlap = np.where(nothing, (its_lower < point) & (point <= its_upper), overlap)
        width[nothing] = 1.0
    overlap /= width
    return overlap


def _of_seen(array: np.ndarray, seen: np.ndarray | None) -> np.ndarray:
    """The cells of the state that was seen, along the axis of states; all of them where none is named."""
    if seen is None:
        return array
    return np.take_along_axis(array, seen.reshape((*(1 for _ in array.shape[1:]), -1)), axis=-3)


def _shifted(edges: np.ndarray, axis: int) -> np.ndarray:
    """Lower edges from upper ones."""
    lower = np.roll(edges, 1, axis=axis)
    first = [slice(None)] * edges.ndim
    first[axis] = slice(0, 1)
    lower[tuple(first)] = 0.0
    return lower


def gumbel(here: np.ndarray, there: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    r"""P(x' | x) where x and x' are the first of the same exponential clocks, run at different rates.

    Clock k rings at :math:`E_k / p_k` here and at :math:`E_k / q_k` there. With :math:`\rho` the ratio of the two
    times at which the first rings, integrating over the clocks gives, for :math:`i \ne j`,

    .. math:: P(i, j) = p_i q_j \int_{q_i / p_i}^{q_j / p_j} \frac{d\rho}{\left(\sum_k \max(p_k \rho, q_k)\right)^2}

    where the upper bound is the larger, else zero, and :math:`P(i, i) = 1 / \sum_k \max(p_k / p_i, q_k / q_i)`. The sum
    is linear between sorted ratios, so that the integral is a sum of closed terms.

    Parameters
    ----------
    here, there, seen
        As in `rank`.

    Examples
    --------
    >>> import numpy as np
    >>> here, there = np.array([0.5, 0.5]).reshape(2, 1, 1), np.array([0.2, 0.8]).reshape(1, 2, 1)
    >>> gumbel(here, there)[..., 0].round(3).tolist()
    [[0.4, 0.6], [0.0, 1.0]]
    """
    p, q = here[..., 0, :], there[..., 0, :, :]
    p, q = np.broadcast_arrays(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(p > 0, q / np.where(p > 0, p, 1.0), np.where(q > 0, np.inf, 0.0))
    order = np.argsort(ratio, axis=-2, kind="stable")
    at = np.take_along_axis(ratio, order, axis=-2)
    # Up to the m-th sorted ratio the sum is slope * rho + rest.
    slope = np.take_along_axis(p, order, axis=-2).cumsum(axis=-2)
    rest = np.take_along_axis(q, order, axis=-2)
    rest = np.flip(np.flip(rest, -2).cumsum(axis=-2), -2) - rest
    low, high = at[..., :-1, :], at[..., 1:, :]
    a, b = slope[..., :-1, :], rest[..., :-1, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (high - low) / ((a * low + b) * (a * high + b))
        beyond = 1.0 / (a * (a * low + b))
        area = np.where(np.isinf(high), np.where(np.isinf(low), 0.0, beyond), np.where(high > low, inside, 0.0))
    running = np.concatenate([np.zeros_like(at[..., :1, :]), area.cumsum(axis=-2)], axis=-2)
    reached = np.empty_like(running)
    np.put_along_axis(reached, order, running, axis=-2)
    states = np.arange(p.shape[-2])[:, None, None]
    own = states if seen is None else seen.reshape(1, 1, -1)
    mine, its, since = (_of_seen(array[..., :, None, :], seen) for array in (p, q, reached))
    table = q[..., None, :, :] * np.maximum(reached[..., None, :, :] - since, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = np.maximum(p[..., None, :, :], q[..., None, :, :] * (mine / its)).sum(axis=-2, keepdims=True)
    same = np.where(its > 0, 1.0 / np.where(its > 0, sums, 1.0), 0.0)
    table = np.where(own == states[:, 0], same, table)
    total = table.sum(axis=-2, keepdims=True)
    # A state of probability zero may go anywhere: to its own distribution there.
    return np.where(mine > 0, table / np.where(total > 0, total, 1.0), q[..., None, :, :])


#: How a node and its copy may share their noise; one line adds one.
COUPLINGS: Mapping[str, Coupling] = {"rank": rank, "gumbel": gumbel}
