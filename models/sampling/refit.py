"""What a stored posterior was fitted to, and blocks of it drawn again under other priors."""

from __future__ import annotations

from collections.abc import Collection

import xarray as xr

from ...common.errors import Fault
from ...common.progress import silent
from ..cases.encode import Cases
from ..errors import DataError
from ..parameters.prior_set import PriorSet
from ..posterior import Posterior
from .blocks import sample_blocks
from .fit import MEMBER_OF
from .run import FitInputs, Sampling, fit_inputs
from .samplers import SAMPLERS


def cases_of(posterior: Posterior) -> Cases:
    """Coded cases that a posterior was fitted to, as it stores them.

    Raises
    ------
    DataError
        If it was not made by `fit`, or by a version that did not store whose each case is.
    """
    network = posterior.network
    stored = posterior.tree["observed_data"].to_dataset() if "observed_data" in posterior.tree else xr.Dataset()
    needed = [*network.names, *(f"{MEMBER_OF}{group}" for group in network.group_columns)]
    if any(name not in stored for name in needed):
        raise DataError("posterior", [Fault("cases", "are not stored with it; fit the network again")])
    return Cases(
        {name: stored[name].values.astype(int) for name in network.names},
        {group: stored[f"{MEMBER_OF}{group}"].values.astype(int) for group in network.group_columns},
        posterior.levels,
        tuple(str(label) for label in stored["case"].values),
        stored["case_count"].values if "case_count" in stored.coords else None,
        tuple(posterior.provenance.get("data_sets", ())),
    )


def inputs_of(posterior: Posterior, priors: PriorSet | None) -> FitInputs:
    """Inputs of a fit of the cases of a posterior under some priors, with the posterior's settings."""
    return fit_inputs(posterior.network, cases_of(posterior), priors, Sampling(**posterior.provenance["settings"]))


def resample_blocks(posterior: Posterior, priors: PriorSet | None, nodes: Collection[str]) -> Posterior:
    """Posterior in which the blocks that hold some nodes are drawn again, under other priors; all other draws stay.

    Returns
    -------
    Posterior
        In which those blocks have the numbers that `fit` gives under `priors` with the seed of the posterior.
    """
    sampled = sample_blocks(inputs_of(posterior, priors), nodes, silent)
    observed = posterior.tree["observed_data"].to_dataset()
    drawn = posterior.draws.assign(sampled.variables)
    groups = {"posterior": drawn, "observed_data": observed, **sampled.stats_group}
    return Posterior(posterior.network, xr.DataTree.from_dict(groups), posterior.priors, posterior.provenance)


def blocks_of(posterior: Posterior) -> dict[tuple[str, ...], bool]:
    """Nodes whose parameters are dependent a posteriori, and whether they were drawn exactly."""
    exactly = {(name,): True for name in posterior.provenance["drawn_exactly"]}
    return exactly | {
        tuple(nodes): False for way in SAMPLERS for nodes in posterior.provenance.get(f"drawn_by_{way}", ())
    }
