"""A folder of pages with an index, which any static host can serve as it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...common.errors import Fault, raise_faults
from ...common.files import file_name, output_file, written_whole
from ..reporting.document.language import N_, Language
from ..scenarios.scenario import Loaded
from ..scenarios.texts import translations
from .draws import ExploreError
from .make import Page
from .page import environment

#: Name of the index, which a host shows for the folder.
INDEX = "index.html"


def gallery(
    pages: Sequence[tuple[Loaded, Page]], folder: str | os.PathLike[str], *, language: str = "en", force: bool = False
) -> tuple[Path, ...]:
    """Write pages into a folder, and an index that leads to each.

    All links are relative, and no page asks for anything: the folder works from a disk and under any address.

    Parameters
    ----------
    pages
        Scenarios, and the page of each.
    folder
        Where they shall stand.
    language
        Of the index.
    force
        Whether files may be replaced that Servanda did not write.

    Returns
    -------
    tuple of Path
        The index, and the pages in their order.

    Raises
    ------
    InputError
        If a file cannot be written, or would replace one that is not ours: nothing is written then.
    ExploreError
        If two scenarios have one name, or there is none.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from servanda.analysis import explore, load_scenario
    >>> from servanda.priors import prior_predictive
    >>> scenario = load_scenario("budapest")
    >>> page = explore(prior_predictive("guarantee", "flat", seed=1, draws=200), scenario)
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in gallery([(scenario, page)], folder)]
    ['index.html', 'budapest.html']
    """
    names = [file_name(loaded.scenario.name) for loaded, _ in pages]
    faults = [Fault(name, "is the name of several scenarios") for name in dict.fromkeys(names) if names.count(name) > 1]
    if not names:
        faults.append(Fault("", "holds no scenario; give one"))
    raise_faults(f"gallery {folder}", faults, ExploreError)
    targets = [output_file(Path(folder) / name, force=force) for name in (INDEX, *(f"{name}.html" for name in names))]
    for (_, page), target in zip(pages, targets[1:], strict=True):
        page.save(target, force=force)
    with written_whole(targets[0]) as temporary:
        temporary.write_text(_index(pages, targets[1:], language), encoding="utf-8")
    return tuple(targets)


def _index(pages: Sequence[tuple[Loaded, Page]], targets: Sequence[Path], language: str) -> str:
    say = Language(language)
    rows = [_entry(loaded, page, target, language) for (loaded, page), target in zip(pages, targets, strict=True)]
    lead = N_(
        "Each page answers one scenario: set what the case is like, and see what the draws of the fit say. It holds "
        "all that it needs, and nothing is sent anywhere."
    )
    return (
        environment()
        .get_template("gallery.html.j2")
        .render(language=language, title=say.line(N_("What if?")), lead=say.line(lead), rows=rows)
    )


def _entry(loaded: Loaded, page: Page, target: Path, language: str) -> dict[str, str]:
    """Texts of a scenario in the index, each as its author or a translator wrote it."""
    scenario = loaded.scenario
    say = Language(language, translations(scenario, language))
    return {
        "title": say.term(scenario.title),
        "href": target.name,
        "question": say.term(scenario.question),
        "day": say.line(N_("Known on {day}"), day=say.day(scenario.as_of)),
        "made": say.line(
            N_("{draws} draws under the prior set {priors}; {size} kB."),
            draws=say.count(page.content["fit"]["network"]["draws"]),
            priors=page.content["languages"][language]["priors"][page.content["fit"]["priors"]],
            size=say.count(len(page.html.encode()) // 1000),
        ),
    }
