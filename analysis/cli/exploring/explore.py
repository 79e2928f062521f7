"""The command `servanda explore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ....common.progress import shown
from ..options import (
    Cases,
    Chains,
    Countries,
    Draws,
    Json,
    Missing,
    Quiet,
    ScenarioSeed,
    Tune,
    print_json,
    record_cases,
)


def explore(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario's name or a TOML file.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Page to write; out/<scenario>/explore.html by default."),
    ] = None,
    language: Annotated[
        str,
        typer.Option("--lang", metavar="CODE", help="Language in which it opens, en or es; a reader may change it."),
    ] = "en",
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file even if Servanda did not write it.")] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FOLDER",
            help="Where fits are kept; $SERVANDA_CACHE or your cache folder by default.",
        ),
    ] = None,
    seed: ScenarioSeed = None,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a page on which a reader turns the knobs of a scenario: it answers in a browser, without Python.

    The fit is the one that `servanda report` makes and keeps.

    Example: `servanda explore dprk-six-party --out what-if.html`
    """
    from ....common.files import file_name, output_file, writable_folder
    from ....models.sampling.run import Sampling
    from ...explore.make import explore as make
    from ...queries.named_backers import shipped_cases
    from ...reporting.document.language import Language
    from ...scenarios.scenario import load_scenario
    from ...scenarios.stored_fits import stored_fit

    code = Language(language).code
    loaded = load_scenario(scenario)
    place = out or writable_folder(Path("out") / file_name(loaded.scenario.name)) / "explore.html"
    output_file(place, [cases, scenario], force=force)
    as_of = loaded.scenario.as_of
    known = record_cases(cases, as_of, missing, countries) if cases else shipped_cases(loaded.network, as_of)
    sampling = Sampling(loaded.scenario.seed if seed is None else seed, draws, tune, chains)
    with shown(not (quiet or as_json)) as progress:
        posterior, _ = stored_fit(loaded.network, known, loaded.priors[0], sampling, cache, progress=progress)
    page = make(posterior, loaded, cases=known, language=code)
    page.save(place, force=force)
    if as_json:
        drawn = page.content["network"]
        print_json({"file": str(place), "draws": drawn["draws"], "bytes": len(page.html.encode())})
        return
    typer.echo(place)
