"""Files of an office: zipped XML, with the styles of the house put into those that pandoc brings."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from ..document.blocks import Document, plain
from ..document.safety import isolated, one_line
from .programs import moment

#: The day from which archives count: every member's own, so that equal members make equal files.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def changed(
    file: bytes, changes: Mapping[str, Callable[[bytes], bytes]], added: Mapping[str, bytes] | None = None
) -> bytes:
    """A zipped file with some members changed and others added.

    Parameters
    ----------
    file
        The file.
    changes
        Name of a member -> what it becomes.
    added
        Name of a member -> what it holds.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = old.read(name)
            new.writestr(
                zipfile.ZipInfo(name, _FIRST_DAY),
                changes[name](member) if name in changes else member,
                zipfile.ZIP_DEFLATED,
            )
        for name, member in (added or {}).items():
            new.writestr(zipfile.ZipInfo(name, _FIRST_DAY), member, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def text(value: str) -> str:
    """Text as XML holds it."""
    return escape(value)


def finished(file: bytes, document: Document, changes: Mapping[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    """A document's file with its title and its day of issue, and other members changed."""

    def about(found: bytes) -> bytes:
        day = datetime.fromtimestamp(moment(document), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        title = text(isolated(one_line(plain(document.title))))
        dated = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", day, found.decode())
        return re.sub("<dc:title>.*?</dc:title>", lambda _: f"<dc:title>{title}</dc:title>", dated).encode()

    return changed(file, {"docProps/core.xml": about, **(changes or {})})
