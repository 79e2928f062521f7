"""PPTX: page one on three slides: the answer; how far to trust it; the record's own count and what is not seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..document.blocks import Block, Bullets, Document, Figure, Heading, Paragraph, Run, Table, Text, runs
from .office import changed, finished
from .programs import pandoc, pandoc_file
from .tree import Element, Setting, blocks, header, inlines, paragraph, table, tree
from .word import TAGS, figures_of

#: Anchors of page one: the first part that is no longer the answer itself, and those of the last slide.
_TRUST, _LAST = "trust-it", ("count", "cannot-see")
#: English metric units, which offices count in, of a point.
OFFICE_UNITS = 12700
#: Boxes of a slide with two columns in points (left, top, width, height): the text above both, the two contents, the
#: text below both.
_LEFT, _WIDTH, _GAP = 34, 652, 22
_HALF = (_WIDTH - _GAP) / 2
_TITLE = (_LEFT, 14, _WIDTH, 56)
_ABOVE = (_LEFT, 72, _WIDTH, 84)
_BELOW = (_LEFT, 338, _WIDTH, 62)
_CONTENTS = ((_LEFT, 156, _HALF, 180), (_LEFT + _HALF + _GAP, 156, _HALF, 180))
_TEXTS = ((_LEFT, 78, _HALF, 310), (_LEFT + _HALF + _GAP, 78, _HALF, 310))


@dataclass(frozen=True)
class Slide:
    """What stands on a slide: text above and below, and two things side by side between them."""

    title: Text
    above: tuple[Block, ...] = ()
    left: tuple[Block, ...] = ()
    right: tuple[Block, ...] = ()
    below: tuple[Block, ...] = ()


def pptx(document: Document, _content: Mapping[str, Any], stem: str) -> dict[str, bytes]:
    """Three slides of page one of a document.

    Parameters
    ----------
    document
        From `servanda.analysis.reporting.assemble.assemble`.
    stem
        Name of the file without its suffix.

    Returns
    -------
    dict
        Name of the file and what it holds; equal documents give equal bytes.
    """
    first = [block for chapter in document.chapters[:1] for block in chapter.blocks]
    setting = Setting(figure=figures_of(first, described="title"), kinds={"table": _table}, narrow=True)
    found = slides(document)
    body = [element for slide in found for element in _slide(slide, setting)]
    made = pandoc(tree(body), "pptx", _reference(), "--slide-level=1")
    language = TAGS.get(document.language, document.language)
    finishing = {
        f"ppt/slides/slide{place}.xml": partial(_finished, language=language, raised=not slide.above)
        for place, slide in enumerate(found, 1)
    }
    return {f"{stem}.pptx": finished(made, document, finishing)}


def slides(document: Document) -> tuple[Slide, Slide, Slide]:
    """Page one, shared out over three slides."""
    parts = list(_parts(document.chapters[0].blocks)) if document.chapters else []
    names = [part[0] for part in parts]
    ends = names.index(_TRUST) if _TRUST in names else len(parts)
    answer = [block for name, part in parts[:ends] if name not in _LAST for block in part]
    trust = [part for name, part in parts if name == _TRUST]
    change = [part for name, part in parts[ends:] if name not in (_TRUST, *_LAST)]
    last = [part for wanted in _LAST for name, part in parts if name == wanted]
    draft = runs(document.labels["draft"], ": ") if not document.passed and "draft" in document.labels else ()
    return (
        _answer(runs(draft, document.title), answer),
        _trusted(runs(draft), document, trust, change),
        _counted(runs(draft), document, last),
    )


def _answer(title: Text, found: Sequence[Block]) -> Slide:
    figures = [block for block in found if block.kind in _SHOWN]
    first = next((place for place, block in enumerate(found) if block.kind == "heading"), len(found))
    above = _told([block for block in found[:first] if block.kind not in _SHOWN])
    captions = [Paragraph(block.caption) for block in figures[:2] if isinstance(block, Figure) and block.caption]
    below = _told([*captions, *(block for block in found[first:] if block.kind not in (*_SHOWN, "heading"))])
    return Slide(title, above, _bare(figures[:1]), _bare(figures[1:2]), below)


def _trusted(
    draft: Text, document: Document, trust: Sequence[Sequence[Block]], change: Sequence[Sequence[Block]]
) -> Slide:
    title, left = _headed(trust[0]) if trust else (document.title, [])
    return Slide(runs(draft, title), left=_told(left), right=_told([block for part in change for block in part]))


def _counted(draft: Text, document: Document, last: Sequence[Sequence[Block]]) -> Slide:
    title, first = _headed(last[0]) if last else (document.title, [])
    tables = [block for block in first if block.kind in _SHOWN]
    above = _told([block for block in first if block.kind not in _SHOWN])
    below = _told([block for part in last[1:] for block in part])
    return Slide(runs(draft, title), above, _bare(tables[:1]), _bare(tables[1:2]), below)


def _bare(found: Sequence[Block]) -> tuple[Block, ...]:
    """Figures without captions, which pandoc would put on a slide of their own."""
    return tuple(replace(block, caption=()) if isinstance(block, Figure) else block for block in found)


def _told(found: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks as paragraphs and points, which is all that a slide has room for beside two pictures."""
    return tuple(one for block in found for one in _TOLD.get(block.kind, _itself)(block))


def _itself(block: Any) -> Sequence[Block]:
    return [block]


def _rows(block: Any) -> Sequence[Block]:
    said = [runs(*[part for cell in row if cell for part in (" \N{MIDDLE DOT} ", cell)][1:]) for row in block.rows]
    return [Bullets(tuple(said))]


#: Kinds of blocks that are shown beside each other.
_SHOWN = ("figure", "table")
#: Kind of a block -> the same in paragraphs and points; what unfolds on a page stays out.
_TOLD: Mapping[str, Callable[[Any], Sequence[Block]]] = {
    "heading": lambda block: [Paragraph(tuple(Run(run.text, "strong", language=run.language) for run in block.text))],
    "terms": lambda block: [Bullets(tuple(runs(name, ": ", meaning) for name, meaning in block.pairs))],
    "table": _rows,
    "figure": lambda block: [Paragraph(runs(block.alt))],
    "fold": lambda _: [],
    "callout": lambda block: _told(block.blocks),
}


def _headed(part: Sequence[Block]) -> tuple[Text, list[Block]]:
    """Title of a part, and what stands under it."""
    first: Any = part[0]
    return first.text, list(part[1:])


def _parts(found: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Anchor and blocks of each part of a page, columns one after the other."""
    name, part = "", []
    for block in _flat(found):
        if isinstance(block, Heading) and block.anchor:
            if part:
                yield name, part
            name, part = block.anchor, []
        part.append(block)
    if part:
        yield name, part


def _flat(found: Sequence[Block]) -> Iterator[Block]:
    for block in found:
        columns: Any = getattr(block, "columns", ()) if block.kind == "columns" else None
        if columns is None:
            yield block
        else:
            for column in columns:
                yield from _flat(column)


def _slide(slide: Slide, setting: Setting) -> list[Element]:
    title = header(1, inlines(slide.title, setting), "", setting)
    left = [*blocks(slide.above, setting), *blocks(slide.left, setting)]
    right = [*blocks(slide.below, setting), *blocks(slide.right, setting)]
    if not right and not any(block.kind in _SHOWN for block in slide.left):
        return [title, *left]
    columns = [{"t": "Div", "c": [["", ["column"], []], found or [paragraph([])]]} for found in (left, right)]
    return [title, {"t": "Div", "c": [["", ["columns"], []], columns]}]


def _table(block: Table, setting: Setting) -> list[Element]:
    """A table whose caption heads its first column: below it the caption would stand on what follows."""
    headed = (block.caption, *block.columns[1:]) if block.caption else block.columns
    return table(replace(block, caption=(), note=(), columns=headed), setting)


def _finished(found: bytes, *, language: str, raised: bool) -> bytes:
    """A slide in its language; what has no text above it stands higher."""
    text = found.decode().replace("<a:rPr ", f'<a:rPr lang="{language}" ')
    # pandoc puts the address of a picture, which is all of its dots, behind what it shows.
    text = re.sub(r'(?:\s|&#\w+;)*data:image/png;base64,[A-Za-z0-9+/=]+"', '"', text)
    top, higher = (round(OFFICE_UNITS * box[1]) for box in (_CONTENTS[0], _TEXTS[0]))
    return (text.replace(f'y="{top}"', f'y="{higher}"') if raised else text).encode()


def _reference() -> bytes:
    """Slides that a document's take their look from: those of pandoc, with the house's boxes and sizes."""
    layouts = "ppt/slideLayouts/slideLayout"
    return changed(
        pandoc_file("reference.pptx"),
        {
            "ppt/slideMasters/slideMaster1.xml": _master,
            "ppt/presentation.xml": lambda found: found.replace(b'sz="1800"', b'sz="1200"'),
            f"{layouts}4.xml": lambda found: _boxed(found, _TEXTS, 15),
            f"{layouts}5.xml": lambda found: _boxed(found, (_ABOVE, _CONTENTS[0], _BELOW, _CONTENTS[1]), 12),
        },
    )


def _master(found: bytes) -> bytes:
    """Titles to the left and smaller, text in the size of a page that is read."""
    text = found.decode()
    title = text.index("<p:titleStyle>")
    ends = text.index("</p:titleStyle>")
    style = text[title:ends].replace('algn="ctr"', 'algn="l"').replace('sz="3300"', 'sz="2200" b="1"')
    text = text[:title] + style + text[ends:]
    return _boxed(text.encode(), (_TITLE,), 15)


def _boxed(found: bytes, boxes: Sequence[tuple[float, float, float, float]], size: int) -> bytes:
    """Layout whose first boxes stand elsewhere, with letters of so many points in them."""
    given = iter(boxes)

    def placed(old: re.Match[str]) -> str:
        box = next(given, None) if 'cx="0"' not in old[0] else None
        if box is None:
            return old[0]
        left, top, width, height = (round(OFFICE_UNITS * side) for side in box)
        return f'<a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/>'

    text = re.sub(r"<a:off [^>]*/><a:ext [^>]*/>", placed, found.decode())
    text = text.replace('<a:bodyPr anchor="b"/>', '<a:bodyPr anchor="t"><a:normAutofit/></a:bodyPr>')
    return re.sub(r'sz="(2400|2100|1800|1500|1350)"( b="1")?', f'sz="{100 * size}"', text).encode()
