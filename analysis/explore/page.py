"""The page in one file: what it holds as JSON, and the program that reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ...common.json_values import to_json
from ..reporting.page import TEMPLATES, dark_colours

if TYPE_CHECKING:
    from jinja2 import Environment

PROGRAM = Path(__file__).parent / "program"
#: Modules of the program, each after those it imports from.
_MODULES = ("engine.js", "page.js")
_IMPORT, _EXPORT = re.compile(r"^import .*?;\n", re.MULTILINE), re.compile(r"^export ", re.MULTILINE)


def page(content: Mapping[str, Any]) -> str:
    """HTML of the page; equal contents give equal pages.

    Parameters
    ----------
    content
        From `servanda.analysis.explore.content.content`.
    """
    words = content["languages"][content["language"]]
    return (
        environment()
        .get_template("explore.html.j2")
        .render(
            language=content["language"],
            title=f"{words['messages']['What if?']} {words['title']}",
            noscript=words["messages"]["This page needs JavaScript, which this browser does not run."],
            content=in_script(content),
            program=Markup(program()),  # noqa: S704 - a file of ours
        )
    )


def program() -> str:
    """The program, its modules one after another, since a page in a file can import nothing."""
    parts = ((PROGRAM / name).read_text(encoding="utf-8") for name in _MODULES)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)


def in_script(value: Any) -> Markup:
    r"""JSON that stands in a script element and cannot end it.

    Examples
    --------
    >>> print(in_script({"title": "</script><b>&"}))
    {"title":"\u003c/script\u003e\u003cb\u003e\u0026"}
    """
    text = to_json(value, ensure_ascii=False, separators=(",", ":"))
    escapes = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    return Markup(text.translate(str.maketrans(escapes)))  # noqa: S704 - nothing in it can open or close an element


def environment() -> Environment:
    """Templates of the pages, which share the look of a report."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(loader=FileSystemLoader([PROGRAM, TEMPLATES]), autoescape=True, undefined=StrictUndefined)
    found.globals["dark_colours"] = dark_colours()
    return found
