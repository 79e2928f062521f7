"""Numbers, quoted words and XML, as the formats read and write them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np


def numbers_in(text: str) -> np.ndarray:
    """Read all numbers of a text, whatever brackets and commas stand between them.

    Examples
    --------
    >>> numbers_in("((0.5 0.5) (1e-3, .999))").tolist()
    [0.5, 0.5, 0.001, 0.999]
    """
    return np.array([float(number) for number in re.sub(r"[(),]", " ", text).split()])


def digits(numbers: np.ndarray, separator: str = " ") -> str:
    """Write numbers so that the very same doubles are read."""
    return separator.join(map(repr, numbers.ravel().tolist()))


class QuotedText:
    r"""A text whose quoted strings stand aside, so that nothing in them is taken for a part of the format.

    Parameters
    ----------
    raw
        The file.
    comment
        Pattern of a comment; a quote in a comment begins no string.

    Examples
    --------
    >>> text = QuotedText(b'states = ("no" "a little"); % in "millimetres"', r"%[^\n]*")
    >>> text.plain
    'states = ("0" "1");  '
    >>> text.words('"0" "1"', " ")
    ('no', 'a little')
    """

    def __init__(self, raw: bytes, comment: str) -> None:
        self._strings: list[str] = []
        self.plain = re.sub(rf'"([^"]*)"|(?:{comment})', self._aside, raw.decode("utf-8-sig"))

    def _aside(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return " "
        self._strings.append(found[1])
        return f'"{len(self._strings) - 1}"'

    def word(self, mark: str) -> str:
        """Give a name as it was written, without quotes."""
        mark = mark.strip()
        return self._strings[int(mark[1:-1])] if mark.startswith('"') else mark

    def words(self, marks: str, separators: str) -> tuple[str, ...]:
        """Give the names between `separators`, a pattern."""
        return tuple(self.word(mark) for mark in re.split(separators, marks) if mark.strip())


def xml_root(raw: bytes) -> ET.Element:
    """Read XML in whatever encoding it names; what is not XML is a ValueError."""
    try:
        return ET.fromstring(raw)  # noqa: S314  expat itself bounds what entities may grow to
    except ET.ParseError as error:
        raise ValueError(str(error)) from error


def xml_text(root: ET.Element) -> str:
    """Write XML, indented."""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def inner_text(element: ET.Element, tag: str) -> str:
    """Give the text of the first child of this name, without space around it; empty where there is none."""
    return element.findtext(tag, "").strip()
