"""What `servanda track` does: fit the track record, and show some actors in a table, a figure or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...models.track.fit import fit_track
from ..figures.track import figure_file, save_track_figure
from ..track.description import describe_tracks, track_table


def show_tracks(
    actors: Sequence[str],
    *,
    as_of: str | None = None,
    out: Path | None = None,
    record: Path | None = None,
    settings: Path | None = None,
    seed: int = 1,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    years_ahead: float = 3.0,
    as_json: bool = False,
) -> bool:
    """Fit, print and draw.

    Parameters
    ----------
    actors
        Whose credibility.
    as_of
        Nothing later is looked at, and the question is about this date.
    out
        Where the figure is written; none by default.
    record, settings
        Your own events and your own reading of them.
    seed, draws, tune, chains
        As in `servanda.models.fit_track`.
    years_ahead
        How far the figure looks ahead.
    as_json
        Whether everything is printed as JSON.

    Returns
    -------
    bool
        Whether every gate passed.
    """
    from ...record import load_track_record

    if out is not None:
        figure_file(out)
    events = load_track_record(record)
    track = fit_track(events, settings, seed=seed, as_of=as_of, draws=draws, tune=tune, chains=chains)
    told = describe_tracks(track, events, actors, years_ahead=years_ahead)
    if out is not None:
        save_track_figure(told, out)
    if as_json:
        _say(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        _print(told, out)
    return not told["failed_gates"]


def _print(told: Mapping[str, Any], out: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Credibility on {told['at']}: P(keeps its word at a test)", title_justify="left")
    table.add_column("actor")
    for heading in ("mean", f"{100 * told['interval']:.0f} % interval", "sd"):
        table.add_column(heading, justify="right")
    table.add_column("events known")
    table.add_column("the last one")
    for row in track_table(told):
        table.add_row(*row)
    Console().print(table)
    for pair in told["comparisons"]:
        found = pair["difference"]
        _say(
            f"P({pair['first']} is more credible than {pair['second']}) ="
            f" {pair['probability_first_more_credible']:.2f};"
            f" difference {found['mean']:+.2f} [{found['lower']:+.2f}, {found['upper']:+.2f}]"
        )
    if out is not None:
        _say(str(out))
    for gate in told["failed_gates"]:
        _say(f"gate failed: {gate}", err=True)


def _say(text: str, *, err: bool = False) -> None:
    import typer

    typer.echo(text, err=err)
