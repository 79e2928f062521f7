"""A file is known by its columns."""

from __future__ import annotations

import pytest

from servanda.common.errors import InputError
from servanda.record import check_file
from servanda.record.files.codebook import EX_ANTE, TABLES


@pytest.mark.parametrize("name", TABLES)
def test_each_shipped_table_is_recognised_and_passes(name, plain, shipped):
    checked = check_file(shipped(f"{name}.csv"), sources=shipped("sources.bib"))
    assert (checked.name, checked.table, checked.rows) == (f"{name}.csv", name, len(plain(name)))


def test_a_bibliography_passes(shipped):
    assert check_file(shipped("sources.bib")).rows == 222


def test_a_loaded_table_saved_again_is_still_recognised(tmp_path, cases):
    cases.to_parquet(tmp_path / "mine.parquet")
    assert check_file(tmp_path / "mine.parquet").table == "guarantees"


def test_remarks_are_no_faults(edited, tmp_path, shipped):
    assert check_file(shipped("guarantees.csv")).remarks == (
        "source keys were not checked: no bibliography was given",
        "74 of 416 cases are doubted",
        "204 of 416 cases rest on no source (key general_knowledge): a draft for review",
    )
    remark, bare = check_file(shipped("backers.csv")).remarks
    assert bare == "204 of 416 cases have no list of backers"
    assert remark.startswith("another number of backers than guarantors counts, in 7 cases: triple_1914_ita, ")
    path = tmp_path / "crises.csv"
    path.write_text(shipped("crises.csv").read_text().replace("\n", ",grim\n").replace("crisis,grim", "crisis,mood"))
    assert check_file(path).remarks == ("columns unknown to the codebook, kept as text: mood",)


@pytest.mark.parametrize("name", ["guarantees", "second_coding"])
def test_a_table_without_the_columns_of_the_day_before_is_recognised(name, edited):
    names = [*(column.name for column in EX_ANTE), "ex_ante_confidence", "ex_ante_note"]
    assert check_file(edited(name, drop=names)).table == name


def test_columns_that_may_be_left_out_do_not_count_against_a_file(edited, plain):
    """A third of the columns that a file must have is enough to know what it should be."""
    kept = ["case_id", "guarantee_id", "guarantee", "beneficiary", "obligor", "role", "signed", "tested"]
    with pytest.raises(InputError, match="column 'outcome' is missing; add it"):
        check_file(edited("guarantees", drop=[name for name in plain("guarantees")[0] if name not in kept]))


def test_a_faulty_file_is_refused(edited):
    with pytest.raises(InputError, match="row 2, column outcome: 'kept' is not a level"):
        check_file(edited("guarantees", {(2, "outcome"): "kept"}))


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "iris.csv"
    path.write_text("petal,sepal\n1,2\n")
    message = (
        r"^iris\.csv: its columns \(petal, sepal\) are those of no table of the record; expected one of "
        "guarantees, track_record, second_coding, backers, crises$"
    )
    with pytest.raises(InputError, match=message):
        check_file(path)
