"""Tables as journals print them, read back by parsers of other makers."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.common import InputError, PrintedTable, printed_table

HOSTILE = ["a | b", "50 % & more_of {it} $x$ \\ ~ ^ #1", "<b>bold</b>", '"quoted", twice', "=1+1", "plain"]
TABLE = pd.DataFrame(
    {
        "mean": [0.742, 0.0004, 0.9996, 1.0, 0.0, np.nan],
        "lower": [0.564, 0.0, 0.9, 1.0, 0.0, 0.1],
        "upper": [0.885, 0.01, 0.99999, 1.0, 0.0, 0.2],
        "mcse": 0.001,
        "gain": [0.08, -0.001, -1.0, 2.0, 3.0, 4.0],
        "error": [0.027, 0.1, np.nan, 1.0, 1.0, 1.0],
        "trusted": [True, False, True, True, True, True],
        "cases": [1, 2, 3, 4, 5, 6],
    },
    index=pd.Index(HOSTILE, name="whose"),
)
PRINTED = printed_table(TABLE, percent=["mean"])


def spaced(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_value_and_its_interval_stand_in_one_cell():
    assert [*PRINTED.cells] == ["whose", "mean (90 % interval)", "gain (SE)", "trusted", "cases"]
    assert [spaced(cell) for cell in PRINTED.cells["mean (90 % interval)"]] == [
        "74 % (56\N{EN DASH}88)",
        "<1 % (0\N{EN DASH}1)",
        ">99 % (90\N{EN DASH}>99)",
        "100 % (100\N{EN DASH}100)",
        "0 % (0\N{EN DASH}0)",
        "",
    ]
    told = [cell.replace("\N{MINUS SIGN}", "-") for cell in PRINTED.cells["gain (SE)"]]
    assert told == ["0.08 (0.03)", "0.00 (0.10)", "-1.00", "2.00 (1.00)", "3.00 (1.00)", "4.00 (1.00)"]
    assert [*PRINTED.cells["trusted"]] == ["yes", "no", "yes", "yes", "yes", "yes"]
    assert [*PRINTED.cells["cases"]] == ["1", "2", "3", "4", "5", "6"]


def test_a_change_has_its_sign_and_points():
    table = pd.DataFrame({"mean": [0.034, -0.001], "lower": [-0.07, -0.2], "upper": [0.13, 0.0]})
    (told,) = printed_table(table, points=["mean"]).cells.to_numpy().T
    assert [*told] == ["+3 points (\N{MINUS SIGN}7 to +13)", "0 points (\N{MINUS SIGN}20 to 0)"]
    mixed = printed_table(table.abs(), percent=["mean"], changes=[False, True], digits=1).cells
    assert [spaced(cell) for cell in mixed.iloc[:, 0]] == ["3.4 % (7.0\N{EN DASH}13.0)", "+0.1 points (+20.0 to 0.0)"]


def test_a_second_interval_has_a_column_of_its_own():
    table = pd.DataFrame({"mean": [0.7], "left_open_lower": 0.6, "left_open_upper": 0.8, "single_lower": 0.5})
    printed = printed_table(table.assign(single_upper=0.9), percent=["mean", "single"], interval=0.5)
    assert {title: spaced(cell) for title, cell in printed.cells.iloc[0].items()} == {
        "mean (left open 50 % interval)": "70 % (60\N{EN DASH}80)",
        "single (50 % interval)": "50\N{EN DASH}90 %",
    }


def test_columns_are_chosen_ordered_and_named():
    printed = printed_table(TABLE, columns=["mcse", "mean"], names={"mean": "kept", "whose": "prior"})
    assert [*printed.cells] == ["prior", "mcse", "kept (90 % interval)"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted), st.integers(0, 3))
def test_no_number_is_off_by_more_than_half_a_unit(numbers, digits):
    low, mean, high = numbers
    table = pd.DataFrame({"mean": [mean], "lower": [low], "upper": [high]})
    (cell,) = printed_table(table, percent=["mean"], digits=digits).cells.iloc[:, 0]
    told = re.fullmatch(r"([<>]?)([\d.]+)\s%\s\(([<>]?)([\d.]+)\N{EN DASH}([<>]?)([\d.]+)\)", cell).groups()
    unit = 10.0**-digits
    for sign, text, x in zip(told[::2], told[1::2], (mean, low, high), strict=True):
        if sign:
            assert float(text) == pytest.approx(unit if sign == "<" else 100 - unit)
            assert 0 < x < unit / 100 if sign == "<" else 1 - unit / 100 < x < 1
        else:
            assert abs(100 * x - float(text)) <= unit / 2 + 1e-9


def test_markdown_is_read_back_by_a_parser():
    markdown_it = pytest.importorskip("markdown_it")
    tokens = markdown_it.MarkdownIt("commonmark", {"html": False}).enable("table").parse(PRINTED.to_markdown())
    cells = [token.content for token in tokens if token.type == "inline"]
    assert cells == [*PRINTED.cells, *PRINTED.cells.to_numpy().ravel()]


def test_latex_is_read_back_by_pandoc():
    pypandoc = pytest.importorskip("pypandoc")
    text = PRINTED.to_latex(caption="Kept & broken, 90 %", label="tab:kept")
    tree = json.loads(pypandoc.convert_text(text, "json", format="latex"))
    found: list[str] = []

    def plain(part) -> str:
        words = {"Space": " ", "SoftBreak": " "}
        if isinstance(part, list):
            return "".join(map(plain, part))
        if not isinstance(part, dict):
            return ""
        kind, inner = part["t"], part.get("c")
        if kind in ("Math", "Code"):
            return inner[1].replace("-", "\N{MINUS SIGN}")
        return inner if kind == "Str" else words.get(kind) or plain(inner)

    def cells(part) -> None:
        if isinstance(part, dict):
            cells(part.get("c"))
        elif isinstance(part, list):
            # A cell is attributes, alignment, two spans and its blocks.
            if len(part) == 5 and isinstance(part[1], dict) and str(part[1].get("t")).startswith("Align"):
                found.append(plain(part[4]))
            else:
                for one in part:
                    cells(one)

    cells(tree["blocks"])
    assert [*map(spaced, found)] == [spaced(cell) for cell in (*PRINTED.cells, *PRINTED.cells.to_numpy().ravel())]
    assert r"\caption{Kept \& broken, 90 \%}" in text
    assert r"\label{tab:kept}" in text


def test_csv_is_read_back_and_runs_nothing(tmp_path: Path):
    path = tmp_path / "table.csv"
    text = PRINTED.to_csv(path)
    assert path.read_bytes().decode("utf-8-sig") == text
    rows = list(csv.reader(io.StringIO(text)))
    asked = [[*PRINTED.cells], *PRINTED.cells.to_numpy().tolist()]
    assert [[cell.removeprefix("'") for cell in row] for row in rows] == asked
    assert [row[0] for row in rows[5:6]] == ["'=1+1"]


def test_html_is_escaped():
    assert "<b>" not in PRINTED._repr_html_()


def test_what_cannot_be_printed_is_named():
    asked = {"percent": ["maen"], "columns": ["cass"], "digits": -1, "changes": [True]}
    with pytest.raises(InputError) as told:
        printed_table(TABLE, **asked)
    for said in (
        "the table has no column 'maen'; did you mean 'mean'",
        "the table has no column 'cass'; did you mean 'cases'",
        "digits: is -1; give 0 or more",
        "changes: has 1 entries; the table has 6 rows",
    ):
        assert said in str(told.value)


def test_it_prints_itself():
    assert str(PrintedTable(pd.DataFrame({"a": ["b"]}))).split() == ["a", "b"]
