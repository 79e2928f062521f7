"""Formats of a report by name, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....common.errors import Fault, InputError, nearest, raise_faults
from ..document.blocks import Document
from ..page import page
from .markdown import markdown
from .programs import missing_packages
from .slides import pptx
from .tables import tables
from .typeset import pdf
from .word import docx

#: From a document, the dictionary it was made from and the name of a file without its suffix to files by name.
type Writer = Callable[[Document, Mapping[str, Any], str], dict[str, bytes]]


class FormatsError(InputError):
    """Formats that there are not, or that lack what they need."""


@dataclass(frozen=True)
class Format:
    """A way to set a document.

    Parameters
    ----------
    write
        Gives its files.
    purpose
        What it is for.
    extra
        Whether it needs the packages of the extra ``report``.
    """

    write: Writer
    purpose: str
    extra: bool = True


def _html(document: Document, _content: Mapping[str, Any], stem: str) -> dict[str, bytes]:
    return {f"{stem}.html": page(document).encode()}


#: Name -> format; ``json`` is written with every report and stands beside them.
FORMATS: Mapping[str, Format] = {
    "html": Format(_html, "to read on a screen", extra=False),
    "pdf": Format(pdf, "to sign and to file"),
    "docx": Format(docx, "to edit and to clear"),
    "pptx": Format(pptx, "to present: page one on three slides"),
    "csv": Format(tables, "to count on: each table, and the numbers unrounded", extra=False),
    "md": Format(markdown, "to paste where Markdown is read"),
}


def checked_formats(names: Sequence[str]) -> tuple[str, ...]:
    """Names of formats as they are written, each once; ``json``, which is always written, is none of them.

    Raises
    ------
    FormatsError
        Listing the names that are no formats, and the formats whose packages are not installed.

    Examples
    --------
    >>> checked_formats(["html", "json", "csv", "html"])
    ('html', 'csv')
    """
    wanted = tuple(dict.fromkeys(name for name in names if name != "json"))
    raise_faults("formats", _faults(wanted), FormatsError)
    return wanted


def _faults(wanted: Sequence[str]) -> Iterator[Fault]:
    known = [*FORMATS, "json"]
    for name in wanted:
        if name not in FORMATS:
            yield Fault("format", f"is '{name}'; a report is written as {', '.join(known)}{nearest(name, known)}")
    needing = [name for name in wanted if name in FORMATS and FORMATS[name].extra]
    missing = missing_packages() if needing else []
    if missing:
        what = f"needs {' and '.join(missing)}; install them with: pip install 'servanda[report]'"
        yield from (Fault(name, what) for name in needing)
