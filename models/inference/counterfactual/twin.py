"""Counterfactuals: what a case that was seen would have been, had something been set otherwise.

The twin network (Balke and Pearl 1994; Pearl 2009†, section 7.1) holds the world as it was and, beside it, a copy
of every node that the change reaches. A node and its copy share their noise; how is the
matter of `servanda.models.inference.counterfactual.couplings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod

import numpy as np

from ...families.regression import spread_over
from ...network.network import Network
from ...node import Arrow, Node
from ...posterior import Posterior
from ..plan import make_plan
from ..question import Form, relevant
from ..tables import DrawnNetwork
from .couplings import COUPLINGS, Coupling

#: Seconds that a cell of a coupled table takes, and a multiplication of its contraction: measured, and rounded up.
_A_CELL, _AN_OPERATION = 1e-7, 3e-10


@dataclass(frozen=True)
class Twin:
    """A network and its copy.

    Parameters
    ----------
    system
        Both worlds, with makers for the tables of the copies.
    reached
        Nodes that have a copy: those downstream of what is done.
    mark
        What stands behind the name of a copy.
    do
        Node -> state number in the world that was not seen.
    couplings
        Node that has a copy -> key of `COUPLINGS`.
    """

    system: DrawnNetwork
    reached: tuple[str, ...]
    mark: str
    do: Mapping[str, int]
    couplings: Mapping[str, str]

    def names(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Names of `targets` in the world that was not seen; where the change does not reach, the worlds are one."""
        return tuple(f"{name}{self.mark}" if name in self.reached else name for name in targets)

    def copied(self, form: Form) -> tuple[str, ...]:
        """Nodes with a copy on whose table the answer to a question of both worlds depends, parents first."""
        needed = set(relevant(self.system.network, form))
        return tuple(name for name in self.reached if f"{name}{self.mark}" in needed)

    def seconds(self, form: Form) -> float:
        """Time that the exact answer to a question of both worlds takes, a draw and case: an estimate."""
        network = self.system.network
        cells = sum(
            prod(len(network[axis].states) for axis in network.axes(copy) if axis not in form.fixed)
            for copy in self.names(self.copied(form))
        )
        return _A_CELL * cells + _AN_OPERATION * make_plan(network, form).flops


def make_twin(posterior: Posterior, do: Mapping[str, int], coupling: str | None = None) -> Twin:
    """Put a copy beside every node that an intervention reaches.

    Parameters
    ----------
    do
        Node -> state number in the world that was not seen.
    coupling
        A key of `COUPLINGS` for all nodes; None takes `rank` for ordered states and `gumbel` for others.
    """
    system, network = DrawnNetwork.of(posterior), posterior.network
    below = network.descendants(child for name in do for child in network.children[name])
    reached = tuple(name for name in network.names if name in below and name not in do)
    mark = "'"
    while any(f"{name}{mark}" in network for name in reached):
        mark += "'"
    nodes, makers, groups = [*network.nodes], dict(system.makers), dict(system.groups)
    couplings = {name: coupling or ("rank" if network[name].ordered else "gumbel") for name in reached}
    for name in reached:
        node = network[name]
        copies = {own: f"{own}{mark}" for own in (*node.parent_names, name) if own in reached}
        copy = copies[name]
        parents = (*node.parent_names, name, *(copies[p] for p in node.parent_names if p in copies))
        nodes.append(Node(copy, node.states, tuple(map(Arrow, parents))))
        groups[copy] = system.groups[name]
        way = COUPLINGS[couplings[name]]
        makers[copy] = partial(_copy_table, system=system, name=name, do=dict(do), copies=copies, coupling=way)
    both = Network(tuple(nodes), network.name)
    return Twin(replace(system, network=both, makers=makers, groups=groups), reached, mark, dict(do), couplings)


def _copy_table(
    values: Mapping[str, np.ndarray],
    fixed: Mapping[str, int],
    members: Mapping[str, int],
    *,
    system: DrawnNetwork,
    name: str,
    do: Mapping[str, int],
    copies: Mapping[str, str],
    coupling: Coupling,
) -> np.ndarray:
    """P(copy | node, parents, parents' copies), sliced; shape (*free axes, samples)."""
    parents, copy = system.network[name].parent_names, copies[name]
    seen = {axis: fixed[axis] for axis in parents if axis in fixed}
    # In the other world a parent has the state it is set to, or its copy's, or the same as here.
    other = {axis: copies.get(axis, axis) for axis in parents if axis not in do}
    unseen = {axis: fixed[named] for axis, named in other.items() if named in fixed}
    unseen |= {axis: do[axis] for axis in parents if axis in do}
    here = system.makers[name](values, seen, members)
    there = system.makers[name](values, unseen, members)
    own = (*(axis for axis in parents if axis not in seen), name)
    its = (*(other[axis] for axis in parents if axis not in unseen), copy)
    between = tuple(copies[axis] for axis in parents if axis in copies and copies[axis] not in fixed)
    axes = tuple(dict.fromkeys((*own[:-1], *between, name, copy)))
    # Of a node that was seen, only the row of its state is made.
    known = np.array([fixed[name]]) if name in fixed else None
    table = coupling(spread_over(here, own, axes), spread_over(there, its, axes), known)
    # The coupling works on the last two axes; the node stands before the copies of its parents.
    ends = {name: 0 if name in fixed else slice(None), copy: fixed.get(copy, slice(None))}
    order = (*own, *between, copy)
    table = np.moveaxis(table, range(len(axes)), [order.index(axis) for axis in axes])
    return table[tuple(ends.get(axis, slice(None)) for axis in order)]
