"""Track records as a dictionary and as a table."""

from __future__ import annotations

import json

import pytest

from servanda.analysis import credibility
from servanda.analysis.track.description import describe_tracks, track_table
from servanda.models import TrackError


@pytest.fixture(scope="module")
def description(summit, events):
    return describe_tracks(summit, events, ["PRK", "USA", "IRN"], years_ahead=3)


def test_the_description_is_json_and_is_what_python_says(description, summit):
    again = json.loads(json.dumps(description, allow_nan=False))
    assert [actor["actor"] for actor in again["actors"]] == ["PRK", "USA", "IRN"]
    assert again["at"] == "2019-04-25"
    assert again["actors"][1]["mean"] == pytest.approx(float(credibility(summit, "USA", "2019-04-25").mean()))
    assert len(again["comparisons"]) == 3
    assert max(event["date"] for actor in again["actors"] for event in actor["events"]) <= "2019-04-25"


def test_the_table_counts_events_by_kind(description, events):
    rows = track_table(description)
    known = events[(events["date_until"] <= "2019-04-25") & (events["actor"] == "IRN")]["event"].value_counts()
    assert rows[2][0] == "IRN"
    assert f"{known['complied']} complied, {known['partial']} partial, {known['defected']} defected" in rows[2][4]
    assert rows[2][5] == "2019-02-22 complied (jcpoa_2015)"


def test_actors_that_are_not_there_are_all_named(summit, events):
    with pytest.raises(TrackError) as caught:
        describe_tracks(summit, events, ["PRX", "USA", "KOR"])
    assert "track record as known on 2019-04-25: 2 faults" in str(caught.value)
    assert "actor 'KOR'" in str(caught.value)


def test_an_actor_without_events_by_the_date_is_named(track, events):
    with pytest.raises(TrackError, match="KOR: has no event by 2019-12-31; its record begins on 2023-11-22"):
        describe_tracks(track, events, ["KOR"], at="2019")
