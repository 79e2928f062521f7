"""A page whose cell draws a figure shows it: a cell that calls ``plot`` and yields no image is a fault of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes

#: A call of ``plot`` or ``plot_reliability`` of a result.
DRAWS = re.compile(r"\.plot(_\w+)?\(")


def cells_without_pictures(page: nodes.document) -> Iterator[str]:
    """Source of each executed cell that calls ``plot`` and has no image among its outputs.

    Parameters
    ----------
    page
        As MyST-NB makes it from an executed notebook.
    """
    for cell in page.findall(nodes.container):
        if cell.get("nb_element") != "cell_code":
            continue
        source = "\n".join(
            block.astext()
            for part in cell.findall(nodes.container)
            if part.get("nb_element") == "cell_code_source"
            for block in part.findall(nodes.literal_block)
        )
        if DRAWS.search(source) and not any(True for _ in cell.findall(nodes.image)):
            yield source
