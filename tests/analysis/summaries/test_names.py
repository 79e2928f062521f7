"""Names for codes: every actor, event and agreement of the record has one in both languages."""

from __future__ import annotations

import subprocess
import sys

import pytest
from countrycode.countrycode import prepare_codelist

from servanda.analysis.summaries.names import ACTORS, AGREEMENTS, EVENTS, actor_name, agreement_name, event_name
from servanda.record import load_backers, load_guarantees, load_track_record
from servanda.record.files.codebook import EVENT, OUTCOME, OWN_ACTORS


@pytest.fixture(scope="module")
def cases():
    return load_guarantees()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_actor_of_the_record_has_a_name(cases, language):
    actors = {*cases["obligor"], *load_backers()["backer"], *load_track_record()["actor"], *OWN_ACTORS}
    unnamed = {code for code in actors if actor_name(code, language) == code}
    # These are written out in the record, or known by no other name.
    assert unnamed <= {"Bavaria", "ECOWAS", "FARC", "Houthis", "Khmer Rouge", "NATO", "Orange Free State"}
    names = [actor_name(code, language) for code in sorted(actors)]
    assert len(set(names)) == len(names)


def test_names_of_states_are_those_of_another_copy_of_cldr(cases):
    """The list of countries that reads files of users has CLDR's names too, of another release."""
    table = prepare_codelist()
    for language in ("en", "es"):
        listed = dict(zip(table["iso3c"], table[f"cldr.name.{language}"], strict=True))
        states = sorted(code for code in set(cases["obligor"]) if code in listed and code not in ACTORS)
        apart = {
            code: (actor_name(code, language), listed[code])
            for code in states
            if actor_name(code, language) != listed[code]
        }
        assert set(apart) <= {"TUR"}, apart  # another name since
        assert len(states) > 60


def test_predecessors_are_not_named_by_their_successors():
    assert [actor_name(code) for code in ("CSK", "YUG", "YMD", "DDR", "XKX")] == [
        "Czechoslovakia",
        "Yugoslavia",
        "South Yemen",
        "East Germany",
        "Kosovo",
    ]
    assert actor_name("SUN") == "SUN"  # of fifteen states of today none stands for it
    assert actor_name("YUG", "es") == "Yugoslavia"


def test_what_is_not_known_stays_itself():
    for language in ("en", "es"):
        assert actor_name("nobody", language) == "nobody"
        assert agreement_name("nobody_1999", language) == "nobody_1999"
        assert event_name("vanished", language) == "vanished"
    assert actor_name("PRK", "tlh") == "PRK"
    assert actor_name("NATO", "tlh") == "NATO"
    assert event_name("complied", "tlh") == "complied"


def test_every_event_and_every_agreement_has_words(cases):
    assert set(EVENTS) == {*EVENT, *OUTCOME}
    titles = dict(zip(cases["guarantee_id"], cases["guarantee"], strict=True))
    for slug in {*load_track_record()["agreement"]}:
        assert slug in AGREEMENTS, f"{slug} has no Spanish title"
        assert agreement_name(slug) == titles.get(slug, AGREEMENTS[slug][0]) != ""
        assert agreement_name(slug, "es") == AGREEMENTS[slug][1] != ""
    assert not {slug for slug, (english, _) in AGREEMENTS.items() if english and slug in titles}
    assert agreement_name("prt_gbr_alliance", "es") == titles["prt_gbr_alliance"]
    assert agreement_name("bwc_1972", "tlh") == titles["bwc_1972"]


def test_nothing_is_read_at_import():
    code = (
        "import sys; import servanda.analysis.summaries.names;"
        "assert not {'babel', 'pandas'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
