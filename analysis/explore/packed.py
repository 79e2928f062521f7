"""Draws as text: one byte a number, and the very mean that all draws have."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Levels of a byte above the lowest.
_STEPS = 255
#: Parts of a share's distribution, and levels of each.
BINS, _FINE = 128, 65535
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
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    mean: np.ndarray
    basis: np.ndarray | None
    moved: np.ndarray

    @property
    def size(self) -> int:
        """Bytes that a draw takes."""
        return len(self.moved)

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
            where every cell is one of its own, with ``step`` its size), float32; ``codes`` (directions x draws), bytes.
            All in base64. Cell c of draw d is ``mean[c] + sum(basis[c, r] * codes[r, d])``, and its mean over the draws
            kept is that over all.

        Examples
        --------
        >>> slope = np.random.default_rng(1).normal(size=100)
        >>> effects = np.outer([0.0, 0.7, 1.6], slope)
        >>> block = moves(effects, ["backers"]).packed(np.arange(100))
        >>> block["directions"], bool(abs(unpacked(block) - effects).max() < 0.02)
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
            "codes": _text(codes),
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
        """Bytes that a draw takes: none, since distributions are kept and not draws."""
        return 0

    def packed(self, kept: np.ndarray) -> dict[str, Any]:  # noqa: ARG002
        """Distributions of the rows as text.

        A row of a Dirichlet distribution is a product of independent fractions: of what the states before it left, each
        state takes a share. Each share is kept as its distribution alone, by the means of `BINS` equal parts of its
        sorted draws, which gives more of it than a few hundred draws do; whoever reads it draws from it. The most
        probable state of a row is what the others leave. Rows of other families are taken so too, as if their shares
        were independent.

        Returns
        -------
        dict
            ``axes``; ``shape``; ``rest``, the state of each row that is left out; ``bins``; ``codes``, two bytes for
            each bin of each share, (65535 times its square root). In base64.

        Examples
        --------
        >>> table = np.random.default_rng(1).dirichlet([0.2, 5.0, 9.0], size=512).T
        >>> block = Rows(("kept",), table).packed(np.arange(400))
        >>> shares = shares_of(block)
        >>> block["rest"], shares.shape, bool(abs(shares[0].mean() - table[0].mean()) < 1e-4)
        ([2], (2, 128), True)
        """
        states, bins = self.table.shape[-2], min(BINS, self.table.shape[-1])
        rows = np.asarray(self.table, float).reshape(-1, states, self.table.shape[-1])
        rest = rows.mean(axis=-1).argmax(axis=-1)
        codes = []
        for row, last in zip(rows, rest, strict=True):
            left = np.ones(row.shape[-1])
            for state in range(states):
                if state == last:
                    continue
                share = np.divide(row[state], left, out=np.zeros_like(left), where=left > 0)
                parts = np.array_split(np.sort(np.clip(share, 0.0, 1.0)), bins)
                codes.append(np.sqrt([part.mean() for part in parts]))
                left = left - row[state]
        return {
            "axes": list(self.axes),
            "shape": list(self.table.shape[:-1]),
            "rest": rest.tolist(),
            "bins": bins,
            "codes": _text(_whole(np.array(codes))),
        }


def shares_of(block: Mapping[str, Any]) -> np.ndarray:
    """Means of the parts of each share's distribution, shape (shares, bins)."""
    codes = np.frombuffer(base64.b64decode(block["codes"]), "<u2").reshape(-1, block["bins"])
    return (codes / _FINE) ** 2


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


def unpacked(block: Mapping[str, Any]) -> np.ndarray:
    """Draws of `packed`, shape (*axes, draws kept)."""
    mean = np.frombuffer(base64.b64decode(block["mean"]), "<f4").astype(float)
    codes = np.frombuffer(base64.b64decode(block["codes"]), np.uint8).astype(float)
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
