"""How much more likely one prior makes the data than another, from draws of a fit.

The marginal likelihood of the data under a prior is the mean of the likelihood over it. Nodes in different blocks are
independent, so its logarithm is a sum over blocks, and only blocks whose priors differ count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..models.check import PriorError
from ..models.compiler import network_parameters
from ..models.fitting import blocks_of, drawn_again, run_of
from ..models.samplers import dirichlet_of
from ..priors.pool import logarithmic_pool
from .reweighting import changed_nodes, log_prior_ratio, smoothed
from .summary import array_stats

if TYPE_CHECKING:
    from ..models.posterior import Posterior
    from ..models.prior import PriorSet
    from ..models.samplers import Run
    from .variants import Variant

#: A bridge is close enough with this error of the logarithm; at most so many fits stand on the way, ends included.
_CLOSE, _MOST_STONES = 0.1, 6


@dataclass(frozen=True)
class EvidenceRatio:
    """Logarithm of the ratio of two marginal likelihoods.

    Parameters
    ----------
    log
        The logarithm.
    error
        Its standard error, autocorrelation included.
    trusted
        Whether no block rests on weights that cannot be trusted.
    """

    log: float
    error: float
    trusted: bool


def evidence_ratio(posterior: Posterior, priors: PriorSet, variant: Variant) -> EvidenceRatio:
    """How much more likely other priors make the data than those of a fit.

    Tables that were drawn exactly have it in closed form (the Dirichlet-multinomial). Else it is the mean of the
    weights, or where these failed and the block was fitted again, the optimal bridge between the two fits (Meng and
    Wong 1996†; Bennett 1976†), with fits between them where it would be too long.

    Parameters
    ----------
    posterior
        The fit.
    priors
        The others.
    variant
        The fit brought to `priors`, each changed block for itself (`block_questions`).

    Returns
    -------
    EvidenceRatio
    """
    changed = changed_nodes(posterior, priors)
    blocks = {block: exactly for block, exactly in blocks_of(posterior).items() if changed & set(block)}
    total, variance, trusted = 0.0, 0.0, True
    tables = [name for block, exactly in blocks.items() if exactly for name in block]
    if tables:
        run = run_of(posterior, posterior.priors)
        total += sum(_table_ratio(run, priors, name) for name in tables)
    for block in (block for block, exactly in blocks.items() if not exactly):
        if block in variant.ratios:
            ratio = variant.ratios[block]
            weights = smoothed(ratio)
            log, error = weights.log_mean, _relative_error(np.exp(ratio - ratio.max()))
            trusted = trusted and weights.trusted
        else:
            log, error = _bridged(posterior, replace(variant.posterior, priors=priors), block)
        total, variance = total + log, variance + error**2
    return EvidenceRatio(total, float(np.sqrt(variance)), trusted)


def block_questions(posterior: Posterior, priors: PriorSet) -> dict[str, frozenset[str]]:
    """Each block with other priors as a question of its own, so that its weights are judged, and replaced, alone."""
    changed = changed_nodes(posterior, priors)
    return {f"block {' + '.join(block)}": frozenset(block) for block in blocks_of(posterior) if changed & set(block)}


def bridge(here: np.ndarray, there: np.ndarray) -> tuple[float, float]:
    r"""Logarithm of the ratio of two marginal likelihoods from draws of both posteriors, and its standard error.

    The likelihood is the same in both, so the ratio l of the prior densities is that of the unnormalised posteriors.
    With as many draws here (under the old prior) as there, the optimal bridge solves
    sum_here expit(l - c) = sum_there expit(c - l) for c.

    Parameters
    ----------
    here, there
        Log ratio of the new prior's density to the old one's in draws under the old and under the new prior, shape
        (chains, draws).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> one, other = rng.normal(0, 1, (4, 1000)), rng.normal(3, 1, (4, 1000))  # of the same mass
    >>> abs(bridge(3 * one - 4.5, 3 * other - 4.5)[0]) < 0.1
    True
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    offset = np.log(here.size / there.size)

    def unbalanced(c: float) -> float:
        return float(expit(here - c).sum() - expit(c - there).sum())

    ends = np.concatenate([here.ravel(), there.ravel()])
    c = float(brentq(unbalanced, float(ends.min()) - 50.0, float(ends.max()) + 50.0, xtol=1e-10))  # type: ignore[arg-type]
    error = np.hypot(_relative_error(expit(here - c)), _relative_error(expit(c - there)))
    return c - float(offset), float(error)


def _bridged(posterior: Posterior, other: Posterior, block: tuple[str, ...]) -> tuple[float, float]:
    """Cross from one fit of a block to another, over fits under geometric means of the priors where it is far."""
    stones = [posterior, other]
    while True:
        spans = [
            bridge(log_prior_ratio(a, b.priors, block), -log_prior_ratio(b, a.priors, block))
            for a, b in pairwise(stones)
            if a.priors is not None and b.priors is not None
        ]
        log, error = sum(span[0] for span in spans), float(np.sqrt(sum(span[1] ** 2 for span in spans)))
        if error <= _CLOSE or len(stones) == _MOST_STONES:
            return log, error
        worst = int(np.argmax([span[1] for span in spans]))
        pair = zip("ab", stones[worst : worst + 2], strict=True)
        ends = {name: stone.priors for name, stone in pair if stone.priors is not None}
        try:
            middle = logarithmic_pool(posterior.network, ends)
        except PriorError:  # The middle is in no family: the long bridge has to do, and its error says so.
            return log, error
        stones.insert(worst + 1, replace(drawn_again(posterior, middle, block), priors=middle))


def _relative_error(x: np.ndarray) -> float:
    if np.ptp(x) == 0:
        return 0.0
    return float(array_stats().mcse(x, method="mean", chain_axis=0, draw_axis=1)) / float(x.mean())


def _table_ratio(run: Run, priors: PriorSet, name: str) -> float:
    """Of one table, from the Dirichlet-multinomial."""
    from scipy.special import gammaln

    def log_beta(alpha: np.ndarray) -> float:
        return float((gammaln(alpha).sum(axis=-1) - gammaln(alpha.sum(axis=-1))).sum())

    (parameter,) = network_parameters(run.network, [name])
    shape, states = run.network.shape(name), run.network[name].states
    old, new = (parameter.prior(chosen).alpha(shape, states, parameter.name) for chosen in (run.priors, priors))
    counted = dirichlet_of(run, name) - old
    return log_beta(new + counted) - log_beta(new) - log_beta(old + counted) + log_beta(old)
