"""Actors are known in every spelling, judged by another list of countries than the one that is used."""

from __future__ import annotations

import warnings
from importlib.resources import files

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.common.errors import InputError
from servanda.record import RecordWarning, check_file, load_backers, load_guarantees, load_track_record
from servanda.record.files.actors import converted, country_code, spelling_key, spelling_remarks
from servanda.record.files.codebook import OWN_ACTORS

#: Another list of countries: names, ISO-3 letters and Gleditsch-Ward numbers.
# Its class does not bear the pandas of today; its table does.
OTHER = pd.read_csv(files("country_converter") / "country_data.tsv", sep="\t", dtype=str, keep_default_na=False)
#: It gives Czechia the number of Czechoslovakia.
STATES = OTHER.loc[(OTHER["GWcode"] != "") & (OTHER["name_short"] != "Czechia")]


@pytest.mark.parametrize(
    ("table", "column"), [("guarantees", "obligor"), ("backers", "backer"), ("track_record", "actor")]
)
def test_the_shipped_record_gives_no_remark(plain, table, column):
    assert list(spelling_remarks([row[column] for row in plain(table)], column)) == []


def test_actors_of_the_record_are_iso_letters_or_its_own(plain):
    named = {row["obligor"] for row in plain("guarantees")} | {row["backer"] for row in plain("backers")}
    assert named - set(OTHER["ISO3"]) <= OWN_ACTORS


def test_names_of_states_become_the_letters_that_another_list_has():
    names = [
        pair for column in ("name_short", "name_official") for pair in STATES[[column, "ISO3"]].to_numpy().tolist()
    ]
    found = {name: (country_code(name), code) for name, code in names}
    assert {name: pair for name, pair in found.items() if pair[0] not in (pair[1], None)} == {}
    # Of adjectives no list is kept.
    assert {name for name, pair in found.items() if pair[0] is None} == {
        *("Micronesia, Fed. Sts.", "Nation of Brunei, Abode of Peace", "Italian Republic", "Lebanese Republic"),
        *("United Mexican States", "Portuguese Republic", "Swiss Confederation"),
    }


def test_numbers_of_states_are_those_of_another_list():
    """But for Yemen and Vietnam, where that list gives the numbers of states that are no more (from memory†)."""
    frame = pd.DataFrame({"actor": STATES["GWcode"].tolist()})
    read, faults = converted(frame, column="actor", scheme="gw")
    assert faults == []
    differ = {
        name: code
        for name, code, other in zip(STATES["name_short"], read["actor"], STATES["ISO3"], strict=True)
        if code != other
    }
    assert differ == {"Yemen": "YMD", "Vietnam": "VNM-South"}


COW = {
    "2": "USA",
    "200": "GBR",
    "255": "DEU",
    "260": "DEU",
    "300": "AUT",
    "365": "RUS",
    "640": "TUR",
    "679": "YEM",
    "731": "PRK",
    "816": "VNM",
    "946": "KIR",
    "970": "NRU",
    "UKG": "GBR",
    "aus": "AUT",
    "AUL": "AUS",
}


@pytest.mark.parametrize(("text", "code"), COW.items())
def test_correlates_of_war(text, code):
    """The state list of the project (version 2016, from memory†)."""
    read, faults = converted(pd.DataFrame({"obligor": [text]}), column="obligor", scheme="cow")
    assert (read["obligor"].tolist(), faults) == ([code], [])


def test_serbia_and_yugoslavia_have_one_number():
    frame = pd.DataFrame({"obligor": ["345"] * 4, "tested": ["1914-07", "1941", "1999", "soon"]})
    read, _ = converted(frame, column="obligor", scheme="cow", date="tested")
    assert read["obligor"].tolist() == ["SRB", "YUG", "SRB", "YUG"]


PREDECESSORS = {
    "Prussia": "DEU",
    "German Empire": "DEU",
    "West Germany": "DEU",
    "USSR": "RUS",
    "Soviet Union": "RUS",
    "Austria-Hungary": "AUT",
    "Ottoman Empire": "TUR",
    "North Vietnam": "VNM",
    "Sardinia": "ITA",
    "Serbia and Montenegro": "SRB",
}


@pytest.mark.parametrize(("name", "code"), PREDECESSORS.items())
def test_predecessors_have_their_successor_s_code(name, code):
    """The row `obligor` of the codebook's table of columns."""
    assert country_code(name) == code


GROUPS = (
    *(
        "Haitian military",
        "Khmer Rouge",
        "Government of Sudan",
        "Islamic State of Iraq",
        "Syrian opposition",
        "IRA",
        "ETA",
    ),
    *(
        "Armed forces of Mali",
        "Rebels of Chad",
        "PKK",
        "Taliban",
        "AAA",
        "pact",
        "Sudan Liberation Army",
        "Islamic State",
    ),
)


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_no_countries(name):
    assert country_code(name) in (None, name)


@given(
    code=st.sampled_from(sorted(set(STATES["ISO3"]))),
    marks=st.lists(st.sampled_from(["\u200b", "\u200e", "\ufeff", "\u00ad"]), max_size=2),
    at=st.integers(0, 3),
    lower=st.booleans(),
)
def test_case_and_invisible_marks_do_not_hide_an_actor(code, marks, at, lower):
    spelled = code[:at] + "".join(marks) + code[at:]
    spelled = spelled.lower() if lower else spelled
    assert spelling_key(spelled) == code.lower()
    assert country_code(spelled) == code
    assert bool(list(spelling_remarks([code, spelled], "obligor"))) is (spelled != code)


def test_each_actor_is_told_once_with_the_code_it_looks_like():
    names = ["USA", "usa", "United States", "U.S.A.", "U\u200bSA", "Untied States", "FARC", "farc", "eta", "ETA", "GMY"]
    assert list(spelling_remarks(names, "obligor")) == [
        (
            "column obligor: 'usa', 'United States', 'U.S.A.', 'U\\u200bSA', 'Untied States' look like USA, and count "
            "as other actors than it; write USA"
        ),
        "column obligor: 'farc' looks like FARC, and counts as another actor than it; write FARC",
        "column obligor: 'GMY' looks like DEU, and counts as another actor than it; write DEU",
        "column obligor: 'eta', 'ETA' look like one actor, and count as several; write one of them",
    ]


def test_numbers_are_told_with_the_scheme_that_knows_them():
    (remark,) = spelling_remarks(["2", "365"], "actor")
    assert remark == (
        "column actor: '2', '365' look like Correlates-of-War numbers (USA, RUS); read the file with countries='cow' "
        "(on the command line --countries cow)"
    )
    assert "look like Gleditsch-Ward numbers (USA, SRB)" in next(spelling_remarks(["2", "340"], "actor"))
    assert list(spelling_remarks(["5"], "actor")) == [
        "column actor: '5' are numbers, and name no actor; write ISO-3 letters"
    ]


def own(edited, obligors):
    cells = {(line, "obligor"): text for line, text in enumerate(obligors, start=2)}
    return edited(
        "guarantees", cells, keep=len(obligors), drop=["obligor_past_defections", "leadership_change", "regime"]
    )


@pytest.mark.parametrize(
    ("scheme", "obligors"),
    [
        ("cow", ["200", "230.0", "NATO"]),
        ("gw", ["200", "230", "NATO"]),
        ("iso3", ["gbr", "ESP", "NATO"]),
        ("name", ["Great Britain", "España", "NATO"]),
    ],
)
def test_a_declared_scheme_is_converted_without_a_remark(edited, scheme, obligors):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = load_guarantees(own(edited, obligors), countries=scheme)
    assert read["obligor"].tolist() == ["GBR", "ESP", "NATO"]


def test_an_undeclared_spelling_is_warned_of_where_the_loader_is_called(edited):
    path = own(edited, ["USA", "United States", "GBR"])
    with pytest.warns(
        RecordWarning, match="'United States' looks like USA, and counts as another actor than it"
    ) as caught:
        read = load_guarantees(path)
    assert caught[0].filename == __file__
    assert read["obligor"].tolist() == ["USA", "United States", "GBR"]
    assert check_file(path).remarks[0].startswith("column obligor: 'United States' looks like USA")


def test_a_number_that_is_no_state_is_a_fault(edited):
    with pytest.raises(InputError, match=r"row 3, column obligor: '999' is no Correlates-of-War number of a state$"):
        load_guarantees(own(edited, ["2", "999"]), countries="cow")
    with pytest.raises(InputError, match="row 2, column obligor: '2' is a number, and no name; perhaps the file has"):
        load_guarantees(own(edited, ["2", "USA"]), countries="name")


def test_an_unknown_scheme_is_refused(edited):
    with pytest.raises(InputError, match=r"countries: 'ISO3' is no way to write actors; did you mean 'iso3'\?"):
        load_guarantees(own(edited, ["USA"]), countries="ISO3")


def test_events_and_backers_are_converted_too(edited):
    events = load_track_record(edited("track_record", {(2, "actor"): "731"}, keep=1), countries="cow")
    assert events["actor"].tolist() == ["PRK"]
    cases = load_guarantees().head(1)
    with pytest.warns(RecordWarning, match="column backer: 'portugal' looks like PRT"):
        load_backers(
            edited("backers", extra_rows=[{"backer": "portugal", "is_obligor": "0", "tie": "neutral"}], keep=1),
            cases=cases,
        )
