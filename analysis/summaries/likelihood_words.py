"""Likelihood words: a lexicon is data, a word never stands without its number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from ...common.errors import Fault, raise_faults
from ...common.toml import read_toml, shipped

FOLDER = Path(__file__).parent / "lexicons"


@dataclass(frozen=True)
class Band:
    """A word and the probabilities it stands for, `low` included and `high` not."""

    word: str
    low: float
    high: float

    @property
    def range(self) -> str:
        """The band in per cent, e.g. ``55-80 %``."""
        return f"{self.low:.0%}-{self.high:.0%}".replace("%-", "-").replace("%", " %")


@dataclass(frozen=True)
class Lexicon:
    """A scale of likelihood words.

    Parameters
    ----------
    name, title, source
        What it is and where it comes from.
    bands
        Ascending, without gaps.
    outside
        What is said below the lowest and above the highest band.
    """

    name: str
    title: str
    source: str
    bands: tuple[Band, ...]
    outside: tuple[str, str]

    def band(self, probability: float) -> Band:
        """Find the band of an unrounded probability.

        Examples
        --------
        >>> load_lexicon("icd203").band(0.66)
        Band(word='likely', low=0.55, high=0.8)
        >>> load_lexicon("icd203").band(0.55).word, load_lexicon("icd203").band(0.995).word
        ('likely', 'more than 99 in 100')
        """
        if probability < self.bands[0].low:
            return Band(self.outside[0], 0.0, self.bands[0].low)
        if probability >= self.bands[-1].high:
            return Band(self.outside[1], self.bands[-1].high, 1.0)
        return next(band for band in self.bands if probability < band.high)


@lru_cache(maxsize=16)
def load_lexicon(name: str | os.PathLike[str] = "icd203") -> Lexicon:
    """Load a shipped scale by name, or one from a TOML file.

    Raises
    ------
    InputError
        If there is none, or its bands leave gaps.
    """
    raw = read_toml(shipped(name, FOLDER, "lexicon"))
    bands = tuple(Band(band["word"], band["low"], band["high"]) for band in raw.get("band", ()))
    faults = [] if bands else [Fault("band", "there are none")]
    for below, above in pairwise(bands):
        if below.high != above.low:
            faults.append(Fault(f"band {above.word}", f"begins at {above.low}, but the one below ends at {below.high}"))
    raise_faults(f"lexicon {name}", faults)
    low, high = raw["outside"]
    return Lexicon(raw["name"], raw["title"], raw["source"], bands, (low, high))


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
