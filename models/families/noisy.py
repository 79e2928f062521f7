"""`noisy_or` and `noisy_max`: every parent that is not off may bring the node up, and the strongest push counts.

P(y <= s | x) = P(leak <= s) * product over parents of P(push of x_p <= s), pushes being independent; the push of
a parent in its first state is nothing (Diez 1993, Parameter adjustment in Bayes networks: the generalized noisy
OR-gate, UAI-93). With two states this is the noisy-OR (Pearl 1988, Probabilistic Reasoning in Intelligent
Systems), so both names stand for one implementation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..names import node_dim
from ..node import Arrow, Local
from ..parameters.distributions import SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import Family, flatten_tail, plain_faults, take
from .regression import spread_over
from .rows import HIGHEST, Book, RowWriter

#: A push is as likely to end in one state as in another.
EVEN = Prior.of("dirichlet", alpha=1.0)
#: Stands for the logarithm of nothing: exp(-1000) is 0, and unlike -inf it has a gradient.
_NOTHING = -1e3


@dataclass(frozen=True)
class NoisyMax(Family):
    """Ordered states, of which the lowest is "off"; causes act each by itself, and the highest result is seen.

    Parameters
    ----------
    name
        What a network calls it.
    states
        How many states a node must have; None takes two or more.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> backers = [Node(name, ("passive", "acts"), ordered=True) for name in ("USA", "China")]
    >>> causes = tuple(Arrow(node.name) for node in backers)
    >>> aid = Node("aid", ("none", "comes"), causes, family="noisy_or", ordered=True)
    >>> [parameter.name for parameter in network_parameters(Network((*backers, aid)), ["aid"])]
    ['aid.leak', 'aid.USA.link', 'aid.China.link']
    """

    name: str = "noisy_max"
    states: int | None = None

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be of this family."""
        faults = plain_faults(self.name, local)
        if not local.node.ordered:
            faults.append(f"family '{self.name}' needs ordered states, from off upwards; set ordered = true")
        if self.states and len(local.states) != self.states:
            faults.append(f"family '{self.name}' needs {self.states} states, not {len(local.states)}; try 'noisy_max'")
        elif len(local.states) < 2:
            faults.append(f"family '{self.name}' needs two states or more")
        return faults + [
            f"family '{self.name}' takes the first state of '{name}' as off; set ordered = true at '{name}'"
            for name in local.parent_names
            if not local[name].ordered
        ]

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the leak and one link for each parent."""
        steps = len(local.states) - 1
        # What the network leaves out brings the node up in one case of four, by guess: less than its parents do.
        aside = Prior.of("dirichlet", alpha=(3.0 * steps, *(1.0 for _ in range(steps))))
        doc = f"probability of each state of {local.node.title} where every parent is off"
        links = tuple(
            Parameter(
                link_name(local, arrow),
                (*on_dims(local, arrow), node_dim(local.name)),
                SIMPLEX,
                EVEN,
                doc=f"probability of each state to which {local[arrow.parent].title} alone, "
                f"no longer '{local[arrow.parent].states[0]}', brings {local.node.title}",
            )
            for arrow in _acting(local)
        )
        return (Parameter(leak_name(local), (node_dim(local.name),), SIMPLEX, aside, doc=doc), *links)

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        arrows, size = _acting(local), len(local.states)
        leak = values[leak_name(local)][..., None, :]
        off = xp.zeros_like(leak) + np.eye(size)[0]
        pushes = xp.concatenate([off, leak, *(_link(values, local, arrow, -2) for arrow in arrows)], axis=-2)
        # log P(y = s) = log P(y <= s) + log(1 - P(y < s) / P(y <= s)): both logs are sums over causes, and the
        # second is made of shares, so that a small P(y = s) keeps its digits.
        reached = xp.cumsum(pushes, axis=-1)
        possible = reached > 0
        share = xp.where(possible, pushes / xp.where(possible, reached, 1.0), 0.0)
        with np.errstate(divide="ignore"):  # a push that never, or always, ends in a state
            at_most = xp.log(reached)
            not_at = xp.log1p(-share[..., 1:])
        state, row = codes[:, -1][:, None], _rows(codes, arrows, local)
        up_to = take(xp, flatten_tail(at_most, 2), row * size + state).sum(axis=-1)
        below = take(xp, flatten_tail(not_at, 2), row * (size - 1) + np.maximum(state - 1, 0)).sum(axis=-1)
        with np.errstate(divide="ignore"):
            return up_to + xp.log(-xp.expm1(xp.where(codes[:, -1] == 0, _NOTHING, below)))

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],  # noqa: ARG002
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        axes = (*(axis for axis in local.parent_names if axis not in fixed), local.name)
        # Only the bounds of a fixed state are needed: P(y = s) = P(y <= s) - P(y <= s - 1).
        bounds = slice(max(fixed[local.name] - 1, 0), fixed[local.name] + 1) if local.name in fixed else slice(None)
        reached = spread_over(np.cumsum(values[leak_name(local)], axis=0)[bounds], (local.name,), axes)
        for arrow in _acting(local):
            push = np.cumsum(_link(values, local, arrow, 0), axis=1)[:, bounds]
            push = np.concatenate([np.ones_like(push[:1]), push])
            if arrow.parent in fixed:
                reached = reached * spread_over(push[fixed[arrow.parent]], (local.name,), axes)
            else:
                reached = reached * spread_over(push, (arrow.parent, local.name), axes)
        if local.name not in fixed:
            return np.diff(reached, axis=-2, prepend=0.0)
        return reached[..., 0, :] if fixed[local.name] == 0 else reached[..., 1, :] - reached[..., 0, :]

    def in_loops(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the compiled loops know its rows: they do."""
        return True

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row pick the leak, and of each parent that is not off what its state brings about."""
        arrows, size = _acting(local), len(local.states)
        leak = book.start[leak_name(local)]
        links = [book.start[link_name(local, arrow)] for arrow in arrows]
        columns = [local.parent_names.index(arrow.parent) for arrow in arrows]

        def picks(codes: np.ndarray, members: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG001
            states = codes[:, columns]
            pushes = np.where(states == 0, -1, np.array(links, int) + (states - 1) * size)
            return np.column_stack([np.full(len(codes), leak), pushes])

        return RowWriter(HIGHEST, leak, picks)


def leak_name(local: Local) -> str:
    """Name of the distribution of the node where every parent is off."""
    return f"{local.name}.leak"


def link_name(local: Local, arrow: Arrow) -> str:
    """Name of what the parent at `arrow` does alone."""
    return f"{local.name}.{arrow.parent}.link"


def on_dims(local: Local, arrow: Arrow) -> tuple[str, ...]:
    """Dim of the states in which a parent acts, all but the first; none where that is a single state."""
    return (f"{arrow.parent}_on",) if len(local[arrow.parent].states) > 2 else ()


def _acting(local: Local) -> tuple[Arrow, ...]:
    """Arrows from parents that can be other than off."""
    return tuple(arrow for arrow in local.arrows if len(local[arrow.parent].states) > 1)


def _link(values: Mapping[str, Any], local: Local, arrow: Arrow, axis: int) -> Any:
    """What a parent does in each state that is not off, with a dim for these states, at `axis`, even for one."""
    link = values[link_name(local, arrow)]
    if on_dims(local, arrow):
        return link
    return link[None] if axis == 0 else link[..., None, :]


def _rows(codes: np.ndarray, arrows: tuple[Arrow, ...], local: Local) -> np.ndarray:
    """Which push each cause gives in each case, shape (cases, causes): 0 is none, 1 the leak, then link by link."""
    rows, start = [np.ones(len(codes), int)], 2
    for arrow in arrows:
        state = codes[:, local.parent_names.index(arrow.parent)]
        rows.append(np.where(state == 0, 0, start + state - 1))
        start += len(local[arrow.parent].states) - 1
    return np.column_stack(rows)
