"""What commands share: options, exit codes, cases, lists of names, progress bars and JSON.

Commands import the rooms inside, so that ``--help`` is there at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ...common.json_values import to_json

if TYPE_CHECKING:
    import pandas as pd

    from ...models.network.network import Network
    from ...models.parameters.prior_set import PriorSet

#: Exit codes besides 0, done.
GATE_FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

#: The prior set of shipped networks where none is named.
USUAL_PRIORS = "literature"

_DATA, _SAMPLING, _OUTPUT = "Data", "Sampling", "Output"

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Use only what was known on this day.", rich_help_panel=_DATA),
]
Cases = Annotated[
    Path | None,
    typer.Option(
        "--cases",
        metavar="FILE",
        help="Your own cases in place of the shipped record: CSV, Parquet, Stata or SPSS. With more than half of the "
        "columns that the record's codebook requires a file is held to the codebook; any other is a plain table, which "
        "needs a column for each node of the network.",
        rich_help_panel=_DATA,
    ),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(
        "--missing",
        metavar="TEXT",
        help="What stands for a missing cell in your file, such as NA; give it again for another.",
        rich_help_panel=_DATA,
    ),
]
Scheme = Literal["cow", "gw", "iso3", "name"]
Countries = Annotated[
    Scheme | None,
    typer.Option(
        "--countries",
        help="How your file writes states, if not as the record does: by codes of Correlates of War or of Gleditsch "
        "and Ward, by letters of ISO 3166, by names.",
        rich_help_panel=_DATA,
    ),
]
Unobserved = Annotated[
    str | None,
    typer.Option(
        "--unobserved",
        metavar="NODES",
        help="Nodes that nobody observed in these cases, separated by commas. Every other needs its column.",
        rich_help_panel=_DATA,
    ),
]
Priors = Annotated[
    str | None,
    typer.Option(
        "--priors",
        metavar="SET",
        help="A shipped prior set's name or a TOML file. [default: literature for a shipped network, else the "
        "default of each family]",
        show_default=False,
    ),
]
Node = Annotated[str, typer.Option("--node", metavar="NODE", help="The outcome that is predicted.")]
Unit = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="UNIT",
        help="Leave out by guarantee, crisis, case, or a column of yours. [default: guarantee; case of a plain table]",
        show_default=False,
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="N", help="Same seed, same machine, same numbers.", rich_help_panel=_SAMPLING)
]
ScenarioSeed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Instead of the scenario's own seed.", rich_help_panel=_SAMPLING),
]
Draws = Annotated[
    int, typer.Option("--draws", metavar="N", help="Kept draws of each chain.", min=1, rich_help_panel=_SAMPLING)
]
Tune = Annotated[
    int, typer.Option("--tune", metavar="N", help="Warm-up draws of each chain.", min=0, rich_help_panel=_SAMPLING)
]
Chains = Annotated[int, typer.Option("--chains", metavar="N", help="Chains.", min=1, rich_help_panel=_SAMPLING)]
Refits = Annotated[
    int,
    typer.Option(
        "--refits",
        metavar="N",
        help="At most so many units are fitted again for each, where weights cannot be trusted.",
        min=0,
        rich_help_panel=_SAMPLING,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw it to this file: .svg, .png or .pdf.", rich_help_panel=_OUTPUT),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.", rich_help_panel=_OUTPUT)]


@contextmanager
def notes_of_the_record() -> Iterator[None]:
    """Say what a loader warns of as a command says things: on the error stream, without a place in the code."""
    from ...record import RecordWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RecordWarning)
        yield
    notes = [warning for warning in caught if issubclass(warning.category, RecordWarning)]
    for note in dict.fromkeys(str(warning.message) for warning in notes):
        typer.echo(f"note: {note}", err=True)
    for warning in caught:
        if warning not in notes:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def chosen_priors(name: str | None, stated: Iterable[str], network: Network | None = None) -> PriorSet | None:
    """The prior set that is named; else the usual one of shipped networks; None takes the default of each family.

    Parameters
    ----------
    stated
        Names or paths of the networks.
    network
        The network that the set must fit, where it is one.
    """
    from ...models.network.toml import shipped_networks
    from ...priors import load_prior

    if name is None and not set(stated) <= set(shipped_networks()):
        return None
    return load_prior(name or USUAL_PRIORS, network)


def listed(names: Iterable[str]) -> list[str]:
    """Names that were separated by commas or by blanks.

    Examples
    --------
    >>> listed(["none, log", "rival_backer"])
    ['none', 'log', 'rival_backer']
    """
    return [name.strip() for text in names for name in text.split(",") if name.strip()]


def refuse_beside(option: str, **others: Any) -> None:
    """Refuse options that say nothing beside another."""
    from ...common.errors import Fault, raise_faults

    faults = [
        Fault(other, f"says nothing beside {option}; drop one of them") for other, value in others.items() if value
    ]
    raise_faults("question", faults)


def print_json(value: Any, *, indent: int | None = None) -> None:
    """Print a result for machines."""
    typer.echo(to_json(value, indent=indent))


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table for JSON."""
    return table.reset_index().to_dict("records")
