"""Fitting: exact draws where the posterior is known in closed form, MCMC block by block for the rest."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from ...common.progress import Progress, shown
from ..cases.encode import MISSING, Cases
from ..cases.likelihood import log_likelihood
from ..cases.patterns import Patterns
from ..convergence import warn_of_fit
from ..network.network import Network
from ..network.parameters import network_parameters
from ..network.toml import network_to_toml
from ..parameters.parameter import Parameter
from ..parameters.prior_set import PriorSet
from ..posterior import Posterior
from ..theories.two_coders import coded_by
from .blocks import sample_blocks
from .run import Sampling, fit_inputs
from .samplers import SAMPLERS

#: More log-likelihood cells than this are not stored.
MOST_POINTWISE = 50_000_000
#: What goes before the name of a group effect where the member of each case is stored.
MEMBER_OF = "member_of_"
#: Changes with what is stored beside the draws, so that a fit stored without it is made again.
_STORED = "members of groups"


def fit(
    network: Network,
    cases: Any,
    priors: PriorSet | None = None,
    *,
    seed: int,
    unobserved: str | Iterable[str] = (),
    strict: bool = False,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    thin: int = 2,
    cores: int | None = None,
    target_accept: float = 0.9,
    exact: bool = True,
    pointwise: bool = True,
    coder: str | None = None,
    progress: bool | Progress | None = None,
) -> Posterior:
    """Posterior of every parameter of a network, sampled.

    The joint posterior factorises over nodes that no missing cell ties together. `table` nodes that no
    missing cell touches have Dirichlet posteriors and are drawn exactly and independently. Of the rest, nodes
    that a missing cell ties together are sampled together, by the first way of `SAMPLERS` that can: data
    augmentation where all are tables (latent ones anchored); else NUTS, with missing cells summed out, over compiled
    loops that serve all shipped families but the collective ones; else NUTS through PyMC, which compiles each model:
    the reason is logged, and told to `progress`, before it begins.
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
        A prior for every parameter; None takes each family's defaults.
    seed
        Same seed, same machine, same numbers.
    unobserved
        Nodes that nobody observed in these cases, beside those the network declares latent. Every other node needs its
        column: a misspelt one would leave an outcome to its prior.
    strict
        Refuse a column that belongs to no node and no group. Else such columns are not used, and
        ``provenance["unused_columns"]`` names them.
    draws, tune, chains
        Kept draws and warm-up draws of each chain, and chains. NUTS adapts in its warm-up; augmentation only
        leaves its random start behind.
    thin
        NUTS and augmentation keep every `thin`-th draw, so that they make ``draws * thin`` a chain: the spreads of
        group effects move slowly, and steps between kept draws cost less than storing and querying as many draws.
    cores
        Processes for NUTS; None takes as many as there are chains and processors.
    target_accept
        Acceptance rate that NUTS adapts to, between 0 and 1.
    exact
        False sends all nodes, and the rows of pooled tables, through PyMC, to check the one against the other.
    pointwise
        Whether to store the log-likelihood of each case (needed for LOO). Of counted cases it has one term for each
        distinct pattern, with the coordinate ``case_count``: how many cases the term stands for. A sum over cases
        weighs each term by it, which ArviZ's LOO does not do by itself.
    coder
        Where a second coding stands beside the cases (`servanda.record.with_second_coding`): ``first``, ``second`` or
        ``both``, the truth behind both, as `servanda.models.coded_by` says. None takes the cases as they are.
    progress
        True shows bars on the terminal's error stream; a function is called with what is being done, draws done and
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
    run = fit_inputs(network, cases, priors, sampling, unobserved=unobserved, strict=strict)
    network, coded, coords = run.network, run.cases, run.coords
    with shown(progress) as tell:
        sampled = sample_blocks(run, network.names, tell)
    unsettled = sampled.unconverged(run)
    posterior = xr.Dataset(sampled.variables)
    groups = {**sampled.stats_group, "log_prior": _log_prior(network, posterior, priors, coords)}
    if pointwise and chains * draws * len(coded) <= MOST_POINTWISE:
        groups["log_likelihood"] = _pointwise(network, posterior, run.patterns, coded)
    groups["observed_data"] = _observed(network, coded)
    tree = xr.DataTree.from_dict({"posterior": posterior, **groups})
    provenance = {
        **fit_identity(network, coded, priors, sampling),
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


def _pointwise(network: Network, posterior: xr.Dataset, patterns: Patterns, cases: Cases) -> xr.Dataset:
    sizes = (posterior.sizes["chain"], posterior.sizes["draw"])
    values = {str(name): array.values.reshape((-1, *array.shape[2:])) for name, array in posterior.data_vars.items()}
    log_p = log_likelihood(network, patterns, values).reshape((*sizes, len(cases)))
    coords = {"chain": posterior.coords["chain"], "draw": posterior.coords["draw"], **_case_coords(cases)}
    return xr.Dataset({"cases": (("chain", "draw", "case"), log_p)}, coords=coords)


def _observed(network: Network, cases: Cases) -> xr.Dataset:
    codes = {name: ("case", cases.codes[name].astype(np.int16), {"missing": MISSING}) for name in network.names}
    members = {f"{MEMBER_OF}{name}": ("case", numbers.astype(np.int32)) for name, numbers in cases.members.items()}
    return xr.Dataset(codes | members, coords=_case_coords(cases))


def _case_coords(cases: Cases) -> dict[str, Any]:
    """Names of the cases and, where a case stands for several, how many."""
    counted = {} if cases.counts is None else {"case_count": ("case", cases.counts)}
    return {"case": list(cases.labels), **counted}
