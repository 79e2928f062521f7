"""Tasks on this machine: found again, kept as they come, told; and what is said where there is no cluster."""

from __future__ import annotations

from functools import partial

import pytest

from servanda.common.tasks.cluster import ClusterError, connected
from servanda.common.tasks.mapping import mapped


def squared(number, progress):
    if number < 0:
        raise ArithmeticError("below zero")
    return number**2


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_tasks_and_are_kept(workers):
    kept, told = {}, []
    found = mapped(
        [partial(squared, number) for number in range(5)],
        workers=workers,
        progress=lambda *now: told.append(now),
        what="squaring",
        find={1: -1}.get,
        keep=kept.__setitem__,
    )
    assert found == [0, -1, 4, 9, 16]
    assert kept == {0: 0, 2: 4, 3: 9, 4: 16}
    assert told == [("squaring", done, 5) for done in range(1, 6)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_ends_it_and_leaves_what_was_kept(workers):
    kept = {}
    with pytest.raises(ArithmeticError, match="below zero"):
        mapped([partial(squared, number) for number in (3, -1)], workers=workers, keep=kept.__setitem__)
    assert kept in ({0: 9}, {})


def test_nothing_to_do_gives_nothing():
    assert mapped([], workers=2) == []


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    distributed = pytest.importorskip("distributed")

    def refuse(address, timeout):
        raise OSError(f"Timed out trying to connect to {address} after {timeout} s")

    monkeypatch.setattr(distributed, "Client", refuse)
    said = r"cluster: scheduler: does not answer at tcp://127.0.0.1:9 \(Timed out.* start one by `dask scheduler`"
    with pytest.raises(ClusterError, match=said), connected("tcp://127.0.0.1:9"):
        pass


def test_packages_that_are_missing_are_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'servanda\[cluster\]'"), connected("tcp://127.0.0.1:9"):
        pass
