"""What is wrong with a table, and in which row and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..common.errors import Fault, raise_faults


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a table.

    Parameters
    ----------
    line
        The row as a line of the file, the header being row 1; 0 for the file as a whole.
    column
        The column, or empty when the whole row is meant.
    what
        What is wrong, what was expected and what to do.

    Examples
    --------
    >>> Finding(4, "outcome", "is empty").fault().where
    'row 4, column outcome'
    """

    line: int
    column: str
    what: str

    def fault(self) -> Fault:
        """Put the finding in the words of an error message."""
        places = [f"row {self.line}"] * bool(self.line) + [f"column {self.column}"] * bool(self.column)
        return Fault(", ".join(places), self.what)


def raise_findings(subject: str, findings: Iterable[Finding]) -> None:
    """Raise all `findings` in one error, in the order of the file, or do nothing when there are none.

    Parameters
    ----------
    subject
        The name of the file.
    findings
        What was found.

    Raises
    ------
    InputError
        When there is at least one finding.

    Examples
    --------
    >>> raise_findings("cases.csv", [])
    """
    ordered = sorted(findings, key=lambda finding: finding.line)
    raise_faults(subject, [finding.fault() for finding in ordered])
