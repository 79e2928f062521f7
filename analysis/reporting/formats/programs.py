"""pandoc and typst, which the extra ``report`` brings."""

from __future__ import annotations

import calendar
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....common.errors import ServandaError
from ....common.json_values import to_json
from ..document.blocks import Document
from .tree import Element

if TYPE_CHECKING:
    from typst import Compiler

#: Packages of the extra.
PACKAGES = ("pypandoc", "typst")
#: Letters of text and of figures; what the first lacks comes from the second.
FONTS = ("Libertinus Serif", "DejaVu Sans")
#: Dots an inch of a figure in a format that takes no vectors, and points of an SVG picture an inch.
_DPI, SVG_UNITS = 170, 72.0


class FormatError(ServandaError):
    """A format that could not be set."""


def missing_packages() -> list[str]:
    """Packages of the extra that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


def moment(document: Document) -> int:
    """Seconds since 1970 of the day of issue, which every file carries as its date.

    Without a day it is that from which archives count, so that a second run writes the same bytes.

    Examples
    --------
    >>> moment(Document("en", (), (), ()))
    315532800
    """
    day = date.fromisoformat(document.date[:10]) if document.date else date(1980, 1, 1)
    return calendar.timegm(day.timetuple())


def pandoc(tree: Element, to: str, reference: bytes = b"", *options: str) -> bytes:
    """What pandoc makes of a tree.

    Parameters
    ----------
    tree
        From `servanda.analysis.reporting.formats.tree.tree`.
    to
        Name of pandoc's writer.
    reference
        File whose styles are taken.
    options
        Further ones of pandoc.

    Returns
    -------
    bytes
        Without a date of its own: pandoc is kept from all that is outside of the tree, the clock and files included.

    Raises
    ------
    FormatError
        With what pandoc says.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["--sandbox", "--wrap=none", "-f", "json", "-t", to, "-o", str(out), *options]
        if reference:
            styles = Path(folder) / f"reference.{to}"
            styles.write_bytes(reference)
            command.append(f"--reference-doc={styles}")
        _run(command, to_json(tree, ensure_ascii=False).encode())
        return out.read_bytes()


@lru_cache(maxsize=4)
def pandoc_file(name: str) -> bytes:
    """A file that pandoc brings, such as ``reference.docx``."""
    return _run([f"--print-default-data-file={name}"], b"")


def _run(command: Sequence[str], given: bytes) -> bytes:
    import pypandoc

    done = subprocess.run(  # noqa: S603 - a program of ours, with options of ours
        [pypandoc.get_pandoc_path(), *command],
        input=given,
        capture_output=True,
        env={"LANG": "C.UTF-8"},
        check=False,
    )
    if done.returncode:
        raise FormatError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def compiler() -> Compiler:
    """Typst with the letters of text and figures, and no others; one sets one document at a time."""
    import typst
    from matplotlib import get_data_path

    return typst.Compiler(font_paths=[str(Path(get_data_path()) / "fonts" / "ttf")], ignore_system_fonts=True)


@lru_cache(maxsize=2)
def pixels(pictures: tuple[str, ...]) -> tuple[bytes, ...]:
    """PNG pictures of SVG ones, for formats that take no vectors.

    Parameters
    ----------
    pictures
        ``svg`` elements.

    Returns
    -------
    tuple of bytes
        As many.
    """
    if not pictures:
        return ()
    page = "#set page(width: auto, height: auto, margin: 0pt)\n"
    shown = [f'#image(bytes({literal(picture)}), format: "svg")' for picture in pictures]
    found: Any = compiler().compile((page + "\n#pagebreak()\n".join(shown)).encode(), format="png", ppi=_DPI)
    return tuple(found) if isinstance(found, list) else (found,)


def literal(text: str) -> str:
    r"""Text as a string of typst, in which no command can be.

    Examples
    --------
    >>> print(literal('a "quoted" \\ #set'))
    "a \"quoted\" \\ #set"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
