"""What a section of a report is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.progress import Progress, silent
from ...models.posterior import Posterior
from ...models.sampling.run import Sampling
from ..scenarios.scenario import Loaded
from ..summaries.gates import Gate
from .answers import Row

if TYPE_CHECKING:
    import pandas as pd


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
    """

    loaded: Loaded
    cases: pd.DataFrame
    sampling: Sampling
    folder: Path | None = None
    progress: Progress = silent
    posteriors: Mapping[str, Posterior] = field(default_factory=dict)
    shipped: bool = True


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
    command
        What writes this report again.
    prepared
        Section -> what its `prepare` gave, for those that have one.
    """

    loaded: Loaded
    cases: pd.DataFrame
    posteriors: Mapping[str, Posterior]
    shipped: bool = True
    command: str = ""
    prepared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """The judged rows under every prior set and before any data, with the gates of each and of the fits."""

    rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
    before: Mapping[str, Mapping[str, tuple[Row, ...]]]
    gates: Mapping[tuple[str, str], tuple[Gate, ...]]
    fits: Mapping[str, tuple[Gate, ...]]

    def reported(self, judgement: str) -> tuple[Row, ...]:
        """Rows of a judgement under the first prior set."""
        return next(iter(self.rows.values()))[judgement]


def _nothing_more(report: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001
    return {}


@dataclass(frozen=True)
class Section:
    """A section of a report: its part of the dictionary, and how the page shows it.

    The page shows it by the template of its name. Without one it shows ``text`` (paragraphs) and ``table``
    (``caption``, ``columns``, ``rows``; or None) of its part.

    Parameters
    ----------
    content
        Gives its part of the dictionary, ready for JSON. Where that is empty or None the page leaves it out. Gates that
        it lists under ``failed_gates`` stop the report.
    contents
        Anchor -> line in the contents of the page, for every heading that it shows; the first anchor is its name. Empty
        for a part that only other sections show.
    prepare
        Long work that `content` finds under its name in `Material.prepared`.
    page
        Gives what its template needs beside the dictionary, from the whole dictionary: figures, titles, lines in order.
    """

    content: Callable[[Material, Answers], Any]
    contents: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Task], Any] | None = None
    page: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _nothing_more
