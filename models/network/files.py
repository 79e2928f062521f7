"""Networks with their tables in files of other tools; see `servanda.models.formats.files` for what those hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from ...common.errors import Fault
from ..formats.files import format_of, write_content
from .network import Network, read_network
from .tables import labelled_tables, ordered_tables


class NetworkFile(NamedTuple):
    """What a network file holds.

    Parameters
    ----------
    network
        Structure and states; every node is a `table`.
    tables
        Node -> table, dims parents then node, labelled with the states.
    rows_scaled
        Node -> how far from one its worst row was, for nodes with rows that were scaled to add up to one.
    """

    network: Network
    tables: dict[str, xr.DataArray]
    rows_scaled: dict[str, float]


def read_network_file(path: str | os.PathLike[str]) -> NetworkFile:
    """Read a network with its tables; the suffix says the format, and ``.gz`` after it that it is compressed.

    Parameters
    ----------
    path
        A file whose name ends in ``.bif``, ``.xmlbif`` (or ``.xml``, ``.bifxml``), ``.xdsl`` or ``.net``.

    Returns
    -------
    NetworkFile
        Network, tables and which rows were scaled. The network has the name that the file gives, or else the
        file's own name.

    Raises
    ------
    FormatError
        If there is no such file, its suffix or its content is of no known format, a node is not discrete, or a
        row adds up to something further from one than rounding explains (0.01).

    Examples
    --------
    >>> from pathlib import Path
    >>> written = Path("lawn.net").write_text('''
    ... net { }
    ... node rain { states = ("no" "a little"); }
    ... potential (rain) { data = (0.8 0.2); }
    ... ''')
    >>> network, tables, rows_scaled = read_network_file("lawn.net")
    >>> network.name, network["rain"].states, tables["rain"].values.tolist(), rows_scaled
    ('lawn', ('no', 'a little'), [0.8, 0.2], {})
    """
    network, content, off = read_network(path)
    return NetworkFile(network, labelled_tables(content), off)


def write_network_file(network: Network, tables: Mapping[str, xr.DataArray], path: str | os.PathLike[str]) -> None:
    """Write a network with its tables, whole or not at all; the suffix says the format.

    Parameters
    ----------
    network
        Its nodes, states and arrows are written; see `servanda.models.formats.files` for what no format holds.
    tables
        Node -> table with dims parents and node, in any order, without draws.
    path
        A file whose name ends in ``.bif``, ``.xmlbif`` (or ``.xml``, ``.bifxml``), ``.xdsl`` or ``.net``, and in
        ``.gz`` after that if it shall be compressed.

    Raises
    ------
    FormatError
        If the suffix is not known, a name cannot stand in the format, the tables hold several draws, or the file
        cannot be written.
    DataError
        If the tables are not those of the network.

    Examples
    --------
    >>> from servanda.models import Node
    >>> network = Network((Node("backers", ("none", "1-2", "3+")),), name="lone")
    >>> tables = {"backers": xr.DataArray([0.5, 0.25, 0.25], dims="backers")}
    >>> write_network_file(network, tables, "lone.xmlbif")
    >>> read_network_file("lone.xmlbif").network == network
    True
    """
    format_of(path)  # a format that is not known is said before anything about the tables
    drawn = ordered_tables(network, tables)
    content = network.to_content({name: table[0, 0] for name, table in drawn.items()})
    write_content(content, path, faults=_draw_faults(drawn))


def _draw_faults(tables: Mapping[str, np.ndarray]) -> Iterator[Fault]:
    draws = max(table.shape[0] * table.shape[1] for table in tables.values())
    if draws > 1:
        yield Fault("tables", f"hold {draws} draws, a file holds one; give their mean over chain and draw")
