"""What a stored posterior was fitted to, and blocks of it drawn again under other priors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import xarray as xr

from ...common.errors import Fault
from ...common.progress import Progress, silent
from ..cases.encode import Cases
from ..cases.groups import cases_from
from ..errors import DataError
from ..network.parameters import network_parameters, node_of
from ..parameters.prior_set import PriorSet
from ..posterior import Posterior
from ..store import draws_tree, group_of
from .blocks import Block, sample_blocks
from .run import FitInputs, Sampling, fit_inputs
from .samplers import SAMPLERS
from .scoring import cases_at

#: What provenance calls the nodes whose blocks were drawn again under other priors.
REDRAWN = "redrawn"


def cases_of(posterior: Posterior) -> Cases:
    """Coded cases that a posterior was fitted to, as it stores them.

    Raises
    ------
    DataError
        If it was not made by `fit`, or by a version that did not store whose each case is.
    """
    stored = group_of(posterior.tree, "observed_data") if "observed_data" in posterior.tree else xr.Dataset()
    data_sets = posterior.provenance.get("data_sets", ())
    cases = cases_from(posterior.network, stored, posterior.levels, data_sets)
    if cases is None:
        raise DataError("posterior", [Fault("cases", "are not stored with it; fit the network again")])
    return cases


def inputs_of(posterior: Posterior, priors: PriorSet | None) -> FitInputs:
    """Inputs of a fit of the cases of a posterior under some priors, with the posterior's settings."""
    return fit_inputs(posterior.network, cases_of(posterior), priors, Sampling(**posterior.provenance["settings"]))


def resample_blocks(
    posterior: Posterior, priors: PriorSet | None, nodes: Collection[str], progress: Progress = silent
) -> Posterior:
    """Posterior in which the blocks that hold some nodes are drawn again, under other priors; all other draws stay.

    Returns
    -------
    Posterior
        In which those blocks have the numbers that `fit` gives under `priors` with the seed of the posterior.
    """
    sampled = sample_blocks(inputs_of(posterior, priors), nodes, progress)
    observed = group_of(posterior.tree, "observed_data")
    drawn = posterior.draws.assign(sampled.variables)
    groups = {"posterior": drawn, "observed_data": observed, **sampled.stats_group}
    provenance = {**posterior.provenance, REDRAWN: [*nodes]}
    return Posterior(posterior.network, draws_tree(groups), posterior.priors, provenance)


def blocks_with(posterior: Posterior, nodes: Collection[str]) -> Block:
    """The blocks of a fit that hold some nodes, together as one, with the fit's own draws.

    Returns
    -------
    Block
        Without sampler statistics.

    Raises
    ------
    DataError
        If the posterior was not made by `fit`, or does not store its cases.
    """
    run, wanted = inputs_of(posterior, posterior.priors), {*nodes}
    held = tuple(name for block in blocks_of(posterior) if wanted & {*block} for name in block)
    return Block(run, held, draws_tree({"posterior": posterior.draws[_variables(posterior, held)]}))


def without_cases(posterior: Posterior, rows: Collection[int], nodes: Collection[str], *, seed: int) -> Posterior:
    """Posterior in which the blocks that hold some nodes are drawn again from all cases but some.

    Parameters
    ----------
    posterior
        A fit.
    rows
        Numbers of the cases that are left out, from 0. Members of whom no other case tells keep their place; their
        effects are draws from the population.
    nodes
        The blocks that hold these are drawn again, with the posterior's settings.
    seed
        Of those draws.

    Raises
    ------
    DataError
        As `blocks_with`.
    """
    block = blocks_with(posterior, nodes)
    run = block.run
    kept = np.setdiff1d(np.arange(len(run.cases)), [*rows])
    again = fit_inputs(run.network, cases_at(run.cases, kept), run.priors, replace(run.sampling, seed=seed))
    sampled = sample_blocks(again, block.nodes, silent)
    drawn = posterior.draws.assign(sampled.variables)
    return Posterior(posterior.network, draws_tree({"posterior": drawn}), posterior.priors)


def _variables(posterior: Posterior, nodes: Collection[str]) -> list[str]:
    """Names of the draws of the parameters of some nodes."""
    return [str(name) for name in posterior.draws.data_vars if node_of(posterior.network, str(name)) in nodes]


def block_of_fit(posterior: Posterior, run: FitInputs, node: str) -> Block | None:
    """Block of what bears on a node, as a fit has drawn it already.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`.
    run
        What a block is wanted of.
    node
        The node.

    Returns
    -------
    Block or None
        Without sampler statistics; None where the fit is of other nodes, cases or priors, has other numbers of chains
        or draws, or draws that were changed since.
    """
    network, sizes = run.network, {"chain": run.sampling.chains, "draw": run.sampling.draws}
    if (
        posterior.network.nodes != network.nodes
        or posterior.sizes != sizes
        or posterior.provenance.get("data_sha256") != run.cases.digest
        or {"supposed", REDRAWN} & {*posterior.provenance}
        or any(p.prior(posterior.priors) != p.prior(run.priors) for p in network_parameters(network))
    ):
        return None
    bearing = {node, *network.children[node]}
    nodes = tuple(name for block in blocks_of(posterior) if bearing & {*block} for name in block)
    return Block(run, nodes, draws_tree({"posterior": posterior.draws[_variables(posterior, nodes)]}))


def completed(block: Block, nodes: Collection[str], posterior: Posterior | None = None) -> Posterior:
    """Posterior of some nodes of a network of which one block is drawn already.

    The others are taken from a fit of the same cases to another network, where that has the same node and drew it apart
    from the block; the rest is drawn now.

    Parameters
    ----------
    block
        From `servanda.models.sampling.fit.fit_block`.
    nodes
        Nodes that a question depends on.
    posterior
        A fit with as many chains and draws; None draws all.

    Returns
    -------
    Posterior
        With the parameters of the block and of `nodes`, and no others. Without `posterior` the numbers are those of a
        fit of the whole network with the block's settings.

    Raises
    ------
    DataError
        If `posterior` has other numbers of chains or draws.
    """
    wanted = {*nodes} - {*block.nodes}
    drawn = group_of(block.tree, "posterior")
    parts = [drawn]
    if posterior is not None:
        there, here = posterior.sizes, {dim: int(drawn.sizes[dim]) for dim in ("chain", "draw")}
        if there != here:
            kept, asked = (f"{size['chain']} chains of {size['draw']}" for size in (there, here))
            what = f"are {kept}, where the block has {asked}; fit both with the same settings"
            raise DataError("posterior", [Fault("draws", what)])
        tied = {name for joined in blocks_of(posterior) if {*joined} & {*block.nodes} for name in joined}
        shared = [
            name
            for name in sorted(wanted - tied)
            if name in posterior.network and posterior.network[name] == block.run.network[name]
        ]
        parts.append(posterior.draws[_variables(posterior, shared)])
        wanted -= {*shared}
    if wanted:
        parts.append(xr.Dataset(sample_blocks(block.run, wanted, silent).variables))
    # A block may hold more than was asked for; each parameter is taken from the first part that has it.
    variables = {name: array for part in reversed(parts) for name, array in part.data_vars.items()}
    tree = draws_tree({"posterior": xr.Dataset(variables)})
    return Posterior(block.run.network, tree, block.run.priors)


def blocks_of(posterior: Posterior) -> dict[tuple[str, ...], bool]:
    """Nodes whose parameters are dependent a posteriori, and whether they were drawn exactly."""
    exactly = {(name,): True for name in posterior.provenance["drawn_exactly"]}
    return exactly | {
        tuple(nodes): False for way in SAMPLERS for nodes in posterior.provenance.get(f"drawn_by_{way}", ())
    }
