"""`softmax`: multinomial logit with additive effects, for unordered states with several parents.

log P(y = s) = log baseline_s + sum of effects on s - log of the normalising sum. It borrows strength across
configurations of the parents that a full table would leave empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ..node import Arrow, Local
from ..parameters.distributions import REAL
from ..parameters.parameter import Parameter
from .base import Family, flatten_tail, namespace, one_hot, plain_faults, take
from .regression import SHRINKAGE, Shrinkage, baseline_name, baseline_parameter, shrinkage_faults, spread_over
from .rows import MULTINOMIAL_LOGIT, Book, RowWriter
from .terms import EFFECT, effect_name


class Softmax(Family):
    """Unordered states; each state of each parent shifts the log-odds of each state of the node."""

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that a node may state."""
        return (SHRINKAGE,)

    def coords(self, local: Local) -> Mapping[str, tuple[str, ...]]:
        """Parents among which what is explained is divided."""
        return _shrinkage(local).coords

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be of this family."""
        return [*plain_faults("softmax", local), *shrinkage_faults(local)]

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the baseline and one matrix of effects for each parent, with their scale where it is learned."""
        shrinkage = _shrinkage(local)
        effects = [shrinkage.scaled(arrow.parent, (_matrix(local, arrow),)) for arrow in local.arrows]
        return (baseline_parameter(local), *shrinkage.parameters, *(one for matrix in effects for one in matrix))

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        size, cases = len(local.states), len(codes)
        # One row of effects for each state of each parent; a constant matrix picks and adds them.
        score = xp.log(values[baseline_name(local)])[..., None, :] + np.zeros((cases, 1))
        if local.arrows:
            effects = xp.concatenate([values[effect_name(local, arrow)] for arrow in local.arrows], axis=-2)
            sizes = [len(local[name].states) for name in local.parent_names]
            picks = np.concatenate([one_hot(codes[:, place], count) for place, count in enumerate(sizes)], axis=1)
            score = score + picks @ effects
        top = xp.max(score, axis=-1, keepdims=True)
        log_p = score - top - xp.log(xp.sum(xp.exp(score - top), axis=-1, keepdims=True))
        return take(xp, flatten_tail(log_p, 2), np.arange(cases) * size + codes[:, -1])

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],  # noqa: ARG002
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        free = tuple(axis for axis in local.parent_names if axis not in fixed)
        axes = (*free, local.name)
        xp = namespace(values[baseline_name(local)])
        score = spread_over(xp.log(values[baseline_name(local)]), (local.name,), axes)
        for arrow in local.arrows:
            effects = values[effect_name(local, arrow)]
            if arrow.parent in fixed:
                score = score + spread_over(effects[fixed[arrow.parent]], (local.name,), axes)
            else:
                score = score + spread_over(effects, (arrow.parent, local.name), axes)
        weight = xp.exp(score - score.max(axis=-2, keepdims=True))
        table = weight / weight.sum(axis=-2, keepdims=True)
        return table[..., fixed[local.name], :] if local.name in fixed else table

    def in_loops(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the compiled loops know its rows: they do."""
        return True

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row add up, for each state, the effects of its parents' states."""
        size = len(local.states)
        firsts = []
        for arrow in local.arrows:
            start, cells = book.start[effect_name(local, arrow)], size * len(local[arrow.parent].states)
            first = book.room(cells)
            for cell in range(cells):
                book.add(first + cell, 1.0, start + cell, -1)
            firsts.append(first)

        def picks(codes: np.ndarray, members: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG001
            return np.column_stack(
                [np.zeros((len(codes), 0), np.int64), *(first + codes[:, k] * size for k, first in enumerate(firsts))]
            )

        return RowWriter(MULTINOMIAL_LOGIT, book.start[baseline_name(local)], picks)


def _matrix(local: Local, arrow: Arrow) -> Parameter:
    doc = f"effect of {local[arrow.parent].title} on the log-odds of each state; sums to zero both ways"
    return Parameter(effect_name(local, arrow), (arrow.parent, local.name), REAL, EFFECT, zero_sum=2, doc=doc)


def _shrinkage(local: Local) -> Shrinkage:
    # Of a multinomial logit it is the difference of two states' scores that has logistic noise, and it has twice the
    # variance that an effect on one score has before it is made to sum to zero over the node's states.
    some = 2.0 if len(local.states) > 1 else 0.0
    return Shrinkage.of(local, {a.parent: some * (1 - 1 / len(local[a.parent].states)) for a in local.arrows})
