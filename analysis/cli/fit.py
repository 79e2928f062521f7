"""The command `servanda fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...common.progress import shown
from .options import (
    GATE_FAILED,
    AsOf,
    Cases,
    Chains,
    Countries,
    Draws,
    Force,
    Json,
    Missing,
    NetworkName,
    Priors,
    Quiet,
    Seed,
    Tune,
    Unobserved,
    chosen_priors,
    hidden,
    print_json,
    read_cases,
)


def fit(
    network: NetworkName = "guarantee",
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The file to write (netCDF).")] = Path(
        "posterior.nc"
    ),
    priors: Priors = None,
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    unobserved: Unobserved = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a column that belongs to no node.")] = False,
    as_of: AsOf = None,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit a network to the record, or to a table of your own, and store the posterior.

    Example: `servanda fit guarantee --as-of 2019-04-25 --priors literature --out dprk.nc`

    Your own network and table: `servanda fit mine.toml --cases mine.csv --out mine.nc`
    """
    from ...common.files import output_file
    from ...models.network.toml import load_network
    from ...models.sampling.fit import fit as fit_network
    from ..summaries.gates import failed, parameter_gates, sampler_gates

    output_file(out, (network, priors, cases), force=force)
    chosen = hidden(load_network(network), unobserved)
    prior = chosen_priors(priors, [network], chosen)
    data = read_cases(cases, as_of, [chosen], missing=missing, countries=countries)
    with shown(not (quiet or as_json)) as progress:
        posterior = fit_network(
            chosen,
            data.frame,
            prior,
            seed=seed,
            strict=strict,
            draws=draws,
            tune=tune,
            chains=chains,
            progress=progress,
        )
    posterior.save(out)
    gates = failed((*sampler_gates(posterior), *parameter_gates(posterior)))
    facts = {
        "file": str(out),
        "cases": posterior.provenance["cases"],
        "missing_cells": posterior.provenance["missing_cells"],
        "unused_columns": posterior.provenance["unused_columns"] if data.plain else [],
        "seconds": posterior.provenance["seconds"],
        "failed_gates": [str(gate) for gate in gates],
    }
    if as_json:
        print_json(facts, indent=1)
    else:
        gaps = ", ".join(f"{count} of {node}" for node, count in facts["missing_cells"].items()) or "none"
        typer.echo(f"{out}: {facts['cases']} cases, missing cells: {gaps}; {facts['seconds']:.0f} s")
        if facts["unused_columns"] and not quiet:
            typer.echo(f"columns that belong to no node: {', '.join(facts['unused_columns'])}", err=True)
        for gate in gates:
            typer.echo(f"gate failed: {gate}", err=True)
    if gates:
        raise typer.Exit(GATE_FAILED)
