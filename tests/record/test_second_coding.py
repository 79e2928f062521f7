"""The second coding against the codebook's figures of agreement, and beside the cases."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from servanda.common.errors import InputError
from servanda.record import coder_agreement, load_guarantees, load_second_coding, with_second_coding
from servanda.record.files.codebook import EX_ANTE
from servanda.record.second_coding import NOT_BLIND

DAY_BEFORE = [column.name for column in EX_ANTE]
#: The cases that were coded first, and the further ones.
FIRST, FURTHER = range(212), range(212, 416)


def both_codings(cases, places):
    second = load_second_coding()
    assert second["case_id"].tolist() == cases["case_id"].tolist()
    return tuple(table.iloc[list(places)].reset_index(drop=True) for table in (cases, second))


def test_agreement_on_the_outcome_of_the_blind_rows_of_the_first_cases(cases):
    first, second = both_codings(cases, FIRST)
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


def test_agreement_on_the_outcome_of_the_further_cases(cases):
    first, second = both_codings(cases, FURTHER)
    assert second["blind"].all()
    a, b = first["outcome"].cat.codes, second["outcome"].cat.codes
    assert (a != b).sum() == 12
    assert (abs(a - b) <= 1).all()
    by_confidence = (a == b).groupby(first["confidence"], observed=True).mean()
    assert by_confidence.to_dict() == {"low": 0.625, "medium": 0.92, "high": 1.0}


# What the coders' own notes print of the first 212 cases and of the further 204: share and kappa, to two digits.
PUBLISHED = {
    "enforcement": ((0.82, 0.77), (0.86, 0.82)),
    "monitoring": ((0.91, 0.84), (0.83, 0.74)),
    "legal_form": ((0.90, 0.84), (0.90, 0.84)),
    "power_ratio": ((0.80, 0.69), (0.92, 0.87)),
    "stakes": ((0.77, 0.61), None),
    "outcome": ((0.86, 0.79), (0.94, 0.91)),
    "leadership_change": ((0.94, 0.90), (0.94, 0.88)),
    "regime": ((0.98, 0.97), (0.96, 0.94)),
    "proximity": ((0.89, 0.84), (0.93, 0.90)),
    "forces_there": ((0.97, 0.92), (0.95, 0.84)),
    "adversary_nuclear": ((0.98, 0.96), (0.97, 0.91)),
    "price": ((0.97, 0.97), (0.96, 0.95)),
    "capability_change": ((0.90, 0.82), (0.89, 0.75)),
    "ally_interest": ((0.91, 0.85), (0.90, 0.84)),
}


@pytest.mark.parametrize(("part", "places"), [(0, FIRST), (1, FURTHER)])
def test_agreement_is_what_was_published_of_either_part(cases, part, places):
    found = coder_agreement(*both_codings(cases, places)).round(2)
    for column, printed in PUBLISHED.items():
        if printed[part]:
            assert tuple(found.loc[column, ["share", "kappa"]]) == printed[part], column
    assert found.loc["guarantors", "share"] == (0.83, 0.84)[part]
    assert found.loc["stakes", "cases"] == (212, 0)[part]


def test_agreement_on_all_cases_is_that_of_scikit_learn_and_of_the_codebook(cases, plain, shipped):
    first, second = plain("guarantees"), plain("second_coding")
    found = coder_agreement(cases)
    parts = [coder_agreement(*both_codings(cases, places)) for places in (FIRST, FURTHER)]
    text = shipped("CODEBOOK.md").read_text(encoding="utf-8")
    assert set(found.index) == {*PUBLISHED, "guarantors"}
    for column, row in found.iterrows():
        pairs = [
            (a[column], b[column])
            for a, b in zip(first, second, strict=True)
            if (column != "outcome" or a["case_id"] not in NOT_BLIND)
            and (column in DAY_BEFORE or (a[column] and b[column]))
        ]
        a, b = zip(*pairs, strict=True)
        assert row["cases"] == len(pairs)
        assert row["share"] == pytest.approx(sum(x == y for x, y in pairs) / len(pairs), rel=1e-12)
        assert row["kappa"] == pytest.approx(cohen_kappa_score(a, b), rel=1e-12)
        told = [f"{row['share']:.2f} | {row['kappa']:.2f}"]
        told += [f"{part.loc[column, 'share']:.2f}, {part.loc[column, 'kappa']:.2f}" for part in parts]
        assert f"| {column} | {len(pairs)} | {' | '.join(told)} |".replace(" nan, nan", "") in text


def test_agreement_where_there_is_little_to_compare(cases):
    second = load_second_coding()
    alike = coder_agreement(cases, second.assign(outcome=second["outcome"].cat.categories[0]))
    chance = (cases["outcome"][~cases["case_id"].isin(NOT_BLIND)] == "defected").mean()
    assert alike.loc["outcome", "share"] == pytest.approx(chance)
    assert alike.loc["outcome", "kappa"] == 0
    one_level = coder_agreement(cases.assign(legal_form="letter"), second.assign(legal_form="letter"))
    assert one_level.loc["legal_form", "share"] == 1
    assert pd.isna(one_level.loc["legal_form", "kappa"])
    uncoded = coder_agreement(cases, second.assign(**dict.fromkeys(DAY_BEFORE)))
    assert uncoded.loc[DAY_BEFORE, "cases"].eq(0).all()
    assert uncoded.loc[DAY_BEFORE, ["share", "kappa"]].isna().all(axis=None)
    assert "price" not in coder_agreement(cases.drop(columns="price")).index


def test_agreement_on_the_count(cases):
    first, second = both_codings(cases, FIRST)
    a, b = first["guarantors"].astype(int), second["guarantors"].astype(int)
    assert round((a == b).mean(), 2) == 0.83

    def binned(count):
        return 1 if count == 1 else 2 if count == 2 else 3 if count <= 5 else 6

    assert round((a.map(binned) == b.map(binned)).mean(), 2) == 0.91


def test_the_cases_that_were_not_blind_are_the_codebook_s(shipped):
    text = shipped("CODEBOOK.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"outcome of 20 rows \(`([^`]+)`\)", text)
    assert tuple(listed.split()) == NOT_BLIND


@pytest.mark.parametrize("as_of", [None, "2019-04-25", "2002", "1914"])
def test_the_second_coding_beside_the_cases(plain, as_of):
    cases = load_guarantees(as_of=as_of)
    beside = with_second_coding(cases, as_of=as_of)
    assert beside[list(cases)].equals(cases)
    told, later = {row["case_id"]: row for row in plain("second_coding")}, []
    for row in beside.astype(object).to_dict("records"):
        own = told[row["case_id"]]
        blind = row["case_id"] not in NOT_BLIND
        assert row["second_blind"] == blind
        if as_of and own["outcome_year"] > as_of[:4]:
            blind = False
            later.append(row["case_id"])
        for name in ("outcome", "confidence", "outcome_year"):
            cell = row[f"second_{name}"]
            assert str(cell) == own[name] if blind else pd.isna(cell)
        for name in (
            *("guarantors", "enforcement", "monitoring", "legal_form", "power_ratio", "stakes"),
            *(*DAY_BEFORE, "ex_ante_confidence"),
        ):
            cell = row[f"second_{name}"]
            assert ("" if pd.isna(cell) else str(cell)) == own[name]
    # The second coder may see an outcome later than the first does; what was not known then is blank.
    assert later == (["m_presidential_nuclear_initiat_1991_rus"] if as_of == "2002" else [])
    assert "second_ex_ante_note" not in beside
    assert beside["second_outcome"].dtype == cases["outcome"].dtype
    assert beside["second_guarantors"].dtype == cases["guarantors"].dtype


def test_a_case_that_was_not_coded_again_is_blank(cases):
    second = load_second_coding().drop(columns="blind").tail(3)
    beside = with_second_coding(cases, second)
    assert len(beside) == len(cases)
    assert beside["second_outcome"].notna().tolist() == [False] * (len(cases) - 3) + [True] * 3
    assert beside["second_power_ratio"].isna().sum() == beside["second_price"].isna().sum() == len(cases) - 3


def test_a_second_reading_of_a_later_year_was_not_known(edited):
    path = edited("second_coding", {(2, "outcome_year"): "1830"})
    second = load_second_coding(path)
    early = load_guarantees(as_of="1845").head(2)
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
