"""Network files: the same names, arrows and numbers after every format, read by pgmpy and pyAgrum as by us."""

from __future__ import annotations

import gzip
import re
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models import (
    Arrow,
    DataError,
    FormatError,
    Network,
    NetworkError,
    Node,
    load_network,
    read_network_file,
    write_network_file,
)
from servanda.models.formats.files import FORMATS
from servanda.models.formats.pgmpy import content_from_pgmpy
from servanda.models.network.tables import labelled_tables

from ..makers import networks, repeatable, seeds
from .judges import (
    LAWN,
    PGMPY,
    TABLES,
    assert_pgmpy_agrees,
    assert_pyagrum_agrees,
    assert_same,
    bundled,
    imported_pyagrum,
    one_draw,
    pgmpy_class,
    plain,
    read_text,
    refused,
)

SUFFIXES = [form.suffixes[0] for form in FORMATS.values()]


# Round trips


WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=6)
#: Odd names that ASCII formats hold, and those that only some do.
ODD_STATES = ["1-2", "3+", "<5", "no rain", "0", "-1", "1.5", "True", "a=b", "it's", "50%", "table", "a\\b", "x&y"]
ODDER_STATES = [*ODD_STATES, "a,b", "{x}", '"q"', "日本", "naïve", "a;b", "(a)", "a//b", "/*", "π≤3", "]]>", "<b>"]
ODD_NODES = [
    "case",
    "sample",
    "variable",
    "x",
    "x_on",
    "type",
    "states",
    "my_node",
    "probability",
    "variables",
    "default",
    "table",
    "_x",
    "X1",
    "network",
]
ODDER_NODES = [*ODD_NODES, "Power.Ratio", "US/UK", "größe", "a-b", "a:b", "x&y", "node", "'x'", "1a"]


@st.composite
def odd_networks(draw, states, nodes):
    """The networks of `makers`, with names that a file could lose."""
    network = draw(networks(most_nodes=5, most_states=3))
    nodes = nodes.filter(lambda name: name not in ("chain", "draw"))  # dims of the tables that the tests make
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
    ".xmlbif": odd_networks(
        word_or(ODDER_STATES) | ANY_TEXT, word_or([*ODDER_NODES, "Kept? v1.2", "Power ratio (US/UK)", "a,b"])
    ),
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
@pytest.mark.parametrize("suffix", EASY)
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


@pytest.mark.parametrize("suffix", PGMPY)
def test_files_of_pgmpy(pgmpy, tmp_path, suffix):
    model = pgmpy.example("cancer")
    path = tmp_path / f"cancer{suffix}"
    pgmpy_class(suffix, "Writer")(model).write(path)
    found = read_network_file(path)
    own = Network.from_pgmpy(model, found.network.name)
    assert {node.name: node.states for node in found.network.nodes} == {node.name: node.states for node in own.nodes}
    for name, table in labelled_tables(content_from_pgmpy(model)).items():
        np.testing.assert_allclose(found.tables[name].transpose(*table.dims), table, rtol=0, atol=3e-9)


# What cannot be read


def test_files_that_are_not_there_or_of_no_known_format(tmp_path):
    assert str(refused(read_network_file, tmp_path / "a.bif")) == f"{tmp_path / 'a.bif'}: there is no such file"
    known = ".bif, .xmlbif, .xml, .bifxml, .xdsl, .net, with .gz or without"
    for name, what in {
        "a.bfi": f"has the suffix '.bfi', which is of no known format; did you mean '.bif'?; known are {known}",
        "a.zzz.gz": f"has the suffix '.zzz', which is of no known format; known are {known}",
        "a.DNE": "is a Netica network, which is not read or written; open it in GeNIe and save it as .xdsl",
        "a.uai.gz": "is a network of the UAI contests, which hold no names, which is not read or written; "
        "read it with pgmpy, and take the model with Posterior.from_pgmpy",
        "a": f"has no suffix, so no format; known are {known}",
    }.items():
        for error in (
            refused(read_network_file, tmp_path / name),
            refused(write_network_file, LAWN, TABLES, tmp_path / name),
        ):
            assert str(error) == f"{tmp_path / name}: {what}"


@pytest.mark.parametrize("suffix", [suffix.upper() for suffix in SUFFIXES] + [".Bif.Gz"])
def test_suffixes_in_capitals(tmp_path, suffix):
    path = tmp_path / f"LAWN{suffix}"
    write_network_file(LAWN, TABLES, path)
    assert_same(LAWN, TABLES, read_network_file(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_encodings_are_told(tmp_path, suffix):
    network = Network((Node("pact", ("no", "schwach")),), name="net")
    path = tmp_path / f"x{suffix}"
    write_network_file(network, one_draw(network, 1), path)
    text = path.read_text().replace("schwach", "schwäch").replace(' encoding="UTF-8"', "")
    line = text[: text.index("ä")].count("\n") + 1
    told = f"line {line}: not UTF-8 text (byte 0xE4); it looks like Windows-1252 or Latin-1: save it as UTF-8"
    assert str(refused(read_text, tmp_path, path.name, text, "latin-1")) == f"{path}: {told}"
    if suffix in (".bif", ".net"):
        told = "is not UTF-8 text; it looks like UTF-16: save it as UTF-8"
        assert str(refused(read_text, tmp_path, path.name, text, "utf-16")) == f"{path}: {told}"
    else:  # XML says its encoding itself
        assert read_text(tmp_path, path.name, text, "utf-16").network["pact"].states == ("no", "schwäch")


def test_a_network_file_is_no_toml(tmp_path):
    with pytest.raises(NetworkError, match=r"^asia\.BIF: is a network of another tool; Network\.from_file reads its "):
        load_network("asia.BIF")


NONSENSE = ["", "nonsense", "<BIF><NETWORK/></BIF>", "<smile id='x'></smile>", "net { }", "\xff"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", NONSENSE)
def test_files_of_another_format(tmp_path, suffix, text):
    error = refused(read_text, tmp_path, f"x{suffix}", text, "latin-1")
    title = next(title for title, form in FORMATS.items() if suffix in form.suffixes)
    damaged = rf"is no {title} file, or is damaged: .+|line 1: not UTF-8 text \(byte 0xFF\); .+"
    stray = r"line 1: holds '.+', which is no part of a \w+ file that can be read; known are .+"
    assert error.subject == str(tmp_path / f"x{suffix}")
    assert len(error.faults) == 1
    assert re.fullmatch(
        rf"holds no node with states; is it of the format that its suffix says\?|{damaged}|{stray}",
        str(error.faults[0]),
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
