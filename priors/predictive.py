"""What a prior set implies before any case is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..common.errors import Fault, raise_faults
from ..models.errors import DataError
from .panel.linear_pool import LinearPool

if TYPE_CHECKING:
    import pandas as pd

    from ..models.cases.encode import Cases
    from ..models.network.network import Network
    from ..models.parameters.prior import PriorSet
    from ..models.posterior import Posterior


def prior_predictive(
    network: Network,
    priors: PriorSet | LinearPool,
    *,
    seed: int,
    draws: int = 4000,
    cases: pd.DataFrame | Cases | None = None,
) -> Posterior:
    """Draw every parameter of a network from its prior, as a posterior that has seen no case.

    All that can be asked of a posterior can be asked of it, and the answers are prior predictive:
    `servanda.analysis.probability` takes it as it takes a fit. Actors and guarantees are new ones, drawn from
    their population; with `cases` theirs can be named too, and `servanda.analysis.record_summaries` says what is
    implied for the record itself.

    Parameters
    ----------
    network
        Structure and families.
    priors
        A prior for every parameter of the network; or a panel as a mixture, each of whose experts makes as many draws
        as its weight says (rounded at random), in random order.
    seed
        Same seed, same numbers.
    draws
        Independent draws, in one chain.
    cases
        Their actors and guarantees are drawn as well, each from its population; nothing else of them is looked at.

    Returns
    -------
    Posterior
        With no cases behind it.

    Raises
    ------
    PriorError
        Listing every way in which the set does not fit the network.
    DataError
        If fewer than one draw is asked for.

    Examples
    --------
    >>> from servanda.models import Network, Node, Arrow
    >>> from servanda.priors import load_prior
    >>> kept = Node("kept", ("no", "yes"), (Arrow("sworn"),), family="ordinal", ordered=True)
    >>> network = Network((Node("sworn", ("no", "yes"), ordered=True), kept))
    >>> believed = prior_predictive(network, load_prior("flat"), seed=1)
    >>> table = believed.table("kept", given={"sworn": "yes"})
    >>> table.dims, round(float(table.sel(kept="yes").mean()), 1)
    (('chain', 'draw', 'kept'), 0.5)
    """
    from ..models.sampling.fit import as_cases, prior_draws

    few = [Fault("draws", f"must be 1 or more, not {draws}")] if draws < 1 else []
    raise_faults("prior predictive", few, DataError)
    levels = None if cases is None else as_cases(network, cases).levels
    if isinstance(priors, LinearPool):
        return _of_panel(network, priors, seed, draws, levels)
    return prior_draws(network, priors, seed=seed, draws=draws, levels=levels)


def _of_panel(
    network: Network, pool: LinearPool, seed: int, draws: int, levels: Mapping[str, tuple[str, ...]] | None
) -> Posterior:
    import xarray as xr

    from ..models.posterior import Posterior
    from ..models.sampling.fit import prior_draws

    rng = np.random.default_rng(seed)
    # Systematic: an expert of weight w makes w times the draws, to within one.
    ends = np.cumsum([*pool.weights.values()])
    ends[-1] = 1.0
    whose = np.searchsorted(ends, (np.arange(draws) + rng.random()) / draws, side="right")
    parts = []
    for place, priors in enumerate(pool.experts.values()):
        own = int((whose == place).sum())
        if own:
            stream = int(rng.integers(2**31))
            parts.append(prior_draws(network, priors, seed=stream, draws=own, levels=levels).draws)
    mixed = xr.concat(parts, dim="draw").isel(draw=rng.permutation(draws))
    tree = xr.DataTree.from_dict({"posterior": mixed.assign_coords(draw=np.arange(draws))})
    identity = {"seed": seed, "draws": draws, "priors": pool.name, "weights": dict(pool.weights), "cases": 0}
    return Posterior(network, tree, None, identity)


__all__ = ["prior_predictive"]
