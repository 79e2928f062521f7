"""Partial dates: judged by the calendar of the standard library."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.common.errors import InputError
from servanda.record.files.dates import as_day, earliest, latest, span, span_or_none

FORMS = {"%Y": 4, "%Y-%m": 7, "%Y-%m-%d": 10}
ONE_DAY = dt.timedelta(days=1)


@given(st.dates(max_value=dt.date(9998, 12, 31)), st.sampled_from(sorted(FORMS.values())))
def test_a_span_is_every_day_with_that_text(day, length):
    text = day.isoformat()[:length]
    first, last = span(text)
    assert first <= day <= last
    assert {first.isoformat()[:length], last.isoformat()[:length]} == {text}
    assert (last + ONE_DAY).isoformat()[:length] != text
    assert first == dt.date.min or (first - ONE_DAY).isoformat()[:length] != text


@given(st.dates())
def test_a_day_is_its_own_span(day):
    assert span(day.isoformat()) == (day, day)


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_refused_in_words(text):
    try:
        assert earliest(text) <= latest(text)
    except ValueError as error:
        assert "is not a date of the" in str(error)
        assert span_or_none(text) is None


@pytest.mark.parametrize("text", ["2019-02-30", "1900-02-29", "2019-13", "2019-00", "0000", "2019-01-00"])
def test_the_calendar_has_no_such_date(text):
    with pytest.raises(ValueError, match=f"'{text}' is not a date of the calendar"):
        span(text)


@pytest.mark.parametrize("text", ["", "19", "2019-2", "2019/02/03", "03.02.2019", "2019-02-03T00:00", "٢٠١٩", "2019\n"])
def test_the_form_is_wrong(text):
    with pytest.raises(ValueError, match="is not a date of the form YYYY, YYYY-MM or YYYY-MM-DD"):
        span(text)


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        ("2019", dt.date(2019, 12, 31)),
        ("2020-02", dt.date(2020, 2, 29)),
        ("2019-04-25", dt.date(2019, 4, 25)),
        (dt.date(2019, 4, 25), dt.date(2019, 4, 25)),
        (dt.datetime(2019, 4, 25, 13, 0), dt.date(2019, 4, 25)),
    ],
)
def test_as_of_is_read_at_its_latest(as_of, day):
    assert as_day(as_of) == day
    assert type(as_day(as_of)) is dt.date


def test_as_of_must_be_a_date():
    with pytest.raises(InputError, match=r"as_of: 2019 is neither text .* nor a datetime.date"):
        as_day(2019)
    with pytest.raises(InputError, match="as_of: '2019-04-31' is not a date of the calendar"):
        as_day("2019-04-31")
