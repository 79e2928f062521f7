"""What a section of a report is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.progress import Progress, silent
from ...models.cases.encode import Cases, encode
from ...models.posterior import Posterior
from ...models.sampling.run import Sampling
from ..scenarios.scenario import Loaded
from ..summaries.gates import Gate
from .answers import Row
from .document.blocks import Block
from .document.language import N_, Language
from .inputs import Earlier

if TYPE_CHECKING:
    import pandas as pd


#: Name -> title of the chapters of a report, in the order a reader meets them; page one shows no title.
CHAPTERS: Mapping[str, str] = {
    "answer": N_("The answer"),
    "why": N_("Why"),
    "change": N_("What would change it"),
    "trust": N_("Can it be trusted?"),
    "annex": N_("Annex"),
}


#: What stands in the place of a comparison whose draws did not converge.
LEFT_OUT = N_("left out: its draws did not converge")


@dataclass(frozen=True)
class Task:
    """What a section may need for long work of its own.

    Parameters
    ----------
    loaded
        Scenario, network and priors.
    cases
        The record as of the scenario's date.
    sampling
        How fits are sampled.
    folder
        Where fits are kept; the user's cache folder by default.
    progress
        Told how far it is.
    posteriors
        Prior set -> fit; the first is the one reported.
    shipped
        Whether the record is the shipped one, which was coded twice.
    earlier
        The report that this one is compared with, if any.
    client
        A `distributed.Client` of Dask whose workers fit, if any.
    """

    loaded: Loaded
    cases: pd.DataFrame
    sampling: Sampling
    folder: Path | None = None
    progress: Progress = silent
    posteriors: Mapping[str, Posterior] = field(default_factory=dict)
    shipped: bool = True
    earlier: Earlier | None = None
    client: Any = None


@dataclass(frozen=True)
class Material:
    """Everything a report is made from.

    Parameters
    ----------
    loaded
        Scenario, network and priors.
    cases
        The record as of the scenario's date.
    posteriors
        Prior set -> fit; the first is the one reported.
    shipped
        Whether the record is the shipped one, which was coded twice.
    prepared
        Section -> what its `prepare` gave, for those that have one.
    """

    loaded: Loaded
    cases: pd.DataFrame
    posteriors: Mapping[str, Posterior]
    shipped: bool = True
    prepared: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def coded(self) -> Cases:
        """The cases as states of the network's nodes."""
        return encode(self.loaded.network, self.cases)


@dataclass(frozen=True)
class Answers:
    """The judged rows under every prior set and before any data, with the gates of each and of the fits.

    Parameters
    ----------
    rows
        Prior set -> judgement -> its rows; the first set is the one reported. A set that was left out is not there.
    before
        The same from the priors alone, of every set.
    gates
        Judgement, and format with prior set -> gates of that number.
    fits
        Prior set -> gates of its fit.
    left_out
        Prior set whose fit or numbers did not converge -> the gates that failed; never the one reported.
    """

    rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
    before: Mapping[str, Mapping[str, tuple[Row, ...]]]
    gates: Mapping[tuple[str, str], tuple[Gate, ...]]
    fits: Mapping[str, tuple[Gate, ...]]
    left_out: Mapping[str, tuple[Gate, ...]] = field(default_factory=dict)

    def reported(self, judgement: str) -> tuple[Row, ...]:
        """Rows of a judgement under the first prior set."""
        return next(iter(self.rows.values()))[judgement]


#: From the whole dictionary and a language to blocks.
type Words = Callable[[Mapping[str, Any], Language], Sequence[Block]]


@dataclass(frozen=True)
class Part:
    """Blocks that a section adds to a chapter.

    Parameters
    ----------
    chapter
        Key of `CHAPTERS`.
    title
        Message that stands over them, in the contents too; without one they follow what is before them.
    blocks
        Gives them; none leave the part out.
    """

    chapter: str
    title: str
    blocks: Words


@dataclass(frozen=True)
class Section:
    """A section of a report: its part of the dictionary, and how a document words it.

    Parameters
    ----------
    content
        Gives its part of the dictionary, ready for JSON. Where that is empty or None the document leaves it out. Gates
        that it lists under ``failed_gates`` stop the report: they are for what the answer rests on. A comparison whose
        gates fail is left out, and `sections/trust/convergence.py` says so.
    closing
        Gives its part anew from the whole dictionary, its own part included, once every section has given its own.
    prepare
        Long work that `content` finds under its name in `Material.prepared`.
    fits
        Whether that work fits a network, and so takes all processors by itself.
    parts
        What it adds to the document, chapter by chapter. The first part's anchor is the section's name, with that of
        the chapter behind it where a chapter has the name already; the anchors of others end in their chapters'.
    """

    content: Callable[[Material, Answers], Any]
    closing: Callable[[Mapping[str, Any]], Any] | None = None
    prepare: Callable[[Task], Any] | None = None
    fits: bool = False
    parts: tuple[Part, ...] = ()
