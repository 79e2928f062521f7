"""The command `servanda report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...common.progress import shown
from .options import (
    Cases,
    Chains,
    Countries,
    Draws,
    Json,
    Missing,
    Quiet,
    ScenarioSeed,
    Tune,
    print_json,
    record_cases,
    today,
)


def report(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario's name or a TOML file.")],
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
            "--since", metavar="FILE", help="Say what changed since an earlier report.json, and what explains it."
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", metavar="FILE", help="Enter every judgement in this ledger; see `servanda score`."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FOLDER",
            help="Where fits are kept; $SERVANDA_CACHE or your cache folder by default.",
        ),
    ] = None,
    seed: ScenarioSeed = None,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Answer a scenario: fit, ask, and write report.html and report.json.

    Example: `servanda report dprk-six-party --out out/dprk-six-party`
    """
    from ..ledger.file import read_ledger
    from ..ledger.issue import file_hash, issue_judgements
    from ..reporting.make import report as make
    from ..scenarios.scenario import load_scenario

    if ledger is not None and ledger.exists():
        read_ledger(ledger)  # one that was touched is said before anything is fitted
    loaded = load_scenario(scenario)
    place = out or Path("out") / loaded.scenario.name
    with shown(not (quiet or as_json)) as progress:
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
            folder=cache,
            command=_command(),
            progress=progress,
        )
    issued = None if ledger is None else issue_judgements(ledger, written.content, file_hash(written.json), on=today())
    if as_json:
        files = {"html": str(written.html), "json": str(written.json)}
        entered = {} if issued is None else {"issued": [one.id for one in (*issued.known, *issued.new)]}
        print_json({**files, **entered, "answer": written.content["answer"]})
        return
    if issued is not None and not quiet:
        typer.echo(f"{ledger}: {len(issued.new)} judgements entered, {len(issued.known)} of this report stood in it")
    if written.reused and not quiet:
        typer.echo(f"stored fits reused: {', '.join(written.reused)}")
    typer.echo(f"{written.html}\n{written.json}")


def _command() -> str:
    """The command as it was typed, without the folder of the program."""
    import shlex
    import sys

    return shlex.join(["servanda", *sys.argv[1:]])
