"""Prior predictive draws: what a prior set implies before any case is seen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..common.errors import Fault, raise_faults
from ..models.errors import DataError
from ..models.network.toml import as_network
from ..models.sampling.prior_draws import prior_draws
from ..models.sampling.run import as_cases
from .files.load import Priors, as_priors

if TYPE_CHECKING:
    import pandas as pd

    from ..models.cases.encode import Cases
    from ..models.network.network import Network
    from ..models.parameters.prior_set import PriorSet
    from ..models.posterior import Posterior
    from .panel.linear_pool import LinearPool


def prior_predictive(
    network: Network | str | os.PathLike[str],
    priors: Priors | LinearPool,
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
    chosen, pool = as_network(network), as_priors(priors)
    few = [Fault("draws", f"must be 1 or more, not {draws}")] if draws < 1 else []
    raise_faults("prior predictive", few, DataError)
    levels = None if cases is None else as_cases(chosen, cases).levels

    def draw(own: PriorSet, stream: int, size: int) -> Posterior:
        return prior_draws(chosen, own, seed=stream, draws=size, levels=levels)

    return pool.drawn(draw, seed=seed, draws=draws)


__all__ = ["prior_predictive"]
