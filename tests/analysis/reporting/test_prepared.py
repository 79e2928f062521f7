"""Long work of sections: fits by themselves, the rest at once, each under its own name."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from servanda.analysis.reporting import make
from servanda.analysis.reporting.section import Section, Task
from servanda.models import Sampling


@pytest.mark.parametrize("processors", [1, 3])
def test_what_fits_has_the_processors_alone_and_the_rest_are_at_work_at_once(processors, monkeypatch):
    done, both = [], threading.Barrier(2 if processors > 1 else 1)

    def fits(task):
        assert threading.current_thread() is threading.main_thread()
        done.append("fitted")
        return 1

    def other(number):
        def prepare(task):
            assert done == ["fitted"]
            both.wait(timeout=10)
            task.progress("preparing", number, 3)
            return number

        return prepare

    bare = Section(lambda material, answers: None)
    sections = {
        "two": replace(bare, prepare=other(2)),
        "bare": bare,
        "fit": replace(bare, prepare=fits, fits=True),
        "three": replace(bare, prepare=other(3)),
    }
    monkeypatch.setattr(make, "SECTIONS", sections)
    monkeypatch.setattr(make, "processors", lambda: processors)
    told = []
    task = Task(SimpleNamespace(), None, Sampling(1), progress=lambda *now: told.append(now))
    assert make._prepared(task) == {"two": 2, "fit": 1, "three": 3}
    assert sorted(told) == [("preparing", 2, 3), ("preparing", 3, 3)]
