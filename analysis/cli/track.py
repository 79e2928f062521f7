"""The command `servanda track`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import (
    GATE_FAILED,
    AsOf,
    Chains,
    Countries,
    Draws,
    Force,
    Json,
    Missing,
    Quiet,
    Scheduler,
    Seed,
    Tune,
    listed,
    notes_of_the_record,
    print_json,
)
from .streams import file_or_standard_input


def track(
    actors: Annotated[
        list[str] | None, typer.Argument(metavar="[ACTOR]...", help="Whose past, e.g. PRK USA, in the order shown.")
    ] = None,
    score: Annotated[
        bool,
        typer.Option(
            "--score", help="Measure how well these events are foretold one step ahead: some minutes, a fit for each."
        ),
    ] = False,
    last: Annotated[
        int, typer.Option(metavar="N", help="Events of each actor that are listed, latest last.", min=0)
    ] = 8,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the figure here: .png, .svg or .pdf.")
    ] = None,
    ahead: Annotated[
        float, typer.Option(metavar="YEARS", help="Years that the figure of a ranking looks ahead.", min=0)
    ] = 3.0,
    as_of: AsOf = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events",
            metavar="FILE",
            callback=file_or_standard_input(".csv"),
            help="Your own dated events (CSV, Parquet, Stata or SPSS), in place of the shipped.",
            rich_help_panel="Data",
        ),
    ] = None,
    missing: Missing = None,
    countries: Countries = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            metavar="FILE",
            callback=file_or_standard_input(".toml"),
            help="Your own reading of events and priors (TOML).",
            rich_help_panel="Data",
        ),
    ] = None,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    scheduler: Scheduler = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the dated events of actors, and how credible they are where the model was found to foretell.

    The fit is kept beside those of networks, and found again.

    Example: `servanda track PRK USA --as-of 2019-04-25 --out tracks.png`
    """
    from ...common.errors import Fault, raise_faults
    from ...common.figure_style import figure_file
    from ...common.progress import shown
    from ...common.tasks.cluster import connected
    from ...models.track.events import TrackError, as_date, line_up
    from ...models.track.settings import load_track_settings
    from ...record import load_track_record
    from ..figures.track import save_track_figure
    from ..track.description import actors_named, describe_tracks
    from ..track.evaluate import evaluate_track
    from ..track.stored import stored_track

    if not (actors or score):
        raise_faults("track", [Fault("ACTOR", "is missing; name one, such as PRK, or ask for --score")], TrackError)
    if out is not None:
        figure_file(out, (events, settings), force=force)
    given: dict[str, Any] = {"missing": listed(missing or ()), "countries": countries}
    with notes_of_the_record():
        record = load_track_record(events, **given)
        known = load_track_record(events, as_of=as_of, **given) if score else record
    day = None if as_of is None else as_date(as_of, "as_of")
    # A name that is mistyped is said now, and not after what takes some minutes.
    actors_named(line_up(record, load_track_settings(settings), day), actors or (), day)
    scores = None
    if score:
        with shown(not (quiet or as_json)) as progress, connected(scheduler) as client:
            scores = evaluate_track(known, settings, seed=seed, client=client, progress=progress)
    if not actors:
        _print_score(scores, as_json=as_json)
        return
    sampling: dict[str, Any] = {"seed": seed, "draws": draws, "tune": tune, "chains": chains}
    with shown(not (quiet or as_json)) as progress:
        fitted, _ = stored_track(record, settings, as_of=as_of, progress=progress, **sampling)
    description = describe_tracks(fitted, record, actors, years_ahead=ahead, scores=scores)
    if out is not None:
        save_track_figure(description, out)
    if as_json:
        print_json(description, indent=1)
    else:
        if scores is not None:
            _print_scores(scores)
        _print_tracks(description, last, out)
    if description["failed_gates"]:
        raise typer.Exit(GATE_FAILED)


def _print_score(scores: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(scores.as_dict(), indent=1)
        return
    _print_scores(scores)
    typer.echo(scores.verdict)


def _print_scores(scores: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..track.scores import MODEL, PARTS

    console = Console()
    for part in PARTS:
        table = Table("foretold by", box=None, pad_edge=False)
        for heading in ("log score", "gain", "± s.e.", "Brier", "gain", "± s.e."):
            table.add_column(heading, justify="right")
        for model, row in scores.table.loc[part].iterrows():
            names = ("log", "log_gain", "log_error", "brier", "brier_gain", "brier_error")
            # A model gains nothing on itself.
            own = model == MODEL
            numbers = ("-" if own and "_" in name else f"{row[name]:.3f}" for name in names)
            table.add_row("track model" if own else str(model).replace("_", " "), *numbers)
        console.print(f"Foretold one step ahead: {scores.named(part)}", highlight=False)
        console.print(table)


def _print_tracks(description: Mapping[str, Any], last: int, out: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..summaries.change import Change
    from ..track.description import event_rows, track_table

    said = "Credibility: P(keeps its word at a test)" if description["ranked"] else "A history, and no ranking"
    headings, *rows = track_table(description)
    console = Console()
    table = Table(title=f"{said}; events known on {description['at']}", title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("actor", "last event") else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    typer.echo(description["score"]["verdict"])
    for actor in description["actors"] if last else ():
        headings, *rows = event_rows(actor)
        earlier = len(rows) - last
        more = f", and {earlier} before (--last {len(rows)} lists them)" if earlier > 0 else ""
        console.print(f"\n{actor['actor']}: the last events{more}", highlight=False)
        own = Table(*headings, box=None, pad_edge=False)
        for row in rows[-last:]:
            own.add_row(*row)
        console.print(own)
    for pair in description["comparisons"]:
        found = Change(**pair["difference"])
        typer.echo(f"{pair['first']} against {pair['second']}: {found}")
    if out is not None:
        typer.echo(str(out))
    for gate in description["failed_gates"]:
        typer.echo(f"gate failed: {gate}", err=True)
