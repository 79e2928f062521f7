"""Markdown: a document to paste where marks are read, its figures in files beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..document.blocks import Document, Figure, Table
from ..document.safety import isolated, one_line
from .programs import pandoc
from .tree import (
    Element,
    Setting,
    attributes,
    blocks,
    chapter_title,
    every_block,
    header,
    inlines,
    paragraph,
    raw_inline,
    table,
    tree,
    words,
)

#: Characters that are marks wherever they stand, and words that are marks where a line begins.
_MARKS = re.compile(r"[\\`*_\[\]<>#|~$&]")
_LEADING = re.compile(r"[-+=]+|\d+[.)]")
#: A cell of a table has one line.
_APART = ({"t": "Space"}, {"t": "Str", "c": "\N{MIDDLE DOT}"}, {"t": "Space"})


def markdown(document: Document, _content: Mapping[str, Any], stem: str) -> dict[str, bytes]:
    """Markdown of a document, as GitHub reads it, and its figures as SVG.

    Parameters
    ----------
    document
        From `servanda.analysis.reporting.assemble.assemble`.
    stem
        Name of the file without its suffix, and of the folder of figures before ``-figures``.

    Returns
    -------
    dict
        Names of the files and what they hold; equal documents give equal bytes.
    """
    drawn = dict.fromkeys(block.svg for block in every_block(document) if isinstance(block, Figure))
    names = {svg: f"{stem}-figures/figure-{place}.svg" for place, svg in enumerate(drawn, 1)}

    def figure(found: Figure, _: Setting) -> list[Element]:
        alt = [{"t": "Str", "c": isolated(one_line(found.alt))}]
        return [paragraph([{"t": "Image", "c": [attributes(), alt, [names[found.svg], ""]]}])]

    # GitHub makes anchors of titles by itself, so that no link within the document would lead anywhere.
    setting = Setting(
        words=_words, apart=_APART, figure=figure, kinds={"table": _table, "terms": _terms, "fold": _fold}
    )
    found = [paragraph(inlines(document.dateline, setting)), header(1, inlines(document.title, setting), "", setting)]
    for place, chapter in enumerate(document.chapters):
        found += [chapter_title(replace(chapter, name=""), setting)] if place else []
        found += blocks(chapter.blocks, setting if place else replace(setting, raised=1))
    made = pandoc(tree(found), "gfm")
    return {f"{stem}.md": made, **{name: svg.encode() for svg, name in names.items()}}


def _words(text: str) -> list[Element]:
    """Words whose marks are shielded: pandoc leaves some as they are, such as `1.`, `---` and `&lt;`."""
    return [_shielded(word) if word["t"] == "Str" else word for word in words(text)]


def _shielded(word: Element) -> Element:
    marks = re.compile(r"\D") if _LEADING.fullmatch(word["c"]) else _MARKS
    text = marks.sub(r"\\\g<0>", word["c"])
    return word if text == word["c"] else raw_inline("markdown", text)


def _table(block: Table, setting: Setting) -> list[Element]:
    """A table with its caption before it: Markdown has none of its own."""
    caption = [paragraph([{"t": "Strong", "c": inlines(block.caption, setting)}])] if block.caption else []
    note = [paragraph(inlines(block.note, setting))] if block.note else []
    return [*caption, *note, *table(replace(block, caption=(), note=()), setting)]


def _terms(block: Any, setting: Setting) -> list[Element]:
    pairs = [
        [
            {"t": "Strong", "c": inlines(name, setting)},
            {"t": "Str", "c": ":"},
            {"t": "Space"},
            *inlines(meaning, setting),
        ]
        for name, meaning in block.pairs
    ]
    return [{"t": "BulletList", "c": [[{"t": "Plain", "c": pair}] for pair in pairs]}]


def _fold(block: Any, setting: Setting) -> list[Element]:
    return [paragraph([{"t": "Strong", "c": inlines(block.summary, setting)}]), *blocks(block.blocks, setting)]
