"""The command `servanda compare theories`."""

from __future__ import annotations

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
    Node,
    Plot,
    Priors,
    Quiet,
    Refits,
    Scheduler,
    Seed,
    Tune,
    Unit,
    Unobserved,
    chosen_priors,
    hidden,
    listed,
    read_cases,
)
from ..streams import file_or_standard_input
from .comparison import show_comparison


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
        typer.Option(
            metavar="NETWORK",
            callback=file_or_standard_input(".toml"),
            help="A shipped network's name or a TOML file, in which each takes its turn.",
        ),
    ] = "guarantee",
    by: Unit = None,
    node: Node = "compliance",
    count: Annotated[str, typer.Option(metavar="NODE", help="The node that counts the backers.")] = "guarantors",
    priors: Priors = None,
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    unobserved: Unobserved = None,
    as_of: AsOf = None,
    refits: Refits = 20,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    scheduler: Scheduler = None,
    plot: Plot = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare rival theories of what backers do, by what they predict of cases that were left out.

    What was found of each is kept beside the stored fits, and found again.

    Example: `servanda compare theories none,log,rival_backer --by crisis --plot theories.svg`
    """
    from ....common.figure_style import figure_file
    from ....common.tasks.cluster import connected
    from ....models.network.toml import load_network
    from ....models.theories.theories import THEORIES
    from ...evaluation.theories import BACKER_THEORIES, SHAPES, compare_theories
    from ...scenarios.cache import cache_folder

    chosen = listed(names or [])
    if chosen == ["list"]:
        _print_theories(THEORIES)
        return
    if plot is not None:
        figure_file(plot, (network, cases, priors), force=force)
    whole = hidden(load_network(network), unobserved)
    data = read_cases(cases, as_of, [whole], missing=missing, countries=countries, backers=True)
    prior = chosen_priors(priors, [network])
    with shown(not (quiet or as_json)) as progress, connected(scheduler) as client:
        found = compare_theories(
            whole,
            data.frame,
            prior,
            theories=chosen or [*SHAPES, *BACKER_THEORIES],
            node=node,
            count=count,
            unit=data.unit(by, "guarantee"),
            seed=seed,
            refits=refits,
            client=client,
            folder=cache_folder(),
            progress=progress,
            draws=draws,
            tune=tune,
            chains=chains,
        )
    show_comparison(found, "theory", plot, as_json=as_json)


def _print_theories(theories: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "theory", "what it says", "source", box=None, pad_edge=False)
    for name, theory in theories.items():
        table.add_row(name, theory.title, theory.claim, theory.source)
    Console().print(table)
