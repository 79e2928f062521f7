"""Fitting: exact draws where the posterior is known in closed form, MCMC block by block for the rest."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import xarray as xr

from ...common.progress import Progress, shown
from ..cases.encode import Cases
from ..cases.groups import cells_seen, coded_group, log_likelihood_group
from ..convergence import warn_of_fit
from ..network.network import Network
from ..network.parameters import left_out, narrowed, network_parameters
from ..network.toml import network_to_toml
from ..parameters.parameter import Parameter
from ..parameters.prior_set import PriorSet
from ..posterior import Posterior
from ..store import draws_tree
from ..theories.two_coders import coded_by
from .blocks import sample_blocks
from .run import Sampling, fit_inputs
from .samplers import SAMPLERS

#: More log-likelihood cells than this are not stored.
MOST_POINTWISE = 50_000_000
#: Changes with what is stored beside the draws, so that a fit stored without it is made again.
_STORED = "members of groups; log-likelihood by node"


def fit(
    network: Network,
    cases: Any,
    priors: PriorSet | None = None,
    *,
    seed: int,
    unobserved: str | Iterable[str] = (),
    strict: bool = False,
    draws: int = 1000,
    tune: int = 300,
    chains: int = 4,
    thin: int = 1,
    cores: int | None = None,
    target_accept: float = 0.8,
    exact: bool = True,
    pointwise: bool = True,
    coder: str | None = None,
    progress: bool | Progress | None = None,
) -> Posterior:
    """Posterior of every parameter of a network, sampled.

    The joint posterior factorises over nodes that no missing cell ties together. `table` nodes that no
    missing cell touches have Dirichlet posteriors and are drawn exactly and independently. Of the rest, nodes
    that a missing cell ties together are sampled together, by the first way of `SAMPLERS` that can: data
    augmentation where all are tables (latent ones anchored); else NUTS, with missing cells summed out and effects of
    members that few cases saw integrated out (`servanda.models.density.members`), over compiled loops that serve all
    shipped families but the collective ones; else NUTS through PyMC, which compiles each model: the reason is logged,
    and told to `progress`, before it begins.
    The rows of a `pooled_table` that no missing cell touches are integrated out, and drawn exactly afterwards.

    Parameters
    ----------
    network
        Structure and families.
    cases
        One row a case: a data frame, as `servanda.record.load_guarantees` gives it, a dict of columns, a list of
        dicts, or an Arrow or polars table; or already coded (`servanda.models.encode`); or the path of a Parquet or CSV
        file of any size, which is read as `servanda.models.count_cases` says. Missing cells stay: no row is dropped.
    priors
        A prior for every parameter; None takes each family's defaults. Of a network derived from another
        (`Network.without_arrow` and its like) what a set says of parameters that went is left out, and
        ``provenance["priors_left_out"]`` names it.
    seed
        Same seed, same machine, same numbers.
    unobserved
        Nodes that nobody observed in these cases, beside those the network declares latent. Every other node needs its
        column, or an anchor: a misspelt one would leave an outcome to its prior.
    strict
        Refuse a column that belongs to no node and no group. Else such columns are not used, and
        ``provenance["unused_columns"]`` names them.
    draws, tune, chains
        Kept draws and warm-up draws of each chain, and chains. NUTS adapts in its warm-up; augmentation only
        leaves its random start behind.
    thin
        NUTS keeps every `thin`-th draw, so that it makes ``draws * thin`` a chain, and augmentation makes two rounds
        for each. Where draws mix slowly, those between cost less than storing and querying as many more.
    cores
        Processes for NUTS; None takes as many as there are chains and processors.
    target_accept
        Acceptance rate that NUTS adapts to, between 0 and 1.
    exact
        False sends all nodes, and the rows of pooled tables, through PyMC, to check the one against the other.
    pointwise
        Whether to store the log-likelihood of each cell, node by node (needed for LOO): that of a cell given the cells
        of its case that stand before it, so that the nodes add up to the case. More than `MOST_POINTWISE` numbers are
        not stored; `servanda.models.predictive_groups` gives those of some nodes. Of counted cases there is one term
        for each distinct pattern, with the coordinate ``case_count``: how many cases the term stands for. A sum over
        cases weighs each term by it, which ArviZ's LOO does not do by itself.
    coder
        Where a second coding stands beside the cases (`servanda.record.with_second_coding`): ``first``, ``second`` or
        ``both``, the truth behind both, as `servanda.models.coded_by` says. None takes the cases as they are.
    progress
        None shows bars on a terminal or in a notebook, and nothing elsewhere; True shows them on the error stream
        whatever it is, False nowhere. A function is called with what is being done, draws done and
        draws to do.

    Returns
    -------
    Posterior
        Parameters with dims (chain, draw, ...); effects of actors and guarantees have one member more, ``(new)``.

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix slowly or diverge (`servanda.models.convergence`), with what to do.

    Raises
    ------
    DataError, PriorError
        Listing every fault of the data or the priors, such as a node without a column; priors based on a
        data set that the cases say they come from (column `data_set`, or ``cases.attrs["data_sets"]``); latent nodes
        whose states nothing tells apart (`servanda.models.sampling.latent`).

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> posterior = fit(network, pd.DataFrame({"rain": ["no"] * 7 + ["yes"] * 3}), seed=1)
    >>> round(float(posterior.draws["rain.table"].sel(rain="yes").mean()), 1)
    0.3
    """
    started = time.perf_counter()
    if coder is not None:
        network, cases, priors = coded_by(network, cases, priors, coder)
    sampling = Sampling(seed, draws, tune, chains, thin, target_accept, exact, cores)
    with shown(progress) as tell:
        run = fit_inputs(network, cases, priors, sampling, unobserved=unobserved, strict=strict, progress=tell)
        network, coded, coords, stated, priors = run.network, run.cases, run.coords, priors, run.priors
        sampled = sample_blocks(run, network.names, tell)
    unsettled = sampled.unconverged(run)
    posterior = xr.Dataset(sampled.variables)
    groups = {**sampled.stats_group, "log_prior": _log_prior(network, posterior, priors, coords)}
    if pointwise and chains * draws * cells_seen(coded, network.names) <= MOST_POINTWISE:
        groups["log_likelihood"] = log_likelihood_group(network, run.patterns, coded, posterior)
    groups["observed_data"] = coded_group(network, coded)
    tree = draws_tree({"posterior": posterior, **groups})
    provenance = {
        **fit_identity(network, coded, priors, sampling),
        "priors_left_out": list(left_out(network, stated)),
        "versions": _versions(),
        "cases": coded.total,
        "missing_cells": coded.missing,
        "data_sets": list(coded.data_sets),
        "unused_columns": list(coded.unused),
        "drawn_exactly": list(sampled.exactly),
        **{f"drawn_by_{way}": [list(nodes) for nodes, by in sampled.ways.items() if by == way] for way in SAMPLERS},
        "not_converged": [asdict(one) for one in unsettled],
        "seconds": round(time.perf_counter() - started, 1),
    }
    warn_of_fit(unsettled, stacklevel=2)
    return Posterior(network, tree, priors, provenance)


def fit_identity(network: Network, cases: Cases, priors: PriorSet | None, sampling: Sampling) -> dict[str, Any]:
    """Identity of a fit: all that its numbers depend on, so that equal identities mean equal fits.

    Returns
    -------
    dict
        ``key`` (SHA-256 over the rest and the versions in use), digests of network, priors and data, settings.
    """
    priors = narrowed(network, priors)
    parts = {
        "network": network.name,
        "network_sha256": _sha256(network_to_toml(network)),
        "priors": priors.name if priors else "defaults",
        "priors_sha256": _sha256(repr([(e.parameter, str(e.prior)) for e in priors.entries] if priors else None)),
        "data_sha256": cases.digest,
        "settings": sampling.settings,
    }
    return {"key": _sha256(f"{parts!r}{_versions()!r}{_STORED}"), **parts}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _versions() -> dict[str, str]:
    return {
        name: version(name) for name in ("servanda", "nutpie", "numba", "pymc", "pytensor", "numpy", "xarray", "arviz")
    }


def _log_prior(
    network: Network, posterior: xr.Dataset, priors: PriorSet | None, coords: Mapping[str, tuple[str, ...]]
) -> xr.Dataset:
    parameters = network_parameters(network)
    values = {p.name: posterior[p.name].transpose("chain", "draw", *p.dims).values for p in parameters}
    labels = {dim: posterior.coords[dim] for dim in ("chain", "draw")}

    def density(parameter: Parameter) -> xr.DataArray:
        log_p = parameter.log_prior(values, parameter.prior(priors), coords)
        return xr.DataArray(log_p, dims=("chain", "draw"), coords=labels)

    return xr.Dataset({p.name: density(p) for p in parameters})
