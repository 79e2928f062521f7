"""What commands share: options, exit codes, cases, lists of names, progress bars and JSON.

Commands import the rooms inside, so that ``--help`` is there at once.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ...common.json_values import to_json
from .streams import file_or_standard_input

if TYPE_CHECKING:
    import pandas as pd

    from ...models.network.network import Network
    from ...models.parameters.prior_set import PriorSet

#: Exit codes besides 0, done.
GATE_FAILED, BAD_INPUT, UNFORESEEN, INTERRUPTED = 1, 2, 70, 130

#: What is left out at a time of a plain table, which has neither guarantees nor crises.
CASE = "case"
#: The prior set of shipped networks where none is named.
USUAL_PRIORS = "literature"

#: Seeds that every sampler takes.
LARGEST_SEED = 2**32 - 1

_DATA, _SAMPLING, _OUTPUT = "Data", "Sampling", "Output"

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Use only what was known on this day.", rich_help_panel=_DATA),
]
NetworkName = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK", callback=file_or_standard_input(".toml"), help="A shipped network's name or a TOML file."
    ),
]
ScenarioName = Annotated[
    str | None,
    typer.Argument(
        metavar="SCENARIO", callback=file_or_standard_input(".toml"), help="A shipped scenario's name or a TOML file."
    ),
]
Cases = Annotated[
    Path | None,
    typer.Option(
        "--cases",
        metavar="FILE",
        callback=file_or_standard_input(".csv"),
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
        help="What stands for a missing cell in your file, such as NA; several separated by commas, or one by one.",
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
        help="Nodes that nobody observed in these cases, separated by commas. Others need a column or an anchor.",
        rich_help_panel=_DATA,
    ),
]
Priors = Annotated[
    str | None,
    typer.Option(
        "--priors",
        metavar="SET",
        callback=file_or_standard_input(".toml"),
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
    int,
    typer.Option(
        "--seed",
        metavar="N",
        help="Same seed, same machine, same numbers.",
        min=0,
        max=LARGEST_SEED,
        rich_help_panel=_SAMPLING,
    ),
]
ScenarioSeed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="Instead of the scenario's own seed.",
        min=0,
        max=LARGEST_SEED,
        rich_help_panel=_SAMPLING,
    ),
]
FitCache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="FOLDER",
        help="Where fits are kept; $SERVANDA_CACHE or your cache folder by default.",
    ),
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
SCHEDULER = "--scheduler"
Scheduler = Annotated[
    str | None,
    typer.Option(
        SCHEDULER,
        metavar="ADDRESS",
        help="A Dask scheduler whose workers do the fits, such as tcp://10.0.0.1:8786; needs the extra 'cluster'.",
        rich_help_panel=_SAMPLING,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw it to this file: .svg, .png or .pdf.", rich_help_panel=_OUTPUT),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace a file that Servanda did not write. One that is read is never replaced.",
        rich_help_panel=_OUTPUT,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.", rich_help_panel=_OUTPUT)]


@dataclass(frozen=True)
class ReadCases:
    """Cases, and what kind of table they were.

    Parameters
    ----------
    frame
        One row a case.
    plain
        Whether they are a plain table, which is not held to the record's codebook.
    """

    frame: pd.DataFrame
    plain: bool = False

    def unit(self, stated: str | None, usual: str) -> str:
        """What is left out at a time: as stated, or as is usual for the record, or else single cases."""
        return stated or (CASE if self.plain else usual)


def read_cases(
    path: Path | None,
    as_of: str | None,
    networks: Iterable[Network],
    *,
    missing: Sequence[str] | None = None,
    countries: Scheme | None = None,
    day: str | None = None,
    backers: bool = False,
) -> ReadCases:
    """Cases of a file, or of the shipped record, as they were known.

    A file is in the record's layout, and is held to its codebook, where it has more than half of the columns that the
    codebook requires of guarantees. Any other is a plain table: of it nothing is asked but what the network asks for.

    Parameters
    ----------
    path
        The file; None for the shipped record, with who stands behind each case where a network has a node for it.
    as_of
        The day that ``--as-of`` states.
    networks
        The networks that are fitted.
    missing, countries
        What stands for a missing cell in the file, and how it writes states.
    day
        Where no day is stated: that of the scenario, of what has days.
    backers
        Whether who stands behind each case is wanted whatever the networks.
    """
    from ...common.errors import Fault, raise_faults
    from ...record import load_guarantees, read_table, with_backers
    from ...record.cases import in_layout
    from ..queries.named_backers import shipped_cases

    if path is None:
        stated = {"--missing": missing, "--countries": countries}
        what = "speaks of a file of your own; give one by --cases"
        raise_faults("cases", [Fault(option, what) for option, value in stated.items() if value])
        frames = (shipped_cases(network, as_of or day) for network in networks)
        return ReadCases(with_backers(load_guarantees(as_of=as_of or day)) if backers else max(frames, key=_width))
    frame = read_table(path, listed(missing or ()))
    if in_layout(frame):
        return ReadCases(record_cases(path, as_of or day, missing, countries))
    what = "says nothing of a plain table, which has no {}; drop it, or give a file in the layout of the record"
    stated = {"--as-of": (as_of, "days"), "--countries": (countries, "column of states that is known as one")}
    raise_faults(path.name, [Fault(option, what.format(lack)) for option, (value, lack) in stated.items() if value])
    frame.attrs["source"] = path.name
    return ReadCases(frame, plain=True)


def record_cases(
    path: Path, as_of: str | None, missing: Sequence[str] | None, countries: Scheme | None
) -> pd.DataFrame:
    """Cases of a file in the record's layout, as they were known; what is odd about them is said."""
    from ...record import load_guarantees

    with notes_of_the_record():
        return load_guarantees(path, as_of=as_of, missing=listed(missing or ()), countries=countries)


def _width(frame: pd.DataFrame) -> int:
    return frame.shape[1]


def hidden(network: Network, unobserved: str | None) -> Network:
    """Network with nodes declared latent that ``--unobserved`` names, separated by commas.

    Raises
    ------
    QueryError
        If there is no such node, naming the nearest.
    """
    return network.with_latent(listed([unobserved or ""]))


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


def today() -> dt.date:
    """The day on which a command is given; only the command line looks at the clock."""
    return dt.datetime.now().astimezone().date()


def print_json(value: Any, *, indent: int | None = None) -> None:
    """Print a result for machines."""
    typer.echo(to_json(value, indent=indent))


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table for JSON."""
    return table.reset_index().to_dict("records")
