"""The command `servanda report`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...common.errors import Fault, InputError
from ...common.progress import shown
from .options import (
    Cases,
    Chains,
    Countries,
    Draws,
    FitCache,
    Json,
    Missing,
    Quiet,
    ScenarioName,
    ScenarioSeed,
    Scheduler,
    Tune,
    print_json,
    record_cases,
    refuse_beside,
    today,
)
from .streams import file_or_standard_input

if TYPE_CHECKING:
    from ..reporting.make import Written


def report(
    scenario: ScenarioName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Folder to write to; out/<scenario> by default."),
    ] = None,
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    draft: Annotated[bool, typer.Option("--draft", help="Write it although a gate failed, and say so in it.")] = False,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since",
            metavar="FILE",
            callback=file_or_standard_input(".json"),
            help="Say what changed since an earlier report.json, and what explains it.",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            callback=file_or_standard_input(".json"),
            help="Write a report again from its report.json, without a scenario and a fit.",
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", metavar="FILE", help="Enter every judgement in this ledger; see `servanda score`."),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="html, pdf, docx, pptx, csv or md; repeat it, or give several with commas. report.json is always "
            "written. All but html and csv need `pip install 'servanda[report]'`. [default: html]",
            show_default=False,
        ),
    ] = None,
    languages: Annotated[
        list[str] | None,
        typer.Option(
            "--lang",
            metavar="CODE",
            help="en or es; both write report.en and report.es. [default: en]",
            show_default=False,
        ),
    ] = None,
    issued: Annotated[
        str | None,
        typer.Option(
            "--issued",
            metavar="DATE",
            help="Day of issue, such as 2026-01-31; with the same seed and day the same bytes are written. "
            "[default: today]",
            show_default=False,
        ),
    ] = None,
    signed: Annotated[
        str, typer.Option("--signed-by", metavar="NAME", help="Who signs it. Without a name it says that nobody does.")
    ] = "",
    lexicon: Annotated[
        str | None,
        typer.Option(
            "--lexicon",
            metavar="NAME",
            help="Scale of likelihood words in place of the scenario's: icd203, ipcc_ar5, nato, phia or a TOML file.",
        ),
    ] = None,
    knobs: Annotated[
        bool,
        typer.Option(
            "--explore/--no-explore", help='Put a chapter "What if?" into an HTML report, with knobs to turn.'
        ),
    ] = True,
    cache: FitCache = None,
    seed: ScenarioSeed = None,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    scheduler: Scheduler = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Answer a scenario: fit, ask, and write the report and report.json.

    Example: `servanda report dprk-six-party --format html,pdf --lang es --out out/dprk-six-party`
    """
    from ...common.files import file_name
    from ...common.tasks.cluster import connected
    from ..explore.make import explore
    from ..ledger.file import read_ledger
    from ..ledger.issue import file_hash, issue_judgements
    from ..reporting.make import report as make
    from ..reporting.make import report_again
    from ..scenarios.scenario import load_scenario

    if ledger is not None and ledger.exists():
        read_ledger(ledger)  # one that was touched is said before anything is fitted
    if scenario is None and source is not None:
        refuse_beside("--from", **{"--lexicon": lexicon})
        kinds, spoken = _split(formats) or ["html"], _split(languages) or ["en"]
        again = report_again(source, out, draft=draft, formats=kinds, languages=spoken)
        if as_json:
            print_json({"json": str(again.json), "files": [str(path) for path in again.files]})
            return
        for path in dict.fromkeys([*(_shown(path, again.json.parent) for path in again.files), again.json]):
            typer.echo(path)
        return
    if scenario is None or source is not None:
        raise InputError("report", [Fault("SCENARIO", "give a scenario to answer, or a report.json with --from")])
    loaded = load_scenario(scenario)
    place = out or Path("out") / file_name(loaded.scenario.name)
    with shown(not (quiet or as_json)) as progress, connected(scheduler) as client:
        written = make(
            loaded,
            place,
            cases=record_cases(cases, loaded.scenario.as_of, missing, countries) if cases else None,
            seed=seed,
            draws=draws,
            tune=tune,
            chains=chains,
            draft=draft,
            since=since,
            formats=_split(formats) or ["html"],
            languages=_split(languages) or ["en"],
            issued=today() if issued is None else issued,
            signed=signed,
            lexicon=lexicon,
            folder=cache,
            client=client,
            command=_command(),
            explore=explore if knobs else None,
            progress=progress,
        )
    day = dt.date.fromisoformat(written.content["issued"])
    found = None if ledger is None else issue_judgements(ledger, written.content, file_hash(written.json), on=day)
    if as_json:
        files = {"html": written.html and str(written.html), "json": str(written.json)}
        every = {"files": [str(path) for path in written.files]}
        entered = {} if found is None else {"issued": [one.id for one in (*found.known, *found.new)]}
        refused = {"unexplored": written.unexplored} if written.unexplored else {}
        print_json({**files, **every, **entered, **refused, "answer": written.content["answer"]})
        return
    entry = found and f"{ledger}: {len(found.new)} judgements entered, {len(found.known)} of this report stood in it"
    if not quiet:
        for line in filter(None, [entry, *_notes(written)]):
            typer.echo(line)
    for path in dict.fromkeys([*(_shown(path, place) for path in written.files), written.json]):
        typer.echo(path)


def _notes(written: Written) -> Iterator[str]:
    """What else is to be said of a report that was written."""
    if written.reused:
        yield f"stored fits reused: {', '.join(written.reused)}"
    if written.unexplored:
        yield f'no chapter "What if?": {written.unexplored}'


def _shown(path: Path, place: Path) -> Path:
    """A file of the report, or the folder of many."""
    return path if path.parent == place else path.parent


def _split(given: list[str] | None) -> list[str]:
    """Names of an option that may be repeated or hold several with commas between."""
    return [name.strip() for item in given or () for name in item.split(",") if name.strip()]


def _command() -> str:
    """The command as it was typed, without the folder of the program."""
    import shlex
    import sys

    return shlex.join(["servanda", *sys.argv[1:]])
