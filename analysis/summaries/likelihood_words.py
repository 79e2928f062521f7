"""Likelihood words: a lexicon is data, a word never stands without its number."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.show import Shown, View
from ...common.toml import read_toml, schema_faults, shipped
from .lexicon_schema import LexiconSpec, WordingSpec, band_faults

FOLDER = Path(__file__).parent / "lexicons"
#: Language that a lexicon's own words are in.
OWN_LANGUAGE = "en"


@dataclass(frozen=True)
class Band:
    """A word and the probabilities it stands for, `low` included and `high` not.

    Parameters
    ----------
    word
        What is said.
    low, high
        Ends as published.
    """

    word: str
    low: float
    high: float

    @property
    def range(self) -> str:
        """The band in per cent, e.g. ``55-80 %``."""
        return f"{self.low:.0%}-{self.high:.0%}".replace("%-", "-").replace("%", " %")


@dataclass(frozen=True)
class Wording:
    """Words of a lexicon in one language.

    Parameters
    ----------
    title
        Name of the scale, with a mark where the words are a translation of our own.
    note
        Edge rules.
    words
        One for each band.
    also
        For each band the other words that its source has for it.
    outside
        What is said below the lowest and above the highest band; empty where every probability has a word.
    """

    title: str
    note: str
    words: tuple[str, ...]
    also: tuple[tuple[str, ...], ...]
    outside: tuple[str, str] | tuple[()]


@dataclass(frozen=True, repr=False)
class Lexicon(Shown):
    """A scale of likelihood words.

    Parameters
    ----------
    name, title, source
        What it is and where it comes from; † where that is cited from memory.
    bands
        Ascending by their ends, as published.
    outside
        What is said below the lowest and above the highest band; empty where every probability has a word.
    rule
        How a band is found, one of `RULES`: ``half-open`` bands that meet; the ``nearest`` one where bands leave gaps;
        the ``narrowest`` true one where bands lie within each other.
    note
        Edge rules in words.
    language
        Of the words.
    wordings
        Language -> the words in it.

    Examples
    --------
    >>> lexicon = load_lexicon()
    >>> lexicon.name, lexicon.band(0.7).word
    ('icd203', 'likely')
    """

    name: str
    title: str
    source: str
    bands: tuple[Band, ...]
    outside: tuple[str, str] | tuple[()] = ()
    rule: str = "half-open"
    note: str = ""
    language: str = OWN_LANGUAGE
    wordings: Mapping[str, Wording] = field(default_factory=dict, repr=False, compare=False)

    def band(self, probability: float) -> Band:
        """Find the band of an unrounded probability.

        Examples
        --------
        >>> load_lexicon("icd203").band(0.66)
        Band(word='likely', low=0.55, high=0.8)
        >>> load_lexicon("icd203").band(0.55).word, load_lexicon("icd203").band(0.995).word
        ('likely', 'more than 99 in 100')
        >>> load_lexicon("ipcc_ar5").band(0.6), load_lexicon("phia").band(0.77)
        (Band(word='about as likely as not', low=0.33, high=0.66), Band(word='likely', low=0.55, high=0.75))
        """
        if self.outside:
            if probability < self.bands[0].low:
                return Band(self.outside[0], 0.0, self.bands[0].low)
            if probability >= self.bands[-1].high:
                return Band(self.outside[1], self.bands[-1].high, 1.0)
        return RULES[self.rule](self.bands, probability)

    def word(self, probability: float, language: str = OWN_LANGUAGE) -> str:
        """Word for an unrounded probability in a language.

        Raises
        ------
        InputError
            If the lexicon has no words in it.

        Examples
        --------
        >>> load_lexicon("icd203").word(0.66, "es")
        'probable'
        """
        return self.in_language(language).band(probability).word

    def words(self, language: str = OWN_LANGUAGE) -> tuple[str, ...]:
        """Every word of the lexicon in a language, the others that its source has for a band among them.

        Examples
        --------
        >>> load_lexicon("nato").words("es")
        ('muy improbable', 'improbable', 'equiprobable', 'probable', 'muy probable', 'altamente probable')
        """
        wording = self._wording(language)
        return tuple(word for main, others in zip(wording.words, wording.also, strict=True) for word in (main, *others))

    def in_language(self, language: str) -> Lexicon:
        """Give the same scale with its words in another language.

        Raises
        ------
        InputError
            If it has none in it.

        Examples
        --------
        >>> load_lexicon("icd203").in_language("es").title
        'ICD 203 (2015), traducción propia'
        """
        if language == self.language:
            return self
        wording = self._wording(language)
        return replace(
            self,
            title=wording.title,
            note=wording.note,
            bands=tuple(replace(band, word=word) for band, word in zip(self.bands, wording.words, strict=True)),
            outside=wording.outside,
            language=language,
        )

    def _wording(self, language: str) -> Wording:
        if language not in self.wordings:
            what = f"has no words in '{language}'{nearest(language, self.wordings)}"
            raise InputError(f"lexicon {self.name}", [Fault("language", what)])
        return self.wordings[language]

    @property
    def segments(self) -> tuple[Band, ...]:
        """Probabilities from 0 to 1 cut where the word changes, each part with the word that is said there.

        Where bands neither leave gaps nor lie within each other these are the bands themselves.

        Examples
        --------
        >>> [(part.word, part.low, part.high) for part in load_lexicon("ipcc_ar5").segments[4:7]]
        [('about as likely as not', 0.33, 0.66), ('likely', 0.66, 0.9), ('very likely', 0.9, 0.95)]
        """
        ends = {0.0, 1.0, *(end for band in self.bands for end in (band.low, band.high))}
        ends |= {
            cut
            for cut, (below, above) in zip(_cuts(self.bands), pairwise(self.bands), strict=True)
            if below.high < above.low
        }
        parts: list[Band] = []
        for low, high in pairwise(sorted(ends)):
            word = self.band((low + high) / 2).word
            if parts and parts[-1].word == word:
                parts[-1] = replace(parts[-1], high=high)
            else:
                parts.append(Band(word, low, high))
        return tuple(parts)

    def _view(self) -> View:
        import pandas as pd

        rows = [{"word": band.word, "from": band.low, "to": band.high} for band in self.bands]
        notes = [text for text in (self.note, self.source) if text]
        return View(f"Lexicon {self.name}: {self.title}", table=pd.DataFrame(rows).set_index("word"), notes=notes)


def _cuts(bands: tuple[Band, ...]) -> list[float]:
    """Half way between neighbours, without the last digits of the computer's arithmetic."""
    return [round((below.high + above.low) / 2, 12) for below, above in pairwise(bands)]


def _half_open(bands: tuple[Band, ...], probability: float) -> Band:
    """Give the band that holds it; a shared end belongs to the band above, 1 to the last."""
    return next((band for band in bands if probability < band.high), bands[-1])


def _nearest(bands: tuple[Band, ...], probability: float) -> Band:
    """Give the band whose nearer end is nearest; half way between two is the band above."""
    return bands[sum(probability >= cut for cut in _cuts(bands))]


def _narrowest(bands: tuple[Band, ...], probability: float) -> Band:
    """Give the narrowest of the bands that hold it; an end at 1 is held."""
    true = [band for band in bands if band.low <= probability < band.high or probability >= band.high == 1]
    return min(true, key=lambda band: band.high - band.low)


#: How a band is found: rule -> function of the bands and the probability.
RULES: Mapping[str, Callable[[tuple[Band, ...], float], Band]] = {
    "half-open": _half_open,
    "nearest": _nearest,
    "narrowest": _narrowest,
}


def shipped_lexicons() -> tuple[str, ...]:
    """Names of the shipped lexicons.

    Examples
    --------
    >>> shipped_lexicons()
    ('icd203', 'ipcc_ar5', 'nato', 'phia')
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache(maxsize=16)
def load_lexicon(name: str | os.PathLike[str] = "icd203") -> Lexicon:
    """Load a shipped scale by name, or one from a TOML file.

    Raises
    ------
    InputError
        Listing every fault: no such scale, keys that are missing or unknown, bands that its rule cannot use.

    Examples
    --------
    >>> load_lexicon("phia").word(0.77)
    'likely'
    """
    raw = read_toml(shipped(name, FOLDER, "lexicon"))
    subject = f"lexicon {name}"
    raise_faults(subject, schema_faults(raw, LexiconSpec))
    spec = LexiconSpec.model_validate(raw)
    raise_faults(subject, band_faults(spec))
    wordings = {OWN_LANGUAGE: _wording(spec, [band.word for band in spec.band], [band.also for band in spec.band])}
    if spec.es:
        words, others = [band.es for band in spec.band], [band.also_es for band in spec.band]
        wordings["es"] = _wording(spec.es, words, others)
    bands = tuple(Band(band.word, band.low, band.high) for band in spec.band)
    outside = wordings[OWN_LANGUAGE].outside
    return Lexicon(
        spec.name,
        spec.title,
        spec.source,
        bands,
        outside,
        spec.rule,
        spec.note,
        wordings=MappingProxyType(wordings),
    )


def _wording(spec: LexiconSpec | WordingSpec, words: list[str], also: list[list[str]]) -> Wording:
    outside = (spec.outside[0], spec.outside[1]) if spec.outside else ()
    return Wording(spec.title, spec.note, tuple(words), tuple(map(tuple, also)), outside)


def natural_frequency(probability: float) -> str:
    """Say a probability as a count of cases.

    Examples
    --------
    >>> natural_frequency(0.66), natural_frequency(0.004)
    ('about 7 in 10 comparable cases', 'fewer than 1 in 100 comparable cases')
    """
    if probability < 0.01:
        return "fewer than 1 in 100 comparable cases"
    if probability > 0.99:
        return "more than 99 in 100 comparable cases"
    out_of = 10 if 0.1 <= probability <= 0.9 else 100
    return f"about {round(probability * out_of)} in {out_of} comparable cases"
