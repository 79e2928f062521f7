"""A Dask cluster: how it is reached, and how its workers do a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..errors import Fault, InputError
from ..progress import silent

#: Whether what runs here is a task on a worker.
_ON_A_WORKER = ContextVar("on_a_worker", default=False)
#: Seconds in which a scheduler has to answer.
_PATIENCE = 10


class ClusterError(InputError):
    """A cluster that cannot be reached, or cannot do what it is asked.

    Examples
    --------
    >>> raise ClusterError.of("workers", "are none")
    Traceback (most recent call last):
        ...
    servanda.common.tasks.cluster.ClusterError: cluster: workers: are none
    """

    @classmethod
    def of(cls, where: str, what: str) -> ClusterError:
        """One fault of a cluster."""
        return cls("cluster", [Fault(where, what)])


@contextmanager
def connected(scheduler: str | None) -> Iterator[Any]:
    """Client of a Dask scheduler, closed at the end; None where there is no scheduler.

    Parameters
    ----------
    scheduler
        Its address, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    ClusterError
        If the packages of the extra ``cluster`` are not installed, nothing answers at the address, or no worker is
        there.

    Examples
    --------
    >>> with connected(None) as client:
    ...     print(client)
    None
    """
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        what = "needs packages that are not installed; pip install 'servanda[cluster]'"
        raise ClusterError.of("scheduler", what) from None
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        said = str(error).partition("\n")[0]
        what = f"does not answer at {scheduler} ({said}); start one by `dask scheduler`, and give the address it tells"
        raise ClusterError.of("scheduler", what) from None
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            what = f"has no worker at {scheduler}; start some by `dask worker {scheduler}`"
            raise ClusterError.of("scheduler", what)
        yield client


def one_thread[T](function: Callable[..., T], names: Sequence[str], *values: Any) -> T:
    """Result of a task on a worker: one thread and no process more, since every processor has tasks of its own.

    Parameters
    ----------
    function
        Takes the values, and last a progress, of which nobody is told.
    names
        Keywords of the last values.
    *values
        What it takes.
    """
    from threadpoolctl import threadpool_limits

    by_place = len(values) - len(names)
    mark = _ON_A_WORKER.set(True)
    try:
        with threadpool_limits(1):
            return function(*values[:by_place], silent, **dict(zip(names, values[by_place:], strict=True)))
    finally:
        _ON_A_WORKER.reset(mark)


def on_a_worker() -> bool:
    """Whether what asks is a task on a worker of a cluster, all of whose processors have tasks of their own."""
    return _ON_A_WORKER.get()
