"""Pages are executed while others are read, some at once.

MyST-NB executes a page when Sphinx reads it, so one after another. Here every page whose cells are not in its cache is
begun before the first is read, and handed to the cache when its turn comes: MyST-NB then finds it executed. A page
that fails is a fault of the build, as it would be there.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from sphinx.errors import SphinxError
from sphinx.util import logging

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Each page has a process of its own, which may hold a gigabyte.
AT_ONCE = max(2, min(os.cpu_count() or 1, 4))


def executed(notebook: NotebookNode, timeout: float) -> ExecutionResult:
    """Run every cell of a notebook, in an empty folder; the first that fails is the last.

    Parameters
    ----------
    notebook
        Gains its outputs.
    timeout
        Seconds that a cell may take.
    """
    with TemporaryDirectory() as folder:
        return single_nb_execution(notebook, cwd=folder, timeout=timeout, allow_errors=False)


class Ahead:
    """Pages that are being executed, from when Sphinx knows what it will read until it has read them."""

    def __init__(self) -> None:
        self.workers = ThreadPoolExecutor(AT_ONCE)
        self.begun: dict[str, Future[ExecutionResult]] = {}

    def begin(self, app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        """Begin every page that is to be read, has cells and is not in the cache; what takes longest goes first."""
        config = env.mystnb_config
        if config.execution_mode != "cache":
            return
        cache, first = get_cache(config.execution_cache_path), app.config.executed_first
        for docname in sorted(docnames, key=lambda name: (first.index(name) if name in first else len(first), name)):
            path = env.doc2path(docname)
            text = Path(path).read_text(encoding="utf-8")
            reader = create_nb_reader(path, env.myst_config, config, text)
            if reader:
                notebook = reader.read(text)
                with suppress(KeyError):
                    cache.match_cache_notebook(notebook)
                    continue
                self.begun[docname] = self.workers.submit(executed, notebook, config.execution_timeout)

    def hand_over(self, app: Sphinx, docname: str, _source: list[str]) -> None:
        """Put a page that is about to be read into the cache, once it is executed.

        Raises
        ------
        SphinxError
            A cell failed.
        """
        if docname not in self.begun:
            return
        try:
            done = self.begun.pop(docname).result()
        except KeyboardInterrupt:
            self.workers.shutdown(wait=False, cancel_futures=True)
            raise
        if done.err:
            message = f"a cell of the page fails\n{done.exc_string}"
            logging.getLogger(__name__).warning(message, location=docname)
            raise SphinxError(f"{docname}: a cell fails")
        get_cache(app.env.mystnb_config.execution_cache_path).cache_notebook_bundle(
            CacheBundleIn(done.nb, app.env.doc2path(docname), data={"execution_seconds": done.time}),
            check_validity=False,
            overwrite=True,
        )

    def end(self, _app: Sphinx, _error: Exception | None) -> None:
        """Begin no more pages; those that are being executed end first."""
        self.workers.shutdown(cancel_futures=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Follow the steps of a build."""
    ahead = Ahead()
    app.add_config_value("executed_first", (), "", (tuple, list), "Names of the pages that take longest.")
    app.connect("env-before-read-docs", ahead.begin)
    app.connect("source-read", ahead.hand_over)
    app.connect("build-finished", ahead.end)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
