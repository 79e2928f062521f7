"""A block of nodes written down for the compiled loops: parameters, effects, rows, sums over missing cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..cases.patterns import Patterns
from ..families.rows import CUMULATIVE_LOGIT, FACTORS, Book, RowWriter
from ..families.unseen import spread_name, unit_name
from ..network.network import Network
from .pairs import pair_up
from .unconstrained import Layout

#: Columns of `Program.nodes` that say what is integrated out of a node: place of the spread, first span, span after the
#: last.
SPREAD, SPAN, SPAN_END = 8, 9, 10


class Program(NamedTuple):
    """What the compiled loops are told of a block; rows of all its nodes stand one after another.

    Parameters
    ----------
    segments, numbers
        The parameters, see `servanda.models.density.unconstrained.Layout`.
    factors, coefficients
        Pieces that add up to the effects: effect ``factors[p, 0]`` gains ``coefficients[p, 0]`` times parameters
        ``factors[p, 1]``, ``factors[p, 2]`` and ``factors[p, 3]`` times exp(``coefficients[p, 1]`` times parameter
        ``factors[p, 4]``). The number after the last parameter is one.
    nodes
        Kind of rows, first row, row after the last, place of its first pick, picks a row, place of its first
        probability, states; then row after the last of those whose member is integrated out, which stand behind the
        others, place of the spread of these members or -1, first span, span after the last; shape (nodes, 11).
    picks
        Which effects (or, in a table, which probability) each row adds up, flat.
    states
        State of the node in each row.
    counts
        How many complete cases each row stands for.
    incomplete
        Place of its first row in `completed`, nodes, place of its first count, distinct patterns, completions;
        shape (missing patterns, 5).
    completed
        Row of each completion of each pattern of each part, for each of its nodes in turn.
    pattern_counts
        How many cases have each pattern of each part.
    spans
        First row and row after the last of each member that is integrated out and has any, how many cases these are,
        and number of the member; shape (members, 4).
    pairs
        Two effects, or pairs before it, that each of the last effects adds up, for the rows that have both in common;
        shape (pairs, 2).
    effects
        Number of effects, pairs among them.
    """

    segments: np.ndarray
    numbers: np.ndarray
    factors: np.ndarray
    coefficients: np.ndarray
    nodes: np.ndarray
    picks: np.ndarray
    states: np.ndarray
    counts: np.ndarray
    incomplete: np.ndarray
    completed: np.ndarray
    pattern_counts: np.ndarray
    spans: np.ndarray
    pairs: np.ndarray
    effects: int


def write_program(network: Network, patterns: Patterns, nodes: tuple[str, ...], layout: Layout) -> Program:
    """Write down a block of nodes whose parameters are laid out.

    Parameters
    ----------
    nodes
        The block; nodes tied by missing cells belong together. The families of all can write rows.
    layout
        From `servanda.models.density.unconstrained.make_layout`, of the same nodes.
    """
    book = Book(layout.start, layout.shapes, layout.values, layout.integrated)
    writers = [network.family(name).write_rows(network.local(name), book) for name in nodes]
    rows = [
        _rows(network, patterns, name, writer, _integrated(network, name, layout))
        for name, writer in zip(nodes, writers, strict=True)
    ]
    rows, pairs = _paired(rows, [writer.kind for writer in writers], book.effects)
    first = np.cumsum([0, *(len(part.states) for part in rows)])
    place = np.cumsum([0, *(part.picks.size for part in rows)])
    span = np.cumsum([0, *(len(part.spans) for part in rows)])
    spans = [part.spans + np.array([first[k], first[k], 0, 0]) for k, part in enumerate(rows)]
    table = [
        (
            writers[k].kind,
            first[k],
            first[k + 1] - part.integrated,
            place[k],
            part.picks.shape[1],
            part.base,
            len(network[name].states),
            first[k + 1],
            part.spread,
            span[k],
            span[k + 1],
        )
        for k, (name, part) in enumerate(zip(nodes, rows, strict=True))
    ]
    incomplete, completed, tally = [], [np.zeros(0, np.int64)], []
    for number, part in enumerate(patterns.incomplete):
        if set(part.codes) & set(nodes):
            begin, tallied = sum(map(len, completed)), sum(map(len, tally))
            incomplete.append((begin, len(part.codes), tallied, len(part.counts), part.completions))
            completed += [first[nodes.index(name)] + rows[nodes.index(name)].incomplete[number] for name in part.codes]
            tally.append(part.counts)
    return Program(
        layout.segments,
        layout.numbers,
        np.array(book.factors, np.int64).reshape(-1, FACTORS + 2),
        np.array(book.coefficients, np.float64).reshape(-1, 2),
        np.array(table, np.int64).reshape(-1, 11),
        np.concatenate([part.picks.ravel() for part in rows]).astype(np.int64),
        np.concatenate([part.states for part in rows]).astype(np.int64),
        np.concatenate([part.counts for part in rows]).astype(np.float64),
        np.array(incomplete, np.int64).reshape(-1, 5),
        np.concatenate(completed).astype(np.int64),
        np.concatenate([np.zeros(0), *tally]).astype(np.float64),
        np.concatenate(spans).astype(np.int64),
        pairs,
        book.effects + len(pairs),
    )


@dataclass(frozen=True)
class _Rows:
    base: int
    picks: np.ndarray
    states: np.ndarray
    counts: np.ndarray
    incomplete: Mapping[int, np.ndarray]
    integrated: int
    spread: int
    spans: np.ndarray


def _paired(rows: Sequence[_Rows], kinds: Sequence[int], effects: int) -> tuple[list[_Rows], np.ndarray]:
    """Rows of added effects that share sums of them, and the sums of all nodes, one after another."""
    found, pairs = [], [np.zeros((0, 2), np.int64)]
    for part, kind in zip(rows, kinds, strict=True):
        picks, own = pair_up(part.picks, effects) if kind == CUMULATIVE_LOGIT else (part.picks, pairs[0])
        found.append(replace(part, picks=picks))
        pairs.append(own)
        effects += len(own)
    return found, np.concatenate(pairs).astype(np.int64)


def _integrated(network: Network, name: str, layout: Layout) -> tuple[str, int, np.ndarray] | None:
    """Group of a node whose members are integrated out, place of their spread, and which of them they are."""
    local = network.local(name)
    for group in network[name].groups:
        if (which := layout.integrated.get(unit_name(local, group.name))) is not None:
            return group.name, layout.start[spread_name(local, group.name)], which
    return None


def _rows(
    network: Network,
    patterns: Patterns,
    name: str,
    writer: RowWriter,
    integrated: tuple[str, int, np.ndarray] | None,
) -> _Rows:
    """Distinct rows of one node, and which of them each completion of each set of missing patterns is.

    Rows whose member is integrated out stand last, those of one member together.
    """
    cells, local, groups = patterns.complete[name], network.local(name), network[name].groups
    # Complete cells of tables are part of the density of their rows: see `unconstrained.make_layout`.
    family = network.family(name)
    seen = slice(0, 0) if family.conjugate or family.learns_rows(local) else slice(None)
    incomplete = [(number, part) for number, part in enumerate(patterns.incomplete) if name in part.codes]
    codes = np.concatenate([cells.codes[seen], *(part.codes[name] for _, part in incomplete)])
    members = {
        g.name: np.concatenate([cells.members[g.name][seen], *(part.members[name][g.name] for _, part in incomplete)])
        for g in groups
    }
    own = np.full(len(codes), -1)
    if integrated is not None:
        group, _, which = integrated
        own = np.where(which[members[group]], members[group], -1)
    distinct, inverse = np.unique(np.column_stack([own, codes, *members.values()]), axis=0, return_inverse=True)
    inverse = inverse.ravel()
    counted = cells.counts[seen]
    ends = np.cumsum([len(counted), *(len(part.codes[name]) for _, part in incomplete)])
    own, codes = distinct[:, 0], distinct[:, 1 : codes.shape[1] + 1]
    together = {g.name: distinct[:, 1 + codes.shape[1] + place] for place, g in enumerate(groups)}
    counts = np.bincount(inverse[: len(counted)], counted, len(distinct))
    return _Rows(
        writer.base,
        writer.picks(codes, together),
        codes[:, -1],
        counts,
        {number: inverse[ends[k] : ends[k + 1]] for k, (number, _) in enumerate(incomplete)},
        int((own >= 0).sum()),
        -1 if integrated is None else integrated[1],
        _spans(own, counts),
    )


def _spans(own: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Runs of rows of one member: first row, row after the last, cases, member; -1 stands for rows of none."""
    if not len(own):
        return np.zeros((0, 4), np.int64)
    whose, first = np.unique(own, return_index=True)
    ends = np.append(first[1:], len(own))
    cases = np.add.reduceat(counts, first)
    return np.column_stack([first, ends, cases, whose])[whose >= 0].astype(np.int64)
