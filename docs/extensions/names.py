"""The public names: documented by task, each once, and linked wherever a page speaks of them.

``{public-names} ROOM`` documents the names of a room that stand in it, one a line. A name that no page documents, or
that no room has, is a fault of the build.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .neighbours import links

#: Rooms whose names are documented, those for everyone first: under the first that has it a name is known.
ROOMS = (
    "servanda.record",
    "servanda.models",
    "servanda.models.cases",
    "servanda.models.sampling",
    "servanda.priors",
    "servanda.analysis",
    "servanda.analysis.figures",
    "servanda.analysis.track",
    "servanda.common",
)
_LOG = logging.getLogger(__name__)
#: What is surely a name: its package stands before it, it has an underscore, it begins with a capital, or it is called.
_SURE = re.compile(r"^(?:(?:sv|servanda|az|xr|pm)\.[\w.]+|(?:\w+\.)*(?:\w+_\w+|[A-Z]\w*[a-z]\w*|\w+(?=\()))")


def names_of(room: str) -> dict[str, Any]:
    """Public names of a room and their values, but for rooms within it."""
    module = importlib.import_module(room)
    found = {name: getattr(module, name) for name in module.__all__}
    return {name: value for name, value in found.items() if not inspect.ismodule(value)}


@cache
def homes() -> dict[str, str]:
    """Every full public name -> the one under which it is documented: of several names of one value, the first."""
    found, first = {}, {}
    for room in ROOMS:
        for name, value in names_of(room).items():
            full = f"{room}.{name}"
            found[full] = first.setdefault((id(value), name), full)
    for name, value in names_of("servanda").items():
        found[f"servanda.{name}"] = next(
            (home for (one, called), home in first.items() if (one, called) == (id(value), name)), f"servanda.{name}"
        )
    return found


class PublicNames(SphinxDirective):
    """Document names of a room, in the order in which they stand, with a table of them first."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict] = {}

    def run(self) -> list[nodes.Node]:
        """Write what autodoc then reads; rooms export lazily, so that it cannot find the names by itself."""
        room = self.arguments[0]
        have = names_of(room)
        asked = [line.strip() for line in self.content if line.strip()]
        unknown = sorted(set(asked) - set(have))
        if unknown:
            raise self.error(f"{room} has no public name {', '.join(unknown)}")
        lines = [".. list-table::", "   :widths: auto", "   :class: names", ""]
        for name in asked:
            said = (inspect.getdoc(have[name]) or "").partition("\n")[0] if not _is_data(have[name]) else "A constant."
            lines += [f"   * - :py:obj:`{name} <{room}.{name}>`", f"     - {said}"]
        lines.append("")
        for name in asked:
            lines += [f".. {_directive_for(have[name])}:: {room}.{name}"]
            members = _members(have[name])
            lines += [f"   :members: {', '.join(members)}"] if members else []
            lines.append("")
        return self.parse_text_to_nodes("```{eval-rst}\n" + "\n".join(lines) + "\n```")


def _members(value: object) -> list[str]:
    """Public methods and properties that a class of ours itself says something of."""
    if not inspect.isclass(value) or _is_error(value):
        return []
    parts = {name: getattr(part, "fget", getattr(part, "__func__", part)) for name, part in vars(value).items()}
    return [
        name
        for name, part in parts.items()
        if not name.startswith("_")
        and inspect.isfunction(part)
        and part.__module__.startswith("servanda.")
        and part.__doc__
    ]


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, BaseException)


def _is_data(value: object) -> bool:
    return not (inspect.isclass(value) or inspect.isroutine(value))


def _directive_for(value: object) -> str:
    if _is_error(value):
        return "autoexception"
    if inspect.isclass(value):
        return "autoclass"
    return "autodata" if _is_data(value) else "autofunction"


def also(_app: Sphinx, _what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Say under which other names a public name is imported."""
    others = [other for other, home in homes().items() if home == name and other != name]
    if others:
        lines += ["", f"Also imported as {', '.join(f'``{other}``' for other in sorted(others, key=len))}.", ""]


def complete(_app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of public names that no page documents."""
    documented = set(env.get_domain("py").objects)
    for full in sorted(set(homes().values()) - documented):
        _LOG.warning("no page under docs/api documents the public name %s", full)


@cache
def _known() -> dict[str, str]:
    """How a page may write a name -> the full name that has an entry; what is ambiguous is left out."""
    found: dict[str, set[str]] = {}
    for full, home in homes().items():
        parts = full.split(".")
        for start in range(len(parts)):
            found.setdefault(".".join(parts[start:]), set()).add(home)
        if len(parts) == 2:
            found.setdefault(f"sv.{parts[1]}", set()).add(home)
    return {**links(), **{name: next(iter(home)) for name, home in found.items() if len(home) == 1}}


def link(app: Sphinx, page: nodes.document) -> None:
    """Make of each literal that is surely a public name, or begins with its call, a link to its entry."""
    for literal in list(page.findall(nodes.literal)):
        parents = []
        parent = literal.parent
        while parent is not None:
            parents.append(parent)
            parent = parent.parent
        if any(
            isinstance(one, nodes.reference | nodes.title | addnodes.pending_xref | addnodes.desc_signature)
            for one in parents
        ):
            continue
        sure = _SURE.match(literal.astext())
        full = _known().get(sure[0]) if sure and literal.astext()[sure.end() :][:1] in ("", "(") else None
        if full and not any(isinstance(one, addnodes.desc) and full in one[0]["ids"] for one in parents):
            wrapped = addnodes.pending_xref(
                "",
                refdomain="py",
                reftype="obj",
                reftarget=full,
                refdoc=app.env.docname,
                refwarn=False,
                refexplicit=True,
            )
            literal.replace_self(wrapped)
            wrapped += literal


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive, the check and the links."""
    app.add_directive("public-names", PublicNames)
    app.connect("autodoc-process-docstring", also)
    app.connect("doctree-read", link)
    app.connect("env-check-consistency", complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
