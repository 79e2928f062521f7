"""Errors of Servanda: what is wrong, where, what was expected, and what to do about it."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import override

_ROOT = Path(__file__).resolve().parents[1]
#: Faults that a message lists before it is cut short.
SHOWN = 50
#: Folders of the package, wherever its links lead.
_ROOMS = tuple(_ROOT / name for name in ("common", "record", "models", "priors", "analysis", "servanda"))


class ServandaError(Exception):
    """Base of every error a user of Servanda can cause or meet.

    A notebook shows the user's own line and the message, not the way through Servanda in between.

    Examples
    --------
    >>> import servanda as sv
    >>> try:
    ...     sv.load_scenario("dprk")
    ... except ServandaError as error:
    ...     print(error)
    dprk: there is no scenario of this name; known: budapest, dprk-backers, dprk-six-party, jcpoa-return; or give a...
    """

    def told(self, most: int | None = None) -> str:  # noqa: ARG002 - see `InputError.told`
        """Message in full, or with so many of its faults."""
        return str(self)

    def _render_traceback_(self) -> list[str]:
        """Lines that IPython shows in place of a traceback."""
        frames = [frame for frame in traceback.extract_tb(self.__traceback__) if not _inside(frame.filename)]
        # What called the user's code stands before it: the last line that is not Servanda's is the user's own.
        own = traceback.format_list(frames[-1:])
        return [*(line.rstrip("\n") for line in own), f"{type(self).__name__}: {self}"]


def _inside(path: str) -> bool:
    """Whether a file is one of Servanda's."""
    return any(Path(path).resolve().is_relative_to(room) for room in _ROOMS)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    where
        The place: a file, ``row 4, column outcome``, a key, a node.
    what
        What is wrong, what was expected and, where it helps, what to do.
    line
        The line of the file, from 1; 0 for the input as a whole. Faults are raised in the order of their lines.

    Examples
    --------
    >>> str(Fault("node price", "has no states; name two at least"))
    'node price: has no states; name two at least'
    >>> str(Fault.at(4, "outcome", "'complied?' is not a level; expected complied"))
    "row 4, column outcome: 'complied?' is not a level; expected complied"
    """

    where: str
    what: str
    line: int = 0

    @classmethod
    def at(cls, line: int, column: str, what: str) -> Fault:
        """Fault of a row of a table (a line of its file, the header being 1), and of one column unless that is empty.

        Parameters
        ----------
        line
            The row; 0 for the table as a whole.
        column
            The column; empty when the whole row is meant.
        what
            See `Fault`.
        """
        places = [f"row {line}"] * bool(line) + [f"column {column}"] * bool(column)
        return cls(", ".join(places), what, line)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what

    @property
    def elsewhere(self) -> str:
        """Its place without the row, which it has in common with the same fault of another row."""
        # Of a million faults each has its own: no pattern is made of it.
        return self.where.replace(f"row {self.line}", "", 1).replace(f"line {self.line}", "", 1)

    def within(self, place: str) -> Fault:
        """Name the place that it lies within before its own."""
        return replace(self, where=f"{place}, {self.where}" if self.where else place)


class KeptWarning(UserWarning):
    """Something could not be kept for the next time: the work is done, and will be done again."""


class InputError(ServandaError):
    """A bad input, with all its faults.

    Parameters
    ----------
    subject
        What was being read or asked, e.g. a file name.
    faults
        Every fault found, at least one.

    Examples
    --------
    >>> print(InputError("cases.csv", [Fault("row 2", "empty"), Fault("row 3", "empty")]))
    cases.csv: 2 faults
      row 2: empty
      row 3: empty
    """

    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        super().__init__(subject, self.faults)

    def __str__(self) -> str:
        return self.told(SHOWN)

    @override
    def told(self, most: int | None = None) -> str:
        """Message with so many faults; equal ones in other rows stand once where not all of them have room.

        Parameters
        ----------
        most
            How many lines of faults there may be; None for every fault in a line of its own.

        Examples
        --------
        >>> error = InputError("a.csv", [Fault.at(row, "x", "is empty") for row in range(2, 9)])
        >>> print(error.told(3))
        a.csv: 7 faults
          row 2, column x: is empty (and 6 times more)
          (equal faults stand once; --all-faults, or the error's .faults, has all)
        """
        if len(self.faults) == 1:
            return f"{self.subject}: {self.faults[0]}"
        count = len(self.faults)
        lines = [*map(str, self.faults)] if most is None or count <= most else _in_short(self.faults, most)
        return "\n  ".join((f"{self.subject}: {count:,} faults", *lines))


def _in_short(faults: Iterable[Fault], most: int) -> list[str]:
    """Lines of the first faults, those of one kind together, and one that says where the others are."""
    alike: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        alike.setdefault((fault.elsewhere, fault.what), []).append(fault)
    shown = [*alike.values()][:most]
    lines = [f"{first}{f' (and {len(more):,} times more)' if more else ''}" for first, *more in shown]
    left = sum(map(len, alike.values())) - sum(map(len, shown))
    rest = f"and {left:,} more; " if left else ""
    return [*lines, f"({rest}equal faults stand once; --all-faults, or the error's .faults, has all)"]


def raise_faults(subject: str, faults: Iterable[Fault], error: type[InputError] = InputError) -> None:
    """Raise `error` with all `faults` in the order of their lines, or do nothing when there are none.

    Raises
    ------
    InputError
        Of the given class, when there is at least one fault.

    Examples
    --------
    >>> raise_faults("cases.csv", [])
    """
    ordered = sorted(faults, key=lambda fault: fault.line)
    if ordered:
        raise error(subject, ordered)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is meant, as the end of a sentence.

    Parameters
    ----------
    name
        The name that was not found.
    known
        The names that exist.

    Returns
    -------
    str
        ``"; did you mean 'x'?"`` when one is close, else a list of what is known.

    Examples
    --------
    >>> nearest("prise", ["price", "role"])
    "; did you mean 'price'?"
    >>> nearest("zzz", ["price", "role"])
    '; known: price, role'
    """
    options = [str(option) for option in known]
    lowered = {option.lower(): option for option in options}
    close = difflib.get_close_matches(str(name).lower(), list(lowered), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{lowered[close[0]]}'?"
    shown = ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
    return f"; known: {shown}" if options else ""


def nearest_to(known: Iterable[str], most: int = 20) -> Callable[[str], str]:
    """`nearest` among names that are asked for often: of a file with thousands of unknown names the first are helped.

    Parameters
    ----------
    known
        The names that exist.
    most
        How many names are looked for; the others get no hint, since each is compared with all that is known.

    Examples
    --------
    >>> hint = nearest_to(["price", "role"], most=1)
    >>> hint("prise"), hint("rule"), hint("prise")
    ("; did you mean 'price'?", '', "; did you mean 'price'?")
    """
    options, left = tuple(known), iter(range(most))

    @cache
    def hint(name: str) -> str:
        return "" if next(left, None) is None else nearest(name, options)

    return hint
