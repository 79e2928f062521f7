"""From a scenario to files: fits, answers, and the report in every format."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...common.errors import Fault, InputError, raise_faults
from ...common.files import writable_folder, written_whole
from ...common.json_values import content_hash, to_json
from ...common.progress import Progress, at_once, shown
from ...models.errors import ConvergenceWarning
from ...models.inference.contract import processors
from ...models.sampling.run import Sampling
from ..scenarios.cases import record_of
from ..scenarios.scenario import Loaded, load_scenario
from ..scenarios.stored_fits import stored_fits
from .assemble import assemble
from .build import SCHEMA, build
from .document.blocks import Panel
from .document.language import Language
from .formats.files import FORMATS, checked_formats
from .inputs import read_earlier
from .kept import kept_files, kept_report
from .load import load_report
from .section import Material, Task
from .sections import SECTIONS

if TYPE_CHECKING:
    from ...models.parameters.prior_set import PriorSet


#: Why there is no chapter "What if?" where a gate failed: it would show its numbers without the failure beside them.
_UNSURE = "a gate failed, and the knobs would show their numbers without saying so"


class GateError(InputError):
    """A report that was not written because a gate failed.

    Examples
    --------
    >>> gate = "bulk ESS of P(compliance): 262, asked 400"
    >>> raise GateError("report", [Fault("dprk-six-party", gate)])
    Traceback (most recent call last):
        ...
    servanda.analysis.reporting.make.GateError: report: dprk-six-party: bulk ESS of P(compliance): 262, asked 400
    """

    exit_code = 1


@dataclass(frozen=True)
class Written:
    """What a report came to.

    Parameters
    ----------
    json
        The file of all numbers.
    files
        The report's files in the formats and languages asked for; of the first format and language first.
    content
        The dictionary they were made from.
    reused
        Prior sets whose stored fit was used.
    unexplored
        Why the report has no chapter "What if?"; empty where it has one, or none was asked for.
    """

    json: Path
    files: tuple[Path, ...]
    content: dict[str, Any]
    reused: tuple[str, ...]
    unexplored: str = ""

    @property
    def html(self) -> Path | None:
        """The page in the first language, if one was written."""
        return next((path for path in self.files if path.suffix == ".html"), None)


class Answering(Protocol):
    """What answers by itself, such as `servanda.analysis.explore` makes."""

    @property
    def panel(self) -> Panel:
        """It as a part of a page."""
        ...


def report(
    scenario: str | os.PathLike[str] | Loaded,
    out: str | os.PathLike[str],
    *,
    cases: Any = None,
    seed: int | None = None,
    draws: int = 1000,
    tune: int = 300,
    chains: int = 4,
    draft: bool = False,
    since: str | os.PathLike[str] | None = None,
    formats: Sequence[str] = ("html",),
    languages: Sequence[str] = ("en",),
    issued: str | date = "",
    signed: str = "",
    lexicon: str | os.PathLike[str] | None = None,
    folder: Path | None = None,
    client: Any = None,
    command: str = "",
    explore: Callable[..., Answering] | None = None,
    progress: bool | Progress | None = None,
) -> Written:
    """Answer a scenario and write a report and ``report.json`` to a folder.

    The network is fitted once for each prior set the scenario names; fits of equal inputs are found again.

    Parameters
    ----------
    scenario
        A shipped name, a path, or a loaded scenario.
    out
        Folder; it is tried before anything is fitted.
    cases
        Your own record as a table; or its file, of which is read what was known on the scenario's date. The shipped
        record, as of that date, by default.
    seed
        Instead of the scenario's.
    draws, tune, chains
        As in `servanda.models.fit`.
    draft
        Write the report although a gate failed, with the failure beside the number.
    since
        The ``report.json`` of an earlier report on the same scenario, to say what changed and what explains the shift.
    formats
        Keys of `servanda.analysis.reporting.formats.files.FORMATS`. What is not HTML or CSV needs the packages of the
        extra ``report``.
    languages
        ``en``, ``es`` or both. Files of one language are called ``report``, those of several ``report.en`` and so on.
    issued
        Day of issue, ISO: it stands in the report, and is the date of its files. None by default, so that nothing
        depends on the clock.
    signed
        Who signs it; nobody by default, and the report says so.
    lexicon
        Name or path of the scale of likelihood words; the scenario's own by default.
    folder
        Where fits are kept.
    client
        A `distributed.Client` of Dask, whose workers fit instead.
    command
        What the report says writes it again.
    explore
        `servanda.analysis.explore`, for a chapter "What if?" of each HTML page, in which a reader turns the knobs; none
        by default. Where a network does not fit such knobs, or a gate failed, the report has none.
    progress
        As in `servanda.models.fit`.

    Returns
    -------
    Written

    Raises
    ------
    ScenarioError, InputError, DataError, PriorError, QueryError
        Listing every fault of what was given, a file of cases included.
    SinceError
        If the earlier report is damaged, of another scenario or of another schema version.
    FormatsError
        Listing formats that there are not, or whose packages are not installed.
    GateError
        Listing the gates that failed, if `draft` is not set; nothing is written then.

    Examples
    --------
    >>> report("dprk-six-party", "out", formats=["html", "odt"])
    Traceback (most recent call last):
        ...
    servanda.analysis.reporting.formats.files.FormatsError: formats: format: is 'odt'; a report is written as html,...
    """
    place = writable_folder(out)
    wanted = checked_formats(formats)
    spoken = _spoken(languages)
    day = _day(issued)
    loaded = scenario if isinstance(scenario, Loaded) else load_scenario(scenario)
    loaded = loaded if lexicon is None else loaded.in_words_of(lexicon)
    earlier = None if since is None else read_earlier(since, loaded.scenario.name, SCHEMA)
    known = record_of(loaded, cases)
    sampling = Sampling(loaded.scenario.seed if seed is None else seed, draws, tune, chains)

    with shown(progress) as tell, warnings.catch_warnings():
        # The report holds every number to its gates itself, and says so beside it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        task = Task(loaded, known, sampling, folder, tell, shipped=cases is None, earlier=earlier, client=client)
        # Where the whole report is found again it needs no fit.
        fitted, reused = task, tuple(prior.name for prior in loaded.priors)

        def make() -> dict[str, Any]:
            nonlocal fitted, reused
            fitted, reused = _fitted(task, loaded.priors)
            return _answered(fitted)

        content = kept_report(task, make)
        _stop_at_gates(content, draft=draft)
        content["provenance"] |= {"command": command} if command else {}
        content |= {"issued": day, "signed": signed.strip()}
        asked = explore if "html" in wanted else None

        def set_anew() -> tuple[dict[str, bytes], str]:
            panels, unexplored = _panels(fitted, asked, spoken, passed=content["passed"])
            return set_report(content, wanted, spoken, panels, progress=tell), unexplored

        by = "" if asked is None else f"{asked.__module__}.{asked.__qualname__}"
        made, unexplored = kept_files(task, [content_hash(content), wanted, spoken, by], set_anew)
    files = _put(place, made)
    return Written(place / "report.json", files, content, reused, unexplored)


def _panels(
    task: Task, explore: Callable[..., Answering] | None, languages: Sequence[str], *, passed: bool
) -> tuple[dict[str, Panel], str]:
    """Knobs of the fit under the reported prior set in each language, and why there are none if they were asked for.

    A report that was found again has no fit at hand: it is the stored one.
    """
    if explore is None or not passed:
        return {}, _UNSURE if explore else ""
    loaded = task.loaded
    fitted = task if task.posteriors else _fitted(task, loaded.priors[:1])[0]
    try:
        ask = partial(explore, fitted.posteriors[loaded.priors[0].name], loaded, cases=task.cases, progress=False)
        return {code: ask(language=code).panel for code in languages}, ""
    except InputError as refused:
        return {}, str(refused)


def _fitted(task: Task, priors: Sequence[PriorSet]) -> tuple[Task, tuple[str, ...]]:
    """A task with the fits under some prior sets, and names of those whose fit was found."""
    how = {"client": task.client, "within": task.progress}
    fits = stored_fits(task.loaded.network, task.cases, priors, task.sampling, task.folder, **how)
    named = {prior.name: fit for prior, fit in zip(priors, fits, strict=True)}
    posteriors = {name: posterior for name, (posterior, _) in named.items()}
    return replace(task, posteriors=posteriors), tuple(name for name, (_, found) in named.items() if found)


def _answered(task: Task) -> dict[str, Any]:
    """The dictionary of a report from the fits of its task."""
    prepared = _prepared(task)
    return build(Material(task.loaded, task.cases, task.posteriors, task.shipped, prepared=prepared))


def _prepared(task: Task) -> dict[str, Any]:
    """What sections prepare: those that fit one after another, since a fit takes all processors, then the rest at once.

    A fit by PyMC forks the process, which other threads at work would not survive.
    """

    def prepared(make: Callable[[Task], Any], tell: Progress) -> Any:
        return make(replace(task, progress=tell))

    fitting = {name: one.prepare(task) for name, one in SECTIONS.items() if one.prepare and one.fits}
    rest = {name: partial(prepared, one.prepare) for name, one in SECTIONS.items() if one.prepare and not one.fits}
    return fitting | dict(zip(rest, at_once([*rest.values()], processors(), task.progress), strict=True))


def report_again(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    draft: bool = False,
    formats: Sequence[str] = ("html",),
    languages: Sequence[str] = ("en",),
    progress: bool | Progress | None = None,
) -> Written:
    """Write a report again from its ``report.json``, without fitting anything.

    Parameters
    ----------
    source
        A ``report.json``.
    out
        Folder; that of the file by default.
    draft
        Write it although a gate failed.
    formats, languages, progress
        As in `report`; the day of issue and who signed it are those of the file.

    Returns
    -------
    Written
        Equal files give equal documents.

    Raises
    ------
    ReportError
        If the file is damaged, incomplete or of another version.
    QueryError, FormatsError
        If there is no such language or format, or its packages are not installed.
    GateError
        Listing the gates that failed, if `draft` is not set; nothing is written then.
    """
    wanted, spoken = checked_formats(formats), _spoken(languages)
    content = load_report(source)
    _stop_at_gates(content, draft=draft)
    place = writable_folder(Path(source).parent if out is None else out)
    return Written(place / "report.json", write_report(place, content, wanted, spoken, progress=progress), content, ())


def _spoken(languages: Sequence[str]) -> tuple[str, ...]:
    """Codes of languages, each once."""
    return tuple(dict.fromkeys(Language(code).code for code in languages))


def _stop_at_gates(content: Mapping[str, Any], *, draft: bool) -> None:
    if content["passed"] or draft:
        return
    faults = [Fault("gate", gate) for gate in content["failed_gates"]]
    faults.append(Fault("", "nothing was written; draw more (--draws, --tune), or write it as a draft (--draft)"))
    raise GateError(f"report {content['question']['name']}", faults)


def _day(issued: str | date) -> str:
    """Day of issue as ISO writes it."""
    try:
        return date.fromisoformat(str(issued)).isoformat() if issued else ""
    except ValueError:
        raise_faults("report", [Fault("issued", f"is '{issued}'; write a day as 2026-01-31")])
        raise


def write_report(
    place: Path,
    content: Mapping[str, Any],
    formats: Sequence[str] = ("html",),
    languages: Sequence[str] = ("en",),
    *,
    progress: bool | Progress | None = None,
) -> tuple[Path, ...]:
    """Write a report's dictionary as JSON, and as documents.

    Parameters
    ----------
    place
        Folder, which is there.
    content, formats, languages, progress
        As in `set_report`.

    Returns
    -------
    tuple of Path
        The documents' files. All are made before the first is written, each whole or not at all.
    """
    return _put(place, set_report(content, formats, languages, progress=progress))


def set_report(
    content: Mapping[str, Any],
    formats: Sequence[str],
    languages: Sequence[str],
    panels: Mapping[str, Panel] | None = None,
    *,
    progress: bool | Progress | None = None,
) -> dict[str, bytes]:
    """Set a report's dictionary as JSON, and as documents.

    Parameters
    ----------
    content
        From `servanda.analysis.reporting.build.build`.
    formats, languages
        As in `report`.
    panels
        Language -> knobs of "What if?" in it, for the page of that language.
    progress
        As in `report`.

    Returns
    -------
    dict
        Name of each file and what it holds.
    """
    kept = {**content, "sha256": content_hash(content)}
    made = {"report.json": (to_json(kept, indent=1, ensure_ascii=False) + "\n").encode()}
    suffixes = {code: "" if len(languages) == 1 else f".{code}" for code in languages}
    with shown(progress) as tell:
        pairs = [(one, code) for code in languages for one in formats]
        tell("writing", 0, len(pairs))
        # Figures are drawn here, once a language; most of what formats take is spent in pandoc and typst, at once.
        documents = {code: assemble(content, code, (panels or {}).get(code)) for code in languages} if pairs else {}

        def write(name: str, language: str, _: Progress) -> dict[str, bytes]:
            return FORMATS[name].write(documents[language], content, f"report{suffixes[language]}")

        jobs = [partial(write, *pair) for pair in pairs]
        for found in at_once(jobs, processors(), ended=lambda done: tell("writing", done, len(pairs))):
            made |= found
    return made


def _put(place: Path, made: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files to a folder, each whole, and give the paths of the documents among them."""
    for path, data in _placed(place, made):
        with written_whole(path) as temporary:
            temporary.write_bytes(data)
    _drop_others(place, made)
    return tuple(place / name for name in made if name != "report.json")


def _placed(place: Path, made: Mapping[str, bytes]) -> Iterator[tuple[Path, bytes]]:
    """Path and data of each file, its folder made."""
    for name, data in made.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        yield path, data


def _drop_others(place: Path, made: Mapping[str, bytes]) -> None:
    """Remove numbered tables and figures of an earlier report, which would stand among those of this one."""
    for folder in {(place / name).parent for name in made} - {place}:
        for pattern in ("[0-9][0-9]-*.csv", "figure-*.svg"):
            for path in folder.glob(pattern):
                if f"{folder.name}/{path.name}" not in made:
                    path.unlink()
