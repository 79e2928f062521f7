"""DOCX: a document to edit and to clear, in the styles of the house."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..document.blocks import Block, Chapter, Document, Figure, plain
from ..document.safety import isolated, one_line
from .office import changed, finished, text
from .programs import SVG_UNITS, pandoc, pandoc_file, pixels
from .tree import (
    KINDS,
    Element,
    Setting,
    anchors,
    attributes,
    blocks,
    chapter_title,
    div,
    every,
    figure_width,
    header,
    inlines,
    paragraph,
    span,
    standing,
    tree,
)

#: Language of a document -> of Word's spelling.
TAGS = {"en": "en-GB", "es": "es-ES"}
_INK, _MUTED, _ACCENT, _ALARM = "1D2733", "55606C", "1F4E79", "A3281E"
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def docx(document: Document, _content: Mapping[str, Any], stem: str) -> dict[str, bytes]:
    """DOCX of a document.

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
        styles={"alarm": _alarm, "second": _second},
        language=_language,
        figure=figures_of(block for chapter in document.chapters for block in chapter.blocks),
        kinds={"paragraph": _paragraph, "callout": _callout},
        anchors=anchors(document) | {"answer"},
    )
    title = header(1, inlines(document.title, setting), "answer", setting)
    found = [_styled([paragraph(inlines(document.dateline, setting))], "Dateline"), title]
    for place, chapter in enumerate(document.chapters):
        found += (
            _first(chapter, setting)
            if place == 0
            else [chapter_title(chapter, setting), *blocks(chapter.blocks, setting)]
        )
    whole = tree(found, lang=TAGS.get(document.language, document.language))
    return {f"{stem}.docx": finished(pandoc(whole, "docx", _reference(document)), document)}


def figures_of(found: Iterable[Block], *, described: str = "alt") -> Any:
    """Sets figures as pictures in dots.

    Parameters
    ----------
    found
        Blocks that hold them.
    described
        Where pandoc looks for what a picture shows: ``alt``, or ``title`` for slides, which print the other below it.
    """
    drawn = {block.svg: block for block in every([*found]) if isinstance(block, Figure)}
    dots = dict(zip(drawn, pixels(tuple(drawn)), strict=True))
    return lambda figure, _setting: [paragraph([_picture(figure, dots[figure.svg], described)])]


def _picture(figure: Figure, dots: bytes, described: str) -> Element:
    width = figure_width(figure) / SVG_UNITS
    address = f"data:image/png;base64,{b64encode(dots).decode()}"
    said = isolated(one_line(figure.alt))
    alt = [{"t": "Str", "c": said}] if described == "alt" else []
    title = said if described == "title" else ""
    return {"t": "Image", "c": [attributes("", {"width": f"{width:.2f}in"}), alt, [address, title]]}


def _first(chapter: Chapter, setting: Setting) -> list[Element]:
    return blocks(chapter.blocks, replace(setting, raised=1))


def _line(document: Document) -> str:
    return isolated(one_line(plain(document.title)))


def _styled(found: list[Element], style: str) -> Element:
    return div(found, "", {"custom-style": style})


def _alarm(found: list[Element]) -> list[Element]:
    return span(found, {"custom-style": "Alarm"})


def _second(found: list[Element]) -> list[Element]:
    return span(found, {"custom-style": "Second"})


def _language(found: list[Element], code: str) -> list[Element]:
    return span(found, {"lang": TAGS.get(code, code)})


_ROLES = {"lead": "Lead", "note": "Note", "alarm": "Alarm Paragraph"}


def _paragraph(block: Any, setting: Setting) -> list[Element]:
    found = [paragraph(inlines(block.text, setting))]
    return [_styled(found, _ROLES[block.role])] if block.role else found


#: Role of a callout -> style, ground and edge.
_CALLOUTS = {"warning": ("Warning", "FDF6E7", "D9A441"), "alarm": ("Alarm Callout", "FDF1EF", _ALARM)}


def _callout(block: Any, setting: Setting) -> list[Element]:
    # The callout's own style holds for all of its paragraphs, whose own would take them out of it.
    plainly = replace(setting, kinds={**setting.kinds, "paragraph": KINDS["paragraph"]})
    return [_styled(blocks(block.blocks, plainly), _CALLOUTS[block.role][0])]


def _reference(document: Document) -> bytes:
    """Styles that a document takes: those of pandoc, in the house's letters, with a running footer."""
    said = " \N{MIDDLE DOT} ".join(part for part in (_line(document), isolated(one_line(standing(document)))) if part)
    footer = _FOOTER.format(words=_WORDS, said=text(said))
    return changed(
        pandoc_file("reference.docx"),
        {
            "word/styles.xml": _styles,
            "word/document.xml": _sections,
            "word/_rels/document.xml.rels": _relations,
            "[Content_Types].xml": _types,
        },
        {"word/footer1.xml": footer.encode()},
    )


_FOOTER = (
    '<?xml version="1.0" encoding="UTF-8"?><w:ftr xmlns:w="{words}"><w:p><w:pPr><w:pStyle w:val="Footer"/>'
    '<w:tabs><w:tab w:val="right" w:pos="9900"/></w:tabs></w:pPr><w:r><w:t xml:space="preserve">{said}</w:t></w:r>'
    '<w:r><w:tab/></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    "</w:p></w:ftr>"
)


def _relations(found: bytes) -> bytes:
    own = f'<Relationship Type="{_OFFICE}/footer" Id="rIdFooter1" Target="footer1.xml" /></Relationships>'
    return found.replace(b"</Relationships>", own.encode())


def _types(found: bytes) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"
    return found.replace(
        b"</Types>", f'<Override PartName="/word/footer1.xml" ContentType="{kind}" /></Types>'.encode()
    )


def _sections(found: bytes) -> bytes:
    page = (
        f'<w:sectPr><w:footerReference xmlns:r="{_OFFICE}" w:type="default" r:id="rIdFooter1"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="850" w:right="1000" w:bottom="850" w:left="1000" '
        'w:header="500" w:footer="500" w:gutter="0"/>'
    )
    return found.replace(b"<w:sectPr>", page.encode())


def _paragraph_style(name: str, letters: str, layout: str = "", based: str = "Normal") -> str:
    own = name.replace(" ", "")
    return (
        f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{own}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="{based}"/><w:pPr>{layout}</w:pPr><w:rPr>{letters}</w:rPr></w:style>'
    )


def _character_style(name: str, letters: str) -> str:
    return (
        f'<w:style w:type="character" w:customStyle="1" w:styleId="{name}"><w:name w:val="{name}"/>'
        f"<w:rPr>{letters}</w:rPr></w:style>"
    )


def _letters(size: float, colour: str = _INK, *, bold: bool = False) -> str:
    heavy, half_points = "<w:b/>" if bold else "", f"{2 * size:.0f}"
    return f'{heavy}<w:color w:val="{colour}"/><w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def _callout_style(name: str, ground: str, edge: str) -> str:
    layout = (
        f'<w:pBdr><w:left w:val="single" w:sz="24" w:space="8" w:color="{edge}"/></w:pBdr>'
        f'<w:shd w:val="clear" w:color="auto" w:fill="{ground}"/>'
    )
    return _paragraph_style(name, _letters(10), layout)


_ADDED = (
    _paragraph_style("Dateline", _letters(9, _MUTED), '<w:spacing w:after="60"/>')
    + _paragraph_style("Lead", _letters(11.5), '<w:spacing w:after="140"/>')
    + _paragraph_style("Note", _letters(9, _MUTED), '<w:spacing w:after="140"/>')
    + _paragraph_style("Alarm Paragraph", _letters(10, _ALARM))
    + "".join(_callout_style(*look) for look in _CALLOUTS.values())
    + _paragraph_style("Footer", _letters(8, _MUTED))
    .replace(' w:customStyle="1"', "")
    .replace('"Footer"/>', '"footer"/>', 1)
    + _character_style("Alarm", f'<w:b/><w:color w:val="{_ALARM}"/>')
    + _character_style("Second", f'<w:color w:val="{_MUTED}"/><w:sz w:val="17"/><w:szCs w:val="17"/>')
)
#: Level of a title -> size and colour of its letters, space before and after it.
_HEADINGS = {1: (18, _INK, 60, 120), 2: (14, _ACCENT, 280, 100), 3: (11.5, _ACCENT, 220, 60), 4: (10.5, _INK, 160, 40)}
_TABLE = (
    '<w:tblBorders><w:bottom w:val="single" w:sz="4" w:color="B9C1CA"/>'
    '<w:insideH w:val="single" w:sz="4" w:color="DFE3E8"/>'
    "</w:tblBorders>"
)


def _styles(found: bytes) -> bytes:
    styles = found.decode()
    fonts = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri" />'
    styles = re.sub(r"(<w:rPrDefault>\s*<w:rPr>\s*)<w:rFonts[^>]*/>", rf"\1{fonts}", styles)
    styles = re.sub(
        r'<w:sz w:val="24" />\s*<w:szCs w:val="24" />', '<w:sz w:val="20" /><w:szCs w:val="20" />', styles, count=1
    )
    styles = styles.replace('<w:spacing w:after="200" />', '<w:spacing w:after="100" />', 1)
    for level, (size, colour, before, after) in _HEADINGS.items():
        styles = _restyled(
            styles,
            f"Heading{level}",
            _letters(size, colour, bold=True),
            f'<w:keepNext/><w:spacing w:before="{before}" w:after="{after}"/>',
        )
    for name in ("BodyText", "FirstParagraph"):
        styles = _restyled(styles, name, "", '<w:spacing w:before="40" w:after="100"/>')
    styles = _restyled(styles, "Compact", "", '<w:spacing w:before="20" w:after="20"/>')
    styles = _restyled(
        styles,
        "TableCaption",
        f'<w:i w:val="0"/>{_letters(10)}',
        '<w:keepNext/><w:spacing w:before="160" w:after="60"/>',
    )
    styles = styles.replace(
        '<w:tblInd w:w="0" w:type="dxa" />\n      <w:tblCellMar>',
        f'<w:tblInd w:w="0" w:type="dxa" />{_TABLE}<w:tblCellMar>',
    )
    return styles.replace("</w:styles>", f"{_ADDED}</w:styles>").encode()


def _restyled(styles: str, name: str, letters: str, layout: str) -> str:
    """Styles in which one has other letters and another layout."""
    start = styles.index(f'w:styleId="{name}"')
    end = styles.index("</w:style>", start)
    own = re.sub(r"<w:(pPr|rPr)>.*?</w:\1>|<w:(pPr|rPr) ?/>", "", styles[start:end], flags=re.DOTALL)
    outline = re.search(r"<w:outlineLvl[^>]*/>", styles[start:end])
    layout += outline[0] if outline else ""
    return f"{styles[:start]}{own}<w:pPr>{layout}</w:pPr><w:rPr>{letters}</w:rPr>{styles[end:]}"
