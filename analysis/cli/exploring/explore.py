"""The command `servanda explore`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ....common.errors import Fault, InputError, raise_faults
from ....common.progress import shown
from ..options import (
    Cases,
    Chains,
    Countries,
    Draws,
    FitCache,
    Json,
    Missing,
    Quiet,
    ScenarioName,
    ScenarioSeed,
    Tune,
    listed,
    print_json,
    record_cases,
)

if TYPE_CHECKING:
    import pandas as pd

    from ....models.network.network import Network
    from ....models.posterior import Posterior
    from ....models.theories.theories import Theory
    from ...explore.make import Page
    from ...scenarios.scenario import Loaded


def explore(
    scenario: ScenarioName = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="Page to write; out/<scenario>/explore.html by default. With --all a folder; out/explore by default.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="A page for each shipped scenario, and an index.")] = False,
    language: Annotated[
        str,
        typer.Option("--lang", metavar="CODE", help="Language in which it opens, en or es; a reader may change it."),
    ] = "en",
    priors: Annotated[
        list[str] | None,
        typer.Option(
            "--priors",
            metavar="SETS",
            help="Further prior sets that a reader may choose, shipped names or TOML files separated by commas; each "
            "is fitted, and adds about 0.5 MB to the page.",
        ),
    ] = None,
    theories: Annotated[
        list[str] | None,
        typer.Option(
            "--theories",
            metavar="THEORIES",
            help="Further theories of what backers do that a reader may choose, separated by commas; each is fitted "
            "under each prior set, and adds about 0.5 MB. `servanda compare theories list` shows them.",
        ),
    ] = None,
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file even if Servanda did not write it.")] = False,
    cache: FitCache = None,
    seed: ScenarioSeed = None,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a page on which a reader turns the knobs of a scenario: it answers in a browser, without Python.

    The fit, under the scenario's first prior set, is the one that `servanda report` makes and keeps; so are those of
    the scenario's other prior sets.

    Example: `servanda explore dprk-six-party --priors flat --theories none --out what-if.html`, or `servanda explore
    --all --out folder`
    """
    from ....common.files import file_name, output_file, writable_folder
    from ....models.sampling.run import Sampling
    from ....models.theories.theories import priors_for
    from ....priors import load_prior
    from ...evaluation.theories import as_theory
    from ...explore.gallery import INDEX, gallery
    from ...explore.make import explore as make
    from ...queries.named_backers import shipped_cases
    from ...reporting.document.language import Language
    from ...scenarios.scenario import load_scenario, shipped_scenarios
    from ...scenarios.stored_fits import stored_fit

    if (scenario is None) != every:
        raise InputError("explore", [Fault("SCENARIO", "give a scenario to explore, or --all, and not both")])
    code = Language(language).code
    chosen = [as_theory(name) for name in listed(theories or ())]

    def made(loaded: Loaded) -> Page:
        as_of = loaded.scenario.as_of
        own = record_cases(cases, as_of, missing, countries) if cases else None

        def known(network: Network) -> pd.DataFrame:
            return shipped_cases(network, as_of) if own is None else own

        sampling = Sampling(loaded.scenario.seed if seed is None else seed, draws, tune, chains)
        sets = [loaded.priors[0], *(load_prior(name, loaded.network) for name in listed(priors or ()))]
        with shown(not (quiet or as_json)) as progress:

            def fits(network: Network) -> list[Posterior]:
                """Fits of a network under each prior set."""
                asked = [(network, known(network), priors_for(network, one), sampling, cache) for one in sets]
                return [stored_fit(*each, progress=progress)[0] for each in asked]

            first, *others = fits(loaded.network)
            ways = {name: fits(network) for name, network in _under(loaded, chosen).items()}
        return make(first, loaded, cases=known(loaded.network), language=code, others=others, theories=ways)

    if scenario is None:
        folder = out or Path("out") / "explore"
        # What is not ours is said before minutes are spent on fits.
        for name in (INDEX, *(f"{file_name(one)}.html" for one in shipped_scenarios())):
            output_file(folder / name, [cases], force=force)
        loads = [load_scenario(name) for name in shipped_scenarios()]
        pages = [(loaded, made(loaded)) for loaded in loads]
        files = gallery(pages, folder, language=code, force=force)
        if as_json:
            told = [_told(path, page) for path, (_, page) in zip(files[1:], pages, strict=True)]
            print_json({"index": str(files[0]), "pages": told})
            return
        for path in files:
            typer.echo(path)
        return
    loaded = load_scenario(scenario)
    place = out or writable_folder(Path("out") / file_name(loaded.scenario.name)) / "explore.html"
    output_file(place, [cases, scenario], force=force)
    page = made(loaded)
    page.save(place, force=force)
    if as_json:
        print_json(_told(place, page))
        return
    typer.echo(place)


def _under(loaded: Loaded, theories: Sequence[Theory]) -> dict[str, Network]:
    """By name of each theory the scenario's network under it: what backers do to its headline's node."""
    from ...queries.named_backers import COUNT_NODE

    target = loaded.scenario.headline_judgement.node
    changed = {one.name: one.apply(loaded.network, target, COUNT_NODE) for one in theories}
    same = [name for name, network in changed.items() if network == loaded.network]
    what = f"is what the network {loaded.network.name} holds already; leave it out"
    raise_faults("explore", [Fault(f"theory {name}", what) for name in same])
    return changed


def _told(path: Path, page: Page) -> dict[str, Any]:
    """What `--json` says of a page."""
    return {"file": str(path), "draws": page.content["fit"]["network"]["draws"], "bytes": len(page.html.encode())}
