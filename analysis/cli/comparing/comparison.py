"""Comparisons by prediction, as commands show their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from ..options import json_rows, print_json

#: Columns of a comparison by prediction -> heading and decimals.
_COMPARED = {
    "behind": ("behind", 1),
    "error": ("± s.e.", 1),
    "weight": ("weight", 2),
    "stacking": ("stacking", 2),
    "pareto_k": ("worst k", 2),
    "refits": ("refits", 0),
    "bayes_factor": ("Bayes factor", 2),
}


def show_comparison(found: Any, what: str, plot: Path | None, *, as_json: bool) -> None:
    """Print a comparison, or what a machine is to read of it, and draw it where a file is named."""
    from ....common.figure_style import save_figure

    if plot is not None:
        save_figure(found.plot(), plot)
    if as_json:
        print_json({"verdict": found.verdict, "table": json_rows(found.table)})
        return
    _print_comparison(found, what)
    if plot is not None:
        typer.echo(str(plot))


def _print_comparison(found: Any, what: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(what, *(heading for heading, _ in _COMPARED.values()), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found.table.to_dict("records"):
        shown = (f"{row[name]:.{decimals}f}" for name, (_, decimals) in _COMPARED.items())
        table.add_row(row["title"], *("-" if number == "nan" else number for number in shown))
    console = Console()
    console.print(table)
    console.print(found.verdict)
    for name, left in found.left_out.items():
        if left.untrusted:
            shown = ", ".join(left.untrusted[:5])
            console.print(f"{name}: {len(left.untrusted)} units could not be trusted and were not refitted: {shown}")
