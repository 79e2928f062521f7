"""The tables that a question multiplies: one for each node, sliced by what is known, for all draws of a posterior."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..families.base import Hanging, namespace
from ..network.network import Network
from ..posterior import Posterior, zeros_of
from .plan import Plan

#: A whole table is made where it has no more than so many times the cells that cases need of it.
_NOT_MUCH_MORE = 4
#: State or member numbers by name: one number for all cases, or one for each case.
Numbers = Mapping[str, Any]
#: Makes a table from parameter draws, state numbers of axes that are fixed, and member numbers.
Maker = Callable[[Mapping[str, np.ndarray], Mapping[str, int], Mapping[str, int]], np.ndarray]


@dataclass(frozen=True)
class DrawnNetwork:
    """A network with the draws of its parameters, and how each node's table is made from them.

    Parameters
    ----------
    network
        Gives the axes of every table.
    values
        Parameter -> draws, shape (*dims, samples).
    makers
        Node -> function that makes its table, shape (*free axes, samples).
    groups
        Node -> names of the group effects that bear on it.
    samples
        Number of draws.
    zeros
        Nodes whose tables may hold a probability of exactly zero.
    """

    network: Network
    values: Mapping[str, np.ndarray]
    makers: Mapping[str, Maker]
    groups: Mapping[str, tuple[str, ...]]
    samples: int
    zeros: frozenset[str]

    @classmethod
    def of(cls, posterior: Posterior) -> DrawnNetwork:
        """Take every node's table from its family."""
        network = posterior.network
        makers = {node.name: partial(_from_family, network=network, name=node.name) for node in network.nodes}
        samples = posterior.sizes["chain"] * posterior.sizes["draw"]
        groups = {node.name: tuple(group.name for group in node.groups) for node in network.nodes}
        return cls(network, posterior.values, makers, groups, samples, posterior.zeros)

    def drawing(self, shares: Mapping[str, np.ndarray]) -> DrawnNetwork:
        """The same with some nodes drawn from stated distributions, whatever their parents say.

        Parameters
        ----------
        shares
            Node -> probabilities of its states, shape (states,).
        """
        if not shares:
            return self
        # Beside the node's own parameters, so that they are cut to the same draws.
        stated = {
            _shares_name(name): np.broadcast_to(own[:, None], (len(own), self.samples)) for name, own in shares.items()
        }
        return replace(
            self,
            network=self.network.without_parents(shares),
            values={**self.values, **stated},
            makers={**self.makers, **{name: partial(_from_shares, name=name) for name in shares}},
            groups={**self.groups, **dict.fromkeys(shares, ())},
            zeros=self.zeros.union(name for name, own in shares.items() if not own.all()),
        )

    def holding(self, values: Mapping[str, np.ndarray]) -> DrawnNetwork:
        """The same with other draws of its parameters; nodes drawn from stated distributions stay so.

        Parameters
        ----------
        values
            Parameter -> draws, shape (*dims, samples): of all that will be asked for.
        """
        samples = next(iter(values.values())).shape[-1]
        # Stated distributions are the same in every draw.
        stated = {
            name: np.broadcast_to(own[:, :1], (len(own), samples))
            for name, own in ((name, self.values.get(_shares_name(name))) for name in self.network.names)
            if own is not None
        }
        shares = {_shares_name(name): own for name, own in stated.items()}
        never = frozenset(name for name, own in stated.items() if not own.all())
        return replace(
            self, values={**values, **shares}, samples=samples, zeros=zeros_of(self.network, values) - {*stated} | never
        )

    def part(self, draws: slice) -> DrawnNetwork:
        """The same for some of the draws."""
        start, stop, _ = draws.indices(self.samples)
        values = {name: array[..., draws] for name, array in self.values.items()}
        return replace(self, values=values, samples=stop - start)


@dataclass(frozen=True)
class Evidence:
    """What is known: a state for each node that is given or done, weights for others, and whose case it is.

    Parameters
    ----------
    fixed
        Node -> state number, or an array of one for each case.
    members
        Group effect -> member number, or an array of one for each case.
    weights
        Node with virtual evidence -> weight of each state, shape (states, samples) or (states, cases, samples);
        a dim of cases or samples may have size one.
    cases
        Number of cases, or None where there is one and no dim for it.
    rows
        Which cases of a larger table these are, for messages; None where there is no table.
    """

    fixed: Numbers
    members: Numbers
    weights: Mapping[str, np.ndarray]
    cases: int | None = None
    rows: np.ndarray | None = None

    def part(self, cases: slice | np.ndarray | None, draws: slice) -> Evidence:
        """The same for some of the cases (None for all) and draws."""
        count = self.cases if cases is None else len(np.arange(self.cases or 1)[cases])
        rows = slice(None) if cases is None else cases
        fixed, members = (
            {name: number[rows] if np.ndim(number) else number for name, number in numbers.items()}
            for numbers in (self.fixed, self.members)
        )
        weights = {}
        for name, array in self.weights.items():
            own = array[:, rows] if array.ndim == 3 and array.shape[1] > 1 else array
            weights[name] = own[..., draws] if own.shape[-1] > 1 else own
        numbers = np.arange(self.cases or 1) if self.rows is None else self.rows
        return Evidence(fixed, members, weights, count, None if self.cases is None else numbers[rows])

    @property
    def alike(self) -> tuple[np.ndarray, np.ndarray]:
        """First of the cases of which the same is known, and which of those each case is like."""
        cases = self.cases or 1
        columns = [np.broadcast_to(number, cases) for number in (*self.fixed.values(), *self.members.values())]
        own = any(array.ndim == 3 and array.shape[1] > 1 for array in self.weights.values())
        return distinct_rows([*columns, *([np.arange(cases)] if own else [])], cases)

    def of(self, names: Iterable[str]) -> Evidence:
        """The same with no nodes fixed but these."""
        return replace(self, fixed={name: self.fixed[name] for name in names})

    def case(self, number: int) -> Evidence:
        """One of the cases, without a dim for them."""
        fixed, members = (
            {name: int(value[number]) if np.ndim(value) else value for name, value in numbers.items()}
            for numbers in (self.fixed, self.members)
        )
        weights = {
            name: array[:, number if array.shape[1] > 1 else 0] if array.ndim == 3 else array
            for name, array in self.weights.items()
        }
        return Evidence(fixed, members, weights)

    def with_states(self, states: Mapping[str, int]) -> Evidence:
        """The same with more nodes fixed."""
        return replace(self, fixed={**self.fixed, **states})


def _from_family(
    values: Mapping[str, np.ndarray],
    fixed: Mapping[str, int],
    members: Mapping[str, int],
    *,
    network: Network,
    name: str,
) -> np.ndarray:
    return network.family(name).table(values, fixed, members, network.local(name))


def _shares_name(name: str) -> str:
    return f"{name}.shares_set"


def _from_shares(
    values: Mapping[str, np.ndarray], fixed: Mapping[str, int], members: Mapping[str, int], *, name: str
) -> np.ndarray:
    del members
    shares = values[_shares_name(name)]
    return shares[fixed[name]] if name in fixed else shares


def varying(plan: Plan, system: DrawnNetwork, evidence: Evidence) -> tuple[bool, ...]:
    """For each table of a plan that no step makes, whether it differs between cases, or between frequencies."""
    nodes = [any(np.ndim(number) for number in _seen_by(system, name, evidence).values()) for name in plan.kept]
    weights = (evidence.weights[name].ndim == 3 for name in plan.weighted)
    return (*nodes, *weights, *(True for _ in plan.waves))


def make_tables(plan: Plan, system: DrawnNetwork, evidence: Evidence) -> list[np.ndarray]:
    """Make the tables of a plan; shape (*axes, samples), or (*axes, cases, samples) where cases differ."""
    tables = [_table(system, name, evidence) for name in plan.kept]
    for name in plan.weighted:
        weights = evidence.weights[name]
        weights = np.broadcast_to(weights, (*weights.shape[:-1], system.samples))
        tables.append(weights[evidence.fixed[name]] if name in evidence.fixed else weights)
    return tables


def hanging_table(system: DrawnNetwork, name: str, evidence: Evidence) -> Hanging:
    """Table of a node that knows one open parent at the most, or none."""
    open_ = [axis for axis in system.network.axes(name) if axis not in evidence.fixed and axis != name]
    table = _table(system, name, evidence)
    return Hanging(name, open_[0] if open_ else None, table if open_ else table[None])


def _seen_by(system: DrawnNetwork, name: str, evidence: Evidence) -> dict[str, Any]:
    """State and member numbers that bear on a node's table."""
    known = {axis: evidence.fixed[axis] for axis in system.network.axes(name) if axis in evidence.fixed}
    return known | {group: evidence.members[group] for group in system.groups[name]}


def _table(system: DrawnNetwork, name: str, evidence: Evidence) -> np.ndarray:
    seen = _seen_by(system, name, evidence)
    groups = system.groups[name]

    def make(numbers: Mapping[str, int]) -> np.ndarray:
        fixed = {axis: number for axis, number in numbers.items() if axis not in groups}
        return system.makers[name](system.values, fixed, {group: numbers[group] for group in groups})

    several = [key for key, number in seen.items() if np.ndim(number)]
    if not several:
        return make(seen)
    # Each distinct combination is made once, whatever the number of cases; where there are many, the whole table is.
    codes = np.column_stack([seen[key] for key in several])
    distinct, inverse = np.unique(codes, axis=0, return_inverse=True)
    sizes = [len(system.network[key].states) for key in several if key not in groups]
    if len(sizes) == len(several) and math.prod(sizes) <= _NOT_MUCH_MORE * len(distinct):
        return _picked(system, name, make({key: number for key, number in seen.items() if key not in several}), seen)
    made = [make(seen | dict(zip(several, map(int, row), strict=True))) for row in distinct]
    # The draws may be arrays of another library than NumPy, and so may the table.
    return namespace(made[0]).stack(made, axis=-2)[..., inverse.ravel(), :]


def _picked(system: DrawnNetwork, name: str, whole: Any, seen: Mapping[str, Any]) -> Any:
    """Table of each case, from one in which what differs between them is free."""
    axes = [axis for axis in system.network.axes(name) if axis not in seen or np.ndim(seen[axis])]
    front = [axes.index(axis) for axis in axes if axis in seen]
    xp = namespace(whole)
    sorted_ = xp.moveaxis(whole, front, range(len(front)))
    return xp.moveaxis(sorted_[tuple(seen[axes[place]] for place in front)], 0, -2)


def distinct_rows(columns: Sequence[np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    """First place of each distinct row, and which of them each row is.

    Parameters
    ----------
    columns
        Whole numbers, shape (rows,) each.
    count
        Number of rows, for where there is no column.

    Returns
    -------
    first, which
        Shape (distinct,) and (rows,).

    Examples
    --------
    >>> first, which = distinct_rows([np.array([2, 0, 2]), np.array([-1, 5, -1])], 3)
    >>> first.tolist(), which.tolist()
    ([1, 0], [1, 0, 1])
    """
    if not columns:
        return np.zeros(min(1, count), int), np.zeros(count, int)
    moved = [column - column.min(initial=0) for column in columns]
    sizes = [int(column.max(initial=0)) + 1 for column in moved]
    if math.prod(sizes) < 2**62:
        _, first, which = np.unique(np.ravel_multi_index(moved, sizes), return_index=True, return_inverse=True)
    else:
        _, first, which = np.unique(np.column_stack(moved), axis=0, return_index=True, return_inverse=True)
    return first, which.ravel()
