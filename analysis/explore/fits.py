"""Fits among which a reader of the page may choose, by prior set and theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...common.errors import Fault, raise_faults
from ...models.errors import NetworkError
from ...models.network.network import Network
from ...models.posterior import Posterior
from ...models.theories.theories import THEORIES, Theory
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


def choices(posterior: Posterior, others: Sequence[Posterior], target: str) -> tuple[Choice, ...]:
    """Fits of a page, that which is asked first before the others.

    Parameters
    ----------
    posterior
        Asked first: the parents of the target in its network are the knobs.
    others
        Fits of the same network, or of it under a theory of `servanda.models.THEORIES`.
    target
        The node whose states are asked for.

    Raises
    ------
    ExploreError
        Listing the fits that are of another network, or given twice.

    Examples
    --------
    >>> from servanda.models import THEORIES, load_network
    >>> from servanda.priors import prior_predictive
    >>> network = load_network("guarantee")
    >>> fits = [prior_predictive(one, "flat", seed=1, draws=2) for one in (network, THEORIES["none"].apply(network))]
    >>> [one.name for one in choices(fits[0], fits[1:], "compliance")]
    ['flat', 'flat/none']
    """
    found, faults = [Choice(posterior)], []
    for fit in others:
        theory = _theory(posterior.network, fit.network, target)
        if theory is None:
            what = f"is a fit of the network {fit.network.name}; give fits of {posterior.network.name}, states and all"
            faults.append(Fault(f"others: {Choice(fit).name}", f"{what}, or of it under a theory of the backers"))
            continue
        one = Choice(fit, theory)
        if one.name in {known.name for known in found}:
            faults.append(Fault(f"others: {one.name}", "is the prior set and theory of two fits; give each once"))
        found.append(one)
    raise_faults("page of knobs", faults, ExploreError)
    return tuple(found)


def _theory(network: Network, changed: Network, target: str) -> str | None:
    """Key of the theory that makes one network of another, empty where they are equal; None where none does."""

    def makes(theory: Theory) -> bool:
        try:
            return theory.apply(network, target, COUNT_NODE) == changed
        except NetworkError:
            return False

    if changed == network:
        return ""
    return next((name for name, theory in THEORIES.items() if makes(theory)), None)
