"""The command line: `servanda fit | query | compare | track | record | report`.

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
        from ...common.errors import ServandaError

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
    tune: Tune = 500,
    chains: Chains = 4,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
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
    data = _read_cases(cases, as_of) if cases else shipped_cases(chosen, as_of)
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
    posterior: Annotated[
        Path, typer.Argument(help="What `servanda fit` wrote, or a network file: .bif, .xmlbif, .xdsl, .net.")
    ],
    target: Annotated[
        list[str] | None,
        typer.Argument(help="Nodes whose (joint) probability is asked; each by itself by default."),
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--given", "-g", metavar="NODE=STATE", help="Evidence; repeat.")
    ] = None,
    do: Annotated[
        list[str] | None, typer.Option("--do", "-d", metavar="NODE=STATE", help="Intervention; repeat.")
    ] = None,
    virtual: Annotated[
        list[str] | None,
        typer.Option("--virtual", metavar="NODE=STATE:WEIGHT,...", help="A finding's weight in each state; repeat."),
    ] = None,
    soft: Annotated[
        list[str] | None,
        typer.Option("--soft", metavar="NODE=STATE:P,...", help="What a node's distribution shall be; repeat."),
    ] = None,
    had: Annotated[
        list[str] | None,
        typer.Option("--had", metavar="NODE=STATE", help="Counterfactual: had this been so in the case given; repeat."),
    ] = None,
    best: Annotated[bool, typer.Option("--best", help="The most probable state of all other nodes together.")] = False,  # noqa: FBT002
    actor: Annotated[str | None, typer.Option(help="Whose conduct, e.g. USA; else an actor drawn anew.")] = None,
    backers: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Who stands behind the actor's promise, e.g. CHN,RUS; sets what follows."),
    ] = None,
    year: Annotated[int | None, typer.Option(help="With --backers: nothing later is known of them.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how it would be computed, and stop.")] = False,  # noqa: FBT002
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Ask a stored posterior, or a network file, for a probability.

    Example: `servanda query dprk.nc compliance --do guarantors=5 --given role=guarantor --actor USA`

    A counterfactual: `servanda query dprk.nc compliance --given compliance=defected --given role=guarantor
    --given enforcement=none --had enforcement=snapback --actor USA`
    """
    from ...models.formats.files import FORMATS
    from ...models.posterior import Posterior, load_posterior
    from ..queries.explanation import most_probable
    from ..queries.named_backers import listed_backers
    from ..queries.probability import explain as explain_plan

    suffix = posterior.with_suffix("").suffix if posterior.suffix == ".gz" else posterior.suffix
    is_network = any(suffix in form.suffixes for form in FORMATS.values())
    fitted = Posterior.from_file(posterior) if is_network else load_posterior(posterior)
    evidence, action = _pairs(given, "--given"), _pairs(do, "--do")
    weights = {"virtual": _weights(virtual, "--virtual"), "soft": _weights(soft, "--soft")}
    who: dict[str, Any] = {"actor": actor} if actor else {}
    stand = listed_backers(fitted.network, backers, actor, year, named={*evidence, *action})
    action = {**action, **stand.states}
    if backers is not None and "actor" not in fitted.members:
        who = {}  # whose promise it is bears on the backers alone
    if explain:
        others = {"--virtual": virtual, "--soft": soft, "--had": had, "--best": best, "--actor": actor}
        _only("--explain", **others, **{"--backers": backers})
        typer.echo(explain_plan(fitted, target or [], evidence, action))
        return
    if best:
        _only("--best", **{"TARGET": target, "--soft": soft, "--had": had})
        found = most_probable(fitted, evidence, action, virtual=weights["virtual"], **who)
        _print_best(found, as_json=as_json)
        typer.echo(stand.note, err=True, nl=bool(stand.note))
        return
    if had:
        _only("--had", **{"--do": do, "--virtual": virtual, "--soft": soft, "--backers": backers})
    answers = _answers(fitted, target or [], evidence, action, _pairs(had, "--had"), weights, who)
    answers = [answer.assign_attrs(backers=stand.note) if stand.note else answer for answer in answers]
    _report_answers(answers, sampled=fitted.sizes["draw"] > 1, as_json=as_json)


def _only(option: str, **others: Any) -> None:
    """Refuse options that say nothing beside another."""
    from ...common.errors import Fault, raise_faults

    faults = [
        Fault(other, f"says nothing beside {option}; drop one of them") for other, value in others.items() if value
    ]
    raise_faults("question", faults)


def _answers(
    fitted: Any,
    target: list[str],
    evidence: dict[str, str],
    action: dict[str, str],
    had: dict[str, str],
    weights: dict[str, Any],
    who: dict[str, Any],
) -> list[Any]:
    """One answer for the targets together, or one for each node where none is named."""
    from ..queries.counterfactual import counterfactual
    from ..queries.probability import marginals, probability

    if had:
        return [counterfactual(fitted, target, evidence, had, **who)]
    if target:
        return [probability(fitted, target, evidence, action, **weights, **who)]
    return list(marginals(fitted, evidence, action, **weights, **who).data_vars.values())


#: What an answer says of itself, as far as it does.
_NOTES = ("whose_conduct", "identification", "coupling", "assumption", "backers")


def _report_answers(answers: list[Any], *, sampled: bool, as_json: bool) -> None:
    """Print answers with their notes; a failed gate ends with its exit code."""
    from ..summaries.gates import failed, number_gates
    from ..summaries.summary import cell_summaries

    told = []
    for answer in answers:
        names = [str(dim) for dim in answer.dims if dim not in ("chain", "draw")]
        cells = answer.stack(cell=names).transpose("chain", "draw", "cell")  # noqa: PD013  xarray's
        labels = [" & ".join(map(str, label)) for label in cells.coords["cell"].values]
        summaries = dict(zip(labels, cell_summaries(cells), strict=True))
        checked = summaries if sampled else {}
        gates = [str(gate) for label, found in checked.items() for gate in failed(number_gates(label, found))]
        notes = {key: answer.attrs[key] for key in _NOTES if key in answer.attrs}
        told.append((answer.attrs["question"], summaries, notes, gates))
    if as_json:
        asked = [
            {
                "question": question,
                "answer": {label: found.__dict__ for label, found in summaries.items()},
                **notes,
                "failed_gates": gates,
            }
            for question, summaries, notes, gates in told
        ]
        typer.echo(json.dumps(asked[0] if len(asked) == 1 else asked, indent=1))
    else:
        for one in told:
            _print_answer(*one)
    if any(gates for *_, gates in told):
        raise typer.Exit(GATE_FAILED)


def _print_best(found: Any, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"question": found.attrs["question"], "answer": found.attrs["answer"]}, indent=1))
    else:
        typer.echo(f"{found.attrs['question']}\n{found.attrs['answer']}")


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
    from ...record import check_file, load_sources

    for path in [file] if file else sorted((Path(__file__).parents[2] / "record" / "data").glob("*.csv")):
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
    tune: Tune = 500,
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
    from ..reporting.make import report as make
    from ..scenarios.scenario import load_scenario

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


@app.command()
def compare(
    network: Annotated[str, typer.Argument(help="A shipped network's name or a TOML file.")] = "guarantee",
    theories: Annotated[
        str | None,
        typer.Option(help="Theories of what backers do, separated by commas; `list` shows them. All by default."),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="UNIT", help="Leave out by guarantee, crisis, case, or a column.")
    ] = "guarantee",
    node: Annotated[str, typer.Option(help="The outcome that is foretold.")] = "compliance",
    count: Annotated[str, typer.Option(help="The node that counts the backers.")] = "guarantors",
    priors: Annotated[
        str,
        typer.Option(help="Prior set of the theories; or several, separated by commas, to compare them."),
    ] = "literature",
    scenario: Annotated[
        str, typer.Option(help="With several prior sets: the scenario whose questions are asked.")
    ] = "dprk-six-party",
    cases: Cases = None,
    as_of: AsOf = None,
    refits: Annotated[int, typer.Option(help="Units fitted again, at most, for each theory.", min=0)] = 20,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw it to this file (.svg, .png, .pdf).")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same numbers.")] = 1,
    draws: Draws = 1000,
    tune: Tune = 500,
    chains: Chains = 4,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Compare rival theories of what backers do, by what they foretell of cases that were left out.

    Example: `servanda compare --theories none,log,rival_backer --by crisis --plot theories.svg`

    Or compare priors, by how the answers of a scenario move, from the draws of one fit under the first of them:
    `servanda compare --priors literature,flat,realist`
    """
    if "," in priors:
        _only("several --priors", **{"--theories": theories})
        sampling = {"draws": draws, "tune": tune, "chains": chains}
        _compare_priors(priors, scenario, cases, as_of, plot, sampling, as_json=as_json, quiet=quiet)
        return
    from ...common.files import writable_file
    from ...models.network.toml import load_network
    from ...models.theories.theories import THEORIES
    from ...priors import load_prior
    from ..evaluation.theories import BACKER_THEORIES, SHAPES, compare_theories

    if theories == "list":
        _print_theories(THEORIES)
        return
    if plot is not None:
        writable_file(plot)
    names = [name.strip() for name in theories.split(",")] if theories else [*SHAPES, *BACKER_THEORIES]
    data = _with_who(_read_cases(cases, as_of), shipped=cases is None)
    with _progress(quiet=quiet or as_json) as told:
        found = compare_theories(
            load_network(network),
            data,
            load_prior(priors),
            theories=names,
            node=node,
            count=count,
            unit=by,
            seed=seed,
            refits=refits,
            progress=told,
            draws=draws,
            tune=tune,
            chains=chains,
        )
    if plot is not None:
        found.plot().savefig(plot)
    if as_json:
        rows = found.table.reset_index().to_dict("records")
        plain = [{key: None if value != value else value for key, value in row.items()} for row in rows]
        typer.echo(json.dumps({"verdict": found.verdict, "table": plain}))
        return
    _print_comparison(found)
    if plot is not None:
        typer.echo(str(plot))


def _compare_priors(
    names: str,
    scenario: str,
    cases: Path | None,
    as_of: str | None,
    plot: Path | None,
    sampling: dict[str, Any],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fit under the first prior, or find that fit again, and answer the scenario's questions under all."""
    from dataclasses import replace

    from ...common.files import writable_file
    from ...priors import load_prior
    from ..queries.named_backers import shipped_cases
    from ..scenarios.questions import scenario_questions
    from ..scenarios.scenario import load_scenario
    from ..scenarios.stored_fits import Settings, stored_fit
    from ..sensitivity.priors import compare_priors

    loaded = load_scenario(scenario)
    sets = [load_prior(name.strip(), loaded.network) for name in names.split(",")]
    figure = writable_file(plot or Path("out") / f"{loaded.scenario.name}-priors.svg")
    day = as_of or loaded.scenario.as_of
    data = _read_cases(cases, day) if cases else shipped_cases(loaded.network, day)
    questions, left_out = scenario_questions(loaded, data)
    with _progress(quiet=quiet or as_json) as told:
        settings = replace(Settings(loaded.scenario.seed), **sampling)
        posterior, _ = stored_fit(loaded.network, data, sets[0], settings, None, lambda a, b: told("fitting", a, b))
        found = compare_priors(posterior, sets[1:], questions, progress=told)
    found.plot().savefig(figure)
    if as_json:
        facts = {"answers": _plain_rows(found.table), "scores": _plain_rows(found.scores)}
        typer.echo(json.dumps({"verdict": found.verdict, **facts, "left_out": left_out, "figure": str(figure)}))
        return
    _print_priors(found)
    if left_out and not quiet:
        typer.echo(f"left out, as they rest on a supposed case or on others: {', '.join(left_out)}", err=True)
    typer.echo(str(figure))


def _plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, which has neither NaN nor infinity."""
    from ..reporting.make import without_nan

    return without_nan(table.reset_index().to_dict("records"))


def _print_priors(found: Any) -> None:
    from math import isfinite

    from rich.console import Console
    from rich.table import Table

    console = Console()
    for question, rows in found.table.groupby("question", sort=False):
        table = Table(
            "prior",
            "mean",
            "90 % interval",
            "shift",
            "word",
            "k",
            "how",
            title=question,
            title_justify="left",
            box=None,
        )
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


def _with_who(data: pd.DataFrame, *, shipped: bool) -> pd.DataFrame:
    """Say who stands behind the cases of the shipped record; your own cases hold these columns or do not."""
    from ...record import with_backers

    return with_backers(data) if shipped else data


def _print_theories(theories: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "theory", "what it says", "source", box=None, pad_edge=False)
    for name, theory in theories.items():
        table.add_row(name, theory.title, theory.claim, theory.source)
    Console().print(table)


def _print_comparison(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("theory", *(_COMPARED.values()), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found.table.to_dict("records"):
        shown = (f"{row[name]:.{_DECIMALS.get(name, 0)}f}" for name in _COMPARED)
        table.add_row(row["title"], *("-" if number == "nan" else number for number in shown))
    console = Console()
    console.print(table)
    console.print(found.verdict)
    for name, left in found.left_out.items():
        if left.untrusted:
            shown = ", ".join(left.untrusted[:5])
            console.print(f"{name}: {len(left.untrusted)} units could not be trusted and were not refitted: {shown}")


_COMPARED = {
    "behind": "behind",
    "error": "± s.e.",
    "weight": "weight",
    "pareto_k": "worst k",
    "refits": "refits",
    "bayes_factor": "Bayes factor",
}
_DECIMALS = {"behind": 1, "error": 1, "weight": 2, "pareto_k": 2, "bayes_factor": 2}


@app.command()
def track(
    actors: Annotated[list[str], typer.Argument(help="Whose credibility, e.g. PRK USA.")],
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the figure here: .png, .svg or .pdf.")] = None,
    events: Annotated[
        Path | None, typer.Option("--events", help="Your own dated events, CSV or Parquet, in place of the shipped.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="Your own reading of events and priors (TOML).")
    ] = None,
    ahead: Annotated[float, typer.Option(help="Years that the figure looks ahead.", min=0)] = 3.0,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same numbers.")] = 1,
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Show how credible actors are, from the dated events of their past.

    Example: `servanda track PRK USA --as-of 2019-04-25 --out tracks.png`
    """
    from .track import show_tracks

    passed = show_tracks(
        actors,
        as_of=as_of,
        out=out,
        record=events,
        settings=settings,
        seed=seed,
        draws=draws,
        tune=tune,
        chains=chains,
        years_ahead=ahead,
        as_json=as_json,
    )
    if not passed:
        raise typer.Exit(GATE_FAILED)


def _read_cases(path: Path | None, as_of: str | None) -> pd.DataFrame:
    from ...record import load_guarantees

    return load_guarantees(path, as_of=as_of)


def _command() -> str:
    """Give the command as it was typed, without the folder of the program."""
    import shlex
    import sys

    return shlex.join(["servanda", *sys.argv[1:]])


def _pairs(stated: list[str] | None, option: str) -> dict[str, str]:
    from ...common.errors import Fault, raise_faults

    found, faults = {}, []
    for text in stated or []:
        node, equals, state = text.partition("=")
        if not equals or not node.strip() or not state.strip():
            faults.append(Fault(option, f"'{text}' is not NODE=STATE"))
        elif found.setdefault(node.strip(), state.strip()) != state.strip():
            faults.append(Fault(option, f"gives '{node.strip()}' two states"))
    raise_faults("question", faults)
    return found


def _weights(stated: list[str] | None, option: str) -> dict[str, dict[str, float]]:
    """Read NODE=STATE:NUMBER,STATE:NUMBER."""
    from ...common.errors import Fault, raise_faults

    found: dict[str, dict[str, float]] = {}
    faults = []
    for node, text in _pairs(stated, option).items():
        found[node] = {}
        for part in text.split(","):
            state, colon, number = part.rpartition(":")
            try:
                found[node][state.strip()] = float(number)
            except ValueError:
                colon = ""
            if not colon or not state.strip():
                faults.append(Fault(option, f"'{part}' of '{node}' is not STATE:NUMBER"))
    raise_faults("question", faults)
    return found


def _print_answer(question: str, summaries: dict[str, Any], notes: dict[str, str], gates: list[str]) -> None:
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
    for key, note in notes.items():
        typer.echo(f"{key}: {note}" if key == "coupling" else note)
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
