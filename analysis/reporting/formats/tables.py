"""CSV annex: each table of a report as a file, the numbers behind the answers unrounded, and an index of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ....common.printed import is_formula
from ..document.blocks import Block, Document, Table, Text, plain
from .tree import every

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?\Z")
#: Fields of a judged row that stand in the summary of draws, in this order.
SUMMARY = (
    "judgement",
    "label",
    "actor",
    "mean",
    "lower",
    "upper",
    "interval",
    "sd",
    "mcse",
    "ess_bulk",
    "ess_tail",
    "rhat",
    "passed",
)


def tables(document: Document, content: Mapping[str, Any], stem: str) -> dict[str, bytes]:
    """Tables of a document as CSV files (RFC 4180, UTF-8 with a mark that spreadsheets look for).

    A cell that a spreadsheet would read as a formula has an apostrophe before it.

    Parameters
    ----------
    document
        From `servanda.analysis.reporting.assemble.assemble`.
    content
        The dictionary it was made from, which holds the numbers unrounded.
    stem
        Name of the folder before ``-csv``.

    Returns
    -------
    dict
        Names of the files and what they hold: ``index.csv``, ``draws.csv``, and one a table.
    """
    found: dict[str, bytes] = {}
    index: list[list[str]] = [["file", "chapter", "section", "table", "note", "cells_with_apostrophe"]]
    for place, (chapter, section, block) in enumerate(_tables(document), 1):
        name = f"{place:02}-{_slug(chapter[0])}.csv"
        rows = [[plain(cell) for cell in row] for row in (block.columns, *block.rows)]
        shielded = sum(shield(cell) != cell for row in rows for cell in row)
        found[f"{stem}-csv/{name}"] = _csv(rows)
        told = [plain(part) for part in (chapter[1], section, block.caption, block.note)]
        index.append([name, *told, str(shielded)])
    draws = [list(SUMMARY), *draws_summary(content)]
    about, shielding = (plain(document.labels.get(name, ())) for name in ("draws", "shielded"))
    index.append(["draws.csv", "", "", about, shielding, "0"])
    return {f"{stem}-csv/index.csv": _csv(index), f"{stem}-csv/draws.csv": _csv(draws), **found}


def shield(cell: str) -> str:
    """Text of a cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> shield("=cmd|' /C calc'!A0"), shield("-5"), shield("-5 to +3"), shield("kept")
    ("'=cmd|' /C calc'!A0", '-5', "'-5 to +3", 'kept')
    """
    return f"'{cell}" if is_formula(cell) and not _NUMBER.match(cell) else cell


def draws_summary(content: Mapping[str, Any]) -> Iterator[list[str]]:
    """A line for each judged row: what its draws came to."""
    for judgement in content.get("judgements", ()):
        for row in judgement["rows"]:
            facts = {**row, "judgement": judgement["id"]}
            yield ["" if facts.get(name) is None else str(facts[name]) for name in SUMMARY]


def _tables(document: Document) -> Iterator[tuple[tuple[str, Text], Text, Table]]:
    """Name and title of the chapter, title of the section, and table."""
    for chapter in document.chapters:
        section: Text = ()
        for block in every(chapter.blocks):
            section = _title(block, section)
            if isinstance(block, Table):
                yield (chapter.name, chapter.title), section, block


def _title(block: Block, before: Text) -> Text:
    """Title that stands over what follows a block."""
    found: Any = block
    return {"heading": lambda: found.text, "fold": lambda: found.summary}.get(found.kind, lambda: before)()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "table"


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([[shield(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")
