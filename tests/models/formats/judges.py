"""What every test of formats needs: small networks, files by hand, and the judges of what was read."""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from servanda.models import Arrow, FormatError, Network, Node, read_network_file
from servanda.models.formats.pgmpy import content_from_pgmpy
from servanda.models.network.tables import labelled_tables

from ..makers import labelled, random_tables

LAWN = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))), name="lawn")
TABLES = {
    "rain": xr.DataArray([1 / 3, 2 / 3], dims="rain"),
    "wet": xr.DataArray([[0.9, 0.1], [1e-20, 1.0]], dims=("rain", "wet")),
}


@cache
def imported_pyagrum():
    with warnings.catch_warnings():
        # Its compiled part warns of its own making while it loads, and crashes where that is an error.
        warnings.simplefilter("ignore")
        import pyagrum
    return pyagrum


def one_draw(network, seed):
    tables = labelled(network, random_tables(network, seed, draws=1))
    return {name: table.isel(chain=0, draw=0) for name, table in tables.items()}


def plain(network):
    """The network as a file can hold it."""
    nodes = (Node(node.name, node.states, tuple(map(Arrow, node.parent_names))) for node in network.nodes)
    return Network(tuple(nodes), name=network.name)


def assert_same(network, tables, found):
    """Names, order of states and of parents, and every digit."""
    assert found.network == plain(network)
    assert found.rows_scaled == {}
    assert set(found.tables) == set(network.names)
    for name, table in found.tables.items():
        assert table.dims == network.axes(name)
        assert [list(table.coords[axis].values) for axis in table.dims] == [
            list(network[axis].states) for axis in table.dims
        ]
        np.testing.assert_array_equal(table.values, tables[name].transpose(*table.dims).values)


#: Suffix -> module of pgmpy.readwrite and the beginning of its classes.
PGMPY = {".bif": "BIF", ".xmlbif": "XMLBIF", ".xdsl": "XDSL", ".net": "NET"}


def pgmpy_class(suffix, what):
    return getattr(importlib.import_module(f"pgmpy.readwrite.{PGMPY[suffix]}"), PGMPY[suffix] + what)


def assert_pgmpy_agrees(network, tables, path):
    model = pgmpy_class(path.suffix, "Reader")(str(path)).get_model()
    assert Network.from_pgmpy(model, network.name) == plain(network)
    for name, table in labelled_tables(content_from_pgmpy(model)).items():
        np.testing.assert_array_equal(table, tables[name].transpose(*table.dims))


def assert_pyagrum_agrees(network, tables, path):
    pyagrum = imported_pyagrum()
    if path.suffix == ".xmlbif":
        path = path.rename(path.with_suffix(".bifxml"))  # the suffix it knows
    model = pyagrum.loadBN(str(path))
    assert set(model.names()) == set(network.names)
    for node in network.nodes:
        assert model.variable(node.name).labels() == node.states
        if path.suffix == ".xdsl" and len(node.parents) > 1:
            continue  # it lets the first parent vary fastest, against the files of GeNIe itself
        cpt = model.cpt(node.name)
        with warnings.catch_warnings():
            # It sets the shape of an array in a way that NumPy 2.5 deprecates.
            warnings.simplefilter("ignore", DeprecationWarning)
            cells = cpt.toarray()
        cells = cells.transpose([cells.ndim - 1 - cpt.names.index(axis) for axis in network.axes(node.name)])
        # It reads XML in single precision.
        np.testing.assert_allclose(cells, tables[node.name].transpose(*network.axes(node.name)), rtol=1e-6, atol=1e-12)


def bundled(name):
    import pgmpy.utils

    return Path(pgmpy.utils.__file__).parent / "example_models" / f"{name}.bif.gz"


def read_text(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_network_file(path)


def refused(function, *args):
    with pytest.raises(FormatError) as raised:
        function(*args)
    return raised.value


#: The beginning of a BIF file whose tables are to follow.
BADLY = """network x { }
    variable a { type discrete [2] { x, y }; }
    variable b { type discrete [2] { x, y }; }
    variable c { type discrete [2] { x, y }; }
    """
