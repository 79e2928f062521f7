"""Network files: the same names, arrows and numbers after every format, read by pgmpy and pyAgrum as by us."""

from __future__ import annotations

import gzip
import importlib
import re
import string
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models import Arrow, DataError, Network, NetworkError, Node, Posterior, load_network
from servanda.models.formats.files import FORMATS, FormatError, read_network_file, write_network_file
from servanda.models.formats.pgmpy import scaled_to_one, tables_from_pgmpy
from servanda.models.network.check import RESERVED

from .makers import labelled, networks, random_tables, repeatable, seeds

SUFFIXES = [form.suffixes[0] for form in FORMATS.values()]

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
    for name, table in tables_from_pgmpy(model, network).items():
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


# Round trips


WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=6)
#: Odd names that ASCII formats hold, and those that only some do.
ODD_STATES = ["1-2", "3+", "<5", "no rain", "0", "-1", "1.5", "True", "a=b", "it's", "50%", "table", "a\\b", "x&y"]
ODDER_STATES = [*ODD_STATES, "a,b", "{x}", '"q"', "日本", "naïve", "a;b", "(a)", "a//b", "/*", "π≤3", "]]>", "<b>"]
ODD_NODES = ["type", "states", "my_node", "probability", "variables", "default", "table", "_x", "X1", "network"]
ODDER_NODES = [*ODD_NODES, "größe", "a-b", "a:b", "x&y", "node", "'x'", "1a"]


@st.composite
def odd_networks(draw, states, nodes):
    """The networks of `makers`, with names that a file could lose."""
    network = draw(networks(most_nodes=5, most_states=3))
    nodes = nodes.filter(lambda name: name not in RESERVED)
    names = draw(st.lists(nodes, min_size=5, max_size=5, unique_by=str.lower))
    renamed = dict(zip(sorted(network.names), names, strict=False))
    found = []
    for node in network.nodes:
        own = draw(st.lists(states, min_size=len(node.states), max_size=len(node.states), unique=True))
        found.append(Node(renamed[node.name], tuple(own), tuple(Arrow(renamed[p]) for p in node.parent_names)))
    return Network(tuple(found), name=draw(st.sampled_from(["net", "a-1", "unknown"])))


def word_or(odd):
    return WORDS | st.sampled_from(odd)


ANY_TEXT = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=5)
#: Suffix -> networks whose names the format holds.
HELD = {
    ".bif": odd_networks(word_or(ODD_STATES), word_or(ODDER_NODES)),
    ".xmlbif": odd_networks(word_or(ODDER_STATES) | ANY_TEXT, word_or([*ODDER_NODES, "two words", "a,b"])),
    ".xdsl": odd_networks(word_or(ODDER_STATES) | ANY_TEXT, word_or(ODDER_NODES)),
    ".net": odd_networks(word_or([*ODD_STATES, "a,b", "{x}", "a;b", "(a)", "a//b"]), st.sampled_from(ODD_NODES)),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(repeatable, max_examples=25)
@given(st.data(), seeds)
def test_odd_names_and_every_digit_come_back(tmp_path, suffix, data, seed):
    network = data.draw(HELD[suffix])
    tables = one_draw(network, seed)
    path = tmp_path / f"net{suffix}"
    write_network_file(network, tables, path)
    assert_same(network, tables, read_network_file(path))


#: Suffix -> networks that the format holds and both libraries read.
EASY = {
    ".bif": odd_networks(st.sampled_from(["a", "b1", "_c", "2", "31", "Yes"]), st.sampled_from([*"abcdE", "x_1"])),
    ".xmlbif": odd_networks(word_or(ODDER_STATES), word_or(["größe", "two words"])),
    ".xdsl": odd_networks(word_or(ODDER_STATES), word_or(["größe"])),
    ".net": odd_networks(st.sampled_from([*"abcd", "1-2", "3+", "50%", "-1", "1.5"]), st.sampled_from("abcdE")),
}


@pytest.mark.parametrize("agrees", [assert_pgmpy_agrees, assert_pyagrum_agrees])
@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(repeatable, max_examples=3)
@given(st.data(), seeds)
def test_other_libraries_read_the_same(tmp_path, suffix, agrees, data, seed):
    network = data.draw(EASY[suffix])
    tables = one_draw(network, seed)
    path = tmp_path / f"net{suffix}"
    write_network_file(network, tables, path)
    agrees(network, tables, path)


@pytest.mark.parametrize("suffix", [".xml", ".bifxml", ".bif.gz", ".XDSL.GZ", ".net.gz"])
def test_suffixes_and_compression(tmp_path, suffix):
    path = tmp_path / f"lawn{suffix}"
    write_network_file(LAWN, TABLES, path)
    raw = path.read_bytes()
    assert raw.startswith(b"\x1f\x8b") == suffix.lower().endswith(".gz")
    assert raw[4:8] == bytes(4) or raw[0] != 0x1F  # no time, so the same network gives the same file
    assert_same(LAWN, TABLES, read_network_file(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_shipped_network_comes_back(tmp_path, suffix):
    network = load_network("guarantee").without_parents(["compliance"])  # a table of ten thousands of rows
    tables = one_draw(plain(network), 1)
    path = tmp_path / f"guarantee{suffix}"
    write_network_file(network, tables, path)
    assert_same(network, tables, read_network_file(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_node_of_one_state(tmp_path, suffix):
    network = Network((Node("a", ("only",)), Node("b", ("x", "y"), (Arrow("a"),))))
    tables = one_draw(network, 1)
    write_network_file(network, tables, tmp_path / f"one{suffix}")
    assert_same(network, tables, read_network_file(tmp_path / f"one{suffix}"))


def bundled(name):
    import pgmpy.utils

    return Path(pgmpy.utils.__file__).parent / "example_models" / f"{name}.bif.gz"


@pytest.mark.parametrize("name", ["asia", "cancer", "survey", "sachs", "alarm", "insurance"])
def test_published_files_read_as_in_pyagrum_and_come_back_in_every_format(tmp_path, name):
    found = read_network_file(bundled(name))
    (tmp_path / "bare.bif").write_bytes(gzip.decompress(bundled(name).read_bytes()))
    # The rows that were scaled differ by as much, at most 1e-7.
    assert_pyagrum_agrees(found.network, found.tables, tmp_path / "bare.bif")
    for suffix in SUFFIXES:
        path = tmp_path / f"again{suffix}"
        write_network_file(found.network, found.tables, path)
        assert_same(found.network, found.tables, read_network_file(path))


@pytest.mark.parametrize("name", ["asia", "child", "sachs"])
def test_published_networks_are_as_in_pgmpy_and_come_back_from_it(pgmpy, name):
    model = pgmpy.example(name)
    found = read_network_file(bundled(name))
    network = Network.from_pgmpy(model, found.network.name)
    assert found.network == network
    tables, off = scaled_to_one(tables_from_pgmpy(model, network))
    assert found.rows_scaled == off
    for node in network.nodes:
        np.testing.assert_array_equal(found.tables[node.name], tables[node.name])
        assert list(node.parent_names) == list(model.get_cpds(node.name).variables[1:])
    again = network.to_pgmpy(tables)
    assert Network.from_pgmpy(again, network.name) == network
    for node in network.nodes:
        assert list(again.predecessors(node.name)) == list(node.parent_names)
        assert again.get_cpds(node.name).state_names == model.get_cpds(node.name).state_names
    posterior = Posterior.from_pgmpy(model, network.name)
    assert posterior.network == network
    assert posterior.provenance == ({"rows_scaled": off} if off else {})


@pytest.mark.parametrize("suffix", [".bif", ".bifxml", ".xdsl", ".net"])
def test_files_of_pyagrum(tmp_path, suffix):
    pyagrum = imported_pyagrum()
    # Of two parents in XDSL see above.
    model = pyagrum.fastBN(f"a{{no|yes}}->b{{u|v|w}}{'->' if suffix == '.xdsl' else '<-'}c[2]->d{{1|3|7}}")
    path = tmp_path / f"small{suffix}"
    pyagrum.saveBN(model, str(path))
    found = read_network_file(path)
    assert found.network["b"].states == ("u", "v", "w")
    assert found.network["c"].states == ("0", "1")
    for name, table in found.tables.items():
        for cell in np.ndindex(table.shape):
            state = dict(zip(table.dims, cell, strict=True))
            # Its XML has six digits.
            np.testing.assert_allclose(table.values[cell], model.cpt(name)[state], atol=2e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_pgmpy(pgmpy, tmp_path, suffix):
    model = pgmpy.example("cancer")
    path = tmp_path / f"cancer{suffix}"
    pgmpy_class(suffix, "Writer")(model).write(path)
    found = read_network_file(path)
    own = Network.from_pgmpy(model, found.network.name)
    assert {node.name: node.states for node in found.network.nodes} == {node.name: node.states for node in own.nodes}
    for name, table in tables_from_pgmpy(model, found.network).items():
        np.testing.assert_allclose(found.tables[name], table, rtol=0, atol=3e-9)


# What files by hand look like


def read_text(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_network_file(path)


def test_a_net_file_with_comments_labels_and_bare_states(tmp_path):
    found = read_text(
        tmp_path,
        "lawn.net",
        """
        net { node_size = (50 50); % "the lawn
        }
        node rain % a node wet { }
        {
            states = (no "a little" "50% {x}");
            label = "node sun { states = (1); }";
            position = (10 20);
        }
        node my_node { states = ("dry" "wet"); }
        potential (my_node | rain) {
            data = ((0.9 0.1)  % rain=no
                    (0.5 0.5)  % rain=a little
                    (0   1));
        }
        potential (rain) { data = (0.5 0.25 0.25); }
        """,
    )
    rain = Node("rain", ("no", "a little", "50% {x}"))
    assert found.network == Network((rain, Node("my_node", ("dry", "wet"), (Arrow("rain"),))), name="lawn")
    assert found.tables["my_node"].values.tolist() == [[0.9, 0.1], [0.5, 0.5], [0, 1]]


def test_a_bif_file_as_people_write_it(tmp_path):
    found = read_text(
        tmp_path,
        "x.bif",
        """
        network "the lawn" { property "variable x { type discrete [1] { y }; }" ; }
        variable  "sun shine" { type discrete[2] { "yes, very" no }; property position = (1, 2); }
        variable RAIN // a variable y { }
        { type discrete [ 3 ] { table, default, much rain }; }
        variable rain { type discrete [2] { 1  2 }; } /* probability ( rain ) {
        table 1 0; } */
        probability ("sun shine") { table 0.25 0.75; }
        probability ( RAIN | "sun shine" ) { (no) 0.5 0.25, .25; ("yes, very") 1e-1, 0.2, 0.7; }
        probability ( rain | "sun shine", RAIN ) {
          default 0.5, 0.5;
          ( no, table ) 0.1, 0.9;
          ( "yes, very", much rain ) 0.2, 0.8;
        }""".replace("\n", "\r\n"),
    )
    sun = Node("sun shine", ("yes, very", "no"))
    heavy = Node("RAIN", ("table", "default", "much rain"), (Arrow("sun shine"),))
    light = Node("rain", ("1", "2"), (Arrow("sun shine"), Arrow("RAIN")))
    assert found.network == Network((sun, heavy, light), name="the lawn")
    assert found.tables["sun shine"].values.tolist() == [0.25, 0.75]
    assert found.tables["RAIN"].values.tolist() == [[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]
    half = [0.5, 0.5]
    assert found.tables["rain"].values.tolist() == [[half, half, [0.2, 0.8]], [[0.1, 0.9], half, half]]


def test_a_bif_table_of_a_node_with_parents_runs_over_the_parents_first(tmp_path):
    text = """network x { }
        variable a { type discrete [2] { x, y }; }
        variable b { type discrete [2] { u, v }; }
        probability ( a ) { table 0.5, 0.5; }
        probability ( b a ) { table 0.1, 0.2, 0.9, 0.8; }
        """
    found = read_text(tmp_path, "x.bif", text)
    assert found.network["b"].parent_names == ("a",)
    assert found.tables["b"].values.tolist() == [[0.1, 0.9], [0.2, 0.8]]
    path = tmp_path / "bar.bif"
    path.write_text(text.replace("( b a )", "( b | a )"))
    assert_pyagrum_agrees(found.network, found.tables, path)


def test_an_xmlbif_file_in_another_encoding_with_remarks(tmp_path):
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <BIF VERSION="0.3"><NETWORK><NAME>größe</NAME>
        <VARIABLE TYPE="nature"><NAME>a</NAME><OUTCOME>é</OUTCOME><OUTCOME>y</OUTCOME>
        <PROPERTY>a remark</PROPERTY></VARIABLE>
        <DEFINITION><FOR>a</FOR><TABLE>0.5 0.5</TABLE></DEFINITION></NETWORK></BIF>"""
    found = read_text(tmp_path, "x.xml", text, "latin-1")
    assert found.network == Network((Node("a", ("é", "y")),), name="größe")


def test_an_xdsl_file_lets_the_last_parent_vary_fastest(tmp_path):
    """The numbers of Lauritzen and Spiegelhalter (1988) in the order in which GeNIe has them."""
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <smile version="1.0" id="Asia" numsamples="1000"><nodes>
        <cpt id="either"><state id="Nothing" /><state id="Either" /><probabilities>0.9 0.1</probabilities></cpt>
        <cpt id="bronc"><state id="Absent" /><state id="Present" /><property id="x">y</property>
            <probabilities>0.55
                0.45</probabilities></cpt>
        <cpt id="dysp"><state id="Absent" /><state id="Présent" /><parents>either  bronc</parents>
            <probabilities>0.9 0.1 0.2 0.8 0.3 0.7 0.1 0.9</probabilities></cpt>
        </nodes><extensions><genie><submodel id="s" /><node id="dysp" /></genie></extensions></smile>"""
    found = read_text(tmp_path, "asia.xdsl", text, "latin-1")
    assert found.network.name == "Asia"
    found = found.tables["dysp"].sel(dysp="Présent")
    assert found.sel(either="Nothing", bronc="Present") == 0.8
    assert found.sel(either="Either", bronc="Absent") == 0.7


def test_rounded_rows_are_scaled_and_said(tmp_path):
    text = """
        net { }
        node a { states = (x y z); }
        node b { states = (x y); }
        potential (a) { data = (0.333 0.333 0.333); }
        potential (b | a) { data = ((0.5 0.5)(0.3 0.7)(0.331 0.67)); }
        """
    found = read_text(tmp_path, "x.net", text)
    assert found.rows_scaled == pytest.approx({"a": 0.001, "b": 0.001})
    np.testing.assert_allclose(found.tables["a"], 1 / 3)
    np.testing.assert_array_equal(found.tables["b"].values[:2], [[0.5, 0.5], [0.3, 0.7]])
    np.testing.assert_allclose(found.tables["b"].sum("b"), 1, atol=1e-15)
    Posterior.from_tables(found.network, found.tables)


# What cannot be read


def refused(function, *args):
    with pytest.raises(FormatError) as raised:
        function(*args)
    return raised.value


def test_files_that_are_not_there_or_of_no_known_format(tmp_path):
    assert str(refused(read_network_file, tmp_path / "a.bif")) == f"{tmp_path / 'a.bif'}: there is no such file"
    known = ".bif, .xmlbif, .xml, .bifxml, .xdsl, .net, with .gz or without"
    for name, what in {
        "a.bfi": f"has the suffix '.bfi', which is of no known format; did you mean '.bif'?; known are {known}",
        "a.uai.gz": f"has the suffix '.uai', which is of no known format; known are {known}",
        "a": f"has no suffix, so no format; known are {known}",
    }.items():
        for error in (
            refused(read_network_file, tmp_path / name),
            refused(write_network_file, LAWN, TABLES, tmp_path / name),
        ):
            assert str(error) == f"{tmp_path / name}: {what}"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", ["", "nonsense", "<BIF><NETWORK/></BIF>", "<smile id='x'></smile>", "net { }", "\xff"])
def test_files_of_another_format(tmp_path, suffix, text):
    error = refused(read_text, tmp_path, f"x{suffix}", text, "latin-1")
    title = next(title for title, form in FORMATS.items() if suffix in form.suffixes)
    damaged = rf"is no {title} file, or is damaged: .+"
    assert error.subject == str(tmp_path / f"x{suffix}")
    assert len(error.faults) == 1
    assert re.fullmatch(
        rf"holds no node with states; is it of the format that its suffix says\?|{damaged}", str(error.faults[0])
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_breaks_off_is_refused(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    write_network_file(LAWN, TABLES, path)
    whole = path.read_text().rstrip()
    end = whole.rindex("<extensions>") if suffix == ".xdsl" else len(whole)
    for kept in range(0, end, 3):
        path.write_text(whole[:kept])
        assert refused(read_network_file, path).subject == str(path)


def test_bytes_that_are_no_gzip(tmp_path):
    for name, raw in {"a.bif.gz": b"network", "b.bif.gz": gzip.compress(b"network x { }")[:-9]}.items():
        (tmp_path / name).write_bytes(raw)
        message = str(refused(read_network_file, tmp_path / name))
        assert message.startswith(f"{tmp_path / name}: is not compressed with gzip, or is cut off (")
    (tmp_path / "c.net").mkdir()
    assert str(refused(read_network_file, tmp_path / "c.net")).endswith("c.net: cannot be read (Is a directory)")


OTHERS = {
    "x.bif": ("network x {\n}\nvariable size {\n  type continuous;\n}\n", "continuous"),
    "x.xml": (
        '<BIF><NETWORK><NAME>x</NAME><VARIABLE TYPE="decision">\n<NAME>size</NAME></VARIABLE></NETWORK></BIF>',
        "decision",
    ),
    "x.xdsl": ('<smile id="x"><nodes><equation id="size"><definition/></equation></nodes></smile>', "equation"),
    "x.net": ('net { }\ncontinuous node size { label = "x"; }\n', "continuous"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_nodes_that_are_not_discrete(tmp_path, name):
    text, kind = OTHERS[name]
    what = f"node size: is of kind '{kind}'; only discrete nodes with a table can be read"
    assert str(refused(read_text, tmp_path, name, text)) == f"{tmp_path / name}: {what}"


def test_rows_further_off_than_rounding_explains(tmp_path):
    text = """
        net { }
        node a { states = (x y); }
        node b { states = (x y); }
        node c { states = (x y); }
        potential (a) { data = (0.5 0.4); }
        potential (b | a) { data = ((0.5 0.5)(0.9 0.3)); }
        potential (c) { data = (1.5 -0.5); }
        """
    assert str(refused(read_text, tmp_path, "x.net", text)).splitlines() == [
        f"{tmp_path / 'x.net'}: 3 faults",
        "  table a: a row adds up to 0.9; expected 1, within 0.01 for rounding; correct it",
        "  table c: holds a negative or missing probability",
        "  table b: row a=y adds up to 1.2; expected 1, within 0.01 for rounding; correct it",
    ]


BADLY = """network x { }
    variable a { type discrete [2] { x, y }; }
    variable b { type discrete [2] { x, y }; }
    variable c { type discrete [2] { x, y }; }
    """


def test_parts_of_a_file_that_do_not_fit_are_all_said(tmp_path):
    tables = """
        probability ( b | size ) { (x) 0.5, 0.5; (y) 0.5, 0.5; }
        probability ( c | b ) { table 0.1, 0.2, 0.3, 0.4, 0.5, 0.6; }
        """
    assert str(refused(read_text, tmp_path, "x.bif", BADLY + tables)).splitlines()[1:] == [
        "  node a: has no table of probabilities",
        "  node b: has an undeclared parent 'size'; known: a, b, c",
        "  node b: has no table of probabilities",
        "  node c: has a table of 6 numbers; expected 2 x 2",
    ]
    text = """net { }
        node a { states = (x y); }
        potential (a) { data = (0.5 0.5); }
        potential (size) { data = (0.5 0.5); }
        """
    assert (
        str(refused(read_text, tmp_path, "x.net", text)) == f"{tmp_path / 'x.net'}: table size: no such node; known: a"
    )


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("(z) 0.5, 0.5;", "the row (z) names other states than those of the parents"),
        ("(x, y) 0.5, 0.5;", "the row (x, y) names other states than those of the parents"),
        ("(x) 0.5;", "the row (x) has 1 numbers for 2 states"),
        ("default 1;", "the row default has 1 numbers for 2 states"),
        ("(x) 0.5, half;", "could not convert string to float: 'half'"),
    ],
)
def test_rows_of_bif_that_do_not_fit(tmp_path, row, what):
    text = f"{BADLY}probability ( b | a ) {{ {row} }}"
    assert str(refused(read_text, tmp_path, "x.bif", text)) == (
        f"{tmp_path / 'x.bif'}: is no BIF file, or is damaged: {what}"
    )


def test_a_row_that_is_not_there(tmp_path):
    rest = "probability ( a ) { table 0.5, 0.5; } probability ( c ) { table 0.5, 0.5; }"
    text = f"{BADLY}{rest} probability ( b | a ) {{ (x) 0.5, 0.5; }}"
    assert str(refused(read_text, tmp_path, "x.bif", text)).endswith(
        ": table b: holds a negative or missing probability"
    )


# What cannot be written

ODD = Network(
    (
        Node("two words", ("a,b", "日本", '"', " x")),
        Node("größe", ("x//y", "", "tab\t"), (Arrow("two words"),)),
        Node("Size", ("a b",)),
        Node("size", ("x",)),
        Node("node", ("x",)),
    ),
    name="a variable net",
)


CANNOT = {
    ".bif": {
        "network: the name 'a variable net'",
        "node two words: this name",
        "node two words: the state 'a,b'",
        "node two words: the state '\"'",
        "node two words: the state ' x'",
        "node größe: the state 'x//y'",
        "node größe: the state ''",
        "node größe: the state 'tab\\t'",
        "nodes Size, size: differ only in capitals",
        "node Size: its only state has a space",
    },
    ".xmlbif": {
        "node two words: the state ' x'",
        "node größe: the state ''",
        "node größe: the state 'tab\\t'",
    },
    ".xdsl": {
        "node two words: this name",
        "node two words: the state ' x'",
        "node größe: the state ''",
        "node größe: the state 'tab\\t'",
    },
    ".net": {
        "node two words: this name",
        "node two words: the state '日本'",
        "node two words: the state '\"'",
        "node two words: the state ' x'",
        "node größe: this name",
        "node größe: the state ''",
        "node größe: the state 'tab\\t'",
        "node node: this name",
    },
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_that_a_format_would_lose_are_refused_before_anything_is_written(tmp_path, suffix):
    path = tmp_path / f"odd{suffix}"
    path.write_text("earlier")
    error = refused(write_network_file, ODD, one_draw(ODD, 1), path)
    found = {str(fault) for fault in error.faults}
    assert error.subject == str(path)
    assert {beginning for beginning in CANNOT[suffix] if any(text.startswith(beginning) for text in found)} == CANNOT[
        suffix
    ]
    assert len(found) == len(CANNOT[suffix])
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_the_message_says_what_was_expected_and_what_to_do(tmp_path):
    network = Network((Node("a", ("x", "日本")),))
    assert str(refused(write_network_file, network, one_draw(network, 1), tmp_path / "x.net")) == (
        f"{tmp_path / 'x.net'}: node a: the state '日本' cannot stand in a NET file; "
        'expected printable ASCII without "; rename it or write .xmlbif'
    )


def test_tables_that_are_not_of_the_network_or_have_draws(tmp_path):
    with pytest.raises(DataError, match=r"^tables of network lawn: node wet: has no table$"):
        write_network_file(LAWN, {"rain": TABLES["rain"]}, tmp_path / "x.bif")
    draws = {name: table.expand_dims(chain=1, draw=3) for name, table in TABLES.items()}
    with pytest.raises(FormatError, match=r"x\.bif: tables: hold 3 draws, a file holds one; give their mean"):
        write_network_file(LAWN, draws, tmp_path / "x.bif")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path):
    error = refused(write_network_file, LAWN, TABLES, tmp_path / "none" / "x.bif")
    assert str(error) == f"{tmp_path / 'none' / 'x.bif'}: cannot be written (No such file or directory)"


# pgmpy models that are not files


def pgmpy_model(edges, *cpds):
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork(edges)
    model.add_nodes_from([cpd.variable for cpd in cpds])
    model.add_cpds(*cpds)
    return model


def test_states_that_are_no_text_become_text_and_keep_their_order(pgmpy):
    from pgmpy.factors.discrete import TabularCPD

    a = TabularCPD("a", 3, [[0.2], [0.3], [0.5]], state_names={"a": [10, 2, 30]})
    # The states of the parent stand in another order than in its own CPD.
    b = TabularCPD("b", 2, [[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]], ["a"], [3], {"b": [True, False], "a": [2, 10, 30]})
    model = pgmpy_model([("a", "b")], a, b)
    network = Network.from_pgmpy(model)
    assert network["a"].states == ("10", "2", "30")
    assert network["b"].states == ("True", "False")
    tables = tables_from_pgmpy(model, network)
    assert tables["b"].values.tolist() == [[0.2, 0.8], [0.1, 0.9], [0.3, 0.7]]
    again = Network.from_pgmpy(network.to_pgmpy(tables))
    assert again == network
    posterior = Posterior.from_pgmpy(model)
    assert posterior.table("b", {"a": "2"}).values.ravel().tolist() == [0.1, 0.9]


def test_pgmpy_models_that_contradict_themselves_or_are_not_discrete(pgmpy):
    from pgmpy.factors.continuous import LinearGaussianCPD
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import LinearGaussianBayesianNetwork

    a = TabularCPD("a", 2, [[0.2], [0.8]], state_names={"a": ["x", "y"]})
    b = TabularCPD("b", 2, [[0.1, 0.2], [0.9, 0.8]], ["a"], [2], {"b": ["x", "y"], "a": ["x", "z"]})
    with pytest.raises(NetworkError, match=r"node b: has a CPD that names other states of a than the CPD of a does$"):
        Network.from_pgmpy(pgmpy_model([("a", "b")], a, b))
    with pytest.raises(NetworkError, match=r"node b: has a CPD given a, and in the graph the parents a, c\n"):
        Network.from_pgmpy(pgmpy_model([("a", "b"), ("c", "b")], a, b))
    model = LinearGaussianBayesianNetwork([("a", "b")])
    model.add_cpds(LinearGaussianCPD("a", [1], 4), LinearGaussianCPD("b", [1, 2], 4, ["a"]))
    with pytest.raises(
        NetworkError, match=r"node a: has a LinearGaussianCPD; only discrete nodes with a table of probabilities can"
    ):
        Network.from_pgmpy(model)
    with pytest.raises(DataError, match=r"^tables: table a: a row adds up to 0\.5; expected 1, within 0\.01"):
        Posterior.from_pgmpy(pgmpy_model([], TabularCPD("a", 2, [[0.2], [0.3]], state_names={"a": ["x", "y"]})))
