"""Log-likelihood of cases, missing cells summed out, in plain NumPy."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from ..network.network import Network
from .patterns import Patterns


def log_likelihood(
    network: Network,
    patterns: Patterns,
    values: Mapping[str, np.ndarray],
    *,
    cells: Collection[str] | None = None,
    holes: Collection[str] | None = None,
) -> np.ndarray:
    """Log-likelihood of every case under every draw, in plain NumPy: the judge of the compiled densities.

    Parameters
    ----------
    values
        Parameter -> draws, shape (samples, *dims), group effects included.
    cells, holes
        Count complete cells of these nodes only, and holes that touch these only; all by default.

    Returns
    -------
    ndarray
        Shape (samples, cases): the joint log-probability of what was observed in each case.
    """
    samples = len(next(iter(values.values())))
    # Cases first, so that what is added to a case is one run of memory.
    total = np.zeros((patterns.cases, samples))
    for name in network.names if cells is None else cells:
        own = patterns.cells[name]
        if len(own.rows):
            log_p = network.family(name).log_prob(values, own.codes, own.members, network.local(name), np)
            total[own.rows] += np.ascontiguousarray(log_p.T)[own.inverse]
    for hole in patterns.holes:
        if holes is not None and not set(hole.codes) & set(holes):
            continue
        log_p = sum(
            network.family(name).log_prob(values, codes, hole.members[name], network.local(name), np)
            for name, codes in hole.codes.items()
        )
        joint = np.reshape(np.asarray(log_p), (samples, len(hole.counts), hole.completions))
        total[hole.rows] += np.ascontiguousarray(_log_sum(joint).T)[hole.inverse]
    return total.T


def _log_sum(log_p: np.ndarray) -> np.ndarray:
    """Logarithm of the sum over the last axis, which is short: it is put first, where NumPy adds whole arrays."""
    parts = np.ascontiguousarray(np.moveaxis(log_p, -1, 0))
    top = parts.max(axis=0)
    top[~np.isfinite(top)] = 0.0  # Impossible whatever was missing: the sum is 0, and its logarithm says so.
    with np.errstate(divide="ignore"):
        return np.log(np.exp(parts - top).sum(axis=0)) + top
