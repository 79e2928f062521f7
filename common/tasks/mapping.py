"""Many tasks that do not depend on one another: done by threads of this process, or by the workers of a Dask cluster.

A task brings its own seed, so that its result is the same wherever it is done, in any order and beside any others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from ..progress import Progress, as_done, silent
from .cluster import ClusterError, one_thread

#: How often tasks are sent again whose inputs were lost with the last worker that held them.
_SENT = 3


def mapped[T](
    tasks: Sequence[partial[T]],
    *,
    workers: int,
    client: Any = None,
    progress: Progress = silent,
    what: str = "working",
    within: Progress = silent,
    find: Callable[[int], T | None] = lambda number: None,  # noqa: ARG005
    keep: Callable[[int, T], None] = lambda number, result: None,  # noqa: ARG005
) -> list[T]:
    """Results of tasks, in the order of the tasks.

    Parameters
    ----------
    tasks
        Each is called with a progress, as its last argument, by which it ends early where another has failed. What
        several of them take, the very same object, is sent to a cluster once.
    workers
        Threads, where there is no client.
    client
        A `distributed.Client`, whose workers do the tasks instead. One that dies costs the task it was at: that is done
        again elsewhere.
    progress, what
        Told how many tasks are done, under this name.
    within
        Told what the tasks tell, where they are done here.
    find, keep
        Called, in the thread of the caller, with a task's number: what is found of it needs not be done (None is
        nothing), and with what it gave, as soon as it is there.

    Raises
    ------
    ClusterError
        If no worker can do a task.
    Exception
        The first that a task raised; those that wait are not begun.

    Examples
    --------
    >>> def doubled(number, progress):
    ...     return 2 * number
    >>> mapped([partial(doubled, 1), partial(doubled, 4)], workers=2)
    [2, 8]
    """
    found = {number: result for number in range(len(tasks)) if (result := find(number)) is not None}
    if tasks:
        progress(what, len(found), len(tasks))
    left = {number: task for number, task in enumerate(tasks) if number not in found}
    done = _here(left, workers, within) if client is None else _on_cluster(left, client)
    with closing(done):
        for number, result in done:
            keep(number, result)
            found[number] = result
            progress(what, len(found), len(tasks))
    return [found[number] for number in range(len(tasks))]


def _here[T](tasks: Mapping[int, partial[T]], workers: int, progress: Progress) -> Generator[tuple[int, T], None, None]:
    numbers = [*tasks]
    with closing(as_done([*tasks.values()], workers, progress)) as done:
        for place, result in done:
            yield numbers[place], result


def _on_cluster[T](tasks: Mapping[int, partial[T]], client: Any) -> Generator[tuple[int, T], None, None]:
    from distributed import CancelledError, KilledWorker, as_completed

    left = dict(tasks)
    for _ in range(_SENT if left else 0):
        sent = _submitted(left, client)
        try:
            for future in as_completed(list(sent)):
                number = sent[future]
                try:
                    result = future.result()
                except CancelledError:
                    continue
                except KilledWorker as error:
                    raise ClusterError.of("workers", f"died one after another at a task: {error}") from None
                future.release()
                del left[number]
                yield number, result
        finally:
            client.cancel([future for future, number in sent.items() if number in left])
        if not left:
            return
    if left:
        raise ClusterError.of("workers", f"went with what {len(left)} tasks need; ask for workers that stay")


def _submitted[T](tasks: Mapping[int, partial[T]], client: Any) -> dict[Any, int]:
    """Future -> number of each task. What more than one takes goes to every worker once, before them."""
    taken = [value for task in tasks.values() for value in (*task.args, *task.keywords.values())]
    times = Counter(map(id, taken))
    several = {id(value): value for value in taken if times[id(value)] > 1}
    sent = client.scatter([*several.values()], broadcast=True, hash=False) if several else []
    there = dict(zip(several, sent, strict=True))

    def submitted(task: partial[T]) -> Any:
        values = [there.get(id(value), value) for value in (*task.args, *task.keywords.values())]
        return client.submit(one_thread, task.func, [*task.keywords], *values, pure=False)

    return {submitted(task): number for number, task in tasks.items()}
