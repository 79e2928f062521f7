"""Changes of a probability: how far it moves, and whether the move is a gain, a loss, or too small to matter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ...common.show import Shown, View
from ...models.errors import QueryError
from .summary import INTERVAL

#: A change of less than this, in probability, is taken to be too small to matter.
MARGIN = 0.05


@dataclass(frozen=True, repr=False)
class Change(Shown):
    """A change of a probability in a few numbers.

    Parameters
    ----------
    mean
        Expected change.
    lower, upper
        Ends of the equal-tailed interval that holds `interval` of its distribution.
    quarter, three_quarters
        Ends of the one that holds half of it.
    gain, within, loss
        Probability of a rise by `margin` or more, of a smaller move either way, and of a fall by `margin` or more; they
        add up to one.
    margin
        The smallest change that matters.
    interval
        Share of the distribution between `lower` and `upper`.

    Examples
    --------
    >>> import xarray as xr
    >>> found = summarise_change(xr.DataArray([[0.1, 0.2, -0.1, 0.0]], dims=("chain", "draw")))
    >>> found.gain, found.within, found.loss
    (0.5, 0.25, 0.25)
    """

    mean: float
    lower: float
    upper: float
    quarter: float
    three_quarters: float
    gain: float
    within: float
    loss: float
    margin: float = MARGIN
    interval: float = INTERVAL

    def __str__(self) -> str:
        mean, lower, upper = (whole_points(x) for x in (self.mean, self.lower, self.upper))
        size = f"{100 * self.margin:g}"
        return (
            f"{mean} points [{lower}, {upper}]; a gain of {size} points or more {self.gain:.0%}, "
            f"less either way {self.within:.0%}, a loss of {size} or more {self.loss:.0%}"
        )

    def _view(self) -> View:
        shares = {"gain": self.gain, "within": self.within, "loss": self.loss}
        facts = {name: f"{share:.0%}" for name, share in shares.items()}
        return View(f"Change: {self}", facts)


def whole_points(x: float) -> str:
    """Change of a probability in whole points, with its sign.

    Examples
    --------
    >>> whole_points(0.234), whole_points(-0.001)
    ('+23', '0')
    """
    rounded = f"{100 * x:+.0f}"
    return "0" if rounded[1:] == "0" else rounded


def checked_margin(margin: float) -> float:
    """Smallest change that matters, as a number.

    Raises
    ------
    QueryError
        If it is no number from 0 up to, but not including, 1.

    Examples
    --------
    >>> checked_margin(0.05)
    0.05
    """
    try:
        found = float(margin)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found < 1:
        what = f"is {margin!r}; give a change of probability from 0 up to 1, such as 0.05 for five points"
        raise QueryError.of("margin", what)
    return found


def change_shares(difference: xr.DataArray, margin: float = MARGIN) -> xr.Dataset:
    """Shares of draws in which a probability gains, stays within a margin, or loses.

    Parameters
    ----------
    difference
        Draws of the change, dims chain, draw and any others.
    margin
        The smallest change that matters; at 0 no change at all counts half to either side.

    Returns
    -------
    Dataset
        ``gain``, ``within`` and ``loss``, with the other dims; they add up to one.

    Raises
    ------
    QueryError
        If `margin` is no number from 0 up to 1.

    Examples
    --------
    >>> draws = xr.DataArray([[0.2, 0.01, -0.02, -0.2]], dims=("chain", "draw"))
    >>> {name: share.item() for name, share in change_shares(draws).items()}
    {'gain': 0.25, 'within': 0.5, 'loss': 0.25}
    """
    ordered = difference.transpose("chain", "draw", ...)
    shares = _shares(ordered.values.reshape((-1, *ordered.shape[2:])), None, checked_margin(margin))
    shape = ordered.isel(chain=0, draw=0, drop=True).drop_attrs()
    return xr.Dataset({name: shape.copy(data=share) for name, share in zip(_SHARES, shares, strict=True)})


def summarise_change(
    difference: xr.DataArray | np.ndarray,
    *,
    margin: float = MARGIN,
    interval: float = INTERVAL,
    weights: np.ndarray | None = None,
) -> Change:
    """Summarise the draws of one change.

    Parameters
    ----------
    difference
        Draws of it, of any shape.
    margin
        The smallest change that matters.
    interval
        Share of the distribution between the reported ends, in (0, 1).
    weights
        Weight of each draw, of the shape of `difference`, as in a mixture of posteriors; equal ones by default.

    Returns
    -------
    Change

    Raises
    ------
    QueryError
        If `margin` is no number from 0 up to 1.

    Examples
    --------
    >>> print(summarise_change(np.linspace(-0.2, 0.4, 3001)))
    +10 points [-17, +37]; a gain of 5 points or more 58%, less either way 17%, a loss of 5 or more 25%
    """
    size = checked_margin(margin)
    x = np.asarray(difference, float).ravel()
    w = None if weights is None else np.asarray(weights, float).ravel() / np.sum(weights)
    levels = [(1 - interval) / 2, (1 + interval) / 2, 0.25, 0.75]
    ends = np.quantile(x, levels) if w is None else _weighted_quantiles(x, w, levels)
    mean = x.mean() if w is None else x @ w
    shares = _shares(x, w, size)
    return Change(float(mean), *map(float, ends), *map(float, shares), margin=size, interval=interval)


_SHARES = ("gain", "within", "loss")


def _shares(x: np.ndarray, weights: np.ndarray | None, margin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares along the first axis."""
    if margin == 0:
        up, down = ((side * x > 0) + 0.5 * (x == 0) for side in (1, -1))
    else:
        up, down = (side * x >= margin for side in (1, -1))
    gain, loss = (np.average(part, axis=0, weights=weights) for part in (up, down))
    # Rounding may leave a hair below nothing.
    return gain, np.maximum(1 - gain - loss, 0.0), loss


def _weighted_quantiles(x: np.ndarray, weights: np.ndarray, levels: list[float]) -> np.ndarray:
    """Quantiles of a weighted sample, interpolated between the middles of its steps."""
    order = np.argsort(x, kind="stable")
    w = weights[order]
    return np.interp(levels, np.cumsum(w) - w / 2, x[order])
