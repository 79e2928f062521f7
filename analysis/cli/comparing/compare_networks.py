"""The command `servanda compare networks`."""

from __future__ import annotations

from typing import Annotated

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


def networks(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NETWORK",
            callback=file_or_standard_input(".toml"),
            help="Shipped networks or TOML files, separated by commas.",
        ),
    ],
    by: Unit = None,
    node: Node = "compliance",
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
    """Compare rival networks, by what they predict of one node of cases that were left out.

    They may differ in anything but the states of that node. What the prior set says of single parameters counts in the
    networks that have them. What was found of each is kept beside the stored fits, and found again.

    Example: `servanda compare networks guarantee,mine.toml --by crisis --plot networks.svg`
    """
    from ....common.figure_style import figure_file
    from ....common.tasks.cluster import connected
    from ....models.network.toml import load_network
    from ....models.theories.theories import priors_for
    from ...evaluation.models import compare_models
    from ...scenarios.cache import cache_folder

    if plot is not None:
        figure_file(plot, (*listed(names), cases, priors), force=force)
    rivals = {name: hidden(load_network(name), unobserved) for name in listed(names)}
    prior = chosen_priors(priors, rivals)
    data = read_cases(cases, as_of, rivals.values(), missing=missing, countries=countries, backers=True)
    with shown(not (quiet or as_json)) as progress, connected(scheduler) as client:
        found = compare_models(
            rivals,
            data.frame,
            {name: priors_for(rival, prior) for name, rival in rivals.items()},
            node=node,
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
    show_comparison(found, "network", plot, as_json=as_json)
