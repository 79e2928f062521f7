"""Cases as commands read them: the shipped record, a file in its layout, or a plain table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .options import Scheme, listed, notes_of_the_record

if TYPE_CHECKING:
    import pandas as pd

    from ...models.network.network import Network

#: What is left out at a time of a plain table, which has neither guarantees nor crises.
CASE = "case"


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
    from ..queries.named_backers import shipped_cases

    if path is None:
        stated = {"--missing": missing, "--countries": countries}
        what = "speaks of a file of your own; give one by --cases"
        raise_faults("cases", [Fault(option, what) for option, value in stated.items() if value])
        frames = (shipped_cases(network, as_of or day) for network in networks)
        return ReadCases(with_backers(load_guarantees(as_of=as_of or day)) if backers else max(frames, key=_width))
    if in_layout(path):
        return ReadCases(record_cases(path, as_of or day, missing, countries))
    what = "says nothing of a plain table, which has no {}; drop it, or give a file in the layout of the record"
    stated = {"--as-of": (as_of, "days"), "--countries": (countries, "column of states that is known as one")}
    raise_faults(path.name, [Fault(option, what.format(lack)) for option, (value, lack) in stated.items() if value])
    frame = read_table(path, tuple(missing or ()))
    frame.attrs["source"] = path.name
    return ReadCases(frame, plain=True)


def record_cases(
    path: Path, as_of: str | None, missing: Sequence[str] | None, countries: Scheme | None
) -> pd.DataFrame:
    """Cases of a file in the record's layout, as they were known; what is odd about them is said."""
    from ...record import load_guarantees

    with notes_of_the_record():
        return load_guarantees(path, as_of=as_of, missing=tuple(missing or ()), countries=countries)


def in_layout(path: Path) -> bool:
    """Whether a file has more than half of the columns that the record requires of guarantees."""
    from ...record import read_table
    from ...record.files.codebook import TABLES

    required = TABLES["guarantees"].required
    columns = set(read_table(path).columns)
    return 2 * len(columns.intersection(required)) > len(required)


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
