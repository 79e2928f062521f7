"""PDF: a document set by typst, tagged for screen readers and fit for an archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..document.blocks import Columns, Document, Figure, plain
from ..document.safety import isolated, one_line
from .programs import FONTS, compiler, literal, moment, pandoc
from .tree import (
    Element,
    Setting,
    anchors,
    blocks,
    chapter_title,
    div,
    every,
    figure_width,
    header,
    inlines,
    paragraph,
    raw,
    raw_inline,
    standing,
    tree,
)

if TYPE_CHECKING:
    from typst import Compiler

#: PDF/A for the archive, PDF/UA for who cannot see it.
STANDARDS: Any = ["a-2a", "ua-1"]
#: Sizes of letters in points: the first at which page one fits on a page is taken, for all pages.
SIZES = (10.2, 9.8, 9.4, 9.1, 8.8, 8.4, 8.0)
_NEW_PAGE = raw("typst", "#pagebreak(weak: true)")

_TEMPLATE = r"""
#set document(title: {title})
#set text(font: {fonts}, size: {size}pt, lang: {language}, fill: rgb("#1d2733"))
#set page(paper: "a4", margin: (x: 15mm, top: 12mm, bottom: 15mm), footer: context [
  #set text(size: 7.5pt, fill: rgb("#55606c"))
  #grid(columns: (1fr, auto, auto), column-gutter: 6mm,
    box(height: 1em, clip: true, width: 100%, {title}), {standing},
    counter(page).display("1 / 1", both: true))
])
#set par(leading: 0.55em, spacing: 0.8em, linebreaks: "optimized")
#show heading: set text(fill: rgb("#1f4e79"))
#show heading: set block(sticky: true, above: 1.1em, below: 0.55em)
#show heading.where(level: 1): set text(size: 1.55em, fill: rgb("#1d2733"))
#show heading.where(level: 1): set block(below: 0.75em)
#show heading.where(level: 2): set text(size: 1.15em)
#show heading.where(level: 3): set text(size: 1.05em)
#show link: set text(fill: rgb("#1f4e79"))
#show raw: set text(font: "DejaVu Sans Mono", size: 0.88em)
#set list(marker: [•], spacing: 0.5em, indent: 0.2em)
#set table(stroke: (x, y) => (bottom: (if y == 0 {{ 0.9pt }} else {{ 0.4pt }}) + rgb("#b9c1ca")))
#set table(inset: (x: 3pt, y: 2.6pt))
#show table: set text(size: 0.92em)
#show figure: set block(breakable: true, spacing: 1em)
#show figure.where(kind: table): set figure.caption(position: top)
#set figure(numbering: none, supplement: none, gap: 0.4em)
#show figure.caption: it => align(left, block(sticky: true, it.body))
// A range of numbers stays on its line.
#show regex("\d+\u{{2013}}\d+(\u{{a0}}%)?"): it => box(it)
// A word with no place to break would leave its column: names break after their marks, anything longer anywhere.
#show regex("[^\s\u{{200b}}]{{14,}}"): it => {{
  let parts = it.text.clusters()
  if parts.len() > 30 {{ parts.join("\u{{200b}}") }}
  else {{ it.text.replace(regex("[_/-]"), mark => mark.text + "\u{{200b}}") }}
}}
"""


def pdf(document: Document, _content: Mapping[str, Any], stem: str) -> dict[str, bytes]:
    """PDF of a document: PDF/A-2a and PDF/UA-1.

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
    setting = Setting(
        words=_words,
        code=_code,
        styles={"second": _second, "alarm": _coloured("#a3281e")},
        language=_language,
        figure=_figure,
        kinds={"columns": _columns, "callout": _callout, "paragraph": _paragraph},
        anchors=anchors(document) | {"answer"},
        fill="typst:fill",
    )
    # Of page one alone no link leads anywhere.
    alone = pandoc(tree(_page_one(document, replace(setting, anchors=frozenset()))), "typst").decode()
    typst = compiler()
    size = next((size for size in SIZES if _pages(typst, _source(document, alone, size)) == 1), SIZES[-1])
    body = pandoc(tree([*_page_one(document, setting), *_after(document, setting)]), "typst").decode()
    found: Any = typst.compile(
        _source(document, body, size), format="pdf", pdf_standards=STANDARDS, timestamp=moment(document)
    )
    return {f"{stem}.pdf": found}


def _pages(typst: Compiler, source: bytes) -> int:
    found: Any = typst.compile(source, format="png", ppi=1)
    return len(found) if isinstance(found, list) else 1


def _source(document: Document, body: str, size: float) -> bytes:
    template = _TEMPLATE.format(
        title=_literal(plain(document.title)),
        standing=_literal(standing(document)),
        language=literal(document.language),
        fonts="(" + ", ".join(literal(font) for font in FONTS) + ")",
        size=size,
    )
    return (template + body).encode()


def _page_one(document: Document, setting: Setting) -> list[Element]:
    """Dateline, title and first chapter; of what folds there only the summary, since it is one page."""
    title = header(1, inlines(document.title, setting), "answer", setting)
    first = replace(setting, raised=1, kinds={**setting.kinds, "fold": _summary})
    found = [element for chapter in document.chapters[:1] for element in blocks(chapter.blocks, first)]
    return [_small(inlines(document.dateline, setting)), title, *found]


def _after(document: Document, setting: Setting) -> list[Element]:
    """Chapters after the first, each on a page of its own, and what is folded in the first."""
    found: list[Element] = []
    for chapter in document.chapters[1:]:
        found += [_NEW_PAGE, chapter_title(chapter, setting), *blocks(chapter.blocks, setting)]
    for fold in (block for chapter in document.chapters[:1] for block in every(chapter.blocks) if block.kind == "fold"):
        found += [_NEW_PAGE, *blocks([fold], setting)]
    return found


def _summary(block: Any, setting: Setting) -> list[Element]:
    return [
        paragraph([{"t": "Strong", "c": inlines(block.summary, setting)}, *setting.words(" \N{HORIZONTAL ELLIPSIS}")])
    ]


def _literal(text: str) -> str:
    return literal(isolated(one_line(text)))


def _words(text: str) -> list[Element]:
    # A string of typst is never read for marks: pandoc leaves some of them as they are at the start of a cell.
    return [raw_inline("typst", f"#{_literal(text)};")] if text else []


def _code(text: str) -> Element:
    return raw_inline("typst", f"#raw({_literal(text)});")


def _second(found: list[Element]) -> list[Element]:
    return _within('#text(size: 0.9em, fill: rgb("#55606c"))[', found)


def _within(opening: str, found: list[Element]) -> list[Element]:
    return [raw_inline("typst", opening), *found, raw_inline("typst", "]")]


def _coloured(colour: str) -> Any:
    return lambda found: _within(f'#text(fill: rgb("{colour}"))[', [{"t": "Strong", "c": found}])


def _language(found: list[Element], code: str) -> list[Element]:
    return _within(f"#text(lang: {_literal(code)})[", found) if code.isalpha() and len(code) in (2, 3) else found


def _small(found: list[Element]) -> Element:
    return paragraph(_within('#text(size: 0.9em, fill: rgb("#55606c"))[', found))


def _lead(found: list[Element]) -> Element:
    return paragraph(_within("#text(size: 1.12em)[", found))


def _alarm(found: list[Element]) -> Element:
    return paragraph(_coloured("#a3281e")(found))


_ROLES = {"": paragraph, "lead": _lead, "note": _small, "alarm": _alarm}


def _paragraph(block: Any, setting: Setting) -> list[Element]:
    return [_ROLES[block.role](inlines(block.text, setting))]


def _figure(figure: Figure, setting: Setting) -> list[Element]:
    width = "100%" if figure.wide or setting.narrow else f"{figure_width(figure):.1f}pt"
    picture = f'image(bytes({literal(figure.svg)}), format: "svg", width: {width}, alt: {_literal(figure.alt)})'
    return [raw("typst", f"#block(breakable: false, {picture})")]


def _columns(block: Columns, setting: Setting) -> list[Element]:
    shares = ", ".join(["1fr"] * len(block.columns))
    found: list[Element] = [raw("typst", f"#block(above: 1.2em)[#grid(columns: ({shares},), column-gutter: 7mm, [")]
    for place, column in enumerate(block.columns):
        found += [raw("typst", "], [")] if place else []
        found += blocks(column, replace(setting, narrow=True))
    return [*found, raw("typst", "])]")]


def _callout(block: Any, setting: Setting) -> list[Element]:
    colours = {"warning": ("#fdf6e7", "#d9a441"), "alarm": ("#fdf1ef", "#a3281e")}
    ground, edge = colours[block.role]
    look = {
        "typst:fill": f'rgb("{ground}")',
        "typst:stroke": f'(left: 3pt + rgb("{edge}"))',
        "typst:inset": "(x: 8pt, y: 6pt)",
        "typst:width": "100%",
    }
    return [div(blocks(block.blocks, setting), "", look)]
