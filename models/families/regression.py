"""What `ordinal` and `softmax` share: effects of parents and of groups, added up."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ...common.errors import nearest
from ..node import Arrow, Local
from ..parameters.distributions import POSITIVE, SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import flat_index, flatten_tail, namespace, one_hot, take
from .terms import TERMS, acting, term_axes, term_of
from .unseen import group_name, member_effects, spread_name

BASELINE = Prior.of("dirichlet", alpha=1.0)
GROUP_SD = Prior.of("half_normal", sigma=0.7)


def baseline_name(local: Local) -> str:
    """Name of the probabilities of the average case."""
    return f"{local.name}.baseline"


def baseline_parameter(local: Local) -> Parameter:
    """Declare the probabilities of the states where every effect is zero."""
    doc = f"probability of each state of {local.node.title} for the average case (all effects zero)"
    return Parameter(baseline_name(local), (local.name,), SIMPLEX, BASELINE, doc=doc)


def group_parameters(local: Local) -> tuple[Parameter, ...]:
    """Declare the spread of each group's effects."""
    return tuple(
        Parameter(
            spread_name(local, group.name),
            (),
            POSITIVE,
            GROUP_SD,
            doc=f"spread of the effects of {group.name} on {local.node.title}, on the logit scale",
        )
        for group in local.node.groups
    )


def term_faults(local: Local, terms: Mapping[str, Any] = TERMS) -> list[str]:
    """Say which arrows cannot act as stated."""
    faults = []
    for arrow in local.arrows:
        name = term_of(local, arrow)
        if name not in terms:
            faults.append(f"unknown term '{name}' for '{arrow.parent}'{nearest(name, terms)}")
        elif problem := terms[name].fault(local, arrow):
            faults.append(problem)
    return faults


def term_parameters(local: Local) -> tuple[Parameter, ...]:
    """Declare the parameters of all terms."""
    return tuple(
        parameter for arrow in local.arrows for parameter in TERMS[term_of(local, arrow)].parameters(local, arrow)
    )


def effect_table(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    """Effects of one arrow, dims (..., *term_axes(arrow))."""
    return TERMS[term_of(local, arrow)].effect(values, local, arrow)


def case_predictor(
    values: Mapping[str, Any],
    codes: np.ndarray,
    members: Mapping[str, np.ndarray],
    local: Local,
    xp: ModuleType,
) -> Any:
    """Sum of all effects for coded cases, shape (..., cases).

    All effects of parents stand in one vector and a constant matrix of zeros and ones picks them: one product
    to compile and to differentiate, where picking term by term makes dozens of small ones.
    """
    column = {axis: place for place, axis in enumerate(local.axes)}
    effects, picks = [], []
    for arrow in acting(local):
        axes = term_axes(arrow)
        shape = tuple(len(local[axis].states) for axis in axes)
        effects.append(flatten_tail(effect_table(values, local, arrow), len(axes)))
        picks.append(one_hot(flat_index(codes[:, [column[axis] for axis in axes]], shape), int(np.prod(shape))))
    total: Any = np.zeros(len(codes))
    if effects:
        total = xp.concatenate(effects, axis=-1) @ np.concatenate(picks, axis=1).T
    for group in local.node.groups:
        total = total + take(xp, values[group_name(local, group.name)], members[group.name])
    return total


def effect_slices(
    values: Mapping[str, np.ndarray],
    fixed: Mapping[str, int],
    members: Mapping[str, int],
    local: Local,
) -> tuple[Any, list[tuple[tuple[str, ...], np.ndarray]]]:
    """Effects after slicing: what is fixed adds up to one number a draw, the rest stays a small table each.

    Members that are integrated out have no part in it; see `servanda.models.families.unseen.mixture`.

    Parameters
    ----------
    values
        Dims (..., samples).

    Returns
    -------
    constant
        Shape (samples,), or 0.
    slices
        Free parents and their effects, shape (*free parents, samples).
    """
    own = {name: value for name, value in values.items() if name.startswith(f"{local.name}.")}
    leading = {name: _draws_first(value) for name, value in own.items()}
    constant: Any = 0.0
    slices = []
    acts = acting(local)
    still = [arrow.parent for arrow in local.arrows if arrow not in acts and arrow.parent not in fixed]
    for arrow in acts:
        axes = term_axes(arrow)
        picks = tuple(fixed.get(axis, slice(None)) for axis in axes)
        effects = _draws_last(effect_table(leading, local, arrow)[(slice(None), *picks)])
        free = tuple(axis for axis in axes if axis not in fixed)
        if free:
            slices.append((free, effects))
        else:
            constant = constant + effects
    if still:
        some = next(iter(own.values()))
        shapes = {name: (len(local[name].states), some.shape[-1]) for name in still}
        slices += [((name,), namespace(some).zeros(shape)) for name, shape in shapes.items()]
    return constant + member_effects(values, members, local), slices


def slice_axes(local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Free parents of each of the slices that `effect_slices` gives, in their order."""
    acts = acting(local)
    axes = (tuple(axis for axis in term_axes(arrow) if axis not in fixed) for arrow in acts)
    still = (a.parent for a in local.arrows if a not in acts and a.parent not in fixed)
    return (*(free for free in axes if free), *((name,) for name in still))


def _draws_first(array: Any) -> Any:
    return array.transpose((array.ndim - 1, *range(array.ndim - 1)))


def _draws_last(array: Any) -> Any:
    return array.transpose((*range(1, array.ndim), 0))


def spread_over(effects: np.ndarray, own: tuple[str, ...], axes: tuple[str, ...]) -> np.ndarray:
    """Line up effects of dims (*own, samples) with dims (*axes, samples) for broadcasting."""
    ordered = sorted(own, key=axes.index)
    moved = effects.transpose((*(own.index(axis) for axis in ordered), len(own))).copy()
    shape = tuple(moved.shape[ordered.index(axis)] if axis in own else 1 for axis in axes)
    return moved.reshape((*shape, moved.shape[-1]))
