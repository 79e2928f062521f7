"""Content of network files: parts that do not fit, and rows that do not add up to one."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.models import Posterior

from .judges import BADLY, read_text, refused


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
        "  table c: a row holds a negative or missing probability",
        "  table b: row a=y adds up to 1.2; expected 1, within 0.01 for rounding; correct it",
    ]


def test_zeros_that_rounding_left_below_zero_are_zeros(tmp_path):
    text = """net { } node a { states = (x y); } node b { states = (x y); }
        potential (a) { data = (-1.1920929E-7 1.0000001); }
        potential (b | a) { data = ((0.5 0.5)(-1e-5 1.00001)); }
        """
    assert str(refused(read_text, tmp_path, "x.net", text)).endswith(
        ": table b: row a=y holds a negative or missing probability"
    )
    found = read_text(tmp_path, "x.net", text.replace("e-5", "e-7"))
    assert found.tables["a"].values.tolist() == [0, 1]
    assert found.tables["b"].values.tolist() == [[0.5, 0.5], [0, 1]]
    assert set(found.rows_scaled) == {"a", "b"}


def test_parts_of_a_file_that_do_not_fit_are_all_said(tmp_path):
    tables = """
        probability ( b | size ) { (x) 0.5, 0.5; (y) 0.5, 0.5; }
        probability ( c | b ) { table 0.1, 0.2, 0.3, 0.4, 0.5, 0.6; }
        """
    assert str(refused(read_text, tmp_path, "x.bif", BADLY + tables)).splitlines()[1:] == [
        "  node a: has no table of probabilities",
        "  node b: has an undeclared parent 'size'; known: a, b, c",
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
