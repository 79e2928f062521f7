"""The command `servanda evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...common.progress import shown
from .options import (
    AsOf,
    Cases,
    Countries,
    Force,
    Json,
    Missing,
    NetworkName,
    Node,
    Plot,
    Quiet,
    Scheduler,
    Seed,
    Unobserved,
    chosen_priors,
    hidden,
    json_rows,
    listed,
    print_json,
    read_cases,
)

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.parameters.prior_set import PriorSet

_HOW = "How it is measured"
#: Columns of the table -> heading and decimals.
_SHOWN = {
    "gain": ("gain", 3),
    "error": ("± s.e.", 3),
    "broken_gain": ("broken", 3),
    "broken_error": ("± s.e.", 3),
    "full_gain": ("in full", 3),
    "full_error": ("± s.e.", 3),
    "auc": ("AUC", 2),
    "slope": ("slope", 2),
    "slope_error": ("± s.e.", 2),
}


def evaluate(
    network: NetworkName = "guarantee",
    priors: Annotated[
        str | None,
        typer.Option(
            "--priors",
            metavar="SETS",
            help="Prior sets, shipped names or TOML files, separated by commas. [default: literature for a shipped "
            "network, else the default of each family]",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="UNIT",
            help="Hold out by crisis, guarantee, case, or a column of yours. [default: crisis; case of a plain table]",
            show_default=False,
        ),
    ] = None,
    future: Annotated[
        str,
        typer.Option(
            "--future", metavar="YEARS", help="Train on tests up to each year too, and score what came later."
        ),
    ] = "1945,1991,2005",
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="RIVALS", help="Rivals, separated by commas; all by default."),
    ] = None,
    node: Node = "compliance",
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    unobserved: Unobserved = None,
    as_of: AsOf = None,
    folds: Annotated[
        int, typer.Option("--folds", metavar="N", help="Folds of a shuffle.", min=2, rich_help_panel=_HOW)
    ] = 10,
    repeats: Annotated[int, typer.Option("--repeats", metavar="N", help="Shuffles.", min=1, rich_help_panel=_HOW)] = 5,
    seed: Seed = 1,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Kept draws of each chain.", min=1, rich_help_panel=_HOW)
    ] = 500,
    tune: Annotated[
        int, typer.Option("--tune", metavar="N", help="Warm-up draws of each chain.", min=0, rich_help_panel=_HOW)
    ] = 500,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Splits at a time; one a processor by default.", min=1),
    ] = None,
    scheduler: Scheduler = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="FOLDER", help="Keep every forecast here, and go on from what is kept."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Store the evaluation with all its forecasts: .json.")
    ] = None,
    plot: Plot = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score a network on cases that it has not seen, beside the base rate and other plain rivals.

    Whole crises are held out in folds, several times over, and the future from the past. Figures are gains in log score
    a case over the base rate, of all states, of broken or not, and of kept in full or not, each with its standard error
    by unit; the area under the curve and the calibration slope are of broken or not.

    Example: `servanda evaluate guarantee --priors literature,flat --folder kept --plot gains.svg`
    """
    from ...common.figure_style import figure_file, save_figure
    from ...common.files import output_file
    from ...common.tasks.cluster import connected
    from ...models.network.toml import load_network
    from ..evaluation.evaluate import AGAINST
    from ..evaluation.evaluate import evaluate as measure
    from ..evaluation.shipped_scores import store_evaluation

    read = (network, cases, *listed([priors or ""]))
    if plot is not None:
        figure_file(plot, read, force=force)
    if out is not None:
        output_file(out, read, force=force)
    years = _years(future)
    chosen = hidden(load_network(network), unobserved)
    data = read_cases(cases, as_of, [chosen], missing=missing, countries=countries)
    with shown(not (quiet or as_json)) as progress, connected(scheduler) as client:
        found = measure(
            chosen,
            data.frame,
            _sets(priors, network, chosen),
            node=node,
            by=data.unit(by, "crisis"),
            folds=folds,
            repeats=repeats,
            future=years,
            against=AGAINST if against is None else listed([against]),
            seed=seed,
            workers=workers,
            client=client,
            folder=folder,
            progress=progress,
            draws=draws,
            tune=tune,
        )
    if plot is not None:
        save_figure(found.plot(), plot)
    if out is not None:
        store_evaluation(found, out)
    if as_json:
        tables = {"table": found.table, "futures": found.futures, "calibration": found.calibration}
        print_json({"verdict": found.verdict, **{name: json_rows(table) for name, table in tables.items()}})
        return
    _print(found)
    for path in (out, plot):
        if path is not None:
            typer.echo(str(path))


def _sets(priors: str | None, stated: str, network: Network) -> dict[str, PriorSet | None]:
    names = [None] if priors is None else listed([priors])
    sets = [chosen_priors(name, [stated], network) for name in names]
    return {"defaults" if each is None else each.name: each for each in sets}


def _years(future: str) -> list[int]:
    from ...common.errors import Fault, raise_faults
    from ...models.errors import QueryError

    years = listed([future])
    faults = [Fault("--future", f"'{year}' is no year; give such as 1945,1991") for year in years if not year.isdigit()]
    raise_faults("evaluation", faults, QueryError)
    return [int(year) for year in years]


def _print(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("model", *(heading for heading, _ in _SHOWN.values()), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found.table.to_dict("records"):
        numbers = (f"{row[name]:.{decimals}f}" for name, (_, decimals) in _SHOWN.items())
        table.add_row(row["title"], *("-" if number == "nan" else number for number in numbers))
    console = Console()
    console.print(table)
    if len(found.futures):
        later = Table("model", *(f"after {year} ± s.e." for year in found.later), box=None, pad_edge=False)
        for column in later.columns[1:]:
            column.justify = "right"
        for name, title in found.titles.items():
            rows = [found.futures.loc[(name, year)] for year in found.later]
            later.add_row(title, *(f"{row['gain']:.3f} ± {row['error']:.3f}" for row in rows))
        console.print(later)
    console.print(found.verdict)
