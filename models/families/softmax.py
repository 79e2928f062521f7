"""`softmax`: multinomial logit with additive effects, for unordered states with several parents.

log P(y = s) = log baseline_s + sum of effects on s - log of the normalising sum. It borrows strength across
configurations of the parents that a full table would leave empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..parameters.distributions import REAL
from ..parameters.parameter import Parameter
from .base import flatten_tail, namespace, one_hot, plain_faults, take
from .regression import baseline_name, baseline_parameter, spread_over
from .terms import EFFECT, effect_name

if TYPE_CHECKING:
    from ..network.network import Network, Node


class Softmax:
    """Unordered states; each state of each parent shifts the log-odds of each state of the node."""

    def faults(self, node: Node, network: Network) -> list[str]:  # noqa: ARG002
        """Say why `node` cannot be of this family."""
        return plain_faults("softmax", node)

    def parameters(self, node: Node, network: Network) -> tuple[Parameter, ...]:
        """Declare the baseline and one matrix of effects for each parent."""
        effects = tuple(
            Parameter(
                effect_name(node, arrow),
                (arrow.parent, node.name),
                REAL,
                EFFECT,
                zero_sum=2,
                doc=f"effect of {network[arrow.parent].title} on the log-odds of each state; sums to zero both ways",
            )
            for arrow in node.parents
        )
        return (baseline_parameter(node), *effects)

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        node: Node,
        network: Network,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        size, cases = len(node.states), len(codes)
        # One row of effects for each state of each parent; a constant matrix picks and adds them.
        score = xp.log(values[baseline_name(node)])[..., None, :] + np.zeros((cases, 1))
        if node.parents:
            effects = xp.concatenate([values[effect_name(node, arrow)] for arrow in node.parents], axis=-2)
            sizes = [len(network[name].states) for name in node.parent_names]
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
        node: Node,
        network: Network,  # noqa: ARG002
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        free = tuple(axis for axis in node.parent_names if axis not in fixed)
        axes = (*free, node.name)
        xp = namespace(values[baseline_name(node)])
        score = spread_over(xp.log(values[baseline_name(node)]), (node.name,), axes)
        for arrow in node.parents:
            effects = values[effect_name(node, arrow)]
            if arrow.parent in fixed:
                score = score + spread_over(effects[fixed[arrow.parent]], (node.name,), axes)
            else:
                score = score + spread_over(effects, (arrow.parent, node.name), axes)
        weight = xp.exp(score - score.max(axis=-2, keepdims=True))
        table = weight / weight.sum(axis=-2, keepdims=True)
        return table[..., fixed[node.name], :] if node.name in fixed else table
