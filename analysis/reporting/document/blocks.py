"""Blocks of a document: what a report says, before any format sets it.

A block is a frozen value that holds runs of text, never markup: a format escapes what it is given, so that no text of a
user can become a command of HTML, Markdown or typst.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

#: How a run is set: as it stands, strong, emphasised, as code, or on a line of its own under the rest of its cell.
Style = Literal["", "strong", "emphasis", "code", "second", "alarm"]


@dataclass(frozen=True)
class Run:
    """Text of one style.

    Parameters
    ----------
    text
        The text.
    style
        How it is set.
    href
        Where it leads: ``#anchor`` on the same document, or an address; nowhere by default.
    language
        Code of its language where that is not the document's, e.g. a note of the record.
    anchor
        What leads to it, if anything.
    """

    text: str
    style: Style = ""
    href: str = ""
    language: str = ""
    anchor: str = ""


#: What a reader reads in one go.
type Text = tuple[Run, ...]


def runs(*parts: str | Run | Text) -> Text:
    """Runs of text, put one after the other.

    Examples
    --------
    >>> [(run.text, run.style) for run in runs("kept ", Run("74 %", "strong"))]
    [('kept ', ''), ('74 %', 'strong')]
    """
    found: list[Run] = []
    for part in parts:
        if isinstance(part, tuple):
            found += part
        else:
            found.append(Run(part) if isinstance(part, str) else part)
    return tuple(found)


def plain(text: Text) -> str:
    """Text without its styles.

    Examples
    --------
    >>> plain(runs("kept ", Run("74 %", "strong")))
    'kept 74 %'
    """
    return "".join(f" {run.text}" if run.style == "second" else run.text for run in text)


@dataclass(frozen=True)
class Heading:
    """Title of what follows.

    Parameters
    ----------
    text
        The title.
    level
        3 for a section of a chapter, 4 for a part of one; 1 and 2 are the document's and its chapters'.
    anchor
        What leads to it, if anything.
    """

    kind: ClassVar = "heading"
    text: Text
    level: Literal[3, 4] = 3
    anchor: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Sentences that belong together.

    Parameters
    ----------
    text
        The sentences.
    role
        What it is to the reader: running text, the lead of the page, a note, or a failure.
    """

    kind: ClassVar = "paragraph"
    text: Text
    role: Literal["", "lead", "note", "alarm"] = ""


@dataclass(frozen=True)
class Bullets:
    """Points of a list."""

    kind: ClassVar = "bullets"
    items: tuple[Text, ...]


@dataclass(frozen=True)
class Terms:
    """Terms, each with what it is."""

    kind: ClassVar = "terms"
    pairs: tuple[tuple[Text, Text], ...]


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Parameters
    ----------
    caption
        What it holds.
    columns
        Titles of the columns.
    rows
        Cells of each row, as many as there are columns.
    note
        Units and what the reader should know, under the caption.
    numeric
        Places of columns whose cells are numbers.
    marked
        Place of the row that is the answer, if one is.
    compact
        Whether it stays a table on a telephone: few columns of short cells.
    """

    kind: ClassVar = "table"
    caption: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    note: Text = ()
    numeric: frozenset[int] = frozenset()
    marked: int | None = None
    compact: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture.

    Parameters
    ----------
    svg
        An ``svg`` element, from `servanda.analysis.figures.svg.svg`.
    alt
        What it shows, for who cannot see it.
    caption
        How to read it.
    wide
        Whether it needs the whole width of the page.
    """

    kind: ClassVar = "figure"
    svg: str
    alt: str
    caption: Text = ()
    wide: bool = False


@dataclass(frozen=True)
class Fold:
    """Blocks that a reader unfolds on a screen; on paper they stand open."""

    kind: ClassVar = "fold"
    summary: Text
    blocks: tuple[Block, ...]
    anchor: str = ""


@dataclass(frozen=True)
class Callout:
    """Blocks set apart: a warning, or the failure of a check."""

    kind: ClassVar = "callout"
    blocks: tuple[Block, ...]
    role: Literal["warning", "alarm"] = "warning"


@dataclass(frozen=True)
class Columns:
    """Blocks side by side where there is room, one below the other where there is not."""

    kind: ClassVar = "columns"
    columns: tuple[tuple[Block, ...], ...]


type Block = Heading | Paragraph | Bullets | Terms | Table | Figure | Fold | Callout | Columns


@dataclass(frozen=True)
class Chapter:
    """A part of the document with a title of its own.

    Parameters
    ----------
    name
        Its anchor.
    title
        What it is called.
    blocks
        What it holds.
    contents
        Anchor and title of each section in it.
    """

    name: str
    title: Text
    blocks: tuple[Block, ...]
    contents: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True)
class Panel:
    """A part of a page that answers by itself; it runs in a browser, and no other format has it.

    Parameters
    ----------
    markup
        HTML of ours, in which nothing of a user can open or close an element.
    scripts
        The scripts in it, each by its digest, as the security policy of a page names them.
    """

    markup: str
    scripts: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A whole report in one language.

    Parameters
    ----------
    language
        Its code.
    dateline
        What stands above the title.
    title
        The question.
    chapters
        The first is page one and shows no title of its own.
    passed
        Whether every gate passed; a draft says that it is one.
    date
        Day of issue, ISO; empty if none was given.
    labels
        Fixed words of the page, such as the title of its contents.
    panel
        The knobs of "What if?", which a page on a screen holds; None where there are none.
    """

    language: str
    dateline: Text
    title: Text
    chapters: tuple[Chapter, ...]
    passed: bool = True
    date: str = ""
    labels: dict[str, Text] = field(default_factory=dict)
    panel: Panel | None = None
