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
