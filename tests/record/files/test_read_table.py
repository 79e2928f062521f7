"""One table in every way that people write it is one table when read; what cannot be one is refused in words."""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.common.errors import InputError
from servanda.record.files.read import read_table

#: Text as cells hold it, with every mark that a dialect gives a meaning; blanks around it do not survive.
CELL = st.text(st.sampled_from("abcXYZé0123 ,;|\t'\"\n.-="), max_size=8).map(str.strip)
FILLED = CELL.filter(bool)


STATA_OWN = {"_all", "_b", "_cons", "_n", "_N", "_pi", "_pred", "_rc", "_skip", "_coef", "if", "in", "using", "with"}


@st.composite
def tables(draw):
    """Draw a small table of text without rows that hold nothing; the header has no separator in it."""
    name = st.text(st.sampled_from("abcdefgh_"), min_size=1, max_size=6)
    # Stata keeps a few names for itself, which pandas writes otherwise.
    name = name.filter(lambda text: text not in STATA_OWN)
    names = draw(st.lists(name, min_size=2, max_size=4, unique=True))
    width = len(names)
    rows = draw(st.lists(st.tuples(FILLED, *[CELL] * (width - 1)), min_size=1, max_size=6))
    return pd.DataFrame(rows, columns=names, dtype="str")


def written(frame, mark, *, quoting=csv.QUOTE_MINIMAL, said=False, newline="\n", bom=False):
    """Write a table as a CSV with nothing but the csv module."""
    buffer = io.StringIO(newline="")
    if said:
        buffer.write(f"sep={mark}{newline}")
    writer = csv.writer(buffer, delimiter=mark, quoting=quoting, lineterminator=newline)
    writer.writerow(frame.columns)
    writer.writerows(frame.itertuples(index=False, name=None))
    return (b"\xef\xbb\xbf" if bom else b"") + buffer.getvalue().encode()


def told(path, content, **keywords):
    path.write_bytes(content)
    return read_table(path, **keywords)


def same(read, frame):
    """Compare what was read with the text that was written."""
    pd.testing.assert_frame_equal(read.fillna("").reset_index(drop=True), frame, check_index_type=False)


def refusal(path, content):
    with pytest.raises(InputError) as caught:
        told(path, content)
    return str(caught.value)


@settings(max_examples=60, deadline=None)
@given(frame=tables(), data=st.data())
def test_every_dialect_reads_back_equal(tmp_path_factory, frame, data):
    folder = tmp_path_factory.mktemp("dialects")
    mark = data.draw(st.sampled_from(",;\t|"))
    content = written(
        frame,
        mark,
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        said=data.draw(st.booleans()),
        newline=data.draw(st.sampled_from(["\n", "\r\n"])),
        bom=data.draw(st.booleans()),
    )
    same(told(folder / "a.csv", content), frame)
    same(told(folder / "a.CSV.GZ", gzip.compress(content)), frame)


def test_the_separator_is_the_one_that_every_row_fits(tmp_path):
    assert told(tmp_path / "a.csv", b"a,b;c\n1;2\n").to_dict("list") == {"a,b": ["1"], "c": ["2"]}
    assert told(tmp_path / "a.csv", b"a;b,c\n1,2\n").to_dict("list") == {"a;b": ["1"], "c": ["2"]}
    assert told(tmp_path / "a.csv", b"name\nx;y\n").to_dict("list") == {"name": ["x;y"]}


@settings(max_examples=20, deadline=None)
@given(frame=tables())
def test_every_typed_format_reads_back_equal(tmp_path_factory, frame):
    folder = tmp_path_factory.mktemp("typed")
    frame.to_parquet(folder / "a.PARQUET")
    same(read_table(folder / "a.PARQUET"), frame)
    frame.to_stata(folder / "a.DTA", write_index=False, version=118)
    same(read_table(folder / "a.DTA"), frame)
    pd.DataFrame({name: frame[name].map(str.encode) for name in frame}).to_parquet(folder / "bytes.pq")
    same(read_table(folder / "bytes.pq"), frame)


@settings(max_examples=40, deadline=None)
@given(frame=tables(), data=st.data())
def test_a_row_that_lost_or_won_a_cell_is_named(tmp_path_factory, frame, data):
    folder = tmp_path_factory.mktemp("corrupted")
    frame = pd.concat([frame, frame, frame], ignore_index=True).map(lambda cell: re.sub(r"\s", "", cell) or "x")
    records = [list(frame.columns), *frame.itertuples(index=False, name=None)]
    hurt = data.draw(st.integers(2, len(records)))
    width = len(records[0])
    records[hurt - 1] = data.draw(st.sampled_from([records[hurt - 1][:-1], (*records[hurt - 1], "x")]))
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(records)
    message = refusal(folder / "a.csv", buffer.getvalue().encode())
    found = len(records[hurt - 1])
    assert message.startswith(f"a.csv: row {hurt}: has {found} cells where the header has {width}; check")


@pytest.mark.parametrize("kind", ["csv", "parquet", "dta", "sav"])
def test_numbers_dates_and_gaps_are_what_a_csv_would_hold(tmp_path, kind):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame(
        {
            "name": ["a", "b", ""],
            "count": [2.0, np.nan, 5.0],
            "share": [0.25, 0.5, np.nan],
            "day": pd.to_datetime(["1914-07-28", "1950-01-01", "2019-04-25"]),
        }
    )
    path = tmp_path / f"a.{kind}"
    {
        "csv": lambda: frame.astype({"count": "Int64"}).to_csv(path, index=False),
        "parquet": lambda: frame.to_parquet(path),
        "dta": lambda: frame.to_stata(path, write_index=False),
        "sav": lambda: pyreadstat.write_sav(frame, path),
    }[kind]()
    assert read_table(path).fillna("").to_dict("list") == {
        "name": ["a", "b", ""],
        "count": ["2", "", "5"],
        "share": ["0.25", "0.5", ""],
        "day": ["1914-07-28", "1950-01-01", "2019-04-25"],
    }


def test_stata_s_labels_stand_for_their_numbers_and_months_for_themselves(tmp_path):
    path = tmp_path / "a.dta"
    frame = pd.DataFrame(
        {
            "outcome": pd.Categorical(["kept", "broken", "kept"], categories=["broken", "kept"]),
            "month": pd.to_datetime(["1914-07-01", None, "1950-01-01"]),
            "year": pd.to_datetime(["1914-01-01", "1938-01-01", "1950-01-01"]),
            "weight": np.array([0.1, 0.2, 0.3], "float32"),
        }
    )
    frame.to_stata(path, write_index=False, convert_dates={"month": "tm", "year": "ty"})
    assert read_table(path).fillna("").to_dict("list") == {
        "outcome": ["kept", "broken", "kept"],
        "month": ["1914-07", "", "1950-01"],
        "year": ["1914", "1938", "1950"],
        "weight": ["0.1", "0.2", "0.3"],
    }
    frame.to_stata(path, write_index=False, convert_dates={"month": "tq", "year": "ty"})
    message = "column month holds weeks, quarters or half-years; write text such as 1914-07-01"
    with pytest.raises(InputError, match=message):
        read_table(path)


def test_missing_cells_are_those_that_were_declared(tmp_path):
    content = b"a,b,c\nNA,-9,.\n-9.0,x,NA \nna,-99,-\n"
    bare = told(tmp_path / "a.csv", content)
    assert bare["a"].tolist() == ["NA", "-9.0", "na"]
    declared = told(tmp_path / "a.csv", content, missing=("NA", ".", -9))
    assert declared.fillna("").to_numpy().tolist() == [["", "", ""], ["", "x", ""], ["na", "-99", "-"]]
    assert told(tmp_path / "a.csv", content, missing="NA")["c"].isna().tolist() == [False, True, False]
    assert declared.index.tolist() == [2, 3, 4]


def test_cells_that_are_no_single_value_are_named_all_at_once(tmp_path):
    path = tmp_path / "a.parquet"
    columns = {
        "who": pa.array([["USA", "GBR"], None, ["FRA"]]),
        "raw": pa.array([b"USA", b"\xff", None], pa.binary()),
        "n": pa.array([1, 2, 3]),
        "deep": pa.array([{"x": 1}, None, None]),
    }
    pq.write_table(pa.table(columns), path)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert [str(fault) for fault in caught.value.faults] == [
        "row 2, column who: holds a list (['USA', 'GBR']); expected a single text or number",
        "row 2, column deep: holds a dict ({'x': 1}); expected a single text or number",
        "row 3, column raw: holds bytes that are no UTF-8 text (b'\\xff')",
        "row 4, column who: holds a list (['FRA']); expected a single text or number",
    ]


def test_invisible_marks_around_a_cell_or_a_name_are_dropped(tmp_path):
    frame = told(tmp_path / "a.csv", "\ufeffa\u200b,\u200eb\nUSA\u200b,\u2060GBR\u00a0\nU\u200bS,x\n".encode())
    assert frame.to_dict("list") == {"a": ["USA", "U\u200bS"], "b": ["GBR", "x"]}


def test_a_column_named_twice_is_refused_in_every_format(tmp_path):
    twice = pa.table([pa.array(["1"]), pa.array(["2"])], names=["a", "a"])
    pq.write_table(twice, tmp_path / "a.pq")
    with pytest.raises(InputError, match="column a: is named twice in the header; rename or drop one"):
        read_table(tmp_path / "a.pq")
    assert "column a: is named twice" in refusal(tmp_path / "a.csv", b"a;a\n1;2\n")


def test_a_file_that_needs_a_library_says_which(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    message = refusal(tmp_path / "a.sav", b"$FL2...")
    assert message.startswith("a.sav: is a file of SPSS, and")
    assert "pyreadstat" in message
    assert message.endswith("export the table as CSV")
