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
    Json,
    Missing,
    Priors,
    Quiet,
    Seed,
    Tune,
    print_json,
    read_cases,
)


def fit(
    network: Annotated[
        str, typer.Argument(metavar="NETWORK", help="A shipped network's name or a TOML file.")
    ] = "guarantee",
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The file to write (netCDF).")] = Path(
        "posterior.nc"
    ),
    priors: Priors = "literature",
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    as_of: AsOf = None,
    seed: Seed = 1,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit a network to the record and store the posterior.

    Example: `servanda fit guarantee --as-of 2019-04-25 --priors literature --out dprk.nc`
    """
    from ...common.files import writable_file
    from ...models.network.toml import load_network
    from ...models.sampling.fit import fit as fit_network
    from ...priors import load_prior
    from ..queries.named_backers import shipped_cases
    from ..summaries.gates import failed, parameter_gates, sampler_gates

    writable_file(out)
    chosen = load_network(network)
    prior = load_prior(priors, chosen)
    data = read_cases(cases, as_of, missing, countries) if cases else shipped_cases(chosen, as_of)
    with shown(not (quiet or as_json)) as progress:
        posterior = fit_network(
            chosen,
            data,
            prior,
            seed=seed,
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
        "seconds": posterior.provenance["seconds"],
        "failed_gates": [str(gate) for gate in gates],
    }
    if as_json:
        print_json(facts, indent=1)
    else:
        gaps = ", ".join(f"{count} of {node}" for node, count in facts["missing_cells"].items()) or "none"
        typer.echo(f"{out}: {facts['cases']} cases, missing cells: {gaps}; {facts['seconds']:.0f} s")
        for gate in gates:
            typer.echo(f"gate failed: {gate}", err=True)
    if gates:
        raise typer.Exit(GATE_FAILED)
