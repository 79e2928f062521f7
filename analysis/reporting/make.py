"""From a scenario to files: fits, answers, HTML and JSON."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault, InputError
from ...common.files import writable_folder, written_whole
from ...common.json_values import to_json
from ...common.progress import Progress, at_once, shown
from ...models.errors import ConvergenceWarning
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.sampling.blocks import workers_for
from ...models.sampling.run import Sampling, fit_inputs
from ..queries.named_backers import shipped_cases
from ..scenarios.scenario import Loaded, load_scenario
from ..scenarios.stored_fits import stored_fit
from .assemble import assemble
from .build import SCHEMA, build
from .inputs import read_earlier
from .page import page
from .section import Material, Task
from .sections import SECTIONS

if TYPE_CHECKING:
    import pandas as pd


class GateError(InputError):
    """A report that was not written because a gate failed."""

    exit_code = 1


@dataclass(frozen=True)
class Written:
    """What a report came to.

    Parameters
    ----------
    html, json
        The files.
    content
        The dictionary they were made from.
    reused
        Prior sets whose stored fit was used.
    """

    html: Path
    json: Path
    content: dict[str, Any]
    reused: tuple[str, ...]


def report(
    scenario: str | os.PathLike[str] | Loaded,
    out: str | os.PathLike[str],
    *,
    cases: pd.DataFrame | None = None,
    seed: int | None = None,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    draft: bool = False,
    since: str | os.PathLike[str] | None = None,
    folder: Path | None = None,
    command: str = "",
    progress: bool | Progress | None = None,
) -> Written:
    """Answer a scenario and write ``report.html`` and ``report.json`` to a folder.

    The network is fitted once for each prior set the scenario names; fits of equal inputs are found again.

    Parameters
    ----------
    scenario
        A shipped name, a path, or a loaded scenario.
    out
        Folder; it is tried before anything is fitted.
    cases
        Your own record; the shipped one, as of the scenario's date, by default.
    seed
        Instead of the scenario's.
    draws, tune, chains
        As in `servanda.models.fit`.
    draft
        Write the report although a gate failed, with the failure beside the number.
    since
        The ``report.json`` of an earlier report on the same scenario, to say what changed and what explains the shift.
    folder
        Where fits are kept.
    command
        What the report says writes it again.
    progress
        As in `servanda.models.fit`.

    Returns
    -------
    Written

    Raises
    ------
    ScenarioError, DataError, PriorError
        Listing every fault of what was given.
    SinceError
        If the earlier report is damaged, of another scenario or of another schema version.
    GateError
        Listing the gates that failed, if `draft` is not set; nothing is written then.
    """
    place = writable_folder(out)
    loaded = scenario if isinstance(scenario, Loaded) else load_scenario(scenario)
    earlier = None if since is None else read_earlier(since, loaded.scenario.name, SCHEMA)
    known = shipped_cases(loaded.network, loaded.scenario.as_of) if cases is None else cases
    sampling = Sampling(loaded.scenario.seed if seed is None else seed, draws, tune, chains)

    def fitted(prior: PriorSet, tell: Progress) -> tuple[Posterior, bool]:
        named = _named(tell, f"fitting under priors {prior.name}")
        return stored_fit(loaded.network, known, prior, sampling, folder, progress=named)

    workers = workers_for([fit_inputs(loaded.network, known, prior, sampling) for prior in loaded.priors])
    with shown(progress) as tell, warnings.catch_warnings():
        # The report holds every number to its gates itself, and says so beside it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = at_once([partial(fitted, prior) for prior in loaded.priors], workers, tell)
        posteriors = {prior.name: posterior for prior, (posterior, _) in zip(loaded.priors, fits, strict=True)}
        reused = [prior.name for prior, (_, found) in zip(loaded.priors, fits, strict=True) if found]
        task = Task(loaded, known, sampling, folder, tell, posteriors, cases is None, earlier)
        prepared = {name: section.prepare(task) for name, section in SECTIONS.items() if section.prepare}
        content = build(Material(loaded, known, posteriors, cases is None, command, prepared))
    if not content["passed"] and not draft:
        faults = [Fault("gate", gate) for gate in content["failed_gates"]]
        faults.append(Fault("", "nothing was written; draw more (--draws, --tune), or write it as a draft (--draft)"))
        raise GateError(f"report {loaded.scenario.name}", faults)
    return _write(place, content, tuple(reused))


def _named(progress: Progress, name: str) -> Progress:
    """Progress that calls everything by one name."""
    return lambda _what, done, total: progress(name, done, total)


def _write(place: Path, content: dict[str, Any], reused: tuple[str, ...]) -> Written:
    html, data = place / "report.html", place / "report.json"
    text = page(assemble(content))
    with written_whole(data) as temporary:
        temporary.write_text(to_json(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    with written_whole(html) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Written(html, data, content, reused)
