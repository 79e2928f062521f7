"""Log-likelihood of cases, missing cells summed out, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..network.network import Network
from .patterns import IncompletePatterns, Patterns

if TYPE_CHECKING:
    import xarray as xr


def stacked_draws(variables: Mapping[Any, xr.DataArray]) -> dict[str, np.ndarray]:
    """Parameter -> draws, shape (chains * draws, *dims), chains one after another."""
    ordered = {str(name): array.transpose("chain", "draw", ...) for name, array in variables.items()}
    return {name: array.values.reshape((-1, *array.shape[2:])) for name, array in ordered.items()}


def log_likelihood(
    network: Network,
    patterns: Patterns,
    values: Mapping[str, np.ndarray],
    *,
    complete: Collection[str] | None = None,
    incomplete: Collection[str] | None = None,
) -> np.ndarray:
    """Log-likelihood of every case under every draw, in plain NumPy: the judge of the compiled densities.

    Parameters
    ----------
    values
        Parameter -> draws, shape (samples, *dims), group effects included.
    complete, incomplete
        Count complete cells of these nodes only, and missing patterns that touch these only; all by default.

    Returns
    -------
    ndarray
        Shape (samples, cases): the joint log-probability of what was observed in each case.
    """
    samples = len(next(iter(values.values())))
    # Cases first, so that what is added to a case is one run of memory.
    total = np.zeros((patterns.cases, samples))
    for name in network.names if complete is None else complete:
        own = patterns.complete[name]
        if len(own.rows):
            log_p = network.family(name).log_prob(values, own.codes, own.members, network.local(name), np)
            total[own.rows] += np.ascontiguousarray(log_p.T)[own.inverse]
    for part in patterns.incomplete:
        if incomplete is not None and not set(part.codes) & set(incomplete):
            continue
        log_p = sum(
            network.family(name).log_prob(values, codes, part.members[name], network.local(name), np)
            for name, codes in part.codes.items()
        )
        joint = np.reshape(np.asarray(log_p), (samples, len(part.counts), part.completions))
        total[part.rows] += np.ascontiguousarray(log_sum(joint).T)[part.inverse]
    return total.T


def cell_log_likelihood(
    network: Network, patterns: Patterns, values: Mapping[str, np.ndarray], node: str
) -> np.ndarray:
    """Log-probability of the cells of one node, each given the cells that stand before it in its row.

    The nodes stand in network order, parents first. So a cell whose parents are known has its conditional probability;
    where one is missing, it is summed out, weighed by what stands before. By the chain rule the nodes add up to
    `log_likelihood`, whatever is missing.

    Parameters
    ----------
    values
        Parameter -> draws, shape (samples, *dims), group effects included.
    node
        Whose cells.

    Returns
    -------
    ndarray
        Shape (samples, cases); 0 where the cell is missing.
    """
    return _cells(network, patterns, values, node, None)[..., 0]


def cell_distributions(network: Network, patterns: Patterns, values: Mapping[str, np.ndarray], node: str) -> np.ndarray:
    """Log-probability of every state of one node in every case, given the cells that stand before it in its row.

    Of the state that a cell has, it is `cell_log_likelihood`.

    Returns
    -------
    ndarray
        Shape (samples, cases, states); 0 where the cell is missing.
    """
    return _cells(network, patterns, values, node, len(network[node].states))


def _cells(
    network: Network, patterns: Patterns, values: Mapping[str, np.ndarray], node: str, states: int | None
) -> np.ndarray:
    """Log-probabilities of the state of each cell, or of every state, shape (samples, cases, 1 or states)."""
    samples = len(next(iter(values.values())))
    found = np.zeros((samples, patterns.cases, states or 1))
    own, family, local = patterns.complete[node], network.family(node), network.local(node)
    if len(own.rows):
        log_p = [family.log_prob(values, codes, own.members, local, np) for codes in _stated(own.codes, states)]
        found[:, own.rows] = np.stack(log_p, axis=-1)[:, own.inverse]
    for part in patterns.incomplete:
        if node in part.codes and node not in part.missing:
            found[:, part.rows] = _tied_cells(network, part, values, node, states)[:, part.inverse]
    return found


def _tied_cells(
    network: Network, part: IncompletePatterns, values: Mapping[str, np.ndarray], node: str, states: int | None
) -> np.ndarray:
    """The same for cells that a sum over missing ones ties to others, shape (samples, distinct, 1 or states)."""
    samples = len(next(iter(values.values())))

    def log_prob(name: str, codes: np.ndarray) -> np.ndarray:
        return network.family(name).log_prob(values, codes, part.members[name], network.local(name), np)

    def summed(log_p: np.ndarray) -> np.ndarray:
        return log_sum(log_p.reshape((samples, len(part.counts), part.completions)))

    # Missing nodes that stand later are in no factor yet, and so count each sum as often as they have states: that
    # falls out of the quotient.
    before = np.zeros((samples, len(part.counts) * part.completions))
    for name, codes in part.codes.items():
        if name == node:
            known = summed(before)[..., None]
            found = [summed(before + log_prob(name, own)) for own in _stated(codes, states)]
            # What is impossible already says so once, where it became so.
            impossible = np.isneginf(known)
            return np.where(impossible, 0.0, np.stack(found, axis=-1) - np.where(impossible, 0.0, known))
        before = before + log_prob(name, codes)
    raise KeyError(node)


def _stated(codes: np.ndarray, states: int | None) -> Iterator[np.ndarray]:
    """Codes as they are, or with each state of the node in the last column."""
    if states is None:
        yield codes
    for state in range(states or 0):
        yield np.column_stack([codes[:, :-1], np.full(len(codes), state)])


def log_likelihood_of_moves(
    network: Network,
    patterns: Patterns,
    values: Mapping[str, np.ndarray],
    nodes: Collection[str],
    *,
    complete: Collection[str],
    incomplete: Collection[str],
) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Log-likelihood of every case as a function of the group effects of some nodes: all else is worked out once.

    Parameters
    ----------
    network, patterns, values, complete, incomplete
        As in `log_likelihood`.
    nodes
        Whose effects move.

    Returns
    -------
    callable
        From effect -> draws, shape (samples, members), to an array of shape (samples, cases); effects that are not
        given stay as they are in `values`.
    """
    moving = {*nodes}
    moved = [part for part in patterns.incomplete if moving & {*part.codes} and {*part.codes} & {*incomplete}]
    rest = replace(patterns, incomplete=tuple(part for part in patterns.incomplete if not moving & {*part.codes}))
    still = log_likelihood(network, rest, values, complete={*complete} - moving, incomplete=incomplete)

    def of_moves(
        name: str, codes: np.ndarray, members: Mapping[str, np.ndarray]
    ) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        return network.family(name).log_prob_of_moves(values, codes, members, network.local(name))

    own = [(patterns.complete[name], name) for name in network.names if name in moving & {*complete}]
    wholes = [(part, of_moves(name, part.codes, part.members)) for part, name in own if len(part.rows)]
    parts = []
    for part in moved:
        others = sum(
            network.family(name).log_prob(values, codes, part.members[name], network.local(name), np)
            for name, codes in part.codes.items()
            if name not in moving
        )
        movers = [of_moves(name, codes, part.members[name]) for name, codes in part.codes.items() if name in moving]
        parts.append((part, others, movers))

    def log_p(effects: Mapping[str, np.ndarray]) -> np.ndarray:
        total = still.T.copy()
        for whole, of_whole in wholes:
            total[whole.rows] += np.ascontiguousarray(of_whole(effects).T)[whole.inverse]
        for part, others, movers in parts:
            log_joint = others + sum(mover(effects) for mover in movers)
            joint = np.reshape(log_joint, (len(still), len(part.counts), part.completions))
            total[part.rows] += np.ascontiguousarray(log_sum(joint).T)[part.inverse]
        return total.T

    return log_p


def log_sum(log_p: np.ndarray) -> np.ndarray:
    """Logarithm of the sum over the last axis, which is short: it is put first, where NumPy adds whole arrays."""
    parts = np.ascontiguousarray(np.moveaxis(log_p, -1, 0))
    top = parts.max(axis=0)
    top[~np.isfinite(top)] = 0.0  # Impossible whatever was missing: the sum is 0, and its logarithm says so.
    with np.errstate(divide="ignore"):
        return np.log(np.exp(parts - top).sum(axis=0)) + top
