"""Who stands behind a commitment: facts of the shipped lists against the file read line by line, and of small ones."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from servanda import record
from servanda.common.errors import InputError
from servanda.record import backer_facts as from_files
from servanda.record import load_backers, load_guarantees, with_backers
from servanda.record.backing import facts_by_case

BACKERS, CASES = load_backers(), load_guarantees()
SHIPPED = facts_by_case(BACKERS)
backer_facts = partial(from_files, record=BACKERS, cases=CASES)


def by_hand():
    """Facts of every case from the text of the file, each by its own rule."""
    lists = defaultdict(list)
    with (Path(record.__file__).parent / "data" / "backers.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            lists[line["case_id"]].append(line)
    return {case: facts(lines) for case, lines in lists.items()}


def facts(lines):
    own = next(line for line in lines if line["is_obligor"] == "1")
    others = [line for line in lines if line["is_obligor"] == "0"]
    known = all(line["cinc"] for line in lines)
    ratio = max(float(o["cinc"]) for o in others) / float(own["cinc"]) if known and others else None
    strongest = "none"
    if others:
        strongest = None if ratio is None else "weaker" if ratio < 0.5 else "equal" if ratio < 2 else "stronger"
    return {
        "capability": sum(float(line["cinc"]) for line in lines) if known else None,
        "strongest_ratio": ratio,
        "strongest_backer": strongest,
        "rival_backer": "yes" if any(o["tie"] == "rival_of_obligor" for o in others) else "no",
        "permanent_backer": "yes" if any(o["p5"] == "1" for o in others) else "no",
        "organisation": "yes" if any(line["kind"] == "organisation" for line in lines) else "no",
    }


def test_every_case_is_as_the_file_says():
    found, expected = SHIPPED, by_hand()
    assert list(found.index) == list(expected)
    for case, row in zip(found.index, found.to_dict("records"), strict=True):
        for name, value in expected[case].items():
            if value is None:
                assert pd.isna(row[name]), (case, name)
            elif isinstance(value, str):
                assert row[name] == value, (case, name)
            else:
                assert row[name] == pytest.approx(value, rel=1e-12), (case, name)


def test_figures_of_the_shipped_record():
    found = SHIPPED
    assert found.isna().sum().to_dict() == {
        "capability": 40,
        "strongest_ratio": 133,
        "strongest_backer": 35,
        "rival_backer": 0,
        "permanent_backer": 0,
        "organisation": 0,
    }
    assert found["strongest_backer"].value_counts().to_dict() == {"none": 98, "stronger": 32, "equal": 27, "weaker": 20}
    assert found["capability"].min() > 0


def rows(*backers):
    """A list of backers: name, share, tie, kind; the first is the obligor of case `c`."""
    return pd.DataFrame(
        [
            {
                "case_id": "c",
                "backer": name,
                "kind": kind,
                "is_obligor": place == 0,
                "p5": name == "GBR",
                "tie": tie,
                "cinc": share,
                "cinc_year": 1900,
            }
            for place, (name, share, tie, kind) in enumerate(backers)
        ]
    )


@pytest.mark.parametrize(
    ("share", "level"), [(0.04, "weaker"), (0.05, "equal"), (0.199, "equal"), (0.2, "stronger"), (0.9, "stronger")]
)
def test_a_factor_of_two_either_way_is_equal(share, level):
    found = facts_by_case(rows(("A", 0.1, None, "state"), ("B", share, "neutral", "state"))).loc["c"]
    assert found["strongest_backer"] == level
    assert found["strongest_ratio"] == pytest.approx(10 * share)


@pytest.mark.parametrize("kind", ["state", "organisation", "non_state"])
def test_a_backer_without_capability_leaves_the_cells_missing_and_is_not_zero(kind):
    listed = rows(("A", 0.1, None, "state"), ("B", 0.3, "neutral", "state"), ("X", np.nan, "rival_of_obligor", kind))
    found = facts_by_case(listed).loc["c"]
    assert pd.isna(found["capability"])
    assert pd.isna(found["strongest_backer"])
    assert pd.isna(found["strongest_ratio"])
    assert (found["rival_backer"], found["organisation"]) == ("yes", "yes" if kind == "organisation" else "no")
    alone = facts_by_case(rows(("X", np.nan, None, kind))).loc["c"]
    assert pd.isna(alone["capability"])
    assert alone["strongest_backer"] == "none"


def test_cases_are_joined_by_name_and_one_without_a_list_has_missing_cells():
    cases = CASES.iloc[[5, 0, 3]]
    own = cases.tail(1).assign(case_id="mine", legal_form="unsc_resolution", guarantors=2)
    cases = pd.concat([cases, own], ignore_index=True)
    found, each = with_backers(cases, BACKERS), SHIPPED
    assert len(found) == 4
    for place in range(3):
        for name in each:
            known, expected = found[name].iloc[place], each[name].loc[found["case_id"].iloc[place]]
            assert known == expected or (pd.isna(known) and pd.isna(expected))
    assert found.iloc[3][list(each)].isna().all()
    assert found["institution"].tolist()[3] == "yes"
    assert pd.isna(with_backers(cases.assign(legal_form="treaty_ratified"), BACKERS)["institution"].iloc[3])
    assert list(cases.columns) == list(CASES.columns)


def test_a_resolution_or_an_organisation_is_an_institution():
    cases = with_backers(CASES)
    inside = (cases["legal_form"] == "unsc_resolution") | (cases["organisation"] == "yes").fillna(value=False)
    assert ((cases["institution"] == "yes").fillna(value=False) == inside).all()
    # Where others stood behind it and there is no list, nothing is known but that a resolution is one.
    bare = ~cases["case_id"].isin(BACKERS["case_id"]) & (cases["legal_form"] != "unsc_resolution")
    bare &= cases["guarantors"] > 1
    assert cases["institution"].isna().tolist() == bare.tolist()
    assert {"yes", "no"} == set(cases["organisation"][cases["legal_form"] == "unsc_resolution"].dropna())


def test_a_case_with_one_guarantor_needs_no_list():
    """The facts are those of the cases that have a list of the obligor alone, but for its capability."""
    names = [*SHIPPED.columns.drop("capability"), "institution"]
    lone = BACKERS.loc[~BACKERS["is_obligor"], "case_id"]
    cases = CASES.loc[CASES["case_id"].isin(BACKERS["case_id"]) & (CASES["guarantors"] == 1)]
    cases = cases.loc[~cases["case_id"].isin(lone)].reset_index(drop=True)
    assert len(cases) == 97
    listed, bare = (
        with_backers(cases, BACKERS),
        with_backers(cases, BACKERS.loc[~BACKERS["case_id"].isin(cases["case_id"])]),
    )
    assert bare[names].equals(listed[names])
    assert bare["capability"].isna().all()
    assert with_backers(CASES, BACKERS)["rival_backer"].isna().sum() == 42


def test_a_supposed_list_is_read_like_a_recorded_one():
    """Where a list of the record is supposed in its own year, the facts are its own."""
    expected, checked = by_hand(), 0
    cases = CASES.set_index("case_id")
    for case, listed in BACKERS.groupby("case_id"):
        if (listed["cinc_year"] > 1900).all() and len(listed) > 1:
            others = listed["backer"][~listed["is_obligor"]].tolist()
            found = backer_facts(others, cases["obligor"][case], int(cases["tested_year"][case]))
            for name in ("capability", "strongest_ratio", "strongest_backer", "organisation"):
                assert found[name] == expected[case][name] or found[name] == pytest.approx(expected[case][name]), case
            checked += 1
    assert checked > 40


def test_the_latest_figure_by_then_is_taken_and_nothing_after():
    before, after = (backer_facts(["CHN"], "USA", year)["figures"]["CHN"] for year in (2016, 2019))
    shares = BACKERS.query("backer == 'CHN' and cinc_year.notna()").set_index("cinc_year")["cinc"]
    for (share, year), until in ((before, 2016), (after, 2019)):
        assert year == max(y for y in shares.index if y <= until)
        assert share in np.atleast_1d(shares[year])
    assert before != after


def test_what_the_record_does_not_say_is_named():
    found = backer_facts(["MNG", "CHN"], "USA", 2019)
    assert found["capability"] is None
    assert found["unknown"]["capability"] == found["unknown"]["strongest_backer"] == ("MNG",)
    assert found["rival_backer"] == "yes"
    assert "rival_backer" not in found["unknown"]
    assert found["figures"].keys() == {"USA", "CHN"}
    assert backer_facts(["MNG"], "USA", 2019)["unknown"]["rival_backer"] == ("MNG",)
    early = backer_facts(["MNG"], "GBR", 1900)
    assert early["permanent_backer"] is None
    assert early["unknown"]["permanent_backer"] == ("MNG",)


def test_a_seat_has_a_year():
    seats = {year: backer_facts(["CHN"], "USA", year)["permanent_backer"] for year in (1950, 1970, 1971, 2019)}
    assert seats == {1950: "no", 1970: "no", 1971: "yes", 2019: "yes"}
    assert backer_facts(["UN"], "USA", 2019)["permanent_backer"] == "no"
    assert backer_facts(["GBR"], "DEU", 1914)["permanent_backer"] == "yes"


def test_the_shipped_files_are_taken_where_none_are_given():
    assert from_files(["CHN", "RUS"], "USA", 2019) == backer_facts(["CHN", "RUS"], "USA", 2019)


def test_one_alone_has_no_strongest_other():
    found = backer_facts([], "USA", 2019)
    assert (found["guarantors"], found["strongest_backer"], found["strongest_ratio"]) == (1, "none", None)
    assert found["unknown"] == {}
    assert found["capability"] == found["figures"]["USA"][0]


def test_a_list_that_names_one_twice_or_the_obligor_is_refused():
    with pytest.raises(InputError) as raised:
        backer_facts(["CHN", "USA", "CHN"], "USA", 2019)
    assert str(raised.value).splitlines() == [
        "backers: 2 faults",
        "  CHN: is named twice; name each backer once",
        "  USA: is the obligor; name only the others",
    ]
