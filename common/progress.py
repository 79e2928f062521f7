"""Progress of long work: one shape for all that is told of it, and bars on a terminal."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from threading import Event, Lock
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
        True shows bars on the terminal's error stream; False or None shows nothing; a function is called with what is
        being done, how much of it is done and how much there is to do.

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
    elif progress:
        with _bars() as show:
            yield show
    else:
        yield silent


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

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


def part_of(progress: Progress, number: int, parts: int) -> Progress:
    """Progress of one of several runs of equal length, told as that of the whole."""
    return lambda what, done, total: progress(what, number * total + done, parts * total)


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
    if min(workers, len(jobs)) <= 1:
        found = []
        for done, job in enumerate(jobs, start=1):
            found.append(job(progress))
            ended(done)
        return found
    one_at_a_time, stopped = Lock(), Event()

    def tell(what: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        with one_at_a_time:
            progress(what, done, total)

    # Filters of warnings are one for all threads: what libraries do to them in these ends with them.
    with warnings.catch_warnings(), ThreadPoolExecutor(min(workers, len(jobs))) as pool:
        running = [pool.submit(job, tell) for job in jobs]
        try:
            for done, job in enumerate(as_completed(running), start=1):
                job.result()
                ended(done)
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [job.result() for job in running]
