"""Fitting: exact draws where the posterior is known in closed form, MCMC block by block for the rest."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ..cases.count import count_cases
from ..cases.encode import MISSING, Cases, encode
from ..cases.likelihood import log_likelihood
from ..cases.patterns import Patterns, find_patterns
from ..errors import DataError, PriorError
from ..families.pooled import draw_rows
from ..inference.contract import processors
from ..network.network import Network
from ..network.parameters import check_priors, network_parameters, parameter_coords, rows_learned, stored_table
from ..network.toml import network_to_toml
from ..parameters.distributions import dirichlet_draws
from ..parameters.parameter import Parameter, sample_prior
from ..parameters.prior_set import PriorSet
from ..posterior import Posterior
from ..theories.two_coders import coded_by
from .latent import check_latent, relabelled
from .nuts import Progress
from .samplers import SAMPLERS, FitInputs, dirichlet_of, labelled

if TYPE_CHECKING:
    import pandas as pd

#: More log-likelihood cells than this are not stored.
MOST_POINTWISE = 50_000_000
#: What goes before the name of a group effect where the member of each case is stored.
_MEMBER_OF = "member_of_"
#: Changes with what is stored beside the draws, so that a fit stored without it is made again.
_STORED = "members of groups"


def fit(
    network: Network,
    cases: pd.DataFrame | Cases | str | os.PathLike[str],
    priors: PriorSet | None = None,
    *,
    seed: int,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    thin: int = 2,
    cores: int | None = None,
    target_accept: float = 0.9,
    exact: bool = True,
    pointwise: bool = True,
    coding: str | None = None,
    progress: Progress | None = None,
) -> Posterior:
    """Sample the posterior of every parameter of a network.

    The joint posterior factorises over nodes that no missing cell ties together. `table` nodes that no
    missing cell touches have Dirichlet posteriors and are drawn exactly and independently. Of the rest, nodes
    that a missing cell ties together are sampled together, by the first way of `SAMPLERS` that can: data
    augmentation where all are tables (latent ones anchored); else NUTS, with missing cells summed out, over compiled
    loops that serve all networks of tables, `ordinal` and `softmax` nodes; else NUTS through PyMC, which compiles
    each model.
    The rows of a `pooled_table` that no missing cell touches are integrated out, and drawn exactly afterwards.

    Parameters
    ----------
    network
        Structure and families.
    cases
        One row a case, as `servanda.record.load_guarantees` gives them, or already coded; or the path of a Parquet
        or CSV file of any size, which is read as `servanda.models.count_cases` says. Missing cells stay: no row is
        dropped.
    priors
        A prior for every parameter; None takes each family's defaults.
    seed
        Same seed, same machine, same numbers.
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
    coding
        Where a second coding stands beside the cases (`servanda.record.with_second_coding`): ``first``, ``second`` or
        ``both``, the truth behind both, as `servanda.models.coded_by` says. None takes the cases as they are.
    progress
        Called with draws done and draws to do.

    Returns
    -------
    Posterior
        Parameters with dims (chain, draw, ...); effects of actors and guarantees have one member more, ``(new)``.

    Raises
    ------
    DataError, PriorError
        Listing every fault of the data or the priors; priors based on a data set that the cases say they come from
        (column `data_set`, or ``cases.attrs["data_sets"]``); latent nodes whose states nothing tells apart
        (`servanda.models.sampling.latent`).

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
    if coding is not None:
        network, cases, priors = coded_by(network, cases, priors, coding)
    run = _run(network, cases, priors, draws, tune, chains, thin, cores, target_accept, exact=exact)
    coded, coords = run.cases, run.coords
    sampled = _sample(run, network.names, seed, progress)
    posterior = xr.Dataset(sampled.variables)
    groups = {"sample_stats": _joined(sampled.stats)} if sampled.stats else {}
    groups["log_prior"] = _log_prior(network, posterior, priors, coords)
    if pointwise and chains * draws * len(coded) <= MOST_POINTWISE:
        groups["log_likelihood"] = _pointwise(network, posterior, run.patterns, coded)
    groups["observed_data"] = _observed(network, coded)
    tree = xr.DataTree.from_dict({"posterior": posterior, **groups})
    settings = {
        "seed": seed,
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "target_accept": target_accept,
        "thin": thin,
        "exact": exact,
    }
    provenance = {
        **fit_identity(network, coded, priors, settings),
        "versions": _versions(),
        "cases": coded.total,
        "missing_cells": coded.missing,
        "data_sets": list(coded.data_sets),
        "drawn_exactly": list(sampled.exactly),
        **{f"drawn_by_{way}": [list(nodes) for nodes, by in sampled.ways.items() if by == way] for way in SAMPLERS},
        "seconds": round(time.perf_counter() - started, 1),
    }
    return Posterior(network, tree, priors, provenance)


@dataclass(frozen=True)
class _Sampled:
    """Draws of some blocks, and how they were made."""

    variables: dict[str, xr.DataArray]
    stats: dict[tuple[str, ...], xr.Dataset]
    exactly: tuple[str, ...]
    ways: dict[tuple[str, ...], str]


def _run(
    network: Network,
    cases: pd.DataFrame | Cases | str | os.PathLike[str],
    priors: PriorSet | None,
    draws: int,
    tune: int,
    chains: int,
    thin: int,
    cores: int | None,
    target_accept: float,
    *,
    exact: bool,
) -> FitInputs:
    """Check what a fit is asked to do, and code the cases."""
    _check_settings(draws=draws, tune=tune, chains=chains, thin=thin, target_accept=target_accept)
    _check_kind(priors)
    coded = as_cases(network, cases)
    check_priors(network, priors, parameter_coords(network, coded.levels))
    raise_faults(f"priors {priors.name if priors else ''}", counted_twice(priors, coded.data_sets), PriorError)
    patterns = find_patterns(network, coded)
    workers = cores or processors()
    return FitInputs(network, coded, patterns, priors, draws, tune, chains, thin, workers, target_accept, exact)


def _check_kind(priors: object) -> None:
    if priors is not None and not isinstance(priors, PriorSet):
        what = f"is no prior set but a {type(priors).__name__}; fit under one set"
        mixture = "; for a panel as a mixture, give that fit and the pool to servanda.analysis.ask_panel"
        raise PriorError("fit", [Fault("priors", what + mixture)])


def counted_twice(priors: PriorSet | None, data_sets: Collection[str]) -> list[Fault]:
    """List data sets from which both priors and cases were made."""
    both = [name for name in (priors.based_on if priors else ()) if name in data_sets]
    what = "the cases come from this data set too, which would be counted twice; take a set that is not based on it"
    return [Fault(f"based on {name}", what) for name in both]


def _sample(run: FitInputs, wanted: Collection[str], seed: int, progress: Progress | None) -> _Sampled:
    """Draw the blocks that hold the wanted nodes; a block's numbers do not depend on which others are drawn."""
    network, coords = run.network, run.coords
    streams = np.random.SeedSequence(seed).spawn(3)
    closed = conjugate_nodes(network, run.patterns) if run.exact else ()
    blocks = sampled_blocks(network, run.patterns, closed)
    by_nuts = [name for nodes in blocks if _way(run, nodes) != "augmentation" for name in nodes]
    check_latent(network, run.patterns, run.priors, by_nuts)
    variables: dict[str, xr.DataArray] = {}
    for name, stream in zip(closed, streams[0].spawn(len(closed)), strict=True):
        if name in wanted:
            alpha = dirichlet_of(run, name)
            rng = np.random.default_rng(stream)
            x = dirichlet_draws(rng, (run.chains, run.draws, *alpha.shape), alpha)
            variables[stored_table(network, name)] = labelled(x, network.axes(name), coords)
    stats: dict[tuple[str, ...], xr.Dataset] = {}
    ways: dict[tuple[str, ...], str] = {}
    streams_of_blocks = zip(blocks, streams[1].spawn(len(blocks)), streams[2].spawn(len(blocks)), strict=True)
    chosen = [(nodes, *own) for nodes, *own in streams_of_blocks if set(nodes) & set(wanted)]
    for number, (nodes, stream, unseen) in enumerate(chosen):
        ways[nodes] = _way(run, nodes)
        drawn, found = SAMPLERS[ways[nodes]].draw(run, nodes, stream, unseen, _part(progress, number, len(chosen)))
        variables |= drawn
        if found is not None:
            stats[nodes] = found
    drawn_by_nuts = [name for nodes, way in ways.items() if way != "augmentation" for name in nodes]
    variables = dict(relabelled(network, run.patterns, run.priors, variables, drawn_by_nuts))
    return _Sampled(variables, stats, tuple(name for name in closed if name in wanted), ways)


def _way(run: FitInputs, nodes: tuple[str, ...]) -> str:
    return choose_sampler(run.network, run.cases, nodes, run.priors) if run.exact else "pymc"


def fit_block(
    network: Network,
    cases: pd.DataFrame | Cases,
    priors: PriorSet | None,
    node: str,
    *,
    seed: int,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    thin: int = 2,
    cores: int | None = None,
    target_accept: float = 0.9,
    progress: Progress | None = None,
) -> Block:
    """Sample only what bears on one node: its parameters and its children's, and those that missing cells tie to them.

    Parameters
    ----------
    network, cases, priors, seed, draws, tune, chains, thin, cores, target_accept, progress
        As in `fit`.
    node
        The node.

    Returns
    -------
    Block
        Where `fit` with the same arguments draws the same numbers.
    """
    run = _run(network, cases, priors, draws, tune, chains, thin, cores, target_accept, exact=True)
    sampled = _sample(run, {node, *network.children[node]}, seed, progress)
    nodes = (*sampled.exactly, *(name for block in sampled.ways for name in block))
    stats = {"sample_stats": _joined(sampled.stats)} if sampled.stats else {}
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(sampled.variables), **stats})
    return Block(run, nodes, tree)


@dataclass(frozen=True)
class Block:
    """Draws of the parameters of some nodes of a network.

    Parameters
    ----------
    run
        What the draws come from: network, cases, patterns, priors and settings.
    nodes
        The nodes whose parameters they are.
    tree
        Groups ``posterior`` and, where a sampler has any, ``sample_stats``.
    """

    run: FitInputs
    nodes: tuple[str, ...]
    tree: xr.DataTree

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """Parameter -> draws, shape (chains * draws, *dims), chains one after another."""
        variables = self.tree["posterior"].to_dataset().transpose("chain", "draw", ...).data_vars
        return {str(name): array.values.reshape((-1, *array.shape[2:])) for name, array in variables.items()}


def as_cases(network: Network, cases: pd.DataFrame | Cases | str | os.PathLike[str]) -> Cases:
    """Take cases as they come: coded, in a data frame, or in a file."""
    if isinstance(cases, Cases):
        return cases
    return count_cases(network, cases) if isinstance(cases, str | os.PathLike) else encode(network, cases)


def prior_draws(
    network: Network,
    priors: PriorSet | None = None,
    *,
    seed: int,
    draws: int = 4000,
    levels: Mapping[str, tuple[str, ...]] | None = None,
) -> Posterior:
    """Draw every parameter from its prior, as a posterior that has seen no data.

    Parameters
    ----------
    network, priors
        As in `fit`.
    draws
        Independent draws, in one chain.
    levels
        Group effect -> members to draw; none but the unseen one by default.

    Returns
    -------
    Posterior
        Every query can be asked of it: the answer is the prior predictive.
    """
    members = dict.fromkeys(network.group_columns, ()) | dict(levels or {})
    coords = parameter_coords(network, members)
    check_priors(network, priors, coords)
    rng = np.random.default_rng(seed)
    variables = {}
    for parameter in network_parameters(network):
        x = sample_prior(parameter, parameter.prior(priors), coords, rng, draws)
        variables[parameter.name] = labelled(x[None], parameter.dims, coords)
    for node in network.nodes:
        for group in node.groups:
            spread = variables[f"{node.name}.{group.name}_sd"].values[..., None]
            effects = spread * rng.standard_normal((1, draws, len(coords[group.name])))
            variables[f"{node.name}.{group.name}"] = labelled(effects, (group.name,), coords)
    for name in rows_learned(network, network.names):
        drawn = {key: array.values for key, array in variables.items()}
        alpha = network.family(name).row_alpha(drawn, network.local(name))
        rows = draw_rows(rng, alpha, np.zeros(network.shape(name)))
        variables[stored_table(network, name)] = labelled(rows, network.axes(name), coords)
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(variables)})
    identity = {"seed": seed, "draws": draws, "priors": priors.name if priors else "defaults", "cases": 0}
    return Posterior(network, tree, priors, identity)


def conjugate_nodes(network: Network, patterns: Patterns) -> tuple[str, ...]:
    """Nodes whose posterior is a product of Dirichlets: tables that no missing cell touches."""
    return tuple(name for name in network.names if network.family(name).conjugate and name not in patterns.touched)


def sampled_blocks(network: Network, patterns: Patterns, closed: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Group the nodes left to MCMC: those that share a sum over missing cells stay together.

    Blocks are independent a posteriori, and each has steps as long as its own shape allows.
    """
    blocks = [{name} for name in network.names if name not in closed]
    for hole in patterns.holes:
        joined = [block for block in blocks if block & set(hole.codes)]
        blocks = [block for block in blocks if block not in joined]
        blocks += [set().union(*joined)] if joined else []
    return tuple(sorted(tuple(name for name in network.names if name in block) for block in blocks))


def choose_sampler(network: Network, cases: Cases, nodes: tuple[str, ...], priors: PriorSet | None = None) -> str:
    """Choose how a block of nodes is sampled: the first of `SAMPLERS` that can."""
    return next(way for way, sampler in SAMPLERS.items() if sampler.accepts(network, cases, nodes, priors))


def fit_identity(
    network: Network, cases: Cases, priors: PriorSet | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What a fit depends on: equal identities mean equal fits.

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
        "settings": dict(settings),
    }
    return {"key": _sha256(f"{parts!r}{_versions()!r}{_STORED}"), **parts}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _versions() -> dict[str, str]:
    return {
        name: version(name) for name in ("servanda", "nutpie", "numba", "pymc", "pytensor", "numpy", "xarray", "arviz")
    }


def _check_settings(*, draws: int, tune: int, chains: int, thin: int, target_accept: float) -> None:
    wanted = {"draws": (draws, 1), "tune": (tune, 0), "chains": (chains, 1), "thin": (thin, 1)}
    faults = [
        Fault(name, f"must be {least} or more, not {value}") for name, (value, least) in wanted.items() if value < least
    ]
    if not 0 < target_accept < 1:
        faults.append(Fault("target_accept", f"must lie between 0 and 1, not {target_accept}"))
    raise_faults("fit", faults, DataError)


def _part(progress: Progress | None, number: int, parts: int) -> Progress | None:
    """Report the progress of one of several runs as that of the whole."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, parts * total)


def _joined(blocks: Mapping[tuple[str, ...], xr.Dataset]) -> xr.Dataset:
    """Sampler statistics of all blocks that have any: one chain of the whole, and each block's energy beside it."""
    stats = list(blocks.values())
    kept = xr.Dataset({"diverging": sum(block["diverging"].astype(int) for block in stats) > 0})
    for name in ("lp", "energy"):
        kept[name] = sum(block[name] for block in stats)
    for name in ("tree_depth", "n_steps"):
        kept[name] = xr.concat([block[name] for block in stats], dim="block").max("block")
    kept["energy_of_block"] = xr.concat([block["energy"] for block in stats], dim="block")
    return kept.assign_coords(block=[" + ".join(nodes) for nodes in blocks])


def _log_prior(
    network: Network, posterior: xr.Dataset, priors: PriorSet | None, coords: Mapping[str, tuple[str, ...]]
) -> xr.Dataset:
    def density(parameter: Parameter) -> xr.DataArray:
        x = posterior[parameter.name].transpose("chain", "draw", *parameter.dims)
        log_p = parameter.log_prior(x.values, parameter.prior(priors), coords)
        return xr.DataArray(log_p, dims=("chain", "draw"), coords={dim: x.coords[dim] for dim in ("chain", "draw")})

    return xr.Dataset({p.name: density(p) for p in network_parameters(network)})


def _pointwise(network: Network, posterior: xr.Dataset, patterns: Patterns, cases: Cases) -> xr.Dataset:
    sizes = (posterior.sizes["chain"], posterior.sizes["draw"])
    values = {str(name): array.values.reshape((-1, *array.shape[2:])) for name, array in posterior.data_vars.items()}
    log_p = log_likelihood(network, patterns, values).reshape((*sizes, len(cases)))
    coords = {"chain": posterior.coords["chain"], "draw": posterior.coords["draw"], **_case_coords(cases)}
    return xr.Dataset({"cases": (("chain", "draw", "case"), log_p)}, coords=coords)


def _observed(network: Network, cases: Cases) -> xr.Dataset:
    codes = {name: ("case", cases.codes[name].astype(np.int16), {"missing": MISSING}) for name in network.names}
    members = {f"{_MEMBER_OF}{name}": ("case", numbers.astype(np.int32)) for name, numbers in cases.members.items()}
    return xr.Dataset(codes | members, coords=_case_coords(cases))


def cases_of(posterior: Posterior) -> Cases:
    """Coded cases that a posterior was fitted to, as it stores them.

    Raises
    ------
    DataError
        If it was not made by `fit`, or by a version that did not store whose each case is.
    """
    network = posterior.network
    stored = posterior.tree["observed_data"].to_dataset() if "observed_data" in posterior.tree else xr.Dataset()
    needed = [*network.names, *(f"{_MEMBER_OF}{group}" for group in network.group_columns)]
    if any(name not in stored for name in needed):
        raise DataError("posterior", [Fault("cases", "are not stored with it; fit the network again")])
    return Cases(
        {name: stored[name].values.astype(int) for name in network.names},
        {group: stored[f"{_MEMBER_OF}{group}"].values.astype(int) for group in network.group_columns},
        posterior.levels,
        tuple(str(label) for label in stored["case"].values),
        stored["case_count"].values if "case_count" in stored.coords else None,
        tuple(posterior.provenance.get("data_sets", ())),
    )


def fit_inputs(posterior: Posterior, priors: PriorSet | None) -> FitInputs:
    """What a fit of the cases of a posterior under some priors would be drawn from, with the posterior's settings."""
    settings = posterior.provenance["settings"]
    numbers = {name: settings[name] for name in ("draws", "tune", "chains", "thin", "target_accept", "exact")}
    return _run(posterior.network, cases_of(posterior), priors, cores=None, **numbers)


def resample_blocks(posterior: Posterior, priors: PriorSet | None, nodes: Collection[str]) -> Posterior:
    """Posterior in which the blocks that hold some nodes are drawn again, under other priors; all other draws stay.

    Returns
    -------
    Posterior
        In which those blocks have the numbers that `fit` gives under `priors` with the seed of the posterior.
    """
    sampled = _sample(fit_inputs(posterior, priors), nodes, posterior.provenance["settings"]["seed"], None)
    observed = posterior.tree["observed_data"].to_dataset()
    groups = {"posterior": posterior.draws.assign(sampled.variables), "observed_data": observed}
    if sampled.stats:
        groups["sample_stats"] = _joined(sampled.stats)
    return Posterior(posterior.network, xr.DataTree.from_dict(groups), posterior.priors, posterior.provenance)


def blocks_of(posterior: Posterior) -> dict[tuple[str, ...], bool]:
    """Nodes whose parameters are dependent a posteriori, and whether they were drawn exactly."""
    exactly = {(name,): True for name in posterior.provenance["drawn_exactly"]}
    return exactly | {
        tuple(nodes): False for way in SAMPLERS for nodes in posterior.provenance.get(f"drawn_by_{way}", ())
    }


def _case_coords(cases: Cases) -> dict[str, Any]:
    """Names of the cases and, where a case stands for several, how many."""
    counted = {} if cases.counts is None else {"case_count": ("case", cases.counts)}
    return {"case": list(cases.labels), **counted}
