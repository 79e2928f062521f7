"""Streams as a Unix program has them: output to whatever it goes, and `-` for standard input in place of a file."""

from __future__ import annotations

import codecs
import io
import logging
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never, override

import typer

from ...common.errors import Fault, InputError
from ...common.limits import excess_of_text
from ...common.show import harmless

#: Exit codes: of a program that a closed pipe ended (128 + SIGPIPE), and of output that could not be written.
PIPE_CLOSED, NOT_WRITTEN = 141, 74
#: Name of the handler of letters that a terminal does not have.
PLAIN = "servanda.plain"
#: What stands for standard input, and what it is called in messages.
STANDARD_INPUT, _CALLED = "-", "standard-input"
#: What the content of a network file or a stored posterior begins with, and the ending of such a file.
_ENDINGS = (
    (re.compile(rb"\s*<.*<smile\b", re.DOTALL), ".xdsl"),
    (re.compile(rb"\s*<"), ".xmlbif"),
    (re.compile(rb"(\s|//[^\n]*\n|/\*.*?\*/)*network\b", re.DOTALL), ".bif"),
    (re.compile(rb"(\s|%[^\n]*\n)*(net|class)\b"), ".net"),
)
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


def file_or_standard_input(ending: str) -> Callable[[typer.Context, Any], Any]:
    """Callback of an option that names a file: for `-` it gives the path of what standard input holds.

    Readers ask for a file that they can read twice, and whose ending says its format: the content is kept in one until
    the command ends.

    Parameters
    ----------
    ending
        Of such a file; a network of another tool gains its own, by what it begins with.
    """

    def callback(ctx: typer.Context, value: Any) -> Any:
        if isinstance(value, list):
            return [callback(ctx, one) for one in value]
        return type(value)(_kept_input(ctx.find_root(), ending)) if str(value) == STANDARD_INPUT else value

    return callback


def _kept_input(root: Any, ending: str) -> Path:
    """File that holds what standard input gave, which can be read once."""
    if root.meta.get(_CALLED):
        raise InputError("standard input", [Fault("", "is named twice by '-'; give one of the two as a file")])
    root.meta[_CALLED] = True
    data = _standard_input()
    if ending == ".nc":
        ending = next((other for told, other in _ENDINGS if told.match(data[:4096])), ending)
    folder = tempfile.TemporaryDirectory(prefix="servanda-")
    root.call_on_close(folder.cleanup)
    path = Path(folder.name, f"{_CALLED}{ending}")
    path.write_bytes(data)
    return path


def _standard_input() -> bytes:
    """Content of standard input, which may never end, as far as a text may be long."""
    if sys.stdin is None:
        raise InputError("standard input", [Fault("", "is closed; give a file")])
    data = bytearray()
    while part := sys.stdin.buffer.read(1 << 20):
        data += part
        if complaint := excess_of_text(len(data)):
            raise InputError("standard input", [Fault("", complaint)])
    return bytes(data)
