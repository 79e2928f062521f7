"""The track record."""

from __future__ import annotations

import re

import pytest

from servanda.common.errors import InputError
from servanda.record import load_sources, load_track_record


def test_the_codebook_s_figures():
    events = load_track_record()
    assert len(events) == 155
    assert (events["date_from"].min().year, events["date_until"].max().year) == (1985, 2025)
    assert events["event"].value_counts().to_dict() == {
        "defected": 51,
        "complied": 48,
        "partial": 21,
        "suspended": 18,
        "withdrew": 13,
        "resumed": 4,
    }
    assert events["ground"].value_counts().to_dict() == {"none": 13, "answer": 10, "lawful": 8}
    assert events["gravity"].value_counts().to_dict() == {"core": 84, "part": 50, "minor": 21}
    year_only = events[events["date"] == "1992"].iloc[0]
    assert [str(year_only[name].date()) for name in ("date_from", "date_until")] == [
        "1992-01-01",
        "1992-12-31",
    ]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {(2, "event"): "complid"},
            "row 2, column event: 'complid' is not a level; did you mean 'complied'?",
        ),
        (
            {(2, "gravity"): "huge"},
            "row 2, column gravity: 'huge' is not a level; known: minor, part, core",
        ),
        ({(2, "gravity"): ""}, "row 2, column gravity: is empty; a value is required"),
        (
            {(2, "ground"): "lawful"},
            "row 2, column ground: is 'lawful'; only events withdrew and suspended have a ground: leave it empty",
        ),
        (
            {(10, "ground"): ""},
            "row 10, column ground: is empty; an event 'withdrew' needs one of lawful, answer, none",
        ),
        ({(2, "actor"): ""}, "row 2, column actor: is empty; a value is required"),
        ({(2, "date"): "1985-02-29"}, "row 2, column date: '1985-02-29' is not a date of the calendar"),
    ],
)
def test_one_mistake_one_fault(edited, cells, message):
    with pytest.raises(InputError) as caught:
        load_track_record(edited("track_record", cells))
    assert str(caught.value) == f"track_record.csv: {message}"


def test_an_event_may_stand_once(edited):
    path = edited("track_record", extra_rows=[{"detail": "told again"}])
    message = "row 157: repeats the event of row 2 ('PRK', '1985-12-12', 'npt_prk_1985', 'complied')"
    with pytest.raises(InputError, match=re.escape(message)):
        load_track_record(path)


def test_sources_of_one_s_own_events(edited, tmp_path):
    bib = tmp_path / "own.bib"
    bib.write_text("@book{mine, title = {Mine}}", encoding="utf-8")
    path = edited("track_record", {(2, "sources"): "mine"}, keep=1)
    assert len(load_track_record(path, sources=bib)) == 1
    with pytest.raises(InputError, match="'mine' is not in the bibliography; known: "):
        load_track_record(path, sources=load_sources())


def test_a_file_needs_no_grounds_and_no_gravity(edited):
    events = load_track_record(edited("track_record", drop=("ground", "gravity")))
    assert len(events) == 155
    assert events[["ground", "gravity"]].isna().all(axis=None)
