"""`softmax`: multinomial logit with additive effects, for unordered states with several parents.

log P(y = s) = log baseline_s + sum of effects on s - log of the normalising sum. It borrows strength across
configurations of the parents that a full table would leave empty.

A parent acts by the term of its arrow, as in `ordinal`, with a slope for each state of the node that sums to zero over
these; what gives a term its shape (shares of steps, rates) is common to all states. Where no term is stated the parent
is nominal, ordered or not: each of its states shifts each state of the node, by a matrix that sums to zero both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..names import node_dim
from ..node import Arrow, Local
from ..parameters.distributions import REAL
from ..parameters.parameter import Parameter
from .base import Family, flatten_tail, group_faults, namespace, take
from .regression import (
    SHRINKAGE,
    Shrinkage,
    baseline_name,
    baseline_parameter,
    case_columns,
    effect_slices,
    has_pieces,
    shrinkage_faults,
    spread_over,
    term_faults,
    write_effects,
)
from .rows import MULTINOMIAL_LOGIT, Book, RowWriter
from .terms import TERMS, Piece, term_of


class Softmax(Family):
    """Unordered states; each parent shifts the log-odds of each state of the node.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> backers = Node("backers", ("1", "2", "5"), ordered=True, values=(1, 2, 5))
    >>> means = Node("means", ("none", "words", "force"), (Arrow("backers", term="log"),), "softmax")
    >>> [(p.name, p.dims) for p in network_parameters(Network((backers, means)), ["means"])]
    [('means.baseline', ('means',)), ('means.backers', ('means',))]
    """

    has_terms: ClassVar[bool] = True
    made_of: ClassVar[str] = "scores"

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that a node may state."""
        return (SHRINKAGE,)

    def coords(self, local: Local) -> Mapping[str, tuple[str, ...]]:
        """Parents among which what is explained is divided."""
        return _shrinkage(local).coords

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be of this family."""
        return [*term_faults(_with_terms(local)), *group_faults("softmax", local), *shrinkage_faults(local)]

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the baseline and the effects of each parent on each state, with their scale where it is learned."""
        shrinkage = _shrinkage(local)
        effects = [
            shrinkage.scaled(arrow.parent, tuple(_on_each_state(local, own) for own in _of_term(local, arrow)))
            for arrow in _with_terms(local).arrows
        ]
        return (baseline_parameter(local), *shrinkage.parameters, *(own for term in effects for own in term))

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        size, cases, termed = len(local.states), len(codes), _with_terms(local)
        # One row of effects for each configuration a term sees; a constant matrix picks and adds them.
        score = xp.log(values[baseline_name(local)])[..., None, :] + np.zeros((cases, 1))
        own = [_of_state(values, local, state, draws_last=False) for state in range(size)]
        score = score + case_columns(own, codes, termed, xp)
        top = xp.max(score, axis=-1, keepdims=True)
        log_p = score - top - xp.log(xp.sum(xp.exp(score - top), axis=-1, keepdims=True))
        return take(xp, flatten_tail(log_p, 2), np.arange(cases) * size + codes[:, -1])

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        axes = tuple(axis for axis in local.parent_names if axis not in fixed)
        base = values[baseline_name(local)]
        xp, termed, scores = namespace(base), _with_terms(local), []
        for state in range(len(local.states)):
            own = _of_state(values, local, state, draws_last=True)
            constant, slices = effect_slices(own, fixed, members, termed)
            score = xp.log(base[state]) + constant
            for parents, effects in slices:
                score = score + spread_over(effects, parents, axes)
            scores.append(score)
        score = xp.stack(scores, axis=-2)
        weight = xp.exp(score - score.max(axis=-2, keepdims=True))
        table = weight / weight.sum(axis=-2, keepdims=True)
        return table[..., fixed[local.name], :] if local.name in fixed else table

    def in_loops(self, local: Local) -> bool:
        """Whether the compiled loops know its rows: where every term is a sum of pieces."""
        return has_pieces(_with_terms(local))

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row add up, for each state, the effects of its parents' states."""
        size, termed, slopes = len(local.states), _with_terms(local), _slopes(local)

        def on_state(arrow: Arrow, piece: Piece, state: int) -> Iterator[Piece]:  # noqa: ARG001
            places = [(name, place * size + state if name in slopes else place) for name, place in piece.factors]
            yield replace(piece, factors=tuple(places))

        picks = write_effects(termed, book, size, on_state)
        return RowWriter(MULTINOMIAL_LOGIT, book.start[baseline_name(local)], picks)


@lru_cache(maxsize=256)
def _with_terms(local: Local) -> Local:
    """The node as its terms see it: where none is stated, each state of the parent has effects of its own."""
    arrows = tuple(replace(arrow, term=arrow.term or "nominal") for arrow in local.arrows)
    return replace(local, node=replace(local.node, parents=arrows))


@lru_cache(maxsize=256)
def _slopes(local: Local) -> frozenset[str]:
    """Names of the parameters of terms that each state of the node has for itself; others give terms their shape."""
    known = _with_terms(local)
    return frozenset(own.name for arrow in known.arrows for own in _of_term(local, arrow) if own.support == REAL)


def _of_term(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
    """Parameters of the term at an arrow that states one."""
    return TERMS[term_of(local, arrow)].parameters(local, arrow)


def _on_each_state(local: Local, own: Parameter) -> Parameter:
    """A parameter of a term as it is for a node of several states."""
    if own.name not in _slopes(local):
        return own
    what = own.doc.removesuffix("; sums to zero")
    over = "both ways" if own.zero_sum else "over these"
    doc = f"{what}, for each state of {local.node.title}; sums to zero {over}"
    return replace(own, dims=(*own.dims, node_dim(local.name)), zero_sum=own.zero_sum + 1, doc=doc)


def _of_state(values: Mapping[str, Any], local: Local, state: int, *, draws_last: bool) -> Mapping[str, Any]:
    """Parameters as one state of the node has them; arrays have dims (*own, samples) or (..., *own)."""
    spot = (..., state, slice(None)) if draws_last else (..., state)
    return {**values, **{name: values[name][spot] for name in _slopes(local)}}


def _shrinkage(local: Local) -> Shrinkage:
    # Of a multinomial logit it is the difference of two states' scores that has logistic noise, and it has twice the
    # variance that an effect on one score has before it is made to sum to zero over the node's states.
    some, known = 2.0 if len(local.states) > 1 else 0.0, _with_terms(local)
    variances = {a.parent: some * TERMS[term_of(known, a)].variance(known, a) for a in known.arrows}
    return Shrinkage.of(local, variances)
