"""The file of a ledger: read with every fault named by its line, and only ever appended to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ValidationError

from ...common.errors import Fault, InputError, raise_faults
from ...common.files import regular_bytes, writable_file
from .lines import ENTRY, NOTHING, Issued, Resolved, line_hash, written

#: What is said of a last line that broke off.
TORN = "was not written to its end and counts for nothing; delete it, then enter again what it should have held"
#: Seconds to wait for another who is writing.
PATIENCE = 30.0


class LedgerError(InputError):
    """A ledger that is not as it was written, or something that cannot be entered in it.

    Examples
    --------
    >>> try:
    ...     read_ledger("none.jsonl")
    ... except LedgerError as error:
    ...     print(error)
    none.jsonl: there is no such file; `servanda report SCENARIO --ledger none.jsonl` begins one
    """


@dataclass(frozen=True)
class Ledger:
    """Judgements in the order in which they were issued, and what they came to.

    Parameters
    ----------
    entries
        Every line, in order.
    head
        Hash of the last line. Noted elsewhere, it shows later that no line of these was changed or taken out.

    Examples
    --------
    >>> ledger = Ledger()
    >>> len(ledger), dict(ledger.open)
    (0, {})
    """

    entries: tuple[Issued | Resolved, ...] = ()
    head: str = NOTHING

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def issued(self) -> dict[str, Issued]:
        """Id -> judgement."""
        return {entry.id: entry for entry in self.entries if entry.kind == "issued"}

    @cached_property
    def resolved(self) -> dict[str, Resolved]:
        """Id -> what it came to, by the last line that says so."""
        return {entry.id: entry for entry in self.entries if entry.kind == "resolved"}

    @property
    def open(self) -> dict[str, Issued]:
        """Id -> judgement, of those that nothing is known of yet."""
        return {name: entry for name, entry in self.issued.items() if name not in self.resolved}


def read_ledger(path: str | os.PathLike[str]) -> Ledger:
    """Read a ledger, and make sure that every line stands as it was written.

    Lines taken off the end cannot be noticed from the file alone: note `Ledger.head` elsewhere.

    Raises
    ------
    LedgerError
        If there is no such file; or with every line that was changed, does not follow the line before it, is no line of
        a ledger, or was not written to its end.

    Examples
    --------
    >>> read_ledger("none.jsonl")
    Traceback (most recent call last):
    servanda.analysis.ledger.file.LedgerError: none.jsonl: there is no such file; `servanda report SCENARIO --ledger...
    """
    try:
        raw = regular_bytes(path)
    except FileNotFoundError:
        what = f"there is no such file; `servanda report SCENARIO --ledger {path}` begins one"
        raise LedgerError(str(path), [Fault("", what)]) from None
    except OSError as error:
        raise LedgerError(str(path), [Fault("", f"cannot be read ({error.strerror})")]) from None
    return _read(raw, str(path))


def append(
    path: str | os.PathLike[str], new: Callable[[Ledger], Sequence[Issued | Resolved]]
) -> tuple[Ledger, tuple[Issued | Resolved, ...]]:
    """Append to a ledger what follows from what it holds; nothing that stands in it is touched.

    Those who append at the same time wait for each other, by a file beside it (``.NAME.lock``), and what is appended is
    written in one piece.

    Parameters
    ----------
    path
        The file; it is made if there is none.
    new
        Given what the ledger holds, what shall be appended.

    Returns
    -------
    Ledger
        With what was appended.
    tuple
        What was appended.

    Raises
    ------
    LedgerError
        As `read_ledger`; if another writes for longer than `PATIENCE` seconds; what `new` raises.
    """
    target = writable_file(path)
    try:
        with FileLock(target.with_name(f".{target.name}.lock"), timeout=PATIENCE):
            ledger = read_ledger(target) if target.is_file() else Ledger()
            more, before, lines = tuple(new(ledger)), ledger.head, []
            for entry in more:
                line, before = written(entry, before)
                lines.append(line)
            if lines:
                _append_lines(target, lines)
    except Timeout:
        what = f"another has been writing for {PATIENCE:g} seconds; try again"
        raise LedgerError(str(path), [Fault("", what)]) from None
    return Ledger((*ledger.entries, *more), before), more


def _append_lines(path: Path, lines: Sequence[str]) -> None:
    # Unbuffered, so that it is one write, and on the disk before anybody is told.
    with path.open("a+b", buffering=0) as file:
        empty = file.seek(0, os.SEEK_END) == 0
        # An editor may have taken the last line break off.
        whole = empty or (file.seek(-1, os.SEEK_END) >= 0 and file.read(1) == b"\n")
        file.write(("" if whole else "\n").encode() + "".join(f"{line}\n" for line in lines).encode())
        os.fsync(file.fileno())


def _read(raw: bytes, subject: str) -> Ledger:
    *lines, last = raw.split(b"\n")
    lines += [last] if last else []
    faults: list[Fault] = []
    entries, before, places = [], NOTHING, {}
    for number, line in enumerate(lines, start=1):
        try:
            content = json.loads(line)
            said, own = content.pop("before"), content.pop("hash")
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
            torn = last and number == len(lines)
            faults.append(_fault(number, TORN if torn else "is no line of a ledger"))
            before = ""
            continue
        if own != line_hash(said, content):
            faults.append(_fault(number, "was changed after it was written"))
        elif before and said != before:
            faults.append(_fault(number, "does not follow the line before it: one was taken out, put in or moved"))
        before = own
        faults += [_fault(number, what) for what in _out_of_place(content, places)]
        places.setdefault((str(content.get("kind")), str(content.get("id"))), number)
        try:
            entries.append(ENTRY.validate_python(content))
        except ValidationError as error:
            problem = error.errors()[0]
            what = f"is not as a ledger has it ({'.'.join(map(str, problem['loc']))}: {problem['msg']})"
            faults += [_fault(number, what)] if own == line_hash(said, content) else []
    if any(fault.what != TORN for fault in faults):
        faults.append(
            Fault("", "lines are only ever appended; go back to a copy in which none was touched", len(lines))
        )
    raise_faults(subject, faults, LedgerError)
    return Ledger(tuple(entries), before)


def _out_of_place(content: Mapping[str, Any], places: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Say where a line does not fit those before it, whoever wrote it."""
    kind, name = content.get("kind"), str(content.get("id"))
    if kind == "issued" and ("issued", name) in places:
        yield f"issues {name} again, as line {places['issued', name]} did"
    if kind == "resolved" and ("issued", name) not in places:
        yield f"resolves {name}, which was not issued before it"


def _fault(number: int, what: str) -> Fault:
    return Fault(f"line {number}", what, number)
