"""Several experts' prior sets pooled logarithmically: the normalised weighted geometric mean of their densities."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...common.errors import Fault, raise_faults
from ...models.errors import PriorError
from ...models.network.parameters import network_parameters, parameter_coords
from ...models.parameters.prior import Prior
from ...models.parameters.prior_set import CERTAINTIES, PriorEntry, PriorSet
from ..files.load import Priors
from .linear_pool import Panel

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.parameters.parameter import Parameter

#: What to do where a pool is in no family.
_ELSE = "let them state a normal, or one and the same prior"


def logarithmic_pool(
    network: Network | str | os.PathLike[str],
    experts: Mapping[str, Priors],
    weights: Mapping[str, float] | None = None,
    name: str = "panel",
) -> PriorSet:
    r"""Pool prior sets logarithmically, so that each parameter's prior is proportional to the product of p_i^w_i.

    Priors of different parameters are independent, so the pool factorises over parameters, and it stays in the family:
    precisions of normal (and, on the log scale, lognormal) priors add up by weight, and means by weighted precision;
    1 / sigma^2 of half-normal ones and the rates of exponential ones are averaged; so are the numbers of beta,
    Dirichlet and confusion priors, since with weights that add up to one the exponents alpha - 1 average as alpha does.
    Where a node learns the scale of its effects (`shrinkage`), priors are pooled as they are stated, on the scale of
    one; experts who state different middles there have this pool, and not exactly the product of their densities.

    Parameters
    ----------
    network
        Whose parameters: a network, its name or its file.
    experts
        Name -> prior set, its name or its file.
    weights
        Name -> weight; they add up to one. Equal by default.
    name
        Of the pool.

    Returns
    -------
    PriorSet
        With an entry for each parameter of the network.

    Raises
    ------
    PriorError
        Listing weights that are missing, negative or do not add up to one, and where an expert's set does not fit the
        network; or every parameter for which experts state distributions whose pool is in no family.

    Examples
    --------
    >>> from servanda.models import Network, Node, Prior, PriorSet
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> low = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[8, 2])})
    >>> high = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[2, 8])})
    >>> str(logarithmic_pool(network, {"low": low, "high": high})["kept.table"])
    'dirichlet(alpha=[no: 5, yes: 5])'
    """
    panel = Panel.of(network, experts, weights)
    shares, coords = panel.shares, parameter_coords(panel.network)
    heard = {expert: priors for expert, priors in panel.experts.items() if shares[expert] > 0}
    stated = {
        parameter: {e: entry for e, priors in heard.items() if (entry := parameter.entry(priors)) is not None}
        for parameter in network_parameters(panel.network)
    }
    found = [_pooled(parameter, entries, shares, coords) for parameter, entries in stated.items()]
    raise_faults(f"panel {name}", [fault for _, faults in found for fault in faults], PriorError)
    weighed = ", ".join(f"{expert} ({share:g})" for expert, share in shares.items())
    based_on = tuple(dict.fromkeys(source for priors in heard.values() for source in priors.based_on))
    entries = tuple(entry for entry, _ in found)
    return PriorSet(entries, name, f"Pool of {', '.join(experts)}", f"Logarithmic pool of {weighed}.", based_on)


def _pooled(
    parameter: Parameter,
    entries: Mapping[str, PriorEntry],
    shares: Mapping[str, float],
    coords: Mapping[str, tuple[str, ...]],
) -> tuple[PriorEntry, list[Fault]]:
    """The pool of what experts of a positive weight say of a parameter, or the first of it and why there is no pool."""
    prior = next(iter(entries.values())).prior
    reasons = dict.fromkeys(entry.reason for entry in entries.values())
    why = reasons.popitem()[0] if len(reasons) == 1 else " ".join(f"{e}: {n.reason}" for e, n in entries.items())
    faults = []
    if any(entry.prior != prior for entry in entries.values()):
        stated = ", ".join(f"{expert} ({shares[expert]:g}): {entry.prior}" for expert, entry in entries.items())
        why = f"Logarithmic pool of {stated}."
        pooled = _pooled_prior(parameter, [(shares[e], entry.prior) for e, entry in entries.items()], coords)
        if any(entry.prior.kind is not prior.kind for entry in entries.values()):
            faults.append(Fault(parameter.name, f"experts state distributions of different kinds ({stated}); {_ELSE}"))
        elif pooled is None:
            what = f"different {prior.distribution} priors have no pool in a family ({stated}); {_ELSE}"
            faults.append(Fault(parameter.name, what))
        prior = pooled or prior
    sources = "; ".join(dict.fromkeys(entry.source for entry in entries.values() if entry.source))
    certainty = max((entry.certainty for entry in entries.values()), key=CERTAINTIES.index)
    return PriorEntry(parameter.name, prior, why, sources or "judgement", certainty), faults


def _pooled_prior(
    parameter: Parameter, stated: Sequence[tuple[float, Prior]], coords: Mapping[str, tuple[str, ...]]
) -> Prior | None:
    """The pool of priors with their shares, or None where it is in no family."""
    (_, first), states = stated[0], parameter.states(coords)
    if any(prior.kind is not first.kind for _, prior in stated):
        return None
    numbers = [prior.resolved(states, parameter.name) for _, prior in stated]
    if parameter.zero_sum:
        numbers = [first.kind.on_zero_sum(**own) for own in numbers]
    pooled = first.kind.pooled(np.array([share for share, _ in stated]), numbers)
    if pooled is None:
        return None
    return Prior.of(first.distribution, **{key: _named(value, states) for key, value in pooled.items()})


def _named(value: np.ndarray, states: tuple[str, ...]) -> float | dict[str, float]:
    return float(value) if value.ndim == 0 else dict(zip(states, value.tolist(), strict=True))


__all__ = ["logarithmic_pool"]
