"""Fits under other priors: weights on the draws where they can be trusted, draws made again where they cannot.

A posterior is its prior times the likelihood, so that under another prior a draw weighs the ratio of the two prior
densities. Nodes in different blocks are independent a posteriori, so a question takes the ratio of the blocks it
depends on, and of no others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...common.errors import Fault, raise_faults
from ...models.errors import PriorError, wrong_kinds
from ...models.network.parameters import narrowed, network_parameters, parameter_coords, prior_faults
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity
from ...models.sampling.refit import blocks_of, resample_blocks
from ...models.sampling.run import counted_twice
from ..summaries.importance import ImportanceWeights, WeightedSummary, smoothed, weighted_summary

type NodesOfBlock = tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """An answer under one prior.

    Parameters
    ----------
    draws
        Shape (chains, draws).
    weights
        None where the draws are those of a fit under this very prior.
    pareto_k
        Shape of the weights; minus infinity where there are none.
    refitted
        Nodes that were fitted again for it.
    """

    draws: np.ndarray
    weights: ImportanceWeights | None
    refitted: tuple[str, ...]

    @property
    def pareto_k(self) -> float:
        """Shape of the weights' tail; minus infinity where all weigh the same."""
        return -np.inf if self.weights is None else self.weights.pareto_k

    @property
    def trusted(self) -> bool:
        """Whether its weights can be trusted."""
        return self.weights is None or self.weights.trusted

    @property
    def effective(self) -> float:
        """Effective number of its draws, as far as weights take from it."""
        return float(self.draws.size) if self.weights is None else self.weights.effective

    @cached_property
    def summary(self) -> WeightedSummary:
        """Mean, interval, standard deviation and Monte Carlo error."""
        return weighted_summary(self.draws, self.weights)


@dataclass(frozen=True)
class ReweightedFit:
    """A posterior on its way to other priors: some blocks drawn again under them, some with weights.

    Parameters
    ----------
    posterior
        With the draws that were made again.
    redrawn, refitted
        Nodes that were drawn again in any way, and those for which weights had failed.
    ratios
        Block that was not drawn again -> log ratio of the two priors, shape (chains, draws).
    """

    posterior: Posterior
    redrawn: frozenset[str]
    refitted: frozenset[str]
    ratios: Mapping[NodesOfBlock, np.ndarray]
    _smoothed: dict[tuple[NodesOfBlock, ...], ImportanceWeights] = field(default_factory=dict)

    def blocks(self, nodes: frozenset[str]) -> tuple[NodesOfBlock, ...]:
        """Blocks with a ratio that hold some of the nodes."""
        return tuple(block for block in self.ratios if nodes & set(block))

    def ratio(self, blocks: tuple[NodesOfBlock, ...]) -> np.ndarray:
        """Sum of the ratios of some blocks, shape (chains, draws); zero without any."""
        return sum((self.ratios[block] for block in blocks), np.zeros(tuple(self.posterior.sizes.values())))

    def weights(self, nodes: frozenset[str]) -> ImportanceWeights | None:
        """Weights of the draws for what depends on some nodes; None where all weigh the same."""
        blocks = self.blocks(nodes)
        return self.weights_of(blocks) if blocks else None

    def answer(self, question: Quantity, nodes: frozenset[str], asked: np.ndarray) -> Answer:
        """Answer to a question under these priors.

        Parameters
        ----------
        question, nodes
            What is asked, and the nodes whose tables it depends on.
        asked
            Its draws under the fit, shape (chains, draws), which serve where nothing of it was drawn again.
        """
        x = question.draws(self.posterior).values if self.redrawn & nodes else asked
        return Answer(x, self.weights(nodes), tuple(sorted(self.refitted & nodes)))

    def weights_of(self, blocks: tuple[NodesOfBlock, ...]) -> ImportanceWeights:
        """Weights of the draws for what depends on some blocks; smoothed once."""
        if blocks not in self._smoothed:
            self._smoothed[blocks] = smoothed(self.ratio(blocks))
        return self._smoothed[blocks]


def log_prior_ratio(posterior: Posterior, priors: PriorSet, nodes: Collection[str]) -> np.ndarray:
    """Log ratio of the prior densities of some nodes' parameters: under other priors to under the posterior's own.

    Parameters
    ----------
    posterior
        A fit.
    priors
        The others.
    nodes
        Whose parameters.

    Returns
    -------
    ndarray
        Shape (chains, draws).
    """
    coords = parameter_coords(posterior.network, posterior.levels)
    total = np.zeros(tuple(posterior.sizes.values()))
    parameters = network_parameters(posterior.network, [n for n in posterior.network.names if n in nodes])
    values = {p.name: posterior.draws[p.name].transpose("chain", "draw", *p.dims).values for p in parameters}
    for parameter in parameters:
        new, old = parameter.prior(priors), parameter.prior(posterior.priors)
        if new != old:
            total += parameter.log_prior(values, new, coords) - parameter.log_prior(values, old, coords)
    return total


def changed_nodes(posterior: Posterior, priors: PriorSet) -> frozenset[str]:
    """Nodes for some parameter of which two sets state different priors."""
    return frozenset(
        name
        for name in posterior.network.names
        if any(
            parameter.prior(priors) != parameter.prior(posterior.priors)
            for parameter in network_parameters(posterior.network, [name])
        )
    )


def changed_blocks(posterior: Posterior, priors: PriorSet) -> dict[NodesOfBlock, bool]:
    """Blocks for some node of which other priors are stated, and whether they were drawn exactly."""
    changed = changed_nodes(posterior, priors)
    return {block: exactly for block, exactly in blocks_of(posterior).items() if changed & set(block)}


def reweighted_fit(
    posterior: Posterior, priors: PriorSet, questions: Mapping[str, frozenset[str]], *, refit: bool
) -> ReweightedFit:
    """Fit brought to other priors, as far as questions need it.

    Parameters
    ----------
    posterior
        A fit.
    priors
        The others.
    questions
        Label -> nodes whose tables the question depends on.
    refit
        Whether to fit a block again where the weights of a question cannot be trusted.
    """
    wanted = frozenset().union(*questions.values())
    blocks = changed_blocks(posterior, priors)
    touched = [block for block in blocks if wanted & set(block)]
    ratios = {block: log_prior_ratio(posterior, priors, block) for block in touched if not blocks[block]}
    exact = frozenset(name for block in touched if blocks[block] for name in block)
    found = ReweightedFit(posterior, frozenset(), frozenset(), ratios)
    if exact:
        found = replace(found, posterior=resample_blocks(posterior, priors, exact), redrawn=exact)
    while refit:
        bad = [nodes for nodes in questions.values() if (w := found.weights(nodes)) is not None and not w.trusted]
        if not bad:
            break
        # Of the blocks a question depends on, the one whose weights have the heaviest tail.
        worst = max(found.blocks(bad[0]), key=lambda block: found.weights_of((block,)).pareto_k)
        again = frozenset(worst)
        found = ReweightedFit(
            resample_blocks(found.posterior, priors, again),
            found.redrawn | again,
            found.refitted | again,
            {block: ratio for block, ratio in found.ratios.items() if block != worst},
        )
    return found


def checked_sets(posterior: Posterior, priors: Iterable[PriorSet]) -> list[PriorSet]:
    """Give the posterior's own set first, then the others; raises if one does not fit the network."""
    raise_faults("comparison of priors", wrong_kinds({"posterior": (posterior, Posterior)}), PriorError)
    own, priors = posterior.priors, list(priors)
    if own is None or base_faults(posterior):
        raise PriorError("comparison of priors", base_faults(posterior))
    faults = wrong_kinds({f"prior {number}": (chosen, PriorSet) for number, chosen in enumerate(priors, start=1)})
    raise_faults("comparison of priors", faults, PriorError)
    others = [chosen for chosen in priors if narrowed(posterior.network, chosen) != own]
    names = [own.name, *(chosen.name for chosen in others)]
    faults = [
        Fault(name, "is the name of two sets; rename one") for name in sorted({n for n in names if names.count(n) > 1})
    ]
    for chosen in others:
        faults += [fault.within(chosen.name) for fault in prior_set_faults(posterior, chosen)]
    raise_faults("comparison of priors", faults, PriorError)
    return [own, *others]


def base_faults(posterior: Posterior) -> list[Fault]:
    """Say so where a posterior was not fitted under a prior set that others could be weighed against."""
    fitted = posterior.priors is not None and "drawn_exactly" in posterior.provenance
    return [] if fitted else [Fault("posterior", "has no prior set to weigh against; fit the network with one")]


def prior_set_faults(posterior: Posterior, priors: PriorSet) -> list[Fault]:
    """List where a set does not fit the network of a posterior, or was made from the data behind it."""
    coords = parameter_coords(posterior.network, posterior.levels)
    twice = counted_twice(priors, posterior.provenance.get("data_sets", ()))
    return [*prior_faults(posterior.network, priors, coords), *twice]
