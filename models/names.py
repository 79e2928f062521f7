"""Names of nodes as names of dims and variables: one that is taken is escaped, and comes back as it was written.

A node may be called what its author likes: `Kept? v1.2`, `case`, `chain`. An array of draws has a dim `chain` already,
though. Where a name is taken, the word *node* stands in front of it; everywhere else it is as it was written. What a
netCDF file cannot hold in a name is the business of `servanda.models.store`.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Hashable

#: What stands in front of a name that is taken.
_NODE = "node "
#: Dims that draws have.
DRAWS = frozenset({"chain", "draw"})
#: What stands beside nodes in one answer or another.
_BESIDE = DRAWS | {
    "case",
    "sample",
    "probability",
    "log_joint",
    "ties",
    "rank",
    "base",
    "change",
    "difference",
    "ratio",
}
_BESIDE |= {"gain", "within", "loss", "mean", "lower", "upper", "sd", "mcse", "ess_bulk", "ess_tail", "rhat"}
#: Dims that draws of parameters have or get from ArviZ, whatever the network, and ends of the dims derived from nodes.
_OF_DRAWS = DRAWS | {
    "sample",
    "variable",
    "label",
    "summary",
    "component",
    "ci_bound",
    "quantile",
    "plot_axis",
    "kde_dim",
}
DERIVED = ("_step", "_on", "_above", "_parent")


def escape(name: str, taken: Collection[str]) -> str:
    """Name of a node where some names are taken already; different nodes stay different.

    A name that looks escaped is escaped wherever it stands, so that it can be told from one that is.

    Examples
    --------
    >>> [escape(name, {"chain", "draw"}) for name in ("kept", "chain", "node chain")]
    ['kept', 'node chain', 'node node chain']
    """
    return f"{_NODE}{name}" if _bare(name) in taken or _looks_escaped(name) else name


def unescape(name: str, taken: Collection[str]) -> str:
    """Name of a node from what `escape` made of it.

    Examples
    --------
    >>> unescape("node chain", {"chain", "draw"})
    'chain'
    """
    return name.removeprefix(_NODE) if _bare(name) in taken or _looks_escaped(name) else name


def _looks_escaped(name: str) -> bool:
    return name.startswith(_NODE) and _bare(name) in _BESIDE


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
    return escape(name, {bare} if bare in _OF_DRAWS or bare.endswith(DERIVED) else ())


def name_in(names: Container[Hashable], name: str) -> str:
    """Dim or variable of a node among those of an answer.

    Examples
    --------
    >>> name_in(("chain", "draw", "node chain"), "chain"), name_in(("chain", "draw", "case"), "case")
    ('node chain', 'case')
    """
    escaped = escape(name, _BESIDE)
    return escaped if escaped in names else name


def shown(name: str) -> str:
    """Name of a node, as it was written, from a dim or variable of an answer."""
    return unescape(name, _BESIDE)
