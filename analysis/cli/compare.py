"""The commands `servanda compare`: rival priors, rival theories of what backers do, rival networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...common.progress import shown
from .options import (
    AsOf,
    Cases,
    Chains,
    Draws,
    Json,
    Node,
    Plot,
    Priors,
    Quiet,
    Refits,
    ScenarioSeed,
    Seed,
    Tune,
    Unit,
    json_rows,
    listed,
    print_json,
    read_cases,
)

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    help="Compare rival priors, theories or networks: how answers move, and which predicts better.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

#: Columns of a comparison by prediction -> heading and decimals.
_COMPARED = {
    "behind": ("behind", 1),
    "error": ("± s.e.", 1),
    "weight": ("weight", 2),
    "pareto_k": ("worst k", 2),
    "refits": ("refits", 0),
    "bayes_factor": ("Bayes factor", 2),
}


@app.command()
def priors(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="SET",
            help="Shipped prior sets or TOML files, separated by commas; the fit is made under the first.",
        ),
    ],
    scenario: Annotated[
        str, typer.Option(metavar="SCENARIO", help="Whose questions are asked: a shipped name or a TOML file.")
    ] = "dprk-six-party",
    cases: Cases = None,
    as_of: AsOf = None,
    seed: ScenarioSeed = None,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    plot: Plot = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare priors, by how the answers of a scenario move, from the draws of one fit.

    The fit under the first set is made, or found again. Its draws are weighed for every other set, and fitted again
    only where the weights cannot be trusted.

    Example: `servanda compare priors literature,flat,realist --plot priors.svg`
    """
    from ...common.errors import Fault, InputError
    from ...common.files import writable_file
    from ...models.sampling.run import Sampling
    from ...priors import load_prior
    from ..queries.named_backers import shipped_cases
    from ..scenarios.questions import scenario_questions
    from ..scenarios.scenario import load_scenario
    from ..scenarios.stored_fits import stored_fit
    from ..sensitivity.priors import compare_priors

    loaded = load_scenario(scenario)
    sets = [load_prior(name, loaded.network) for name in listed(names)]
    if len(sets) < 2:
        raise InputError("comparison", [Fault("priors", "there must be two sets or more to compare")])
    figure = writable_file(plot or Path("out") / f"{loaded.scenario.name}-priors.svg")
    day = as_of or loaded.scenario.as_of
    data = read_cases(cases, day) if cases else shipped_cases(loaded.network, day)
    questions, left_out = scenario_questions(loaded, data)
    settings = Sampling(loaded.scenario.seed if seed is None else seed, draws, tune, chains)
    with shown(not (quiet or as_json)) as progress:
        posterior, _ = stored_fit(loaded.network, data, sets[0], settings, progress=progress)
        found = compare_priors(posterior, sets[1:], questions, progress=progress)
    found.plot().savefig(figure)
    if as_json:
        facts = {"answers": json_rows(found.table), "scores": json_rows(found.scores)}
        print_json({"verdict": found.verdict, **facts, "left_out": left_out, "figure": str(figure)})
        return
    _print_priors(found)
    if left_out and not quiet:
        typer.echo(f"left out, as they rest on a supposed case or on others: {', '.join(left_out)}", err=True)
    typer.echo(str(figure))


@app.command()
def theories(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="THEORY",
            help="Theories of what backers do, separated by commas; 'list' shows them. All by default.",
        ),
    ] = None,
    network: Annotated[
        str,
        typer.Option(metavar="NETWORK", help="A shipped network's name or a TOML file, in which each takes its turn."),
    ] = "guarantee",
    by: Unit = "guarantee",
    node: Node = "compliance",
    count: Annotated[str, typer.Option(metavar="NODE", help="The node that counts the backers.")] = "guarantors",
    priors: Priors = "literature",
    cases: Cases = None,
    as_of: AsOf = None,
    refits: Refits = 20,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    plot: Plot = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare rival theories of what backers do, by what they predict of cases that were left out.

    Example: `servanda compare theories none,log,rival_backer --by crisis --plot theories.svg`
    """
    from ...common.files import writable_file
    from ...models.network.toml import load_network
    from ...models.theories.theories import THEORIES
    from ...priors import load_prior
    from ..evaluation.theories import BACKER_THEORIES, SHAPES, compare_theories

    chosen = listed(names or [])
    if chosen == ["list"]:
        _print_theories(THEORIES)
        return
    if plot is not None:
        writable_file(plot)
    data = _cases_with_backers(cases, as_of)
    with shown(not (quiet or as_json)) as progress:
        found = compare_theories(
            load_network(network),
            data,
            load_prior(priors),
            theories=chosen or [*SHAPES, *BACKER_THEORIES],
            node=node,
            count=count,
            unit=by,
            seed=seed,
            refits=refits,
            progress=progress,
            draws=draws,
            tune=tune,
            chains=chains,
        )
    _show_comparison(found, "theory", plot, as_json=as_json)


@app.command()
def networks(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NETWORK", help="Shipped networks or TOML files, separated by commas."),
    ],
    by: Unit = "guarantee",
    node: Node = "compliance",
    priors: Priors = "literature",
    cases: Cases = None,
    as_of: AsOf = None,
    refits: Refits = 20,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    plot: Plot = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare rival networks, by what they predict of one node of cases that were left out.

    They may differ in anything but the states of that node. What the prior set says of single parameters counts in the
    networks that have them.

    Example: `servanda compare networks guarantee,mine.toml --by crisis --plot networks.svg`
    """
    from ...common.files import writable_file
    from ...models.network.toml import load_network
    from ...models.theories.theories import priors_for
    from ...priors import load_prior
    from ..evaluation.models import compare_models

    if plot is not None:
        writable_file(plot)
    rivals = {name: load_network(name) for name in listed(names)}
    prior = load_prior(priors)
    data = _cases_with_backers(cases, as_of)
    with shown(not (quiet or as_json)) as progress:
        found = compare_models(
            rivals,
            data,
            {name: priors_for(rival, prior) for name, rival in rivals.items()},
            node=node,
            unit=by,
            seed=seed,
            refits=refits,
            progress=progress,
            draws=draws,
            tune=tune,
            chains=chains,
        )
    _show_comparison(found, "network", plot, as_json=as_json)


def _cases_with_backers(path: Path | None, as_of: str | None) -> pd.DataFrame:
    """Cases with who stands behind those of the shipped record; your own hold these columns or do not."""
    from ...record import with_backers

    cases = read_cases(path, as_of)
    return cases if path else with_backers(cases)


def _show_comparison(found: Any, what: str, plot: Path | None, *, as_json: bool) -> None:
    if plot is not None:
        found.plot().savefig(plot)
    if as_json:
        print_json({"verdict": found.verdict, "table": json_rows(found.table)})
        return
    _print_comparison(found, what)
    if plot is not None:
        typer.echo(str(plot))


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


def _print_theories(theories: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "theory", "what it says", "source", box=None, pad_edge=False)
    for name, theory in theories.items():
        table.add_row(name, theory.title, theory.claim, theory.source)
    Console().print(table)


def _print_comparison(found: Any, what: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(what, *(heading for heading, _ in _COMPARED.values()), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found.table.to_dict("records"):
        shown = (f"{row[name]:.{decimals}f}" for name, (_, decimals) in _COMPARED.items())
        table.add_row(row["title"], *("-" if number == "nan" else number for number in shown))
    console = Console()
    console.print(table)
    console.print(found.verdict)
    for name, left in found.left_out.items():
        if left.untrusted:
            shown = ", ".join(left.untrusted[:5])
            console.print(f"{name}: {len(left.untrusted)} units could not be trusted and were not refitted: {shown}")
