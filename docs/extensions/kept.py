"""What the environment keeps by page, through pages that are read anew and processes that read side by side."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

#: Names under which something is kept.
NAMES = ("gallery_pictures", "gallery_pages", "notebook_pages")


def kept(env: BuildEnvironment, name: str) -> dict[str, Any]:
    """Give what the environment keeps under a name, by page."""
    if not hasattr(env, name):
        setattr(env, name, {})
    return getattr(env, name)


def forget(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what is known of a page that is read anew."""
    for name in NAMES:
        kept(env, name).pop(docname, None)


def merge(_app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what another process has read."""
    for name in NAMES:
        kept(env, name).update({page: found for page, found in kept(other, name).items() if page in docnames})


def setup(app: Sphinx) -> dict[str, Any]:
    """Follow the reading of pages."""
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
