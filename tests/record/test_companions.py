"""Second coding, backers and crises."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from servanda.common.errors import InputError
from servanda.record import (
    load_backers,
    load_crises,
    load_guarantees,
    load_second_coding,
    with_second_coding,
)
from servanda.record.backers import counts_that_differ
from servanda.record.files.read import shipped
from servanda.record.second_coding import NOT_BLIND


def both_codings(cases):
    second = load_second_coding()
    assert second["case_id"].tolist() == cases["case_id"].tolist()
    return cases, second


def test_agreement_on_the_outcome_of_blind_rows(cases):
    first, second = both_codings(cases)
    blind = second["blind"]
    assert blind.sum() == 192
    a, b = first["outcome"][blind].cat.codes, second["outcome"][blind].cat.codes
    # The codebook prints 0.87; its own 26 disagreements among 192 rows make 0.8646.
    assert (a == b).sum() == 192 - 26
    assert round(cohen_kappa_score(a, b), 2) == 0.79
    assert round(cohen_kappa_score(a, b, weights="linear"), 2) == 0.86
    assert (abs(a - b) <= 1).all()
    by_confidence = (a == b).groupby(first["confidence"][blind], observed=True).agg(["mean", "size"])
    assert by_confidence["mean"].round(2).to_dict() == {"low": 0.5, "medium": 0.79, "high": 0.98}
    assert by_confidence["size"].to_dict() == {"low": 18, "medium": 71, "high": 103}


@pytest.mark.parametrize(
    ("column", "agreement", "kappa"),
    [
        ("enforcement", 0.82, 0.77),
        ("monitoring", 0.91, 0.84),
        ("legal_form", 0.90, 0.84),
        ("power_ratio", 0.80, 0.69),
        ("stakes", 0.77, 0.61),
    ],
)
def test_agreement_on_the_other_columns(cases, column, agreement, kappa):
    first, second = both_codings(cases)
    a, b = first[column].astype(str), second[column].astype(str)
    assert round((a == b).mean(), 2) == agreement
    assert round(cohen_kappa_score(a, b), 2) == kappa


def test_agreement_on_the_count(cases):
    first, second = both_codings(cases)
    a, b = first["guarantors"].astype(int), second["guarantors"].astype(int)
    assert round((a == b).mean(), 2) == 0.83

    def binned(count):
        return 1 if count == 1 else 2 if count == 2 else 3 if count <= 5 else 6

    assert round((a.map(binned) == b.map(binned)).mean(), 2) == 0.91


def test_the_cases_that_were_not_blind_are_the_codebook_s():
    text = shipped("CODEBOOK.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"outcome of 20 rows \(`([^`]+)`\)", text)
    assert tuple(listed.split()) == NOT_BLIND


@pytest.mark.parametrize("as_of", [None, "2019-04-25", "1914"])
def test_the_second_coding_beside_the_cases(plain, as_of):
    cases = load_guarantees(as_of=as_of)
    beside = with_second_coding(cases, as_of=as_of)
    assert beside[list(cases)].equals(cases)
    told = {row["case_id"]: row for row in plain("second_coding")}
    for row in beside.astype(object).to_dict("records"):
        own = told[row["case_id"]]
        blind = row["case_id"] not in NOT_BLIND
        assert row["second_blind"] == blind
        for name in ("outcome", "confidence", "outcome_year"):
            cell = row[f"second_{name}"]
            assert str(cell) == own[name] if blind else pd.isna(cell)
        for name in ("guarantors", "enforcement", "monitoring", "legal_form", "power_ratio", "stakes"):
            assert str(row[f"second_{name}"]) == own[name]
    assert beside["second_outcome"].dtype == cases["outcome"].dtype
    assert beside["second_guarantors"].dtype == cases["guarantors"].dtype


def test_a_case_that_was_not_coded_again_is_blank(cases):
    second = load_second_coding().drop(columns="blind").tail(3)
    beside = with_second_coding(cases, second)
    assert len(beside) == len(cases)
    assert beside["second_outcome"].notna().tolist() == [False] * (len(cases) - 3) + [True] * 3
    assert beside["second_stakes"].isna().sum() == len(cases) - 3


def test_a_second_reading_of_a_later_year_was_not_known(edited):
    path = edited("second_coding", {(2, "outcome_year"): "1830"})
    second = load_second_coding(path)
    early = load_guarantees(as_of="1845")
    known = with_second_coding(early, second, as_of="1829")
    assert known["second_outcome"].isna().tolist() == [True, True]
    assert known["second_stakes"].notna().all()
    assert with_second_coding(early, second, as_of="1845")["second_outcome"].notna().all()


def test_codings_that_do_not_belong_together(cases):
    second = load_second_coding()
    with pytest.raises(InputError, match=re.escape("column second_guarantors: is in the cases already")):
        with_second_coding(with_second_coding(cases))
    with pytest.raises(InputError) as caught:
        with_second_coding(cases, second.drop(columns=["outcome"]).assign(case_id="x"))
    assert str(caught.value).splitlines() == [
        "second coding: 3 faults",
        "  column outcome: is missing; give what load_second_coding returns",
        "  column case_id: holds case 'x' twice; keep one row of it",
        "  column case_id: holds none of the cases; load the second coding that belongs to them",
    ]
    with pytest.raises(InputError, match="cases, column case_id: is missing"):
        with_second_coding(cases.drop(columns="case_id"))


@pytest.mark.parametrize(
    ("load", "name", "cells", "message"),
    [
        (
            load_second_coding,
            "second_coding",
            {(2, "case_id"): "prt_1826_gbx"},
            "row 2, column case_id: 'prt_1826_gbx' is no case; did you mean 'prt_1826_gbr'?",
        ),
        (
            load_second_coding,
            "second_coding",
            {(2, "outcome_year"): "1825"},
            "row 2, column outcome_year: '1825' lies before the test of the case (1826)",
        ),
        (load_crises, "crises", {(2, "crisis"): ""}, "row 2, column crisis: is empty; a value is required"),
        (
            load_backers,
            "backers",
            {(2, "is_obligor"): "0", (2, "tie"): "neutral"},
            "case 'prt_1826_gbr' has no obligor row; expected one for 'GBR'",
        ),
        (
            load_backers,
            "backers",
            {(2, "backer"): "AUT"},
            "row 2, column backer: 'AUT' is not the obligor of 'prt_1826_gbr'; expected 'GBR'",
        ),
        (
            load_backers,
            "backers",
            {(4, "backer"): "TUR"},
            "row 4, column backer: 'TUR' is the beneficiary of the case, who does not count as a backer",
        ),
        (
            load_backers,
            "backers",
            {(4, "tie"): ""},
            "row 4, column tie: is empty; only an obligor has no tie",
        ),
        (
            load_backers,
            "backers",
            {(2, "tie"): "neutral"},
            "row 2, column tie: 'neutral' stands on an obligor row; leave it empty",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc"): "1.5"},
            "row 2, column cinc: '1.5' is not a share; expected a number from 0 to 1",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc"): "nan"},
            "row 2, column cinc: 'nan' is not a share; expected a number from 0 to 1",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc_year"): "1900"},
            "row 2, column cinc_year: '1900' is not the year of the test; expected 1826",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc"): ""},
            "row 2, column cinc_year: must be given where cinc is, and nowhere else",
        ),
        (
            load_backers,
            "backers",
            {(4, "kind"): "organisation", (4, "p5"): "0"},
            "row 4, column cinc: '0.072335' stands on a backer that is no state; leave it empty",
        ),
        (
            load_backers,
            "backers",
            {(4, "kind"): "organisation", (4, "cinc"): "", (4, "cinc_year"): ""},
            "row 4, column p5: is 1 on a backer that is no state; expected 0",
        ),
        (
            load_backers,
            "backers",
            {(5, "backer"): "AUT"},
            "row 5: repeats the backer of row 4 ('lond1840_gbr', 'AUT'); each may stand once",
        ),
    ],
)
def test_a_mistake_is_named(edited, load, name, cells, message):
    with pytest.raises(InputError) as caught:
        load(edited(name, cells))
    assert message in [str(fault) for fault in caught.value.faults]


def test_two_obligors(edited):
    with pytest.raises(InputError) as caught:
        load_backers(edited("backers", {(4, "is_obligor"): "1", (4, "tie"): ""}))
    assert [str(fault) for fault in caught.value.faults] == [
        "row 4, column backer: 'AUT' is not the obligor of 'lond1840_gbr'; expected 'GBR'",
        "row 4, column is_obligor: is the second obligor of 'lond1840_gbr'; expected one",
    ]


@pytest.mark.parametrize(("load", "name"), [(load_backers, "backers"), (load_crises, "crises")])
def test_no_case_may_be_left_out(edited, load, name):
    with pytest.raises(InputError, match=r"211 faults\n  case 'lond1840_gbr' has no row; add one"):
        load(edited(name, keep=1))


def test_companions_of_one_s_own_cases(edited):
    own = load_guarantees(edited("guarantees", keep=1))
    assert len(load_crises(edited("crises", keep=1), cases=own)) == 1
    assert len(load_backers(edited("backers", keep=1), cases=own)) == 1


def test_lists_of_another_length_are_those_of_the_codebook(cases):
    backers = load_backers()
    assert len(backers) == 912
    assert (~backers["is_obligor"]).sum() == 700
    differ = counts_that_differ(backers, cases).set_index("case_id")
    assert differ.loc["league_1925_grc"].tolist() == [54, 55]
    assert set(differ.index) == {
        "triple_1914_ita",
        "league_1925_grc",
        "swi_1940_deu",
        "rio_1962_arg",
        "arab_1990_irq",
        "arab_1990_egy",
        "arab_1990_jor",
    }


def test_promises_and_flags_are_typed():
    backers = load_backers()
    assert (backers["promised"] > "enforce").sum() == 334
    assert backers["p5"].sum() == 315
    assert backers["cinc"].dropna().between(0, 1).all()
