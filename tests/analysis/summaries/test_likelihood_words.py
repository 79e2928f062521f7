"""Words: the published bands, and nothing without a number."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.analysis import load_lexicon
from servanda.analysis.summaries.likelihood_words import natural_frequency, shipped_lexicons
from servanda.common.errors import InputError

# ICD 203 (2015), per cent, as in the directive's table.
PUBLISHED = [
    ("almost no chance", 1, 5),
    ("very unlikely", 5, 20),
    ("unlikely", 20, 45),
    ("roughly even chance", 45, 55),
    ("likely", 55, 80),
    ("very likely", 80, 95),
    ("almost certain", 95, 99),
]


# The other tables, per cent, as the reference notes on tradecraft give them; ends beyond the copies that were read are
# from memory (†), as the lexicons' sources say.
TABLES = {
    "icd203": PUBLISHED,
    "phia": [
        ("remote chance", 0, 5),
        ("highly unlikely", 10, 20),
        ("unlikely", 25, 35),
        ("realistic possibility", 40, 50),
        ("likely", 55, 75),
        ("highly likely", 80, 90),
        ("almost certain", 95, 100),
    ],
    "nato": [
        ("highly unlikely", 0, 10),
        ("unlikely", 10, 40),
        ("even chance", 40, 60),
        ("likely", 60, 90),
        ("highly likely", 90, 100),
    ],
    "ipcc_ar5": [
        ("exceptionally unlikely", 0, 1),
        ("extremely unlikely", 0, 5),
        ("very unlikely", 0, 10),
        ("unlikely", 0, 33),
        ("about as likely as not", 33, 66),
        ("more likely than not", 50, 100),
        ("likely", 66, 100),
        ("very likely", 90, 100),
        ("extremely likely", 95, 100),
        ("virtually certain", 99, 100),
    ],
}


@pytest.mark.parametrize("name", shipped_lexicons())
def test_bands_are_the_published_ones(name):
    found = [(band.word, round(100 * band.low), round(100 * band.high)) for band in load_lexicon(name).bands]
    assert found == TABLES[name]


def by_hand(name: str, p: float) -> str:
    """Word for a probability by a plain search of the published table: which bands hold it, and what to do if none."""
    table = [(word, low / 100, high / 100) for word, low, high in TABLES[name]]
    holding = [row for row in table if row[1] <= p < row[2] or p == row[2] == 1]
    if holding:
        return min(holding, key=lambda row: row[2] - row[1])[0]
    if name == "icd203":
        return "less than 1 in 100" if p < 0.5 else "more than 99 in 100"
    return min(table, key=lambda row: min(abs(p - row[1]), abs(p - row[2])))[0]


@pytest.mark.parametrize("name", shipped_lexicons())
@given(p=st.floats(0, 1))
def test_every_probability_has_one_word_and_it_is_that_of_the_table(name, p):
    assert load_lexicon(name).band(p).word == by_hand(name, p)


@pytest.mark.parametrize("name", shipped_lexicons())
def test_the_parts_of_the_scale_meet_and_each_begins_where_its_word_does(name):
    lexicon = load_lexicon(name)
    parts = lexicon.segments
    assert (parts[0].low, parts[-1].high) == (0, 1)
    for below, above in pairwise(parts):
        assert below.high == above.low
        assert lexicon.band(above.low).word == above.word  # half-open: a shared end belongs to the part above
        assert lexicon.band(above.low - 1e-9).word == below.word


def test_parts_of_the_scales_in_per_cent():
    """Where each word begins, by hand: half way between bands of PHIA, the narrowest true one of the IPCC."""
    begins = {name: [round(100 * part.low, 6) for part in load_lexicon(name).segments] for name in TABLES}
    assert begins == {
        "icd203": [0, 1, 5, 20, 45, 55, 80, 95, 99],
        "phia": [0, 7.5, 22.5, 37.5, 52.5, 77.5, 92.5],
        "nato": [0, 10, 40, 60, 90],
        "ipcc_ar5": [0, 1, 5, 10, 33, 66, 90, 95, 99],
    }


def test_scales_disagree_about_the_same_number():
    """Section 0 of the notes: 0.60 is likely by ICD 203 and PHIA, likely on its edge by NATO, not so by the IPCC."""
    assert [load_lexicon(name).word(0.6) for name in ("icd203", "phia", "nato", "ipcc_ar5")] == [
        *["likely"] * 3,
        "about as likely as not",
    ]


@pytest.mark.parametrize("name", shipped_lexicons())
def test_the_spanish_words_are_marked_as_our_own_and_keep_the_bands(name):
    lexicon = load_lexicon(name)
    spanish = lexicon.in_language("es")
    assert spanish.title.endswith("traducción propia")
    assert [(band.low, band.high) for band in spanish.bands] == [(band.low, band.high) for band in lexicon.bands]
    assert len({band.word for band in spanish.bands}) == len(spanish.bands)
    assert all(lexicon.word(p / 100, "es") == spanish.band(p / 100).word for p in range(101))
    assert spanish.in_language("en") == lexicon
    assert bool(spanish.outside) == bool(lexicon.outside)
    # 'posible' is no word of probability, and 'posibilidad' neither.
    assert not [
        word for word in lexicon.words("es") if "posibl" in f" {word}".replace("imposibl", "") or "posibil" in word
    ]


def test_what_is_from_memory_says_so():
    assert ["†" in load_lexicon(name).source for name in ("icd203", "phia", "nato", "ipcc_ar5")] == [False, *[True] * 3]


def test_a_language_without_words_is_said():
    with pytest.raises(InputError, match=r"lexicon nato: language: has no words in 'fr'; known: en, es"):
        load_lexicon("nato").word(0.5, "fr")


@pytest.mark.parametrize(("word", "low", "high"), PUBLISHED)
def test_a_shared_end_belongs_to_the_band_above(word, low, high):
    lexicon = load_lexicon()
    assert lexicon.band(low / 100).word == word
    assert lexicon.band(high / 100 - 1e-12).word == word


def test_the_ends_of_the_scale_have_no_word_but_a_figure():
    assert load_lexicon().band(0.0099).word == "less than 1 in 100"
    assert load_lexicon().band(0.99).word == "more than 99 in 100"


@pytest.mark.parametrize(
    ("probability", "low", "high"), [(0.0, 0.0, 0.01), (0.004, 0.0, 0.01), (0.995, 0.99, 1.0), (1.0, 0.99, 1.0)]
)
def test_beyond_the_words_the_figures_reach_to_the_ends(probability, low, high):
    band = load_lexicon().band(probability)
    assert (band.low, band.high) == (low, high)
    assert band.range == f"{100 * low:.0f}-{100 * high:.0f} %"


def test_every_per_cent_is_said_as_a_count():
    """In ten where that is what is known, in a hundred where ten would say never or always."""
    for per_cent in range(1, 100):
        said = natural_frequency(per_cent / 100)
        number, out_of = (int(word) for word in said.split() if word.isdigit())
        assert out_of == (10 if 10 <= per_cent <= 90 else 100)
        assert abs(100 * number / out_of - per_cent) <= (5 if out_of == 10 else 0)
        assert said == f"about {number} in {out_of} comparable cases"


def test_what_is_rarer_than_one_in_a_hundred_is_said_so():
    assert natural_frequency(0.0099) == natural_frequency(0.0) == "fewer than 1 in 100 comparable cases"
    assert natural_frequency(0.9901) == natural_frequency(1.0) == "more than 99 in 100 comparable cases"


def test_frequencies_round_to_whole_cases():
    assert natural_frequency(0.1) == "about 1 in 10 comparable cases"
    assert natural_frequency(0.055) == "about 6 in 100 comparable cases"


def test_a_scale_with_a_gap_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'name="own"\ntitle="Own"\nsource="me"\noutside=["x","y"]\n'
        '[[band]]\nword="low"\nlow=0.0\nhigh=0.4\n[[band]]\nword="high"\nlow=0.5\nhigh=1.0\n'
    )
    with pytest.raises(InputError, match=r"band high: begins at 0\.5, but the one below ends at 0\.4"):
        load_lexicon(str(path))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'rule="nearest"\n[[band]]\nword="a"\nlow=0.0\nhigh=0.5\n[[band]]\nword="b"\nlow=0.4\nhigh=1.0',
            "begins at 0.4",
        ),
        ('rule="narrowest"\n[[band]]\nword="a"\nlow=0.0\nhigh=0.5', "none holds what lies between 0.5 and 1.0"),
        ('[[band]]\nword="a"\nlow=0.5\nhigh=0.5', "ends where it begins, or before"),
        ('[[band]]\nword="a"\nlow=0.1\nhigh=1.0', "outside: is missing: the bands leave the ends"),
        ('outside=["x"]\n[[band]]\nword="a"\nlow=0.1\nhigh=1.0', "outside: has one entry"),
        ('[[band]]\nword="a"\nlow=0.0\nhigh=1.0\n[es]\ntitle="A"', "band a: has no word in es"),
        ('[[band]]\nword="a"\nlow=0.0\nhig=1.0', "band.0.high: is missing"),
    ],
)
def test_a_faulty_scale_is_refused(tmp_path, text, fault):
    path = tmp_path / "own.toml"
    path.write_text(f'name="own"\ntitle="Own"\nsource="me"\n{text}\n')
    with pytest.raises(InputError) as error:
        load_lexicon(str(path))
    assert fault in str(error.value)


def test_an_unknown_scale_names_those_there_are():
    with pytest.raises(InputError, match="icd204: there is no lexicon of this name; did you mean 'icd203'"):
        load_lexicon("icd204")
