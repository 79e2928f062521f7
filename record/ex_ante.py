"""Rules between the columns of the day before a test (codebook, section 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from ..common.errors import Fault
from .files.codebook import ORGANISATIONS
from .files.load import Rule, rows

Row = Mapping[str, str]


def ex_ante_rule(obligor_of: Callable[[Row], str]) -> Rule:
    """Rule that the codes of the day before do not contradict each other.

    Parameters
    ----------
    obligor_of
        Obligor of a row of the table that is judged; empty text where it is not known.

    Returns
    -------
    Rule
        For `servanda.record.files.load.load_table`.

    Examples
    --------
    >>> rule = ex_ante_rule(lambda row: row["obligor"])
    >>> frame = pd.DataFrame({"obligor": ["UN"], "regime": ["mixed"]}, index=[2])
    >>> [str(fault) for fault in rule(frame)]
    ["row 2, column regime: 'mixed' stands on an organisation; expected 'none'"]
    """

    def rule(frame: pd.DataFrame) -> Iterator[Fault]:
        for line, row in rows(frame, _NEEDED):
            for name, complaint in _ROW_RULES.items():
                what = complaint(row.get(name, ""), row, obligor_of(row))
                if what:
                    yield Fault.at(line, name, what)

    return rule


def _same_leader(text: str, _row: Row, obligor: str) -> str:
    led = obligor in ORGANISATIONS and text not in ("", "none")
    return f"{text!r} stands on an organisation; expected 'none'" if led else ""


def _no_regime(text: str, _row: Row, obligor: str) -> str:
    governed = obligor in ORGANISATIONS and text not in ("", "none")
    return f"{text!r} stands on an organisation; expected 'none'" if governed else ""


def _forces_at_home(text: str, row: Row, _obligor: str) -> str:
    elsewhere = text == "no" and row.get("proximity") == "own"
    return "'no' contradicts proximity 'own': what is one's own is at hand; expected 'yes'" if elsewhere else ""


# What must hold within a row, by the column that a message names.
_ROW_RULES: Mapping[str, Callable[[str, Row, str], str]] = {
    "leadership_change": _same_leader,
    "regime": _no_regime,
    "forces_there": _forces_at_home,
}
#: What the rules look at, and what says whose row it is.
_NEEDED = (*_ROW_RULES, "proximity", "obligor", "case_id")
