"""The commands `servanda record`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Countries, Json, Missing, listed, print_json
from .streams import file_or_standard_input

app = typer.Typer(help="Look after the historical record, and check your own.", no_args_is_help=True)

#: Tables that ship with the record and that `check` reads; what else lies beside them is no table of it.
_SHIPPED_TABLES = ("guarantees", "track_record", "second_coding", "backers", "crises")


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            callback=file_or_standard_input(".csv"),
            help="Your file (CSV, Parquet, Stata or SPSS); the shipped record by default.",
        ),
    ] = None,
    missing: Missing = None,
    countries: Countries = None,
    as_json: Json = False,
) -> None:
    """Check a file of cases, events, backers or codings; list every fault by row and column.

    Example: `servanda record check my_cases.csv`
    """
    from ...record import check_file, load_sources

    sources = load_sources() if file is None else None
    for path in [file] if file else sorted((Path(__file__).parents[2] / "record" / "data").glob("*.csv")):
        if file is None and path.stem not in _SHIPPED_TABLES:
            continue
        checked = check_file(path, sources=sources, missing=listed(missing or ()), countries=countries)
        facts = {"file": checked.name, "table": checked.table, "rows": checked.rows, "remarks": list(checked.remarks)}
        if as_json:
            print_json(facts)
        else:
            typer.echo(f"{checked.name}: {checked.rows} rows of {checked.table}, no fault")
            for remark in checked.remarks:
                typer.echo(f"  note: {remark}")
