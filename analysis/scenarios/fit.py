"""Fits of networks and prior sets by name, as scripts and notebooks ask for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...models.network.toml import as_network
from ...models.sampling.fit import fit as fit_values
from ...priors.files.load import Priors, as_priors

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.posterior import Posterior


def fit(
    network: Network | str | os.PathLike[str],
    cases: Any,
    priors: Priors | None = None,
    *,
    seed: int,
    **settings: Any,
) -> Posterior:
    """Posterior of every parameter of a network, sampled; network and priors may be given by name.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file.
    cases
        One row a case, in any form that `servanda.models.fit` takes.
    priors
        A prior set, the name of a shipped one, or the path of its TOML file; None takes each family's defaults.
    seed
        Same seed, same machine, same numbers.
    settings
        As `servanda.models.fit` takes them: ``draws``, ``tune``, ``chains``, ``thin``, ``cores``, ``target_accept``,
        ``unobserved``, ``strict``, ``coder``, ``pointwise``, ``exact``, ``progress``.

    Returns
    -------
    Posterior
        Parameters with dims (chain, draw, ...).

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix slowly or diverge, with what to do.

    Raises
    ------
    NetworkError, PriorError, DataError
        Listing every fault of what was given.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("rain", ("no", "yes")),), name="weather")
    >>> posterior = fit(network, pd.DataFrame({"rain": ["no"] * 7 + ["yes"] * 3}), "flat", seed=1)
    >>> posterior.provenance["network"], posterior.provenance["priors"]
    ('weather', 'flat')
    """
    chosen = as_network(network)
    return fit_values(chosen, cases, as_priors(priors), seed=seed, **settings)
