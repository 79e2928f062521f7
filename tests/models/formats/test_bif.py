"""BIF files as people write them, and rows that do not fit."""

from __future__ import annotations

import pytest

from servanda.models import Arrow, Network, Node

from .judges import BADLY, assert_pyagrum_agrees, read_text, refused


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


REST = "probability ( a ) { table 0.5, 0.5; } probability ( c ) { table 0.5, 0.5; }"


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("(z) 0.5, 0.5;", ", the row (z): names other states than those of the parents"),
        ("(x, y) 0.5, 0.5;", ", the row (x, y): names other states than those of the parents"),
        ("(x) 0.5;", ", the row (x): has 1 numbers for 2 states"),
        ("default 1;", ", the default: has 1 numbers for 2 states"),
        ("(x) 0.5, half;", ", the row (x): 'half' is no number"),
        ("(x) 0.5, 0_5;", ", the row (x): '0_5' is no number"),
        ("(x) 0.5, nan;", ", the row (x): 'nan' is no number"),
        ("function noisy-or;", ": holds 'function noisy-or', which is not known there; expected table, default, rows "),
        ("(x) 0.5, 0.5;", ": has no row for (y); add it"),
        ("property x = (1, 2);", ": has no row for (x), (y); add it"),
    ],
)
def test_rows_of_bif_that_do_not_fit(tmp_path, row, what):
    text = f"{BADLY}{REST}\nprobability ( b | a ) {{ {row} }}"
    expected = f"{tmp_path / 'x.bif'}: line 6, probability ( b | a ){what}"
    assert str(refused(read_text, tmp_path, "x.bif", text)).startswith(expected)


def test_properties_are_no_rows(tmp_path):
    rows = "property x = (1, 2); (y) 0.1, 0.9; property (x) 1, 0; (x) 0.7, 0.3"  # the last needs no semicolon
    found = read_text(tmp_path, "x.bif", f"{BADLY}{REST}probability ( b | a ) {{ {rows} }}")
    assert found.tables["b"].values.tolist() == [[0.7, 0.3], [0.1, 0.9]]


def test_many_rows_that_are_not_there(tmp_path):
    text = f"{BADLY.replace('[2] { x, y }', '[3] { x, y, z }', 1)}probability ( b | a, c ) {{ (y, x) 0.5, 0.5; }}"
    assert "line 5, probability ( b | a, c ): has no row for (x, x), (x, y), (y, y), (z, x), (z, y); add it" in str(
        refused(read_text, tmp_path, "x.bif", text)
    )
    wide = f"{BADLY.replace('[2] { x, y }', '[4] { x, y, z, w }', 1)}probability ( b | a, c ) {{ (y, x) 0.5, 0.5; }}"
    assert "(z, x), (z, y) and 2 more; add it" in str(refused(read_text, tmp_path, "x.bif", wide))


@pytest.mark.parametrize(
    ("block", "what"),
    [
        (
            "variable d { type discrete [ 3 ] { x, y }; }",
            "line 5, variable d: says that it has 3 states and names 2 (x, y); correct one of them",
        ),
        ("variable d { }", "line 5, variable d: does not say 'type discrete [n] { ... };'"),
        (
            "utility u { }",
            "line 5: holds 'utility u', which is no part of a BIF file that can be read;",
        ),
        (
            "probability ( a | c ) { table 1; }",
            "line 5, probability a: is given a second time, first in line 5",
        ),
        (
            "probability ( a, b | c ) { table 1; }",
            "line 5, probability ( a, b | c ): is of several variables together; only one given its parents",
        ),
        ("probability ( d ) { table 1; }", "table d: no such node; known: a, b, c"),
        ("probability { table 1; }", "line 5, probability: does not say of what; expected ( variable | parents )"),
        ("network again { }", "line 5, network: is given a second time, first in line 1; keep one of them"),
    ],
)
def test_blocks_of_bif_that_do_not_fit(tmp_path, block, what):
    text = f"{BADLY}{REST} probability ( b ) {{ table 0.5, 0.5; }} {block}"
    assert what in str(refused(read_text, tmp_path, "x.bif", text))


@pytest.mark.parametrize("twice", ["table 0.5, 0.5; table 0.4, 0.6;", "table 0.5, 0.5;\ndefault 0.4, 0.6;"])
def test_a_table_and_rows_beside_it(tmp_path, twice):
    error = refused(read_text, tmp_path, "x.bif", f"{BADLY}probability ( b ) {{ {twice} }}")
    assert any("the table: is given a second time, first in line 5" in str(fault) for fault in error.faults) or any(
        "line 6, probability ( b ): has rows, and a whole table in line 5; keep one of them" in str(fault)
        for fault in error.faults
    )
