"""`ordinal`: cumulative logit (McCullagh 1980, JRSS B 42(2):109-142) with additive effects.

P(y <= s) = logistic(c_s - eta), where eta adds the effects of the parents, of the actor, of the guarantee.
The cutpoints c_s are the logits of the running sum of the baseline probabilities, so that the prior on them
is stated as probabilities of the average case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..parameters.parameter import Parameter
from .base import namespace, take
from .kernels import sum_states
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
    from ..network.network import Network, Node

#: Stands for an infinite cutpoint: logistic(1000 - eta) is 1 to the last bit for any eta met in practice.
_FAR = 1e3
#: Cells that are worked on together.
_IN_CACHE = 2**15
#: Configurations that are summed together, about.
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
        xp = namespace(values[baseline_name(node)])
        cuts = xp.exp(_padded_cutpoints(xp.moveaxis(values[baseline_name(node)], -1, 0), xp)[:, 1:-1].T)
        constant, slices = effect_slices(values, fixed, members, node, network)
        axes = tuple(axis for axis in node.parent_names if axis not in fixed)
        # exp(-eta) is a product of small tables, smallest first, so that the only work on the full table is one
        # product and, for each cutpoint, a product, a sum and a division.
        factors = [xp.exp(-constant) * xp.ones((*(1 for _ in axes), cuts.shape[-1]))]
        factors += [
            spread_over(xp.exp(-effects), own, axes) for own, effects in sorted(slices, key=lambda piece: piece[1].size)
        ]
        wanted = range(len(node.states)) if node.name not in fixed else (fixed[node.name],)
        table = _states(factors, cuts, wanted) if xp is np else _states_elsewhere(factors, cuts, wanted)
        # The node's own axis is outermost in memory, so that each state is a block written in one go.
        return table[0] if node.name in fixed else xp.moveaxis(table, 0, -2)

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
        xp = namespace(weights)
        cuts = xp.exp(_padded_cutpoints(xp.moveaxis(values[baseline_name(node)], -1, 0), xp)[:, 1:-1].T)
        constant, slices = effect_slices(values, fixed, members, node, network)
        samples = weights.shape[-1]
        far = _odds([piece for piece in slices if set(piece[0]) <= set(outer)], outer, network, samples, xp)
        near = _odds([piece for piece in slices if set(piece[0]) <= set(inner)], inner, network, samples, xp)
        near = near * xp.exp(-constant)
        weights = weights.reshape(len(far), len(near), samples)
        table = (sum_states if xp is np else _sum_elsewhere)(weights, far, near, cuts)
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
        # As many configurations on one side as on the other make the fewest products, up to what a cache holds.
        enough = min(_TOGETHER, math.sqrt(_size(network, free)))
        inner: set[str] = set()
        while parts and _size(network, inner) < enough:
            inner |= parts.pop(0)
        return tuple(n for n in free if n not in inner), tuple(n for n in free if n in inner)


def _size(network: Network, names: Iterable[str]) -> int:
    return math.prod(len(network[name].states) for name in names)


def _odds(
    slices: list[tuple[tuple[str, ...], np.ndarray]], axes: tuple[str, ...], network: Network, samples: int, xp: Any
) -> Any:
    """exp(-effects) of some parents for all their configurations, shape (configurations, samples)."""
    shape = (*(len(network[axis].states) for axis in axes), samples)
    factors = [spread_over(xp.exp(-effects), own, axes) for own, effects in slices]
    odds = reduce(lambda one, other: one * other, sorted(factors, key=lambda factor: factor.size), xp.ones(samples))
    return xp.broadcast_to(odds, shape).reshape(-1, samples)


def _states(factors: Sequence[np.ndarray], cuts: np.ndarray, wanted: Sequence[int]) -> np.ndarray:
    """P(y = state), shape (states, *free parents, samples).

    Parameters
    ----------
    factors
        Tables whose product is exp(-eta), each of shape (*free parents or 1, samples).
    cuts
        exp of the cutpoints, shape (cutpoints, samples).
    wanted
        States.
    """
    shape, last = np.broadcast_shapes(*(factor.shape for factor in factors)), len(cuts)
    table = np.empty((len(wanted), *shape))
    apart, finite = _apart(cuts, np), bool(np.isfinite(cuts).all())
    # So many draws at once that what is worked on stays in the cache.
    together = max(16, _IN_CACHE // math.prod(shape[:-1]))
    for start in range(0, shape[-1], together):
        draws = slice(start, min(start + together, shape[-1]))
        odds = reduce(np.multiply, [factor[..., draws] for factor in factors])
        # P(y above an edge) = 1 / (1 + exp(c - eta)), and P(y below it) = exp(c - eta) times that. A state lies above
        # one edge and below the next: their product and 1 - exp(c - c'), where a difference would lose small numbers.
        above: dict[int, Any] = {0: 1.0}
        below: dict[int, Any] = {last + 1: 1.0}
        for edge in sorted({edge for state in wanted for edge in (state, state + 1)} - {0, last + 1}):
            steep = odds * cuts[edge - 1, draws]
            above[edge] = steep + 1.0
            np.divide(1.0, above[edge], out=above[edge])
            below[edge] = np.multiply(steep, above[edge], out=steep) if finite else 1.0 - above[edge]
        for state, block in zip(wanted, table[..., draws], strict=True):
            np.multiply(above[state], below[state + 1], out=block)
            if 0 < state < last:
                block *= apart[state - 1, draws]
    return table


def _states_elsewhere(factors: Sequence[Any], cuts: Any, wanted: Sequence[int]) -> Any:
    """The same as `_states` in one expression, for a library that fuses what it is told."""
    xp, last = namespace(cuts), len(cuts)
    odds = reduce(lambda one, other: one * other, factors)
    steep = [odds * cut for cut in cuts]
    above = [xp.ones_like(odds), *(1.0 / (1.0 + each) for each in steep)]
    below = [*(1.0 / (1.0 + 1.0 / each) for each in steep), xp.ones_like(odds)]
    apart = _apart(cuts, xp)
    return xp.stack([above[s] * below[s] * (apart[s - 1] if 0 < s < last else 1.0) for s in wanted])


def _apart(cuts: Any, xp: Any) -> Any:
    """1 - exp(c - c') for each cutpoint and the next, shape (cutpoints - 1, samples)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return xp.where(cuts[1:] > 0, 1.0 - cuts[:-1] / cuts[1:], 0.0)


def _sum_elsewhere(weights: Any, far: Any, near: Any, cuts: Any) -> Any:
    """The same as `sum_states` in one expression, for a library that fuses what it is told."""
    table = _states_elsewhere([far[:, None], near[None]], cuts, range(len(cuts) + 1))
    return (weights * table).sum(axis=(1, 2))


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
    # NumPy's logaddexp takes three times as long; with PyTensor, the kinks at 0 would spoil the gradient there.
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))) if xp is np else xp.logaddexp(0.0, x)
