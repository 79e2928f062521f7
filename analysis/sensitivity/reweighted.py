"""A fit under other priors: weights where they can be trusted, draws made again where they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ...models.sampling.fit import blocks_of, drawn_again
from ..evaluation.importance import Weights, changed_nodes, log_prior_ratio, smoothed

if TYPE_CHECKING:
    from ...models.parameters.prior_set import PriorSet
    from ...models.posterior import Posterior

type NodesOfBlock = tuple[str, ...]


@dataclass(frozen=True)
class Variant:
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
    _smoothed: dict[tuple[NodesOfBlock, ...], Weights] = field(default_factory=dict)

    def blocks(self, nodes: frozenset[str]) -> tuple[NodesOfBlock, ...]:
        """Blocks with a ratio that hold some of the nodes."""
        return tuple(block for block in self.ratios if nodes & set(block))

    def ratio(self, blocks: tuple[NodesOfBlock, ...]) -> np.ndarray:
        """Sum of the ratios of some blocks, shape (chains, draws); zero without any."""
        return sum((self.ratios[block] for block in blocks), np.zeros(tuple(self.posterior.sizes.values())))

    def weights(self, nodes: frozenset[str]) -> Weights | None:
        """Weights of the draws for what depends on some nodes; None where all weigh the same."""
        blocks = self.blocks(nodes)
        return self.weights_of(blocks) if blocks else None

    def weights_of(self, blocks: tuple[NodesOfBlock, ...]) -> Weights:
        """Weights of the draws for what depends on some blocks; smoothed once."""
        if blocks not in self._smoothed:
            self._smoothed[blocks] = smoothed(self.ratio(blocks))
        return self._smoothed[blocks]


def changed_blocks(posterior: Posterior, priors: PriorSet) -> dict[NodesOfBlock, bool]:
    """Blocks for some node of which other priors are stated, and whether they were drawn exactly."""
    changed = changed_nodes(posterior, priors)
    return {block: exactly for block, exactly in blocks_of(posterior).items() if changed & set(block)}


def variant_of(
    posterior: Posterior, priors: PriorSet, questions: Mapping[str, frozenset[str]], *, refit: bool
) -> Variant:
    """Bring a posterior to other priors, as far as questions need it.

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
    found = Variant(posterior, frozenset(), frozenset(), ratios)
    if exact:
        found = replace(found, posterior=drawn_again(posterior, priors, exact), redrawn=exact)
    while refit:
        bad = [nodes for nodes in questions.values() if (w := found.weights(nodes)) is not None and not w.trusted]
        if not bad:
            break
        # Of the blocks a question depends on, the one whose weights have the heaviest tail.
        worst = max(found.blocks(bad[0]), key=lambda block: found.weights_of((block,)).pareto_k)
        again = frozenset(worst)
        found = Variant(
            drawn_again(found.posterior, priors, again),
            found.redrawn | again,
            found.refitted | again,
            {block: ratio for block, ratio in found.ratios.items() if block != worst},
        )
    return found
