"""The second coding against the codebook's figures of agreement, and beside the cases."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from servanda.common.errors import InputError
from servanda.record import load_guarantees, load_second_coding, with_second_coding
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


def test_the_cases_that_were_not_blind_are_the_codebook_s(shipped):
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
