"""The shipped cases against the codebook's own figures, and bad files against their messages."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
import pytest

from servanda.common.errors import InputError
from servanda.record import load_disputed, load_guarantees, with_backers
from servanda.record.files.codebook import GREAT_POWERS, GUARANTEES


def test_the_codebook_s_figures(cases):
    assert len(cases) == 212
    assert cases["guarantee_id"].nunique() == 111
    assert (cases["tested_year"].min(), cases["tested_year"].max()) == (1826, 2024)
    assert cases["obligor"].value_counts()[["RUS", "USA", "GBR"]].tolist() == [38, 30, 24]
    assert cases["enforcement"].value_counts()[["snapback", "sanctions"]].tolist() == [2, 10]
    assert cases["obligor_past_defections"].isna().sum() == 31
    assert round((cases["outcome"] == "complied").mean(), 2) == 0.44
    assert cases["crisis"].nunique() == 126


def test_every_cell_is_the_file_s(cases, plain):
    for name in plain("guarantees")[0]:
        stored = [row[name] for row in plain("guarantees")]
        loaded = ["" if value is pd.NA or value != value else value for value in cases[name]]
        if name == "nuclear_obligor":
            loaded = [int(value) for value in loaded]
        assert [str(value) for value in loaded] == stored, name


def test_crises_are_the_shipped_ones(cases, plain):
    assert cases["crisis"].tolist() == [row["crisis"] for row in plain("crises")]


def test_levels_are_ordered_where_the_codebook_orders_them(cases):
    ordered = {name for name in cases.select_dtypes("category") if cases[name].cat.ordered}
    assert ordered == {"monitoring", "power_ratio", "stakes", "outcome", "confidence"}
    assert list(cases["outcome"].cat.categories) == ["defected", "partial", "complied"]
    assert (cases["stakes"] > "major").sum() == 76


def test_dates_before_the_reach_of_nanoseconds(edited):
    old = load_guarantees(edited("guarantees", {(2, "tested"): "1385", (2, "outcome_year"): "1386"}))
    assert str(old["tested_from"][0].date()) == "1385-01-01"
    assert old["tested_year"][0] == 1385


def recount(rows):
    """Count past defections as section 5 words it, row against row."""
    appearances = Counter(row["obligor"] for row in rows)
    for row in rows:
        year = int(row["tested"][:4])
        broken = {
            other["guarantee_id"]
            for other in rows
            if other["obligor"] == row["obligor"]
            and other["outcome"] == "defected"
            and int(other["outcome_year"]) in range(year - 20, year)
        }
        silent = appearances[row["obligor"]] == 1 and row["obligor"] not in GREAT_POWERS
        yield "" if silent else str(len(broken))


def test_stored_past_defections_are_the_recount_in_every_row(cases, plain):
    rows = plain("guarantees")
    assert [row["obligor_past_defections"] for row in rows] == list(recount(rows))
    assert cases["obligor_past_defections"].astype("string").fillna("").tolist() == list(recount(rows))


def test_great_powers_are_those_the_record_gives_numbers_for(plain):
    marked = {row["backer"] for row in plain("backers") if row["is_obligor"] == row["p5"] == "1"}
    numbered = {row["obligor"] for row in plain("guarantees") if row["obligor_past_defections"]}
    assert marked & numbered == GREAT_POWERS
    assert marked - numbered == {"CHN"}


def test_past_defections_are_counted_when_the_column_or_a_cell_is_missing(cases, edited):
    without = load_guarantees(edited("guarantees", drop=["obligor_past_defections"]))
    pd.testing.assert_series_equal(without["obligor_past_defections"], cases["obligor_past_defections"])
    line = cases.index[cases["case_id"] == "bel_1940_deu"][0] + 2
    blanked = load_guarantees(edited("guarantees", {(line, "obligor_past_defections"): ""}))
    pd.testing.assert_series_equal(blanked["obligor_past_defections"], cases["obligor_past_defections"])


def test_a_single_row_may_state_that_nothing_is_known_against_the_actor(cases, edited):
    at = cases.index[cases["case_id"] == "perbol_1879_per"][0]
    path = edited("guarantees", {(at + 2, "obligor_past_defections"): "0"})
    assert load_guarantees(path)["obligor_past_defections"][at] == 0


def test_crisis_of_one_s_own_file(edited, cases):
    own = load_guarantees(edited("guarantees"))
    assert own["crisis"].tolist() == (own["guarantee_id"] + "_" + own["tested_year"].astype(str)).tolist()


def test_own_columns_are_kept_and_derived_ones_made_anew(tmp_path, cases):
    cases.assign(mood="grim", doubted=False, crisis=None).to_csv(tmp_path / "mine.csv", index=False)
    mine = load_guarantees(tmp_path / "mine.csv")
    assert list(mine) == [*GUARANTEES.names, "mood", *GUARANTEES.derived]
    assert mine["doubted"].equals(cases["doubted"])
    assert mine["crisis"][0] == "prt_gbr_alliance_1826"


def test_doubted_is_low_confidence_or_disputed_by_the_codebook(cases, plain, shipped):
    sections = shipped("CODEBOOK.md").read_text(encoding="utf-8").split("\n## ")
    disputed = " ".join(part for part in sections if part.startswith(("8.", "11."))).split("Corrected since")[0]
    # The codebook shortens "jcpoa_2019_gbr, _fra, _deu, _eu".
    named = set(re.findall(r"[a-z0-9]+(?:_[a-z0-9]+)+", disputed))
    named |= {f"jcpoa_2019_{who}" for who in re.findall(r" _([a-z]+)", disputed)}
    rows = plain("guarantees")
    ids = {row["case_id"] for row in rows}
    assert set(load_disputed()["case_id"]) == named & ids
    low = {row["case_id"] for row in rows if row["confidence"] == "low"}
    assert set(cases["case_id"][cases["doubted"]]) == low | (named & ids)
    assert load_disputed()["reason"].str.len().min() > 10


RULE = "(codebook, section 5): correct it or drop the column"

# One mistake each in a copy of the shipped file; row 2 is prt_1826_gbr.
MISTAKES = [
    (
        {(2, "outcome"): "complied?"},
        "row 2, column outcome: 'complied?' is not a level; did you mean 'complied'?",
    ),
    ({(2, "role"): "x"}, "row 2, column role: 'x' is not a level; known: guarantor, principal"),
    ({(2, "tested"): "2019-02-30"}, "row 2, column tested: '2019-02-30' is not a date of the calendar"),
    (
        {(2, "signed"): "May 1373"},
        "row 2, column signed: 'May 1373' is not a date of the form YYYY, YYYY-MM or YYYY-MM-DD",
    ),
    ({(2, "signed"): "1827"}, "row 2, column signed: '1827' lies after the test ('1826-12')"),
    ({(2, "outcome_year"): "1825"}, "row 2, column outcome_year: '1825' lies before the test ('1826-12')"),
    ({(2, "ended"): "1825"}, "row 2, column ended: '1825' lies before the test ('1826-12')"),
    (
        {(2, "guarantors"): "0"},
        "row 2, column guarantors: '0' is not a count; expected a whole number of at least 1",
    ),
    (
        {(2, "guarantors"): "-1"},
        "row 2, column guarantors: '-1' is not a count; expected a whole number of at least 1",
    ),
    (
        {(2, "guarantors"): "two"},
        "row 2, column guarantors: 'two' is not a count; expected a whole number of at least 1",
    ),
    (
        {(2, "guarantors"): "9" * 30},
        f"row 2, column guarantors: '{'9' * 30}' is not a count; expected a whole number of at least 1",
    ),
    ({(2, "outcome_year"): "27"}, "row 2, column outcome_year: '27' is not a year; expected four digits"),
    ({(2, "nuclear_obligor"): "yes"}, "row 2, column nuclear_obligor: 'yes' is neither 0 nor 1"),
    ({(2, "obligor"): " "}, "row 2, column obligor: is empty; a value is required"),
    ({(2, "sources"): "a;;b"}, "row 2, column sources: 'a;;b' has an empty key; separate keys by a single ;"),
    (
        {(3, "case_id"): "prt_1826_gbr"},
        "row 3, column case_id: repeats the case of row 2 ('prt_1826_gbr'); each may stand once",
    ),
    (
        {(2, "obligor_past_defections"): "3"},
        f"row 2, column obligor_past_defections: '3' contradicts the file, which holds 0 {RULE}",
    ),
]


@pytest.mark.parametrize(("cells", "message"), MISTAKES)
def test_one_mistake_one_fault(edited, cells, message):
    with pytest.raises(InputError) as caught:
        load_guarantees(edited("guarantees", cells))
    assert str(caught.value) == f"guarantees.csv: {message}"


def test_all_faults_at_once_in_the_order_of_the_file(edited):
    path = edited(
        "guarantees",
        {(9, "outcome"): "kept", (4, "tested"): "soon", (2, "guarantors"): "0"},
        rename={"stakes": "Stake"},
        drop=["power_ratio"],
    )
    with pytest.raises(InputError) as caught:
        load_guarantees(path)
    assert [fault.where for fault in caught.value.faults] == [
        "",
        "",
        "row 2, column guarantors",
        "row 4, column tested",
        "row 9, column outcome",
    ]
    assert {fault.what for fault in caught.value.faults[:2]} == {
        "column 'power_ratio' is missing; add it",
        "column 'stakes' is missing; column 'Stake' looks like it: rename it",
    }


def test_partial_dates_that_may_be_in_order_are_no_fault(edited):
    cells = {(2, "signed"): "1826-06", (2, "tested"): "1826", (2, "ended"): "1826-03"}
    assert load_guarantees(edited("guarantees", cells))["tested"][0] == "1826"


def test_empty_names_do_not_repeat_each_other(edited):
    with pytest.raises(InputError) as caught:
        load_guarantees(edited("guarantees", {(2, "case_id"): "", (3, "case_id"): ""}))
    assert {fault.what for fault in caught.value.faults} == {"is empty; a value is required"}


def test_sources_are_looked_up_when_a_bibliography_is_given(edited, tmp_path, shipped):
    path = edited("guarantees", {(2, "sources"): "temperley1926;gibler2009"})
    assert len(load_guarantees(path)) == 212
    with pytest.raises(InputError, match="row 2, column sources: 'temperley1926' is not in the bibliography; did"):
        load_guarantees(path, sources=shipped("sources.bib"))


def test_every_message_is_free_of_pandera(edited):
    with pytest.raises(InputError) as caught:
        load_guarantees(edited("guarantees", {(2, "tested"): "", (3, "stakes"): "huge"}, drop=["note"]))
    assert not re.search(r"pandera|schema|check|dtype|Column\b|failure", str(caught.value))


def test_the_shipped_record_says_which_data_set_it_is(tmp_path):
    """So that a prior that was made from it is refused with it; it outlives what is done to the frame."""
    cases = load_guarantees()
    assert with_backers(cases[cases["tested_year"] > 1945]).attrs["data_sets"] == ["servanda-guarantees"]
    cases.loc[:, GUARANTEES.names].to_csv(tmp_path / "own.csv", index=False)
    assert "data_sets" not in load_guarantees(tmp_path / "own.csv").attrs
