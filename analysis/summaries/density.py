"""Density of draws, as a curve for figures and as a small picture beside a number."""

from __future__ import annotations

import numpy as np

from .summary import array_stats

#: Width and height of a picture in pixels, and points of a curve.
_WIDTH, _HEIGHT, _POINTS = 120, 22, 200


def density_curve(draws: np.ndarray, *, within: tuple[float, float] | None = None) -> tuple[list[float], list[float]]:
    """Density of draws on a grid, by ArviZ's kernel estimate.

    Parameters
    ----------
    draws
        Of any shape.
    within
        Ends beyond which there is nothing, as 0 and 1 for a probability.

    Returns
    -------
    tuple
        Values and their densities; both empty for draws that are all the same.

    Examples
    --------
    >>> density_curve(np.full(10, 0.5))
    ([], [])
    """
    x = np.asarray(draws, float).ravel()
    if len(x) < 2 or np.ptp(x) == 0:
        return [], []
    grid, density, _ = array_stats().kde(x, bound_correction=True, grid_len=_POINTS)
    if within:
        inside = (grid >= within[0]) & (grid <= within[1])
        grid, density = grid[inside], density[inside]
    return grid.tolist(), density.tolist()


def density_svg(draws: np.ndarray, low: float, high: float) -> str:
    """Small picture of the density of draws from `low` to `high`, in the colour of the text around it.

    Examples
    --------
    >>> density_svg(np.array([0.2, 0.5]), 0, 1).startswith('<svg width="120"')
    True
    """
    x, density = density_curve(draws, within=(low, high))
    frame = f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-hidden="true">'
    ground = f'<path d="M0 {_HEIGHT - 1}H{_WIDTH}" stroke="currentColor" stroke-opacity="0.4"/>'
    if not x:
        at = _WIDTH * (float(np.ravel(draws)[0]) - low) / ((high - low) or 1.0)
        return f'{frame}{ground}<path d="M{at:.1f} 2V{_HEIGHT - 1}" stroke="currentColor"/></svg>'
    step = max(1, len(x) // 60)
    across = _WIDTH * (np.array(x[::step]) - low) / ((high - low) or 1.0)
    up = _HEIGHT - 1 - (_HEIGHT - 3) * np.array(density[::step]) / max(density)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, up, strict=True))
    area = f"{across[0]:.1f},{_HEIGHT - 1} {points} {across[-1]:.1f},{_HEIGHT - 1}"
    shape = f'<polygon points="{area}" fill="currentColor" fill-opacity="0.35" stroke="currentColor"/>'
    return f"{frame}{ground}{shape}</svg>"
