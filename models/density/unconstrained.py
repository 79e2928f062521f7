"""Parameters as one vector of real numbers: where each stands, and the way back to its own scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..cases.encode import Cases
from ..cases.patterns import Patterns
from ..families.base import counts
from ..families.pooled import rows_from_units, stick_table, units_from_rows
from ..families.unseen import unit_name
from ..network.network import Network
from ..network.parameters import network_parameters, parameter_coords, rows_learned, stored_table
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorSet
from .members import integrated_members
from .transforms import LOGITS, OF_SUPPORT, POOLED, POOLED_OUT, RAMP, SCALE, STICKS, TRANSFORMS, ZERO_SUM

STANDARD = Prior.of("normal", mu=0.0, sigma=1.0)


@dataclass(frozen=True)
class Layout:
    """Where each parameter of a block stands.

    Parameters
    ----------
    start, shapes
        Parameter (and ``node.group.unit``, the effects of a group's members in units of their spread) -> place of
        its first value, and shape.
    segments
        For each parameter: transform, prior, first unknown, first value, rows, the one or two sizes of a row, and the
        places of the two values that its learned scale follows from, -1 without one; of rows with a learned prior the
        places of the concentration and of the average; shape (parameters, 9).
    numbers
        Numbers of the prior of each value, and the unit of its learned scale; of a cell of a table what
        `servanda.models.families.pooled.stick_table` gives of its prior and its complete cases; of a cell of rows with
        a learned prior its counted cases; shape (values, 4).
    size, values
        How many unknowns, and how many values they make.
    constant
        What the log density adds whatever the values are.
    scaled
        Parameter with a learned scale -> the parameter, its prior and the coordinates of its dims. Its unknowns stand
        for numbers as the prior states them.
    pooled
        Table whose rows have a learned prior -> what they follow from.
    integrated
        ``node.group.unit`` -> which members are integrated out, shape (members,), in the order of the nodes; the others
        are unknowns.
    """

    start: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    segments: np.ndarray
    numbers: np.ndarray
    size: int
    values: int
    constant: float
    scaled: Mapping[str, tuple[Parameter, Prior, Mapping[str, tuple[str, ...]]]]
    pooled: Mapping[str, PooledRows]
    integrated: Mapping[str, np.ndarray]

    def constrain(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Bring draws back to the parameters' own scales.

        Parameters
        ----------
        x
            Shape (..., size).

        Returns
        -------
        dict
            Parameter -> shape (..., *dims). Of a group's effects there are those that are unknowns.
        """
        found: dict[str, np.ndarray] = {}
        for (name, shape), (transform, _, first, value, rows, one, two, *_) in zip(
            self.shapes.items(), self.segments.tolist(), strict=True
        ):
            if transform == POOLED_OUT:
                continue
            way = TRANSFORMS[transform]
            units = x[..., first : first + way.size(rows, one, two)]
            if name in self.pooled:
                units = units.reshape((*x.shape[:-1], *shape[:-1], one - 1))
                found[name] = rows_from_units(units, self.pooled[name].alpha(found), np)
                continue
            own = way.back(units, rows, one, two, self.numbers[value : value + rows * one * two])
            found[name] = own.reshape((*x.shape[:-1], *shape))
            if name in self.scaled:
                parameter, prior, coords = self.scaled[name]
                found[name] = parameter.stretched(found[name], prior, coords, found)
        return found

    def unconstrain(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the unknowns that stand for some values: the inverse of `constrain`.

        Parameters
        ----------
        values
            Parameter -> shape (..., *dims), as `constrain` gives it or with the effects of all members.

        Returns
        -------
        ndarray
            Shape (..., size).
        """
        parts = []
        for (name, shape), (transform, _, _, value, rows, one, two, *_) in zip(
            self.shapes.items(), self.segments.tolist(), strict=True
        ):
            if transform == POOLED_OUT:
                continue
            own = values[name]
            if name in self.pooled:
                own = units_from_rows(own, self.pooled[name].alpha(values))
                parts.append(own.reshape((*own.shape[: own.ndim - len(shape)], -1)))
                continue
            if name in self.scaled:
                parameter, prior, coords = self.scaled[name]
                own = parameter.as_stated(own, prior, coords, values)
            if name in self.integrated and own.shape[-1] > rows:
                own = own[..., ~self.integrated[name]]
            own = own.reshape((*own.shape[: own.ndim - len(shape)], rows, one, two))
            free = TRANSFORMS[transform].there(own, self.numbers[value : value + rows * one * two])
            parts.append(free.reshape((*free.shape[:-3], -1)))
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True)
class PooledRows:
    """What the rows of a table with a learned prior follow from.

    Parameters
    ----------
    row_alpha
        Parameter -> shape (..., *dims) to the Dirichlet numbers of every row before its cases, dims (..., states).
    counted
        Complete cases of each cell, shape (*parents, states).
    touched
        Whether a missing cell bears on them, so that they cannot be integrated out.
    follows
        Names of the concentration and the average row.
    """

    row_alpha: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    counted: np.ndarray
    touched: bool
    follows: tuple[str, str]

    def alpha(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Dirichlet numbers of each row with its complete cases, shape (..., *parents, states)."""
        before = self.row_alpha(values)
        room = tuple(1 for _ in self.counted.shape[:-1])
        return before.reshape((*before.shape[:-1], *room, before.shape[-1])) + self.counted


def _complete(network: Network, patterns: Patterns, name: str) -> np.ndarray:
    """Complete cases of each cell of a table, shape (*parents, states)."""
    cells = patterns.complete[name]
    return counts(cells.codes, cells.counts, network.shape(name))


def _pooled_rows(network: Network, patterns: Patterns, nodes: tuple[str, ...]) -> dict[str, PooledRows]:
    pooled = {}
    for name in rows_learned(network, nodes):
        family, local = network.family(name), network.local(name)
        follows = family.pooled_by(local)
        assert follows is not None  # noqa: S101  `has_gradient` said so
        counted = _complete(network, patterns, name)
        alpha = partial(family.row_alpha, local=local)
        pooled[stored_table(network, name)] = PooledRows(alpha, counted, name in patterns.touched, follows)
    return pooled


def make_layout(
    network: Network,
    cases: Cases,
    patterns: Patterns,
    priors: PriorSet | None,
    nodes: tuple[str, ...],
    *,
    integrate: bool = True,
) -> Layout:
    """Lay out the parameters of some nodes, group effects in units of their spread and rows that are learned included.

    Members that are integrated out have no place, unless `integrate` is false.

    Rows with a learned prior that no missing cell touches have a place for their values, and no unknowns. Unknowns of a
    table are measured by what its prior and its complete cases say of it.
    """
    coords = parameter_coords(network, cases.levels)
    wanted: list[tuple[str, Parameter | None, Prior, tuple[int, ...]]] = [
        (p.name, p, p.prior(priors), tuple(len(coords[dim]) for dim in p.dims))
        for p in network_parameters(network, nodes)
    ]
    integrated = {}
    for name in nodes:
        found = integrated_members(network, cases, patterns, name) if integrate else {}
        for group in network[name].groups:
            unit, which = unit_name(network.local(name), group.name), found.get(group.name)
            integrated |= {} if which is None else {unit: which}
            kept = len(cases.levels[group.name]) if which is None else int((~which).sum())
            wanted.append((unit, None, STANDARD, (kept,)))
    start, shapes, segments, numbers, scaled = {}, {}, [], [], {}
    size = values = 0
    tables = {stored_table(network, name): name for name in nodes if network.family(name).conjugate}
    learned = [math.prod(network.shape(name)) for name in rows_learned(network, nodes)]
    one_place = sum((math.prod(shape) for *_, shape in wanted), start=sum(learned))
    constant = 0.0
    for name, parameter, prior, shape in wanted:
        start[name], shapes[name] = values, shape
        transform = STICKS if name in tables else _transform_of(prior, parameter)
        rows, one, two = _rows_of(shape, transform, parameter)
        kind, known = prior.kind, prior.resolved(parameter.states(coords) if parameter else None, name)
        if transform == ZERO_SUM:
            known = kind.on_zero_sum(**known)
        free = TRANSFORMS[transform].size(rows, one, two)
        # Of a group all of whose members are integrated out nothing is left.
        own, more = kind.loop_numbers(shape, free, **known) if math.prod(shape) else (np.zeros((0, 3)), 0.0)
        unit, follows = 1.0, (-1, -1)
        if parameter and (scale := parameter.scaled_by):
            # Where there is nothing to divide, the share is the one that stands after the last value.
            share = one_place if scale.shares is None else start[scale.shares] + scale.place
            unit, follows = scale.unit, (start[scale.r2], share)
            scaled[name] = (parameter, prior, coords)
        segments.append((transform, kind.loop_code, size, values, rows, one, two, *follows))
        own = np.column_stack([own, np.full(len(own), unit)])
        constant += more + _jacobian_constant(transform, rows, one, own)
        if transform == STICKS:
            own = stick_table(
                own[:, 0].reshape(rows, one) + _complete(network, patterns, tables[name]).reshape(rows, one)
            )
        numbers.append(own)
        size += free
        values += math.prod(shape)
    pooled = _pooled_rows(network, patterns, nodes)
    for name, rows_of in pooled.items():
        start[name], shapes[name] = values, rows_of.counted.shape
        transform, one = POOLED if rows_of.touched else POOLED_OUT, rows_of.counted.shape[-1]
        rows = math.prod(rows_of.counted.shape[:-1])
        follows = tuple(start[other] for other in rows_of.follows)
        segments.append((transform, -1, size, values, rows, one, 1, *follows))
        own = np.zeros((rows_of.counted.size, 4))
        own[:, 0] = rows_of.counted.ravel()
        numbers.append(own)
        size += TRANSFORMS[transform].size(rows, one, 1)
        values += rows_of.counted.size
    return Layout(
        start,
        shapes,
        np.array(segments, np.int64).reshape(-1, 9),
        np.concatenate([np.zeros((0, 4)), *numbers]),
        size,
        values,
        constant,
        scaled,
        pooled,
        integrated,
    )


def _rows_of(shape: tuple[int, ...], transform: int, parameter: Parameter | None) -> tuple[int, int, int]:
    """Rows of a parameter and the sizes of each: a simplex lies along the last axis, sums are zero along the last."""
    if transform in (LOGITS, STICKS):
        return math.prod(shape[:-1]), shape[-1], 1
    if transform == ZERO_SUM and parameter and parameter.zero_sum == 2:
        return math.prod(shape[:-2]), shape[-2], shape[-1]
    if transform == ZERO_SUM:
        return math.prod(shape[:-1]), 1, shape[-1]
    return math.prod(shape), 1, 1


def _transform_of(prior: Prior, parameter: Parameter | None) -> int:
    if parameter and parameter.zero_sum:
        return ZERO_SUM
    return RAMP if prior.kind.from_zero else OF_SUPPORT[prior.support]


def _jacobian_constant(transform: int, rows: int, one: int, numbers: np.ndarray) -> float:
    if transform == RAMP:
        return float(np.log(numbers[:, SCALE]).sum())
    # d softmax(u, -sum u) / du has the determinant K times the product of the probabilities.
    return rows * math.log(one) if transform == LOGITS else 0.0
