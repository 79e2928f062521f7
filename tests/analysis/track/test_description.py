"""Track records as a dictionary and as a table."""

from __future__ import annotations

import json

import pytest

from servanda.analysis import credibility
from servanda.analysis.track.description import describe_tracks, event_rows, track_table
from servanda.models import TrackError


@pytest.fixture(scope="module")
def description(summit, events):
    return describe_tracks(summit, events, ["PRK", "USA", "IRN"], years_ahead=3)


def test_the_description_is_json_and_is_what_python_says(description, summit):
    again = json.loads(json.dumps(description, allow_nan=False))
    assert [actor["actor"] for actor in again["actors"]] == ["PRK", "USA", "IRN"]
    assert again["at"] == "2019-04-25"
    assert again["actors"][1]["mean"] == pytest.approx(float(credibility(summit, "USA", "2019-04-25").mean()))
    assert (again["ranked"], again["comparisons"]) == (False, [])  # the shipped scores do not let it rank
    assert again["score"]["measured"]
    assert again["actors"][0]["path"]["dates"][-1] == "2019-04-25"  # a history looks ahead of nothing
    assert max(event["date"] for actor in again["actors"] for event in actor["events"]) <= "2019-04-25"


def test_the_table_counts_events_by_what_they_read_as(description):
    headings, *rows = track_table(description)
    assert headings == ("actor", "kept", "partly", "broken", "last event", "P(keeps its word), 90 %")
    assert [row[0] for row in rows] == ["PRK", "USA", "IRN"]  # as asked, and by no number
    # Fifteen reports of Iran complied, one partial; two defections of 2005 to the core, one lawful stop of 2006.
    assert rows[2][1:5] == ("15", "2", "2", "2019-02-22 complied (jcpoa_2015)")
    # The United States: the JCPOA left without a clause, and its sanctions restored.
    assert rows[1][3] == "2"


def test_an_event_is_shown_with_ground_and_gravity(description):
    headings, *rows = event_rows(description["actors"][1])
    assert headings == ("date", "agreement", "event", "gravity", "reads")
    assert ("2001-12-13", "abm_1972", "withdrew (lawful)", "core", "partly") in rows
    assert ("2018-05-08", "jcpoa_2015", "withdrew (none)", "core", "broken") in rows
    assert rows[-1] == ("2019-02-02", "inf_1987", "suspended (answer)", "core", "kept")


def test_actors_that_are_not_there_are_all_named(summit, events):
    with pytest.raises(TrackError) as caught:
        describe_tracks(summit, events, ["PRX", "USA", "KOR"])
    assert "track record as known on 2019-04-25: 2 faults" in str(caught.value)
    assert "actor 'KOR'" in str(caught.value)


def test_an_actor_without_events_by_the_date_is_named(track, events):
    with pytest.raises(TrackError, match="KOR: has no event by 2019-12-31; its record begins on 2023-11-22"):
        describe_tracks(track, events, ["KOR"], at="2019")
