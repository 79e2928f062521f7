"""Fits among which a reader of the page may choose, by prior set and theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...common.errors import Fault, raise_faults
from ...models.posterior import Posterior
from ..evaluation.theories import as_theory
from ..queries.named_backers import COUNT_NODE
from .draws import ExploreError


@dataclass(frozen=True)
class Choice:
    """A fit that a reader may choose.

    Parameters
    ----------
    posterior
        Its draws.
    theory
        Key in `THEORIES` of what its network makes of the number of backers; empty for that of the page's network.
    """

    posterior: Posterior
    theory: str = ""

    @property
    def priors(self) -> str:
        """Name of its prior set."""
        return self.posterior.priors.name if self.posterior.priors is not None else ""

    @property
    def priors_title(self) -> str:
        """Title of its prior set."""
        return self.posterior.priors.title if self.posterior.priors is not None else ""

    @property
    def name(self) -> str:
        """Name that tells it from the others of a page."""
        return f"{self.priors}/{self.theory}" if self.theory else self.priors


def choices(
    posterior: Posterior, others: Sequence[Posterior], theories: Mapping[str, Sequence[Posterior]], target: str
) -> tuple[Choice, ...]:
    """Fits of a page, that which is asked first before the others.

    Parameters
    ----------
    posterior
        Asked first: the parents of the target in its network are the knobs.
    others
        Fits of the same network.
    theories
        Key in `servanda.models.THEORIES` -> fits of the network under that theory of the target's backers.
    target
        The node whose states are asked for.

    Raises
    ------
    ExploreError
        Listing the fits that are of another network, or given twice.
    QueryError, NetworkError
        If there is no such theory, or it does not fit the network.

    Examples
    --------
    >>> from servanda.models import THEORIES, load_network
    >>> from servanda.priors import prior_predictive
    >>> network = load_network("guarantee")
    >>> fits = [prior_predictive(one, "flat", seed=1, draws=2) for one in (network, THEORIES["none"].apply(network))]
    >>> [one.name for one in choices(fits[0], (), {"none": fits[1:]}, "compliance")]
    ['flat', 'flat/none']
    """
    network = posterior.network
    groups = [("others", "", network, others)]
    for theory, fits in theories.items():
        groups.append((f"theories: {theory}", theory, as_theory(theory).apply(network, target, COUNT_NODE), fits))
    found, faults = [Choice(posterior)], []
    for where, theory, wanted, fits in groups:
        for fit in fits:
            one = Choice(fit, theory)
            if fit.network != wanted:
                under = f" under the theory '{theory}'" if theory else ""
                what = f"is a fit of another network; give fits of {network.name}{under}, states and all"
                faults.append(Fault(f"{where}: {one.priors}", what))
            elif one.name in {known.name for known in found}:
                faults.append(Fault(f"{where}: {one.priors}", "is the prior set of two fits; give each once"))
            else:
                found.append(one)
    raise_faults("page of knobs", faults, ExploreError)
    return tuple(found)
