"""The shipped cases against the codebook's own figures, and bad files against their messages."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
import pytest

from servanda.common.errors import InputError
from servanda.record import load_disputed, load_guarantees, with_backers
from servanda.record.files.codebook import EX_ANTE, GREAT_POWERS, GUARANTEES


def test_the_codebook_s_figures(cases):
    assert len(cases) == 416
    assert cases["guarantee_id"].nunique() == 273
    assert (cases["tested_year"].min(), cases["tested_year"].max()) == (1826, 2025)
    assert cases["obligor"].value_counts()[["RUS", "USA", "GBR"]].tolist() == [66, 47, 37]
    assert cases["enforcement"].value_counts()[["snapback", "sanctions"]].tolist() == [2, 16]
    assert cases["obligor_past_defections"].isna().sum() == 49
    assert round((cases["outcome"] == "complied").mean(), 2) == 0.46
    assert cases["crisis"].nunique() == 272


def test_the_further_cases_are_those_without_a_source_and_have_no_stakes(cases):
    first, further = cases.loc[cases["sourced"]], cases.loc[~cases["sourced"]]
    assert (len(first), first["guarantee_id"].nunique(), first["crisis"].nunique()) == (212, 111, 126)
    assert round((first["outcome"] == "complied").mean(), 2) == 0.44
    assert further["outcome"].value_counts().to_dict() == {"complied": 100, "defected": 56, "partial": 48}
    assert (further["tested_year"].min(), further["tested_year"].max()) == (1827, 2025)
    assert further["stakes"].isna().all()
    assert first["stakes"].notna().all()
    assert set(further["sources"]) == {"general_knowledge"}
    assert further["case_id"].str.startswith("m_").all()


def test_a_case_is_sourced_where_any_key_names_a_work(edited):
    path = edited(
        "guarantees", {(2, "sources"): "general_knowledge; mine", (3, "sources"): "general_knowledge"}, keep=3
    )
    assert load_guarantees(path)["sourced"].tolist() == [True, False, True]


def test_one_instrument_has_one_id_and_one_shock_one_name(cases):
    """Instruments and crises in which the further cases meet the first ones (codebook, sections 12 and 14)."""
    further = ~cases["sourced"]
    shared = {
        name: set(cases.loc[further, name]) & set(cases.loc[~further, name]) for name in ("guarantee_id", "crisis")
    }
    assert shared == {
        "guarantee_id": {
            *("grc_srb_1913", "washington_naval_1922", "rio_1947", "salt1_1972", "el_salvador_1992", "csto_1992"),
            *("new_start_2010", "nato_1949", "grc_1939"),
        },
        "crisis": {
            *("july_1914", "europe_1938_39", "war_1939_41", "ukraine_2014", "armenia_2022", "covenant_1919_1935"),
            *("rio_1947_1982", "ott_tripartite_1856_1877", "npt_irq_1969_1991", "salt1_1972_1977"),
            *("new_start_2010_2018", "el_salvador_1992_1992"),
        },
    }
    dated = cases.loc[cases["crisis"].isin(["europe_1938_39", "war_1939_41"])].groupby("crisis")["tested_from"]
    assert dated.max()["europe_1938_39"] < dated.min()["war_1939_41"]


@pytest.mark.parametrize(
    ("signed", "tested", "years"),
    [
        ("1900-01-01", "1904-01-01", 1460 / 365.2425),
        ("1900", "1904-02", (365 * 4 + 31) / 365.2425),
        ("2000-03-01", "2000", 0.0),
        ("1373", "1826-12-01", 453 + 334 / 365.2425),
    ],
)
def test_years_since_signing_are_counted_from_the_earliest_days(edited, signed, tested, years):
    cells = {(2, "signed"): signed, (2, "tested"): tested, (2, "ended"): "", (2, "outcome_year"): "2001"}
    path = edited("guarantees", cells, drop=["obligor_past_defections"], keep=1)
    assert load_guarantees(path)["years_since_signing"][0] == pytest.approx(years, abs=0.01)


def test_the_columns_of_the_day_before_may_be_left_out(cases, edited):
    names = [*(column.name for column in EX_ANTE), "ex_ante_confidence", "ex_ante_note"]
    bare = load_guarantees(edited("guarantees", drop=names))
    assert list(bare) == list(cases)
    assert bare[names].isna().all(axis=None)
    assert bare[names].dtypes.equals(cases[names].dtypes)
    assert bare.drop(columns=[*names, "crisis"]).equals(cases.drop(columns=[*names, "crisis"]))


def test_the_day_before_obeys_its_rules(plain):
    """Rules that the codebook states between columns, in both codings, by the text of the files."""
    obligors = {row["case_id"]: row["obligor"] for row in plain("guarantees")}
    for row in (*plain("guarantees"), *plain("second_coding")):
        assert row["forces_there"] == "yes" or row["proximity"] != "own"
        assert row["ex_ante_confidence"]
        if obligors[row["case_id"]] in {"UN", "EU", "ECOWAS", "NATO"}:
            assert (row["leadership_change"], row["regime"]) == ("none", "none")


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
    assert ordered == {
        *("monitoring", "power_ratio", "stakes", "outcome", "confidence", "leadership_change", "proximity"),
        *("forces_there", "adversary_nuclear", "capability_change", "ally_interest", "ex_ante_confidence"),
    }
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
    assert marked <= numbered


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

UN_ROW = load_guarantees()["obligor"].tolist().index("UN") + 2

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
        {(2, "regime"): "democrcy"},
        "row 2, column regime: 'democrcy' is not a level; did you mean 'democracy'?",
    ),
    (
        {(2, "capability_change"): "x"},
        "row 2, column capability_change: 'x' is not a level; known: down, same, up",
    ),
    (
        {(2, "proximity"): "own", (2, "forces_there"): "no"},
        "row 2, column forces_there: 'no' contradicts proximity 'own': what is one's own is at hand; expected 'yes'",
    ),
    (
        {(UN_ROW, "leadership_change"): "leader"},
        f"row {UN_ROW}, column leadership_change: 'leader' stands on an organisation; expected 'none'",
    ),
    (
        {(UN_ROW, "regime"): "mixed"},
        f"row {UN_ROW}, column regime: 'mixed' stands on an organisation; expected 'none'",
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


@pytest.mark.parametrize("obligor", ["GBR", "gbr", "United Kingdom", "G\u200bBR"])
def test_one_case_under_two_names_is_refused_with_both_rows(edited, plain, obligor):
    """Whatever else the second row says: guarantee, obligor and date make the case."""
    again = {"case_id": "again", "obligor": obligor, "outcome": "defected", "note": "another coder"}
    path = edited("guarantees", extra_rows=[again], keep=3, drop=["obligor_past_defections"])
    with pytest.raises(InputError) as caught:
        load_guarantees(path)
    assert str(caught.value) == (
        "guarantees.csv: row 5, column case_id: 'again' is the case 'prt_1826_gbr' of row 2 again: guarantee_id, "
        "obligor and tested are the same, and it would count twice; drop one of the rows, or give the later test its "
        "own date"
    )


@pytest.mark.parametrize("other", [{"tested": "1827"}, {"obligor": "FRA"}, {"guarantee_id": "another"}])
def test_another_test_obligor_or_guarantee_is_another_case(edited, other):
    again = {"case_id": "again", "outcome_year": "1827", **other}
    path = edited("guarantees", extra_rows=[again], keep=3, drop=["obligor_past_defections"])
    assert len(load_guarantees(path)) == 4


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
    assert len(load_guarantees(path)) == 416
    with pytest.raises(InputError, match="row 2, column sources: 'temperley1926' is not in the bibliography; did"):
        load_guarantees(path, sources=shipped("sources.bib"))


def test_every_message_is_free_of_a_program_s_words(edited):
    with pytest.raises(InputError) as caught:
        load_guarantees(edited("guarantees", {(2, "tested"): "", (3, "stakes"): "huge"}, drop=["note"]))
    assert not re.search(r"schema|check|dtype|Column\b|failure", str(caught.value))


def test_the_shipped_record_says_which_data_set_it_is(tmp_path):
    """So that a prior that was made from it is refused with it; it outlives what is done to the frame."""
    cases = load_guarantees()
    assert with_backers(cases[cases["tested_year"] > 1945]).attrs["data_sets"] == ["servanda-guarantees"]
    cases.loc[:, GUARANTEES.names].to_csv(tmp_path / "own.csv", index=False)
    assert "data_sets" not in load_guarantees(tmp_path / "own.csv").attrs


def test_what_a_caller_changes_is_not_loaded_by_the_next():
    """The shipped record is read once; every caller has it to itself."""
    first, whole = load_guarantees(), load_guarantees()
    first.loc[0, "obligor"] = "XXX"
    first["tested_year"] += 100
    first.insert(0, "mine", 1)
    first.attrs["data_sets"].append("mine")
    disputed = load_disputed()
    disputed["section"] = 0
    pd.testing.assert_frame_equal(load_guarantees(), whole)
    assert load_guarantees().attrs == whole.attrs == {"data_sets": ["servanda-guarantees"]}
    assert set(load_disputed()["section"]) == {8, 11}
