"""From how many of a group act to what the group does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...models.errors import QueryError

if TYPE_CHECKING:
    import xarray as xr


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
        The dims of `answer` but `node`.

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
    if node not in answer.dims:
        raise QueryError.of("answer", f"has no dim '{node}'; it has {', '.join(map(str, answer.dims))}")
    states = [str(state) for state in answer[node].values]
    if not all(state.isdecimal() for state in states):
        shown = ", ".join(states)
        raise QueryError.of(f"node {node}", f"has the states {shown}; expected numbers of members, as of a headcount")
    return answer.isel({node: [place for place, state in enumerate(states) if int(state) >= members]}).sum(node)
