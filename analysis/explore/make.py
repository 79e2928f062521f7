"""From a fit and a scenario to the page "What if?"."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...common.errors import raise_faults
from ...common.files import output_file, written_whole
from ...common.progress import Progress
from ...models.errors import QueryError, wrong_kinds
from ...models.posterior import Posterior
from ..reporting.document.blocks import Panel
from ..reporting.document.language import Language
from ..scenarios.cases import record_of
from ..scenarios.scenario import Loaded, load_scenario
from .content import content
from .fits import choices
from .page import page, panel


@dataclass(frozen=True)
class Page:
    """A page that answers by itself.

    Parameters
    ----------
    html
        The whole of it.
    content
        What it holds: draws, settings, cases, words.

    Examples
    --------
    >>> from servanda.priors import prior_predictive
    >>> explore(prior_predictive("guarantee", "flat", seed=1, draws=200), "budapest")
    Page(What if? ...; 200 draws, ... kB)
    """

    html: str
    content: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        drawn = self.content["fit"]["network"]
        return (
            f"Page(What if? {self.content['scenario']['title']}; {drawn['draws']} draws, {len(self.html) // 1000} kB)"
        )

    @property
    def panel(self) -> Panel:
        """The same as a part of a report."""
        return panel(self.content)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the page to a file, whole or not at all.

        Parameters
        ----------
        path
            Where it shall stand.
        force
            Whether a file may be replaced that Servanda did not write.

        Raises
        ------
        InputError
            If it cannot be written, or would replace a file that is not ours.
        """
        target = output_file(path, force=force)
        with written_whole(target) as temporary:
            temporary.write_text(self.html, encoding="utf-8")
        return target


def explore(
    posterior: Posterior,
    scenario: str | os.PathLike[str] | Loaded,
    *,
    cases: Any = None,
    language: str = "en",
    others: Sequence[Posterior] = (),
    theories: Mapping[str, Sequence[Posterior]] | None = None,
    progress: bool | Progress | None = None,
) -> Page:
    """Make a page on which a reader sets what a case is like and sees what the draws of a fit answer.

    It opens from a disk or a mail, without Python, a server or a request.

    Parameters
    ----------
    posterior
        A fit of the scenario's network.
    scenario
        A shipped name, a path, or a loaded scenario: its judgements are where the knobs begin.
    cases
        Your own record as a table; or its file, of which is read what was known on the scenario's date. The shipped
        record, as of that date, by default.
    language
        In which it opens, ``en`` or ``es``; a reader may change it.
    others
        Fits of the same network under other prior sets, among which a reader may choose. Weights on the draws of the
        first would not do: prior sets that differ much leave few of them.
    theories
        Name in `servanda.models.THEORIES` -> fits of the network under that theory of what backers do, among which a
        reader may choose too.
    progress
        How to tell of the fits whose draws are packed, as in `servanda.common.progress.shown`.

    Returns
    -------
    Page

    Raises
    ------
    ScenarioError, QueryError
        If there is no such scenario, language or theory.
    InputError
        As `servanda.record.load_guarantees`, of a file of cases.
    NetworkError
        If a theory does not fit the network.
    ExploreError
        If the network of the fit does not fit a page: its target is not `ordinal`, `softmax` or `table`, or it holds
        too many numbers; or if another fit is of another network, or of the same prior set and theory.

    Examples
    --------
    >>> from servanda.priors import prior_predictive
    >>> page = explore(prior_predictive("guarantee", "flat", seed=1, draws=200), "budapest")
    >>> page.content["fit"]["network"]["draws"], "</html>" in page.html
    (200, True)
    """
    raise_faults("explore", wrong_kinds({"posterior": (posterior, Posterior)}), QueryError)
    code = Language(language).code
    loaded = scenario if isinstance(scenario, Loaded) else load_scenario(scenario)
    known = record_of(loaded, cases)
    target = loaded.scenario.headline_judgement.node
    fits = choices(posterior, others, theories or {}, target)
    held = content(fits, loaded, known, code, progress=progress)
    return Page(page(held), held)
