"""Judgements of a report, entered in a ledger when they are issued, and resolved when they have come out."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...common.errors import Fault, nearest, raise_faults
from .file import Ledger, LedgerError, append
from .lines import VOID, Issued, Resolved

#: Outcomes of several together, who either do it or not.
HAPPENED, DID_NOT = "yes", "no"


@dataclass(frozen=True)
class Issue:
    """What issuing a report came to.

    Parameters
    ----------
    ledger
        As it is now.
    new
        Judgements that were entered.
    known
        Judgements of this very report that stood in it already, and were not entered again.
    """

    ledger: Ledger
    new: tuple[Issued | Resolved, ...]
    known: tuple[Issued, ...]


def issue_judgements(path: str | os.PathLike[str], report: Mapping[str, Any], digest: str, *, on: dt.date) -> Issue:
    """Enter every judged row of a report in a ledger.

    Parameters
    ----------
    path
        The ledger; it is begun if there is none.
    report
        Content of ``report.json``.
    digest
        SHA-256 of the file, by which the judgement is found again.
    on
        Day of issue.

    Returns
    -------
    Issue
        A report that stands in the ledger already is not entered twice.

    Raises
    ------
    LedgerError
        If the report is a draft, of which a gate failed; or as `servanda.analysis.read_ledger`.

    Examples
    --------
    >>> draft = {"passed": False}  # the content of a report.json of which a gate failed
    >>> try:
    ...     issue_judgements("ledger.jsonl", draft, "0" * 64, on=dt.date(2026, 1, 31))
    ... except LedgerError as error:
    ...     print(error)
    ledger.jsonl: report: is a draft, of which a gate failed; a judgement is issued only when every gate has passed
    """
    if not report["passed"]:
        what = "is a draft, of which a gate failed; a judgement is issued only when every gate has passed"
        raise LedgerError(str(path), [Fault("report", what)])
    asked = [*_rows(report, digest, on)]
    rows = {(one.scenario, one.judgement, one.row) for one in asked}

    def known(ledger: Ledger) -> list[Issued]:
        same = (one for one in ledger.issued.values() if one.report == digest)
        return [one for one in same if (one.scenario, one.judgement, one.row) in rows]

    def new(ledger: Ledger) -> list[Issued]:
        there = {(one.judgement, one.row) for one in known(ledger)}
        last = max((int(name.rpartition(".")[2]) for name in ledger.issued if name.startswith(f"{on}.")), default=0)
        left = [one for one in asked if (one.judgement, one.row) not in there]
        return [one.model_copy(update={"id": f"{on}.{last + place}"}) for place, one in enumerate(left, start=1)]

    ledger, entered = append(path, new)
    return Issue(ledger, entered, tuple(one for one in known(ledger) if one not in entered))


def file_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, as `issue_judgements` wants it of ``report.json``."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve_judgements(
    path: str | os.PathLike[str],
    states: Mapping[str, str],
    *,
    on: dt.date,
    note: str = "",
    correct: bool = False,
) -> Ledger:
    """Enter in a ledger what judgements came to.

    Parameters
    ----------
    path
        The ledger.
    states
        Id of a judgement -> the state that came true, or ``void`` where it came to no test.
    on
        Day on which that was settled.
    note
        Who says so, or why.
    correct
        Whether these take the place of earlier resolutions, which stay in the file.

    Returns
    -------
    Ledger
        As it is now; either all are entered or none.

    Raises
    ------
    LedgerError
        With every id that is unknown, state that is none of its outcomes, judgement that is resolved already (or is
        not yet, where it shall be corrected), and day before that of its issue; where it is corrected without a note;
        or as `servanda.analysis.read_ledger`.

    Examples
    --------
    >>> try:
    ...     resolve_judgements("ledger.jsonl", {"2026-01-31.1": "complied"}, on=dt.date(2027, 1, 1))
    ... except LedgerError as error:
    ...     print(error)
    ledger.jsonl: 2026-01-31.1: is not the id of a judgement in it
    """

    def new(ledger: Ledger) -> list[Resolved]:
        faults = (
            [Fault("note", "is empty; say why the earlier resolution is corrected")] if correct and not note else []
        )
        for name, state in states.items():
            faults += [Fault(name, what) for what in _faults(ledger, name, state, on, correct=correct)]
        raise_faults(str(path), faults, LedgerError)
        return [Resolved(id=name, state=state, on=on, note=note, corrects=correct) for name, state in states.items()]

    return append(path, new)[0]


def _faults(ledger: Ledger, name: str, state: str, on: dt.date, *, correct: bool) -> Iterator[str]:
    judgement, before = ledger.issued.get(name), ledger.resolved.get(name)
    if judgement is None:
        yield f"is not the id of a judgement in it{nearest(name, ledger.issued)}"
        return
    known = (*judgement.outcomes, VOID)
    if state not in known:
        yield f"cannot come to '{state}'{nearest(state, known)}"
    if on < judgement.issued:
        yield f"was issued on {judgement.issued}, after {on}; give the day on which it was settled"
    if before is not None and not correct:
        yield f"was resolved on {before.on} as {before.state}; --correct puts another resolution in its place"
    if before is None and correct:
        yield "is not resolved yet, so that nothing is to correct; leave --correct out"


def _rows(report: Mapping[str, Any], digest: str, on: dt.date) -> Iterator[Issued]:
    """Judged rows of a report, numbered from 1."""
    inputs = report["inputs"]
    scenario = inputs["scenario"]
    asked = {one["id"]: one for one in scenario["judgements"]}
    number = 0
    for judgement in report["judgements"]:
        for row in judgement["rows"]:
            number += 1
            outcomes = {one["state"]: one["mean"] for one in row["outcomes"]}
            own = asked[judgement["id"]]
            yield Issued(
                id=f"{on}.{number}",
                issued=on,
                scenario=scenario["name"],
                judgement=judgement["id"],
                row=row["label"],
                claim=judgement["claim"],
                as_of=scenario["as_of"],
                horizon=scenario["horizon"],
                resolution=scenario["resolution"],
                outcomes=outcomes or {HAPPENED: row["mean"], DID_NOT: 1 - row["mean"]},
                states=own["states"] if outcomes else [HAPPENED],
                base_rate=_shares(inputs, own["node"]) if outcomes else None,
                lower=row["lower"],
                upper=row["upper"],
                confidence=report["answer"]["confidence"]["level"],
                inputs=inputs["sha256"],
                report=digest,
            )


def _shares(inputs: Mapping[str, Any], node: str) -> dict[str, float] | None:
    """Share of the cases in each state of a node, of those that show it."""
    states = inputs["network"]["nodes"][node]["states"]
    seen = [code for code in inputs["cases"]["states"].get(node, ()) if code is not None]
    return {state: seen.count(place) / len(seen) for place, state in enumerate(states)} if seen else None
