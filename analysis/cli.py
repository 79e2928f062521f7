"""The command line: `servanda fit | query | record | report`.

Exit codes: 0 done, 1 a gate failed, 2 bad input (130 interrupted).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    import pandas as pd


GATE_FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


class _Commands(TyperGroup):
    """Commands whose errors become one message and an exit code, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        from ..common.errors import ServandaError

        try:
            return super().invoke(ctx)
        except ServandaError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(getattr(error, "exit_code", BAD_INPUT)) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted; earlier results are as they were", err=True)
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    name="servanda",
    cls=_Commands,
    help="How likely is a security guarantee to be kept, how sure can we be, and what would change that?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
record_app = typer.Typer(help="Look after the historical record.", no_args_is_help=True)
app.add_typer(record_app, name="record")

AsOf = Annotated[str | None, typer.Option("--as-of", help="Use only what was known on this day (YYYY-MM-DD).")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.")]
Draws = Annotated[int, typer.Option(help="Kept draws of each chain.", min=1)]
Tune = Annotated[int, typer.Option(help="Warm-up draws of each chain.", min=0)]
Chains = Annotated[int, typer.Option(help="Chains.", min=1)]
Cases = Annotated[
    Path | None, typer.Option("--cases", help="Your own cases, CSV or Parquet, in place of the shipped record.")
]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:  # noqa: FBT002
    if version:
        from importlib.metadata import version as of

        typer.echo(f"servanda {of('servanda')}")
        raise typer.Exit


@app.command()
def fit(
    network: Annotated[str, typer.Argument(help="A shipped network's name or a TOML file.")] = "guarantee",
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write (netCDF).")] = Path("posterior.nc"),
    priors: Annotated[str, typer.Option(help="A shipped prior set's name or a TOML file.")] = "literature",
    cases: Cases = None,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same numbers.")] = 1,
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Fit a network to the record and store the posterior.

    Example: `servanda fit guarantee --as-of 2019-04-25 --priors literature --out dprk.nc`
    """
    from ..common.files import writable_file
    from ..models.fitting import fit as fit_network
    from ..models.network_io import load_network
    from ..priors import load_prior
    from .gates import failed, parameter_gates, sampler_gates

    writable_file(out)
    chosen, prior, data = load_network(network), load_prior(priors), _read_cases(cases, as_of)
    with _progress(quiet=quiet or as_json) as told:
        posterior = fit_network(
            chosen,
            data,
            prior,
            seed=seed,
            draws=draws,
            tune=tune,
            chains=chains,
            progress=lambda a, b: told("fitting", a, b),
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
        typer.echo(json.dumps(facts, indent=1))
    else:
        missing = ", ".join(f"{count} of {node}" for node, count in facts["missing_cells"].items()) or "none"
        typer.echo(f"{out}: {facts['cases']} cases, missing cells: {missing}; {facts['seconds']:.0f} s")
        for gate in gates:
            typer.echo(f"gate failed: {gate}", err=True)
    if gates:
        raise typer.Exit(GATE_FAILED)


@app.command()
def query(
    posterior: Annotated[Path, typer.Argument(help="What `servanda fit` wrote.")],
    target: Annotated[list[str], typer.Argument(help="Node or nodes whose (joint) probability is asked.")],
    given: Annotated[
        list[str] | None, typer.Option("--given", "-g", metavar="NODE=STATE", help="Evidence; repeat.")
    ] = None,
    do: Annotated[
        list[str] | None, typer.Option("--do", "-d", metavar="NODE=STATE", help="Intervention; repeat.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Whose conduct, e.g. USA; else an actor drawn anew.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how it would be computed, and stop.")] = False,  # noqa: FBT002
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Ask a stored posterior for a probability.

    Example: `servanda query dprk.nc compliance --do guarantors=5 --given role=guarantor --actor USA`
    """
    from ..models.store import load_posterior
    from .gates import failed, number_gates
    from .query import explain as explain_plan
    from .query import probability
    from .summary import cell_summaries

    fitted = load_posterior(posterior)
    evidence, action = _pairs(given, "--given"), _pairs(do, "--do")
    if explain:
        typer.echo(explain_plan(fitted, target, evidence, action))
        return
    who: dict[str, Any] = {"actor": actor} if actor else {}
    answer = probability(fitted, target, evidence, action, **who)
    cells = answer.stack(cell=target)  # noqa: PD013  xarray's
    labels = [" & ".join(map(str, label)) for label in cells.coords["cell"].values]
    summaries = dict(zip(labels, cell_summaries(cells.transpose("chain", "draw", "cell")), strict=True))
    sampled = summaries if fitted.sizes["draw"] > 1 else {}
    gates = [gate for label, found in sampled.items() for gate in failed(number_gates(label, found))]
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "question": answer.attrs["question"],
                    "answer": {label: found.__dict__ for label, found in summaries.items()},
                    "failed_gates": [str(gate) for gate in gates],
                },
                indent=1,
            )
        )
    else:
        _print_answer(answer.attrs["question"], summaries, [str(gate) for gate in gates])
    if gates:
        raise typer.Exit(GATE_FAILED)


@record_app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="Your file, CSV or Parquet; the shipped record by default.")
    ] = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Check a file of cases, events, backers or codings; list every fault by row and column.

    Example: `servanda record check my_cases.csv`
    """
    from ..record import check_file, load_sources

    for path in [file] if file else sorted((Path(__file__).parents[1] / "record" / "data").glob("*.csv")):
        if file is None and path.stem not in _SHIPPED_TABLES:
            continue
        checked = check_file(path, sources=load_sources() if file is None else None)
        facts = {"file": checked.name, "table": checked.table, "rows": checked.rows, "remarks": list(checked.remarks)}
        if as_json:
            typer.echo(json.dumps(facts))
        else:
            typer.echo(f"{checked.name}: {checked.rows} rows of {checked.table}, no fault")
            for remark in checked.remarks:
                typer.echo(f"  note: {remark}")


_SHIPPED_TABLES = ("guarantees", "track_record", "second_coding", "backers", "crises")


@app.command()
def report(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario's name or a TOML file.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write to; out/<scenario> by default.")
    ] = None,
    cases: Cases = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's own seed.")] = None,
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    draft: Annotated[bool, typer.Option("--draft", help="Write it although a gate failed, and say so in it.")] = False,  # noqa: FBT002
    cache: Annotated[
        Path | None,
        typer.Option("--cache", help="Where fits are kept; $SERVANDA_CACHE or your cache folder by default."),
    ] = None,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Answer a scenario: fit, ask, and write report.html and report.json.

    Example: `servanda report dprk-six-party --out out/dprk-six-party`
    """
    from .reporting.make import report as make
    from .scenario import load_scenario

    loaded = load_scenario(scenario)
    place = out or Path("out") / loaded.scenario.name
    with _progress(quiet=quiet or as_json) as told:
        written = make(
            loaded,
            place,
            cases=_read_cases(cases, loaded.scenario.as_of) if cases else None,
            seed=seed,
            draws=draws,
            tune=tune,
            chains=chains,
            draft=draft,
            folder=cache,
            command=_command(),
            told=told,
        )
    if as_json:
        typer.echo(
            json.dumps({"html": str(written.html), "json": str(written.json), "answer": written.content["answer"]})
        )
        return
    if written.reused and not quiet:
        typer.echo(f"stored fits reused: {', '.join(written.reused)}")
    typer.echo(f"{written.html}\n{written.json}")


def _read_cases(path: Path | None, as_of: str | None) -> pd.DataFrame:
    from ..record import load_guarantees

    return load_guarantees(path, as_of=as_of)


def _command() -> str:
    """Give the command as it was typed, without the folder of the program."""
    import shlex
    import sys

    return shlex.join(["servanda", *sys.argv[1:]])


def _pairs(stated: list[str] | None, option: str) -> dict[str, str]:
    from ..common.errors import Fault, raise_faults

    found, faults = {}, []
    for text in stated or []:
        node, equals, state = text.partition("=")
        if not equals or not node.strip() or not state.strip():
            faults.append(Fault(option, f"'{text}' is not NODE=STATE"))
        elif found.setdefault(node.strip(), state.strip()) != state.strip():
            faults.append(Fault(option, f"gives '{node.strip()}' two states"))
    raise_faults("question", faults)
    return found


def _print_answer(question: str, summaries: dict[str, Any], gates: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=question, title_justify="left")
    table.add_column("state")
    for heading in ("mean", "90 % interval", "sd", "bulk ESS", "R-hat"):
        table.add_column(heading, justify="right")
    for label, s in summaries.items():
        table.add_row(
            label,
            f"{s.mean:.3f}",
            f"{s.lower:.3f} to {s.upper:.3f}",
            f"{s.sd:.3f}",
            f"{s.ess_bulk:.0f}",
            f"{s.rhat:.3f}",
        )
    Console().print(table)
    for gate in gates:
        typer.echo(f"gate failed: {gate}", err=True)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows progress on the terminal's error stream."""
    if quiet:
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield told


def main() -> None:
    """Run the command line."""
    app()
