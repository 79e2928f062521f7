r"""Whether draws have converged: what is asked of a run, what of it fails, and the warning that says so.

A run of 4,000 kept draws and more is asked for what the literature asks: R-hat of 1.01 or less and an effective sample
size of 400 or more, bulk and tail (Vehtari and others 2021, doi 10.1214/20-BA1221), no divergences, and an E-BFMI of
0.3 or more (Betancourt 2016, arXiv 1604.00695). A shorter run cannot have 400, and whoever asks for one knows: it is
asked for a tenth of its draws, and for the R-hat that goes with that many, $\sqrt{1 + m / n}$ for $m$ half chains and
an effective size of $n$ (Vats and Knudson 2021†), which for 8 half chains and 400 is 1.01 again. Of a trial, of fewer
than 400 draws in all, only chains that stand apart are spoken of, and divergences. So a warning speaks of draws that do
not mix, never of a run for being short.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .diagnostics import Mixing, mixing
from .errors import ConvergenceWarning

#: Vehtari et al. 2021, doi 10.1214/20-BA1221.
MOST_RHAT = 1.01
LEAST_ESS = 400
#: Betancourt 2016, arXiv 1604.00695.
LEAST_BFMI = 0.3
#: Quantiles at the ends of what is reported.
TAILS = (0.05, 0.95)
#: Share of the draws of a short run that must be effective.
SHARE = 0.1
#: Fewer than `LEAST_ESS` draws in all are a trial, which may have an R-hat of so much.
TRIAL_RHAT = 1.5
#: Fewer draws than this in a chain say nothing of convergence.
FEWEST = 20
#: What was said of answers already: the same draws are spoken of once, whoever asks.
_SAID: set[tuple[str | None, str]] = set()


@dataclass(frozen=True)
class Unconverged:
    """Nodes whose parameters were sampled together, and what of their draws cannot be trusted.

    Parameters
    ----------
    nodes
        The nodes.
    what
        What failed: the worst of each kind.
    advice
        What to do about it.
    """

    nodes: tuple[str, ...]
    what: tuple[str, ...]
    advice: str

    def __str__(self) -> str:
        who = ", ".join(self.nodes[:5]) + (f" and {len(self.nodes) - 5} more" if len(self.nodes) > 5 else "")
        return f"{who}: {'; '.join(self.what)}. {self.advice}"


def unconverged(
    nodes: Sequence[str],
    variables: Mapping[str, xr.DataArray],
    stats: xr.Dataset | None = None,
    latent: Collection[str] = (),
) -> Unconverged | None:
    """What cannot be trusted of the draws of a block of nodes; None where nothing fails.

    Parameters
    ----------
    nodes
        Nodes that were sampled together.
    variables
        Their parameters, dims chain, draw and others.
    stats
        Statistics of the sampler, where it has any: ``diverging`` and ``energy``, dims chain and draw.
    latent
        Those of the nodes that no case shows.

    Examples
    --------
    >>> stuck = np.random.default_rng(1).normal(size=(4, 500)) + np.arange(4)[:, None]
    >>> print(unconverged(["kept"], {"kept.table": xr.DataArray(stuck, dims=("chain", "draw"))}).what[0])
    R-hat of kept.table is 1.553 (1.020 or less is asked)
    """
    what: list[str] = []
    diverging = 0 if stats is None else int(stats["diverging"].sum())
    if diverging:
        what.append(f"divergences: {diverging}")
    if stats is not None and "energy" in stats and not (bfmi := energy_bfmi(stats["energy"])) >= LEAST_BFMI:
        what.append(f"E-BFMI is {bfmi:.2g} ({LEAST_BFMI} or more is asked)")
    mixing = _mixing_faults(variables)
    if not (what or mixing):
        return None
    return Unconverged(tuple(nodes), (*mixing, *what), _advice(latent, diverging=bool(diverging), mixing=bool(mixing)))


def energy_bfmi(energy: xr.DataArray) -> float:
    """Estimated Bayesian fraction of missing information, of the worst chain (Betancourt 2016, equation 25)."""
    x = energy.transpose(..., "chain", "draw").values
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((np.mean(np.diff(x, axis=-1) ** 2, axis=-1) / np.var(x, axis=-1)).min())


def _mixing_faults(variables: Mapping[str, xr.DataArray]) -> list[str]:
    """The worst R-hat and effective sizes of some parameters, where they are worse than a run of this length allows."""
    names: list[str] = []
    found: list[Mixing] = []
    chains, least, most = 0, 0.0, math.inf
    for name, draws in variables.items():
        ordered = draws.transpose("chain", "draw", ...)
        chains, length = ordered.shape[:2]
        if length < FEWEST:
            return []
        least, most = _limits(chains, length)
        cells = ordered.values.reshape(chains, length, -1)
        moving = cells[..., np.ptp(cells, axis=(0, 1)) > 0]
        names += [name] * moving.shape[2]
        found.append(mixing(moving, TAILS))
    if not names:
        return []
    bulk, tail, rhat = (np.concatenate([getattr(one, kind) for one in found]) for kind in ("bulk", "tail", "rhat"))
    # A number that could not be computed is the worst; a single chain has none to disagree with.
    at = int(np.argmax(np.where(np.isnan(rhat), np.inf, rhat)))
    agree = chains == 1 or rhat[at] <= most
    faults = [] if agree else [f"R-hat of {names[at]} is {_apart(rhat[at], most, 3)} ({most:.3f} or less is asked)"]
    for kind, sizes in (("bulk", bulk), ("tail", tail)):
        at = int(np.argmin(np.where(np.isnan(sizes), -np.inf, sizes)))
        if least and not sizes[at] >= least:
            faults.append(f"{kind} ESS of {names[at]} is {_apart(sizes[at], least, 0)} ({least:g} or more is asked)")
    return faults


def _apart(value: float, limit: float, digits: int) -> str:
    """Write a number with so many decimals, or more where it would else look like the limit that it misses."""
    places = (more for more in range(digits, digits + 6) if f"{value:.{more}f}" != f"{limit:.{more}f}")
    return f"{value:.{next(places, digits)}f}"


def _limits(chains: int, length: int) -> tuple[float, float]:
    """Effective size and R-hat that are asked of a run."""
    if chains * length < LEAST_ESS:
        return 0.0, TRIAL_RHAT
    least = min(float(LEAST_ESS), SHARE * chains * length)
    return least, max(MOST_RHAT, math.sqrt(1 + 2 * chains / least))


def _advice(latent: Collection[str], *, diverging: bool, mixing: bool) -> str:
    steps = []
    if latent and mixing:
        steps.append(
            f"no case shows {', '.join(latent)}, and what is seen may not tell its states: it takes a further child "
            "with data, or priors that say more"
        )
    if diverging:
        steps.append("raise target_accept (0.95, 0.99), or take narrower priors")
    if mixing:
        steps.append("take more draws (draws=, tune=)")
    said = "; ".join(steps) or "take narrower priors, or look for parameters that the data does not determine"
    return f"{said[0].upper()}{said[1:]}. Until then no number about these nodes can be trusted."


def warn_of_fit(found: Iterable[Unconverged], stacklevel: int) -> None:
    """Warn whoever made a fit of what of its draws has not converged.

    Parameters
    ----------
    found
        Blocks that have not.
    stacklevel
        As `warnings.warn` counts it, from whoever calls this.
    """
    lines = [str(one) for one in found]
    if lines:
        warnings.warn(f"draws have not converged. {' '.join(lines)}", ConvergenceWarning, stacklevel=stacklevel + 1)


def warn_of_answer(provenance: Mapping[str, Any], nodes: Collection[str]) -> None:
    """Warn that an answer rests on draws that have not converged, once for the same draws.

    Parameters
    ----------
    provenance
        Of the posterior: its ``not_converged`` is what a fit found.
    nodes
        Nodes that the answer depends on.
    """
    stored = [Unconverged(tuple(one["nodes"]), tuple(one["what"]), one["advice"]) for one in _stored(provenance)]
    resting = [str(one) for one in stored if set(one.nodes) & set(nodes)]
    text = f"the answer rests on draws that have not converged. {' '.join(resting)}"
    said = (provenance.get("key"), text)
    if resting and said not in _SAID:
        # A registry is Python's own way to warn once, but forgets whenever any library touches the filters. What it
        # takes note of was shown, and is not to be shown again: so not under "always", "error" or "ignore".
        shown: dict[Any, Any] = {}
        warnings.warn_explicit(text, ConvergenceWarning, *_asked_from(), registry=shown)
        _SAID.update({said} if any(text in key for key in shown if key != "version") else ())


def _asked_from() -> tuple[str, int]:
    """File and line of whoever asked, the first that is not ours."""
    own, frame = str(Path(__file__).parents[1]), inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return (__file__, 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def _stored(provenance: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return provenance.get("not_converged") or []


__all__ = ["Unconverged", "energy_bfmi", "unconverged", "warn_of_answer", "warn_of_fit"]
