"""Words: the published bands, and nothing without a number."""

from __future__ import annotations

import pytest

from servanda.analysis import load_lexicon
from servanda.analysis.summaries.likelihood_words import natural_frequency
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


def test_bands_are_the_published_ones():
    found = [(band.word, round(100 * band.low), round(100 * band.high)) for band in load_lexicon().bands]
    assert found == PUBLISHED


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


def test_an_unknown_scale_names_those_there_are():
    with pytest.raises(InputError, match="icd204: there is no lexicon of this name; did you mean 'icd203'"):
        load_lexicon("icd204")
