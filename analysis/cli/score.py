"""The command `servanda score`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import Json, Seed, print_json, today

_RESOLVE = "Say how it came out"


def score(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="What `servanda report --ledger` wrote.")],
    resolved: Annotated[
        list[str] | None,
        typer.Option(
            "--resolve",
            metavar="ID=STATE",
            help="What a judgement came to: one of its outcomes, or void where it came to no test; may be repeated.",
            rich_help_panel=_RESOLVE,
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="DATE", help="Day on which it was settled; today by default.", rich_help_panel=_RESOLVE
        ),
    ] = None,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Who says so, or why.", rich_help_panel=_RESOLVE)
    ] = "",
    correct: Annotated[
        bool,
        typer.Option(
            "--correct", help="In place of an earlier resolution, which stays in the file.", rich_help_panel=_RESOLVE
        ),
    ] = False,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Show the judgements of a ledger, open and resolved, and score those that have come out.

    Example: `servanda score judgements.jsonl --resolve 2026-01-31.2=complied --note "codebook, section 3"`
    """
    from ..ledger.file import read_ledger
    from ..ledger.issue import resolve_judgements
    from ..ledger.scoring import score_ledger

    if resolved:
        # A mistyped name is told, not begun as a new ledger.
        read_ledger(ledger)
        held = resolve_judgements(ledger, _states(resolved), on=_day(on), note=note, correct=correct)
    else:
        _refuse_alone(on=on, note=note, correct=correct)
        held = read_ledger(ledger)
    found = score_ledger(held, seed=seed)
    if as_json:
        print_json(found.to_dict(), indent=1)
    else:
        _print(found)


def _states(stated: list[str]) -> dict[str, str]:
    from ...common.errors import Fault, raise_faults
    from ..ledger.file import LedgerError

    pairs = [(name.strip(), state.strip()) for name, _, state in (text.partition("=") for text in stated)]
    faults = [
        Fault("--resolve", f"'{text}' is not ID=STATE, such as 2026-01-31.2=complied")
        for text, (name, state) in zip(stated, pairs, strict=True)
        if not (name and state)
    ]
    names = [name for name, _ in pairs]
    faults += [Fault("--resolve", f"says two things of {name}") for name in {*names} if names.count(name) > 1]
    raise_faults("score", faults, LedgerError)
    return dict(pairs)


def _day(stated: str | None) -> dt.date:
    from ...common.errors import Fault
    from ..ledger.file import LedgerError

    if stated is None:
        return today()
    try:
        return dt.date.fromisoformat(stated)
    except ValueError:
        raise LedgerError("score", [Fault("--on", f"'{stated}' is no day; give YYYY-MM-DD")]) from None


def _refuse_alone(**given: Any) -> None:
    from ...common.errors import Fault, raise_faults
    from ..ledger.file import LedgerError

    what = "says nothing without --resolve ID=STATE"
    raise_faults("score", [Fault(f"--{name}", what) for name, value in given.items() if value], LedgerError)


def _print(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "judgement", "P", "base rate", "came to", box=None, pad_edge=False)
    for row in found.rows:
        named = f"{row['scenario']}: {row['claim']} ({row['row']})"
        numbers = (_percent(row["probability"]), _percent(row["base_rate"]))
        table.add_row(row["id"], named, *numbers, row["state"] or "open")
    console = Console()
    console.print(table)
    typer.echo(f"{len(found.ledger.open)} open, {len(found.settled)} scored, {found.void} void")
    if found.scores:
        scores = Table("less is better", box=None, pad_edge=False)
        for heading in ("score", "± s.e.", "base rate", "gain", "± s.e.", "compared"):
            scores.add_column(heading, justify="right")
        for one in found.scores:
            numbers = (one.score.value, one.score.error, one.base, one.gain.value, one.gain.error)
            scores.add_row(one.name, *map(_decimals, numbers), str(one.compared))
        console.print(scores)
    for name, parts in found.calibration.items():
        numbers = ", ".join(f"{what} {value:.3f}" for what, value in _parts(parts))
        typer.echo(f"{name}: {numbers}")
    typer.echo(found.verdict)
    typer.echo(f"head of the ledger: {found.ledger.head}")


def _parts(parts: Any) -> list[tuple[str, float]]:
    return [("miscalibration", parts.mcb), ("discrimination", parts.dsc), ("uncertainty", parts.unc)]


def _percent(x: float | None) -> str:
    from ..figures.percent import percent

    return "-" if x is None else percent(x)


def _decimals(x: float) -> str:
    text = f"{x:.3f}"
    return "-" if text == "nan" else text
