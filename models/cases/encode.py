"""From a data frame to state numbers: the only place where data meets the states of a network."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.frames import as_frame
from ..errors import DataError, QueryError
from ..network.network import Network
from ..network.toml import as_network
from ..node import Node, as_text, known_as
from .files import open_cases

if TYPE_CHECKING:
    import pandas as pd

MISSING = -1
#: Column that names a case, and column that says which data set it comes from.
CASE_ID = "case_id"
DATA_SET = "data_set"
#: Where a table says from which file it comes, and what the index of one is called that counts the lines of the file.
SOURCE = "source"
LINE = "line"
#: How many rows of a kind an error names.
SHOWN = 5
BLANK_MEMBER = "is blank; every case needs one"


@dataclass(frozen=True)
class Cases:
    """Coded cases, or patterns of cases with how many there are of each.

    Parameters
    ----------
    codes
        Node -> state number of each case, shape (cases,); -1 where the cell is missing.
    members
        Group effect -> member number of each case, shape (cases,).
    levels
        Group effect -> its members, sorted.
    labels
        Name of each case.
    counts
        How many cases each stands for; None where each is one.
    data_sets
        Names of the data sets that the cases were taken from, so that a prior made from one is not used with it.
    unused
        Columns of the data that belong to no node and no group.
    """

    codes: Mapping[str, np.ndarray]
    members: Mapping[str, np.ndarray]
    levels: Mapping[str, tuple[str, ...]]
    labels: tuple[str, ...]
    counts: np.ndarray | None = None
    data_sets: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def weights(self) -> np.ndarray:
        """How many cases each stands for."""
        return np.ones(len(self), np.int64) if self.counts is None else self.counts

    @property
    def total(self) -> int:
        """How many cases there are in all."""
        return int(self.weights.sum())

    @property
    def missing(self) -> dict[str, int]:
        """Node -> number of missing cells, for nodes that have any."""
        found = {name: int(self.weights[codes == MISSING].sum()) for name, codes in self.codes.items()}
        return {name: count for name, count in found.items() if count}

    @property
    def digest(self) -> str:
        """SHA-256 over everything a fit can see, so that a stored fit is found again."""
        digest = hashlib.sha256()
        for name in sorted(self.codes):
            digest.update(name.encode() + np.ascontiguousarray(self.codes[name], np.int32).tobytes())
        for name in sorted(self.members):
            digest.update(name.encode() + np.ascontiguousarray(self.members[name], np.int32).tobytes())
            digest.update("\0".join(self.levels[name]).encode())
        digest.update("\0".join(self.labels).encode())
        if self.counts is not None:
            digest.update(np.ascontiguousarray(self.counts, np.int64).tobytes())
        digest.update("\0".join(self.data_sets).encode())
        return digest.hexdigest()


def encode(
    network: Network | str | os.PathLike[str],
    data: Any,
    *,
    unobserved: str | Iterable[str] = (),
    strict: bool = False,
) -> Cases:
    """Code a table by the states of a network.

    A node's column is the one its coding names, else the column of its own name. A node without a column is refused
    unless it is declared latent (`Node.latent`), named in `unobserved`, or anchored (`Node.anchored_by`) and no column
    is spelt like it: all its cells are missing then. A blank cell is missing. A column `case_id` names the cases. A
    column `data_set`, or ``data.attrs["data_sets"]``, names the data sets they come from.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file: it gives states and codings.
    data
        One row a case: a data frame, a dict of columns, a list of dicts, or an Arrow or polars table; or the path of a
        file that `servanda.models.count_cases` reads, which counts equal cases where this keeps each.
    unobserved
        Nodes that nobody observed in these cases, beside those the network declares latent.
    strict
        Refuse a column that belongs to no node and no group. Else such columns are not used, and `Cases.unused` names
        them.

    Returns
    -------
    Cases

    Raises
    ------
    NetworkError
        As `servanda.models.load_network`.
    DataError
        If a file cannot be read; or listing every node without a column, with the column that is spelt most like it,
        and every cell that is no state, by row number (1 is the first case) and column.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> encode(network, pd.DataFrame({"rain": ["yes", None, "no"]})).codes["rain"]
    array([ 1, -1,  0])
    >>> encode(network, {"Rain": ["yes", "no"]})  # doctest: +NORMALIZE_WHITESPACE
    Traceback (most recent call last):
    servanda.models.errors.DataError: data: node rain: has no column 'rain'; did you mean 'Rain'? If nobody observed it,
    say latent = true of it, or unobserved=('rain',)
    """
    network = as_network(network).with_latent(unobserved)
    data, columns, source = _table(network, data)
    faults = table_faults(network, columns, len(data), strict=strict)
    codes = {node.name: _node_codes(node, data, faults) for node in network.nodes}
    members, levels = {}, {}
    for name, column in network.group_columns.items():
        if column not in columns:
            faults.append(missing_group(name, column, columns))
            continue
        members[name], levels[name] = _group_codes(column, data, faults)
    raise_faults(source, faults, DataError)
    labels = data[CASE_ID].astype(str) if CASE_ID in columns else [str(row) for row in range(1, len(data) + 1)]
    unused = unused_columns(network, columns)
    return Cases(codes, members, levels, tuple(labels), data_sets=_data_sets(network, data), unused=unused)


def _table(network: Network, data: Any) -> tuple[pd.DataFrame, list[str], str]:
    """Data frame with the columns that a network needs, names of all columns, and what a fault is said of."""
    if not isinstance(data, str | os.PathLike):
        frame = as_frame(data, error=DataError)
        return frame, list(frame.columns), str(frame.attrs.get(SOURCE, "data"))
    import pandas as pd

    columns, batches, _ = open_cases(data, [*needed_columns(network), CASE_ID])
    frames = [pd.DataFrame(batch.to_pydict(), dtype=object) for batch in batches]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns), columns, str(data)


def table_or_coded(cases: Any) -> Any:
    """Data frame of a table of any kind; coded cases and the path of a file as they are.

    Raises
    ------
    DataError
        If it is none of them.
    """
    return cases if isinstance(cases, Cases | str | os.PathLike) else as_frame(cases, error=DataError)


def _data_sets(network: Network, data: pd.DataFrame) -> tuple[str, ...]:
    """Name the data sets that a table says it comes from, unless the network has the column for a node's own."""
    said = data.attrs.get("data_sets") or ()
    named = [said] if isinstance(said, str) else [str(name) for name in said]
    if DATA_SET in data.columns and DATA_SET not in map(data_column, network.nodes):
        named += [str(name) for name in data[DATA_SET].dropna().unique()]
    return named_once(named)


def named_once(names: Iterable[str]) -> tuple[str, ...]:
    """Give names without blanks around them, each once, in order."""
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def code_evidence(network: Network, data: pd.DataFrame, faults: list[Fault]) -> dict[str, np.ndarray]:
    """Code a table of evidence: a column for each node that some case knows, blank cells where nothing is known.

    Parameters
    ----------
    data
        Columns are nodes, holding states, or the data columns that nodes are coded from.
    faults
        What is wrong is added here.

    Returns
    -------
    dict
        Node -> state number of each case, -1 where it is not known.
    """
    try:
        data = as_frame(data)
    except InputError as error:
        faults += [fault.within("given") for fault in error.faults]
        return {}
    named = set(data.columns)
    codes, used = {}, set()
    for node in network.nodes:
        if node.name in named:
            plain = replace(node, coding=None if node.coding is None else replace(node.coding, column=node.name))
            codes[node.name] = _node_codes(plain, data, faults, node.index)
            used.add(node.name)
        elif data_column(node) in named:
            codes[node.name] = _node_codes(node, data, faults)
            used.add(data_column(node))
    columns = list(dict.fromkeys([*network.names, *(data_column(node) for node in network.nodes)]))
    used |= {data_column(node) for node in network.nodes if node.name in named} & named
    faults += [
        Fault(f"given, column {column}", f"belongs to no node; drop it or rename it{nearest(column, columns)}")
        for column in sorted(named - used)
    ]
    if not len(data):
        faults.append(Fault("given", "has no row; a table of evidence needs one for each case"))
    return codes


def table_faults(network: Network, columns: Sequence[str], rows: int, *, strict: bool = False) -> list[Fault]:
    """Say what is wrong with a table as a whole: no rows, nodes and columns that do not find each other."""
    faults = []
    if not rows:
        faults.append(Fault("rows", "there are none; a fit needs at least one case"))
    nodes = {node.name: data_column(node) for node in network.nodes}
    unused = unused_columns(network, columns)
    faults += [
        Fault(f"node {node.name}", f"is said to be latent, and there is a column '{column}'; drop it, or do not say so")
        for node in network.nodes
        if node.latent and (column := nodes[node.name]) in columns
    ]
    bare = [node.name for node in network.nodes if not node.latent and nodes[node.name] not in columns]
    hints = {name: nearest(nodes[name], unused) for name in bare}
    if not set(columns) & set(nodes.values()) and not any(map(_is_close, hints.values())):
        wanted = ", ".join(dict.fromkeys(nodes[node.name] for node in network.nodes if not node.latent))
        faults.append(Fault("columns", f"none belongs to a node; expected {wanted or 'one of a node that is seen'}"))
    else:
        # An anchor says what to do without data, so that only a column that may be the node's is in doubt.
        faults += [
            Fault(f"node {name}", _no_column(name, nodes[name], hint))
            for name, hint in hints.items()
            if network[name].anchored_by is None or _is_close(hint)
        ]
    known = [*nodes.values(), *network.group_columns.values()]
    faults += [
        Fault(f"column {column}", f"belongs to no node and no group{nearest(column, known)}")
        for column in (unused if strict else ())
    ]
    return faults


def _is_close(hint: str) -> bool:
    return hint.endswith("?")


def _no_column(name: str, column: str, hint: str) -> str:
    end = " If" if _is_close(hint) else "; if"
    return f"has no column '{column}'{hint}{end} nobody observed it, say latent = true of it, or unobserved=('{name}',)"


def needed_columns(network: Network) -> list[str]:
    """Columns of the data that hold a node's cells, a group's members, or the data set of a case."""
    return list(dict.fromkeys([*map(data_column, network.nodes), *network.group_columns.values(), DATA_SET]))


def unused_columns(network: Network, columns: Iterable[str]) -> tuple[str, ...]:
    """Columns that belong to no node and no group, and neither name a case nor its data set."""
    used = {*needed_columns(network), CASE_ID}
    return tuple(column for column in columns if column not in used)


def missing_group(name: str, column: str, columns: Collection[str]) -> Fault:
    """Say that a group's column is not there."""
    return Fault(f"column {column}", f"is missing; effect '{name}' needs it{nearest(column, columns)}")


def bad_cells(rows: Sequence[int], total: int, column: str, what: str, kind: str = "case") -> Fault:
    """Say what is wrong with `total` cells of a column, of which the first are in `rows`."""
    shown = ", ".join(map(str, rows[:SHOWN])) + (f" and {total - SHOWN} more" if total > SHOWN else "")
    return Fault(f"{kind} {shown}, column {column}", what)


def _bad_cells(data: pd.DataFrame, bad: np.ndarray, column: str, what: str) -> Fault:
    """Say what is wrong with some cells of a column: by the lines of a file, else by the number of the case."""
    rows = np.flatnonzero(bad)
    in_file = data.index.name == LINE
    places = data.index[rows].tolist() if in_file else (rows + 1).tolist()
    return bad_cells(places, len(rows), column, what, "row" if in_file else "case")


def data_column(node: Node) -> str:
    """Name the column of the data that holds a node's cells."""
    return node.coding.column if node.coding else node.name


def coder(node: Node) -> Callable[[Any], int]:
    """Give what turns a cell that is not blank into the number of a state, or raises ValueError saying why not."""
    return _number_coder(node) if node.coding and node.coding.lower else _level_coder(node)


def _node_codes(
    node: Node, data: pd.DataFrame, faults: list[Fault], code: Callable[[Any], int] | None = None
) -> np.ndarray:
    column = data_column(node)
    if column not in data.columns:
        return np.full(len(data), MISSING)
    values = data[column]
    cells = [_hashable(value) for value in values.to_numpy(object)]
    blank = values.isna().to_numpy(bool)
    code = code or coder(node)
    distinct: dict[Any, int] = {}
    bad: dict[Any, str] = {}
    # Each distinct cell is looked at once; text of nothing but spaces is a blank.
    for value in dict.fromkeys(cell for cell, empty in zip(cells, blank, strict=True) if not empty):
        if isinstance(value, str) and not value.strip():
            continue
        try:
            distinct[value] = code(value)
        except (ValueError, QueryError) as error:
            bad[value] = error.faults[0].what if isinstance(error, QueryError) else str(error)
    for value, problem in bad.items():
        faults.append(_bad_cells(data, (values == value).fillna(value=False).to_numpy(bool), column, problem))
    found = (MISSING if empty else distinct.get(value, MISSING) for value, empty in zip(cells, blank, strict=True))
    return np.fromiter(found, np.int64, len(cells))


def _level_coder(node: Node) -> Any:
    known = {state: place for place, state in enumerate(node.states)}
    known |= {level: node.states.index(state) for level, state in (node.coding.levels if node.coding else ())}

    def code(value: object) -> int:
        place = known_as(value, known)
        if place is None:
            text = as_text(value)
            raise ValueError(f"'{text}' is not a state of {node.name}{nearest(text, known)}")
        return place

    return code


def _hashable(value: object) -> object:
    """What cannot be a state is shown as the text it is."""
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value


def _number_coder(node: Node) -> Any:
    lower = list(node.coding.lower) if node.coding else []

    def code(value: Any) -> int:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"'{value}' is not a number") from None
        place = sum(number >= bound for bound in lower) - 1
        if place < 0:
            raise ValueError(f"{value} lies below the lowest state of {node.name}, which begins at {lower[0]:g}")
        return place

    return code


def _group_codes(column: str, data: pd.DataFrame, faults: list[Fault]) -> tuple[np.ndarray, tuple[str, ...]]:
    blank = data[column].isna().to_numpy()
    if blank.any():
        faults.append(_bad_cells(data, blank, column, BLANK_MEMBER))
    levels, codes = np.unique([as_text(member) for member in data[column]], return_inverse=True)
    return codes, tuple(str(level) for level in levels)
