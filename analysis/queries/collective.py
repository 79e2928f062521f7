"""From how many of a group act to what the group does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...models.errors import QueryError
from ...models.inference.contract import MEMORY_LIMIT
from ...models.names import name_in
from ...models.questions.together import number_together
from .probability import NO_EFFECT, in_short

if TYPE_CHECKING:
    from ...models.posterior import Posterior
    from ...models.questions.quantity import Quantity


def together(
    posterior: Posterior,
    cases: Iterable[Quantity],
    *,
    shared: Collection[str] | None = None,
    memory: int = MEMORY_LIMIT,
) -> xr.DataArray:
    """Posterior of the number of cases that come out as asked, where they stand or fall under one guarantee.

    Given the parameters and what they share, cases are independent; but what they share is not known, so that one that
    keeps its word speaks for the others. A guarantee that the data does not hold is integrated out once for all of
    them.

    Parameters
    ----------
    posterior
        From `servanda.models.fit` or a file.
    cases
        A probability for each case, from `chance_of`, e.g. that Russia keeps a promise, and that China does.
    shared
        Group effects whose unseen member is the same in all cases; the guarantee, where there is one, by default.
    memory
        As in `probability`.

    Returns
    -------
    DataArray
        Dims chain, draw, acting; its states are numbers from 0 to that of the cases, so that `at_least` takes it:
        any is ``at_least(answer, "acting", 1)``.

    Raises
    ------
    QueryError
        Listing every fault of the cases, a case that is a difference, a group that the network does not have.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Posterior
    >>> tables = {"kept": xr.DataArray([0.4, 0.6], dims="kept")}
    >>> posterior = Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), tables)
    >>> together(posterior, [chance_of("kept", "yes")] * 2).values.round(2)
    array([[[0.16, 0.48, 0.36]]])
    """
    listed = list(cases)
    if not listed:
        raise QueryError.of("cases", "there are none; give a probability for each, from chance_of")
    numbers = number_together(posterior, listed, shared, memory=memory)
    whole = numbers.reshape((len(numbers), *posterior.sizes.values()))
    coords: dict[str, Any] = {dim: posterior.draws[dim].values for dim in ("chain", "draw")}
    coords["acting"] = [str(number) for number in range(len(numbers))]
    answer = xr.DataArray(whole, dims=("acting", "chain", "draw"), name="probability").transpose("chain", "draw", ...)
    return answer.assign_coords(coords)


def at_least(answer: xr.DataArray, node: str, members: int) -> xr.DataArray:
    """Probability that so many act, from an answer about a `headcount`.

    Any acts is ``at_least(answer, node, 1)``; all of k act is ``at_least(answer, node, k)``, where the answer was
    asked for k members. An answer about a `headcount` holds all three, so that they come from one posterior; they are
    different events, and it has to be said which one a number is about.

    Parameters
    ----------
    answer
        From `probability`, with `node` among its dims.
    node
        The headcount; its states are numbers.
    members
        How many must act.

    Returns
    -------
    DataArray
        The dims of `answer` but `node`; of its attributes those that hold of this event too.

    Raises
    ------
    QueryError
        If `answer` has no such dim, or its states are no numbers.

    Examples
    --------
    >>> import xarray as xr
    >>> answer = xr.DataArray([0.5, 0.3, 0.2], dims="acting", coords={"acting": ["0", "1", "2"]})
    >>> [round(float(at_least(answer, "acting", number)), 1) for number in (1, 2)]
    [0.5, 0.2]
    """
    own = name_in(answer.dims, node)
    if own not in answer.dims:
        raise QueryError.of("answer", f"has no dim '{node}'; it has {', '.join(map(str, answer.dims))}")
    states = [str(state) for state in answer[own].values]
    if not all(state.isdecimal() for state in states):
        shown = ", ".join(states)
        raise QueryError.of(f"node {node}", f"has the states {shown}; expected numbers of members, as of a headcount")
    enough = answer.isel({own: [place for place, state in enumerate(states) if int(state) >= members]})
    with xr.set_options(keep_attrs=False):
        total = enough.sum(own)
    # Of what the answer says of itself, what holds of every event of its nodes holds of this one.
    attrs = {key: value for key, value in answer.attrs.items() if key in (*NO_EFFECT, "whose_conduct")}
    if "question" in answer.attrs:
        attrs["question"] = f"{answer.attrs['question']}, {node} at least {members}"
    if {"chain", "draw"} <= set(total.dims):
        attrs["answer"] = in_short(total)
    return total.assign_attrs(attrs)
