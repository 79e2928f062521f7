"""`sequential`: continuation-ratio logit (Fienberg 1980†; Tutz 1991†; Agresti 2010†, chapter 4; `cratio` of R's VGAM).

Ordered states are gone through from the lowest: step s asks, of what has come to state s, whether it goes further,

    P(y > s | y >= s) = logistic(eta_s - c_s),    P(y = s) = P(y <= s | y >= s) prod_{t<s} P(y > t | y >= t)

So of defected < partial < complied the first step is *broken or not broken*, the second *in part or in full*. The
intercepts c_s are the logits of the continuation ratios of the baseline, so that the prior on them is stated as
probabilities of the average case, as it is in `ordinal`.

eta_s adds the effects of the parents, of the actor, of the guarantee. A parent's effect has a part that all steps
share, with the parameters that it has in `ordinal`, and a departure of each step from that in its slope (or, of a
nominal parent, in its effects): a number in units of one scale that the node learns. Departures sum to zero over the
steps. Where the scale is zero there is one slope for all steps; where it is large, each step is a model of its own.
Members of a group have one effect on all steps. With two states there is one step and nothing to depart from: a logit.

What is integrated out moves all steps alike. A product of logistic functions is averaged as one of them is, by points a
little closer together (`servanda.models.families.unseen`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..node import Arrow, Local
from ..parameters.distributions import POSITIVE
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import namespace, take
from .kernels import step_states, sum_step_states
from .regression import (
    OrderedRegression,
    baseline_name,
    baseline_parameter,
    case_columns,
    effect_slices,
    group_parameters,
    odds_of,
    softplus,
    term_shrinkage,
    write_effects,
)
from .rows import CONTINUATION_RATIO, Book, RowWriter
from .terms import TERMS, Piece, acting, effect_name, term_of
from .unseen import Mixture, group_name, mixture

#: Departures in units of their scale.
UNIT = Prior.of("normal", mu=0.0, sigma=1.0)
#: Default scale of departures: in two nodes of three below 0.3 on the logit scale, where effects have a spread of 1.
DEPARTURE_SD = Prior.of("half_normal", sigma=0.3)


class Sequential(OrderedRegression):
    """Ordered states reached step by step; an effect moves all steps, and each of them a little differently.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> sworn = Node("sworn", ("no", "yes"), ordered=True)
    >>> kept = Node("kept", ("defected", "partial", "complied"), (Arrow("sworn"),), "sequential", ordered=True)
    >>> [p.name for p in network_parameters(Network((sworn, kept)), ["kept"])]
    ['kept.baseline', 'kept.sworn', 'kept.sworn.departure', 'kept.departure_sd']
    """

    name: ClassVar[str] = "sequential"

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare baseline, effects of parents with what each step departs from them, spreads of groups."""
        shrinkage = term_shrinkage(local)
        effects = [*shrinkage.parameters]
        for arrow in local.arrows:
            own = shrinkage.scaled(arrow.parent, TERMS[term_of(local, arrow)].parameters(local, arrow))
            effects += [*own, *(_departure(local, arrow, main) for main in own[:1] if _departs(local))]
        doc = f"spread of what each step of {local.node.title} departs from the effect on all steps, on the logit scale"
        scale = Parameter(departure_sd_name(local), (), POSITIVE, DEPARTURE_SD, doc=doc)
        scales = (scale,) if _departs(local) and acting(local) else ()
        return (baseline_parameter(local), *effects, *scales, *group_parameters(local))

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        steps, state = np.arange(_steps(local)), codes[:, -1:]
        against = _cutpoints(values[baseline_name(local)], xp)[..., None, :] - _case_steps(
            values, codes, members, local, xp
        )
        # A step is gone up from, or ended at, or never asked.
        log_p = -softplus(np.where(steps < state, 1.0, -1.0) * against, xp)
        return xp.sum(xp.where(steps <= state, log_p, 0.0), axis=-1)

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        axes = tuple(axis for axis in local.parent_names if axis not in fixed)
        shape = (*local.sizes(axes), values[baseline_name(local)].shape[-1])
        state = fixed.get(local.name, len(local.states))
        # Of one state, no step above it is asked.
        odds = _odds(values, fixed, members, local, axes, min(_steps(local), state + 1))
        mixed = mixture(values, members, local, _closer(local))
        if namespace(odds) is np and mixed is not None:
            table = step_states(odds, np.ones_like(odds[:1]), mixed)
        else:
            table = _states(odds, mixed)
        if local.name in fixed:
            return table[state].reshape(shape)
        # The node's own axis is outermost in memory, so that each state is a block written in one go.
        return namespace(odds).moveaxis(table.reshape((len(local.states), *shape)), 0, -2)

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
        state = fixed.get(local.name, len(local.states))
        steps = min(_steps(local), state + 1)
        far = _odds(values, fixed, members, local, outer, steps, whole=False)
        near = _odds(values, fixed, members, local, inner, steps)
        weights = weights.reshape(len(far), len(near), weights.shape[-1])
        mixed = mixture(values, members, local, _closer(local))
        if namespace(weights) is np:
            table = sum_step_states(weights, far, near, mixed)
        else:
            each = (far[:, None] * near[None]).reshape(-1, *far.shape[1:])
            table = (_states(each, mixed) * weights.reshape(-1, weights.shape[-1])).sum(axis=1)
        return table[state] if local.name in fixed else table

    def mirrored(self, local: Local) -> bool:
        """Whether all effects turn around with the order of the states: where there is one step alone.

        Of several, the first asks of all states and the last of two: from the other end they are other questions.
        """
        return len(local.states) == 2

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row add up, for each step, the effects of its parents' states and of its members."""

        def in_step(arrow: Arrow, piece: Piece, step: int) -> Iterator[Piece]:
            yield piece
            main, scale = effect_name(local, arrow), (departure_sd_name(local), 0)
            (name, place), *others = piece.factors
            if name == main and _departs(local):
                spot = _spot(local, arrow, place, step)
                yield replace(piece, factors=((departure_name(local, arrow), spot), scale, *others))

        picks = write_effects(local, book, _steps(local), in_step)
        return RowWriter(CONTINUATION_RATIO, book.start[baseline_name(local)], picks)


def departure_name(local: Local, arrow: Arrow) -> str:
    """Name of what each step departs from the effect of one parent, in units of `departure_sd_name`."""
    return f"{effect_name(local, arrow)}.departure"


def departure_sd_name(local: Local) -> str:
    """Name of the spread of departures."""
    return f"{local.name}.departure_sd"


def above_dim(local: Local) -> str:
    """Dim of the steps: each asks whether what is no lower than a state lies above it."""
    return f"{local.name}_above"


def _steps(local: Local) -> int:
    return len(local.states) - 1


def _departs(local: Local) -> bool:
    return _steps(local) > 1


def _departure(local: Local, arrow: Arrow, main: Parameter) -> Parameter:
    """Declare the departures from an effect: its dims, those that sum to zero behind that of the steps."""
    apart = len(main.dims) - main.zero_sum
    doc = f"what each step of {local.node.title} departs from the effect of {local[arrow.parent].title} on all of them"
    return Parameter(
        departure_name(local, arrow),
        (*main.dims[:apart], above_dim(local), *main.dims[apart:]),
        main.support,
        UNIT,
        zero_sum=main.zero_sum + 1,
        doc=f"{doc}, in units of {departure_sd_name(local)}; sums to zero",
    )


def _spot(local: Local, arrow: Arrow, place: int, step: int) -> int:
    """Place among the flattened departures of a step's departure from the effect at `place`."""
    main = TERMS[term_of(local, arrow)].parameters(local, arrow)[0]
    inner = len(local[arrow.parent].states) if main.zero_sum else 1
    return (place // inner * _steps(local) + step) * inner + place % inner


def _of_step(values: Mapping[str, Any], local: Local, step: int, *, draws_last: bool) -> Mapping[str, Any]:
    """Parameters as one step has them: its departures are in the effects.

    Parameters
    ----------
    draws_last
        Whether arrays have dims (*own, samples); else (..., *own).
    """
    if not _departs(local):
        return values
    moved = dict(values)
    for arrow in acting(local):
        main = TERMS[term_of(local, arrow)].parameters(local, arrow)[0]
        behind = (slice(None),) * (main.zero_sum + draws_last)
        departure = values[departure_name(local, arrow)][(..., step, *behind)]
        scale = values[departure_sd_name(local)]
        scale = scale if draws_last else scale[(..., *(None for _ in main.dims))]
        moved[main.name] = values[main.name] + scale * departure
    return moved


def _case_steps(
    values: Mapping[str, Any], codes: np.ndarray, members: Mapping[str, np.ndarray], local: Local, xp: ModuleType
) -> Any:
    """Sum of all effects on each step for coded cases, shape (..., cases, steps) or such that it broadcasts."""
    own = [_of_step(values, local, step, draws_last=False) for step in range(_steps(local))]
    total = case_columns(own, codes, local, xp)
    for group in local.node.groups:
        total = total + take(xp, values[group_name(local, group.name)], members[group.name])[..., None]
    return total


def _cutpoints(baseline: Any, xp: ModuleType) -> Any:
    """Logits of each state of the baseline against all above it, dims (..., steps)."""
    # Summed from above: 1 - what is below would lose digits where little is left.
    above = xp.cumsum(baseline[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    with np.errstate(divide="ignore", invalid="ignore"):  # a baseline of exactly 0 puts its cutpoint infinitely far out
        return xp.where(above > 0, xp.log(baseline[..., :-1]) - xp.log(above), np.inf)


def _closer(local: Local) -> float:
    """How much closer points stand than for one logistic function, whose poles those of several steps may join."""
    return 1.0 + 0.04 * max(_steps(local) - 2, 0)


def _odds(
    values: Mapping[str, Any],
    fixed: Mapping[str, int],
    members: Mapping[str, int],
    local: Local,
    axes: tuple[str, ...],
    steps: int,
    *,
    whole: bool = True,
) -> Any:
    """Odds of ending at each of the first steps rather than going further, shape (configurations, steps, samples).

    Parameters
    ----------
    axes
        Parents whose configurations, and effects, are meant.
    whole
        Whether the baseline and all that is the same in every configuration is in it.
    """
    baseline = values[baseline_name(local)]
    xp, samples = namespace(baseline), baseline.shape[-1]
    cuts = _cutpoints(baseline.T, xp)
    found = []
    for step in range(steps):
        constant, slices = effect_slices(_of_step(values, local, step, draws_last=True), fixed, members, local)
        odds = odds_of([piece for piece in slices if set(piece[0]) <= set(axes)], axes, local, samples, xp)
        found.append(odds * xp.exp(cuts[:, step] - constant) if whole else odds)
    return xp.stack(found, axis=1)


def _states(odds: Any, mixed: Mixture | None) -> Any:
    """P(y = state) of all states below and up to the end of the last step, shape (steps + 1, configurations, samples).

    In one expression, for NumPy and for a library that fuses what it is told.
    """
    xp = namespace(odds)
    if mixed is not None:
        return sum(weight * _states(odds * move, None) for weight, move in mixed.points)
    reached, found = xp.ones_like(odds[:, 0]), []
    for step in range(odds.shape[1]):
        further = 1.0 / (1.0 + odds[:, step])
        with np.errstate(invalid="ignore"):  # infinite odds times a probability of nothing are no number
            found.append(reached * xp.where(xp.isinf(odds[:, step]), 1.0, odds[:, step] * further))
        reached = reached * further
    return xp.stack([*found, reached])
