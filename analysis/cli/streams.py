"""Output as a Unix program gives it, whatever it goes to: a terminal of ASCII, a full device, a closed pipe."""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import unicodedata
from typing import Any, Never, override

from ...common.show import harmless

#: Exit codes: of a program that a closed pipe ended (128 + SIGPIPE), and of output that could not be written.
PIPE_CLOSED, NOT_WRITTEN = 141, 74
#: Name of the handler of letters that a terminal does not have.
PLAIN = "servanda.plain"
# ruff: noqa: RUF001 - the letters that look like others are what is looked up
_INSTEAD = {
    "±": "+/-",
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "→": "->",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "·": ".",
    "•": "*",
    "†": "+",
    "\N{REPLACEMENT CHARACTER}": "?",
    "━": "-",
    "─": "-",
    "ß": "ss",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
}


def plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Put in place of letters that an encoding lacks the nearest that ASCII has.

    Examples
    --------
    >>> codecs.register_error(PLAIN, plain)
    >>> "0.21 ± 0.03, Bündnis, 同盟".encode("ascii", PLAIN)
    b'0.21 +/- 0.03, Bundnis, ??'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_nearest, error.object[error.start : error.end])), error.end


def _nearest(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return _INSTEAD.get(letter) or base or ("" if unicodedata.combining(letter) else "?")


class _Shown(io.TextIOWrapper):
    """A stream on which the names of a user's file neither turn the order of what is shown nor command the terminal."""

    @override
    def write(self, s: str, /) -> int:
        return super().write(harmless(s))


class _Output(_Shown):
    """Standard output that ends the program quietly where nobody reads it, and with one line where it is full."""

    @override
    def write(self, s: str, /) -> int:
        try:
            return super().write(s)
        except OSError as error:
            _end(error)

    @override
    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            _end(error)


def _end(error: OSError) -> Never:
    # What is left to write goes nowhere, so that the interpreter has nothing to say of it when it ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if isinstance(error, BrokenPipeError):
        raise SystemExit(PIPE_CLOSED)
    print(f"output: cannot be written ({error.strerror or error})", file=sys.stderr)  # noqa: T201
    raise SystemExit(NOT_WRITTEN)


def prepare_streams() -> None:
    """Let standard output and standard error take every letter, and standard output end as `_Output` does."""
    codecs.register_error(PLAIN, plain)
    # Of a home that it cannot write to matplotlib speaks twice, which is no remark of ours.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    out: Any = sys.stdout
    if out is not None and out.fileno() == 1:
        # The one place where the program's output changes hands: nothing else holds it yet.
        sys.stdout = _Output(out.detach(), encoding=out.encoding, errors=PLAIN, line_buffering=out.line_buffering)
    said: Any = sys.stderr
    if said is not None and said.fileno() == 2:
        sys.stderr = _Shown(said.detach(), encoding=said.encoding, errors=PLAIN, line_buffering=True)
