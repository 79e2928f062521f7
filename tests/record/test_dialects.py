"""Random cases, written as people write tables, are read as they were; a random mistake is told by row and column."""

from __future__ import annotations

import csv
import gzip
import io
import warnings

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.common.errors import InputError
from servanda.record import RecordWarning, load_guarantees
from servanda.record.files.codebook import GUARANTEES

#: Columns that a file of one's own holds.
COLUMNS = [name for name in GUARANTEES.names if name not in {"obligor_past_defections", "crisis"}]
WHOLE = ["guarantors", "outcome_year", "nuclear_obligor"]


@pytest.fixture(scope="module")
def record():
    return load_guarantees()


def excerpt(record, rows):
    """Choose rows of the record, as text, with empty cells."""
    frame = record.iloc[sorted(rows)][COLUMNS].astype({"nuclear_obligor": "Int64"})
    return frame.astype("string").fillna("").astype("str").reset_index(drop=True)


def as_csv(frame, *, mark=",", gap="", point=False, quoting=csv.QUOTE_MINIMAL):
    """Write text as a CSV with another library than the one that reads it: a gap by a word, counts with a point."""
    shown = frame.copy()
    if point:
        shown[WHOLE] = shown[WHOLE].map(lambda text: f"{text}.0" if text else "")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=mark, quoting=quoting)
    writer.writerows([shown.columns, *shown.map(lambda text: text or gap).itertuples(index=False, name=None)])
    return buffer.getvalue().encode()


ROWS = st.sets(st.integers(0, 415), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, data=st.data())
def test_random_cases_read_back_equal_in_every_dialect(record, tmp_path_factory, rows, data):
    folder = tmp_path_factory.mktemp("dialects")
    frame = excerpt(record, rows)
    (folder / "plain.csv").write_bytes(as_csv(frame))
    expected = load_guarantees(folder / "plain.csv")
    assert expected["case_id"].tolist() == frame["case_id"].tolist()
    gap = data.draw(st.sampled_from(["", "NA", ".", "-9", "NULL"]))
    mark = data.draw(st.sampled_from(",;\t|"))
    content = as_csv(
        frame,
        mark=mark,
        gap=gap,
        point=data.draw(st.booleans()),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    content = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + content
    if data.draw(st.booleans()):
        content = gzip.compress(content)
    (folder / "DIALECT.CSV").write_bytes(content)
    declared = data.draw(st.sampled_from([(gap,), (gap, "?"), gap])) if gap else ()
    pd.testing.assert_frame_equal(load_guarantees(folder / "DIALECT.CSV", missing=declared), expected)


@settings(max_examples=10, deadline=None)
@given(rows=ROWS)
def test_random_cases_read_back_equal_from_typed_files(record, tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("typed")
    frame = excerpt(record, rows)
    (folder / "plain.csv").write_bytes(as_csv(frame))
    expected = load_guarantees(folder / "plain.csv")
    numbers = frame.assign(**{name: pd.to_numeric(frame[name]) for name in WHOLE})
    pyreadstat = pytest.importorskip("pyreadstat")
    numbers.to_stata(folder / "a.dta", write_index=False, version=118)
    numbers.to_parquet(folder / "a.parquet")
    pyreadstat.write_sav(numbers, folder / "a.sav")
    for name in ("a.dta", "a.parquet", "a.sav"):
        pd.testing.assert_frame_equal(load_guarantees(folder / name), expected)


#: A column, a cell that it cannot hold, and how the message begins.
WRONG = [
    ("outcome", "complid", "'complid' is not a level"),
    ("outcome", "", "is empty; a value is required"),
    ("obligor", "", "is empty; a value is required"),
    ("obligor", "NaN", "'NaN' looks like the code of a missing value; a value is required"),
    ("guarantors", "-99", "'-99' looks like the code of a missing value; declare it"),
    ("guarantors", "2.5", "'2.5' is not a count"),
    ("guarantors", "999", "'999' looks like the code of a missing value; declare it"),
    ("outcome_year", "9999", "'9999' looks like the code of a missing value; a value is required"),
    ("tested", "1.5.1914", "'1.5.1914' is not a date of the form"),
    ("signed", "9999", "'9999' looks like the code of a missing value; a value is required"),
    ("nuclear_obligor", "2", "'2' is neither 0 nor 1"),
    ("note", "b'text'", "\"b'text'\" looks like bytes that a program wrote as they are"),
    ("regime", ".", "'.' looks like the code of a missing value; declare it"),
]


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, wrong=st.sampled_from(WRONG), data=st.data())
def test_a_random_mistake_is_told_by_file_row_and_column(record, tmp_path_factory, rows, wrong, data):
    column, cell, message = wrong
    frame = excerpt(record, rows)
    row = data.draw(st.integers(0, len(frame) - 1))
    frame.loc[row, column] = cell
    path = tmp_path_factory.mktemp("wrong") / "mine.csv"
    path.write_bytes(as_csv(frame, mark=data.draw(st.sampled_from(",;\t|"))))
    with pytest.raises(InputError) as caught:
        load_guarantees(path)
    assert caught.value.subject == "mine.csv"
    told = [fault.what for fault in caught.value.faults if fault.where == f"row {row + 2}, column {column}"]
    assert any(what.startswith(message) for what in told)


@settings(max_examples=15, deadline=None)
@given(rows=ROWS, data=st.data())
def test_an_actor_spelled_otherwise_never_loads_in_silence(record, tmp_path_factory, rows, data):
    frame = excerpt(record, rows)
    row = data.draw(st.integers(0, len(frame) - 1))
    spell = data.draw(st.sampled_from([str.lower, lambda text: text[0] + "\u200b" + text[1:], lambda text: f"{text}."]))
    frame.loc[row, "obligor"] = spell(frame.loc[row, "obligor"])
    path = tmp_path_factory.mktemp("spelled") / "mine.csv"
    path.write_bytes(as_csv(frame))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_guarantees(path)
    assert [warning.category for warning in caught] == [RecordWarning]
    assert repr(frame.loc[row, "obligor"]) in str(caught[0].message)
