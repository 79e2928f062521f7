"""Summaries of a distribution: mean, interval, and the diagnostics of the number itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from ...common.show import Shown, View
from ...models.diagnostics import mean_error, mixing
from ...models.names import escape, shown
from ...models.stand_in import standing_in

#: Share of the posterior that a reported interval holds, equal tails.
INTERVAL = 0.9


@dataclass(frozen=True, repr=False)
class Summary(Shown):
    """A distribution in a few numbers.

    Parameters
    ----------
    mean
        For the probability of one future event this is *the* probability.
    lower, upper
        Ends of the equal-tailed interval that holds `interval` of the posterior.
    sd
        Standard deviation.
    mcse
        Monte Carlo standard error of the mean.
    ess_bulk, ess_tail, rhat
        Diagnostics of this very number (Vehtari et al. 2021, doi 10.1214/20-BA1221); NaN for a single draw.

    Examples
    --------
    >>> print(
    ...     Summary(
    ...         mean=0.62, lower=0.41, upper=0.8, sd=0.12, mcse=0.003, ess_bulk=1900, ess_tail=1700, rhat=1.001
    ...     )
    ... )
    0.62 [0.41, 0.80]
    """

    mean: float
    lower: float
    upper: float
    sd: float
    mcse: float
    ess_bulk: float
    ess_tail: float
    rhat: float
    interval: float = INTERVAL

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.lower:.2f}, {self.upper:.2f}]"

    def _view(self) -> View:
        facts = {
            "mean": f"{self.mean:.3f}, {self.interval:.0%} interval {self.lower:.3f} to {self.upper:.3f}",
            "standard deviation": f"{self.sd:.3f}, Monte Carlo error of the mean {self.mcse:.4f}",
            "ESS": f"bulk {self.ess_bulk:.0f}, tail {self.ess_tail:.0f}; R-hat {self.rhat:.3f}",
        }
        return View(f"Summary: {self}", facts)


def summarise(draws: xr.DataArray, interval: float = INTERVAL) -> Summary:
    """Summarise the draws of one number.

    Parameters
    ----------
    draws
        Dims chain and draw.
    interval
        Share of the posterior between the reported ends, in (0, 1).

    Returns
    -------
    Summary

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> draws = xr.DataArray(np.random.default_rng(1).random((4, 500)), dims=("chain", "draw"))
    >>> str(summarise(draws))
    '0.50 [0.05, 0.95]'
    """
    return cell_summaries(draws.transpose("chain", "draw"), interval)[0]


def _diagnostics(x: np.ndarray, tails: tuple[float, float]) -> np.ndarray:
    """Monte Carlo error, effective sizes of bulk and tail, and R-hat of every number, shape (4, numbers)."""
    found = np.full((4, x.shape[2]), math.nan)
    if x.shape[1] < 4:
        return found
    moving = np.ptp(x, axis=(0, 1)) != 0
    # A constant has nothing to mix: evidence settles it.
    found[:, ~moving] = [[0.0], [x[..., 0].size], [x[..., 0].size], [1.0]]
    mixed = mixing(x[..., moving], tails)
    found[:, moving] = mean_error(x[..., moving]), mixed.bulk, mixed.tail, mixed.rhat
    return found


@cache
def array_stats() -> Any:
    """ArviZ's statistics of plain arrays, imported when they are needed.

    Where NumPyro is not installed, ArviZ's lazy import of it walks the whole stack and every module that is loaded, and
    so loads JAX.
    """
    with standing_in("jax", "numpyro"):
        import arviz_stats.base as stats

    return vars(stats)["array_stats"]


def summary_table(answer: xr.DataArray, interval: float = INTERVAL) -> xr.Dataset:
    """Summarise every cell of an answer.

    Parameters
    ----------
    answer
        Dims chain, draw and one or more targets.

    Returns
    -------
    Dataset
        Variables mean, lower, upper, sd, mcse, ess_bulk, ess_tail, rhat over the targets.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> draws = np.random.default_rng(1).dirichlet((3, 1), (4, 500))
    >>> answer = xr.DataArray(draws, dims=("chain", "draw", "kept"), coords={"kept": ["yes", "no"]})
    >>> summary_table(answer)["mean"].round(2).to_series().to_dict()
    {'yes': 0.75, 'no': 0.25}
    """
    fields = ("mean", "lower", "upper", "sd", "mcse", "ess_bulk", "ess_tail", "rhat")
    ordered = answer.transpose("chain", "draw", ...)
    shape = ordered.isel(chain=0, draw=0, drop=True).drop_attrs()
    # A node may have the name of one of the fields, or of the dim of cases.
    dims = [str(dim) for dim in shape.dims]
    shape = shape.rename({dim: escape(shown(dim), {*fields, *(set(dims) - {dim})}) for dim in dims})
    rows = cell_summaries(ordered, interval)
    table = {field: np.reshape([getattr(row, field) for row in rows], shape.shape) for field in fields}
    return xr.Dataset({field: shape.copy(data=values) for field, values in table.items()})


def cell_summaries(draws: xr.DataArray, interval: float = INTERVAL) -> list[Summary]:
    """Summarise every cell of an array of draws, in the order of its other dims."""
    ordered = draws.transpose("chain", "draw", ...)
    x = np.asarray(ordered.values, float).reshape((*ordered.shape[:2], -1))
    if not x.shape[2]:
        return []
    tails = ((1 - interval) / 2, (1 + interval) / 2)
    flat = x.reshape((-1, x.shape[2]))
    numbers = (flat.mean(axis=0), *np.quantile(flat, tails, axis=0), flat.std(axis=0), *_diagnostics(x, tails))
    cells: list[list[float]] = np.array(numbers).T.tolist()
    return [Summary(*cell, interval=interval) for cell in cells]
