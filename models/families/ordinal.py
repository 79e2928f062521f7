"""`ordinal`: cumulative logit (McCullagh 1980, JRSS B 42(2):109-142) with additive effects.

P(y <= s) = logistic(c_s - eta), where eta adds the effects of the parents, of the actor, of the guarantee.
The cutpoints c_s are the logits of the running sum of the baseline probabilities, so that the prior on them
is stated as probabilities of the average case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..node import Local
from ..parameters.parameter import Parameter
from .base import Hanging, Latent, namespace, take
from .kernels import Folded, mixed_states, sum_cases, sum_mixed_states, sum_states
from .regression import (
    OrderedRegression,
    added_up,
    baseline_name,
    baseline_parameter,
    case_effects,
    case_predictor,
    effect_slices,
    group_parameters,
    odds_of,
    parents_predictor,
    slice_axes,
    softplus,
    spread_over,
    term_parameters,
    write_effects,
)
from .rows import CUMULATIVE_LOGIT, Book, RowWriter
from .unseen import Mixture, group_name, mixture

#: Stands for an infinite cutpoint: logistic(1000 - eta) is 1 to the last bit for any eta met in practice.
_FAR = 1e3
#: Predictors up to this far from zero have odds that are numbers, multiplied by those of members too.
_IN_RANGE = 300.0
#: Cells that are worked on together.
_IN_CACHE = 2**15


class Ordinal(OrderedRegression):
    """Ordered states; an effect moves all of them up or down together."""

    name: ClassVar[str] = "ordinal"
    made_of: ClassVar[str] = "scale"
    sums_cases: ClassVar[bool] = True
    integrates_members: ClassVar[bool] = True

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare baseline, effects of parents with their scale where it is learned, spreads of groups."""
        return (baseline_parameter(local), *term_parameters(local), *group_parameters(local))

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        eta = case_predictor(values, codes, members, local, xp)
        cuts = _padded_cutpoints(values[baseline_name(local)], xp)
        state = codes[:, -1]
        upper, lower = take(xp, cuts, state + 1) - eta, take(xp, cuts, state) - eta
        # logistic(a) - logistic(b) = logistic(a) logistic(-b) (1 - exp(b - a)): no cancellation for close a, b.
        return -softplus(-upper, xp) - softplus(lower, xp) + xp.log(-xp.expm1(lower - upper))

    def log_prob_of_moves(
        self,
        values: Mapping[str, np.ndarray],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        local: Local,
    ) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        """Log-probability of coded cases as a function of the effects of members: products of odds, one logarithm."""
        state = codes[:, -1]
        cuts = _padded_cutpoints(values[baseline_name(local)], np)
        # Cases first, so that a case's draws are one run of memory.
        eta = np.ascontiguousarray((parents_predictor(values, codes, local, np) + np.zeros((len(cuts), 1))).T)
        upper, lower = cuts.T[state + 1] - eta, cuts.T[state] - eta
        with np.errstate(over="ignore"):
            # P(above the one edge and below the other), as in `log_prob`.
            below, above, apart = np.exp(lower), np.exp(-upper), -np.expm1(lower - upper)
        groups = [(group_name(local, group.name), members[group.name]) for group in local.node.groups]
        plain = super().log_prob_of_moves(values, codes, members, local)
        far = float(np.abs(eta).max(initial=0.0))

        def log_prob(effects: Mapping[str, np.ndarray]) -> np.ndarray:
            now = [(effects.get(name, values[name]), whose) for name, whose in groups]
            if far + sum(float(np.abs(effect).max(initial=0.0)) for effect, _ in now) > _IN_RANGE:
                return plain(effects)
            odds = reduce(np.multiply, [np.exp(-effect.T)[whose] for effect, whose in now], np.ones((1, 1)))
            with np.errstate(divide="ignore", over="ignore"):
                return np.log(apart / ((1.0 + below * odds) * (1.0 + above / odds))).T

        return log_prob

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        xp = namespace(values[baseline_name(local)])
        cuts = xp.exp(_cutpoints(values, local))
        constant, slices = effect_slices(values, fixed, members, local)
        axes = tuple(axis for axis in local.parent_names if axis not in fixed)
        # exp(-eta) is a product of small tables, smallest first, so that the only work on the full table is one
        # product and, for each cutpoint, a product, a sum and a division.
        factors = [xp.exp(-constant) * xp.ones((*(1 for _ in axes), cuts.shape[-1]))]
        factors += [
            spread_over(xp.exp(-effects), own, axes) for own, effects in sorted(slices, key=lambda piece: piece[1].size)
        ]
        wanted = range(len(local.states)) if local.name not in fixed else (fixed[local.name],)
        mixed = mixture(values, members, local)
        table = _table_of(factors, cuts, wanted, mixed) if xp is np else _mixed_elsewhere(factors, cuts, wanted, mixed)
        # The node's own axis is outermost in memory, so that each state is a block written in one go.
        return table[0] if local.name in fixed else xp.moveaxis(table, 0, -2)

    def rows(
        self,
        values: Mapping[str, np.ndarray],
        codes: Mapping[str, Any],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Rows for single cases of every draw: odds are picked arrow by arrow; see `Family.rows`."""
        fixed = {name: number for name, number in codes.items() if not np.ndim(number)}
        constant, slices = effect_slices(values, fixed, members, local)
        cuts = np.exp(_cutpoints(values, local))
        draws = np.arange(cuts.shape[-1])
        factors = [np.exp(-constant) * np.ones((1, len(draws)))]
        factors += [np.exp(-effects)[(*(codes[axis] for axis in own), draws)] for own, effects in slices]
        return _table_of(factors, cuts, range(len(local.states)), mixture(values, members, local))

    def weighted_sum(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
        weights: np.ndarray,
    ) -> np.ndarray:
        """Sum the table over its free parents, weighted, without ever making it; see `Family.weighted_sum`."""
        outer, inner = self.summing_order(local, fixed)
        xp = namespace(weights)
        cuts = xp.exp(_cutpoints(values, local))
        constant, slices = effect_slices(values, fixed, members, local)
        samples = weights.shape[-1]
        far = odds_of([piece for piece in slices if set(piece[0]) <= set(outer)], outer, local, samples, xp)
        near = odds_of([piece for piece in slices if set(piece[0]) <= set(inner)], inner, local, samples, xp)
        near = near * xp.exp(-constant)
        weights = weights.reshape(len(far), len(near), samples)
        mixed = mixture(values, members, local)
        table = (_sum if xp is np else _sum_elsewhere)(weights, far, near, cuts, mixed)
        return table[fixed[local.name]] if local.name in fixed else table

    def weighted_sums(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, Any],
        members: Mapping[str, Any],
        local: Local,
        weights: np.ndarray,
        cases: int,
        hanging: Hanging | None = None,
    ) -> np.ndarray:
        """Sum the table of every case at once: one curve a draw serves them all; see `Family.weighted_sums`."""
        known = fixed if hanging is None else {**fixed, hanging.name: 0}
        order = tuple(axis for side in self.summing_order(local, known) for axis in side)
        samples = weights.shape[-1]
        weights = weights.reshape(-1, *weights.shape[-2:])
        cuts = _cutpoints(values, local)
        table = np.empty((len(local.states), cases, samples))
        for part in case_effects(values, fixed, members, local, cases):
            open_ = added_up([piece for piece in part.slices if {*piece[0]} <= {*order}], order, local, samples)
            folded = None if hanging is None else _folded(hanging, part.slices, order, local)
            own = weights[:, part.rows] if weights.shape[1] > 1 and len(part.rows) < cases else weights
            mixed = mixture(values, part.members, local)
            table[:, part.rows] = sum_cases(own, part.settled, open_, cuts, mixed, folded)
        if local.name not in fixed:
            return table
        return table[np.broadcast_to(fixed[local.name], cases), np.arange(cases)]

    def effect_axes(self, local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
        """Free axes of the effect of each arrow."""
        return slice_axes(local, fixed)

    def latent(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> Latent:
        """The scale of the cutpoints; see `Family.latent`."""
        constant, slices = effect_slices(values, fixed, members, local)
        cuts = _cutpoints(values, local)
        effects = tuple(effect for _, effect in slices)
        return Latent(effects, constant + np.zeros(cuts.shape[-1]), cuts, mixture(values, members, local))

    def mirrored(self, local: Local) -> bool:  # noqa: ARG002
        """Whether all effects turn around with the order of the states: they do."""
        return True

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row add up the effects of its parents' states and of its members."""
        return RowWriter(CUMULATIVE_LOGIT, book.start[baseline_name(local)], write_effects(local, book))


def _folded(
    hanging: Hanging, slices: Sequence[tuple[tuple[str, ...], np.ndarray]], order: tuple[str, ...], local: Local
) -> Folded:
    """What a hanging parent adds, and which of its distributions each configuration of the others has."""
    effects = sum((effect for axes, effect in slices if axes == (hanging.name,)), np.zeros(hanging.table.shape[1:]))
    places = np.indices(local.sizes(order)).reshape(len(order), -1)
    count = math.prod(local.sizes(order))
    curve = np.zeros(count, int) if hanging.given is None else places[order.index(hanging.given)]
    return Folded(curve, hanging.table, effects)


def _table_of(
    factors: Sequence[np.ndarray], cuts: np.ndarray, wanted: Sequence[int], mixed: Mixture | None
) -> np.ndarray:
    """P(y = state), averaged over what is integrated out, shape (states, *free parents, samples)."""
    if mixed is None:
        return _states(factors, cuts, wanted)
    shape = np.broadcast_shapes(*(factor.shape for factor in factors))
    odds = np.broadcast_to(reduce(np.multiply, factors), shape).reshape(-1, shape[-1])
    table = mixed_states(np.ones((1, shape[-1])), odds, cuts, mixed)
    return table[list(wanted)].reshape((len(wanted), *shape))


def _sum(weights: np.ndarray, far: np.ndarray, near: np.ndarray, cuts: np.ndarray, mixed: Mixture | None) -> np.ndarray:
    """Weighted sum of P(y = state) over all configurations, shape (states, samples)."""
    return sum_states(weights, far, near, cuts) if mixed is None else sum_mixed_states(weights, far, near, cuts, mixed)


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


def _mixed_elsewhere(factors: Sequence[Any], cuts: Any, wanted: Sequence[int], mixed: Mixture | None) -> Any:
    """The same as `_table_of`, point by point."""
    if mixed is None:
        return _states_elsewhere(factors, cuts, wanted)
    return sum(weight * _states_elsewhere([*factors, odds], cuts, wanted) for weight, odds in mixed.points)


def _sum_elsewhere(weights: Any, far: Any, near: Any, cuts: Any, mixed: Mixture | None) -> Any:
    """The same as `_sum` in one expression, for a library that fuses what it is told."""
    table = _mixed_elsewhere([far[:, None], near[None]], cuts, range(len(cuts) + 1), mixed)
    return (weights * table).sum(axis=(1, 2))


def _cutpoints(values: Mapping[str, Any], local: Local) -> Any:
    """Cutpoints of all draws, shape (cutpoints, samples)."""
    baseline = values[baseline_name(local)]
    xp = namespace(baseline)
    return _padded_cutpoints(xp.moveaxis(baseline, -1, 0), xp)[:, 1:-1].T


def _padded_cutpoints(baseline: Any, xp: ModuleType) -> Any:
    """Cutpoints with one far below and one far above, dims (..., states + 1)."""
    below = xp.cumsum(baseline, axis=-1)[..., :-1]
    # The upper tail is summed from above: 1 - below would lose digits where it is close to 0.
    above = xp.cumsum(baseline[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    with np.errstate(divide="ignore"):  # a baseline of exactly 0 puts its cutpoint infinitely far out
        cuts = xp.log(below) - xp.log(above)
    far = xp.zeros_like(cuts[..., :1]) + _FAR
    return xp.concatenate([-far, cuts, far], axis=-1)
