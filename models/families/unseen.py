"""Effects of members that the data does not hold, such as a guarantee to come: integrated out within each draw.

Members of a group are normal about zero, with the group's spread. Where nothing more is known of a member, a table is
averaged over that population by the trapezoidal rule between `REACH` standard deviations either side, which converges
faster than any power for analytic functions (Trefethen and Weideman 2014†, SIAM Review 56(3)). What a supposed case
showed of it stands in the draws as new weights of the same points (`servanda.models.questions.unseen`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..node import Local

#: In place of a member's number: one that nothing is known of, and one whose effect is zero.
INTEGRATED, TYPICAL = -1, -2
#: Standard deviations from the middle of a population to its outermost points.
REACH = 5.1
#: Points for a spread of nothing, for each unit of spread on the logit scale, and at the most: a logistic function is
#: then averaged to within 2e-7, up to a spread of 25.
_FEWEST, _BASE, _FOR_EACH, _MOST = 10, 4.0, 8.0, 200


@dataclass(frozen=True)
class Mixture:
    """Pairs of points, as far above zero as below, of the sum of a node's effects that are integrated out.

    Parameters
    ----------
    shifts
        How far each pair is from zero, shape (pairs, samples).
    below, above
        Weights of the two, same shape; together they add up to one in each draw. A draw that needs fewer pairs than the
        others has zeros at the end.
    """

    shifts: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @property
    def points(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Weight of each point, and what an effect there multiplies exp(-eta) by, shape (samples,) each."""
        yield from zip(self.below, np.exp(self.shifts), strict=True)
        yield from zip(self.above, np.exp(-self.shifts), strict=True)


def enough_points(spread: Any) -> Any:
    """Number of points, even, that averages a logistic function over members of that spread to within 2e-7.

    Examples
    --------
    >>> enough_points(np.array([0.8, 2.5]))
    array([12, 24])
    """
    wanted = np.clip(_BASE + _FOR_EACH * np.asarray(spread), _FEWEST, _MOST)
    return 2 * np.ceil(wanted / 2).astype(int)


def population(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of a standard normal population and their weights, shape (points,) each.

    Examples
    --------
    >>> z, weight = population(12)
    >>> round(float(weight @ z**2), 3)
    1.0
    """
    z = (np.arange(points) + 0.5 - points / 2) * (2 * REACH / points)
    mass = np.exp(-0.5 * z**2)
    return z, mass / mass.sum()


def group_name(local: Local, group: str) -> str:
    """Name of the effects of a group's members; their spread is this name with ``_sd``."""
    return f"{local.name}.{group}"


def spread_name(local: Local, group: str) -> str:
    """Name of the spread of a group's effects."""
    return f"{group_name(local, group)}_sd"


def unit_name(local: Local, group: str) -> str:
    """Name of the effects of a group's members in units of their spread."""
    return f"{group_name(local, group)}.unit"


def weights_name(node: str) -> str:
    """Name of the weights of unseen members' points, an axis for each group of the node, of size one if unchanged."""
    return f"{node}.unseen_weight"


def member_effects(values: Mapping[str, Any], members: Mapping[str, int], local: Local) -> Any:
    """Sum of the effects of a node's members that have one effect a draw, shape (samples,), or 0."""
    total: Any = 0.0
    for group in local.node.groups:
        if members[group.name] >= 0:
            total = total + values[group_name(local, group.name)][members[group.name]]
    return total


def mixture(values: Mapping[str, Any], members: Mapping[str, int], local: Local, closer: float = 1.0) -> Mixture | None:
    """Points of what is integrated out of a node's table; None where nothing is.

    Parameters
    ----------
    values
        Parameter -> draws, dims (..., samples).
    members
        Group effect -> member number, or `INTEGRATED` or `TYPICAL`.
    closer
        How much closer together points stand than a logistic function needs them.
    """
    groups = [group.name for group in local.node.groups]
    unseen = [name for name in groups if members[name] == INTEGRATED]
    if not unseen:
        return None
    spreads = {name: np.asarray(values[spread_name(local, name)]) for name in unseen}
    weights = values.get(weights_name(local.name))
    learnt = () if weights is None else tuple(n for n in unseen if weights.shape[groups.index(n)] > 1)
    fresh = np.sqrt(sum(spread**2 for name, spread in spreads.items() if name not in learnt))
    if weights is None or not learnt:
        return _fresh(fresh, closer)
    shifts, weights = _learnt(np.asarray(weights), groups, learnt, spreads)
    if len(learnt) < len(unseen):
        z, mass = population(int(enough_points(fresh.max())))
        shifts = (shifts[:, None] + z[:, None] * fresh).reshape(-1, len(fresh))
        weights = (weights[:, None] * mass[:, None]).reshape(shifts.shape)
    half = len(shifts) // 2
    return Mixture(shifts[half:], weights[:half][::-1], weights[half:])


def _fresh(spread: np.ndarray, closer: float) -> Mixture:
    """Points of a population, closer to each other where its spread is larger; innermost first."""
    halves = enough_points(closer * spread) // 2
    number = np.arange(halves.max())[:, None]
    z = (number + 0.5) * (REACH / halves)
    mass = np.where(number < halves, np.exp(-0.5 * z**2), 0.0)
    mass /= 2 * mass.sum(axis=0)
    return Mixture(np.where(number < halves, z, 0.0) * spread, mass, mass)


def _learnt(
    weights: np.ndarray, groups: Sequence[str], learnt: Sequence[str], spreads: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of members of whom a supposed case told something, shape (points, samples); others are summed.

    Turned around, the points are those with the other sign.
    """
    kept = weights.sum(axis=tuple(place for place, name in enumerate(groups) if name not in learnt))
    shifts: Any = 0.0
    for place, name in enumerate(learnt):
        z = population(kept.shape[place])[0]
        room = tuple(len(z) if axis == place else 1 for axis in range(len(learnt)))
        shifts = shifts + z.reshape((*room, 1)) * spreads[name]
    return shifts.reshape(-1, kept.shape[-1]), kept.reshape(-1, kept.shape[-1])
