"""Several experts' prior sets pooled logarithmically: the normalised weighted geometric mean of their densities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...common.errors import Fault, raise_faults
from ...models.errors import PriorError
from ...models.network.parameters import network_parameters, parameter_coords
from ...models.parameters.prior import CERTAINTIES, Prior, PriorEntry, PriorSet
from .linear_pool import panel_shares

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.parameters.parameter import Parameter

#: What to do where a pool is in no family.
_ELSE = "let them state a normal, or one and the same prior"

Numbers = dict[str, np.ndarray]


def logarithmic_pool(
    network: Network, experts: Mapping[str, PriorSet], weights: Mapping[str, float] | None = None, name: str = "panel"
) -> PriorSet:
    r"""Pool prior sets logarithmically, so that each parameter's prior is proportional to the product of p_i^w_i.

    Priors of different parameters are independent, so the pool factorises over parameters, and it stays in the family:
    precisions of normal (and, on the log scale, lognormal) priors add up by weight, and means by weighted precision;
    1 / sigma^2 of half-normal ones and the rates of exponential ones are averaged; so are the numbers of beta,
    Dirichlet and confusion priors, since with weights that add up to one the exponents alpha - 1 average as alpha does.

    Parameters
    ----------
    network
        Whose parameters.
    experts
        Name -> prior set.
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
    shares, coords = panel_shares(network, experts, weights), parameter_coords(network)
    heard = {expert: priors for expert, priors in experts.items() if shares[expert] > 0}
    entries, faults = [], []
    for parameter in network_parameters(network):
        stated = {expert: priors.entry(parameter.name) for expert, priors in heard.items()}
        found = _pooled(parameter, {e: entry for e, entry in stated.items() if entry is not None}, shares, coords)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            entries.append(found)
    raise_faults(f"panel {name}", faults, PriorError)
    told = ", ".join(f"{expert} ({share:g})" for expert, share in shares.items())
    based_on = tuple(dict.fromkeys(source for priors in heard.values() for source in priors.based_on))
    return PriorSet(tuple(entries), name, f"Pool of {', '.join(experts)}", f"Logarithmic pool of {told}.", based_on)


def _pooled(
    parameter: Parameter,
    entries: Mapping[str, PriorEntry],
    shares: Mapping[str, float],
    coords: Mapping[str, tuple[str, ...]],
) -> PriorEntry | Fault:
    """The pool of what experts of a positive weight say of a parameter, or why it is in no family."""
    prior = next(iter(entries.values())).prior
    reasons = dict.fromkeys(entry.reason for entry in entries.values())
    why = reasons.popitem()[0] if len(reasons) == 1 else " ".join(f"{e}: {n.reason}" for e, n in entries.items())
    if any(entry.prior != prior for entry in entries.values()):
        told = ", ".join(f"{expert} ({shares[expert]:g}): {entry.prior}" for expert, entry in entries.items())
        kinds = {entry.prior.distribution for entry in entries.values()}
        if len(kinds) > 1:
            return Fault(parameter.name, f"experts state distributions of different kinds ({told}); {_ELSE}")
        if prior.distribution not in _POOLS:
            return Fault(
                parameter.name, f"different {prior.distribution} priors have no pool in a family ({told}); {_ELSE}"
            )
        states = parameter.states(coords)
        numbers = [entry.prior.resolved(states, parameter.name) for entry in entries.values()]
        if parameter.zero_sum:
            # What counts of the means of effects that sum to zero is how they differ.
            numbers = [{**own, "mu": own["mu"] - np.mean(own["mu"])} for own in numbers]
        pooled = _POOLS[prior.distribution](np.array([shares[expert] for expert in entries]), numbers)
        prior = Prior.of(prior.distribution, **{key: _named(value, states) for key, value in pooled.items()})
        why = f"Logarithmic pool of {told}."
    sources = "; ".join(dict.fromkeys(entry.source for entry in entries.values() if entry.source))
    certainty = max((entry.certainty for entry in entries.values()), key=CERTAINTIES.index)
    return PriorEntry(parameter.name, prior, why, sources or "judgement", certainty)


def _named(value: np.ndarray, states: tuple[str, ...]) -> float | dict[str, float]:
    return float(value) if value.ndim == 0 else dict(zip(states, value.tolist(), strict=True))


def _average(shares: np.ndarray, values: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(sum(share * value for share, value in zip(shares, values, strict=True)))


def _normal(shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
    precision = _average(shares, [own["sigma"] ** -2.0 for own in numbers])
    mean = _average(shares, [own["mu"] * own["sigma"] ** -2.0 for own in numbers]) / precision
    return {"mu": mean, "sigma": precision**-0.5}


def _half_normal(shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
    return {"sigma": _average(shares, [own["sigma"] ** -2.0 for own in numbers]) ** -0.5}


def _averaged(shares: np.ndarray, numbers: Sequence[Numbers]) -> Numbers:
    return {key: _average(shares, [own[key] for own in numbers]) for key in numbers[0]}


#: Distribution -> numbers of the pool from those of the experts; a product of densities of one kind is of that kind.
_POOLS: Mapping[str, Callable[[np.ndarray, Sequence[Numbers]], Numbers]] = {
    "normal": _normal,
    "lognormal": _normal,
    "half_normal": _half_normal,
    "exponential": _averaged,
    "beta": _averaged,
    "dirichlet": _averaged,
    "confusion": _averaged,
}

__all__ = ["logarithmic_pool"]
