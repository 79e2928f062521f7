"""The command line: `servanda fit | query | compare | evaluate | track | report | explore | score | record | ...`.

Exit codes: 0 done, 1 a gate failed, 2 bad input; 70 an error that was not foreseen, 74 the output could not be written,
130 interrupted, 141 pipe closed.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ...common.errors import SHOWN, KeptWarning, ServandaError
from ...models.errors import ConvergenceWarning
from ...models.stand_in import left_out
from . import cache, record, scenario
from .comparing import compare
from .evaluate import evaluate
from .exploring.explore import explore
from .fit import fit
from .options import BAD_INPUT, GATE_FAILED, INTERRUPTED, SCHEDULER, UNFORESEEN
from .query import query
from .report import report
from .score import score
from .streams import NOT_WRITTEN, prepare_streams
from .track import track

#: Set to anything, it shows where an error arose that was not foreseen.
TRACE = "SERVANDA_TRACE"
#: Every fault of an input, in place of the first.
ALL_FAULTS = "--all-faults"


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Say once and in plain words of draws that have not converged, and of what could not be kept.

    Where a gate that failed has said the first it is not said again.
    """
    said: dict[str, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("always", ConvergenceWarning)
        warnings.simplefilter("always", KeptWarning)
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
            if issubclass(category, ConvergenceWarning):
                said[str(message)] = None
            elif issubclass(category, KeptWarning):
                typer.echo(f"note: {message}", err=True)
            else:
                usual(message, category, *rest, **more)

        warnings.showwarning = show
        try:
            yield
        except typer.Exit as ended:
            said = {} if ended.exit_code == GATE_FAILED else said
            raise
        finally:
            for text in said:
                typer.echo(f"warning: {text}", err=True)


class _Commands(TyperGroup):
    """Commands whose errors become one message and an exit code, never a traceback, and whose warnings are a line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # It belongs to every command, and may stand behind each.
        kept = [text for text in args if text != ALL_FAULTS]
        return super().parse_args(ctx, [*([ALL_FAULTS] if len(kept) < len(args) else []), *kept])

    def invoke(self, ctx: Any) -> Any:
        with _plain_warnings():
            return self._invoke(ctx)

    def _invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ServandaError as error:
            typer.echo(error.told() if ctx.params.get("all_faults") else str(error), err=True)
            raise typer.Exit(getattr(error, "exit_code", BAD_INPUT)) from error
        except OSError as error:
            # What can go wrong with a file that was named is said by who reads or writes it; this is all else.
            place = error.filename or "input or output"
            typer.echo(f"{place}: {error.strerror or error}", err=True)
            raise typer.Exit(NOT_WRITTEN) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted; earlier results are as they were", err=True)
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    name="servanda",
    cls=_Commands,
    help="How likely is a security guarantee to be kept, how sure can we be, and what would change that? "
    "In place of a file that is read, `-` takes what standard input holds.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for _command in (fit, query, evaluate, track, report, explore, score):
    app.command()(_command)
app.add_typer(compare.app, name="compare")
app.add_typer(record.app, name="record")
app.add_typer(scenario.app, name="scenario")
app.add_typer(cache.app, name="cache")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    all_faults: Annotated[  # noqa: ARG001 - read by `_Commands` where an error is said
        bool,
        typer.Option(ALL_FAULTS, help=f"List every fault of a bad input, not the first {SHOWN}; behind any command."),
    ] = False,
) -> None:
    if version:
        from importlib.metadata import version as of

        typer.echo(f"servanda {of('servanda')}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    prepare_streams()
    # xarray imports Dask wherever it is installed, for a second and a half; here only a scheduler needs it.
    needless = [] if any(word.startswith(SCHEDULER) for word in sys.argv) else ["dask"]
    try:
        with left_out(*needless):
            app()
    except Exception as error:
        # Of another library, or a fault of ours: what is wrong with an input was said above.
        if os.environ.get(TRACE):
            raise
        kind, said = type(error).__name__, " ".join(str(error).split())
        typer.echo(f"servanda: an error that was not foreseen ({kind}: {said}); {TRACE}=1 shows where", err=True)
        raise SystemExit(UNFORESEEN) from None
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()
