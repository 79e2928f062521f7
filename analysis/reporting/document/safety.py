"""Text that comes from outside: what it may lead to, and that it keeps its direction to itself."""

from __future__ import annotations

import re
import unicodedata

#: Where a link may lead; anything else is shown and not linked.
_LINKS = re.compile(r"(#[\w-]+|https?://\S+)\Z")
#: Classes of characters that turn the direction of what stands around them.
_TURNING = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
_OPENING = {"RLI", "LRI", "FSI"}
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
#: Characters that are no text: controls, and what parts lines or paragraphs.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def linkable(href: str) -> bool:
    """Whether a link may lead there: to an anchor of the document or over the web.

    Examples
    --------
    >>> linkable("https://doi.org/10.2307/1"), linkable("#answer"), linkable("javascript:alert(1)")
    (True, True, False)
    """
    return bool(_LINKS.match(href))


def turns(text: str) -> bool:
    """Whether text could turn the direction of its neighbours.

    Examples
    --------
    >>> turns("5 < 6"), turns("\N{RIGHT-TO-LEFT OVERRIDE}47 %")
    (False, True)
    """
    return any(unicodedata.bidirectional(character) in _TURNING for character in text)


def isolated(text: str) -> str:
    r"""Text set apart by isolating characters where it could turn the direction of its neighbours.

    Isolates that the text opens or closes by itself are matched, so that it cannot leave its own.

    Examples
    --------
    >>> isolated("5 < 6"), isolated("\N{RIGHT-TO-LEFT OVERRIDE}47 %")
    ('5 < 6', '\u2068\u202e47 %\u2069')
    >>> isolated("\u2069a").count("\u2068")
    2
    """
    if not turns(text):
        return text
    opened = unmatched = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in _OPENING:
            opened += 1
        elif kind == "PDI":
            opened, unmatched = (opened - 1, unmatched) if opened else (0, unmatched + 1)
    return _FIRST_STRONG_ISOLATE * (1 + unmatched) + text + _POP_ISOLATE * (1 + opened)


def one_line(text: str) -> str:
    r"""Text without controls and breaks of lines, which stand for a space.

    Examples
    --------
    >>> one_line("a\n= b")
    'a = b'
    """
    return _NO_TEXT.sub(" ", text)
