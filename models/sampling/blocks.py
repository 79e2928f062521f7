"""Blocks of a fit: nodes that are independent a posteriori, each drawn exactly or by the first sampler that can."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from ...common.progress import Progress, part_of, shown, silent
from ..cases.encode import Cases
from ..cases.likelihood import stacked_draws
from ..cases.patterns import Patterns
from ..convergence import Unconverged, unconverged, warn_of_fit
from ..inference.contract import processors
from ..network.network import Network
from ..network.parameters import network_parameters, stored_table
from ..parameters.distributions import dirichlet_draws
from ..parameters.prior_set import PriorSet
from ..store import draws_tree, group_of
from .latent import check_latent, latent_that_matter, relabelled
from .run import FitInputs, Sampling, fit_inputs, labelled
from .samplers import SAMPLERS, dirichlet_of


@dataclass(frozen=True)
class SampledBlocks:
    """Draws of some blocks, and how they were made.

    Parameters
    ----------
    variables
        Parameter -> draws, dims (chain, draw, ...).
    stats
        Block -> sampler statistics, where its sampler has any.
    exactly
        Nodes that were drawn exactly.
    ways
        Block -> key of `SAMPLERS`.
    """

    variables: dict[str, xr.DataArray]
    stats: dict[tuple[str, ...], xr.Dataset]
    exactly: tuple[str, ...]
    ways: dict[tuple[str, ...], str]

    def unconverged(self, run: FitInputs) -> tuple[Unconverged, ...]:
        """Blocks whose draws have not converged; effects of single members are judged by the numbers they bear on."""
        found = []
        for nodes in self.ways:
            names = [parameter.name for parameter in network_parameters(run.network, nodes)]
            own = {name: self.variables[name] for name in names}
            hidden = latent_that_matter(run.network, run.patterns, nodes)
            found.append(unconverged(nodes, own, self.stats.get(nodes), hidden))
        return tuple(filter(None, found))

    @property
    def stats_group(self) -> dict[str, xr.Dataset]:
        """Sampler statistics as a group of a tree, where there are any."""
        return {"sample_stats": _joined(self.stats)} if self.stats else {}


def sample_blocks(run: FitInputs, wanted: Collection[str], progress: Progress) -> SampledBlocks:
    """Draws of the blocks that hold the wanted nodes; a block's numbers do not depend on which others are drawn."""
    network, coords = run.network, run.coords
    streams = np.random.SeedSequence(run.sampling.seed).spawn(3)
    closed = conjugate_nodes(network, run.patterns) if run.sampling.exact else ()
    blocks = sampled_blocks(network, run.patterns, closed)
    by_nuts = [name for nodes in blocks if _way(run, nodes) != "augmentation" for name in nodes]
    check_latent(network, run.patterns, run.priors, by_nuts)
    variables: dict[str, xr.DataArray] = {}
    for name, stream in zip(closed, streams[0].spawn(len(closed)), strict=True):
        if name in wanted:
            alpha = dirichlet_of(run, name)
            rng = np.random.default_rng(stream)
            x = dirichlet_draws(rng, (run.sampling.chains, run.sampling.draws, *alpha.shape), alpha)
            variables[stored_table(network, name)] = labelled(x, network.dims(name), coords)
    stats: dict[tuple[str, ...], xr.Dataset] = {}
    ways: dict[tuple[str, ...], str] = {}
    streams_of_blocks = zip(blocks, streams[1].spawn(len(blocks)), streams[2].spawn(len(blocks)), strict=True)
    chosen = [(nodes, *own) for nodes, *own in streams_of_blocks if set(nodes) & set(wanted)]
    for number, (nodes, stream, unseen) in enumerate(chosen):
        ways[nodes] = _way(run, nodes)
        drawn, found = SAMPLERS[ways[nodes]].draw(run, nodes, stream, unseen, part_of(progress, number, len(chosen)))
        variables |= drawn
        if found is not None:
            stats[nodes] = found
    drawn_by_nuts = [name for nodes, way in ways.items() if way != "augmentation" for name in nodes]
    variables = dict(relabelled(network, run.patterns, run.priors, variables, drawn_by_nuts))
    return SampledBlocks(variables, stats, tuple(name for name in closed if name in wanted), ways)


def _way(run: FitInputs, nodes: tuple[str, ...]) -> str:
    return choose_sampler(run.network, run.cases, nodes, run.priors) if run.sampling.exact else "pymc"


def workers_for(runs: Sequence[FitInputs]) -> int:
    """Number of fits that may be at work at once in threads of one process, so that no processor is idle.

    A fit works on one processor before and after it samples. One where the user said how many processors to use, or
    where PyMC would fork the process for its chains, which threads do not survive. No number depends on it.
    """

    def forks(run: FitInputs) -> bool:
        closed = conjugate_nodes(run.network, run.patterns) if run.sampling.exact else ()
        return any(_way(run, nodes) == "pymc" for nodes in sampled_blocks(run.network, run.patterns, closed))

    return 1 if any(run.sampling.cores is not None or forks(run) for run in runs) else processors()


def fit_block(
    network: Network,
    cases: Any,
    priors: PriorSet | None,
    node: str,
    *,
    seed: int,
    draws: int = 1000,
    tune: int = 300,
    chains: int = 4,
    thin: int = 1,
    cores: int | None = None,
    target_accept: float = 0.8,
    progress: bool | Progress | None = None,
) -> Block:
    """Draws of what bears on one node: its parameters and its children's, and those that missing cells tie to them.

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

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Node
    >>> network = Network((Node("rain", ("no", "yes")), Node("kept", ("no", "yes"))))
    >>> cases = pd.DataFrame({"rain": ["no", "yes"], "kept": ["yes", "yes"]})
    >>> list(fit_block(network, cases, None, "kept", seed=1, draws=10).values)
    ['kept.table']
    """
    sampling = Sampling(seed, draws, tune, chains, thin, target_accept, cores=cores)
    with shown(progress) as tell:
        run = fit_inputs(network, cases, priors, sampling)
        sampled = _sampled(run, node, tell)
    warn_of_fit(sampled.unconverged(run), stacklevel=2)
    return _block(run, sampled)


def sampled_block(run: FitInputs, node: str, progress: Progress = silent) -> Block:
    """Draws of what bears on one node, from the inputs of a fit; see `fit_block`."""
    return _block(run, _sampled(run, node, progress))


def _sampled(run: FitInputs, node: str, progress: Progress) -> SampledBlocks:
    return sample_blocks(run, {node, *run.network.children[node]}, progress)


def _block(run: FitInputs, sampled: SampledBlocks) -> Block:
    nodes = (*sampled.exactly, *(name for block in sampled.ways for name in block))
    tree = draws_tree({"posterior": xr.Dataset(sampled.variables), **sampled.stats_group})
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
        return stacked_draws(group_of(self.tree, "posterior").data_vars)


def conjugate_nodes(network: Network, patterns: Patterns) -> tuple[str, ...]:
    """Nodes whose posterior is a product of Dirichlets: tables that no missing cell touches.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node, encode
    >>> from servanda.models.cases import find_patterns
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> cases = encode(network, pd.DataFrame({"rain": ["no", "yes"], "wet": ["no", None]}))
    >>> conjugate_nodes(network, find_patterns(network, cases))
    ('rain', 'wet')
    """
    return tuple(name for name in network.names if network.family(name).conjugate and name not in patterns.touched)


def sampled_blocks(network: Network, patterns: Patterns, closed: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Blocks of the nodes left to MCMC: those that share a sum over missing cells stay together.

    Blocks are independent a posteriori, and each has steps as long as its own shape allows.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node, encode
    >>> from servanda.models.cases import find_patterns
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> found = find_patterns(
    ...     network, encode(network, pd.DataFrame({"rain": ["no", None], "wet": ["no", "yes"]}))
    ... )
    >>> sampled_blocks(network, found, conjugate_nodes(network, found))
    (('rain', 'wet'),)
    """
    blocks = [{name} for name in network.names if name not in closed]
    for part in patterns.incomplete:
        joined = [block for block in blocks if block & set(part.codes)]
        blocks = [block for block in blocks if block not in joined]
        blocks += [set().union(*joined)] if joined else []
    return tuple(sorted(tuple(name for name in network.names if name in block) for block in blocks))


def choose_sampler(network: Network, cases: Cases, nodes: tuple[str, ...], priors: PriorSet | None = None) -> str:
    """Name of the sampler of a block: the first of `SAMPLERS` that accepts it.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Node, encode
    >>> network = Network((Node("kept", ("no", "yes"), family="ordinal", ordered=True),))
    >>> choose_sampler(network, encode(network, pd.DataFrame({"kept": ["yes", "no"]})), ("kept",))
    'nuts'
    """
    return next(way for way, sampler in SAMPLERS.items() if sampler.accepts(network, cases, nodes, priors))


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
