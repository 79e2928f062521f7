"""Bayes factors of priors: how much more likely one makes the data than another, from draws of a fit.

The marginal likelihood of the data under a prior is the mean of the likelihood over it. Nodes in different blocks are
independent, so its logarithm is a sum over blocks, and only blocks whose priors differ count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...models.density.marginal_likelihood import bridge_log_ratio
from ...models.diagnostics import mean_error
from ...models.errors import PriorError
from ...models.network.parameters import network_parameters
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.sampling.refit import inputs_of, resample_blocks
from ...models.sampling.run import FitInputs
from ...models.sampling.samplers import dirichlet_of
from ...priors.panel.logarithmic_pool import logarithmic_pool
from .reweighted import ReweightedFit, changed_blocks, log_prior_ratio

#: A bridge is close enough with this error of the logarithm; at most so many fits stand on the way, ends included.
_CLOSE, _MOST_FITS = 0.1, 8
#: A larger error of a logarithm leaves open how much the data speak for a prior.
_WORST_ERROR = 0.3
#: A mean of draws that rests on fewer of them has an error that they cannot tell.
_FEWEST = 5.0


@dataclass(frozen=True)
class BayesFactor:
    """Logarithm of the ratio of two marginal likelihoods.

    Parameters
    ----------
    log
        The logarithm.
    error
        Its standard error, autocorrelation included.
    doubt
        Why it cannot be trusted; empty where it can.
    """

    log: float
    error: float
    doubt: str = ""

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.doubt


def bayes_factor(posterior: Posterior, priors: PriorSet, reweighted: ReweightedFit) -> BayesFactor:
    """Bayes factor of other priors against those of a fit: how much more likely they make the data.

    Tables that were drawn exactly have it in closed form (the Dirichlet-multinomial). Else it is the mean of the
    weights, or where these failed and the block was fitted again, the optimal bridge between the two fits (Meng and
    Wong 1996†; Bennett 1976†), with fits between them where it would be too long.

    Parameters
    ----------
    posterior
        The fit.
    priors
        The others.
    reweighted
        The fit brought to `priors`, each changed block for itself (`block_questions`).

    Returns
    -------
    BayesFactor
    """
    blocks = changed_blocks(posterior, priors)
    total, variance, doubts = 0.0, 0.0, []
    tables = [name for block, exactly in blocks.items() if exactly for name in block]
    if tables:
        run = inputs_of(posterior, posterior.priors)
        total += sum(_table_ratio(run, priors, name) for name in tables)
    for block in (block for block, exactly in blocks.items() if not exactly):
        if block in reweighted.ratios:
            weights = reweighted.weights_of((block,))
            log, error = weights.log_mean, _relative_error(reweighted.ratios[block])
            doubts += [] if weights.trusted else [f"weights of {' + '.join(block)} cannot be trusted"]
        else:
            log, error = _bridged(posterior, replace(reweighted.posterior, priors=priors), block)
        total, variance = total + log, variance + error**2
        # Draws keep to one order of such a node's states, where a prior may hold several for equally likely.
        named = [name for name in block if posterior.network[name].anchored_by and _is_latent(posterior, name)]
        doubts += [f"the states of {name}, which nobody saw, may be renamed" for name in named]
    error = float(np.sqrt(variance))
    doubts += [f"its logarithm has an error of {error:.1f}"] if error > _WORST_ERROR else []
    return BayesFactor(total, error, "; ".join(doubts))


def _is_latent(posterior: Posterior, name: str) -> bool:
    return posterior.provenance["missing_cells"].get(name, 0) == posterior.provenance["cases"]


def block_questions(posterior: Posterior, priors: PriorSet) -> dict[str, frozenset[str]]:
    """Each block with other priors as a question of its own, so that its weights are judged, and replaced, alone."""
    return {f"block {' + '.join(block)}": frozenset(block) for block in changed_blocks(posterior, priors)}


def bridge(here: np.ndarray, there: np.ndarray) -> tuple[float, float]:
    r"""Logarithm of the ratio of two marginal likelihoods from draws of both posteriors, and its standard error.

    The likelihood is the same in both, so the ratio of the prior densities is that of the unnormalised posteriors.

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
    from scipy.special import log_expit, logsumexp

    log = bridge_log_ratio(here, there, there.size / (here.size + there.size))
    c = log + float(np.log(here.size / there.size))
    crossing = float(np.exp(np.asarray(logsumexp(log_expit(here - c)))))
    ahead, behind = (_relative_error(np.asarray(log_expit(side))) for side in (here - c, c - there))
    error = float(np.hypot(ahead, behind))
    # Where not even a few draws of one fit could be of the other, nothing but the tails is compared.
    return log, error if crossing >= _FEWEST else np.inf


def _bridged(posterior: Posterior, other: Posterior, block: tuple[str, ...]) -> tuple[float, float]:
    """Cross from one fit of a block to another, over fits under geometric means of the priors where it is far."""
    intermediate_fits = [posterior, other]
    while True:
        spans = [
            bridge(log_prior_ratio(a, b.priors, block), -log_prior_ratio(b, a.priors, block))
            for a, b in pairwise(intermediate_fits)
            if a.priors is not None and b.priors is not None
        ]
        log, error = sum(span[0] for span in spans), float(np.sqrt(sum(span[1] ** 2 for span in spans)))
        if error <= _CLOSE or len(intermediate_fits) == _MOST_FITS:
            return log, error
        worst = int(np.argmax([span[1] for span in spans]))
        try:
            middle = _middle(intermediate_fits[worst], intermediate_fits[worst + 1], block)
        except PriorError:  # The middle is in no family: the long bridge has to do, and its error says so.
            return log, error
        intermediate_fits.insert(worst + 1, replace(resample_blocks(posterior, middle, block), priors=middle))


def _middle(one: Posterior, other: Posterior, block: tuple[str, ...]) -> PriorSet:
    """Pool the priors of a block; all other parameters keep those of the first."""
    inside = {parameter.name for parameter in network_parameters(one.network, block)}
    names = [parameter.name for parameter in network_parameters(one.network)]
    ends = {}
    for label, end in (("one", one), ("other", other)):
        chosen = {name: (end.priors if name in inside else one.priors) for name in names}
        ends[label] = PriorSet.from_mapping({name: own[name] for name, own in chosen.items() if own is not None}, label)
    return logarithmic_pool(one.network, ends)


def _relative_error(log: np.ndarray) -> float:
    """Standard error of the mean of what has these logarithms, in units of the mean; infinite if few draws make it."""
    x = np.exp(log - log.max())
    if np.ptp(x) == 0:
        return 0.0
    if x.sum() ** 2 < _FEWEST * (x**2).sum():
        return np.inf
    return float(mean_error(x[..., None])[0]) / float(x.mean())


def _table_ratio(run: FitInputs, priors: PriorSet, name: str) -> float:
    """Of one table, from the Dirichlet-multinomial."""
    from scipy.special import gammaln

    def log_beta(alpha: np.ndarray) -> float:
        return float((gammaln(alpha).sum(axis=-1) - gammaln(alpha.sum(axis=-1))).sum())

    (parameter,) = network_parameters(run.network, [name])
    shape, states = run.network.shape(name), run.network[name].states
    old, new = (parameter.prior(chosen).alpha(shape, states, parameter.name) for chosen in (run.priors, priors))
    counted = dirichlet_of(run, name) - old
    return log_beta(new + counted) - log_beta(new) - log_beta(old + counted) + log_beta(old)
