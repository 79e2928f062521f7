"""Codes for missing values are told from values, and refused until they are declared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from servanda.common.errors import InputError
from servanda.record import load_crises, load_guarantees
from servanda.record.files.codebook import TABLES
from servanda.record.files.missing import OWN, code_faults, is_code, written_by_a_program
from servanda.record.files.read import read_table

KINDS = {column.kind for table in TABLES.values() for column in table.columns} | {OWN}
#: What pandas, R, Stata, Excel and databases write for a gap.
WRITTEN = ["NA", "nan", "NaN", "NULL", "null", "<NA>", "NaT", "#N/A", "N/A", "n/a", ".", ".a", ".z", "#VALUE!"]
NUMBERS = ["-9", "-99", "-999", "-8", "-77", "-9.0"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_programs_write_is_a_code_in_every_column(kind):
    assert [text for text in WRITTEN if not is_code(text, kind)] == []
    assert [
        text for text in ("", "USA", "complied", "1914", "2", "0", "none of them kept it") if is_code(text, kind)
    ] == []


def test_negative_numbers_are_codes_where_the_codebook_has_no_numbers_below_zero():
    for kind in KINDS - {OWN}:
        assert [text for text in NUMBERS if not is_code(text, kind)] == [], kind
    # Minus nine is a value of the Polity score, and the like.
    assert not any(is_code(text, OWN) for text in NUMBERS)


def test_words_of_people_are_codes_in_names_only():
    for word in ("none", "None", "unknown", "-", "?"):
        assert {kind for kind in KINDS if is_code(word, kind)} == {"name", "actor"}


def test_large_numbers_are_codes_where_they_cannot_be_values():
    assert [kind for kind in sorted(KINDS) if is_code("9999", kind)] == ["count", "date", "year"]
    assert [kind for kind in sorted(KINDS) if is_code("999", kind)] == ["count"]
    assert not any(is_code("99", kind) for kind in KINDS)


@pytest.mark.parametrize("name", TABLES)
def test_no_shipped_cell_looks_like_a_code(name, shipped):
    frame = read_table(shipped(f"{name}.csv")).fillna("")
    kinds = {column.name: column.kind for column in TABLES[name].columns if column.name in frame}
    assert list(code_faults(frame, kinds)) == []
    assert not any(written_by_a_program(text, kind) for column, kind in kinds.items() for text in frame[column])


def refusal(path, **keywords):
    with pytest.raises(InputError) as caught:
        load_guarantees(path, **keywords)
    return [str(fault) for fault in caught.value.faults]


def test_a_code_that_nobody_declared_is_told_once(edited):
    drop = ["obligor_past_defections"]
    path = edited("guarantees", {(2, "note"): "NA", (3, "ended"): "NA", (3, "note"): "NA"}, keep=4, drop=drop)
    (fault,) = refusal(path)
    assert fault == (
        "row 2, column note: 'NA' looks like the code of a missing value, as 2 other cells do (columns ended, note); "
        "declare it by missing='NA' (on the command line --missing NA), or leave the cell empty"
    )
    assert load_guarantees(path, missing="NA")[["ended", "note"]].isna().sum().tolist()[1] == 2


@pytest.mark.parametrize("column", ["case_id", "guarantee_id", "obligor"])
@pytest.mark.parametrize("code", ["nan", "-9", "none"])
def test_a_name_that_is_a_code_is_refused_and_declaring_it_does_not_help(edited, column, code):
    path = edited("guarantees", {(3, column): code}, keep=4, drop=["obligor_past_defections"])
    (fault,) = refusal(path)
    looks = f"row 3, column {column}: {code!r} looks like the code of a missing value"
    assert fault == f"{looks}; a value is required: find it, or drop the row"
    assert refusal(path, missing=code) == [f"row 3, column {column}: is empty; a value is required"]


def test_columns_of_one_s_own_are_judged_too(edited):
    path = edited("guarantees", {(3, "case_id"): "x"}, keep=3, drop=["obligor_past_defections"])
    frame = pd.read_csv(path, dtype=str, keep_default_na=False).assign(
        polity=["-9", "NA", "3"], mood=["b'grim'", "", ""]
    )
    frame.to_csv(path, index=False)
    told = refusal(path)
    assert len(told) == 2
    assert told[1].startswith(
        "row 3, column polity: 'NA' looks like the code of a missing value; declare it by missing="
    )
    assert told[0] == "row 2, column mood: \"b'grim'\" looks like bytes that a program wrote as they are; write 'grim'"
    frame.drop(columns="mood").to_csv(path, index=False)
    assert load_guarantees(path, missing="NA")["polity"].fillna("").tolist() == ["-9", "", "3"]


def test_bytes_are_decoded_and_lists_refused(tmp_path, cases):
    names = [name for name in cases if name != "obligor_past_defections"]
    few = cases.loc[:2, names].astype({"outcome": "str"}).astype(object).where(lambda cell: cell.notna(), None)
    raw = few.assign(obligor=few["obligor"].str.encode("utf-8"), note=few["note"].str.encode("utf-8"))
    raw.to_parquet(tmp_path / "bytes.parquet")
    read = load_guarantees(tmp_path / "bytes.parquet")
    assert read["obligor"].tolist() == few["obligor"].tolist()
    assert read["note"].tolist() == few["note"].tolist()
    lists = few.assign(obligor=[["GBR"], ["USA", "GBR"], ["RUS"]])
    lists.to_parquet(tmp_path / "lists.parquet")
    assert refusal(tmp_path / "lists.parquet") == [
        f"row {row}, column obligor: holds a list ({names}); expected a single text or number"
        for row, names in ((2, "['GBR']"), (3, "['USA', 'GBR']"), (4, "['RUS']"))
    ]
    pd.DataFrame({**few, "obligor": ["['GBR']", "b'USA'", "RUS"]}).to_csv(tmp_path / "text.csv", index=False)
    assert refusal(tmp_path / "text.csv") == [
        "row 2, column obligor: \"['GBR']\" looks like a list; expected a single name",
        "row 3, column obligor: \"b'USA'\" looks like bytes that a program wrote as they are; write 'USA'",
    ]


def test_tables_beside_the_cases_take_codes_as_well(tmp_path):
    crises = load_crises()
    crises.loc[0, "crisis"] = np.nan
    crises.to_csv(tmp_path / "crises.csv", index=False, na_rep="NA")
    with pytest.raises(InputError, match="row 2, column crisis: 'NA' looks like the code of a missing value; a value"):
        load_crises(tmp_path / "crises.csv")
    with pytest.raises(InputError, match="row 2, column crisis: is empty"):
        load_crises(tmp_path / "crises.csv", missing=("NA",))
