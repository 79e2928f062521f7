"""A gallery of every figure that an executed page draws, each a way to the place where it is drawn.

Nothing is drawn for it: the pictures are those of the pages. ``{gallery}`` puts them in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from .kept import kept


@dataclass(frozen=True)
class Picture:
    """A figure of a page.

    Parameters
    ----------
    uri
        Of its file, as the environment keeps it.
    heading, anchor
        Of the section in which it stands.
    code
        The last line of the cell that draws it.
    """

    uri: str
    heading: str
    anchor: str
    code: str


class GalleryPlace(nodes.General, nodes.Element):
    """Where the gallery will stand, once every page is read."""


class Gallery(SphinxDirective):
    """Directive that holds the place of the gallery."""

    def run(self) -> list[nodes.Node]:
        """Mark the page, so that it is written anew whenever another page is."""
        kept(self.env, "gallery_pages").setdefault(self.env.docname, ())
        return [GalleryPlace()]


def pictures_of(page: nodes.document) -> Iterator[tuple[nodes.image, Picture]]:
    """Figures of the executed cells of a page, each with what is said of it."""
    for cell in page.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        source = "\n".join(
            block.astext()
            for part in cell.findall(nodes.container)
            if part.get("nb_element") == "cell_code_source"
            for block in part.findall(nodes.literal_block)
        )
        section: nodes.Element | None = cell.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if section is None:
            continue
        heading, code = section[0].astext(), (source.strip().splitlines() or [""])[-1].strip()
        for image in cell.findall(nodes.image):
            yield image, Picture(image["uri"], heading, section["ids"][0], code)


def collect(app: Sphinx, page: nodes.document) -> None:
    """Note the figures of a page, and say in words where each belongs."""
    found = []
    for image, picture in pictures_of(page):
        image["alt"] = f"Figure of the section “{picture.heading}”"
        found.append(picture)
    if found:
        kept(app.env, "gallery_pictures")[app.env.docname] = tuple(found)


def put(app: Sphinx, page: nodes.document, docname: str) -> None:
    """Put the pictures of all pages in the place of the gallery."""
    for place in list(page.findall(GalleryPlace)):
        pictures = kept(app.env, "gallery_pictures")
        parts: list[nodes.Node] = []
        for name in in_order(app.env):
            if name in pictures:
                parts.append(nodes.rubric("", app.env.titles[name].astext()))
                where = app.builder.get_relative_uri(docname, name)
                parts.append(nodes.container("", *(card(one, where) for one in pictures[name]), classes=["gallery"]))
        place.replace_self(parts)


def card(picture: Picture, where: str) -> nodes.Node:
    """A thumbnail, the section it comes from and the line that draws it, all one link."""
    image = nodes.image(uri=picture.uri, candidates={"*": picture.uri}, alt="", loading="lazy")
    heading = nodes.inline("", picture.heading, classes=["heading"])
    code = nodes.literal("", picture.code)
    link = nodes.reference("", "", image, heading, code, internal=True, refuri=f"{where}#{picture.anchor}")
    return nodes.paragraph("", "", link, classes=["card"])


def in_order(env: BuildEnvironment) -> Iterator[str]:
    """Pages in the order of the tables of contents."""
    waiting, seen = [env.config.root_doc], set()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            waiting = [*env.toctree_includes.get(name, []), *waiting]


def written_anew(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give the pages to be written whenever any is: those with a gallery."""
    return list(kept(env, "gallery_pages"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive and what follows the reading of pages."""
    app.add_directive("gallery", Gallery)
    app.add_node(GalleryPlace)
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", put)
    app.setup_extension("extensions.kept")
    app.connect("env-updated", written_anew)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
