"""An actor's past as of a date, against a plain count of the file."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.record import load_guarantees, past_defections_of
from servanda.record.cases import recount_past
from servanda.record.history import PastCase, past_defections


def by_hand(actor: str, year: int) -> int:
    with (files("servanda.record") / "data" / "guarantees.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["obligor"] == actor and row["outcome"] == "defected"]
    return len({row["guarantee_id"] for row in rows if year - 20 <= int(row["outcome_year"]) <= year - 1})


@pytest.mark.parametrize("actor", ["PRK", "USA", "RUS", "GBR"])
def test_the_count_is_that_of_the_file(actor: str):
    assert past_defections_of(load_guarantees(as_of="2019-04-25"), actor, 2019) == by_hand(actor, 2019)


def test_the_record_is_silent_about_those_it_hardly_knows():
    cases = load_guarantees(as_of="2019-04-25")
    assert cases["obligor"].tolist().count("PER") == 1
    assert past_defections_of(cases, "PER", 2019) is None
    assert past_defections_of(cases, "CHN", 2019) == by_hand("CHN", 2019)
    assert past_defections_of(cases, "NOBODY", 2019) is None


def test_nothing_later_counts():
    assert past_defections_of(load_guarantees(as_of="2001"), "PRK", 2002) < by_hand("PRK", 2019)


def test_recounting_from_all_cases_changes_nothing_and_from_none_leaves_none():
    cases = load_guarantees()
    known = np.ones(len(cases), bool)
    column = "obligor_past_defections"
    assert recount_past(cases, known)[column].equals(cases[column])
    none = recount_past(cases, ~known)
    assert none[column].fillna(0).eq(0).all()
    others = [name for name in cases if name != column]
    assert none[others].equals(cases[others])
    bare = cases.drop(columns="outcome")
    assert recount_past(bare, ~known) is bare


YEARS = st.integers(1900, 1930)
CASES = st.builds(PastCase, st.sampled_from("AB"), st.sampled_from("gh"), YEARS, YEARS, defected=st.booleans())


@given(st.lists(CASES, max_size=12))
def test_counts_are_those_of_looking_at_every_pair_of_cases(cases):
    def brute(case: PastCase) -> int | None:
        own = [other for other in cases if other.obligor == case.obligor]
        broken = {o.guarantee_id for o in own if o.defected and case.tested - 20 <= o.ended < case.tested}
        return len(broken) if len(own) > 1 or case.obligor == "A" else None

    assert past_defections(cases, spoken_for="A") == [brute(case) for case in cases]
