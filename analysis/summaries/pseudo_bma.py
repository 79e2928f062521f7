"""Pseudo-BMA+: weights of models by their predictions, averaged over how the units might have fallen."""

from __future__ import annotations

import numpy as np

from ...models.seeds import generator

#: Draws of the Bayesian bootstrap; more of them no longer move a weight by a hundredth.
REPLICATES = 4000
#: Replicates are weighed in parts of so many, which bounds the memory that many units need.
_AT_ONCE = 500


def pseudo_bma_weights(
    log_p: np.ndarray, counts: np.ndarray | None = None, *, seed: int, replicates: int = REPLICATES
) -> np.ndarray:
    r"""Weights of models in proportion to $\exp(\mathrm{elpd})$, averaged over a Bayesian bootstrap of the units.

    Yao and others (2018, doi 10.1214/17-BA1091), section 3.4†. The bootstrap (Rubin 1981†) carries the uncertainty of a
    sum over few units into the weights, so that models which predict nearly the same share the weight. Stacking weights
    answer another question, which mixture would have predicted best, and jump from one such model to the other.

    Parameters
    ----------
    log_p
        Log predictive density that each model gave to each unit that was left out, shape (units, models).
    counts
        How many cases each unit stands for, shape (units,).
    seed
        Of the bootstrap.
    replicates
        How many times the units are weighed anew.

    Returns
    -------
    ndarray
        Shape (models,), adds up to one.

    Examples
    --------
    >>> log_p = np.log(np.array([[0.9, 0.5], [0.2, 0.5], [0.8, 0.5]]))
    >>> pseudo_bma_weights(log_p, seed=1).round(1)
    array([0.5, 0.5])
    """
    cases = np.ones(len(log_p)) if counts is None else np.asarray(counts, float)
    seen, cases = log_p[cases > 0], cases[cases > 0]
    rng = generator(seed)
    total = np.zeros(log_p.shape[1])
    for start in range(0, replicates, _AT_ONCE):
        shares = rng.dirichlet(cases, min(_AT_ONCE, replicates - start))
        elpd = cases.sum() * shares @ seen
        weights = np.exp(elpd - elpd.max(axis=1, keepdims=True))
        total += (weights / weights.sum(axis=1, keepdims=True)).sum(axis=0)
    return total / replicates
