"""Names of nodes as names of dims and variables: one that is taken is escaped, and comes back as it was written.

A node may be called what its author likes: `Kept? v1.2`, `case`, `chain`. An array of draws has a dim `chain` already,
though. Where a name is taken, the word *node* stands in front of it; everywhere else it is as it was written. What a
netCDF file cannot hold in a name is the business of `servanda.models.store`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

#: What stands in front of a name that is taken.
_NODE = "node "
#: Dims that an answer can have beside those of nodes.
_OF_ANSWERS = frozenset({"chain", "draw", "case", "sample"})
#: Dims that draws of parameters have or get from ArviZ, whatever the network, and ends of the dims derived from nodes.
_OF_DRAWS = frozenset({"chain", "draw", "sample", "variable"})
_DERIVED = ("_step", "_on", "_above", "_parent")


def escape(name: str, taken: Collection[str]) -> str:
    """Name of a node where some names are taken already; different nodes stay different.

    Examples
    --------
    >>> [escape(name, {"chain", "draw"}) for name in ("kept", "chain", "node chain")]
    ['kept', 'node chain', 'node node chain']
    """
    return f"{_NODE}{name}" if _bare(name) in taken else name


def unescape(name: str, taken: Collection[str]) -> str:
    """Name of a node from what `escape` made of it.

    Examples
    --------
    >>> unescape("node chain", {"chain", "draw"})
    'chain'
    """
    return name.removeprefix(_NODE) if _bare(name) in taken else name


def _bare(name: str) -> str:
    while name.startswith(_NODE):
        name = name.removeprefix(_NODE)
    return name


def node_dim(name: str) -> str:
    """Dim of a node's states in parameters.

    Examples
    --------
    >>> node_dim("kept"), node_dim("draw"), node_dim("alarm_on")
    ('kept', 'node draw', 'node alarm_on')
    """
    bare = _bare(name)
    return escape(name, {bare} if bare in _OF_DRAWS or bare.endswith(_DERIVED) else ())


def answer_dims(names: Collection[str], beside: Collection[str]) -> tuple[str, ...]:
    """Dims of nodes in an answer that has other dims beside them."""
    return tuple(escape(name, beside) for name in names)


def dim_of(answer: xr.DataArray | xr.Dataset, name: str) -> str:
    """Dim of an answer that holds the states of a node.

    Examples
    --------
    >>> import xarray as xr
    >>> dim_of(xr.DataArray([[[1.0]]], dims=("chain", "draw", "node chain")), "chain")
    'node chain'
    """
    escaped = escape(name, _OF_ANSWERS)
    return escaped if escaped in answer.dims else name


def shown(dim: str) -> str:
    """Name of the node whose states a dim of an answer holds, as it was written."""
    return unescape(dim, _OF_ANSWERS)
