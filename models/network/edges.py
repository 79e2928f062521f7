"""Nodes from arrows and a table: the states of each from what its column holds."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from ...common.errors import Fault, nearest, raise_faults
from ...common.frames import as_frame
from ..errors import NetworkError
from ..node import DEFAULT_FAMILY, Arrow, Node, as_text


def nodes_from_edges(
    edges: Iterable[tuple[Any, Any]],
    data: Any,
    *,
    nodes: Iterable[Any] = (),
    families: Mapping[str, str] | None = None,
    most_states: int,
    subject: str = "network",
) -> tuple[Node, ...]:
    """Nodes that arrows name, in the order of the columns that hold them; see `Network.from_edges`.

    Raises
    ------
    NetworkError
        Listing what is no pair, what is no column, and columns that give no list of states.

    Examples
    --------
    >>> days = {"wet": [0, 1, 1], "rain": ["no", "yes", "no"]}
    >>> wet, rain = nodes_from_edges([("rain", "wet")], days, most_states=2)
    >>> rain.states, rain.ordered, wet.states, wet.ordered, wet.values
    (('no', 'yes'), False, ('0', '1'), True, (0.0, 1.0))
    """
    frame = as_frame(data, error=NetworkError)
    columns = list(map(str, frame.columns))
    faults: list[Fault] = []
    pairs = [*_pairs(edges, faults)]
    alone = [str(name) for name in nodes]
    named = list(dict.fromkeys([*(name for pair in pairs for name in pair), *alone]))
    unknown = [name for name in named if name not in columns]
    faults += [Fault(f"node {name}", f"has no column of its name{nearest(name, columns)}") for name in unknown]
    chosen = dict(families or {})
    faults += [Fault(f"families, {name}", f"is no node{nearest(name, named)}") for name in chosen if name not in named]
    if not named:
        faults.append(Fault("edges", "there are none; give pairs of columns, such as [('sworn', 'kept')]"))
    made = []
    for name in (column for column in columns if column in named):
        states, ordered, values = _states(name, pd.Series(frame[name]), most_states, faults)
        parents = tuple(Arrow(parent) for parent, child in pairs if child == name)
        family = chosen.get(name, DEFAULT_FAMILY)
        made.append(Node(name, states, parents, family, ordered=ordered, values=values))
    raise_faults(subject, faults, NetworkError)
    return tuple(made)


def _pairs(edges: Iterable[Any], faults: list[Fault]) -> Iterator[tuple[str, str]]:
    for number, edge in enumerate(edges, start=1):
        # Two letters are no pair of columns.
        parts = list(edge) if isinstance(edge, Collection) and not isinstance(edge, str) else []
        if len(parts) == 2:
            yield str(parts[0]), str(parts[1])
        else:
            faults.append(Fault(f"edge {number}", f"{edge!r} is no pair of a parent and its child"))


def _states(
    name: str, column: pd.Series, most: int, faults: list[Fault]
) -> tuple[tuple[str, ...], bool, tuple[float, ...]]:
    """States, whether their order means something, and a number for each where they are numbers."""
    where, dtype = f"column {name}", column.dtype
    cells = _texts(column.dropna().tolist())
    if not cells:
        faults.append(Fault(where, "is blank in every row, so that nothing says what its states are"))
        return ("",), False, ()
    states = _texts(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) else cells
    numbers = _numbers(states)
    if numbers and not isinstance(dtype, pd.CategoricalDtype):
        spelt = dict(zip(reversed(numbers), reversed(states), strict=True))  # 1 and 1.0 are one state
        numbers = sorted(spelt)
        states = [spelt[number] for number in numbers]
    if len(states) > most:
        kind = "numbers" if numbers else "texts"
        cure = f"cut it, for example by pandas.cut(frame['{name}'], 4)" if numbers else "merge those that mean the same"
        faults.append(Fault(where, f"holds {len(states)} different {kind}; {cure}, or raise most_states (now {most})"))
    if isinstance(dtype, pd.CategoricalDtype):
        ascending = numbers == sorted(set(numbers))
        return tuple(states), bool(dtype.ordered), tuple(numbers) if ascending else ()
    return (tuple(states), True, tuple(numbers)) if numbers else (tuple(sorted(states)), False, ())


def _texts(cells: Iterable[Any]) -> list[str]:
    """Text of cells that are not blank, each once."""
    return [text for text in dict.fromkeys(map(as_text, cells)) if text.strip()]


def _numbers(texts: list[str]) -> list[float]:
    """Numbers that all of some texts are; else nothing."""
    try:
        found = [float(text) for text in texts]
    except ValueError:
        return []
    return found if all(map(math.isfinite, found)) else []
