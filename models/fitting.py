"""Fitting: exact draws where the posterior is known in closed form, MCMC block by block for the rest."""

from __future__ import annotations

import hashlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..common.errors import Fault, raise_faults
from .augmentation import augmented_draws, can_augment
from .check import DataError
from .coding import MISSING, Cases, encode
from .compiler import check_priors, compile, log_likelihood, network_parameters, parameter_coords  # noqa: A004
from .counting import count_cases
from .families import NEW
from .families.pooled import draw_rows, pooled_nodes, row_alpha
from .families.table import DIRICHLET, counts, table_name
from .latent import check_latent, relabelled
from .network_io import network_to_toml
from .parameter import Parameter, sample_prior
from .patterns import Patterns, find_patterns
from .posterior import Posterior
from .prior import DISTRIBUTIONS, PriorSet

if TYPE_CHECKING:
    import pandas as pd

    from .network import Network

#: Called with draws done and draws to do.
Progress = Callable[[int, int], None]
#: More log-likelihood cells than this are not stored.
MOST_POINTWISE = 50_000_000


def fit(
    network: Network,
    cases: pd.DataFrame | Cases | str | os.PathLike[str],
    priors: PriorSet | None = None,
    *,
    seed: int,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    thin: int = 3,
    cores: int | None = None,
    target_accept: float = 0.95,
    exact: bool = True,
    pointwise: bool = True,
    progress: Progress | None = None,
) -> Posterior:
    """Sample the posterior of every parameter of a network.

    The joint posterior factorises over nodes that no missing cell ties together. `table` nodes that no
    missing cell touches have Dirichlet posteriors and are drawn exactly and independently. Of the rest, nodes
    that a missing cell ties together are sampled together, by the first way of `SAMPLERS` that can: data
    augmentation where all are tables (latent ones anchored), else NUTS through PyMC, with missing cells summed out.
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
        False sends all nodes, and the rows of pooled tables, through NUTS, to check the one against the other.
    pointwise
        Whether to store the log-likelihood of each case (needed for LOO). Of counted cases it has one term for each
        distinct pattern, with the coordinate ``case_count``: how many cases the term stands for. A sum over cases
        weighs each term by it, which ArviZ's LOO does not do by itself.
    progress
        Called with draws done and draws to do.

    Returns
    -------
    Posterior
        Parameters with dims (chain, draw, ...); effects of actors and guarantees have one member more, ``(new)``.

    Raises
    ------
    DataError, PriorError
        Listing every fault of the data or the priors; latent nodes whose states nothing tells apart
        (`servanda.models.latent`).

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> posterior = fit(network, pd.DataFrame({"rain": ["no"] * 7 + ["yes"] * 3}), seed=1)
    >>> round(float(posterior.draws["rain.table"].sel(rain="yes").mean()), 2)
    0.33
    """
    _check_settings(draws=draws, tune=tune, chains=chains, thin=thin, target_accept=target_accept)
    started = time.perf_counter()
    coded = as_cases(network, cases)
    coords = parameter_coords(network, coded.levels)
    check_priors(network, priors, coords)
    patterns = find_patterns(network, coded)
    streams = np.random.SeedSequence(seed).spawn(3)
    closed = conjugate_nodes(network, patterns) if exact else ()
    blocks = sampled_blocks(network, patterns, closed)
    ways = [way_to_sample(network, coded, nodes) if exact else "nuts" for nodes in blocks]
    by_nuts = [name for nodes, way in zip(blocks, ways, strict=True) if way == "nuts" for name in nodes]
    check_latent(network, patterns, priors, by_nuts)
    workers = cores or os.cpu_count() or 1
    run = _Run(network, coded, patterns, priors, draws, tune, chains, thin, workers, target_accept, exact)
    variables: dict[str, xr.DataArray] = {}
    rng = np.random.default_rng(streams[0])
    for name in closed:
        alpha = _alpha(run, name)
        x = DISTRIBUTIONS["dirichlet"].sample(rng, (chains, draws, *alpha.shape), alpha=alpha)
        variables[table_name(network[name])] = _array(x, network.axes(name), coords)
    stats: dict[tuple[str, ...], xr.Dataset] = {}
    streams_of_blocks = zip(blocks, ways, streams[1].spawn(len(blocks)), streams[2].spawn(len(blocks)), strict=True)
    for number, (nodes, way, stream, unseen) in enumerate(streams_of_blocks):
        drawn, found = SAMPLERS[way].draw(run, nodes, stream, unseen, _part(progress, number, len(blocks)))
        variables |= drawn
        if found is not None:
            stats[nodes] = found

    posterior = xr.Dataset(relabelled(network, patterns, priors, variables, by_nuts))
    groups = {"sample_stats": _joined(stats)} if stats else {}
    groups["log_prior"] = _log_prior(network, posterior, priors, coords)
    if pointwise and chains * draws * len(coded) <= MOST_POINTWISE:
        groups["log_likelihood"] = _pointwise(network, posterior, patterns, coded)
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
        "drawn_exactly": list(closed),
        **{
            f"drawn_by_{way}": [list(nodes) for nodes, by in zip(blocks, ways, strict=True) if by == way]
            for way in SAMPLERS
        },
        "seconds": round(time.perf_counter() - started, 1),
    }
    return Posterior(network, tree, priors, provenance)


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
        variables[parameter.name] = _array(x[None], parameter.dims, coords)
    for node in network.nodes:
        for group in node.groups:
            spread = variables[f"{node.name}.{group.name}_sd"].values[..., None]
            effects = spread * rng.standard_normal((1, draws, len(coords[group.name])))
            variables[f"{node.name}.{group.name}"] = _array(effects, (group.name,), coords)
    for name in pooled_nodes(network, network.names):
        alpha = row_alpha({key: array.values for key, array in variables.items()}, network[name])
        rows = draw_rows(rng, alpha, np.zeros(network.shape(name)))
        variables[table_name(network[name])] = _array(rows, network.axes(name), coords)
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(variables)})
    identity = {"seed": seed, "draws": draws, "priors": priors.name if priors else "defaults", "cases": 0}
    return Posterior(network, tree, priors, identity)


def conjugate_nodes(network: Network, patterns: Patterns) -> tuple[str, ...]:
    """Nodes whose posterior is a product of Dirichlets: tables that no missing cell touches."""
    return tuple(name for name in network.names if network[name].family in DIRICHLET and name not in patterns.touched)


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


def way_to_sample(network: Network, cases: Cases, nodes: tuple[str, ...]) -> str:
    """Choose how a block of nodes is sampled: the first of `SAMPLERS` that can."""
    return next(way for way, sampler in SAMPLERS.items() if sampler.can(network, cases, nodes))


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
    return {"key": _sha256(repr(parts) + repr(_versions())), **parts}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("servanda", "pymc", "pytensor", "numpy", "xarray", "arviz")}


def _check_settings(*, draws: int, tune: int, chains: int, thin: int, target_accept: float) -> None:
    wanted = {"draws": (draws, 1), "tune": (tune, 0), "chains": (chains, 1), "thin": (thin, 1)}
    faults = [
        Fault(name, f"must be {least} or more, not {value}") for name, (value, least) in wanted.items() if value < least
    ]
    if not 0 < target_accept < 1:
        faults.append(Fault("target_accept", f"must lie between 0 and 1, not {target_accept}"))
    raise_faults("fit", faults, DataError)


@dataclass(frozen=True)
class _Run:
    """What every block of one fit is drawn from, and how."""

    network: Network
    cases: Cases
    patterns: Patterns
    priors: PriorSet | None
    draws: int
    tune: int
    chains: int
    thin: int
    cores: int
    target_accept: float
    exact: bool


def _alpha(run: _Run, name: str) -> np.ndarray:
    """A Dirichlet prior and counted cases give a Dirichlet for each configuration of the parents."""
    (parameter,) = network_parameters(run.network, [name])
    cells, shape = run.patterns.cells[name], run.network.shape(name)
    alpha = parameter.prior(run.priors).alpha(shape, run.network[name].states, parameter.name)
    return alpha + counts(cells.codes, cells.counts, shape)


#: What a sampler gives of a block: its variables, and sampler statistics where it has any.
Drawn = tuple[dict[str, xr.DataArray], xr.Dataset | None]


def _draw_by_augmentation(
    run: _Run,
    nodes: tuple[str, ...],
    stream: np.random.SeedSequence,
    unseen: np.random.SeedSequence,  # noqa: ARG001
    progress: Progress | None,
) -> Drawn:
    drawn = augmented_draws(
        run.network,
        run.patterns,
        {name: _alpha(run, name) for name in nodes},
        np.random.default_rng(stream),
        draws=run.draws,
        tune=run.tune,
        chains=run.chains,
        thin=run.thin,
        progress=progress,
    )
    tables = {
        table_name(run.network[name]): _array(x, run.network.axes(name), run.network.coords)
        for name, x in drawn.items()
    }
    return tables, None


def _draw_by_nuts(
    run: _Run,
    nodes: tuple[str, ...],
    stream: np.random.SeedSequence,
    unseen: np.random.SeedSequence,
    progress: Progress | None,
) -> Drawn:
    kept, stats = _nuts(
        compile(run.network, run.cases, run.patterns, run.priors, nodes, exact=run.exact),
        seed=int(stream.generate_state(1)[0]),
        draws=run.draws,
        tune=run.tune,
        chains=run.chains,
        thin=run.thin,
        cores=min(run.chains, run.cores),
        target_accept=run.target_accept,
        progress=progress,
    )
    return _named(run.network, kept, run.cases, run.patterns, nodes, np.random.default_rng(unseen)), stats


@dataclass(frozen=True)
class Sampler:
    """A way to draw a block of nodes: which blocks it can draw, and how."""

    can: Callable[[Network, Cases, tuple[str, ...]], bool]
    draw: Callable[..., Drawn]


#: Ways to draw a block, cheapest first; a fit's provenance names them as ``drawn_by_...``.
SAMPLERS: Mapping[str, Sampler] = {
    "augmentation": Sampler(can_augment, _draw_by_augmentation),
    "nuts": Sampler(lambda *_: True, _draw_by_nuts),
}


def _array(x: np.ndarray, dims: tuple[str, ...], coords: Mapping[str, tuple[str, ...]]) -> xr.DataArray:
    sizes = {"chain": np.arange(x.shape[0]), "draw": np.arange(x.shape[1])}
    return xr.DataArray(x, dims=("chain", "draw", *dims), coords=sizes | {dim: list(coords[dim]) for dim in dims})


def _nuts(
    model: Any,
    *,
    seed: int,
    draws: int,
    tune: int,
    chains: int,
    thin: int,
    cores: int,
    target_accept: float,
    progress: Progress | None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Sample by PyMC's own NUTS: for models of this size it starts soonest (docs, benchmarks)."""
    import pymc as pm

    total, done = chains * (draws * thin + tune), 0

    def count(trace: Any, draw: Any) -> None:  # noqa: ARG001  the signature is PyMC's
        nonlocal done
        done += 1
        if progress and (done % 50 == 0 or done == total):
            progress(done, total)

    if progress:
        progress(0, total)
    with model, warnings.catch_warnings():
        # Chains run in forked processes; the parent holds no lock of its own while they start.
        warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
        try:
            tree = pm.sample(
                draws=draws * thin,
                tune=tune,
                chains=chains,
                cores=cores,
                # JAX runs threads of its own, with which a forked process may wait for ever.
                mp_ctx="forkserver" if "jax" in sys.modules else None,
                random_seed=seed,
                nuts_sampler="pymc",
                nuts={"target_accept": target_accept},
                progressbar=False,
                quiet=True,
                compute_convergence_checks=False,
                callback=count,
            )
        except ValueError as error:
            # So PyMC ends when it was interrupted before a chain had a draw to keep.
            if "Not enough samples" in str(error):
                raise KeyboardInterrupt from error
            raise
    if done < total:
        # PyMC takes an interrupt for the wish to stop early and returns what there is; here it is an interrupt.
        raise KeyboardInterrupt
    numbers = np.arange(draws)
    kept, stats = (
        tree[group].to_dataset().isel(draw=slice(None, None, thin)).assign_coords(draw=numbers)
        for group in ("posterior", "sample_stats")
    )
    # A divergence counts wherever it happens, in draws that are kept or not.
    diverging = np.asarray(tree["sample_stats"].to_dataset()["diverging"]).reshape((chains, draws, thin)).any(axis=2)
    return kept, stats.assign(diverging=(("chain", "draw"), diverging))


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


def _named(
    network: Network,
    kept: xr.Dataset,
    cases: Cases,
    patterns: Patterns,
    nodes: tuple[str, ...],
    rng: np.random.Generator,
) -> dict[str, xr.DataArray]:
    """The declared parameters and what follows from them.

    Each group gains the member the data does not hold; rows of tables that NUTS integrated out are drawn.
    """
    variables = {p.name: kept[p.name] for p in network_parameters(network, nodes)}
    for name in nodes:
        for group in network[name].groups:
            effect = kept[f"{name}.{group.name}"]
            spread = kept[f"{name}.{group.name}_sd"]
            unseen = spread * rng.standard_normal(spread.shape)
            unseen = unseen.expand_dims({group.name: [NEW]}, axis=-1)
            known = effect.assign_coords({group.name: list(cases.levels[group.name])})
            variables[f"{name}.{group.name}"] = xr.concat([known, unseen], dim=group.name)
    for name in pooled_nodes(network, nodes):
        table, cells = table_name(network[name]), patterns.cells[name]
        if table in kept:
            variables[table] = kept[table]
            continue
        alpha = row_alpha({key: array.values for key, array in variables.items()}, network[name])
        rows = draw_rows(rng, alpha, counts(cells.codes, cells.counts, network.shape(name)))
        variables[table] = _array(rows, network.axes(name), network.coords)
    return variables


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
    return xr.Dataset(codes, coords=_case_coords(cases))


def _case_coords(cases: Cases) -> dict[str, Any]:
    """Names of the cases and, where a case stands for several, how many."""
    counted = {} if cases.counts is None else {"case_count": ("case", cases.counts)}
    return {"case": list(cases.labels), **counted}
