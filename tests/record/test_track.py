"""The track record and the bibliography."""

from __future__ import annotations

import re

import pytest

from servanda.common.errors import InputError
from servanda.record import load_sources, load_track_record
from servanda.record.files.read import shipped


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


def test_every_work_is_plain_text_and_used(plain):
    sources = load_sources()
    assert len(sources) == 221
    used = {key for name in ("guarantees", "track_record") for row in plain(name) for key in row["sources"].split(";")}
    assert used == set(sources)
    for source in sources.values():
        assert source.author
        assert source.title
        assert re.fullmatch(r"\d{4}", source.year)
        assert not re.search(r"[{}\\~]", str(source))


def test_works_are_read_as_a_reader_would(tmp_path):
    sources = load_sources()
    assert str(sources["gibler2009"]).startswith("Douglas M. Gibler (2009). International Military Alliances")
    assert sources["aca_abm"].author == "Arms Control Association"
    assert "e=&Seq" not in str(sources)
    assert any("?lang=e&Seq_Code=" in source.url for source in sources.values())
    path = tmp_path / "own.bib"
    path.write_text(
        r"@book{m, author={von M{\"u}ller, Jr., Max and {The {UN} Office}}, "
        r"title={The~{SALT} \& after}, year=1999}",
        encoding="utf-8",
    )
    assert str(load_sources(path)["m"]) == "Max von Müller, Jr. and The UN Office (1999). The SALT & after."


def test_the_bibliography_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        load_sources()["x"] = None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@book{a, title={x}", "not readable as BibTeX (syntax error in line 1: premature end of file)"),
        (
            "@book{a, title={x}}\n@book{a, title={y}}",
            "not readable as BibTeX (repeated bibliography entry: a)",
        ),
        ("just text", "has no entries; expected BibTeX such as @book{key, ...}"),
    ],
)
def test_a_bad_bibliography(tmp_path, text, message):
    path = tmp_path / "bad.bib"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(f"bad.bib: {message}")):
        load_sources(path)


def test_the_shipped_bibliography_reads_as_any_other():
    assert load_sources(shipped("sources.bib")) == load_sources()
