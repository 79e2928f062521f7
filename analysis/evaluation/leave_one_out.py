"""Leave-one-out: how well a model predicts one node of units it has not seen, by PSIS and by refits where that fails.

Vehtari, Gelman and Gabry (2017, doi 10.1007/s11222-016-9696-4). Rows of one guarantee or one crisis are not
independent, so that a unit may be all of them; effects that only the unit speaks of are integrated out
(`servanda.models.sampling.scoring`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...common.progress import Progress, followed
from ...models.cases.encode import MISSING
from ...models.sampling.blocks import Block, sampled_block
from ...models.sampling.run import fit_inputs
from ...models.sampling.scoring import cases_at, unit_scores, without_cells
from ..summaries.importance import good_k, likelihood_efficiency, psis_loo


@dataclass(frozen=True)
class LeftOut:
    """Scores of units, each left out in turn.

    Parameters
    ----------
    units
        Names of the units.
    elpd
        Expected log predictive density of one case (or unit) each, shape (units,).
    pareto_k
        Shape parameter of the importance weights of each unit; NaN where it was fitted again.
    refitted
        Units whose weights could not be trusted, and that were left out of a fit of their own.
    untrusted
        Units whose weights could not be trusted, and that were not fitted again.
    counts
        How many cases each unit stands for.
    good_k
        The largest shape parameter that is trusted at this number of draws.
    """

    units: tuple[str, ...]
    elpd: np.ndarray
    pareto_k: np.ndarray
    refitted: tuple[str, ...]
    untrusted: tuple[str, ...]
    counts: np.ndarray
    good_k: float

    @property
    def total(self) -> float:
        """Sum over all cases."""
        return float((self.counts * self.elpd).sum())


def leave_one_out(
    block: Block,
    node: str,
    units: np.ndarray | None = None,
    *,
    seed: int,
    refits: int = 20,
    refit: Callable[[Any, int], Block] | None = None,
    progress: bool | Progress | None = None,
) -> LeftOut:
    """Predictive density of a node in each unit of rows from all others.

    Parameters
    ----------
    block
        Draws of the node's parameters, from `servanda.models.sampling.fit.fit_block`.
    node
        The node that is predicted, given all else that is known of a row.
    units
        Unit of each case, shape (cases,); None leaves out case by case.
    seed
        For the integration over effects, and for refits.
    refits
        At most so many units are fitted again; what remains is listed as untrusted.
    refit
        From coded cases and a seed to a block; by default a fit with the settings of `block`.
    progress
        As in `servanda.models.fit`, of the refits.

    Returns
    -------
    LeftOut
    """
    scores = unit_scores(block, node, units, seed=seed)
    found = psis_loo(scores.log_p, efficiency=likelihood_efficiency(scores.log_p))
    elpd, pareto_k = found.elpd, found.pareto_k
    most_k = good_k(scores.log_p.shape[0] * scores.log_p.shape[1])
    bad = np.flatnonzero(~(pareto_k <= most_k))
    bad = bad[np.argsort(-np.nan_to_num(pareto_k[bad], nan=np.inf), kind="stable")]
    again = refit or (lambda cases, number: _same_again(block, node, cases, number))
    rows_of = _rows(block, node, units, scores.units)
    for done, unit in enumerate(followed(bad[:refits].tolist(), "refitting", progress)):
        elpd[unit] = _left_out_of_a_fit(block, node, units, rows_of[unit], again, seed + 1 + done)
        pareto_k[unit] = np.nan
    return LeftOut(
        scores.units,
        elpd,
        pareto_k,
        tuple(scores.units[unit] for unit in bad[:refits]),
        tuple(scores.units[unit] for unit in bad[refits:]),
        scores.counts,
        most_k,
    )


def _rows(block: Block, node: str, units: np.ndarray | None, names: tuple[str, ...]) -> list[np.ndarray]:
    """Rows of each unit that have a cell of the node."""
    seen = np.flatnonzero(block.run.cases.codes[node] != MISSING)
    if units is None:
        return [np.array([row]) for row in seen]
    labels = np.asarray(units).astype(str)
    return [seen[labels[seen] == name] for name in names]


def _left_out_of_a_fit(
    block: Block,
    node: str,
    units: np.ndarray | None,
    rows: np.ndarray,
    again: Callable[[Any, int], Block],
    seed: int,
) -> float:
    """Log predictive density of a unit's cells under a fit that has not seen them."""
    from scipy.special import logsumexp

    cases = block.run.cases
    if units is None and cases.counts is not None:
        rest = replace(cases, counts=cases.counts - np.isin(np.arange(len(cases)), rows))
    else:
        rest = without_cells(cases, node, rows)
    fitted = again(rest, seed)
    unseen = replace(fitted, run=replace(fitted.run, cases=cases_at(cases, rows)))
    whole = None if units is None else np.asarray(units)[rows]
    log_p = unit_scores(unseen, node, whole, seed=seed).log_p
    return float(logsumexp(log_p) - np.log(log_p.size))


def _same_again(block: Block, node: str, cases: Any, seed: int) -> Block:
    run = block.run
    return sampled_block(fit_inputs(run.network, cases, run.priors, replace(run.sampling, seed=seed)), node)
