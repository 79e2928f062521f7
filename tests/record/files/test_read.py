"""Files that are not what they should be are refused in words; good ones are read alike in every format."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip

import numpy as np
import pandas as pd
import pytest

from servanda.common.errors import InputError
from servanda.record import load_crises, load_guarantees
from servanda.record.files.read import read_cells, read_table
from servanda.record.files.values import as_text


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected a header and at least one row"),
        (b" \n\n", "is empty; expected a header and at least one row"),
        (b",,\n,,\n", "is empty; expected a header and at least one row"),
        (b"a,b\n", "has a header but no rows"),
        (b"a,b\n,\n", "has a header but no rows"),
        (
            b"a,b\n1,2\n3,caf\xe9\n",
            "row 3: not UTF-8 text (byte 0xE9); it looks like Windows-1252 or Latin-1: save it",
        ),
        ("a,b\n1,2".encode("utf-16"), "is not UTF-8 text; it looks like UTF-16: save it as 'CSV UTF-8'"),
        ("a,b\n1,2".encode("utf-16-le"), "is not UTF-8 text; it looks like UTF-16: save it as 'CSV UTF-8'"),
        (b"PK\x03\x04...", "is an Excel workbook or a zip archive; save the sheet as 'CSV UTF-8'"),
        (b"\x1f\x8b...", "cannot be unpacked with gzip ("),
        (b"BZh9...", "is compressed with bzip2; unpack it first"),
        (gzip.compress(b"X\n\x00\x00\x00\x03", mtime=0), "is an R data file; write the table with write.csv"),
        (b"\x80\x04\x95...", "is a pickle, which is never opened, since it can run code; write the table as"),
        (b'[{"a": 1}]', "is JSON; give the table as CSV or Parquet"),
        (gzip.compress(b" \n", mtime=0), "is empty; expected a header and at least one row"),
        (b"<stata_dta>...", "cannot be read as Stata ("),
        (b"$FL2...", "cannot be read as SPSS ("),
        (b"a b\n1 2\n", "its cells look separated by blanks; expected commas, semicolons, tabs or bars (in R"),
        (b'"a" "b"\n"1" 1 2\n', "row 1: its cells look separated by blanks; expected commas"),
        (b"a,b\n1,2,3\n2,4,5\n", "row 1: has 2 cells, and every row has one more, as R's write.table leaves"),
        (b"sep=x\na,b\n", "row 1: says that 'x' separates its cells; expected commas, semicolons, tabs or bars"),
        (b"a,b;c\n1,2;3\n", "its cells may be separated by commas or semicolons; say which by a first line such as"),
        (b'a,b\n1,"2\n', "row 2: not readable as CSV (unexpected end of data); check the quotes"),
        (b"a,b,a\n1,2,3\n", "row 1, column a: is named twice in the header; rename or drop one"),
        (b"PAR1 and no more", "cannot be read as Parquet"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, content, message):
    assert refused(tmp_path / "bad.csv", content).startswith(f"bad.csv: {message}")


def test_a_bad_parquet_is_known_by_its_ending(tmp_path):
    assert refused(tmp_path / "bad.parquet", b"a,b\n1,2\n").startswith("bad.parquet: cannot be read as Parquet (")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match=r"^none\.csv: there is no such file; check the path$"):
        load_guarantees(tmp_path / "none.csv")
    with pytest.raises(InputError, match=rf"^{tmp_path.name}: is a folder; give the path of a file in it$"):
        load_guarantees(tmp_path)


def test_rows_keep_the_line_they_begin_on(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\r\n1,"two\r\nlines"\r\n\r\n 3 ,4\r\n5\r\n')
    cells = read_cells(path)
    assert cells.rows == (("1", "two\r\nlines"), ("3", "4"))
    assert cells.lines == (2, 5)
    assert [str(fault) for fault in cells.faults] == [
        "row 6: has 1 cells where the header has 2; check commas and quotes"
    ]


def test_byte_order_mark_and_nameless_column_are_borne(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeff,a\n0,é\n".encode())
    cells = read_cells(path)
    assert (cells.columns, cells.rows) == (("a",), (("é",),))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (3, "3"),
        (3.0, "3"),
        (0.25, "0.25"),
        (np.int8(3), "3"),
        (np.float32(0.1), "0.1"),
        (np.float32(2), "2"),
        (decimal.Decimal("2.00"), "2"),
        (True, "1"),
        (np.bool_(False), "0"),
        (pd.NA, ""),
        (pd.NaT, ""),
        (b"caf\xc3\xa9", "café"),
        ("x", "x"),
        (dt.date(1914, 7, 28), "1914-07-28"),
        (dt.datetime(1914, 7, 28), "1914-07-28"),
        (dt.datetime(1914, 7, 28, 11), "1914-07-28T11:00:00"),
    ],
)
def test_typed_cells_read_as_csv_cells(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_was_loaded_can_be_saved_and_loaded_again(tmp_path, cases, suffix):
    path = tmp_path / f"mine.{suffix}"
    {"csv": cases.to_csv, "parquet": cases.to_parquet}[suffix](path)
    pd.testing.assert_frame_equal(load_guarantees(path), cases)


def test_parquet_and_csv_of_a_related_table_agree(tmp_path):
    load_crises().iloc[::-1].to_parquet(tmp_path / "crises.parquet")
    again = load_crises(tmp_path / "crises.parquet")
    pd.testing.assert_frame_equal(again.iloc[::-1].reset_index(drop=True), load_crises())
