"""NET files as people write them."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.models import Arrow, Network, Node

from .judges import read_text, refused


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


def pact(data="(0.3 0.7)", rest=""):
    return f"""net {{ }}
node pact {{ states = ("weak" "strong"); }}
potential (pact) {{ data = {data}; }}
{rest}
"""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("(30 70)", [0.3, 0.7]),
        ("(1 1)", [0.5, 0.5]),
        ("(30.5 69.5)", [0.305, 0.695]),
        ("(33.3 66.6)", [1 / 3, 2 / 3]),
    ],
)
def test_counts_and_percentages_are_scaled_and_said(tmp_path, data, expected):
    found = read_text(tmp_path, "x.net", pact(data))
    np.testing.assert_allclose(found.tables["pact"], expected, atol=1e-15)
    assert found.rows_scaled["pact"] > 0.5


@pytest.mark.parametrize("data", ["(0 1.5)", "(0.5 0.4)", "(-30 130)", "(0 0)", "(40 50.5)"])
def test_what_may_be_a_mistake_is_not_scaled(tmp_path, data):
    error = refused(read_text, tmp_path, "x.net", pact(data))
    assert ": table pact: a row " in str(error)


def test_counts_with_a_row_that_was_never_seen(tmp_path):
    rest = 'node b { states = ("x" "y"); } potential (b | pact) { data = ((3 4)(0 0)); }'
    assert "table b: row pact=weak adds up to 7; expected 1, within 0.01" in str(
        refused(read_text, tmp_path, "x.net", pact(rest=rest))
    )
    found = read_text(tmp_path, "x.net", pact(rest=rest.replace("(0 0)", "(0 1)")))
    np.testing.assert_allclose(found.tables["b"], [[3 / 7, 4 / 7], [0, 1]])


@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("class Pact { node a { } }", "line 4: holds 'class Pact': this is an object-oriented network, and only plain"),
        (
            "instance p : Pact {}",
            "line 4: holds 'instance p : Pact': this is an object-oriented network, and only plai",
        ),
        (
            "decision d { states = (a b); }",
            "node d: is of kind 'decision'; only discrete nodes with a table can be read",
        ),
        ("discrete utility u { }", "node u: is of kind 'utility'; only discrete nodes with a table can be read"),
        (
            "limid { }",
            "line 4: holds 'limid', which is no part of a NET file that can be read; known are net, node, dis",
        ),
        (
            'node pact { states = ("a" "b"); }',
            "line 4, node pact: is given a second time, first in line 2; keep one of",
        ),
        ("potential (pact) { data = (1 0); }", "line 4, potential pact: is given a second time, first in line 3; keep"),
        ("net { }", "line 4, net: is given a second time, first in line 1; keep one of them"),
        (
            "node b { states = (x y);\nstates = (y x); } potential (b) { data = (1 0); }",
            "line 5, node b, states: is given a second time, first in line 4; keep one of them",
        ),
        ("node b { states = (x y); } potential (b) { }", "line 4, potential (b): has no data"),
        (
            "node b { states = (x y); } potential (b) { model_nodes = (); model_data = (Max (a)); }",
            "line 4, potential (b): has no data; it holds model_data, model_nodes: let Hugin make the table of it",
        ),
        (
            "node b { states = (x y); } potential (b pact) { data = (1 0 0 0); }",
            "line 4, potential (b pact): is not of one node, given its parents or without; only such can be read",
        ),
        (
            "node b { label; states = (x y); }",
            "line 4, node b: holds 'label', which is not known there; expected name =",
        ),
        ("node b { states = (x y x); } potential (b) { data = (1 0 0); }", "node b: repeats the states x"),
        ('node b { label = "b"; } potential (b) { data = (1); }', "node b: has no states"),
        ("}", "is no NET file, or is damaged: line 4 closes a brace that was not opened"),
        ("node b {", "is no NET file, or is damaged: the brace of line 4 is not closed"),
    ],
)
def test_net_files_of_another_kind_or_that_contradict_themselves(tmp_path, rest, what):
    assert what in str(refused(read_text, tmp_path, "x.net", pact(rest=rest)))


@pytest.mark.parametrize("kind", ["node", "discrete node", "chance node", "discrete chance node"])
def test_words_for_a_node_left_to_chance(tmp_path, kind):
    found = read_text(tmp_path, "x.net", pact().replace("node", kind))
    assert found.network["pact"].states == ("weak", "strong")


def test_names_that_hugin_would_not_write_are_read(tmp_path):
    assert read_text(tmp_path, "x.net", pact().replace("pact", "Power.Ratio")).network.names == ("Power.Ratio",)
