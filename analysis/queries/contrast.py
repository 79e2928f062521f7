"""Contrasts of interventions: how much an answer differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from ...models.inference.contract import MEMORY_LIMIT
from ...models.names import DRAWS, escape, name_in
from ...models.posterior import Posterior
from ...models.questions.evidence import Given, check_keywords
from ..summaries.change import MARGIN, change_shares, checked_margin, summarise_change
from .answer import Contrast
from .probability import NO_EFFECT, in_short, probability

#: Variables of a contrast.
_VARIABLES = ("base", "change", "difference", "ratio", "gain", "within", "loss")


def contrast(
    posterior: Posterior,
    target: str,
    base: Mapping[str, Any],
    change: Mapping[str, Any],
    given: Given = None,
    *,
    margin: float = MARGIN,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> Contrast:
    """Contrast of a node's distribution under two interventions, draw by draw.

    Both sides are taken in the same draw, with the same actor and the same guarantee, so that what they share
    cancels. The difference is an effect if the network holds every common cause; `servanda.analysis.confounding` tells
    how strong one that it does not hold must be to undo it.

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
    margin
        The smallest change of a probability that matters, from 0 up to 1; five points by default.
    memory
        As in `probability`.
    **members
        As in `probability`.

    Returns
    -------
    Contrast
        A `Dataset` that shows the change of each state and draws it (``.plot()``): ``base``, ``change``, ``difference``
        (change less base, in probability) and ``ratio``, dims (chain, draw, target); ``gain``, ``within`` and
        ``loss``, dims (target): the posterior probability that the state gains
        `margin` or more, moves by less either way, and loses `margin` or more. The attributes hold both questions, the
        difference in short, as ``worth`` what the change of each state is worth, and as ``identified`` and
        ``identification`` whether the change is an effect that the observed nodes determine, and on what condition.

    Raises
    ------
    QueryError
        As `probability`; or if `margin` is no number from 0 up to 1.

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
    >>> effect["gain"].sel(wet="yes").item(), effect["loss"].sel(wet="yes").item()
    (1.0, 0.0)
    """
    check_keywords(contrast, posterior, members)
    size = checked_margin(margin)
    before, after = (probability(posterior, target, given, do, memory=memory, **members) for do in (base, change))
    condition = _of_both(before, after)
    # The target may have the name of one of the variables, or of the dim of cases.
    others = {str(dim) for dim in before.dims} - {name_in(before.dims, target)}
    dim = escape(target, {*DRAWS, *_VARIABLES, *others})
    before, after = (side.rename({name_in(side.dims, target): dim}) for side in (before, after))
    # What a side says of itself is not true of a difference: each variable has attributes of its own.
    with xr.set_options(keep_attrs=False):
        difference, ratio = after - before, after / before
    asked = (after.attrs["question"], before.attrs["question"])
    difference.attrs = {"question": " - ".join(asked), "answer": in_short(difference), **condition}
    ratio.attrs = {"question": " / ".join(asked), "answer": in_short(ratio), **condition}
    effect = xr.Dataset({"base": before, "change": after, "difference": difference, "ratio": ratio})
    effect = effect.assign(change_shares(difference, size).data_vars)
    effect.attrs = {
        "base": before.attrs["question"],
        "change": after.attrs["question"],
        "difference": difference.attrs["answer"],
        "margin": size,
        "worth": "\n".join(
            f"{state}: {summarise_change(difference.sel({dim: state}), margin=size)}"
            for state in difference.coords[dim].values
        ),
        **condition,
    }
    return Contrast(effect.data_vars, effect.coords, effect.attrs)


def _of_both(before: xr.DataArray, after: xr.DataArray) -> dict[str, str]:
    """Whether a change is an effect that is identified: both sides must be, and one that is not speaks for both."""
    stated = [side.attrs for side in (before, after) if side.attrs["identified"]]
    said = [attrs for attrs in stated if attrs["identified"] == "no"] or stated
    return {key: " ".join(dict.fromkeys(attrs[key] for attrs in said)) for key in NO_EFFECT}
