"""Draws as text: few bits a number, and the mean or the distribution that all draws have."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import logit

#: Bits of a number of the target, and levels above the lowest.
BITS = 5
_STEPS = 2**BITS - 1
#: Parts of a distribution, of which few bits say where a number lies, and levels of a share's root.
PARTS, _FINE = 32, 65535
#: Bits that a number of another node may take.
_MOST_BITS = 5
#: Log odds of a share are those of one no nearer to nothing or all than this.
_NEAR = 1e-6
#: Levels of a cell of a direction.
_TURNS = 32767
#: Share of the largest variance below which a direction of a table's draws is nothing but rounding.
_NOTHING = 1e-12
#: Variance that rounding leaves of what does not vary, as a share of the squared mean.
_ROUNDING = 1e-26


@dataclass(frozen=True)
class Moves:
    """Draws of a table as moves from its mean, in as few directions as there are.

    A table of so many cells moves in as many directions as it has free numbers, often far fewer: a logarithm of a count
    in one, effects that sum to zero in one less than there are.

    Parameters
    ----------
    axes, shape
        Names and sizes of its axes.
    mean
        Of all draws, shape (cells,).
    basis
        Directions, shape (cells, directions); None where every cell is one of its own.
    moved
        How far each draw lies from the mean in each direction, shape (directions, samples).
    tables
        Name -> axes and shape of each table that it joins, in order.
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    mean: np.ndarray
    basis: np.ndarray | None
    moved: np.ndarray
    tables: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Numbers of a draw."""
        return len(self.moved)

    @property
    def spreads(self) -> np.ndarray:
        """How far each direction's draws spread, on a scale of log odds."""
        return self.moved.std(axis=1)

    def placed(self, kept: np.ndarray, bits: np.ndarray) -> dict[str, Any]:
        """Draws of a table above the target, in few bits a number.

        As `packed`, but for ``tables`` (axes and shape of each that is joined), ``basis`` (two bytes, 32767 times its
        cells), ``bits`` of each direction, ``book`` (directions x parts of its distribution, float32) and
        ``codes``: in which part each draw lies, as far as the bits say.
        """
        book, parts, codes = _placed(self.moved, kept, bits)
        cells = np.eye(len(self.mean)) if self.basis is None else self.basis
        return {
            "tables": {name: {"axes": list(axes), "shape": list(shape)} for name, (axes, shape) in self.tables.items()},
            "draws": len(kept),
            "mean": _text(self.mean.astype("<f4")),
            "basis": _text(np.rint(cells * _TURNS).astype("<i2")),
            "bits": _held(bits, parts).tolist(),
            "parts": parts,
            "book": _text(book.astype("<f4")),
            "codes": codes,
        }

    def packed(self, kept: np.ndarray) -> dict[str, Any]:
        """Draws of a table as text.

        Parameters
        ----------
        kept
            Places of the draws that are kept.

        Returns
        -------
        dict
            ``axes``; ``shape``; ``directions``; ``draws``; ``mean`` (cells) and ``basis`` (cells x directions; empty
            where every cell is one of its own, with ``step`` its size), float32; ``codes`` (directions x draws),
            `BITS` bits each. All in base64. Cell c of draw d is ``mean[c] + sum(basis[c, r] * codes[r, d])``,
            and its mean over the draws kept is that over all.

        Examples
        --------
        >>> slope = np.random.default_rng(1).normal(size=100)
        >>> effects = np.outer([0.0, 0.7, 1.6], slope)
        >>> block = moves(effects, ["backers"]).packed(np.arange(100))
        >>> block["directions"], bool(abs(unpacked(block) - effects).max() < 0.2)
        (1, True)
        """
        moved = self.moved[:, kept]
        low = moved.min(axis=1, initial=0.0)
        step = (moved.max(axis=1, initial=0.0) - low) / _STEPS
        codes = np.rint((moved - low[:, None]) / np.where(step > 0, step, 1.0)[:, None]).astype(np.uint8)
        # In place of the lowest level: what gives the draws kept the mean of all.
        level = -step * codes.mean(axis=1)
        basis = self.basis
        return {
            "axes": list(self.axes),
            "shape": list(self.shape),
            "directions": self.size,
            "draws": len(kept),
            "mean": _text((self.mean + (level if basis is None else basis @ level)).astype("<f4")),
            "basis": "" if basis is None else _text((basis * step).astype("<f4")),
            "step": _text(step.astype("<f4")) if basis is None else "",
            "codes": _bits(codes, np.full(self.size, BITS)),
        }


@dataclass(frozen=True)
class Rows:
    """Draws of rows of probabilities.

    Parameters
    ----------
    axes
        Parents, and the node itself.
    table
        Shape (*parents, states, samples).
    """

    axes: tuple[str, ...]
    table: np.ndarray

    @property
    def size(self) -> int:
        """Numbers of a draw: the shares of each row."""
        return len(self._shares)

    @cached_property
    def _rest(self) -> np.ndarray:
        """The most probable state of each row, which the others leave."""
        return self.table.mean(axis=-1).reshape(-1, self.table.shape[-2]).argmax(axis=-1)

    @cached_property
    def _shares(self) -> np.ndarray:
        """What each state of a row takes of what the states before it left, shape (shares, samples)."""
        states = self.table.shape[-2]
        rows = np.asarray(self.table, float).reshape(-1, states, self.table.shape[-1])
        found = []
        for row, last in zip(rows, self._rest, strict=True):
            left = np.ones(row.shape[-1])
            for state in range(states):
                if state == last:
                    continue
                share = np.divide(row[state], left, out=np.zeros_like(left), where=left > 0)
                found.append(np.clip(share, 0.0, 1.0))
                left = left - row[state]
        return np.array(found).reshape(len(found), rows.shape[-1])

    @property
    def spreads(self) -> np.ndarray:
        """Standard deviations of the log odds of the shares: what a case shows is weighed by ratios of them."""
        return logit(np.clip(self._shares, _NEAR, 1 - _NEAR)).std(axis=1)

    def placed(self, kept: np.ndarray, bits: np.ndarray) -> dict[str, Any]:
        """Draws of the rows as text, in few bits a number.

        Of what the states before it left, each state takes a share; in a Dirichlet distribution these are independent.
        A share is kept as its distribution, by the means of `PARTS` equal parts of its sorted draws, and as the part
        of them in which each draw lies, as far as its bits say; whoever reads it goes evenly through what they leave
        open. So each share has its distribution, and each draw stays with the others that were drawn with it. The
        most probable state of a row is what the others leave.

        Parameters
        ----------
        kept
            Places of the draws that are kept.
        bits
            Of each share.

        Returns
        -------
        dict
            ``axes``; ``shape``; ``rest``, the state of each row that is left out; ``draws``; ``bits``; ``parts``;
            ``book``, two bytes for each part of each share (65535 times its root); ``codes``. In base64.

        Examples
        --------
        >>> table = np.random.default_rng(1).dirichlet([0.2, 5.0, 9.0], size=512).T
        >>> block = Rows(("kept",), table).placed(np.arange(400), np.array([1, 2]))
        >>> shares = shares_of(block)
        >>> block["rest"], shares.shape, bool(abs(shares[0].mean() - table[0].mean()) < 1e-4)
        ([2], (2, 32), True)
        """
        book, parts, codes = _placed(self._shares, kept, bits, np.sqrt)
        return {
            "axes": list(self.axes),
            "shape": list(self.table.shape[:-1]),
            "rest": self._rest.tolist(),
            "draws": len(kept),
            "bits": _held(bits, parts).tolist(),
            "parts": parts,
            "book": _text(_whole(book)),
            "codes": codes,
        }


def shares_of(block: Mapping[str, Any]) -> np.ndarray:
    """Means of the parts of each share's distribution, shape (shares, parts)."""
    codes = np.frombuffer(base64.b64decode(block["book"]), "<u2").reshape(-1, block["parts"])
    return (codes / _FINE) ** 2


def allotted(spreads: np.ndarray, total: int) -> np.ndarray:
    """Bits of numbers that spread so far, at most so many in all: one more for each doubling of the spread.

    Examples
    --------
    >>> allotted(np.array([0.1, 0.2, 0.4]), 6).tolist()
    [1, 2, 3]
    """
    logs = np.log2(np.maximum(spreads, 1e-6))
    levels = np.unique(np.concatenate([logs - bits + 0.5 for bits in range(1, _MOST_BITS + 1)]))[::-1]
    found = np.zeros(len(logs), int)
    low, high = 0, len(levels)
    while low < high:
        middle = (low + high) // 2
        bits = np.clip(np.floor(logs - levels[middle] + 0.5 + 1e-9), 0, _MOST_BITS).astype(int)
        if bits.sum() <= total:
            found, low = bits, middle + 1
        else:
            high = middle
    return found


def _held(bits: np.ndarray, parts: int) -> np.ndarray:
    """Bits of each number, no more than tell its parts apart."""
    return np.minimum(bits, parts.bit_length() - 1)


def _placed(
    values: np.ndarray, kept: np.ndarray, bits: np.ndarray, scale: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> tuple[np.ndarray, int, str]:
    """Distributions of some numbers in equal parts, how many, and where each draw lies in them as text."""
    samples, draws = values.shape[-1], len(kept)
    parts = 2 ** (min(PARTS, draws).bit_length() - 1)
    edges = (np.arange(parts) * samples + parts - 1) // parts
    ordered = np.sort(values, axis=1)
    sizes = np.diff(np.append(edges, samples))
    book = scale(np.add.reduceat(ordered, edges, axis=1) / sizes) if len(values) else np.empty((0, parts))
    # Among the draws kept, so that each part is met equally often.
    ranks = values[:, kept].argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    held = _held(bits, parts)
    return book, parts, _bits((ranks << held[:, None]) // draws, held)


def _bits(codes: np.ndarray, bits: np.ndarray) -> str:
    """Rows of codes one after the other, each number in the bits of its row, the highest first."""
    rows = [((row[:, None] >> np.arange(width)[::-1]) & 1).ravel() for row, width in zip(codes, bits, strict=True)]
    return _text(np.packbits(np.concatenate(rows).astype(np.uint8)) if rows else np.empty(0, np.uint8))


def moves(array: np.ndarray, axes: Sequence[str] = (), *, reduce: bool = True) -> Moves:
    """Draws of a table as moves from its mean.

    Parameters
    ----------
    array
        Shape (*axes, samples).
    axes
        Names of its axes.
    reduce
        Look for directions; else every cell is one.
    """
    cells = np.asarray(array, float).reshape(-1, array.shape[-1])
    mean = cells.mean(axis=1)
    centred = cells - mean[:, None]
    basis = _directions(centred, mean) if reduce and len(cells) > 1 else None
    return Moves(tuple(axes), array.shape[:-1], mean, basis, centred if basis is None else basis.T @ centred)


def joined(tables: Mapping[str, Moves]) -> Moves:
    """Several tables as one, whose directions are those in which they move together.

    Its cells are theirs, one table after the other.
    """
    widths = np.cumsum([0, *(len(table.moved) for table in tables.values())])
    moved = np.concatenate([table.moved for table in tables.values()])
    _, vectors = np.linalg.eigh(moved @ moved.T)
    parts = [
        turned if table.basis is None else table.basis @ turned
        for table, turned in zip(tables.values(), np.split(vectors, widths[1:-1]), strict=True)
    ]
    mean = np.concatenate([table.mean for table in tables.values()])
    shapes = {name: (table.axes, table.shape) for name, table in tables.items()}
    return Moves((), mean.shape, mean, np.concatenate(parts), vectors.T @ moved, shapes)


def unpacked(block: Mapping[str, Any]) -> np.ndarray:
    """Draws of `packed`, shape (*axes, draws kept)."""
    mean = np.frombuffer(base64.b64decode(block["mean"]), "<f4").astype(float)
    raw = np.unpackbits(np.frombuffer(base64.b64decode(block["codes"]), np.uint8))
    count = block["directions"] * block["draws"]
    codes = raw[: count * BITS].reshape(count, BITS) @ (2.0 ** np.arange(BITS)[::-1])
    codes = codes.reshape(block["directions"], block["draws"])
    moved = np.zeros((len(mean), block["draws"]))
    if block["basis"]:
        basis = np.frombuffer(base64.b64decode(block["basis"]), "<f4").reshape(len(mean), -1)
        moved = basis @ codes
    elif block["directions"]:
        moved = np.frombuffer(base64.b64decode(block["step"]), "<f4")[:, None] * codes
    return (mean[:, None] + moved).reshape((*block["shape"], -1))


def _whole(roots: np.ndarray) -> np.ndarray:
    """Square roots of shares as two bytes; only what is nothing or all in every draw is said to be."""
    levels = np.rint(roots * _FINE)
    return np.where((roots > 0) & (roots < 1), np.clip(levels, 1, _FINE - 1), levels).astype("<u2")


def _directions(centred: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Orthonormal directions in which a table's draws differ, shape (cells, directions)."""
    values, vectors = np.linalg.eigh(centred @ centred.T)
    rounding = _ROUNDING * centred.shape[1] * float(mean @ mean)
    return vectors[:, values > max(_NOTHING * values[-1], rounding)][:, ::-1]


def _text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
