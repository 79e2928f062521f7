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
