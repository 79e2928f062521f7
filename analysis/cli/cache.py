"""The commands `servanda cache`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from .options import Json, print_json

app = typer.Typer(help="Show and clear the fits that are kept to be found again.", no_args_is_help=True)


@app.command("list")
def list_cache(as_json: Json = False) -> None:
    """Show what is stored, what was used last first: size, age, and what it holds.

    Example: `servanda cache list`
    """
    from ..scenarios.cache import cache_folder, stored_files

    folder, files = cache_folder(), stored_files()
    if as_json:
        rows = [{"file": str(one.path), "what": one.what, "bytes": one.bytes, "used": one.used} for one in files]
        print_json({"folder": str(folder), "bytes": sum(one.bytes for one in files), "files": rows})
        return
    now = dt.datetime.now().timestamp()
    for one in files:
        typer.echo(f"{one.bytes / 1e6:9.1f} MB  {_age(now - one.used):>8}  {one.what}")
    typer.echo(f"{len(files)} files, {sum(one.bytes for one in files) / 1e6:.1f} MB in {folder}")


@app.command()
def clear(
    older: Annotated[
        float, typer.Option("--older", metavar="DAYS", help="Only what was not used for so many days.", min=0)
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Remove what is stored; it is made again when it is asked for.

    Example: `servanda cache clear --older 30`
    """
    from ..scenarios.cache import cache_folder, remove, stored_files

    # The clock of the files may be ahead of ours by a little, and nothing of no age is spared.
    last = dt.datetime.now().timestamp() - older * 86400 if older else float("inf")
    files = [one for one in stored_files() if one.used <= last]
    freed = remove(files)
    if as_json:
        print_json({"removed": [str(one.path) for one in files], "bytes": freed})
        return
    typer.echo(f"{len(files)} files removed, {freed / 1e6:.1f} MB in {cache_folder()}")


def _age(seconds: float) -> str:
    """Age in the largest unit that is full.

    Examples
    --------
    >>> _age(59), _age(7200), _age(200_000)
    ('1 min', '2 h', '2 days')
    """
    for size, unit in ((86400, "days"), (3600, "h")):
        if seconds >= 2 * size or (unit == "h" and seconds >= size):
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0) / 60:.0f} min"
