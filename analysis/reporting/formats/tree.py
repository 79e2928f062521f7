"""Blocks of a document as the tree of pandoc, which every format but HTML, JSON and CSV is set from.

Text enters the tree as text: no format reads a mark in it. What a format sets otherwise than the others, it says in its
own `Setting`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..document.blocks import Block, Chapter, Document, Figure, Run, Table, Text, plain
from ..document.safety import isolated, linkable, one_line

#: An element of pandoc's tree.
type Element = dict[str, Any]
type Attributes = list[Any]

#: Version of pandoc's tree that is written.
API_VERSION = [1, 23, 1]
#: Characters that a column of average letters holds over the whole width, and a word of at most so many is not broken.
_WIDTH, _LONGEST_WORD = 96, 18
#: Share of a figure's own size at which it is set, and points of the widest.
_SCALE, _WIDEST = 0.78, 630.0
#: Ground of the row that is the answer.
PALE = "#eaf1f7"


def attributes(anchor: str = "", values: Mapping[str, str] | None = None) -> Attributes:
    """Attributes of an element."""
    return [anchor, [], [[name, value] for name, value in (values or {}).items()]]


def words(text: str) -> list[Element]:
    """Text as words and spaces.

    Examples
    --------
    >>> words("two words")
    [{'t': 'Str', 'c': 'two'}, {'t': 'Space'}, {'t': 'Str', 'c': 'words'}]
    """
    found: list[Element] = []
    for place, word in enumerate(isolated(one_line(text)).split(" ")):
        if place:
            found.append({"t": "Space"})
        if word:
            found.append({"t": "Str", "c": word})
    return found


def raw(target: str, text: str) -> Element:
    """A command of a format; never made of a user's text."""
    return {"t": "RawBlock", "c": [target, text]}


def raw_inline(target: str, text: str) -> Element:
    """A command of a format within a line."""
    return {"t": "RawInline", "c": [target, text]}


def span(found: list[Element], values: Mapping[str, str]) -> list[Element]:
    """Inlines with attributes."""
    return [{"t": "Span", "c": [attributes("", values), found]}]


def _strong(inlines: list[Element]) -> list[Element]:
    return [{"t": "Strong", "c": inlines}]


def _emphasis(inlines: list[Element]) -> list[Element]:
    return [{"t": "Emph", "c": inlines}]


def _second(inlines: list[Element]) -> list[Element]:
    return [{"t": "LineBreak"}, *inlines]


def _code(text: str) -> Element:
    return {"t": "Code", "c": [attributes(), isolated(one_line(text))]}


def _as_is(found: list[Element], _: str = "") -> list[Element]:
    return found


def _no_figure(figure: Figure, _: Setting) -> list[Element]:
    return [paragraph(words(figure.alt))]


@dataclass(frozen=True)
class Setting:
    """How a format sets what not all set alike.

    Parameters
    ----------
    words
        Text as inlines.
    code
        Text that is code, as an inline.
    styles
        Style of a run -> what it makes of inlines.
    apart
        What stands before a run that is on a line of its own.
    language
        Marks inlines as written in another language.
    figure
        A picture.
    kinds
        Kind of a block -> what it makes of one, before `KINDS`.
    anchors
        What a link may lead to.
    fill
        Attribute that colours a cell, if the format has one.
    narrow
        Whether blocks stand in a column.
    raised
        By how many levels titles stand higher: on page one, which has no title of its own.
    """

    words: Callable[[str], list[Element]] = words
    code: Callable[[str], Element] = _code
    styles: Mapping[str, Callable[[list[Element]], list[Element]]] = field(default_factory=dict)
    apart: Sequence[Element] = ({"t": "LineBreak"},)
    language: Callable[[list[Element], str], list[Element]] = _as_is
    figure: Callable[[Figure, Setting], list[Element]] = _no_figure
    kinds: Mapping[str, Callable[[Any, Setting], list[Element]]] = field(default_factory=dict)
    anchors: frozenset[str] = frozenset()
    fill: str = ""
    narrow: bool = False
    raised: int = 0


_STYLES: Mapping[str, Callable[[list[Element]], list[Element]]] = {
    "": _as_is,
    "strong": _strong,
    "emphasis": _emphasis,
    "second": _as_is,
    "alarm": _strong,
}
#: Styles of runs that stand on a line of their own.
_APART = ("second", "alarm")


def inlines(text: Text, setting: Setting) -> list[Element]:
    """Runs of text as inlines."""
    found: list[Element] = []
    for run in text:
        found += setting.apart if found and run.style in _APART else ()
        found += _run(run, setting)
    return found


def _run(run: Run, setting: Setting) -> list[Element]:
    if run.style == "code":
        found = [setting.code(run.text)]
    else:
        said = setting.words(run.text)
        said = setting.language(said, run.language) if run.language else said
        found = {**_STYLES, **setting.styles}[run.style](said)
    known = linkable(run.href) and (not run.href.startswith("#") or run.href[1:] in setting.anchors)
    return [{"t": "Link", "c": [attributes(), found, [run.href, ""]]}] if known else found


def paragraph(found: list[Element]) -> Element:
    """A paragraph of inlines."""
    return {"t": "Para", "c": found}


def div(found: list[Element], anchor: str = "", values: Mapping[str, str] | None = None) -> Element:
    """Blocks with attributes."""
    return {"t": "Div", "c": [attributes(anchor, values), found]}


def header(level: int, found: list[Element], anchor: str, setting: Setting) -> Element:
    """A title in the outline."""
    return {"t": "Header", "c": [level, attributes(anchor if anchor in setting.anchors else ""), found]}


def blocks(found: Sequence[Block], setting: Setting) -> list[Element]:
    """Blocks of a document as those of pandoc.

    Parameters
    ----------
    found
        The blocks.
    setting
        How the format sets them.

    Returns
    -------
    list of dict
        Elements of pandoc's tree.
    """
    kinds = {**KINDS, **setting.kinds}
    return [element for block in found for element in kinds[block.kind](block, setting)]


def _heading(block: Any, setting: Setting) -> list[Element]:
    return [header(block.level - setting.raised, inlines(block.text, setting), block.anchor, setting)]


def _paragraph(block: Any, setting: Setting) -> list[Element]:
    return [paragraph(inlines(block.text, setting))]


def _bullets(block: Any, setting: Setting) -> list[Element]:
    return [{"t": "BulletList", "c": [[{"t": "Plain", "c": inlines(item, setting)}] for item in block.items]}]


def _terms(block: Any, setting: Setting) -> list[Element]:
    pairs = [
        [inlines(name, setting), [[{"t": "Plain", "c": inlines(meaning, setting)}]]] for name, meaning in block.pairs
    ]
    return [{"t": "DefinitionList", "c": pairs}]


def _figure(block: Any, setting: Setting) -> list[Element]:
    caption = [paragraph(inlines(block.caption, setting))] if block.caption else []
    return [*setting.figure(block, setting), *caption]


def _fold(block: Any, setting: Setting) -> list[Element]:
    summary = paragraph(_strong(inlines(block.summary, setting)))
    anchor = block.anchor if block.anchor in setting.anchors else ""
    return [div([summary, *blocks(block.blocks, setting)], anchor)]


def _callout(block: Any, setting: Setting) -> list[Element]:
    return [{"t": "BlockQuote", "c": blocks(block.blocks, setting)}]


def _columns(block: Any, setting: Setting) -> list[Element]:
    return [element for column in block.columns for element in blocks(column, setting)]


def table(block: Table, setting: Setting) -> list[Element]:
    """A table with its caption above it."""
    columns = range(len(block.columns))
    aligned = [{"t": "AlignRight" if _to_the_right(block, place) else "AlignLeft"} for place in columns]
    widths = [{"t": "ColWidth", "c": share} for share in column_shares(block, narrow=setting.narrow)]
    head = [attributes(), [_row([_strong(inlines(column, setting)) for column in block.columns], setting)]]
    body = []
    for place, row in enumerate(block.rows):
        marked = place == block.marked
        cells = [inlines(cell, setting) for cell in row]
        body.append(_row([_strong(cell) if marked and cell else cell for cell in cells], setting, marked=marked))
    parts = [attributes(), 0, [], body]
    columns_of = [list(pair) for pair in zip(aligned, widths, strict=True)]
    caption = [None, _caption(block, setting)]
    return [{"t": "Table", "c": [attributes(), caption, columns_of, head, [parts], [attributes(), []]]}]


def _to_the_right(block: Table, place: int) -> bool:
    """Whether a column is all numbers: words below one would end ragged."""
    return place in block.numeric and all(run.style != "second" for row in block.rows for run in row[place])


def _caption(block: Table, setting: Setting) -> list[Element]:
    caption = [{"t": "Plain", "c": _strong(inlines(block.caption, setting))}] if block.caption else []
    return [*caption, {"t": "Plain", "c": inlines(block.note, setting)}] if block.note else caption


def _row(cells: Sequence[list[Element]], setting: Setting, *, marked: bool = False) -> list[Any]:
    how = attributes("", {setting.fill: f'rgb("{PALE}")'} if marked and setting.fill else {})
    return [attributes(), [[how, {"t": "AlignDefault"}, 1, 1, [{"t": "Plain", "c": cell}]] for cell in cells]]


def column_shares(block: Table, *, narrow: bool = False) -> list[float]:
    """Share of the width for each column: its longest word at least, and more where cells are longer.

    Examples
    --------
    >>> from servanda.analysis.reporting.document.blocks import runs
    >>> short, long = (runs("2"),), (runs("a sentence of several words that needs more room than a number"),)
    >>> table = Table(runs("t"), (runs("n"), runs("what")), ((short[0], long[0]),))
    >>> [round(share, 2) for share in column_shares(table)]
    [0.09, 0.91]
    """
    room = _WIDTH // 2 if narrow else _WIDTH
    least, wanted = [], []
    for place, column in enumerate(block.columns):
        cells = [plain(column), *(plain(row[place]) for row in block.rows)]
        longest = max((len(word) for cell in cells for word in cell.split()), default=0)
        least.append(min(longest, _LONGEST_WORD) + 3)
        wanted.append(max(least[-1], min(max(len(cell) for cell in cells), room)))
    over = [want - need + 3 for want, need in zip(wanted, least, strict=True)]
    spare = max(0, room - sum(least))
    widths = [need + spare * more / sum(over) for need, more in zip(least, over, strict=True)]
    return [width / sum(widths) for width in widths]


#: Kind of a block -> elements.
KINDS: Mapping[str, Callable[[Any, Setting], list[Element]]] = {
    "heading": _heading,
    "paragraph": _paragraph,
    "bullets": _bullets,
    "terms": _terms,
    "table": table,
    "figure": _figure,
    "fold": _fold,
    "callout": _callout,
    "columns": _columns,
}


def _within(block: Any) -> Sequence[Block]:
    """Blocks that a block holds."""
    return {
        "fold": lambda: block.blocks,
        "callout": lambda: block.blocks,
        "columns": lambda: [one for column in block.columns for one in column],
    }.get(block.kind, tuple)()


def every(found: Sequence[Block]) -> Iterator[Block]:
    """Blocks in the order of reading, and those that they hold."""
    for block in found:
        yield block
        yield from every(_within(block))


def figure_width(figure: Figure) -> float:
    """Points that a figure is wide where it has the room: its letters are then as large as those around it.

    Examples
    --------
    >>> figure_width(Figure('<svg width="330pt"></svg>', "what it shows"))
    257.4
    """
    found = re.search(r'\bwidth="([\d.]+)', figure.svg)
    return round(min(float(found[1]) if found else _WIDEST, _WIDEST) * _SCALE, 1)


def every_block(document: Document) -> Iterator[Block]:
    """All blocks of a document in the order of reading."""
    for chapter in document.chapters:
        yield from every(chapter.blocks)


def anchors(document: Document) -> frozenset[str]:
    """Anchors that stand in a document once; a link to any other would lead nowhere, or to one of several."""
    named = [getattr(block, "anchor", "") for block in every_block(document)]
    count = Counter([*named, *(chapter.name for chapter in document.chapters)])
    return frozenset(anchor for anchor, times in count.items() if anchor and times == 1)


def tree(found: list[Element], **about: str) -> Element:
    """Whole tree, with facts about the document."""
    meta = {name: {"t": "MetaString", "c": value} for name, value in about.items() if value}
    return {"pandoc-api-version": API_VERSION, "meta": meta, "blocks": found}


def chapter_title(chapter: Chapter, setting: Setting) -> Element:
    """Title of a chapter after the first."""
    return header(2, inlines(chapter.title, setting), chapter.name, setting)


def standing(document: Document) -> str:
    """What stands on every page: that it is a draft, if it is one, and who signs it.

    Examples
    --------
    >>> from servanda.analysis.reporting.document.blocks import runs
    >>> labels = {"draft": runs("DRAFT"), "signed": runs("not signed")}
    >>> standing(Document("en", (), (), (), passed=False, labels=labels))
    'DRAFT · not signed'
    """
    wanted = ("signed",) if document.passed else ("draft", "signed")
    return " \N{MIDDLE DOT} ".join(plain(document.labels[name]) for name in wanted if name in document.labels)
