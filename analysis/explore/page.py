"""The page in one file, and the same in a report: what it holds as JSON, and the program that reads it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ...common.json_values import to_json
from ..reporting.document.blocks import Panel
from ..reporting.page import TEMPLATES, dark_colours, policy

if TYPE_CHECKING:
    from jinja2 import Environment

PROGRAM = Path(__file__).parent / "program"
#: Modules of the program, each after those it imports from.
_MODULES = ("engine.js", "backers.js", "page.js")
#: Module that starts it in a report.
_STARTER = "start.js"
_IMPORT, _EXPORT = re.compile(r"^import .*?;\n", re.MULTILINE), re.compile(r"^export ", re.MULTILINE)
#: Lines that are a comment or empty, and what others are indented by.
_ASIDE = re.compile(r"^\s*//.*\n|^\s+", re.MULTILINE)


def page(content: Mapping[str, Any]) -> str:
    """HTML of the page; equal contents give equal pages.

    Parameters
    ----------
    content
        From `servanda.analysis.explore.content.content`.
    """
    language = content["language"]
    words = content["languages"][language]
    return _rendered(
        "explore.html.j2",
        content,
        language=language,
        title=f"{words['messages']['What if?']} {words['title']}",
        policy=policy([source(program())]),
    )


def panel(content: Mapping[str, Any]) -> Panel:
    """The same as a part of a report; equal contents give equal parts.

    Parameters
    ----------
    content
        From `servanda.analysis.explore.content.content`.
    """
    starter = (PROGRAM / _STARTER).read_text(encoding="utf-8")
    markup = _rendered("panel.html.j2", content, starter=Markup(starter))  # noqa: S704 - a file of ours
    return Panel(markup, (source(starter), source(program())))


def _rendered(template: str, content: Mapping[str, Any], **more: str) -> str:
    messages = content["languages"][content["language"]]["messages"]
    return (
        environment()
        .get_template(template)
        .render(
            noscript=messages["This page needs JavaScript, which this browser does not run."],
            content=in_script(content),
            program=Markup(program()),  # noqa: S704 - files of ours
            **more,
        )
    )


def program() -> str:
    """The program, its modules one after another, since a page in a file can import nothing; without its comments."""
    parts = ((PROGRAM / name).read_text(encoding="utf-8") for name in _MODULES)
    return "".join(_ASIDE.sub("", _EXPORT.sub("", _IMPORT.sub("", part))) for part in parts)


def source(script: str) -> str:
    """A script as the security policy of a page names it: by its digest, so that no other runs.

    Examples
    --------
    >>> source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


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
