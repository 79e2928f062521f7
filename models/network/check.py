"""Faults of a network, all found at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from ...common.errors import Fault, nearest, nearest_to, raise_faults
from ..errors import NetworkError, wrong_kinds
from ..families import FAMILIES
from ..names import DERIVED, node_dim
from ..node import Local, Node

#: Names that a group effect cannot have, since dims of draws have them. A node may: its dims are escaped.
RESERVED = frozenset({"chain", "draw", "sample", "case", "variable"})


def check_network(name: str, nodes: Sequence[Node]) -> None:
    """Raise with every fault of a network of the given name and nodes.

    Raises
    ------
    NetworkError
        Listing node by node what is wrong.
    """
    raise_faults(f"network {name}", _kind_faults(nodes), NetworkError)
    faults = [*_name_faults(nodes)]
    known = {node.name: node for node in nodes}
    hint = nearest_to(known)
    sound = []
    for node in nodes:
        arrows = [*_arrow_faults(node, known, hint)]
        faults += [Fault(f"node {node.name}", what) for what in (*_state_faults(node), *arrows)]
        sound += [] if arrows else [node]
        faults += [Fault(f"node {node.name}", what) for what in _anchor_faults(node, known)]
    faults += _family_faults(sound, known)
    faults += _cycle_faults(nodes)
    raise_faults(f"network {name}", faults, NetworkError)


def _kind_faults(nodes: Sequence[Node]) -> list[Fault]:
    """What is no node, or has no text for its name."""
    given = {f"node {place}": (node, Node) for place, node in enumerate(nodes, start=1)}
    names = {f"{place}, its name": (node.name, str) for place, (node, _) in given.items() if isinstance(node, Node)}
    return wrong_kinds({**given, **names})


def _name_faults(nodes: Sequence[Node]) -> Iterator[Fault]:
    if not nodes:
        yield Fault("nodes", "there are none; a network needs at least one")
    for name, count in Counter(node.name for node in nodes).items():
        if count > 1:
            places = [str(place) for place, node in enumerate(nodes, start=1) if node.name == name]
            there = f"{', '.join(places[:-1])} and {places[-1]}"
            yield Fault(f"node {name}", f"is declared {count} times, as nodes {there}; keep one of them")
        if not name or not name.isprintable() or name != name.strip():
            yield Fault(f"node {name!r}", "a name must be printable text without a space at its ends")
    names = {node.name for node in nodes}
    derived = {f"{name}{end}" for name in names for end in DERIVED}
    columns: dict[str, str] = {}
    for group in (group for node in nodes for group in node.groups):
        if group.name in names | set(map(node_dim, names)) | derived | RESERVED:
            yield Fault(f"group {group.name}", "has the name of a node, of its steps or states, or of a dim of draws")
        if columns.setdefault(group.name, group.column) != group.column:
            yield Fault(f"group {group.name}", f"has two columns, '{columns[group.name]}' and '{group.column}'")


def _state_faults(node: Node) -> Iterator[str]:
    if not node.states:
        yield "has no states"
    repeated = [state for state, count in Counter(node.states).items() if count > 1]
    if repeated:
        yield f"repeats the states {', '.join(repeated)}"
    if node.values and len(node.values) != len(node.states):
        yield f"has {len(node.values)} values for {len(node.states)} states"
    if not all(map(math.isfinite, node.values)):
        yield "has a value that is no finite number"
    if node.coding and node.coding.lower:
        lower = node.coding.lower
        if len(lower) != len(node.states):
            yield f"coding has {len(lower)} lower bounds for {len(node.states)} states"
        if any(not a < b for a, b in pairwise(lower)) or any(map(math.isnan, lower)):
            yield "lower bounds of the coding do not ascend"
    for level, state in node.coding.levels if node.coding else ():
        if state not in node.states:
            yield f"coding sends level '{level}' to an unknown state '{state}'{nearest(state, node.states)}"


def _arrow_faults(node: Node, known: dict[str, Node], hint: Callable[[str], str]) -> Iterator[str]:
    for parent, count in Counter(node.parent_names).items():
        if count > 1:
            yield f"names the parent '{parent}' {count} times"
        if parent == node.name:
            yield "is its own parent"
        elif parent not in known:
            yield f"has an undeclared parent '{parent}'{hint(parent)}"
    for arrow in node.parents:
        if arrow.by is not None and (arrow.by not in node.parent_names or arrow.by == arrow.parent):
            others = [name for name in node.parent_names if name != arrow.parent]
            near = nearest(arrow.by, others)
            yield f"arrow from '{arrow.parent}' varies by '{arrow.by}', which is no other parent{near}"


def _anchor_faults(node: Node, known: dict[str, Node]) -> Iterator[str]:
    if node.anchored_by is None:
        return
    children = [other.name for other in known.values() if node.name in other.parent_names]
    if node.anchored_by not in children:
        yield f"is anchored by '{node.anchored_by}', which is no child of it{nearest(node.anchored_by, children)}"
        return
    child = known[node.anchored_by]
    if len(child.states) < 2:
        yield f"is anchored by '{child.name}', which has a single state; take a child with two or more"
    elif child.values and sorted(set(child.values)) != list(child.values):
        yield f"is anchored by '{child.name}', whose values do not ascend; put its states in order"
    elif _reported(child, known) == node.name:
        yield f"is anchored by '{child.name}', which says what its states are by its own prior; drop anchored_by"


def _reported(node: Node, known: dict[str, Node]) -> str | None:
    """Parent of which a node says what state it is in, where all of its parents are there to be asked about."""
    if node.family not in FAMILIES or not all(parent in known for parent in node.parent_names):
        return None
    return FAMILIES[node.family].reported(Local.of(node, known))


def _family_faults(nodes: list[Node], known: dict[str, Node]) -> list[Fault]:
    faults, owners = [], {}
    for node in nodes:
        where, local = f"node {node.name}", Local.of(node, known)
        if node.family not in FAMILIES:
            faults.append(Fault(where, f"unknown family '{node.family}'{nearest(node.family, FAMILIES)}"))
        elif found := [*_option_faults(node), *FAMILIES[node.family].faults(local)]:
            faults += [Fault(where, what) for what in found]
        else:
            names = [parameter.name for parameter in FAMILIES[node.family].parameters(local)]
            names += [f"{node.name}.{group.name}" for group in node.groups]
            twice = sorted({name for name in names if names.count(name) > 1})
            faults += [Fault(where, f"has two parameters '{name}'; rename a parent or a group") for name in twice]
            both = sorted({own for own in names if owners.get(own, node.name) != node.name or own in known})
            faults += [
                Fault(where, f"has a parameter '{name}', {_other(name, owners)}; rename a node") for name in both
            ]
            owners |= dict.fromkeys(names, node.name)
    return faults


def _other(name: str, owners: Mapping[str, str]) -> str:
    return f"as node {owners[name]} has" if name in owners else "which is the name of a node"


def _option_faults(node: Node) -> Iterator[str]:
    known = FAMILIES[node.family].options
    for name, count in Counter(name for name, _ in node.options).items():
        if count > 1:
            yield f"states the option '{name}' {count} times"
        if name not in known:
            hint = nearest(name, known) if known else "; it has none"
            yield f"family '{node.family}' has no option '{name}'{hint}"


def _cycle_faults(nodes: Sequence[Node]) -> list[Fault]:
    try:
        TopologicalSorter({node.name: node.parent_names for node in nodes}).prepare()
    except CycleError as error:
        return [Fault("arrows", f"form a cycle: {' <- '.join(map(str, error.args[1]))}")]
    return []
