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
    complete: Collection[str] | None = None,
    incomplete: Collection[str] | None = None,
) -> np.ndarray:
    """Log-likelihood of every case under every draw, in plain NumPy: the judge of the compiled densities.

    Parameters
    ----------
    values
        Parameter -> draws, shape (samples, *dims), group effects included.
    complete, incomplete
        Count complete cells of these nodes only, and missing patterns that touch these only; all by default.

    Returns
    -------
    ndarray
        Shape (samples, cases): the joint log-probability of what was observed in each case.
    """
    samples = len(next(iter(values.values())))
    # Cases first, so that what is added to a case is one run of memory.
    total = np.zeros((patterns.cases, samples))
    for name in network.names if complete is None else complete:
        own = patterns.complete[name]
        if len(own.rows):
            log_p = network.family(name).log_prob(values, own.codes, own.members, network.local(name), np)
            total[own.rows] += np.ascontiguousarray(log_p.T)[own.inverse]
    for part in patterns.incomplete:
        if incomplete is not None and not set(part.codes) & set(incomplete):
            continue
        log_p = sum(
            network.family(name).log_prob(values, codes, part.members[name], network.local(name), np)
            for name, codes in part.codes.items()
        )
        joint = np.reshape(np.asarray(log_p), (samples, len(part.counts), part.completions))
        total[part.rows] += np.ascontiguousarray(_log_sum(joint).T)[part.inverse]
    return total.T


def _log_sum(log_p: np.ndarray) -> np.ndarray:
    """Logarithm of the sum over the last axis, which is short: it is put first, where NumPy adds whole arrays."""
    parts = np.ascontiguousarray(np.moveaxis(log_p, -1, 0))
    top = parts.max(axis=0)
    top[~np.isfinite(top)] = 0.0  # Impossible whatever was missing: the sum is 0, and its logarithm says so.
    with np.errstate(divide="ignore"):
        return np.log(np.exp(parts - top).sum(axis=0)) + top
