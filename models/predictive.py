"""What a fit expects and what its priors expected, beside what was seen: the groups that ArviZ's checks compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..common.errors import Fault, nearest, raise_faults
from .cases.groups import cells_seen, log_likelihood_group, member_group, observed_group, predicted_group
from .errors import QueryError
from .inference.question import CapacityError
from .network.parameters import network_parameters, node_of
from .posterior import Posterior
from .sampling.prior_draws import prior_draws as draws_of_prior
from .sampling.refit import blocks_of, cases_of, inputs_of
from .seeds import seed_sequence
from .store import draws_tree, group_of, netcdf_name

#: More replicates than this, over all draws, are not made at once.
MOST_REPLICATES = 200_000_000


def predictive_groups(
    posterior: Posterior, *, seed: int, nodes: str | Sequence[str] | None = None, prior_draws: int = 1000
) -> xr.DataTree:
    """Tree of a fit with what ArviZ's predictive checks need: prior, replicates of the cases, and what was seen.

    Parameters
    ----------
    posterior
        From `servanda.models.fit` or a file.
    seed
        Of the replicates and of the draws from the prior.
    nodes
        Whose cells are replicated and scored; all that some case shows by default. A fit of many cases takes a few.
    prior_draws
        Independent draws from the prior.

    Returns
    -------
    DataTree
        The groups ``posterior``, ``sample_stats`` and ``log_prior`` of the fit; ``log_likelihood`` of the nodes;
        ``posterior_predictive``, one replicate of each cell that was seen in each draw; ``prior``, draws of every
        parameter in one chain; ``prior_predictive``, the same of the cells; ``observed_data``, the cells; and
        ``constant_data``, whose each case is. States are numbers, the first of a node is 0. A variable has the name of
        its node, dims chain, draw and ``case``, or ``<node>_case`` where only some cases show the node. Each cell is
        replicated, and scored, given the cells of its case that stand before it in network order: its parents, where
        they are known.

    Raises
    ------
    DataError
        If the posterior was not made by `fit`.
    QueryError
        Listing nodes that the network does not have.
    CapacityError
        If there were more replicates than `MOST_REPLICATES`.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, fit
    >>> cases = pd.DataFrame({"kept": ["yes"] * 7 + ["no"] * 3})
    >>> tree = predictive_groups(fit(Network((Node("kept", ("no", "yes")),)), cases, seed=1), seed=1)
    >>> [round(float(tree[f"{side}_predictive"]["kept"].mean()), 1) for side in ("prior", "posterior")]
    [0.5, 0.7]
    """
    network = posterior.network
    chosen = _nodes(posterior, nodes)
    run = inputs_of(posterior, posterior.priors)
    cases, patterns = run.cases, run.patterns
    replicates = cells_seen(cases, chosen) * max(int(np.prod(list(posterior.sizes.values()))), prior_draws)
    if replicates > MOST_REPLICATES:
        what = f"would be {replicates:,}, at most {MOST_REPLICATES:,} are made; name fewer nodes"
        raise CapacityError("predictive groups", [Fault("replicates", what)])
    streams = seed_sequence(seed).spawn(3)
    believed = draws_of_prior(
        network, posterior.priors, seed=int(streams[0].generate_state(1)[0]), draws=prior_draws, levels=posterior.levels
    )
    after, before = (np.random.default_rng(stream) for stream in streams[1:])
    kept = {name: group_of(posterior.tree, name) for name in ("sample_stats", "log_prior") if name in posterior.tree}
    return draws_tree(
        {
            "posterior": posterior.draws,
            **kept,
            "log_likelihood": log_likelihood_group(network, patterns, cases, posterior.draws, chosen),
            "posterior_predictive": predicted_group(network, patterns, cases, posterior.draws, after, chosen),
            "prior": believed.draws,
            "prior_predictive": predicted_group(network, patterns, cases, believed.draws, before, chosen),
            "observed_data": observed_group(network, cases, chosen),
            "constant_data": member_group(cases),
        }
    )


def scaled_together(posterior: Posterior, node: str) -> dict[str, list[str]]:
    """Which parts of a fit bear on the parameters of a node, as ArviZ's power-scaling takes them.

    Of a network, other nodes have priors and likelihoods of their own, which say nothing of this one: scaled with it,
    they only make the weights uneven, and so raise false alarms.

    Parameters
    ----------
    posterior
        From `servanda.models.fit` or a file.
    node
        Whose parameters are looked at.

    Returns
    -------
    dict
        ``var_names``: the node's parameters; ``prior_var_names`` and ``likelihood_var_names``: those of all nodes that
        missing cells tie to it, and its own. Names are those of the tree.

    Raises
    ------
    QueryError
        If there is no such node, naming the nearest.
    DataError
        If the posterior was not made by `fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, fit
    >>> two = Network((Node("kept", ("no", "yes")), Node("rain", ("no", "yes"))))
    >>> posterior = fit(two, pd.DataFrame({"kept": ["yes"], "rain": ["no"]}), seed=1)
    >>> scaled_together(posterior, "kept")
    {'var_names': ['kept.table'], 'prior_var_names': ['kept.table'], 'likelihood_var_names': ['kept']}
    """
    network, cases = posterior.network, cases_of(posterior)
    _nodes(posterior, node)
    block = next(nodes for nodes in blocks_of(posterior) if node in nodes)
    names = {
        "var_names": [name for name in map(str, posterior.draws) if node_of(network, name) == node],
        "prior_var_names": [parameter.name for parameter in network_parameters(network, block)],
        "likelihood_var_names": list(map(str, observed_group(network, cases, block))),
    }
    return {key: list(map(netcdf_name, own)) for key, own in names.items()}


def _nodes(posterior: Posterior, nodes: str | Sequence[str] | None) -> tuple[str, ...]:
    """Nodes that are named, all by default."""
    known = posterior.network.names
    chosen = known if nodes is None else (nodes,) if isinstance(nodes, str) else tuple(nodes)
    raise_faults("nodes", [Fault(n, f"is no node{nearest(n, known)}") for n in chosen if n not in known], QueryError)
    return chosen
