"""The commands `servanda scenario`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Cases, Countries, Json, Missing, listed, print_json, read_cases
from .scenario_prompts import Answers, asked_for, asks, by_codebook
from .streams import file_or_standard_input

if TYPE_CHECKING:
    from ..scenarios.check import CheckedRow, CheckedScenario
    from ..scenarios.scenario import Loaded

app = typer.Typer(help="Write a question as a file, and check what it will ask.", no_args_is_help=True)

#: Letters of a question that a list shows.
_SHOWN = 150


@app.command("list")
def list_scenarios(as_json: Json = False) -> None:
    """Show the scenarios that ship: name, date, title, and the question in short.

    Example: `servanda scenario list`
    """
    from ...common.toml import read_toml
    from ..scenarios.scenario import FOLDER, Scenario, shipped_scenarios

    # Their networks and prior sets are not needed, and take a second.
    files = {name: read_toml(FOLDER / f"{name}.toml") for name in shipped_scenarios()}
    scenarios = [Scenario.model_validate({"name": name, **raw}) for name, raw in files.items()]
    if as_json:
        print_json([scenario.model_dump(include={"name", "as_of", "title", "question"}) for scenario in scenarios])
        return
    for scenario in scenarios:
        typer.echo(f"{scenario.name}  ({scenario.as_of})  {scenario.title}\n  {_in_short(scenario.question)}")


@app.command()
def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            callback=file_or_standard_input(".toml"),
            help="Your TOML file, or a shipped scenario's name.",
        ),
    ],
    cases: Cases = None,
    missing: Missing = None,
    countries: Countries = None,
    as_json: Json = False,
) -> None:
    """List every fault of a scenario, or say that it is good and what it will ask; nothing is fitted.

    Example: `servanda scenario check mine.toml`
    """
    from ...models.errors import DataError
    from ..scenarios.check import check_scenario
    from ..scenarios.scenario import load_scenario

    loaded = load_scenario(file)
    day = loaded.scenario.as_of
    record = read_cases(cases, None, [loaded.network], missing=missing, countries=countries, day=day)
    try:
        found = check_scenario(loaded, record.frame)
    except DataError as error:
        if cases is not None:
            raise
        found = check_scenario(loaded, None)
        note = f"the shipped record is not of this network, so nothing is counted; give your own by --cases ({error})"
        found = replace(found, remarks=(note, *found.remarks))
    if as_json:
        print_json(
            {"file": file, "name": loaded.scenario.name, "as_of": day, "network": loaded.network.name, **asdict(found)}
        )
        return
    for line in _lines(file, loaded, found):
        typer.echo(line)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the scenario; NAME.toml is written here.")],
    title: Annotated[str | None, typer.Option("--title", help="Name for readers.")] = None,
    question: Annotated[str | None, typer.Option("--question", help="What is asked, in the reader's words.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", metavar="CODE", help="Whose conduct, such as USA.")] = None,
    claim: Annotated[
        str | None,
        typer.Option("--claim", help='End of "the probability that ...". [default: the actor keeps its promise]'),
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Nothing later is known.")] = None,
    horizon: Annotated[str | None, typer.Option("--horizon", help="Until when the event counts.")] = None,
    resolution: Annotated[
        str | None,
        typer.Option("--resolution", help="What will decide. [default: the outcome rules of the record's codebook]"),
    ] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="NETWORK", help="A name or a file. [default: guarantee]")
    ] = None,
    node: Annotated[str, typer.Option("--node", metavar="NODE", help="The node that is asked for.")] = "compliance",
    states: Annotated[
        str, typer.Option("--states", metavar="STATES", help="States in which the claim holds, separated by commas.")
    ] = "complied",
    given: Annotated[
        list[str] | None,
        typer.Option("--given", metavar="NODE=STATE", help="What the case is like; once for each node."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option("--compare", metavar="NODE=A,B", help="States to compare, the base first; once for each node."),
    ] = None,
) -> None:
    """Write a new scenario that can be asked as it stands; in a terminal, what no option says is asked for.

    Never writes over a file. Example: `servanda scenario new pact --title "A pact of two" --question "Does it help if
    others stand behind it?" --actor USA --as-of 2019-04-25 --horizon "ten years" --compare guarantors=1,5`
    """
    from ...common.errors import Fault, InputError, raise_faults
    from ..scenarios.draft import Draft, write_draft

    target = Path(name if name.lower().endswith(".toml") else f"{name}.toml")
    if target.exists():
        raise InputError(str(target), [Fault("", "is there already and is left as it is; choose another name")])
    texts = {
        "network": network,
        "title": title,
        "question": question,
        "as-of": as_of,
        "actor": actor,
        "claim": claim,
        "horizon": horizon,
        "resolution": resolution,
    }
    stated = Answers({key: text for key, text in texts.items() if text}, tuple(given or ()), tuple(compare or ()))
    stated = asked_for(stated, node) if asks() else stated
    faults = [
        Fault(f"--{key}", "is missing; without it nothing can be answered")
        for key in ("title", "question", "as-of", "horizon", *(() if by_codebook(stated.texts) else ("resolution",)))
        if key not in stated.texts
    ]
    raise_faults(str(target), [*faults, *stated.faults()])
    draft = Draft(
        **{key.replace("-", "_"): text for key, text in stated.texts.items()},
        node=node,
        states=listed([states]),
        given=stated.described(),
        compare=stated.compared(),
    )
    rows = len(write_draft(draft, target).scenario.judgements[0].formats)
    typer.echo(f"{target}: written, {rows} {'row' if rows == 1 else 'rows'}")
    typer.echo(f"see what it asks: servanda scenario check {target}")


def _in_short(text: str) -> str:
    import textwrap

    return textwrap.shorten(text, _SHOWN, placeholder=" ...")


def _lines(file: str, loaded: Loaded, found: CheckedScenario) -> Iterator[str]:
    """Say that a scenario is good and what it will ask."""
    from ..summaries.likelihood_words import load_lexicon
    from ..summaries.names import actor_name

    scenario = loaded.scenario
    headline = scenario.headline
    base = scenario.headline_judgement.base
    against = f", against '{base}'" if base not in (None, headline.format) else ""
    yield f"{file}: no fault"
    known = f"{found.cases} cases known on {scenario.as_of}; " if found.cases else ""
    yield f"{known}network {loaded.network.name}"
    yield f"priors {', '.join(scenario.priors)}; words of {load_lexicon(scenario.lexicon).title}"
    yield f"headline: {headline.judgement}, '{headline.format}'{against}"
    for judgement in scenario.judgements:
        asked = f"{judgement.node} = {' or '.join(judgement.states)}"
        yield f"\n{judgement.id}: the probability that {judgement.claim} ({asked})"
        rows = [row for row in found.rows if row.judgement == judgement.id]
        common = [state for state in rows[-1].states if all(state in row.states for row in rows if not row.supposed)]
        if common:
            yield f"  described: {'; '.join(map(str, common))}"
        for row in rows:
            whose = f" ({actor_name(row.actor)})" if row.actor else " (an actor that the record does not hold)"
            own = "; ".join(str(state) for state in row.states if row.supposed or state not in common)
            yield f"  {'supposed: ' if row.supposed else '- '}{row.label}{whose}{f': {own}' if own else ''}"
            yield from _coverage(row, found.cases)
        yield from (f"  + {group.label}: {group.rule} of {', '.join(group.of)}" for group in judgement.together)
    for remark in found.remarks:
        yield f"\nnote: {remark}"


def _coverage(row: CheckedRow, cases: int) -> Iterator[str]:
    if row.precedents is None:
        return
    number = row.precedents or "none"
    yield f"    {number} of {cases} cases {'shares' if row.precedents == 1 else 'share'} every described state"
    if row.unseen:
        yield f"    no case joins {'; '.join(f'{one} with {other}' for one, other in row.unseen)}"
