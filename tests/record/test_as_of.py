"""What was known on a day: judged by the text of the files."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servanda.common.errors import InputError
from servanda.record import (
    load_backers,
    load_crises,
    load_guarantees,
    load_second_coding,
    load_track_record,
)
from servanda.record.cases import known_cases
from servanda.record.files.codebook import EX_ANTE, GREAT_POWERS

DAYS = st.dates(dt.date(1828, 1, 1), dt.date(2030, 1, 1))
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def known_ids(rows, day):
    # "1826-12" padded is "1826-12-01": text compares as dates do.
    return [
        row["case_id"]
        for row in rows
        if int(row["outcome_year"]) <= day.year and (row["tested"] + "-01-01")[:10] <= day.isoformat()
    ]


@given(day=DAYS)
@settings(max_examples=100, deadline=None)
def test_no_later_case_survives_and_no_earlier_one_is_lost(cases, plain, day):
    assert known_cases(cases, day)["case_id"].tolist() == known_ids(plain("guarantees"), day)


@given(days=st.tuples(DAYS, DAYS).map(sorted))
@settings(max_examples=50, deadline=None)
def test_knowledge_only_grows(cases, days):
    earlier, later = (known_cases(cases, day) for day in days)
    assert set(earlier["case_id"]) <= set(later["case_id"])
    ends = later.set_index("case_id")["ended"][earlier["case_id"]].tolist()
    told = [(a, b) for a, b in zip(earlier["ended"], ends, strict=True) if isinstance(a, str)]
    assert all(a == b for a, b in told)


@given(day=DAYS)
@FEW
def test_ends_ahead_are_blank(day):
    ended = load_guarantees(as_of=day)["ended"].dropna()
    assert all(f"{text}-12-31" <= day.isoformat() for text in ended)


@given(day=DAYS)
@FEW
def test_past_defections_are_counted_from_what_was_known(cases, plain, day):
    cut = load_guarantees(as_of=day)
    full = cases.set_index("case_id")["obligor_past_defections"][cut["case_id"]].reset_index(drop=True)
    # A defection that counts was known before the test it counts for: only blanks may differ.
    both = cut["obligor_past_defections"].notna() & full.notna()
    assert (cut["obligor_past_defections"][both] == full[both]).all()
    once = cut["obligor"].map(cut["obligor"].value_counts()) == 1
    silent = once & ~cut["obligor"].isin(GREAT_POWERS)
    assert cut["obligor_past_defections"].isna().tolist() == silent.tolist()


@given(day=st.dates(dt.date(1987, 1, 1), dt.date(2030, 1, 1)))
@FEW
def test_an_event_is_known_on_the_last_day_its_date_may_mean(plain, day):
    # A year or a month is over once the next day's text has left it behind.
    def known(text):
        limit = day + dt.timedelta(days=1)
        return text <= day.isoformat() if len(text) == 10 else text < limit.isoformat()[: len(text)]

    events = [(row["actor"], row["date"], row["agreement"]) for row in plain("track_record") if known(row["date"])]
    cut = load_track_record(as_of=day)
    assert list(zip(cut["actor"], cut["date"], cut["agreement"], strict=True)) == events


def test_an_event_is_known_on_its_day_and_a_year_on_its_last(edited):
    path = edited("track_record", {(2, "date"): "1985-12-12", (3, "date"): "1986"}, keep=2)
    assert len(load_track_record(path, as_of="1985-12-12")) == 1
    assert len(load_track_record(path, as_of="1986-12-30")) == 1
    assert len(load_track_record(path, as_of="1986-12-31")) == 2


def test_the_summit_of_vladivostok():
    known = set(load_guarantees(as_of="2019-04-25")["case_id"])
    assert {"jcpoa_2018_usa", "sing_2019_usa"} <= known
    # Its test began on 8 May 2019.
    assert "jcpoa_2019_irn" not in known
    ended = load_guarantees(as_of="2019-04-25").set_index("case_id")["ended"]
    assert ended.isna()["jcpoa_2018_usa"]
    assert ended.isna()["inf_2019_usa"]


@pytest.mark.parametrize("load", [load_second_coding, load_crises])
def test_related_tables_are_cut_to_the_known_cases(load):
    assert set(load(as_of="1914")["case_id"]) == set(load_guarantees(as_of="1914")["case_id"])


def test_lists_of_backers_are_cut_to_the_known_cases(plain):
    known, listed = known_ids(plain("guarantees"), dt.date(1914, 12, 31)), {r["case_id"] for r in plain("backers")}
    assert set(load_backers(as_of="1914")["case_id"]) == set(known) & listed


def test_what_was_known_the_day_before_is_cut_with_its_case(cases):
    columns = ["case_id", *(column.name for column in EX_ANTE), "years_since_signing"]
    cut = load_guarantees(as_of="1914")[columns]
    whole = cases.loc[cases["case_id"].isin(cut["case_id"]), columns].reset_index(drop=True)
    assert cut.equals(whole)


def test_a_late_day_cuts_nothing(cases):
    assert load_guarantees(as_of="2030").equals(cases)
    assert len(load_track_record(as_of=dt.date(2030, 1, 1))) == 155


@pytest.mark.parametrize("load", [load_guarantees, load_second_coding, load_backers, load_crises])
def test_before_the_first_case(load):
    message = "^as_of: no case was known by 1826-12-31; the first is known from 1827-01-01: give a later day$"
    with pytest.raises(InputError, match=message):
        load(as_of="1826")


def test_before_the_first_event():
    message = "^as_of: no event was known by 1984-12-31; the first is known from 1985-12-12: give a later day$"
    with pytest.raises(InputError, match=message):
        load_track_record(as_of="1984")


def test_none_of_a_short_table_was_known(edited):
    path = edited("second_coding", {(2, "case_id"): "golan_2024_isr", (2, "outcome_year"): "2024"}, keep=1)
    with pytest.raises(InputError, match=r"^as_of: no case of this table was known by 2000; give a later day$"):
        load_second_coding(path, as_of="2000")
