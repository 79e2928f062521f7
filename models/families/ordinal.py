"""`ordinal`: cumulative logit (McCullagh 1980, JRSS B 42(2):109-142) with additive effects.

P(y <= s) = logistic(c_s - eta), where eta adds the effects of the parents, of the actor, of the guarantee.
The cutpoints c_s are the logits of the running sum of the baseline probabilities, so that the prior on them
is stated as probabilities of the average case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..parameter import Parameter
from .base import take
from .regression import (
    baseline_name,
    baseline_parameter,
    case_predictor,
    effect_slices,
    group_parameters,
    spread_over,
    term_faults,
    term_parameters,
)

if TYPE_CHECKING:
    from ..network import Network, Node

#: Stands for an infinite cutpoint: logistic(1000 - eta) is 1 to the last bit for any eta met in practice.
_FAR = 1e3
#: Configurations that are summed together at the least: enough work for a loop of NumPy, little enough for a cache.
_TOGETHER = 200


class Ordinal:
    """Ordered states; an effect moves all of them up or down together."""

    def faults(self, node: Node, network: Network) -> list[str]:
        """Say why `node` cannot be ordinal."""
        faults = term_faults(node, network)
        if not node.ordered:
            faults.append("family 'ordinal' needs ordered states; set ordered = true")
        if len(node.states) < 2:
            faults.append("family 'ordinal' needs two states or more")
        return faults

    def parameters(self, node: Node, network: Network) -> tuple[Parameter, ...]:
        """Declare baseline, effects of parents, spreads of groups."""
        return (baseline_parameter(node), *term_parameters(node, network), *group_parameters(node))

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        node: Node,
        network: Network,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        eta = case_predictor(values, codes, members, node, network, xp)
        cuts = _padded_cutpoints(values[baseline_name(node)], xp)
        state = codes[:, -1]
        upper, lower = take(xp, cuts, state + 1) - eta, take(xp, cuts, state) - eta
        # logistic(a) - logistic(b) = logistic(a) logistic(-b) (1 - exp(b - a)): no cancellation for close a, b.
        return -_softplus(-upper, xp) - _softplus(lower, xp) + xp.log(-xp.expm1(lower - upper))

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        node: Node,
        network: Network,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        cuts = _padded_cutpoints(np.moveaxis(values[baseline_name(node)], -1, 0), np)[:, 1:-1].T
        constant, slices = effect_slices(values, fixed, members, node, network)
        axes = tuple(axis for axis in node.parent_names if axis not in fixed)
        # exp(-eta) is a product of small tables, smallest first, so that the only work on the full table is one
        # product and, for each cutpoint, a product, a sum and a division.
        odds = np.exp(-constant) * np.ones((*(1 for _ in axes), cuts.shape[-1]))
        for own, effects in sorted(slices, key=lambda piece: piece[1].size):
            odds = odds * spread_over(np.exp(-effects), own, axes)
        wanted = range(len(node.states)) if node.name not in fixed else (fixed[node.name],)
        edges = sorted({edge for state in wanted for edge in (state, state + 1)} - {0, len(node.states)})
        above = {edge: _above(odds, np.exp(cuts[edge - 1])) for edge in edges}
        # The node's own axis is outermost in memory, so that each state is a block written in one go.
        table = np.empty((len(wanted), *odds.shape))
        for place, state in enumerate(wanted):
            if state == 0:
                np.subtract(1.0, above[1], out=table[place])
            elif state == len(node.states) - 1:
                table[place] = above[state]
            else:
                np.subtract(above[state], above[state + 1], out=table[place])
        return table[0] if node.name in fixed else np.moveaxis(table, 0, -2)

    def weighted_sum(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        node: Node,
        network: Network,
        weights: np.ndarray,
    ) -> np.ndarray:
        """Sum the table over its free parents, weighted, without ever making it.

        Parameters
        ----------
        weights
            Shape (*free parents, samples), free parents in the order of `summing_order`.

        Returns
        -------
        ndarray
            Shape (states, samples), or (samples,) where the node itself is fixed.
        """
        outer, inner = self.summing_order(node, network, fixed)
        cuts = np.exp(_padded_cutpoints(np.moveaxis(values[baseline_name(node)], -1, 0), np)[:, 1:-1].T)
        constant, slices = effect_slices(values, fixed, members, node, network)
        samples = weights.shape[-1]
        far = _odds([piece for piece in slices if set(piece[0]) <= set(outer)], outer, network, samples)
        near = _odds([piece for piece in slices if set(piece[0]) <= set(inner)], inner, network, samples)
        near = near * np.exp(-constant)
        weights = weights.reshape(len(far), len(near), samples)
        total = weights.sum(axis=(0, 1))
        above = np.zeros((len(cuts), samples))
        room = np.empty_like(near)
        for place, cut in enumerate(cuts):
            steep = near * cut
            for number, odds in enumerate(far):
                np.multiply(steep, odds, out=room)
                np.add(room, 1.0, out=room)
                np.divide(weights[number], room, out=room)
                above[place] += room.sum(axis=0)
        table = -np.diff(np.concatenate([total[None], above, np.zeros((1, samples))]), axis=0)
        return table[fixed[node.name]] if node.name in fixed else table

    def summing_order(
        self, node: Node, network: Network, fixed: Mapping[str, int]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Free parents, split in two: those summed one configuration at a time, and those summed together.

        Parents whose effects depend on each other stay on one side.
        """
        free = [name for name in node.parent_names if name not in fixed]
        tied = [{arrow.parent, arrow.by} & set(free) for arrow in node.parents if arrow.by]
        parts: list[set[str]] = []
        for name in free:
            part = {name}.union(*(pair for pair in tied if name in pair))
            joined = [other for other in parts if other & part]
            parts = [other for other in parts if other not in joined] + [part.union(*joined)]
        parts.sort(key=lambda part: -_size(network, part))
        inner: set[str] = set()
        while parts and _size(network, inner) < _TOGETHER:
            inner |= parts.pop(0)
        return tuple(n for n in free if n not in inner), tuple(n for n in free if n in inner)


def _size(network: Network, names: Iterable[str]) -> int:
    return math.prod(len(network[name].states) for name in names)


def _odds(
    slices: list[tuple[tuple[str, ...], np.ndarray]], axes: tuple[str, ...], network: Network, samples: int
) -> np.ndarray:
    """exp(-effects) of some parents for all their configurations, shape (configurations, samples)."""
    odds = np.ones((*(len(network[axis].states) for axis in axes), samples))
    for own, effects in slices:
        odds = odds * spread_over(np.exp(-effects), own, axes)
    return odds.reshape(-1, samples)


def _above(odds: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """P(y above the cutpoint) = 1 / (1 + exp(c - eta)), with exp(-eta) and exp(c) given."""
    above = odds * cut
    above += 1.0
    return np.divide(1.0, above, out=above)


def _padded_cutpoints(baseline: Any, xp: ModuleType) -> Any:
    """Cutpoints with one far below and one far above, dims (..., states + 1)."""
    below = xp.cumsum(baseline, axis=-1)[..., :-1]
    # The upper tail is summed from above: 1 - below would lose digits where it is close to 0.
    above = xp.cumsum(baseline[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    with np.errstate(divide="ignore"):  # a baseline of exactly 0 puts its cutpoint infinitely far out
        cuts = xp.log(below) - xp.log(above)
    far = xp.zeros_like(cuts[..., :1]) + _FAR
    return xp.concatenate([-far, cuts, far], axis=-1)


def _softplus(x: Any, xp: ModuleType) -> Any:
    return xp.logaddexp(0.0, x)
