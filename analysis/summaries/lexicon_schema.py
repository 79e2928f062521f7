"""The TOML file of a lexicon: its keys, and what bands must be so that every probability has one word."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ...common.errors import Fault


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BandSpec(_Strict):
    """A word and its band.

    Parameters
    ----------
    word
        What is said, in English.
    also
        Other words that the source has for the band.
    es
        The word in Spanish.
    also_es
        Other words in Spanish.
    low, high
        Ends of the band as published, from 0 to 1.
    """

    word: str
    also: list[str] = []
    es: str = ""
    also_es: list[str] = []
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class WordingSpec(_Strict):
    """What is said of a lexicon in another language.

    Parameters
    ----------
    title
        Its name, saying whose translation it is.
    note
        Edge rules.
    outside
        What is said below the lowest and above the highest band.
    """

    title: str
    note: str = ""
    outside: list[str] = Field(default=[], max_length=2)


class LexiconSpec(_Strict):
    """A scale of likelihood words.

    Parameters
    ----------
    name
        Short name.
    title
        Name for readers.
    source
        Where the bands come from; a dagger † says that they are cited from memory.
    rule
        How a band is found: half-open bands that meet, the nearest of bands with gaps between them, or the narrowest
        true one of bands within each other.
    note
        Edge rules in words.
    outside
        What is said below the lowest and above the highest band; none where every probability has a word.
    band
        The bands, ascending.
    es
        The same in Spanish; each band then has its word in `es`.
    """

    name: str
    title: str
    source: str
    rule: Literal["half-open", "nearest", "narrowest"] = "half-open"
    note: str = ""
    outside: list[str] = Field(default=[], max_length=2)
    band: list[BandSpec] = Field(min_length=1)
    es: WordingSpec | None = None


def band_faults(spec: LexiconSpec) -> list[Fault]:
    """List where bands and words are not such that every probability has one word."""
    faults = [
        Fault(f"band {band.word}", "ends where it begins, or before") for band in spec.band if band.low >= band.high
    ]
    faults += [
        Fault(f"band {above.word}", f"begins at {above.low}, but the one below ends at {below.high}")
        for below, above in pairwise(spec.band)
        if _clash(spec.rule, below, above)
    ]
    if spec.rule == "narrowest":
        faults += _gaps(spec.band)
    ends = spec.band[0].low == 0 and max(band.high for band in spec.band) == 1
    if spec.rule == "half-open" and not ends and not spec.outside:
        faults.append(Fault("outside", "is missing: the bands leave the ends of the scale without a word"))
    for place, table in (("outside", spec), ("es.outside", spec.es)):
        if table and len(table.outside) == 1:
            faults.append(Fault(place, "has one entry; give what is said below and what is said above"))
    if spec.es:
        faults += [Fault(f"band {band.word}", "has no word in es") for band in spec.band if not band.es]
        if bool(spec.es.outside) != bool(spec.outside):
            faults.append(Fault("es.outside", "is said in one language only"))
    return faults


def _clash(rule: str, below: BandSpec, above: BandSpec) -> bool:
    """Whether two neighbours stand so that the rule could not choose between them."""
    clashes = {
        "half-open": above.low != below.high,
        "nearest": above.low < below.high,
        "narrowest": (above.low, above.high) < (below.low, below.high),
    }
    return clashes[rule]


def _gaps(bands: list[BandSpec]) -> list[Fault]:
    """Probabilities that no band of a nested scale holds."""
    ends = sorted({0.0, 1.0, *(end for band in bands for end in (band.low, band.high))})
    return [
        Fault("band", f"none holds what lies between {low} and {high}")
        for low, high in pairwise(ends)
        if not any(band.low <= low and high <= band.high for band in bands)
    ]
