"""The command `servanda compare theories`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ...common.progress import shown
from .comparison import cases_with_backers, show_comparison
from .options import (
    AsOf,
    Cases,
    Chains,
    Countries,
    Draws,
    Json,
    Missing,
    Node,
    Plot,
    Priors,
    Quiet,
    Refits,
    Seed,
    Tune,
    Unit,
    listed,
)


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
    missing: Missing = None,
    countries: Countries = None,
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
    data = cases_with_backers(cases, as_of, missing, countries)
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
    show_comparison(found, "theory", plot, as_json=as_json)


def _print_theories(theories: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "theory", "what it says", "source", box=None, pad_edge=False)
    for name, theory in theories.items():
        table.add_row(name, theory.title, theory.claim, theory.source)
    Console().print(table)
