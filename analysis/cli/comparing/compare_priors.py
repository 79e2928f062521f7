"""The command `servanda compare priors`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ....common.progress import shown
from ..options import (
    AsOf,
    Cases,
    Chains,
    Countries,
    Draws,
    Force,
    Json,
    Missing,
    Plot,
    Quiet,
    ScenarioSeed,
    Scheduler,
    Tune,
    json_rows,
    listed,
    print_json,
    read_cases,
)
from ..streams import file_or_standard_input


def priors(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="SET",
            callback=file_or_standard_input(".toml"),
            help="Shipped prior sets or TOML files, separated by commas; the fit is made under the first.",
        ),
    ],
    scenario: Annotated[
        str,
        typer.Option(
            metavar="SCENARIO",
            callback=file_or_standard_input(".toml"),
            help="Whose questions are asked: a shipped name or a TOML file.",
        ),
    ] = "dprk-six-party",
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    as_of: AsOf = None,
    seed: ScenarioSeed = None,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    scheduler: Scheduler = None,
    plot: Plot = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare priors, by how the answers of a scenario move, from the draws of one fit.

    The fit under the first set is made, or found again. Its draws are weighed for every other set, and fitted again
    only where the weights cannot be trusted.

    Example: `servanda compare priors literature,flat,realist --plot priors.svg`
    """
    from ....common.errors import Fault, InputError
    from ....common.figure_style import figure_file, save_figure
    from ....common.files import file_name
    from ....common.tasks.cluster import connected
    from ....models.sampling.run import Sampling
    from ....priors import load_prior
    from ...scenarios.questions import scenario_questions
    from ...scenarios.scenario import load_scenario
    from ...scenarios.stored_fits import stored_fit
    from ...sensitivity.priors import compare_priors

    loaded = load_scenario(scenario)
    sets = [load_prior(name, loaded.network) for name in listed(names)]
    if len(sets) < 2:
        raise InputError("comparison", [Fault("priors", "there must be two sets or more to compare")])
    usual = Path("out") / f"{file_name(loaded.scenario.name)}-priors.svg"
    figure = figure_file(plot or usual, (scenario, cases, *listed(names)), force=force)
    day = loaded.scenario.as_of
    data = read_cases(cases, as_of, [loaded.network], missing=missing, countries=countries, day=day).frame
    questions, left_out = scenario_questions(loaded, data)
    settings = Sampling(loaded.scenario.seed if seed is None else seed, draws, tune, chains)
    with shown(not (quiet or as_json)) as progress, connected(scheduler) as client:
        posterior, _ = stored_fit(loaded.network, data, sets[0], settings, progress=progress)
        found = compare_priors(posterior, sets[1:], questions, client=client, progress=progress)
    save_figure(found.plot(), figure)
    if as_json:
        facts = {"answers": json_rows(found.table), "scores": json_rows(found.scores)}
        print_json({"verdict": found.verdict, **facts, "left_out": left_out, "figure": str(figure)})
        return
    _print_priors(found)
    if left_out and not quiet:
        typer.echo(f"left out, as they rest on a supposed case or on others: {', '.join(left_out)}", err=True)
    typer.echo(str(figure))


def _print_priors(found: Any) -> None:
    from math import isfinite

    from rich.console import Console
    from rich.table import Table

    console = Console()
    headings = ("prior", "mean", "90 % interval", "shift", "word", "k", "how")
    for question, rows in found.table.groupby("question", sort=False):
        table = Table(*headings, title=question, title_justify="left", box=None)
        for (_, prior), row in rows.iterrows():
            shape = f"{row['pareto_k']:.2f}" if isfinite(row["pareto_k"]) else "-"
            span = f"{row['lower']:.3f} to {row['upper']:.3f}"
            table.add_row(prior, f"{row['mean']:.3f}", span, f"{row['shift']:+.2f}", row["word"], shape, row["how"])
        console.print(table)
    table = Table(
        "prior", "elpd", "difference", "± s.e.", "weight", title="leaving out", title_justify="left", box=None
    )
    for prior, row in found.scores.iterrows():
        numbers = (
            f"{row[name]:.{digits}f}" for name, digits in (("elpd", 1), ("difference", 1), ("error", 1), ("weight", 2))
        )
        table.add_row(str(prior), *numbers)
    console.print(table)
    console.print(found.verdict)
