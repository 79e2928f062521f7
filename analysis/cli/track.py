"""The command `servanda track`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import GATE_FAILED, AsOf, Chains, Draws, Json, Seed, Tune


def track(
    actors: Annotated[list[str], typer.Argument(metavar="ACTOR", help="Whose credibility, e.g. PRK USA.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the figure here: .png, .svg or .pdf.")
    ] = None,
    ahead: Annotated[float, typer.Option(metavar="YEARS", help="Years that the figure looks ahead.", min=0)] = 3.0,
    as_of: AsOf = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events",
            metavar="FILE",
            help="Your own dated events, CSV or Parquet, in place of the shipped.",
            rich_help_panel="Data",
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            metavar="FILE",
            help="Your own reading of events and priors (TOML).",
            rich_help_panel="Data",
        ),
    ] = None,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    as_json: Json = False,
) -> None:
    """Show how credible actors are, from the dated events of their past.

    Example: `servanda track PRK USA --as-of 2019-04-25 --out tracks.png`
    """
    from ...models.track.fit import fit_track
    from ...record import load_track_record
    from ..figures.track import figure_file, save_track_figure
    from ..track.description import describe_tracks

    if out is not None:
        figure_file(out)
    record = load_track_record(events)
    fitted = fit_track(record, settings, seed=seed, as_of=as_of, draws=draws, tune=tune, chains=chains)
    description = describe_tracks(fitted, record, actors, years_ahead=ahead)
    if out is not None:
        save_track_figure(description, out)
    if as_json:
        typer.echo(json.dumps(description, indent=1, ensure_ascii=False))
    else:
        _print_tracks(description, out)
    if description["failed_gates"]:
        raise typer.Exit(GATE_FAILED)


def _print_tracks(description: Mapping[str, Any], out: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..summaries.change import Change
    from ..track.description import track_table

    title = f"Credibility on {description['at']}: P(keeps its word at a test)"
    table = Table(title=title, title_justify="left")
    table.add_column("actor")
    for heading in ("mean", f"{100 * description['interval']:.0f} % interval", "sd"):
        table.add_column(heading, justify="right")
    table.add_column("events known")
    table.add_column("the last one")
    for row in track_table(description):
        table.add_row(*row)
    Console().print(table)
    for pair in description["comparisons"]:
        found = Change(**pair["difference"])
        typer.echo(f"{pair['first']} against {pair['second']}: {found}")
    if out is not None:
        typer.echo(str(out))
    for gate in description["failed_gates"]:
        typer.echo(f"gate failed: {gate}", err=True)
