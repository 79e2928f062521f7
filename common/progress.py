"""Progress of long work: one shape for all that is told of it, and bars on a terminal or in a notebook."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from functools import partial
from threading import Event, Lock, Timer
from typing import Any

#: Told what is being done, how much of it is done and how much there is to do.
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody is told of."""


@contextmanager
def shown(progress: bool | Progress | None) -> Iterator[Progress]:  # noqa: FBT001  a switch, as everywhere in the field
    """Progress as a function to call, whatever a user asked for.

    Parameters
    ----------
    progress
        None shows bars where somebody can watch them, on a terminal or in a notebook, once the work has gone on for
        half a second; and nothing elsewhere, within other bars, or where ``$SERVANDA_PROGRESS`` is ``0``. True shows
        them at once on the error stream whatever it is, False nowhere. As soon as a part is done, a bar says about how
        long the others will take. A function is called with what is being done, how much of it is done and how much
        there is to do.

    Yields
    ------
    callable

    Examples
    --------
    >>> with shown(lambda what, done, total: print(f"{what}: {done} of {total}")) as progress:
    ...     progress("fitting", 1, 4)
    fitting: 1 of 4
    """
    if callable(progress):
        yield progress
        return
    bars = _bars if progress else _watched() if progress is None else None
    if bars is None or not _SHOWING.acquire(blocking=False):
        # Bars within bars would write over each other.
        yield silent
        return
    try:
        with bars() as show:
            yield _timed(show)
    finally:
        _SHOWING.release()


#: Shows what is being done, how much of it is done, how much there is to do, and about how long it takes yet.
_Show = Callable[[str, int, int, str], None]
#: Held while bars are shown.
_SHOWING = Lock()
#: Names the switch of bars that nobody asked for.
VARIABLE = "SERVANDA_PROGRESS"
#: Seconds after which work is worth a bar that nobody asked for.
_PATIENCE = 0.5


def _watched() -> Callable[[], AbstractContextManager[_Show]] | None:
    """Bars for where somebody watches: a notebook, or a terminal, which is left as it was found."""
    if os.environ.get(VARIABLE) == "0":
        return None
    if _in_notebook():
        return partial(_after_a_while, _notebook_bars)
    there = sys.stderr is not None and sys.stderr.isatty()
    return partial(_after_a_while, partial(_bars, transient=True)) if there else None


def _in_notebook() -> bool:
    """Whether a kernel runs this: it has said so by importing IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def _after_a_while(bars: Callable[[], AbstractContextManager[_Show]]) -> Iterator[_Show]:
    """Bars that stand once the work has gone on for a while: what is over in a moment shows none."""
    told: dict[str, tuple[int, int, str]] = {}
    standing: list[_Show] = []
    over, one_at_a_time = Event(), Lock()

    def stand() -> None:
        with one_at_a_time:
            if not over.is_set():
                standing.append(shown_bars.enter_context(bars()))
                for what, rest in told.items():
                    standing[0](what, *rest)

    def show(what: str, done: int, total: int, left: str) -> None:
        with one_at_a_time:
            told[what] = (done, total, left)
            for bar in standing:
                bar(what, done, total, left)

    with ExitStack() as shown_bars:
        # A kernel knows by its context under which cell something is shown.
        timer = Timer(_PATIENCE, copy_context().run, [stand])
        timer.daemon = True
        timer.start()
        try:
            yield show
        finally:
            timer.cancel()
            with one_at_a_time:
                over.set()


def _timed(show: _Show) -> Progress:
    """Progress of which is shown about how long the rest takes: what is done already is the measure of it."""
    began: dict[str, tuple[float, int]] = {}

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        start, before = began.setdefault(what, (now, done))
        show(what, done, total, _left(now - start, done - before, total - done))

    return tell


def _left(seconds: float, done: int, rest: int) -> str:
    """About how long it will take yet, where that can be told and is worth saying.

    Examples
    --------
    >>> _left(30.0, 10, 40), _left(1.0, 10, 10), _left(300.0, 1, 1)
    ('about 2 min left', '', 'about 5 min left')
    """
    if done <= 0 or rest <= 0 or seconds * rest / done < _WORTH_SAYING:
        return ""
    more = seconds * rest / done
    return f"about {more:.0f} s left" if more < 100 else f"about {more / 60:.0f} min left"


#: Seconds that are worth saying.
_WORTH_SAYING = 2.0
#: Seconds between two pictures of a bar in a notebook.
_PAUSE = 0.2


@contextmanager
def _notebook_bars() -> Iterator[_Show]:
    """Bars under a cell, gone when the work is done."""
    from html import escape

    from IPython.display import HTML, display

    handle: Any = display(HTML(""), display_id=True)
    last = [0.0]
    told: dict[str, str] = {}

    def show(what: str, done: int, total: int, left: str) -> None:
        said = ", ".join([escape(what), f"{done} of {total}", *([left] if left else [])])
        told[what] = f'<div style="font-size:90%"><progress max="{total}" value="{done}"></progress> {said}</div>'
        if time.monotonic() - last[0] > _PAUSE or done >= total:
            last[0] = time.monotonic()
            handle.update(HTML("".join(told.values())))

    try:
        yield show
    finally:
        handle.update(HTML(""))


@contextmanager
def _bars(*, transient: bool = False) -> Iterator[_Show]:
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TextColumn("{task.fields[left]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=transient) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int, left: str) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, left=left)
            bars.update(tasks[what], completed=done, left=left)

        yield show


def followed[T](items: Collection[T], what: str, progress: bool | Progress | None) -> Iterator[T]:  # noqa: FBT001
    """Items one after another, with progress told of how many are done.

    Examples
    --------
    >>> for name in followed(["a", "b"], "comparing", lambda what, done, total: print(what, done, "of", total)):
    ...     print(name)
    comparing 0 of 2
    a
    comparing 1 of 2
    b
    comparing 2 of 2
    """
    with shown(progress) as tell:
        for number, item in enumerate(items):
            tell(what, number, len(items))
            yield item
        tell(what, len(items), len(items))


def counted(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    """Progress of parts that are done by and by: to be called with how many more of them are.

    Examples
    --------
    >>> tell = counted(lambda what, done, total: print(what, done, "of", total), "answering", 5)
    answering 0 of 5
    >>> tell(2)
    answering 2 of 5
    >>> tell(3)
    answering 5 of 5
    """
    done = [0]
    progress(what, 0, total)

    def tell(more: int) -> None:
        done[0] += more
        progress(what, done[0], total)

    return tell


def part_of(progress: Progress, number: int, parts: int) -> Progress:
    """Progress of one of several runs of equal length, told as that of the whole."""
    return lambda what, done, total: progress(what, number * total + done, parts * total)


def share_of(progress: Progress, what: str, before: int, size: int, total: int) -> Progress:
    """Progress of a part of known size, told as that of the whole, whatever the part itself counts.

    Examples
    --------
    >>> tell = share_of(lambda what, done, total: print(what, done, "of", total), "answering", 60, 40, 100)
    >>> tell("chunks", 1, 4)
    answering 70 of 100
    """
    return lambda _, done, parts: progress(what, before + size * done // parts, total)


def in_parts[T](items: Collection[T], progress: bool | Progress | None) -> Iterator[tuple[T, Progress]]:  # noqa: FBT001
    """Items that take about equally long, each with the progress of its own work, told as that of the whole.

    Examples
    --------
    >>> for name, tell in in_parts(["a", "b"], lambda what, done, total: print(what, done, "of", total)):
    ...     tell(f"fitting {name}", 1, 2)
    fitting a 1 of 4
    fitting b 3 of 4
    """
    with shown(progress) as tell:
        for number, item in enumerate(items):
            yield item, part_of(tell, number, len(items))


class _StoppedError(Exception):
    """A job that is given up since another failed, or was interrupted."""


def at_once[T](
    jobs: Sequence[Callable[[Progress], T]],
    workers: int,
    progress: Progress = silent,
    *,
    ended: Callable[[int], None] = lambda done: None,  # noqa: ARG005
) -> list[T]:
    """Results of jobs, in the order of the jobs, so many of which are at work at once.

    Parameters
    ----------
    jobs
        Called with a progress that they tell how far they are. What one of them gives may not depend on another.
    workers
        How many threads; with one, they follow one another in this.
    progress
        Told what jobs tell, by one of them at a time.
    ended
        Called, in the thread of the caller, with how many jobs have ended.

    Raises
    ------
    Exception
        The first that a job raised. Those at work, and on an interrupt all, are given up when they next tell how far
        they are; the others are not begun.

    Examples
    --------
    >>> at_once([lambda progress: "a", lambda progress: "b"], 2)
    ['a', 'b']
    """
    found: dict[int, T] = {}
    for number, result in as_done(jobs, workers, progress):
        found[number] = result
        ended(len(found))
    return [found[number] for number in range(len(jobs))]


def as_done[T](
    jobs: Sequence[Callable[[Progress], T]], workers: int, progress: Progress = silent
) -> Generator[tuple[int, T], None, None]:
    """Numbers and results of jobs as they end, as `at_once` does them.

    Examples
    --------
    >>> list(as_done([lambda progress: "a", lambda progress: "b"], 1))
    [(0, 'a'), (1, 'b')]
    """
    if min(workers, len(jobs)) <= 1:
        for number, job in enumerate(jobs):
            yield number, job(progress)
        return
    one_at_a_time, stopped = Lock(), Event()

    def tell(what: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        with one_at_a_time:
            progress(what, done, total)

    # Filters of warnings are one for all threads: what libraries do to them in these ends with them.
    with warnings.catch_warnings(), ThreadPoolExecutor(min(workers, len(jobs))) as pool:
        running = {pool.submit(job, tell): number for number, job in enumerate(jobs)}
        try:
            for job in as_completed(running):
                yield running[job], job.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
