"""A page read back: its text by block, its tags, its cells, its references."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.document.blocks import Panel
from servanda.analysis.reporting.page import page

VOID = {"meta", "br", "hr", "img", "input", "link"}
#: What print sets finely, as a keyboard has it.
PLAIN = {0xA0: " ", 0x2013: "-", 0x2212: "-", 0x2018: "'", 0x2019: "'"}
INLINE = {"strong", "span", "small", "a", "code", "em", "bdi"}


#: Dictionary as JSON, language -> the page that was written of it.
_WRITTEN: dict[tuple[str, str], str] = {}


def render(content: Mapping[str, Any], language: str = "en", panel: Panel | None = None) -> str:
    """Page of a report's dictionary; many tests look at the same, which is written once."""
    if panel is not None:
        return written_anew(content, language, panel)
    key = json.dumps(content), language
    if key not in _WRITTEN:
        _WRITTEN[key] = written_anew(content, language)
    return _WRITTEN[key]


def written_anew(content: Mapping[str, Any], language: str = "en", panel: Panel | None = None) -> str:
    """Page of a report's dictionary, whether or not it was written before."""
    return page(assemble(content, language, panel))


class Page(HTMLParser):
    """Fails on unbalanced tags; gathers what the tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.blocks: list[str] = [""]
        self.cells: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.tags: list[str] = []
        self.cell: str | None = None
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag not in INLINE:
            self.blocks.append("")
        if tag == "td":
            self.cell = ""

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        if tag not in INLINE:
            self.blocks.append("")
        if tag == "td":
            self.cells.append(self.cell or "")
            self.cell = None

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.blocks[-1] += data
        if self.cell is not None:
            self.cell += data

    @property
    def text(self) -> str:
        """All that is read, block by block, blanks made one."""
        return "\n".join(filter(None, (" ".join(block.split()) for block in self.blocks))).translate(PLAIN)

    @property
    def sentences(self) -> list[str]:
        return [part for block in self.text.split("\n") for part in re.split(r"(?<=[.!?])\s+(?=[A-Z'])", block)]

    def values(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value for _, found, value in self.attributes if found == name]
