"""Contrasts of interventions: how much an answer differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from ...models.inference.contract import MEMORY_LIMIT
from ...models.posterior import Posterior
from ...models.questions.evidence import Given
from .probability import in_short, probability


def contrast(
    posterior: Posterior,
    target: str,
    base: Mapping[str, Any],
    change: Mapping[str, Any],
    given: Given = None,
    *,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> xr.Dataset:
    """Contrast of a node's distribution under two interventions, draw by draw.

    Both sides are taken in the same draw, with the same actor and the same guarantee, so that what they share
    cancels.

    Parameters
    ----------
    posterior
        Whose.
    target
        The node.
    base, change
        Node -> state, set from outside, on the one side and on the other.
    given
        Evidence on both sides. Evidence downstream of what is set is taken in the network so mutilated.
    memory
        As in `probability`.
    **members
        As in `probability`.

    Returns
    -------
    Dataset
        ``base``, ``change``, ``difference`` (change less base, in probability) and ``ratio``, dims (chain,
        draw, target); ``probability_of_increase``, dims (target): the posterior probability that the change
        raises the probability of the state.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> effect = contrast(Posterior.from_tables(network, tables), "wet", base={"rain": "no"}, change={"rain": "yes"})
    >>> round(effect["difference"].sel(wet="yes").item(), 3)
    0.7
    """
    before = probability(posterior, target, given, base, memory=memory, **members)
    after = probability(posterior, target, given, change, memory=memory, **members)
    difference, ratio = after - before, after / before
    effect = xr.Dataset({"base": before, "change": after, "difference": difference, "ratio": ratio})
    effect["probability_of_increase"] = probability_of_increase(difference)
    effect.attrs = {
        "base": before.attrs["question"],
        "change": after.attrs["question"],
        "difference": in_short(difference),
    }
    return effect


def probability_of_increase(difference: xr.DataArray) -> xr.DataArray:
    """Share of draws in which a difference is above zero; ties count half."""
    return ((difference > 0) + 0.5 * (difference == 0)).mean(("chain", "draw"))
